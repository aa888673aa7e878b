//! Frames as docs/protocol.schema.json has them: what real sockets heard, and what clients may say.
use super::talk::{Audience, Heard, hear};
use crate::{
    apps,
    realtime::CLIENT_FRAMES,
    testkit::{Socket, TestApp},
};
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What visitors must not find anywhere in a frame.
const FOR_STAFF: [&str; 4] = ["epoch", "why", "draft", "branch"];

/// The schema, with that of cards inside.
fn schema() -> Value {
    let mut schema: Value = serde_json::from_str(include_str!("../../../../docs/protocol.schema.json")).expect("the schema is JSON");
    let mut card: Value = serde_json::from_str(include_str!("../../../../docs/card.schema.json")).expect("the schema is JSON");
    card["$id"] = "card.schema.json".into();
    schema["$defs"]["card.schema.json"] = card;
    schema
}

/// One definition of the schema.
fn definition(name: &str) -> Validator {
    let mut schema = schema();
    assert!(schema["$defs"].get(name).is_some(), "docs/protocol.schema.json does not define {name}");
    schema.as_object_mut().expect("an object").remove("anyOf");
    schema["$ref"] = format!("#/$defs/{name}").into();
    jsonschema::validator_for(&schema).expect("the schema is one")
}

/// The types of frames of one side.
fn types(side: &str) -> BTreeSet<String> {
    let schema = schema();
    let names = schema["$defs"].as_object().expect("an object").keys();
    names.filter_map(|name| name.strip_prefix(side)).filter(|name| *name != "frame").map(str::to_owned).collect()
}

/// What is wrong with a value by a definition.
fn faults(name: &str, value: &Value) -> Vec<String> {
    let told = definition(name);
    let faults = told.iter_errors(value).map(|fault| format!("{name} {}: {fault}", fault.instance_path()));
    faults.collect()
}

/// What is wrong with something that was heard.
fn check(heard: &Heard) -> Vec<String> {
    let value: Value = serde_json::from_str(&heard.text).expect("JSON");
    let is_visitor = heard.audience == Audience::Visitor;
    let suffix = if is_visitor { "visitors" } else { "staff" };
    let mut faults = match heard.what {
        "frame" => faults(&format!("server_{}", value["type"].as_str().unwrap_or("frame")), &value),
        _ => Vec::new(),
    };
    let conversations = value["items"].as_array().into_iter().flatten().chain(value.get("conversation").filter(|one| one.is_object()));
    faults.extend(conversations.flat_map(|one| self::faults(&format!("conversation_for_{suffix}"), one)));
    let is_entry = value["type"] == "entry";
    let entries = value["entries"].as_array().into_iter().flatten().chain(Some(&value).filter(|_| is_entry));
    let entry = if is_visitor { "entry_for_visitors" } else { "entry" };
    faults.extend(entries.flat_map(|one| self::faults(entry, one)));
    // serde writes what it read in as many letters, unless a name stood there twice.
    if value.to_string().len() != heard.text.len() {
        faults.push("a name stands in it twice".to_owned());
    }
    if is_visitor {
        leaks(&value, &mut faults);
    }
    faults.iter().map(|fault| format!("{fault}\n    in {}", heard.text)).collect()
}

/// What stands in a value for visitors and is for staff only.
fn leaks(value: &Value, faults: &mut Vec<String>) {
    let fields = match value {
        Value::Array(items) => return items.iter().for_each(|item| leaks(item, faults)),
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return,
    };
    let named = FOR_STAFF.iter().filter(|name| fields.contains_key(**name)).map(|name| (*name).to_owned());
    let owner = fields.get("owner").and_then(Value::as_object).filter(|owner| owner.contains_key("id")).map(|_| "owner.id".to_owned());
    let is_note = |fields: &Map<String, Value>| {
        fields.get("kind").is_some_and(|kind| kind == "note") || fields.get("type").is_some_and(|kind| kind == "preview")
    };
    let note = is_note(fields).then(|| "a note or a preview".to_owned());
    faults.extend(named.chain(owner).chain(note).map(|what| format!("{what} is not for visitors")));
    fields.values().for_each(|field| leaks(field, faults));
}

apps! { what_sockets_hear_is_as_the_schema_says, |t| async {
    let heard = hear(&t).await;
    let faults: Vec<String> = heard.iter().flat_map(check).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let seen = |audience: Audience| -> BTreeSet<String> {
        let frames = heard.iter().filter(|heard| heard.what == "frame" && heard.audience == audience);
        frames.filter_map(|heard| serde_json::from_str::<Value>(&heard.text).ok()?["type"].as_str().map(str::to_owned)).collect()
    };
    let mut all = types("server_");
    assert_eq!(seen(Audience::Staff), all);
    all.remove("preview");
    assert_eq!(seen(Audience::Visitor), all);
    assert!(heard.iter().any(|heard| heard.what == "answer" && heard.audience == Audience::Visitor));
    let page = include_str!("../../../../docs/protocol.md");
    let (_, codes) = page.split_once("## 5.").expect("a section of codes");
    for heard in &heard {
        let frame: Value = serde_json::from_str(&heard.text).expect("JSON");
        if let (Some("error"), Some(code)) = (frame["type"].as_str(), frame["code"].as_str()) {
            assert!(codes.contains(code), "{code} is missing in section 5 of docs/protocol.md");
        }
    }
}}

/// Everything clients may say, in its longest form, and the shortest ones.
fn said_by_clients(conversation: &str) -> Vec<Value> {
    let send = |kind: &str, body: Value| {
        json!({"v": 1, "type": "send", "conversation": conversation, "client_id": format!("k.{kind}:1_-"), "kind": kind, "body": body,
            "locale": "zh-CN", "epoch": 1})
    };
    let hello = json!({"v": 1, "type": "hello", "generation": "x", "inbox_rev": "y", "resume": [{"conversation": conversation, "after": 0}],
        "client": {"kind": "panel", "version": "1"}, "locale": "en"});
    vec![
        hello,
        json!({"v": 1, "type": "hello"}),
        send("text", json!({"text": "你好"})),
        send("note", json!({"text": "备注"})),
        send("card", json!({"card": {"type": "queue", "ahead": 1}})),
        send("image", json!({"file": "f", "width": 2, "height": 2, "alt": "图"})),
        json!({"v": 1, "type": "typing", "conversation": conversation, "on": true}),
        json!({"v": 1, "type": "preview", "conversation": conversation, "text": ""}),
        json!({"v": 1, "type": "read", "conversation": conversation, "delivered": 1, "read": 1}),
        json!({"v": 1, "type": "read", "conversation": conversation}),
        json!({"v": 1, "type": "presence", "accepting": false, "visible": true}),
        json!({"v": 1, "type": "presence"}),
        json!({"v": 1, "type": "ping", "n": 1}),
        json!({"v": 1, "type": "pong", "n": 1}),
        json!({"v": 1, "type": "bye"}),
    ]
}

/// What the schema lets clients say is understood, and what it refuses is refused, field by field.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_and_server_agree_on_what_may_be_said() {
    let t = TestApp::start(yingda_base::testkit::TestDb::sqlite()).await;
    let visitor = t.visitor().await;
    let id = visitor.open("o").await;
    let samples = said_by_clients(&id);
    let known: BTreeSet<String> = CLIENT_FRAMES.map(str::to_owned).into();
    assert_eq!(types("client_"), known);
    assert_eq!(samples.iter().filter_map(|sample| sample["type"].as_str().map(str::to_owned)).collect::<BTreeSet<_>>(), known);
    let mut socket = visitor.socket().await;
    for sample in samples {
        let kind = format!("client_{}", sample["type"].as_str().expect("a type"));
        assert_eq!(faults(&kind, &sample), Vec::<String>::new());
        let required = schema()["$defs"][&kind]["required"].clone();
        for field in required.as_array().expect("required fields").iter().filter_map(Value::as_str) {
            let mut broken = sample.clone();
            broken.as_object_mut().expect("an object").remove(field);
            assert!(!faults(&kind, &broken).is_empty(), "{kind} without {field}");
            assert!(is_refused(&mut socket, &broken).await, "{kind} without {field} is understood");
        }
        if sample["type"] != "bye" {
            let error = refusal(&mut socket, &sample).await.unwrap_or_default();
            assert!(!["frame_malformed", "frame_unknown", "version_unsupported"].contains(&error.as_str()), "{sample}: {error}");
        }
    }
    t.stop().await;
}

/// The code with which a frame is refused, if it is.
async fn refusal(socket: &mut Socket, frame: &Value) -> Option<String> {
    socket.send_text(frame.to_string()).await;
    socket.say("nowhere", "last", "完").await;
    let mut code = None;
    loop {
        let answer = socket.next().await.expect("the socket lives");
        match (answer["type"].as_str(), answer["client_id"].as_str()) {
            (Some("error"), Some("last")) => return code,
            (Some("error"), _) => code = answer["code"].as_str().map(str::to_owned),
            _ => {}
        }
    }
}

async fn is_refused(socket: &mut Socket, frame: &Value) -> bool {
    refusal(socket, frame).await.is_some()
}

/// A judge that never says no is none.
#[test]
fn what_does_not_fit_is_named() {
    let heard = |audience, frame: Value| Heard { audience, what: "frame", text: frame.to_string() };
    let visitor = |frame: Value| check(&heard(Audience::Visitor, frame)).join("\n");
    let ack = json!({"v": 1, "type": "ack", "conversation": "c", "client_id": "k", "seq": 1, "at": 1});
    assert_eq!(visitor(ack.clone()), "");
    for (field, value) in [("v", json!(2)), ("seq", json!("1")), ("seq", json!(null)), ("at", json!(-1)), ("moved_to", json!(null))] {
        let mut broken = ack.clone();
        broken[field] = value;
        assert!(visitor(broken).contains(field), "{field}");
    }
    assert!(visitor(json!({"v": 1, "type": "entry"})).contains("body"));
    assert!(visitor(json!({"v": 1, "type": "preview", "conversation": "c", "participant": 1, "text": "a"})).contains("not for visitors"));
    let conversation = json!({"id": "c", "state": "queued", "rev": 1, "head": 1, "site": {"id": "1", "name": "s"}, "channel": {"id": "1", "kind": "web", "name": "w"},
        "group": {"id": "1", "name": "g"}, "customer": {"id": "1", "name": "c"}, "opened_at": 1, "queued_at": 1, "unread": 0, "epoch": 0,
        "read": {"mine": 0, "theirs": 0, "delivered_theirs": 0}});
    let inbox = json!({"v": 1, "type": "inbox", "rev": "r", "full": true, "items": [conversation], "removed": []});
    assert!(visitor(inbox.clone()).contains("epoch is not for visitors"));
    assert_eq!(check(&heard(Audience::Staff, inbox)), Vec::<String>::new());
    let twice = Heard { audience: Audience::Staff, what: "frame", text: r#"{"v":1,"type":"ping","n":1,"v":1}"#.to_owned() };
    assert!(check(&twice)[0].contains("twice"));
}
