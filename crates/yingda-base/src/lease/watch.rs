//! Watching counters of others by one's own clock.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_standing_still_counts() {
        let (mut watch, at) = (Watch::default(), Duration::from_secs);
        assert_eq!(watch.still_for("a", 7, at(100)), at(0), "nothing is known before the first look");
        assert_eq!(watch.still_for("a", 7, at(105)), at(5));
        assert_eq!(watch.still_for("a", 8, at(106)), at(0));
        assert_eq!(watch.still_for("b", 8, at(200)), at(0));
        watch.retain(|key| *key == "b");
        assert_eq!(watch.still_for("a", 8, at(300)), at(0), "forgotten");
    }
}
