//! Reading the audit log.
use super::{
    actions,
    model::{AuditRow, Listing, Outcome},
};
use crate::{
    App,
    auth::{StaffId, permission},
    page::{self, Page},
};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;
use yingda_base::{
    Error, Result,
    http::{Limit, Params, Problem, Routes, Rule},
};

/// The log, for audit administrators.
pub fn routes() -> Routes<App> {
    Routes::default().add(routes!(list), Rule::staff(permission::AUDIT_VIEW).limit(Limit::Read))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// `next` of the page before.
    after: Option<String>,
    /// 1–200, 50 unless said.
    limit: Option<i64>,
    /// Only actions that begin so: `staff.create`, `staff.`.
    action: Option<String>,
    /// Only what this member of staff did.
    #[param(value_type = Option<String>)]
    actor: Option<StaffId>,
    /// `done` or `refused`.
    result: Option<Outcome>,
}

/// The audit log, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", operation_id = "audit_list", params(ListParams),
    responses((status = 200, body = Page<AuditRow>), (status = "default", body = Problem)))]
async fn list(State(app): State<App>, Params(params): Params<ListParams>) -> Result<Json<Page<AuditRow>>> {
    let before = params.after.map(|after| after.parse().map_err(|_| Error::malformed("query_malformed").with("reason", "after")));
    let listing = Listing {
        before: before.transpose()?,
        action: params.action.filter(|action| !action.is_empty()),
        actor: params.actor.map(|actor| actor.0),
        result: params.result,
        limit: page::limit(params.limit)?,
    };
    let (items, next) = actions::list(&app, listing).await?;
    Ok(Json(Page { items, next }))
}
