//! What carries frames: a WebSocket, or a queue behind long polling.
use std::future::Future;

/// What a client sent.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A frame, or something that should be one.
    Text(String),
    /// Not text.
    Binary,
}

/// The client cannot be reached any more, or takes nothing.
#[derive(Debug)]
pub(super) struct Gone;

/// Carries frames both ways, in order.
pub(super) trait Transport: Send {
    /// The next frame; `None` when the client has gone. Safe to cancel.
    fn next(&mut self) -> impl Future<Output = Option<Incoming>> + Send;
    /// Hands a frame over; waits while the client is slow, but not for ever.
    fn send(&mut self, frame: String) -> impl Future<Output = Result<(), Gone>> + Send;
    /// Says goodbye at the level below frames.
    fn close(self) -> impl Future<Output = ()> + Send;
}
