//! The SQL of conversations; of their entries, of who takes part and of lists in `store/`.
mod entry;
mod listing;
mod participant;

pub use entry::Sent;
pub(super) use entry::*;
pub use listing::Listing;
pub(super) use listing::*;
pub(super) use participant::*;

use super::model::{Conversation, ConversationId};
use yingda_base::{Result, Tx, db::chunks, row, sql};

/// What a new conversation starts with.
pub(super) struct Opening<'a> {
    pub conversation: &'a Conversation,
    pub client_id: &'a str,
    pub hash: Vec<u8>,
}

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, public_id, external_id, thread_id, customer_id, device_id, site_id, channel_id, branch_id, group_id, state, owner_id,
                    epoch, rev, head, customer_head, locale, subject, page_url, page_title, opened_at, queued_at, is_returned, accepted_at,
                    closed_at, close_reason, waiting_since, why, previous_id, next_id
             FROM conversation ",
            $rest
        )
    };
}

pub(super) fn lock(tx: &mut Tx, public_id: &str) -> Result<Option<Conversation>> {
    tx.find(sql!(columns!("WHERE public_id = $1 FOR UPDATE"), public_id))
}

pub(super) fn lock_by_id(tx: &mut Tx, id: ConversationId) -> Result<Conversation> {
    tx.get("conversation", sql!(columns!("WHERE id = $1 FOR UPDATE"), id))
}

pub(super) fn find(tx: &mut Tx, public_id: &str) -> Result<Option<Conversation>> {
    tx.find(sql!(columns!("WHERE public_id = $1"), public_id))
}

pub(super) fn by_ids(tx: &mut Tx, ids: &[i64]) -> Result<Vec<Conversation>> {
    let mut found: Vec<Conversation> = Vec::with_capacity(ids.len());
    for chunk in chunks(ids) {
        found.extend(tx.all::<Conversation>(sql!(columns!("WHERE id IN ({{ids}}) ORDER BY id")).with_ids(&chunk))?);
    }
    Ok(found)
}

pub(super) fn find_opened(tx: &mut Tx, device: i64, client_id: &str) -> Result<Option<Conversation>> {
    tx.find(sql!(columns!("WHERE device_id = $1 AND client_id = $2"), device, client_id))
}

row! {
    /// What a sweep compares.
    pub(super) struct Mark { pub id: ConversationId, pub rev: i64, pub change_id: i64 }
}

/// Marks whose change id lies above `after`, in its order.
pub(super) fn marks_since(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<Mark>> {
    tx.all(sql!("SELECT id, rev, change_id FROM conversation WHERE change_id > $1 ORDER BY change_id LIMIT $2", after, limit))
}

pub(super) fn open_ones(tx: &mut Tx, after: ConversationId, limit: i64) -> Result<Vec<Conversation>> {
    tx.all(sql!(columns!("WHERE closed_at IS NULL AND id > $1 ORDER BY id LIMIT $2"), after, limit))
}

pub(super) fn owned_by(tx: &mut Tx, staff: i64) -> Result<Vec<Conversation>> {
    tx.all(sql!(columns!("WHERE state = 'served' AND owner_id = $1 ORDER BY id"), staff))
}

pub(super) fn of_customer(tx: &mut Tx, customer: i64, before: i64, limit: i64) -> Result<Vec<Conversation>> {
    tx.all(sql!(columns!("WHERE customer_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"), customer, before, limit))
}

row! { struct Locked { id: i64 } }

pub(super) fn lock_staff(tx: &mut Tx, staff: i64) -> Result<()> {
    tx.find::<Locked>(sql!("SELECT id FROM staff WHERE id = $1 FOR UPDATE", staff)).map(drop)
}

pub(super) fn lock_device(tx: &mut Tx, device: i64) -> Result<()> {
    tx.find::<Locked>(sql!("SELECT id FROM device WHERE id = $1 FOR UPDATE", device)).map(drop)
}

row! { struct Count { n: i64 } }

pub(super) fn count_open_of_device(tx: &mut Tx, device: i64) -> Result<i64> {
    let count: Count =
        tx.get("count", sql!("SELECT COUNT(*) AS n FROM conversation WHERE device_id = $1 AND closed_at IS NULL", device))?;
    Ok(count.n)
}

pub(super) fn count_served(tx: &mut Tx, staff: i64) -> Result<i64> {
    let count: Count = tx.get("count", sql!("SELECT COUNT(*) AS n FROM conversation WHERE state = 'served' AND owner_id = $1", staff))?;
    Ok(count.n)
}

row! { struct Hash { opening_hash: Vec<u8> } }

pub(super) fn opening_hash(tx: &mut Tx, id: ConversationId) -> Result<Vec<u8>> {
    let hash: Hash = tx.get("conversation", sql!("SELECT opening_hash FROM conversation WHERE id = $1", id))?;
    Ok(hash.opening_hash)
}

row! { struct ThreadId { id: i64 } }

/// The thread of a customer on a channel, made if it is the first episode.
pub(super) fn thread(tx: &mut Tx, customer: i64, channel: i64) -> Result<i64> {
    tx.run(sql!(
        "INSERT INTO thread (id, customer_id, channel_id, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (customer_id, channel_id) DO NOTHING",
        tx.next_id(), customer, channel, tx.now()
    ))?;
    let found: ThreadId = tx.get("thread", sql!("SELECT id FROM thread WHERE customer_id = $1 AND channel_id = $2", customer, channel))?;
    Ok(found.id)
}

/// Answers whether this call inserted it: a second opening with the same client id does not.
pub(super) fn insert(tx: &mut Tx, opening: Opening) -> Result<bool> {
    let c = opening.conversation;
    let n = tx.run(sql!(
        "INSERT INTO conversation
           (id, public_id, external_id, thread_id, customer_id, device_id, client_id, opening_hash, site_id, channel_id, branch_id, group_id,
            state, owner_id, epoch, rev, change_id, head, customer_head, locale, subject, page_url, page_title, opened_at, queued_at, is_returned,
            previous_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, NULL, 0, $14, $15, 0, 0, $16, $17, $18, $19, $20, $21, FALSE, $22)
         ON CONFLICT (device_id, client_id) DO NOTHING",
        c.id, &c.public_id, c.external_id.clone(), c.thread_id, c.customer_id, c.device_id, opening.client_id, opening.hash, c.site_id,
        c.channel_id, c.branch_id, c.group_id, c.state, c.rev, tx.next_id(), &c.locale, c.subject.clone(), c.page_url.clone(),
        c.page_title.clone(), c.opened_at, c.queued_at, c.previous_id
    ))?;
    Ok(n == 1)
}

/// Writes everything that can change.
pub(super) fn update(tx: &mut Tx, c: &Conversation) -> Result<()> {
    tx.run(sql!(
        "UPDATE conversation
         SET state = $2, owner_id = $3, epoch = $4, rev = $5, change_id = $6, head = $7, customer_head = $8, queued_at = $9, is_returned = $10,
             accepted_at = $11, closed_at = $12, close_reason = $13, waiting_since = $14, why = $15, next_id = $16, group_id = $17,
             page_url = $18, page_title = $19, customer_id = $20, thread_id = $21, branch_id = $22,
             subject = $23, external_id = $24
         WHERE id = $1",
        c.id, c.state, c.owner_id, c.epoch, c.rev, tx.next_id(), c.head, c.customer_head, c.queued_at, c.is_returned, c.accepted_at,
        c.closed_at, c.close_reason, c.waiting_since, c.why.clone(), c.next_id, c.group_id, c.page_url.clone(), c.page_title.clone(), c.customer_id,
        c.thread_id, c.branch_id, c.subject.clone(), c.external_id.clone()
    ))?;
    Ok(())
}

/// The lean form for an entry that changes no standing.
pub(super) fn update_heads(tx: &mut Tx, c: &Conversation) -> Result<()> {
    tx.run(sql!(
        "UPDATE conversation SET rev = $2, change_id = $3, head = $4, customer_head = $5, waiting_since = $6 WHERE id = $1",
        c.id,
        c.rev,
        tx.next_id(),
        c.head,
        c.customer_head,
        c.waiting_since
    ))?;
    Ok(())
}

/// The first conversation of a customer after an id.
pub(super) fn next_of_customer(tx: &mut Tx, customer: i64, after: i64) -> Result<Option<Conversation>> {
    tx.find(sql!(columns!("WHERE customer_id = $1 AND id > $2 ORDER BY id LIMIT 1"), customer, after))
}

row! {
    /// Names that stand beside a conversation.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Names {
        pub id: ConversationId,
        pub site_name: String,
        pub site_public: String,
        pub channel_kind: String,
        pub channel_name: String,
        pub group_name: String,
        pub branch_name: Option<String>,
        pub customer_public: String,
        pub customer_name: String,
        pub owner_name: Option<String>,
        pub previous_public: Option<String>,
        pub next_public: Option<String>,
        pub stars: Option<i64>,
        pub is_low: Option<bool>,
    }
}

pub(super) fn names(tx: &mut Tx, ids: &[i64]) -> Result<Vec<Names>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in chunks(ids) {
        found.extend(tx.all::<Names>(
            sql!(
                "SELECT c.id, s.name AS site_name, s.key AS site_public, h.kind AS channel_kind, h.name AS channel_name, g.name AS group_name,
                        b.name AS branch_name, u.public_id AS customer_public, u.name AS customer_name, o.name AS owner_name,
                        p.public_id AS previous_public, n.public_id AS next_public, r.stars, r.is_low
                 FROM conversation c
                 JOIN site s ON s.id = c.site_id
                 JOIN channel h ON h.id = c.channel_id
                 JOIN skill_group g ON g.id = c.group_id
                 JOIN customer u ON u.id = c.customer_id
                 LEFT JOIN branch b ON b.id = c.branch_id
                 LEFT JOIN staff o ON o.id = c.owner_id
                 LEFT JOIN conversation p ON p.id = c.previous_id
                 LEFT JOIN conversation n ON n.id = c.next_id
                 LEFT JOIN rating r ON r.conversation_id = c.id
                 WHERE c.id IN ({{ids}})
                 ORDER BY c.id"
            )
            .with_ids(&chunk),
        )?);
    }
    Ok(found)
}

pub(super) fn after(tx: &mut Tx, after: ConversationId, limit: i64) -> Result<Vec<Conversation>> {
    tx.all(sql!(columns!("WHERE id > $1 ORDER BY id LIMIT $2"), after, limit))
}
