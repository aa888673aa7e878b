//! What listeners may count on, and what they may not.
use super::{Bus, Doorbell, Event, FaultBus, LocalBus};
use crate::random::Entropy;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Rung(u32);
impl Event for Rung {
    const TOPIC: &'static str = "test.rung";
}

fn heard(bus: &dyn Bus, count: u32) -> Vec<u32> {
    let mut listener = bus.listen(Rung::TOPIC);
    (0..count).for_each(|n| bus.ring(Doorbell::of(Rung(n))));
    std::iter::from_fn(|| listener.try_recv().ok()).map(|doorbell| doorbell.open::<Rung>().unwrap().0).collect()
}

#[test]
fn the_local_bus_rings_in_order_for_everyone_who_listens() {
    let bus = LocalBus::default();
    let mut other = bus.listen(Rung::TOPIC);
    drop(bus.listen(Rung::TOPIC));
    assert_eq!(heard(&bus, 100), (0..100).collect::<Vec<_>>());
    assert_eq!(other.try_recv().unwrap().open::<Rung>(), Some(Rung(0).into()));
    bus.ring(Doorbell::of_json("test.nobody", "1".into()));
}

#[test]
fn the_fault_bus_drops_doubles_and_reorders() {
    let got = heard(&FaultBus::new(Entropy::seeded(1), 10), 10_000);
    let distinct: std::collections::BTreeSet<u32> = got.iter().copied().collect();
    let (dropped, doubled) = (10_000 - distinct.len(), got.len() - distinct.len());
    let late = got.windows(2).filter(|pair| pair[0] > pair[1]).count();
    for (what, count) in [("dropped", dropped), ("doubled", doubled), ("late", late)] {
        assert!((700..1300).contains(&count), "about a tenth is {what}: {count}");
    }
}

#[test]
fn another_event_or_an_unreadable_one_is_none() {
    assert_eq!(Doorbell::of_json("test.other", "1".into()).open::<Rung>(), None);
    assert_eq!(Doorbell::of_json(Rung::TOPIC, "{".into()).open::<Rung>(), None);
    assert_eq!(Doorbell { topic: Rung::TOPIC, ..Doorbell::of(Elsewhere) }.open::<Rung>(), None);
}

#[derive(Serialize, Deserialize)]
struct Elsewhere;
impl Event for Elsewhere {
    const TOPIC: &'static str = "test.elsewhere";
}

#[test]
fn an_event_is_the_same_here_and_from_another_process() {
    let here = Doorbell::of(Rung(7));
    let there = Doorbell::of_json(here.topic, here.json());
    assert_eq!((here.open::<Rung>(), there.open::<Rung>()), (Some(Rung(7).into()), Some(Rung(7).into())));
    assert_eq!(there.json(), here.json());
}
