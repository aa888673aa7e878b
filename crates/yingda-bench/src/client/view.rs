//! What one client was shown of one conversation: entries in order, each once, gaps noticed.

use std::{
    collections::{BTreeMap, HashMap, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
    time::Duration,
};

use tokio::time::Instant;

use super::frame::Entry;

/// How long a known head may stay out of reach without progress before the client asks. Doorbells overtake each other, and an
/// acknowledgement often comes before the entry it is about; asking at once would fetch what is already on its way.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long an unanswered question counts as asked.
const ASKED: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub struct View {
    held: u64,
    /// The greatest `seq` known to exist.
    head: u64,
    /// Entries that do not follow yet.
    early: BTreeMap<u64, Entry>,
    /// Fingerprints of what was shown, to notice an entry that comes again as another.
    shown: HashMap<u64, u64>,
    stuck: Option<Stuck>,
    asked: Option<Instant>,
}

#[derive(Debug)]
struct Stuck {
    held: u64,
    since: Instant,
}

/// What an arriving entry led to.
#[derive(Debug, Default, PartialEq)]
pub struct Arrival {
    /// Entries that can be shown now, in order.
    pub shown: Vec<Entry>,
    /// What the program must never do.
    pub violation: Option<String>,
}

impl View {
    /// The last `seq` shown.
    pub fn held(&self) -> u64 {
        self.held
    }

    pub fn is_current(&self) -> bool {
        self.held >= self.head
    }

    /// Takes an entry from a doorbell or from an answer; both may bring what is known already.
    pub fn receive(&mut self, entry: Entry) -> Arrival {
        let violation = self.violation(&entry);
        let mut arrival = Arrival { violation, ..Arrival::default() };
        if arrival.violation.is_some() || entry.seq <= self.held {
            return arrival;
        }
        self.head = self.head.max(entry.seq);
        self.early.insert(entry.seq, entry);
        while let Some(first) = self.early.first_entry()
            && first.get().first() <= self.held + 1
        {
            let entry = first.remove();
            if let Some(violation) = self.violation(&entry) {
                arrival.violation = Some(violation);
                continue;
            }
            self.held = entry.seq;
            self.shown.insert(entry.seq, fingerprint(&entry));
            arrival.shown.push(entry);
        }
        arrival
    }

    /// Learns from an acknowledgement, an inbox, a `pong` or an answer how far the conversation goes.
    pub fn learn_head(&mut self, head: u64) {
        self.head = self.head.max(head);
    }

    /// A question about this conversation was answered; the entries follow.
    pub fn answered(&mut self, head: u64) {
        self.learn_head(head);
        self.asked = None;
        self.stuck = None;
    }

    /// The socket is new: what was asked on the old one is not answered on this.
    pub fn reconnected(&mut self) {
        self.asked = None;
        self.stuck = None;
    }

    /// Whether to ask for what is missing now. Asking once is enough until an answer comes.
    pub fn should_ask(&mut self, now: Instant) -> bool {
        if self.is_current() {
            self.stuck = None;
            return false;
        }
        match &self.stuck {
            Some(stuck) if stuck.held == self.held => {
                let is_waiting = self.asked.is_some_and(|asked| now - asked < ASKED);
                if is_waiting || now - stuck.since < PATIENCE {
                    return false;
                }
                self.asked = Some(now);
                true
            }
            _ => {
                self.stuck = Some(Stuck { held: self.held, since: now });
                false
            }
        }
    }

    fn violation(&self, entry: &Entry) -> Option<String> {
        let seq = entry.seq;
        if let Some((first, last)) = entry.hidden
            && (first > last || last + 1 != seq)
        {
            return Some(format!("entry {seq} hides {first} to {last}, which is not the range just before it"));
        }
        if seq > self.held {
            let is_behind = entry.first() <= self.held;
            return is_behind.then(|| format!("entry {seq} hides from {} what was shown up to {}", entry.first(), self.held));
        }
        match self.shown.get(&seq) {
            None => Some(format!("entry {seq} was hidden and is shown now")),
            // Recalled and erased entries lose their body; nothing else may change.
            Some(before) if *before != fingerprint(entry) && !entry.recalled && !entry.erased => {
                Some(format!("entry {seq} came again as another"))
            }
            Some(_) => None,
        }
    }
}

fn fingerprint(entry: &Entry) -> u64 {
    let mut hasher = DefaultHasher::new();
    (entry.first(), &entry.kind, entry.author.participant, &entry.author.role).hash(&mut hasher);
    entry.body.to_string().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::frame::Author;

    fn entry(seq: u64, hidden: Option<(u64, u64)>) -> Entry {
        Entry {
            conversation: "c".into(),
            seq,
            kind: "text".into(),
            author: Author { participant: 1, role: "customer".into() },
            body: serde_json::json!({"text": format!("word {seq}")}),
            hidden,
            erased: false,
            recalled: false,
        }
    }

    fn seqs(arrival: Arrival) -> Vec<u64> {
        assert_eq!(arrival.violation, None);
        arrival.shown.iter().map(|entry| entry.seq).collect()
    }

    #[test]
    fn shows_in_order_what_comes_out_of_order_and_twice() {
        let mut view = View::default();
        assert_eq!(seqs(view.receive(entry(2, None))), [0; 0]);
        assert_eq!(seqs(view.receive(entry(3, None))), [0; 0]);
        assert_eq!(seqs(view.receive(entry(1, None))), [1, 2, 3]);
        assert_eq!(seqs(view.receive(entry(2, None))), [0; 0]);
        assert_eq!(seqs(view.receive(entry(4, None))), [4]);
    }

    #[test]
    fn a_hidden_range_is_no_gap() {
        let mut view = View::default();
        assert_eq!(seqs(view.receive(entry(1, None))), [1]);
        assert_eq!(seqs(view.receive(entry(6, None))), [0; 0]);
        assert_eq!(seqs(view.receive(entry(5, Some((2, 4))))), [5, 6]);
        assert!(view.is_current());
    }

    #[test]
    fn asks_once_after_standing_still_and_again_only_when_answered() {
        let mut view = View::default();
        let start = Instant::now();
        view.receive(entry(1, None));
        view.receive(entry(3, None));
        assert!(!view.should_ask(start));
        assert!(view.should_ask(start + PATIENCE));
        assert!(!view.should_ask(start + PATIENCE * 2));
        view.answered(3);
        assert!(!view.should_ask(start + PATIENCE * 3));
        assert!(view.should_ask(start + PATIENCE * 4));
        assert_eq!(seqs(view.receive(entry(2, None))), [2, 3]);
        assert!(!view.should_ask(start + PATIENCE * 5));
    }

    #[test]
    fn progress_is_not_standing_still() {
        let mut view = View::default();
        let start = Instant::now();
        view.learn_head(9);
        assert!(!view.should_ask(start));
        view.receive(entry(1, None));
        assert!(!view.should_ask(start + PATIENCE));
        assert!(view.should_ask(start + PATIENCE * 2));
    }

    #[test]
    fn notices_what_must_never_be() {
        let mut view = View::default();
        view.receive(entry(1, None));
        view.receive(entry(4, Some((2, 3))));
        let mut other = entry(4, Some((2, 3)));
        other.body = serde_json::json!({"text": "another"});
        assert!(view.receive(other.clone()).violation.is_some(), "changed");
        other.recalled = true;
        assert!(view.receive(other).violation.is_none(), "recalled");
        assert!(view.receive(entry(3, None)).violation.is_some(), "hidden, then shown");
        assert!(view.receive(entry(6, Some((4, 5)))).violation.is_some(), "shown, then hidden");
        assert!(view.receive(entry(8, Some((5, 6)))).violation.is_some(), "not just before");
    }
}
