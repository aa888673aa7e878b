//! Listing settings, setting values and taking them back.
use super::{
    model::{self, Choice, SettingView, ValueView, Whom},
    store,
};
use crate::{
    App,
    audit::{self, Audit},
};
use serde_json::{Map, Value, json};
use yingda_base::{
    Error, Result, Tx,
    http::Caller,
    locale::{self, Language},
    setting::{self, ALL_SETTINGS, AnySetting, Change, NewValue, Scope, ScopeKind},
};

/// All settings by key, with their values and texts in a language.
pub async fn list(app: &App, language: Language) -> Result<Vec<SettingView>> {
    let values = app.db.read(setting::list).await?;
    let mut all: Vec<SettingView> = ALL_SETTINGS.iter().map(|setting| view(*setting, &values, language)).collect();
    all.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(all)
}

fn view(setting: &dyn AnySetting, values: &[Change], language: Language) -> SettingView {
    let key = setting.key();
    let text = |suffix: &str| locale::text(&format!("setting.{key}{suffix}"), language, &Map::new());
    let mut values: Vec<ValueView> = values.iter().filter(|change| change.key == key).filter_map(value_view).collect();
    values.sort_by_key(|value| (value.scope, value.target.clone()));
    SettingView {
        key: key.to_owned(),
        name: text(""),
        about: text(".about"),
        is_security: model::is_security(key),
        choices: setting.choices().iter().map(|value| Choice { value: (*value).to_owned(), name: text(&format!(".{value}")) }).collect(),
        scopes: setting.scopes().to_vec(),
        default: setting.default_json(),
        values,
    }
}

fn value_view(change: &Change) -> Option<ValueView> {
    Some(ValueView {
        scope: change.scope.kind,
        target: (change.scope.kind != ScopeKind::Operator).then(|| change.scope.id.to_string()),
        value: change.after.clone()?,
        version: change.version,
        changed_at: change.at,
        changed_by: change.by.map(|id| id.to_string()),
    })
}

/// Sets a value; it holds on all nodes within two seconds.
///
/// Codes: `forbidden` and `step_up_required` ([`model::check_right`]), `setting.unknown`, `setting.invalid`, `setting.scope_refused`, `setting.target_invalid`, `setting.changed` (somebody else was
/// faster), `not_found` (the target).
pub async fn set(app: &App, caller: &Caller, key: String, whom: Whom, value: Value) -> Result<()> {
    model::check_right(caller.actor.staff()?, &key)?;
    let (by, caller, scope) = (caller.actor.staff()?.id, caller.clone(), whom.scope()?);
    let set = move |tx: &mut Tx| {
        check(tx, &key, scope, whom.version)?;
        let change = setting::set(tx, NewValue { key: &key, scope, value: value.clone(), by: Some(by) })?;
        audit::record(tx, &caller, &audit_of("setting.set", &change))
    };
    app.db.write(set).await?;
    app.settings.refresh(&app.db).await.map(drop)
}

/// Takes a value back, so that the next wider one holds. Codes: as [`set`], and `not_found` where none is set.
pub async fn reset(app: &App, caller: &Caller, key: String, whom: Whom) -> Result<()> {
    model::check_right(caller.actor.staff()?, &key)?;
    let (by, caller, scope) = (caller.actor.staff()?.id, caller.clone(), whom.scope()?);
    let reset = move |tx: &mut Tx| {
        check(tx, &key, scope, whom.version)?;
        let change = setting::reset(tx, &key, scope, Some(by))?;
        if change.before.is_none() {
            return Err(Error::not_found("setting"));
        }
        audit::record(tx, &caller, &audit_of("setting.reset", &change))
    };
    app.db.write(reset).await?;
    app.settings.refresh(&app.db).await.map(drop)
}

fn check(tx: &mut Tx, key: &str, scope: Scope, version: i64) -> Result<()> {
    setting::lock(tx)?;
    if !store::exists(tx, scope)? {
        return Err(Error::not_found(scope.kind.as_str()));
    }
    let current = setting::list(tx)?.into_iter().find(|change| change.key == key && change.scope == scope);
    let current = current.map_or(0, |change| change.version);
    if current == version { Ok(()) } else { Err(Error::conflict("setting.changed").with("version", current)) }
}

fn audit_of(action: &'static str, change: &Change) -> Audit {
    let text = |value: &Value| json!({"scope": change.scope.kind, "target": change.scope.id.to_string(), "value": value}).to_string();
    Audit {
        action,
        object_kind: "setting",
        object_id: change.key.clone(),
        before: change.before.as_ref().map(text),
        after: change.after.as_ref().map(text),
        ..Audit::default()
    }
}
