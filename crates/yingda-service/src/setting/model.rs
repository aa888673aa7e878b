//! Settings as administrators see them.
use crate::auth::permission;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use yingda_base::{
    Error, Millis, Result,
    http::StaffActor,
    setting::{Scope, ScopeKind},
};

/// A setting with all its values.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SettingView {
    /// Feature and name: `file.image_mb`.
    pub key: String,
    /// In the reader's language.
    pub name: String,
    /// What it does, in the reader's language.
    pub about: String,
    /// Changed by those who may change settings of security, and not by others.
    pub is_security: bool,
    /// All values it can have, where they are few.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// What it can be set for.
    pub scopes: Vec<ScopeKind>,
    /// What holds where nobody set anything.
    pub default: Value,
    /// What was set, the widest scope first.
    pub values: Vec<ValueView>,
}

/// One of the few values a setting can have.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Choice {
    /// As it is set.
    pub value: String,
    /// In the reader's language.
    pub name: String,
}

/// A value that was set.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ValueView {
    /// What kind of thing it holds for.
    pub scope: ScopeKind,
    /// Which branch, site or group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The value.
    pub value: Value,
    /// Grows with every change; to be given back with one.
    pub version: i64,
    /// When it was set.
    pub changed_at: Millis,
    /// Who set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<String>,
}

/// Whether a setting decides who gets in and how, or how long it is known who did what. Those belong to the security administrator: who
/// runs the installation must not be able to lower its locks, or to let its traces be forgotten, alone.
pub fn is_security(key: &str) -> bool {
    ["auth.", "audit.", "visit.identity"].iter().any(|what| key.starts_with(what))
}

/// Whether somebody may change this setting. Codes: `forbidden`; `step_up_required` for those of security.
pub fn check_right(actor: &StaffActor, key: &str) -> Result<()> {
    let right = if is_security(key) { permission::SETTING_SECURE } else { permission::SETTING_MANAGE };
    if !actor.can(right) {
        return Err(Error::forbidden("forbidden"));
    }
    if is_security(key) { actor.check_proof() } else { Ok(()) }
}

/// What a value holds for, as asked for.
#[derive(Clone, Debug, Deserialize, ToSchema, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Whom {
    /// What kind of thing; the operator unless said.
    #[serde(default = "operator")]
    pub scope: ScopeKind,
    /// Which branch, site or group; absent for the operator.
    pub target: Option<String>,
    /// The `version` of the value this change was made on; 0 or absent where none was set.
    #[serde(default)]
    pub version: i64,
}

fn operator() -> ScopeKind {
    ScopeKind::Operator
}

impl Whom {
    /// The scope it names. Code: `setting.target_invalid`.
    pub fn scope(&self) -> Result<Scope> {
        let target = self.target.as_deref().map(str::parse::<i64>);
        match (self.scope, target) {
            (ScopeKind::Operator, None) => Ok(Scope::OPERATOR),
            (ScopeKind::Branch | ScopeKind::Site | ScopeKind::Group, Some(Ok(id))) => Ok(Scope::of(self.scope, id)),
            _ => Err(Error::invalid("setting.target_invalid")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_operator_has_no_target() {
        let scope = |json: &str| serde_json::from_str::<Whom>(json).unwrap().scope().map_err(|error| error.code());
        assert_eq!(scope("{}"), Ok(Scope::OPERATOR));
        assert_eq!(scope(r#"{"scope": "group", "target": "7"}"#), Ok(Scope::of(ScopeKind::Group, 7)));
        for bad in [r#"{"scope": "group"}"#, r#"{"target": "7"}"#, r#"{"scope": "site", "target": "x"}"#] {
            assert_eq!(scope(bad), Err("setting.target_invalid"));
        }
    }
}
