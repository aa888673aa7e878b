//! The four sources of a configuration, joined key by key, each value with where it came from.
use super::{DEFAULT, nearest::nearest};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};
use toml::{
    Value,
    de::{DeTable, DeValue},
};
use yingda_base::{Error, Result};

/// Every key of the manual with the value that holds now.
pub(super) struct Layers {
    values: BTreeMap<String, (Value, Origin)>,
}

enum Origin {
    Manual,
    File(PathBuf, usize),
    Variable(String),
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Manual => write!(f, "default.toml"),
            Origin::File(path, line) => write!(f, "{}:{line}", path.display()),
            Origin::Variable(name) => write!(f, "{name}"),
            Origin::Flag(name) => write!(f, "{name}"),
        }
    }
}

impl Layers {
    pub(super) fn defaults() -> Layers {
        let manual: toml::Table = toml::from_str(DEFAULT).expect("a test parses the manual");
        let sections = manual.into_iter().filter_map(|(section, keys)| Some((section, keys.try_into::<toml::Table>().ok()?)));
        let values = sections
            .flat_map(|(section, keys)| keys.into_iter().map(move |(key, value)| (format!("{section}.{key}"), (value, Origin::Manual))));
        Layers { values: values.collect() }
    }

    pub(super) fn add_file(&mut self, path: &Path, text: &str) -> Result<()> {
        let line = |offset: usize| text[..offset.min(text.len())].bytes().filter(|byte| *byte == b'\n').count() + 1;
        let origin = |offset| Origin::File(path.to_owned(), line(offset));
        let document = DeTable::parse(text).map_err(|error| {
            let at = origin(error.span().map_or(0, |span| span.start)).to_string();
            Error::invalid("config.file_malformed").with("at", at).with("reason", error.message())
        })?;
        for (section, keys) in document.get_ref() {
            let DeValue::Table(keys) = keys.get_ref() else {
                return Err(self.unknown(&origin(section.span().start), section.get_ref()));
            };
            for (key, value) in keys {
                let (at, name) = (origin(key.span().start), format!("{}.{}", section.get_ref(), key.get_ref()));
                let plain = plain(value.get_ref());
                match self.values.get_mut(&name) {
                    Some(known) => *known = (plain, at),
                    None => return Err(self.unknown(&at, &name)),
                }
            }
        }
        Ok(())
    }

    /// Takes `YINGDA_SECTION_KEY`. Variables of other sections than ours are none of our business.
    pub(super) fn add_environment(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<()> {
        let names: BTreeMap<String, String> = self.values.keys().map(|key| (variable(key), key.clone())).collect();
        let sections: BTreeSet<String> =
            self.values.keys().filter_map(|key| key.split('.').next()).map(|section| format!("{}_", variable(section))).collect();
        for (name, text) in variables {
            if let Some(key) = names.get(&name) {
                let value = match self.values[key].0 {
                    Value::String(_) => Value::String(text),
                    Value::Array(_) => {
                        Value::Array(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect())
                    }
                    // Numbers and truths are written as in the file; what is none of them is refused when it is read.
                    _ => text.parse::<Value>().unwrap_or(Value::String(text)),
                };
                self.values.insert(key.clone(), (value, Origin::Variable(name)));
            } else if sections.iter().any(|section| name.starts_with(section)) {
                return Err(unknown(&name, &name, nearest(&name, names.keys().map(String::as_str))));
            }
        }
        Ok(())
    }

    pub(super) fn add_flag(&mut self, key: &str, flag: &'static str, value: Option<String>) {
        if let Some(value) = value {
            self.values.insert(key.to_owned(), (Value::String(value), Origin::Flag(flag)));
        }
    }

    pub(super) fn text(&self, key: &str) -> Result<&str> {
        self.of_kind(key, "config.not_a_text", self.value(key).as_str())
    }

    pub(super) fn list(&self, key: &str) -> Result<Vec<String>> {
        let texts = self.value(key).as_array().and_then(|list| list.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        self.of_kind(key, "config.not_a_list", texts)
    }

    pub(super) fn truth(&self, key: &str) -> Result<bool> {
        self.of_kind(key, "config.not_true_or_false", self.value(key).as_bool())
    }

    pub(super) fn number(&self, key: &str, range: RangeInclusive<usize>) -> Result<usize> {
        let number = self.value(key).as_integer().and_then(|number| usize::try_from(number).ok()).filter(|number| range.contains(number));
        let named = |error: Error| error.with("least", *range.start()).with("most", *range.end());
        self.of_kind(key, "config.not_a_number", number).map_err(named)
    }

    pub(super) fn choice(&self, key: &str, choices: &[&str]) -> Result<&str> {
        let chosen = self.value(key).as_str().filter(|text| choices.contains(text));
        self.of_kind(key, "config.not_a_choice", chosen).map_err(|error| error.with("choices", choices.join(", ")))
    }

    /// What a value was read as, or an error that says where it stands.
    pub(super) fn of_kind<T>(&self, key: &str, code: &'static str, read: Option<T>) -> Result<T> {
        let (value, origin) = &self.values[key];
        // What stands in a database address may be a password, and a token is one.
        let shown =
            if ["database.url", "metrics.token", "oidc.client_secret"].contains(&key) { "…".to_owned() } else { value.to_string() };
        read.ok_or_else(|| Error::invalid(code).with("at", origin.to_string()).with("key", key).with("value", shown))
    }

    #[cfg(test)]
    pub(super) fn keys(&self) -> Vec<String> {
        self.values.keys().cloned().collect()
    }

    fn value(&self, key: &str) -> &Value {
        &self.values[key].0
    }

    fn unknown(&self, at: &Origin, key: &str) -> Error {
        let known = || self.values.keys().map(String::as_str);
        let last = |key: &str| key.rsplit('.').next().map(str::to_owned);
        unknown(&at.to_string(), key, nearest(key, known()).or_else(|| known().find(|candidate| last(candidate) == last(key))))
    }
}

fn unknown(at: &str, key: &str, nearest: Option<&str>) -> Error {
    let error = match nearest {
        Some(nearest) => Error::invalid("config.key_unknown").with("nearest", nearest),
        None => Error::invalid("config.key_strange"),
    };
    error.with("at", at).with("key", key)
}

fn variable(key: &str) -> String {
    format!("YINGDA_{}", key.replace('.', "_").to_uppercase())
}

fn plain(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or_else(|_| Value::String(number.to_string()), Value::Integer)
        }
        DeValue::Float(number) => Value::String(number.to_string()),
        DeValue::Datetime(moment) => Value::Datetime(*moment),
        DeValue::Array(list) => Value::Array(list.iter().map(|item| plain(item.get_ref())).collect()),
        DeValue::Table(table) => Value::Table(table.iter().map(|(key, item)| (key.get_ref().to_string(), plain(item.get_ref()))).collect()),
    }
}
