//! What administrators look at.
use super::Lately;
use crate::{App, auth::permission as right};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use yingda_base::http::{Limit, Problem, Routes, Rule};

/// For who runs the installation.
pub fn routes() -> Routes<App> {
    Routes::default().add(routes!(lately), Rule::staff(right::SETTING_MANAGE).limit(Limit::Read))
}

#[derive(Serialize, ToSchema)]
pub struct LatencyAnswer {
    /// Of a sending, in the order of its way.
    stages: Vec<Lately>,
    /// Of requests, by method and route; those called within an hour.
    requests: Vec<Lately>,
}

/// How long sendings and requests took lately, on the node that answers.
#[utoipa::path(get, path = "/api/v1/latency", tag = "latency", operation_id = "latency",
    responses((status = 200, body = LatencyAnswer), (status = "default", body = Problem)))]
pub async fn lately(State(app): State<App>) -> Json<LatencyAnswer> {
    Json(LatencyAnswer { stages: app.latency.stages(), requests: app.latency.requests() })
}
