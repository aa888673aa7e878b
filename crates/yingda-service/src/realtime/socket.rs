//! The WebSocket.
use super::{
    connection::{self, Greeting},
    transport::{Gone, Incoming, Transport},
};
use crate::App;
use axum::{
    Extension,
    extract::{
        State,
        ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    },
    http::HeaderMap,
    response::Response,
};
use std::time::Duration;
use yingda_base::{
    Error, Result,
    http::{Caller, Credentials, Problem, RequestInfo, is_own_origin},
};

/// A longer message closes the socket at once.
const HARD_LIMIT: usize = 1024 * 1024;
/// Small buffers: a thousand idle sockets cost 9 KiB each instead of 136.
const BUFFER: usize = 4096;
/// How long a slow client may hold up one frame.
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens the socket; frames follow docs/protocol.md.
#[utoipa::path(get, path = "/api/v1/socket", tag = "realtime", operation_id = "realtime_socket",
    responses((status = 101, description = "the WebSocket"), (status = "default", body = Problem)))]
pub(super) async fn open(
    State(app): State<App>,
    caller: Caller,
    Extension(credentials): Extension<Credentials>,
    Extension(info): Extension<RequestInfo>,
    headers: HeaderMap,
    upgrade: std::result::Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response> {
    let upgrade = upgrade.map_err(|_| Error::malformed("upgrade_expected"))?;
    if !is_own_origin(&headers) {
        return Err(Error::forbidden("origin_refused"));
    }
    let greeting = Greeting { credentials, address: caller.address, language: info.language };
    let socket =
        upgrade.read_buffer_size(BUFFER).write_buffer_size(BUFFER).max_write_buffer_size(4 * HARD_LIMIT).max_message_size(HARD_LIMIT);
    Ok(socket.on_upgrade(move |socket| async move {
        let (supervisor, stopping) = (app.supervisor.clone(), app.supervisor.stopping());
        supervisor.spawn("socket", connection::run(app, WebSocketTransport(socket), greeting, stopping));
    }))
}

struct WebSocketTransport(WebSocket);

impl Transport for WebSocketTransport {
    async fn next(&mut self) -> Option<Incoming> {
        loop {
            match self.0.recv().await {
                Some(Ok(Message::Text(text))) => return Some(Incoming::Text(text.as_str().to_owned())),
                Some(Ok(Message::Binary(_))) => return Some(Incoming::Binary),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            }
        }
    }

    async fn send(&mut self, frame: String) -> std::result::Result<(), Gone> {
        let sending = self.0.send(Message::Text(Utf8Bytes::from(frame)));
        match tokio::time::timeout(PATIENCE, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }

    async fn close(mut self) {
        // The client may be gone already; there is nobody left to tell.
        let _ = tokio::time::timeout(Duration::from_secs(2), self.0.send(Message::Close(None))).await;
    }
}
