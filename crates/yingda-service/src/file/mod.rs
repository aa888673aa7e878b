//! Images of conversations: checked and encoded anew when they come in, fetched by addresses that end after ten minutes.
//!
//! Owns `file`. The content is a blob.
mod model;
mod store;

pub use model::{File, LINK_LIFE, link};

use crate::App;
use yingda_base::{Result, Tx, http::Routes};

/// The routes of this feature.
pub fn routes() -> Routes<App> {
    Routes::default()
}

/// A file by its public id.
pub fn find(tx: &mut Tx, public_id: &str) -> Result<Option<File>> {
    store::find(tx, public_id)
}
