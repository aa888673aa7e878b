//! Ids: time-ordered 63-bit numbers, unique over nodes, never repeating after the clock steps back.
//!
//! Layout from the top: 41 bits milliseconds since 2026-01-01, 10 bits node (from a lease), 12 bits counter. In JSON an id is an opaque
//! string, because 2^53 is less than an id. What a visitor can see carries a random public id instead.
use crate::clock::{Clock, Millis};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

const EPOCH: i64 = 1_767_225_600_000;
const NODE_BITS: u32 = 10;
const COUNTER_BITS: u32 = 12;

/// Makes ids. Cloning shares the counter.
#[derive(Clone)]
pub struct IdSource {
    clock: Clock,
    node: i64,
    /// Milliseconds and counter of the last id, joined.
    last: Arc<AtomicI64>,
}

impl IdSource {
    /// `node` is below 1024; `floor` is an id that all new ones must exceed (what an earlier run may have reached).
    pub fn new(clock: Clock, node: u16, floor: i64) -> IdSource {
        let last = (floor >> (NODE_BITS + COUNTER_BITS)) + 1;
        IdSource {
            clock,
            node: i64::from(node) & ((1 << NODE_BITS) - 1),
            last: Arc::new(AtomicI64::new(if floor == 0 { 0 } else { last << COUNTER_BITS })),
        }
    }

    /// The next id. Grows from call to call even while the clock stands still or steps back.
    pub fn next(&self) -> i64 {
        let wall = (self.clock.now().0 - EPOCH).max(1) << COUNTER_BITS;
        let step = |last| Some(wall.max(last + 1));
        let previous = self.last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, step).expect("the step always yields a value");
        let joined = wall.max(previous + 1);
        let (millis, counter) = (joined >> COUNTER_BITS, joined & ((1 << COUNTER_BITS) - 1));
        (millis << (NODE_BITS + COUNTER_BITS)) | (self.node << COUNTER_BITS) | counter
    }

    /// The highest id that could have been made up to now.
    pub fn high_water(&self) -> i64 {
        ((self.last.load(Ordering::SeqCst) >> COUNTER_BITS) + 1) << (NODE_BITS + COUNTER_BITS)
    }

    /// The smallest id made at `at` or later: for windows of time over ids.
    pub fn at(at: Millis) -> i64 {
        (at.0 - EPOCH).max(0) << (NODE_BITS + COUNTER_BITS)
    }
}

/// `id! { /// doc pub struct StaffId; }`: an id type. A string in JSON, a BIGINT in the database.
#[macro_export]
macro_rules! id {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident;)*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name(pub i64);
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }
        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(s: &str) -> Result<Self, Self::Err> { s.parse().map($name) }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(&self.0) }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map($name).map_err(serde::de::Error::custom)
            }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> { <String as utoipa::PartialSchema>::schema() }
        }
        impl utoipa::ToSchema for $name {}
        $crate::column_newtype!($name, i64, Int);
    )* };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn ids_grow_over_clock_steps_and_restarts() {
        let clock = Clock::manual(Millis(EPOCH + 1_000_000));
        let ids = IdSource::new(clock.clone(), 3, 0);
        let mut last = 0;
        for round in 0..20_000 {
            if round == 10_000 {
                clock.step_to(Millis(EPOCH + 500));
            }
            let id = ids.next();
            assert!(id > last, "round {round}");
            last = id;
        }
        let restarted = IdSource::new(clock.clone(), 3, ids.high_water());
        assert!(restarted.next() > last);
        clock.advance(Duration::from_secs(3600 * 24 * 365 * 60));
        assert!(restarted.next() > 0, "the sign bit is never reached within 60 years");
    }

    #[test]
    fn nodes_never_meet() {
        let clock = Clock::manual(Millis(EPOCH + 1));
        let (a, b) = (IdSource::new(clock.clone(), 1, 0), IdSource::new(clock, 2, 0));
        let left: std::collections::HashSet<i64> = (0..5000).map(|_| a.next()).collect();
        assert!((0..5000).all(|_| !left.contains(&b.next())));
    }
}
