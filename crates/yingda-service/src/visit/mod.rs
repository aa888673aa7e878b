//! Visitors on the site: a browser is a device with a secret, and behind a new device stands a new customer.
//!
//! Owns `device` and `visit_proof`. Tokens are signed and live for an hour; the secret gets another. Verifying them is auth's part.
//! A host site may vouch for its customer with a signed word: `identity` verifies it, `claims` reads it, `identify` acts on it.
mod actions;
mod claims;
mod http;
mod identify;
mod identity;
mod jobs;
mod model;
mod store;
#[cfg(test)]
mod tests;

pub use actions::{forget_devices, forget_identified, revoke_device};
pub use http::routes;
#[cfg(test)]
pub(crate) use identity::tests::sign;
pub use jobs::purge;

yingda_base::texts!("texts.toml");
yingda_base::setting! {
    /// How long a browser stays the customer its host site vouched for, in hours, unless the host vouches again.
    pub static IDENTITY_HOURS: i64 = "visit.identity_hours", default 12, scopes [Operator, Site], check |hours| (1..=720).contains(hours);
}
