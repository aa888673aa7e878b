//! Walking the chain, pure: what is wrong with it, said as exactly as the links allow.
//!
//! A link is held against the hash of the one before it *as stored*, so that one changed record is one finding and not all that follow.
//! Where a link does not hold, the walker tries what may have happened: records put in between (the next link holds against the last good
//! one), taken out with the rest numbered anew (links hold again some places on), exchanged (a record fits another place). What fits none of
//! these was changed. The anchors say what links alone cannot: that all of it was made anew, or that its end is missing.
use super::{
    chain::{Hash, Head, Seals, digest, link, seal_origin, seal_value},
    store::chain::Whole,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use yingda_base::{
    Millis,
    locale::{self, Language},
};

/// Links that do not hold and wait for an explanation; what comes on top of them counts as changed.
const OPEN: usize = 64;
/// So many records may have been taken out in one place, with the rest numbered anew, and be counted.
const GAP: i64 = 4096;

/// Something that does not fit: the text `audit.fault.…` with its details.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// `audit.fault.changed`, …
    pub code: &'static str,
    /// The place in the chain it is about, or where it begins.
    pub seq: i64,
    /// What its text is filled in with.
    pub details: Map<String, Value>,
}

impl Finding {
    /// In words.
    pub fn text(&self, language: Language) -> String {
        let mut details = self.details.clone();
        for time in ["at", "good_at"] {
            if let Some(at) = details.get(time).and_then(Value::as_i64) {
                details.insert(time.to_owned(), Millis(at).in_words().into());
            }
        }
        locale::text(self.code, language, &details)
    }

    pub(super) fn new(code: &'static str, seq: i64, details: Value) -> Finding {
        let mut details = details.as_object().cloned().unwrap_or_default();
        details.insert("seq".to_owned(), seq.into());
        Finding { code, seq, details }
    }
}

/// What was anchored, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    pub hash: Hash,
    pub at: Millis,
}

/// A link that does not hold.
#[derive(Clone, Copy)]
struct Open {
    seq: i64,
    id: i64,
    digest: Hash,
    stored: Hash,
    /// The hash stored before it.
    before: Hash,
    shift: i64,
}

/// A walk in progress.
pub struct Walk {
    /// The last place seen, as numbered, with the hash stored there; `None` behind a gap.
    before: Option<Hash>,
    seq: i64,
    /// The hash of the last link that held.
    good: Hash,
    /// By how much places are numbered too high since records were put in, or too low since some were taken out.
    shift: i64,
    open: Vec<Open>,
    /// Of those: how many came since the last link that held.
    since_good: usize,
    expected: BTreeMap<i64, Expected>,
    /// The last anchor that fitted.
    fitted: Option<(i64, Millis)>,
    is_rewritten: bool,
    findings: Vec<Finding>,
    /// Records walked.
    pub walked: i64,
    /// Of those, how many have lost values or origins to an erasure.
    pub erased: i64,
    /// Anchors that fitted.
    pub anchored: i64,
}

impl Walk {
    /// From a place that is taken as given: the beginning, a checkpoint, or where a part to be walked begins.
    pub fn new(from: Head, expected: BTreeMap<i64, Expected>) -> Walk {
        Walk {
            before: Some(from.hash),
            seq: from.seq,
            good: from.hash,
            shift: 0,
            open: Vec::new(),
            since_good: 0,
            expected,
            fitted: None,
            is_rewritten: false,
            findings: Vec::new(),
            walked: 0,
            erased: 0,
            anchored: 0,
        }
    }

    /// The last place walked.
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// The hash stored there.
    pub fn hash(&self) -> Option<Hash> {
        self.before
    }

    /// Goes on at a checkpoint that was made in the meantime: what lies before it was forgotten after its time.
    pub fn jump(&mut self, to: Head) {
        (self.before, self.seq, self.good, self.since_good) = (Some(to.hash), to.seq, to.hash, 0);
    }

    /// Takes the next record. `is_erased` says whether a later record of the chain tells that values of such an object, and origins of such
    /// an actor, were erased.
    pub fn step(&mut self, row: &Whole, is_erased: ErasedBy) {
        let Some(seq) = row.chain_seq else { return };
        self.walked += 1;
        if seq > self.seq + 1 {
            self.find("removed", self.seq + 1, json!({"to": seq - 1, "count": seq - 1 - self.seq}));
            self.before = None;
        }
        let seals = self.seals(row, seq, is_erased);
        let (Some(stored), Some(seals)) = (row.chain_hash, seals) else {
            self.find("changed", seq, json!({"id": row.id.to_string()}));
            self.seq = seq;
            self.before = row.chain_hash;
            return;
        };
        let this =
            Open { seq, id: row.id, digest: digest(&row.body(), &seals), stored, before: self.before.unwrap_or(stored), shift: self.shift };
        if self.before.is_none() || self.holds(&this) {
            (self.good, self.since_good) = (stored, 0);
        } else {
            self.keep_open(this);
        }
        self.look_at_anchor(seq, stored);
        (self.seq, self.before) = (seq, Some(stored));
    }

    /// Whether the link holds, also if something happened before it that can be named.
    fn holds(&mut self, this: &Open) -> bool {
        let fits = |before: Hash, shift: i64| link(before, this.seq - shift, this.digest) == this.stored;
        if fits(this.before, self.shift) {
            return true;
        }
        if self.since_good == 0 {
            return false;
        }
        let recent = self.open.len().saturating_sub(self.since_good);
        let added = i64::try_from(self.open.len() - recent).unwrap_or(0);
        if fits(self.good, self.shift + added) {
            // Put in between, unless one of them belongs hereabouts: then they were exchanged.
            let near = self.open[recent..].iter().chain([this]);
            let places: Vec<(Hash, i64)> = near.map(|open| (open.stored, open.seq - open.shift)).collect();
            let belongs = |open: &Open| {
                let befores = places.iter().map(|(stored, _)| *stored).chain([self.good]);
                befores.into_iter().any(|before| places.iter().any(|(_, place)| link(before, *place, open.digest) == open.stored))
            };
            if self.open[recent..].iter().any(belongs) {
                return false;
            }
            for open in self.open.split_off(recent) {
                self.find("inserted", open.seq, json!({"id": open.id.to_string()}));
            }
            self.shift += added;
            return true;
        }
        // Behind an exchange: the one before this one stands elsewhere now.
        if self.open[recent..].iter().any(|open| fits(open.stored, self.shift)) {
            return true;
        }
        let Some(last) = self.open.last().copied() else { return false };
        let Some(gone) = (1..=GAP).find(|gone| fits(last.stored, self.shift - gone)) else { return false };
        self.open.pop();
        self.shift -= gone;
        self.find("removed_renumbered", last.seq, json!({"id": last.id.to_string(), "count": gone}));
        true
    }

    fn keep_open(&mut self, this: Open) {
        if self.open.len() == OPEN {
            let first = self.open.remove(0);
            self.since_good = self.since_good.min(OPEN - 1);
            self.find("changed", first.seq, json!({"id": first.id.to_string()}));
        }
        self.open.push(this);
        self.since_good += 1;
    }

    /// The seals of a record, held against what they were made of; `None` if they are missing.
    fn seals(&mut self, row: &Whole, seq: i64, is_erased: ErasedBy) -> Option<Seals> {
        let (id, origin) = (row.id.to_string(), row.origin_seal?);
        match &row.origin_salt {
            Some(salt) if seal_origin(salt, &row.actor_name, &row.address) != origin => self.find("origin_changed", seq, json!({"id": id})),
            None if !is_erased.origin => self.find("origin_missing", seq, json!({"id": id})),
            None => self.erased += 1,
            Some(_) => {}
        }
        let is_there = row.value_of.is_some();
        let value = || row.value_salt.as_ref().map(|salt| seal_value(salt, row.before_value.as_deref(), row.after_value.as_deref()));
        match row.value_seal {
            None if is_there => self.find("values_added", seq, json!({"id": id})),
            None => {}
            Some(_) if !is_there && is_erased.values => self.erased += 1,
            Some(_) if !is_there => self.find("values_missing", seq, json!({"id": id})),
            Some(seal) if value() != Some(seal) => self.find("values_changed", seq, json!({"id": id})),
            Some(_) => {}
        }
        Some(Seals { origin, value: row.value_seal })
    }

    fn look_at_anchor(&mut self, seq: i64, stored: Hash) {
        let Some(anchor) = self.expected.remove(&seq) else { return };
        if anchor.hash == stored {
            self.fitted = Some((seq, anchor.at));
            self.anchored += 1;
        } else if !self.is_rewritten {
            self.is_rewritten = true;
            let (good, good_at) = self.fitted.map_or((0, Millis(0)), |(seq, at)| (seq, at));
            self.find("rewritten", seq, json!({"after": good, "good_at": good_at, "at": anchor.at}));
        }
    }

    /// What was anchored beyond the last place walked: the first and the last of it.
    pub fn beyond(&self) -> Option<((i64, Millis), (i64, Millis))> {
        let mut rest = self.expected.range(self.seq + 1..);
        let first = rest.next().map(|(seq, anchor)| (*seq, anchor.at))?;
        let last = self.expected.iter().next_back().map_or(first, |(seq, anchor)| (*seq, anchor.at));
        Some((first, last))
    }

    /// Notes a finding of the same walk.
    pub fn find(&mut self, fault: &str, seq: i64, details: Value) {
        let code = CODES.iter().find(|code| code.strip_prefix("audit.fault.") == Some(fault)).copied().unwrap_or("audit.fault.changed");
        self.findings.push(Finding::new(code, seq, details));
    }

    /// What was found up to now, apart from links that may still be explained.
    pub fn take(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// Explains what is left: records that fit each other's places were exchanged, all others changed.
    pub fn end(&mut self) -> Vec<Finding> {
        let open = std::mem::take(&mut self.open);
        let fits = |record: &Open, place: &Open, before: Hash| {
            let fit = link(before, place.seq - place.shift, record.digest);
            fit == record.stored || (fit == place.stored && place.seq != record.seq)
        };
        for record in &open {
            let befores = |place: &Open| open.iter().map(|other| other.stored).chain([place.before]);
            // In its own place, behind one that stands elsewhere: nothing is wrong with it.
            if befores(record).into_iter().any(|before| fits(record, record, before)) {
                continue;
            }
            let others = open.iter().filter(|place| place.seq != record.seq);
            match others.into_iter().find(|place| befores(place).into_iter().any(|before| fits(record, place, before))) {
                Some(place) => self.find("reordered", record.seq, json!({"id": record.id.to_string(), "belongs": place.seq})),
                None => self.find("changed", record.seq, json!({"id": record.id.to_string()})),
            }
        }
        let mut findings = self.take();
        findings.sort_by_key(|finding| finding.seq);
        findings
    }
}

/// Whether missing values, or a missing origin, were erased by a record of the chain.
#[derive(Clone, Copy, Debug, Default)]
pub struct ErasedBy {
    pub values: bool,
    pub origin: bool,
}

/// All findings there are; each has words.
pub const CODES: [&str; 19] = [
    "audit.fault.changed",
    "audit.fault.origin_changed",
    "audit.fault.origin_missing",
    "audit.fault.values_changed",
    "audit.fault.values_added",
    "audit.fault.values_missing",
    "audit.fault.removed",
    "audit.fault.removed_renumbered",
    "audit.fault.inserted",
    "audit.fault.reordered",
    "audit.fault.rewritten",
    "audit.fault.cut_off",
    "audit.fault.rolled_back",
    "audit.fault.beyond_head",
    "audit.fault.checkpoint_forged",
    "audit.fault.anchors_missing",
    "audit.fault.anchor_broken",
    "audit.fault.chain_replaced",
    "audit.fault.contradicted",
];
