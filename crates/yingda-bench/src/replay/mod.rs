//! `bench replay`: recorded dialogues, played through the sockets of both sides against a running program, turn by turn; then
//! what both sides were shown and what is stored is compared with the file.
//!
//! `dialogue` reads the files, `desk` is the agents' side, `play` one dialogue, `compare` the judgement.

mod compare;
mod desk;
mod dialogue;
mod play;

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use serde::Serialize;

use self::{desk::Desk, dialogue::Dialogue, play::Outcome};
use crate::{
    report::{self, remark, rounded},
    setup::{Place, Setup},
    target::{Target, TargetOptions},
};

/// More findings than this help nobody.
const FINDINGS_SHOWN: usize = 20;

/// Options of `bench replay`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Dialogues, one JSON object a line: {"id", "turns": [{"role", "text"}]}.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Dialogues played at a time.
    #[arg(long, default_value = "50", value_parser = clap::value_parser!(u32).range(1..))]
    pairs: u32,
    /// Agents who share them.
    #[arg(long, default_value = "4", value_parser = clap::value_parser!(u32).range(1..))]
    agents: u32,
    #[command(flatten)]
    target: TargetOptions,
}

#[derive(Debug, Serialize)]
struct Report {
    dialogues: usize,
    entries: usize,
    mismatches: usize,
    entries_per_s: f64,
    /// Turns of the files that break the protocol's rules for text and were refused by the program, as they must be.
    refused: usize,
}

/// What all dialogues of a run share.
struct Stage {
    setup: Setup,
    place: Place,
    desk: Desk,
}

pub async fn run(options: Options, program: PathBuf) -> anyhow::Result<ExitCode> {
    let mut dialogues = Vec::new();
    for file in &options.files {
        let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        dialogues.extend(dialogue::parse(&text).with_context(|| file.display().to_string())?);
    }
    let target = Target::reach(&options.target, program).await?;
    let result = play_all(&options, target.setup.clone(), dialogues).await;
    target.end(matches!(&result, Ok(report) if report.mismatches == 0)).await?;
    let report = result?;
    report::print(options.target.format, &report)?;
    Ok(if report.mismatches == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn play_all(options: &Options, setup: Setup, dialogues: Vec<Dialogue>) -> anyhow::Result<Report> {
    let place = setup.place().await.context("preparing a place")?;
    let desk = Desk::open(&setup, &place, options.agents, options.pairs).await.context("preparing agents")?;
    let stage = Arc::new(Stage { setup, place, desk });
    let count = dialogues.len();
    let start = Instant::now();
    let outcomes: Vec<Outcome> = stream::iter(dialogues)
        .map(|dialogue| play::play(Arc::clone(&stage), dialogue))
        .buffer_unordered(options.pairs as usize)
        .collect()
        .await;
    Ok(sum_up(count, &outcomes, start.elapsed()))
}

fn sum_up(dialogues: usize, outcomes: &[Outcome], took: Duration) -> Report {
    let findings = || outcomes.iter().flat_map(|outcome| &outcome.findings);
    findings().take(FINDINGS_SHOWN).for_each(|finding| remark(finding));
    let entries = outcomes.iter().map(|outcome| outcome.entries).sum();
    Report {
        dialogues,
        entries,
        mismatches: findings().count(),
        entries_per_s: rounded(entries as f64 / took.as_secs_f64()),
        refused: outcomes.iter().map(|outcome| outcome.refused).sum(),
    }
}
