//! A bus that misbehaves on purpose: drops, doubles and reorders a share of the doorbells. All of them pass it in JSON, as between processes.
use super::{Bus, Doorbell, LocalBus};
use crate::random::Entropy;
use std::sync::{Mutex, PoisonError};
use tokio::sync::mpsc;

/// Wraps the local bus; each fault strikes `percent` of the doorbells.
pub struct FaultBus {
    inner: LocalBus,
    entropy: Entropy,
    percent: u64,
    held: Mutex<Vec<Doorbell>>,
}

impl FaultBus {
    /// `percent` of the doorbells are dropped, as many doubled, as many held back until later ones have passed.
    pub fn new(entropy: Entropy, percent: u64) -> FaultBus {
        FaultBus { inner: LocalBus::default(), entropy, percent, held: Mutex::default() }
    }
}

impl Bus for FaultBus {
    fn ring(&self, doorbell: Doorbell) {
        let doorbell = Doorbell::of_json(doorbell.topic, doorbell.json());
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let dice = self.entropy.below(100);
        if dice < self.percent {
            return;
        }
        if dice < 2 * self.percent {
            self.inner.ring(doorbell.clone());
        } else if dice < 3 * self.percent {
            held.push(doorbell);
            return;
        }
        self.inner.ring(doorbell);
        for late in held.drain(..) {
            self.inner.ring(late);
        }
    }

    fn listen(&self, topic: &'static str) -> mpsc::Receiver<Doorbell> {
        self.inner.listen(topic)
    }
}
