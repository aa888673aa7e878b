//! A bounded queue of units in front of database threads. A full queue makes callers wait, never a runtime thread.
use super::{
    meter::Meter,
    tx::Tx,
    unit::{self, Unit},
};
use crate::error::{Error, Result};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::mpsc;

/// The callers' end.
#[derive(Clone)]
pub(super) struct Pool {
    queue: mpsc::Sender<Box<dyn Unit>>,
    alive: Arc<AtomicBool>,
    /// Units handed in here only read.
    is_reading: bool,
}

/// The threads' end, shared by all threads of a pool.
#[derive(Clone)]
pub(super) struct Todo {
    queue: Arc<Mutex<mpsc::Receiver<Box<dyn Unit>>>>,
    alive: Arc<AtomicBool>,
}

impl Pool {
    pub(super) fn new(capacity: usize) -> (Pool, Todo) {
        let (queue, todo) = mpsc::channel(capacity);
        let alive = Arc::new(AtomicBool::new(true));
        (Pool { queue, alive: alive.clone(), is_reading: false }, Todo { queue: Arc::new(Mutex::new(todo)), alive })
    }

    /// The same queue for units that only read.
    pub(super) fn reading(self) -> Pool {
        Pool { is_reading: true, ..self }
    }

    pub(super) async fn submit<T: Send + 'static>(&self, work: impl Fn(&mut Tx) -> Result<T> + Send + 'static) -> Result<T> {
        let (unit, answer) = unit::new(work, self.is_reading);
        self.queue.send(unit).await.map_err(|_| Error::unavailable("database.lost"))?;
        // The unit is dropped unanswered only if its thread died while it had it: nobody knows whether it committed.
        answer.await.map_err(|_| Error::unavailable("database.outcome_unknown"))?
    }

    pub(super) fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Relaxed) && !self.queue.is_closed()
    }
}

impl Todo {
    /// Waits for a unit and takes those that wait behind it, at most `most`; nothing when all callers are gone.
    pub(super) fn take(&self, most: usize, meter: &Meter) -> Vec<Box<dyn Unit>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mut units: Vec<Box<dyn Unit>> = queue.blocking_recv().into_iter().collect();
        while !units.is_empty()
            && units.len() < most
            && let Ok(unit) = queue.try_recv()
        {
            units.push(unit);
        }
        meter.took(units.len(), queue.len());
        units
    }

    /// Starts a thread that is missed when it panics: `/healthz` turns red.
    pub(super) fn spawn(&self, name: &str, body: impl FnOnce(Todo) + Send + 'static) -> Result<()> {
        let todo = self.clone();
        let guarded = move || {
            let _missed = Missed(todo.alive.clone());
            body(todo);
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(guarded).map(drop).map_err(Error::internal)
    }
}

struct Missed(Arc<AtomicBool>);
impl Drop for Missed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(false, Ordering::Relaxed);
            tracing::error!("a database thread died");
        }
    }
}
