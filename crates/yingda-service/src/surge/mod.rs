//! When more comes than this node can do: what is given up first, and what nobody may take all of.
//!
//! [`Surge`] knows how strained this node is: `jobs` measures, `model` judges with hysteresis, and what is optional asks before it is done.
//! First unsent words of visitors are no longer shown, then places in queues become coarse. What was acknowledged is never given up, and no
//! sentence is refused for it. `quota` bounds what one address, device or site may bring. Turning calls and connections away altogether is
//! the program's (`serve/load.rs`, `serve/places.rs`).
mod jobs;
mod model;
mod quota;
#[cfg(test)]
mod tests;

pub use jobs::run;
pub use model::{Sample, Strain};
pub use quota::{Charge, PollSeat, charge_device, charge_episode, seat_poll};

use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};
use tokio::sync::watch;

yingda_base::texts!("texts.toml");
yingda_base::setting! {
    /// New devices of visitors from one address (IPv6: one /64 network) within an hour, on each node; 0: without limit.
    pub static DEVICES_ADDRESS_HOUR: i64 = "surge.devices_address_hour", default 6000, scopes [Operator], check |n| (0..=10_000_000).contains(n);
    /// New devices of visitors of one site within an hour, on each node; 0: without limit.
    pub static DEVICES_SITE_HOUR: i64 = "surge.devices_site_hour", default 200_000, scopes [Operator], check |n| (0..=10_000_000).contains(n);
    /// Conversations opened from one address within an hour, on each node; 0: without limit.
    pub static EPISODES_ADDRESS_HOUR: i64 = "surge.episodes_address_hour", default 6000, scopes [Operator], check |n| (0..=10_000_000).contains(n);
    /// Conversations opened on one site within an hour, on each node; 0: without limit.
    pub static EPISODES_SITE_HOUR: i64 = "surge.episodes_site_hour", default 100_000, scopes [Operator], check |n| (0..=10_000_000).contains(n);
    /// Polling sessions of one address at the same time, on each node; 0: without limit.
    pub static POLLS_ADDRESS: i64 = "surge.polls_address", default 2000, scopes [Operator], check |n| (0..=1_000_000).contains(n);
    /// Polling sessions of one device or member of staff at the same time; 0: without limit.
    pub static POLLS_OWNER: i64 = "surge.polls_owner", default 20, scopes [Operator], check |n| (0..=10_000).contains(n);
}

/// Places in queues are told this much less often under strain.
const SLOWER: u32 = 10;

/// How strained this node is, and what its quotas have counted.
pub struct Surge {
    strain: watch::Sender<Strain>,
    /// In hundredths of what the node carries.
    connections: AtomicU8,
    quotas: quota::Quotas,
}

impl Default for Surge {
    fn default() -> Surge {
        Surge { strain: watch::channel(Strain::None).0, connections: AtomicU8::new(0), quotas: quota::Quotas::default() }
    }
}

impl Surge {
    /// What is given up now.
    pub fn strain(&self) -> Strain {
        *self.strain.borrow()
    }

    /// For who must know when that changes.
    pub fn watch(&self) -> watch::Receiver<Strain> {
        self.strain.subscribe()
    }

    /// The program has so many of the connections it carries.
    pub fn note_connections(&self, taken: usize, most: usize) {
        let percent = (taken * 100).checked_div(most).unwrap_or(100).min(100);
        self.connections.store(u8::try_from(percent).unwrap_or(100), Ordering::Relaxed);
    }

    fn connections(&self) -> u8 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Whether unsent words are shown.
    pub fn shows_previews(&self) -> bool {
        let shows = self.strain() < Strain::Previews;
        if !shows {
            metrics::counter!("yingda_given_up_total", "what" => "previews").increment(1);
        }
        shows
    }

    /// A place in a queue as it is told now.
    pub fn place(&self, place: Option<usize>) -> Option<usize> {
        if self.strain() < Strain::Places { place } else { place.map(model::coarse) }
    }

    /// How long changes of places are gathered now.
    pub fn place_pause(&self, usual: Duration) -> Duration {
        if self.strain() < Strain::Places { usual } else { usual * SLOWER }
    }

    fn set(&self, strain: Strain, sample: &Sample) {
        metrics::gauge!("yingda_strain").set(f64::from(strain.step()));
        let is_news = self.strain.send_if_modified(|held| std::mem::replace(held, strain) != strain);
        if is_news {
            tracing::warn!(?strain, ?sample, "the strain of this node changed");
        }
    }
}
