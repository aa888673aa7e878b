//! Rows of the audit log.
pub mod chain;
pub mod checkpoint;
pub mod erase;

use super::{
    model::Listing,
    record::{Audit, Author},
};
use yingda_base::{Millis, Result, Tx, row, sql, sql_template};

/// Bytes of a salt.
const SALT: usize = 16;

pub fn insert(tx: &mut Tx, author: &Author, audit: &Audit) -> Result<i64> {
    let id = tx.next_id();
    let result = if audit.refused.is_empty() { "done" } else { "refused" };
    tx.run(sql!(
        "INSERT INTO audit_record
           (id, at, actor_kind, actor_id, actor_name, session_id, method, action, object_kind, object_id, result, code, address, request,
            origin_salt)
         VALUES ($1, $2, $3, $4, $5, $6, COALESCE((SELECT kind FROM session WHERE id = $6), $7), $8, $9, $10, $11, $12, $13, $14, $15)",
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

row! {
    /// A row with its values.
    pub struct Stored {
        pub id: i64,
        pub at: Millis,
        pub actor_kind: String,
        pub actor_id: i64,
        pub actor_name: String,
        pub action: String,
        pub object_kind: String,
        pub object_id: String,
        pub result: String,
        pub code: String,
        pub address: String,
        pub request: String,
        pub before_value: Option<String>,
        pub after_value: Option<String>,
    }
}

sql_template!(static LIST = "SELECT r.id, r.at, r.actor_kind, r.actor_id, r.actor_name, r.action, r.object_kind, r.object_id, r.result,
           r.code, r.address, r.request, v.before_value, v.after_value
      FROM audit_record r
      LEFT JOIN audit_value v ON v.record_id = r.id
     WHERE TRUE";
    ["AND r.id < ?",
     "AND r.action >= ? AND r.action < ?",
     "AND r.actor_kind = 'staff' AND r.actor_id = ?",
     "AND r.result = ?"];
    "ORDER BY r.id DESC LIMIT ?");

pub fn list(tx: &mut Tx, listing: &Listing) -> Result<Vec<Stored>> {
    let query = LIST.start(vec![]).when_some(0, listing.before).when_some(2, listing.actor);
    let query = query.when_some(3, listing.result.map(|result| result.as_str()));
    let query = match &listing.action {
        Some(action) => query.when(1, vec![action.into(), format!("{action}{}", char::MAX).into()]),
        None => query,
    };
    tx.all(query.finish(vec![listing.limit.into()]))
}
