//! Calls about settings.
use super::{
    actions,
    model::{SettingView, Whom},
};
use crate::{App, auth::permission};
use axum::{Extension, Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;
use yingda_base::{
    Result,
    http::{Caller, Id, Input, Limit, Params, Problem, RequestInfo, Routes, Rule},
};

/// Settings, for administrators.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(list), Rule::staff(permission::SETTING_VIEW).limit(Limit::Read))
        // Which right it takes to change one depends on the setting.
        .add(routes!(set), Rule::staff(permission::SETTING_VIEW).audit("setting.set", "setting"))
        .add(routes!(reset), Rule::staff(permission::SETTING_VIEW).audit("setting.reset", "setting"))
}

#[derive(Serialize, ToSchema)]
struct SettingList {
    items: Vec<SettingView>,
}

/// All settings with their values.
#[utoipa::path(get, path = "/api/v1/setting", tag = "setting", operation_id = "setting_list",
    responses((status = 200, body = SettingList), (status = "default", body = Problem)))]
async fn list(State(app): State<App>, Extension(info): Extension<RequestInfo>) -> Result<Json<SettingList>> {
    Ok(Json(SettingList { items: actions::list(&app, info.language).await? }))
}

#[derive(Deserialize, ToSchema)]
struct SetBody {
    /// What it holds for.
    #[serde(flatten)]
    whom: Whom,
    /// The value.
    value: Value,
}

/// Set a value.
#[utoipa::path(put, path = "/api/v1/setting/{key}", tag = "setting", operation_id = "setting_set", params(("key" = String, Path)),
    request_body = SetBody, responses((status = 204), (status = "default", body = Problem)))]
async fn set(State(app): State<App>, caller: Caller, Id(key): Id<String>, Input(body): Input<SetBody>) -> Result<StatusCode> {
    actions::set(&app, &caller, key, body.whom, body.value).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a value back, so that the next wider one holds.
#[utoipa::path(delete, path = "/api/v1/setting/{key}", tag = "setting", operation_id = "setting_reset", params(("key" = String, Path), Whom),
    responses((status = 204), (status = "default", body = Problem)))]
async fn reset(State(app): State<App>, caller: Caller, Id(key): Id<String>, Params(whom): Params<Whom>) -> Result<StatusCode> {
    actions::reset(&app, &caller, key, whom).await?;
    Ok(StatusCode::NO_CONTENT)
}
