//! What a greeting needs from the database, read in one unit: ten thousand visitors come back at once after a cut.
use super::PAGE;
use crate::{
    auth::{Action, authorise},
    channel,
    conversation::{self, Card, Conversation, ConversationId, Entry},
    customer::{self, Profile},
    realtime::frame::Resume,
};
use std::collections::{BTreeSet, HashMap};
use yingda_base::{
    Error, Result, Tx,
    http::{Actor, VisitorActor},
};

/// Conversations a visitor's inbox shows.
const VISITOR_SHOWN: i64 = 20;

/// Conversations whose entries are read with the greeting; those of others follow it. Bounds the unit.
const WITH_ENTRIES: usize = 10;

/// What a visitor is greeted with.
pub(super) struct Found {
    /// For each wish, in order: the conversation and, of the first ones, a page of what the client lacks of it.
    pub resumed: Vec<Result<Resumed>>,
    /// The newest conversations, if they were asked for, in order of opening.
    pub inbox: Option<Vec<Card>>,
    pub profile: Profile,
    pub may_preview: bool,
}

/// A conversation a client listens to from now on.
pub(super) struct Resumed {
    pub card: Card,
    pub entries: Option<Vec<Entry>>,
}

/// Reads it. The connection must be in the hub already: what is said after this moment is in its mailbox, for the customer's own conversations
/// come there without a subscription.
pub(super) fn for_visitor(tx: &mut Tx, visitor: &VisitorActor, wishes: &[Resume], wants_inbox: bool) -> Result<Found> {
    let mut rows = if wants_inbox { conversation::of_customer(tx, visitor.customer, i64::MAX, VISITOR_SHOWN)? } else { Vec::new() };
    let shown: BTreeSet<ConversationId> = rows.iter().map(|row| row.id).collect();
    let actor = Actor::Visitor(*visitor);
    let chosen = choose(tx, &actor, wishes, &mut rows)?;
    let cards = read_cards(tx, &rows)?;
    let mut resumed = Vec::with_capacity(wishes.len());
    for (n, (wish, id)) in wishes.iter().zip(chosen).enumerate() {
        resumed.push(match card_of(&cards, id) {
            Ok(card) if n < WITH_ENTRIES => {
                let entries = conversation::entries_after(tx, card.row.id, wish.after.max(0), PAGE)?;
                Ok(Resumed { card, entries: Some(entries) })
            }
            Ok(card) => Ok(Resumed { card, entries: None }),
            Err(error) => Err(error),
        });
    }
    let inbox = wants_inbox.then(|| shown.iter().filter_map(|id| cards.get(id).cloned()).collect());
    let profile = customer::get(tx, visitor.customer)?;
    Ok(Found { resumed, inbox, profile, may_preview: channel::allows_preview(tx, visitor.site)? })
}

/// The conversations a client names, each if the actor may see it.
pub(super) fn for_staff(tx: &mut Tx, actor: &Actor, wishes: &[Resume]) -> Result<Vec<Result<Resumed>>> {
    let mut rows = Vec::new();
    let chosen = choose(tx, actor, wishes, &mut rows)?;
    let cards = read_cards(tx, &rows)?;
    Ok(chosen.into_iter().map(|id| Ok(Resumed { card: card_of(&cards, id)?, entries: None })).collect())
}

/// Finds each by its public id, among `rows` first; those found besides are added there.
fn choose(tx: &mut Tx, actor: &Actor, wishes: &[Resume], rows: &mut Vec<Conversation>) -> Result<Vec<Result<ConversationId>>> {
    let mut chosen = Vec::with_capacity(wishes.len());
    for wish in wishes {
        let at = match rows.iter().position(|row| row.public_id == wish.conversation) {
            Some(at) => Some(at),
            None => conversation::find_by_public_id(tx, &wish.conversation)?.map(|row| {
                rows.push(row);
                rows.len() - 1
            }),
        };
        chosen.push(match at {
            Some(at) => authorise(actor, Action::View, &rows[at]).map(|()| rows[at].id),
            None => Err(Error::not_found("conversation")),
        });
    }
    Ok(chosen)
}

fn read_cards(tx: &mut Tx, rows: &[Conversation]) -> Result<HashMap<ConversationId, Card>> {
    let ids: Vec<ConversationId> = rows.iter().map(|row| row.id).collect();
    Ok(conversation::read_cards(tx, &ids)?.into_iter().map(|card| (card.row.id, card)).collect())
}

fn card_of(cards: &HashMap<ConversationId, Card>, id: Result<ConversationId>) -> Result<Card> {
    cards.get(&id?).cloned().ok_or_else(|| Error::not_found("conversation"))
}
