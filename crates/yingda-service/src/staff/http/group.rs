//! Calls about skill groups.
use crate::{
    App,
    auth::GroupId,
    staff::{
        group::{self, GroupChange, NewGroup},
        model::Group,
    },
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use yingda_base::{
    Result, Tx,
    http::{Answer, Caller, Id, Input, Once, Problem},
};

#[derive(Serialize, ToSchema)]
pub struct GroupList {
    items: Vec<Group>,
}

#[derive(Serialize, ToSchema)]
pub struct GroupAnswer {
    group: Group,
}

/// All skill groups.
#[utoipa::path(get, path = "/api/v1/staff/groups", tag = "staff", operation_id = "group_list",
    responses((status = 200, body = GroupList), (status = "default", body = Problem)))]
pub async fn list(State(app): State<App>) -> Result<Json<GroupList>> {
    Ok(Json(GroupList { items: group::list(&app).await? }))
}

/// Make a skill group.
#[utoipa::path(post, path = "/api/v1/staff/groups", tag = "staff", operation_id = "group_create", request_body = NewGroup,
    responses((status = 201, body = GroupAnswer), (status = "default", body = Problem)))]
pub async fn create(State(app): State<App>, caller: Caller, once: Once<NewGroup>) -> Result<Answer> {
    let make = move |tx: &mut Tx| {
        once.run(tx, |tx, new| Answer::new(StatusCode::CREATED, &GroupAnswer { group: group::create(tx, &caller, new)? }))
    };
    app.db.write(make).await
}

/// Change a skill group.
#[utoipa::path(patch, path = "/api/v1/staff/groups/{id}", tag = "staff", operation_id = "group_update", params(("id" = String, Path)),
    request_body = GroupChange, responses((status = 200, body = GroupAnswer), (status = "default", body = Problem)))]
pub async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<GroupId>,
    Input(change): Input<GroupChange>,
) -> Result<Json<GroupAnswer>> {
    Ok(Json(GroupAnswer { group: group::update(&app, &caller, id, change).await? }))
}

/// Close a skill group. It stays in the history and can be opened again.
#[utoipa::path(delete, path = "/api/v1/staff/groups/{id}", tag = "staff", operation_id = "group_close", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn close(State(app): State<App>, caller: Caller, Id(id): Id<GroupId>) -> Result<StatusCode> {
    group::update(&app, &caller, id, GroupChange { is_active: Some(false), ..GroupChange::default() }).await?;
    Ok(StatusCode::NO_CONTENT)
}
