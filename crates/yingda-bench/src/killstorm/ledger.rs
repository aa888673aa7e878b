//! The books of a storm: every letter, every answer, everything shown; kept on the connections' own tasks, at the moment it
//! happens. They also pull the trigger: the program is killed at once upon an acknowledgement, before anything else is read.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::json;
use tokio::sync::oneshot;

use super::evidence::{Line, Place, Sent};
use crate::{
    client::{Entry, Event, Letter, Watch},
    program::Killer,
};

/// The books. Shared by all clients.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    sent: Vec<Record>,
    /// Letters by conversation and `client_id`.
    index: HashMap<(String, String), usize>,
    /// How many letters each sender wrote in each conversation.
    numbers: HashMap<(String, String), u64>,
    shown: HashMap<(String, String), Vec<Line>>,
    violations: Vec<String>,
    acked: u64,
    /// Which life of the program this is.
    life: u64,
    /// Letters transmitted to this life and not answered yet.
    in_flight: u64,
    aim: Option<Aim>,
}

#[derive(Debug)]
struct Record {
    sent: Sent,
    is_answered: bool,
    /// The life of the program it was last transmitted to.
    life: Option<u64>,
}

/// A kill that waits for its moment.
#[derive(Debug)]
struct Aim {
    /// `None` only reports that the moment has come.
    killer: Option<Killer>,
    after: u64,
    acked: u64,
    fired: oneshot::Sender<Kill>,
}

/// What one kill met.
#[derive(Debug, Clone, Copy)]
pub struct Kill {
    /// Acknowledged since the program was ready.
    pub acked: u64,
    /// Sent to the killed program and not answered.
    pub in_flight: u64,
}

/// What the books hold at the end.
#[derive(Debug)]
pub struct Closing {
    pub sent: Vec<Sent>,
    /// By client and conversation.
    pub shown: HashMap<(String, String), Vec<Line>>,
    pub violations: Vec<String>,
    pub acked: u64,
}

/// Who writes a letter, where, and as what.
#[derive(Debug)]
pub struct Hand<'a> {
    pub conversation: &'a str,
    pub sender: &'a str,
    pub role: &'static str,
    pub kind: &'a str,
}

impl Ledger {
    /// Writes a letter into the books before it goes out. Its text names conversation, sender and number.
    pub fn write(&self, hand: &Hand) -> Letter {
        let mut books = self.books();
        let (conversation, sender) = (hand.conversation.to_owned(), hand.sender.to_owned());
        let number = books.numbers.entry((conversation.clone(), sender.clone())).or_default();
        *number += 1;
        let number = *number;
        let client_id = format!("{sender}-{number}");
        // Of different lengths, so that pages of the database fill unevenly.
        let filler = "话费流量套餐宽带".repeat(usize::try_from(number % 7).expect("below seven"));
        let text = format!("{conversation} {sender} {number} {filler}");
        let (role, kind) = (hand.role, hand.kind.to_owned());
        let at = books.sent.len();
        books.index.insert((conversation.clone(), client_id.clone()), at);
        let letter = Letter { conversation: conversation.clone(), client_id, kind: kind.clone(), body: json!({"text": text}) };
        let sent = Sent { conversation, sender, number, role, kind, text, acked: Vec::new(), may_be_late: false };
        books.sent.push(Record { sent, is_answered: false, life: None });
        letter
    }

    /// Fires at the first acknowledgement after `after` of them that leaves something in flight.
    pub fn aim(&self, killer: Option<Killer>, after: u64) -> oneshot::Receiver<Kill> {
        let (fired, firing) = oneshot::channel();
        self.books().aim = Some(Aim { killer, after, acked: 0, fired });
        firing
    }

    /// Whether the shot is still to come.
    pub fn is_aiming(&self) -> bool {
        self.books().aim.is_some()
    }

    /// What a stalled storm has to say about itself.
    pub fn status(&self) -> String {
        let books = self.books();
        let since = books.aim.as_ref().map_or(0, |aim| aim.acked);
        let unanswered = books.sent.iter().filter(|record| !record.is_answered).count();
        format!("{} acknowledged, {since} since the last start, {unanswered} unanswered", books.acked)
    }

    /// Closes the books.
    pub fn close(&self) -> Closing {
        let books = mem::take(&mut *self.books());
        let sent = books.sent.into_iter().map(|record| record.sent).collect();
        Closing { sent, shown: books.shown, violations: books.violations, acked: books.acked }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn record(&mut self, conversation: &str, client_id: &str) -> Option<&mut Record> {
        let key = (conversation.to_owned(), client_id.to_owned());
        self.index.get(&key).map(|at| &mut self.sent[*at])
    }

    fn transmitted(&mut self, letter: &Letter) {
        let life = self.life;
        let Some(record) = self.record(&letter.conversation, &letter.client_id) else { return };
        if !record.is_answered && record.life != Some(life) {
            record.life = Some(life);
            self.in_flight += 1;
        }
    }

    /// The letter got an answer; whether it is its first.
    fn answered(&mut self, conversation: &str, client_id: &str) -> bool {
        let life = self.life;
        let Some(record) = self.record(conversation, client_id) else { return false };
        if mem::replace(&mut record.is_answered, true) {
            return false;
        }
        if record.life == Some(life) {
            self.in_flight -= 1;
        }
        true
    }

    /// The letter was not taken now. Clients repeat at random, so it may be taken after later ones.
    fn put_back(&mut self, conversation: &str, client_id: &str) {
        if let Some(record) = self.record(conversation, client_id) {
            record.sent.may_be_late = true;
        }
    }

    fn acked(&mut self, conversation: &str, client_id: &str, place: Place) {
        let Some(record) = self.record(conversation, client_id) else {
            return self.violations.push(format!("{client_id} in {conversation} was acknowledged and never sent"));
        };
        if !record.sent.acked.contains(&place) {
            record.sent.acked.push(place);
        }
        if !self.answered(conversation, client_id) {
            return;
        }
        self.acked += 1;
        if let Some(mut aim) = self.aim.take() {
            aim.acked += 1;
            if aim.acked >= aim.after && self.in_flight > 0 {
                self.fire(aim);
            } else {
                self.aim = Some(aim);
            }
        }
    }

    fn fire(&mut self, aim: Aim) {
        let kill = Kill { acked: aim.acked, in_flight: self.in_flight };
        if let Some(killer) = aim.killer {
            killer.kill();
            self.life += 1;
            self.in_flight = 0;
        }
        // A storm that was given up waits for no kill.
        let _ = aim.fired.send(kill);
    }

    fn shown(&mut self, client: &str, entry: &Entry) {
        let key = (client.to_owned(), entry.conversation.clone());
        self.shown.entry(key).or_default().push(Line::from(entry));
    }
}

/// Writes into the books what one client sees.
#[derive(Debug)]
pub struct Witness {
    pub ledger: Arc<Ledger>,
    pub client: String,
}

impl Watch for Witness {
    fn transmitted(&self, letter: &Letter) {
        self.ledger.books().transmitted(letter);
    }

    fn observed(&self, event: &Event) {
        let mut books = self.ledger.books();
        match event {
            Event::Acked { ack, .. } => {
                let conversation = ack.moved_to.as_ref().unwrap_or(&ack.conversation).clone();
                books.acked(&ack.conversation, &ack.client_id, Place { conversation, seq: ack.seq });
            }
            Event::Refused(refusal) => {
                books.put_back(&refusal.conversation, &refusal.client_id);
                books.answered(&refusal.conversation, &refusal.client_id);
            }
            Event::Deferred { conversation, client_id } => books.put_back(conversation, client_id),
            Event::Shown(entry) => books.shown(&self.client, entry),
            Event::Violated { conversation, what } => {
                let violation = format!("{} in {conversation}: {what}", self.client);
                books.violations.push(violation);
            }
            Event::Fault(what) => tracing::warn!(client = self.client, what, "an error that belongs to no letter"),
            Event::Up | Event::Inbox(_) | Event::Answered { .. } | Event::Ended(_) => {}
        }
    }
}
