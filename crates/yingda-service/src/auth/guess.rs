//! Counting guesses. A guess is charged before it is looked at, so that guesses made side by side cannot overtake the counter.
use super::{
    lane::{self, Lock},
    store,
    throttle::{self, Failures, Pace},
};
use yingda_base::{Error, Result, Tx, error::Kind};

/// Counts a failure in advance; refuses while a delay runs. Answers the count. Code: `auth.login_throttled`.
pub fn charge(tx: &mut Tx, subject: &str, pace: Pace) -> Result<i64> {
    let failures = store::lock_failures(tx, subject)?;
    count(tx, subject, pace, failures)
}

/// The same with a lock after some of them, after which counting begins anew. Codes: also `auth.locked`.
pub fn charge_locked(tx: &mut Tx, subject: &str, pace: Pace, lock: Lock) -> Result<i64> {
    let (failures, now) = (store::lock_failures(tx, subject)?, tx.now());
    match lock.left(failures, now) {
        Some(left) => Err(lane::locked(left)),
        None if failures.count >= lock.after => count(tx, subject, pace, Failures { count: 0, ..failures }),
        None => count(tx, subject, pace, failures),
    }
}

fn count(tx: &mut Tx, subject: &str, pace: Pace, failures: Failures) -> Result<i64> {
    let now = tx.now();
    if let Some(wait) = pace.wait(failures, now) {
        let seconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).div_ceil(1000);
        return Err(Error::new(Kind::TooMany, "auth.login_throttled").with("seconds", seconds).retry_after(seconds * 1000));
    }
    let count = throttle::next(Some(failures), now);
    store::set_failures(tx, subject, count)?;
    Ok(count)
}

/// The guess was right: the failures are forgotten.
pub fn acquit(tx: &mut Tx, subject: &str) -> Result<()> {
    store::forget_failures(tx, subject)
}
