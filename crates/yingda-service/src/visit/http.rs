//! The calls a browser begins and ends with.
use super::{
    actions::{self, Visit},
    identify::{self, Earlier, Wish},
};
use crate::{App, surge};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use yingda_base::{
    Millis, Result, Tx,
    http::{Answer, Caller, Input, Limit, Once, Problem, Routes, Rule},
};

/// Getting in as a visitor, becoming known, leaving.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(token), Rule::public().limit(Limit::Entry).no_audit("a visit is no act of staff; its device is a row with its time"))
        .add(routes!(identify), Rule::public().limit(Limit::Entry).no_audit("as a visit: no act of staff"))
        .add(routes!(attach), Rule::visitor().no_audit("as a visit: no act of staff"))
        .add(routes!(leave), Rule::public().limit(Limit::Entry).no_audit("as a visit: no act of staff"))
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
async fn token(State(app): State<App>, caller: Caller, Input(body): Input<TokenBody>) -> Result<Json<TokenAnswer>> {
    if body.device_secret.is_none() {
        surge::charge_device(&app, &caller, &body.site)?;
    }
    let visit = actions::visit(&app, body.site, body.device_secret, body.locale).await?;
    Ok(Json(TokenAnswer::of(&app, visit)))
}

impl TokenAnswer {
    fn of(app: &App, Visit { token, expires_at, device_secret, visitor }: Visit) -> TokenAnswer {
        let visitor = Visitor { id: visitor.public_id, name: visitor.name };
        TokenAnswer { token, expires_at, device_secret, visitor, generation: app.generation.to_string() }
    }
}

#[derive(Deserialize, ToSchema)]
struct IdentifyBody {
    /// The site's key.
    site: String,
    /// What the host site's server signed: docs/guides/host-page.md.
    token: String,
    /// The device the browser has been so far.
    device_secret: Option<String>,
    /// The visitor's language.
    locale: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct IdentifyAnswer {
    #[serde(flatten)]
    entered: TokenAnswer,
    /// Served as a senior (65 or older).
    is_senior: bool,
    /// What the browser's nameless device said just now: `attach` takes it over.
    #[serde(skip_serializing_if = "Option::is_none")]
    earlier: Option<EarlierView>,
}

/// What could be taken over.
#[derive(Serialize, ToSchema)]
#[schema(as = EarlierTalk)]
struct EarlierView {
    /// How many conversations.
    conversations: usize,
    /// Whether one of them is still open.
    is_running: bool,
}

/// Get in as the customer the host site vouches for.
#[utoipa::path(post, path = "/api/v1/visit/identify", tag = "visit", operation_id = "visit_identify", request_body = IdentifyBody,
    responses((status = 200, body = IdentifyAnswer), (status = "default", body = Problem)))]
async fn identify(State(app): State<App>, caller: Caller, Input(body): Input<IdentifyBody>) -> Result<Json<IdentifyAnswer>> {
    let IdentifyBody { site, token, device_secret, locale } = body;
    let known = identify::identify(&app, &caller, Wish { site, token, device_secret, locale }).await?;
    let earlier = known.earlier.map(|Earlier { conversations, is_running }| EarlierView { conversations, is_running });
    Ok(Json(IdentifyAnswer { entered: TokenAnswer::of(&app, known.visit), is_senior: known.is_senior, earlier }))
}

#[derive(Deserialize, ToSchema)]
struct AttachBody {
    /// Of the nameless device the browser was before.
    device_secret: String,
}

#[derive(Serialize, ToSchema)]
struct AttachAnswer {
    /// How many conversations were taken over.
    conversations: usize,
}

/// Take over what was said before the host site told who one is. The earlier device ends.
#[utoipa::path(post, path = "/api/v1/visit/attach", tag = "visit", operation_id = "visit_attach", request_body = AttachBody,
    responses((status = 200, body = AttachAnswer), (status = "default", body = Problem)))]
async fn attach(State(app): State<App>, caller: Caller, once: Once<AttachBody>) -> Result<Answer> {
    let unit = move |tx: &mut Tx| {
        once.run(tx, |tx, body| {
            let conversations = identify::attach(tx, &caller.actor, &body.device_secret)?;
            Answer::new(StatusCode::OK, &AttachAnswer { conversations })
        })
    };
    app.db.write(unit).await
}

#[derive(Deserialize, ToSchema)]
struct LeaveBody {
    /// The site's key.
    site: String,
    /// Of the device that ends.
    device_secret: String,
}

/// Give up a device: its secret, tokens and sockets end. Answered alike whether there is one or not.
#[utoipa::path(post, path = "/api/v1/visit/leave", tag = "visit", operation_id = "visit_leave", request_body = LeaveBody,
    responses((status = 204), (status = "default", body = Problem)))]
async fn leave(State(app): State<App>, Input(body): Input<LeaveBody>) -> Result<StatusCode> {
    identify::leave(&app, body.site, body.device_secret).await?;
    Ok(StatusCode::NO_CONTENT)
}
