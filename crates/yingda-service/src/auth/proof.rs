//! Step-up: showing once more that it is still the same person, before something sensitive.
//!
//! A login is such a proof. It counts for a few minutes ([`PROOF`](super::model::PROOF)); after that the same session shows a code again,
//! or a password where there is no second factor, and gets another token with it.
use super::{
    factor, guess,
    id::{Means, Method, SessionId, StaffId},
    lane::Lock,
    model::PROOF,
    store,
    throttle::ACCOUNT,
    token,
};
use crate::{
    App,
    audit::{self, Audit},
};
use yingda_base::{
    Error, Millis, Result, Tx,
    http::{Caller, StaffActor},
};

/// A session that was proven, with its new token.
pub struct Proven {
    /// Replaces the token that was asked with.
    pub token: String,
    /// How long the proof counts.
    pub until: Millis,
}

/// What it takes of somebody: who has a second factor shows that, since whoever sits at an open desk may know the password.
/// Who came by the provider and has no second factor here signs in there anew; a password here may be one that nobody knows.
pub fn means(tx: &mut Tx, actor: &StaffActor) -> Result<Means> {
    if store::factor_since(tx, StaffId(actor.id))?.is_some() {
        return Ok(Means::Code);
    }
    let by_provider = store::session_method(tx, SessionId(actor.session))? == Some(Method::Oidc);
    Ok(if by_provider { Means::Provider } else { Means::Password })
}

/// Notes what the provider said of the person of this session, and why it does not count, if so.
pub fn prove_vouched(tx: &mut Tx, caller: &Caller, refused: Option<&'static str>) -> Result<Result<Proven>> {
    match refused {
        None if means(tx, caller.actor.staff()?)? == Means::Provider => note(tx, caller).map(Ok),
        None => refuse(tx, caller, "auth.proof_elsewhere").map(Err),
        Some(code) => refuse(tx, caller, code).map(Err),
    }
}

/// Proves with what was typed: a password or a code, whichever it takes. Codes: `password.wrong`, `second_factor.code_wrong`,
/// `auth.login_throttled`, `auth.locked`, `busy`, `auth.proof_elsewhere` where it takes the provider.
pub async fn prove(app: &App, caller: &Caller, typed: &str) -> Result<Proven> {
    let actor = caller.actor.staff()?.clone();
    let staff = StaffId(actor.id);
    match app.db.read(move |tx| means(tx, &actor)).await? {
        Means::Provider => Err(Error::conflict("auth.proof_elsewhere")),
        Means::Password => {
            let fits = verify_own(app, staff, typed).await?.is_some();
            let caller = caller.clone();
            app.db
                .write_needed(move |tx| if fits { note(tx, &caller).map(Ok) } else { refuse(tx, &caller, "password.wrong").map(Err) })
                .await?
        }
        Means::Code => {
            let (caller, auth, lock, code) = (caller.clone(), app.auth.clone(), Lock::of(&app.settings), typed.to_owned());
            let prove = move |tx: &mut Tx| {
                factor::charge(tx, staff, lock)?;
                match factor::take_code(tx, &auth, staff, &code)? {
                    Some(_) => note(tx, &caller).map(Ok),
                    None => refuse(tx, &caller, "second_factor.code_wrong").map(Err),
                }
            };
            app.db.write_needed(prove).await?
        }
    }
}

/// The stored hash of somebody's own password, if it is this one. Guesses are counted, but apart from those of strangers at the door.
pub async fn verify_own(app: &App, staff: StaffId, password: &str) -> Result<Option<String>> {
    let lock = Lock::of(&app.settings);
    let charge = move |tx: &mut Tx| {
        guess::charge_locked(tx, &subject(staff), ACCOUNT, lock)?;
        store::find_credential_of(tx, staff)
    };
    let stored = app.db.write_needed(charge).await?.map(|credential| credential.hash);
    if !app.auth.passwords.verify(password.to_owned(), stored.clone()).await? {
        return Ok(None);
    }
    app.db.write_needed(move |tx| guess::acquit(tx, &subject(staff))).await?;
    Ok(stored)
}

/// The counter of guesses by whoever sits at an open session.
pub(super) fn subject(staff: StaffId) -> String {
    format!("own:{staff}")
}

/// The session is proven from now on, and gets another token: who may have seen the old one does not come along.
fn note(tx: &mut Tx, caller: &Caller) -> Result<Proven> {
    let session = SessionId(caller.actor.staff()?.session);
    let (token, hash) = token::new_session_token(tx.entropy());
    store::rotate_session(tx, session, &hash)?;
    audit::record(tx, caller, &audit_of(session, ""))?;
    Ok(Proven { token, until: tx.now() + PROOF })
}

fn refuse(tx: &mut Tx, caller: &Caller, code: &'static str) -> Result<Error> {
    let session = SessionId(caller.actor.staff()?.session);
    audit::record(tx, caller, &audit_of(session, code))?;
    Ok(Error::invalid(code))
}

fn audit_of(session: SessionId, refused: &'static str) -> Audit {
    Audit { action: "auth.step_up", object_kind: "session", object_id: session.to_string(), refused, ..Audit::default() }
}
