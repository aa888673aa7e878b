//! Doorbells: told after commit, may be lost, doubled or reordered. Receivers heal by reading the database.
//!
//! [`LocalBus`] rings within this process. A cluster adds a bus over NATS behind the same trait.
#[cfg(any(test, feature = "fault-bus", feature = "testkit"))]
mod fault;
mod local;

#[cfg(any(test, feature = "fault-bus", feature = "testkit"))]
pub use fault::FaultBus;
pub use local::LocalBus;

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::mpsc;

/// Something that happened, told to whoever listens. It holds what a receiver needs to act at once, and enough to notice a gap.
pub trait Event: Serialize + DeserializeOwned + Send + 'static {
    /// Listeners choose by topic.
    const TOPIC: &'static str;
}

/// An event on its way.
#[derive(Clone, Debug)]
pub struct Doorbell {
    /// [`Event::TOPIC`].
    pub topic: &'static str,
    /// The event in JSON.
    pub body: Bytes,
}

impl Doorbell {
    /// Wraps an event.
    pub fn of<E: Event>(event: &E) -> Doorbell {
        // Events are plain structs; serde_json fails only on maps with keys that aren't strings.
        Doorbell { topic: E::TOPIC, body: Bytes::from(serde_json::to_vec(event).expect("events are plain JSON")) }
    }

    /// The event, if this is one of type `E` and can be read (a newer node may send fields of its own).
    pub fn open<E: Event>(&self) -> Option<E> {
        if self.topic != E::TOPIC {
            return None;
        }
        serde_json::from_slice(&self.body).inspect_err(|error| tracing::warn!(%error, topic = self.topic, "unreadable doorbell")).ok()
    }
}

/// Where doorbells are rung and heard.
pub trait Bus: Send + Sync {
    /// Rings; never waits, never fails.
    fn ring(&self, doorbell: Doorbell);
    /// Everything rung on `topic` from now on. One that falls far behind loses what is rung then.
    fn listen(&self, topic: &'static str) -> mpsc::Receiver<Doorbell>;
}

#[cfg(test)]
mod tests;
