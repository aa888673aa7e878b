//! What the small program under test knows: everything in memory, every change one line of a file, read again at the start.

use std::{
    collections::{BTreeMap, HashSet},
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

/// The environment variable that names the fault.
pub const FAULT: &str = "YINGDA_BENCH_FAULT";

/// What is wrong with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Acknowledges before the line is written.
    AnswerEarly,
    /// Does not know a `client_id` again.
    Forget,
    /// Of ten doorbells one is lost, one doubled and one late.
    Bus,
    /// Changes what people wrote.
    Trim,
}

/// Who is at the other end of a socket or call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Visitor(String),
    Staff(String),
}

/// A change, as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Record {
    Staff { login: String },
    Visitor,
    Conversation { id: String, visitor: String, client_id: String, owner: String },
    Entry { conversation: String, kind: String, role: String, client_id: Option<String>, body: Value },
    State { conversation: String, state: String },
    Owner { conversation: String, owner: String },
    Called { key: String },
}

#[derive(Debug)]
pub struct Conversation {
    pub id: String,
    pub visitor: String,
    pub client_id: String,
    pub owner: String,
    pub state: String,
    pub rev: u64,
    pub entries: Vec<Value>,
}

#[derive(Debug)]
pub struct World {
    pub fault: Fault,
    pub staff: Vec<String>,
    pub visitors: usize,
    pub conversations: BTreeMap<String, Conversation>,
    pub called: HashSet<String>,
    pub sockets: Vec<(Who, UnboundedSender<Value>)>,
    store: Store,
}

#[derive(Debug)]
enum Store {
    Now(File),
    Later(Sender<String>),
}

impl Fault {
    const ALL: [Self; 5] = [Self::None, Self::AnswerEarly, Self::Forget, Self::Bus, Self::Trim];

    pub fn name(self) -> String {
        format!("{self:?}")
    }

    fn from_environment() -> Self {
        let name = std::env::var(FAULT).unwrap_or_default();
        Self::ALL.into_iter().find(|fault| fault.name() == name).unwrap_or(Self::None)
    }
}

impl World {
    /// Reads what the last life left. A line without an end was never committed.
    pub fn load(directory: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let path = directory.join("changes.jsonl");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.set_len(whole as u64)?;
        let fault = Fault::from_environment();
        let store = if fault == Fault::AnswerEarly { write_later(file) } else { Store::Now(file) };
        let (staff, visitors, conversations, called, sockets) = Default::default();
        let mut world = Self { fault, staff, visitors, conversations, called, sockets, store };
        for line in text[..whole].lines() {
            let records: Vec<Record> = serde_json::from_str(line)?;
            records.into_iter().for_each(|record| world.apply(record));
        }
        Ok(world)
    }

    /// Stores changes, all or none, and makes them so.
    pub fn commit(&mut self, records: Vec<Record>) -> anyhow::Result<()> {
        let line = format!("{}\n", serde_json::to_string(&records)?);
        match &mut self.store {
            Store::Now(file) => file.write_all(line.as_bytes())?,
            Store::Later(lines) => lines.send(line)?,
        }
        records.into_iter().for_each(|record| self.apply(record));
        Ok(())
    }

    fn apply(&mut self, record: Record) {
        match record {
            Record::Staff { login } => self.staff.push(login),
            Record::Visitor => self.visitors += 1,
            Record::Called { key } => drop(self.called.insert(key)),
            Record::Conversation { id, visitor, client_id, owner } => {
                let (state, rev, entries) = ("served".to_owned(), 1, Vec::new());
                let conversation = Conversation { id: id.clone(), visitor, client_id, owner, state, rev, entries };
                self.conversations.insert(id, conversation);
            }
            Record::Owner { conversation, owner } => self.conversations.get_mut(&conversation).expect("stored before").owner = owner,
            Record::State { conversation, state } => {
                let conversation = self.conversations.get_mut(&conversation).expect("stored before");
                conversation.state = state;
                conversation.rev += 1;
                let inbox = json!({"type": "inbox", "rev": "1", "full": false, "items": [conversation.item()], "removed": []});
                let (visitor, owner) = (conversation.visitor.clone(), conversation.owner.clone());
                self.push(&Who::Visitor(visitor), &inbox);
                self.push(&Who::Staff(owner), &inbox);
            }
            Record::Entry { conversation, kind, role, client_id, body } => {
                let id = conversation;
                let conversation = self.conversations.get_mut(&id).expect("stored before");
                let seq = conversation.entries.len() + 1;
                let participant = match role.as_str() {
                    "customer" => 1,
                    "agent" => 2,
                    _ => 0,
                };
                let author = json!({"participant": participant, "role": role});
                conversation.entries.push(json!({"type": "entry", "conversation": id, "seq": seq, "kind": kind, "v": 1, "at": 1, "author": author, "client_id": client_id, "body": body}));
                for who in [Who::Visitor(conversation.visitor.clone()), Who::Staff(conversation.owner.clone())] {
                    if let Some(entry) = self.conversations[&id].shown(seq, &who) {
                        self.push(&who, &entry);
                    }
                }
            }
        }
    }

    fn push(&mut self, to: &Who, frame: &Value) {
        self.sockets.retain(|(who, socket)| who != to || socket.send(frame.clone()).is_ok());
    }
}

impl Conversation {
    /// As clients see it in lists and answers.
    pub fn item(&self) -> Value {
        json!({"id": self.id, "state": self.state, "rev": self.rev, "head": self.entries.len(), "owner": {"id": self.owner}})
    }

    /// An entry as `who` may see it: notes are for staff, and the entry after some tells that they are missing.
    pub fn shown(&self, seq: usize, who: &Who) -> Option<Value> {
        let is_hidden = |entry: &Value| entry["kind"] == "note" && matches!(who, Who::Visitor(_));
        let entry = &self.entries[seq - 1];
        if is_hidden(entry) {
            return None;
        }
        let mut entry = entry.clone();
        let hidden = self.entries[..seq - 1].iter().rev().take_while(|entry| is_hidden(entry)).count();
        if hidden > 0 {
            entry["hidden"] = json!([seq - hidden, seq - 1]);
        }
        Some(entry)
    }

    /// The last entry that `who` may see.
    pub fn head(&self, who: &Who) -> usize {
        (1..=self.entries.len()).rev().find(|seq| self.shown(*seq, who).is_some()).unwrap_or(0)
    }

    pub fn is_of(&self, who: &Who) -> bool {
        match who {
            Who::Visitor(id) => self.visitor == *id,
            Who::Staff(id) => self.owner == *id,
        }
    }
}

/// Writes what it is given a little later, in batches: the fault of a program that answers first.
fn write_later(mut file: File) -> Store {
    let (lines, written): (Sender<String>, Receiver<String>) = channel();
    std::thread::spawn(move || {
        while let Ok(first) = written.recv() {
            std::thread::sleep(Duration::from_millis(3));
            let batch: String = std::iter::once(first).chain(written.try_iter()).collect();
            file.write_all(batch.as_bytes()).expect("the file can be written");
        }
    });
    Store::Later(lines)
}
