//! What is injected everywhere: clock, randomness, ids.
use crate::{clock::Clock, id::IdSource, random::Entropy};

/// Cheap to clone; all clones share their sources.
#[derive(Clone)]
pub struct Context {
    /// Wall and monotonic time.
    pub clock: Clock,
    /// Random bytes.
    pub entropy: Entropy,
    /// Time-ordered ids.
    pub ids: IdSource,
}
