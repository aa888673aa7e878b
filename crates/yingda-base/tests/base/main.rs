//! The rules of the foundation, each on SQLite and on PostgreSQL. One binary, a module per part.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too, which clippy.toml cannot know here")]

mod door;
mod egress;
mod feed;
mod instance;
mod job;
mod key;
mod lease;
mod migrate;
mod setting;
mod text;
