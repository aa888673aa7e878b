//! Accounts of the operator's people: who they are, what they may do (roles), where they serve (skill groups) and what they see (scopes).
//!
//! Owns `branch`, `branch_closure`, `skill_group`, `staff`, `role`, `role_permission`, `staff_role`, `group_member` and `staff_scope`;
//! passwords and sessions belong to auth. A change of an account, of a role or of the tree of branches revokes what is known about the
//! people it concerns, so that their sockets are refreshed or cut. Start at `account`; others ask [`find_agent`].
mod account;
mod agent;
mod branch;
mod first;
mod group;
mod http;
mod model;
mod rights;
mod role;
mod store;
#[cfg(test)]
mod tests;

pub use account::NewStaff;
pub use agent::{Agent, agents_of, find_agent, max_conversations};
pub use branch::{NewBranch, insert as insert_branch};
pub use first::{create_first_admin, create_unasked, issue_bench_session};
pub use group::{NewGroup, insert as insert_group};
pub use http::routes;
pub use model::{Branch, Group, ScopeItem, Staff, check_name};
pub use role::seed;

yingda_base::texts!("texts.toml");
