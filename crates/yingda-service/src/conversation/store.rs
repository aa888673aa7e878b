//! The SQL of conversations, participants and entries.
use super::{
    entry::{Audience, Entry, EntryState, NewEntry, Participant, Role, SystemCode},
    erase::Erased,
    jobs::Named,
    model::{Conversation, ConversationId},
};
use serde_json::json;
use yingda_base::{
    Millis, Result, Tx,
    db::{Param, chunks},
    row, sql, sql_many, sql_template,
};

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

/// An entry with its place and the JSON of its body.
pub(super) struct Line {
    pub seq: i64,
    pub new: NewEntry,
    pub body: String,
}

sql_many!(static INSERT_ENTRIES =
    "INSERT INTO entry (conversation_id, seq, kind, v, at, participant, role, audience, state, locale, client_id, body_hash, external_id) VALUES ";
    "($1, $2, $3, 1, $4, $5, $6, $7, 'kept', $8, $9, $10, $11)", ", "; "");
sql_many!(static INSERT_BODIES = "INSERT INTO entry_body (conversation_id, seq, body, fallback) VALUES "; "($1, $2, $3, $4)", ", "; "");

pub(super) fn insert_entries(tx: &mut Tx, id: ConversationId, lines: &[Line]) -> Result<()> {
    let now = tx.now();
    let heads = lines.iter().map(|Line { seq, new, .. }| {
        let (client_id, hash) = new.once.clone().unzip();
        vec![
            id.into(),
            (*seq).into(),
            new.kind.into(),
            now.into(),
            new.participant.into(),
            new.role.into(),
            new.audience.into(),
            (&new.locale).into(),
            client_id.into(),
            hash.into(),
            new.external_id.clone().into(),
        ]
    });
    let heads: Vec<Vec<Param>> = heads.collect();
    let bodies = lines.iter().map(|line| vec![id.into(), line.seq.into(), (&line.body).into(), (&line.new.fallback).into()]);
    let bodies: Vec<Vec<Param>> = bodies.collect();
    tx.run_many(&INSERT_ENTRIES, heads)?;
    tx.run_many(&INSERT_BODIES, bodies).map(drop)
}

macro_rules! entries {
    ($rest:literal) => {
        concat!(
            "SELECT e.conversation_id, e.seq, e.kind, e.v, e.at, e.participant, e.role, p.name, e.audience, e.state, e.locale, e.client_id,
                    e.external_id, b.body, b.fallback
             FROM entry e
             LEFT JOIN participant p ON p.conversation_id = e.conversation_id AND p.participant = e.participant
             LEFT JOIN entry_body b ON b.conversation_id = e.conversation_id AND b.seq = e.seq
             WHERE e.conversation_id = $1 ",
            $rest
        )
    };
}

pub(super) fn entries_after(tx: &mut Tx, id: ConversationId, after: i64, limit: i64) -> Result<Vec<Entry>> {
    tx.all(sql!(entries!("AND e.seq > $2 ORDER BY e.seq LIMIT $3"), id, after, limit))
}

/// The last `limit` entries below `before`, in ascending order.
pub(super) fn entries_before(tx: &mut Tx, id: ConversationId, before: i64, limit: i64) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = tx.all(sql!(entries!("AND e.seq < $2 ORDER BY e.seq DESC LIMIT $3"), id, before, limit))?;
    entries.reverse();
    Ok(entries)
}

pub(super) fn entry(tx: &mut Tx, id: ConversationId, seq: i64) -> Result<Option<Entry>> {
    tx.find(sql!(entries!("AND e.seq = $2"), id, seq))
}

row! { struct Body { body: String } }

/// The body of the last system entry with this code. What people say cannot look like one: quotes within JSON are escaped.
pub(super) fn last_deed(tx: &mut Tx, id: ConversationId, code: SystemCode) -> Result<Option<String>> {
    let found: Option<Body> = tx.find(sql!(
        "SELECT b.body
         FROM entry e
         JOIN entry_body b ON b.conversation_id = e.conversation_id AND b.seq = e.seq
         WHERE e.conversation_id = $1 AND e.kind = 'system' AND b.body LIKE $2
         ORDER BY e.seq DESC
         LIMIT 1",
        id,
        format!("%\"code\":\"{}\"%", code.as_str())
    ))?;
    Ok(found.map(|row| row.body))
}

row! {
    /// What is remembered for ever of an entry sent with a client id.
    #[derive(Clone, Debug)]
    pub struct Sent {
        /// The sender's own id.
        pub client_id: String,
        /// Where it stands.
        pub seq: i64,
        /// Since when.
        pub at: Millis,
        /// What became of it.
        pub state: EntryState,
        /// Keyed hash of the canonical content.
        pub body_hash: Option<Vec<u8>>,
    }
}

sql_many!(static SENT = "";
    "SELECT client_id, seq, at, state, body_hash FROM entry WHERE conversation_id = $1 AND participant = $2 AND client_id = $3", " UNION ALL "; "");

/// Those of these client ids that a participant has sent.
pub(super) fn sent(tx: &mut Tx, id: ConversationId, participant: i64, client_ids: &[&str]) -> Result<Vec<Sent>> {
    tx.all_many(&SENT, client_ids.iter().map(|client_id| vec![id.into(), participant.into(), (*client_id).into()]).collect())
}

pub(super) fn set_recalled(tx: &mut Tx, id: ConversationId, seq: i64) -> Result<u64> {
    tx.run(sql!("UPDATE entry SET state = 'recalled' WHERE conversation_id = $1 AND seq = $2 AND state = 'kept'", id, seq))
}

row! { struct Words { seq: i64, audience: Audience } }

/// What people wrote between two places, up to a moment, and that is not erased: its places, and whether the customer sees any of it.
pub(super) fn erasable(tx: &mut Tx, id: ConversationId, erased: &Erased) -> Result<(Vec<i64>, bool)> {
    let rows: Vec<Words> = tx.all(sql!(
        "SELECT seq, audience
         FROM entry
         WHERE conversation_id = $1 AND seq >= $2 AND seq <= $3 AND at <= $4 AND at = COALESCE($5, at) AND kind <> 'system' AND state <> 'erased'
         ORDER BY seq",
        id,
        erased.first,
        erased.last,
        erased.before,
        erased.made_at
    ))?;
    Ok((rows.iter().map(|row| row.seq).collect(), rows.iter().any(|row| row.audience == Audience::All)))
}

row! { struct Latest { at: Option<Millis> } }

/// The greatest time of its entries.
pub(super) fn latest(tx: &mut Tx, id: ConversationId) -> Result<Option<Millis>> {
    let found: Latest = tx.get("conversation", sql!("SELECT MAX(at) AS at FROM entry WHERE conversation_id = $1", id))?;
    Ok(found.at)
}

/// The body goes, and the hash by which it could be guessed; the head stays.
pub(super) fn erase_entry(tx: &mut Tx, id: ConversationId, seq: i64) -> Result<()> {
    tx.run(sql!(
        "UPDATE entry SET state = 'erased', body_hash = NULL, external_id = NULL WHERE conversation_id = $1 AND seq = $2",
        id,
        seq
    ))?;
    tx.run(sql!("DELETE FROM entry_body WHERE conversation_id = $1 AND seq = $2", id, seq))?;
    tx.run(sql!("DELETE FROM delivery WHERE conversation_id = $1 AND seq = $2", id, seq)).map(drop)
}

/// Replaces the name in the entries that say whose account a conversation became part of.
pub(super) fn rename_identified(tx: &mut Tx, id: ConversationId, name: &str) -> Result<()> {
    let body = json!({"code": SystemCode::Identified, "params": {"name": name}}).to_string();
    tx.run(sql!(
        "UPDATE entry_body SET body = $2, fallback = $3
         WHERE conversation_id = $1 AND body LIKE '{\"code\":\"identified\"%'
           AND EXISTS (SELECT 1 FROM entry e WHERE e.conversation_id = $1 AND e.seq = entry_body.seq AND e.kind = 'system')",
        id,
        body,
        name
    ))
    .map(drop)
}

/// The first conversation of a customer after an id.
pub(super) fn next_of_customer(tx: &mut Tx, customer: i64, after: i64) -> Result<Option<Conversation>> {
    tx.find(sql!(columns!("WHERE customer_id = $1 AND id > $2 ORDER BY id LIMIT 1"), customer, after))
}

pub(super) fn participants(tx: &mut Tx, id: ConversationId) -> Result<Vec<Participant>> {
    tx.all(sql!(
        "SELECT participant, role, staff_id, name, delivered, read FROM participant WHERE conversation_id = $1 ORDER BY participant",
        id
    ))
}

pub(super) fn staff_participant(tx: &mut Tx, id: ConversationId, staff: i64) -> Result<Option<Participant>> {
    tx.find(sql!(
        "SELECT participant, role, staff_id, name, delivered, read FROM participant WHERE conversation_id = $1 AND staff_id = $2",
        id,
        staff
    ))
}

pub(super) fn insert_participant(tx: &mut Tx, id: ConversationId, p: &Participant) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO participant (conversation_id, participant, role, staff_id, name, joined_at, delivered, read)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        p.participant,
        p.role,
        p.staff_id,
        &p.name,
        tx.now(),
        p.delivered,
        p.read
    ))?;
    Ok(())
}

pub(super) fn set_role(tx: &mut Tx, id: ConversationId, participant: i64, role: Role) -> Result<()> {
    tx.run(sql!("UPDATE participant SET role = $3 WHERE conversation_id = $1 AND participant = $2", id, participant, role))?;
    Ok(())
}

pub(super) fn set_name(tx: &mut Tx, id: ConversationId, participant: i64, name: &str) -> Result<()> {
    tx.run(sql!("UPDATE participant SET name = $3 WHERE conversation_id = $1 AND participant = $2", id, participant, name))?;
    Ok(())
}

/// Never goes back. Answers whether it moved.
pub(super) fn move_positions(tx: &mut Tx, id: ConversationId, participant: i64, delivered: i64, read: i64) -> Result<bool> {
    let moved = tx.run(sql!(
        "UPDATE participant
         SET delivered = CASE WHEN $3 > delivered THEN $3 ELSE delivered END, read = CASE WHEN $4 > read THEN $4 ELSE read END
         WHERE conversation_id = $1 AND participant = $2 AND (delivered < $3 OR read < $4)",
        id,
        participant,
        delivered,
        read
    ))?;
    Ok(moved == 1)
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

    struct Of { conversation_id: ConversationId, participant: i64, role: Role, staff_id: Option<i64>, name: String, delivered: i64, read: i64 }
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

pub(super) fn participants_of(tx: &mut Tx, ids: &[i64]) -> Result<Vec<(ConversationId, Participant)>> {
    let mut found = Vec::new();
    for chunk in chunks(ids) {
        let rows: Vec<Of> = tx.all(
            sql!(
                "SELECT conversation_id, participant, role, staff_id, name, delivered, read
                 FROM participant
                 WHERE conversation_id IN ({{ids}})
                 ORDER BY conversation_id, participant"
            )
            .with_ids(&chunk),
        )?;
        found.extend(rows.into_iter().map(|row| {
            let Of { conversation_id, participant, role, staff_id, name, delivered, read } = row;
            (conversation_id, Participant { participant, role, staff_id, name, delivered, read })
        }));
    }
    Ok(found)
}

/// The last spoken entries of a conversation, oldest first.
pub(super) fn spoken(tx: &mut Tx, id: ConversationId, limit: i64) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> =
        tx.all(sql!(entries!("AND e.kind <> 'system' AND e.state = 'kept' ORDER BY e.seq DESC LIMIT $2"), id, limit))?;
    entries.reverse();
    Ok(entries)
}

sql_template!(static LIST = "SELECT c.id AS id FROM conversation c WHERE TRUE"; [
    // 0 a customer's own
    "AND c.customer_id = ?",
    // 1 an owner's
    "AND c.owner_id = ?",
    // 2 the state
    "AND c.state = ?",
    // 3 served by others
    "AND c.owner_id <> ?",
    // 4 within the scope of a member of staff, or owned
    "AND (c.owner_id = ? OR EXISTS (
           SELECT 1 FROM staff_scope v
           WHERE v.staff_id = ?
             AND (v.kind = 'all' OR (v.kind = 'group' AND v.target_id = c.group_id)
                  OR (v.kind = 'branch' AND EXISTS (
                        SELECT 1 FROM branch_closure d WHERE d.ancestor_id = v.target_id AND d.descendant_id = c.branch_id)))))",
    // 5 further down the list
    "AND c.id < ?",
]; "ORDER BY c.id DESC LIMIT ?");

/// Which conversations a list shows.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub customer: Option<i64>,
    pub owner: Option<i64>,
    pub state: Option<super::model::State>,
    pub not_owner: Option<i64>,
    pub visible_to: Option<i64>,
    pub before: Option<i64>,
    pub limit: i64,
}

row! { struct Found { id: ConversationId } }

/// Newest first.
pub(super) fn list(tx: &mut Tx, listing: &Listing) -> Result<Vec<ConversationId>> {
    let mut filter = LIST
        .start(vec![])
        .when_some(0, listing.customer)
        .when_some(1, listing.owner)
        .when_some(2, listing.state)
        .when_some(3, listing.not_owner);
    if let Some(staff) = listing.visible_to {
        filter = filter.when(4, vec![staff.into(), staff.into()]);
    }
    let rows: Vec<Found> = tx.all(filter.when_some(5, listing.before).finish(vec![listing.limit.into()]))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

pub(super) fn after(tx: &mut Tx, after: ConversationId, limit: i64) -> Result<Vec<Conversation>> {
    tx.all(sql!(columns!("WHERE id > $1 ORDER BY id LIMIT $2"), after, limit))
}

sql_template!(static SHOWING = "SELECT c.id AS id FROM conversation c WHERE c.closed_at IS NULL AND c.id > ?"; [
    "AND c.customer_id = ?",
    "AND c.owner_id = ?",
    "AND c.group_id = ?",
    "AND c.branch_id = ?",
    "AND c.site_id = ?",
]; "ORDER BY c.id LIMIT ?");

/// Open conversations that show this name, in the order of their ids.
pub(super) fn showing(tx: &mut Tx, named: Named, after: ConversationId, limit: i64) -> Result<Vec<ConversationId>> {
    let (place, id) = match named {
        Named::Customer(id) => (0, id),
        Named::Owner(id) => (1, id),
        Named::Group(id) => (2, id),
        Named::Branch(id) => (3, id),
        Named::Site(id) => (4, id),
    };
    let rows: Vec<Found> = tx.all(SHOWING.start(vec![after.into()]).when(place, vec![id.into()]).finish(vec![limit.into()]))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
