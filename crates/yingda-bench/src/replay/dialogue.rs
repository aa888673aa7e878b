//! Dialogue files: JSON Lines of `{"id", "turns": [{"role", "text"}]}`; other keys are ignored.

use anyhow::Context as _;
use serde::Deserialize;

/// The protocol's limit for a text, in characters.
const LONGEST_TEXT: usize = 4000;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Dialogue {
    pub id: String,
    pub turns: Vec<Turn>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Turn {
    #[serde(rename = "role")]
    pub side: Side,
    pub text: String,
}

/// Who speaks; the names that collections of dialogues use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Side {
    #[serde(rename = "customer", alias = "user", alias = "usr")]
    Customer,
    #[serde(rename = "agent", alias = "sys")]
    Agent,
}

impl Side {
    /// The role the program gives to this side's entries.
    pub fn role(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
        }
    }
}

impl Turn {
    /// Whether the protocol takes this text: 1 to 4,000 characters, of the control characters below U+0020 only TAB and LF.
    pub fn is_sendable(&self) -> bool {
        let count = self.text.chars().count();
        (1..=LONGEST_TEXT).contains(&count) && self.text.chars().all(|it| it >= ' ' || it == '\t' || it == '\n')
    }
}

/// Reads a file's text. An error names the line.
pub fn parse(text: &str) -> anyhow::Result<Vec<Dialogue>> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(index, line)| serde_json::from_str(line).with_context(|| format!("line {}", index + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(text: &str) -> Turn {
        Turn { side: Side::Customer, text: text.to_owned() }
    }

    #[test]
    fn reads_both_vocabularies_and_ignores_the_rest() {
        let text = r#"{"id": "1", "kind": "x", "turns": [{"role": "sys", "text": "您好", "intent": "y"}, {"role": "usr", "text": " a\n"}]}

{"id": "2", "turns": [{"role": "user", "text": "b"}, {"role": "agent", "text": "c"}, {"role": "customer", "text": "d"}]}"#;
        let dialogues = parse(text).expect("two dialogues");
        assert_eq!(dialogues.len(), 2);
        assert_eq!(dialogues[0].turns[0].side, Side::Agent);
        assert_eq!(dialogues[0].turns[1].text, " a\n");
        let sides: Vec<Side> = dialogues[1].turns.iter().map(|turn| turn.side).collect();
        assert_eq!(sides, [Side::Customer, Side::Agent, Side::Customer]);
    }

    #[test]
    fn an_unknown_role_is_an_error_with_its_line() {
        let error = parse("{\"id\": \"1\", \"turns\": []}\n{\"id\": \"2\", \"turns\": [{\"role\": \"bot\", \"text\": \"a\"}]}");
        assert!(format!("{:#}", error.expect_err("no such role")).starts_with("line 2"));
    }

    #[test]
    fn knows_what_the_protocol_takes() {
        assert!(turn("a\tb\nc").is_sendable());
        assert!(turn(&"中".repeat(4000)).is_sendable());
        assert!(turn(" ").is_sendable());
        for refused in ["", "a\rb", "\u{0}", "\u{1b}", &"中".repeat(4001)] {
            assert!(!turn(refused).is_sendable(), "{refused:?}");
        }
    }
}
