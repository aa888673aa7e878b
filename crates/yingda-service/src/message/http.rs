//! Recall and drafts; sending is a frame.
use super::{draft, recall, store::Draft};
use crate::App;
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa_axum::routes;
use yingda_base::{
    Result,
    http::{Answer, Caller, Id, Input, Limit, Once, Problem, Routes, Rule},
};

/// The routes of this feature.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(recall_entry), Rule::either("conversation.view").no_audit("a recall is an entry of its conversation"))
        .add(routes!(get_draft), Rule::staff("conversation.view").limit(Limit::Read))
        .add(routes!(put_draft), Rule::staff("conversation.view").no_audit("an unsent text is its writer's own"))
}

/// Which entry.
#[derive(Deserialize, utoipa::ToSchema)]
struct Recall {
    /// An own entry of the last 2 minutes.
    seq: i64,
}

/// What became of the log.
#[derive(Serialize, utoipa::ToSchema)]
struct Recalled {
    /// The entry that was taken back.
    seq: i64,
}

/// What one was about to say.
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
struct DraftBody {
    /// At most 8,000 characters; empty clears it.
    text: String,
    /// Grows by one with each change.
    rev: i64,
}

impl From<Draft> for DraftBody {
    fn from(draft: Draft) -> DraftBody {
        DraftBody { text: draft.text, rev: draft.rev }
    }
}

/// Takes back an own entry.
#[utoipa::path(post, path = "/api/v1/conversation/{id}/recall", tag = "message", operation_id = "message_recall", params(("id" = String, Path)), request_body = Recall,
    responses((status = 200, body = Recalled), (status = "default", body = Problem)))]
async fn recall_entry(State(app): State<App>, caller: Caller, Id(id): Id<String>, once: Once<Recall>) -> Result<Answer> {
    let minutes = u64::try_from(app.settings.global(&super::RECALL_MINUTES)).unwrap_or(0);
    let within = Duration::from_secs(60 * minutes);
    app.db
        .write(move |tx| {
            once.run(tx, |tx, wish| {
                recall::recall(tx, &caller.actor, &id, wish.seq, within)?;
                Answer::new(StatusCode::OK, &Recalled { seq: wish.seq })
            })
        })
        .await
}

/// One's own draft in a conversation.
#[utoipa::path(get, path = "/api/v1/conversation/{id}/draft", tag = "message", operation_id = "message_draft_get", params(("id" = String, Path)),
    responses((status = 200, body = DraftBody), (status = "default", body = Problem)))]
async fn get_draft(State(app): State<App>, caller: Caller, Id(id): Id<String>) -> Result<Json<DraftBody>> {
    let draft = app.db.read(move |tx| draft::get(tx, &caller.actor, &id)).await?;
    Ok(Json(draft.into()))
}

/// Stores one's own draft.
#[utoipa::path(put, path = "/api/v1/conversation/{id}/draft", tag = "message", operation_id = "message_draft_put", params(("id" = String, Path)), request_body = DraftBody,
    responses((status = 200, body = DraftBody), (status = "default", body = Problem)))]
async fn put_draft(State(app): State<App>, caller: Caller, Id(id): Id<String>, Input(body): Input<DraftBody>) -> Result<Json<DraftBody>> {
    let draft = app.db.write(move |tx| draft::put(tx, &caller.actor, &id, &body.text, body.rev)).await?;
    Ok(Json(draft.into()))
}
