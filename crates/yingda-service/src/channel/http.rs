//! Calls about sites.
use super::{
    actions::{self, NewSite, PublicSite, SiteChange},
    history::{self, SiteEvent},
    model::{SecretId, Site, SiteId},
    secret::{self, Secret},
};
use crate::{App, auth::permission};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use yingda_base::{
    Result, Tx,
    http::{Answer, Caller, Id, Input, Limit, Once, Params, Problem, Routes, Rule},
};

/// Sites, for visitors and for those who manage them.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(list), Rule::staff(permission::SITE_MANAGE).limit(Limit::Read))
        .add(routes!(create), Rule::staff(permission::SITE_MANAGE).audit("site.create", "site"))
        .add(routes!(get), Rule::public().limit(Limit::Entry))
        .add(routes!(update), Rule::staff(permission::SITE_MANAGE).audit("site.update", "site"))
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
