//! Branches, skill groups, accounts, roles, memberships and scopes.
use super::model::{Branch, Group, Role, ScopeItem, Staff};
use crate::auth::{BranchId, GroupId, RoleId, StaffId};
use std::collections::{BTreeMap, BTreeSet};
use yingda_base::{
    Error, Millis, Result, Tx,
    db::{Param, chunks},
    row, sql, sql_template,
};

// Accounts.

row! {
    /// An account without what hangs on it.
    #[derive(Clone)]
    pub struct Account {
        pub id: StaffId,
        pub login: String,
        pub name: String,
        pub branch_id: Option<BranchId>,
        pub is_active: bool,
        pub max_conversations: i64,
        pub rev: i64,
        pub created_at: Millis,
    }
}

sql_template!(static LIST = "SELECT id, login, name, branch_id, is_active, max_conversations, rev, created_at FROM staff WHERE is_builtin = FALSE";
    ["AND login > ?",
     "AND ((login >= ? AND login < ?) OR (name >= ? AND name < ?))",
     "AND is_active = ?",
     "AND EXISTS (SELECT 1 FROM group_member m WHERE m.staff_id = staff.id AND m.group_id = ?)"];
    "ORDER BY login LIMIT ?");

/// What of the accounts is asked for.
#[derive(Clone, Default)]
pub struct Listing {
    pub after: Option<String>,
    pub prefix: Option<String>,
    pub is_active: Option<bool>,
    pub group: Option<GroupId>,
    pub limit: i64,
}

pub fn list_accounts(tx: &mut Tx, listing: &Listing) -> Result<Vec<Account>> {
    let query = LIST.start(vec![]).when_some(0, listing.after.clone()).when_some(2, listing.is_active).when_some(3, listing.group);
    let query = match &listing.prefix {
        Some(prefix) => {
            // The last of all strings that begin so; both databases compare these columns by code point.
            let (login, last) = (prefix.to_lowercase(), char::MAX);
            let bounds = [login.clone(), format!("{login}{last}"), prefix.clone(), format!("{prefix}{last}")];
            query.when(1, bounds.into_iter().map(Param::from).collect())
        }
        None => query,
    };
    tx.all(query.finish(vec![listing.limit.into()]))
}

pub fn find_account(tx: &mut Tx, id: StaffId) -> Result<Option<Account>> {
    tx.find(sql!(
        "SELECT id, login, name, branch_id, is_active, max_conversations, rev, created_at
           FROM staff
          WHERE id = $1 AND is_builtin = FALSE",
        id
    ))
}

/// Keeps other changes of this account out until the unit ends.
pub fn lock_account(tx: &mut Tx, id: StaffId) -> Result<Option<Account>> {
    tx.find(sql!(
        "SELECT id, login, name, branch_id, is_active, max_conversations, rev, created_at
           FROM staff
          WHERE id = $1 AND is_builtin = FALSE
            FOR UPDATE",
        id
    ))
}

/// Adds an account; `false` if the login is taken.
pub fn insert_account(tx: &mut Tx, account: &Account, is_builtin: bool) -> Result<bool> {
    let inserted = tx.run(sql!(
        "INSERT INTO staff (id, login, name, branch_id, is_builtin, is_active, max_conversations, rev, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (login) DO NOTHING",
        account.id,
        &account.login,
        &account.name,
        account.branch_id,
        is_builtin,
        account.is_active,
        account.max_conversations,
        account.rev,
        account.created_at
    ))?;
    Ok(inserted == 1)
}

pub fn update_account(tx: &mut Tx, account: &Account) -> Result<()> {
    tx.run(sql!(
        "UPDATE staff SET name = $2, branch_id = $3, is_active = $4, max_conversations = $5, rev = $6 WHERE id = $1",
        account.id,
        &account.name,
        account.branch_id,
        account.is_active,
        account.max_conversations,
        account.rev
    ))?;
    Ok(())
}

pub fn find_id(tx: &mut Tx, login: &str) -> Result<Option<StaffId>> {
    row! { struct Found { id: StaffId } }
    let found: Option<Found> = tx.find(sql!("SELECT id FROM staff WHERE login = $1", login))?;
    Ok(found.map(|found| found.id))
}

/// Accounts with all that hangs on them, in the order given.
pub fn complete(tx: &mut Tx, accounts: Vec<Account>) -> Result<Vec<Staff>> {
    row! {
        struct Member { staff_id: StaffId, group_id: GroupId }
        struct Holder { staff_id: StaffId, role_id: RoleId }
        struct Sees { staff_id: StaffId, kind: String, target_id: i64 }
    }
    let ids: Vec<StaffId> = accounts.iter().map(|account| account.id).collect();
    let mut groups: BTreeMap<StaffId, Vec<GroupId>> = BTreeMap::new();
    let mut roles: BTreeMap<StaffId, Vec<RoleId>> = BTreeMap::new();
    let mut scopes: BTreeMap<StaffId, Vec<ScopeItem>> = BTreeMap::new();
    for chunk in chunks(&ids) {
        let members = sql!("SELECT staff_id, group_id FROM group_member WHERE staff_id IN ({{ids}}) ORDER BY staff_id, group_id");
        for Member { staff_id, group_id } in tx.all(members.with_ids(&chunk))? {
            groups.entry(staff_id).or_default().push(group_id);
        }
        let holders = sql!("SELECT staff_id, role_id FROM staff_role WHERE staff_id IN ({{ids}}) ORDER BY staff_id, role_id");
        for Holder { staff_id, role_id } in tx.all(holders.with_ids(&chunk))? {
            roles.entry(staff_id).or_default().push(role_id);
        }
        let sees = sql!(
            "SELECT staff_id, kind, target_id
               FROM staff_scope
              WHERE staff_id IN ({{ids}}) AND is_member = FALSE
              ORDER BY staff_id, kind, target_id"
        );
        for Sees { staff_id, kind, target_id } in tx.all(sees.with_ids(&chunk))? {
            scopes.entry(staff_id).or_default().push(scope_item(&kind, target_id)?);
        }
    }
    let complete = |account: Account| Staff {
        id: account.id,
        login: Some(account.login),
        name: account.name,
        branch: account.branch_id,
        groups: groups.remove(&account.id).unwrap_or_default(),
        roles: Some(roles.remove(&account.id).unwrap_or_default()),
        scopes: Some(scopes.remove(&account.id).unwrap_or_default()),
        max_conversations: account.max_conversations,
        is_active: account.is_active,
        rev: account.rev,
        created_at: account.created_at,
    };
    Ok(accounts.into_iter().map(complete).collect())
}

fn scope_item(kind: &str, target: i64) -> Result<ScopeItem> {
    match kind {
        "group" => Ok(ScopeItem::Group(GroupId(target))),
        "branch" => Ok(ScopeItem::Branch(BranchId(target))),
        "all" => Ok(ScopeItem::All),
        _ => Err(Error::bug("an unknown kind of scope")),
    }
}

pub fn set_roles(tx: &mut Tx, staff: StaffId, roles: &[RoleId]) -> Result<()> {
    tx.run(sql!("DELETE FROM staff_role WHERE staff_id = $1", staff))?;
    for role in roles {
        tx.run(sql!(
            "INSERT INTO staff_role (staff_id, role_id) VALUES ($1, $2) ON CONFLICT (staff_id, role_id) DO NOTHING",
            staff,
            *role
        ))?;
    }
    Ok(())
}

/// Sets memberships and what is visible besides. A group one is a member of is visible by that.
pub fn set_groups_and_scopes(tx: &mut Tx, staff: StaffId, groups: &[GroupId], scopes: &[ScopeItem]) -> Result<()> {
    tx.run(sql!("DELETE FROM group_member WHERE staff_id = $1", staff))?;
    tx.run(sql!("DELETE FROM staff_scope WHERE staff_id = $1", staff))?;
    for group in groups {
        tx.run(sql!(
            "INSERT INTO group_member (group_id, staff_id) VALUES ($1, $2) ON CONFLICT (group_id, staff_id) DO NOTHING",
            *group,
            staff
        ))?;
        insert_scope(tx, staff, ScopeItem::Group(*group), true)?;
    }
    scopes.iter().try_for_each(|scope| insert_scope(tx, staff, *scope, false))
}

fn insert_scope(tx: &mut Tx, staff: StaffId, item: ScopeItem, is_member: bool) -> Result<()> {
    let (kind, target) = match item {
        ScopeItem::Group(group) => ("group", group.0),
        ScopeItem::Branch(branch) => ("branch", branch.0),
        ScopeItem::All => ("all", 0),
    };
    tx.run(sql!(
        "INSERT INTO staff_scope (staff_id, kind, target_id, is_member) VALUES ($1, $2, $3, $4)
         ON CONFLICT (staff_id, kind, target_id) DO NOTHING",
        staff,
        kind,
        target,
        is_member
    ))?;
    Ok(())
}

/// Active accounts that can give roles to others.
pub fn count_security_admins(tx: &mut Tx) -> Result<i64> {
    row! { struct Count { n: i64 } }
    let count: Option<Count> = tx.find(sql!(
        "SELECT COUNT(*) AS n
           FROM staff a
          WHERE a.is_active AND NOT a.is_builtin
            AND EXISTS (SELECT 1 FROM staff_role r JOIN role_permission p ON p.role_id = r.role_id
                         WHERE r.staff_id = a.id AND p.permission = 'role.manage')"
    ))?;
    Ok(count.map_or(0, |count| count.n))
}

/// Changes of rights go one after the other, so that two administrators cannot remove each other at once.
pub fn lock_rights(tx: &mut Tx) -> Result<()> {
    tx.run(sql!("UPDATE role SET is_builtin = TRUE WHERE name = 'security_admin'"))?;
    Ok(())
}

// Roles.

pub fn list_roles(tx: &mut Tx) -> Result<Vec<Role>> {
    row! {
        struct Found { id: RoleId, name: String, is_builtin: bool }
        struct Right { role_id: RoleId, permission: String }
    }
    let found: Vec<Found> = tx.all(sql!("SELECT id, name, is_builtin FROM role ORDER BY is_builtin DESC, name, id"))?;
    let mut rights: BTreeMap<RoleId, Vec<String>> = BTreeMap::new();
    for Right { role_id, permission } in tx.all(sql!("SELECT role_id, permission FROM role_permission ORDER BY role_id, permission"))? {
        rights.entry(role_id).or_default().push(permission);
    }
    let role = |Found { id, name, is_builtin }| Role { permissions: rights.remove(&id).unwrap_or_default(), id, name, is_builtin };
    Ok(found.into_iter().map(role).collect())
}

/// Adds a role; `None` if the name is taken.
pub fn insert_role(tx: &mut Tx, name: &str, is_builtin: bool) -> Result<Option<RoleId>> {
    let id = RoleId(tx.next_id());
    let inserted =
        tx.run(sql!("INSERT INTO role (id, name, is_builtin) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING", id, name, is_builtin))?;
    Ok((inserted == 1).then_some(id))
}

pub fn rename_role(tx: &mut Tx, id: RoleId, name: &str) -> Result<bool> {
    let renamed = tx.run(sql!(
        "UPDATE role SET name = $2 WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM role o WHERE o.name = $2 AND o.id <> $1)",
        id,
        name
    ))?;
    Ok(renamed == 1)
}

pub fn set_permissions(tx: &mut Tx, role: RoleId, permissions: &BTreeSet<String>) -> Result<()> {
    tx.run(sql!("DELETE FROM role_permission WHERE role_id = $1", role))?;
    for permission in permissions {
        tx.run(sql!("INSERT INTO role_permission (role_id, permission) VALUES ($1, $2)", role, permission))?;
    }
    Ok(())
}

pub fn delete_role(tx: &mut Tx, role: RoleId) -> Result<()> {
    tx.run(sql!("DELETE FROM role_permission WHERE role_id = $1", role))?;
    tx.run(sql!("DELETE FROM role WHERE id = $1", role))?;
    Ok(())
}

row! { struct StaffOnly { staff_id: StaffId } }

pub fn holders(tx: &mut Tx, role: RoleId) -> Result<Vec<StaffId>> {
    let found: Vec<StaffOnly> = tx.all(sql!("SELECT staff_id FROM staff_role WHERE role_id = $1 ORDER BY staff_id", role))?;
    Ok(found.into_iter().map(|found| found.staff_id).collect())
}

// Skill groups.

pub fn list_groups(tx: &mut Tx) -> Result<Vec<Group>> {
    row! { struct Found { id: GroupId, name: String, branch_id: Option<BranchId>, is_active: bool, members: i64 } }
    let found: Vec<Found> = tx.all(sql!(
        "SELECT g.id, g.name, g.branch_id, g.is_active,
                (SELECT COUNT(*) FROM group_member m JOIN staff a ON a.id = m.staff_id WHERE m.group_id = g.id AND a.is_active) AS members
           FROM skill_group g
          ORDER BY g.name, g.id"
    ))?;
    let group = |Found { id, name, branch_id, is_active, members }| Group { id, name, branch: branch_id, is_active, members };
    Ok(found.into_iter().map(group).collect())
}

/// Adds a group; `None` if the name is taken.
pub fn insert_group(tx: &mut Tx, name: &str, branch: Option<BranchId>) -> Result<Option<GroupId>> {
    let id = GroupId(tx.next_id());
    let inserted = tx.run(sql!(
        "INSERT INTO skill_group (id, branch_id, name, is_active) VALUES ($1, $2, $3, TRUE) ON CONFLICT (name) DO NOTHING",
        id,
        branch,
        name
    ))?;
    Ok((inserted == 1).then_some(id))
}

/// `false` if the name is taken.
pub fn update_group(tx: &mut Tx, group: &Group) -> Result<bool> {
    let updated = tx.run(sql!(
        "UPDATE skill_group SET name = $2, branch_id = $3, is_active = $4
          WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM skill_group o WHERE o.name = $2 AND o.id <> $1)",
        group.id,
        &group.name,
        group.branch,
        group.is_active
    ))?;
    Ok(updated == 1)
}

/// Why a group cannot be closed: a site sends its conversations there, or some are open in it.
pub fn is_group_needed(tx: &mut Tx, group: GroupId) -> Result<bool> {
    row! { struct Found { n: i64 } }
    let found: Option<Found> = tx.find(sql!(
        "SELECT COUNT(*) AS n
           FROM (SELECT s.id FROM site s WHERE s.default_group_id = $1 AND s.is_active
                 UNION ALL
                 SELECT c.id FROM conversation c WHERE c.group_id = $1 AND c.state <> 'closed') needed",
        group
    ))?;
    Ok(found.is_some_and(|found| found.n > 0))
}

pub fn members(tx: &mut Tx, group: GroupId) -> Result<Vec<StaffId>> {
    let found: Vec<StaffOnly> = tx.all(sql!("SELECT staff_id FROM group_member WHERE group_id = $1 ORDER BY staff_id", group))?;
    Ok(found.into_iter().map(|found| found.staff_id).collect())
}

// Branches.

row! { struct BranchOnly { id: BranchId } }

pub fn list_branches(tx: &mut Tx) -> Result<Vec<Branch>> {
    row! { struct Found { id: BranchId, name: String, parent_id: Option<BranchId> } }
    let found: Vec<Found> = tx.all(sql!("SELECT id, name, parent_id FROM branch ORDER BY name, id"))?;
    Ok(found.into_iter().map(|Found { id, name, parent_id }| Branch { id, name, parent: parent_id }).collect())
}

/// Keeps other moves of branches out until the unit ends.
pub fn lock_branches(tx: &mut Tx) -> Result<()> {
    tx.all::<BranchOnly>(sql!("SELECT id FROM branch ORDER BY id FOR UPDATE")).map(drop)
}

/// Adds a branch; `None` if the name is taken.
pub fn insert_branch(tx: &mut Tx, name: &str, parent: Option<BranchId>) -> Result<Option<BranchId>> {
    let id = BranchId(tx.next_id());
    let inserted =
        tx.run(sql!("INSERT INTO branch (id, parent_id, name) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING", id, parent, name))?;
    if inserted == 0 {
        return Ok(None);
    }
    tx.run(sql!("INSERT INTO branch_closure (ancestor_id, descendant_id) VALUES ($1, $2)", id, id))?;
    if let Some(parent) = parent {
        hang_below(tx, id, parent)?;
    }
    Ok(Some(id))
}

/// `false` if the name is taken.
pub fn rename_branch(tx: &mut Tx, id: BranchId, name: &str) -> Result<bool> {
    let renamed = tx.run(sql!(
        "UPDATE branch SET name = $2 WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM branch o WHERE o.name = $2 AND o.id <> $1)",
        id,
        name
    ))?;
    Ok(renamed == 1)
}

/// Takes a branch with all below it from where it hangs and hangs it elsewhere.
pub fn move_branch(tx: &mut Tx, id: BranchId, parent: Option<BranchId>) -> Result<()> {
    tx.run(sql!("UPDATE branch SET parent_id = $2 WHERE id = $1", id, parent))?;
    tx.run(sql!(
        "DELETE FROM branch_closure
          WHERE descendant_id IN (SELECT descendant_id FROM branch_closure WHERE ancestor_id = $1)
            AND ancestor_id NOT IN (SELECT descendant_id FROM branch_closure WHERE ancestor_id = $1)",
        id
    ))?;
    parent.map_or(Ok(()), |parent| hang_below(tx, id, parent))
}

fn hang_below(tx: &mut Tx, id: BranchId, parent: BranchId) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO branch_closure (ancestor_id, descendant_id)
         SELECT above.ancestor_id, below.descendant_id
           FROM branch_closure above
           JOIN branch_closure below ON below.ancestor_id = $1
          WHERE above.descendant_id = $2",
        id,
        parent
    ))?;
    Ok(())
}

/// Whether `below` is `above` or hangs somewhere below it.
pub fn is_below(tx: &mut Tx, below: BranchId, above: BranchId) -> Result<bool> {
    let found: Option<BranchOnly> =
        tx.find(sql!("SELECT ancestor_id AS id FROM branch_closure WHERE ancestor_id = $1 AND descendant_id = $2", above, below))?;
    Ok(found.is_some_and(|found| found.id == above))
}

/// Who sees branches: their scope changes when branches move.
pub fn branch_watchers(tx: &mut Tx) -> Result<Vec<StaffId>> {
    let found: Vec<StaffOnly> = tx.all(sql!("SELECT DISTINCT staff_id FROM staff_scope WHERE kind = 'branch' ORDER BY staff_id"))?;
    Ok(found.into_iter().map(|found| found.staff_id).collect())
}
