//! Once a day, and at each start, every feature forgets what nobody needs any more.
//!
//! A step deletes one chunk in one unit and says how many rows that were. So it may be cut off anywhere, and goes on where it was.
use crate::{auth, channel, file, oidc, visit};
use serde::{Deserialize, Serialize};
use yingda_base::{
    Db, Error, Result, Tx, http,
    job::{Job, JobContext},
    supervisor::Stopping,
};

type Step = fn(&mut Tx) -> Result<u64>;

/// Jobs that are done are purged by their own runner.
const STEPS: [(&str, Step); 6] = [
    ("answers", http::purge_answers),
    ("auth", auth::purge),
    ("channel", channel::purge),
    ("file", file::purge),
    ("visit", visit::purge),
    ("oidc", oidc::purge),
];

/// The daily job.
#[derive(Serialize, Deserialize)]
pub struct Purge {}

impl Job for Purge {
    const NAME: &'static str = "purge";

    async fn run(self, context: &JobContext) -> Result<()> {
        forget(&context.db, &context.stopping).await
    }
}

/// Runs each step until nothing is left for it. Error: `busy` if the program stops first; the job is given back then.
pub(crate) async fn forget(db: &Db, stopping: &Stopping) -> Result<()> {
    for (name, step) in STEPS {
        let mut gone = 0;
        loop {
            if stopping.is_set() {
                return Err(Error::unavailable("busy"));
            }
            let chunk = db.write(step).await?;
            if chunk == 0 {
                break;
            }
            gone += chunk;
        }
        if gone > 0 {
            tracing::info!(step = name, gone, "purged");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
