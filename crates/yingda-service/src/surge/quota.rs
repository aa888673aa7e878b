//! How many devices, episodes and polling sessions one address, device or site may bring. Counted in memory, on each node for itself.
//!
//! Thousands of phones may stand behind one address of a mobile network, so what is allowed by address is generous, and settable.
use super::{DEVICES_ADDRESS_HOUR, DEVICES_SITE_HOUR, EPISODES_ADDRESS_HOUR, EPISODES_SITE_HOUR, POLLS_ADDRESS, POLLS_OWNER};
use crate::App;
use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use yingda_base::{
    Error, Result,
    error::Kind,
    http::{Actor, Caller, household},
    setting::Setting,
};

const HOUR: Duration = Duration::from_secs(3600);
/// Addresses and sites remembered; whoever comes when so many are in use is let in, for they cannot all be one attacker's.
const REMEMBERED: usize = 100_000;
/// What one address may bring within an hour to a site that is full.
const SPARED: u32 = 20;
/// At least so much between two searches for those that can be forgotten.
const SWEEP: Duration = Duration::from_secs(10);

/// Who is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Whom {
    Address(IpAddr),
    Site(String),
    /// What an address brought to sites that are full.
    Spared(IpAddr),
    /// What all of them brought there.
    Beyond(String),
}

/// So many at once, and as many again within an hour: a bucket that leaks evenly, for each key.
#[derive(Debug)]
struct Hourly<K>(Mutex<Table<K>>);

#[derive(Debug)]
struct Table<K> {
    buckets: HashMap<K, Bucket>,
    /// When those with nothing in them were last thrown out.
    swept: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    used: f64,
    at: Duration,
}

impl Bucket {
    fn leak(&mut self, most: f64, now: Duration) {
        self.used = (self.used - now.saturating_sub(self.at).as_secs_f64() * most / HOUR.as_secs_f64()).max(0.0);
        self.at = now;
    }
}

impl<K> Default for Hourly<K> {
    fn default() -> Hourly<K> {
        Hourly(Mutex::new(Table { buckets: HashMap::new(), swept: None }))
    }
}

impl<K: Eq + Hash> Hourly<K> {
    /// Counts one more, unless that is too many: then after which time there is room. False if there was no place left to remember it.
    fn take(&self, key: K, most: u32, now: Duration) -> std::result::Result<bool, Duration> {
        let most = f64::from(most);
        let table = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if table.buckets.len() >= REMEMBERED && !table.buckets.contains_key(&key) {
            // Not at each call: whoever fills the table must not make everybody else pay for looking through it.
            if table.swept.is_none_or(|at| now.saturating_sub(at) >= SWEEP) {
                table.swept = Some(now);
                // After an hour nothing is left in them, whatever their limit.
                table.buckets.retain(|_, bucket| now.saturating_sub(bucket.at) < HOUR);
            }
            if table.buckets.len() >= REMEMBERED {
                return Ok(false);
            }
        }
        let bucket = table.buckets.entry(key).or_insert(Bucket { used: 0.0, at: now });
        bucket.leak(most, now);
        if bucket.used + 1.0 > most {
            return Err(HOUR.mul_f64((bucket.used + 1.0 - most) / most));
        }
        bucket.used += 1.0;
        Ok(true)
    }

    /// One less: nothing came of it.
    fn give_back(&self, key: &K) {
        let table = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = table.buckets.get_mut(key) {
            bucket.used -= 1.0;
            if bucket.used <= 0.0 {
                table.buckets.remove(key);
            }
        }
    }
}

/// Places that are given back when their holder goes.
#[derive(Debug)]
struct Places<K>(Mutex<HashMap<K, u32>>);

/// One place.
#[derive(Debug)]
struct Seat<K: Eq + Hash> {
    of: Arc<Places<K>>,
    key: K,
}

impl<K> Default for Places<K> {
    fn default() -> Places<K> {
        Places(Mutex::default())
    }
}

impl<K: Eq + Hash + Clone> Places<K> {
    fn take(self: &Arc<Self>, key: K, most: u32) -> Option<Seat<K>> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = table.entry(key.clone()).or_default();
        if *held >= most {
            // One that was just made for the asking is not left behind.
            if *held == 0 {
                table.remove(&key);
            }
            return None;
        }
        *held += 1;
        Some(Seat { of: self.clone(), key })
    }
}

impl<K: Eq + Hash> Drop for Seat<K> {
    fn drop(&mut self) {
        let mut table = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = table.get_mut(&self.key) {
            *held -= 1;
            if *held == 0 {
                table.remove(&self.key);
            }
        }
    }
}

/// What the quotas have counted.
#[derive(Default)]
pub struct Quotas {
    devices: Arc<Hourly<Whom>>,
    episodes: Arc<Hourly<Whom>>,
    by_address: Arc<Places<IpAddr>>,
    by_owner: Arc<Places<(&'static str, i64)>>,
}

/// A polling session's places.
pub struct PollSeat {
    _address: Option<Seat<IpAddr>>,
    _owner: Option<Seat<(&'static str, i64)>>,
}

/// The address to count by. Through a proxy of this machine that we were not told of everybody comes from loopback, and whoever shows a
/// bench token is not limited.
fn counted(caller: &Caller) -> Option<IpAddr> {
    (!caller.actor.is_unlimited() && !caller.address.is_loopback()).then(|| household(caller.address))
}

fn most(app: &App, setting: &'static Setting<i64>) -> Option<u32> {
    u32::try_from(app.settings.global(setting)).ok().filter(|most| *most > 0)
}

/// What was counted in advance. It stays counted, also for a caller who hangs up while the unit runs, which is done all the same.
#[derive(Debug)]
pub struct Charge {
    of: Arc<Hourly<Whom>>,
    held: Vec<Whom>,
}

impl Charge {
    /// Nothing was made, and that is certain.
    pub fn give_back(self) {
        self.held.iter().for_each(|whom| self.of.give_back(whom));
    }
}

/// Counts a device that is about to be made. Code: `surge.devices`.
pub fn charge_device(app: &App, caller: &Caller, site: &str) -> Result<Charge> {
    let site = site.chars().take(64).collect();
    charge(app, caller, &app.surge.quotas.devices, [&DEVICES_ADDRESS_HOUR, &DEVICES_SITE_HOUR], site, "surge.devices")
}

/// Counts an episode that is about to be opened. Code: `surge.episodes`.
pub fn charge_episode(app: &App, caller: &Caller, site: i64) -> Result<Charge> {
    let site = site.to_string();
    charge(app, caller, &app.surge.quotas.episodes, [&EPISODES_ADDRESS_HOUR, &EPISODES_SITE_HOUR], site, "surge.episodes")
}

fn charge(
    app: &App,
    caller: &Caller,
    quotas: &Arc<Hourly<Whom>>,
    [by_address, by_site]: [&'static Setting<i64>; 2],
    site: String,
    code: &'static str,
) -> Result<Charge> {
    let mut charge = Charge { of: quotas.clone(), held: Vec::new() };
    if caller.actor.is_unlimited() {
        return Ok(charge);
    }
    let now = app.context.clock.elapsed();
    let mut take = |whom: Whom, most: u32| {
        let is_remembered = quotas.take(whom.clone(), most, now)?;
        charge.held.extend(Some(whom).filter(|_| is_remembered));
        Ok(is_remembered)
    };
    let address = counted(caller);
    if let Some((address, most)) = address.zip(most(app, by_address)) {
        take(Whom::Address(address), most).map_err(|wait| refused(code, wait))?;
    }
    let Some(most) = most(app, by_site) else { return Ok(charge) };
    let Err(wait) = take(Whom::Site(site.clone()), most) else { return Ok(charge) };
    // A few addresses that bring very many must not shut the door on everybody else; but many that bring few must not be without end either.
    let is_spared = address.is_some_and(|address| take(Whom::Spared(address), SPARED) == Ok(true));
    if is_spared && take(Whom::Beyond(site), most) == Ok(true) {
        return Ok(charge);
    }
    charge.give_back();
    Err(refused(code, wait))
}

/// A place for a polling session that begins, to be held as long as it lives. Code: `surge.polls`.
pub fn seat_poll(app: &App, caller: &Caller) -> Result<PollSeat> {
    let full = || refused("surge.polls", Duration::from_secs(30));
    let take_owner = |most| app.surge.quotas.by_owner.take(caller.actor.key(), most).ok_or_else(full);
    let is_named = !matches!(caller.actor, Actor::Anonymous) && !caller.actor.is_unlimited();
    let owner = most(app, &POLLS_OWNER).filter(|_| is_named).map(take_owner).transpose()?;
    let by_address = counted(caller).zip(most(app, &POLLS_ADDRESS));
    let address = by_address.map(|(address, most)| app.surge.quotas.by_address.take(address, most).ok_or_else(full)).transpose()?;
    Ok(PollSeat { _address: address, _owner: owner })
}

fn refused(code: &'static str, wait: Duration) -> Error {
    metrics::counter!("yingda_quota_refused_total", "quota" => code).increment(1);
    let seconds = wait.as_secs() + 1;
    Error::new(Kind::TooMany, code).with("seconds", seconds).retry_after(seconds * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn so_many_at_once_and_as_many_again_in_an_hour() {
        let hourly = Hourly::default();
        let took = |key: u8, now| (0..1000).filter(|_| hourly.take(key, 360, at(now)).is_ok()).count();
        assert_eq!((took(1, 0), took(2, 0)), (360, 360), "each by itself");
        let wait = hourly.take(1, 360, at(0)).unwrap_err();
        assert!((9..=10).contains(&wait.as_secs()), "one each ten seconds: {wait:?}");
        assert_eq!((took(1, 5), took(1, 11), took(1, 11 + 3600)), (0, 1, 360));
        assert!(hourly.take(2, 100, at(0)).is_err() && hourly.take(2, 1000, at(0)).is_ok(), "a changed setting holds at once");
    }

    #[test]
    fn whoever_cannot_be_remembered_is_let_in() {
        let hourly = Hourly::default();
        assert!((0..REMEMBERED).all(|n| hourly.take(n, 2, at(0)).is_ok()));
        assert!((0..3).all(|_| hourly.take(REMEMBERED, 2, at(0)).is_ok()));
        assert!(hourly.take(7, 2, at(0)).is_ok() && hourly.take(7, 2, at(0)).is_err(), "others are still counted");
        assert!(hourly.take(REMEMBERED, 2, at(7200)).is_ok());
        assert_eq!(hourly.0.lock().unwrap().buckets.len(), 1, "who has nothing counted is forgotten when room is needed");
    }

    #[test]
    fn places_come_back() {
        let places = Arc::new(Places::default());
        assert!(places.take("a", 0).is_none());
        let (one, two) = (places.take("a", 2), places.take("a", 2));
        assert!(one.is_some() && two.is_some() && places.take("a", 2).is_none() && places.take("b", 2).is_some());
        drop(one);
        assert!(places.take("a", 2).is_some());
        drop(two);
        assert!(places.0.lock().unwrap().is_empty());
    }
}
