//! How far somebody has come: delivered and read, never back.
use crate::{
    auth::{Action, authorise},
    conversation::{CUSTOMER, Episode},
};
use yingda_base::{Result, Tx, http::Actor};

/// What a client says of its own position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Public id of the conversation.
    pub conversation: String,
    /// Last `seq` that arrived.
    pub delivered: i64,
    /// Last `seq` that was looked at.
    pub read: i64,
}

/// Moves the position of the one who says so. Staff who only watch have none, and nothing happens.
pub fn read(tx: &mut Tx, actor: &Actor, reached: &Reached) -> Result<()> {
    let mut episode = Episode::lock(tx, &reached.conversation)?;
    authorise(actor, Action::View, &episode.row)?;
    let participant = match actor {
        Actor::Staff(staff) => episode.participant_of(tx, staff.id)?.map(|participant| participant.participant),
        Actor::Visitor(_) | Actor::Anonymous => Some(CUSTOMER),
    };
    if let Some(participant) = participant {
        episode.move_positions(participant, reached.delivered.max(0), reached.read.max(0));
        episode.save(tx)?;
    }
    Ok(())
}
