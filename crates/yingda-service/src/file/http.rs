//! Calls about images.
use super::{actions, image, model::File};
use crate::{App, auth::permission};
use axum::{
    Json,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use yingda_base::{
    Error, Millis, Result,
    error::Kind,
    http::{Caller, Id, Limit, Params, Problem, Routes, Rule},
};

/// What an upload may weigh.
const MAX_BYTES: usize = 10 * 1024 * 1024;
/// How long an upload may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Uploads, addresses, and what they lead to.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(upload), Rule::either(permission::CONVERSATION_SERVE).limit(Limit::Costly))
        .add(routes!(link), Rule::either(permission::CONVERSATION_VIEW).limit(Limit::Read))
        .add(routes!(fetch), Rule::public().limit(Limit::Entry))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UploadParams {
    /// The conversation it will be sent in.
    conversation: String,
}

#[derive(Serialize, ToSchema)]
struct FileAnswer {
    file: FileView,
}

/// An image that was uploaded.
#[derive(Serialize, ToSchema)]
struct FileView {
    id: String,
    width: i64,
    height: i64,
    bytes: i64,
    media_type: String,
}

impl From<File> for FileView {
    fn from(file: File) -> FileView {
        let File { public_id, width, height, bytes, media_type, .. } = file;
        FileView { id: public_id, width, height, bytes, media_type }
    }
}

/// Upload an image: PNG, JPEG, WebP or GIF, at most 10 MiB and 8192 pixels a side. It is checked and encoded anew.
#[utoipa::path(post, path = "/api/v1/file/images", tag = "file", operation_id = "file_upload_image", params(UploadParams),
    request_body(content = Vec<u8>, content_type = "image/*"),
    responses((status = 201, body = FileAnswer), (status = "default", body = Problem)))]
async fn upload(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<UploadParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<FileAnswer>)> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let format = image::declared(text(header::CONTENT_TYPE).unwrap_or_default())?;
    let too_large = || Error::new(Kind::TooLarge, "body_too_large").with("limit", MAX_BYTES);
    if text(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > MAX_BYTES) {
        return Err(too_large());
    }
    actions::check_upload(&app, &caller, &params.conversation).await?;
    let _place = app.files.place()?;
    let read = tokio::time::timeout(PATIENCE, to_bytes(body, MAX_BYTES));
    let bytes = read.await.map_err(|_| Error::malformed("file.upload_slow"))?.map_err(|_| too_large())?;
    let file = actions::upload(&app, &caller, params.conversation, format, bytes).await?;
    Ok((StatusCode::CREATED, Json(FileAnswer { file: file.into() })))
}

#[derive(Serialize, ToSchema)]
struct LinkAnswer {
    url: String,
    expires_at: Millis,
}

/// A fresh address of an image in a conversation one may see.
#[utoipa::path(post, path = "/api/v1/file/{id}/link", tag = "file", operation_id = "file_link", params(("id" = String, Path)),
    responses((status = 200, body = LinkAnswer), (status = "default", body = Problem)))]
async fn link(State(app): State<App>, caller: Caller, Id(id): Id<String>) -> Result<Json<LinkAnswer>> {
    let (url, expires_at) = actions::link(&app, &caller, id).await?;
    Ok(Json(LinkAnswer { url, expires_at }))
}

/// The image behind an address.
#[utoipa::path(get, path = "/api/v1/file/c/{capability}", tag = "file", operation_id = "file_fetch", params(("capability" = String, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "image/*"), (status = "default", body = Problem)))]
async fn fetch(State(app): State<App>, Id(capability): Id<String>) -> Result<Response> {
    let (file, expires_at, bytes) = actions::fetch(&app, &capability).await?;
    let seconds = (expires_at - app.context.clock.now()).as_secs();
    let text = |text: String| HeaderValue::from_str(&text).map_err(Error::internal);
    let headers = [
        (header::CONTENT_TYPE, text(file.media_type)?),
        (header::CACHE_CONTROL, text(format!("private, max-age={seconds}, immutable"))?),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("inline")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Ok((headers, bytes).into_response())
}
