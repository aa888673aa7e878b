//! Jobs that were done long ago are deleted. Dead ones stay.
use super::{
    Job, JobContext,
    store::{self, CHUNK},
};
use crate::Result;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const KEEP: Duration = Duration::from_secs(3 * 24 * 3600);

#[derive(Serialize, Deserialize)]
pub(super) struct Purge {}

impl Job for Purge {
    const NAME: &'static str = "job.purge";

    async fn run(self, context: &JobContext) -> Result<()> {
        let before = context.context.clock.now() - KEEP;
        while context.db.write(move |tx| store::purge(tx, before)).await? == CHUNK && !context.stopping.is_set() {}
        Ok(())
    }
}
