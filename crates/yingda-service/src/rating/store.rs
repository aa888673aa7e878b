//! The SQL of ratings.
use super::model::{Opinion, Rating};
use crate::conversation::ConversationId;
use serde::Serialize;
use std::collections::BTreeSet;
use yingda_base::{Millis, Result, Tx, row, sql};

pub(super) fn find(tx: &mut Tx, id: ConversationId) -> Result<Option<Rating>> {
    tx.find(sql!(
        "SELECT conversation_id, stars, is_low, is_resolved, comment, staff_id, group_id, rated_at, changed_at, changes
         FROM rating
         WHERE conversation_id = $1",
        id
    ))
}

row! { struct Reason { reason: String } }

pub(super) fn reasons(tx: &mut Tx, id: ConversationId) -> Result<BTreeSet<String>> {
    let rows: Vec<Reason> = tx.all(sql!("SELECT reason FROM rating_reason WHERE conversation_id = $1 ORDER BY reason", id))?;
    Ok(rows.into_iter().map(|row| row.reason).collect())
}

/// Writes the rating of a conversation, whether or not there was one; what was first said when stays.
pub(super) fn put(tx: &mut Tx, rating: &Rating, opinion: &Opinion) -> Result<()> {
    let id = rating.conversation_id;
    tx.run(sql!(
        "INSERT INTO rating (conversation_id, stars, is_low, is_resolved, comment, staff_id, group_id, rated_at, changed_at, changes)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (conversation_id) DO UPDATE
         SET stars = excluded.stars, is_low = excluded.is_low, is_resolved = excluded.is_resolved, comment = excluded.comment,
             staff_id = excluded.staff_id, group_id = excluded.group_id, changed_at = excluded.changed_at, changes = excluded.changes",
        id,
        rating.stars,
        rating.is_low,
        rating.is_resolved,
        rating.comment.clone(),
        rating.staff_id,
        rating.group_id,
        rating.rated_at,
        rating.changed_at,
        rating.changes
    ))?;
    tx.run(sql!("DELETE FROM rating_reason WHERE conversation_id = $1", id))?;
    for reason in &opinion.reasons {
        tx.run(sql!("INSERT INTO rating_reason (conversation_id, reason) VALUES ($1, $2)", id, reason))?;
    }
    Ok(())
}

/// Forgets the customer's own words that were said up to a moment.
pub fn erase(tx: &mut Tx, id: ConversationId, before: Millis) -> Result<()> {
    tx.run(sql!("UPDATE rating SET comment = NULL WHERE conversation_id = $1 AND changed_at <= $2", id, before)).map(drop)
}

row! { struct Count { n: i64 } }

pub(super) fn is_invited(tx: &mut Tx, id: ConversationId) -> Result<bool> {
    let count: Count = tx.get("count", sql!("SELECT COUNT(*) AS n FROM rating_invitation WHERE conversation_id = $1", id))?;
    Ok(count.n > 0)
}

pub(super) fn insert_invitation(tx: &mut Tx, id: ConversationId, staff: i64) -> Result<()> {
    let now = tx.now();
    tx.run(sql!("INSERT INTO rating_invitation (conversation_id, staff_id, invited_at) VALUES ($1, $2, $3)", id, staff, now)).map(drop)
}

row! {
    struct Line {
        id: ConversationId, conversation: String, external_id: Option<String>, site: String, group_name: String, agent: Option<String>,
        stars: i64, is_low: bool, is_resolved: Option<bool>, comment: Option<String>, rated_at: Millis, changed_at: Millis,
    }
}

/// A rating as `yingda export ratings` writes it.
#[derive(Debug, Serialize)]
pub struct Exported {
    /// Public id of the conversation.
    pub conversation: String,
    /// What the outside calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The key of the site.
    pub site: String,
    /// The name of the skill group.
    pub group: String,
    /// The login of whom it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// 1–5.
    pub stars: i64,
    /// It counted as low.
    pub is_low: bool,
    /// Whether the problem was solved, if the customer said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_resolved: Option<bool>,
    /// In alphabetical order.
    pub reasons: BTreeSet<String>,
    /// The customer's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// When it was first given.
    pub rated_at: Millis,
    /// When it was last changed.
    pub changed_at: Millis,
}

/// Up to `limit` ratings of conversations after an id, in the order of their opening; with the last id for the next page.
pub fn page(tx: &mut Tx, after: ConversationId, limit: i64) -> Result<(Vec<Exported>, Option<ConversationId>)> {
    let lines: Vec<Line> = tx.all(sql!(
        "SELECT r.conversation_id AS id, c.public_id AS conversation, c.external_id, s.key AS site, g.name AS group_name, a.login AS agent,
                r.stars, r.is_low, r.is_resolved, r.comment, r.rated_at, r.changed_at
         FROM rating r
         JOIN conversation c ON c.id = r.conversation_id
         JOIN site s ON s.id = c.site_id
         JOIN skill_group g ON g.id = r.group_id
         LEFT JOIN staff a ON a.id = r.staff_id
         WHERE r.conversation_id > $1
         ORDER BY r.conversation_id
         LIMIT $2",
        after,
        limit
    ))?;
    let last = lines.last().map(|line| line.id);
    let export = |line: Line| {
        let Line {
            id,
            conversation,
            external_id,
            site,
            group_name: group,
            agent,
            stars,
            is_low,
            is_resolved,
            comment,
            rated_at,
            changed_at,
        } = line;
        let reasons = reasons(tx, id)?;
        Ok(Exported { conversation, external_id, site, group, agent, stars, is_low, is_resolved, reasons, comment, rated_at, changed_at })
    };
    Ok((lines.into_iter().map(export).collect::<Result<_>>()?, last))
}
