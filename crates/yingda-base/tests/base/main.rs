//! The rules of the foundation, each on SQLite and on PostgreSQL. One binary, a module per part.
mod door;
mod feed;
mod instance;
mod job;
mod key;
mod lease;
mod migrate;
mod setting;
