//! A client of the product as docs/protocol.md wants it: it keeps what it sends until it is acknowledged, shows entries in order
//! and once, heals what a lost doorbell left out, and comes back by itself.
//!
//! `frame` is the wire; `view` what was shown of one conversation; `outbox` what is not yet acknowledged; `session` the rules
//! over both, without input or output; `connection` the socket under them. [`Visitor`] and [`Agent`] are the two who use it.

mod agent;
mod calls;
mod connection;
#[cfg(test)]
mod fake;
mod frame;
mod identity;
mod outbox;
mod session;
mod view;
mod visitor;

pub use agent::Agent;
pub use calls::Opening;
pub use connection::Connection;
pub use frame::{Conversation, Entry, Letter};
pub use identity::Identity;
pub use session::Event;
pub use visitor::Visitor;

/// Who wants to know what happens at the moment it happens, on the connection's own task: before the events are read, and
/// before the next frame is.
pub trait Watch: Send + Sync + 'static {
    /// A letter is about to be written to the socket, for the first time or again.
    fn transmitted(&self, letter: &Letter);
    /// Something became known.
    fn observed(&self, event: &Event);
}

/// Nobody watches.
#[derive(Debug)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn transmitted(&self, _: &Letter) {}
    fn observed(&self, _: &Event) {}
}
