//! The names of all rights. Roles are sets of them; they stand on route lines and in `authorise`.
use std::collections::BTreeSet;
use yingda_base::{Error, Result, http::StaffActor};

/// Read conversations within one's scope.
pub const CONVERSATION_VIEW: &str = "conversation.view";
/// Take conversations and speak to customers.
pub const CONVERSATION_SERVE: &str = "conversation.serve";
/// Write notes to colleagues.
pub const CONVERSATION_NOTE: &str = "conversation.note";
/// End the conversations of others.
pub const CONVERSATION_END_ANY: &str = "conversation.end_any";
/// See what was recalled.
pub const CONVERSATION_SEE_RECALLED: &str = "conversation.see_recalled";
/// Take conversations out of the program.
pub const CONVERSATION_EXPORT: &str = "conversation.export";
/// Read and amend customer profiles.
pub const CUSTOMER_VIEW: &str = "customer.view";
/// Erase for good what people wrote.
pub const ERASURE_PERFORM: &str = "erasure.perform";
/// See colleagues, groups, branches and roles.
pub const STAFF_VIEW: &str = "staff.view";
/// Create and change accounts, but not what they may do.
pub const STAFF_MANAGE: &str = "staff.manage";
/// Give passwords anew, take second factors away, unlock.
pub const STAFF_SECURE: &str = "staff.secure";
/// Create and change roles, and give them to people.
pub const ROLE_MANAGE: &str = "role.manage";
/// Create and change skill groups.
pub const GROUP_MANAGE: &str = "group.manage";
/// Create and change branches.
pub const BRANCH_MANAGE: &str = "branch.manage";
/// Create and change sites.
pub const SITE_MANAGE: &str = "site.manage";
/// Read settings.
pub const SETTING_VIEW: &str = "setting.view";
/// Change settings.
pub const SETTING_MANAGE: &str = "setting.manage";
/// Change settings of login and security.
pub const SETTING_SECURE: &str = "setting.secure";
/// Read the audit log.
pub const AUDIT_VIEW: &str = "audit.view";
/// End the sessions of others.
pub const SESSION_MANAGE: &str = "session.manage";

/// See how backups stand, and take one.
pub const BACKUP_MANAGE: &str = "backup.manage";

/// Every right, in alphabetical order.
pub const ALL: &[&str] = &[
    AUDIT_VIEW,
    BACKUP_MANAGE,
    BRANCH_MANAGE,
    CONVERSATION_END_ANY,
    CONVERSATION_EXPORT,
    CONVERSATION_NOTE,
    CONVERSATION_SEE_RECALLED,
    CONVERSATION_SERVE,
    CONVERSATION_VIEW,
    CUSTOMER_VIEW,
    ERASURE_PERFORM,
    GROUP_MANAGE,
    ROLE_MANAGE,
    SESSION_MANAGE,
    SETTING_MANAGE,
    SETTING_SECURE,
    SETTING_VIEW,
    SITE_MANAGE,
    STAFF_MANAGE,
    STAFF_SECURE,
    STAFF_VIEW,
];

/// The three kinds of administrators, who watch each other (三员分立).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
    /// Runs the installation: settings, sites, groups, the existence of accounts.
    System,
    /// Decides who may do what, and how they log in.
    Security,
    /// Reads what the others did.
    Audit,
}

/// The duties these rights belong to. Rights of those who serve belong to none.
pub fn duties<'a>(rights: impl IntoIterator<Item = &'a String>) -> BTreeSet<Duty> {
    let duty = |right: &String| match right.as_str() {
        SETTING_MANAGE | SITE_MANAGE | GROUP_MANAGE | BRANCH_MANAGE | STAFF_MANAGE | BACKUP_MANAGE => Some(Duty::System),
        ROLE_MANAGE | STAFF_SECURE | SESSION_MANAGE | SETTING_SECURE => Some(Duty::Security),
        right if right.starts_with("audit.") => Some(Duty::Audit),
        _ => None,
    };
    rights.into_iter().filter_map(duty).collect()
}

/// Whether somebody may have power over an account with these rights: who manages roles may, others only if they have them all
/// themselves. Code: `staff.beyond_own_rights`.
pub fn check_power(actor: &StaffActor, rights: &BTreeSet<String>) -> Result<()> {
    if actor.can(ROLE_MANAGE) || rights.iter().all(|right| actor.can(right)) {
        Ok(())
    } else {
        Err(Error::forbidden("staff.beyond_own_rights"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yingda_base::http::Scope;

    fn actor(rights: &[&str]) -> StaffActor {
        let permissions = rights.iter().map(|&right| right.to_owned()).collect();
        StaffActor {
            id: 1,
            name: String::new(),
            session: 1,
            permissions,
            scope: Scope::default(),
            pending: None,
            proven: true,
            unlimited: false,
        }
    }

    #[test]
    fn only_who_manages_roles_has_power_over_those_who_may_more() {
        let rights = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        let clerk = actor(&[STAFF_SECURE, STAFF_VIEW]);
        assert!(check_power(&clerk, &rights(&[STAFF_VIEW])).is_ok());
        assert_eq!(check_power(&clerk, &rights(&[AUDIT_VIEW])).unwrap_err().code(), "staff.beyond_own_rights");
        let security = actor(&[STAFF_SECURE, ROLE_MANAGE]);
        assert!(check_power(&security, &rights(&[AUDIT_VIEW])).is_ok());
    }
}
