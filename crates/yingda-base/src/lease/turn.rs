//! Taking turns at a background task: the loop of a task asks at each round whether it is its own.
use super::{Lease, RENEW};
use crate::{Clock, Db, Result, Tx};
use std::time::Duration;

/// This node's claim to a lease.
pub struct Turn {
    lease: Lease,
    db: Db,
    clock: Clock,
    tried_at: Option<Duration>,
}

impl Turn {
    /// A claim to the lease of this name. `holder` names this run.
    pub fn new(name: &'static str, holder: &str, db: &Db, clock: &Clock) -> Turn {
        Turn { lease: Lease::new(name, holder, clock), db: db.clone(), clock: clock.clone(), tried_at: None }
    }

    /// Whether it is this node's turn. Renews when that is due; a node that does not hold the lease asks no more often than a holder renews.
    pub async fn is_ours(&mut self) -> Result<bool> {
        let now = self.clock.elapsed();
        if self.tried_at.is_some_and(|at| now.saturating_sub(at) < RENEW) {
            return Ok(self.lease.is_held());
        }
        self.tried_at = Some(now);
        self.lease.try_hold(&self.db).await
    }

    /// For [`in_turn`]: what a unit writes counts only while the turn is ours.
    pub fn lease(&self) -> Lease {
        self.lease.clone()
    }

    /// Lets the next one begin at once.
    pub async fn end(self) -> Result<()> {
        self.lease.release(&self.db).await
    }
}

/// A unit that is undone if the turn has ended. Code: `lease.lost`.
pub fn in_turn<T: Send + 'static>(
    lease: Lease,
    work: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
) -> impl Fn(&mut Tx) -> Result<T> + Send + 'static {
    move |tx| {
        lease.check(tx)?;
        work(tx)
    }
}
