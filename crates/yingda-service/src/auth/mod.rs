//! Who is who: passwords, sessions, tokens, revocation; and [`authorise`], the one function that decides.
//!
//! Owns `staff_password`, `session`, `steady_time`, `login_failure` and `revocation`. Accounts, roles and scopes belong to staff and are only read.
//! [`Authenticator`] turns credentials into an actor; [`start`] must run once before the first request.
mod actions;
mod asker;
mod authenticate;
mod authorise;
mod guess;
mod http;
mod id;
mod jobs;
mod model;
mod password;
pub mod permission;
mod proof;
mod revocation;
mod session;
mod settings;
mod state;
mod steady;
mod store;
#[cfg(test)]
mod tests;
mod throttle;
mod token;

pub use actions::set_password;
pub use asker::Asker;
pub use authenticate::Authenticator;
pub use authorise::{Action, Object, authorise};
pub use http::routes;
pub use id::{BranchId, GroupId, Method, RevokedKind, RoleId, SessionId, SessionKind, StaffId};
pub use jobs::purge;
pub use model::{GroupName, Me, fold_login};
pub use password::{Passwords, check_policy, hash_password, one_time_password};
pub use revocation::{Revocation, Revoked, revocations_since, revoke, start};
pub(crate) use session::open_session;
pub use session::{Opening, end_all_sessions, end_session, end_sessions};
pub use settings::SEPARATE_ADMINISTRATORS;
pub use state::Auth;
pub use steady::wind;
pub use token::{Signer, VISITOR_LIFE, VisitorToken, hash_secret};

yingda_base::texts!("texts.toml");
