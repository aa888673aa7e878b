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
use yingda_base::{Result, Tx};

/// Lines of one reading.
const PAGE: i64 = 500;

/// Takes lines of the file into the database; those it knows stay as they are.
pub fn adopt(tx: &mut Tx, lines: &[Erasure]) -> Result<()> {
    lines.iter().try_for_each(|line| store::insert(tx, line))
}

/// Does a piece of the oldest erasure that is not done; false if there is none.
pub fn step(tx: &mut Tx) -> Result<bool> {
    let Some(erasure) = store::undone(tx)? else { return Ok(false) };
    perform(tx, &erasure)?;
    Ok(true)
}

/// All lines the database has after an id, a page at a time; the file must have them too.
pub fn all(tx: &mut Tx, after: ErasureId) -> Result<Vec<Erasure>> {
    store::after(tx, after, PAGE)
}

/// A piece of it: an entry, a conversation, or one conversation of a customer.
pub(super) fn perform(tx: &mut Tx, erasure: &Erasure) -> Result<()> {
    match (erasure.kind, erasure.conversation_id, erasure.seq, erasure.customer_id) {
        (What::Entry, Some(conversation), Some(seq), _) => {
            entries(tx, conversation, Erased { first: seq, last: seq, made_at: erasure.entry_at, before: erasure.at })?;
        }
        (What::Conversation, Some(conversation), Some(last), _) => whole(tx, conversation, last, erasure)?,
        (What::Customer, _, _, Some(customer)) => return of_customer(tx, customer, erasure),
        // A line of a later version; nothing here can do it.
        _ => tracing::error!(id = %erasure.id, "a line of the erasure ledger names nothing"),
    }
    store::set_done(tx, erasure.id)
}

/// Bodies, files and deliveries of some entries.
fn entries(tx: &mut Tx, conversation: i64, erased: Erased) -> Result<()> {
    let id = ConversationId(conversation);
    if conversation::by_ids(tx, &[conversation])?.is_empty() {
        return Ok(());
    }
    let mut episode = Episode::lock_by_id(tx, id)?;
    for seq in episode.erase(tx, erased)? {
        file::erase(tx, id, seq)?;
    }
    episode.save(tx).map(drop)
}

/// A conversation: its entries, what it was about, what staff were about to say, what the customer said of it.
fn whole(tx: &mut Tx, conversation: i64, last: i64, erasure: &Erasure) -> Result<()> {
    let id = ConversationId(conversation);
    entries(tx, conversation, Erased { first: 1, last, made_at: None, before: erasure.at })?;
    conversation::forget_subject(tx, id, erasure.at)?;
    message::erase_drafts(tx, id, erasure.at)?;
    rating::erase(tx, id, erasure.at)
}

/// The next conversation of a customer, or, when none is left, the customer.
fn of_customer(tx: &mut Tx, customer: i64, erasure: &Erasure) -> Result<()> {
    let reached = store::reached(tx, erasure.id)?;
    let next = conversation::next_of_customer(tx, customer, reached)?;
    let Some(row) = next else {
        for device in visit::forget_devices(tx, customer)? {
            audit::erase_origins(tx, "visitor", device)?;
        }
        if let Some(public_id) = customer::erase(tx, customer)? {
            audit::erase_values(tx, "customer", &public_id)?;
        }
        return store::set_done(tx, erasure.id);
    };
    whole(tx, row.id.0, i64::MAX, erasure)?;
    conversation::forget_customer(tx, row.id)?;
    audit::erase_values(tx, "conversation", &row.public_id)?;
    store::set_reached(tx, erasure.id, row.id.0)
}
