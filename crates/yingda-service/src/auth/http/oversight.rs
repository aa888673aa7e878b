//! Calls of security administrators about how somebody logs in.
use crate::{
    App,
    auth::{
        id::StaffId,
        oversight::{self, Security},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use yingda_base::{
    Result,
    http::{Caller, Id, Problem},
};

/// How somebody logs in: second factor, password, locks.
#[utoipa::path(get, path = "/api/v1/staff/{id}/security", tag = "auth", operation_id = "staff_security", params(("id" = String, Path)),
    responses((status = 200, body = Security), (status = "default", body = Problem)))]
pub async fn security_of(State(app): State<App>, Id(id): Id<StaffId>) -> Result<Json<Security>> {
    Ok(Json(oversight::security_of(&app, id).await?))
}

/// Let somebody try again who was locked out by wrong guesses.
#[utoipa::path(delete, path = "/api/v1/staff/{id}/lock", tag = "auth", operation_id = "staff_unlock", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn unlock(State(app): State<App>, caller: Caller, Id(id): Id<StaffId>) -> Result<StatusCode> {
    oversight::unlock(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take somebody's second factor away; logs the person out.
#[utoipa::path(delete, path = "/api/v1/staff/{id}/second-factor", tag = "auth", operation_id = "staff_reset_second_factor",
    params(("id" = String, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub async fn reset_factor(State(app): State<App>, caller: Caller, Id(id): Id<StaffId>) -> Result<StatusCode> {
    oversight::reset_factor(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
