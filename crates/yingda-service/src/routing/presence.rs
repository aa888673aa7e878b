//! Presence of staff: a lease that a living desk renews.
use super::store;
use serde::{Deserialize, Serialize};
use yingda_base::{Result, Tx, bus::Event};

/// Somebody's presence changed; receivers take it over and heal by reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceChanged {
    /// Who.
    pub staff: i64,
    /// Their desk is alive.
    pub is_connected: bool,
    /// They take conversations.
    pub is_accepting: bool,
}

impl Event for PresenceChanged {
    const TOPIC: &'static str = "routing.presence";
}

fn tell(tx: &mut Tx, staff: i64) -> Result<()> {
    if let Some(lease) = store::lock(tx, staff)? {
        tx.emit(&PresenceChanged { staff, is_connected: lease.is_connected, is_accepting: lease.is_accepting });
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

/// Desks that proved to be alive since the last time.
pub fn renew(tx: &mut Tx, staff: &[i64]) -> Result<()> {
    store::renew(tx, staff)
}

/// Takes conversations, or takes no more.
pub fn set_accepting(tx: &mut Tx, staff: i64, is_accepting: bool) -> Result<()> {
    store::set_accepting(tx, staff, is_accepting)?;
    tell(tx, staff)
}
