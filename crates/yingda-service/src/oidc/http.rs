//! Calls of signing in at the provider. The browser comes back to a page of the desk, which hands on what it was sent back with.
use super::{
    actions::{self, Finished, Returned},
    attempt::{LIFE, Purpose},
    settings, store,
};
use crate::{
    App,
    auth::{
        Lives, StaffId,
        cookie::{self, browser},
        permission as right,
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
use utoipa_axum::routes;
use yingda_base::{
    Millis, Result,
    http::{Caller, Credentials, Id, Input, Limit, Problem, RequestInfo, Routes, Rule},
};

/// Signing in at the provider, and links to it.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(offer), Rule::public().limit(Limit::Entry))
        .add(routes!(begin), Rule::public().limit(Limit::Entry).no_audit("nothing is changed by going there"))
        .add(routes!(finish), Rule::public().limit(Limit::Entry).audit("auth.login", "staff"))
        .add(routes!(own_identity), Rule::staff("").limit(Limit::Read))
        .add(routes!(unlink_own), Rule::staff("").step_up().audit("auth.unlink_identity", "staff"))
        .add(routes!(identity_of), Rule::staff(right::STAFF_SECURE).limit(Limit::Read))
        .add(routes!(unlink_of), Rule::staff(right::STAFF_SECURE).step_up().audit("staff.unlink_identity", "staff"))
}

#[derive(Serialize, ToSchema)]
pub struct SignInOffer {
    /// What the button says; absent where there is no provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// Whether everybody may log in with a password. Where not, those named for emergencies still may.
    password: bool,
    /// Where to sign out of the provider too, if it has such a place and was asked anything since the start of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_out: Option<String>,
}

/// How one can log in.
#[utoipa::path(get, path = "/api/v1/auth/oidc", tag = "auth", operation_id = "oidc_offer",
    responses((status = 200, body = SignInOffer), (status = "default", body = Problem)))]
pub async fn offer(State(app): State<App>) -> Json<SignInOffer> {
    let label = app.oidc.as_ref().map(|_| app.settings.global(&settings::LABEL));
    let password = crate::auth::is_password_for_all(&app);
    Json(SignInOffer { label, password, sign_out: app.oidc.as_ref().and_then(|provider| provider.sign_out()) })
}

#[derive(Deserialize, ToSchema)]
pub struct BeginBody {
    /// To log in, to show once more that it is still you, or to link your account.
    r#for: Purpose,
}

#[derive(Serialize, ToSchema)]
pub struct BeginAnswer {
    /// Where the browser goes.
    url: String,
}

/// Go to the provider. To link takes a fresh proof.
#[utoipa::path(post, path = "/api/v1/auth/oidc/begin", tag = "auth", operation_id = "oidc_begin", request_body = BeginBody,
    responses((status = 200, body = BeginAnswer), (status = "default", body = Problem)))]
pub async fn begin(
    State(app): State<App>,
    caller: Caller,
    Extension(info): Extension<RequestInfo>,
    Input(body): Input<BeginBody>,
) -> Result<impl IntoResponse> {
    let (url, sealed) = actions::begin(&app, &caller, body.r#for).await?;
    let cookie = cookie::set(info.is_tls, cookie_name(info.is_tls), &sealed, LIFE.as_secs());
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Json(BeginAnswer { url })))
}

#[derive(Deserialize, ToSchema)]
pub struct FinishBody {
    /// As the provider sent the browser back with.
    #[serde(default)]
    state: String,
    /// Stands for who it is, once.
    #[serde(default)]
    code: Option<String>,
    /// In place of the code: why there is none.
    #[serde(default)]
    error: Option<String>,
    /// Who says so.
    #[serde(default)]
    iss: Option<String>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub struct FinishAnswer {
    /// What it was for.
    r#for: Purpose,
    /// A code is asked for besides: give this back with it to `/auth/login/code`, within five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
    /// After a proof: how long sensitive calls go without another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Millis>,
}

/// Come back from the provider, in the browser that went.
#[utoipa::path(post, path = "/api/v1/auth/oidc/finish", tag = "auth", operation_id = "oidc_finish", request_body = FinishBody,
    responses((status = 200, body = FinishAnswer), (status = "default", body = Problem)))]
pub async fn finish(
    State(app): State<App>,
    caller: Caller,
    Extension(info): Extension<RequestInfo>,
    credentials: Option<Extension<Credentials>>,
    headers: HeaderMap,
    Input(body): Input<FinishBody>,
) -> Response {
    let browser = browser(&app, &info, credentials, &headers);
    let sealed = cookie::find(&headers, cookie_name(info.is_tls));
    let returned = Returned { state: body.state, code: body.code, error: body.error, issuer: body.iss };
    let done = actions::finish(&app, &caller, sealed, returned, browser.clone()).await;
    let over = AppendHeaders([(header::SET_COOKIE, cookie::set(info.is_tls, cookie_name(info.is_tls), "", 0))]);
    let life = Lives::of(&app.settings).absolute;
    match done {
        Err(error) => (over, error).into_response(),
        Ok(Finished::Linked) => (over, Json(FinishAnswer { r#for: Purpose::Link, challenge: None, until: None })).into_response(),
        Ok(Finished::Proven(proven)) => {
            let session = cookie::session(info.is_tls, &proven.token, life);
            let answer = FinishAnswer { r#for: Purpose::StepUp, challenge: None, until: Some(proven.until) };
            (over, AppendHeaders([(header::SET_COOKIE, session)]), Json(answer)).into_response()
        }
        Ok(Finished::In(passed)) => {
            let (cookies, challenge) = cookie::passed(info.is_tls, &browser, passed, life);
            let answer = FinishAnswer { r#for: Purpose::Login, challenge, until: None };
            (over, AppendHeaders(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie))), Json(answer)).into_response()
        }
    }
}

/// The cookie that binds who comes back to who went. Over TLS nobody else can have planted it.
fn cookie_name(is_tls: bool) -> &'static str {
    if is_tls { "__Host-yingda-oidc" } else { "yingda-oidc" }
}

#[derive(Serialize, ToSchema)]
pub struct IdentityAnswer {
    /// Absent where nothing is linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<IdentityLink>,
}

/// A link of an account with one at the provider.
#[derive(Serialize, ToSchema)]
pub struct IdentityLink {
    /// The account there, in the provider's own name for it.
    subject: String,
    /// Since when.
    linked_at: Millis,
    /// When it was last used to log in.
    #[serde(skip_serializing_if = "Option::is_none")]
    used_at: Option<Millis>,
}

fn shown(link: Option<store::LinkRow>) -> Json<IdentityAnswer> {
    let link = link.map(|link| IdentityLink { subject: link.subject, linked_at: link.linked_at, used_at: link.used_at });
    Json(IdentityAnswer { link })
}

/// With what one is linked oneself.
#[utoipa::path(get, path = "/api/v1/auth/oidc/identity", tag = "auth", operation_id = "oidc_own_identity",
    responses((status = 200, body = IdentityAnswer), (status = "default", body = Problem)))]
pub async fn own_identity(State(app): State<App>, caller: Caller) -> Result<Json<IdentityAnswer>> {
    Ok(shown(actions::link_of(&app, StaffId(caller.actor.staff()?.id)).await?))
}

/// Take one's own link away.
#[utoipa::path(delete, path = "/api/v1/auth/oidc/identity", tag = "auth", operation_id = "oidc_unlink_own",
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn unlink_own(State(app): State<App>, caller: Caller) -> Result<StatusCode> {
    actions::unlink_own(&app, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// With what somebody is linked.
#[utoipa::path(get, path = "/api/v1/staff/{id}/identity", tag = "auth", operation_id = "staff_identity", params(("id" = String, Path)),
    responses((status = 200, body = IdentityAnswer), (status = "default", body = Problem)))]
pub async fn identity_of(State(app): State<App>, Id(id): Id<StaffId>) -> Result<Json<IdentityAnswer>> {
    Ok(shown(actions::link_of(&app, id).await?))
}

/// Take somebody's link away; logs the person out.
#[utoipa::path(delete, path = "/api/v1/staff/{id}/identity", tag = "auth", operation_id = "staff_unlink", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn unlink_of(State(app): State<App>, caller: Caller, Id(id): Id<StaffId>) -> Result<StatusCode> {
    actions::unlink_of(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
