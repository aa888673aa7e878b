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
use std::{any::Any, fmt, sync::Arc};
use tokio::sync::mpsc;

/// Something that happened, told to whoever listens. It holds what a receiver needs to act at once, and enough to notice a gap.
pub trait Event: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Listeners choose by topic.
    const TOPIC: &'static str;
}

/// An event on its way.
#[derive(Clone)]
pub struct Doorbell {
    /// [`Event::TOPIC`].
    pub topic: &'static str,
    body: Body,
}

/// Within a process an event stays what it is; only between processes it is written and read again.
#[derive(Clone)]
enum Body {
    Here { event: Arc<dyn Any + Send + Sync>, write: fn(&(dyn Any + Send + Sync)) -> Bytes },
    Json(Bytes),
}

impl Doorbell {
    /// Wraps an event.
    pub fn of<E: Event>(event: E) -> Doorbell {
        Doorbell { topic: E::TOPIC, body: Body::Here { event: Arc::new(event), write: write::<E> } }
    }

    /// One that another process told in JSON.
    pub fn of_json(topic: &'static str, json: Bytes) -> Doorbell {
        Doorbell { topic, body: Body::Json(json) }
    }

    /// The event in JSON, for another process.
    pub fn json(&self) -> Bytes {
        match &self.body {
            Body::Here { event, write } => write(&**event),
            Body::Json(json) => json.clone(),
        }
    }

    /// The event, if this is one of type `E` and can be read (a newer node may send fields of its own).
    pub fn open<E: Event>(&self) -> Option<Arc<E>> {
        if self.topic != E::TOPIC {
            return None;
        }
        match &self.body {
            Body::Here { event, .. } => event.clone().downcast().ok(),
            Body::Json(json) => serde_json::from_slice(json)
                .inspect_err(|error| tracing::warn!(%error, topic = self.topic, "unreadable doorbell"))
                .ok()
                .map(Arc::new),
        }
    }
}

impl fmt::Debug for Doorbell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doorbell").field("topic", &self.topic).finish_non_exhaustive()
    }
}

fn write<E: Event>(event: &(dyn Any + Send + Sync)) -> Bytes {
    let Some(event) = event.downcast_ref::<E>() else { return Bytes::new() };
    // Events are plain structs; serde_json fails only on maps with keys that aren't strings.
    Bytes::from(serde_json::to_vec(event).expect("events are plain JSON"))
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
