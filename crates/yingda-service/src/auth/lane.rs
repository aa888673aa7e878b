//! Which counter a guess at the door is charged to.
//!
//! Somebody's known browser, and the place they logged in from lately, have counters of their own: whoever guesses from elsewhere locks
//! elsewhere, and not the person at their own desk. Strangers share one counter per login, whether there is such an account or not.
use super::{guess, id::StaffId, settings, store, throttle, token};
use std::time::Duration;
use yingda_base::{
    Error, Millis, Result, Tx,
    error::Kind,
    http::{Caller, household},
    setting::Settings,
};

/// A login from an address makes it a known place for so long.
const PLACE_KNOWN: Duration = Duration::from_secs(30 * 24 * 3600);
/// How many browsers of one person are known.
const DEVICES: i64 = 20;
/// From so many guesses left on it is said how many.
const FEW: i64 = 3;

/// When guessing is locked, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Lock {
    /// After so many failures.
    pub after: i64,
    /// For so many minutes.
    pub minutes: i64,
}

impl Lock {
    /// As set now.
    pub fn of(settings: &Settings) -> Lock {
        Lock { after: settings.global(&settings::LOCK_AFTER), minutes: settings.global(&settings::LOCK_MINUTES) }
    }

    fn life(self) -> Duration {
        Duration::from_secs(60 * u64::try_from(self.minutes).unwrap_or_default())
    }

    /// How long these failures still lock; nothing if they do not.
    pub fn left(self, failures: throttle::Failures, now: Millis) -> Option<Duration> {
        let passed = throttle::since(failures, now);
        (failures.count >= self.after && passed < self.life()).then(|| self.life() - passed)
    }
}

/// The counters a guess at a login is charged to.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Absent for bench runs, which log hundreds of agents in from one address, and where one address hides all.
    address: Option<String>,
    /// What strangers share.
    stranger: String,
    /// One's own, if browser or place is known.
    own: Option<String>,
}

impl Lane {
    /// Of somebody who says to be `staff`. `device` is the secret of their browser.
    pub fn find(tx: &mut Tx, caller: &Caller, login: &str, staff: Option<StaffId>, device: Option<&str>) -> Result<Lane> {
        let is_told_apart = !caller.address.is_loopback();
        let from = caller.address.to_string();
        let address =
            (!caller.actor.is_unlimited() && is_told_apart).then(|| format!("address:{}", short(&household(caller.address).to_string())));
        let name = short(login);
        let own = match (staff, device) {
            (Some(staff), Some(device)) if store::is_known_device(tx, staff, &token::hash_secret(device))? => {
                Some(format!("device:{name}:{}", short(device)))
            }
            (Some(staff), _) if is_told_apart && store::is_known_place(tx, staff, &from, tx.steady() - PLACE_KNOWN)? => {
                Some(format!("place:{name}:{}", short(&from)))
            }
            _ => None,
        };
        Ok(Lane { address, stranger: format!("login:{name}"), own })
    }

    fn account(&self) -> &str {
        self.own.as_deref().unwrap_or(&self.stranger)
    }

    /// Counts a failure in advance; refuses while a delay or a lock runs. Answers how many guesses are left, once they are few.
    /// Addresses come before accounts, everywhere, so that nobody deadlocks.
    pub fn charge(&self, tx: &mut Tx, lock: Lock) -> Result<Option<i64>> {
        if let Some(address) = &self.address {
            guess::charge(tx, address, throttle::ADDRESS)?;
        }
        let count = guess::charge_locked(tx, self.account(), throttle::ACCOUNT, lock)?;
        let left = lock.after - count;
        Ok((left <= FEW).then_some(left))
    }

    /// The password was right: the failures are forgotten, the address gets back the one it was charged. Answers how many guesses
    /// strangers made meanwhile.
    pub fn acquit(&self, tx: &mut Tx) -> Result<i64> {
        if let Some(address) = &self.address {
            store::refund_failure(tx, address)?;
        }
        let others = if self.own.is_some() { store::count_failures(tx, &self.stranger)? } else { 0 };
        guess::acquit(tx, self.account())?;
        Ok(others)
    }
}

/// What an administrator sees: until when strangers, and known browsers and places, cannot log in; the later of both.
pub fn locked_for(tx: &mut Tx, login: &str, lock: Lock) -> Result<Option<Duration>> {
    let now = tx.now();
    let failures = store::failures_of_login(tx, &short(login))?;
    Ok(failures.into_iter().filter_map(|failures| lock.left(failures, now)).max())
}

/// Forgets all failures of a login.
pub fn unlock(tx: &mut Tx, login: &str) -> Result<()> {
    store::forget_failures_of_login(tx, &short(login))
}

/// Notes that this browser belongs to somebody who logged in with it.
pub fn note_device(tx: &mut Tx, staff: StaffId, device: &str) -> Result<()> {
    store::note_known_device(tx, staff, &token::hash_secret(device), DEVICES)
}

/// What is refused while a lock runs. The same for accounts that do not exist.
pub fn locked(left: Duration) -> Error {
    let minutes = u64::try_from(left.as_millis()).unwrap_or(u64::MAX).div_ceil(60_000);
    let retry_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
    Error::new(Kind::TooMany, "auth.locked").with("minutes", minutes).retry_after(retry_ms)
}

/// People type passwords into the wrong field, so what is counted stands nowhere in clear.
fn short(text: &str) -> String {
    token::hash_secret(text)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
