//! Desks that proved to be alive: their page's main thread answered a ping.
use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

/// Members of staff whose desk answered since the last time somebody looked.
#[derive(Default)]
pub struct Proofs(Mutex<HashSet<i64>>);

impl Proofs {
    pub(super) fn note(&self, staff: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(staff);
    }

    /// The desk has gone; what it proved before counts no more.
    pub(super) fn forget(&self, staff: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&staff);
    }

    pub(super) fn take(&self) -> Vec<i64> {
        let mut staff: Vec<i64> = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect();
        staff.sort_unstable();
        staff
    }
}
