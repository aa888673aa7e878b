//! The rules of a client over all its conversations, free of input and output: frames in, frames and events out.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    frame::{Ack, Bye, ClientFrame, Conversation, Entry, Fault, Hello, Inbox, Letter, Party, Pong, Resume, ServerFrame, Welcome},
    outbox::Outbox,
    view::View,
};

/// The protocol allows this many in one `hello`.
const RESUMES: usize = 200;

/// What the owner of a connection learns.
#[derive(Debug, Clone)]
pub enum Event {
    /// Greeted by the program, for the first time or again.
    Up,
    /// Conversations as they are now.
    Inbox(Vec<Conversation>),
    /// The next entry of its conversation.
    Shown(Entry),
    /// Committed. `first` unless the letter was acknowledged before.
    Acked { ack: Ack, first: bool },
    /// Never to be committed by repeating.
    Refused(Refusal),
    /// To be sent again later, by the connection itself.
    Deferred { conversation: String, client_id: String },
    /// The head of a conversation that was asked for; `None` where one may not see it.
    Answered { conversation: String, head: Option<u64> },
    /// The program did what the protocol forbids.
    Violated { conversation: String, what: String },
    /// An error that belongs to no letter.
    Fault(String),
    /// The program said not to come back.
    Ended(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub conversation: String,
    pub client_id: String,
    pub code: String,
}

/// What a frame led to.
#[derive(Debug, Default)]
pub struct Reaction {
    pub frames: Vec<ClientFrame>,
    pub events: Vec<Event>,
    pub end: Option<End>,
}

/// Why a socket is to be given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Gone; come back after a pause of one's own choice.
    Lost,
    /// Come back after this.
    Away(Duration),
    /// The token is no longer good: get another and come back.
    Renew,
    /// Do not come back.
    Final(String),
}

#[derive(Debug)]
pub struct Session {
    is_staff: bool,
    is_greeted: bool,
    accepting: Option<bool>,
    you: Option<Party>,
    generation: Option<String>,
    inbox_rev: Option<String>,
    revs: HashMap<String, u64>,
    views: HashMap<String, View>,
    forgotten: HashSet<String>,
    outbox: Outbox,
}

impl Session {
    pub fn new(is_staff: bool) -> Self {
        Self {
            is_staff,
            is_greeted: false,
            accepting: None,
            you: None,
            generation: None,
            inbox_rev: None,
            revs: HashMap::new(),
            views: HashMap::new(),
            forgotten: HashSet::new(),
            outbox: Outbox::default(),
        }
    }

    /// The first frames of a new socket. The outbox waits for the answer: it may tell of another history.
    pub fn greet(&mut self, token: String) -> Vec<ClientFrame> {
        self.is_greeted = false;
        self.views.values_mut().for_each(View::reconnected);
        let mut hellos = self.resume_all();
        let first = hellos.first_mut().expect("there is always one");
        first.token = Some(token);
        hellos.into_iter().map(ClientFrame::Hello).collect()
    }

    pub fn on_frame(&mut self, frame: ServerFrame, now: Instant) -> Reaction {
        match frame {
            ServerFrame::Hello(welcome) => self.on_hello(welcome),
            ServerFrame::Inbox(inbox) => self.on_inbox(inbox),
            ServerFrame::Entry(entry) => self.on_entry(entry),
            ServerFrame::Ack(ack) => self.on_ack(ack),
            ServerFrame::Error(fault) => self.on_error(fault, now),
            ServerFrame::Ping { n } => Reaction { frames: vec![ClientFrame::Pong { n }], ..Reaction::default() },
            ServerFrame::Pong(pong) => self.on_pong(pong),
            ServerFrame::Bye(bye) => on_bye(bye),
            ServerFrame::Other => Reaction::default(),
        }
    }

    /// What time alone makes due: questions about gaps that do not close, letters to be tried again.
    pub fn on_tick(&mut self, now: Instant) -> Vec<ClientFrame> {
        if !self.is_greeted {
            return Vec::new();
        }
        let mut resumes = Vec::new();
        for (conversation, view) in &mut self.views {
            if view.should_ask(now) {
                resumes.push(Resume { conversation: conversation.clone(), after: view.held() });
            }
        }
        let mut frames: Vec<ClientFrame> = hellos(resumes).map(ClientFrame::Hello).collect();
        frames.extend(self.outbox.due(now).into_iter().map(ClientFrame::Send));
        frames
    }

    /// Keeps a letter until it is acknowledged.
    pub fn send(&mut self, letter: Letter) -> Option<ClientFrame> {
        self.outbox.keep(letter.clone()).then_some(ClientFrame::Send(letter))
    }

    /// The wish stands: it is told to every new socket.
    pub fn accept(&mut self, accepting: bool) -> ClientFrame {
        self.accepting = Some(accepting);
        ClientFrame::Presence { accepting }
    }

    /// Asks how far a conversation goes, whether or not something seems to be missing.
    pub fn ask(&mut self, conversation: String) -> ClientFrame {
        let after = self.views.entry(conversation.clone()).or_default().held();
        ClientFrame::Hello(Hello { resume: vec![Resume { conversation, after }], ..Hello::default() })
    }

    /// Stops following a conversation.
    pub fn forget(&mut self, conversation: String) {
        self.views.remove(&conversation);
        self.forgotten.insert(conversation);
    }

    fn on_hello(&mut self, welcome: Welcome) -> Reaction {
        let mut reaction = Reaction::default();
        if self.generation.as_ref().is_some_and(|known| *known != welcome.generation) {
            reaction.events.push(Event::Fault(format!("the history changed to {}", welcome.generation)));
            self.inbox_rev = None;
            self.revs.clear();
            self.views.values_mut().for_each(|view| *view = View::default());
            reaction.frames.extend(self.resume_all().into_iter().map(ClientFrame::Hello));
        }
        self.generation = Some(welcome.generation);
        self.you = Some(welcome.you);
        for subscription in welcome.subscriptions {
            let (conversation, head) = (subscription.conversation, subscription.head);
            if self.forgotten.contains(&conversation) {
                continue;
            }
            if let Some(head) = head {
                self.views.entry(conversation.clone()).or_default().answered(head);
            }
            reaction.events.push(Event::Answered { conversation, head });
        }
        if !self.is_greeted {
            self.is_greeted = true;
            reaction.events.push(Event::Up);
            reaction.frames.extend(self.accepting.map(|accepting| ClientFrame::Presence { accepting }));
            reaction.frames.extend(self.outbox.replay().into_iter().map(ClientFrame::Send));
        }
        reaction
    }

    fn on_inbox(&mut self, inbox: Inbox) -> Reaction {
        self.inbox_rev = Some(inbox.rev);
        let mut items = inbox.items;
        items.retain(|item| self.revs.get(&item.id).is_none_or(|rev| *rev <= item.rev));
        for item in &items {
            self.revs.insert(item.id.clone(), item.rev);
            if self.is_mine(item) && !self.forgotten.contains(&item.id) {
                self.views.entry(item.id.clone()).or_default().learn_head(item.head);
            }
        }
        Reaction { events: vec![Event::Inbox(items)], ..Reaction::default() }
    }

    fn on_entry(&mut self, entry: Entry) -> Reaction {
        let mut reaction = Reaction::default();
        if self.forgotten.contains(&entry.conversation) {
            return reaction;
        }
        let conversation = entry.conversation.clone();
        let arrival = self.views.entry(conversation.clone()).or_default().receive(entry);
        reaction.events.extend(arrival.shown.into_iter().map(Event::Shown));
        reaction.events.extend(arrival.violation.map(|what| Event::Violated { conversation, what }));
        reaction
    }

    fn on_ack(&mut self, ack: Ack) -> Reaction {
        let first = self.outbox.settle(&ack.conversation, &ack.client_id);
        let place = ack.moved_to.as_ref().unwrap_or(&ack.conversation);
        if let Some(view) = self.views.get_mut(place) {
            view.learn_head(ack.seq);
        }
        Reaction { events: vec![Event::Acked { ack, first }], ..Reaction::default() }
    }

    fn on_error(&mut self, fault: Fault, now: Instant) -> Reaction {
        let mut reaction = Reaction::default();
        match (fault.conversation, fault.client_id) {
            (Some(conversation), Some(client_id)) => match fault.retry_ms {
                Some(after) => {
                    self.outbox.defer(&conversation, now + Duration::from_millis(after));
                    reaction.events.push(Event::Deferred { conversation, client_id });
                }
                None => {
                    if self.outbox.settle(&conversation, &client_id) {
                        reaction.events.push(Event::Refused(Refusal { conversation, client_id, code: fault.code }));
                    }
                }
            },
            _ if matches!(fault.code.as_str(), "token_invalid" | "token_expired" | "session_revoked") => {
                reaction.end = Some(End::Renew);
            }
            _ => reaction.events.push(Event::Fault(format!("{}: {}", fault.code, fault.message))),
        }
        reaction
    }

    fn on_pong(&mut self, pong: Pong) -> Reaction {
        let mut reaction = Reaction::default();
        for (conversation, head) in pong.heads {
            if !self.forgotten.contains(&conversation) {
                self.views.entry(conversation).or_default().learn_head(head);
            }
        }
        if pong.inbox_rev.is_some() && pong.inbox_rev != self.inbox_rev {
            reaction.frames.push(ClientFrame::Hello(Hello { inbox_rev: self.inbox_rev.clone(), ..Hello::default() }));
        }
        if self.generation.as_ref() != Some(&pong.generation) {
            // The greeting of a new socket sorts it out.
            reaction.end = Some(End::Lost);
        }
        reaction
    }

    fn is_mine(&self, item: &Conversation) -> bool {
        let own = self.you.as_ref().and_then(|you| you.id.as_ref());
        !self.is_staff || (own.is_some() && item.owner.as_ref().and_then(|owner| owner.id.as_ref()) == own)
    }

    /// At least one `hello`, with everything followed.
    fn resume_all(&self) -> Vec<Hello> {
        let resume = |(id, view): (&String, &View)| Resume { conversation: id.clone(), after: view.held() };
        let mut all: Vec<Hello> = hellos(self.views.iter().map(resume).collect()).collect();
        if all.is_empty() {
            all.push(Hello::default());
        }
        all[0].generation.clone_from(&self.generation);
        all[0].inbox_rev = self.inbox_rev.clone();
        all
    }
}

fn hellos(resumes: Vec<Resume>) -> impl Iterator<Item = Hello> {
    let chunks: Vec<Vec<Resume>> = resumes.chunks(RESUMES).map(<[Resume]>::to_vec).collect();
    chunks.into_iter().map(|resume| Hello { resume, ..Hello::default() })
}

fn on_bye(bye: Bye) -> Reaction {
    let end = match (bye.reason.as_str(), bye.retry_ms) {
        // A revoked session ends this token, not the account: judges may log in again.
        ("session_revoked", _) => End::Renew,
        (_, Some(after)) => End::Away(Duration::from_millis(after)),
        (reason, None) => End::Final(reason.to_owned()),
    };
    Reaction { end: Some(end), ..Reaction::default() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn feed(session: &mut Session, frame: Value) -> Reaction {
        session.on_frame(serde_json::from_value(frame).expect("a frame"), Instant::now())
    }

    fn welcome(session: &mut Session, generation: &str) -> Reaction {
        let you = json!({"kind": "staff", "id": "7", "name": "林"});
        feed(session, json!({"v": 1, "type": "hello", "generation": generation, "now": 1, "you": you, "subscriptions": []}))
    }

    fn letter(client_id: &str) -> Letter {
        let body = json!({"text": client_id});
        Letter { conversation: "c".into(), client_id: client_id.into(), kind: "text".into(), body }
    }

    #[test]
    fn a_new_socket_begins_with_what_is_held_and_replays_the_outbox_after_the_greeting() {
        let mut session = Session::new(true);
        session.greet("t".into());
        welcome(&mut session, "g");
        feed(&mut session, json!({"type": "entry", "conversation": "c", "seq": 1, "kind": "system", "author": {"role": "system"}}));
        session.send(letter("1"));
        session.send(letter("2"));
        session.accept(true);
        feed(&mut session, json!({"type": "ack", "conversation": "c", "client_id": "1", "seq": 2, "at": 1}));

        let greeting = session.greet("u".into());
        let resume = vec![Resume { conversation: "c".into(), after: 1 }];
        let hello = Hello { token: Some("u".into()), generation: Some("g".into()), inbox_rev: None, resume };
        assert_eq!(greeting, [ClientFrame::Hello(hello)]);
        let frames = welcome(&mut session, "g").frames;
        assert_eq!(frames, [ClientFrame::Presence { accepting: true }, ClientFrame::Send(letter("2"))]);
    }

    #[test]
    fn another_history_is_asked_for_from_the_beginning() {
        let mut session = Session::new(false);
        session.greet("t".into());
        welcome(&mut session, "g");
        feed(&mut session, json!({"type": "entry", "conversation": "c", "seq": 1, "kind": "system", "author": {"role": "system"}}));
        session.greet("t".into());
        let frames = welcome(&mut session, "h").frames;
        let resume = vec![Resume { conversation: "c".into(), after: 0 }];
        let hello = Hello { generation: Some("g".into()), resume, ..Hello::default() };
        assert_eq!(frames, [ClientFrame::Hello(hello)]);
    }

    #[test]
    fn a_pong_heals_entries_and_inbox() {
        let mut session = Session::new(false);
        session.greet("t".into());
        welcome(&mut session, "g");
        let start = Instant::now();
        let pong = json!({"type": "pong", "n": 1, "generation": "g", "now": 1, "heads": {"c": 3}, "inbox_rev": "8"});
        let frames = feed(&mut session, pong).frames;
        assert_eq!(frames, [ClientFrame::Hello(Hello::default())]);
        assert!(session.on_tick(start).is_empty());
        let resume = vec![Resume { conversation: "c".into(), after: 0 }];
        let asked = session.on_tick(start + Duration::from_secs(1));
        assert_eq!(asked, [ClientFrame::Hello(Hello { resume, ..Hello::default() })]);
    }

    #[test]
    fn staff_follow_what_they_own_only() {
        let mut session = Session::new(true);
        session.greet("t".into());
        welcome(&mut session, "g");
        let item = |id: &str, owner: &str| json!({"id": id, "rev": 1, "state": "served", "head": 2, "owner": {"id": owner}});
        let inbox = json!({"type": "inbox", "rev": "1", "full": true, "items": [item("a", "7"), item("b", "8")], "removed": []});
        feed(&mut session, inbox);
        let start = Instant::now();
        session.on_tick(start);
        let resume = vec![Resume { conversation: "a".into(), after: 0 }];
        let asked = session.on_tick(start + Duration::from_secs(1));
        assert_eq!(asked, [ClientFrame::Hello(Hello { resume, ..Hello::default() })]);
    }

    #[test]
    fn refusals_are_final_unless_a_retry_is_named() {
        let mut session = Session::new(false);
        session.greet("t".into());
        welcome(&mut session, "g");
        session.send(letter("1"));
        session.send(letter("2"));
        let busy = json!({"type": "error", "code": "busy", "message": "", "conversation": "c", "client_id": "1", "retry_ms": 0});
        assert!(matches!(feed(&mut session, busy).events[..], [Event::Deferred { .. }]));
        assert_eq!(session.send(letter("3")), None);
        let taken = json!({"type": "error", "code": "not_owner", "message": "", "conversation": "c", "client_id": "2"});
        assert!(matches!(feed(&mut session, taken).events[..], [Event::Refused(_)]));
        let again = session.on_tick(Instant::now());
        assert_eq!(again, [ClientFrame::Send(letter("1")), ClientFrame::Send(letter("3"))]);
    }
}
