//! `/healthz`: the process lives and so do its database threads. `/readyz`: it may get traffic.
use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use serde_json::json;
use std::time::Duration;
use yingda_service::App;

/// How long the database may take to show that it answers.
const PATIENCE: Duration = Duration::from_secs(2);

/// Red means: restart me.
pub async fn alive(State(app): State<App>) -> impl IntoResponse {
    answer(app.db.is_alive(), "database_threads")
}

/// Red means: send nobody here. A stopping program is not ready, nor is one whose database does not answer.
pub async fn ready(State(app): State<App>) -> impl IntoResponse {
    if app.supervisor.stopping().is_set() {
        return answer(false, "stopping");
    }
    let asked = tokio::time::timeout(PATIENCE, app.db.read(|_| Ok(()))).await;
    answer(matches!(asked, Ok(Ok(()))) && app.db.is_alive(), "database")
}

fn answer(is_well: bool, what: &str) -> (StatusCode, Json<serde_json::Value>) {
    match is_well {
        true => (StatusCode::OK, Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))),
        false => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "unavailable", "what": what}))),
    }
}
