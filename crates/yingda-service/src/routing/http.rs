//! Passing conversations on, and to whom that is possible.
use super::{
    store::{self, Target},
    transfer::{self, Destination, Transfer},
};
use crate::{
    App,
    auth::{GroupId, StaffId, permission},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use yingda_base::{
    Result, Tx,
    http::{Answer, Caller, Id, Limit, Once, Problem, Routes, Rule},
};

/// The routes of this feature.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(targets), Rule::staff(permission::CONVERSATION_SERVE).limit(Limit::Read))
        .add(routes!(pass_on), Rule::staff(permission::CONVERSATION_SERVE).no_audit("entries of conversations are their own audit"))
}

/// To whom a conversation can be passed on, as it stands now.
#[derive(Serialize, ToSchema)]
struct TransferTargets {
    groups: Vec<TransferGroup>,
    colleagues: Vec<TransferColleague>,
}

/// A skill group.
#[derive(Serialize, ToSchema)]
struct TransferGroup {
    id: GroupId,
    name: String,
    /// How many wait in its queue.
    waiting: i64,
    /// Members whose desk is alive and who take conversations.
    accepting: i64,
    /// Members who may serve.
    members: i64,
}

/// Somebody who may serve, besides the caller.
#[derive(Serialize, ToSchema)]
struct TransferColleague {
    id: StaffId,
    name: String,
    groups: Vec<GroupId>,
    /// Their desk is alive.
    is_connected: bool,
    /// They take conversations.
    is_accepting: bool,
    /// Conversations now.
    load: i64,
    /// Most at once.
    limit: i64,
}

/// Groups and colleagues a conversation can be passed on to.
#[utoipa::path(get, path = "/api/v1/routing/targets", tag = "routing", operation_id = "routing_targets",
    responses((status = 200, body = TransferTargets), (status = "default", body = Problem)))]
async fn targets(State(app): State<App>, caller: Caller) -> Result<Json<TransferTargets>> {
    let me = caller.actor.staff()?.id;
    let (groups, members) = app.db.read(|tx| Ok((store::queues(tx)?, store::targets(tx)?))).await?;
    let groups = groups.into_iter().map(|group| {
        let members = || members.iter().filter(|member| member.group_id == Some(group.id));
        TransferGroup {
            id: GroupId(group.id),
            waiting: group.waiting,
            accepting: members().filter(|member| member.is_connected && member.is_accepting).count() as i64,
            members: members().count() as i64,
            name: group.name,
        }
    });
    Ok(Json(TransferTargets { groups: groups.collect(), colleagues: colleagues(&members, me) }))
}

/// Rows of the same person, which follow each other, become one.
fn colleagues(rows: &[Target], me: i64) -> Vec<TransferColleague> {
    let people = rows.chunk_by(|a, b| a.id == b.id).filter(|rows| rows[0].id != me);
    let one = |rows: &[Target]| TransferColleague {
        id: StaffId(rows[0].id),
        name: rows[0].name.clone(),
        groups: rows.iter().filter_map(|row| row.group_id.map(GroupId)).collect(),
        is_connected: rows[0].is_connected,
        is_accepting: rows[0].is_accepting,
        load: rows[0].load,
        limit: rows[0].max_conversations,
    };
    people.map(one).collect()
}

/// Pass a conversation on to a colleague or into the queue of a group.
#[utoipa::path(post, path = "/api/v1/conversation/{id}/transfer", tag = "routing", operation_id = "conversation_transfer",
    params(("id" = String, Path)), request_body = Transfer,
    responses((status = 200, body = Destination), (status = "default", body = Problem)))]
async fn pass_on(State(app): State<App>, caller: Caller, Id(id): Id<String>, once: Once<Transfer>) -> Result<Answer> {
    let work = move |tx: &mut Tx| once.run(tx, |tx, wish| Answer::new(StatusCode::OK, &transfer::transfer(tx, &caller.actor, &id, wish)?));
    app.db.write(work).await
}
