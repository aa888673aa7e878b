//! Durable jobs: work that must happen after a unit has committed, however often it takes.
//!
//! A job is a row written in the same unit as what it follows from ([`enqueue`]). A [`Runner`] on any node claims it, keeps it alive with a
//! counter while it runs, tries again with growing pauses when it fails, and lays it aside, visible, when it failed too often ([`dead`]).
//! A job runs at least once: what it does must bear repetition.
//!
//! A job is one struct that is its payload:
//! ```ignore
//! #[derive(Serialize, Deserialize)]
//! struct SendMail { mail: MailId }
//! impl Job for SendMail {
//!     const NAME: &'static str = "mail.send";
//!     async fn run(self, context: &JobContext) -> Result<()> { … }
//! }
//! job::enqueue(tx, &SendMail { mail })?;
//! ```
mod backoff;
mod context;
mod execute;
mod purge;
mod runner;
mod schedule;
mod store;

pub use context::JobContext;
pub use jiff::tz::TimeZone;
pub use runner::Runner;
pub use schedule::{SCHEDULED, next_run, ticks};
pub use store::{Dead, dead, dismiss, free_all, retry};

use crate::{Millis, Result, Tx, bus::Event, id};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{future::Future, time::Duration};

id! {
    /// A job.
    pub struct JobId;
}

/// Work with its payload.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// Names it in the database; never changes.
    const NAME: &'static str;
    /// Runs before it is laid aside. With the default pauses the last one comes about two hours after the first.
    const MAX_ATTEMPTS: i64 = 12;
    /// A run that takes longer counts as failed.
    const TIMEOUT: Duration = Duration::from_secs(600);

    /// Does it. An error is logged and the job tried again later.
    fn run(self, context: &JobContext) -> impl Future<Output = Result<()>> + Send;
}

/// When and how often.
#[derive(Default, Debug, Clone)]
pub struct Plan {
    /// Not before this; at once if absent.
    pub run_at: Option<Millis>,
    /// While a job of this name and key waits or runs, no second one is taken.
    pub unique_key: Option<String>,
}

/// Wakes the runners.
#[derive(Debug, Serialize, Deserialize)]
pub struct Enqueued {
    /// The job's name.
    pub name: String,
}
impl Event for Enqueued {
    const TOPIC: &'static str = "job.enqueued";
}

/// Adds a job to this unit, to be run as soon as it has committed.
pub fn enqueue<J: Job>(tx: &mut Tx, job: &J) -> Result<JobId> {
    let id = JobId(tx.next_id());
    store::insert(tx, id, (J::NAME, payload(job)?), &Plan::default())?;
    tx.emit(Enqueued { name: J::NAME.to_owned() });
    Ok(id)
}

/// Adds a job with a time or a unique key; `None` if one of that key is there already.
pub fn enqueue_with<J: Job>(tx: &mut Tx, job: &J, plan: &Plan) -> Result<Option<JobId>> {
    let id = JobId(tx.next_id());
    if !store::insert(tx, id, (J::NAME, payload(job)?), plan)? {
        return Ok(None);
    }
    if plan.run_at.is_none_or(|at| at <= tx.now()) {
        tx.emit(Enqueued { name: J::NAME.to_owned() });
    }
    Ok(Some(id))
}

fn payload<J: Job>(job: &J) -> Result<String> {
    serde_json::to_string(job).map_err(crate::Error::internal)
}
