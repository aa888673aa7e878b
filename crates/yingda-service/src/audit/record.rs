//! Writing audit rows.
use yingda_base::{
    Result, Tx,
    http::{Actor, Caller},
    sql,
};

/// What is recorded besides the caller and the time.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Feature and verb: `staff.create`.
    pub action: &'static str,
    /// What was acted on: `staff`, `setting`, …
    pub object_kind: &'static str,
    /// Which one.
    pub object_id: String,
    /// Why it was refused; empty when it was done.
    pub refused: &'static str,
    /// Sensitive values before, as JSON; they stand outside the chain.
    pub before: Option<String>,
    /// And after.
    pub after: Option<String>,
}

/// Writes a row in the unit that does the thing.
pub fn record(tx: &mut Tx, caller: &Caller, audit: &Audit) -> Result<()> {
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
        id, tx.now(), kind, actor, name, audit.action, audit.object_kind, &audit.object_id, result, audit.refused,
        caller.address.to_string(), &caller.request
    ))?;
    if audit.before.is_some() || audit.after.is_some() {
        tx.run(sql!(
            "INSERT INTO audit_value (record_id, before_value, after_value) VALUES ($1, $2, $3)",
            id, audit.before.clone(), audit.after.clone()
        ))?;
    }
    Ok(())
}
