//! What somebody said before their host site told who they are becomes theirs.
use super::{
    entry::{NewEntry, SystemCode},
    episode::Episode,
    model::{Conversation, State},
    store,
};
use serde_json::json;
use std::time::Duration;
use yingda_base::{Millis, Result, Tx};

/// "Just now": what ended longer ago stays with nobody.
const RECENT: Duration = Duration::from_secs(24 * 3600);
/// More than one visitor has within a day; bounds the unit.
const MOST: i64 = 50;

/// A customer who takes over the conversations of a nameless one.
pub struct Heir<'a> {
    /// Who.
    pub customer: i64,
    /// As agents see them.
    pub name: &'a str,
}

/// Conversations of a customer that are open, or ended within a day; the newest first.
pub fn recent(tx: &mut Tx, customer: i64) -> Result<Vec<Conversation>> {
    let horizon: Millis = tx.now() - RECENT;
    let mut recent = store::of_customer(tx, customer, i64::MAX, MOST)?;
    recent.retain(|row| row.closed_at.is_none_or(|at| at >= horizon));
    Ok(recent)
}

/// Gives them to the heir; how many. The caller has seen the proof that both are one person. Entries, owner and place in the queue stay.
pub fn adopt(tx: &mut Tx, from: i64, heir: &Heir) -> Result<usize> {
    let mut ids: Vec<_> = recent(tx, from)?.iter().map(|row| row.id).collect();
    // The lock order: from the older to the newer.
    ids.sort_unstable();
    for id in &ids {
        let mut episode = Episode::lock_by_id(tx, *id)?;
        if episode.row.customer_id != from {
            continue;
        }
        episode.row.thread_id = store::thread(tx, heir.customer, episode.row.channel_id)?;
        episode.row.customer_id = heir.customer;
        episode.rename_customer(tx, heir.name)?;
        if episode.row.state != State::Closed {
            episode.append(tx, NewEntry::system(SystemCode::Identified, json!({"name": heir.name})))?;
        }
        episode.save(tx)?;
    }
    Ok(ids.len())
}
