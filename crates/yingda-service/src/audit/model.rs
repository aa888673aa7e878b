//! A row of the audit log as the audit administrator reads it.
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use yingda_base::{Millis, text_enum};

text_enum! {
    /// How a call ended.
    pub enum Outcome {
        /// It was done.
        Done = "done",
        /// It was refused.
        Refused = "refused",
    }
}

/// What of the log is asked for; the newest first.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Rows before this one.
    pub before: Option<i64>,
    /// Actions that begin so: `staff.`.
    pub action: Option<String>,
    /// Of this member of staff.
    pub actor: Option<i64>,
    /// Done or refused.
    pub result: Option<Outcome>,
    /// At most so many.
    pub limit: i64,
}

/// A row.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditRow {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Millis,
    /// Who.
    pub actor: AuditActor,
    /// Feature and verb.
    pub action: String,
    /// What was acted on.
    pub object: AuditObject,
    /// `done` or `refused`.
    pub result: Outcome,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// From where.
    pub address: String,
    /// The request, as in the log of the program.
    pub request: String,
    /// Values before, unless erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Values after, unless erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditActor {
    /// `staff`, `visitor` or `anonymous`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// The name at that time.
    pub name: String,
}

/// What was acted on.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditObject {
    /// `staff`, `setting`, …
    pub kind: String,
    /// Which one.
    pub id: String,
}
