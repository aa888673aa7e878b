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
    /// Takes a frame over; it goes out with the next flush at the latest. Waits while the client is slow, but not for ever.
    fn feed(&mut self, frame: String) -> impl Future<Output = Result<(), Gone>> + Send;
    /// Lets everything out that was fed; waits like `feed`.
    fn flush(&mut self) -> impl Future<Output = Result<(), Gone>> + Send;
    /// Says goodbye at the level below frames.
    fn close(self) -> impl Future<Output = ()> + Send;
}
