//! Routes of logging in, of one's own sessions and second factor, and of those of others.
pub(crate) mod cookie;
mod factor;
mod login;
mod oversight;
mod password;
mod session;

use super::permission as right;
use crate::App;
use utoipa_axum::routes;
use yingda_base::http::{Limit, Routes, Rule};

/// Logging in, sessions, second factors.
pub fn routes() -> Routes<App> {
    let own = Rule::staff("").limit(Limit::Costly).while_pending();
    Routes::default()
        .add(routes!(login::login), Rule::public().limit(Limit::Entry).audit("auth.login", "staff"))
        .add(routes!(login::code), Rule::public().limit(Limit::Entry).audit("auth.login", "staff"))
        .add(routes!(login::logout), Rule::staff("").while_pending().audit("auth.logout", "session"))
        .add(routes!(login::me), Rule::staff("").limit(Limit::Read).while_pending())
        .add(routes!(login::step_up), own.audit("auth.step_up", "session"))
        .add(routes!(password::change), own.audit("auth.change_password", "staff"))
        .add(routes!(factor::state), Rule::staff("").limit(Limit::Read).while_pending())
        .add(routes!(factor::offer), own.step_up().no_audit("a secret that is not confirmed counts for nothing"))
        .add(routes!(factor::confirm), own.step_up().audit("auth.enrol", "staff"))
        .add(routes!(factor::remove), own.step_up().audit("auth.remove_second_factor", "staff"))
        .add(routes!(factor::renew_codes), own.step_up().audit("auth.renew_recovery_codes", "staff"))
        .add(routes!(session::list), Rule::staff("").limit(Limit::Read))
        .add(routes!(session::end), Rule::staff("").audit("auth.end_session", "session"))
        .add(routes!(session::end_others), Rule::staff("").audit("auth.end_sessions", "staff"))
        .add(routes!(session::list_of), Rule::staff(right::SESSION_MANAGE).limit(Limit::Read))
        .add(routes!(session::end_one_of), Rule::staff(right::SESSION_MANAGE).audit("staff.end_session", "session"))
        .add(routes!(session::end_all_of), Rule::staff(right::SESSION_MANAGE).audit("staff.end_sessions", "staff"))
        .add(routes!(oversight::security_of), Rule::staff(right::STAFF_SECURE).limit(Limit::Read))
        .add(routes!(oversight::unlock), Rule::staff(right::STAFF_SECURE).audit("staff.unlock", "staff"))
        .add(routes!(oversight::reset_factor), Rule::staff(right::STAFF_SECURE).step_up().audit("staff.reset_second_factor", "staff"))
}
