//! The call a browser begins with.
use super::actions;
use crate::App;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use yingda_base::{
    Millis, Result,
    http::{Input, Limit, Problem, Routes, Rule},
};

/// Getting in as a visitor.
pub fn routes() -> Routes<App> {
    Routes::default().add(routes!(token), Rule::public().limit(Limit::Entry))
}

#[derive(Deserialize, ToSchema)]
struct TokenBody {
    /// The site's key.
    site: String,
    /// What the first answer gave; without it this is a new device.
    device_secret: Option<String>,
    /// The visitor's language.
    locale: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct TokenAnswer {
    token: String,
    expires_at: Millis,
    /// Of a new device, this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_secret: Option<String>,
    visitor: Visitor,
    /// Names the history of the database: see docs/protocol.md.
    generation: String,
}

#[derive(Serialize, ToSchema)]
struct Visitor {
    id: String,
    name: String,
}

/// Get a visitor's token, as a new device or with a device secret.
#[utoipa::path(post, path = "/api/v1/visit/token", tag = "visit", operation_id = "visit_token", request_body = TokenBody,
    responses((status = 200, body = TokenAnswer), (status = "default", body = Problem)))]
async fn token(State(app): State<App>, Input(body): Input<TokenBody>) -> Result<Json<TokenAnswer>> {
    let visit = actions::visit(&app, body.site, body.device_secret, body.locale).await?;
    let visitor = Visitor { id: visit.visitor.public_id, name: visit.visitor.name };
    let (token, expires_at, device_secret) = (visit.token, visit.expires_at, visit.device_secret);
    Ok(Json(TokenAnswer { token, expires_at, device_secret, visitor, generation: app.generation.to_string() }))
}
