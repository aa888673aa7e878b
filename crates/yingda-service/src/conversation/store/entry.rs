//! The SQL of entries and their bodies.
use crate::conversation::{
    entry::{Audience, Entry, EntryState, NewEntry, SystemCode},
    erase::Erased,
    model::ConversationId,
};
use serde_json::json;
use yingda_base::{Millis, Result, Tx, db::Param, row, sql, sql_many};

/// An entry with its place and the JSON of its body.
pub(in crate::conversation) struct Line {
    pub seq: i64,
    pub new: NewEntry,
    pub body: String,
}

sql_many!(static INSERT_ENTRIES =
    "INSERT INTO entry (conversation_id, seq, kind, v, at, participant, role, audience, state, locale, client_id, body_hash, external_id) VALUES ";
    "($1, $2, $3, 1, $4, $5, $6, $7, 'kept', $8, $9, $10, $11)", ", "; "");
sql_many!(static INSERT_BODIES = "INSERT INTO entry_body (conversation_id, seq, body, fallback) VALUES "; "($1, $2, $3, $4)", ", "; "");

pub(in crate::conversation) fn insert_entries(tx: &mut Tx, id: ConversationId, lines: &[Line]) -> Result<()> {
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

pub(in crate::conversation) fn entries_after(tx: &mut Tx, id: ConversationId, after: i64, limit: i64) -> Result<Vec<Entry>> {
    tx.all(sql!(entries!("AND e.seq > $2 ORDER BY e.seq LIMIT $3"), id, after, limit))
}

/// The last `limit` entries below `before`, in ascending order.
pub(in crate::conversation) fn entries_before(tx: &mut Tx, id: ConversationId, before: i64, limit: i64) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = tx.all(sql!(entries!("AND e.seq < $2 ORDER BY e.seq DESC LIMIT $3"), id, before, limit))?;
    entries.reverse();
    Ok(entries)
}

pub(in crate::conversation) fn entry(tx: &mut Tx, id: ConversationId, seq: i64) -> Result<Option<Entry>> {
    tx.find(sql!(entries!("AND e.seq = $2"), id, seq))
}

row! { struct Body { body: String } }

/// The body of the last system entry with this code. What people say cannot look like one: quotes within JSON are escaped.
pub(in crate::conversation) fn last_deed(tx: &mut Tx, id: ConversationId, code: SystemCode) -> Result<Option<String>> {
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
pub(in crate::conversation) fn sent(tx: &mut Tx, id: ConversationId, participant: i64, client_ids: &[&str]) -> Result<Vec<Sent>> {
    tx.all_many(&SENT, client_ids.iter().map(|client_id| vec![id.into(), participant.into(), (*client_id).into()]).collect())
}

pub(in crate::conversation) fn set_recalled(tx: &mut Tx, id: ConversationId, seq: i64) -> Result<u64> {
    tx.run(sql!("UPDATE entry SET state = 'recalled' WHERE conversation_id = $1 AND seq = $2 AND state = 'kept'", id, seq))
}

row! { struct Words { seq: i64, audience: Audience } }

/// What people wrote between two places, up to a moment, and that is not erased: its places, and whether the customer sees any of it.
pub(in crate::conversation) fn erasable(tx: &mut Tx, id: ConversationId, erased: &Erased) -> Result<(Vec<i64>, bool)> {
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
pub(in crate::conversation) fn latest(tx: &mut Tx, id: ConversationId) -> Result<Option<Millis>> {
    let found: Latest = tx.get("conversation", sql!("SELECT MAX(at) AS at FROM entry WHERE conversation_id = $1", id))?;
    Ok(found.at)
}

/// The body goes, and the hash by which it could be guessed; the head stays.
pub(in crate::conversation) fn erase_entry(tx: &mut Tx, id: ConversationId, seq: i64) -> Result<()> {
    tx.run(sql!(
        "UPDATE entry SET state = 'erased', body_hash = NULL, external_id = NULL WHERE conversation_id = $1 AND seq = $2",
        id,
        seq
    ))?;
    tx.run(sql!("DELETE FROM entry_body WHERE conversation_id = $1 AND seq = $2", id, seq))?;
    tx.run(sql!("DELETE FROM delivery WHERE conversation_id = $1 AND seq = $2", id, seq)).map(drop)
}

/// Replaces the name in the entries that say whose account a conversation became part of.
pub(in crate::conversation) fn rename_identified(tx: &mut Tx, id: ConversationId, name: &str) -> Result<()> {
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

/// The last spoken entries of a conversation, oldest first.
pub(in crate::conversation) fn spoken(tx: &mut Tx, id: ConversationId, limit: i64) -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> =
        tx.all(sql!(entries!("AND e.kind <> 'system' AND e.state = 'kept' ORDER BY e.seq DESC LIMIT $2"), id, limit))?;
    entries.reverse();
    Ok(entries)
}
