//! Ids: time-ordered 63-bit numbers, unique over nodes, never repeating after the clock steps back.
//!
//! Layout from the top: 41 bits milliseconds since 2026-01-01, 10 bits node (from a lease), 12 bits counter. In JSON an id is an opaque
//! string, because 2^53 is less than an id. What a visitor can see carries a random public id instead.
use crate::clock::{Clock, Millis};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

const EPOCH: i64 = 1_767_225_600_000;
const NODE_BITS: u32 = 10;
const COUNTER_BITS: u32 = 12;

const NODE_SHIFT: u32 = COUNTER_BITS;
const TIME_SHIFT: u32 = NODE_BITS + COUNTER_BITS;
const COUNTER_MAX: i64 = (1 << COUNTER_BITS) - 1;

/// Makes ids. Cloning shares the counter.
#[derive(Clone)]
pub struct IdSource {
    clock: Clock,
    shared: Arc<Shared>,
}

struct Shared {
    /// The last id: time, node and counter change together or not at all.
    last: AtomicI64,
    /// Ids don't follow the wall clock beyond this time, so that a restart knows a floor for its own. They go on by counting.
    ceiling: AtomicI64,
}

impl IdSource {
    /// `node` is below 1024; `floor` is an id that all new ones must exceed (what an earlier run may have reached).
    pub fn new(clock: Clock, node: u16, floor: i64) -> IdSource {
        let shared = Shared { last: AtomicI64::new(exhausted(time_of(floor), i64::from(node))), ceiling: AtomicI64::new(i64::MAX) };
        IdSource { clock, shared: Arc::new(shared) }
    }

    /// The next id. Grows from call to call even while the clock stands still or steps back.
    pub fn next(&self) -> i64 {
        let wall = time_of(IdSource::at(self.clock.now())).min(self.shared.ceiling.load(Ordering::SeqCst)).max(1);
        let step = |last| {
            let (time, node, counter) = (time_of(last), node_of(last), last & COUNTER_MAX);
            Some(match () {
                () if wall > time => wall << TIME_SHIFT | node << NODE_SHIFT,
                () if counter < COUNTER_MAX => last + 1,
                () => (time + 1) << TIME_SHIFT | node << NODE_SHIFT,
            })
        };
        let previous = self.shared.last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, step).expect("the step always yields a value");
        step(previous).expect("the step always yields a value")
    }

    /// An id above all that were made up to now.
    pub fn high_water(&self) -> i64 {
        (time_of(self.shared.last.load(Ordering::SeqCst)) + 1) << TIME_SHIFT
    }

    /// Continues above `floor`, under another node number if one is given: what other nodes reached, or a new lease.
    pub fn raise(&self, floor: i64, node: Option<u16>) {
        let raised = |last| Some(exhausted(time_of(last).max(time_of(floor)), node.map_or(node_of(last), i64::from)));
        let needed = |last| if node.is_some() || time_of(floor) > time_of(last) { raised(last) } else { None };
        // `Err` says that nothing had to be raised.
        let _ = self.shared.last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, needed);
    }

    /// Follows the wall clock up to the time of this id and no further.
    pub fn set_ceiling(&self, id: i64) {
        self.shared.ceiling.store(time_of(id), Ordering::SeqCst);
    }

    /// How far two ids lie apart that were made so long after one another.
    pub fn span(time: std::time::Duration) -> i64 {
        i64::try_from(time.as_millis()).unwrap_or(i64::MAX >> (NODE_BITS + COUNTER_BITS)) << (NODE_BITS + COUNTER_BITS)
    }

    /// The smallest id made at `at` or later: for windows of time over ids.
    pub fn at(at: Millis) -> i64 {
        (at.0 - EPOCH).max(0) << TIME_SHIFT
    }

    /// The id that lies `by` later (or earlier, with [`IdSource::before`]) in time.
    pub fn after(id: i64, by: Duration) -> i64 {
        id.saturating_add(span(by))
    }

    /// The id that lies `by` earlier in time.
    pub fn before(id: i64, by: Duration) -> i64 {
        id.saturating_sub(span(by)).max(0)
    }
}

fn span(by: Duration) -> i64 {
    i64::try_from(by.as_millis()).unwrap_or(i64::MAX >> TIME_SHIFT) << TIME_SHIFT
}

fn time_of(id: i64) -> i64 {
    id >> TIME_SHIFT
}

fn node_of(id: i64) -> i64 {
    id >> NODE_SHIFT & ((1 << NODE_BITS) - 1)
}

/// The last id of a millisecond: the next one falls into a later one.
fn exhausted(time: i64, node: i64) -> i64 {
    time << TIME_SHIFT | (node & ((1 << NODE_BITS) - 1)) << NODE_SHIFT | COUNTER_MAX
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
            fn from_str(s: &str) -> std::result::Result<Self, Self::Err> { s.parse().map($name) }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> { s.collect_str(&self.0) }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map($name).map_err(serde::de::Error::custom)
            }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> { <String as utoipa::PartialSchema>::schema() }
        }
        impl utoipa::ToSchema for $name {}
        impl From<$name> for i64 { fn from(id: $name) -> i64 { id.0 } }
        $crate::column_newtype!($name, i64);
    )* };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    #[test]
    fn beyond_its_ceiling_a_source_counts_instead_of_following_the_clock() {
        let clock = Clock::manual(Millis(EPOCH + 1000));
        let ids = IdSource::new(clock.clone(), 0, 0);
        let ceiling = IdSource::at(Millis(EPOCH + 2000));
        ids.set_ceiling(ceiling);
        clock.advance(Duration::from_secs(40 * 24 * 3600));
        let last = (0..10_000).map(|_| ids.next()).max().unwrap();
        assert!(last < IdSource::after(ceiling, Duration::from_millis(5)), "the clock jumped forty days, the ids did not");
    }

    proptest! {
        /// Whatever the clock does and whatever it is told, a source never repeats an id and never steps back.
        #[test]
        fn ids_only_grow(steps in proptest::collection::vec((0..4_u8, 0..10_000_i64), 1..200)) {
            let clock = Clock::manual(Millis(EPOCH + 5000));
            let ids = IdSource::new(clock.clone(), 7, 0);
            let mut last = 0;
            for (what, number) in steps {
                match what {
                    0 => clock.step_to(Millis(EPOCH + number)),
                    1 => ids.raise(IdSource::at(Millis(EPOCH + number)), None),
                    2 => ids.raise(IdSource::at(Millis(EPOCH + number)), Some(u16::try_from(number % 1024).unwrap())),
                    _ => ids.set_ceiling(IdSource::at(Millis(EPOCH + number))),
                }
                let id = ids.next();
                prop_assert!(id > last);
                last = id;
            }
        }
    }
}
