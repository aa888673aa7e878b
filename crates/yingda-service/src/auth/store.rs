//! Passwords, sessions, failures and revocations. Reads accounts, roles and scopes, which staff owns.
mod device;
mod factor;
mod failure;
mod revocation;
mod session;

pub use device::*;
pub use factor::*;
pub use failure::*;
pub use revocation::*;
pub use session::*;

use super::{
    id::{GroupId, Means, StaffId},
    model::{GroupName, Me},
};
use std::collections::BTreeSet;
use yingda_base::{Millis, Result, Tx, http::Scope, row, sql};

row! {
    /// What a login needs of an account.
    pub struct Credential {
        pub staff_id: StaffId,
        pub hash: String,
        pub is_active: bool,
    }
}

pub fn find_credential(tx: &mut Tx, login: &str) -> Result<Option<Credential>> {
    tx.find(sql!(
        "SELECT p.staff_id, p.hash, a.is_active
           FROM staff a
           JOIN staff_password p ON p.staff_id = a.id
          WHERE a.login = $1",
        login
    ))
}

pub fn find_credential_of(tx: &mut Tx, staff: StaffId) -> Result<Option<Credential>> {
    tx.find(sql!(
        "SELECT p.staff_id, p.hash, a.is_active
           FROM staff a
           JOIN staff_password p ON p.staff_id = a.id
          WHERE a.id = $1",
        staff
    ))
}

/// The same, and nobody changes the password until the unit ends.
pub fn lock_credential(tx: &mut Tx, staff: StaffId) -> Result<Option<Credential>> {
    row! { struct Locked { staff_id: StaffId } }
    let locked: Option<Locked> = tx.find(sql!("SELECT staff_id FROM staff_password WHERE staff_id = $1 FOR UPDATE", staff))?;
    match locked {
        Some(locked) => find_credential_of(tx, locked.staff_id),
        None => Ok(None),
    }
}

pub fn set_password(tx: &mut Tx, staff: StaffId, hash: &str, must_change: bool) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO staff_password (staff_id, hash, must_change, changed_at)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (staff_id) DO UPDATE
            SET hash = excluded.hash, must_change = excluded.must_change, changed_at = excluded.changed_at",
        staff,
        hash,
        must_change,
        tx.now()
    ))?;
    Ok(())
}

/// When the password was set.
pub fn password_since(tx: &mut Tx, staff: StaffId) -> Result<Option<Millis>> {
    row! { struct Found { changed_at: Millis } }
    let found: Option<Found> = tx.find(sql!("SELECT changed_at FROM staff_password WHERE staff_id = $1", staff))?;
    Ok(found.map(|found| found.changed_at))
}

/// What somebody may by all their roles.
pub fn permissions(tx: &mut Tx, staff: StaffId) -> Result<BTreeSet<String>> {
    row! { struct Found { permission: String } }
    let found: Vec<Found> = tx.all(sql!(
        "SELECT DISTINCT p.permission
           FROM staff_role r
           JOIN role_permission p ON p.role_id = r.role_id
          WHERE r.staff_id = $1
          ORDER BY p.permission",
        staff
    ))?;
    Ok(found.into_iter().map(|found| found.permission).collect())
}

/// The scope, with branches spread to all below them.
pub fn scope(tx: &mut Tx, staff: StaffId) -> Result<Scope> {
    row! { struct Found { kind: String, target_id: i64 } }
    let found: Vec<Found> = tx.all(sql!(
        "SELECT kind, target_id FROM staff_scope WHERE staff_id = $1 AND kind IN ('group', 'all')
         UNION ALL
         SELECT 'branch', c.descendant_id
           FROM staff_scope s
           JOIN branch_closure c ON c.ancestor_id = s.target_id
          WHERE s.staff_id = $1 AND s.kind = 'branch'",
        staff
    ))?;
    let mut scope = Scope::default();
    for Found { kind, target_id } in found {
        match kind.as_str() {
            "all" => scope.all = true,
            "group" => drop(scope.groups.insert(target_id)),
            _ => drop(scope.branches.insert(target_id)),
        }
    }
    Ok(scope)
}

pub fn me(tx: &mut Tx, staff: StaffId) -> Result<Me> {
    row! {
        struct Account { id: StaffId, login: String, name: String, max_conversations: i64, must_change: bool }
        struct Group { id: GroupId, name: String }
    }
    let account: Account = tx.get(
        "staff",
        sql!(
            "SELECT a.id, a.login, a.name, a.max_conversations, COALESCE(p.must_change, FALSE) AS must_change
           FROM staff a
           LEFT JOIN staff_password p ON p.staff_id = a.id
          WHERE a.id = $1",
            staff
        ),
    )?;
    let groups: Vec<Group> = tx.all(sql!(
        "SELECT g.id, g.name
           FROM group_member m
           JOIN skill_group g ON g.id = m.group_id
          WHERE m.staff_id = $1 AND g.is_active
          ORDER BY g.name, g.id",
        staff
    ))?;
    let Account { id, login, name, max_conversations, must_change } = account;
    let groups = groups.into_iter().map(|Group { id, name }| GroupName { id, name }).collect();
    Ok(Me {
        id,
        login,
        name,
        permissions: Vec::new(),
        groups,
        must_change_password: must_change,
        must_enrol: false,
        proves_by: Means::Password,
        max_conversations,
    })
}
