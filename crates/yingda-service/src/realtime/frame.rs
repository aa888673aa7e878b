//! Frames: docs/protocol.md, section 4. Parsing what clients send, writing what they get.
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::Write;
use yingda_base::{
    Error, Millis,
    locale::{self, Language},
};

/// The version of the protocol.
pub(super) const VERSION: u64 = 1;
/// Every type a client can send. What is not in this list is not read, so that the matrix of who may do what knows all of them.
pub(crate) const CLIENT_FRAMES: [&str; 9] = ["hello", "send", "typing", "preview", "read", "presence", "ping", "pong", "bye"];
/// A longer frame is answered with an error; ten times longer closes the socket.
pub(super) const LONGEST: usize = 64 * 1024;

/// What a client can say.
#[derive(Debug)]
pub(super) enum ClientFrame {
    Hello(Hello),
    Send(SendFrame),
    Typing(Typing),
    Preview(Preview),
    Read(Read),
    Presence(Presence),
    Ping(Beat),
    Pong(Beat),
    Bye,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Hello {
    pub token: Option<String>,
    pub generation: Option<String>,
    pub inbox_rev: Option<String>,
    #[serde(default)]
    pub resume: Vec<Resume>,
    pub locale: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Resume {
    pub conversation: String,
    #[serde(default)]
    pub after: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct SendFrame {
    pub conversation: String,
    pub client_id: String,
    pub kind: String,
    #[serde(default)]
    pub body: Value,
    pub locale: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Typing {
    pub conversation: String,
    pub on: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Preview {
    pub conversation: String,
    pub text: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Read {
    pub conversation: String,
    #[serde(default)]
    pub delivered: i64,
    #[serde(default)]
    pub read: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Presence {
    pub accepting: Option<bool>,
    pub page: Option<crate::conversation::actions::Page>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Beat {
    pub n: i64,
}

#[derive(Deserialize)]
struct Envelope {
    v: Option<u64>,
    r#type: Option<String>,
}

/// Reads a frame, or says what is wrong with it. The error names the conversation and client id if they could be read.
pub(super) fn parse(text: &str) -> Result<ClientFrame, Error> {
    if text.len() > LONGEST {
        return Err(Error::malformed("frame_too_large").with("limit", LONGEST));
    }
    let malformed = |_| Error::malformed("frame_malformed");
    let envelope: Envelope = serde_json::from_str(text).map_err(malformed)?;
    if envelope.v != Some(VERSION) {
        return Err(Error::malformed("version_unsupported").with("supported", VERSION));
    }
    let kind = envelope.r#type.as_deref().filter(|kind| CLIENT_FRAMES.contains(kind)).unwrap_or_default();
    Ok(match kind {
        "hello" => ClientFrame::Hello(serde_json::from_str(text).map_err(malformed)?),
        "send" => ClientFrame::Send(serde_json::from_str(text).map_err(malformed)?),
        "typing" => ClientFrame::Typing(serde_json::from_str(text).map_err(malformed)?),
        "preview" => ClientFrame::Preview(serde_json::from_str(text).map_err(malformed)?),
        "read" => ClientFrame::Read(serde_json::from_str(text).map_err(malformed)?),
        "presence" => ClientFrame::Presence(serde_json::from_str(text).map_err(malformed)?),
        "ping" => ClientFrame::Ping(serde_json::from_str(text).map_err(malformed)?),
        "pong" => ClientFrame::Pong(serde_json::from_str(text).map_err(malformed)?),
        "bye" => ClientFrame::Bye,
        _ => return Err(Error::malformed("frame_unknown")),
    })
}

/// The answer to a sending that is committed.
#[derive(Serialize)]
pub(super) struct Ack {
    pub conversation: String,
    pub client_id: String,
    pub seq: i64,
    pub at: Millis,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub duplicate: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<String>,
}

/// Writes a frame of this type; `body` must be a struct or map. An entry brings the `v` of its own: no name stands in a frame twice.
pub(super) fn write<T: Serialize>(kind: &str, body: &T) -> String {
    let mut frame = Vec::with_capacity(512);
    match kind {
        "entry" => write!(frame, r#"{{"type":"{kind}""#),
        _ => write!(frame, r#"{{"v":{VERSION},"type":"{kind}""#),
    }
    .expect("memory takes everything");
    let head = frame.len();
    serde_json::to_writer(&mut frame, body).expect("frames are plain JSON");
    // The fields of the body go on where the head ends: its brace becomes a comma, or nothing if there are none.
    assert_eq!(frame.get(head), Some(&b'{'), "the body of a frame is an object");
    if frame.len() == head + 2 {
        frame.remove(head);
    } else {
        frame[head] = b',';
    }
    String::from_utf8(frame).expect("JSON is UTF-8")
}

/// An error as a frame. `about` adds `conversation`, `client_id` or `n`.
pub(super) fn error(error: &Error, language: Language, about: Value) -> String {
    let mut body = json!({"code": error.code(), "message": locale::text(error.code(), language, error.details())});
    if !error.details().is_empty() {
        body["details"] = Value::Object(error.details().clone());
    }
    if let Some(retry) = error.retry_ms() {
        body["retry_ms"] = retry.into();
    }
    if let Value::Object(about) = about {
        for (name, value) in about.into_iter().filter(|(_, value)| !value.is_null()) {
            body[name] = value;
        }
    }
    write("error", &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn frames_are_read_or_refused_by_name() {
        assert!(matches!(parse(r#"{"v":1,"type":"ping","n":3}"#), Ok(ClientFrame::Ping(Beat { n: 3 }))));
        assert!(matches!(parse(r#"{"v":1,"type":"hello","future":true}"#), Ok(ClientFrame::Hello(_))));
        for (text, code) in [
            ("", "frame_malformed"),
            ("[]", "frame_malformed"),
            ("null", "frame_malformed"),
            (r#"{"v":1,"type":"ping"}"#, "frame_malformed"),
            (r#"{"type":"ping","n":1}"#, "version_unsupported"),
            (r#"{"v":2,"type":"ping","n":1}"#, "version_unsupported"),
            (r#"{"v":1,"type":"drop tables"}"#, "frame_unknown"),
            (r#"{"v":1}"#, "frame_unknown"),
        ] {
            assert_eq!(parse(text).unwrap_err().code(), code, "{text}");
        }
        let long = format!(r#"{{"v":1,"type":"ping","n":1,"x":"{}"}}"#, "a".repeat(LONGEST));
        assert_eq!(parse(&long).unwrap_err().code(), "frame_too_large");
    }

    #[test]
    fn frames_are_written_with_version_and_type() {
        assert_eq!(write("pong", &json!({"n": 1})), r#"{"v":1,"type":"pong","n":1}"#);
        assert_eq!(write("ping", &json!({})), r#"{"v":1,"type":"ping"}"#);
        assert_eq!(write("entry", &json!({"v": 1})), r#"{"type":"entry","v":1}"#);
    }

    proptest! {
        #[test]
        fn no_input_panics(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
