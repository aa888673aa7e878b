//! How results leave the program: readable lines, or one JSON object on the last line.

use std::io::Write as _;

use serde::Serialize;

/// The form of the result on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One `name value` pair a line.
    Text,
    /// One JSON object on the last line.
    Json,
}

/// Prints `report`, a flat struct, in the order of its fields.
pub fn print<R: Serialize>(format: Format, report: &R) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match format {
        Format::Json => writeln!(out, "{}", serde_json::to_string(report)?)?,
        Format::Text => {
            for line in serde_json::to_string_pretty(report)?.lines() {
                if let Some((name, value)) = line.split_once(": ") {
                    writeln!(out, "{:<24} {}", name.trim().trim_matches('"'), value.trim_end_matches(','))?;
                }
            }
        }
    }
    Ok(())
}

/// Prints a finding for the person who reads along; standard error, so that the last line of the output stays the result.
pub fn remark(line: &str) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Three digits after the point are as much as a stopwatch on a shared machine can mean.
pub fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
