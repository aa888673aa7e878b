//! Routes of logging in and of one's own sessions.
use super::{
    actions::{self, Attempt},
    id::{SessionId, SessionKind, StaffId},
    model::{Lives, Me, Session},
    permission, proof, session,
};
use crate::App;
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use yingda_base::{
    Millis, Result, Tx,
    http::{Answer, Caller, Credentials, Id, Input, Limit, Once, Problem, RequestInfo, Routes, Rule, cookie_name},
};

/// Logging in, one's own sessions.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(login), Rule::public().limit(Limit::Entry))
        .add(routes!(logout), Rule::staff("").while_pending())
        .add(routes!(me), Rule::staff("").limit(Limit::Read).while_pending())
        .add(routes!(step_up), Rule::staff("").limit(Limit::Costly).while_pending())
        .add(routes!(change_password), Rule::staff("").limit(Limit::Costly).while_pending())
        .add(routes!(sessions), Rule::staff("").limit(Limit::Read))
        .add(routes!(end_session), Rule::staff(""))
        .add(routes!(end_other_sessions), Rule::staff(""))
        .add(routes!(sessions_of), Rule::staff(permission::SESSION_MANAGE).limit(Limit::Read))
        .add(routes!(end_session_of), Rule::staff(permission::SESSION_MANAGE))
        .add(routes!(end_sessions_of), Rule::staff(permission::SESSION_MANAGE))
}

#[derive(Deserialize, ToSchema)]
struct LoginBody {
    login: String,
    password: String,
    /// Programs without cookies: answers the token instead of setting the cookie.
    #[serde(default)]
    bearer: bool,
}

#[derive(Serialize, ToSchema)]
struct LoginAnswer {
    staff: Me,
    /// With `bearer` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// Log in.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", operation_id = "auth_login", request_body = LoginBody,
    responses((status = 200, body = LoginAnswer), (status = "default", body = Problem)))]
async fn login(
    State(app): State<App>,
    caller: Caller,
    Extension(info): Extension<RequestInfo>,
    credentials: Option<Extension<Credentials>>,
    headers: HeaderMap,
    Input(body): Input<LoginBody>,
) -> Result<impl IntoResponse> {
    let client = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = if body.bearer { SessionKind::Bearer } else { SessionKind::Cookie };
    // A program keeps its other sessions; a browser has one cookie, and what it held is over.
    let held = credentials.and_then(|Extension(credentials)| credentials.cookie).filter(|_| !body.bearer);
    let attempt = Attempt { login: body.login, password: body.password, kind, held, client: client.chars().take(200).collect() };
    let done = actions::login(&app, &caller, attempt).await?;
    Ok(match kind {
        SessionKind::Bearer | SessionKind::Bench => (AppendHeaders(None), Json(LoginAnswer { staff: done.me, token: Some(done.token) })),
        SessionKind::Cookie => {
            let cookie = cookie(info.is_tls, &done.token, Lives::of(&app.settings).absolute.as_secs());
            (AppendHeaders(Some((header::SET_COOKIE, cookie))), Json(LoginAnswer { staff: done.me, token: None }))
        }
    })
}

/// Log out: ends this session.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", operation_id = "auth_logout", responses((status = 204), (status = "default", body = Problem)))]
async fn logout(State(app): State<App>, caller: Caller, Extension(info): Extension<RequestInfo>) -> Result<impl IntoResponse> {
    session::logout(&app, &caller).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(info.is_tls, "", 0))]))
}

#[derive(Deserialize, ToSchema)]
struct StepUpBody {
    password: String,
}

#[derive(Serialize, ToSchema)]
struct StepUpAnswer {
    /// How long sensitive calls go without another proof.
    until: Millis,
    /// Replaces the session's token; only where the call came with one, and not with the cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// Show once more that it is still you, before something sensitive. The session gets another token.
#[utoipa::path(post, path = "/api/v1/auth/step-up", tag = "auth", operation_id = "auth_step_up", request_body = StepUpBody,
    responses((status = 200, body = StepUpAnswer), (status = "default", body = Problem)))]
async fn step_up(
    State(app): State<App>,
    caller: Caller,
    Extension(info): Extension<RequestInfo>,
    credentials: Option<Extension<Credentials>>,
    Input(body): Input<StepUpBody>,
) -> Result<impl IntoResponse> {
    let done = proof::by_password(&app, &caller, &body.password).await?;
    if credentials.is_some_and(|Extension(credentials)| credentials.bearer.is_some()) {
        return Ok((AppendHeaders(None), Json(StepUpAnswer { until: done.until, token: Some(done.token) })));
    }
    let cookie = cookie(info.is_tls, &done.token, Lives::of(&app.settings).absolute.as_secs());
    Ok((AppendHeaders(Some((header::SET_COOKIE, cookie))), Json(StepUpAnswer { until: done.until, token: None })))
}

fn cookie(is_tls: bool, token: &str, seconds: u64) -> HeaderValue {
    let (name, secure) = (cookie_name(is_tls), if is_tls { "; Secure" } else { "" });
    let text = format!("{name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).expect("tokens are URL-safe text")
}

#[derive(Serialize, ToSchema)]
struct MeAnswer {
    staff: Me,
}

/// Who is logged in.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", operation_id = "auth_me", responses((status = 200, body = MeAnswer), (status = "default", body = Problem)))]
async fn me(State(app): State<App>, caller: Caller) -> Result<Json<MeAnswer>> {
    Ok(Json(MeAnswer { staff: actions::me(&app, &caller).await? }))
}

#[derive(Deserialize, ToSchema)]
struct PasswordBody {
    old: String,
    new: String,
}

/// Change one's own password; ends one's other sessions.
#[utoipa::path(post, path = "/api/v1/auth/password", tag = "auth", operation_id = "auth_change_password", request_body = PasswordBody,
    responses((status = 204), (status = "default", body = Problem)))]
async fn change_password(State(app): State<App>, caller: Caller, once: Once<PasswordBody>) -> Result<Answer> {
    if let Some(answer) = once.find(&app.db).await? {
        return Ok(answer);
    }
    let proven = actions::prove_password(&app, &caller, &once.input.old, &once.input.new).await?;
    let change = move |tx: &mut Tx| {
        once.run(tx, |tx, _| {
            actions::change_password(tx, &caller, &proven)?;
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        })
    };
    app.db.write(change).await
}

#[derive(Serialize, ToSchema)]
struct SessionsAnswer {
    items: Vec<Session>,
}

/// One's own sessions.
#[utoipa::path(get, path = "/api/v1/auth/sessions", tag = "auth", operation_id = "auth_sessions",
    responses((status = 200, body = SessionsAnswer), (status = "default", body = Problem)))]
async fn sessions(State(app): State<App>, caller: Caller) -> Result<Json<SessionsAnswer>> {
    Ok(Json(SessionsAnswer { items: session::list(&app, &caller).await? }))
}

/// End one of one's own sessions.
#[utoipa::path(delete, path = "/api/v1/auth/sessions/{id}", tag = "auth", operation_id = "auth_end_session", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
async fn end_session(State(app): State<App>, caller: Caller, Id(id): Id<SessionId>) -> Result<StatusCode> {
    session::end_own(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all one's own sessions but this one.
#[utoipa::path(delete, path = "/api/v1/auth/sessions", tag = "auth", operation_id = "auth_end_other_sessions",
    responses((status = 204), (status = "default", body = Problem)))]
async fn end_other_sessions(State(app): State<App>, caller: Caller) -> Result<StatusCode> {
    session::end_others(&app, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The sessions of a member of staff.
#[utoipa::path(get, path = "/api/v1/staff/{id}/sessions", tag = "auth", operation_id = "staff_sessions", params(("id" = String, Path)),
    responses((status = 200, body = SessionsAnswer), (status = "default", body = Problem)))]
async fn sessions_of(State(app): State<App>, caller: Caller, Id(id): Id<StaffId>) -> Result<Json<SessionsAnswer>> {
    Ok(Json(SessionsAnswer { items: session::list_of(&app, &caller, id).await? }))
}

/// End one session of a member of staff.
#[utoipa::path(delete, path = "/api/v1/staff/sessions/{id}", tag = "auth", operation_id = "staff_end_session", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
async fn end_session_of(State(app): State<App>, caller: Caller, Id(id): Id<SessionId>) -> Result<StatusCode> {
    session::end_one_of(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all sessions of a member of staff.
#[utoipa::path(delete, path = "/api/v1/staff/{id}/sessions", tag = "auth", operation_id = "staff_end_sessions", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
async fn end_sessions_of(State(app): State<App>, caller: Caller, Id(id): Id<StaffId>) -> Result<StatusCode> {
    session::end_all_of(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
