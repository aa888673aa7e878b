//! The SQL of the ledger.
use super::model::{Erasure, ErasureId};
use yingda_base::{Result, Tx, row, sql};

row! {
    struct Reached { reached: i64 }
    struct Known { id: ErasureId }
}

/// Adds a line; one that is there already stays as it is.
pub(super) fn insert(tx: &mut Tx, erasure: &Erasure) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO erasure (id, at, kind, conversation_id, seq, entry_at, customer_id, reason, staff_id, reached)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)
         ON CONFLICT (id) DO NOTHING",
        erasure.id,
        erasure.at,
        erasure.kind,
        erasure.conversation_id,
        erasure.seq,
        erasure.entry_at,
        erasure.customer_id,
        erasure.reason,
        erasure.staff_id
    ))?;
    Ok(())
}

/// The oldest line that is not done.
pub(super) fn undone(tx: &mut Tx) -> Result<Option<Erasure>> {
    tx.find(sql!(
        "SELECT id, at, kind, conversation_id, seq, entry_at, customer_id, reason, staff_id
         FROM erasure
         WHERE done_at IS NULL
         ORDER BY id
         LIMIT 1"
    ))
}

pub(super) fn reached(tx: &mut Tx, id: ErasureId) -> Result<i64> {
    let found: Reached = tx.get("erasure", sql!("SELECT reached FROM erasure WHERE id = $1", id))?;
    Ok(found.reached)
}

pub(super) fn set_reached(tx: &mut Tx, id: ErasureId, conversation: i64) -> Result<()> {
    tx.run(sql!("UPDATE erasure SET reached = $2 WHERE id = $1", id, conversation)).map(drop)
}

pub(super) fn set_done(tx: &mut Tx, id: ErasureId) -> Result<()> {
    tx.run(sql!("UPDATE erasure SET done_at = $2 WHERE id = $1 AND done_at IS NULL", id, tx.now())).map(drop)
}

/// Lines after an id, in order.
pub(super) fn after(tx: &mut Tx, after: ErasureId, limit: i64) -> Result<Vec<Erasure>> {
    tx.all(sql!(
        "SELECT id, at, kind, conversation_id, seq, entry_at, customer_id, reason, staff_id
         FROM erasure
         WHERE id > $1
         ORDER BY id
         LIMIT $2",
        after,
        limit
    ))
}
