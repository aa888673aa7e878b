//! What visitors leave behind.
use super::store;
use std::time::Duration;
use yingda_base::{Result, Tx};

/// Signed words are remembered for so long after their end, in case somebody sets the clock back.
const KEPT: Duration = Duration::from_secs(24 * 3600);
const CHUNK: i64 = 200;

/// Forgets a chunk of the signed words that ended long ago; how many.
pub fn purge(tx: &mut Tx) -> Result<u64> {
    store::purge_proofs(tx, tx.now() - KEPT, CHUNK)
}
