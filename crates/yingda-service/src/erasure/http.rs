//! Calls that erase.
use super::{
    actions::{self, Done},
    jobs,
    model::{Reason, What},
};
use crate::{App, auth::permission};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use yingda_base::{
    Millis, Result,
    http::{Answer, Caller, Id, Once, Problem, Routes, Rule},
};

/// The routes of this feature.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(erase_conversation), Rule::staff(permission::ERASURE_PERFORM).step_up().audit("erasure.conversation", "erasure"))
        .add(routes!(erase_customer), Rule::staff(permission::ERASURE_PERFORM).step_up().audit("erasure.customer", "erasure"))
}

/// What to erase of a conversation.
#[derive(Deserialize, ToSchema)]
struct EraseConversation {
    /// One entry; absent: everything people wrote in it so far.
    seq: Option<i64>,
    /// Why.
    reason: Reason,
}

/// Why a customer is erased.
#[derive(Deserialize, ToSchema)]
struct EraseCustomer {
    /// Why.
    reason: Reason,
}

/// A line of the ledger.
#[derive(Serialize, ToSchema)]
struct ErasureAnswer {
    /// Its id.
    id: String,
    /// When it was asked for.
    at: Millis,
    /// Whether it is done; a customer's conversations follow within moments.
    done: bool,
    /// How many entries are erased now that were not before.
    entries: usize,
    /// How many conversations of a customer follow.
    conversations: usize,
}

fn answer(Done { erasure, entries, conversations }: &Done) -> Result<Answer> {
    let done = erasure.kind != What::Customer;
    let status = if done { StatusCode::OK } else { StatusCode::ACCEPTED };
    let (entries, conversations) = (*entries, *conversations);
    Answer::new(status, &ErasureAnswer { id: erasure.id.to_string(), at: erasure.at, done, entries, conversations })
}

/// Erases an entry, or all a conversation holds, for everybody and for good.
#[utoipa::path(post, path = "/api/v1/conversation/{id}/erase", tag = "erasure", operation_id = "erasure_conversation", params(("id" = String, Path)),
    request_body = EraseConversation, responses((status = 200, body = ErasureAnswer), (status = "default", body = Problem)))]
async fn erase_conversation(State(app): State<App>, caller: Caller, Id(id): Id<String>, once: Once<EraseConversation>) -> Result<Answer> {
    jobs::writable(&app.ledger).await?;
    app.db.write(move |tx| once.run(tx, |tx, wish| answer(&actions::conversation(tx, &caller, &id, wish.seq, wish.reason)?))).await
}

/// Erases a customer: all conversations, name, facts, and what host sites signed.
#[utoipa::path(post, path = "/api/v1/customer/{id}/erase", tag = "erasure", operation_id = "erasure_customer", params(("id" = String, Path)),
    request_body = EraseCustomer, responses((status = 202, body = ErasureAnswer), (status = "default", body = Problem)))]
async fn erase_customer(State(app): State<App>, caller: Caller, Id(id): Id<String>, once: Once<EraseCustomer>) -> Result<Answer> {
    jobs::writable(&app.ledger).await?;
    app.db.write(move |tx| once.run(tx, |tx, wish| answer(&actions::customer(tx, &caller, &id, wish.reason)?))).await
}
