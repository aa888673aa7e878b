//! How long things took within the last hour, to be looked at while the program runs.
//!
//! A [`Window`] counts durations in buckets, a set of them for each minute; so that the last five minutes and the last hour can be told apart without
//! keeping single values. Recording takes a lock for some tens of nanoseconds and no memory.
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Minutes that are kept.
const MINUTES: usize = 60;
/// Buckets of one doubling: what is told differs from what was by less than an eighth.
const FINE: usize = 4;
/// Doublings from a microsecond on: beyond two minutes all is one.
const DOUBLINGS: usize = 27;
const BUCKETS: usize = FINE * DOUBLINGS;

/// Durations of one kind.
pub struct Window(Mutex<Box<[Minute]>>);

#[derive(Clone)]
struct Minute {
    /// Which one, by the monotonic clock.
    number: u64,
    counts: [u32; BUCKETS],
}

/// What a window tells of a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many there were.
    pub count: u64,
    /// Half of them took at most so long.
    pub p50: Duration,
    /// 95 of a hundred.
    pub p95: Duration,
    /// 99 of a hundred.
    pub p99: Duration,
}

impl Default for Window {
    fn default() -> Window {
        Window(Mutex::new(vec![Minute { number: u64::MAX, counts: [0; BUCKETS] }; MINUTES].into()))
    }
}

impl Window {
    /// Something took so long, and ended at this moment of the monotonic clock.
    pub fn record(&self, now: Duration, took: Duration) {
        let number = now.as_secs() / 60;
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = &mut minutes[place(number)];
        if minute.number != number {
            *minute = Minute { number, counts: [0; BUCKETS] };
        }
        let count = &mut minute.counts[bucket(took)];
        *count = count.saturating_add(1);
    }

    /// Of the minute that runs and those before it, `minutes` in all; at most an hour.
    pub fn summary(&self, now: Duration, minutes: u64) -> Summary {
        let number = now.as_secs() / 60;
        let mut counts = [0_u64; BUCKETS];
        for minute in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if minute.number <= number && number - minute.number < minutes {
                counts.iter_mut().zip(minute.counts).for_each(|(sum, count)| *sum += u64::from(count));
            }
        }
        let count = counts.iter().sum();
        let [p50, p95, p99] = [50, 95, 99].map(|share| quantile(&counts, count, share));
        Summary { count, p50, p95, p99 }
    }
}

fn place(number: u64) -> usize {
    usize::try_from(number % MINUTES as u64).unwrap_or_default()
}

fn bucket(took: Duration) -> usize {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
    let doubling = micros.ilog2() as usize;
    // Of the bits behind the first, the two that count most.
    let fine = if doubling >= 2 { (micros >> (doubling - 2)) as usize % FINE } else { (micros << (2 - doubling)) as usize % FINE };
    (doubling * FINE + fine).min(BUCKETS - 1)
}

/// Where a bucket begins, in microseconds.
fn begin(bucket: usize) -> f64 {
    let (doubling, fine) = (bucket / FINE, bucket % FINE);
    (1_u64 << doubling) as f64 * (1.0 + fine as f64 / FINE as f64)
}

/// As if what lies in a bucket were spread evenly over it.
fn quantile(counts: &[u64; BUCKETS], count: u64, share: u64) -> Duration {
    let wanted = (count * share).div_ceil(100);
    let mut before = 0;
    for (bucket, in_it) in counts.iter().enumerate() {
        if *in_it > 0 && before + in_it >= wanted {
            let part = (wanted - before) as f64 / *in_it as f64;
            let micros = begin(bucket) + part * (begin(bucket + 1) - begin(bucket));
            return Duration::from_nanos((micros * 1000.0) as u64);
        }
        before += in_it;
    }
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: u64 = 60;

    fn at(minute: u64) -> Duration {
        Duration::from_secs(60 * minute)
    }

    #[test]
    fn the_last_minutes_are_told_and_not_those_before() {
        let window = Window::default();
        assert_eq!(window.summary(at(0), HOUR), Summary::default());
        window.record(at(0), Duration::from_secs(1));
        window.record(at(4), Duration::from_millis(1));
        assert_eq!((window.summary(at(4), 5).count, window.summary(at(5), 5).count, window.summary(at(5), HOUR).count), (2, 1, 2));
        assert_eq!((window.summary(at(60), HOUR).count, window.summary(at(64), HOUR).count), (1, 0));
        window.record(at(60), Duration::from_millis(2));
        assert_eq!(window.summary(at(60), HOUR).count, 2, "a minute takes the place of the one an hour before it");
        window.record(at(500), Duration::MAX);
        assert!(window.summary(at(500), 1).p99 > Duration::from_secs(100));
    }

    #[test]
    fn shares_are_told() {
        let window = Window::default();
        (1..=1000).for_each(|n| window.record(at(0), Duration::from_millis(n)));
        let Summary { count, p50, p95, p99 } = window.summary(at(0), 1);
        let near = |told: Duration, was: u64| told.as_millis().abs_diff(u128::from(was)) < u128::from(was / 8);
        assert!(count == 1000 && near(p50, 500) && near(p95, 950) && near(p99, 990), "{p50:?} {p95:?} {p99:?}");
    }

    proptest! {
        #[test]
        fn each_lies_in_its_bucket(micros in 1_u64..100_000_000) {
            let bucket = bucket(Duration::from_micros(micros));
            prop_assert!(begin(bucket) <= micros as f64 && (micros as f64) < begin(bucket + 1).max(begin(bucket) + 1.0), "{bucket}");
        }
    }
}
