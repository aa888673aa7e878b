//! Sites (brands) and the channels into them.
//!
//! Owns `site`, `channel`, `site_secret` and `site_logo`. A site has one web channel so far. Others ask [`place`] where a conversation goes, and [`origins`] whose
//! pages may frame the panel.
mod actions;
mod history;
mod http;
mod logo;
mod model;
mod place;
mod secret;
mod store;
#[cfg(test)]
mod tests;

pub use actions::{NewSite, PublicSite, get_active, insert};
pub use http::routes;
pub use logo::purge;
pub use model::{ChannelId, Profile, Site, SiteId};
pub use place::{allows_preview, origins, origins_of, place};
pub use secret::{LiveSecret, counting as counting_secrets, live as live_secrets, used as used_secret};
pub use store::CountingSecret;

yingda_base::texts!("texts.toml");
