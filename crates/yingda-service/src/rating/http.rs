//! The calls around a rating.
use super::{
    actions,
    model::{Opinion, Rules, Standing},
};
use crate::{App, auth::permission};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::routes;
use yingda_base::{
    Millis, Result,
    http::{Actor, Answer, Caller, Id, Input, Limit, Once, Problem, Routes, Rule},
};

/// The routes of this feature.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(get), Rule::either(permission::CONVERSATION_VIEW).limit(Limit::Read))
        .add(routes!(put), Rule::visitor().no_audit("a rating belongs to its conversation"))
        .add(routes!(invite), Rule::staff(permission::CONVERSATION_SERVE).no_audit("entries of conversations are their own audit"))
}

/// The rating of a conversation, and what may be done about it.
#[derive(Serialize, ToSchema)]
struct RatingSheet {
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<RatingView>,
    /// The customer may rate it, or change what they said, now.
    is_open: bool,
    /// The customer should be asked.
    is_asked: bool,
    /// An agent asked for it.
    is_invited: bool,
    /// When that ends; absent while the conversation goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Millis>,
    /// The name of the one who serves, or served last.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    reasons: RatingReasons,
}

/// What was said.
#[derive(Serialize, ToSchema)]
#[schema(as = Rating)]
struct RatingView {
    /// 1–5.
    stars: i64,
    /// Whether the problem was solved, if the customer said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_resolved: Option<bool>,
    reasons: BTreeSet<String>,
    /// The customer's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    /// It counts as low; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_low: Option<bool>,
    /// When it was first given.
    rated_at: Millis,
    /// When it was last changed.
    changed_at: Millis,
}

/// What can be chosen from. Built-in reasons are `clear`, `fast`, `solved`, `polite`, and `unclear`, `slow`, `unsolved`, `impolite`; others
/// are shown as they are.
#[derive(Serialize, ToSchema)]
struct RatingReasons {
    /// With four or five stars.
    good: Vec<String>,
    /// With fewer.
    poor: Vec<String>,
}

/// No fields.
#[derive(Deserialize, ToSchema)]
#[schema(as = RatingInvite)]
struct Nothing {}

fn sheet(app: &App, actor: &Actor, standing: Standing) -> RatingSheet {
    let (rules, now) = (Rules::of(&app.settings, &standing.row), app.context.clock.now());
    let (is_open, is_asked, until) = (standing.is_open(&rules, now), standing.is_asked(&rules, now), standing.until(&rules));
    let rating = standing.rating.map(|(rating, reasons)| RatingView {
        stars: rating.stars,
        is_resolved: rating.is_resolved,
        reasons,
        comment: rating.comment,
        is_low: matches!(actor, Actor::Staff(_)).then_some(rating.is_low),
        rated_at: rating.rated_at,
        changed_at: rating.changed_at,
    });
    let agent = standing.agent.map(|(_, name)| name);
    let reasons = RatingReasons { good: rules.good, poor: rules.poor };
    RatingSheet { rating, is_open, is_asked, is_invited: standing.is_invited, until, agent, reasons }
}

/// The rating of a conversation.
#[utoipa::path(get, path = "/api/v1/conversation/{id}/rating", tag = "rating", operation_id = "rating_get", params(("id" = String, Path)),
    responses((status = 200, body = RatingSheet), (status = "default", body = Problem)))]
async fn get(State(app): State<App>, caller: Caller, Id(id): Id<String>) -> Result<Json<RatingSheet>> {
    let actor = caller.actor.clone();
    let standing = app.db.read(move |tx| actions::look(tx, &actor, &id)).await?;
    Ok(Json(sheet(&app, &caller.actor, standing)))
}

/// Rate a conversation, or change what was said. The same again changes nothing.
#[utoipa::path(put, path = "/api/v1/conversation/{id}/rating", tag = "rating", operation_id = "rating_put", params(("id" = String, Path)),
    request_body = Opinion, responses((status = 200, body = RatingSheet), (status = "default", body = Problem)))]
async fn put(State(app): State<App>, caller: Caller, Id(id): Id<String>, Input(opinion): Input<Opinion>) -> Result<Json<RatingSheet>> {
    let (actor, settings) = (caller.actor.clone(), app.settings.clone());
    let standing = app.db.write(move |tx| actions::rate(tx, &actor, &id, opinion.clone(), &settings)).await?;
    Ok(Json(sheet(&app, &caller.actor, standing)))
}

/// Ask the customer to rate.
#[utoipa::path(post, path = "/api/v1/conversation/{id}/rating/invite", tag = "rating", operation_id = "rating_invite",
    params(("id" = String, Path)), request_body = Nothing, responses((status = 200, body = RatingSheet), (status = "default", body = Problem)))]
async fn invite(State(app): State<App>, caller: Caller, Id(id): Id<String>, once: Once<Nothing>) -> Result<Answer> {
    let within = app.clone();
    let work = move |tx: &mut yingda_base::Tx| {
        once.run(tx, |tx, _| {
            let standing = actions::invite(tx, &caller.actor, &id)?;
            Answer::new(StatusCode::OK, &sheet(&within, &caller.actor, standing))
        })
    };
    app.db.write(work).await
}
