//! What `verify` reads. It writes nothing, and is the one reader of other rooms' tables: it must not trust their code.
use super::report::Fault;
use yingda_base::{Result, Tx, row, sql};

/// Conversations of one reading.
const PAGE: i64 = 500;

row! {
    /// A conversation beside what its entries say.
    pub(super) struct Log {
        pub id: i64, pub public_id: String, pub head: i64, pub customer_head: i64,
        pub entries: i64, pub first: i64, pub last: i64, pub customer_last: i64,
    }
    /// A content a row names: that of a file or its small copy, or a logo.
    pub(super) struct File { pub id: i64, pub public_id: String, pub blob: String, pub bytes: i64 }
    struct Misfit { what: String, detail: String }
}

/// Some conversations, with what does not fit around them.
pub(super) struct Page {
    pub logs: Vec<Log>,
    pub misfits: Vec<Fault>,
}

pub(super) fn page(tx: &mut Tx, after: i64) -> Result<Page> {
    let logs: Vec<Log> = tx.all(sql!(
        "SELECT c.id, c.public_id, c.head, c.customer_head,
                COUNT(e.seq) AS entries, COALESCE(MIN(e.seq), 0) AS first, COALESCE(MAX(e.seq), 0) AS last,
                COALESCE(MAX(CASE WHEN e.audience = 'all' THEN e.seq END), 0) AS customer_last
         FROM (SELECT id, public_id, head, customer_head FROM conversation WHERE id > $1 ORDER BY id LIMIT $2) c
         LEFT JOIN entry e ON e.conversation_id = c.id
         GROUP BY c.id, c.public_id, c.head, c.customer_head
         ORDER BY c.id",
        after,
        PAGE
    ))?;
    let upto = logs.last().map_or(after, |log| log.id);
    let mut misfits = Vec::new();
    for (code, query) in [
        (
            "verify.body_missing",
            sql!(
                "SELECT c.public_id AS what, CAST(e.seq AS TEXT) AS detail
             FROM conversation c
             JOIN entry e ON e.conversation_id = c.id
             LEFT JOIN entry_body b ON b.conversation_id = e.conversation_id AND b.seq = e.seq
             WHERE c.id > $1 AND c.id <= $2 AND (e.state = 'erased') = (b.seq IS NOT NULL)
             ORDER BY c.id, e.seq",
                after,
                upto
            ),
        ),
        (
            "verify.author_unknown",
            sql!(
                "SELECT c.public_id AS what, CAST(e.seq AS TEXT) AS detail
             FROM conversation c
             JOIN entry e ON e.conversation_id = c.id
             LEFT JOIN participant p ON p.conversation_id = e.conversation_id AND p.participant = e.participant
             WHERE c.id > $1 AND c.id <= $2 AND e.participant <> 0 AND p.participant IS NULL
             ORDER BY c.id, e.seq",
                after,
                upto
            ),
        ),
        (
            "verify.owner_stranger",
            sql!(
                "SELECT c.public_id AS what, CAST(c.owner_id AS TEXT) AS detail
             FROM conversation c
             LEFT JOIN participant p ON p.conversation_id = c.id AND p.staff_id = c.owner_id
             WHERE c.id > $1 AND c.id <= $2 AND c.owner_id IS NOT NULL AND p.participant IS NULL
             ORDER BY c.id",
                after,
                upto
            ),
        ),
        (
            "verify.customer_missing",
            sql!(
                "SELECT c.public_id AS what, '1' AS detail
             FROM conversation c
             LEFT JOIN participant p ON p.conversation_id = c.id AND p.participant = 1 AND p.role = 'customer'
             WHERE c.id > $1 AND c.id <= $2 AND p.participant IS NULL
             ORDER BY c.id",
                after,
                upto
            ),
        ),
        (
            "verify.position_beyond_head",
            sql!(
                "SELECT c.public_id AS what, CAST(p.participant AS TEXT) AS detail
             FROM conversation c
             JOIN participant p ON p.conversation_id = c.id
             WHERE c.id > $1 AND c.id <= $2 AND (p.read > c.head OR p.delivered > c.head OR p.read > p.delivered)
             ORDER BY c.id, p.participant",
                after,
                upto
            ),
        ),
        (
            "verify.customer_differs",
            sql!(
                "SELECT c.public_id AS what, CAST(c.thread_id AS TEXT) AS detail
             FROM conversation c
             JOIN thread t ON t.id = c.thread_id
             WHERE c.id > $1 AND c.id <= $2 AND (t.customer_id <> c.customer_id OR t.channel_id <> c.channel_id)
             ORDER BY c.id",
                after,
                upto
            ),
        ),
        (
            "verify.link_one_sided",
            sql!(
                "SELECT c.public_id AS what, CAST(c.next_id AS TEXT) AS detail
             FROM conversation c
             LEFT JOIN conversation n ON n.id = c.next_id AND n.previous_id = c.id
             WHERE c.id > $1 AND c.id <= $2 AND c.next_id IS NOT NULL AND n.id IS NULL
             ORDER BY c.id",
                after,
                upto
            ),
        ),
    ] {
        misfits.extend(faults(code, tx.all(query)?));
    }
    Ok(Page { logs, misfits })
}

/// Rows of tables without foreign keys that belong to nothing.
pub(super) fn strays(tx: &mut Tx) -> Result<Vec<Fault>> {
    let entries = tx.all(sql!(
        "SELECT CAST(e.conversation_id AS TEXT) AS what, CAST(COUNT(*) AS TEXT) AS detail
         FROM entry e
         LEFT JOIN conversation c ON c.id = e.conversation_id
         WHERE c.id IS NULL
         GROUP BY e.conversation_id
         ORDER BY e.conversation_id"
    ))?;
    let bodies = tx.all(sql!(
        "SELECT CAST(b.conversation_id AS TEXT) AS what, CAST(b.seq AS TEXT) AS detail
         FROM entry_body b
         LEFT JOIN entry e ON e.conversation_id = b.conversation_id AND e.seq = b.seq
         WHERE e.seq IS NULL
         ORDER BY b.conversation_id, b.seq"
    ))?;
    let deliveries = tx.all(sql!(
        "SELECT CAST(d.conversation_id AS TEXT) AS what, CAST(COUNT(*) AS TEXT) AS detail
         FROM delivery d
         LEFT JOIN entry e ON e.conversation_id = d.conversation_id AND e.seq = d.seq
         WHERE e.seq IS NULL
         GROUP BY d.conversation_id
         ORDER BY d.conversation_id"
    ))?;
    let found = [("verify.entry_stray", entries), ("verify.body_stray", bodies), ("verify.delivery_stray", deliveries)];
    Ok(found.into_iter().flat_map(|(code, misfits)| faults(code, misfits)).collect())
}

pub(super) fn files(tx: &mut Tx, after: i64) -> Result<Vec<File>> {
    tx.all(sql!(
        "SELECT f.id, f.public_id, c.blob, c.bytes
         FROM (SELECT id, public_id FROM file WHERE id > $1 ORDER BY id LIMIT $2) f
         JOIN (SELECT id AS file_id, blob, bytes FROM file UNION ALL SELECT file_id, blob, bytes FROM file_thumbnail) c ON c.file_id = f.id
         ORDER BY f.id, c.blob",
        after,
        PAGE
    ))
}

pub(super) fn logos(tx: &mut Tx, after: i64) -> Result<Vec<File>> {
    tx.all(sql!("SELECT id, public_id, blob, bytes FROM site_logo WHERE id > $1 ORDER BY id LIMIT $2", after, PAGE))
}

fn faults(code: &'static str, misfits: Vec<Misfit>) -> impl Iterator<Item = Fault> {
    misfits.into_iter().map(move |misfit| Fault { code, what: misfit.what, detail: misfit.detail })
}
