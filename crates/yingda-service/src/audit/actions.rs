//! Reading the log.
use super::{
    model::{AuditActor, AuditObject, AuditRow, Listing, Outcome},
    store::{self, Stored},
};
use crate::App;
use serde_json::Value;
use yingda_base::{Result, Tx};

/// A page of the log, the newest first.
pub async fn list(app: &App, listing: Listing) -> Result<(Vec<AuditRow>, Option<String>)> {
    let read = move |tx: &mut Tx| {
        let mut rows = store::list(tx, &Listing { limit: listing.limit + 1, ..listing.clone() })?;
        let more = rows.len() as i64 > listing.limit;
        rows.truncate(usize::try_from(listing.limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        Ok((rows.into_iter().map(shown).collect(), next))
    };
    app.db.report(read).await
}

fn shown(row: Stored) -> AuditRow {
    let value = |text: Option<String>| text.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
    AuditRow {
        id: row.id.to_string(),
        at: row.at,
        actor: AuditActor { kind: row.actor_kind, id: row.actor_id.to_string(), name: row.actor_name },
        action: row.action,
        object: AuditObject { kind: row.object_kind, id: row.object_id },
        result: if row.result == "refused" { Outcome::Refused } else { Outcome::Done },
        code: Some(row.code).filter(|code| !code.is_empty()),
        address: row.address,
        request: row.request,
        before: value(row.before_value),
        after: value(row.after_value),
    }
}
