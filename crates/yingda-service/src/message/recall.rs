//! Taking back one's own words.
use crate::{
    auth::{Action, authorise},
    conversation::{CUSTOMER, Conversation, EntryState, Episode, Kind, NewEntry, SystemCode},
};
use serde_json::json;
use std::time::Duration;
use yingda_base::{Error, Result, Tx, http::Actor};

/// Recalls an own entry; doing it twice changes nothing.
pub(super) fn recall(tx: &mut Tx, actor: &Actor, public_id: &str, seq: i64, within: Duration) -> Result<Conversation> {
    let mut episode = Episode::lock(tx, public_id)?;
    authorise(actor, Action::View, &episode.row)?;
    let me = match actor {
        Actor::Staff(staff) => episode.participant_of(tx, staff.id)?.map(|participant| participant.participant),
        Actor::Visitor(_) | Actor::Anonymous => Some(CUSTOMER),
    };
    let entry = episode.entry(tx, seq)?.filter(|entry| entry.kind != Kind::System).ok_or_else(|| Error::not_found("entry"))?;
    // A customer does not even learn that a note is there.
    if matches!(actor, Actor::Visitor(_)) && entry.kind == Kind::Note {
        return Err(Error::not_found("entry"));
    }
    if me != Some(entry.participant) {
        return Err(Error::forbidden("recall_not_own"));
    }
    match entry.state {
        EntryState::Recalled => return Ok(episode.row),
        EntryState::Erased => return Err(Error::new(yingda_base::error::Kind::Gone, "gone")),
        EntryState::Kept if tx.now() - entry.at > within => {
            return Err(Error::conflict("recall_too_late").with("minutes", within.as_secs() / 60));
        }
        EntryState::Kept => {}
    }
    if episode.recall(tx, seq)? {
        let told = NewEntry { audience: entry.audience, ..NewEntry::system(SystemCode::Recalled, json!({"target": seq})) };
        episode.append(tx, told)?;
    }
    episode.save(tx)
}
