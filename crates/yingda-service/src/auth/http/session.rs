//! Calls about sessions.
use crate::{
    App,
    auth::{
        id::{SessionId, StaffId},
        model::Session,
        session,
    },
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use yingda_base::{
    Result,
    http::{Caller, Id, Problem},
};

#[derive(Serialize, ToSchema)]
pub struct SessionsAnswer {
    items: Vec<Session>,
}

/// One's own sessions.
#[utoipa::path(get, path = "/api/v1/auth/sessions", tag = "auth", operation_id = "auth_sessions",
    responses((status = 200, body = SessionsAnswer), (status = "default", body = Problem)))]
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<SessionsAnswer>> {
    Ok(Json(SessionsAnswer { items: session::list(&app, &caller).await? }))
}

/// End one of one's own sessions.
#[utoipa::path(delete, path = "/api/v1/auth/sessions/{id}", tag = "auth", operation_id = "auth_end_session", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn end(State(app): State<App>, caller: Caller, Id(id): Id<SessionId>) -> Result<StatusCode> {
    session::end_own(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all one's own sessions but this one.
#[utoipa::path(delete, path = "/api/v1/auth/sessions", tag = "auth", operation_id = "auth_end_other_sessions",
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn end_others(State(app): State<App>, caller: Caller) -> Result<StatusCode> {
    session::end_others(&app, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The sessions of a member of staff.
#[utoipa::path(get, path = "/api/v1/staff/{id}/sessions", tag = "auth", operation_id = "staff_sessions", params(("id" = String, Path)),
    responses((status = 200, body = SessionsAnswer), (status = "default", body = Problem)))]
pub async fn list_of(State(app): State<App>, caller: Caller, Id(id): Id<StaffId>) -> Result<Json<SessionsAnswer>> {
    Ok(Json(SessionsAnswer { items: session::list_of(&app, &caller, id).await? }))
}

/// End one session of a member of staff.
#[utoipa::path(delete, path = "/api/v1/staff/sessions/{id}", tag = "auth", operation_id = "staff_end_session", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn end_one_of(State(app): State<App>, caller: Caller, Id(id): Id<SessionId>) -> Result<StatusCode> {
    session::end_one_of(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all sessions of a member of staff.
#[utoipa::path(delete, path = "/api/v1/staff/{id}/sessions", tag = "auth", operation_id = "staff_end_sessions", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn end_all_of(State(app): State<App>, caller: Caller, Id(id): Id<StaffId>) -> Result<StatusCode> {
    session::end_all_of(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
