//! Sites (brands) and the channels into them.
//!
//! Owns `site` and `channel`. A site has one web channel so far. Others ask [`place`] where a conversation goes, and [`origins`] whose
//! pages may frame the panel.
mod actions;
mod http;
mod model;
mod place;
mod store;
#[cfg(test)]
mod tests;

pub use actions::{NewSite, PublicSite, get_active, insert};
pub use http::routes;
pub use model::{ChannelId, Profile, Site, SiteId};
pub use place::{allows_preview, origins, origins_of, place};

yingda_base::texts!("texts.toml");
