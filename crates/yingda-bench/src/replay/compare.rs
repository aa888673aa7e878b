//! The judgement over one dialogue: what a side was shown, or a log holds, against the file. Pure.

use super::dialogue::Turn;
use crate::client::Entry;

/// Compares `entries`, in the order they came, with the turns that were sent. One finding for each difference.
pub fn compare(conversation: &str, turns: &[Turn], entries: &[Entry]) -> Vec<String> {
    let mut findings = gaps(entries);
    let foreign = entries.iter().filter(|entry| entry.conversation != conversation);
    findings.extend(foreign.map(|entry| format!("entry {} belongs to {}", entry.seq, entry.conversation)));
    // What the program itself has to say is not in the file.
    let mut said = entries.iter().filter(|entry| entry.kind != "system");
    for (index, turn) in turns.iter().enumerate() {
        match said.next() {
            None => findings.push(format!("turn {index} is missing")),
            Some(entry) if !is_turn(entry, turn) => {
                let (role, text) = (&entry.author.role, entry.text());
                let expected = (turn.side.role(), &turn.text);
                findings.push(format!("turn {index} is {expected:?}, entry {} is {} {role} {text:?}", entry.seq, entry.kind));
            }
            Some(_) => {}
        }
    }
    findings.extend(said.map(|entry| format!("entry {} is of no turn: {} {:?}", entry.seq, entry.kind, entry.text())));
    findings
}

/// Whether each entry directly follows the one before, from 1.
fn gaps(entries: &[Entry]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut held = 0;
    for entry in entries {
        if entry.first() != held + 1 || entry.seq < entry.first() {
            findings.push(format!("entry {} (from {}) does not follow {held}", entry.seq, entry.first()));
        }
        held = entry.seq;
    }
    findings
}

fn is_turn(entry: &Entry, turn: &Turn) -> bool {
    entry.kind == "text" && entry.author.role == turn.side.role() && entry.text() == Some(&turn.text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn turns() -> Vec<Turn> {
        serde_json::from_value(json!([
            {"role": "sys", "text": "您好"}, {"role": "usr", "text": "查 话费\t\n"}, {"role": "usr", "text": "查 话费\t\n"},
        ]))
        .expect("turns")
    }

    fn log() -> Vec<Entry> {
        let said = |seq: u64, role: &str, text: &str| json!({"conversation": "c", "seq": seq, "kind": "text", "author": {"role": role}, "body": {"text": text}});
        serde_json::from_value(json!([
            {"conversation": "c", "seq": 1, "kind": "system", "author": {"role": "system"}, "body": {"code": "opened"}},
            said(2, "agent", "您好"), said(3, "customer", "查 话费\t\n"), said(4, "customer", "查 话费\t\n"),
            {"conversation": "c", "seq": 6, "hidden": [5, 5], "kind": "system", "author": {"role": "system"}, "body": {"code": "closed"}},
        ]))
        .expect("entries")
    }

    fn findings(change: impl FnOnce(&mut Vec<Entry>)) -> usize {
        let mut log = log();
        change(&mut log);
        compare("c", &turns(), &log).len()
    }

    #[test]
    fn the_same_is_the_same() {
        assert_eq!(findings(|_| {}), 0);
    }

    #[test]
    fn every_difference_is_found() {
        assert!(findings(|log| drop(log.remove(3))) > 0, "lost");
        assert!(findings(|log| log.insert(2, log[1].clone())) > 0, "doubled");
        assert!(findings(|log| log.swap(1, 2)) > 0, "moved");
        assert!(findings(|log| log[1].author.role = "customer".into()) > 0, "said by the other");
        assert!(findings(|log| log[2].body = json!({"text": "查 话费"})) > 0, "trimmed");
        assert!(findings(|log| log[2].conversation = "d".into()) > 0, "of another conversation");
        assert!(findings(|log| log[4].hidden = None) > 0, "a hole");
        assert!(findings(|log| log[2].kind = "note".into()) > 0, "another kind");
        assert!(findings(|log| log.truncate(3)) > 0, "the end lost");
        assert!(
            findings(|log| {
                let mut more = log[3].clone();
                more.seq = 7;
                log.push(more);
            }) > 0,
            "one too many"
        );
    }
}
