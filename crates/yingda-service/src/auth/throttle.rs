//! How long to wait after failed logins. Delays grow and end: nobody is locked out for ever.
use std::time::Duration;
use yingda_base::Millis;

/// How a kind of subject is slowed down.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Failures that cost nothing.
    pub free: i64,
    /// Failures after which the delay doubles.
    pub step: i64,
}

/// One account: a second after the third failure, doubling with each.
pub const ACCOUNT: Pace = Pace { free: 2, step: 1 };
/// One address: coarse, since a whole call centre and half a city's mobile phones may share it.
pub const ADDRESS: Pace = Pace { free: 100, step: 20 };
/// The longest delay.
pub const LONGEST: Duration = Duration::from_secs(15 * 60);
/// After so long without a try the failures are forgotten.
pub const MEMORY: Duration = Duration::from_secs(24 * 3600);

/// What stands in the database about a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// How many, one after the other.
    pub count: i64,
    /// When the last was.
    pub last_at: Millis,
}

impl Pace {
    /// The delay after so many failures.
    pub fn delay(self, failures: i64) -> Duration {
        let over = failures - self.free;
        if over <= 0 {
            return Duration::ZERO;
        }
        let doublings = u32::try_from((over - 1) / self.step).unwrap_or(u32::MAX).min(20);
        Duration::from_secs(1 << doublings).min(LONGEST)
    }

    /// How long this subject must still wait; `None` if it may try now.
    pub fn wait(self, failures: Failures, now: Millis) -> Option<Duration> {
        let delay = self.delay(failures.count);
        let passed = since(failures, now);
        (passed < delay).then(|| delay - passed)
    }
}

/// The count after one more failure.
pub fn next(failures: Option<Failures>, now: Millis) -> i64 {
    match failures {
        Some(failures) if since(failures, now) < MEMORY => failures.count.saturating_add(1),
        Some(_) | None => 1,
    }
}

/// A clock that was set back must not lengthen the delay, so only the distance counts.
pub fn since(failures: Failures, now: Millis) -> Duration {
    Duration::from_millis(now.0.abs_diff(failures.last_at.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_slips_are_free_then_delays_double_up_to_a_quarter_of_an_hour() {
        let seconds = |n| ACCOUNT.delay(n).as_secs();
        assert_eq!((seconds(0), seconds(2), seconds(3), seconds(4), seconds(5)), (0, 0, 1, 2, 4));
        assert_eq!((seconds(12), seconds(13), seconds(1000)), (512, 900, 900));
    }

    #[test]
    fn an_office_behind_one_address_is_not_slowed_by_slips() {
        assert_eq!(ADDRESS.delay(100), Duration::ZERO);
        assert_eq!(ADDRESS.delay(101), Duration::from_secs(1));
    }

    #[test]
    fn failures_are_forgotten_after_a_day() {
        let failures = Failures { count: 40, last_at: Millis(1000) };
        assert_eq!(next(Some(failures), Millis(2000)), 41);
        assert_eq!(next(Some(failures), Millis(1000) + MEMORY), 1);
        assert_eq!(next(None, Millis(0)), 1);
    }

    proptest! {
        #[test]
        fn a_wait_always_ends(count in 0i64.., last in 0i64..1 << 45, now in 0i64..1 << 45) {
            let failures = Failures { count, last_at: Millis(last) };
            if let Some(wait) = ACCOUNT.wait(failures, Millis(now)) {
                prop_assert!(wait <= LONGEST);
            }
            prop_assert_eq!(ACCOUNT.wait(failures, Millis(last) + LONGEST), None);
        }

        #[test]
        fn more_failures_never_wait_less(count in 0i64..100_000) {
            prop_assert!(ACCOUNT.delay(count) <= ACCOUNT.delay(count + 1));
            prop_assert!(ADDRESS.delay(count) <= ADDRESS.delay(count + 1));
        }
    }
}
