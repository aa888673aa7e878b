//! What settings there are.
use super::ScopeKind;
use crate::{Error, Result};
use linkme::distributed_slice;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{any::Any, sync::Arc};

/// A declared setting with values of type `T`.
pub struct Setting<T: 'static> {
    /// Its name, such as `presence.grace_s`; the feature comes first. Also the locale key of its text, below `setting.`.
    pub key: &'static str,
    /// What holds where nobody set anything.
    pub default: fn() -> T,
    /// What it can be set for.
    pub scopes: &'static [ScopeKind],
    /// Whether a value is allowed.
    pub check: fn(&T) -> bool,
    /// All values, where they are few and have names: `setting.KEY.VALUE`.
    pub choices: &'static [&'static str],
}

/// All settings, for screens that show them and for reading stored values.
#[distributed_slice]
pub static ALL_SETTINGS: [&'static dyn AnySetting];

/// A setting whose type isn't known.
pub trait AnySetting: Sync {
    /// Its name.
    fn key(&self) -> &'static str;
    /// What it can be set for.
    fn scopes(&self) -> &'static [ScopeKind];
    /// What holds where nobody set anything, in JSON.
    fn default_json(&self) -> Value;
    /// All values, where they are few and have names: `setting.KEY.VALUE`. Empty for others.
    fn choices(&self) -> &'static [&'static str];
    /// A stored or sent value as the `T` of its [`Setting`]. Error: `setting.invalid`.
    fn parse(&self, json: &Value) -> Result<Arc<dyn Any + Send + Sync>>;
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> AnySetting for Setting<T> {
    fn key(&self) -> &'static str {
        self.key
    }

    fn scopes(&self) -> &'static [ScopeKind] {
        self.scopes
    }

    fn choices(&self) -> &'static [&'static str] {
        self.choices
    }

    fn default_json(&self) -> Value {
        serde_json::to_value((self.default)()).expect("values of settings are plain JSON")
    }

    fn parse(&self, json: &Value) -> Result<Arc<dyn Any + Send + Sync>> {
        let invalid = || Error::invalid("setting.invalid").with("key", self.key);
        let value: T = serde_json::from_value(json.clone()).map_err(|cause| invalid().caused_by(cause))?;
        if (self.check)(&value) { Ok(Arc::new(value)) } else { Err(invalid()) }
    }
}

/// The setting of this name. Error: `setting.unknown`.
pub(super) fn find(key: &str) -> Result<&'static dyn AnySetting> {
    let found = ALL_SETTINGS.iter().find(|setting| setting.key() == key);
    found.copied().ok_or_else(|| Error::invalid("setting.unknown").with("key", key))
}

/// Declares settings:
/// ```ignore
/// setting! {
///     /// How long a broken connection keeps its place, in seconds.
///     pub static GRACE_S: i64 = "presence.grace_s", default 180, scopes [Operator, Group], check |s| (10..=3600).contains(s);
/// }
/// ```
#[macro_export]
macro_rules! setting {
    ($($(#[$meta:meta])* $vis:vis static $name:ident : $type:ty = $key:literal, default $default:expr, scopes [$($scope:ident),+ $(,)?]
        $(, check $check:expr)? $(, choices [$($choice:literal),+ $(,)?])? ;)*) => { $(
        $(#[$meta])*
        $vis static $name: $crate::setting::Setting<$type> = $crate::setting::Setting {
            key: $key,
            default: || $default,
            scopes: &[$($crate::setting::ScopeKind::$scope),+],
            check: $crate::setting!(@check $type $(, $check)?),
            choices: &[$($($choice),+)?],
        };
        const _: () = {
            #[linkme::distributed_slice($crate::setting::ALL_SETTINGS)]
            static REGISTERED: &'static dyn $crate::setting::AnySetting = &$name;
        };
    )* };
    (@check $type:ty) => { |_: &$type| true };
    (@check $type:ty, $check:expr) => {{
        // Gives the closure its type.
        const CHECK: fn(&$type) -> bool = $check;
        CHECK
    }};
}
