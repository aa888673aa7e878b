//! Rows of the audit log.
pub mod chain;
pub mod checkpoint;
pub mod erase;
pub mod names;
pub mod search;

use super::record::{Audit, Author};
use yingda_base::{Result, Tx, locale, sql};

/// Bytes of a salt.
const SALT: usize = 16;

pub fn insert(tx: &mut Tx, author: &Author, audit: &Audit) -> Result<i64> {
    debug_assert!(locale::has(&format!("audit.action.{}", audit.action)), "no words for {}", audit.action);
    debug_assert!(locale::has(&format!("audit.object.{}", audit.object_kind)), "no words for {}", audit.object_kind);
    let id = tx.next_id();
    let result = if audit.refused.is_empty() { "done" } else { "refused" };
    tx.run(sql!(
        "INSERT INTO audit_record
           (id, at, actor_kind, actor_id, actor_name, session_id, method, action, object_kind, object_id, result, code, address, request,
            origin_salt)
         VALUES ($1, $2, $3, $4, $5, $6, COALESCE((SELECT COALESCE(method, kind) FROM session WHERE id = $6), $7), $8, $9, $10, $11, $12, $13, $14, $15)",
        id,
        tx.now(),
        author.kind,
        author.id,
        author.name,
        author.session,
        author.method,
        audit.action,
        audit.object_kind,
        &audit.object_id,
        result,
        audit.refused,
        &author.address,
        author.request,
        salt(tx)
    ))?;
    if audit.before.is_some() || audit.after.is_some() {
        tx.run(sql!(
            "INSERT INTO audit_value (record_id, salt, before_value, after_value) VALUES ($1, $2, $3, $4)",
            id,
            salt(tx),
            audit.before.clone(),
            audit.after.clone()
        ))?;
    }
    Ok(id)
}

/// So long that nobody can try all of them.
pub fn salt(tx: &Tx) -> Vec<u8> {
    tx.entropy().bytes::<SALT>().to_vec()
}
