//! The log: to standard error, for people or for machines. It never holds what people write, nor who they are.
use crate::config::Log;
use std::io::{IsTerminal, stderr};
use tracing_subscriber::{EnvFilter, fmt};
use yingda_base::{Error, Result};

/// Starts it. Called once, first of all.
pub fn start(log: &Log) -> Result<()> {
    let filter = EnvFilter::try_new(&log.filter)
        .map_err(|cause| Error::invalid("config.not_a_filter").with("value", log.filter.clone()).caused_by(cause))?;
    let builder = fmt().with_env_filter(filter).with_writer(stderr);
    if log.is_json {
        builder.json().flatten_event(true).init();
    } else {
        builder.with_ansi(stderr().is_terminal()).with_target(false).init();
    }
    Ok(())
}
