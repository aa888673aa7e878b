//! Calls about one's own second factor.
use crate::{
    App,
    auth::{
        factor::{self, FactorState},
        totp::Offer,
    },
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use yingda_base::{
    Result, Tx,
    http::{Answer, Caller, Input, OnceKey, Problem},
};

/// What one has of a second factor.
#[utoipa::path(get, path = "/api/v1/auth/second-factor", tag = "auth", operation_id = "second_factor_state",
    responses((status = 200, body = FactorState), (status = "default", body = Problem)))]
pub async fn state(State(app): State<App>, caller: Caller) -> Result<Json<FactorState>> {
    Ok(Json(factor::state(&app, &caller).await?))
}

#[derive(Serialize, ToSchema)]
pub struct OfferAnswer {
    /// To be typed into an authenticator.
    secret: String,
    /// The same as an `otpauth:` address.
    uri: String,
    /// The address as a QR code: a row of `0` and `1` for each line of modules, without the quiet zone.
    qr: Vec<String>,
}

/// Begin to set up an authenticator. What one had counts on until the new one is confirmed.
#[utoipa::path(post, path = "/api/v1/auth/second-factor", tag = "auth", operation_id = "second_factor_offer",
    responses((status = 200, body = OfferAnswer), (status = "default", body = Problem)))]
pub async fn offer(State(app): State<App>, caller: Caller) -> Result<Json<OfferAnswer>> {
    let Offer { secret, uri, qr } = factor::offer(&app, &caller).await?;
    Ok(Json(OfferAnswer { secret, uri, qr }))
}

#[derive(Deserialize, ToSchema)]
pub struct ConfirmBody {
    /// The first code the authenticator shows.
    code: String,
}

#[derive(Serialize, ToSchema)]
pub struct CodesAnswer {
    /// Shown this once; absent when the call is repeated under its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    codes: Option<Vec<String>>,
}

/// Confirm an authenticator by its first code. Ends one's other sessions; answers the recovery codes.
#[utoipa::path(put, path = "/api/v1/auth/second-factor", tag = "auth", operation_id = "second_factor_confirm", request_body = ConfirmBody,
    responses((status = 200, body = CodesAnswer), (status = "default", body = Problem)))]
pub async fn confirm(State(app): State<App>, caller: Caller, Input(body): Input<ConfirmBody>) -> Result<Json<CodesAnswer>> {
    Ok(Json(CodesAnswer { codes: Some(factor::confirm(&app, &caller, body.code).await?) }))
}

/// Do without a second factor, where no setting asks for one.
#[utoipa::path(delete, path = "/api/v1/auth/second-factor", tag = "auth", operation_id = "second_factor_remove",
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn remove(State(app): State<App>, caller: Caller) -> Result<StatusCode> {
    factor::remove(&app, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Get new recovery codes; those before are over.
#[utoipa::path(post, path = "/api/v1/auth/second-factor/codes", tag = "auth", operation_id = "second_factor_renew_codes",
    responses((status = 200, body = CodesAnswer), (status = "default", body = Problem)))]
pub async fn renew_codes(State(app): State<App>, caller: Caller, key: OnceKey) -> Result<Answer> {
    let once = key.with((), b"");
    let renew = move |tx: &mut Tx| {
        once.run(tx, |tx, ()| {
            let shown = CodesAnswer { codes: Some(factor::renew_codes(tx, &caller)?) };
            Answer::new(StatusCode::OK, &shown)?.remembered_as(&CodesAnswer { codes: None })
        })
    };
    app.db.write(renew).await
}
