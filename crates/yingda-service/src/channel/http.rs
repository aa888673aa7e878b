//! Calls about sites.
use super::{
    actions::{self, NewSite, PublicSite, SiteChange},
    model::{Site, SiteId},
};
use crate::{App, auth::permission};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use yingda_base::{
    Result, Tx,
    http::{Answer, Caller, Id, Input, Limit, Once, Problem, Routes, Rule},
};

/// Sites, for visitors and for those who manage them.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(list), Rule::staff(permission::SITE_MANAGE).limit(Limit::Read))
        .add(routes!(create), Rule::staff(permission::SITE_MANAGE))
        .add(routes!(get), Rule::public().limit(Limit::Entry))
        .add(routes!(update), Rule::staff(permission::SITE_MANAGE))
}

#[derive(Serialize, ToSchema)]
struct SiteList {
    items: Vec<Site>,
}

#[derive(Serialize, ToSchema)]
struct SiteAnswer {
    site: Site,
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
#[utoipa::path(get, path = "/api/v1/channel/sites/{key}", tag = "channel", operation_id = "site_get", params(("key" = String, Path)),
    responses((status = 200, body = PublicSiteAnswer), (status = "default", body = Problem)))]
async fn get(State(app): State<App>, Id(key): Id<String>) -> Result<impl IntoResponse> {
    // The loader reads it from the operator's own pages. It is public and the same for everybody, so any origin may.
    let site = actions::get_public(&app, key).await?;
    Ok(([(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], Json(PublicSiteAnswer { site })))
}

/// Change a site.
#[utoipa::path(patch, path = "/api/v1/channel/sites/{key}", tag = "channel", operation_id = "site_update",
    params(("key" = String, Path, description = "the id of the site")), request_body = SiteChange,
    responses((status = 200, body = SiteAnswer), (status = "default", body = Problem)))]
async fn update(State(app): State<App>, caller: Caller, Id(id): Id<SiteId>, Input(change): Input<SiteChange>) -> Result<Json<SiteAnswer>> {
    Ok(Json(SiteAnswer { site: actions::update(&app, &caller, id, change).await? }))
}
