//! Counting guesses. A guess is charged before it is looked at, so that guesses made side by side cannot overtake the counter.
use super::{
    store,
    throttle::{self, Pace},
};
use yingda_base::{Error, Result, Tx, error::Kind};

/// Counts a failure in advance; refuses while a delay runs. Code: `auth.login_throttled`.
pub fn charge(tx: &mut Tx, subject: &str, pace: Pace) -> Result<()> {
    let (failures, now) = (store::lock_failures(tx, subject)?, tx.now());
    if let Some(wait) = pace.wait(failures, now) {
        let seconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).div_ceil(1000);
        return Err(Error::new(Kind::TooMany, "auth.login_throttled").with("seconds", seconds).retry_after(seconds * 1000));
    }
    store::set_failures(tx, subject, throttle::next(Some(failures), now))
}

/// The guess was right: the failures are forgotten.
pub fn acquit(tx: &mut Tx, subject: &str) -> Result<()> {
    store::forget_failures(tx, subject)
}
