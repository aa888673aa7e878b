//! Searching the log. One condition leads, by an index whose order is that of the list; the others are held against what it finds, a bounded
//! number of records at a time. So no question, however unlucky, makes the database read the whole log at once.
use crate::audit::search::{Key, Lead, Search};
use yingda_base::{
    Millis, Result, Tx,
    db::{Filter, Param, chunks},
    row, sql, sql_template,
};

/// Records one question looks at.
pub const SCAN: i64 = 5000;

row! {
    /// A record, without its values.
    #[derive(Clone, Debug)]
    pub struct Found {
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
        pub chain_seq: Option<i64>,
        pub chain_hash: Option<Vec<u8>>,
        pub is_anonymised: bool,
        pub has_values: bool,
    }
    struct Place { at: Millis, id: i64 }
    struct Count { n: i64 }
    /// The values of a record.
    pub struct Values { pub record_id: i64, pub before_value: Option<String>, pub after_value: Option<String> }
}

sql_template!(static PAGE =
    "SELECT s.id, s.at, s.actor_kind, s.actor_id, s.actor_name, s.session_id, s.method, s.action, s.object_kind, s.object_id, s.result, s.code,
            s.address, s.request, s.chain_seq, s.chain_hash, s.chain_seq IS NOT NULL AND s.origin_salt IS NULL AS is_anonymised,
            s.value_seal IS NOT NULL AS has_values
     FROM (SELECT r.*
             FROM audit_record r
            WHERE r.at >= ? AND r.at <= ? AND (r.at, r.id) < (?, ?)";
    ["AND r.object_id = ?", "AND r.address = ?", "AND r.actor_kind = ? AND r.actor_id = ?", "AND r.action = ?", "AND r.result = 'refused'"];
    "ORDER BY r.at DESC, r.id DESC LIMIT ?) s
     WHERE s.action >= ? AND s.action <= ?
       AND s.object_kind >= ? AND s.object_kind <= ?
       AND s.object_id >= ? AND s.object_id <= ?
       AND s.address >= ? AND s.address <= ?
       AND s.actor_kind >= ? AND s.actor_kind <= ?
       AND s.actor_id >= ? AND s.actor_id <= ?
       AND s.result >= ? AND s.result <= ?
     ORDER BY s.at DESC, s.id DESC LIMIT ?");

sql_template!(static LAST =
    "SELECT r.at, r.id
     FROM audit_record r
     WHERE r.at >= ? AND r.at <= ? AND (r.at, r.id) < (?, ?)";
    ["AND r.object_id = ?", "AND r.address = ?", "AND r.actor_kind = ? AND r.actor_id = ?", "AND r.action = ?", "AND r.result = 'refused'"];
    "ORDER BY r.at DESC, r.id DESC LIMIT 1 OFFSET ?");

/// A page, and where to go on if this was not all of it.
pub fn page(tx: &mut Tx, search: &Search, lead: &Lead, limit: i64) -> Result<(Vec<Found>, Option<Key>)> {
    let mut rows: Vec<Found> = match lead {
        Lead::Prefix => by_prefix(tx, search, limit + 1)?,
        lead => tx.all(led(PAGE.start(edges(search)), lead).finish(rest(search, SCAN, limit + 1)))?,
    };
    if rows.len() as i64 > limit {
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().map(|row| Key { at: row.at, id: row.id });
        return Ok((rows, next));
    }
    if *lead == Lead::Prefix {
        return Ok((rows, None));
    }
    let last: Option<Place> = tx.find(led(LAST.start(edges(search)), lead).finish(vec![(SCAN - 1).into()]))?;
    Ok((rows, last.map(|place| Key { at: place.at, id: place.id })))
}

fn edges(search: &Search) -> Vec<Param> {
    vec![search.from.into(), search.to.into(), search.before.at.into(), search.before.id.into()]
}

fn led(query: Filter, lead: &Lead) -> Filter {
    match lead {
        Lead::Time | Lead::Prefix => query,
        Lead::Object(id) => query.when(0, vec![id.into()]),
        Lead::Address(address) => query.when(1, vec![address.into()]),
        Lead::Actor(kind, id) => query.when(2, vec![kind.into(), (*id).into()]),
        Lead::Action(action) => query.when(3, vec![action.into()]),
        Lead::Refused => query.when(4, vec![]),
    }
}

/// All conditions as ranges, so that the text of the statement stays the same.
fn rest(search: &Search, scan: i64, limit: i64) -> Vec<Param> {
    let mut params: Vec<Param> = vec![scan.into()];
    let texts = [&search.action, &search.object_kind, &search.object_id, &search.address, &search.actor_kind];
    params.extend(texts.iter().flat_map(|span| [Param::from(&span.from), Param::from(&span.to)]));
    let (from, to) = search.actor_id.map_or((i64::MIN, i64::MAX), |id| (id, id));
    params.extend([from.into(), to.into(), Param::from(&search.result.from), Param::from(&search.result.to), limit.into()]);
    params
}

/// What objects begin with does not stand in the order of time: all there is of it is put in order, as long as that is little.
fn by_prefix(tx: &mut Tx, search: &Search, limit: i64) -> Result<Vec<Found>> {
    let [from, to, at, id] = <[Param; 4]>::try_from(edges(search)).unwrap_or_else(|_| unreachable!("four edges"));
    let [object_from, object_to] = [&search.object_id.from, &search.object_id.to];
    let (actor_from, actor_to) = search.actor_id.map_or((i64::MIN, i64::MAX), |id| (id, id));
    tx.all(sql!(
        "SELECT s.id, s.at, s.actor_kind, s.actor_id, s.actor_name, s.session_id, s.method, s.action, s.object_kind, s.object_id, s.result,
                s.code, s.address, s.request, s.chain_seq, s.chain_hash, s.chain_seq IS NOT NULL AND s.origin_salt IS NULL AS is_anonymised,
                s.value_seal IS NOT NULL AS has_values
         FROM (SELECT r.* FROM audit_record r WHERE r.object_id >= $1 AND r.object_id <= $2 ORDER BY r.object_id, r.at, r.id LIMIT $3) s
         WHERE s.at >= $4 AND s.at <= $5 AND (s.at, s.id) < ($6, $7)
           AND s.action >= $8 AND s.action <= $9
           AND s.object_kind >= $10 AND s.object_kind <= $11
           AND s.address >= $12 AND s.address <= $13
           AND s.actor_kind >= $14 AND s.actor_kind <= $15
           AND s.actor_id >= $16 AND s.actor_id <= $17
           AND s.result >= $18 AND s.result <= $19
         ORDER BY s.at DESC, s.id DESC
         LIMIT $20",
        object_from,
        object_to,
        SCAN,
        from,
        to,
        at,
        id,
        &search.action.from,
        &search.action.to,
        &search.object_kind.from,
        &search.object_kind.to,
        &search.address.from,
        &search.address.to,
        &search.actor_kind.from,
        &search.actor_kind.to,
        actor_from,
        actor_to,
        &search.result.from,
        &search.result.to,
        limit
    ))
}

/// How many records have an object whose id begins so, counted up to one more than a question may look at.
pub fn count_prefix(tx: &mut Tx, from: &str, to: &str) -> Result<i64> {
    let count: Count = tx.get(
        "count",
        sql!(
            "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM audit_record WHERE object_id >= $1 AND object_id <= $2 LIMIT $3) s",
            from,
            to,
            SCAN + 1
        ),
    )?;
    Ok(count.n)
}

/// Whether some record has just this object id.
pub fn is_object(tx: &mut Tx, id: &str) -> Result<bool> {
    let count: Count =
        tx.get("count", sql!("SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM audit_record WHERE object_id = $1 LIMIT 1) s", id))?;
    Ok(count.n > 0)
}

/// The values of these records, of those that have any left.
pub fn values(tx: &mut Tx, records: &[i64]) -> Result<Vec<Values>> {
    let mut values = Vec::new();
    for ids in chunks(records) {
        let query = sql!("SELECT record_id, before_value, after_value FROM audit_value WHERE record_id IN ({{ids}}) ORDER BY record_id");
        values.extend(tx.all::<Values>(query.with_ids(&ids))?);
    }
    Ok(values)
}
