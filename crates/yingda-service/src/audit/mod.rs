//! Who did what: one plain row per state-changing call outside conversations, written in the unit that changes the state.
//!
//! Entries of conversations are their own audit. A later job seals the rows into a hash chain; `sealed_in` is for it.
mod record;

pub use record::{Audit, record};

use crate::App;
use yingda_base::http::Routes;

/// The routes of this feature.
pub fn routes() -> Routes<App> {
    Routes::default()
}
