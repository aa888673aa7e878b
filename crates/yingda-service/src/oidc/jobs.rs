//! What is forgotten: attempts that could not come back any more.
use super::store;
use yingda_base::{Result, Tx};

/// Rows in one unit.
const CHUNK: i64 = 200;

/// Forgets a chunk; how many.
pub fn purge(tx: &mut Tx) -> Result<u64> {
    store::purge_returns(tx, tx.steady(), CHUNK)
}
