//! One round of one crowd: how fast, or how long each entry took.

use std::{
    fmt,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use tokio::{sync::oneshot, time::sleep};

use super::{
    crowd::Crowd,
    pair::{Order, Pair},
};
use crate::process::{self, Process};

/// Windows fill and caches warm up before anything counts.
const WARM_UP: Duration = Duration::from_millis(500);
/// The longest time the histogram can hold; a drain ends sooner.
const LONGEST_US: u64 = 60_000_000;

/// How many entries were done.
#[derive(Debug)]
pub struct Speed {
    pub entries: u64,
    pub took: Duration,
    load: Load,
}

/// How long entries took that were said at fixed times.
#[derive(Debug)]
pub struct Latency(Histogram<u64>);

/// Processor time of everybody during a round, in cores.
#[derive(Debug, Default)]
struct Load {
    judge: Option<f64>,
    judged: Option<f64>,
    machine: Option<f64>,
}

impl Speed {
    pub fn per_second(&self) -> f64 {
        self.entries as f64 / self.took.as_secs_f64()
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figure = |figure: Option<f64>| figure.map_or_else(|| "?".to_owned(), |figure| format!("{figure:.2}"));
        let Load { judge, judged, machine } = self.load;
        let each = judge.zip(judged).map(|(judge, judged)| (judge + judged) * 1e6 / self.per_second());
        write!(out, "{:.0}/s ({} us each; cores: judge {}", self.per_second(), figure(each), figure(judge))?;
        write!(out, ", judged {}, machine {})", figure(judged), figure(machine))
    }
}

impl Latency {
    pub fn p50_ms(&self) -> f64 {
        self.0.value_at_quantile(0.5) as f64 / 1000.0
    }

    pub fn p99_ms(&self) -> f64 {
        self.0.value_at_quantile(0.99) as f64 / 1000.0
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "p50 {:.2} ms, p99 {:.2} ms of {}", self.p50_ms(), self.p99_ms(), self.0.len())
    }
}

/// Everybody keeps the window full for `time`.
pub async fn speed(crowd: &Crowd, time: Duration) -> anyhow::Result<Speed> {
    for pair in &crowd.pairs {
        // A pair that has failed says so below.
        let _ = pair.orders.send(Order::Flow);
    }
    sleep(WARM_UP).await;
    let (from, before, used) = (Instant::now(), done(crowd), Used::now(crowd.process));
    sleep(time).await;
    let (took, after) = (from.elapsed(), done(crowd));
    let load = Used::now(crowd.process).since(&used, took);
    drain(crowd).await?;
    Ok(Speed { entries: after - before, took, load })
}

/// One entry each `1 / rate` seconds for `time`, by one pair after the other, on schedule whatever became of those before.
pub async fn latency(crowd: &Crowd, rate: u32, time: Duration) -> anyhow::Result<Latency> {
    let orders: Vec<_> = crowd.pairs.iter().map(|pair| pair.orders.clone()).collect();
    let count = (f64::from(rate) * time.as_secs_f64()).ceil() as u32;
    // A thread, because the runtime's timer only knows whole milliseconds.
    let pacing = tokio::task::spawn_blocking(move || {
        let start = Instant::now();
        for n in 0..count {
            let at = start + Duration::from_secs_f64(f64::from(n) / f64::from(rate));
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            // A pair that has failed says so below.
            let _ = orders[n as usize % orders.len()].send(Order::Say(at.into()));
        }
    });
    pacing.await?;
    let mut histogram = Histogram::new_with_bounds(1, LONGEST_US, 3)?;
    for took in drain(crowd).await? {
        histogram.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LONGEST_US).max(1));
    }
    anyhow::ensure!(histogram.len() == u64::from(count), "{} of {count} entries were done", histogram.len());
    Ok(Latency(histogram))
}

fn done(crowd: &Crowd) -> u64 {
    crowd.pairs.iter().map(|pair| pair.done.load(Ordering::Relaxed)).sum()
}

/// Waits until everything said is done; how long the entries with a schedule took.
async fn drain(crowd: &Crowd) -> anyhow::Result<Vec<Duration>> {
    let ask = |pair: &Pair| {
        let (answer, answered) = oneshot::channel();
        // The missing answer tells of a pair that has failed.
        let _ = pair.orders.send(Order::Drain(answer));
        answered
    };
    let answers: Vec<_> = crowd.pairs.iter().map(ask).collect();
    let mut took = Vec::new();
    for answer in answers {
        match answer.await {
            Ok(some) => took.extend(some),
            Err(_) => return Err(crowd.failure().await),
        }
    }
    Ok(took)
}

/// Processor time used up to now.
struct Used {
    judge: Option<Duration>,
    judged: Option<Duration>,
    machine: Option<Duration>,
}

impl Used {
    fn now(judged: Option<Process>) -> Self {
        Self { judge: Process::own().used(), judged: judged.and_then(Process::used), machine: process::machine_used() }
    }

    fn since(&self, before: &Self, took: Duration) -> Load {
        let cores = |now: Option<Duration>, then: Option<Duration>| Some((now?.saturating_sub(then?)).as_secs_f64() / took.as_secs_f64());
        Load {
            judge: cores(self.judge, before.judge),
            judged: cores(self.judged, before.judged),
            machine: cores(self.machine, before.machine),
        }
    }
}
