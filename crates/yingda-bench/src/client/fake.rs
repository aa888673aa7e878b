//! A small program that speaks enough of the protocol to try the client on: one conversation, every fourth entry a note that
//! visitors do not see, and a bus that loses, doubles and reorders doorbells. Sockets can be cut.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::broadcast,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

pub const CONVERSATION: &str = "c";

/// What happens to the n-th doorbell.
pub type Fault = fn(usize) -> Fate;

#[derive(Debug, Clone, Copy)]
pub enum Fate {
    Kept,
    Lost,
    Doubled,
    /// After the one that follows.
    Late,
}

#[derive(Clone)]
pub struct Fake {
    pub url: String,
    entries: Arc<Mutex<Vec<Value>>>,
    bell: broadcast::Sender<usize>,
    cut: broadcast::Sender<()>,
    rung: Arc<AtomicUsize>,
    fault: Fault,
}

impl Fake {
    pub async fn start(fault: Fault) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (bell, cut) = (broadcast::channel(1024).0, broadcast::channel(4).0);
        let fake = Self { url, entries: Arc::default(), bell, cut, rung: Arc::default(), fault };
        let serving = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.talk(stream).await });
            }
        });
        Ok(fake)
    }

    /// Drops every socket.
    pub fn cut_all(&self) {
        self.cut.send(()).expect("somebody is connected");
    }

    pub fn texts(&self) -> Vec<String> {
        let text = |entry: &Value| entry["body"]["text"].as_str().unwrap_or_default().to_owned();
        self.entries().iter().filter(|entry| entry["kind"] == "text").map(text).collect()
    }

    async fn talk(&self, stream: TcpStream) -> anyhow::Result<()> {
        let mut socket = accept_async(stream).await?;
        let (mut bell, mut cut) = (self.bell.subscribe(), self.cut.subscribe());
        loop {
            tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.answer(&mut socket, serde_json::from_str(&text)?).await?,
                    _ => return Ok(()),
                },
                seq = bell.recv() => self.push(&mut socket, seq?, &mut bell).await?,
                _ = cut.recv() => return Ok(()),
            }
        }
    }

    async fn answer(&self, socket: &mut WebSocketStream<TcpStream>, frame: Value) -> anyhow::Result<()> {
        match frame["type"].as_str() {
            Some("hello") => {
                let head = self.head();
                let mut subscriptions = Vec::new();
                let mut after = head;
                for resume in frame["resume"].as_array().into_iter().flatten() {
                    after = usize::try_from(resume["after"].as_u64().unwrap_or(0))?;
                    subscriptions.push(json!({"conversation": CONVERSATION, "head": head}));
                }
                let you = json!({"id": "1", "kind": "visitor", "name": "访客"});
                send(socket, json!({"type": "hello", "generation": "g", "you": you, "ping_ms": 100, "deadline_ms": 5000, "subscriptions": subscriptions})).await?;
                for seq in after + 1..=head {
                    self.show(socket, seq).await?;
                }
                Ok(())
            }
            Some("send") => {
                let (seq, duplicate) = self.append(&frame);
                send(socket, json!({"type": "ack", "conversation": CONVERSATION, "client_id": frame["client_id"], "seq": seq, "at": 1, "duplicate": duplicate})).await?;
                if !duplicate {
                    self.bell.send(seq)?;
                }
                Ok(())
            }
            Some("ping") => {
                send(socket, json!({"type": "pong", "n": frame["n"], "generation": "g", "heads": {CONVERSATION: self.head()}})).await
            }
            _ => Ok(()),
        }
    }

    /// Remembers `client_id`; puts a note before every fourth entry.
    fn append(&self, frame: &Value) -> (usize, bool) {
        let mut entries = self.entries();
        if let Some(known) = entries.iter().find(|entry| entry["client_id"] == frame["client_id"]) {
            return (known["seq"].as_u64().map_or(0, |seq| usize::try_from(seq).expect("small")), true);
        }
        let author = json!({"participant": 1, "role": "customer"});
        if entries.len() % 4 == 2 {
            let seq = entries.len() + 1;
            entries.push(json!({"seq": seq, "kind": "note"}));
        }
        let seq = entries.len() + 1;
        let mut entry = json!({"type": "entry", "conversation": CONVERSATION, "seq": seq, "kind": "text", "author": author, "client_id": frame["client_id"], "body": frame["body"]});
        if seq > 1 && entries[seq - 2]["kind"] == "note" {
            entry["hidden"] = json!([seq - 1, seq - 1]);
        }
        entries.push(entry);
        (seq, false)
    }

    async fn push(&self, socket: &mut WebSocketStream<TcpStream>, seq: usize, bell: &mut broadcast::Receiver<usize>) -> anyhow::Result<()> {
        match (self.fault)(self.rung.fetch_add(1, Ordering::Relaxed)) {
            Fate::Kept => self.show(socket, seq).await,
            Fate::Lost => Ok(()),
            Fate::Doubled => {
                self.show(socket, seq).await?;
                self.show(socket, seq).await
            }
            Fate::Late => {
                if let Ok(next) = bell.try_recv() {
                    self.show(socket, next).await?;
                }
                self.show(socket, seq).await
            }
        }
    }

    async fn show(&self, socket: &mut WebSocketStream<TcpStream>, seq: usize) -> anyhow::Result<()> {
        let entry = self.entries()[seq - 1].clone();
        if entry["kind"] == "note" { Ok(()) } else { send(socket, entry).await }
    }

    fn head(&self) -> usize {
        self.entries().len()
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Vec<Value>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn send(socket: &mut WebSocketStream<TcpStream>, frame: Value) -> anyhow::Result<()> {
    Ok(socket.send(Message::text(frame.to_string())).await?)
}
