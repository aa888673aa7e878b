//! Over HTTP, as site administrators and visitors use it.
