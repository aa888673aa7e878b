//! The names of all rights. Roles are sets of them; they stand on route lines and in `authorise`.

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

/// Every right, in alphabetical order.
pub const ALL: &[&str] = &[
    AUDIT_VIEW,
    BRANCH_MANAGE,
    CONVERSATION_END_ANY,
    CONVERSATION_EXPORT,
    CONVERSATION_NOTE,
    CONVERSATION_SEE_RECALLED,
    CONVERSATION_SERVE,
    CONVERSATION_VIEW,
    CUSTOMER_VIEW,
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
