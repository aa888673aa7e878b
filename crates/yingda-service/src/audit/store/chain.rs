//! What the sealer reads and writes.
use crate::audit::chain::{Body, Hash, Head, Seals};
use yingda_base::{Millis, Result, Tx, row, sql};

row! {
    /// The one row of the chain.
    pub struct Chain {
        pub name: String,
        pub sealed_seq: i64,
        pub sealed_hash: Hash,
        pub sealed_at: Millis,
        pub anchored_seq: i64,
        pub anchored_at: Millis,
    }
}

impl Chain {
    pub fn head(&self) -> Head {
        Head { seq: self.sealed_seq, hash: self.sealed_hash }
    }
}

macro_rules! chain {
    ($rest:literal) => {
        concat!("SELECT name, sealed_seq, sealed_hash, sealed_at, anchored_seq, anchored_at FROM audit_chain WHERE id = 1", $rest)
    };
}

/// The chain, if it was begun.
pub fn find(tx: &mut Tx) -> Result<Option<Chain>> {
    tx.find(sql!(chain!("")))
}

/// The same, with its row locked: whoever moves the head comes here first.
pub fn lock(tx: &mut Tx) -> Result<Option<Chain>> {
    tx.find(sql!(chain!(" FOR UPDATE")))
}

pub fn begin(tx: &mut Tx, name: &str, genesis: Head) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO audit_chain (id, name, sealed_seq, sealed_hash, sealed_at, anchored_seq, anchored_at)
         VALUES (1, $1, 0, $2, $3, 0, 0)
         ON CONFLICT (id) DO NOTHING",
        name,
        genesis.hash,
        tx.now()
    ))
    .map(drop)
}

pub fn set_head(tx: &mut Tx, head: Head) -> Result<()> {
    let now = tx.now();
    tx.run(sql!("UPDATE audit_chain SET sealed_seq = $1, sealed_hash = $2, sealed_at = $3 WHERE id = 1", head.seq, head.hash, now))
        .map(drop)
}

/// Notes that the head stands in an anchor file. Never steps back.
pub fn set_anchored(tx: &mut Tx, seq: i64) -> Result<()> {
    let now = tx.now();
    tx.run(sql!("UPDATE audit_chain SET anchored_seq = $1, anchored_at = $2 WHERE id = 1 AND anchored_seq <= $1", seq, now)).map(drop)
}

row! {
    /// A record with everything its link is made of.
    pub struct Whole {
        pub id: i64,
        pub at: Millis,
        pub actor_kind: String,
        pub actor_id: i64,
        pub actor_name: String,
        pub session_id: i64,
        pub method: String,
        pub action: String,
        pub object_kind: String,
        pub object_id: String,
        pub result: String,
        pub code: String,
        pub address: String,
        pub request: String,
        pub origin_salt: Option<Vec<u8>>,
        pub chain_seq: Option<i64>,
        pub origin_seal: Option<Hash>,
        pub value_seal: Option<Hash>,
        pub chain_hash: Option<Hash>,
        pub value_of: Option<i64>,
        pub value_salt: Option<Vec<u8>>,
        pub before_value: Option<String>,
        pub after_value: Option<String>,
    }
}

impl Whole {
    pub fn body(&self) -> Body {
        Body {
            id: self.id,
            at: self.at.0,
            actor_kind: self.actor_kind.clone(),
            actor_id: self.actor_id,
            session_id: self.session_id,
            method: self.method.clone(),
            action: self.action.clone(),
            object_kind: self.object_kind.clone(),
            object_id: self.object_id.clone(),
            result: self.result.clone(),
            code: self.code.clone(),
            request: self.request.clone(),
        }
    }
}

macro_rules! records {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.at, r.actor_kind, r.actor_id, r.actor_name, r.session_id, r.method, r.action, r.object_kind, r.object_id, r.result,
                    r.code, r.address, r.request, r.origin_salt, r.chain_seq, r.origin_seal, r.value_seal, r.chain_hash,
                    v.record_id AS value_of, v.salt AS value_salt, v.before_value, v.after_value
             FROM audit_record r
             LEFT JOIN audit_value v ON v.record_id = r.id ",
            $rest
        )
    };
}

/// Records nobody has sealed, the oldest ids first. Complete whatever order they were committed in: it asks for a mark and not for a place.
pub fn unsealed(tx: &mut Tx, limit: i64) -> Result<Vec<Whole>> {
    tx.all(sql!(records!("WHERE r.chain_seq IS NULL ORDER BY r.id LIMIT $1"), limit))
}

/// Records by their place in the chain, after a place.
pub fn sealed(tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<Whole>> {
    tx.all(sql!(records!("WHERE r.chain_seq > $1 ORDER BY r.chain_seq LIMIT $2"), after, limit))
}

/// Writes a link, once. Answers whether the record was still unsealed.
pub fn seal(tx: &mut Tx, id: i64, link: Head, seals: &Seals) -> Result<bool> {
    let done = tx.run(sql!(
        "UPDATE audit_record SET chain_seq = $1, chain_hash = $2, origin_seal = $3, value_seal = $4 WHERE id = $5 AND chain_seq IS NULL",
        link.seq,
        link.hash,
        seals.origin,
        seals.value,
        id
    ))?;
    Ok(done == 1)
}

/// Gives salts to a record that was written before there were any.
pub fn set_salts(tx: &mut Tx, id: i64, origin: &[u8], value: Option<&[u8]>) -> Result<()> {
    tx.run(sql!("UPDATE audit_record SET origin_salt = $1 WHERE id = $2 AND origin_salt IS NULL", origin, id))?;
    if let Some(value) = value {
        tx.run(sql!("UPDATE audit_value SET salt = $1 WHERE record_id = $2 AND salt IS NULL", value, id))?;
    }
    Ok(())
}

row! {
    /// What waits.
    pub struct Waiting { pub waiting: i64, pub oldest: Option<Millis> }
    struct Place { chain_seq: i64 }
    struct Link { chain_hash: Option<Hash> }
}

/// How many records wait to be sealed (counted up to `most`), and since when.
pub fn waiting(tx: &mut Tx, most: i64) -> Result<Waiting> {
    tx.get(
        "waiting",
        sql!(
            "SELECT COUNT(*) AS waiting, MIN(w.at) AS oldest
             FROM (SELECT at FROM audit_record WHERE chain_seq IS NULL ORDER BY id LIMIT $1) w",
            most
        ),
    )
}

/// The hash at a place, if a record stands there.
pub fn hash_at(tx: &mut Tx, seq: i64) -> Result<Option<Hash>> {
    let found: Option<Link> = tx.find(sql!("SELECT chain_hash FROM audit_record WHERE chain_seq = $1", seq))?;
    Ok(found.and_then(|link| link.chain_hash))
}

/// The last place a record stands at; 0 if there is none.
pub fn last(tx: &mut Tx) -> Result<i64> {
    let last: Place = tx.get("place", sql!("SELECT COALESCE(MAX(chain_seq), 0) AS chain_seq FROM audit_record"))?;
    Ok(last.chain_seq)
}
