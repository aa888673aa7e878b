//! How many connections there may be, in all and from one household.
//!
//! Beyond the limit there are a few places more, on which only what is vital is answered and everybody else is told to come back later;
//! beyond those, connections are closed unheard.
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use metrics::{counter, gauge};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};
use yingda_base::{
    Error,
    http::{Peer, household},
};
use yingda_service::surge::Surge;

/// When to come back who found no place.
const LATER_MS: u64 = 5000;
/// Places beyond the limit.
const LAST: usize = 256;
/// Of these, for one household.
const LAST_PER_HOUSEHOLD: usize = 16;

/// All places of the program.
pub struct Places {
    most: usize,
    most_per_household: usize,
    taken: Mutex<Taken>,
    surge: Arc<Surge>,
}

#[derive(Debug, Default)]
struct Taken {
    in_all: Count,
    households: HashMap<IpAddr, Count>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    regular: usize,
    last: usize,
}

/// One connection's place, given back when it is dropped.
pub struct Place {
    places: Arc<Places>,
    household: Option<IpAddr>,
    /// Beyond the limit.
    pub is_last: bool,
}

impl Places {
    /// With these limits; `surge` is told how many of them are taken.
    pub fn new(most: usize, most_per_household: usize, surge: Arc<Surge>) -> Arc<Places> {
        Arc::new(Places { most, most_per_household, taken: Mutex::default(), surge })
    }

    /// A place for a connection from this address, if there is any. Without an address only the sum counts: a proxy, or this machine.
    pub fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Place> {
        let household = address.map(household);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_household = household.and_then(|household| taken.households.get(&household)).copied().unwrap_or_default();
        let is_regular = taken.in_all.regular < self.most && of_household.regular < self.most_per_household;
        if !is_regular && (taken.in_all.last >= LAST || of_household.last >= LAST_PER_HOUSEHOLD) {
            counter!("yingda_connections_refused_total").increment(1);
            return None;
        }
        taken.change(household, !is_regular, |count| *count += 1);
        self.surge.note_connections(taken.in_all.regular, self.most);
        Some(Place { places: self.clone(), household, is_last: !is_regular })
    }
}

impl Taken {
    fn change(&mut self, household: Option<IpAddr>, is_last: bool, by: impl Fn(&mut usize)) {
        let side = |count: &mut Count| by(if is_last { &mut count.last } else { &mut count.regular });
        side(&mut self.in_all);
        gauge!("yingda_connections").set((self.in_all.regular + self.in_all.last) as f64);
        if let Some(household) = household {
            let count = self.households.entry(household).or_default();
            side(count);
            if count.regular + count.last == 0 {
                self.households.remove(&household);
            }
        }
    }
}

/// On the last places only those are heard who watch over us, and who must get in to help.
pub async fn only_vital(request: Request, next: Next) -> Response {
    let is_last = request.extensions().get::<Peer>().is_some_and(|peer| peer.is_last);
    let is_vital = |path: &str| ["/healthz", "/readyz", "/metrics"].contains(&path) || path.starts_with("/api/v1/auth/");
    if is_last && !is_vital(request.uri().path()) {
        counter!("yingda_http_shed_total", "why" => "connections").increment(1);
        return Error::unavailable("overloaded").with("seconds", LATER_MS / 1000).retry_after(LATER_MS).into_response();
    }
    next.run(request).await
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.change(self.household, self.is_last, |count| *count -= 1);
        self.places.surge.note_connections(taken.in_all.regular, self.places.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([203, 0, 113, last]))
    }

    #[test]
    fn one_household_cannot_take_every_place() {
        let places = Places::new(10, 3, Arc::default());
        let crowd: Vec<_> = (0..3).map(|_| places.take(address(1)).unwrap()).collect();
        assert!(crowd.iter().all(|place| !place.is_last));
        let more: Vec<_> = (0..LAST_PER_HOUSEHOLD).map(|_| places.take(address(1)).unwrap()).collect();
        assert!(more.iter().all(|place| place.is_last));
        assert!(places.take(address(1)).is_none());
        assert!(!places.take(address(2)).unwrap().is_last);
        let proxy: Vec<_> = (0..7).map(|_| places.take(None).unwrap()).collect();
        assert!(proxy.iter().all(|place| !place.is_last));
        assert!(places.take(None).unwrap().is_last, "the sum counts for everybody");
    }

    #[test]
    fn places_come_back_and_nothing_is_remembered() {
        let places = Places::new(1, 1, Arc::default());
        let first = places.take(address(1)).unwrap();
        let second = places.take(address(2)).unwrap();
        assert_eq!((first.is_last, second.is_last), (false, true));
        drop(first);
        assert!(!places.take(address(3)).unwrap().is_last);
        drop(second);
        let taken = places.taken.lock().unwrap();
        assert!(taken.households.is_empty());
        assert_eq!((taken.in_all.regular, taken.in_all.last), (0, 0));
    }

    #[test]
    fn the_last_places_are_bounded_too() {
        let places = Places::new(0, 100, Arc::default());
        let held: Vec<_> = (0..LAST).map(|_| places.take(None).unwrap()).collect();
        assert!(places.take(None).is_none());
        drop(held);
        assert!(places.take(None).is_some());
    }
}
