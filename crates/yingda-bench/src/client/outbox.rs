//! What was written and is not yet acknowledged, in the order of writing.

use std::collections::{HashMap, VecDeque};

use tokio::time::Instant;

use super::frame::Letter;

#[derive(Debug, Default)]
pub struct Outbox {
    letters: VecDeque<Letter>,
    /// Conversations the program asked to try later, and when.
    deferred: HashMap<String, Instant>,
}

impl Outbox {
    /// Keeps `letter`; whether it may be transmitted now. Behind a deferred letter it has to wait, or it would overtake it.
    pub fn keep(&mut self, letter: Letter) -> bool {
        let is_free = !self.deferred.contains_key(&letter.conversation);
        self.letters.push_back(letter);
        is_free
    }

    /// Forgets a letter that got its final answer; whether it was there.
    pub fn settle(&mut self, conversation: &str, client_id: &str) -> bool {
        let found = self.letters.iter().position(|it| it.client_id == client_id && it.conversation == conversation);
        found.is_some_and(|index| self.letters.remove(index).is_some())
    }

    /// The program asks to send the letters of `conversation` again, not before `at`.
    pub fn defer(&mut self, conversation: &str, at: Instant) {
        self.deferred.insert(conversation.to_owned(), at);
    }

    /// Letters whose time has come again, in order.
    pub fn due(&mut self, now: Instant) -> Vec<Letter> {
        let free: Vec<String> = self.deferred.iter().filter(|(_, at)| **at <= now).map(|(id, _)| id.clone()).collect();
        self.deferred.retain(|_, at| *at > now);
        self.letters.iter().filter(|letter| free.contains(&letter.conversation)).cloned().collect()
    }

    /// Everything, in order: what a new socket begins with.
    pub fn replay(&mut self) -> Vec<Letter> {
        self.deferred.clear();
        self.letters.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn letter(conversation: &str, client_id: &str) -> Letter {
        let body = serde_json::json!({"text": client_id});
        Letter { conversation: conversation.into(), client_id: client_id.into(), kind: "text".into(), body }
    }

    fn ids(letters: Vec<Letter>) -> Vec<String> {
        letters.into_iter().map(|letter| letter.client_id).collect()
    }

    #[test]
    fn replays_in_order_what_is_not_settled() {
        let mut outbox = Outbox::default();
        for id in ["1", "2", "3"] {
            assert!(outbox.keep(letter("a", id)));
        }
        assert!(outbox.settle("a", "2"));
        assert!(!outbox.settle("a", "2"));
        assert!(!outbox.settle("b", "1"));
        assert_eq!(ids(outbox.replay()), ["1", "3"]);
    }

    #[test]
    fn nothing_overtakes_a_deferred_letter() {
        let now = Instant::now();
        let mut outbox = Outbox::default();
        outbox.keep(letter("a", "1"));
        outbox.defer("a", now + Duration::from_secs(1));
        assert!(!outbox.keep(letter("a", "2")));
        assert!(outbox.keep(letter("b", "1")));
        assert!(outbox.due(now).is_empty());
        assert_eq!(ids(outbox.due(now + Duration::from_secs(1))), ["1", "2"]);
        assert!(outbox.keep(letter("a", "3")));
    }
}
