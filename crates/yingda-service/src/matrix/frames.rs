//! Each client frame, tried over a socket; and what came of it, seen from the other side where the sender is told nothing.
use super::{
    outcome::{NONE, OK, SILENT, contains, of_code},
    persona::Persona,
    scene::Scene,
};
use crate::testkit::{Client, Socket};
use serde_json::{Value, json};

/// Tries a frame of a row; nothing if the table asks for one that is not here. Whoever is not greeted cannot say anything else, so the
/// refusal of `hello` is the outcome of every frame.
pub(super) async fn attempt(frame: &str, object: &str, s: &Scene<'_>) -> Option<String> {
    let (what, state) = object.rsplit_once(' ').unwrap_or((object, object));
    let id = if ["queued", "served", "closed"].contains(&state) { s.conversation(state).await } else { String::new() };
    let sent = match (frame, what) {
        ("hello", "inbox") => return Some(inbox(s, &id).await),
        ("hello", "resume") => return Some(greet(s, &id).await.map_or_else(|refused| refused, |(_, hello)| resumed(&hello))),
        ("send", "text" | "note") => said(&id, what, json!({"text": "您好"})),
        ("send", "card") => said(&id, what, json!({"card": {"type": "queue", "ahead": 1}})),
        ("send", "image") => said(&id, what, json!({"file": s.image(&id).await, "width": 2, "height": 2})),
        ("typing", _) => json!({"type": "typing", "conversation": id, "on": true}),
        ("preview", _) => json!({"type": "preview", "conversation": id, "text": "打了一半"}),
        ("read", _) => json!({"type": "read", "conversation": id, "delivered": 2, "read": 2}),
        ("presence", "accepting") => json!({"type": "presence", "accepting": true}),
        ("ping" | "pong", "-") => json!({"type": frame, "n": 7}),
        ("bye", "-") => json!({"type": "bye"}),
        _ => return None,
    };
    // Whoever listens must do so before anything is said.
    let mut other = match frame {
        "typing" | "preview" => Some(other_side(s, &id).await),
        _ => None,
    };
    let mut socket = match greet(s, &id).await {
        Ok((socket, _)) => socket,
        Err(refused) => return Some(refused),
    };
    socket.settle().await;
    socket.seen.clear();
    socket.send(sent).await;
    if frame == "bye" {
        return Some(socket.ended().await.unwrap_or_else(|| OK.to_owned()));
    }
    let answers = answers(&mut socket).await;
    if let Some(error) = answers.iter().find(|answer| answer["type"] == "error") {
        return Some(of_code(error["code"].as_str().unwrap_or_default()));
    }
    let has_effect = match (frame, &mut other) {
        ("send", _) => answers.iter().any(|answer| answer["type"] == "ack"),
        ("ping", _) => answers.iter().any(|answer| answer["type"] == "pong" && answer["n"] == 7),
        ("pong", _) => true,
        // Nobody is accepting from the start.
        ("presence", _) => answers.iter().any(|answer| answer["type"] == "presence" && answer["accepting"] == true),
        ("read", _) => s.client.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"]["read"]["mine"] == 2,
        (kind, Some((listener, speaker))) => is_heard(kind, &id, listener, speaker).await,
        (_, None) => return None,
    };
    Some((if has_effect { OK } else { SILENT }).to_owned())
}

fn said(conversation: &str, kind: &str, body: Value) -> Value {
    json!({"type": "send", "conversation": conversation, "client_id": "said", "kind": kind, "body": body})
}

/// Says hello, listening to a conversation if there is one; or how that was refused.
async fn greet(s: &Scene<'_>, id: &str) -> Result<(Socket, Value), String> {
    let mut socket = s.client.silent_socket().await;
    socket.send(hello(&s.client, id)).await;
    loop {
        let frame = socket.next().await.expect("hello is answered");
        match frame["type"].as_str() {
            Some("hello") => return Ok((socket, frame)),
            Some("error") => return Err(of_code(frame["code"].as_str().unwrap_or_default())),
            _ => {}
        }
    }
}

fn hello(client: &Client, id: &str) -> Value {
    let resume = if id.is_empty() { json!([]) } else { json!([{"conversation": id, "after": 0}]) };
    json!({"type": "hello", "token": client.token, "resume": resume})
}

fn resumed(hello: &Value) -> String {
    hello["subscriptions"][0]["error"].as_str().map_or_else(|| OK.to_owned(), of_code)
}

/// Whether a conversation is in the inbox that comes with `hello`.
async fn inbox(s: &Scene<'_>, id: &str) -> String {
    match greet(s, "").await {
        Ok((mut socket, _)) => (if contains(&socket.expect("inbox").await["items"], id) { OK } else { NONE }).to_owned(),
        Err(refused) => refused,
    }
}

/// Everything that comes until the answer to a word that goes nowhere. Frames are handled in order, so it is all there was to come.
async fn answers(socket: &mut Socket) -> Vec<Value> {
    socket.say("nowhere", "last", "完").await;
    let mut answers = Vec::new();
    loop {
        let frame = socket.next().await.expect("the socket lives");
        if frame["type"] == "error" && frame["client_id"] == "last" {
            return answers;
        }
        answers.push(frame);
    }
}

/// Somebody who would hear the persona, and somebody who can certainly be heard by them: owner and visitor, as it comes.
async fn other_side(s: &Scene<'_>, id: &str) -> (Socket, Socket) {
    let is_visitor = matches!(s.persona, Persona::VisitorA | Persona::VisitorB);
    let (hears, speaks) = if is_visitor { (s.owner(), s.visitor().await.clone()) } else { (s.visitor().await.clone(), s.owner()) };
    let mut sockets = [hears.silent_socket().await, speaks.silent_socket().await];
    for (socket, client) in sockets.iter_mut().zip([hears, speaks]) {
        socket.send(hello(&client, id)).await;
        socket.expect("hello").await;
        socket.settle().await;
    }
    let [listener, speaker] = sockets;
    (listener, speaker)
}

/// Whether the listener heard the persona. Doorbells of one kind arrive in order, so what the speaker does after it ends the waiting.
async fn is_heard(kind: &str, id: &str, listener: &mut Socket, speaker: &mut Socket) -> bool {
    let last = match kind {
        "preview" => json!({"type": "preview", "conversation": id, "text": "完"}),
        _ => json!({"type": "typing", "conversation": id, "on": false}),
    };
    speaker.send(last).await;
    let heard = listener.expect(kind).await;
    heard["on"] == true || heard["text"] == "打了一半"
}
