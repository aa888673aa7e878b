//! What a person may do and see: roles and scopes of an account. The business of those who manage roles alone.
use super::{
    account::{audit_of, check_places, complete_one},
    model::{self, ScopeItem, Staff},
    role::Rights,
    store::{self, Account},
};
use crate::{
    App, audit,
    auth::{self, Revocation, StaffId, permission},
};
use serde::Deserialize;
use utoipa::ToSchema;
use yingda_base::{
    Error, Result, Tx,
    http::{Caller, StaffActor},
};

/// A change of somebody's rights. What is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct RightsChange {
    /// The `rev` of the account this change was made on.
    pub rev: i64,
    /// All roles, by id, or built-in ones by name.
    pub roles: Option<Vec<String>>,
    /// What is visible besides one's groups, all of it.
    pub scopes: Option<Vec<ScopeItem>>,
}

/// Whether somebody may give rights in a call that does more than that. Codes: `staff.beyond_own_rights`, `step_up_required`.
pub(super) fn check_giver(actor: &StaffActor) -> Result<()> {
    if !actor.can(permission::ROLE_MANAGE) {
        return Err(Error::forbidden("staff.beyond_own_rights"));
    }
    actor.check_proof()
}

/// Changes roles and scopes; sockets of the person are cut or refreshed.
///
/// Codes: `staff.changed` (somebody else was faster), `staff.administrators_apart`, `staff.last_security_admin`, `not_found`.
pub async fn set(app: &App, caller: &Caller, id: StaffId, change: RightsChange) -> Result<Staff> {
    let are_apart = app.settings.global(&auth::SEPARATE_ADMINISTRATORS);
    let caller = caller.clone();
    app.db.write(move |tx| set_rights(tx, &caller, id, &change, are_apart)).await
}

fn set_rights(tx: &mut Tx, caller: &Caller, id: StaffId, change: &RightsChange, are_apart: bool) -> Result<Staff> {
    store::lock_rights(tx)?;
    let guarded = store::count_security_admins(tx)? > 0;
    let account = store::lock_account(tx, id)?.ok_or_else(|| Error::not_found("staff"))?;
    if account.rev != change.rev {
        return Err(Error::conflict("staff.changed").with("rev", account.rev));
    }
    let before = complete_one(tx, account.clone())?;
    let account = Account { rev: account.rev + 1, ..account };
    store::update_account(tx, &account)?;
    if let Some(names) = &change.roles {
        let roles = Rights::of_roles(tx, names)?;
        if are_apart {
            model::check_apart(&auth::permissions(tx, id)?, &roles.permissions)?;
        }
        store::set_roles(tx, id, &roles.ids)?;
    }
    if let Some(scopes) = &change.scopes {
        check_places(tx, None, &before.groups, scopes)?;
        store::set_groups_and_scopes(tx, id, &before.groups, scopes)?;
    }
    if guarded && store::count_security_admins(tx)? == 0 {
        return Err(Error::conflict("staff.last_security_admin"));
    }
    auth::revoke(tx, Revocation::Staff(id.0))?;
    let after = complete_one(tx, account)?;
    audit::record(tx, caller, &audit_of("staff.set_rights", Some(&before), &after))?;
    Ok(after)
}
