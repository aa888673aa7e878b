//! Calls of logging in and out, and of showing once more that it is still the same person.
use super::cookie::{self, browser};
use crate::{
    App,
    auth::{
        id::SessionKind,
        login::{self, Browser, LoggedIn, Passed},
        model::{Lives, Me},
        proof, session, settings,
    },
};
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use yingda_base::{
    Millis, Result,
    http::{Caller, Credentials, Input, Problem, RequestInfo, cookie_name},
};

#[derive(Deserialize, ToSchema)]
pub struct LoginBody {
    login: String,
    password: String,
    /// Programs without cookies: answers the token instead of setting the cookie.
    #[serde(default)]
    bearer: bool,
}

#[derive(Deserialize, ToSchema)]
pub struct CodeBody {
    /// As the first call answered it.
    challenge: String,
    /// Of the authenticator, or a recovery code.
    code: String,
    /// Programs without cookies: answers the token instead of setting the cookie.
    #[serde(default)]
    bearer: bool,
}

#[derive(Serialize, ToSchema)]
pub struct LoginAnswer {
    /// Who is logged in; absent while a code is still missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    staff: Option<Me>,
    /// With `bearer` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The password was right, and a code is asked for: give this back with it, within five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
    /// Wrong guesses of strangers at this login, as far as they are remembered. Absent if there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    failures: Option<i64>,
}

/// Log in. Where the account has a second factor the answer has a `challenge` and no session yet.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", operation_id = "auth_login", request_body = LoginBody,
    responses((status = 200, body = LoginAnswer), (status = "default", body = Problem)))]
pub async fn login(
    State(app): State<App>,
    caller: Caller,
    Extension(info): Extension<RequestInfo>,
    credentials: Option<Extension<Credentials>>,
    headers: HeaderMap,
    Input(body): Input<LoginBody>,
) -> Result<Response> {
    let browser = or_program(browser(&app, &info, credentials, &headers), body.bearer);
    match login::login(&app, &caller, &body.login, body.password, browser.clone()).await? {
        Passed::In(done) => Ok(logged_in(&app, info.is_tls, &browser, *done)),
        Passed::Challenge(challenge) => {
            Ok(Json(LoginAnswer { staff: None, token: None, challenge: Some(challenge), failures: None }).into_response())
        }
    }
}

/// Log in with a second factor: the code after the password.
#[utoipa::path(post, path = "/api/v1/auth/login/code", tag = "auth", operation_id = "auth_login_code", request_body = CodeBody,
    responses((status = 200, body = LoginAnswer), (status = "default", body = Problem)))]
pub async fn code(
    State(app): State<App>,
    caller: Caller,
    Extension(info): Extension<RequestInfo>,
    credentials: Option<Extension<Credentials>>,
    headers: HeaderMap,
    Input(body): Input<CodeBody>,
) -> Result<Response> {
    let browser = or_program(browser(&app, &info, credentials, &headers), body.bearer);
    let done = login::second(&app, &caller, &body.challenge, body.code, browser.clone()).await?;
    Ok(logged_in(&app, info.is_tls, &browser, done))
}

fn or_program(browser: Browser, bearer: bool) -> Browser {
    if bearer { Browser { kind: SessionKind::Bearer, held: None, device: None, ..browser } } else { browser }
}

fn logged_in(app: &App, is_tls: bool, browser: &Browser, done: LoggedIn) -> Response {
    let answer = LoginAnswer { staff: Some(done.me), token: None, challenge: None, failures: (done.failures > 0).then_some(done.failures) };
    if browser.device.is_none() {
        return Json(LoginAnswer { token: Some(done.token), ..answer }).into_response();
    }
    let cookies = cookie::logged_in(is_tls, browser, &done.token, Lives::of(&app.settings).absolute);
    (AppendHeaders(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie))), Json(answer)).into_response()
}

/// Log out: ends this session.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", operation_id = "auth_logout", responses((status = 204), (status = "default", body = Problem)))]
pub async fn logout(State(app): State<App>, caller: Caller, Extension(info): Extension<RequestInfo>) -> Result<impl IntoResponse> {
    session::logout(&app, &caller).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie::set(info.is_tls, cookie_name(info.is_tls), "", 0))]))
}

#[derive(Serialize, ToSchema)]
pub struct MeAnswer {
    staff: Me,
    password_rule: PasswordRule,
}

/// What a new password must be, as far as it can be said beforehand.
#[derive(Serialize, ToSchema)]
pub struct PasswordRule {
    /// Least number of characters.
    least: i64,
    /// It must not be one of so many before it.
    history: i64,
    /// It must be changed after so many days; 0: never.
    days: i64,
}

/// Who is logged in.
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", operation_id = "auth_me", responses((status = 200, body = MeAnswer), (status = "default", body = Problem)))]
pub async fn me(State(app): State<App>, caller: Caller) -> Result<Json<MeAnswer>> {
    let number = |setting| app.settings.global(setting);
    let password_rule = PasswordRule {
        least: number(&settings::PASSWORD_LEAST),
        history: number(&settings::PASSWORD_HISTORY),
        days: number(&settings::PASSWORD_DAYS),
    };
    Ok(Json(MeAnswer { staff: login::me(&app, &caller).await?, password_rule }))
}

#[derive(Deserialize, ToSchema)]
pub struct StepUpBody {
    /// A code of the authenticator or a recovery code for those who have a second factor, else the password: see `proves_by` of `/auth/me`.
    proof: String,
}

#[derive(Serialize, ToSchema)]
pub struct StepUpAnswer {
    /// How long sensitive calls go without another proof.
    until: Millis,
    /// Replaces the session's token; only where the call came with one, and not with the cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// Show once more that it is still you, before something sensitive. The session gets another token.
#[utoipa::path(post, path = "/api/v1/auth/step-up", tag = "auth", operation_id = "auth_step_up", request_body = StepUpBody,
    responses((status = 200, body = StepUpAnswer), (status = "default", body = Problem)))]
pub async fn step_up(
    State(app): State<App>,
    caller: Caller,
    Extension(info): Extension<RequestInfo>,
    credentials: Option<Extension<Credentials>>,
    Input(body): Input<StepUpBody>,
) -> Result<Response> {
    let done = proof::prove(&app, &caller, &body.proof).await?;
    if credentials.is_some_and(|Extension(credentials)| credentials.bearer.is_some()) {
        return Ok(Json(StepUpAnswer { until: done.until, token: Some(done.token) }).into_response());
    }
    let cookie = cookie::session(info.is_tls, &done.token, Lives::of(&app.settings).absolute);
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Json(StepUpAnswer { until: done.until, token: None })).into_response())
}
