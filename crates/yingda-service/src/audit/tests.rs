//! Over HTTP, as audit administrators use it.
