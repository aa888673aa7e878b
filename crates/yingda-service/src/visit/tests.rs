//! Over HTTP, as a browser uses it.
