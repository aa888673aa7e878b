//! One error vocabulary. Features make errors with constructors; the code is also the locale key of the text a user reads.
//!
//! The cause is logged and never sent. Status and titles are decided in [`crate::http::problem`].
use serde_json::{Map, Value};
use std::{fmt, sync::Arc};

/// The result of everything that can fail in Yingda.
pub type Result<T> = std::result::Result<T, Error>;

/// What kind of answer an error is. Each maps to one HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 400: the request cannot be read.
    Malformed,
    /// 401: who are you?
    Unauthenticated,
    /// 403: you may not.
    Forbidden,
    /// 404: not there, or not for your eyes.
    NotFound,
    /// 408: you took too long.
    Slow,
    /// 409: the object's state does not allow it.
    Conflict,
    /// 410: it was there.
    Gone,
    /// 413: too large.
    TooLarge,
    /// 415: not a type we take.
    Unsupported,
    /// 422: read, but against the rules.
    Invalid,
    /// 429: slower, please.
    TooMany,
    /// 503: not now.
    Unavailable,
    /// 500: our fault.
    Internal,
}

/// An error with a stable code, such as `conversation.closed`.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    code: &'static str,
    details: Map<String, Value>,
    retry_ms: Option<u64>,
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of any kind. Prefer the constructors below.
    pub fn new(kind: Kind, code: &'static str) -> Error {
        Error(Box::new(Inner { kind, code, details: Map::new(), retry_ms: None, cause: None }))
    }
    /// 400.
    pub fn malformed(code: &'static str) -> Error {
        Error::new(Kind::Malformed, code)
    }
    /// 401.
    pub fn unauthenticated(code: &'static str) -> Error {
        Error::new(Kind::Unauthenticated, code)
    }
    /// 403.
    pub fn forbidden(code: &'static str) -> Error {
        Error::new(Kind::Forbidden, code)
    }
    /// 404 with the kind of thing that is missing.
    pub fn not_found(what: &'static str) -> Error {
        Error::new(Kind::NotFound, "not_found").with("what", what)
    }
    /// 409.
    pub fn conflict(code: &'static str) -> Error {
        Error::new(Kind::Conflict, code)
    }
    /// 422: a rule says no.
    pub fn invalid(code: &'static str) -> Error {
        Error::new(Kind::Invalid, code)
    }
    /// 503.
    pub fn unavailable(code: &'static str) -> Error {
        Error::new(Kind::Unavailable, code).retry_after(1000)
    }
    /// 500 with its cause, which is logged and never sent.
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::new(Kind::Internal, "internal").caused_by(cause)
    }
    /// 500 for a broken promise of our own code.
    pub fn bug(what: &'static str) -> Error {
        Error::internal(std::io::Error::other(what))
    }

    /// Adds a detail: a parameter of the text, and a field of the problem document.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Error {
        self.0.details.insert(name.to_owned(), value.into());
        self
    }
    /// Says when to try again, in milliseconds.
    pub fn retry_after(mut self, ms: u64) -> Error {
        self.0.retry_ms = Some(ms);
        self
    }
    /// Remembers why; for the log.
    pub fn caused_by(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
        self.0.cause = Some(Arc::new(cause));
        self
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }
    /// The stable code, which is also the locale key.
    pub fn code(&self) -> &'static str {
        self.0.code
    }
    /// The details, by name.
    pub fn details(&self) -> &Map<String, Value> {
        &self.0.details
    }
    /// When to try again, in milliseconds.
    pub fn retry_ms(&self) -> Option<u64> {
        self.0.retry_ms
    }
    /// The cause, for the log.
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        self.0.cause.as_deref()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.code)?;
        if !self.0.details.is_empty() {
            write!(f, " {}", Value::Object(self.0.details.clone()))?;
        }
        match &self.0.cause {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}
impl std::error::Error for Error {}
