//! Changing one's own password.
use crate::{App, auth::new_password};
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use yingda_base::{
    Result, Tx,
    http::{Answer, Caller, Once, Problem},
};

#[derive(Deserialize, ToSchema)]
pub struct PasswordBody {
    old: String,
    new: String,
}

/// Change one's own password; ends one's other sessions.
#[utoipa::path(post, path = "/api/v1/auth/password", tag = "auth", operation_id = "auth_change_password", request_body = PasswordBody,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn change(State(app): State<App>, caller: Caller, once: Once<PasswordBody>) -> Result<Answer> {
    if let Some(answer) = once.find(&app.db).await? {
        return Ok(answer);
    }
    let proven = new_password::prove_password(&app, &caller, &once.input.old, &once.input.new).await?;
    let change = move |tx: &mut Tx| {
        once.run(tx, |tx, _| {
            new_password::change_password(tx, &caller, &proven)?;
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        })
    };
    app.db.write(change).await
}
