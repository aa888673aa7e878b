//! Opening, listing and ending sessions.
use super::{
    authenticate::load_actor,
    id::{Method, SessionId, SessionKind, StaffId},
    model::{BENCH, Lives, Session},
    revocation::{Revocation, revoke},
    store::{self, NewSession},
    token,
};
use crate::{
    App,
    audit::{self, Audit},
};
use std::time::Duration;
use yingda_base::{
    Error, Result, Tx,
    http::{Caller, StaffActor},
};

/// How long an older version of the program lets a session live.
const WITH_OLDER_VERSIONS: Duration = Duration::from_secs(7 * 24 * 3600);

/// A session to be opened.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// Whose.
    pub staff: StaffId,
    /// Cookie, bearer or bench.
    pub kind: SessionKind,
    /// By what.
    pub method: Method,
    /// From where.
    pub address: &'a str,
    /// The browser or program, as it named itself.
    pub client: &'a str,
    /// A second factor is asked for, and there is none yet.
    pub must_enrol: bool,
}

/// Opens a session without asking for a password: for logins that were verified, and for the command line. Answers its token.
pub(crate) fn open_session(tx: &mut Tx, opening: Opening) -> Result<(String, StaffActor)> {
    let Opening { staff, kind, method, address, client, must_enrol } = opening;
    let (token, token_hash) = token::new_session_token(tx.entropy());
    let life = if kind == SessionKind::Bench { BENCH } else { WITH_OLDER_VERSIONS };
    let expires_at = tx.now() + life;
    store::insert_session(tx, &NewSession { staff, kind, method, token_hash: &token_hash, expires_at, address, client, must_enrol })?;
    let session = store::find_session(tx, &token_hash)?.ok_or_else(|| Error::bug("a session that was just opened is not there"))?;
    Ok((token, load_actor(tx, &session)?))
}

/// One's own living sessions, the most recently used first.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<Session>> {
    let (actor, lives) = (caller.actor.staff()?.clone(), Lives::of(&app.settings));
    app.db.read(move |tx| store::list_sessions(tx, StaffId(actor.id), actor.session, lives)).await
}

/// Those of somebody, for an administrator.
pub async fn list_of(app: &App, caller: &Caller, staff: StaffId) -> Result<Vec<Session>> {
    let (actor, lives) = (caller.actor.staff()?.clone(), Lives::of(&app.settings));
    let list = move |tx: &mut Tx| {
        store::me(tx, staff)?;
        store::list_sessions(tx, staff, actor.session, lives)
    };
    app.db.read(list).await
}

/// Ends the session that asks.
pub async fn logout(app: &App, caller: &Caller) -> Result<()> {
    let session = SessionId(caller.actor.staff()?.session);
    let caller = caller.clone();
    app.db.write_needed(move |tx| end_noted(tx, &caller, "auth.logout", session)).await
}

/// Ends one of one's own sessions.
pub async fn end_own(app: &App, caller: &Caller, session: SessionId) -> Result<()> {
    let staff = StaffId(caller.actor.staff()?.id);
    let caller = caller.clone();
    let end = move |tx: &mut Tx| {
        if store::holder(tx, session)? != Some(staff) {
            return Err(Error::not_found("session"));
        }
        end_noted(tx, &caller, "auth.end_session", session)
    };
    app.db.write_needed(end).await
}

/// Ends all one's own sessions but the one that asks.
pub async fn end_others(app: &App, caller: &Caller) -> Result<()> {
    let (actor, caller) = (caller.actor.staff()?.clone(), caller.clone());
    let end = move |tx: &mut Tx| {
        let staff = StaffId(actor.id);
        let ended = end_sessions(tx, staff, Some(SessionId(actor.session)))?;
        audit::record(tx, &caller, &audit_of_many("auth.end_sessions", staff, ended))
    };
    app.db.write_needed(end).await
}

/// Ends one session of somebody else.
pub async fn end_one_of(app: &App, caller: &Caller, session: SessionId) -> Result<()> {
    let caller = caller.clone();
    let end = move |tx: &mut Tx| {
        store::holder(tx, session)?.ok_or_else(|| Error::not_found("session"))?;
        end_noted(tx, &caller, "staff.end_session", session)
    };
    app.db.write_needed(end).await
}

/// Ends all sessions of somebody else.
pub async fn end_all_of(app: &App, caller: &Caller, staff: StaffId) -> Result<()> {
    let caller = caller.clone();
    let end = move |tx: &mut Tx| {
        store::me(tx, staff)?;
        let ended = end_sessions(tx, staff, None)?;
        audit::record(tx, &caller, &audit_of_many("staff.end_sessions", staff, ended))
    };
    app.db.write_needed(end).await
}

fn end_noted(tx: &mut Tx, caller: &Caller, action: &'static str, session: SessionId) -> Result<()> {
    if end_session(tx, session)? {
        audit::record(tx, caller, &Audit { action, object_kind: "session", object_id: session.to_string(), ..Audit::default() })?;
    }
    Ok(())
}

fn audit_of_many(action: &'static str, staff: StaffId, ended: usize) -> Audit {
    let after = Some(serde_json::json!({ "ended": ended }).to_string());
    Audit { action, object_kind: "staff", object_id: staff.to_string(), after, ..Audit::default() }
}

/// Ends a session and cuts what stands on it; answers whether it was living.
pub fn end_session(tx: &mut Tx, session: SessionId) -> Result<bool> {
    let ended = store::end_session(tx, session)?;
    if ended {
        revoke(tx, Revocation::Session(session.0))?;
    }
    Ok(ended)
}

/// Ends all sessions of a member of staff but one, and every login that waits for its second step; answers how many sessions.
pub fn end_sessions(tx: &mut Tx, staff: StaffId, except: Option<SessionId>) -> Result<usize> {
    store::forget_challenges(tx, staff)?;
    let living = store::living_sessions(tx, staff)?;
    let others: Vec<_> = living.into_iter().filter(|session| Some(*session) != except).collect();
    for session in &others {
        end_session(tx, *session)?;
    }
    Ok(others.len())
}

/// Ends every session: in restored data, where some of them were ended since the backup and nobody can tell which.
pub fn end_all_sessions(tx: &mut Tx) -> Result<()> {
    store::revoke_all(tx).map(drop)
}
