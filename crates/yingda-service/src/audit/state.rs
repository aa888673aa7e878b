//! What the audit log keeps in memory, one per process.
use super::{anchor::Anchors, refusal::Refusals, verify::Witness};
use serde::Serialize;
use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};
use utoipa::ToSchema;
use yingda_base::{
    Millis,
    key::{Keyring, MacKey},
    text_enum,
};

text_enum! {
    /// What is wrong with the chain as far as this program noticed by itself; `yingda verify` says exactly where.
    pub enum Trouble {
        /// The chain does not fit what was anchored: it was made anew, cut off, or replaced by an older copy.
        Contradicted = "contradicted",
        /// Records that were to be forgotten after their time do not fit the chain or its anchors: all are kept.
        Unsound = "unsound",
        /// The anchor file is gone though the chain was anchored.
        AnchorsMissing = "anchors_missing",
        /// The anchor file cannot be written or read.
        AnchorsUnusable = "anchors_unusable",
        /// The chain was moved by somebody else than the sealer.
        Moved = "moved",
    }
}

/// How far the chain was anchored by this node.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Anchored {
    /// The last record that is.
    pub seq: i64,
    /// When.
    pub at: Millis,
}

/// The part of the audit log that is not in the database.
pub struct State {
    /// The anchor file, and all keys: a checkpoint may have been made with an older one.
    pub witness: Witness,
    /// Vouches for checkpoints.
    pub checkpoints: MacKey,
    /// Bounds how many refusals are written down.
    pub refusals: Refusals,
    noticed: Mutex<Noticed>,
}

#[derive(Clone, Copy, Default)]
struct Noticed {
    anchored: Option<Anchored>,
    trouble: Option<Trouble>,
}

impl State {
    /// With the anchor file at `anchors`.
    pub fn new(anchors: &Path, keyring: &Keyring) -> State {
        State {
            witness: Witness { anchors: Anchors::new(anchors, keyring), keyring: keyring.clone() },
            checkpoints: keyring.mac_key("audit.checkpoint"),
            refusals: Refusals::default(),
            noticed: Mutex::default(),
        }
    }

    /// How far this node anchored the chain.
    pub fn anchored(&self) -> Option<Anchored> {
        self.noticed().anchored
    }

    /// What is wrong, as far as was noticed.
    pub fn trouble(&self) -> Option<Trouble> {
        self.noticed().trouble
    }

    pub(super) fn set_anchored(&self, anchored: Anchored) {
        self.noticed().anchored = Some(anchored);
    }

    /// Notes a trouble; whether it is news. What is grave is not forgotten for what is less so.
    pub(super) fn note(&self, trouble: Trouble) -> bool {
        let mut noticed = self.noticed();
        let is_news = noticed.trouble != Some(trouble);
        if noticed.trouble != Some(Trouble::Contradicted) {
            noticed.trouble = Some(trouble);
        }
        is_news
    }

    /// The anchor file can be written again.
    pub(super) fn anchors_usable(&self) {
        let mut noticed = self.noticed();
        noticed.trouble = noticed.trouble.filter(|trouble| *trouble != Trouble::AnchorsUnusable);
    }

    fn noticed(&self) -> std::sync::MutexGuard<'_, Noticed> {
        self.noticed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
