//! One run of one job, from its claimed row to its end in the database.
use super::{
    Job, JobContext, backoff,
    store::{self, End, Waiting},
};
use crate::{Error, Result};
use futures_util::{FutureExt, future::BoxFuture};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

/// A kind of job the program knows.
#[derive(Clone)]
pub(super) struct Kind {
    name: &'static str,
    max_attempts: i64,
    timeout: Duration,
    start: Arc<Start>,
}

/// Reads the payload, and does the work of one run.
type Start = dyn Fn(&str, JobContext) -> Result<BoxFuture<'static, Result<()>>> + Send + Sync;

impl Kind {
    pub(super) fn of<J: Job>() -> Kind {
        let start = |payload: &str, context: JobContext| {
            let job: J = serde_json::from_str(payload).map_err(Error::internal)?;
            Ok(async move { job.run(&context).await }.boxed())
        };
        Kind { name: J::NAME, max_attempts: J::MAX_ATTEMPTS, timeout: J::TIMEOUT, start: Arc::new(start) }
    }

    /// Runs it and writes down how it ended. If that cannot be written, its counter stands still and it is run again.
    pub(super) async fn execute(self, job: Waiting, holder: String, context: JobContext) {
        let begun = context.context.clock.elapsed();
        let outcome = match job.attempts > self.max_attempts {
            // Its workers vanished each time: it may be what ends them.
            true => Err(Failure::ForGood(Error::unavailable("job.worker_gone"))),
            false => self.attempt(&job.payload, context.clone()).await,
        };
        let took = context.context.clock.elapsed().saturating_sub(begun);
        let result = if outcome.is_ok() { "done" } else { "failed" };
        metrics::histogram!("yingda_job_seconds", "job" => self.name, "result" => result).record(took.as_secs_f64());
        let end = match outcome {
            Ok(()) => End::Done,
            Err(_) if context.stopping.is_set() => End::Back,
            Err(Failure::ForGood(error)) => End::Dead { error: error.to_string() },
            Err(Failure::Once(error)) if job.attempts >= self.max_attempts => End::Dead { error: error.to_string() },
            Err(Failure::Once(error)) => {
                let at = context.context.clock.now() + backoff::pause(job.attempts, &context.context.entropy);
                End::Again { at, error: error.to_string() }
            }
        };
        match &end {
            End::Again { error, .. } => {
                tracing::warn!(job = self.name, id = %job.id, attempt = job.attempts, error, "a job failed; it will be tried again")
            }
            End::Dead { error } => {
                tracing::error!(job = self.name, id = %job.id, attempts = job.attempts, error, "a job failed too often and is laid aside")
            }
            End::Done | End::Back => {}
        }
        let written = context.db.write(move |tx| store::end(tx, job.id, (&holder, job.attempts), &end)).await;
        match written {
            Ok(true) => {}
            Ok(false) => tracing::warn!(job = self.name, id = %job.id, "a job ended that somebody else had taken over"),
            Err(error) => tracing::warn!(job = self.name, id = %job.id, %error, "the end of a job could not be written"),
        }
    }

    async fn attempt(&self, payload: &str, context: JobContext) -> std::result::Result<(), Failure> {
        let work = (self.start)(payload, context).map_err(Failure::ForGood)?;
        match tokio::time::timeout(self.timeout, AssertUnwindSafe(work).catch_unwind()).await {
            Ok(Ok(outcome)) => outcome.map_err(Failure::Once),
            Ok(Err(_)) => Err(Failure::Once(Error::bug("the job panicked"))),
            Err(_) => Err(Failure::Once(Error::unavailable("job.timed_out"))),
        }
    }
}

enum Failure {
    Once(Error),
    /// Another run would end the same way.
    ForGood(Error),
}
