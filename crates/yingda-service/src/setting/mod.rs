//! Settings over HTTP: what can be set, for whom, and what is set. Features declare theirs with `yingda_base::setting!`, and give them a
//! name (`setting.KEY`) and a description (`setting.KEY.about`) in their `texts.toml`.
//!
//! The tables belong to yingda-base. A change names the version it was made on, and stands in the audit log.
mod actions;
mod http;
mod model;
mod store;
#[cfg(test)]
mod tests;

pub use http::routes;

yingda_base::texts!("texts.toml");
