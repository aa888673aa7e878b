//! What an administrator sees and does about how somebody logs in: locks, second factors.
use super::{
    factor::{self, FactorState},
    id::StaffId,
    lane::{self, Lock},
    permission,
    revocation::{Revocation, revoke},
    session::end_sessions,
    settings, store,
};
use crate::{
    App,
    audit::{self, Audit},
};
use utoipa::ToSchema;
use yingda_base::{Error, Millis, Result, Tx, http::Caller};

/// How somebody logs in.
#[derive(Clone, Debug, serde::Serialize, ToSchema)]
pub struct Security {
    /// The second factor.
    pub second_factor: FactorState,
    /// When the password was set; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_since: Option<Millis>,
    /// Whether it must be changed at the next login.
    pub must_change_password: bool,
    /// Until when too many wrong guesses lock somebody out: strangers, or this person. Absent if nobody is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<Millis>,
}

/// Of somebody.
pub async fn security_of(app: &App, staff: StaffId) -> Result<Security> {
    let (required, lock) = (app.settings.global(&settings::SECOND_FACTOR), Lock::of(&app.settings));
    let look = move |tx: &mut Tx| {
        let me = store::me(tx, staff)?;
        let left = lane::locked_for(tx, &me.login, lock)?;
        Ok(Security {
            second_factor: factor::state_of(tx, staff, required)?,
            password_since: store::password_since(tx, staff)?,
            must_change_password: me.must_change_password,
            locked_until: left.map(|left| tx.now() + left),
        })
    };
    app.db.read(look).await
}

/// Forgets all wrong guesses at somebody's login and code.
pub async fn unlock(app: &App, caller: &Caller, staff: StaffId) -> Result<()> {
    let caller = caller.clone();
    let unlock = move |tx: &mut Tx| {
        forget_guesses(tx, staff)?;
        audit::record(tx, &caller, &audit_of("staff.unlock", staff))
    };
    app.db.write(unlock).await
}

/// Takes somebody's second factor away and logs them out. Code: `staff.beyond_own_rights`.
pub async fn reset_factor(app: &App, caller: &Caller, staff: StaffId) -> Result<()> {
    let (actor, caller) = (caller.actor.staff()?.clone(), caller.clone());
    let reset = move |tx: &mut Tx| {
        store::me(tx, staff)?;
        permission::check_power(&actor, &store::permissions(tx, staff)?)?;
        take_factor(tx, staff)?;
        audit::record(tx, &caller, &audit_of("staff.reset_second_factor", staff))
    };
    app.db.write(reset).await
}

/// The same for the command line, by login, with an unlock: for an operator who locked himself out. Answers whether there was a factor.
pub fn reset_factor_of_login(tx: &mut Tx, login: &str) -> Result<bool> {
    let login = super::fold_login(login);
    let found = store::find_credential(tx, &login)?.ok_or_else(|| Error::not_found("staff"))?;
    forget_guesses(tx, found.staff_id)?;
    let had = take_factor(tx, found.staff_id)?;
    audit::record_of_program(tx, "yingda admin reset-second-factor", &audit_of("staff.reset_second_factor", found.staff_id))?;
    Ok(had)
}

fn take_factor(tx: &mut Tx, staff: StaffId) -> Result<bool> {
    let had = store::remove_factor(tx, staff)?;
    // Whoever has the telephone may have the browser too.
    store::forget_known_devices(tx, staff)?;
    store::forget_challenges(tx, staff)?;
    end_sessions(tx, staff, None)?;
    revoke(tx, Revocation::Staff(staff.0))?;
    Ok(had)
}

fn forget_guesses(tx: &mut Tx, staff: StaffId) -> Result<()> {
    let me = store::me(tx, staff)?;
    lane::unlock(tx, &me.login)?;
    store::forget_failures(tx, &factor::subject(staff))?;
    store::forget_failures(tx, &super::proof::subject(staff))
}

fn audit_of(action: &'static str, staff: StaffId) -> Audit {
    Audit { action, object_kind: "staff", object_id: staff.to_string(), ..Audit::default() }
}
