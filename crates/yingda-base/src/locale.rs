//! Texts a user reads, in zh-CN and en. Each feature keeps its own `texts.toml` and registers it here with [`texts!`](crate::texts).
//!
//! ```toml
//! [conversation_taken]
//! zh = "{owner} 已经接待了这个会话"
//! en = "{owner} has already taken this conversation"
//! ```
use linkme::distributed_slice;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, sync::OnceLock};

/// Every registered text file: where it stands and its content.
#[distributed_slice]
pub static TEXT_FILES: [(&'static str, &'static str)];

/// `texts!("texts.toml")` in a feature's `mod.rs`.
#[macro_export]
macro_rules! texts {
    ($file:literal) => {
        #[expect(unsafe_code, reason = "a register places its statics in a link section")]
        const _: () = {
            #[linkme::distributed_slice($crate::locale::TEXT_FILES)]
            static TEXTS: (&'static str, &'static str) = (concat!(module_path!(), "/", $file), include_str!($file));
        };
    };
}
texts!("texts.toml");

/// A language a user may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// zh-CN
    #[default]
    Chinese,
    /// en
    English,
}

impl Language {
    /// The better of the two for an `Accept-Language` header or a language tag; Chinese unless English is asked for first.
    pub fn negotiate(header: &str) -> Language {
        let mut best = (0.0, Language::Chinese);
        for (place, part) in header.split(',').enumerate() {
            let (tag, quality) = part.split_once(";q=").unwrap_or((part, "1"));
            let language = match tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "zh" => Language::Chinese,
                "en" => Language::English,
                _ => continue,
            };
            let quality = quality.trim().parse::<f64>().unwrap_or(0.0) - place as f64 * 1e-6;
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }

    /// As in HTML and protocol fields.
    pub fn tag(self) -> &'static str {
        match self {
            Language::Chinese => "zh-CN",
            Language::English => "en",
        }
    }
}

#[derive(Deserialize)]
struct Text {
    zh: String,
    en: String,
}

fn all() -> &'static BTreeMap<String, Text> {
    static ALL: OnceLock<BTreeMap<String, Text>> = OnceLock::new();
    ALL.get_or_init(|| {
        let parse = |(at, text): &(&str, &str)| -> BTreeMap<String, Text> {
            toml::from_str(text).unwrap_or_else(|error| panic!("{at}: {error}")) // A test parses every file.
        };
        TEXT_FILES.iter().flat_map(parse).collect()
    })
}

/// Whether there is a text for this key.
pub fn has(key: &str) -> bool {
    all().contains_key(key)
}

/// All keys that begin so, in their order.
pub fn keys(prefix: &str) -> Vec<&'static str> {
    all().range(prefix.to_owned()..).map(|(key, _)| key.as_str()).take_while(|key| key.starts_with(prefix)).collect()
}

/// The text of a key with its `{parameters}` filled in; the key itself if there is no text.
pub fn text(key: &str, language: Language, parameters: &Map<String, Value>) -> String {
    let Some(text) = all().get(key) else { return key.to_owned() };
    let mut out = match language {
        Language::Chinese => text.zh.clone(),
        Language::English => text.en.clone(),
    };
    for (name, value) in parameters {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        out = out.replace(&format!("{{{name}}}"), &shown);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_asked_for_first_wins() {
        assert_eq!(Language::negotiate(""), Language::Chinese);
        assert_eq!(Language::negotiate("en-US,en;q=0.9,zh;q=0.8"), Language::English);
        assert_eq!(Language::negotiate("fr, zh-TW;q=0.4, en;q=0.3"), Language::Chinese);
        assert_eq!(Language::negotiate("en;q=x, zh;q=0.1"), Language::Chinese);
    }

    #[test]
    fn parameters_are_filled_in() {
        let parameters = Map::from_iter([("seconds".to_owned(), Value::from(30))]);
        assert!(text("rate_limited", Language::Chinese, &parameters).contains("30"));
        assert_eq!(text("no.such.key", Language::English, &parameters), "no.such.key");
    }

    #[test]
    fn no_key_stands_twice() {
        let mut seen = std::collections::HashSet::new();
        for (at, text) in TEXT_FILES {
            let file: toml::Table = toml::from_str(text).unwrap();
            for key in file.keys() {
                assert!(seen.insert(key.clone()), "{at}: {key} is already taken");
            }
        }
    }
}
