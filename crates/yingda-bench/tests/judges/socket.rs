//! The socket of the small program under test, with the faults that live there.

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::Response,
};
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;

use crate::{
    program::{Program, turn, who},
    world::{Fault, Record, Who, World},
};

pub async fn upgrade(State(program): State<Program>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |socket| {
        if let Err(error) = talk(program, socket).await {
            eprintln!("a socket ended: {error}");
        }
    })
}

async fn talk(program: Program, mut socket: WebSocket) -> anyhow::Result<()> {
    let Some(hello) = receive(&mut socket).await? else { return Ok(()) };
    let Some(who) = hello["token"].as_str().and_then(who) else { return Ok(()) };
    let (into, mut bells) = unbounded_channel();
    let (mut bus, mut greeting) = {
        let mut world = program.world();
        world.sockets.push((who.clone(), into));
        (Bus { fault: world.fault, rung: 0, late: None }, welcome(&world, &who, &hello))
    };
    greeting.push(inbox(&program.world(), &who));
    send(&mut socket, greeting).await?;
    loop {
        let frames = tokio::select! {
            frame = receive(&mut socket) => match frame? {
                Some(frame) => answer(&program, &who, &frame)?,
                None => return Ok(()),
            },
            Some(bell) = bells.recv() => bus.carry(bell),
        };
        send(&mut socket, frames).await?;
    }
}

fn answer(program: &Program, who: &Who, frame: &Value) -> anyhow::Result<Vec<Value>> {
    let mut world = program.world();
    match frame["type"].as_str() {
        Some("hello") => Ok(welcome(&world, who, frame)),
        Some("ping") => {
            let mine = world.conversations.values().filter(|it| it.is_of(who));
            let heads: Value = mine.map(|it| (it.id.clone(), json!(it.head(who)))).collect::<serde_json::Map<_, _>>().into();
            Ok(vec![json!({"type": "pong", "n": frame["n"], "generation": "g", "now": 1, "heads": heads, "inbox_rev": "1"})])
        }
        Some("send") => Ok(vec![take(&mut world, who, frame)?]),
        _ => Ok(Vec::new()),
    }
}

/// Commits an entry, once for each `client_id`; a customer's opens a closed conversation again.
fn take(world: &mut World, who: &Who, frame: &Value) -> anyhow::Result<Value> {
    let word = |field: &str| frame[field].as_str().unwrap_or_default().to_owned();
    let (id, client_id, kind) = (word("conversation"), word("client_id"), word("kind"));
    let refuse = |code: &str| json!({"type": "error", "code": code, "message": "", "conversation": id, "client_id": client_id});
    let Some(conversation) = world.conversations.get(&id).filter(|it| it.is_of(who)) else { return Ok(refuse("not_found")) };
    let ack = |seq: Value| json!({"type": "ack", "conversation": id, "client_id": client_id, "seq": seq, "at": 1});
    let known = conversation.entries.iter().find(|entry| entry["client_id"] == client_id.as_str());
    if let Some(known) = known.filter(|_| world.fault != Fault::Forget) {
        return Ok(ack(known["seq"].clone()));
    }
    let mut body = frame["body"].clone();
    let text = body["text"].as_str().unwrap_or_default();
    if text.contains(|it: char| it < ' ' && it != '\t' && it != '\n') {
        return Ok(refuse("text_invalid"));
    }
    if world.fault == Fault::Trim {
        body["text"] = json!(text.trim());
    }
    let is_closed = conversation.state == "closed";
    let (role, mut records) = match who {
        Who::Visitor(_) if is_closed => ("customer", turn(&id, "reopened", "served")),
        Who::Visitor(_) => ("customer", Vec::new()),
        Who::Staff(_) if is_closed => return Ok(refuse("conversation_closed")),
        Who::Staff(_) => ("agent", Vec::new()),
    };
    let (conversation, role) = (id.clone(), role.to_owned());
    records.push(Record::Entry { conversation, kind, role, client_id: Some(client_id.clone()), body });
    world.commit(records)?;
    Ok(ack(json!(world.conversations[&id].entries.len())))
}

/// The answer to a `hello`: heads, and what follows what the client holds.
fn welcome(world: &World, who: &Who, hello: &Value) -> Vec<Value> {
    let mut subscriptions = Vec::new();
    let mut missed = Vec::new();
    for resume in hello["resume"].as_array().into_iter().flatten() {
        let id = resume["conversation"].as_str().unwrap_or_default();
        match world.conversations.get(id).filter(|it| it.is_of(who)) {
            None => subscriptions.push(json!({"conversation": id, "error": "not_found"})),
            Some(conversation) => {
                subscriptions.push(json!({"conversation": id, "head": conversation.head(who)}));
                let after = resume["after"].as_u64().and_then(|after| usize::try_from(after).ok()).unwrap_or(0);
                missed.extend((after + 1..=conversation.entries.len()).filter_map(|seq| conversation.shown(seq, who)));
            }
        }
    }
    let (Who::Visitor(id) | Who::Staff(id)) = who;
    let you = json!({"kind": "", "id": id, "name": ""});
    let hello = json!({
        "type": "hello", "generation": "g", "now": 1, "you": you, "ping_ms": 500, "deadline_ms": 5000,
        "subscriptions": subscriptions, "inbox_rev": "1",
    });
    missed.insert(0, hello);
    missed
}

fn inbox(world: &World, who: &Who) -> Value {
    let items: Vec<Value> = world.conversations.values().filter(|it| it.is_of(who)).map(|it| it.item()).collect();
    json!({"type": "inbox", "rev": "1", "full": true, "items": items, "removed": []})
}

/// The way of the doorbells to one socket.
struct Bus {
    fault: Fault,
    rung: usize,
    late: Option<Value>,
}

impl Bus {
    fn carry(&mut self, bell: Value) -> Vec<Value> {
        if self.fault != Fault::Bus || bell["type"] != "entry" {
            return vec![bell];
        }
        self.rung += 1;
        match self.rung % 10 {
            3 => Vec::new(),
            5 => vec![bell.clone(), bell],
            7 => {
                self.late = Some(bell);
                Vec::new()
            }
            _ => std::iter::once(bell).chain(self.late.take()).collect(),
        }
    }
}

async fn receive(socket: &mut WebSocket) -> anyhow::Result<Option<Value>> {
    loop {
        match socket.recv().await.transpose()? {
            Some(Message::Text(text)) => return Ok(Some(serde_json::from_str(&text)?)),
            Some(Message::Close(_)) | None => return Ok(None),
            Some(_) => {}
        }
    }
}

async fn send(socket: &mut WebSocket, frames: Vec<Value>) -> anyhow::Result<()> {
    for frame in frames {
        socket.send(Message::text(frame.to_string())).await?;
    }
    Ok(())
}
