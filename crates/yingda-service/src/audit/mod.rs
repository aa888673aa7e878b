//! Who did what: one plain row per state-changing call outside conversations, written in the unit that changes the state.
//!
//! Owns `audit_record` and `audit_value`. Entries of conversations are their own audit. Refusals are rows too: failed logins, and calls
//! that were forbidden. A later job seals the rows into a hash chain; `sealed_in` is for it.
mod actions;
mod http;
mod model;
mod record;
mod store;
#[cfg(test)]
mod tests;

pub use actions::record_refusal;
pub use http::routes;
pub use record::{Audit, record};
pub use store::erase_values;
