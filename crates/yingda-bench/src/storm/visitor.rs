//! An idle visitor: one conversation, one socket, and the will to come back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use futures_util::{SinkExt as _, StreamExt as _};
use rand::RngExt as _;
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};

use crate::{
    api::random_name,
    client::{Identity, Opening},
    setup::{Place, Setup},
};

/// What the protocol lets a client wait before it comes back: this, then doubling up to the limit, unless it is told otherwise.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// For connecting and for the greeting.
const GREETING_LIMIT: Duration = Duration::from_secs(20);
/// Ten thousand of these live in one judge.
const BUFFER: usize = 1024;

type Socket = WebSocketStream<TcpStream>;

/// What all visitors of a storm share.
#[derive(Debug)]
pub struct Weather {
    /// Where the sockets are.
    pub url: String,
    /// Grows by one each time all sockets are cut.
    pub cuts: watch::Sender<u64>,
    /// Visitors whose socket lives and who were shown everything.
    pub up: AtomicUsize,
    /// Visitors who were so at least once since the last cut.
    pub back: AtomicUsize,
    /// Times somebody was told to come later.
    pub refused: AtomicU64,
}

impl Weather {
    /// Before the first visitor comes to the sockets at `url`.
    pub fn at(url: String) -> Arc<Self> {
        let (cuts, _) = watch::channel(0);
        Arc::new(Self { url, cuts, up: 0.into(), back: 0.into(), refused: 0.into() })
    }
}

/// One of them, seen from outside.
#[derive(Debug)]
pub struct Visitor {
    pub identity: Arc<Identity>,
    pub conversation: String,
    /// The last `seq` that was shown.
    pub held: Arc<AtomicU64>,
}

/// Why a socket ended.
enum Ended {
    /// It was cut by the storm.
    Cut,
    /// By the program or the network: come back after this, or after a pause of one's own choice.
    Lost(Option<Duration>),
}

#[derive(Deserialize)]
struct Frame<'a> {
    r#type: &'a str,
    #[serde(default)]
    subscriptions: Vec<Subscription>,
    seq: Option<u64>,
    retry_ms: Option<u64>,
    #[serde(borrow, default)]
    n: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Subscription {
    head: Option<u64>,
}

impl Visitor {
    /// A new device opens a conversation; no socket yet.
    pub async fn arrive(setup: &Setup, place: &Place) -> anyhow::Result<Self> {
        let identity = Arc::new(Identity::new_visitor(setup, &place.site_key).await?);
        let opening = Opening { client_id: random_name("open"), external_id: None };
        let conversation = identity.open(&opening).await.context("opening a conversation")?.id;
        Ok(Self { identity, conversation, held: Arc::default() })
    }

    /// Opens the socket and keeps it, through every cut, as long as the storm lasts.
    pub fn stay(&self, weather: &Arc<Weather>) -> tokio::task::JoinHandle<()> {
        let life = Life {
            weather: Arc::clone(weather),
            token: self.identity.token(),
            conversation: self.conversation.clone(),
            held: Arc::clone(&self.held),
            cuts: weather.cuts.subscribe(),
            counted: None,
        };
        tokio::spawn(life.live())
    }
}

struct Life {
    weather: Arc<Weather>,
    token: String,
    conversation: String,
    held: Arc<AtomicU64>,
    cuts: watch::Receiver<u64>,
    /// The cut after which this visitor was counted as back.
    counted: Option<u64>,
}

impl Life {
    async fn live(mut self) {
        let mut pause = Duration::ZERO;
        loop {
            sleep(pause).await;
            let told = match self.connect().await {
                Ok(mut socket) => match self.talk(&mut socket).await {
                    Ended::Cut => {
                        // A cut, not a goodbye: the program is told by a reset, or by nothing at all.
                        let _ = socket.get_ref().set_zero_linger();
                        pause = Duration::ZERO;
                        None
                    }
                    Ended::Lost(told) => told,
                },
                Err(error) => self.told_later(&error),
            };
            let jitter = rand::rng().random_range(0.75..1.25);
            pause = match told {
                Some(told) => told.mul_f64(jitter),
                None => (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE).mul_f64(jitter),
            };
        }
    }

    /// Whether the program said when to come again: `503` with `Retry-After`.
    fn told_later(&self, error: &anyhow::Error) -> Option<Duration> {
        let Some(tungstenite::Error::Http(answer)) = error.downcast_ref() else { return None };
        self.weather.refused.fetch_add(1, Ordering::Relaxed);
        let after = answer.headers().get("retry-after")?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(after))
    }

    async fn connect(&self) -> anyhow::Result<Socket> {
        let address = self.weather.url.split('/').nth(2).context("an address without host")?;
        let opening = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(0);
            Ok::<_, anyhow::Error>(client_async_with_config(&self.weather.url, stream, Some(config)).await?.0)
        };
        timeout(GREETING_LIMIT, opening).await?
    }

    /// Greets with what is held, then listens until the socket ends.
    async fn talk(&mut self, socket: &mut Socket) -> Ended {
        let cut = *self.cuts.borrow_and_update();
        let resume = [json!({"conversation": self.conversation, "after": self.held.load(Ordering::Relaxed)})];
        let hello = json!({"v": 1, "type": "hello", "token": self.token, "resume": resume});
        if socket.send(Message::text(hello.to_string())).await.is_err() {
            return Ended::Lost(None);
        }
        let (mut head, mut is_up) = (None, false);
        let ended = loop {
            let message = tokio::select! {
                message = socket.next() => message,
                _ = self.cuts.changed() => break Ended::Cut,
            };
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(_)) | Err(_)) | None => break Ended::Lost(None),
                Some(Ok(_)) => continue,
            };
            let Ok(frame) = serde_json::from_str::<Frame<'_>>(&text) else { break Ended::Lost(None) };
            match frame.r#type {
                "hello" => head = frame.subscriptions.first().and_then(|one| one.head),
                "entry" => self.held.store(frame.seq.unwrap_or_default(), Ordering::Relaxed),
                "ping" => {
                    let n = frame.n.map_or("0", RawValue::get);
                    if socket.send(Message::text(format!(r#"{{"v":1,"type":"pong","n":{n}}}"#))).await.is_err() {
                        break Ended::Lost(None);
                    }
                }
                "bye" => {
                    self.weather.refused.fetch_add(1, Ordering::Relaxed);
                    break Ended::Lost(frame.retry_ms.map(Duration::from_millis));
                }
                _ => {}
            }
            if !is_up && head.is_some_and(|head| self.held.load(Ordering::Relaxed) >= head) {
                is_up = true;
                self.weather.up.fetch_add(1, Ordering::Relaxed);
                if self.counted.replace(cut) != Some(cut) {
                    self.weather.back.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        if is_up {
            self.weather.up.fetch_sub(1, Ordering::Relaxed);
        }
        ended
    }
}
