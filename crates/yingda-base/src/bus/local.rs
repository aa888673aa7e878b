//! The bus of a single process.
use super::{Bus, Doorbell};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tokio::sync::mpsc::{self, error::TrySendError};

/// What a slow listener may leave lying before doorbells are dropped for it.
const BACKLOG: usize = 65_536;

/// Rings within this process.
#[derive(Default)]
pub struct LocalBus {
    listeners: Mutex<HashMap<&'static str, Vec<mpsc::Sender<Doorbell>>>>,
}

impl Bus for LocalBus {
    fn ring(&self, doorbell: Doorbell) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(senders) = listeners.get_mut(doorbell.topic) else { return };
        senders.retain(|sender| match sender.try_send(doorbell.clone()) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                metrics::counter!("yingda_bus_dropped_total", "topic" => doorbell.topic).increment(1);
                true
            }
            Err(TrySendError::Closed(_)) => false,
        });
    }

    fn listen(&self, topic: &'static str) -> mpsc::Receiver<Doorbell> {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).entry(topic).or_default().push(sender);
        receiver
    }
}
