//! Calls about images.
use super::{fetch as shown, image, model::File, upload as taken};
use crate::{App, auth::permission};
use ::image::ImageFormat;
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use yingda_base::{
    Error, Millis, Result, Tx,
    error::Kind,
    http::{Answer, Caller, Id, Limit, OnceKey, Params, Problem, Routes, Rule},
};

/// How long a refused upload is listened to.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is read of an upload that was refused; whoever sends more is cut off.
const DRAINED: usize = 64 * 1024 * 1024;

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
    key: OnceKey,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer> {
    let most = usize::try_from(app.settings.global(&super::IMAGE_MB)).map_err(Error::internal)? * 1024 * 1024;
    let format = match admit(&app, &caller, &params.conversation, &headers, most).await {
        Ok(admitted) => admitted,
        Err(error) => {
            drain(body).await;
            return Err(error);
        }
    };
    let held = app.files.budget.read(body, &headers, most).await?;
    // Only now: whoever sends slowly must not keep others from the decoders.
    let _place = app.files.place()?;
    let bytes = held.bytes.clone();
    let once = key.with(params.conversation, &bytes);
    if let Some(answer) = once.find(&app.db).await? {
        return Ok(answer);
    }
    let stored = taken::store_image(&app, format, bytes).await?;
    let keep = move |tx: &mut Tx| {
        once.run(tx, |tx, conversation| {
            let file = taken::keep(tx, &caller, conversation, &stored)?;
            Answer::new(StatusCode::CREATED, &FileAnswer { file: file.into() })
        })
    };
    app.db.write(keep).await
}

/// What can be said before the body is read.
async fn admit(app: &App, caller: &Caller, conversation: &str, headers: &HeaderMap, most: usize) -> Result<ImageFormat> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let format = image::declared(text(header::CONTENT_TYPE).unwrap_or_default())?;
    if text(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    taken::check_upload(app, caller, conversation).await?;
    Ok(format)
}

fn too_large(most: usize) -> Error {
    Error::new(Kind::TooLarge, "body_too_large").with("limit", most)
}

/// Reads on without keeping anything: a browser that is still sending when we hang up never sees the reason.
async fn drain(body: Body) {
    let mut stream = body.into_data_stream();
    let mut left = DRAINED;
    let all = async {
        while let Some(Ok(chunk)) = stream.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
    };
    if tokio::time::timeout(PATIENCE, all).await.is_err() {
        tracing::debug!("a refused upload was too slow to be read to its end");
    }
}

#[derive(Serialize, ToSchema)]
struct LinkAnswer {
    url: String,
    /// A small copy of an image, for lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_url: Option<String>,
    expires_at: Millis,
}

/// Fresh addresses of a file in a conversation one may see.
#[utoipa::path(post, path = "/api/v1/file/{id}/link", tag = "file", operation_id = "file_link", params(("id" = String, Path)),
    responses((status = 200, body = LinkAnswer), (status = "default", body = Problem)))]
async fn link(State(app): State<App>, caller: Caller, Id(id): Id<String>) -> Result<Json<LinkAnswer>> {
    let shown::Addresses { url, thumbnail_url, expires_at } = shown::link(&app, &caller, id).await?;
    Ok(Json(LinkAnswer { url, thumbnail_url, expires_at }))
}

/// The file behind an address.
#[utoipa::path(get, path = "/api/v1/file/c/{capability}", tag = "file", operation_id = "file_fetch", params(("capability" = String, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "image/*"), (status = "default", body = Problem)))]
async fn fetch(State(app): State<App>, Id(capability): Id<String>) -> Result<Response> {
    let found = shown::fetch(&app, &capability).await?;
    let seconds = (found.expires_at - app.context.clock.now()).as_secs();
    let text = |text: String| HeaderValue::from_str(&text).map_err(Error::internal);
    let headers = [
        (header::CONTENT_TYPE, text(found.media_type)?),
        (header::CONTENT_LENGTH, HeaderValue::from(found.bytes)),
        (header::CACHE_CONTROL, text(format!("private, max-age={seconds}, immutable"))?),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("inline")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    let content = found.content.inspect_err(|error| tracing::warn!(%error, "the content of a file broke off"));
    Ok((headers, Body::from_stream(content)).into_response())
}
