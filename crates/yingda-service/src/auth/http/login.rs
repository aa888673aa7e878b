//! Calls of logging in and out, and of showing once more that it is still the same person.
use crate::{
    App,
    auth::{
        id::SessionKind,
        login::{self, Browser, LoggedIn, Passed},
        model::{Lives, Me},
        proof, session, settings, token,
    },
};
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use yingda_base::{
    Millis, Result,
    http::{Caller, Credentials, Input, Problem, RequestInfo, cookie_name},
};

/// As long as a known browser is remembered.
const DEVICE_LIFE_S: u64 = 180 * 24 * 3600;

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

/// Who comes by a browser; a program keeps its other sessions and is not known by a cookie.
fn browser(app: &App, info: &RequestInfo, credentials: Option<Extension<Credentials>>, headers: &HeaderMap) -> Browser {
    let client = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Browser {
        kind: SessionKind::Cookie,
        // A browser has one cookie, and what it held is over.
        held: credentials.and_then(|Extension(credentials)| credentials.cookie),
        client: client.chars().take(200).collect(),
        device: Some(device(info.is_tls, headers).unwrap_or_else(|| token::new_device(&app.context.entropy))),
    }
}

fn or_program(browser: Browser, bearer: bool) -> Browser {
    if bearer { Browser { kind: SessionKind::Bearer, held: None, device: None, ..browser } } else { browser }
}

fn device(is_tls: bool, headers: &HeaderMap) -> Option<String> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    let found = pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == device_name(is_tls));
    found.map(|(_, value)| value.to_owned()).filter(|value| token::is_device(value))
}

fn logged_in(app: &App, is_tls: bool, browser: &Browser, done: LoggedIn) -> Response {
    let answer = LoginAnswer { staff: Some(done.me), token: None, challenge: None, failures: (done.failures > 0).then_some(done.failures) };
    let Some(device) = &browser.device else { return Json(LoginAnswer { token: Some(done.token), ..answer }).into_response() };
    let session = cookie(is_tls, cookie_name(is_tls), &done.token, Lives::of(&app.settings).absolute.as_secs());
    let known = cookie(is_tls, device_name(is_tls), device, DEVICE_LIFE_S);
    (AppendHeaders([(header::SET_COOKIE, session), (header::SET_COOKIE, known)]), Json(answer)).into_response()
}

/// Log out: ends this session.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", operation_id = "auth_logout", responses((status = 204), (status = "default", body = Problem)))]
pub async fn logout(State(app): State<App>, caller: Caller, Extension(info): Extension<RequestInfo>) -> Result<impl IntoResponse> {
    session::logout(&app, &caller).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(info.is_tls, cookie_name(info.is_tls), "", 0))]))
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
    let cookie = cookie(info.is_tls, cookie_name(info.is_tls), &done.token, Lives::of(&app.settings).absolute.as_secs());
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Json(StepUpAnswer { until: done.until, token: None })).into_response())
}

/// The cookie by which a browser is known. It lets nobody in; it only keeps the guesses of strangers apart.
fn device_name(is_tls: bool) -> &'static str {
    if is_tls { "__Host-yingda-device" } else { "yingda-device" }
}

fn cookie(is_tls: bool, name: &str, value: &str, seconds: u64) -> HeaderValue {
    let secure = if is_tls { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).expect("tokens are URL-safe text")
}
