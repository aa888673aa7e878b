//! What is looked for in the log, and what it looks like to those who look.
use super::{
    model::{AuditActor, AuditObject, AuditRow, Outcome},
    store::{
        names,
        search::{self as store, Found, SCAN, Values},
    },
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use utoipa::IntoParams;
use yingda_base::{
    Error, Millis, Result, Tx,
    locale::{self, Language},
};

/// Where a page ends: records before this one come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub at: Millis,
    pub id: i64,
}

impl Key {
    const NEWEST: Key = Key { at: Millis(i64::MAX), id: i64::MAX };
}
impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at, self.id)
    }
}
impl std::str::FromStr for Key {
    type Err = Error;
    fn from_str(text: &str) -> Result<Key> {
        let malformed = || Error::malformed("query_malformed").with("reason", "after");
        let (at, id) = text.split_once('.').ok_or_else(malformed)?;
        Ok(Key { at: Millis(at.parse().map_err(|_| malformed())?), id: id.parse().map_err(|_| malformed())? })
    }
}

/// A range of texts, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: String,
    pub to: String,
}

impl Span {
    fn all() -> Span {
        Span::beginning("")
    }
    fn just(text: &str) -> Span {
        Span { from: text.to_owned(), to: text.to_owned() }
    }
    fn beginning(text: &str) -> Span {
        Span { from: text.to_owned(), to: format!("{text}{}", char::MAX) }
    }
    fn just_some(text: Option<&str>) -> Span {
        text.map_or_else(Span::all, Span::just)
    }
}

/// What is looked for, as asked.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, utoipa::ToSchema)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Not before this time, in milliseconds.
    pub from: Option<i64>,
    /// Not after this time, in milliseconds.
    pub to: Option<i64>,
    /// Only this action (`staff.create`), or all that begin so (`staff.`).
    pub action: Option<String>,
    /// Only what this member of staff did.
    pub actor: Option<String>,
    /// Only what such an actor did: `staff`, `visitor`, `anonymous`, `program`.
    pub actor_kind: Option<String>,
    /// Only what was done to such a thing: `staff`, `setting`, …
    pub object: Option<String>,
    /// Only what was done to the thing with this id; if there is none, to those whose id begins so.
    pub object_id: Option<String>,
    /// Only from this address.
    pub address: Option<String>,
    /// `done` or `refused`.
    pub result: Option<Outcome>,
}

/// What is looked for, in terms of the table.
#[derive(Clone, Debug)]
pub struct Search {
    pub from: Millis,
    pub to: Millis,
    pub before: Key,
    pub action: Span,
    pub actor_kind: Span,
    pub actor_id: Option<i64>,
    pub object_kind: Span,
    pub object_id: Span,
    pub address: Span,
    pub result: Span,
}

/// The condition that finds records by an index; the others are held against what it finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lead {
    Time,
    Object(String),
    /// What object ids begin with.
    Prefix,
    Address(String),
    Actor(String, i64),
    Action(String),
    Refused,
}

impl Wanted {
    /// Reads it. Code: `query_malformed`.
    pub fn search(&self, after: Option<&str>) -> Result<Search> {
        let malformed = |what: &'static str| Error::malformed("query_malformed").with("reason", what);
        let said = |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let actor = said(&self.actor).map(|id| id.parse::<i64>().map_err(|_| malformed("actor"))).transpose()?;
        let action = said(&self.action).map_or_else(Span::all, |action| match locale::has(&format!("audit.action.{action}")) {
            true => Span::just(&action),
            false => Span::beginning(&action),
        });
        let kind = said(&self.actor_kind).or_else(|| actor.map(|_| "staff".to_owned()));
        Ok(Search {
            from: Millis(self.from.unwrap_or(i64::MIN)),
            to: Millis(self.to.unwrap_or(i64::MAX)),
            before: after.map_or(Ok(Key::NEWEST), str::parse)?,
            action,
            actor_kind: Span::just_some(kind.as_deref()),
            actor_id: actor,
            object_kind: Span::just_some(said(&self.object).as_deref()),
            object_id: said(&self.object_id).map_or_else(Span::all, |id| Span::beginning(&id)),
            address: Span::just_some(said(&self.address).as_deref()),
            result: Span::just_some(self.result.map(Outcome::as_str)),
        })
    }
}

/// A page, the newest first, and where to go on. A page may hold less than asked, or nothing, and still not be the last: what was looked at
/// is bounded, not what was found. Code: `audit.search_wide`.
pub fn page(tx: &mut Tx, search: &Search, limit: i64) -> Result<(Vec<Found>, Option<Key>)> {
    let mut search = search.clone();
    let lead = lead(tx, &mut search)?;
    store::page(tx, &search, &lead, limit)
}

/// The condition that narrows most, as a rule: one thing, one address, one person, refusals, one action.
fn lead(tx: &mut Tx, search: &mut Search) -> Result<Lead> {
    let wanted = search.object_id.from.clone();
    if !wanted.is_empty() {
        if store::is_object(tx, &wanted)? {
            search.object_id = Span::just(&wanted);
            return Ok(Lead::Object(wanted));
        }
        if store::count_prefix(tx, &search.object_id.from, &search.object_id.to)? > SCAN {
            return Err(Error::invalid("audit.search_wide"));
        }
        return Ok(Lead::Prefix);
    }
    let is_one = |span: &Span| span.from == span.to;
    Ok(match search.actor_id {
        _ if is_one(&search.address) => Lead::Address(search.address.from.clone()),
        Some(id) => Lead::Actor(search.actor_kind.from.clone(), id),
        None if search.result.from == "refused" => Lead::Refused,
        None if is_one(&search.action) => Lead::Action(search.action.from.clone()),
        None => Lead::Time,
    })
}

/// What was done to one thing, the newest first: for the rooms of those who manage it, who need not see the log.
pub fn done_to(tx: &mut Tx, kind: &str, id: &str, limit: i64) -> Result<Vec<AuditRow>> {
    let wanted = Wanted { object: Some(kind.to_owned()), result: Some(Outcome::Done), ..Wanted::default() };
    let search = Search { object_id: Span::just(id), ..wanted.search(None)? };
    let (found, _) = store::page(tx, &search, &Lead::Object(id.to_owned()), limit)?;
    shown(tx, found, Language::default())
}

/// Records in words: what they are about by name, what was done by its name.
pub fn shown(tx: &mut Tx, found: Vec<Found>, language: Language) -> Result<Vec<AuditRow>> {
    let ids: Vec<i64> = found.iter().map(|row| row.id).collect();
    let mut values: HashMap<i64, Values> = store::values(tx, &ids)?.into_iter().map(|values| (values.record_id, values)).collect();
    let names = names_of(tx, &found)?;
    let row = |row: Found| {
        let values = values.remove(&row.id);
        let [before, after] =
            [values.as_ref().and_then(|v| v.before_value.as_deref()), values.as_ref().and_then(|v| v.after_value.as_deref())];
        let value = |text: Option<&str>| text.map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)));
        let (before, after) = (value(before), value(after));
        let name = names
            .get(&(row.object_kind.clone(), row.object_id.clone()))
            .cloned()
            .or_else(|| called(&row, before.as_ref(), after.as_ref(), language));
        AuditRow {
            id: row.id.to_string(),
            at: row.at,
            actor: AuditActor {
                kind: row.actor_kind,
                id: row.actor_id.to_string(),
                name: row.actor_name,
                session: (row.session_id != 0).then(|| row.session_id.to_string()),
                method: row.method,
            },
            action_name: word("action", &row.action, language),
            action: row.action,
            object: AuditObject { kind_name: word("object", &row.object_kind, language), kind: row.object_kind, id: row.object_id, name },
            result: if row.result == "refused" { Outcome::Refused } else { Outcome::Done },
            why: (!row.code.is_empty()).then(|| why(&row.code, after.as_ref(), language)),
            code: Some(row.code).filter(|code| !code.is_empty()),
            address: row.address,
            request: row.request,
            seq: row.chain_seq,
            hash: row.chain_hash.map(|hash| hash.iter().map(|byte| format!("{byte:02x}")).collect()),
            is_erased: row.is_anonymised || (row.has_values && values.is_none()),
            before,
            after,
        }
    };
    Ok(found.into_iter().map(row).collect())
}

fn names_of(tx: &mut Tx, found: &[Found]) -> Result<HashMap<(String, String), String>> {
    let mut wanted: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for row in found {
        if let Ok(id) = row.object_id.parse() {
            wanted.entry(&row.object_kind).or_default().insert(id);
        }
    }
    let mut all = HashMap::new();
    for (kind, ids) in wanted {
        let ids: Vec<i64> = ids.into_iter().collect();
        all.extend(names::of(tx, kind, &ids)?.into_iter().map(|named| ((kind.to_owned(), named.id.to_string()), named.name)));
    }
    Ok(all)
}

/// What is not there any more is called as it was then; a setting by its text.
fn called(row: &Found, before: Option<&Value>, after: Option<&Value>, language: Language) -> Option<String> {
    if row.object_kind == "setting" {
        let key = format!("setting.{}", row.object_id);
        return locale::has(&key).then(|| locale::text(&key, language, &Map::new()));
    }
    // Customers are called by nobody who does not serve them.
    let name = |value: Option<&Value>| value.and_then(|value| value["name"].as_str()).map(str::to_owned);
    if row.object_kind == "customer" { None } else { name(after).or_else(|| name(before)) }
}

/// The name of an action, a kind of object or a column; the code itself if there is none.
pub fn word(what: &str, code: &str, language: Language) -> String {
    let key = format!("audit.{what}.{code}");
    if locale::has(&key) { locale::text(&key, language, &Map::new()) } else { code.to_owned() }
}

fn why(code: &str, after: Option<&Value>, language: Language) -> String {
    let details = after.and_then(|after| after["details"].as_object()).cloned().unwrap_or_default();
    locale::text(code, language, &details)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_read_or_refused() {
        let wanted = Wanted { action: Some("staff.".into()), actor: Some("7".into()), object_id: Some(" x ".into()), ..Wanted::default() };
        let search = wanted.search(Some("5.6")).unwrap();
        assert_eq!((search.before, search.actor_id, search.actor_kind), (Key { at: Millis(5), id: 6 }, Some(7), Span::just("staff")));
        assert_eq!((search.action.from.as_str(), search.object_id.from.as_str()), ("staff.", "x"));
        assert_eq!(
            Wanted { action: Some("staff.create".into()), ..Wanted::default() }.search(None).unwrap().action,
            Span::just("staff.create")
        );
        for after in ["", "5", "a.b", "5.", "5.6.7"] {
            assert_eq!(Wanted::default().search(Some(after)).unwrap_err().code(), "query_malformed", "{after}");
        }
        assert_eq!(Wanted { actor: Some("x".into()), ..Wanted::default() }.search(None).unwrap_err().code(), "query_malformed");
        assert_eq!(Key { at: Millis(-5), id: 6 }.to_string().parse::<Key>().unwrap(), Key { at: Millis(-5), id: 6 });
    }
}
