//! Backups by schedule: taken by a durable job, proven by unpacking them again, kept for a while, and shown to the system administrator.
//!
//! Owns `backup_run`. Where they go is configuration ([`Shelf`]), when and for how long are settings. Start at `model` (when, and what may go), then
//! `jobs` (taking one). How one is made is `yingda_base::backup`; docs/operate/backup.md is the manual.
mod actions;
mod http;
mod jobs;
mod model;
mod shelf;
mod store;
#[cfg(test)]
mod tests;

pub use http::routes;
pub use jobs::{Take, measure};
pub use model::pattern;
pub use shelf::Shelf;

yingda_base::texts!("texts.toml");

yingda_base::setting! {
    /// When backups are taken: a time of day, or a pattern as in crontab; empty: never.
    pub static SCHEDULE: String = "backup.schedule", default "03:00".to_owned(), scopes [Operator], check |text| text.is_empty() || model::pattern(text).is_some();
    /// As many of the newest are kept, however old they are.
    pub static KEEP_COUNT: i64 = "backup.keep_count", default 7, scopes [Operator], check |count| (1..=1000).contains(count);
    /// Beyond these, those of so many days.
    pub static KEEP_DAYS: i64 = "backup.keep_days", default 30, scopes [Operator], check |days| (1..=3650).contains(days);
}
