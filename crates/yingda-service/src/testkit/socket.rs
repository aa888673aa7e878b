//! A socket as one client speaks it.
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};

/// How long a test waits for a frame that must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A socket. It answers pings by itself; frames that were not waited for are kept.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What came and was not asked for.
    pub seen: Vec<Value>,
    /// Everything that ever came, pings too, as it stood on the wire.
    pub log: Vec<String>,
    beats: i64,
}

impl Socket {
    pub(super) async fn connect(address: SocketAddr, bench: Option<&str>) -> Socket {
        let mut request = format!("ws://{address}/api/v1/socket").into_client_request().expect("an address");
        if let Some(bench) = bench {
            request.headers_mut().insert("x-yingda-bench", bench.parse().expect("a token"));
        }
        let (stream, _) = tokio_tungstenite::connect_async(request).await.expect("the socket opens");
        Socket { stream, seen: Vec::new(), log: Vec::new(), beats: 0 }
    }

    /// Sends a frame; `v` is added.
    pub(crate) async fn send(&mut self, mut frame: Value) {
        frame["v"] = json!(1);
        self.send_text(frame.to_string()).await;
    }

    /// Sends any text.
    pub(crate) async fn send_text(&mut self, text: String) {
        self.stream.send(Message::text(text)).await.expect("the socket takes a frame");
    }

    /// Says something in a conversation.
    pub(crate) async fn say(&mut self, conversation: &str, client_id: &str, text: &str) {
        self.send(json!({"type": "send", "conversation": conversation, "client_id": client_id, "kind": "text", "body": {"text": text}}))
            .await;
    }

    /// The next frame; `None` when the socket has ended.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            let frame = self.receive().await?;
            if frame["type"] != "ping" {
                return Some(frame);
            }
        }
    }

    /// Waits for a ping of the server; others are kept.
    pub(crate) async fn beat(&mut self) {
        loop {
            let frame = self.receive().await.expect("the socket lives");
            if frame["type"] == "ping" {
                return;
            }
            self.seen.push(frame);
        }
    }

    async fn receive(&mut self) -> Option<Value> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("a frame comes in time")?;
            let Ok(message) = message else { return None };
            let Message::Text(text) = message else { continue };
            let frame: Value = serde_json::from_str(text.as_str()).expect("frames are JSON");
            self.log.push(text.as_str().to_owned());
            if frame["type"] == "ping" {
                self.send(json!({"type": "pong", "n": frame["n"]})).await;
            }
            return Some(frame);
        }
    }

    /// The next frame of this type, kept ones first; others are kept.
    pub(crate) async fn expect(&mut self, kind: &str) -> Value {
        self.expect_where(kind, |_| true).await
    }

    /// The next frame of this type that fits.
    pub(crate) async fn expect_where(&mut self, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        match tokio::time::timeout(PATIENCE, self.wait_for(kind, fits)).await {
            Ok(frame) => frame,
            Err(_) => panic!("no such {kind} came in time; seen: {:#?}", self.seen),
        }
    }

    async fn wait_for(&mut self, kind: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let is_it = |frame: &Value| frame["type"] == kind && fits(frame);
        if let Some(n) = self.seen.iter().position(is_it) {
            return self.seen.remove(n);
        }
        loop {
            let frame = self.next().await.unwrap_or_else(|| panic!("the socket ended before a {kind}; seen: {:?}", self.seen));
            if is_it(&frame) {
                return frame;
            }
            self.seen.push(frame);
        }
    }

    /// What came and was not asked for.
    pub(crate) fn seen(&self) -> &[Value] {
        &self.seen
    }

    /// The next text entry of a conversation.
    pub(crate) async fn text(&mut self, conversation: &str) -> Value {
        self.expect_where("entry", |frame| frame["conversation"] == conversation && frame["kind"] == "text").await
    }

    /// Everything the server sent up to now: asks for a pong, whose answer comes after it.
    pub(crate) async fn settle(&mut self) -> Value {
        self.beats += 1;
        let n = self.beats;
        self.send(json!({"type": "ping", "n": n})).await;
        loop {
            let frame = self.next().await.expect("the socket lives");
            if frame["type"] == "pong" && frame["n"] == n {
                return frame;
            }
            self.seen.push(frame);
        }
    }

    /// Waits until the server closes; answers the reason of its `bye`, if it said one.
    pub(crate) async fn ended(&mut self) -> Option<String> {
        let mut reason = None;
        while let Some(frame) = self.next().await {
            if frame["type"] == "bye" {
                reason = frame["reason"].as_str().map(str::to_owned);
            }
            self.seen.push(frame);
        }
        reason
    }
}
