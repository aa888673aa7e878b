//! What `/metrics` tells of the door. The recorder must be installed before the door opens.
use crate::error::{Error, Kind};
use metrics::{Counter, Gauge, Histogram};
use std::time::Duration;

/// The measures of one pool of threads.
#[derive(Clone)]
pub(super) struct Meter {
    waiting: Gauge,
    batch: Histogram,
    commit: Histogram,
    slowest: Histogram,
    again: Counter,
}

impl Meter {
    pub(super) fn new(pool: &'static str) -> Meter {
        Meter {
            waiting: metrics::gauge!("yingda_db_waiting_units", "pool" => pool),
            batch: metrics::histogram!("yingda_db_batch_units", "pool" => pool),
            commit: metrics::histogram!("yingda_db_commit_seconds", "pool" => pool),
            slowest: metrics::histogram!("yingda_db_slowest_unit_seconds", "pool" => pool),
            again: metrics::counter!("yingda_db_runs_again_total", "pool" => pool),
        }
    }

    /// A thread takes `taken` units and leaves `waiting` behind.
    #[expect(clippy::cast_precision_loss, reason = "measures are floats")]
    pub(super) fn took(&self, taken: usize, waiting: usize) {
        self.batch.record(taken as f64);
        self.waiting.set(waiting as f64);
    }

    /// The slowest unit of a batch ran this long, its commit not counted. One sample a batch: units come by the ten thousand a second.
    pub(super) fn slowest(&self, took: Duration) {
        self.slowest.record(took);
    }

    /// A commit took this long.
    pub(super) fn committed(&self, took: Duration) {
        self.commit.record(took);
    }

    /// A unit has to run again.
    pub(super) fn again(&self) {
        self.again.increment(1);
    }
}

/// Counts what is not the caller's doing.
pub(super) fn failed(error: &Error) {
    if matches!(error.kind(), Kind::Unavailable | Kind::Internal) {
        metrics::counter!("yingda_db_failures_total", "code" => error.code()).increment(1);
    }
}
