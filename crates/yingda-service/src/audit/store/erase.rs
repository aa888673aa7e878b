//! Erasing what lies outside the chain.
use yingda_base::{Result, Tx, row, sql};

row! { struct Id { id: i64 } }

/// Whether a record of the chain behind `seq` says that this was erased.
pub fn is_told(tx: &mut Tx, action: &str, kind: &str, id: &str, seq: i64) -> Result<bool> {
    let found: Option<Id> = tx.find(sql!(
        "SELECT id FROM audit_record
         WHERE object_id = $1 AND object_kind = $2 AND action = $3 AND result = 'done' AND (chain_seq > $4 OR chain_seq IS NULL)
         LIMIT 1",
        id,
        kind,
        action,
        seq
    ))?;
    Ok(found.is_some_and(|found| found.id != 0))
}

/// Erases the values of the records about an object; how many that were.
pub fn values(tx: &mut Tx, kind: &str, id: &str) -> Result<u64> {
    tx.run(sql!(
        "DELETE FROM audit_value WHERE record_id IN (SELECT id FROM audit_record WHERE object_id = $1 AND object_kind = $2)",
        id,
        kind
    ))
}

/// Erases name and address in the records of an actor; how many that were. What is not sealed yet is sealed without them.
pub fn origins(tx: &mut Tx, kind: &str, id: i64) -> Result<u64> {
    tx.run(sql!(
        "UPDATE audit_record
         SET actor_name = '', address = '', origin_salt = CASE WHEN chain_seq IS NULL THEN origin_salt END
         WHERE actor_kind = $1 AND actor_id = $2 AND (actor_name <> '' OR address <> '')",
        kind,
        id
    ))
}
