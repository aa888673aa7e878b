//! Who is who: passwords, sessions, tokens, revocation; and [`authorise`], the one function that decides.
//!
//! Owns `staff_password`, `session`, `login_failure` and `revocation`. Accounts, roles and scopes belong to staff and are only read.
//! [`Authenticator`] turns credentials into an actor; [`start`] must run once before the first request.
mod actions;
mod authenticate;
mod authorise;
mod http;
mod id;
mod jobs;
mod model;
mod password;
pub mod permission;
mod revocation;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod throttle;
mod token;

pub(crate) use actions::open_session;
pub use actions::{end_session, end_sessions, set_password};
pub use authenticate::Authenticator;
pub use authorise::{Action, Object, authorise};
pub use http::routes;
pub use id::{BranchId, GroupId, RevokedKind, RoleId, SessionId, SessionKind, StaffId};
pub use jobs::purge;
pub use model::{GroupName, Me, fold_login};
pub use password::{Passwords, check_policy, hash_password, one_time_password};
pub use revocation::{Revocation, Revoked, revocations_since, revoke, start};
pub use state::Auth;
pub use token::{Signer, VISITOR_LIFE, VisitorToken, hash_secret};

yingda_base::texts!("texts.toml");
