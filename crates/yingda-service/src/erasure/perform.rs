//! What goes, table by table. Doing it again changes nothing.
use super::{
    model::{Erasure, ErasureId, What},
    store,
};
use crate::{
    audit, conversation,
    conversation::{ConversationId, Episode, Erased},
    customer, file, message, rating, visit,
};
use yingda_base::{Millis, Result, Tx};

/// Lines of one reading.
const PAGE: i64 = 500;

/// Takes lines of the file into the database; those it knows stay as they are.
pub fn adopt(tx: &mut Tx, lines: &[Erasure]) -> Result<()> {
    lines.iter().try_for_each(|line| store::insert(tx, line))
}

/// Does a piece of the oldest erasure that is not done; false if there is none.
pub fn step(tx: &mut Tx) -> Result<bool> {
    let Some(erasure) = store::undone(tx)? else { return Ok(false) };
    // Perhaps in another history: what came after it there is not meant.
    perform(tx, &erasure, erasure.horizon())?;
    Ok(true)
}

/// All lines the database has after an id, a page at a time; the file must have them too.
pub fn all(tx: &mut Tx, after: ErasureId) -> Result<Vec<Erasure>> {
    store::after(tx, after, PAGE)
}

/// What an erasure does in the unit that asks for it; how many entries that took. Of a customer only the person: conversations follow.
pub(super) fn begin(tx: &mut Tx, erasure: &Erasure) -> Result<usize> {
    match (erasure.kind, erasure.customer_id) {
        (What::Customer, Some(customer)) => person(tx, customer).map(|()| 0),
        _ => perform(tx, erasure, Millis(i64::MAX)),
    }
}

/// A piece of it: an entry, a conversation, or one conversation of a customer. Of a conversation nothing that came after `before`.
fn perform(tx: &mut Tx, erasure: &Erasure, before: Millis) -> Result<usize> {
    let count = match (erasure.kind, erasure.conversation_id, erasure.seq, erasure.customer_id) {
        (What::Entry, Some(conversation), Some(seq), _) => {
            // Its own time says which one it is, whatever clock it was made by.
            entries(tx, conversation, Erased { first: seq, last: seq, made_at: erasure.entry_at, before: Millis(i64::MAX) })?
        }
        (What::Conversation, Some(conversation), Some(last), _) => whole(tx, conversation, last, before)?,
        (What::Customer, _, _, Some(customer)) => return of_customer(tx, customer, erasure),
        // A line of a later version; nothing here can do it.
        _ => {
            tracing::error!(id = %erasure.id, "a line of the erasure ledger names nothing");
            0
        }
    };
    store::set_done(tx, erasure.id)?;
    Ok(count)
}

/// Bodies, files and deliveries of some entries; how many went.
fn entries(tx: &mut Tx, conversation: i64, erased: Erased) -> Result<usize> {
    let id = ConversationId(conversation);
    if conversation::by_ids(tx, &[conversation])?.is_empty() {
        return Ok(0);
    }
    let mut episode = Episode::lock_by_id(tx, id)?;
    let seqs = episode.erase(tx, erased)?;
    for seq in &seqs {
        file::erase(tx, id, *seq)?;
    }
    episode.save(tx)?;
    Ok(seqs.len())
}

/// A conversation: its entries, what it was about, what staff were about to say, what the customer said of it.
fn whole(tx: &mut Tx, conversation: i64, last: i64, before: Millis) -> Result<usize> {
    let id = ConversationId(conversation);
    let count = entries(tx, conversation, Erased { first: 1, last, made_at: None, before })?;
    conversation::forget_subject(tx, id, before)?;
    message::erase_drafts(tx, id, before)?;
    rating::erase(tx, id, before)?;
    Ok(count)
}

/// Who a customer was: their browsers are no longer trusted, so that nothing more comes from them, and their name and what is known of them go.
fn person(tx: &mut Tx, customer: i64) -> Result<()> {
    for device in visit::forget_devices(tx, customer)? {
        audit::erase_origins(tx, "visitor", device)?;
    }
    match customer::erase(tx, customer)? {
        Some(public_id) => audit::erase_values(tx, "customer", &public_id),
        None => Ok(()),
    }
}

/// The next conversation of a customer, whenever it was, or, when none is left, the customer: once more, for what was written of them meanwhile.
fn of_customer(tx: &mut Tx, customer: i64, erasure: &Erasure) -> Result<usize> {
    let reached = store::reached(tx, erasure.id)?;
    let Some(row) = conversation::next_of_customer(tx, customer, reached)? else {
        person(tx, customer)?;
        store::set_done(tx, erasure.id)?;
        return Ok(0);
    };
    let count = whole(tx, row.id.0, i64::MAX, Millis(i64::MAX))?;
    conversation::forget_customer(tx, row.id)?;
    audit::erase_values(tx, "conversation", &row.public_id)?;
    store::set_reached(tx, erasure.id, row.id.0)?;
    Ok(count)
}
