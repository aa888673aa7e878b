//! The injected clock. Wall time names when something happened; durations are measured with [`Clock::elapsed`], which never steps back.
//! What must be remembered over restarts and yet not be hurt by a wall clock that jumps is measured with [`Clock::steady`].
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    ops::{Add, Sub},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = i64)]
pub struct Millis(pub i64);

impl Millis {
    /// For people, in UTC: `2026-11-20 10:30:00`.
    pub fn in_words(self) -> String {
        self.shaped("%Y-%m-%d %H:%M:%S")
    }

    /// For names of files, in UTC: `20261120-103000`.
    pub fn in_name(self) -> String {
        self.shaped("%Y%m%d-%H%M%S")
    }

    fn shaped(self, pattern: &str) -> String {
        jiff::Timestamp::from_millisecond(self.0).map_or_else(|_| self.0.to_string(), |at| at.strftime(pattern).to_string())
    }
}

impl Add<Duration> for Millis {
    type Output = Millis;
    fn add(self, d: Duration) -> Millis {
        Millis(self.0.saturating_add(i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
    }
}
impl Sub<Duration> for Millis {
    type Output = Millis;
    fn sub(self, d: Duration) -> Millis {
        Millis(self.0.saturating_sub(i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
    }
}
impl Sub for Millis {
    type Output = Duration;
    /// The time between two moments; zero if the second is later.
    fn sub(self, earlier: Millis) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Millis {
    /// As people and standards write it: `2026-11-20T09:30:00Z`.
    pub fn to_rfc3339(self) -> String {
        Timestamp::from_millisecond(self.0).unwrap_or_default().to_string()
    }

    /// Year, month and day in UTC.
    pub fn date(self) -> (i32, u8, u8) {
        let date = Timestamp::from_millisecond(self.0).unwrap_or_default().to_zoned(TimeZone::UTC).date();
        (date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    }
}

/// A source of wall time and of monotonic time. Cloning shares the source.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    source: Source,
    /// Steady time when the monotonic clock stood at zero, in milliseconds.
    anchor: AtomicI64,
}

enum Source {
    System { start: Instant },
    Manual { wall: AtomicI64, monotonic: AtomicI64 },
}

impl Clock {
    /// The machine's own clock.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
    pub fn system() -> Clock {
        Clock::anchored(Source::System { start: Instant::now() })
    }

    /// A clock for tests that stands still until told otherwise.
    pub fn manual(at: Millis) -> Clock {
        Clock::anchored(Source::Manual { wall: AtomicI64::new(at.0), monotonic: AtomicI64::new(0) })
    }

    /// Steady time begins as wall time.
    fn anchored(source: Source) -> Clock {
        let clock = Clock(Arc::new(Inner { source, anchor: AtomicI64::new(0) }));
        clock.set_steady(clock.now());
        clock
    }

    /// Wall time. It may step back or jump.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    pub fn now(&self) -> Millis {
        match &self.0.source {
            Source::System { .. } => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Source::Manual { wall, .. } => Millis(wall.load(Ordering::SeqCst)),
        }
    }

    /// Time since this clock was made. Never steps back.
    pub fn elapsed(&self) -> Duration {
        match &self.0.source {
            Source::System { start } => start.elapsed(),
            Source::Manual { monotonic, .. } => Duration::from_millis(u64::try_from(monotonic.load(Ordering::SeqCst)).unwrap_or(0)),
        }
    }

    /// Wall time as it would be if it had never been corrected: where it was last set with [`Clock::set_steady`], and what the monotonic
    /// clock has measured since. The same for a process from its start to its end, whatever happens to the wall clock.
    pub fn steady(&self) -> Millis {
        Millis(self.0.anchor.load(Ordering::SeqCst)) + self.elapsed()
    }

    /// Says what steady time it is now: once, at the start, by whoever remembers it.
    pub fn set_steady(&self, at: Millis) {
        self.0.anchor.store((at - self.elapsed()).0, Ordering::SeqCst);
    }

    /// Moves a manual clock forward, wall and monotonic alike. No effect on the system clock.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual { wall, monotonic } = &self.0.source {
            let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            wall.fetch_add(ms, Ordering::SeqCst);
            monotonic.fetch_add(ms, Ordering::SeqCst);
        }
    }

    /// Sets only the wall time of a manual clock: what an operator does when correcting a wrong clock.
    pub fn step_to(&self, at: Millis) {
        if let Source::Manual { wall, .. } = &self.0.source {
            wall.store(at.0, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_time_passes_and_never_jumps() {
        let clock = Clock::manual(Millis(1_000));
        clock.advance(Duration::from_millis(50));
        assert_eq!((clock.now(), clock.steady()), (Millis(1_050), Millis(1_050)));
        clock.step_to(Millis(9_000_000));
        assert_eq!(clock.steady(), Millis(1_050));
        clock.step_to(Millis(0));
        clock.advance(Duration::from_millis(50));
        assert_eq!(clock.steady(), Millis(1_100));
        clock.set_steady(Millis(500));
        clock.advance(Duration::from_millis(50));
        assert_eq!((clock.now(), clock.steady()), (Millis(100), Millis(550)));
    }
}
