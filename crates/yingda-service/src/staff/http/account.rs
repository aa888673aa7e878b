//! Calls about accounts.
use crate::{
    App,
    auth::{GroupId, StaffId},
    page::{self, Page},
    staff::{
        account::{self, NewStaff, StaffChange},
        model::Staff,
        rights::{self, RightsChange},
        store::Listing,
    },
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use yingda_base::{
    Result, Tx,
    http::{Answer, Caller, Id, Input, Once, OnceKey, Params, Problem},
};

#[derive(Serialize, ToSchema)]
pub struct StaffAnswer {
    staff: Staff,
    /// The one-time password, shown this once; absent when the call is repeated under its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// `next` of the page before.
    after: Option<String>,
    /// 1–200, 50 unless said.
    limit: Option<i64>,
    /// Only those whose login or name begins so.
    search: Option<String>,
    /// Only active ones, or only the others.
    is_active: Option<bool>,
    /// Only members of this skill group.
    #[param(value_type = Option<String>)]
    group: Option<GroupId>,
}

/// Accounts, by login.
#[utoipa::path(get, path = "/api/v1/staff", tag = "staff", operation_id = "staff_list", params(ListParams),
    responses((status = 200, body = Page<Staff>), (status = "default", body = Problem)))]
pub async fn list(State(app): State<App>, caller: Caller, Params(params): Params<ListParams>) -> Result<Json<Page<Staff>>> {
    let ListParams { after, limit, search, is_active, group } = params;
    let prefix = search.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let listing = Listing { after, prefix, is_active, group, limit: page::limit(limit)? };
    let (items, next) = account::list(&app, &caller, listing).await?;
    Ok(Json(Page { items, next }))
}

/// Make an account.
#[utoipa::path(post, path = "/api/v1/staff", tag = "staff", operation_id = "staff_create", request_body = NewStaff,
    responses((status = 201, body = StaffAnswer), (status = "default", body = Problem)))]
pub async fn create(State(app): State<App>, caller: Caller, once: Once<NewStaff>) -> Result<Answer> {
    if let Some(answer) = once.find(&app.db).await? {
        return Ok(answer);
    }
    let prepared = account::prepare(&app, &caller, &once.input).await?;
    let make = move |tx: &mut Tx| {
        once.run(tx, |tx, new| {
            let staff = account::create(tx, &caller, new, &prepared)?;
            let shown = StaffAnswer { staff, secret: prepared.secret.clone() };
            Answer::new(StatusCode::CREATED, &shown)?.remembered_as(&StaffAnswer { secret: None, ..shown })
        })
    };
    app.db.write(make).await
}

/// One account.
#[utoipa::path(get, path = "/api/v1/staff/{id}", tag = "staff", operation_id = "staff_get", params(("id" = String, Path)),
    responses((status = 200, body = StaffAnswer), (status = "default", body = Problem)))]
pub async fn get(State(app): State<App>, caller: Caller, Id(id): Id<StaffId>) -> Result<Json<StaffAnswer>> {
    Ok(Json(StaffAnswer { staff: account::get(&app, &caller, id).await?, secret: None }))
}

/// Change an account.
#[utoipa::path(patch, path = "/api/v1/staff/{id}", tag = "staff", operation_id = "staff_update", params(("id" = String, Path)),
    request_body = StaffChange, responses((status = 200, body = StaffAnswer), (status = "default", body = Problem)))]
pub async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<StaffId>,
    Input(change): Input<StaffChange>,
) -> Result<Json<StaffAnswer>> {
    Ok(Json(StaffAnswer { staff: account::update(&app, &caller, id, change).await?, secret: None }))
}

/// Change what somebody may do and see.
#[utoipa::path(put, path = "/api/v1/staff/{id}/rights", tag = "staff", operation_id = "staff_set_rights", params(("id" = String, Path)),
    request_body = RightsChange, responses((status = 200, body = StaffAnswer), (status = "default", body = Problem)))]
pub async fn set_rights(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<StaffId>,
    Input(change): Input<RightsChange>,
) -> Result<Json<StaffAnswer>> {
    Ok(Json(StaffAnswer { staff: rights::set(&app, &caller, id, change).await?, secret: None }))
}

#[derive(Serialize, ToSchema)]
pub struct SecretAnswer {
    /// The one-time password, shown this once; absent when the call is repeated under its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// Give an account a one-time password; logs the person out.
#[utoipa::path(post, path = "/api/v1/staff/{id}/password", tag = "staff", operation_id = "staff_reset_password",
    params(("id" = String, Path)), responses((status = 200, body = SecretAnswer), (status = "default", body = Problem)))]
pub async fn reset_password(State(app): State<App>, caller: Caller, Id(id): Id<StaffId>, key: OnceKey) -> Result<Answer> {
    let once = key.with((), b"");
    if let Some(answer) = once.find(&app.db).await? {
        return Ok(answer);
    }
    let password = account::one_time(&app).await?;
    let reset = move |tx: &mut Tx| {
        once.run(tx, |tx, _| {
            account::reset_password(tx, &caller, id, &password)?;
            let shown = SecretAnswer { secret: Some(password.secret.clone()) };
            Answer::new(StatusCode::OK, &shown)?.remembered_as(&SecretAnswer { secret: None })
        })
    };
    app.db.write(reset).await
}
