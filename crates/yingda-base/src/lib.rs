//! What every room of Yingda stands on.
//!
//! Start with [`db`] (the one door to SQLite and PostgreSQL), then [`error`], [`http`] and [`bus`]. Nothing here knows what a
//! conversation is. Clock, randomness and ids are injected through [`Context`]; nothing reads the wall clock by itself.
pub mod backup;
pub mod blob;
pub mod bus;
pub mod clock;
pub mod context;
pub mod db;
pub mod egress;
pub mod error;
pub mod feed;
pub mod http;
pub mod id;
pub mod instance;
pub mod job;
pub mod key;
pub mod latency;
pub mod lease;
pub mod locale;
pub mod migrate;
pub mod part;
pub mod random;
pub mod setting;
pub mod supervisor;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;

pub use clock::{Clock, Millis};
pub use context::Context;
pub use db::{Db, Tx};
pub use error::{Error, Result};
