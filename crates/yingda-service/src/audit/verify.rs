//! Verifying the chain against its records, its values and its anchors: for `yingda verify`, and for a range on the desk.
use super::{
    anchor::{Anchor, AnchorKind, Anchors, Reading},
    chain::{self, Head},
    store::{self, chain::Whole, checkpoint::Checkpoint},
    walk::{ErasedBy, Expected, Finding, Walk},
};
use crate::App;
use serde_json::json;
use std::collections::BTreeMap;
use yingda_base::{
    Db, Error, Result, Tx,
    key::{Keyring, MacKey},
};

/// Records of one reading.
const PAGE: i64 = 500;

/// What `yingda verify` says of the audit log.
#[derive(Debug, Default)]
pub struct Verified {
    /// What does not fit.
    pub findings: Vec<Finding>,
    /// Records walked.
    pub records: i64,
    /// Values and origins that were erased, and said to be.
    pub erased: i64,
    /// Anchors that fitted.
    pub anchors: i64,
    /// Anchors whose records a restore replaced: what was between the backup and the restore.
    pub superseded: usize,
    /// Up to where records were forgotten after their time; 0 if none were.
    pub forgotten: i64,
    /// Records that wait to be sealed.
    pub unsealed: i64,
}

/// What lies outside the database and tells whether its chain is the true one.
#[derive(Clone)]
pub struct Witness {
    /// Where the head stood when.
    pub anchors: Anchors,
    /// Vouches for checkpoints.
    pub keyring: Keyring,
}

/// Walks all of it. Without a witness, as for a backup on another machine, only what the database itself tells is known: its links, and
/// whether values fit their seals. Errors: those of the database, `audit.anchor_unreadable`.
pub async fn verify(db: &Db, witness: Option<&Witness>) -> Result<Verified> {
    let mut reading = match witness.map(|witness| witness.anchors.clone()) {
        Some(anchors) => tokio::task::spawn_blocking(move || anchors.read()).await.map_err(Error::internal)??,
        None => Reading { exists: true, ..Reading::default() },
    };
    let settled = reading.settle();
    let begin = db.report(start).await?;
    let mut verified = Verified { unsealed: begin.unsealed, ..Verified::default() };
    let Some(chain) = begin.chain else {
        let begun = reading
            .anchors
            .last()
            .map(|last| Finding::new("audit.fault.chain_replaced", 0, json!({"at": last.at, "anchored": last.head.seq})));
        verified.findings.extend(begun);
        return Ok(verified);
    };
    let (expected, superseded) = expected(&reading, &chain.name);
    verified.superseded = superseded + settled;
    let from = match &begin.checkpoint {
        Some(checkpoint) => checkpoint.head(),
        None => chain::genesis(&chain.name),
    };
    let mut walk = Walk::new(from, expected);
    tell_of_anchors(&mut walk, &reading, &chain);
    if let Some(witness) = witness {
        tell_of_checkpoint(&mut walk, begin.checkpoint.as_ref(), &chain.name, &witness.keyring.mac_key("audit.checkpoint"));
    }
    let mut findings = go_on(db, &mut walk, i64::MAX).await?;
    let end = db.report(start).await?;
    tell_of_end(&mut walk, &end);
    findings.extend(walk.end());
    findings.sort_by_key(|finding| finding.seq);
    let forgotten = end.checkpoint.map_or(0, |checkpoint| checkpoint.chain_seq);
    Ok(Verified { findings, records: walk.walked, erased: walk.erased, anchors: walk.anchored, forgotten, ..verified })
}

/// Walks on to a place, or to the end of the chain. What was found up to then.
pub(super) async fn go_on(db: &Db, walk: &mut Walk, upto: i64) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    while walk.seq() < upto {
        let (after, limit) = (walk.seq(), PAGE.min(upto - walk.seq()));
        let page = db.report(move |tx| page(tx, after, limit)).await?;
        if page.rows.is_empty() {
            break;
        }
        let forgotten = page.checkpoint.filter(|checkpoint| checkpoint.chain_seq > after).map(|checkpoint| checkpoint.head());
        if let Some(head) = forgotten {
            // Forgotten while we walked: what is left goes on from there.
            walk.jump(head);
            continue;
        }
        page.rows.iter().for_each(|(row, erased)| walk.step(row, *erased));
        findings.extend(walk.take());
    }
    Ok(findings)
}

/// A part of the chain that was walked.
#[derive(Debug)]
pub struct Part {
    /// What does not fit.
    pub findings: Vec<Finding>,
    /// Records walked.
    pub records: i64,
    /// The last place walked.
    pub upto: i64,
}

/// Walks at most `limit` records of a part of the chain, from the place `from` to the place `to`, taking the hash before it as given.
/// Anchors are not looked at: for a glance at the records one has before one. Code: `not_found` if the part does not begin in the chain.
pub async fn verify_part(app: &App, from: i64, to: i64, limit: i64) -> Result<Part> {
    let read = move |tx: &mut Tx| {
        let Some(chain) = store::chain::find(tx)? else { return Ok(None) };
        let checkpoint = store::checkpoint::latest(tx)?.map(|checkpoint| checkpoint.head());
        let begin = match checkpoint {
            Some(checkpoint) if from <= checkpoint.seq + 1 => checkpoint,
            _ if from <= 1 => chain::genesis(&chain.name),
            _ => Head { seq: from - 1, hash: store::chain::hash_at(tx, from - 1)?.ok_or_else(|| Error::not_found("audit"))? },
        };
        Ok(Some((begin, page(tx, begin.seq, limit.min(to - begin.seq).max(0))?)))
    };
    let Some((begin, page)) = app.db.report(read).await? else { return Ok(Part { findings: Vec::new(), records: 0, upto: 0 }) };
    let mut walk = Walk::new(begin, BTreeMap::new());
    for (row, erased) in page.rows.iter().filter(|(row, _)| row.chain_seq.is_some_and(|seq| seq <= to)) {
        walk.step(row, *erased);
    }
    let (records, upto) = (walk.walked, walk.seq());
    Ok(Part { records, upto, findings: walk.end() })
}

struct Start {
    chain: Option<store::chain::Chain>,
    checkpoint: Option<Checkpoint>,
    unsealed: i64,
    last: i64,
}

fn start(tx: &mut Tx) -> Result<Start> {
    Ok(Start {
        chain: store::chain::find(tx)?,
        checkpoint: store::checkpoint::latest(tx)?,
        unsealed: store::chain::waiting(tx, i64::MAX)?.waiting,
        last: store::chain::last(tx)?,
    })
}

struct Page {
    rows: Vec<(Whole, ErasedBy)>,
    checkpoint: Option<Checkpoint>,
}

fn page(tx: &mut Tx, after: i64, limit: i64) -> Result<Page> {
    let mut rows = Vec::new();
    for row in store::chain::sealed(tx, after, limit)? {
        let seq = row.chain_seq.unwrap_or_default();
        let is_missing = row.value_seal.is_some() && row.value_of.is_none();
        let values = is_missing && store::erase::is_told(tx, "audit.erase_values", &row.object_kind, &row.object_id, seq)?;
        let origin =
            row.origin_salt.is_none() && store::erase::is_told(tx, "audit.erase_origins", &row.actor_kind, &row.actor_id.to_string(), seq)?;
        rows.push((row, ErasedBy { values, origin }));
    }
    Ok(Page { rows, checkpoint: store::checkpoint::latest(tx)? })
}

/// What the chain must hold at which place, by the anchors of this chain; and how many of them a restore replaced. Backwards: what was
/// anchored before a restore counts only up to where the restored chain ended.
pub(super) fn expected(reading: &Reading, chain: &str) -> (BTreeMap<i64, Expected>, usize) {
    let (mut expected, mut superseded, mut limit) = (BTreeMap::new(), 0, i64::MAX);
    for anchor in reading.anchors.iter().rev().filter(|anchor| *anchor.chain == *chain) {
        let Anchor { kind, at, head, .. } = anchor;
        if head.seq > limit {
            superseded += 1;
        } else if head.seq > 0 {
            expected.insert(head.seq, Expected { hash: head.hash, at: *at });
        }
        if *kind == AnchorKind::Restore {
            limit = limit.min(head.seq);
        }
    }
    (expected, superseded)
}

fn tell_of_anchors(walk: &mut Walk, reading: &Reading, chain: &store::chain::Chain) {
    for line in &reading.broken {
        walk.find("anchor_broken", 0, json!({"line": line}));
    }
    if !reading.exists && chain.anchored_seq > 0 {
        walk.find("anchors_missing", 0, json!({"anchored": chain.anchored_seq, "at": chain.anchored_at}));
    }
    // The program goes on with whatever chain it finds: that the file ends in the name of this one says nothing.
    let replaced = reading.anchors.last().filter(|last| *last.chain != *chain.name);
    let contradiction = reading.contradiction();
    if let Some(good) = contradiction.filter(|(good, bad)| good.chain != bad.chain).map(|(good, _)| good).or(replaced) {
        walk.find("chain_replaced", 0, json!({"at": good.at, "anchored": good.head.seq}));
    } else if let Some((good, bad)) = contradiction {
        walk.find("contradicted", 0, json!({"at": bad.at, "anchored": good.head.seq, "good_at": good.at}));
    }
}

fn tell_of_checkpoint(walk: &mut Walk, checkpoint: Option<&Checkpoint>, chain: &str, key: &MacKey) {
    if let Some(checkpoint) = checkpoint.filter(|checkpoint| !key.matches(&chain::checkpoint(chain, checkpoint.head()), &checkpoint.mac)) {
        walk.find("checkpoint_forged", checkpoint.chain_seq, json!({}));
    }
}

/// What links cannot tell: whether the end is the end.
fn tell_of_end(walk: &mut Walk, end: &Start) {
    let Some(chain) = &end.chain else { return };
    let (seen, head) = (walk.seq(), chain.head());
    if head.seq > end.last.max(seen) {
        walk.find("cut_off", seen + 1, json!({"to": head.seq, "count": head.seq - seen}));
    } else if end.last > head.seq {
        walk.find("beyond_head", head.seq + 1, json!({"to": end.last}));
    } else if let Some(((first, _), (last, at))) = walk.beyond() {
        // The database agrees with itself, but was further once: its end was taken off with care, or an older copy was put in its place.
        walk.find("rolled_back", seen + 1, json!({"first": first, "anchored": last, "at": at}));
    } else if walk.hash().is_some_and(|hash| seen == head.seq && hash != head.hash) {
        walk.find("changed", head.seq, json!({"id": "head"}));
    }
}
