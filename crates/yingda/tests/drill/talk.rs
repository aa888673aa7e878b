//! A visitor and a member of staff, as their programs speak.
use super::PATIENCE;
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

/// Waits until something is so, which no message tells.
pub async fn until(is_so: impl Fn() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    let all = async {
        while !is_so() {
            tick.tick().await;
        }
    };
    timeout(PATIENCE, all).await.expect("so in time");
}

async fn post(url: &str, token: Option<&str>, body: &Value) -> Value {
    let mut call = reqwest::Client::new().post(url).header("X-Yingda-Client", "test").json(body);
    if let Some(token) = token {
        call = call.bearer_auth(token);
    }
    call.send().await.unwrap().json().await.unwrap()
}

/// Somebody with an open conversation.
pub struct Visitor {
    pub conversation: String,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    said: usize,
}

impl Visitor {
    pub async fn open(url: &str) -> Visitor {
        let token = post(&format!("{url}/api/v1/visit/token"), None, &json!({"site": "demo"})).await["token"].as_str().unwrap().to_owned();
        let opened = post(&format!("{url}/api/v1/conversation"), Some(&token), &json!({"client_id": "drill"})).await;
        let conversation = opened["conversation"]["id"].as_str().unwrap_or_else(|| panic!("{opened}")).to_owned();
        let (mut socket, _) = connect_async(format!("{}/api/v1/socket", url.replace("http", "ws"))).await.unwrap();
        socket.send(Message::text(json!({"v": 1, "type": "hello", "token": token}).to_string())).await.unwrap();
        Visitor { conversation, socket, said: 0 }
    }

    /// The `seq` it was acknowledged with; nothing if the program went away first.
    pub async fn say(&mut self, text: &str) -> Option<i64> {
        self.said += 1;
        let client_id = format!("k{}", self.said);
        let body = json!({"v": 1, "type": "send", "conversation": self.conversation, "client_id": client_id, "kind": "text", "body": {"text": text}});
        self.socket.send(Message::text(body.to_string())).await.ok()?;
        loop {
            let frame = timeout(PATIENCE, self.socket.next()).await.expect("an answer in time")?.ok()?;
            let Ok(text) = frame.into_text() else { continue };
            let frame: Value = serde_json::from_str(&text).unwrap_or_default();
            match frame["type"].as_str() {
                Some("ack") if frame["client_id"] == client_id.as_str() => return frame["seq"].as_i64(),
                // Too fast: the same again a little later.
                Some("error") if frame["retry_ms"].is_i64() => {
                    tokio::time::sleep(Duration::from_millis(frame["retry_ms"].as_u64()?)).await;
                    self.socket.send(Message::text(body.to_string())).await.ok()?;
                }
                Some("error") => panic!("{frame}"),
                Some("ping") => {
                    let pong = json!({"v": 1, "type": "pong", "n": frame["n"]});
                    self.socket.send(Message::text(pong.to_string())).await.ok()?;
                }
                _ => {}
            }
        }
    }
}

/// Somebody logged in.
pub struct Staff {
    url: String,
    token: String,
}

impl Staff {
    pub async fn log_in(url: &str, login: &str, password: &str) -> Staff {
        let body = json!({"login": login, "password": password, "bearer": true});
        let answer = post(&format!("{url}/api/v1/auth/login"), None, &body).await;
        let token = answer["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        Staff { url: url.to_owned(), token }
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        post(&format!("{}{path}", self.url), Some(&self.token), &body).await
    }

    /// With a body that is no JSON, or another verb.
    pub async fn send(&self, method: Method, path: &str, kind: &str, body: Vec<u8>) -> Value {
        let call = reqwest::Client::new().request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        call.header("content-type", kind).header("x-yingda-client", "test").body(body).send().await.unwrap().json().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Value {
        reqwest::Client::new().get(format!("{}{path}", self.url)).bearer_auth(&self.token).send().await.unwrap().json().await.unwrap()
    }
}
