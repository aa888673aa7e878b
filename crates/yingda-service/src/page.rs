//! Lists in pages: `?after=&limit=`, answered with `next` while there is more.
use serde::Serialize;
use utoipa::ToSchema;
use yingda_base::{Error, Result};

const USUAL: i64 = 50;
const MOST: i64 = 200;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Give it back as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How many items a page has: 1–200, 50 unless said.
pub fn limit(asked: Option<i64>) -> Result<i64> {
    let limit = asked.unwrap_or(USUAL);
    if (1..=MOST).contains(&limit) {
        Ok(limit)
    } else {
        Err(Error::malformed("query_malformed").with("reason", format!("limit: 1–{MOST}")))
    }
}
