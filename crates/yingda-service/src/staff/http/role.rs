//! Calls about roles.
use crate::{
    App,
    auth::{RoleId, SEPARATE_ADMINISTRATORS},
    staff::{
        model::Role,
        role::{self, NewRole, RoleChange},
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
pub struct RoleList {
    items: Vec<Role>,
}

#[derive(Serialize, ToSchema)]
pub struct RoleAnswer {
    role: Role,
}

/// All roles.
#[utoipa::path(get, path = "/api/v1/staff/roles", tag = "staff", operation_id = "role_list",
    responses((status = 200, body = RoleList), (status = "default", body = Problem)))]
pub async fn list(State(app): State<App>) -> Result<Json<RoleList>> {
    Ok(Json(RoleList { items: role::list(&app).await? }))
}

/// Make a role.
#[utoipa::path(post, path = "/api/v1/staff/roles", tag = "staff", operation_id = "role_create", request_body = NewRole,
    responses((status = 201, body = RoleAnswer), (status = "default", body = Problem)))]
pub async fn create(State(app): State<App>, caller: Caller, once: Once<NewRole>) -> Result<Answer> {
    let are_apart = app.settings.global(&SEPARATE_ADMINISTRATORS);
    let make = move |tx: &mut Tx| {
        once.run(tx, |tx, new| Answer::new(StatusCode::CREATED, &RoleAnswer { role: role::create(tx, &caller, new, are_apart)? }))
    };
    app.db.write(make).await
}

/// Change a role.
#[utoipa::path(patch, path = "/api/v1/staff/roles/{id}", tag = "staff", operation_id = "role_update", params(("id" = String, Path)),
    request_body = RoleChange, responses((status = 200, body = RoleAnswer), (status = "default", body = Problem)))]
pub async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RoleId>,
    Input(change): Input<RoleChange>,
) -> Result<Json<RoleAnswer>> {
    Ok(Json(RoleAnswer { role: role::update(&app, &caller, id, change).await? }))
}

/// Remove a role nobody has.
#[utoipa::path(delete, path = "/api/v1/staff/roles/{id}", tag = "staff", operation_id = "role_remove", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove(State(app): State<App>, caller: Caller, Id(id): Id<RoleId>) -> Result<StatusCode> {
    role::remove(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
