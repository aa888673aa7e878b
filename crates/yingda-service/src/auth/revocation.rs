//! What was taken away: told at once by doorbell, and found within 2 s by reading the `revocation` table as a feed.
use super::{id::RevokedKind, steady, store, token::VISITOR_LIFE};
use crate::App;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use yingda_base::{Millis, Result, Tx, bus::Event, row};

/// How often nodes look for revocations whose doorbell they missed.
const SWEEP: Duration = Duration::from_secs(2);
/// How long rows are kept: much longer than any node could have missed.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// A row may become visible this much later than its id says.
const LATE: Duration = Duration::from_secs(60);

/// What to take away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// One session.
    Session(i64),
    /// The rights of a member of staff changed, or are gone.
    Staff(i64),
    /// A device.
    Device(i64),
}

impl From<Revocation> for Revoked {
    fn from(revocation: Revocation) -> Revoked {
        let (kind, id) = match revocation {
            Revocation::Session(id) => (RevokedKind::Session, id),
            Revocation::Staff(id) => (RevokedKind::Staff, id),
            Revocation::Device(id) => (RevokedKind::Device, id),
        };
        Revoked { kind, id }
    }
}

row! {
    /// Rung when something was revoked, and what the sweep finds. Applying it twice does no harm.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Revoked {
        /// Session, staff or device.
        pub kind: RevokedKind,
        /// Which one.
        pub id: i64,
    }
}

impl Event for Revoked {
    const TOPIC: &'static str = "auth.revoked";
}

/// Takes something away: sockets that stand on it are cut or refreshed. It does not by itself end a session in the database; see
/// [`end_session`](super::end_session) and [`end_sessions`](super::end_sessions).
pub fn revoke(tx: &mut Tx, revocation: Revocation) -> Result<()> {
    let revoked = Revoked::from(revocation);
    store::insert_revocation(tx, revoked)?;
    tx.emit(revoked);
    Ok(())
}

/// Forgets revocations that nobody looks for any more, a chunk at a time; how many.
pub(super) fn purge(tx: &mut Tx, chunk: i64) -> Result<u64> {
    store::purge_revocations(tx, tx.now() - KEPT, chunk)
}

/// Revocations that became visible since the one before `window`: overlapping on purpose, because ids commit out of order.
pub fn revocations_since(tx: &mut Tx, since: Millis, window: Duration) -> Result<Vec<Revoked>> {
    store::revocations_since(tx, since - window)
}

/// Devices whose tokens no longer count, for as long as a token could live: by a clock that does not jump, or a wrong one would bring them back.
#[derive(Default)]
pub(super) struct RevokedDevices(Mutex<HashMap<i64, Duration>>);

impl RevokedDevices {
    pub fn contains(&self, device: i64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&device)
    }

    /// `now` is time that passed, not time of day.
    fn note(&self, revoked: Revoked, now: Duration) {
        if revoked.kind == RevokedKind::Device {
            let mut devices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            devices.insert(revoked.id, now + VISITOR_LIFE);
            devices.retain(|_, until| *until > now);
        }
    }
}

/// Sets steady time going, reads what is revoked and follows it from then on. To be called once, before the first request.
pub async fn start(app: &App) -> Result<()> {
    steady::wind(&app.db, &app.context.clock).await?;
    steady::keep(app);
    sweep(app, VISITOR_LIFE).await?;
    app.auth.passwords.warm_up().await?;
    let (app, mut bell) = (app.clone(), app.bus.listen(Revoked::TOPIC));
    let supervisor = app.supervisor.clone();
    let mut stopping = supervisor.stopping();
    supervisor.spawn("auth revocations", async move {
        let mut tick = tokio::time::interval(SWEEP);
        loop {
            tokio::select! {
                () = stopping.wait() => return,
                Some(doorbell) = bell.recv() => {
                    if let Some(revoked) = doorbell.open::<Revoked>() {
                        app.auth.revoked.note(*revoked, app.context.clock.elapsed());
                    }
                }
                _ = tick.tick() => {
                    if let Err(error) = sweep(&app, SWEEP).await {
                        tracing::warn!(%error, "revocations could not be read; trying again");
                    }
                }
            }
        }
    });
    Ok(())
}

/// Notes what was revoked within `past` (and a little more).
async fn sweep(app: &App, past: Duration) -> Result<()> {
    let now = app.context.clock.now();
    for revoked in app.db.read(move |tx| revocations_since(tx, now - past, LATE)).await? {
        app.auth.revoked.note(revoked, app.context.clock.elapsed());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revoked_device_stays_so_for_as_long_as_its_token_lives() {
        let (devices, device) = (RevokedDevices::default(), |id| Revoked { kind: RevokedKind::Device, id });
        let at = Duration::from_secs(10);
        devices.note(device(1), at);
        devices.note(device(2), at + VISITOR_LIFE.saturating_sub(Duration::from_millis(1)));
        assert!(devices.contains(1) && devices.contains(2));
        devices.note(device(3), at + VISITOR_LIFE);
        assert!(!devices.contains(1) && devices.contains(2));
    }
}
