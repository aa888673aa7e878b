//! Sign-in of staff at the operator's own provider by OpenID Connect: code flow with PKCE, one provider.
//!
//! Owns `staff_identity` and `oidc_return`. [`Provider`] speaks to the provider and says who somebody is there; `actions` decides who that
//! is here: by the subject once it is linked, and before that only as a setting allows. Sessions are auth's.
mod actions;
mod attempt;
mod config;
mod http;
mod identity;
mod jobs;
mod provider;
mod settings;
mod store;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use http::routes;
pub use jobs::purge;
pub use provider::Provider;

yingda_base::texts!("texts.toml");
