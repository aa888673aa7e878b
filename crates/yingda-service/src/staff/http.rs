//! Routes of accounts, roles, groups and branches.
mod account;
mod branch;
mod group;
mod role;

use crate::{App, auth::permission as right};
use utoipa_axum::routes;
use yingda_base::http::{Limit, Routes, Rule};

/// Accounts, roles, groups, branches.
pub fn routes() -> Routes<App> {
    let view = Rule::staff(right::STAFF_VIEW).limit(Limit::Read);
    Routes::default()
        .add(routes!(account::list), view)
        .add(routes!(account::create), Rule::staff(right::STAFF_MANAGE).audit("staff.create", "staff"))
        .add(routes!(account::get), view)
        .add(routes!(account::update), Rule::staff(right::STAFF_MANAGE).audit("staff.update", "staff"))
        .add(routes!(account::set_rights), Rule::staff(right::ROLE_MANAGE).step_up().audit("staff.set_rights", "staff"))
        .add(
            routes!(account::reset_password),
            Rule::staff(right::STAFF_SECURE).limit(Limit::Costly).step_up().audit("staff.reset_password", "staff"),
        )
        .add(routes!(role::list), view)
        .add(routes!(role::create), Rule::staff(right::ROLE_MANAGE).step_up().audit("role.create", "role"))
        .add(routes!(role::update), Rule::staff(right::ROLE_MANAGE).step_up().audit("role.update", "role"))
        .add(routes!(role::remove), Rule::staff(right::ROLE_MANAGE).step_up().audit("role.remove", "role"))
        .add(routes!(group::list), view)
        .add(routes!(group::create), Rule::staff(right::GROUP_MANAGE).audit("group.create", "group"))
        .add(routes!(group::update), Rule::staff(right::GROUP_MANAGE).audit("group.update", "group"))
        .add(routes!(group::close), Rule::staff(right::GROUP_MANAGE).audit("group.update", "group"))
        .add(routes!(branch::list), view)
        .add(routes!(branch::create), Rule::staff(right::BRANCH_MANAGE).audit("branch.create", "branch"))
        .add(routes!(branch::update), Rule::staff(right::BRANCH_MANAGE).audit("branch.update", "branch"))
}
