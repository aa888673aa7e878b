//! A unit of work: runs as often as it must, keeps its outcome to itself until told whether the commit succeeded.
use super::{
    fault::Fault,
    meter::{self, Meter},
    tx::Tx,
};
use crate::{
    Context,
    bus::{Bus, Doorbell},
    error::{Error, Result},
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};
use tokio::sync::oneshot;

/// What all units of a database share.
#[derive(Clone)]
pub(super) struct Shared {
    pub context: Context,
    pub bus: Arc<dyn Bus>,
    /// What a unit may take on PostgreSQL before it is rolled back instead of committed; `None` for work before the start.
    pub limit: Option<Duration>,
    pub meter: Meter,
}

impl Shared {
    pub(super) fn new(context: &Context, bus: Arc<dyn Bus>, pool: &'static str) -> Shared {
        Shared { context: context.clone(), bus, limit: None, meter: Meter::new(pool) }
    }

    /// The same for another pool.
    pub(super) fn of(&self, pool: &'static str) -> Shared {
        Shared { meter: Meter::new(pool), ..self.clone() }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.context.clock.elapsed()
    }
}

/// The longest unit, see [`Shared::limit`]. Feeds count on it.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

/// How one run of a unit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ran {
    /// Keep what it did.
    Keep,
    /// Roll it back: it said no, failed, or panicked.
    Undo,
    /// A deadlock or the like: roll back and run it again.
    Again,
    /// The connection is gone: connect, then run it again.
    Lost,
}

pub(super) trait Unit: Send {
    /// Runs the work and remembers its outcome.
    fn run(&mut self, tx: &mut Tx) -> Ran;
    /// Whether it only reads: then all it reads is of one moment.
    fn is_reading(&self) -> bool;
    /// Whether the faulty build answers it before its commit.
    fn is_early(&self) -> bool;
    /// Tells the caller: its own error if it failed, else how the commit went. Doorbells ring only if its work was kept.
    fn answer(self: Box<Self>, committed: Result<()>, shared: &Shared);
}

struct Work<F, T> {
    work: F,
    outcome: Option<Result<T>>,
    doorbells: Vec<Doorbell>,
    is_early: bool,
    is_reading: bool,
    caller: oneshot::Sender<Result<T>>,
}

/// A unit, and where its answer comes.
pub(super) fn new<T: Send + 'static>(
    work: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    is_reading: bool,
) -> (Box<dyn Unit>, oneshot::Receiver<Result<T>>) {
    let (caller, answer) = oneshot::channel();
    (Box::new(Work { work, outcome: None, doorbells: Vec::new(), is_early: false, is_reading, caller }), answer)
}

impl<F: Fn(&mut Tx) -> Result<T> + Send, T: Send> Unit for Work<F, T> {
    fn run(&mut self, tx: &mut Tx) -> Ran {
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.work)(tx)));
        let (ran, outcome) = match (outcome, tx.poison.take()) {
            (Err(_), _) => (Ran::Undo, Err(Error::bug("a unit of work panicked"))),
            (Ok(_), Some((Fault::Retry, error))) => (Ran::Again, Err(error)),
            (Ok(_), Some((Fault::Lost, error))) => (Ran::Lost, Err(error)),
            (Ok(_), Some((_, error))) => (Ran::Undo, Err(error)),
            (Ok(Err(error)), None) => (Ran::Undo, Err(error)),
            (Ok(Ok(value)), None) => (Ran::Keep, Ok(value)),
        };
        self.outcome = Some(outcome);
        self.doorbells = std::mem::take(&mut tx.doorbells);
        self.is_early = tx.is_early;
        ran
    }

    fn is_reading(&self) -> bool {
        self.is_reading
    }

    fn is_early(&self) -> bool {
        self.is_early
    }

    fn answer(self: Box<Self>, committed: Result<()>, shared: &Shared) {
        let Work { outcome, doorbells, caller, .. } = *self;
        let outcome = match (outcome, committed) {
            (Some(Err(own)), _) | (_, Err(own)) => Err(own),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Error::bug("a unit was answered before it ran")),
        };
        if outcome.is_ok() {
            for doorbell in doorbells {
                shared.bus.ring(doorbell);
            }
        }
        if let Err(error) = &outcome {
            meter::failed(error);
        }
        // Nobody waits any more if the request was dropped; the work stays done.
        let _ = caller.send(outcome);
    }
}
