//! Customer service: one folder per feature. [`App`] is what they share; [`routes`] joins what they offer.
mod app;
pub mod audit;
pub mod auth;
pub mod backup;
pub mod channel;
pub mod conversation;
pub mod customer;
mod description;
pub mod erasure;
pub mod file;
mod jobs;
pub mod latency;
#[cfg(test)]
mod matrix;
pub mod message;
pub mod oidc;
pub mod page;
mod purge;
pub mod rating;
pub mod realtime;
pub mod routing;
pub mod setting;
pub mod staff;
pub mod surge;
#[cfg(test)]
mod testkit;
pub mod visit;

pub use app::{App, FileLinks, Parts};
pub use description::describe;

use yingda_base::http::Routes;

/// All routes of all features.
pub fn routes() -> Routes<App> {
    Routes::default()
        .merge(auth::routes())
        .merge(oidc::routes())
        .merge(latency::routes())
        .merge(staff::routes())
        .merge(setting::routes())
        .merge(audit::routes())
        .merge(channel::routes())
        .merge(visit::routes())
        .merge(customer::routes())
        .merge(conversation::routes())
        .merge(message::routes())
        .merge(rating::routes())
        .merge(file::routes())
        .merge(erasure::routes())
        .merge(backup::routes())
        .merge(routing::routes())
        .merge(realtime::routes())
}
