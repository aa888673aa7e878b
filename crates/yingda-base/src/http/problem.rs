//! Errors as RFC 9457 problem documents. Status and titles are decided here and nowhere else.
use super::RequestInfo;
use crate::{
    error::{Error, Kind},
    locale::{self, Language},
};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// The status of a kind of error.
pub fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Malformed => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Slow => StatusCode::REQUEST_TIMEOUT,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Gone => StatusCode::GONE,
        Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Kind::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A problem document, as described in the OpenAPI document.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// `about:blank`: the code says it all.
    pub r#type: String,
    /// What went wrong, in the reader's language.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// Stable name of the error.
    pub code: String,
    /// Names this occurrence; quote it to the operator.
    pub instance: String,
    /// Facts about the error, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
    /// When to try again, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
}

impl IntoResponse for Error {
    /// The middleware [`problems`] writes the body; it knows the language.
    fn into_response(self) -> Response {
        let mut response = status(self.kind()).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Turns errors into problem documents and logs the causes of our own faults.
pub async fn problems(request: Request, next: Next) -> Response {
    let info = request.extensions().get::<RequestInfo>().cloned();
    // Outside the gate nobody has looked yet.
    let accepted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepted = Language::negotiate(accepted);
    let mut response = next.run(request).await;
    let error = match response.extensions_mut().remove::<Error>() {
        Some(error) => error,
        // Told already, nearer to where it went wrong.
        None if response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json") => return response,
        // Rejections of the framework itself.
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => Error::new(Kind::Malformed, "method_not_allowed"),
        None if response.status() == StatusCode::PAYLOAD_TOO_LARGE => Error::new(Kind::TooLarge, "body_too_large"),
        None => return response,
    };
    let (id, language) = info.map_or((String::new(), accepted), |info| (info.id, info.language));
    // Turning people away when there are too many is no fault, and must not fill the log besides.
    if matches!(error.kind(), Kind::Internal | Kind::Unavailable) && error.code() != "overloaded" {
        tracing::error!(request = id, code = error.code(), cause = error.cause().map(tracing::field::display), "a request failed");
    }
    let kept = response.status();
    let status = if kept == StatusCode::METHOD_NOT_ALLOWED { kept } else { status(error.kind()) };
    let document = json(&error, status, &id, language);
    let mut answer = Response::new(Body::from(document.to_string()));
    *answer.status_mut() = status;
    *answer.headers_mut() = std::mem::take(response.headers_mut());
    answer.headers_mut().remove(header::CONTENT_LENGTH);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    answer.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    if let Some(retry) = error.retry_ms() {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry.div_ceil(1000)));
    }
    answer
}

fn json(error: &Error, status: StatusCode, id: &str, language: Language) -> Value {
    let title = locale::text(error.code(), language, error.details());
    let mut document = json!({"type": "about:blank", "title": title, "status": status.as_u16(), "code": error.code(), "instance": id});
    if !error.details().is_empty() {
        document["details"] = Value::Object(error.details().clone());
    }
    if let Some(retry) = error.retry_ms() {
        document["retry_ms"] = retry.into();
    }
    document
}
