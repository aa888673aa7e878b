//! Drafts: what a member of staff was about to say, kept on the server so that it survives the desk.
use super::store::{self, Draft};
use crate::{
    auth::{Action, authorise},
    conversation::{self, ConversationId},
};
use yingda_base::{Error, Millis, Result, Tx, http::Actor};

/// Most characters of a draft.
const LONGEST: usize = 8000;

/// One's own draft; rev 0 and no text if there is none.
pub(super) fn get(tx: &mut Tx, actor: &Actor, public_id: &str) -> Result<Draft> {
    let (staff, id) = mine(tx, actor, public_id)?;
    Ok(store::draft(tx, staff, id)?.unwrap_or(Draft { conversation_id: id, text: String::new(), rev: 0 }))
}

/// Stores it; an older `rev` than the stored one is refused with what is stored, unless that is the same text.
pub(super) fn put(tx: &mut Tx, actor: &Actor, public_id: &str, text: &str, rev: i64) -> Result<Draft> {
    let (staff, id) = mine(tx, actor, public_id)?;
    if text.chars().count() > LONGEST || text.contains('\0') {
        return Err(Error::invalid("text_too_long").with("limit", LONGEST));
    }
    // A revision that cannot grow any more would lock the draft for ever.
    if !(0..i64::MAX / 2).contains(&rev) {
        return Err(Error::malformed("body_malformed").with("reason", "rev"));
    }
    if store::put_draft(tx, staff, id, text, rev)? {
        return Ok(Draft { conversation_id: id, text: text.to_owned(), rev });
    }
    let stored = get(tx, actor, public_id)?;
    if stored.text == text {
        // Said again because the answer was lost, or by the page that was loaded anew meanwhile.
        return Ok(stored);
    }
    Err(Error::conflict("draft_stale").with("text", stored.text).with("rev", stored.rev))
}

/// Adds words that could not be sent to the draft of their author. Answers whether they are kept; words that stand there already are not doubled.
pub(super) fn keep(tx: &mut Tx, staff: i64, id: ConversationId, text: &str) -> Result<bool> {
    let stored = store::draft(tx, staff, id)?;
    let (old, rev) = stored.map_or((String::new(), 0), |draft| (draft.text, draft.rev));
    if old.split('\n').any(|line| line == text) || old == text {
        return Ok(true);
    }
    let joined = if old.is_empty() { text.to_owned() } else { format!("{old}\n{text}") };
    if joined.chars().count() > LONGEST {
        return Ok(false);
    }
    store::put_draft(tx, staff, id, &joined, rev + 1)
}

/// All drafts of a member of staff that hold words.
pub fn drafts_of(tx: &mut Tx, staff: i64) -> Result<Vec<(ConversationId, String)>> {
    Ok(store::drafts_of(tx, staff)?.into_iter().map(|draft| (draft.conversation_id, draft.text)).collect())
}

fn mine(tx: &mut Tx, actor: &Actor, public_id: &str) -> Result<(i64, ConversationId)> {
    let staff = actor.staff()?.id;
    let row = conversation::find_by_public_id(tx, public_id)?.ok_or_else(|| Error::not_found("conversation"))?;
    authorise(actor, Action::View, &row)?;
    Ok((staff, row.id))
}

/// Erases what everybody was about to say in a conversation up to a moment.
pub fn erase_drafts(tx: &mut Tx, id: ConversationId, before: Millis) -> Result<()> {
    store::delete_drafts(tx, id, before)
}
