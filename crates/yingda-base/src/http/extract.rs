//! Parsing at the edge, with errors a user understands.
use super::{
    body::{JSON, failure},
    routes::Rule,
};
use crate::error::{Error, Kind, Result};
use axum::{
    body::Bytes,
    extract::{
        FromRequest, FromRequestParts, Path, Query, Request,
        rejection::{BytesRejection, FailedToBufferBody},
    },
    http::{header, request::Parts},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use std::str::FromStr;

/// A JSON body.
pub struct Input<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Input<T> {
    type Rejection = Error;
    async fn from_request(request: Request, state: &S) -> Result<Input<T>> {
        read_json(request, state).await.map(|(input, _)| Input(input))
    }
}

/// Reads a JSON body; answers the raw bytes too.
pub(super) async fn read_json<S: Send + Sync, T: DeserializeOwned>(request: Request, state: &S) -> Result<(T, Bytes)> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Error::new(Kind::Unsupported, "media_type_unsupported").with("expected", "application/json"));
    }
    let limit = request.extensions().get::<Rule>().map_or(JSON, |rule| rule.body);
    let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            Error::new(Kind::TooLarge, "body_too_large").with("limit", limit)
        }
        rejection => failure(&rejection),
    })?;
    let body = if bytes.is_empty() { &b"{}"[..] } else { &bytes };
    let input = serde_json::from_slice(body).map_err(|error| Error::malformed("body_malformed").with("reason", error.to_string()))?;
    Ok((input, bytes))
}

/// The first id in the path, parsed into `T`.
pub struct Id<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Id<T>> {
        let Path(params) =
            Path::<Vec<(String, String)>>::from_request_parts(parts, state).await.map_err(|_| Error::malformed("path_malformed"))?;
        let first = params.first().ok_or_else(|| Error::bug("a route without an id asks for one"))?;
        // An id that cannot be one is an id of nothing.
        first.1.parse().map(Id).map_err(|_| Error::not_found("id"))
    }
}

/// The query string.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Params<T>> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(params)| Params(params)).map_err(|error| Error::malformed("query_malformed").with("reason", error.body_text()))
    }
}

/// A field of a change that may be absent (it stays), `null` (none from now on) or a value:
/// `#[serde(default, deserialize_with = "nullable")] #[schema(schema_with = nullable_text)] Option<Option<T>>`.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::deserialize(field).map(Some)
}
