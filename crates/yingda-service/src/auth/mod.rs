//! Who is who: passwords, sessions, tokens, revocation; and [`authorise`], the one function that decides.
//!
//! Owns `staff_password`, `session`, `steady_time`, `login_failure`, `second_factor`,
//! `recovery_code`, `login_challenge`, `known_device`, `old_password` and `revocation`. Accounts, roles and scopes belong to staff and are only read.
//! [`Authenticator`] turns credentials into an actor; [`start`] must run once before the first request.
mod asker;
mod authenticate;
mod authorise;
mod factor;
mod guess;
mod http;
mod id;
mod jobs;
mod lane;
mod login;
mod model;
mod new_password;
mod oversight;
mod password;
pub mod permission;
mod policy;
mod proof;
mod recovery;
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
mod totp;

pub use asker::Asker;
pub use authenticate::Authenticator;
pub use authorise::{Action, Object, authorise};
pub(crate) use http::cookie;
pub use http::routes;
pub use id::{BranchId, GroupId, Method, RevokedKind, RoleId, SessionId, SessionKind, StaffId};
pub use jobs::purge;
pub use login::{Browser, Entrance, Passed, enter, is_password_for_all};
pub use model::{GroupName, Lives, Me, fold_login};
pub use new_password::set_password;
pub use oversight::reset_factor_of_login;
pub use password::{Passwords, hash_password, one_time_password};
pub use policy::Policy;
pub use proof::{Proven, prove_vouched};
pub use revocation::{Revocation, Revoked, revocations_since, revoke, start};
pub(crate) use session::open_session;
pub use session::{Opening, end_all_sessions, end_session, end_sessions};
pub use settings::{SECOND_FACTOR, SEPARATE_ADMINISTRATORS};
pub use state::Auth;
pub use steady::wind;
pub(crate) use store::permissions;
pub use token::{Signer, VISITOR_LIFE, VisitorToken, hash_secret};

yingda_base::texts!("texts.toml");
