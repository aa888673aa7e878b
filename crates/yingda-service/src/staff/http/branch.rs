//! Calls about branches.
use crate::{
    App,
    auth::BranchId,
    staff::{
        branch::{self, BranchChange, NewBranch},
        model::Branch,
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
pub struct BranchList {
    items: Vec<Branch>,
}

#[derive(Serialize, ToSchema)]
pub struct BranchAnswer {
    branch: Branch,
}

/// All branches.
#[utoipa::path(get, path = "/api/v1/staff/branches", tag = "staff", operation_id = "branch_list",
    responses((status = 200, body = BranchList), (status = "default", body = Problem)))]
pub async fn list(State(app): State<App>) -> Result<Json<BranchList>> {
    Ok(Json(BranchList { items: branch::list(&app).await? }))
}

/// Make a branch.
#[utoipa::path(post, path = "/api/v1/staff/branches", tag = "staff", operation_id = "branch_create", request_body = NewBranch,
    responses((status = 201, body = BranchAnswer), (status = "default", body = Problem)))]
pub async fn create(State(app): State<App>, caller: Caller, once: Once<NewBranch>) -> Result<Answer> {
    let make = move |tx: &mut Tx| {
        once.run(tx, |tx, new| Answer::new(StatusCode::CREATED, &BranchAnswer { branch: branch::create(tx, &caller, new)? }))
    };
    app.db.write(make).await
}

/// Change a branch.
#[utoipa::path(patch, path = "/api/v1/staff/branches/{id}", tag = "staff", operation_id = "branch_update", params(("id" = String, Path)),
    request_body = BranchChange, responses((status = 200, body = BranchAnswer), (status = "default", body = Problem)))]
pub async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<BranchId>,
    Input(change): Input<BranchChange>,
) -> Result<Json<BranchAnswer>> {
    Ok(Json(BranchAnswer { branch: branch::update(&app, &caller, id, change).await? }))
}
