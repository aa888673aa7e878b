//! Making and changing accounts.
use super::{
    model::{self, Staff},
    rights,
    role::Rights,
    store::{self, Account, Listing},
};
use crate::{
    App,
    audit::{self, Audit},
    auth::{self, BranchId, GroupId, Policy, Revocation, StaffId, permission},
    conversation::{self, Named},
};
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;
use yingda_base::{
    Error, Result, Tx,
    http::{Caller, StaffActor, nullable, nullable_text},
};

use super::model::ScopeItem;

/// A new account.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct NewStaff {
    /// What the person types to log in; stored in lower case.
    pub login: String,
    /// What others see.
    pub name: String,
    /// Roles by id, or built-in ones by name. Only for those who manage roles, as `scopes`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Membership of skill groups.
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// What is visible besides one's groups.
    #[serde(default)]
    pub scopes: Vec<ScopeItem>,
    /// Where the person belongs.
    #[serde(default)]
    pub branch: Option<BranchId>,
    /// How many conversations at a time; 5 unless said.
    #[serde(default)]
    pub max_conversations: Option<i64>,
    /// The first password. Without it one is made up and answered once. Either must be changed at the first login, but not where a
    /// program sets it with a token of the command line.
    #[serde(default)]
    pub password: Option<String>,
}

/// A change of an account, but not of its rights. What is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct StaffChange {
    /// The `rev` of the account this change was made on.
    pub rev: i64,
    /// What others see.
    pub name: Option<String>,
    /// Membership of skill groups.
    pub groups: Option<Vec<GroupId>>,
    /// Where the person belongs; `null`: nowhere.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(schema_with = nullable_text)]
    pub branch: Option<Option<BranchId>>,
    /// How many conversations at a time.
    pub max_conversations: Option<i64>,
    /// Whether the account can be used.
    pub is_active: Option<bool>,
}

const MAX_CONVERSATIONS: i64 = 5;

/// A page of accounts in the order of their logins.
pub async fn list(app: &App, caller: &Caller, listing: Listing) -> Result<(Vec<Staff>, Option<String>)> {
    let actor = caller.actor.staff()?.clone();
    let found = app.db.read(move |tx| {
        let mut accounts = store::list_accounts(tx, &Listing { limit: listing.limit + 1, ..listing.clone() })?;
        let more = accounts.len() as i64 > listing.limit;
        accounts.truncate(usize::try_from(listing.limit).unwrap_or(usize::MAX));
        let next = accounts.last().filter(|_| more).map(|account| account.login.clone());
        Ok((store::complete(tx, accounts)?, next))
    });
    let (accounts, next) = found.await?;
    Ok((accounts.into_iter().map(|account| shown(account, &actor)).collect(), next))
}

/// One account.
pub async fn get(app: &App, caller: &Caller, id: StaffId) -> Result<Staff> {
    let actor = caller.actor.staff()?.clone();
    let found = app.db.read(move |tx| {
        let account = store::find_account(tx, id)?.ok_or_else(|| Error::not_found("staff"))?;
        complete_one(tx, account)
    });
    Ok(shown(found.await?, &actor))
}

/// Logins, roles and scopes are for administrators, and one's own.
fn shown(staff: Staff, actor: &StaffActor) -> Staff {
    let needed = [permission::STAFF_MANAGE, permission::ROLE_MANAGE, permission::STAFF_SECURE];
    if needed.iter().any(|right| actor.can(right)) || staff.id.0 == actor.id {
        staff
    } else {
        Staff { login: None, roles: None, scopes: None, ..staff }
    }
}

pub(super) fn complete_one(tx: &mut Tx, account: Account) -> Result<Staff> {
    store::complete(tx, vec![account])?.pop().ok_or_else(|| Error::bug("an account got lost"))
}

/// What a new account needs that cannot be done inside a unit.
pub struct Prepared {
    /// The one-time password, if one was made up.
    pub secret: Option<String>,
    login: String,
    hash: String,
    must_change: bool,
    are_apart: bool,
}

/// Checks login and password, and hashes. Codes: `staff.login_invalid`, those of the password policy.
pub async fn prepare(app: &App, caller: &Caller, new: &NewStaff) -> Result<Prepared> {
    let actor = caller.actor.staff()?;
    let login = model::check_login(&new.login)?;
    let secret = new.password.is_none().then(|| auth::one_time_password(&app.context.entropy));
    let password = new.password.clone().or_else(|| secret.clone()).unwrap_or_default();
    Policy::of(&app.settings).check(&login, &password)?;
    let hash = app.auth.passwords.hash(password).await?;
    // A password that a person chose for another is known to two; one that a program sets for its own run is not.
    let must_change = !(actor.unlimited && new.password.is_some());
    let are_apart = app.settings.global(&auth::SEPARATE_ADMINISTRATORS);
    Ok(Prepared { secret, login, hash, must_change, are_apart })
}

/// Makes an account. Codes: `staff.login_taken`, `name_invalid`, `staff.beyond_own_rights` and `step_up_required` if it comes with rights,
/// `staff.administrators_apart`, and `not_found` for roles, groups and branches.
pub fn create(tx: &mut Tx, caller: &Caller, new: &NewStaff, prepared: &Prepared) -> Result<Staff> {
    let roles = Rights::of_roles(tx, &new.roles)?;
    if !new.roles.is_empty() || !new.scopes.is_empty() {
        rights::check_giver(caller.actor.staff()?)?;
    }
    if prepared.are_apart {
        model::check_apart(&BTreeSet::new(), &roles.permissions)?;
    }
    let staff = insert(tx, &prepared.login, new, &roles)?;
    auth::set_password(tx, staff.id, &prepared.hash, prepared.must_change)?;
    audit::record(tx, caller, &audit_of("staff.create", None, &staff))?;
    Ok(staff)
}

/// Adds an account without asking who may: for [`create`] and for the command line.
pub(super) fn insert(tx: &mut Tx, login: &str, new: &NewStaff, roles: &Rights) -> Result<Staff> {
    check_places(tx, new.branch, &new.groups, &new.scopes)?;
    let account = Account {
        id: StaffId(tx.next_id()),
        login: login.to_owned(),
        name: model::check_name(&new.name)?,
        branch_id: new.branch,
        is_active: true,
        max_conversations: model::check_max_conversations(new.max_conversations.unwrap_or(MAX_CONVERSATIONS))?,
        rev: 1,
        created_at: tx.now(),
    };
    if !store::insert_account(tx, &account, false)? {
        return Err(Error::conflict("staff.login_taken"));
    }
    store::set_roles(tx, account.id, &roles.ids)?;
    store::set_groups_and_scopes(tx, account.id, &new.groups, &new.scopes)?;
    complete_one(tx, account)
}

/// Changes an account. Sockets of the person are cut or refreshed; a deactivated person is logged out.
///
/// Codes: `staff.changed` (somebody else was faster), `staff.beyond_own_rights` (one's own groups), `staff.last_security_admin`,
/// `name_invalid`, `not_found`.
pub async fn update(app: &App, caller: &Caller, id: StaffId, change: StaffChange) -> Result<Staff> {
    let (actor, caller) = (caller.actor.staff()?.clone(), caller.clone());
    app.db.write(move |tx| change_account(tx, &actor, &caller, id, &change)).await
}

fn change_account(tx: &mut Tx, actor: &StaffActor, caller: &Caller, id: StaffId, change: &StaffChange) -> Result<Staff> {
    store::lock_rights(tx)?;
    let guarded = store::count_security_admins(tx)? > 0;
    let account = store::lock_account(tx, id)?.ok_or_else(|| Error::not_found("staff"))?;
    if account.rev != change.rev {
        return Err(Error::conflict("staff.changed").with("rev", account.rev));
    }
    let before = complete_one(tx, account.clone())?;
    // Membership of a group lets one see what is in it.
    if change.groups.is_some() && id.0 == actor.id && !actor.can(permission::ROLE_MANAGE) {
        return Err(Error::forbidden("staff.beyond_own_rights"));
    }
    let account = Account {
        name: change.name.as_deref().map_or(Ok(account.name), model::check_name)?,
        branch_id: change.branch.unwrap_or(account.branch_id),
        is_active: change.is_active.unwrap_or(account.is_active),
        max_conversations: change.max_conversations.map_or(Ok(account.max_conversations), model::check_max_conversations)?,
        rev: account.rev + 1,
        ..account
    };
    store::update_account(tx, &account)?;
    let groups = change.groups.as_ref().unwrap_or(&before.groups);
    let scopes = before.scopes.as_deref().unwrap_or_default();
    if change.branch.is_some() || change.groups.is_some() {
        check_places(tx, change.branch.flatten(), groups, scopes)?;
        store::set_groups_and_scopes(tx, id, groups, scopes)?;
    }
    if guarded && store::count_security_admins(tx)? == 0 {
        return Err(Error::conflict("staff.last_security_admin"));
    }
    if !account.is_active {
        auth::end_sessions(tx, id, None)?;
    }
    auth::revoke(tx, Revocation::Staff(id.0))?;
    let after = complete_one(tx, account)?;
    if after.name != before.name {
        conversation::renamed(tx, Named::Owner(id.0))?;
    }
    audit::record(tx, caller, &audit_of("staff.update", Some(&before), &after))?;
    Ok(after)
}

/// A password nobody chose.
pub struct OneTime {
    /// To be shown once.
    pub secret: String,
    hash: String,
}

/// Makes one up.
pub async fn one_time(app: &App) -> Result<OneTime> {
    let secret = auth::one_time_password(&app.context.entropy);
    let hash = app.auth.passwords.hash(secret.clone()).await?;
    Ok(OneTime { secret, hash })
}

/// Gives an account a one-time password and logs the person out.
pub fn reset_password(tx: &mut Tx, caller: &Caller, id: StaffId, password: &OneTime) -> Result<()> {
    reach(tx, caller.actor.staff()?, id)?;
    auth::set_password(tx, id, &password.hash, true)?;
    auth::end_sessions(tx, id, None)?;
    auth::revoke(tx, Revocation::Staff(id.0))?;
    let done = Audit { action: "staff.reset_password", object_kind: "staff", object_id: id.to_string(), ..Audit::default() };
    audit::record(tx, caller, &done)
}

/// Locks an account that one may have power over.
fn reach(tx: &mut Tx, actor: &StaffActor, id: StaffId) -> Result<()> {
    store::lock_account(tx, id)?.ok_or_else(|| Error::not_found("staff"))?;
    permission::check_power(actor, &auth::permissions(tx, id)?)
}

pub(super) fn check_places(tx: &mut Tx, branch: Option<BranchId>, groups: &[GroupId], scopes: &[ScopeItem]) -> Result<()> {
    let seen_groups = scopes.iter().filter_map(|scope| if let ScopeItem::Group(group) = scope { Some(group) } else { None });
    let known: Vec<GroupId> = store::list_groups(tx)?.into_iter().map(|group| group.id).collect();
    if groups.iter().chain(seen_groups).any(|group| !known.contains(group)) {
        return Err(Error::not_found("group"));
    }
    let seen_branches = scopes.iter().filter_map(|scope| if let ScopeItem::Branch(branch) = scope { Some(*branch) } else { None });
    let known: Vec<BranchId> = store::list_branches(tx)?.into_iter().map(|branch| branch.id).collect();
    if branch.into_iter().chain(seen_branches).any(|branch| !known.contains(&branch)) {
        return Err(Error::not_found("branch"));
    }
    Ok(())
}

pub(super) fn audit_of(action: &'static str, before: Option<&Staff>, after: &Staff) -> Audit {
    let text = |staff: &Staff| serde_json::json!(staff).to_string();
    Audit {
        action,
        object_kind: "staff",
        object_id: after.id.to_string(),
        before: before.map(text),
        after: Some(text(after)),
        ..Audit::default()
    }
}
