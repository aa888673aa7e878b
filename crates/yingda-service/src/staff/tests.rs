//! Over HTTP, as administrators use it.
