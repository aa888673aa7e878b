//! The one socket of each tab, and long polling with the same frames.
//!
//! `frame` reads and writes frames; [`Hub`] knows who listens; `connection` is one client, whatever carries its frames; `socket` and `poll` carry
//! them; `dispatch` takes doorbells to connections and sweeps for lost ones.
mod connection;
mod dispatch;
mod frame;
mod hub;
mod inbox;
mod poll;
mod proof;
mod socket;
mod subscription;
#[cfg(test)]
mod tests;
mod transport;
mod work;

#[cfg(test)]
pub(crate) use frame::CLIENT_FRAMES;
pub use hub::{ConnectionId, Hub};
pub use poll::Polls;
pub use proof::Proofs;

use crate::App;
use yingda_base::http::{Limit, Routes, Rule};

yingda_base::texts!("texts.toml");

/// What the frames of one polling call may weigh: as much as one message of a socket.
const FRAMES: usize = 1024 * 1024;
/// Why it leaves no record in the audit log.
const CARRIES: &str = "carries frames of conversations, whose entries are their own audit";

/// The routes of this feature.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(utoipa_axum::routes!(socket::open), Rule::public().limit(Limit::Entry))
        .add(utoipa_axum::routes!(poll::poll), Rule::either("").limit(Limit::Write).body(FRAMES).no_audit(CARRIES))
}

/// Starts what keeps connections up to date. To be called once, after the board was filled.
pub fn start(app: &App) {
    let spawn = &app.supervisor;
    spawn.spawn("dispatch", dispatch::run(app.clone(), spawn.stopping()));
    spawn.spawn("strain of desks", dispatch::tell_strain(app.clone(), spawn.stopping()));
    spawn.spawn("heal", dispatch::heal(app.clone(), spawn.stopping()));
    spawn.spawn("presence", dispatch::renew(app.clone(), spawn.stopping()));
    spawn.spawn("polls", poll::sweep(app.clone(), spawn.stopping()));
}
