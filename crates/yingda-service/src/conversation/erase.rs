//! Erasing what people wrote: the body goes, the head stays, and everybody is told which.
use super::{
    entry::{Audience, NewEntry, SystemCode},
    episode::Episode,
    model::{CloseReason, Conversation, ConversationId},
    store,
};
use serde_json::json;
use yingda_base::{Millis, Result, Tx};

/// What customers and lists call somebody whose name is gone.
pub const ERASED_NAME: &str = "已擦除";

/// Which entries are meant.
#[derive(Clone, Copy, Debug)]
pub struct Erased {
    /// From this `seq` on.
    pub first: i64,
    /// To this one.
    pub last: i64,
    /// Only one that was made exactly then: after a restore another may stand at its place.
    pub made_at: Option<Millis>,
    /// None that was made later.
    pub before: Millis,
}

impl Episode {
    /// Erases them and says so in the log; answers their places. What is erased already is passed over, and then nothing is said.
    pub fn erase(&mut self, tx: &mut Tx, erased: Erased) -> Result<Vec<i64>> {
        let (seqs, is_public) = store::erasable(tx, self.row.id, &erased)?;
        for seq in &seqs {
            store::erase_entry(tx, self.row.id, *seq)?;
        }
        if let (Some(first), Some(last)) = (seqs.first(), seqs.last()) {
            let params = if first == last { json!({"target": last}) } else { json!({"from": first, "target": last}) };
            let audience = if is_public { Audience::All } else { Audience::Staff };
            self.append(tx, NewEntry { audience, ..NewEntry::system(SystemCode::Erased, params) })?;
        }
        Ok(seqs)
    }
}

/// Forgets what a conversation that began before a moment was about, and where the customer was.
pub fn forget_subject(tx: &mut Tx, id: ConversationId, before: Millis) -> Result<()> {
    let Some(row) = store::by_ids(tx, &[id.0])?.pop() else { return Ok(()) };
    if row.opened_at > before {
        return Ok(());
    }
    let mut episode = Episode::lock_by_id(tx, id)?;
    (episode.row.subject, episode.row.page_url, episode.row.page_title) = (None, None, None);
    episode.save(tx).map(drop)
}

/// Ends a conversation whose customer is erased, and forgets whose it was as far as it says so itself.
pub fn forget_customer(tx: &mut Tx, id: ConversationId) -> Result<()> {
    let mut episode = Episode::lock_by_id(tx, id)?;
    let now = tx.now();
    if episode.row.close(CloseReason::System, now) {
        episode.append(tx, NewEntry::system(SystemCode::Closed, json!({"by": "system", "reason": CloseReason::System})))?;
    }
    episode.row.external_id = None;
    episode.rename_customer(tx, ERASED_NAME)?;
    store::rename_identified(tx, id, ERASED_NAME)?;
    episode.save(tx).map(drop)
}

/// The first conversation of a customer after an id.
pub fn next_of_customer(tx: &mut Tx, customer: i64, after: i64) -> Result<Option<Conversation>> {
    store::next_of_customer(tx, customer, after)
}

/// When a conversation last was something, by whatever clock: beginning and entries.
pub fn latest(tx: &mut Tx, row: &Conversation) -> Result<Millis> {
    Ok(store::latest(tx, row.id)?.map_or(row.opened_at, |at| at.max(row.opened_at)))
}
