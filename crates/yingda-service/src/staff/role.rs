//! Roles: what a person may do.
use super::{
    model::{self, BUILTIN, Role},
    store,
};
use crate::{
    App,
    audit::{self, Audit},
    auth::{self, Revocation, RoleId},
};
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;
use yingda_base::{Error, Result, Tx, http::Caller};

/// A new role.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewRole {
    /// Its name.
    pub name: String,
    /// Its rights.
    pub permissions: Vec<String>,
}

/// A change of a role. What is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct RoleChange {
    /// Its name.
    pub name: Option<String>,
    /// All its rights.
    pub permissions: Option<Vec<String>>,
}

/// Some roles and all rights they give.
pub(super) struct Rights {
    pub ids: Vec<RoleId>,
    pub permissions: BTreeSet<String>,
}

impl Rights {
    /// Of roles by id, or built-in ones by name.
    pub fn of_roles(tx: &mut Tx, names: &[String]) -> Result<Rights> {
        let all = store::list_roles(tx)?;
        let find = |name: &String| {
            let role = all.iter().find(|role| role.id.to_string() == *name || (role.is_builtin && role.name == *name));
            role.ok_or_else(|| Error::not_found("role"))
        };
        let roles: Vec<&Role> = names.iter().map(find).collect::<Result<_>>()?;
        let permissions = roles.iter().flat_map(|role| role.permissions.iter().cloned()).collect();
        Ok(Rights { ids: roles.iter().map(|role| role.id).collect(), permissions })
    }
}

/// Makes the built-in roles as they are written in this program. To be called at each start.
pub fn seed(tx: &mut Tx) -> Result<()> {
    for (name, permissions) in BUILTIN {
        store::insert_role(tx, name, true)?;
        let wanted: BTreeSet<String> = permissions.iter().map(|&name| name.to_owned()).collect();
        let role = store::list_roles(tx)?.into_iter().find(|role| role.name == *name);
        let role = role.ok_or_else(|| Error::bug("a role that was just made is not there"))?;
        if role.permissions.iter().cloned().collect::<BTreeSet<_>>() != wanted {
            store::set_permissions(tx, role.id, &wanted)?;
        }
    }
    Ok(())
}

/// All roles.
pub async fn list(app: &App) -> Result<Vec<Role>> {
    app.db.read(store::list_roles).await
}

/// Makes a role. Codes: `role.name_taken`, `role.permission_unknown`, `staff.administrators_apart`.
pub fn create(tx: &mut Tx, caller: &Caller, new: &NewRole, are_apart: bool) -> Result<Role> {
    let (name, permissions) = (model::check_name(&new.name)?, model::check_permissions(&new.permissions)?);
    if are_apart {
        model::check_apart(&BTreeSet::new(), &permissions)?;
    }
    let id = store::insert_role(tx, &name, false)?.ok_or_else(|| Error::conflict("role.name_taken"))?;
    store::set_permissions(tx, id, &permissions)?;
    let role = Role { id, name, is_builtin: false, permissions: permissions.into_iter().collect() };
    audit::record(tx, caller, &audit_of("role.create", id, None, Some(&role)))?;
    Ok(role)
}

/// Changes a role; everybody who has it gets other rights at once. Codes: `role.builtin`, `staff.last_security_admin`, as [`create`].
pub async fn update(app: &App, caller: &Caller, id: RoleId, change: RoleChange) -> Result<Role> {
    let are_apart = app.settings.global(&auth::SEPARATE_ADMINISTRATORS);
    let caller = caller.clone();
    let update = move |tx: &mut Tx| {
        store::lock_rights(tx)?;
        let guarded = store::count_security_admins(tx)? > 0;
        let before = get_own(tx, id)?;
        let mut role = before.clone();
        if let Some(name) = &change.name {
            role.name = model::check_name(name)?;
            if !store::rename_role(tx, id, &role.name)? {
                return Err(Error::conflict("role.name_taken"));
            }
        }
        if let Some(permissions) = &change.permissions {
            let permissions = model::check_permissions(permissions)?;
            set_permissions(tx, id, &permissions, are_apart)?;
            role.permissions = permissions.into_iter().collect();
        }
        if guarded && store::count_security_admins(tx)? == 0 {
            return Err(Error::conflict("staff.last_security_admin"));
        }
        for holder in store::holders(tx, id)? {
            auth::revoke(tx, Revocation::Staff(holder.0))?;
        }
        audit::record(tx, &caller, &audit_of("role.update", id, Some(&before), Some(&role)))?;
        Ok(role)
    };
    app.db.write(update).await
}

/// Sets what a role gives, unless that gave somebody who has it the rights of two kinds of administrators.
fn set_permissions(tx: &mut Tx, id: RoleId, permissions: &BTreeSet<String>, are_apart: bool) -> Result<()> {
    let mut holders = Vec::new();
    for holder in store::holders(tx, id)? {
        holders.push((holder, auth::permissions(tx, holder)?));
    }
    store::set_permissions(tx, id, permissions)?;
    for (holder, before) in holders.iter().filter(|_| are_apart) {
        model::check_apart(before, &auth::permissions(tx, *holder)?)?;
    }
    Ok(())
}

/// Removes a role nobody has. Codes: `role.builtin`, `role.in_use`.
pub async fn remove(app: &App, caller: &Caller, id: RoleId) -> Result<()> {
    let caller = caller.clone();
    let remove = move |tx: &mut Tx| {
        let role = get_own(tx, id)?;
        if !store::holders(tx, id)?.is_empty() {
            return Err(Error::conflict("role.in_use"));
        }
        store::delete_role(tx, id)?;
        audit::record(tx, &caller, &audit_of("role.remove", id, Some(&role), None))
    };
    app.db.write(remove).await
}

/// A role that is not built in.
fn get_own(tx: &mut Tx, id: RoleId) -> Result<Role> {
    let role = store::list_roles(tx)?.into_iter().find(|role| role.id == id).ok_or_else(|| Error::not_found("role"))?;
    if role.is_builtin { Err(Error::conflict("role.builtin")) } else { Ok(role) }
}

fn audit_of(action: &'static str, id: RoleId, before: Option<&Role>, after: Option<&Role>) -> Audit {
    let text = |role: &Role| serde_json::json!(role).to_string();
    Audit { action, object_kind: "role", object_id: id.to_string(), before: before.map(text), after: after.map(text), ..Audit::default() }
}
