//! Logging in: a password, and where there is a second factor, a code in a second call.
use super::{
    factor,
    id::{Method, SessionKind, StaffId},
    lane::{self, Lane, Lock},
    model::{Me, fold_login},
    permission, proof,
    revocation::{Revocation, revoke},
    session::{Opening, open_session},
    settings::{self, Required},
    store::{self, ChallengeRow, Credential},
    token,
};
use crate::{
    App,
    audit::{self, Audit},
};
use std::{sync::Arc, time::Duration};
use yingda_base::{
    Error, Result, Tx,
    http::{Actor, Caller, Pending, StaffActor},
};

/// Between password and code.
const CHALLENGE: Duration = Duration::from_secs(5 * 60);
/// Codes that may be tried on one password.
const TRIES: i64 = 5;

/// What the program or browser says of itself.
#[derive(Clone)]
pub struct Browser {
    /// Cookie or bearer.
    pub kind: SessionKind,
    /// The session token the browser already held; it ends with the new login.
    pub held: Option<String>,
    /// Its name for itself.
    pub client: String,
    /// The secret by which it is known, or will be.
    pub device: Option<String>,
}

/// What a right password brings.
pub enum Passed {
    /// All that was asked for.
    In(Box<LoggedIn>),
    /// A code is asked for besides, with this token.
    Challenge(String),
}

/// A new session. The token is shown this once.
pub struct LoggedIn {
    /// Into the cookie or the answer.
    pub token: String,
    /// Who it is.
    pub me: Me,
    /// Guesses of strangers since the last login, as far as they are remembered.
    pub failures: i64,
}

/// Opens a session for the right password, or asks for a code.
///
/// Unknown account, inactive account and wrong password get the same answer after the same work: a charged counter, one Argon2, an
/// audit row. Codes: `auth.login_refused`, `auth.login_throttled`, `auth.locked`, `busy`.
pub async fn login(app: &App, caller: &Caller, login: &str, password: String, browser: Browser) -> Result<Passed> {
    let (login, lock) = (fold_login(login), Lock::of(&app.settings));
    let (asking, device, asked) = (caller.clone(), browser.device.clone(), login.clone());
    // Charged before the password is verified, so that guesses made side by side cannot overtake the counter.
    let charge = move |tx: &mut Tx| {
        let credential = store::find_credential(tx, &asked)?;
        let staff = credential.as_ref().map(|credential| credential.staff_id);
        let lane = Lane::find(tx, &asking, &asked, staff, device.as_deref())?;
        let left = lane.charge(tx, lock)?;
        Ok((credential, lane, left))
    };
    let is_for = is_password_for(app, &login);
    let (credential, lane, left) = app.db.write_needed(charge).await?;
    // Who may not is answered as a stranger is, after the same work: nobody learns whose password still counts.
    let credential = credential.filter(|_| is_for);
    let hash = credential.as_ref().map(|credential| credential.hash.clone());
    let fits = app.auth.passwords.verify(password, hash).await?;
    let (caller, rules) = (caller.clone(), Rules::of(app));
    let decide = move |tx: &mut Tx| match &credential {
        Some(verified) if fits && verified.is_active => pass(tx, &caller, &lane, verified, &browser, rules),
        other => {
            let staff = other.as_ref().filter(|credential| credential.is_active).map(|credential| credential.staff_id);
            refuse(tx, &caller, staff, "auth.login_refused").map(|()| None)
        }
    };
    app.db.write_needed(decide).await?.ok_or_else(|| {
        let refused = Error::unauthenticated("auth.login_refused");
        left.into_iter().fold(refused, |error, left| error.with("left", left))
    })
}

/// What settings say about a login.
#[derive(Clone, Copy)]
struct Rules {
    second_factor: Required,
    password_days: i64,
}

impl Rules {
    fn of(app: &App) -> Rules {
        let settings = &app.settings;
        Rules { second_factor: settings.global(&settings::SECOND_FACTOR), password_days: settings.global(&settings::PASSWORD_DAYS) }
    }
}

/// The password was right when it was verified. That takes a while, of seconds when many come: if it was taken away meanwhile it opens
/// nothing (`None`), and a second factor that was put before it counts. Both rows are locked, so that whoever changes them ends, after us,
/// also the session that begins here.
fn pass(tx: &mut Tx, caller: &Caller, lane: &Lane, verified: &Credential, browser: &Browser, rules: Rules) -> Result<Option<Passed>> {
    let (staff, failures) = (verified.staff_id, lane.acquit(tx)?);
    let has_factor = store::lock_factor(tx, staff)?.is_some_and(|factor| factor.since.is_some());
    if !store::lock_credential(tx, staff)?.is_some_and(|now| now.is_active && now.hash == verified.hash) {
        return refuse(tx, caller, Some(staff), "auth.login_refused").map(|()| None);
    }
    if has_factor {
        return challenge(tx, staff, false).map(Some);
    }
    expire_password(tx, staff, rules)?;
    let must_enrol = rules.second_factor.covers(&store::permissions(tx, staff)?);
    let done = begin(tx, caller, staff, Method::Password, browser, must_enrol)?;
    Ok(Some(Passed::In(Box::new(LoggedIn { failures, ..done }))))
}

fn challenge(tx: &mut Tx, staff: StaffId, is_vouched: bool) -> Result<Passed> {
    let (token, hash) = token::new_challenge_token(tx.entropy());
    store::insert_challenge(tx, staff, &hash, tx.steady() + CHALLENGE, is_vouched)?;
    Ok(Passed::Challenge(token))
}

/// How somebody comes in for whom the provider vouches.
#[derive(Clone, Copy, Debug)]
pub struct Entrance {
    /// Who must have a second factor, as set now.
    pub required: Required,
    /// They showed one there, of a kind that counts here.
    pub has_factor: bool,
}

/// Opens a session for an active account without a password, or asks for a code: of those who have a second factor here, unless they showed one there.
pub fn enter(tx: &mut Tx, caller: &Caller, staff: StaffId, browser: &Browser, entrance: Entrance) -> Result<Passed> {
    if !entrance.has_factor && store::factor_since(tx, staff)?.is_some() {
        return challenge(tx, staff, true);
    }
    let must_enrol = !entrance.has_factor && entrance.required.covers(&store::permissions(tx, staff)?);
    begin(tx, caller, staff, Method::Oidc, browser, must_enrol).map(|done| Passed::In(Box::new(done)))
}

/// Whether the password of everybody counts. Without a provider it does, whatever is set: nobody shall lock the operator out by taking the provider away.
pub fn is_password_for_all(app: &App) -> bool {
    app.oidc.is_none() || app.settings.global(&settings::PASSWORD_ONLY_FOR).trim().is_empty()
}

fn is_password_for(app: &App, login: &str) -> bool {
    is_password_for_all(app) || app.settings.global(&settings::PASSWORD_ONLY_FOR).split_whitespace().any(|named| fold_login(named) == login)
}

/// Opens the session for a right code. What was tried counts, whatever comes of it.
///
/// Codes: `auth.challenge_over` (begin again with the password), `auth.code_refused`, `auth.login_throttled`, `auth.locked`.
pub async fn second(app: &App, caller: &Caller, challenge: &str, code: String, browser: Browser) -> Result<LoggedIn> {
    let (hash, lock, rules, auth) = (token::hash_secret(challenge), Lock::of(&app.settings), Rules::of(app), app.auth.clone());
    let caller = caller.clone();
    let second = move |tx: &mut Tx| {
        let over = || Ok(Err(Error::unauthenticated("auth.challenge_over")));
        let found = store::find_challenge(tx, &hash)?.filter(|found| found.until_steady > tx.steady() && found.tries < TRIES);
        let Some(ChallengeRow { id, staff_id: staff, is_vouched, .. }) = found else { return over() };
        factor::charge(tx, staff, lock)?;
        if !store::count_challenge_try(tx, id, TRIES)? {
            return over();
        }
        let is_active = store::find_credential_of(tx, staff)?.is_some_and(|credential| credential.is_active);
        let Some(method) = factor::take_code(tx, &auth, staff, &code)?.filter(|_| is_active) else {
            refuse(tx, &caller, Some(staff), "auth.code_refused")?;
            return Ok(Err(Error::unauthenticated("auth.code_refused")));
        };
        store::forget_challenges(tx, staff)?;
        if !is_vouched {
            expire_password(tx, staff, rules)?;
        }
        begin(tx, &caller, staff, if is_vouched { Method::Oidc } else { method }, &browser, false).map(Ok)
    };
    app.db.write_needed(second).await?
}

fn begin(tx: &mut Tx, caller: &Caller, staff: StaffId, method: Method, browser: &Browser, must_enrol: bool) -> Result<LoggedIn> {
    end_held(tx, browser)?;
    let address = caller.address.to_string();
    let opening = Opening { staff, kind: browser.kind, method, address: &address, client: &browser.client, must_enrol };
    let (token, session) = open_session(tx, opening)?;
    if let Some(device) = &browser.device {
        lane::note_device(tx, staff, device)?;
    }
    let caller = Caller { actor: Actor::Staff(Arc::new(session)), ..caller.clone() };
    audit::record(tx, &caller, &audit_of(Some(staff), ""))?;
    Ok(LoggedIn { token, me: whoami(tx, caller.actor.staff()?)?, failures: 0 })
}

/// A password that is too old must be changed first of all.
fn expire_password(tx: &mut Tx, staff: StaffId, rules: Rules) -> Result<()> {
    if rules.password_days == 0 {
        return Ok(());
    }
    let oldest = tx.now() - Duration::from_secs(24 * 3600 * u64::try_from(rules.password_days).unwrap_or_default());
    store::expire_password(tx, staff, oldest)
}

fn end_held(tx: &mut Tx, browser: &Browser) -> Result<()> {
    if let Some(held) = browser.held.as_deref().filter(|held| token::is_session(held))
        && let Some(old) = store::find_session(tx, &token::hash_secret(held))?
        && store::end_session(tx, old.id)?
    {
        revoke(tx, Revocation::Session(old.id.0))?;
    }
    Ok(())
}

fn refuse(tx: &mut Tx, caller: &Caller, staff: Option<StaffId>, refused: &'static str) -> Result<()> {
    audit::record(tx, caller, &audit_of(staff, refused))
}

fn audit_of(staff: Option<StaffId>, refused: &'static str) -> Audit {
    let object_id = staff.map(|staff| staff.to_string()).unwrap_or_default();
    Audit { action: "auth.login", object_kind: "staff", object_id, refused, ..Audit::default() }
}

/// Who is logged in.
pub async fn me(app: &App, caller: &Caller) -> Result<Me> {
    let actor = caller.actor.staff()?.clone();
    app.db.read(move |tx| whoami(tx, &actor)).await
}

fn whoami(tx: &mut Tx, actor: &StaffActor) -> Result<Me> {
    let me = store::me(tx, StaffId(actor.id))?;
    let permissions = permission::ALL.iter().filter(|name| actor.can(name)).map(|&name| name.to_owned()).collect();
    let (must_change_password, must_enrol) = (actor.pending == Some(Pending::Password), actor.pending == Some(Pending::SecondFactor));
    let proves_by = proof::means(tx, actor)?;
    Ok(Me { permissions, must_change_password, must_enrol, proves_by, ..me })
}
