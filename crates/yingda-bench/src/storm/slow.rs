//! `bench storm --slow`: half of these clients never read, the others take a byte a second, while agents speak to all of them and others
//! talk as always. How long the others wait, compared with the same words spoken to the same clients when they read; what the program keeps for
//! the slow ones, how soon it cuts them; then they come back and resume.

use std::{collections::HashSet, sync::atomic::Ordering, time::Duration};

use anyhow::{Context as _, ensure};
use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use serde_json::json;
use tokio::{
    io::AsyncReadExt as _,
    net::TcpSocket,
    time::{Instant, sleep},
};
use tokio_tungstenite::{client_async, tungstenite::Message};

use super::{CALLS, SETTLE, Speaker, all_back, hire, visitor::Visitor, visitor::Weather};
use crate::{
    chat::{self, Crowd},
    process,
    report::{remark, rounded},
    setup::{Place, Setup},
    target::Target,
};

/// Pairs that talk as always, their entries per second, and how long each of two measurements takes.
const PAIRS: u32 = 20;
const RATE: u32 = 300;
const MEASURED: Duration = Duration::from_secs(8);
/// An agent takes this many conversations at most.
const SHARE: usize = 100;
/// What is said to each slow client: more than the kernel keeps for one that reads nothing.
const WORDS: usize = 4;
const LENGTH: usize = 4000;
/// Between two of them.
const BREATH: Duration = Duration::from_secs(2);
/// What a slow client lets the kernel keep for it.
const RECEIVE_BUFFER: u32 = 4096;
/// Whoever is not cut by then never will be.
const PATIENCE: Duration = Duration::from_secs(120);
const GLANCE: Duration = Duration::from_millis(250);
/// What is promised.
const CUT_WITHIN: Duration = Duration::from_secs(60);
const MOST_KIB: f64 = 1024.0;

#[derive(Debug, Serialize)]
pub struct Report {
    slow: usize,
    /// Of the others, beside clients who read what is said to them, and beside the same when they do not.
    p99_ms: f64,
    p99_beside_ms: f64,
    /// The most the program's memory grew by while they were there, shared among them; absent if it does not tell.
    kib_each: Option<f64>,
    /// From the last one's greeting until the program had cut all of them; absent if some were left, or the program runs elsewhere.
    cut_s: Option<f64>,
    /// Those who did not come back, or were not shown everything when they did.
    lost: usize,
}

impl Report {
    /// Whether what does not depend on the machine is as promised.
    pub fn is_good(&self) -> bool {
        let is_cut = self.cut_s.is_some_and(|took| took <= CUT_WITHIN.as_secs_f64());
        self.lost == 0 && is_cut && self.kib_each.is_none_or(|kib| kib <= MOST_KIB)
    }
}

pub async fn judge(count: u32, target: &Target) -> anyhow::Result<Report> {
    let setup = &target.setup;
    let place = setup.place().await.context("preparing a place")?;
    let crowd = Crowd::of_program(target, PAIRS, 1).await?;
    let arriving = stream::iter(0..count).map(|_| Visitor::arrive(setup, &place)).buffer_unordered(CALLS);
    let visitors: Vec<Visitor> = arriving.try_collect().await?;
    let mut speakers = speakers(setup, &place, &visitors).await?;
    sleep(SETTLE).await;
    let before = target.resident().await;

    let weather = Weather::at(setup.api.socket_url());
    let readers: Vec<_> = visitors.iter().map(|visitor| visitor.stay(&weather)).collect();
    ensure!(all_back(&weather, visitors.len()).await, "only {} of {} were greeted", weather.up.load(Ordering::Relaxed), visitors.len());
    let (calm, heard) = tokio::join!(chat::latency(&crowd, RATE, MEASURED), speak(&mut speakers, "read"));
    let (calm, _) = (calm?, heard?);
    readers.iter().for_each(tokio::task::JoinHandle::abort);
    sleep(SETTLE).await;

    let mut sockets = Vec::new();
    for (n, visitor) in visitors.iter().enumerate() {
        sockets.push(Slow::open(setup, visitor, n % 2 == 0).await.context("opening a slow socket")?);
    }
    let ports: HashSet<u16> = sockets.iter().map(|socket| socket.port).collect();
    let opened = Instant::now();
    let (beside, said, watched) =
        tokio::join!(chat::latency(&crowd, RATE, MEASURED), speak(&mut speakers, "slow"), watch_cuts(target, &ports, opened));
    let (beside, (peak, cut)) = (beside?, watched);
    let said = said?;
    drop(sockets);

    let weather = Weather::at(setup.api.socket_url());
    let lives: Vec<_> = visitors.iter().map(|visitor| visitor.stay(&weather)).collect();
    all_back(&weather, visitors.len()).await;
    let unheard =
        visitors.iter().filter(|visitor| said.get(&visitor.conversation).is_none_or(|seq| visitor.held.load(Ordering::Relaxed) < *seq));
    let lost = unheard.count();
    lives.iter().for_each(tokio::task::JoinHandle::abort);
    remark(&format!("the others: beside readers {calm}; beside slow ones {beside}"));
    let grown = peak.zip(before).map(|(peak, before)| peak.saturating_sub(before));
    Ok(Report {
        slow: visitors.len(),
        p99_ms: rounded(calm.p99_ms()),
        p99_beside_ms: rounded(beside.p99_ms()),
        kib_each: grown.map(|grown| rounded(grown as f64 / 1024.0 / visitors.len() as f64)),
        cut_s: cut.map(|took| rounded(took.as_secs_f64())),
        lost,
    })
}

async fn speakers(setup: &Setup, place: &Place, visitors: &[Visitor]) -> anyhow::Result<Vec<Speaker>> {
    let mut speakers = Vec::new();
    for share in visitors.chunks(SHARE) {
        speakers.push(hire(setup, place, share).await?);
    }
    Ok(speakers)
}

/// All speak at the same time; the last `seq` of each conversation.
async fn speak(speakers: &mut [Speaker], prefix: &str) -> anyhow::Result<std::collections::HashMap<String, u64>> {
    let mut said = std::collections::HashMap::new();
    for n in 0..WORDS {
        let text = "字".repeat(LENGTH);
        let spoken = speakers.iter_mut().map(|speaker| speaker.speak(format!("{prefix}-{n}"), &text));
        for one in futures_util::future::join_all(spoken).await {
            said.extend(one?);
        }
        sleep(BREATH).await;
    }
    Ok(said)
}

/// The most memory that was seen, and when the last of these connections was ended by the program.
async fn watch_cuts(target: &Target, ports: &HashSet<u16>, opened: Instant) -> (Option<u64>, Option<Duration>) {
    let mut peak = None;
    while opened.elapsed() < PATIENCE {
        peak = peak.max(target.resident().await);
        match target.port().and_then(process::peers_of) {
            Some(peers) if peers.is_disjoint(ports) => return (peak, Some(opened.elapsed())),
            Some(_) => sleep(GLANCE).await,
            None => return (peak, None),
        }
    }
    (peak, None)
}

/// A client that says who it is and then hardly reads, if at all.
struct Slow {
    port: u16,
    /// Holds the socket until it is dropped.
    reading: tokio::task::JoinHandle<()>,
}

impl Slow {
    async fn open(setup: &Setup, visitor: &Visitor, is_mute: bool) -> anyhow::Result<Self> {
        let url = setup.api.socket_url();
        let address = url.split('/').nth(2).context("an address without host")?;
        let address = tokio::net::lookup_host(address).await?.next().context("an address that names nothing")?;
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        let stream = socket.connect(address).await?;
        let port = stream.local_addr()?.port();
        let (mut socket, _) = client_async(&url, stream).await?;
        let resume = [json!({"conversation": visitor.conversation, "after": visitor.held.load(Ordering::Relaxed)})];
        let hello = json!({"v": 1, "type": "hello", "token": visitor.identity.token(), "resume": resume});
        socket.send(Message::text(hello.to_string())).await?;
        let reading = tokio::spawn(async move {
            let mut byte = [0];
            loop {
                sleep(Duration::from_secs(1)).await;
                // Whether the socket still lives is seen from outside.
                if !is_mute && !matches!(socket.get_mut().read(&mut byte).await, Ok(1)) {
                    sleep(PATIENCE).await;
                }
            }
        });
        Ok(Self { port, reading })
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.reading.abort();
    }
}
