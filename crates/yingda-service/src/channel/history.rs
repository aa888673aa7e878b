//! What was done to a site: who, when, from what to what. Kept as long as the audit is.
use super::{model::SiteId, store};
use crate::audit;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use yingda_base::{Error, Millis, Result, Tx};

/// As many as are shown.
const MOST: i64 = 100;

/// One change of a site.
#[derive(Debug, Serialize, ToSchema)]
pub struct SiteEvent {
    /// Its number in the audit.
    pub id: String,
    /// When.
    pub at: Millis,
    /// Whose doing, by name.
    pub by: String,
    /// `site.create`, `site.update`, `site.secret_create`, `site.secret_retire`, `site.logo_upload`.
    pub action: String,
    /// The site before; of a key nothing is kept but its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The site after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// What was done to a site, the newest first. `not_found`.
pub fn list(tx: &mut Tx, site: SiteId) -> Result<Vec<SiteEvent>> {
    store::find(tx, site)?.ok_or_else(|| Error::not_found("site"))?;
    let rows = audit::done_to(tx, "site", &site.to_string(), MOST)?;
    let event = |row: audit::AuditRow| SiteEvent {
        id: row.id,
        at: row.at,
        by: row.actor.name,
        action: row.action,
        before: row.before,
        after: row.after,
    };
    Ok(rows.into_iter().map(event).collect())
}
