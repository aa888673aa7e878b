//! Brings pairs to life: sockets of the relay, or visitors and agents of the program who have found each other.

use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::{
    net::TcpStream,
    sync::{Mutex, mpsc},
    time::timeout,
};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest as _, http::HeaderValue, protocol::WebSocketConfig},
};

use super::{
    pair::{Pair, Side, Socket},
    relay::Relay,
    tongue::{Bare, Frames},
};
use crate::{
    api::random_name,
    client::{Identity, Opening},
    process::Process,
    setup::{Place, Setup},
    target::Target,
};

/// Passwords cost the program processor time and memory: so many at a time.
const LOGINS: usize = 4;
/// For a greeting.
const LIMIT: Duration = Duration::from_secs(10);
const BUFFER: usize = 8192;

/// All pairs that talk through one program.
#[derive(Debug)]
pub struct Crowd {
    pub pairs: Vec<Pair>,
    /// The program, if it is known which process that is.
    pub process: Option<Process>,
    failures: Mutex<mpsc::UnboundedReceiver<anyhow::Error>>,
}

impl Crowd {
    pub async fn of_relay(relay: &Relay, pairs: u32, window: u16) -> anyhow::Result<Self> {
        let (failed, failures) = mpsc::unbounded_channel();
        let mut all = Vec::new();
        for n in 0..u64::from(pairs) {
            let side = async |id: u64| {
                let url = format!("ws://{}/pair?id={id}", relay.address);
                Ok::<_, anyhow::Error>(Side::new(connect(&relay.address, &url, None).await?, Bare))
            };
            let sides = [side(2 * n).await?, side(2 * n + 1).await?];
            all.push(Pair::start(sides, window.into(), failed.clone()));
        }
        Ok(Self { pairs: all, process: relay.process(), failures: Mutex::new(failures) })
    }

    pub async fn of_program(target: &Target, pairs: u32, window: u16) -> anyhow::Result<Self> {
        let (failed, failures) = mpsc::unbounded_channel();
        let setup = &target.setup;
        let place = setup.place().await.context("preparing a place")?;
        let sides = stream::iter(0..pairs).map(|_| meet(setup, &place)).buffer_unordered(LOGINS).try_collect::<Vec<_>>().await?;
        let start = |sides| Pair::start(sides, window.into(), failed.clone());
        Ok(Self { pairs: sides.into_iter().map(start).collect(), process: target.process(), failures: Mutex::new(failures) })
    }

    /// Why a pair takes no more orders.
    pub async fn failure(&self) -> anyhow::Error {
        let failure = timeout(LIMIT, async { self.failures.lock().await.recv().await }).await;
        failure.ok().flatten().unwrap_or_else(|| anyhow::anyhow!("a pair ended without a word"))
    }
}

/// With an administrator's token the program lifts its rate limits for this socket.
async fn connect(address: &str, url: &str, admin_token: Option<&str>) -> anyhow::Result<Socket> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(BUFFER);
    let mut request = url.into_client_request()?;
    if let Some(token) = admin_token {
        request.headers_mut().insert("X-Yingda-Bench", HeaderValue::from_str(token)?);
    }
    Ok(client_async_with_config(request, stream, Some(config)).await?.0)
}

/// A visitor opens a conversation, an agent of their own takes it, and both are greeted.
async fn meet(setup: &Setup, place: &Place) -> anyhow::Result<[Side<Frames>; 2]> {
    let visitor = Identity::new_visitor(setup, &place.site_key).await?;
    let opening = Opening { client_id: random_name("open"), external_id: None };
    let conversation = visitor.open(&opening).await.context("opening a conversation")?.id;
    let agent = Identity::login(setup, setup.agent(place, 1).await?).await.context("logging an agent in")?;
    agent.accept(&conversation).await.context("taking a conversation")?;
    Ok([greet(setup, &visitor, &conversation, "customer").await?, greet(setup, &agent, &conversation, "agent").await?])
}

#[derive(Deserialize)]
struct Greeting {
    r#type: String,
    #[serde(default)]
    subscriptions: Vec<Subscription>,
    #[serde(default)]
    seq: u64,
}

#[derive(Deserialize)]
struct Subscription {
    head: Option<u64>,
}

/// Opens a socket and reads until everything in the conversation was shown.
async fn greet(setup: &Setup, identity: &Identity, conversation: &str, role: &'static str) -> anyhow::Result<Side<Frames>> {
    let url = identity.api().socket_url();
    let address = url.split('/').nth(2).context("an address without host")?.to_owned();
    let mut socket = connect(&address, &url, Some(setup.admin_token())).await?;
    let resume = [json!({"conversation": conversation, "after": 0})];
    let hello = json!({"v": 1, "type": "hello", "token": identity.token(), "resume": resume});
    socket.send(Message::text(hello.to_string())).await?;
    let (mut head, mut held) = (None, 0);
    while head != Some(held) {
        let message = timeout(LIMIT, socket.next()).await.context("no greeting")?.context("closed instead of greeted")??;
        let Message::Text(text) = message else { continue };
        let frame: Greeting = serde_json::from_str(&text).with_context(|| text.as_str().to_owned())?;
        match &*frame.r#type {
            "hello" => head = Some(frame.subscriptions.first().and_then(|one| one.head).with_context(|| text.as_str().to_owned())?),
            "entry" => held = frame.seq,
            "error" | "bye" => bail!("the program said {text}"),
            _ => {}
        }
    }
    Ok(Side::new(socket, Frames::new(conversation.to_owned(), random_name("say"), role, held)))
}
