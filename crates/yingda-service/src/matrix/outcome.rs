//! How a try ends, as the table calls it.
use crate::testkit::Answer;
use serde_json::Value;

/// `ok`: it was done, or shown.
pub(super) const OK: &str = "ok";
/// The call was let through, but what was looked for is not in the answer.
pub(super) const NONE: &str = "none";
/// The frame was taken without an answer, and nothing came of it.
pub(super) const SILENT: &str = "silent";

/// The plain refusals by their status, everything else by its code.
pub(super) fn of_code(code: &str) -> String {
    match code {
        "login_required" => "401",
        "forbidden" => "403",
        "not_found" => "404",
        other => other,
    }
    .to_owned()
}

/// Of a call. If something was looked for, it must be in the answer.
pub(super) fn of_answer(answer: &Answer, looks_for: Option<&str>) -> String {
    match (answer.status, answer.code(), looks_for) {
        (200..300, _, Some(needle)) if !contains(&answer.body, needle) => NONE.to_owned(),
        (200..300, ..) => OK.to_owned(),
        (status, "", _) => format!("status {status} without a code"),
        (_, code, _) => of_code(code),
    }
}

/// Whether a text stands somewhere in a JSON value.
pub(super) fn contains(value: &Value, needle: &str) -> bool {
    match value {
        Value::String(text) => text == needle,
        Value::Array(items) => items.iter().any(|item| contains(item, needle)),
        Value::Object(fields) => fields.values().any(|field| contains(field, needle)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
