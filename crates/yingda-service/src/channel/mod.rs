//! (channel: being written)
use crate::App;
use yingda_base::http::Routes;

/// The routes of this feature.
pub fn routes() -> Routes<App> {
    Routes::default()
}
