//! Visitors on the site: a browser is a device with a secret, and behind a new device stands a new customer.
//!
//! Owns `device`. Tokens are signed and live for an hour; the secret gets another. Verifying them is auth's part.
mod actions;
mod http;
mod model;
mod store;
#[cfg(test)]
mod tests;

pub use actions::revoke_device;
pub use http::routes;

yingda_base::texts!("texts.toml");
