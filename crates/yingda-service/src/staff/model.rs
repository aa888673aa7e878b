//! Accounts, roles, groups and branches as others see them, and the rules about rights.
use crate::auth::{
    BranchId, GroupId, RoleId, StaffId,
    permission::{self as right, ALL, duties},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use yingda_base::{Error, Millis, Result};

/// The roles every installation has. They are kept as written here; others can be made beside them.
pub const BUILTIN: &[(&str, &[&str])] = &[
    ("agent", AGENT),
    ("supervisor", SUPERVISOR),
    ("customer_manager", AGENT),
    ("knowledge_editor", &[right::STAFF_VIEW]),
    (
        "system_admin",
        &[
            right::SETTING_VIEW,
            right::SETTING_MANAGE,
            right::SITE_MANAGE,
            right::GROUP_MANAGE,
            right::BRANCH_MANAGE,
            right::BACKUP_MANAGE,
            right::STAFF_VIEW,
            right::STAFF_MANAGE,
        ],
    ),
    (
        SECURITY_ADMIN,
        &[right::ROLE_MANAGE, right::SESSION_MANAGE, right::SETTING_SECURE, right::SETTING_VIEW, right::STAFF_SECURE, right::STAFF_VIEW],
    ),
    ("audit_admin", &[right::AUDIT_VIEW]),
];
const AGENT: &[&str] =
    &[right::CONVERSATION_VIEW, right::CONVERSATION_SERVE, right::CONVERSATION_NOTE, right::CUSTOMER_VIEW, right::STAFF_VIEW];
const SUPERVISOR: &[&str] = &[
    right::CONVERSATION_VIEW,
    right::CONVERSATION_SERVE,
    right::CONVERSATION_NOTE,
    right::CUSTOMER_VIEW,
    right::STAFF_VIEW,
    right::CONVERSATION_END_ANY,
    right::CONVERSATION_SEE_RECALLED,
    right::ERASURE_PERFORM,
];
/// Its row is also what changes of rights lock, one after the other.
pub const SECURITY_ADMIN: &str = "security_admin";
/// What the first administrator is.
pub const FIRST_ADMIN: &[&str] = &["system_admin", SECURITY_ADMIN, "audit_admin"];

/// Whether somebody who has the rights `before` may get those of `after`: of two duties only if they had them already, so that the
/// first administrator can give them away one by one. Code: `staff.administrators_apart`.
pub fn check_apart(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Result<()> {
    let (before, after) = (duties(before), duties(after));
    if after.len() < 2 || after.is_subset(&before) { Ok(()) } else { Err(Error::conflict("staff.administrators_apart")) }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Staff {
    /// Its id.
    pub id: StaffId,
    /// What one types to log in. For administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// What others see.
    pub name: String,
    /// Where the person belongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<BranchId>,
    /// Membership of skill groups.
    pub groups: Vec<GroupId>,
    /// For administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<RoleId>>,
    /// What is visible besides one's groups. For administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<ScopeItem>>,
    /// How many conversations at a time.
    pub max_conversations: i64,
    /// Whether the account can be used.
    pub is_active: bool,
    /// Grows with every change; to be given back with one.
    pub rev: i64,
    /// When it was made.
    pub created_at: Millis,
}

/// A part of what somebody may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "target", rename_all = "snake_case")]
pub enum ScopeItem {
    /// A skill group.
    Group(GroupId),
    /// A branch and all below it.
    Branch(BranchId),
    /// Everything.
    All,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = StaffRole)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// Its name; of built-in roles the key of one.
    pub name: String,
    /// Built-in roles cannot be changed.
    pub is_builtin: bool,
    /// Its rights.
    pub permissions: Vec<String>,
}

/// A skill group.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// The branch its conversations belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<BranchId>,
    /// Whether it takes conversations.
    pub is_active: bool,
    /// How many members.
    pub members: i64,
}

/// A branch of the operator.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Branch {
    /// Its id.
    pub id: BranchId,
    /// Its name.
    pub name: String,
    /// What it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<BranchId>,
}

/// A name people read: blanks around it are dropped. Code: `name_invalid`.
pub fn check_name(name: &str) -> Result<String> {
    let name = name.trim();
    let fits = (1..=60).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(Error::invalid("name_invalid").with("most", 60)) }
}

/// A login as it is stored. Code: `staff.login_invalid`.
pub fn check_login(login: &str) -> Result<String> {
    let login = crate::auth::fold_login(login);
    let fits =
        (1..=64).contains(&login.chars().count()) && !login.starts_with('~') && !login.chars().any(|c| c.is_control() || c.is_whitespace());
    if fits { Ok(login) } else { Err(Error::invalid("staff.login_invalid")) }
}

/// Code: `staff.limit_invalid`.
pub fn check_max_conversations(n: i64) -> Result<i64> {
    if (0..=100).contains(&n) { Ok(n) } else { Err(Error::invalid("staff.limit_invalid").with("most", 100)) }
}

/// Rights by name, each once. Code: `role.permission_unknown`.
pub fn check_permissions(names: &[String]) -> Result<BTreeSet<String>> {
    match names.iter().find(|name| !ALL.contains(&name.as_str())) {
        Some(unknown) => Err(Error::invalid("role.permission_unknown").with("permission", unknown.as_str())),
        None => Ok(names.iter().cloned().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::permission::Duty;
    #[test]
    fn built_in_roles_name_known_rights_and_nobody_has_all() {
        for (role, rights) in BUILTIN {
            assert!(rights.iter().all(|right| ALL.contains(right)), "{role}");
            assert!(rights.len() < ALL.len(), "{role}");
        }
        let all: BTreeSet<&str> = BUILTIN.iter().map(|(name, _)| *name).collect();
        assert!(FIRST_ADMIN.iter().all(|role| all.contains(role)));
    }

    #[test]
    fn each_built_in_administrator_has_one_duty() {
        let rights = |name: &str| {
            let (_, rights) = BUILTIN.iter().find(|(role, _)| *role == name).unwrap();
            rights.iter().map(|&right| right.to_owned()).collect::<BTreeSet<_>>()
        };
        for (role, duty) in [("system_admin", Duty::System), (SECURITY_ADMIN, Duty::Security), ("audit_admin", Duty::Audit)] {
            assert_eq!(duties(&rights(role)), BTreeSet::from([duty]));
        }
        assert!(["agent", "supervisor", "customer_manager", "knowledge_editor"].iter().all(|role| duties(&rights(role)).is_empty()));
        let all: BTreeSet<String> = FIRST_ADMIN.iter().flat_map(|role| rights(role)).collect();
        let two: BTreeSet<String> = rights("system_admin").union(&rights("audit_admin")).cloned().collect();
        assert!(check_apart(&all, &two).is_ok(), "who has all three gives one away");
        assert_eq!(check_apart(&rights("system_admin"), &two).unwrap_err().code(), "staff.administrators_apart");
        assert!(check_apart(&rights("agent"), &rights("audit_admin")).is_ok());
    }

    #[test]
    fn names_and_logins_are_checked() {
        assert_eq!(check_name(" 林晓 ").unwrap(), "林晓");
        assert!(check_name("   ").is_err() && check_name("a\u{0}b").is_err() && check_name(&"长".repeat(61)).is_err());
        assert_eq!(check_login(" Lin.Xiao ").unwrap(), "lin.xiao");
        assert!(check_login("a b").is_err() && check_login("~bench").is_err() && check_login("").is_err());
    }

    #[test]
    fn scopes_read_and_write_as_kind_and_target() {
        let json = r#"[{"kind":"group","target":"7"},{"kind":"all"}]"#;
        let items: Vec<ScopeItem> = serde_json::from_str(json).unwrap();
        assert_eq!(items, [ScopeItem::Group(GroupId(7)), ScopeItem::All]);
        assert_eq!(serde_json::to_string(&items).unwrap(), json);
    }
}
