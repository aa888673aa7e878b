//! `bench chat`: durable chat between pairs of a visitor and an agent, beside the relay of `bench floor` in the same run.
//!
//! Both are judged by the same client: an entry counts when it was acknowledged and shown to the other side. The first part keeps
//! a window of entries in flight on each side and counts; the second says entries at fixed times, whatever became of those
//! before, and measures from those times. Rounds of the relay and of the program take turns, and the median of each counts.
//!
//! `pair` is the client, `tongue` what each of the two understands, `crowd` brings pairs to life, `round` measures.

mod crowd;
mod pair;
mod relay;
mod round;
mod tongue;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use serde::Serialize;

use self::round::{Latency, Speed};
pub use self::{crowd::Crowd, round::latency};
use crate::{
    process,
    report::{self, remark, rounded},
    target::{Target, TargetOptions},
};

/// Options of `bench chat`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Visitors, and as many agents.
    #[arg(long, default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    pairs: u32,
    /// Entries each side keeps in flight in the first part.
    #[arg(long, default_value = "8", value_parser = clap::value_parser!(u16).range(1..))]
    window: u16,
    /// Entries said per second in the second part.
    #[arg(long, default_value = "300", value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Rounds of each part, of which the median counts.
    #[arg(long, default_value = "5", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long each round is measured, after a moment of warming up.
    #[arg(long, default_value = "4", value_parser = seconds)]
    seconds: Duration,
    /// A relay that runs already, as HOST:PORT, instead of one started here.
    #[arg(long, conflicts_with = "floor_database")]
    floor: Option<String>,
    /// PostgreSQL for the relay, if the program runs already (--url); without, the relay stores in a file.
    #[arg(long, requires = "url", conflicts_with = "database")]
    floor_database: Option<String>,
    #[command(flatten)]
    target: TargetOptions,
}

#[derive(Debug, Serialize)]
struct Report {
    entries_per_s: f64,
    floor_entries_per_s: f64,
    ratio: f64,
    p50_ms: f64,
    p99_ms: f64,
    floor_p99_ms: f64,
    /// The program's, after the load; absent if it does not tell.
    rss_mb: Option<f64>,
    /// For how long the program's speed was measured, all rounds together.
    seconds: f64,
    /// Of the minute before the load began: what others did on this machine.
    load_avg: Option<f64>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds".to_owned())?;
    if (0.1..=3600.0).contains(&seconds) { Ok(Duration::from_secs_f64(seconds)) } else { Err("0.1 to 3600".to_owned()) }
}

pub async fn run(options: Options, program: PathBuf) -> anyhow::Result<ExitCode> {
    let target = Target::reach(&options.target, program.clone()).await?;
    let judged = judge(&options, &target, program).await;
    target.end(judged.is_ok()).await?;
    report::print(options.target.format, &judged?)?;
    Ok(ExitCode::SUCCESS)
}

async fn judge(options: &Options, target: &Target, binary: PathBuf) -> anyhow::Result<Report> {
    let directory = tempfile::TempDir::with_prefix("yingda-floor-")?;
    let database = options.target.database.as_deref().or(options.floor_database.as_deref());
    let relay = match &options.floor {
        Some(address) => relay::Relay::running(address),
        None => relay::Relay::start(&binary, &directory.path().join("floor.db"), database).await?,
    };
    let floor = Crowd::of_relay(&relay, options.pairs, options.window).await?;
    let chat = Crowd::of_program(target, options.pairs, options.window).await?;
    let load_avg = process::load_average();
    remark(&format!("load average {}", load_avg.map_or_else(|| "unknown".to_owned(), |load| load.to_string())));

    let (mut floor_speeds, mut speeds) = (Vec::new(), Vec::new());
    for n in 1..=options.rounds {
        let (least, own) = (round::speed(&floor, options.seconds).await?, round::speed(&chat, options.seconds).await?);
        remark(&format!("round {n}: floor {least}; program {own}"));
        floor_speeds.push(least);
        speeds.push(own);
    }
    let rss_mb = target.resident().await.map(|bytes| rounded(bytes as f64 / 1e6));
    let (mut floor_latencies, mut latencies) = (Vec::new(), Vec::new());
    for n in 1..=options.rounds {
        let least = round::latency(&floor, options.rate, options.seconds).await?;
        let own = round::latency(&chat, options.rate, options.seconds).await?;
        remark(&format!("round {n} at {}/s: floor {least}; program {own}", options.rate));
        floor_latencies.push(least);
        latencies.push(own);
    }
    drop(floor);
    relay.stop().await?;
    let (speed, floor_speed) = (median(&speeds, Speed::per_second), median(&floor_speeds, Speed::per_second));
    Ok(Report {
        entries_per_s: rounded(speed),
        floor_entries_per_s: rounded(floor_speed),
        ratio: rounded(speed / floor_speed),
        p50_ms: rounded(median(&latencies, Latency::p50_ms)),
        p99_ms: rounded(median(&latencies, Latency::p99_ms)),
        floor_p99_ms: rounded(median(&floor_latencies, Latency::p99_ms)),
        rss_mb,
        seconds: rounded(speeds.iter().map(|speed| speed.took.as_secs_f64()).sum()),
        load_avg,
    })
}

/// The middle one, or the lower of the two middle ones.
fn median<T>(rounds: &[T], of: impl Fn(&T) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(&[3.0, 1.0, 2.0], |n| *n), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0], |n| *n), 2.0);
        assert_eq!(median(&[7.0], |n| *n), 7.0);
    }

    #[test]
    fn a_round_has_a_sensible_length() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        assert!(seconds("0").is_err() && seconds("x").is_err() && seconds("NaN").is_err());
    }
}
