//! A body as it comes, into a file without a name: never whole in memory, never longer than allowed, nothing left if it breaks off.
use crate::App;
use axum::{
    body::{Body, BodyDataStream},
    http::{HeaderMap, header},
};
use bytes::Bytes;
use futures_util::StreamExt;
use std::{fs::File, io::Write, time::Duration};
use yingda_base::{
    Error, Result,
    blob::{Blobs, unwritable},
    error::Kind,
    http::BodyDigest,
};

/// Nothing for so long ends an upload.
const SILENCE: Duration = Duration::from_secs(20);
/// What every upload gets, however slow.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes a second above which it gets more.
const SLOWEST: u64 = 32 * 1024;
/// What is read of an upload that was refused; whoever sends more is cut off.
const DRAINED: usize = 64 * 1024 * 1024;

/// What came.
pub struct Received {
    /// Its bytes; they vanish with this handle.
    pub content: File,
    /// How many.
    pub bytes: u64,
    /// For the key of its call.
    pub digest: BodyDigest,
}

/// Reads the body of an upload that was let in; of a refused one the rest is read too, so that whoever sends it sees the reason. Codes: why it
/// was refused, `busy`, those of [`receive`].
pub async fn receive_admitted<T>(app: &App, admitted: Result<T>, body: Body, most: u64) -> Result<(T, Received)> {
    let (admitted, _reading) = match admitted.and_then(|admitted| Ok((admitted, app.files.reading()?))) {
        Ok(admitted) => admitted,
        Err(error) => {
            drain(body.into_data_stream()).await;
            return Err(error);
        }
    };
    Ok((admitted, receive(&app.blobs, body, most).await?))
}

/// Refuses what says itself that it is too long. Code: `body_too_large`.
pub fn check_length(headers: &HeaderMap, most: u64) -> Result<()> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > most) { Err(too_large(most)) } else { Ok(()) }
}

/// The declared type.
pub fn declared_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Reads a body of at most `most` bytes, whatever its headers said. Codes: `body_too_large`, `file.upload_slow`, `file.upload_broken`,
/// `blob.full`.
async fn receive(blobs: &Blobs, body: Body, most: u64) -> Result<Received> {
    let mut stream = body.into_data_stream();
    let store = blobs.clone();
    let mut content = tokio::task::spawn_blocking(move || store.scratch()).await.map_err(Error::internal)??;
    let (mut bytes, mut digest, began) = (0_u64, BodyDigest::default(), tokio::time::Instant::now());
    loop {
        let until = (began + PATIENCE + Duration::from_secs(bytes / SLOWEST)).min(tokio::time::Instant::now() + SILENCE);
        let slow = |_| Error::malformed("file.upload_slow");
        let Some(chunk) = tokio::time::timeout_at(until, stream.next()).await.map_err(slow)? else { break };
        let chunk = chunk.map_err(|cause| Error::malformed("file.upload_broken").caused_by(cause))?;
        bytes += chunk.len() as u64;
        if bytes > most {
            drain(stream).await;
            return Err(too_large(most));
        }
        digest.update(&chunk);
        content = write(content, chunk).await?;
    }
    Ok(Received { content, bytes, digest })
}

async fn write(mut content: File, chunk: Bytes) -> Result<File> {
    let written = tokio::task::spawn_blocking(move || content.write_all(&chunk).map(|()| content));
    written.await.map_err(Error::internal)?.map_err(unwritable)
}

/// The answer to more than `most` bytes.
pub fn too_large(most: u64) -> Error {
    Error::new(Kind::TooLarge, "body_too_large").with("limit", most)
}

/// Reads on without keeping anything: a browser that is still sending when we hang up never sees the reason.
async fn drain(mut stream: BodyDataStream) {
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
