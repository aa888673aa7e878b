//! What may be said: the rules of each kind of body, and of client ids. Pure.
use super::card;
use crate::conversation::Kind;
use serde_json::{Value, json};
use yingda_base::{Error, Result, locale::Language};

/// Most characters of a text.
const LONGEST: usize = 4000;

/// A body that obeys the rules of its kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// What it is.
    pub kind: Kind,
    /// In canonical form: known fields only, keys sorted.
    pub body: Value,
    /// For clients that do not know the kind, and for lists.
    pub fallback: String,
    /// The file an image names.
    pub file: Option<String>,
}

/// A valid client id: 1–64 characters of `[A-Za-z0-9_.:-]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientId(pub String);

/// Refuses what is no client id.
pub fn check_client_id(text: &str) -> Result<ClientId> {
    let is_valid = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b));
    if is_valid { Ok(ClientId(text.to_owned())) } else { Err(Error::invalid("client_id_invalid")) }
}

impl Content {
    /// Parses a body as it came. Nothing is trimmed or changed; what does not fit is refused.
    pub fn parse(kind: &str, body: &Value, language: Language) -> Result<Content> {
        let kind: Kind = serde_json::from_value(json!(kind))
            .map_err(|_| Error::invalid("kind_invalid").with("kind", kind.chars().take(40).collect::<String>()))?;
        let text = || body["text"].as_str().ok_or_else(|| Error::invalid("body_invalid").with("field", "text"));
        match kind {
            Kind::Text | Kind::Note => {
                let text = check_text(text()?)?;
                Ok(Content { kind, body: json!({"text": text}), fallback: text.to_owned(), file: None })
            }
            Kind::Image => image(body, language),
            Kind::Card => {
                let card = &body["card"];
                card::check(card)?;
                Ok(Content { kind, body: json!({"card": card}), fallback: card::fallback(card), file: None })
            }
            Kind::File => {
                let file = file_of(body)?;
                // Name, size and type are the file's own: they are filled in when it is appended.
                Ok(Content { kind, body: json!({"file": file}), fallback: String::new(), file: Some(file.to_owned()) })
            }
            Kind::System | Kind::Voice => Err(Error::invalid("kind_invalid").with("kind", kind.as_str())),
        }
    }

    /// What the keyed hash of a client id is made over.
    pub fn canonical(&self) -> String {
        format!("{}\n{}", self.kind.as_str(), self.body)
    }
}

fn file_of(body: &Value) -> Result<&str> {
    let file = body["file"].as_str().filter(|file| (1..=64).contains(&file.len()));
    file.ok_or_else(|| Error::invalid("body_invalid").with("field", "file"))
}

fn image(body: &Value, language: Language) -> Result<Content> {
    let file = file_of(body)?;
    let side = |name: &'static str| {
        let valid = body[name].as_u64().filter(|n| (1..=20_000).contains(n));
        valid.ok_or_else(|| Error::invalid("body_invalid").with("field", name))
    };
    let mut canonical = json!({"file": file, "width": side("width")?, "height": side("height")?});
    if let Some(alt) = body["alt"].as_str() {
        canonical["alt"] = check_text(alt)?.chars().take(200).collect::<String>().into();
    }
    let fallback = match language {
        Language::Chinese => "[图片]",
        Language::English => "[Image]",
    };
    Ok(Content { kind: Kind::Image, body: canonical, fallback: fallback.to_owned(), file: Some(file.to_owned()) })
}

/// 1–4,000 characters, TAB and LF allowed, other C0 characters refused. Blank text says nothing and is refused too.
pub(super) fn check_text(text: &str) -> Result<&str> {
    if text.chars().count() > LONGEST {
        return Err(Error::invalid("text_too_long").with("limit", LONGEST));
    }
    let is_printable = text.chars().all(|c| c == '\t' || c == '\n' || (c as u32) >= 0x20);
    if is_printable && text.chars().any(|c| !c.is_whitespace()) { Ok(text) } else { Err(Error::invalid("text_invalid")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Result<Content> {
        Content::parse("text", &json!({"text": text}), Language::Chinese)
    }

    #[test]
    fn texts_are_kept_to_the_letter_or_refused() {
        for good in ["你好", " a\tb\nc ", "𠮷👨‍👩‍👧", "\u{7f}"] {
            assert_eq!(text(good).unwrap().body["text"], good);
        }
        for (bad, code) in [
            ("", "text_invalid"),
            (" \n\t ", "text_invalid"),
            ("a\0b", "text_invalid"),
            ("a\rb", "text_invalid"),
            ("\u{1b}[0m", "text_invalid"),
        ] {
            assert_eq!(text(bad).unwrap_err().code(), code, "{bad:?}");
        }
        assert!(text(&"字".repeat(4000)).is_ok());
        assert_eq!(text(&"字".repeat(4001)).unwrap_err().code(), "text_too_long");
    }

    #[test]
    fn kinds_a_client_may_not_send_are_refused() {
        for kind in ["system", "voice", "TEXT", "", "文字"] {
            assert_eq!(Content::parse(kind, &json!({"text": "a"}), Language::Chinese).unwrap_err().code(), "kind_invalid", "{kind}");
        }
        assert_eq!(Content::parse("text", &json!({"text": 5}), Language::Chinese).unwrap_err().code(), "body_invalid");
        assert_eq!(
            Content::parse("image", &json!({"file": "f", "width": 0, "height": 1}), Language::Chinese).unwrap_err().code(),
            "body_invalid"
        );
    }

    #[test]
    fn unknown_fields_do_not_make_another_body() {
        let plain = text("a").unwrap();
        let more = Content::parse("text", &json!({"text": "a", "colour": "red"}), Language::Chinese).unwrap();
        assert_eq!(plain.canonical(), more.canonical());
    }

    proptest! {
        #[test]
        fn no_text_panics_or_changes(input in any::<String>()) {
            if let Ok(content) = text(&input) {
                prop_assert_eq!(content.body["text"].as_str(), Some(input.as_str()));
            }
        }

        #[test]
        fn client_ids_hold_only_their_alphabet(input in any::<String>()) {
            let valid = !input.is_empty() && input.len() <= 64 && input.chars().all(|c| c.is_ascii_alphanumeric() || "_.:-".contains(c));
            prop_assert_eq!(check_client_id(&input).is_ok(), valid);
        }
    }
}
