//! Looking at a rating, giving and changing it, asking for it.
use super::{
    model::{MOST_CHANGES, Opinion, Rating, Rules, Standing},
    store,
};
use crate::{
    auth::{Action, authorise},
    conversation::{self, Audience, Conversation, Episode, NewEntry, SystemCode},
};
use serde_json::json;
use yingda_base::{Error, Result, Tx, http::Actor, setting::Settings};

/// What is known of the rating of a conversation, for those who may see the conversation.
pub(super) fn look(tx: &mut Tx, actor: &Actor, public_id: &str) -> Result<Standing> {
    let row = conversation::find_by_public_id(tx, public_id)?.ok_or_else(|| Error::not_found("conversation"))?;
    authorise(actor, Action::View, &row)?;
    standing(tx, row)
}

fn standing(tx: &mut Tx, row: Conversation) -> Result<Standing> {
    let rating = match store::find(tx, row.id)? {
        Some(rating) => Some((rating, store::reasons(tx, row.id)?)),
        None => None,
    };
    let agent = conversation::last_owner(tx, row.id)?;
    Ok(Standing { is_invited: store::is_invited(tx, row.id)?, rating, agent, row })
}

/// The customer says, or says anew, what they think. The same again changes nothing. Codes: `rating.not_open`,
/// `rating.changed_often`.
pub fn rate(tx: &mut Tx, actor: &Actor, public_id: &str, opinion: Opinion, settings: &Settings) -> Result<Standing> {
    let mut episode = Episode::lock(tx, public_id)?;
    authorise(actor, Action::Take, &episode.row)?;
    let (before, rules, now) = (standing(tx, episode.row.clone())?, Rules::of(settings, &episode.row), tx.now());
    if !before.is_open(&rules, now) {
        return Err(Error::conflict("rating.not_open").with("hours", rules.within.as_secs() / 3600));
    }
    let opinion = opinion.check(&rules)?;
    if before.rating.as_ref().is_some_and(|(rating, reasons)| is_same(rating, &opinion) && *reasons == opinion.reasons) {
        return Ok(before);
    }
    let changes = before.rating.as_ref().map_or(0, |(rating, _)| rating.changes) + 1;
    if changes > MOST_CHANGES {
        return Err(Error::conflict("rating.changed_often").with("most", MOST_CHANGES));
    }
    let rating = Rating {
        conversation_id: episode.row.id,
        stars: opinion.stars,
        is_low: opinion.stars <= rules.low,
        is_resolved: opinion.is_resolved,
        comment: opinion.comment.clone(),
        staff_id: before.agent.as_ref().map(|(id, _)| *id),
        group_id: episode.row.group_id,
        rated_at: before.rating.as_ref().map_or(now, |(rating, _)| rating.rated_at),
        changed_at: now,
        changes,
    };
    let told = json!({"stars": rating.stars, "is_low": rating.is_low, "is_resolved": rating.is_resolved});
    episode.append(tx, NewEntry { audience: Audience::Staff, ..NewEntry::system(SystemCode::Rated, told) })?;
    store::put(tx, &rating, &opinion)?;
    let row = episode.save(tx)?;
    Ok(Standing { row, rating: Some((rating, opinion.reasons)), ..before })
}

fn is_same(rating: &Rating, opinion: &Opinion) -> bool {
    (rating.stars, rating.is_resolved, &rating.comment) == (opinion.stars, opinion.is_resolved, &opinion.comment)
}

/// The owner asks the customer to rate, once. Code: `rating.given` if there is nothing left to ask for.
pub(super) fn invite(tx: &mut Tx, actor: &Actor, public_id: &str) -> Result<Standing> {
    let staff = actor.staff()?;
    let mut episode = Episode::lock(tx, public_id)?;
    authorise(actor, Action::Serve, &episode.row)?;
    let before = standing(tx, episode.row.clone())?;
    if before.rating.is_some() {
        return Err(Error::conflict("rating.given"));
    }
    if !before.is_invited {
        episode.append(tx, NewEntry::system(SystemCode::RatingInvited, json!({"name": staff.name})))?;
        store::insert_invitation(tx, episode.row.id, staff.id)?;
    }
    Ok(Standing { row: episode.save(tx)?, is_invited: true, ..before })
}
