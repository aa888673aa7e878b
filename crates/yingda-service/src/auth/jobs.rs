//! What is forgotten: sessions that ended long ago, failures nobody counts any more, revocations every node has seen.
use super::{revocation, store, throttle};
use std::time::Duration;
use yingda_base::{Result, Tx};

/// How long the row of an ended session stays: an administrator may ask where somebody was logged in.
const SESSION_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// More than any session may be set to last.
const LONGEST_SESSION: Duration = Duration::from_secs(90 * 24 * 3600);
/// A browser nobody logged in with for so long is not known any more.
const DEVICE_KEPT: Duration = Duration::from_secs(180 * 24 * 3600);
/// Rows of one kind in one unit.
const CHUNK: i64 = 200;

/// Forgets a chunk of each; how many in all.
pub fn purge(tx: &mut Tx) -> Result<u64> {
    let now = tx.now();
    let failures = store::purge_failures(tx, now - throttle::MEMORY, CHUNK)?;
    let sessions = store::purge_sessions(tx, now - SESSION_KEPT, tx.steady() - LONGEST_SESSION - SESSION_KEPT, CHUNK)?;
    let challenges = store::purge_challenges(tx, tx.steady() - throttle::MEMORY, CHUNK)?;
    let devices = store::purge_known_devices(tx, now - DEVICE_KEPT, CHUNK)?;
    Ok(failures + sessions + challenges + devices + revocation::purge(tx, CHUNK)?)
}
