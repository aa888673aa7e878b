//! Who did what: one plain row per state-changing call outside conversations, written in the unit that changes the state.
//!
//! Owns `audit_record`, `audit_value`, `audit_chain` and `audit_checkpoint`. Entries of conversations are their own audit. Refusals are rows
//! too: failed logins, and calls that were forbidden ([`refusal`]). What a route leaves here stands on its line.
//!
//! A background task takes the rows into a hash chain ([`chain`], [`seal`]) and writes its head to a file outside the database
//! ([`anchor`], [`anchoring`]). What can be erased lies outside the chain, which holds salted hashes of it. docs/decisions/audit-chain.md.
mod actions;
mod aging;
mod anchor;
mod anchoring;
mod chain;
mod erase;
mod export;
mod http;
mod jobs;
mod model;
mod record;
mod refusal;
mod seal;
mod search;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod verify;
mod walk;

pub use anchor::{Anchor, AnchorKind, Anchors, Reading, anchors_beside};
pub use anchoring::record_restore;
pub use chain::{Hash, Head};
pub use erase::{erase_origins, erase_values};
pub use http::routes;
pub use jobs::Prune;
pub use model::AuditRow;
pub use record::{Audit, record, record_of_program};
pub use refusal::{admits, record_refusal};
pub use search::done_to;
pub use state::{Anchored, State, Trouble};
pub use verify::{Verified, Witness, verify};
pub use walk::Finding;

use crate::App;
use std::time::Duration;
use yingda_base::supervisor::Stopping;

yingda_base::texts!("texts.toml");
yingda_base::setting! {
    /// How often the head of the chain is anchored at most, in seconds.
    pub static ANCHOR_S: i64 = "audit.anchor_s", default 60, scopes [Operator], check |s| (5..=3600).contains(s);
    /// How long records are kept, in days. Article 21 of the Cybersecurity Law asks for six months.
    pub static RETENTION_DAYS: i64 = "audit.retention_days", default 365, scopes [Operator], check |days| (180..=3650).contains(days);
}

/// Between two looks for records to seal.
const TICK: Duration = Duration::from_millis(500);

/// Seals and anchors until the program stops, and once more at its end.
pub async fn run(app: App, mut stopping: Stopping) {
    let (mut sealer, mut anchoring) = (seal::Sealer::new(&app), anchoring::Anchoring::new(&app));
    loop {
        let is_end = stopping.is_set();
        complain("told", refusal::tell(&app, is_end).await);
        complain("sealed", sealer.round().await);
        let anchored = if is_end { anchoring.anchor().await } else { anchoring.round().await };
        complain("anchored", anchored);
        if is_end {
            return complain("given back", sealer.end().await);
        }
        tokio::select! {
            () = stopping.wait() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

fn complain(what: &str, outcome: yingda_base::Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, what, "a round of the audit log failed and will be tried again");
    }
}
