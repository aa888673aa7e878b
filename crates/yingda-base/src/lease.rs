//! Leases: a row says who does what only one node may do, and a counter in it moves while the holder lives.
//!
//! No clock is compared between machines. An observer remembers when, by its own monotonic clock, it last saw the counter move; one that
//! stands still for [`TTL`] is over ([`Watch`]). A holder that could not renew believes itself out well before that, and what must never
//! be done by two is checked inside its unit ([`Lease::check`]): the row's epoch counts the holders.
mod turn;
mod watch;

pub use turn::{Turn, in_turn};
pub use watch::Watch;

use crate::{Clock, Db, Error, Result, Tx, row, sql, supervisor::Stopping};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// A counter that stands still this long is over.
pub const TTL: Duration = Duration::from_secs(6);
/// How often holders renew and candidates look.
pub const RENEW: Duration = Duration::from_secs(2);
/// How long a holder trusts its last renewal.
const TRUST: Duration = Duration::from_secs(4);

/// One candidate for a named lease. Cloning shares it.
#[derive(Clone)]
pub struct Lease(Arc<Inner>);

struct Inner {
    name: &'static str,
    holder: String,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    watch: Watch<String>,
    held: Option<Held>,
}

/// What the last successful renewal said.
#[derive(Clone, Copy)]
struct Held {
    epoch: i64,
    /// When that renewal began: what the database saw lies later.
    since: Duration,
}

row! {
    struct Stored { holder: Option<String>, renewals: i64, epoch: i64 }
}

impl Lease {
    /// A candidate that holds nothing yet. `holder` names this run, see [`crate::instance::Instance::holder`].
    pub fn new(name: &'static str, holder: &str, clock: &Clock) -> Lease {
        Lease(Arc::new(Inner { name, holder: holder.to_owned(), clock: clock.clone(), state: Mutex::default() }))
    }

    /// Renews, or takes the lease if it is free or over; whether it is held now.
    pub async fn try_hold(&self, db: &Db) -> Result<bool> {
        let (name, holder, now) = (self.0.name, self.0.holder.clone(), self.0.clock.elapsed());
        let stored = db.write_needed(move |tx| renew_or_take(tx, name, &holder)).await?;
        if stored.holder.as_deref() == Some(self.0.holder.as_str()) {
            self.state().held = Some(Held { epoch: stored.epoch, since: now });
            return Ok(true);
        }
        let still_for = {
            let mut state = self.state();
            state.held = None;
            state.watch.still_for(stored.holder.clone().unwrap_or_default(), stored.renewals, now)
        };
        if still_for < TTL {
            return Ok(false);
        }
        let holder = self.0.holder.clone();
        let taken = db.write_needed(move |tx| take_over(tx, name, &holder, &stored)).await?;
        if let Some(epoch) = taken {
            tracing::warn!(lease = name, "the holder of a lease is gone; it is held here now");
            self.state().held = Some(Held { epoch, since: now });
        }
        Ok(taken.is_some())
    }

    /// Whether this run may go on with the job.
    pub fn is_held(&self) -> bool {
        self.held().is_some()
    }

    /// Makes the lease a condition of this unit: nobody takes it over before the unit has ended. Error: `lease.lost`.
    pub fn check(&self, tx: &mut Tx) -> Result<()> {
        let epoch = self.held().ok_or_else(|| Error::conflict("lease.lost"))?.epoch;
        let query = sql!(
            "SELECT holder, renewals, epoch FROM lease WHERE name = $1 AND holder = $2 AND epoch = $3 FOR UPDATE",
            self.0.name,
            &self.0.holder,
            epoch
        );
        tx.find::<Stored>(query)?.map(drop).ok_or_else(|| Error::conflict("lease.lost"))
    }

    /// Gives it back, so that the next one need not wait.
    pub async fn release(&self, db: &Db) -> Result<()> {
        let Some(held) = self.state().held.take() else { return Ok(()) };
        let (name, holder) = (self.0.name, self.0.holder.clone());
        let given = move |tx: &mut Tx| {
            tx.run(sql!(
                "UPDATE lease SET holder = NULL, renewals = renewals + 1 WHERE name = $1 AND holder = $2 AND epoch = $3",
                name,
                &holder,
                held.epoch
            ))
        };
        db.write_needed(given).await.map(drop)
    }

    /// Keeps trying every [`RENEW`]; gives the lease back when the program stops.
    pub async fn keep(self, db: Db, mut stopping: Stopping) {
        while !stopping.is_set() {
            if let Err(error) = self.try_hold(&db).await {
                tracing::warn!(%error, lease = self.0.name, "a lease could not be renewed");
            }
            tokio::select! {
                () = stopping.wait() => {}
                () = tokio::time::sleep(RENEW) => {}
            }
        }
        if let Err(error) = self.release(&db).await {
            tracing::warn!(%error, lease = self.0.name, "a lease could not be given back");
        }
    }

    fn held(&self) -> Option<Held> {
        let now = self.0.clock.elapsed();
        self.state().held.filter(|held| now.saturating_sub(held.since) < TRUST)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Frees all leases. For the start on SQLite, where whoever holds the data directory knows that all former holders are dead.
pub fn free_all(tx: &mut Tx) -> Result<()> {
    tx.run(sql!("UPDATE lease SET holder = NULL, renewals = renewals + 1 WHERE holder IS NOT NULL")).map(drop)
}

/// The row as it is after we renewed it or took it from nobody.
fn renew_or_take(tx: &mut Tx, name: &'static str, holder: &str) -> Result<Stored> {
    tx.run(sql!("INSERT INTO lease (name, holder, renewals, epoch) VALUES ($1, $2, 0, 1) ON CONFLICT (name) DO NOTHING", name, holder))?;
    let ours = tx.run(sql!("UPDATE lease SET renewals = renewals + 1 WHERE name = $1 AND holder = $2", name, holder))?;
    if ours == 0 {
        tx.run(sql!(
            "UPDATE lease SET holder = $1, renewals = renewals + 1, epoch = epoch + 1 WHERE name = $2 AND holder IS NULL",
            holder,
            name
        ))?;
    }
    tx.get("lease", sql!("SELECT holder, renewals, epoch FROM lease WHERE name = $1", name))
}

fn take_over(tx: &mut Tx, name: &'static str, holder: &str, seen: &Stored) -> Result<Option<i64>> {
    let taken = tx.run(sql!(
        "UPDATE lease SET holder = $1, renewals = renewals + 1, epoch = epoch + 1 WHERE name = $2 AND epoch = $3 AND renewals = $4",
        holder,
        name,
        seen.epoch,
        seen.renewals
    ))?;
    Ok((taken == 1).then_some(seen.epoch + 1))
}
