//! HTTP as one persona speaks it.
use super::Socket;
use reqwest::Method;
use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

/// One persona.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    /// Bearer token, if it has a name.
    pub token: Option<String>,
    bench: Option<String>,
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON; null if there was none.
    pub body: Value,
    /// Names the request, as in the audit log.
    pub request: String,
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Answer {
        let status = response.status().as_u16();
        let request = response.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
        let bytes = response.bytes().await.expect("the answer ends");
        Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default(), request }
    }

    /// The code of a problem document.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

static KEYS: AtomicU64 = AtomicU64::new(0);

impl Client {
    pub(super) fn new(address: SocketAddr, token: Option<&str>) -> Client {
        Client { address, token: token.map(str::to_owned), bench: None, http: reqwest::Client::new() }
    }

    /// The same machine with another token.
    pub(crate) fn with_token(&self, token: &str) -> Client {
        Client::new(self.address, Some(token))
    }

    /// Without rate limits.
    pub(crate) fn with_bench(self, bench: String) -> Client {
        Client { bench: Some(bench), ..self }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None, None).await
    }

    /// With a fresh idempotency key.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        let key = format!("test-{}", KEYS.fetch_add(1, Ordering::Relaxed));
        self.call(Method::POST, path, Some(body), Some(&key)).await
    }

    /// With this idempotency key.
    pub(crate) async fn post_with_key(&self, path: &str, body: Value, key: &str) -> Answer {
        self.call(Method::POST, path, Some(body), Some(key)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body), None).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body), None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None, None).await
    }

    /// For what the others cannot say: headers, raw bodies.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>, key: Option<&str>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(bench) = &self.bench {
            request = request.header("x-yingda-bench", bench);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request.send().await.expect("the server answers")).await
    }

    /// Opens a conversation; answers its id.
    pub(crate) async fn open(&self, client_id: &str) -> String {
        let answer = self.post("/api/v1/conversation", serde_json::json!({"client_id": client_id})).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["conversation"]["id"].as_str().expect("an id").to_owned()
    }

    /// A socket that has said hello and got its answer.
    pub(crate) async fn socket(&self) -> Socket {
        let mut socket = self.silent_socket().await;
        let token = self.token.clone();
        socket.send(serde_json::json!({"type": "hello", "token": token})).await;
        socket.expect("hello").await;
        socket
    }

    /// A socket that has said nothing yet.
    pub(crate) async fn silent_socket(&self) -> Socket {
        Socket::connect(self.address, self.bench.as_deref()).await
    }
}
