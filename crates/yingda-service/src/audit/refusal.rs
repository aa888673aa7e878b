//! Refused calls: written down, but only so many that a flood cannot fill the table.
//!
//! Each actor may add [`BURST`] refusals at once and one every [`EACH`] after that, all of them together [`ALL_BURST`] and one every
//! [`ALL_EACH`]: at most 86,400 rows a day, whoever tries. What is beyond is counted, and each minute one row per actor says how many it was;
//! beyond [`TOLD`] actors one row speaks for all others. The counts are in memory: those of the last minute are lost with a killed program.
use super::record::{Audit, record, record_of_program};
use crate::App;
use serde_json::{Map, Value, json};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use yingda_base::{
    Millis, Result, Tx,
    error::Kind,
    http::{Actor, AuditClass, Caller, Refusal},
};

const BURST: u32 = 20;
const EACH: Duration = Duration::from_secs(10);
const ALL_BURST: u32 = 200;
const ALL_EACH: Duration = Duration::from_secs(1);
/// How often what was held back is told.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// Actors told by name in one telling.
const TOLD: usize = 50;
/// Actors remembered.
const REMEMBERED: usize = 2000;

/// Who: staff and visitors by their id, others by their address.
type Key = (&'static str, i64, String);

/// How many refusals were written down lately. Cloning is not needed: it lives in [`super::State`].
#[derive(Default)]
pub struct Refusals(Mutex<Table>);

#[derive(Default)]
struct Table {
    all: Bucket,
    by: HashMap<Key, Entry>,
    /// Held back from actors that could not be remembered.
    others: u64,
    told_at: Duration,
}

struct Entry {
    bucket: Bucket,
    held: Option<Held>,
}

/// What was held back.
#[derive(Clone)]
struct Held {
    caller: Caller,
    count: u64,
    since: Millis,
}

/// What a telling is made of.
struct Telling {
    held: Vec<Held>,
    others: u64,
}

#[derive(Default)]
struct Bucket {
    used: u32,
    since: Duration,
}

impl Bucket {
    fn refill(&mut self, now: Duration, each: Duration) {
        let back = u32::try_from(now.saturating_sub(self.since).as_millis() / each.as_millis()).unwrap_or(u32::MAX);
        if back >= self.used {
            *self = Bucket { used: 0, since: now };
        } else {
            self.used -= back;
            self.since += each * back;
        }
    }
}

impl Refusals {
    /// Whether one more refusal of this caller may be written down; it is counted if not.
    pub fn admit(&self, caller: &Caller, now: Duration, at: Millis) -> bool {
        let table = &mut *self.table();
        let key = key(caller);
        if !table.by.contains_key(&key) && table.by.len() >= REMEMBERED {
            // Whoever has a full bucket again and nothing held back is as good as unknown.
            table.by.retain(|_, entry| {
                entry.bucket.refill(now, EACH);
                entry.bucket.used > 0 || entry.held.is_some()
            });
            if table.by.len() >= REMEMBERED {
                table.others += 1;
                return false;
            }
        }
        let entry = table.by.entry(key).or_insert_with(|| Entry { bucket: Bucket { used: 0, since: now }, held: None });
        entry.bucket.refill(now, EACH);
        table.all.refill(now, ALL_EACH);
        if entry.bucket.used < BURST && table.all.used < ALL_BURST {
            entry.bucket.used += 1;
            table.all.used += 1;
            return true;
        }
        metrics::counter!("yingda_audit_refusals_held_total").increment(1);
        match &mut entry.held {
            Some(held) => held.count += 1,
            held => *held = Some(Held { caller: caller.clone(), count: 1, since: at }),
        }
        false
    }

    /// What was held back since the last telling, if it is time for one.
    fn due(&self, now: Duration, is_end: bool) -> Option<Telling> {
        let table = &mut *self.table();
        if !is_end && now.saturating_sub(table.told_at) < TELL_EVERY {
            return None;
        }
        table.told_at = now;
        let mut held: Vec<Held> = table.by.values_mut().filter_map(|entry| entry.held.take()).collect();
        held.sort_by_key(|held| std::cmp::Reverse(held.count));
        let beyond: u64 = held.split_off(held.len().min(TOLD)).iter().map(|held| held.count).sum();
        let others = std::mem::take(&mut table.others) + beyond;
        (!held.is_empty() || others > 0).then_some(Telling { held, others })
    }

    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(caller: &Caller) -> Key {
    let (kind, id) = caller.actor.key();
    let address = if matches!(caller.actor, Actor::Anonymous) { caller.address.to_string() } else { String::new() };
    (kind, id, address)
}

/// Whether one more refusal of this caller may be written down: for features that write theirs themselves, such as failed logins.
pub fn admits(app: &App, caller: &Caller) -> bool {
    app.audit.refusals.admit(caller, app.context.clock.elapsed(), app.context.clock.now())
}

/// Notes that a call was forbidden before or inside its action, whose own unit was rolled back; also that its object is not for the
/// caller to see. What belongs to conversations has its own log: of that only what staff are forbidden is noted.
pub async fn record_refusal(app: &App, caller: &Caller, refusal: Refusal<'_>) {
    let Refusal { method, route, path, rule, error } = refusal;
    let is_forbidden_to_staff = error.kind() == Kind::Forbidden && matches!(caller.actor, Actor::Staff(_));
    let (action, object_kind, object_id) = match rule.audit {
        AuditClass::Recorded { action, object } => (action, object, object_id(route, path)),
        AuditClass::Exempt(_) | AuditClass::Looks if is_forbidden_to_staff => ("call.refused", "call", format!("{method} {}", short(path))),
        AuditClass::Exempt(_) | AuditClass::Looks => return,
    };
    if !admits(app, caller) {
        return;
    }
    let mut after = Map::from_iter([("call".to_owned(), Value::from(format!("{method} {}", short(path))))]);
    if !error.details().is_empty() {
        after.insert("details".to_owned(), Value::Object(error.details().clone()));
    }
    let after = Some(Value::Object(after).to_string());
    let refused = Audit { action, object_kind, object_id, refused: error.code(), after, ..Audit::default() };
    let caller = caller.clone();
    if let Err(error) = app.db.write(move |tx| record(tx, &caller, &refused)).await {
        tracing::error!(%error, "a refusal could not be recorded");
    }
}

/// What stands in the path where the pattern has its first name in braces.
fn object_id(route: &str, path: &str) -> String {
    let named = route.split('/').zip(path.split('/')).find(|(pattern, _)| pattern.starts_with('{'));
    named.map(|(_, id)| short(id)).unwrap_or_default()
}

/// Writes down how many refusals were held back, if it is time. `is_end`: the program stops, and the counts with it.
pub(super) async fn tell(app: &App, is_end: bool) -> Result<()> {
    let Some(telling) = app.audit.refusals.due(app.context.clock.elapsed(), is_end) else { return Ok(()) };
    let write = move |tx: &mut Tx| {
        for held in &telling.held {
            record(tx, &held.caller, &more(held.count, Some(held.since)))?;
        }
        if telling.others > 0 {
            record_of_program(tx, "yingda serve", &more(telling.others, None))?;
        }
        Ok(())
    };
    app.db.write(write).await
}

fn more(count: u64, since: Option<Millis>) -> Audit {
    let after = Some(json!({"count": count, "since": since}).to_string());
    Audit { action: "call.refused_more", object_kind: "call", refused: "forbidden", after, ..Audit::default() }
}

/// Paths are the caller's own text.
fn short(path: &str) -> String {
    path.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[test]
    fn the_object_is_taken_from_the_path() {
        assert_eq!(object_id("/api/v1/staff/{id}/password", "/api/v1/staff/7/password"), "7");
        assert_eq!(object_id("/api/v1/staff", "/api/v1/staff"), "");
        assert_eq!(object_id("/a/{id}", &format!("/a/{}", "x".repeat(300))).len(), 200);
    }

    fn caller(last: u8) -> Caller {
        Caller { address: IpAddr::from([10, 0, 0, last]), ..Caller::local(Actor::Anonymous) }
    }

    fn admitted(refusals: &Refusals, who: &Caller, count: u32, now: Duration) -> u32 {
        (0..count).map(|_| u32::from(refusals.admit(who, now, Millis(7)))).sum()
    }

    #[test]
    fn one_who_knocks_for_ever_fills_no_table() {
        let (refusals, at) = (Refusals::default(), Duration::from_secs);
        assert_eq!(admitted(&refusals, &caller(1), 1000, at(100)), BURST);
        assert_eq!(admitted(&refusals, &caller(2), 3, at(100)), 3, "others are still heard");
        assert_eq!(admitted(&refusals, &caller(1), 1000, at(125)), 2);
        let telling = refusals.due(at(125), false).unwrap();
        assert_eq!((telling.held.len(), telling.held[0].count, telling.others), (1, 1000 - 20 + 998, 0));
        assert_eq!(telling.held[0].since, Millis(7));
        assert!(refusals.due(at(300), false).is_none(), "nothing more was held back");
        assert_eq!(admitted(&refusals, &caller(1), 1000, at(100_000)), BURST, "and not more after a quiet day");
        assert!(refusals.due(at(100_001), false).is_some());
        assert_eq!(admitted(&refusals, &caller(1), 1, at(100_001)), 0);
        assert!(refusals.due(at(100_002), false).is_none(), "not yet");
        assert!(refusals.due(at(100_002), true).is_some(), "unless this is the end");
    }

    #[test]
    fn many_who_knock_fill_no_table_either() {
        let (refusals, now) = (Refusals::default(), Duration::from_secs(100));
        let mut written = 0;
        for n in 0..REMEMBERED + 500 {
            let who = Caller { address: IpAddr::from(u32::try_from(n).unwrap().to_be_bytes()), ..caller(0) };
            written += admitted(&refusals, &who, 2, now);
        }
        assert_eq!(written, ALL_BURST);
        let telling = refusals.due(now, true).unwrap();
        assert_eq!(telling.held.len(), TOLD);
        let held: u64 = telling.held.iter().map(|held| held.count).sum();
        assert_eq!(u64::from(written) + held + telling.others, 2 * (REMEMBERED as u64 + 500), "each is counted");
    }
}
