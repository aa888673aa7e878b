//! Who gets a conversation: a queue per skill group, first come first served, to the least busy accepting agent within their limit.
//!
//! Table: presence. [`decide`] is a pure function with its reasons; `runtime` applies what it decides by compare-and-set; `presence` is the lease
//! that tells whose desk is alive; [`Roster`] is what this node knows of presence; `transfer` passes a conversation on by hand.
mod decide;
mod http;
mod presence;
mod roster;
mod runtime;
mod store;
#[cfg(test)]
mod tests;
mod transfer;
mod turn;

pub use decide::{Agent, Decision, Waiting, Why, decide};
pub use http::routes;
pub use presence::{PresenceChanged, all, connect, disconnect, forget_presence, renew, set_accepting};
pub use roster::{Presence, Roster};
pub use runtime::run;

yingda_base::texts!("texts.toml");
