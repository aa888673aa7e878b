//! What this node knows of presence, in memory: for views, which ask often.
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};
use tokio::sync::watch;

/// Presence of one member of staff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Their desk is alive.
    pub is_connected: bool,
    /// They take conversations.
    pub is_accepting: bool,
}

/// See the module.
pub struct Roster {
    all: RwLock<HashMap<i64, Presence>>,
    version: watch::Sender<u64>,
}

impl Default for Roster {
    fn default() -> Self {
        Roster { all: RwLock::default(), version: watch::channel(0).0 }
    }
}

impl Roster {
    /// Takes over a presence. Answers whether it is news.
    pub fn set(&self, staff: i64, presence: Presence) -> bool {
        let old = self.all.write().unwrap_or_else(PoisonError::into_inner).insert(staff, presence);
        let is_news = old.unwrap_or_default() != presence;
        if is_news {
            self.version.send_modify(|version| *version += 1);
        }
        is_news
    }

    /// Presence of a member of staff; absent if nothing is known.
    pub fn get(&self, staff: i64) -> Presence {
        self.all.read().unwrap_or_else(PoisonError::into_inner).get(&staff).copied().unwrap_or_default()
    }

    /// Whether a desk of theirs is alive.
    pub fn is_connected(&self, staff: i64) -> bool {
        self.get(staff).is_connected
    }

    /// Tells of every change.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }
}
