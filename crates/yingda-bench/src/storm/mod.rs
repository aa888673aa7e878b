//! `bench storm`: thousands of idle visitors, each with a conversation and a socket. What a socket costs in memory; then all are
//! cut at once, and come back and resume.
//!
//! While they are away, an agent speaks to some of them: who comes back must be shown it.

mod slow;
mod visitor;

use std::{
    collections::HashMap,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use self::visitor::{Visitor, Weather};
use crate::{
    client::{Agent, Event, Letter, Unwatched},
    process,
    report::{self, remark, rounded},
    setup::{Place, Setup},
    target::{Target, TargetOptions},
};

/// Calls under way while the crowd is prepared.
const CALLS: usize = 32;
/// Sockets opened per second before anything is measured.
const ARRIVALS: u32 = 2000;
/// Files a judge needs besides the sockets.
const OTHER_FILES: u64 = 256;
/// Caches fill and what was needed for greetings is given back before memory is read.
const SETTLE: Duration = Duration::from_secs(3);
/// Who is not back by then has been lost.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is asked whether all are there.
const GLANCE: Duration = Duration::from_millis(5);

/// Options of `bench storm`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Visitors, each with a conversation and a socket.
    #[arg(long, default_value = "10000", value_parser = clap::value_parser!(u32).range(1..))]
    sockets: u32,
    /// How many of them an agent speaks to while they are away.
    #[arg(long, default_value = "100")]
    spoken_to: u32,
    /// Instead: so many clients that do not read, or hardly, beside others who talk.
    #[arg(long, num_args = 0..=1, default_missing_value = "1000", value_parser = clap::value_parser!(u32).range(1..))]
    slow: Option<u32>,
    #[command(flatten)]
    target: TargetOptions,
}

#[derive(Debug, Serialize)]
struct Report {
    sockets: usize,
    all_back_s: f64,
    /// Absent if the program does not tell its memory.
    kib_per_socket: Option<f64>,
    refused: u64,
    lost: usize,
}

pub async fn run(options: Options, program: PathBuf) -> anyhow::Result<ExitCode> {
    let wanted = u64::from(options.slow.map_or(options.sockets, |slow| 2 * slow)) + OTHER_FILES;
    let allowed = process::allow_files(wanted);
    ensure!(
        allowed >= wanted,
        "{wanted} open files are needed and the system allows {allowed}: raise it (ulimit -Hn), or take fewer --sockets"
    );
    let mut target = Target::reach(&options.target, program).await?;
    if let Some(count) = options.slow {
        let judged = slow::judge(count, &target).await;
        target.end(judged.as_ref().is_ok_and(slow::Report::is_good)).await?;
        let report = judged?;
        report::print(options.target.format, &report)?;
        return Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let judged = judge(&options, &mut target).await;
    target.end(matches!(&judged, Ok(report) if report.lost == 0)).await?;
    let report = judged?;
    report::print(options.target.format, &report)?;
    Ok(if report.lost == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn judge(options: &Options, target: &mut Target) -> anyhow::Result<Report> {
    let setup = target.setup.clone();
    let place = setup.place().await.context("preparing a place")?;
    let arriving = stream::iter(0..options.sockets).map(|_| Visitor::arrive(&setup, &place)).buffer_unordered(CALLS);
    let visitors: Vec<Visitor> = arriving.try_collect().await?;
    let mut agent = hire(&setup, &place, &visitors[..visitors.len().min(options.spoken_to as usize)]).await?;
    // What the preparation took is not to be taken for the price of sockets, nor what it gives back later. The agent comes back by itself.
    target.restart().await?;
    sleep(SETTLE).await;
    let before = target.resident().await;

    let weather = Weather::at(setup.api.socket_url());
    let mut lives = Vec::new();
    for crowd in visitors.chunks(ARRIVALS as usize / 20) {
        lives.extend(crowd.iter().map(|visitor| visitor.stay(&weather)));
        sleep(Duration::from_millis(50)).await;
    }
    ensure!(all_back(&weather, visitors.len()).await, "only {} of {} were greeted", weather.up.load(Ordering::Relaxed), visitors.len());
    sleep(SETTLE).await;
    let sockets = weather.up.load(Ordering::Relaxed);
    let grown = target.resident().await.zip(before).map(|(after, before)| after.saturating_sub(before));
    let kib_per_socket = grown.map(|grown| rounded(grown as f64 / 1024.0 / sockets as f64));
    remark(&format!("{sockets} sockets, {} KiB each", kib_per_socket.unwrap_or_default()));

    weather.refused.store(0, Ordering::Relaxed);
    weather.back.store(0, Ordering::Relaxed);
    let cut = Instant::now();
    weather.cuts.send_modify(|cuts| *cuts += 1);
    let said = agent.speak("storm".to_owned(), "您好，您还在吗？").await?;
    let are_back = all_back(&weather, visitors.len()).await;
    let took = cut.elapsed();
    // What was said after somebody came back is pushed.
    sleep(if are_back { SETTLE } else { Duration::ZERO }).await;
    let away = visitors.len() - weather.up.load(Ordering::Relaxed).min(visitors.len());
    let unheard =
        visitors.iter().filter(|visitor| said.get(&visitor.conversation).is_some_and(|seq| visitor.held.load(Ordering::Relaxed) < *seq));
    let unheard = unheard.count();
    remark(&format!("{away} never came back, {unheard} of {} were not shown what was said while they were away", said.len()));
    lives.iter().for_each(tokio::task::JoinHandle::abort);
    Ok(Report {
        sockets,
        all_back_s: rounded(took.as_secs_f64()),
        kib_per_socket,
        refused: weather.refused.load(Ordering::Relaxed),
        lost: away + unheard,
    })
}

/// Waits until so many have come and were shown everything; false if that takes too long.
async fn all_back(weather: &Weather, count: usize) -> bool {
    let end = Instant::now() + PATIENCE;
    while weather.back.load(Ordering::Relaxed) < count {
        if Instant::now() > end {
            return false;
        }
        sleep(GLANCE).await;
    }
    true
}

/// Somebody who speaks to those who are away.
struct Speaker {
    agent: Agent,
    conversations: Vec<String>,
}

/// Hires an agent who takes the conversations of these visitors.
async fn hire(setup: &Setup, place: &Place, visitors: &[Visitor]) -> anyhow::Result<Speaker> {
    let limit = u32::try_from(visitors.len().max(1))?;
    let account = setup.agent(place, limit).await?;
    let agent = Agent::enter(setup, account, Arc::new(Unwatched)).await?;
    let conversations: Vec<String> = visitors.iter().map(|visitor| visitor.conversation.clone()).collect();
    let taking = stream::iter(&conversations).map(|conversation| agent.identity.accept(conversation)).buffer_unordered(CALLS);
    taking.try_collect::<Vec<()>>().await.context("taking a conversation")?;
    Ok(Speaker { agent, conversations })
}

impl Speaker {
    /// Says one sentence in each conversation; the `seq` of each once it is committed.
    async fn speak(&mut self, client_id: String, text: &str) -> anyhow::Result<HashMap<String, u64>> {
        for conversation in &self.conversations {
            let body = json!({"text": text});
            let letter = Letter { conversation: conversation.clone(), client_id: client_id.clone(), kind: "text".into(), body };
            self.agent.connection.send(letter);
        }
        let mut said = HashMap::new();
        while said.len() < self.conversations.len() {
            let event = timeout(PATIENCE, self.agent.events.recv()).await.context("nothing was acknowledged")?;
            match event.context("the agent was sent away")? {
                Event::Acked { ack, .. } => drop(said.insert(ack.conversation, ack.seq)),
                Event::Refused(refusal) => anyhow::bail!("a word was refused: {}", refusal.code),
                _ => {}
            }
        }
        Ok(said)
    }
}
