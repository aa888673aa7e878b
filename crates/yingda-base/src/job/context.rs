//! What a running job is given.
use crate::{Context, Db, Error, Result, supervisor::Stopping};
use std::{
    any::{Any, TypeId, type_name},
    collections::HashMap,
    sync::Arc,
};

/// The door, what is injected everywhere, and whatever the program gave its runner ([`super::Runner::with`]).
#[derive(Clone)]
pub struct JobContext {
    /// The database.
    pub db: Db,
    /// Clock, randomness, ids.
    pub context: Context,
    /// Fires when the program stops; a long job ends at its next chunk then, and is run again later.
    pub stopping: Stopping,
    /// This job.
    pub id: super::JobId,
    /// 1 for the first run.
    pub attempt: i64,
    pub(super) states: States,
}

pub(super) type States = Arc<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>;

impl JobContext {
    /// A value the program gave its runner. An error is a mistake of the wiring.
    pub fn get<T: Send + Sync + 'static>(&self) -> Result<&T> {
        let found = self.states.get(&TypeId::of::<T>()).and_then(|state| state.downcast_ref());
        found.ok_or_else(|| Error::bug("a job asked its runner for what it was not given").with("type", type_name::<T>()))
    }
}
