//! How long a sending and a request take, by stage and by route: in the metrics, and to be looked at on a page of the desk.
//!
//! Owns no table: it is forgotten when the program stops, and each node tells of itself. `docs/operate/latency.md` says what each name means.
mod http;
#[cfg(test)]
mod tests;

pub use http::routes;

use metrics::{Histogram, histogram};
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use utoipa::ToSchema;
use yingda_base::{Clock, latency::Window, text_enum};

text_enum! {
    /// A part of the way of a sentence.
    pub enum Stage {
        /// From its frame being read until its unit began: it waited for the unit before it on the same connection, and for the writer.
        Waiting = "waiting",
        /// From there until it was committed and synced.
        Committing = "committing",
        /// From its doorbell until it was handed to the socket of somebody else who sees it.
        Showing = "showing",
    }
}

/// Routes that are remembered; those beyond count in the metrics only.
const ROUTES: usize = 300;

/// What is measured on this node.
pub struct Meter {
    clock: Clock,
    stages: [(Window, Histogram); 3],
    routes: RwLock<BTreeMap<String, Arc<Window>>>,
}

impl Meter {
    /// Nothing measured yet.
    pub fn new(clock: Clock) -> Meter {
        let stage = |stage: Stage| (Window::default(), histogram!("yingda_sending_seconds", "stage" => stage.as_str()));
        Meter { clock, stages: [Stage::Waiting, Stage::Committing, Stage::Showing].map(stage), routes: RwLock::default() }
    }

    /// The moment by which stages are measured.
    pub fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    /// A stage that began at this moment ends now.
    pub fn note(&self, stage: Stage, begun: Duration) {
        self.note_between(stage, begun, self.now());
    }

    /// Sendings that were read at these moments were committed just now, in a unit that began at another one.
    pub fn note_sendings(&self, read: impl Iterator<Item = Duration>, begun: Duration) {
        let now = self.now();
        for read in read {
            self.note_between(Stage::Waiting, read, begun);
            self.note_between(Stage::Committing, begun, now);
        }
    }

    /// A stage lasted from one moment to another.
    fn note_between(&self, stage: Stage, begun: Duration, ended: Duration) {
        let (window, histogram) = &self.stages[stage as usize];
        let took = ended.saturating_sub(begun);
        window.record(ended, took);
        histogram.record(took.as_secs_f64());
    }

    /// A request was answered.
    pub fn note_request(&self, method: &str, route: &str, took: Duration) {
        let name = format!("{method} {route}");
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        let window = known.or_else(|| {
            let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
            (routes.len() < ROUTES || routes.contains_key(&name)).then(|| routes.entry(name).or_default().clone())
        });
        if let Some(window) = window {
            window.record(self.now(), took);
        }
    }

    fn told(&self, name: &str, window: &Window) -> Lately {
        let summary = |minutes| {
            let told = window.summary(self.now(), minutes);
            let ms = |took: Duration| took.as_secs_f64() * 1000.0;
            Share { count: told.count, p50_ms: ms(told.p50), p95_ms: ms(told.p95), p99_ms: ms(told.p99) }
        };
        Lately { name: name.to_owned(), minutes: summary(5), hour: summary(60) }
    }

    /// The stages, in the order of the way.
    pub fn stages(&self) -> Vec<Lately> {
        Stage::ALL.iter().map(|stage| self.told(stage.as_str(), &self.stages[*stage as usize].0)).collect()
    }

    /// The routes that were called within an hour, by name.
    pub fn requests(&self) -> Vec<Lately> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        routes.iter().map(|(name, window)| self.told(name, window)).filter(|lately| lately.hour.count > 0).collect()
    }
}

/// How long something took lately.
#[derive(Clone, Debug, serde::Serialize, ToSchema)]
pub struct Lately {
    /// The stage, or method and pattern of the route.
    pub name: String,
    /// Within the last five minutes.
    pub minutes: Share,
    /// Within the last hour.
    pub hour: Share,
}

/// Of how many, and how long, in milliseconds; told values differ from measured ones by less than an eighth.
#[derive(Clone, Debug, serde::Serialize, ToSchema)]
pub struct Share {
    /// How many there were.
    pub count: u64,
    /// Half of them took at most so long.
    pub p50_ms: f64,
    /// 95 of a hundred.
    pub p95_ms: f64,
    /// 99 of a hundred.
    pub p99_ms: f64,
}
