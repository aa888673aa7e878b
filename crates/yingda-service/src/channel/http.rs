//! Calls about sites.
use super::{
    actions::{self, NewSite, PublicSite, SiteChange},
    history::{self, SiteEvent},
    logo as logos,
    model::{Logo, SecretId, Site, SiteId},
    secret::{self, Secret},
};
use crate::{
    App,
    auth::permission,
    file::{self, Content},
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use yingda_base::{
    Error, Result, Tx,
    error::Kind,
    http::{Answer, Caller, Id, Input, Limit, Once, OnceKey, Params, Problem, Routes, Rule},
};

/// Sites, for visitors and for those who manage them.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(list), Rule::staff(permission::SITE_MANAGE).limit(Limit::Read))
        .add(routes!(create), Rule::staff(permission::SITE_MANAGE).audit("site.create", "site"))
        .add(routes!(get), Rule::public().limit(Limit::Entry))
        .add(routes!(update), Rule::staff(permission::SITE_MANAGE).audit("site.update", "site"))
        .add(routes!(upload_logo), Rule::staff(permission::SITE_MANAGE).limit(Limit::Costly).audit("site.logo_upload", "site"))
        .add(routes!(logo), Rule::public().limit(Limit::Entry))
        .add(routes!(changes), Rule::staff(permission::SITE_MANAGE).limit(Limit::Read))
        .add(routes!(secrets), Rule::staff(permission::SITE_MANAGE).limit(Limit::Read))
        .add(routes!(create_secret), Rule::staff(permission::SITE_MANAGE).audit("site.secret_create", "site").step_up())
        .add(routes!(retire_secret), Rule::staff(permission::SITE_MANAGE).audit("site.secret_retire", "site").step_up())
}

#[derive(Serialize, ToSchema)]
struct SiteList {
    items: Vec<Site>,
}

#[derive(Serialize, ToSchema)]
struct SiteAnswer {
    site: Site,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Tongue {
    /// `zh-CN` or `en`: the language texts are wanted in.
    locale: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct PublicSiteAnswer {
    site: PublicSite,
}

/// All sites.
#[utoipa::path(get, path = "/api/v1/channel/sites", tag = "channel", operation_id = "site_list",
    responses((status = 200, body = SiteList), (status = "default", body = Problem)))]
async fn list(State(app): State<App>) -> Result<Json<SiteList>> {
    Ok(Json(SiteList { items: actions::list(&app).await? }))
}

/// Make a site.
#[utoipa::path(post, path = "/api/v1/channel/sites", tag = "channel", operation_id = "site_create", request_body = NewSite,
    responses((status = 201, body = SiteAnswer), (status = "default", body = Problem)))]
async fn create(State(app): State<App>, caller: Caller, once: Once<NewSite>) -> Result<Answer> {
    let make = move |tx: &mut Tx| {
        once.run(tx, |tx, new| Answer::new(StatusCode::CREATED, &SiteAnswer { site: actions::create(tx, &caller, new)? }))
    };
    app.db.write(make).await
}

/// What the widget needs to know of a site.
#[utoipa::path(get, path = "/api/v1/channel/sites/{key}", tag = "channel", operation_id = "site_get", params(("key" = String, Path), Tongue),
    responses((status = 200, body = PublicSiteAnswer), (status = "default", body = Problem)))]
async fn get(State(app): State<App>, Id(key): Id<String>, Params(tongue): Params<Tongue>) -> Result<impl IntoResponse> {
    // The loader reads it from the operator's own pages. It is public and the same for everybody, so any origin may.
    let site = actions::get_public(&app, key, tongue.locale.as_deref()).await?;
    Ok(([(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], Json(PublicSiteAnswer { site })))
}

/// Change a site.
#[utoipa::path(patch, path = "/api/v1/channel/sites/{key}", tag = "channel", operation_id = "site_update",
    params(("key" = String, Path, description = "the id of the site")), request_body = SiteChange,
    responses((status = 200, body = SiteAnswer), (status = "default", body = Problem)))]
async fn update(State(app): State<App>, caller: Caller, Id(id): Id<SiteId>, Input(change): Input<SiteChange>) -> Result<Json<SiteAnswer>> {
    Ok(Json(SiteAnswer { site: actions::update(&app, &caller, id, change).await? }))
}

#[derive(Serialize, ToSchema)]
struct SiteEventList {
    items: Vec<SiteEvent>,
}

/// What was done to a site, the newest first: a hundred at most.
#[utoipa::path(get, path = "/api/v1/channel/sites/{key}/changes", tag = "channel", operation_id = "site_changes",
    params(("key" = String, Path, description = "the id of the site")),
    responses((status = 200, body = SiteEventList), (status = "default", body = Problem)))]
async fn changes(State(app): State<App>, Id(id): Id<SiteId>) -> Result<Json<SiteEventList>> {
    Ok(Json(SiteEventList { items: app.db.read(move |tx| history::list(tx, id)).await? }))
}

#[derive(Deserialize, ToSchema)]
struct Nothing {}

#[derive(Serialize, ToSchema)]
struct SecretList {
    items: Vec<Secret>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SiteSecretAnswer)]
struct SecretAnswer {
    secret: Secret,
    /// The key itself, this once: the server of the host site signs with these characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// The keys with which a site's server signs identities.
#[utoipa::path(get, path = "/api/v1/channel/sites/{key}/secrets", tag = "channel", operation_id = "site_secrets",
    params(("key" = String, Path, description = "the id of the site")),
    responses((status = 200, body = SecretList), (status = "default", body = Problem)))]
async fn secrets(State(app): State<App>, Id(id): Id<SiteId>) -> Result<Json<SecretList>> {
    Ok(Json(SecretList { items: app.db.read(move |tx| secret::list(tx, id)).await? }))
}

/// Make a key; at most two count at a time.
#[utoipa::path(post, path = "/api/v1/channel/sites/{key}/secrets", tag = "channel", operation_id = "site_create_secret",
    params(("key" = String, Path, description = "the id of the site")), request_body = Nothing,
    responses((status = 201, body = SecretAnswer), (status = "default", body = Problem)))]
async fn create_secret(State(app): State<App>, caller: Caller, Id(id): Id<SiteId>, once: Once<Nothing>) -> Result<Answer> {
    let keyring = app.keyring.clone();
    let make = move |tx: &mut Tx| {
        once.run(tx, |tx, _| {
            let (secret, text) = secret::create(tx, &caller, &keyring, id)?;
            let told = SecretAnswer { secret: secret.clone(), text: None };
            Answer::new(StatusCode::CREATED, &SecretAnswer { secret, text: Some(text) })?.remembered_as(&told)
        })
    };
    app.db.write(make).await
}

/// A key no longer counts, and is forgotten.
#[utoipa::path(delete, path = "/api/v1/channel/secrets/{id}", tag = "channel", operation_id = "site_retire_secret", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
async fn retire_secret(State(app): State<App>, caller: Caller, Id(id): Id<SecretId>) -> Result<StatusCode> {
    app.db.write(move |tx| secret::retire(tx, &caller, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
#[schema(as = SiteLogoAnswer)]
struct LogoAnswer {
    logo: Logo,
}

/// Upload a logo: PNG, JPEG or WebP, at most 5 MiB and 8192 pixels a side. It is encoded anew, at most 512 pixels a side, and shown once
/// the site is saved with it; one that no site shows goes after a day.
#[utoipa::path(post, path = "/api/v1/channel/sites/{key}/logo", tag = "channel", operation_id = "site_upload_logo",
    params(("key" = String, Path, description = "the id of the site")), request_body(content = Vec<u8>, content_type = "image/*"),
    responses((status = 201, body = LogoAnswer), (status = "default", body = Problem)))]
async fn upload_logo(
    State(app): State<App>,
    caller: Caller,
    Id(site): Id<SiteId>,
    key: OnceKey,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer> {
    let admitted = async {
        let format = logos::declared(file::declared_type(&headers))?;
        file::check_length(&headers, logos::HEAVIEST)?;
        app.db.require_room().await?;
        app.db.read(move |tx| logos::check_room(tx, site)).await?;
        Ok(format)
    };
    let (format, mut received) = file::receive_admitted(&app, admitted.await, body, logos::HEAVIEST).await?;
    let _place = app.files.place()?;
    let once = key.with_digest((), std::mem::take(&mut received.digest));
    if let Some(answer) = once.find(&app.db).await? {
        return Ok(answer);
    }
    file::check_for_viruses(&app, &caller, ("site", &site.to_string()), &received).await?;
    let content = Arc::new(logos::put(&app, format, received).await?);
    keep_logo(&app, caller, site, once, content).await
}

/// Writes the row of what was stored, once; what no row came of is taken back.
async fn keep_logo(app: &App, caller: Caller, site: SiteId, once: Once<()>, content: Arc<Content>) -> Result<Answer> {
    let for_unit = content.clone();
    let unit = move |tx: &mut Tx| {
        let mut is_kept = false;
        let answer = once.run(tx, |tx, ()| {
            let logo = logos::keep(tx, &caller, site, &for_unit)?;
            is_kept = true;
            Answer::new(StatusCode::CREATED, &LogoAnswer { logo })
        })?;
        Ok((answer, is_kept))
    };
    let kept = app.db.write(unit).await;
    let is_refused = match &kept {
        Ok((_, is_kept)) => !is_kept,
        // Whether a unit whose database went away has committed, nobody knows.
        Err(error) => !matches!(error.kind(), Kind::Unavailable | Kind::Internal),
    };
    if is_refused {
        content.discard(&app.blobs).await;
    }
    kept.map(|(answer, _)| answer)
}

/// A logo, for everybody. What an address leads to never changes.
#[utoipa::path(get, path = "/api/v1/channel/logos/{id}", tag = "channel", operation_id = "site_logo", params(("id" = String, Path)),
    responses((status = 200, content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"))), (status = "default", body = Problem)))]
async fn logo(State(app): State<App>, Id(id): Id<String>) -> Result<Response> {
    let found = logos::fetch(&app, id).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_str(&found.media_type).map_err(Error::internal)?),
        (header::CONTENT_LENGTH, HeaderValue::from(found.bytes)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("inline")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    let content = found.content.inspect_err(|error| tracing::warn!(%error, "the content of a logo broke off"));
    Ok((headers, Body::from_stream(content)).into_response())
}
