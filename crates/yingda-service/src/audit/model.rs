//! Records of the audit log as the audit administrator reads them, and the state of the chain.
use super::state::{Anchored, Trouble};
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

/// A record.
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
    /// The action in words.
    pub action_name: String,
    /// What was acted on.
    pub object: AuditObject,
    /// `done` or `refused`.
    pub result: Outcome,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// From where; empty for the program itself, and when it was erased.
    pub address: String,
    /// The request, as in the log of the program.
    pub request: String,
    /// Its place in the chain; absent until it is sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// The hash of its link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Values, or name and address, were erased.
    pub is_erased: bool,
    /// Values before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Values after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditActor {
    /// `staff`, `visitor`, `anonymous`, or `program` for a command or job.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// The name at that time; of a program, which command or job it was.
    pub name: String,
    /// The login session it came by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// How the actor was known: `cookie`, `bearer`, `bench`, `device`; empty if not at all.
    pub method: String,
}

/// What was acted on.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditObject {
    /// `staff`, `setting`, …
    pub kind: String,
    /// The same in words.
    pub kind_name: String,
    /// Which one.
    pub id: String,
    /// What it is called now, or was called then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A code and its words.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditWord {
    /// As in records.
    pub code: String,
    /// In the reader's language.
    pub name: String,
}

/// What records may be about, for those who choose.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditWords {
    /// Actions.
    pub actions: Vec<AuditWord>,
    /// Kinds of objects.
    pub objects: Vec<AuditWord>,
}

/// Somebody whose records may be looked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPerson {
    /// The account.
    pub id: String,
    /// Shown to others.
    pub name: String,
    /// What one types to log in.
    pub login: String,
}

/// How it stands with the chain.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChainState {
    /// How many records are sealed.
    pub sealed_seq: i64,
    /// When the last of them was.
    pub sealed_at: Millis,
    /// How many wait; 1000 stands for that many or more.
    pub unsealed: i64,
    /// How far the chain is anchored on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anchored: Option<Anchored>,
    /// Records up to here were forgotten after their time; 0 if none were.
    pub forgotten_seq: i64,
    /// What is wrong, as far as the program noticed by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}

/// A part of the chain that was walked.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChainPart {
    /// How many records that were.
    pub records: i64,
    /// The last place walked.
    pub upto: i64,
    /// Where to go on if `to` was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
    /// What does not fit, in the order of places.
    pub findings: Vec<ChainFinding>,
}

/// Something that does not fit.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChainFinding {
    /// `audit.fault.changed`, …
    pub code: String,
    /// The place it is about.
    pub seq: i64,
    /// In words.
    pub text: String,
}
