//! Reading the log, and noting refusals that no action could.
use super::{
    model::{AuditActor, AuditObject, AuditRow, Listing, Outcome},
    record::{Audit, record},
    store::{self, Stored},
};
use crate::App;
use serde_json::{Value, json};
use yingda_base::{Error, Result, Tx, http::Caller};

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

/// Notes that a call was forbidden before or inside its action, whose own unit was rolled back.
pub async fn record_refusal(app: &App, caller: &Caller, method: &str, path: &str, error: &Error) {
    let refused = Audit {
        action: "call.refused",
        object_kind: "call",
        object_id: format!("{method} {}", path.chars().take(200).collect::<String>()),
        refused: error.code(),
        after: (!error.details().is_empty()).then(|| json!(error.details()).to_string()),
        ..Audit::default()
    };
    let caller = caller.clone();
    if let Err(error) = app.db.write(move |tx| record(tx, &caller, &refused)).await {
        tracing::error!(%error, "a refusal could not be recorded");
    }
}
