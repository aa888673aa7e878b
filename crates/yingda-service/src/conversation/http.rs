//! The calls around a conversation: docs/protocol.md, section 2.
use super::{
    actions::{self, Open},
    card::{self, Card, ConversationView, Sight},
    model::{ConversationId, State},
    store::{self, Listing},
    transcript::{EntryView, Eyes, Viewer, show},
};
use crate::{
    App,
    auth::{Action, authorise},
    surge,
};
use axum::{Json, extract::State as Shared, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa_axum::routes;
use yingda_base::{
    Error, Result,
    http::{Actor, Answer, Caller, Id, Limit, Once, Params, Problem, Routes, Rule},
    text_enum,
};

/// Why they leave no record in the audit log.
const OWN: &str = "entries of conversations are their own audit";

/// The routes of this feature.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(list), Rule::either("conversation.view").limit(Limit::Read))
        .add(routes!(open), Rule::visitor().no_audit(OWN))
        .add(routes!(get), Rule::either("conversation.view").limit(Limit::Read))
        .add(routes!(entries), Rule::either("conversation.view").limit(Limit::Read))
        .add(routes!(accept), Rule::staff("conversation.serve").no_audit(OWN))
        .add(routes!(close), Rule::either("conversation.view").no_audit(OWN))
        .add(routes!(reopen), Rule::either("conversation.view").no_audit(OWN))
}

/// One conversation.
#[derive(Serialize, utoipa::ToSchema)]
struct One {
    conversation: ConversationView,
}

/// A page of conversations, newest first.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ConversationPage)]
struct Page {
    items: Vec<ConversationView>,
    /// Give it as `after` for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A piece of a log.
#[derive(Serialize, utoipa::ToSchema)]
struct Entries {
    entries: Vec<EntryView>,
    /// The last `seq` for the one who asks.
    head: i64,
}

/// No fields.
#[derive(Deserialize, utoipa::ToSchema)]
struct Nothing {}

text_enum! {
    /// Which conversations of staff.
    enum Shelf {
        /// One's own, now.
        Mine = "mine",
        /// Waiting, within one's scope.
        Queue = "queue",
        /// Served by others, within one's scope.
        Colleague = "colleague",
        /// Ended, within one's scope.
        Closed = "closed",
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// Staff only; own ones unless said.
    #[param(inline)]
    r#box: Option<Shelf>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1–200, 50 unless said.
    limit: Option<i64>,
}

/// The viewer an actor is for a card.
pub(crate) fn sight(app: &App, actor: &Actor, card: &Card) -> Sight {
    let viewer = match actor {
        Actor::Staff(staff) => Viewer {
            eyes: if staff.can("conversation.see_recalled") { Eyes::Supervisor } else { Eyes::Staff },
            participant: card.participant_of(staff.id),
        },
        Actor::Visitor(_) | Actor::Anonymous => Viewer { eyes: Eyes::Customer, participant: Some(super::CUSTOMER) },
    };
    let is_owner_away = card.row.owner_id.is_some_and(|owner| !app.roster.is_connected(owner));
    Sight { viewer, position: place(app, card), is_owner_away }
}

/// Its place in the queue as it is told now.
pub(crate) fn place(app: &App, card: &Card) -> Option<usize> {
    app.surge.place(app.board.position(&card.row))
}

/// One card by its public id, if the actor may see it.
async fn read_one(app: &App, actor: &Actor, public_id: String) -> Result<ConversationView> {
    let for_unit = actor.clone();
    let card = app
        .db
        .read(move |tx| {
            let row = store::find(tx, &public_id)?.ok_or_else(|| Error::not_found("conversation"))?;
            authorise(&for_unit, Action::View, &row)?;
            card::read(tx, &[row.id])?.pop().ok_or_else(|| Error::not_found("conversation"))
        })
        .await?;
    // A place in the queue is the board's to tell; one that was just opened may not be on it yet.
    if app.board.rev(card.row.id) < card.row.rev {
        app.board.refresh(&app.db, vec![card.row.id]).await?;
    }
    Ok(card.view(&sight(app, actor, &card)))
}

/// Conversations one may see.
#[utoipa::path(get, path = "/api/v1/conversation", tag = "conversation", operation_id = "conversation_list", params(ListParams),
    responses((status = 200, body = Page), (status = "default", body = Problem)))]
async fn list(Shared(app): Shared<App>, caller: Caller, Params(params): Params<ListParams>) -> Result<Json<Page>> {
    let limit = params.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Error::malformed("query_malformed").with("reason", "limit: 1–200"));
    }
    let before = params
        .after
        .map(|after| after.parse::<i64>().map_err(|_| Error::malformed("query_malformed").with("reason", "after")))
        .transpose()?;
    let base = Listing { before, limit: limit + 1, ..Listing::default() };
    let listing = match &caller.actor {
        Actor::Staff(staff) => match params.r#box.unwrap_or(Shelf::Mine) {
            Shelf::Mine => Listing { owner: Some(staff.id), state: Some(State::Served), ..base },
            Shelf::Queue => Listing { state: Some(State::Queued), visible_to: Some(staff.id), ..base },
            Shelf::Colleague => Listing { state: Some(State::Served), not_owner: Some(staff.id), visible_to: Some(staff.id), ..base },
            Shelf::Closed => Listing { state: Some(State::Closed), visible_to: Some(staff.id), ..base },
        },
        actor => Listing { customer: Some(actor.visitor()?.customer), ..base },
    };
    let (mut cards, next) = app
        .db
        .read(move |tx| {
            let mut ids = store::list(tx, &listing)?;
            let more = ids.len() as i64 > limit;
            ids.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            let next = ids.last().filter(|_| more).map(ConversationId::to_string);
            Ok((card::read(tx, &ids)?, next))
        })
        .await?;
    cards.reverse();
    Ok(Json(Page { items: cards.iter().map(|card| card.view(&sight(&app, &caller.actor, card))).collect(), next }))
}

/// Opens an episode in the queue of a skill group.
#[utoipa::path(post, path = "/api/v1/conversation", tag = "conversation", operation_id = "conversation_open", request_body = Open,
    responses((status = 201, body = One), (status = 200, body = One), (status = "default", body = Problem)))]
async fn open(Shared(app): Shared<App>, caller: Caller, once: Once<Open>) -> Result<Answer> {
    let wish = &once.input;
    crate::message::check_client_id(&wish.client_id)?;
    let mac = app.bodies.clone();
    let (actor, site) = (caller.actor.clone(), caller.actor.visitor()?);
    let charge = surge::charge_episode(&app, &caller, site.site)?;
    let (id, is_new) = app
        .db
        .write(move |tx| {
            let place = crate::channel::place(tx, site.site, once.input.group.as_deref(), site.customer)?;
            let (row, is_new) = actions::open(tx, &actor, &place, &once.input, &mac)?;
            Ok((row.public_id, is_new))
        })
        .await?;
    if !is_new {
        charge.give_back();
    }
    let conversation = read_one(&app, &caller.actor, id).await?;
    Answer::new(if is_new { StatusCode::CREATED } else { StatusCode::OK }, &One { conversation })
}

/// One conversation.
#[utoipa::path(get, path = "/api/v1/conversation/{id}", tag = "conversation", operation_id = "conversation_get", params(("id" = String, Path)),
    responses((status = 200, body = One), (status = "default", body = Problem)))]
async fn get(Shared(app): Shared<App>, caller: Caller, Id(id): Id<String>) -> Result<Json<One>> {
    Ok(Json(One { conversation: read_one(&app, &caller.actor, id).await? }))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct EntriesParams {
    /// Entries after this `seq`.
    after: Option<i64>,
    /// Or those before this one, the last of them.
    before: Option<i64>,
    /// 1–500, 200 unless said.
    limit: Option<i64>,
}

/// Entries of a conversation, as shown to the one who asks.
#[utoipa::path(get, path = "/api/v1/conversation/{id}/entries", tag = "conversation", operation_id = "conversation_entries",
    params(("id" = String, Path), EntriesParams), responses((status = 200, body = Entries), (status = "default", body = Problem)))]
async fn entries(
    Shared(app): Shared<App>,
    caller: Caller,
    Id(id): Id<String>,
    Params(params): Params<EntriesParams>,
) -> Result<Json<Entries>> {
    let limit = params.limit.unwrap_or(200);
    if !(1..=500).contains(&limit) || params.after.is_some_and(|n| n < 0) || params.before.is_some_and(|n| n < 0) {
        return Err(Error::malformed("query_malformed").with("reason", "after, before ≥ 0; limit 1–500"));
    }
    let eyes = match &caller.actor {
        Actor::Staff(staff) if staff.can("conversation.see_recalled") => Eyes::Supervisor,
        Actor::Staff(_) => Eyes::Staff,
        Actor::Visitor(_) | Actor::Anonymous => Eyes::Customer,
    };
    let actor = caller.actor.clone();
    let (row, participant, entries) = app
        .db
        .read(move |tx| {
            let row = store::find(tx, &id)?.ok_or_else(|| Error::not_found("conversation"))?;
            authorise(&actor, Action::View, &row)?;
            let participant = match &actor {
                Actor::Staff(staff) => super::participant_of(tx, row.id, staff.id)?,
                Actor::Visitor(_) | Actor::Anonymous => Some(super::CUSTOMER),
            };
            let entries = match params.before {
                Some(before) => store::entries_before(tx, row.id, before, limit)?,
                None => first_visible(tx, &row, params.after.unwrap_or(0), limit, eyes)?,
            };
            Ok((row, participant, entries))
        })
        .await?;
    let held = match params.before {
        Some(_) => entries.first().map_or(0, |first| first.seq - 1),
        None => params.after.unwrap_or(0),
    };
    let head = if eyes == Eyes::Customer { row.customer_head } else { row.head };
    let shown = show(&row.public_id, &entries, held, Viewer { eyes, participant }, &app.links(&caller.actor));
    Ok(Json(Entries { entries: shown, head }))
}

/// A page that shows at least one entry, if there is one: a page of nothing but hidden ones would tell its reader neither what nor where next.
fn first_visible(tx: &mut yingda_base::Tx, row: &super::Conversation, after: i64, limit: i64, eyes: Eyes) -> Result<Vec<super::Entry>> {
    let (viewer, mut entries) = (Viewer { eyes, participant: None }, store::entries_after(tx, row.id, after, limit)?);
    while let Some(last) = entries.last().map(|last| last.seq)
        && !entries.iter().any(|entry| viewer.sees(entry))
    {
        entries = store::entries_after(tx, row.id, last, limit)?;
    }
    Ok(entries)
}

/// Takes a conversation from the queue.
#[utoipa::path(post, path = "/api/v1/conversation/{id}/accept", tag = "conversation", operation_id = "conversation_accept", params(("id" = String, Path)),
    request_body = Nothing, responses((status = 200, body = One), (status = "default", body = Problem)))]
async fn accept(Shared(app): Shared<App>, caller: Caller, Id(id): Id<String>, once: Once<Nothing>) -> Result<Answer> {
    let (actor, public_id) = (caller.actor.clone(), id.clone());
    change(&app, &caller, id, once, move |tx| {
        let limit = crate::staff::max_conversations(tx, actor.staff()?.id)?;
        actions::accept(tx, &actor, &public_id, limit).map(drop)
    })
    .await
}

/// Ends a conversation.
#[utoipa::path(post, path = "/api/v1/conversation/{id}/close", tag = "conversation", operation_id = "conversation_close", params(("id" = String, Path)),
    request_body = Nothing, responses((status = 200, body = One), (status = "default", body = Problem)))]
async fn close(Shared(app): Shared<App>, caller: Caller, Id(id): Id<String>, once: Once<Nothing>) -> Result<Answer> {
    let (actor, public_id) = (caller.actor.clone(), id.clone());
    change(&app, &caller, id, once, move |tx| actions::close(tx, &actor, &public_id).map(drop)).await
}

/// Opens a conversation again.
#[utoipa::path(post, path = "/api/v1/conversation/{id}/reopen", tag = "conversation", operation_id = "conversation_reopen", params(("id" = String, Path)),
    request_body = Nothing, responses((status = 200, body = One), (status = "default", body = Problem)))]
async fn reopen(Shared(app): Shared<App>, caller: Caller, Id(id): Id<String>, once: Once<Nothing>) -> Result<Answer> {
    let (actor, public_id, within) = (caller.actor.clone(), id.clone(), super::reopen_within(&app.settings));
    change(&app, &caller, id, once, move |tx| {
        let limit = match &actor {
            Actor::Staff(staff) => crate::staff::max_conversations(tx, staff.id)?,
            Actor::Visitor(_) | Actor::Anonymous => 0,
        };
        actions::reopen(tx, &actor, &public_id, within, limit).map(drop)
    })
    .await
}

/// Runs a change once and answers the conversation as the caller sees it after it.
async fn change(
    app: &App,
    caller: &Caller,
    id: String,
    once: Once<Nothing>,
    work: impl Fn(&mut yingda_base::Tx) -> Result<()> + Send + 'static,
) -> Result<Answer> {
    let (within, actor) = (app.clone(), caller.actor.clone());
    app.db
        .write(move |tx| {
            let id = id.clone();
            once.run(tx, |tx, _| {
                work(tx)?;
                let row = store::find(tx, &id)?.ok_or_else(|| Error::not_found("conversation"))?;
                let card = card::read(tx, &[row.id])?.pop().ok_or_else(|| Error::not_found("conversation"))?;
                Answer::new(StatusCode::OK, &One { conversation: card.view(&sight(&within, &actor, &card)) })
            })
        })
        .await
}
