//! Passing a conversation on: to a colleague who can take it now, or into the queue of another group. The note stays among staff.
//!
//! A colleague gets it at once. Asking them first, so that they may refuse, would be another state of the conversation and none of a transfer.
use super::store::{self, Place};
use crate::{
    auth::{Action, GroupId, StaffId, authorise},
    conversation::{Audience, Episode, Kind, NewEntry, QueuedBy, Role, State, SystemCode, actions},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use yingda_base::{
    Error, Result, Tx,
    http::{Actor, StaffActor},
};

/// Most characters of a note.
const LONGEST: usize = 500;

/// Where to, and what the next one should know. With `staff` alone it stays in its group.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Transfer {
    /// A colleague who is there, takes conversations and is in the group.
    pub staff: Option<StaffId>,
    /// A skill group; into its queue unless `staff` is given.
    pub group: Option<GroupId>,
    /// 1–500 characters, for staff only.
    pub note: String,
}

/// Where a conversation went.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Destination {
    /// The skill group it is in now.
    pub group: String,
    /// The colleague who has it now; absent if it waits in the queue of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff: Option<String>,
}

/// Passes a conversation on: its owner, or who may end those of others. Codes: `conversation_closed`, `conversation_not_served`, `not_owner`,
/// `transfer.nowhere`, `transfer.to_owner`, `transfer.group_gone`, `transfer.target_away`, `transfer.target_full`, `transfer.note_required`.
pub(super) fn transfer(tx: &mut Tx, actor: &Actor, public_id: &str, wish: &Transfer) -> Result<Destination> {
    let note = check_note(&wish.note)?;
    let staff = actor.staff()?;
    let mut episode = Episode::lock(tx, public_id)?;
    check_standing(tx, actor, staff, &episode)?;
    let group = wish.group.map_or(episode.row.group_id, |group| group.0);
    let place = store::place(tx, group)?.filter(|place| place.is_active).ok_or_else(|| Error::conflict("transfer.group_gone"))?;
    let from = owner_name(tx, &episode)?;
    write_note(tx, &mut episode, staff, note)?;
    match wish.staff {
        Some(target) => to_colleague(tx, &mut episode, target.0, &place, &from),
        None if wish.group.is_some() => to_group(tx, &mut episode, &place, &from),
        None => Err(Error::invalid("transfer.nowhere")),
    }
    .and_then(|destination| episode.save(tx).map(|_| destination))
}

fn check_note(note: &str) -> Result<&str> {
    let is_written = note.chars().any(|c| !c.is_whitespace()) && note.chars().count() <= LONGEST;
    let is_printable = !note.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    if is_written && is_printable { Ok(note) } else { Err(Error::invalid("transfer.note_required").with("most", LONGEST)) }
}

/// What the caller sees of it has priority over what they may do: somebody was faster, or the customer left.
fn check_standing(tx: &mut Tx, actor: &Actor, staff: &StaffActor, episode: &Episode) -> Result<()> {
    authorise(actor, Action::View, &episode.row)?;
    match episode.row.state {
        State::Closed => return Err(Error::conflict("conversation_closed")),
        State::Queued => return Err(Error::conflict("conversation_not_served")),
        State::Served => {}
    }
    let Err(refused) = authorise(actor, Action::Transfer, &episode.row) else { return Ok(()) };
    let was_owner = episode.participant_of(tx, staff.id)?.is_some_and(|participant| participant.role == Role::Agent);
    Err(if was_owner { Error::conflict("not_owner").with("owner", owner_name(tx, episode)?) } else { refused })
}

fn owner_name(tx: &mut Tx, episode: &Episode) -> Result<String> {
    let owner = episode.row.owner_id.map(|owner| episode.participant_of(tx, owner)).transpose()?.flatten();
    Ok(owner.map(|participant| participant.name).unwrap_or_default())
}

fn write_note(tx: &mut Tx, episode: &mut Episode, staff: &StaffActor, note: &str) -> Result<()> {
    let known = episode.participant_of(tx, staff.id)?;
    let author = match known {
        Some(participant) => participant,
        None => episode.join(tx, staff.id, &staff.name, Role::Supervisor)?,
    };
    let entry = NewEntry {
        kind: Kind::Note,
        participant: author.participant,
        role: author.role,
        name: Some(staff.name.clone()),
        audience: Audience::Staff,
        locale: episode.row.locale.clone(),
        once: None,
        external_id: None,
        body: json!({"text": note}),
        fallback: note.to_owned(),
    };
    let seq = episode.append(tx, entry)?;
    episode.move_positions(author.participant, seq, seq);
    Ok(())
}

/// To staff the whole way; the customer is told by the entry that follows.
fn tell(tx: &mut Tx, episode: &mut Episode, from: &str, destination: &Destination) -> Result<()> {
    let told = json!({"from": from, "to": destination.staff, "group": destination.group});
    episode.append(tx, NewEntry { audience: Audience::Staff, ..NewEntry::system(SystemCode::Transferred, told) }).map(drop)
}

fn to_colleague(tx: &mut Tx, episode: &mut Episode, target: i64, place: &Place, from: &str) -> Result<Destination> {
    if episode.row.owner_id == Some(target) {
        return Err(Error::conflict("transfer.to_owner"));
    }
    // Locked, so that the target cannot leave between the look and the hand-over.
    let found = match store::lock(tx, target)? {
        Some(_) => store::eligible(tx, target, place.id)?,
        None => None,
    };
    let (name, limit) = found.ok_or_else(|| Error::conflict("transfer.target_away"))?;
    match actions::check_load(tx, target, limit) {
        Err(full) if full.code() == "conversation_limit_reached" => {
            return Err(Error::conflict("transfer.target_full").with("name", name).with("limit", limit));
        }
        checked => checked?,
    }
    let destination = Destination { group: place.name.clone(), staff: Some(name.clone()) };
    tell(tx, episode, from, &destination)?;
    settle(episode, place);
    actions::hand_over(tx, episode, target, &name)?;
    store::set_assigned(tx, target)?;
    Ok(destination)
}

fn to_group(tx: &mut Tx, episode: &mut Episode, place: &Place, from: &str) -> Result<Destination> {
    let destination = Destination { group: place.name.clone(), staff: None };
    tell(tx, episode, from, &destination)?;
    settle(episode, place);
    let now = tx.now();
    // At the head, as after a lost agent: the customer has waited already.
    episode.row.requeue(QueuedBy::Transferred, now)?;
    episode.append(tx, NewEntry::system(SystemCode::Queued, json!({"reason": QueuedBy::Transferred})))?;
    Ok(destination)
}

/// A conversation belongs where its group does.
fn settle(episode: &mut Episode, place: &Place) {
    episode.row.group_id = place.id;
    episode.row.branch_id = place.branch_id.or(episode.row.branch_id);
}
