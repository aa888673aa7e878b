//! Tables `setting` and `setting_head`.
use super::{Scope, ScopeKind, register};
use crate::{Error, Millis, Result, Tx, bus::Event, row, sql};
use serde::{Deserialize, Serialize};
use serde_json::Value;

row! {
    /// A stored value.
    #[derive(Debug, Clone)]
    pub(super) struct Stored {
        pub key: String,
        pub scope: ScopeKind,
        pub scope_id: i64,
        pub value: String,
    }
    pub(super) struct Head { pub version: i64 }
    struct Before { value: String }
    struct Listed { key: String, scope: ScopeKind, scope_id: i64, value: String, version: i64, changed_at: Millis, changed_by: Option<i64> }
}

/// A value to set.
#[derive(Debug, Clone)]
pub struct NewValue<'a> {
    /// [`super::Setting::key`].
    pub key: &'a str,
    /// What it holds for.
    pub scope: Scope,
    /// The value in JSON.
    pub value: Value,
    /// The person who sets it.
    pub by: Option<i64>,
}

/// A value that was set.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Which setting.
    pub key: String,
    /// For what.
    pub scope: Scope,
    /// What was set there before.
    pub before: Option<Value>,
    /// What is set there now; absent after a reset.
    pub after: Option<Value>,
    /// Numbers the changes in the order they commit.
    pub version: i64,
    /// When.
    pub at: Millis,
    /// Who.
    pub by: Option<i64>,
}

/// Tells all nodes to read again.
#[derive(Debug, Serialize, Deserialize)]
pub struct Changed {
    /// [`Change::version`].
    pub version: i64,
}
impl Event for Changed {
    const TOPIC: &'static str = "setting.changed";
}

/// Sets a value. Errors: `setting.unknown`, `setting.invalid`, `setting.scope_refused`.
pub fn set(tx: &mut Tx, new: NewValue) -> Result<Change> {
    register::find(new.key)?.parse(&new.value)?;
    let (version, before) = begin(tx, new.key, new.scope)?;
    let now = tx.now();
    tx.run(sql!(
        "INSERT INTO setting (key, scope, scope_id, value, version, changed_at, changed_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (key, scope, scope_id) DO UPDATE SET
             value = excluded.value, version = excluded.version, changed_at = excluded.changed_at, changed_by = excluded.changed_by",
        new.key,
        new.scope.kind,
        new.scope.id,
        new.value.to_string(),
        version,
        now,
        new.by
    ))?;
    Ok(Change { key: new.key.to_owned(), scope: new.scope, before, after: Some(new.value), version, at: now, by: new.by })
}

/// Takes a value back, so that the next wider scope or the default holds. Errors: `setting.unknown`, `setting.scope_refused`.
pub fn reset(tx: &mut Tx, key: &str, scope: Scope, by: Option<i64>) -> Result<Change> {
    let (version, before) = begin(tx, key, scope)?;
    tx.run(sql!("DELETE FROM setting WHERE key = $1 AND scope = $2 AND scope_id = $3", key, scope.kind, scope.id))?;
    Ok(Change { key: key.to_owned(), scope, before, after: None, version, at: tx.now(), by })
}

/// Keeps other changes out until the unit ends: for those who look before they set.
pub fn lock(tx: &mut Tx) -> Result<()> {
    tx.run(sql!("UPDATE setting_head SET version = version WHERE id = 1")).map(drop)
}

/// All values that are set, for screens.
pub fn list(tx: &mut Tx) -> Result<Vec<Change>> {
    let rows: Vec<Listed> =
        tx.all(sql!("SELECT key, scope, scope_id, value, version, changed_at, changed_by FROM setting ORDER BY key, scope, scope_id"))?;
    rows.into_iter()
        .map(|row| {
            let scope = Scope { kind: row.scope, id: row.scope_id };
            let after = Some(json(&row.value)?);
            Ok(Change { key: row.key, scope, before: None, after, version: row.version, at: row.changed_at, by: row.changed_by })
        })
        .collect()
}

pub(super) fn head(tx: &mut Tx) -> Result<i64> {
    Ok(tx.get::<Head>("setting_head", sql!("SELECT version FROM setting_head WHERE id = 1"))?.version)
}

pub(super) fn all(tx: &mut Tx) -> Result<Vec<Stored>> {
    tx.all(sql!("SELECT key, scope, scope_id, value FROM setting ORDER BY key, scope, scope_id"))
}

/// Changes wait for each other here, so that a higher version commits later and nobody misses one.
fn begin(tx: &mut Tx, key: &str, scope: Scope) -> Result<(i64, Option<Value>)> {
    let setting = register::find(key)?;
    if !setting.scopes().contains(&scope.kind) {
        return Err(Error::invalid("setting.scope_refused").with("key", key).with("scope", scope.kind.as_str()));
    }
    tx.run(sql!("UPDATE setting_head SET version = version + 1 WHERE id = 1"))?;
    let version = head(tx)?;
    tx.emit(Changed { version });
    let before = sql!("SELECT value FROM setting WHERE key = $1 AND scope = $2 AND scope_id = $3", key, scope.kind, scope.id);
    let before = tx.find::<Before>(before)?.map(|row| json(&row.value)).transpose()?;
    Ok((version, before))
}

fn json(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(Error::internal)
}
