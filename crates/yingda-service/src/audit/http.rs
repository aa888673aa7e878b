//! Reading the audit log, taking it out, looking at its chain.
use super::{
    actions,
    export::{self, ExportFormat},
    model::{AuditPerson, AuditRow, AuditWords, ChainPart, ChainState},
    search::Wanted,
};
use crate::{
    App,
    auth::permission,
    page::{self, Page},
};
use axum::{
    Extension, Json,
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::IntoResponse,
};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use yingda_base::{
    Result,
    http::{Caller, Input, Limit, Params, Problem, RequestInfo, Routes, Rule},
};

/// The log, for audit administrators.
pub fn routes() -> Routes<App> {
    let look = Rule::staff(permission::AUDIT_VIEW).limit(Limit::Read);
    Routes::default()
        .add(routes!(list), look)
        .add(routes!(words), look)
        .add(routes!(people), look)
        .add(routes!(chain), look)
        .add(routes!(check), look)
        .add(routes!(take_out), Rule::staff(permission::AUDIT_VIEW).limit(Limit::Costly).step_up().audit("audit.export", "audit"))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PageParams {
    /// `next` of the page before.
    after: Option<String>,
    /// 1–200, 50 unless said.
    limit: Option<i64>,
}

/// The audit log, the newest first. A page may hold fewer than asked for and still have a `next`: how much is looked at is bounded.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", operation_id = "audit_list", params(Wanted, PageParams),
    responses((status = 200, body = Page<AuditRow>), (status = "default", body = Problem)))]
async fn list(
    State(app): State<App>,
    Extension(info): Extension<RequestInfo>,
    Params(wanted): Params<Wanted>,
    Params(params): Params<PageParams>,
) -> Result<Json<Page<AuditRow>>> {
    let limit = page::limit(params.limit)?;
    let (items, next) = actions::list(&app, &wanted, params.after.as_deref(), limit, info.language).await?;
    Ok(Json(Page { items, next }))
}

/// The words for actions and objects.
#[utoipa::path(get, path = "/api/v1/audit/words", tag = "audit", operation_id = "audit_words",
    responses((status = 200, body = AuditWords), (status = "default", body = Problem)))]
async fn words(Extension(info): Extension<RequestInfo>) -> Json<AuditWords> {
    Json(actions::words(info.language))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PeopleParams {
    /// A part of the name or login.
    #[serde(default)]
    text: String,
}

#[derive(Serialize, ToSchema)]
struct AuditPeople {
    items: Vec<AuditPerson>,
}

/// Accounts by a part of their name or login, for the filter; at most twenty.
#[utoipa::path(get, path = "/api/v1/audit/people", tag = "audit", operation_id = "audit_people", params(PeopleParams),
    responses((status = 200, body = AuditPeople), (status = "default", body = Problem)))]
async fn people(State(app): State<App>, Params(params): Params<PeopleParams>) -> Result<Json<AuditPeople>> {
    Ok(Json(AuditPeople { items: actions::people(&app, &params.text).await? }))
}

/// How far the log is sealed and anchored.
#[utoipa::path(get, path = "/api/v1/audit/chain", tag = "audit", operation_id = "audit_chain",
    responses((status = 200, body = ChainState), (status = "default", body = Problem)))]
async fn chain(State(app): State<App>) -> Result<Json<ChainState>> {
    Ok(Json(actions::chain(&app).await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CheckParams {
    /// The first place.
    from: i64,
    /// The last.
    to: i64,
}

/// Walk the chain between two places. Anchors are not looked at: `yingda verify` does that.
#[utoipa::path(get, path = "/api/v1/audit/chain/check", tag = "audit", operation_id = "audit_chain_check", params(CheckParams),
    responses((status = 200, body = ChainPart), (status = "default", body = Problem)))]
async fn check(
    State(app): State<App>,
    Extension(info): Extension<RequestInfo>,
    Params(params): Params<CheckParams>,
) -> Result<Json<ChainPart>> {
    Ok(Json(actions::check(&app, params.from, params.to, info.language).await?))
}

#[derive(Deserialize, ToSchema)]
struct ExportBody {
    /// Which kind of file.
    format: ExportFormat,
    /// What to take out, as in the list.
    #[serde(flatten)]
    wanted: Wanted,
}

/// Take the log out as a file of any length; the call itself stands in the log.
#[utoipa::path(post, path = "/api/v1/audit/export", tag = "audit", operation_id = "audit_export", request_body = ExportBody,
    responses((status = 200, content((String = "text/csv"), (String = "application/jsonl"))), (status = "default", body = Problem)))]
async fn take_out(
    State(app): State<App>,
    caller: Caller,
    Extension(info): Extension<RequestInfo>,
    Input(body): Input<ExportBody>,
) -> Result<impl IntoResponse> {
    let name = format!("attachment; filename=\"audit-{}.{}\"", app.context.clock.now().in_name(), body.format.as_str());
    let media_type = body.format.media_type();
    let export = export::begin(&app, &caller, body.wanted, body.format, info.language).await?;
    // A piece is made when the one before it has gone out: a slow reader holds nothing up and nothing in memory. An error cuts the file off,
    // so that half a file is not taken for a whole one.
    let pieces = stream::try_unfold(export, async |mut export| {
        let piece = export.piece().await.inspect_err(|error| tracing::warn!(%error, "an export of the audit log was cut off"))?;
        Ok::<_, yingda_base::Error>(piece.map(|piece| (Bytes::from(piece), export)))
    });
    Ok(([(header::CONTENT_TYPE, media_type), (header::CONTENT_DISPOSITION, name.as_str())], Body::from_stream(pieces)).into_response())
}
