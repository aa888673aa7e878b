//! What was taken away.
use crate::auth::{id::RevokedKind, revocation::Revoked};
use yingda_base::{Millis, Result, Tx, id::IdSource, row, sql};

pub fn insert_revocation(tx: &mut Tx, revoked: Revoked) -> Result<()> {
    let id = tx.next_id();
    tx.run(sql!("INSERT INTO revocation (id, kind, subject_id) VALUES ($1, $2, $3)", id, revoked.kind, revoked.id))?;
    Ok(())
}

/// Revocations made before `before`; how many were forgotten.
pub fn purge_revocations(tx: &mut Tx, before: Millis, limit: i64) -> Result<u64> {
    tx.run(sql!(
        "DELETE FROM revocation
          WHERE id IN (SELECT id FROM revocation WHERE id < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)",
        IdSource::at(before),
        limit
    ))
}

pub fn revocations_since(tx: &mut Tx, since: Millis) -> Result<Vec<Revoked>> {
    row! { struct Found { kind: RevokedKind, subject_id: i64 } }
    let found: Vec<Found> = tx.all(sql!("SELECT kind, subject_id FROM revocation WHERE id >= $1 ORDER BY id", IdSource::at(since)))?;
    Ok(found.into_iter().map(|found| Revoked { kind: found.kind, id: found.subject_id }).collect())
}
