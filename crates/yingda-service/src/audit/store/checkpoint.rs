//! Checkpoints: up to where records were forgotten after their time.
use crate::audit::chain::{Hash, Head};
use yingda_base::{Millis, Result, Tx, row, sql};

row! {
    /// A checkpoint.
    #[derive(Clone, Debug)]
    pub struct Checkpoint { pub chain_seq: i64, pub hash: Hash, pub at: Millis, pub mac: Vec<u8> }
    struct Aged { chain_seq: i64, at: Millis }
    struct Id { id: i64 }
}

impl Checkpoint {
    pub fn head(&self) -> Head {
        Head { seq: self.chain_seq, hash: self.hash }
    }
}

/// The last one.
pub fn latest(tx: &mut Tx) -> Result<Option<Checkpoint>> {
    tx.find(sql!("SELECT chain_seq, hash, at, mac FROM audit_checkpoint ORDER BY chain_seq DESC LIMIT 1"))
}

/// Whether the record at this place was forgotten, or may have been.
pub fn covers(tx: &mut Tx, seq: i64) -> Result<bool> {
    Ok(latest(tx)?.is_some_and(|checkpoint| seq <= checkpoint.chain_seq))
}

pub fn add(tx: &mut Tx, head: Head, mac: &[u8]) -> Result<()> {
    let now = tx.now();
    tx.run(sql!("INSERT INTO audit_checkpoint (chain_seq, hash, at, mac) VALUES ($1, $2, $3, $4)", head.seq, head.hash, now, mac)).map(drop)
}

/// Of at most `limit` records after this place in the chain: up to where all of them are older than `before`; `after` itself if none is.
/// The second answer says whether it stopped only because of the limit.
pub fn aged(tx: &mut Tx, after: i64, before: Millis, limit: i64) -> Result<(i64, bool)> {
    let rows: Vec<Aged> =
        tx.all(sql!("SELECT chain_seq, at FROM audit_record WHERE chain_seq > $1 ORDER BY chain_seq LIMIT $2", after, limit))?;
    let old = rows.iter().take_while(|row| row.at < before).count();
    let last = old.checked_sub(1).map_or(after, |last| rows[last].chain_seq);
    Ok((last, old == rows.len() && rows.len() as i64 == limit))
}

/// Forgets a chunk of the records up to a place; how many.
pub fn forget(tx: &mut Tx, upto: i64, limit: i64) -> Result<u64> {
    let rows: Vec<Id> = tx.all(sql!("SELECT id FROM audit_record WHERE chain_seq <= $1 ORDER BY chain_seq LIMIT $2", upto, limit))?;
    for row in &rows {
        tx.run(sql!("DELETE FROM audit_value WHERE record_id = $1", row.id))?;
        tx.run(sql!("DELETE FROM audit_record WHERE id = $1", row.id))?;
    }
    Ok(rows.len() as u64)
}
