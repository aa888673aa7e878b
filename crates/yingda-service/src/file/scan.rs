//! Asking a virus scanner before anything is looked into or kept. Optional: without an address nobody is asked.
//!
//! What it finds is refused, counted and audited. What it is too small for is refused. Where it gives no answer, [`SCAN_FAILURE`] decides.
use super::{
    SCAN_FAILURE,
    clamd::{self, Address, Verdict},
    receive::{Received, too_large},
};
use crate::{
    App,
    audit::{self, Audit},
};
use serde_json::json;
use std::{io, io::Seek, time::Duration};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};
use yingda_base::{Error, Result, blob::unwritable, http::Caller, supervisor::Stopping, text_enum};

/// Files asked about at once: fewer than the threads clamd has unless told otherwise (10), so that the time-out counts work and not waiting.
const AT_ONCE: usize = 8;
/// Between two looks whether the scanner is there.
const LOOK_EVERY: Duration = Duration::from_secs(30);

text_enum! {
    /// What becomes of a file about which the scanner gives no answer.
    pub enum OnFailure {
        /// It is refused, for now.
        Refuse = "refuse",
        /// It is taken unchecked.
        Pass = "pass",
    }
}

/// Which scanner, and how patient to be with it.
#[derive(Clone, Debug)]
pub struct ScannerOptions {
    /// Where it listens.
    pub address: Address,
    /// For one file, from the first byte sent to the answer.
    pub patience: Duration,
    /// Bytes it takes of one file, its `StreamMaxLength`.
    pub most: u64,
}

/// The scanner of this program.
pub struct Scanner {
    options: ScannerOptions,
    turns: Semaphore,
}

impl Scanner {
    /// Nothing is asked yet.
    pub fn new(options: ScannerOptions) -> Scanner {
        Scanner { options, turns: Semaphore::new(AT_ONCE) }
    }

    async fn ask(&self, received: &Received) -> Result<io::Result<Verdict>> {
        if received.bytes > self.options.most {
            return Ok(Ok(Verdict::TooLarge));
        }
        let mut content = received.content.try_clone().map_err(unwritable)?;
        content.rewind().map_err(unwritable)?;
        let mut content = tokio::fs::File::from_std(content);
        // The scanner has done nothing wrong while others are in front: that is a refusal for now, and never a reason to let a file pass.
        let Ok(turn) = timeout(self.options.patience, self.turns.acquire()).await else {
            return Err(Error::unavailable("file.scan_unavailable").retry_after(5_000));
        };
        let _turn = turn.map_err(Error::internal)?;
        let asked = timeout(self.options.patience, clamd::scan(&self.options.address, &mut content)).await;
        // A reading that was given up goes on, and moves the place in the file for whoever reads it next: it is waited for.
        drop(content.into_std().await);
        Ok(asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())))
    }
}

/// Asks the scanner, if there is one, about what came for an object (kind and id). Codes: `file.infected`, `body_too_large` (with what the scanner takes),
/// `file.scan_unavailable`.
pub async fn check(app: &App, caller: &Caller, object: (&'static str, &str), received: &Received) -> Result<()> {
    let Some(scanner) = app.files.scanner() else { return Ok(()) };
    let began = Instant::now();
    let verdict = scanner.ask(received).await?;
    metrics::histogram!("yingda_file_scan_seconds").record(began.elapsed());
    match verdict {
        Ok(Verdict::Clean) => {
            count("clean");
            Ok(())
        }
        Ok(Verdict::Infected(signature)) => {
            count("infected");
            tracing::warn!(signature, kind = object.0, id = object.1, "an infected file was refused");
            record(app, caller, object, &signature, received.bytes).await;
            Err(Error::invalid("file.infected"))
        }
        // However lenient one is with a scanner that is down: who sends can choose the size.
        Ok(Verdict::TooLarge) => {
            count("too_large");
            Err(too_large(scanner.options.most))
        }
        Err(error) => failed(app, &error),
    }
}

fn failed(app: &App, error: &io::Error) -> Result<()> {
    let is_passed = app.settings.global(&SCAN_FAILURE) == OnFailure::Pass;
    count(if is_passed { "unchecked" } else { "failed" });
    tracing::warn!(%error, is_passed, "the virus scanner gave no answer");
    if is_passed { Ok(()) } else { Err(Error::unavailable("file.scan_unavailable").retry_after(30_000)) }
}

fn count(outcome: &'static str) {
    metrics::counter!("yingda_file_scans_total", "outcome" => outcome).increment(1);
}

/// Into the audit log: who sent it and what was found. It is refused whether this can be written or not.
async fn record(app: &App, caller: &Caller, (object_kind, id): (&'static str, &str), signature: &str, bytes: u64) {
    if !audit::admits(app, caller) {
        return;
    }
    let audit = Audit {
        action: "file.upload",
        object_kind,
        object_id: id.to_owned(),
        refused: "file.infected",
        after: Some(json!({"signature": signature, "bytes": bytes}).to_string()),
        ..Audit::default()
    };
    let caller = caller.clone();
    if let Err(error) = app.db.write(move |tx| audit::record(tx, &caller, &audit)).await {
        tracing::error!(%error, "a refused file could not be recorded");
    }
}

/// Looks again and again whether the scanner is there, so that operators know before customers do.
pub async fn watch(app: App, mut stopping: Stopping) {
    let Some(scanner) = app.files.scanner() else { return };
    let mut was_there = None;
    while !stopping.is_set() {
        let asked = timeout(scanner.options.patience, clamd::version(&scanner.options.address)).await;
        let found = asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        metrics::gauge!("yingda_file_scanner_up").set(if found.is_ok() { 1.0 } else { 0.0 });
        match &found {
            Ok(version) if was_there != Some(true) => tracing::info!(version, "the virus scanner is there"),
            Err(error) if was_there != Some(false) => tracing::error!(%error, "the virus scanner cannot be reached"),
            Ok(_) | Err(_) => {}
        }
        was_there = Some(found.is_ok());
        tokio::select! {
            () = stopping.wait() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}
