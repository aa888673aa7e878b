//! What this node knows of presence, in memory: for views, which ask often.
use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};
use tokio::sync::watch;

use super::presence::PresenceChanged;

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
    all: RwLock<HashMap<i64, (i64, Presence)>>,
    version: watch::Sender<u64>,
}

impl Default for Roster {
    fn default() -> Self {
        Roster { all: RwLock::default(), version: watch::channel(0).0 }
    }
}

impl Roster {
    /// Takes over a presence, unless what is known is as new. Answers whether it is different.
    pub fn follow(&self, changed: &PresenceChanged) -> bool {
        let presence = Presence { is_connected: changed.is_connected, is_accepting: changed.is_accepting };
        let is_news = {
            let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
            let known = all.entry(changed.staff).or_insert((-1, Presence::default()));
            if known.0 >= changed.version {
                return false;
            }
            std::mem::replace(known, (changed.version, presence)).1 != presence
        };
        if is_news {
            self.version.send_modify(|version| *version += 1);
        }
        is_news
    }

    /// Presence of a member of staff; absent if nothing is known.
    pub fn get(&self, staff: i64) -> Presence {
        self.all.read().unwrap_or_else(PoisonError::into_inner).get(&staff).map(|known| known.1).unwrap_or_default()
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
