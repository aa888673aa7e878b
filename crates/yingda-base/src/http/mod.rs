//! The HTTP kit: what every route needs and no feature writes twice.
//!
//! A feature lists its routes with [`Routes`], each with a [`Rule`] on its line (who may, how often). Handlers take [`Caller`] (who asks),
//! [`Input`] (a JSON body) or [`Once`] (a body
//! whose call may be repeated under an `Idempotency-Key`), [`Id`] (an id in the path) and [`Params`] (the query), and answer `Result<…>`; errors become problem documents.
mod access;
mod actor;
mod body;
mod client;
mod extract;
mod idempotency;
mod limit;
mod problem;
mod routes;

pub use access::{Authenticate, Credentials, Gate, Refusal, cookie_name, is_own_origin};
pub use actor::{Actor, Caller, Pending, Scope, StaffActor, VisitorActor};
pub use body::{Budget, Held, Pace};
pub use client::{Client, Edge, Peer, Proxies, household};
pub use extract::{Id, Input, Params, nullable};
pub use idempotency::{Answer, BodyDigest, Once, OnceKey, forget_answers, purge_answers};
pub use limit::{Limit, Limits};
pub use problem::{Problem, problems, status};
pub use routes::{Access, AuditClass, Route, Routes, Rule, nullable_text, publish};

use crate::locale::Language;

/// What the middleware knows of a request besides its actor.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// Random; in the log, in `X-Request-Id`, and in problem documents.
    pub id: String,
    /// The language of the answer.
    pub language: Language,
    /// The address the request came from.
    pub address: std::net::IpAddr,
    /// Whether whoever asks speaks https.
    pub is_tls: bool,
}
