//! Conversations are logs: this room owns the episodes, who takes part, and the entries.
//!
//! Tables: thread, conversation, participant, entry, entry_body. Start at [`Episode`] (a conversation inside a unit), then `model` (its rules),
//! [`actions`] (open, accept, close, reopen), [`transcript`] (the one projection per audience) and [`Board`] (what is open now, in memory).
//! Speaking, recalling, reading and drafts are the room `message`; who gets a conversation is the room `routing`.
pub mod actions;
mod adopt;
mod board;
mod card;
mod entry;
mod episode;
mod erase;
mod event;
mod http;
mod jobs;
mod model;
mod store;
#[cfg(test)]
mod tests;
pub mod transcript;

pub use adopt::{Heir, adopt, recent};
pub use board::{Board, Item, sweep};
pub use card::{Card, ConversationView, Last, Sight, read as read_cards};
pub use entry::{Audience, CUSTOMER, Entry, EntryState, Kind, NewEntry, Participant, Role, SYSTEM, SystemCode};
pub use episode::Episode;
pub use erase::{ERASED_NAME, Erased, forget_customer, forget_subject, latest, next_of_customer};
pub use event::Changed;
pub use http::routes;
pub(crate) use http::{place, sight};
pub use jobs::{Named, Rename, renamed};
#[cfg(test)]
pub(crate) use model::fixture;
pub use model::{CloseReason, Conversation, ConversationId, QueuedBy, State};
pub use store::Sent;

use yingda_base::{Result, Tx};

yingda_base::texts!("texts.toml");

/// A conversation by its public id.
pub fn find_by_public_id(tx: &mut Tx, public_id: &str) -> Result<Option<Conversation>> {
    store::find(tx, public_id)
}

/// Conversations by their ids, in order of opening; those that are not there are left out.
pub fn by_ids(tx: &mut Tx, ids: &[i64]) -> Result<Vec<Conversation>> {
    store::by_ids(tx, ids)
}

/// The last conversations of a customer, newest first, those before `before` (an id; `i64::MAX` for all).
pub fn of_customer(tx: &mut Tx, customer: i64, before: i64, limit: i64) -> Result<Vec<Conversation>> {
    store::of_customer(tx, customer, before, limit)
}

/// Entries after a `seq`, in order; at most `limit`.
pub fn entries_after(tx: &mut Tx, id: ConversationId, after: i64, limit: i64) -> Result<Vec<Entry>> {
    store::entries_after(tx, id, after, limit)
}

/// One entry.
pub fn entry(tx: &mut Tx, id: ConversationId, seq: i64) -> Result<Option<Entry>> {
    store::entry(tx, id, seq)
}

/// The participant a member of staff is in a conversation.
pub fn participant_of(tx: &mut Tx, id: ConversationId, staff: i64) -> Result<Option<i64>> {
    Ok(store::staff_participant(tx, id, staff)?.map(|participant| participant.participant))
}

/// Account and name of the one who serves, or served last.
pub fn last_owner(tx: &mut Tx, id: ConversationId) -> Result<Option<(i64, String)>> {
    let participant = |body: String| serde_json::from_str::<serde_json::Value>(&body).ok()?["params"]["participant"].as_i64();
    let Some(last) = store::last_deed(tx, id, SystemCode::Assigned)?.and_then(participant) else { return Ok(None) };
    let found = store::participants(tx, id)?.into_iter().find(|participant| participant.participant == last);
    Ok(found.and_then(|participant| Some((participant.staff_id?, participant.name))))
}

yingda_base::setting! {
    /// How long after its end an episode may be reopened, in hours.
    pub static REOPEN_HOURS: i64 = "conversation.reopen_hours", default 24, scopes [Operator], check |hours| (0..=720).contains(hours);
}

/// How long after its end an episode may be reopened.
pub fn reopen_within(settings: &yingda_base::setting::Settings) -> std::time::Duration {
    let hours = settings.global(&REOPEN_HOURS);
    std::time::Duration::from_secs(u64::try_from(hours).unwrap_or(0) * 3600)
}

/// Conversations after an id, in order of opening.
pub fn after(tx: &mut Tx, after: ConversationId, limit: i64) -> Result<Vec<Conversation>> {
    store::after(tx, after, limit)
}
