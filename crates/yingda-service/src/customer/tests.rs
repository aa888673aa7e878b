//! Over HTTP, as staff use it.
