//! `bench killstorm`: the program is killed with SIGKILL again and again under load, and nothing acknowledged may be lost,
//! doubled, moved or foreign.
//!
//! `storm` runs it; `visiting` and `serving` are the crowd, `member` what they share; `ledger` books what happens and fires;
//! `evidence` is what is left at the end and `checker` the judgement over it.

mod checker;
#[cfg(test)]
mod checker_tests;
mod evidence;
mod ledger;
mod member;
mod serving;
mod storm;
mod visiting;

use std::{path::PathBuf, process::ExitCode};

use serde::Serialize;

use self::{checker::Verdict, storm::Weather};
use crate::{
    report::{self, remark, rounded},
    target::{Target, TargetOptions},
};

/// More findings than this help nobody.
const FINDINGS_SHOWN: usize = 30;

/// Options of `bench killstorm`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Kills under load; kills during a start come on top and are not counted.
    #[arg(long, default_value = "20", value_parser = clap::value_parser!(u32).range(1..))]
    kills: u32,
    /// Visitors, and as many agents.
    #[arg(long, default_value = "16", value_parser = clap::value_parser!(u32).range(1..))]
    pairs: u32,
    /// Letters each side keeps in flight.
    #[arg(long, default_value = "8", value_parser = clap::value_parser!(u16).range(2..))]
    window: u16,
    /// Acknowledgements that each kill waits for at least.
    #[arg(long, default_value = "200", value_parser = clap::value_parser!(u64).range(1..))]
    min_acked: u64,
    /// Makes the choices of the run repeatable, not its timing.
    #[arg(long)]
    seed: Option<u64>,
    #[command(flatten)]
    target: TargetOptions,
}

#[derive(Debug, Serialize)]
struct Report {
    kills: usize,
    acked: u64,
    acked_per_kill_min: u64,
    in_flight_per_kill_min: u64,
    lost: usize,
    duplicated: usize,
    out_of_order: usize,
    foreign: usize,
    ready_ms_p50: f64,
    ready_ms_max: f64,
}

pub async fn run(options: Options, program: PathBuf) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(options.target.url.is_none(), "killstorm kills the program and must start its own: leave out --url");
    let seed = options.seed.unwrap_or_else(rand::random);
    remark(&format!("seed {seed}"));
    let (setup, mut own) = Target::reach(&options.target, program).await?.into_own()?;
    let weather = storm::run(&options, seed, &setup, &mut own).await;
    let judged = weather.map(|weather| (checker::check(&weather.evidence), weather));
    own.end(matches!(&judged, Ok((verdict, _)) if verdict.is_clean())).await?;
    let (verdict, weather) = judged?;
    verdict.findings.iter().take(FINDINGS_SHOWN).for_each(|finding| remark(finding));
    report::print(options.target.format, &Report::new(&verdict, &weather))?;
    Ok(if verdict.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Report {
    fn new(verdict: &Verdict, weather: &Weather) -> Self {
        let mut ready_ms: Vec<f64> = weather.ready.iter().map(|ready| ready.as_secs_f64() * 1000.0).collect();
        ready_ms.sort_by(f64::total_cmp);
        let kills = &weather.kills;
        Self {
            kills: kills.len(),
            acked: weather.acked,
            acked_per_kill_min: kills.iter().map(|kill| kill.acked).min().unwrap_or(0),
            in_flight_per_kill_min: kills.iter().map(|kill| kill.in_flight).min().unwrap_or(0),
            lost: verdict.lost,
            duplicated: verdict.duplicated,
            out_of_order: verdict.out_of_order,
            foreign: verdict.foreign,
            ready_ms_p50: rounded(ready_ms.get(ready_ms.len() / 2).copied().unwrap_or(0.0)),
            ready_ms_max: rounded(ready_ms.last().copied().unwrap_or(0.0)),
        }
    }
}
