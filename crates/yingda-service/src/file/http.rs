//! Calls about files.
use super::{
    fetch as shown,
    format::Format,
    image,
    model::{File, FileKind},
    name::{self, FileName},
    quota::Quota,
    receive::{check_length, declared_type, receive_admitted},
    scan,
    upload::{self as taken, Declared, Stored},
};
use crate::{App, auth::permission};
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
    Error, Millis, Result, Tx,
    error::Kind,
    http::{Answer, Caller, Id, Limit, Once, OnceKey, Params, Problem, Routes, Rule},
    setting::Setting,
};

/// Uploads, addresses, and what they lead to.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(
            routes!(upload_image),
            Rule::either(permission::CONVERSATION_SERVE).limit(Limit::Costly).no_audit("what is sent is an entry; what is not goes away"),
        )
        .add(
            routes!(upload_document),
            Rule::either(permission::CONVERSATION_SERVE).limit(Limit::Costly).no_audit("what is sent is an entry; what is not goes away"),
        )
        .add(routes!(rules), Rule::either(permission::CONVERSATION_VIEW).limit(Limit::Read))
        .add(routes!(link), Rule::either(permission::CONVERSATION_VIEW).limit(Limit::Read).no_audit("only looks"))
        .add(routes!(fetch), Rule::public().limit(Limit::Entry))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UploadParams {
    /// The conversation it will be sent in.
    conversation: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DocumentParams {
    /// The conversation it will be sent in.
    conversation: String,
    /// What it is called.
    name: String,
}

#[derive(Serialize, ToSchema)]
struct FileAnswer {
    file: FileView,
}

/// A file that was uploaded.
#[derive(Clone, Serialize, ToSchema)]
struct FileView {
    id: String,
    /// What it is called now. Not told again to a repeated call.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Of images.
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<i64>,
    /// Of images.
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<i64>,
    bytes: i64,
    media_type: String,
}

impl From<File> for FileView {
    fn from(file: File) -> FileView {
        let File { public_id, kind, name, width, height, bytes, media_type, .. } = file;
        let side = |side| (kind == FileKind::Image).then_some(side);
        FileView { id: public_id, name, width: side(width), height: side(height), bytes, media_type }
    }
}

/// Upload an image: PNG, JPEG, WebP or GIF, at most 10 MiB and 8192 pixels a side. It is checked and encoded anew.
#[utoipa::path(post, path = "/api/v1/file/images", tag = "file", operation_id = "file_upload_image", params(UploadParams),
    request_body(content = Vec<u8>, content_type = "image/*"),
    responses((status = 201, body = FileAnswer), (status = "default", body = Problem)))]
async fn upload_image(
    State(app): State<App>,
    caller: Caller,
    Params(UploadParams { conversation }): Params<UploadParams>,
    key: OnceKey,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer> {
    let declared = image::declared(declared_type(&headers)).map(Declared::Image);
    let most = mebibytes(&app, &super::IMAGE_MB)?;
    take(&app, Upload { caller, conversation, key, headers, most }, body, declared).await
}

/// Upload any other file of a type the operator allows (see `/api/v1/file/rules`). Its content is held against its name and type.
#[utoipa::path(post, path = "/api/v1/file/documents", tag = "file", operation_id = "file_upload_document", params(DocumentParams),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = FileAnswer), (status = "default", body = Problem)))]
async fn upload_document(
    State(app): State<App>,
    caller: Caller,
    Params(DocumentParams { conversation, name }): Params<DocumentParams>,
    key: OnceKey,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer> {
    let allowed = super::endings(&app.settings.global(&super::TYPES));
    let declared = FileName::clean(&name)
        .map_err(|error| error.with("types", allowed.join(", ")))
        .and_then(|name| Format::declared(&name, declared_type(&headers), &allowed).map(|format| Declared::Document(format, name)));
    let most = mebibytes(&app, &super::DOCUMENT_MB)?;
    take(&app, Upload { caller, conversation, key, headers, most }, body, declared).await
}

/// A call that brings a file.
struct Upload {
    caller: Caller,
    conversation: String,
    key: OnceKey,
    headers: HeaderMap,
    /// Bytes it may have.
    most: u64,
}

/// Lets an upload in, reads it, and keeps what it brought, once.
async fn take(app: &App, upload: Upload, body: Body, declared: Result<Declared>) -> Result<Answer> {
    let admitted = admit(app, &upload, declared).await;
    let Upload { caller, conversation, key, most, .. } = upload;
    let (declared, mut received) = receive_admitted(app, admitted, body, most).await?;
    // Only now: whoever sends slowly must not keep others from the decoders.
    let _place = app.files.place()?;
    let once = key.with_digest(conversation, std::mem::take(&mut received.digest));
    if let Some(answer) = once.find(&app.db).await? {
        return Ok(answer);
    }
    // First of all: what is known to be evil meets neither decoder nor unpacker.
    scan::check(app, &caller, ("conversation", &once.input), &received).await?;
    let stored = taken::put_in(app, declared, received).await?;
    keep(app, caller, once, stored).await
}

fn mebibytes(app: &App, setting: &'static Setting<i64>) -> Result<u64> {
    Ok(u64::try_from(app.settings.global(setting)).map_err(Error::internal)? * 1024 * 1024)
}

/// What can be said before the body is read.
async fn admit(app: &App, upload: &Upload, declared: Result<Declared>) -> Result<Declared> {
    let declared = declared?;
    check_length(&upload.headers, upload.most)?;
    app.db.require_room().await?;
    taken::check_upload(app, &upload.caller, &upload.conversation).await?;
    Ok(declared)
}

/// Writes the row of what was stored, once; what no row came of is taken back.
async fn keep(app: &App, caller: Caller, once: Once<String>, stored: Stored) -> Result<Answer> {
    let (quota, stored) = (Quota::of(&app.settings), Arc::new(stored));
    let for_unit = stored.clone();
    let unit = move |tx: &mut Tx| {
        let mut is_kept = false;
        let answer = once.run(tx, |tx, conversation| {
            let file = FileView::from(taken::keep(tx, &caller, conversation, quota, &for_unit)?);
            is_kept = true;
            // Names are what people wrote: they are kept with the entry and nowhere else.
            let nameless = FileAnswer { file: FileView { name: None, ..file.clone() } };
            Answer::new(StatusCode::CREATED, &FileAnswer { file })?.remembered_as(&nameless)
        })?;
        Ok((answer, is_kept))
    };
    let kept = app.db.write(unit).await;
    let is_refused = match &kept {
        Ok((_, is_kept)) => !is_kept,
        // Whether a unit whose database went away has committed, nobody knows.
        Err(error) => error.code().starts_with("file.quota") || !matches!(error.kind(), Kind::Unavailable | Kind::Internal),
    };
    if is_refused {
        stored.discard(&app.blobs).await;
    }
    kept.map(|(answer, _)| answer)
}

/// What may be sent.
#[derive(Serialize, ToSchema)]
struct RulesAnswer {
    /// Largest image, in MiB.
    image_mb: i64,
    /// Largest other file, in MiB.
    document_mb: i64,
    /// Which other files.
    types: Vec<Format>,
}

/// What may be sent: for the choice of files, and to say so before anything is sent.
#[utoipa::path(get, path = "/api/v1/file/rules", tag = "file", operation_id = "file_rules",
    responses((status = 200, body = RulesAnswer), (status = "default", body = Problem)))]
async fn rules(State(app): State<App>) -> Json<RulesAnswer> {
    let endings = super::endings(&app.settings.global(&super::TYPES));
    let types = endings.iter().filter_map(|ending| Format::of(ending)).copied().collect();
    Json(RulesAnswer { image_mb: app.settings.global(&super::IMAGE_MB), document_mb: app.settings.global(&super::DOCUMENT_MB), types })
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
    responses((status = 200, content((Vec<u8> = "image/*"), (Vec<u8> = "application/octet-stream"))), (status = "default", body = Problem)))]
async fn fetch(State(app): State<App>, Id(capability): Id<String>) -> Result<Response> {
    let found = shown::fetch(&app, &capability).await?;
    let seconds = (found.expires_at - app.context.clock.now()).as_secs();
    let text = |text: String| HeaderValue::from_str(&text).map_err(Error::internal);
    // Images were made by us, pixel by pixel. Anything else is a stranger's: it is saved under its name and never opened here.
    let (kind, disposition, kept) = match &found.name {
        None => (text(found.media_type)?, HeaderValue::from_static("inline"), text(format!("private, max-age={seconds}, immutable"))?),
        Some(name) => {
            let kind = HeaderValue::from_static("application/octet-stream");
            (kind, text(name::disposition(name))?, HeaderValue::from_static("private, no-store"))
        }
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_LENGTH, HeaderValue::from(found.bytes)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, kept),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    let content = found.content.inspect_err(|error| tracing::warn!(%error, "the content of a file broke off"));
    Ok((headers, Body::from_stream(content)).into_response())
}
