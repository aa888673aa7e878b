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
        ws::{CloseCode, CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code},
    },
    http::HeaderMap,
    response::Response,
};
use futures_util::SinkExt;
use std::time::Duration;
use tungstenite::error::ProtocolError;
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
/// How long the last words may take, the client's Close included.
const FAREWELL: Duration = Duration::from_secs(2);

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
    if !is_own_origin(&headers, info.is_tls) {
        return Err(Error::forbidden("origin_refused"));
    }
    let greeting = Greeting { credentials, address: caller.address, language: info.language };
    let socket =
        upgrade.read_buffer_size(BUFFER).write_buffer_size(BUFFER).max_write_buffer_size(4 * HARD_LIMIT).max_message_size(HARD_LIMIT);
    Ok(socket.on_upgrade(move |socket| async move {
        let (supervisor, stopping) = (app.supervisor.clone(), app.supervisor.stopping());
        supervisor.spawn("socket", connection::run(app, WebSocketTransport { socket, ending: Ending::Ours }, greeting, stopping));
    }))
}

/// How a socket came to its end, as far as its last words depend on it.
#[derive(Clone, Copy)]
enum Ending {
    /// By our will, or the client just vanished.
    Ours,
    /// The client said Close: it waits for ours.
    Theirs,
    /// The client broke the rules of RFC 6455; this code says which.
    Broken(CloseCode),
}

struct WebSocketTransport {
    socket: WebSocket,
    ending: Ending,
}

async fn patiently<E>(writing: impl Future<Output = std::result::Result<(), E>>) -> std::result::Result<(), Gone> {
    match tokio::time::timeout(PATIENCE, writing).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}

impl Transport for WebSocketTransport {
    async fn next(&mut self) -> Option<Incoming> {
        loop {
            match self.socket.recv().await {
                Some(Ok(Message::Text(text))) => return Some(Incoming::Text(text.as_str().to_owned())),
                Some(Ok(Message::Binary(_))) => return Some(Incoming::Binary),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_))) => {
                    self.ending = Ending::Theirs;
                    return None;
                }
                Some(Err(error)) => {
                    if let Some(code) = broken_rule(error) {
                        self.ending = Ending::Broken(code);
                    }
                    return None;
                }
                None => return None,
            }
        }
    }

    async fn feed(&mut self, frame: String) -> std::result::Result<(), Gone> {
        patiently(self.socket.feed(Message::Text(Utf8Bytes::from(frame)))).await
    }

    async fn flush(&mut self) -> std::result::Result<(), Gone> {
        patiently(self.socket.flush()).await
    }

    async fn close(mut self) {
        let farewell = async {
            let frame = match self.ending {
                Ending::Theirs => None,
                Ending::Ours => Some(Message::Close(None)),
                Ending::Broken(code) => Some(Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::default() }))),
            };
            if let Some(frame) = frame {
                self.socket.send(frame).await?;
            }
            // Reading on sends the answer to a Close and takes what the client has still under way: hanging up on unread bytes would reset the
            // connection and take our last words with it.
            while let Some(rest) = self.socket.recv().await {
                rest?;
            }
            Ok::<(), axum::Error>(())
        };
        // The client may be gone already, or never say Close: nobody is owed more than this.
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    }
}

/// Which rule a client broke, if it was that and not the network.
fn broken_rule(error: axum::Error) -> Option<CloseCode> {
    use tungstenite::{Error, error::CapacityError};
    match error.into_inner().downcast_ref::<Error>()? {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some(close_code::PROTOCOL),
        Error::Utf8(_) => Some(close_code::INVALID),
        Error::Capacity(CapacityError::MessageTooLong { .. } | CapacityError::TooManyHeaders) => Some(close_code::SIZE),
        _ => None,
    }
}
