//! Who is who: passwords, sessions, tokens, revocation; and `authorise`, the one function that decides.
mod authorise;

pub use authorise::{Action, Object, authorise};

use crate::App;
use yingda_base::http::Routes;

/// The routes of this feature.
pub fn routes() -> Routes<App> {
    Routes::default()
}
