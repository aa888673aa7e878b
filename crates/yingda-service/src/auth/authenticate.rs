//! From credentials to an actor, for every request and for the first frame of a socket.
use super::{
    id::{SessionId, SessionKind},
    model::{Lives, OLD_TOKEN, SessionRow},
    permission, store,
    token::{self, VisitorToken},
};
use crate::{App, audit};
use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc};
use yingda_base::{
    Error, Result, Tx,
    http::{Actor, Authenticate, Caller, Credentials, Refusal, Scope, StaffActor, VisitorActor},
};

/// Finds out who is who. Sessions are read from the database each time, so that a change of rights counts at once; visitors' tokens
/// are verified without it.
#[derive(Clone)]
pub struct Authenticator(App);

impl Authenticator {
    /// On this database and these secrets.
    pub fn new(app: App) -> Authenticator {
        Authenticator(app)
    }

    async fn find(&self, credentials: &Credentials) -> Result<Actor> {
        let unlimited = match &credentials.bench {
            Some(token) => Some(self.bench(token).await?),
            None => None,
        };
        let Some(token) = credentials.bearer.as_deref().or(credentials.cookie.as_deref()) else {
            // A bench token alone is who it belongs to, so that calls of people who have no name yet are not limited either.
            return Ok(unlimited.map_or(Actor::Anonymous, |bench| Actor::Staff(Arc::new(bench))));
        };
        if token::is_session(token) {
            let staff = self.staff(token).await?;
            let unlimited = unlimited.is_some() || staff.unlimited;
            return Ok(Actor::Staff(Arc::new(StaffActor { unlimited, ..staff })));
        }
        self.visitor(token, unlimited.is_some()).map(Actor::Visitor)
    }

    /// The bench account; `forbidden` for a session of another kind.
    async fn bench(&self, token: &str) -> Result<StaffActor> {
        let staff = self.staff(token).await?;
        if staff.unlimited { Ok(staff) } else { Err(Error::forbidden("forbidden")) }
    }

    async fn staff(&self, token: &str) -> Result<StaffActor> {
        let (app, hash) = (&self.0, token::hash_secret(token));
        let lives = Lives::of(&app.settings);
        let found = app.db.read(move |tx| {
            let Some(session) = store::find_session(tx, &hash)? else { return Ok(None) };
            session.check(lives, tx.steady())?;
            Ok(Some((load_actor(tx, &session)?, session)))
        });
        let (actor, session) = found.await?.ok_or_else(|| Error::unauthenticated("token_invalid"))?;
        if session.is_seen_due(lives, app.context.clock.steady()) {
            self.touch(session.id, session.is_rotated()).await;
        }
        Ok(actor)
    }

    /// Who a known session belongs to now, by its id: a connection outlives the token it came with, which each proof replaces.
    /// Errors: `token_invalid`, `token_expired`, `session_revoked`.
    pub async fn again(&self, staff: &StaffActor) -> Result<StaffActor> {
        let (lives, session) = (Lives::of(&self.0.settings), SessionId(staff.session));
        let found = self.0.db.read(move |tx| {
            let Some(session) = store::find_session_by_id(tx, session)? else { return Ok(None) };
            session.check(lives, tx.steady())?;
            load_actor(tx, &session).map(Some)
        });
        let actor = found.await?.ok_or_else(|| Error::unauthenticated("token_invalid"))?;
        Ok(StaffActor { unlimited: staff.unlimited, ..actor })
    }

    /// Notes that a session is used. A request does not fail because this could not be noted.
    async fn touch(&self, session: SessionId, is_rotated: bool) {
        let touch = move |tx: &mut Tx| {
            store::touch_session(tx, session)?;
            if is_rotated { store::end_old_token(tx, session, tx.steady() + OLD_TOKEN) } else { Ok(()) }
        };
        if let Err(error) = self.0.db.write_needed(touch).await {
            tracing::warn!(%error, "the use of a session could not be noted");
        }
    }

    fn visitor(&self, token: &str, unlimited: bool) -> Result<VisitorActor> {
        let app = &self.0;
        let VisitorToken { device, customer, site, .. } = VisitorToken::open(&app.auth.visitors, token, app.context.clock.now())?;
        if app.auth.revoked.contains(device) {
            return Err(Error::unauthenticated("token_invalid"));
        }
        Ok(VisitorActor { device, customer, site, unlimited })
    }
}

impl Authenticate for Authenticator {
    fn authenticate<'a>(&'a self, credentials: &'a Credentials, _: IpAddr) -> Pin<Box<dyn Future<Output = Result<Actor>> + Send + 'a>> {
        Box::pin(self.find(credentials))
    }

    fn refused<'a>(&'a self, caller: &'a Caller, refusal: Refusal<'a>) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(audit::record_refusal(&self.0, caller, refusal))
    }
}

/// A session's account with its rights and scope. A bench session has all of them.
pub(super) fn load_actor(tx: &mut Tx, session: &SessionRow) -> Result<StaffActor> {
    let is_bench = session.kind == SessionKind::Bench;
    let (permissions, scope) = if is_bench {
        (permission::ALL.iter().map(|&name| name.to_owned()).collect(), Scope { all: true, ..Scope::default() })
    } else {
        (store::permissions(tx, session.staff_id)?, store::scope(tx, session.staff_id)?)
    };
    let (id, name) = (session.staff_id.0, session.name.clone());
    let (pending, proven) = (session.pending(), session.is_proven(tx.steady()));
    Ok(StaffActor { id, name, session: session.id.0, permissions, scope, pending, proven, unlimited: is_bench })
}
