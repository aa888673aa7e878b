//! Leases: a row says who holds something, and a counter in it moves while the holder lives.
//!
//! No clock is compared between machines. An observer remembers when, by its own monotonic clock, it last saw the counter move; one that
//! stands still for too long is over ([`Watch`]).
use std::{collections::HashMap, hash::Hash, time::Duration};

/// What an observer remembers of counters that others must keep moving.
pub struct Watch<K> {
    seen: HashMap<K, (i64, Duration)>,
}

impl<K> Default for Watch<K> {
    fn default() -> Self {
        Watch { seen: HashMap::new() }
    }
}

impl<K: Hash + Eq> Watch<K> {
    /// Notes the counter of `key` as seen at `now` ([`crate::Clock::elapsed`]); answers for how long it has stood still.
    pub fn still_for(&mut self, key: K, counter: i64, now: Duration) -> Duration {
        let (last, since) = self.seen.entry(key).or_insert((counter, now));
        if *last != counter {
            (*last, *since) = (counter, now);
        }
        now.saturating_sub(*since)
    }

    /// Forgets what need not be watched any more.
    pub fn retain(&mut self, keep: impl Fn(&K) -> bool) {
        self.seen.retain(|key, _| keep(key));
    }
}
