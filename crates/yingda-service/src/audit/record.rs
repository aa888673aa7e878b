//! Writing audit rows.
use super::store;
use yingda_base::{Result, Tx, http::Caller};

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
    store::insert(tx, caller, audit)
}
