//! Setting passwords: one's own, and those of accounts one manages.
use super::{
    id::{SessionId, StaffId},
    policy::Policy,
    proof,
    session::end_sessions,
    settings, store,
};
use crate::{
    App,
    audit::{self, Audit},
};
use yingda_base::{Error, Result, Tx, http::Caller};

/// What somebody proved and wants: checked, and hashed.
pub struct NewPassword {
    staff: StaffId,
    /// As it was when the old one was verified.
    stored: String,
    hash: String,
}

/// Verifies the old password and hashes the new one. Codes: `password.wrong`, `password.unchanged`,
/// `password.used_before`, and those of the policy.
pub async fn prove_password(app: &App, caller: &Caller, old: &str, new: &str) -> Result<NewPassword> {
    let (staff, caller) = (StaffId(caller.actor.staff()?.id), caller.clone());
    let Some(stored) = proof::verify_own(app, staff, old).await? else {
        app.db.write(move |tx| audit::record(tx, &caller, &password_audit(staff, "password.wrong"))).await?;
        return Err(Error::invalid("password.wrong"));
    };
    let me = app.db.read(move |tx| store::me(tx, staff)).await?;
    Policy::of(&app.settings).check(&me.login, new)?;
    if old == new {
        return Err(Error::invalid("password.unchanged"));
    }
    check_history(app, staff, new).await?;
    Ok(NewPassword { staff, stored, hash: app.auth.passwords.hash(new.to_owned()).await? })
}

/// Whether it is none of the last ones. Code: `password.used_before`.
async fn check_history(app: &App, staff: StaffId, new: &str) -> Result<()> {
    let most = app.settings.global(&settings::PASSWORD_HISTORY);
    for hash in app.db.read(move |tx| store::old_passwords(tx, staff, most)).await? {
        if app.auth.passwords.verify(new.to_owned(), Some(hash)).await? {
            return Err(Error::invalid("password.used_before").with("most", most));
        }
    }
    Ok(())
}

/// Changes one's own password and ends one's other sessions.
pub fn change_password(tx: &mut Tx, caller: &Caller, new: &NewPassword) -> Result<()> {
    // Whoever was faster with the same old password wins; the slower one no longer knows it.
    let now = store::lock_credential(tx, new.staff)?.map(|credential| credential.hash);
    if now.as_ref() != Some(&new.stored) {
        return Err(Error::invalid("password.wrong"));
    }
    set_password(tx, new.staff, &new.hash, false)?;
    end_sessions(tx, new.staff, Some(SessionId(caller.actor.staff()?.session)))?;
    audit::record(tx, caller, &password_audit(new.staff, ""))
}

fn password_audit(staff: StaffId, refused: &'static str) -> Audit {
    Audit { action: "auth.change_password", object_kind: "staff", object_id: staff.to_string(), refused, ..Audit::default() }
}

/// Sets the password of an account without knowing the old one: for those who may manage staff, and for the command line.
pub fn set_password(tx: &mut Tx, staff: StaffId, hash: &str, must_change: bool) -> Result<()> {
    store::keep_old_password(tx, staff, settings::MOST_OLD)?;
    store::set_password(tx, staff, hash, must_change)?;
    // Whoever knew the old one and is asked for a code now must begin anew; also who was asked while we waited for the row.
    store::forget_challenges(tx, staff)
}
