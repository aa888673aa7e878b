//! What a socket says and hears: frames of the program, or bare text of the relay.

use std::{borrow::Cow, fmt::Write as _};

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What each entry says after its number; of the length of a usual sentence.
const PHRASE: &str = " 您好，请问我这个月的套餐流量还剩多少？";

/// Something heard on a socket.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// The own entry with this number is committed.
    Acked(u64),
    /// The other side's entry with this number.
    Shown(u64),
    /// A question that is answered at once.
    Asked(String),
    /// Nothing that matters here.
    Other,
}

/// The language of one side of a pair.
pub trait Tongue: Send + 'static {
    /// Entry number `n` of this side, as it goes out.
    fn say(&self, n: u64) -> String;
    /// What came in; an error if it must not come.
    fn hear(&mut self, text: &str) -> anyhow::Result<Heard>;
    /// Whether the other side's hearing is all there is to know of an entry.
    const IS_UNACKNOWLEDGED: bool;
    /// What a client says from time to time so that both know that the other is there.
    fn beat(&mut self) -> Option<String>;
}

fn sentence(n: u64) -> String {
    let mut text = n.to_string();
    text.push_str(PHRASE);
    text
}

fn number(text: &str) -> Option<u64> {
    text.strip_suffix(PHRASE)?.parse().ok()
}

/// Of the relay: the sentence and nothing else.
#[derive(Debug)]
pub struct Bare;

impl Tongue for Bare {
    const IS_UNACKNOWLEDGED: bool = true;

    fn say(&self, n: u64) -> String {
        sentence(n)
    }

    fn hear(&mut self, text: &str) -> anyhow::Result<Heard> {
        number(text).map(Heard::Shown).with_context(|| format!("the relay changed a text: {text}"))
    }

    fn beat(&mut self) -> Option<String> {
        None
    }
}

/// Of the program: docs/protocol.md, as far as one conversation between two needs it.
#[derive(Debug)]
pub struct Frames {
    conversation: String,
    /// Before the number in client ids; differs between sides and runs.
    prefix: String,
    /// The role of this side's own entries.
    role: &'static str,
    /// The last `seq` that was shown.
    held: u64,
    pings: u64,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow, default)]
    conversation: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    client_id: Option<Cow<'a, str>>,
    seq: Option<u64>,
    #[serde(borrow, default)]
    author: Option<Author<'a>>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    #[serde(borrow, default)]
    n: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Author<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

impl Frames {
    /// A side that was shown everything up to `held`.
    pub fn new(conversation: String, prefix: String, role: &'static str, held: u64) -> Self {
        Self { conversation, prefix, role, held, pings: 0 }
    }

    fn entry(&mut self, frame: &Frame<'_>, text: &str) -> anyhow::Result<Heard> {
        let seq = frame.seq.context("an entry without seq")?;
        ensure!(seq == self.held + 1, "entry {seq} was shown after {}: {text}", self.held);
        self.held = seq;
        let role = frame.author.as_ref().map(|author| &*author.role).context("an entry without author")?;
        if role == self.role || role == "system" {
            return Ok(Heard::Other);
        }
        let body: Body<'_> = serde_json::from_str(frame.body.context("an entry without body")?.get())?;
        number(&body.text).map(Heard::Shown).with_context(|| format!("the program changed a text: {text}"))
    }
}

impl Tongue for Frames {
    const IS_UNACKNOWLEDGED: bool = false;

    fn say(&self, n: u64) -> String {
        let mut frame = String::with_capacity(256);
        // Ids and sentence hold nothing that JSON would write in another way; writing to a string cannot fail.
        let _ = write!(
            frame,
            r#"{{"v":1,"type":"send","conversation":"{}","client_id":"{}{n}","kind":"text","body":{{"text":"{}"}}}}"#,
            self.conversation,
            self.prefix,
            sentence(n)
        );
        frame
    }

    fn hear(&mut self, text: &str) -> anyhow::Result<Heard> {
        let frame: Frame<'_> = serde_json::from_str(text).with_context(|| text.to_owned())?;
        let is_here = frame.conversation.as_deref() == Some(&*self.conversation);
        match &*frame.r#type {
            "entry" if is_here => self.entry(&frame, text),
            "ack" if is_here => {
                let n = frame.client_id.as_deref().and_then(|id| id.strip_prefix(&*self.prefix)?.parse().ok());
                n.map(Heard::Acked).with_context(|| format!("an acknowledgement for nothing that was sent: {text}"))
            }
            "ping" => {
                let n = frame.n.context("a ping without n")?.get();
                Ok(Heard::Asked(format!(r#"{{"v":1,"type":"pong","n":{n}}}"#)))
            }
            "error" | "bye" => bail!("the program said {text}"),
            _ => Ok(Heard::Other),
        }
    }

    fn beat(&mut self) -> Option<String> {
        self.pings += 1;
        Some(format!(r#"{{"v":1,"type":"ping","n":{}}}"#, self.pings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, role: &str, text: &str) -> String {
        let body = serde_json::json!({"text": text});
        serde_json::json!({"v": 1, "type": "entry", "conversation": "c", "seq": seq, "kind": "text", "author": {"role": role}, "body": body}).to_string()
    }

    fn side() -> Frames {
        Frames::new("c".to_owned(), "v-".to_owned(), "customer", 4)
    }

    #[test]
    fn a_frame_said_is_json_and_its_text_is_heard_again() {
        let said: serde_json::Value = serde_json::from_str(&side().say(17)).expect("JSON");
        assert_eq!((said["client_id"].as_str(), said["conversation"].as_str()), (Some("v-17"), Some("c")));
        let text = said["body"]["text"].as_str().expect("words");
        assert_eq!(side().hear(&entry(5, "agent", text)).expect("fine"), Heard::Shown(17));
        assert_eq!(Bare.hear(&Bare.say(3)).expect("fine"), Heard::Shown(3));
    }

    #[test]
    fn acknowledgements_and_questions_are_told_from_the_rest() {
        let mut side = side();
        assert_eq!(side.hear(r#"{"type":"ack","conversation":"c","client_id":"v-9","seq":8}"#).expect("fine"), Heard::Acked(9));
        assert_eq!(side.hear(r#"{"type":"ping","n":3}"#).expect("fine"), Heard::Asked(r#"{"v":1,"type":"pong","n":3}"#.to_owned()));
        assert_eq!(side.hear(r#"{"type":"read","conversation":"c"}"#).expect("fine"), Heard::Other);
        assert_eq!(side.hear(&entry(5, "customer", "mine")).expect("fine"), Heard::Other);
    }

    #[test]
    fn gaps_changed_texts_and_refusals_end_the_run() {
        assert!(side().hear(&entry(6, "agent", &sentence(1))).is_err(), "a gap");
        assert!(side().hear(&entry(4, "agent", &sentence(1))).is_err(), "shown twice");
        assert!(side().hear(&entry(5, "agent", "1 您好")).is_err(), "another text");
        assert!(side().hear(r#"{"type":"ack","conversation":"c","client_id":"w-9","seq":8}"#).is_err(), "not ours");
        assert!(side().hear(r#"{"type":"bye","reason":"busy"}"#).is_err());
        assert!(Bare.hear("1").is_err());
    }
}
