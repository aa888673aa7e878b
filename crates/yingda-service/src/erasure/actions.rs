//! Who may erase what.
use super::{
    jobs::Settle,
    model::{Erasure, ErasureId, Reason, What},
    perform, store,
};
use crate::{
    audit::{self, Audit},
    auth::{Action, authorise},
    conversation::{self, Kind},
    customer,
};
use yingda_base::{Error, Result, Tx, http::Caller, job};

/// Conversations looked at together.
const PAGE: i64 = 200;

/// What an erasure took at once, and what follows.
pub(super) struct Done {
    /// Its line of the ledger.
    pub erasure: Erasure,
    /// Entries that are erased now.
    pub entries: usize,
    /// Conversations that follow by a job.
    pub conversations: usize,
}

/// Erases an entry, or everything in a conversation. Codes: `not_found`, `erasure.not_words`.
pub(super) fn conversation(tx: &mut Tx, caller: &Caller, public_id: &str, seq: Option<i64>, reason: Reason) -> Result<Done> {
    let row = conversation::find_by_public_id(tx, public_id)?.ok_or_else(|| Error::not_found("conversation"))?;
    authorise(&caller.actor, Action::View, &row)?;
    let mut erasure = line(tx, caller, What::Conversation, reason)?;
    erasure.conversation_id = Some(row.id.0);
    (erasure.seq, erasure.entry_at) = (Some(row.head), Some(conversation::latest(tx, &row)?));
    let mut object = row.public_id.clone();
    if let Some(seq) = seq {
        let entry = conversation::entry(tx, row.id, seq)?.ok_or_else(|| Error::not_found("entry"))?;
        if entry.kind == Kind::System {
            return Err(Error::invalid("erasure.not_words"));
        }
        (erasure.kind, erasure.seq, erasure.entry_at) = (What::Entry, Some(seq), Some(entry.at));
        object = format!("{object} {seq}");
    }
    note(tx, caller, &erasure, "conversation", object)?;
    let entries = perform::begin(tx, &erasure)?;
    Ok(Done { erasure, entries, conversations: 0 })
}

/// Erases a customer: from now on nothing comes from their browsers. Their conversations follow by a job. Codes: `not_found`, `erasure.beyond_scope`.
pub(super) fn customer(tx: &mut Tx, caller: &Caller, public_id: &str, reason: Reason) -> Result<Done> {
    let id = customer::find_id(tx, public_id)?.ok_or_else(|| Error::not_found("customer"))?;
    let (mut before, mut seen, mut is_hidden) = (i64::MAX, 0, false);
    loop {
        let rows = conversation::of_customer(tx, id, before, PAGE)?;
        let Some(last) = rows.last() else { break };
        before = last.id.0;
        for row in &rows {
            let may = authorise(&caller.actor, Action::View, row).is_ok();
            (seen, is_hidden) = (seen + usize::from(may), is_hidden || !may);
        }
    }
    if seen == 0 {
        return Err(Error::not_found("customer"));
    }
    if is_hidden {
        return Err(Error::forbidden("erasure.beyond_scope"));
    }
    let mut erasure = line(tx, caller, What::Customer, reason)?;
    erasure.customer_id = Some(id);
    note(tx, caller, &erasure, "customer", public_id.to_owned())?;
    perform::begin(tx, &erasure)?;
    Ok(Done { erasure, entries: 0, conversations: seen })
}

fn line(tx: &Tx, caller: &Caller, kind: What, reason: Reason) -> Result<Erasure> {
    let staff_id = caller.actor.staff()?.id;
    let id = ErasureId(tx.next_id());
    Ok(Erasure { id, at: tx.now(), kind, conversation_id: None, seq: None, entry_at: None, customer_id: None, reason, staff_id })
}

fn note(tx: &mut Tx, caller: &Caller, erasure: &Erasure, object_kind: &'static str, object_id: String) -> Result<()> {
    store::insert(tx, erasure)?;
    let after = Some(serde_json::json!({"what": erasure.kind, "reason": erasure.reason}).to_string());
    // Under its own kind: erasing a customer's values must not take the note of that along.
    audit::record(tx, caller, &Audit { action: action(object_kind), object_kind: "erasure", object_id, after, ..Audit::default() })?;
    job::enqueue(tx, &Settle {}).map(drop)
}

fn action(object_kind: &str) -> &'static str {
    if object_kind == "customer" { "erasure.customer" } else { "erasure.conversation" }
}
