//! Logging in, changing one's password.
use super::{
    guess,
    id::{Method, SessionId, SessionKind, StaffId},
    model::{Me, fold_login},
    password, permission, proof,
    revocation::{Revocation, revoke},
    session::{Opening, end_sessions, open_session},
    store::{self, Credential},
    throttle::{ACCOUNT, ADDRESS},
    token,
};
use crate::{
    App,
    audit::{self, Audit},
};
use std::sync::Arc;
use yingda_base::{
    Error, Result, Tx,
    http::{Actor, Caller, Pending, StaffActor, household},
};

/// What somebody types, and what their program says of itself.
#[derive(Clone)]
pub struct Attempt {
    /// The name of the account.
    pub login: String,
    /// The password.
    pub password: String,
    /// Cookie or bearer.
    pub kind: SessionKind,
    /// The session token the browser already held; it ends with the new login.
    pub held: Option<String>,
    /// The browser or program.
    pub client: String,
}

/// A new session. The token is shown this once.
pub struct LoggedIn {
    /// Into the cookie or the answer.
    pub token: String,
    /// Who it is.
    pub me: Me,
}

/// Opens a session for the right password.
///
/// Unknown account, inactive account and wrong password get the same answer after the same work: a charged counter, one Argon2, an
/// audit row. Codes: `auth.login_refused`, `auth.login_throttled`, `busy`.
pub async fn login(app: &App, caller: &Caller, attempt: Attempt) -> Result<LoggedIn> {
    let subjects = Subjects::of(caller, &fold_login(&attempt.login));
    let charge = {
        let (subjects, login) = (subjects.clone(), fold_login(&attempt.login));
        // Charged before the password is verified, so that guesses made side by side cannot overtake the counter.
        move |tx: &mut Tx| {
            subjects.charge(tx)?;
            store::find_credential(tx, &login)
        }
    };
    let credential = app.db.write_needed(charge).await?;
    let (staff, hash) = match credential {
        Some(Credential { staff_id, hash, is_active }) => (is_active.then_some(staff_id), Some(hash)),
        None => (None, None),
    };
    let fits = app.auth.passwords.verify(attempt.password.clone(), hash).await?;
    let caller = caller.clone();
    match staff.filter(|_| fits) {
        Some(staff) => app.db.write_needed(move |tx| begin_session(tx, &caller, &subjects, staff, &attempt)).await,
        None => {
            app.db.write_needed(move |tx| refuse_login(tx, &caller, staff)).await?;
            Err(Error::unauthenticated("auth.login_refused"))
        }
    }
}

fn begin_session(tx: &mut Tx, caller: &Caller, subjects: &Subjects, staff: StaffId, attempt: &Attempt) -> Result<LoggedIn> {
    subjects.acquit(tx)?;
    if let Some(held) = attempt.held.as_deref().filter(|held| token::is_session(held))
        && let Some(old) = store::find_session(tx, &token::hash_secret(held))?
        && store::end_session(tx, old.id)?
    {
        revoke(tx, Revocation::Session(old.id.0))?;
    }
    let address = caller.address.to_string();
    let opening =
        Opening { staff, kind: attempt.kind, method: Method::Password, address: &address, client: &attempt.client, must_enrol: false };
    let (token, session) = open_session(tx, opening)?;
    let caller = Caller { actor: Actor::Staff(Arc::new(session)), ..caller.clone() };
    audit::record(tx, &caller, &Audit { action: "auth.login", object_kind: "staff", object_id: staff.to_string(), ..Audit::default() })?;
    Ok(LoggedIn { token, me: whoami(tx, caller.actor.staff()?)? })
}

fn refuse_login(tx: &mut Tx, caller: &Caller, staff: Option<StaffId>) -> Result<()> {
    let object_id = staff.map(|staff| staff.to_string()).unwrap_or_default();
    let refused = Audit { action: "auth.login", object_kind: "staff", object_id, refused: "auth.login_refused", ..Audit::default() };
    audit::record(tx, caller, &refused)
}

/// What somebody proved and wants: checked, and hashed.
pub struct NewPassword {
    staff: StaffId,
    /// As it was when the old one was verified.
    stored: String,
    hash: String,
}

/// Verifies the old password and hashes the new one. Codes: `password.wrong`, `password.unchanged`, and those of the policy.
pub async fn prove_password(app: &App, caller: &Caller, old: &str, new: &str) -> Result<NewPassword> {
    let (staff, caller) = (StaffId(caller.actor.staff()?.id), caller.clone());
    let Some(stored) = proof::verify_own(app, staff, old).await? else {
        app.db.write(move |tx| audit::record(tx, &caller, &password_audit(staff, "password.wrong"))).await?;
        return Err(Error::invalid("password.wrong"));
    };
    let me = app.db.read(move |tx| store::me(tx, staff)).await?;
    password::check_policy(&me.login, new)?;
    if old == new {
        return Err(Error::invalid("password.unchanged"));
    }
    Ok(NewPassword { staff, stored, hash: app.auth.passwords.hash(new.to_owned()).await? })
}

/// Changes one's own password and ends one's other sessions.
pub fn change_password(tx: &mut Tx, caller: &Caller, new: &NewPassword) -> Result<()> {
    // Whoever was faster with the same old password wins; the slower one no longer knows it.
    let now = store::find_credential_of(tx, new.staff)?.map(|credential| credential.hash);
    if now.as_ref() != Some(&new.stored) {
        return Err(Error::invalid("password.wrong"));
    }
    store::set_password(tx, new.staff, &new.hash, false)?;
    end_sessions(tx, new.staff, Some(SessionId(caller.actor.staff()?.session)))?;
    audit::record(tx, caller, &password_audit(new.staff, ""))
}

fn password_audit(staff: StaffId, refused: &'static str) -> Audit {
    Audit { action: "auth.change_password", object_kind: "staff", object_id: staff.to_string(), refused, ..Audit::default() }
}

/// Sets the password of an account without knowing the old one: for those who may manage staff, and for the command line.
pub fn set_password(tx: &mut Tx, staff: StaffId, hash: &str, must_change: bool) -> Result<()> {
    store::set_password(tx, staff, hash, must_change)
}

/// Who is logged in.
pub async fn me(app: &App, caller: &Caller) -> Result<Me> {
    let actor = caller.actor.staff()?.clone();
    app.db.read(move |tx| whoami(tx, &actor)).await
}

fn whoami(tx: &mut Tx, actor: &StaffActor) -> Result<Me> {
    let me = store::me(tx, StaffId(actor.id))?;
    let permissions = permission::ALL.iter().filter(|name| actor.can(name)).map(|&name| name.to_owned()).collect();
    Ok(Me {
        permissions,
        must_change_password: actor.pending == Some(Pending::Password),
        must_enrol: actor.pending == Some(Pending::SecondFactor),
        ..me
    })
}

/// The counters a login is charged to.
#[derive(Clone)]
struct Subjects {
    /// Absent for bench runs, which log hundreds of agents in from one address.
    address: Option<String>,
    account: String,
}

impl Subjects {
    fn of(caller: &Caller, login: &str) -> Subjects {
        let hashed = |text: &str| token::hash_secret(text)[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let address = (!caller.actor.is_unlimited() && !caller.address.is_loopback())
            .then(|| format!("address:{}", hashed(&household(caller.address).to_string())));
        Subjects { address, account: format!("login:{}", hashed(login)) }
    }

    /// Counts a failure in advance; refuses while a delay runs. Addresses come before accounts, everywhere, so that nobody deadlocks.
    fn charge(&self, tx: &mut Tx) -> Result<()> {
        if let Some(address) = &self.address {
            guess::charge(tx, address, ADDRESS)?;
        }
        guess::charge(tx, &self.account, ACCOUNT)
    }

    /// The password was right: the account's failures are forgotten, the address gets back the one it was charged.
    fn acquit(&self, tx: &mut Tx) -> Result<()> {
        if let Some(address) = &self.address {
            store::refund_failure(tx, address)?;
        }
        store::forget_failures(tx, &self.account)
    }
}
