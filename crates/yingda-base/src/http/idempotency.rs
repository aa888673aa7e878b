//! A POST that may be repeated: the same key, actor, address and body get the first answer again.
//!
//! The answer is stored in the unit that does the work, so either both are there or neither. After a purge (a day) a key is new again.
//! Secrets are not stored: a repeated call gets its answer without them ([`Answer::remembered_as`]), and of a body, which may hold a
//! password, a keyed hash is kept.
use super::{Caller, access::Gate, extract::read_json};
use crate::{
    Db, Millis,
    db::Tx,
    error::{Error, Kind, Result},
    key::MacKey,
    row, sql,
};
use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How long an answer is given again.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Rows deleted in one unit.
const CHUNK: i64 = 200;

/// A body with the key of its call, if the client sent one. As an extractor it reads JSON; for other bodies see [`OnceKey`].
#[derive(Clone)]
pub struct Once<T> {
    /// The body.
    pub input: T,
    call: Option<Call>,
}

/// The key of a call whose body its handler reads by itself.
#[derive(Clone)]
pub struct OnceKey(Option<Named>);

/// Takes a body in as it comes.
#[derive(Default)]
pub struct BodyDigest(Sha256);

impl BodyDigest {
    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}

#[derive(Clone)]
struct Named {
    /// Who asks for what.
    scope: String,
    key: String,
    query: String,
    mac: MacKey,
}

#[derive(Clone)]
struct Call {
    named: Named,
    /// Of query and body.
    digest: [u8; 32],
}

impl<S: Send + Sync> FromRequestParts<S> for OnceKey {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<OnceKey> {
        let Some(key) = parts.headers.get("idempotency-key").map(valid).transpose()? else { return Ok(OnceKey(None)) };
        let Ok(caller) = Caller::from_request_parts(parts, state).await;
        let (kind, id) = caller.actor.key();
        let scope = format!("{kind}:{id} {} {}", parts.method, parts.uri.path());
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let mac = parts.extensions.get::<Gate>().ok_or_else(|| Error::bug("a route without the gate"))?.repeats.clone();
        Ok(OnceKey(Some(Named { scope, key, query, mac })))
    }
}

impl OnceKey {
    /// Joins it with what was read: `bytes` is the body as it came.
    pub fn with<T>(self, input: T, bytes: &[u8]) -> Once<T> {
        let mut digest = BodyDigest::default();
        digest.update(bytes);
        self.with_digest(input, digest)
    }

    /// The same for a body that was never held whole.
    pub fn with_digest<T>(self, input: T, body: BodyDigest) -> Once<T> {
        let body: [u8; 32] = body.0.finalize().into();
        let call = self.0.map(|named| {
            let digest = Sha256::new().chain_update(&named.query).chain_update([0]).chain_update(body).finalize().into();
            Call { named, digest }
        });
        Once { input, call }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Once<T> {
    type Rejection = Error;
    async fn from_request(request: Request, state: &S) -> Result<Once<T>> {
        let (mut parts, body) = request.into_parts();
        let key = OnceKey::from_request_parts(&mut parts, state).await?;
        let (input, bytes) = read_json(Request::from_parts(parts, body), state).await?;
        Ok(key.with(input, &bytes))
    }
}

fn valid(value: &HeaderValue) -> Result<String> {
    let key = value.to_str().ok().filter(|key| (1..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    key.map(str::to_owned).ok_or_else(|| Error::malformed("idempotency_key_invalid"))
}

/// A stored or fresh answer: JSON, or no body at all.
#[derive(Clone, Debug)]
pub struct Answer {
    status: StatusCode,
    body: Vec<u8>,
    /// What a repeated call gets instead.
    remembered: Option<Vec<u8>>,
}

impl Answer {
    /// A fresh answer.
    pub fn new<T: Serialize>(status: StatusCode, value: &T) -> Result<Answer> {
        Ok(Answer { status, body: json(value)?, remembered: None })
    }

    /// One without a body.
    pub fn empty(status: StatusCode) -> Answer {
        Answer { status, body: Vec::new(), remembered: None }
    }

    /// For an answer that shows a secret this once: what is stored, and given to a repeated call, is this.
    pub fn remembered_as<T: Serialize>(mut self, value: &T) -> Result<Answer> {
        self.remembered = Some(json(value)?);
        Ok(self)
    }
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(Error::internal)
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let has_body = !self.body.is_empty();
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        if has_body {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        response
    }
}

row! {
    struct Stored { fingerprint: Vec<u8>, status: i64, body: Vec<u8> }
}

impl<T> Once<T> {
    /// Does the work unless it was done under this key before; call it first in a writing unit.
    ///
    /// Errors: `idempotency_key_reused` if the key came with another body; whatever `work` says, and then nothing is remembered.
    pub fn run(&self, tx: &mut Tx, work: impl FnOnce(&mut Tx, &T) -> Result<Answer>) -> Result<Answer> {
        let Some(call) = &self.call else { return work(tx, &self.input) };
        // Taken before the work: of two that come at once, the second one waits here and then finds the answer of the first.
        if !take(tx, call)? {
            let stored = find(tx, call)?.ok_or_else(|| Error::unavailable("busy").retry_after(100))?;
            return replay(call, stored);
        }
        let answer = work(tx, &self.input)?;
        keep(tx, call, &answer)?;
        Ok(answer)
    }

    /// The answer of an earlier call, for handlers with costly work before their unit. [`Once::run`] looks again.
    ///
    /// Error: `idempotency_key_reused`.
    pub async fn find(&self, db: &Db) -> Result<Option<Answer>> {
        let Some(call) = self.call.clone() else { return Ok(None) };
        db.read(move |tx| find(tx, &call)?.map(|stored| replay(&call, stored)).transpose()).await
    }
}

fn take(tx: &mut Tx, call: &Call) -> Result<bool> {
    let fingerprint = call.named.mac.mac(&call.digest).to_vec();
    let taken = tx.run(sql!(
        "INSERT INTO idempotency (scope, key, fingerprint, status, body, created_at) VALUES ($1, $2, $3, 0, $4, $5)
         ON CONFLICT (scope, key) DO NOTHING",
        &call.named.scope,
        &call.named.key,
        fingerprint,
        Vec::<u8>::new(),
        tx.now()
    ))?;
    Ok(taken == 1)
}

fn keep(tx: &mut Tx, call: &Call, answer: &Answer) -> Result<()> {
    let body = answer.remembered.as_ref().unwrap_or(&answer.body);
    let query = sql!(
        "UPDATE idempotency SET status = $3, body = $4, content_type = $5 WHERE scope = $1 AND key = $2",
        &call.named.scope,
        &call.named.key,
        i64::from(answer.status.as_u16()),
        body.clone(),
        (!body.is_empty()).then(|| "application/json".to_owned())
    );
    tx.run(query).map(drop)
}

fn find(tx: &mut Tx, call: &Call) -> Result<Option<Stored>> {
    let (scope, key) = (&call.named.scope, &call.named.key);
    tx.find(sql!("SELECT fingerprint, status, body FROM idempotency WHERE scope = $1 AND key = $2", scope, key))
}

fn replay(call: &Call, stored: Stored) -> Result<Answer> {
    if !call.named.mac.matches(&call.digest, &stored.fingerprint) {
        return Err(Error::new(Kind::Invalid, "idempotency_key_reused"));
    }
    let status = u16::try_from(stored.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    Ok(Answer { status: status.unwrap_or(StatusCode::OK), body: stored.body, remembered: None })
}

/// Forgets answers older than a day, a chunk at a time; how many.
pub fn purge_answers(tx: &mut Tx) -> Result<u64> {
    tx.run(sql!(
        "DELETE FROM idempotency WHERE (scope, key) IN (
             SELECT scope, key FROM idempotency WHERE created_at < $1 ORDER BY created_at, scope, key LIMIT $2
         )",
        tx.now() - KEPT,
        CHUNK
    ))
}

/// Forgets a chunk of the answers given so far, however young; how many. They may hold what was erased since.
pub fn forget_answers(tx: &mut Tx, until: Millis) -> Result<u64> {
    tx.run(sql!(
        "DELETE FROM idempotency WHERE (scope, key) IN (
             SELECT scope, key FROM idempotency WHERE created_at <= $1 ORDER BY created_at, scope, key LIMIT $2
         )",
        until,
        CHUNK
    ))
}
