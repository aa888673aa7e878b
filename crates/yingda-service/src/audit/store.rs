//! Rows of the audit log.
use super::{model::Listing, record::Audit};
use yingda_base::{
    Millis, Result, Tx,
    http::{Actor, Caller},
    row, sql, sql_template,
};

pub fn insert(tx: &mut Tx, caller: &Caller, audit: &Audit) -> Result<()> {
    let id = tx.next_id();
    let (kind, actor) = caller.actor.key();
    let name = match &caller.actor {
        Actor::Staff(staff) => staff.name.as_str(),
        Actor::Visitor(_) | Actor::Anonymous => "",
    };
    let result = if audit.refused.is_empty() { "done" } else { "refused" };
    tx.run(sql!(
        "INSERT INTO audit_record
           (id, at, actor_kind, actor_id, actor_name, action, object_kind, object_id, result, code, address, request)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        id,
        tx.now(),
        kind,
        actor,
        name,
        audit.action,
        audit.object_kind,
        &audit.object_id,
        result,
        audit.refused,
        caller.address.to_string(),
        &caller.request
    ))?;
    if audit.before.is_some() || audit.after.is_some() {
        tx.run(sql!(
            "INSERT INTO audit_value (record_id, before_value, after_value) VALUES ($1, $2, $3)",
            id,
            audit.before.clone(),
            audit.after.clone()
        ))?;
    }
    Ok(())
}

/// Deletes the values before and after of everything that was done to an object; the rows stay.
pub fn erase_values(tx: &mut Tx, object_kind: &str, object_id: &str) -> Result<()> {
    tx.run(sql!(
        "DELETE FROM audit_value WHERE record_id IN (SELECT id FROM audit_record WHERE object_kind = $1 AND object_id = $2)",
        object_kind,
        object_id
    ))
    .map(drop)
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
