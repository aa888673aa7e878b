//! A POST that may be repeated: the same key, actor, address and body get the first answer again.
//!
//! The answer is stored in the unit that does the work, so either both are there or neither. After a purge (a day) a key is new again.
use super::{Caller, extract::read_json};
use crate::{
    db::Tx,
    error::{Error, Kind, Result},
    row, sql,
};
use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

/// A JSON body with the key of its call, if the client sent one.
#[derive(Clone, Debug)]
pub struct Once<T> {
    /// The body.
    pub input: T,
    call: Option<Call>,
}

#[derive(Clone, Debug)]
struct Call {
    /// Who asks for what.
    scope: String,
    key: String,
    /// Of the body.
    fingerprint: Vec<u8>,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Once<T> {
    type Rejection = Error;
    async fn from_request(request: Request, state: &S) -> Result<Once<T>> {
        let (mut parts, body) = request.into_parts();
        let Ok(caller) = Caller::from_request_parts(&mut parts, state).await;
        let header = parts.headers.get("idempotency-key").cloned();
        let (kind, id) = caller.actor.key();
        let scope = format!("{kind}:{id} {} {}", parts.method, parts.uri.path());
        let (input, bytes) = read_json(Request::from_parts(parts, body), state).await?;
        let call = header.map(|value| Ok::<_, Error>(Call { scope, key: valid(&value)?, fingerprint: Sha256::digest(&bytes).to_vec() }));
        Ok(Once { input, call: call.transpose()? })
    }
}

fn valid(value: &HeaderValue) -> Result<String> {
    let key = value.to_str().ok().filter(|key| (1..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    key.map(str::to_owned).ok_or_else(|| Error::malformed("idempotency_key_invalid"))
}

/// A stored or fresh answer in JSON.
#[derive(Clone, Debug)]
pub struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    /// A fresh answer.
    pub fn new<T: Serialize>(status: StatusCode, value: &T) -> Result<Answer> {
        Ok(Answer { status, body: serde_json::to_vec(value).map_err(Error::internal)? })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

row! {
    struct Stored { fingerprint: Vec<u8>, status: i64, body: Vec<u8> }
}

impl<T> Once<T> {
    /// Does the work unless it was done under this key before; call it inside a writing unit.
    ///
    /// Errors: `idempotency_key_reused` if the key came with another body; whatever `work` says, and then nothing is remembered.
    pub fn run(&self, tx: &mut Tx, work: impl FnOnce(&mut Tx, &T) -> Result<Answer>) -> Result<Answer> {
        let Some(call) = &self.call else { return work(tx, &self.input) };
        if let Some(stored) = find(tx, call)? {
            return replay(call, stored);
        }
        let answer = work(tx, &self.input)?;
        let inserted = tx.run(sql!(
            "INSERT INTO idempotency (scope, key, fingerprint, status, content_type, body, created_at)
             VALUES ($1, $2, $3, $4, 'application/json', $5, $6)
             ON CONFLICT (scope, key) DO NOTHING",
            &call.scope,
            &call.key,
            call.fingerprint.clone(),
            i64::from(answer.status.as_u16()),
            answer.body.clone(),
            tx.now()
        ))?;
        // The same call came twice at once and the other was faster: undo ours, the client repeats and gets theirs.
        if inserted == 1 { Ok(answer) } else { Err(Error::unavailable("busy").retry_after(100)) }
    }
}

fn find(tx: &mut Tx, call: &Call) -> Result<Option<Stored>> {
    tx.find(sql!("SELECT fingerprint, status, body FROM idempotency WHERE scope = $1 AND key = $2", &call.scope, &call.key))
}

fn replay(call: &Call, stored: Stored) -> Result<Answer> {
    if stored.fingerprint != call.fingerprint {
        return Err(Error::new(Kind::Invalid, "idempotency_key_reused"));
    }
    let status = u16::try_from(stored.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    Ok(Answer { status: status.unwrap_or(StatusCode::OK), body: stored.body })
}
