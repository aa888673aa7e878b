//! Presence of staff: a lease that a living desk renews.
use super::store::{self, Lease};
use serde::{Deserialize, Serialize};
use yingda_base::{Result, Tx, bus::Event};

/// Somebody's presence changed; receivers take it over and heal by reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceChanged {
    /// Who.
    pub staff: i64,
    /// Grows with each change of the lease: an older event is no news.
    pub version: i64,
    /// Their desk is alive.
    pub is_connected: bool,
    /// They take conversations.
    pub is_accepting: bool,
}

impl Event for PresenceChanged {
    const TOPIC: &'static str = "routing.presence";
}

impl From<&Lease> for PresenceChanged {
    fn from(lease: &Lease) -> PresenceChanged {
        let Lease { staff_id, renewals, is_connected, is_accepting, .. } = *lease;
        PresenceChanged { staff: staff_id, version: renewals, is_connected, is_accepting }
    }
}

/// Presence of everybody as it stands: what the sweep compares.
pub fn all(tx: &mut Tx) -> Result<Vec<PresenceChanged>> {
    Ok(store::all(tx)?.iter().map(PresenceChanged::from).collect())
}

pub(super) fn tell(tx: &mut Tx, staff: i64) -> Result<()> {
    if let Some(lease) = store::lock(tx, staff)? {
        tx.emit(PresenceChanged::from(&lease));
    }
    Ok(())
}

/// A desk came: the lease begins, and any grace ends.
pub fn connect(tx: &mut Tx, staff: i64) -> Result<()> {
    store::connect(tx, staff)?;
    tell(tx, staff)
}

/// The last desk went, orderly: grace begins now instead of when the lease runs out.
pub fn disconnect(tx: &mut Tx, staff: i64) -> Result<()> {
    if store::disconnect(tx, staff)? { tell(tx, staff) } else { Ok(()) }
}

/// Forgets everybody's presence: in restored data, before anybody is served from it, no desk is there.
pub fn forget_presence(tx: &mut Tx) -> Result<()> {
    store::forget(tx)
}

/// Desks that proved to be alive since the last time.
pub fn renew(tx: &mut Tx, staff: &[i64]) -> Result<()> {
    store::renew(tx, staff)
}

/// Takes conversations, or takes no more.
pub fn set_accepting(tx: &mut Tx, staff: i64, is_accepting: bool) -> Result<()> {
    store::set_accepting(tx, staff, is_accepting)?;
    tell(tx, staff)
}
