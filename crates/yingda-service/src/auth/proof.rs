//! Step-up: showing once more that it is still the same person, before something sensitive.
//!
//! A login is such a proof. It counts for a few minutes ([`PROOF`](super::model::PROOF)); after that the same session shows a password
//! again, and gets another token with it.
use super::{
    guess,
    id::{SessionId, StaffId},
    model::PROOF,
    store,
    throttle::ACCOUNT,
    token,
};
use crate::{
    App,
    audit::{self, Audit},
};
use yingda_base::{Error, Millis, Result, Tx, http::Caller};

/// A session that was proven, with its new token.
pub struct Proven {
    /// Replaces the token that was asked with.
    pub token: String,
    /// How long the proof counts.
    pub until: Millis,
}

/// Proves with the password. Codes: `password.wrong`, `auth.login_throttled`, `busy`.
pub async fn by_password(app: &App, caller: &Caller, password: &str) -> Result<Proven> {
    let staff = StaffId(caller.actor.staff()?.id);
    let fits = verify_own(app, staff, password).await?.is_some();
    let caller = caller.clone();
    app.db.write_needed(move |tx| if fits { note(tx, &caller).map(Ok) } else { refuse(tx, &caller, "password.wrong").map(Err) }).await?
}

/// The stored hash of somebody's own password, if it is this one. Guesses are counted, but apart from those of strangers at the door.
pub async fn verify_own(app: &App, staff: StaffId, password: &str) -> Result<Option<String>> {
    let subject = format!("own:{staff}");
    let charged = subject.clone();
    let charge = move |tx: &mut Tx| {
        guess::charge(tx, &charged, ACCOUNT)?;
        store::find_credential_of(tx, staff)
    };
    let stored = app.db.write_needed(charge).await?.map(|credential| credential.hash);
    if !app.auth.passwords.verify(password.to_owned(), stored.clone()).await? {
        return Ok(None);
    }
    app.db.write_needed(move |tx| guess::acquit(tx, &subject)).await?;
    Ok(stored)
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
