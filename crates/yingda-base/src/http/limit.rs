//! Rate limits by session or device first; anonymous callers by address, coarsely, because a telecom's own customers share addresses.
use super::{actor::Actor, client::household};
use crate::error::{Error, Kind, Result};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::{net::IpAddr, num::NonZeroU32};

/// How often one actor may call a route: a class, not a number, so that operators can reason about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Looking: 50 a second, bursts of 200.
    Read,
    /// Changing: 20 a second, bursts of 60.
    Write,
    /// Costly: uploads, passwords. 2 a second, bursts of 20.
    Costly,
    /// By address only, for those who have no name yet: 100 a second, bursts of 400.
    Entry,
}

type Limiter = DefaultKeyedRateLimiter<(&'static str, i64, Option<IpAddr>)>;

/// The limiters of this node.
pub struct Limits {
    read: Limiter,
    write: Limiter,
    costly: Limiter,
    entry: Limiter,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { read: limiter(50, 200), write: limiter(20, 60), costly: limiter(2, 20), entry: limiter(100, 400) }
    }
}

fn limiter(per_second: u32, burst: u32) -> Limiter {
    let some = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
    RateLimiter::keyed(Quota::per_second(some(per_second)).allow_burst(some(burst)))
}

impl Limits {
    /// Counts a call; `rate_limited` if it is one too many.
    pub fn count(&self, limit: Limit, actor: &Actor, address: IpAddr) -> Result<()> {
        if actor.is_unlimited() {
            return Ok(());
        }
        let limiter = match limit {
            Limit::Read => &self.read,
            Limit::Write => &self.write,
            Limit::Costly => &self.costly,
            Limit::Entry => &self.entry,
        };
        let (kind, id) = actor.key();
        let by_address = matches!(actor, Actor::Anonymous) || limit == Limit::Entry;
        // A proxy on this machine that we were not told to trust: everybody behind it comes from loopback, and to limit that would
        // let one stranger shut out all.
        if by_address && address.is_loopback() {
            return Ok(());
        }
        let key = if by_address { ("address", 0, Some(household(address))) } else { (kind, id, None) };
        limiter.check_key(&key).map_err(|_| Error::new(Kind::TooMany, "rate_limited").with("seconds", 1).retry_after(1000))
    }

    /// Forgets those who have not called for long.
    pub fn shrink(&self) {
        for limiter in [&self.read, &self.write, &self.costly, &self.entry] {
            limiter.retain_recent();
        }
    }
}
