//! The judgement over a storm, pure: evidence in, verdict out.
//!
//! What must hold: every acknowledged letter stands in its log once, at the acknowledged `seq`, word by word; a letter without
//! an answer at most once; logs are dense; each sender's letters stand in the order of sending; nothing stands there that
//! nobody sent; every client was shown the log of its audience, in order, each entry once.

use std::collections::{HashMap, HashSet};

use super::evidence::{Audience, Evidence, Line, Log, Sent, Shown};

/// How often each promise was broken, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    pub lost: usize,
    pub duplicated: usize,
    pub out_of_order: usize,
    pub foreign: usize,
    pub findings: Vec<String>,
}

/// Letters by their text, which is unique.
type Letters<'a> = HashMap<&'a str, (usize, &'a Sent)>;

pub fn check(evidence: &Evidence) -> Verdict {
    let mut verdict = Verdict::default();
    for violation in &evidence.violations {
        verdict.foreign(violation.clone());
    }
    let letters: Letters = evidence.sent.iter().enumerate().map(|(i, sent)| (sent.text.as_str(), (i, sent))).collect();
    let mut stands: HashMap<usize, (&str, u64)> = HashMap::new();
    for log in &evidence.logs {
        check_density(log, &mut verdict);
        check_origin(log, &letters, &mut verdict);
        check_course(log, &mut verdict);
        if log.audience == Audience::Staff {
            check_letters(log, &letters, &mut stands, &mut verdict);
        }
    }
    check_answers(&evidence.sent, &stands, &mut verdict);
    check_audiences(&evidence.logs, &mut verdict);
    for shown in &evidence.shown {
        check_shown(shown, &evidence.logs, &mut verdict);
    }
    verdict
}

/// Dense from 1 to the head, hidden ranges counted.
fn check_density(log: &Log, verdict: &mut Verdict) {
    let name = name(log);
    if log.lines.is_empty() {
        verdict.lost(format!("{name}: nothing is left of it"));
    }
    let mut held = 0;
    for line in &log.lines {
        if line.first > held + 1 {
            verdict.lost(format!("{name}: a hole before {}, after {held}", line.seq));
        } else if line.seq == held {
            verdict.duplicated(format!("{name}: {} stands twice", line.seq));
        } else if line.first <= held || line.first > line.seq {
            verdict.out_of_order(format!("{name}: {} to {} after {held}", line.first, line.seq));
        }
        held = held.max(line.seq);
    }
    if held != log.head {
        verdict.lost(format!("{name}: ends at {held}, its head is {}", log.head));
    }
}

/// Nothing but what was sent to this conversation, by whom and as what it was sent.
fn check_origin(log: &Log, letters: &Letters, verdict: &mut Verdict) {
    let name = name(log);
    for line in &log.lines {
        let is_strange = line.conversation != log.conversation
            || match line.kind.as_str() {
                "system" => line.role != "system",
                "note" if log.audience == Audience::Customer => true,
                _ => letters.get(line.text.as_str()).is_none_or(|(_, sent)| !belongs(sent, line)),
            };
        if is_strange {
            let (kind, role) = (&line.kind, &line.role);
            verdict.foreign(format!("{name}: {} is {kind} of {role} in {}: {:?}", line.seq, line.conversation, line.text));
        }
    }
}

fn belongs(sent: &Sent, line: &Line) -> bool {
    let is_home = sent.conversation == line.conversation;
    let was_moved = sent.acked.iter().any(|place| place.conversation == line.conversation);
    sent.kind == line.kind && sent.role == line.role && (is_home || was_moved)
}

/// Opened once, and closed and reopened in turn: a repeated call must not be done twice.
fn check_course(log: &Log, verdict: &mut Verdict) {
    let mut is_open = None;
    for line in log.lines.iter().filter(|line| line.kind == "system") {
        let expected = match line.text.as_str() {
            "opened" => None,
            "closed" => Some(true),
            "reopened" => Some(false),
            _ => continue,
        };
        if is_open != expected {
            verdict.duplicated(format!("{}: {} at {} in vain", name(log), line.text, line.seq));
        }
        is_open = Some(line.text != "closed");
    }
}

/// Each letter once, each sender in order. Remembers where each stands.
fn check_letters<'a>(log: &'a Log, letters: &Letters<'a>, stands: &mut HashMap<usize, (&'a str, u64)>, verdict: &mut Verdict) {
    let mut last: HashMap<(&str, &str), u64> = HashMap::new();
    for line in log.lines.iter().filter(|line| line.kind != "system") {
        let Some((index, sent)) = letters.get(line.text.as_str()) else { continue };
        if let Some((conversation, seq)) = stands.insert(*index, (&log.conversation, line.seq)) {
            verdict.duplicated(format!("{}: {} stood already in {conversation} at {seq}", name(log), line.seq));
            continue;
        }
        if sent.may_be_late {
            continue;
        }
        let last = last.entry((&sent.conversation, &sent.sender)).or_default();
        if sent.number < *last {
            let Sent { sender, number, .. } = sent;
            verdict.out_of_order(format!("{}: {number} of {sender} at {} after {last}", name(log), line.seq));
        }
        *last = (*last).max(sent.number);
    }
}

/// What was acknowledged stands where it was said to stand.
fn check_answers(sent: &[Sent], stands: &HashMap<usize, (&str, u64)>, verdict: &mut Verdict) {
    for (index, sent) in sent.iter().enumerate() {
        let letter = format!("{} of {} in {}", sent.number, sent.sender, sent.conversation);
        if sent.acked.len() > 1 {
            verdict.duplicated(format!("{letter} was acknowledged differently: {:?}", sent.acked));
        }
        for place in &sent.acked {
            match stands.get(&index) {
                None => verdict.lost(format!("{letter} was acknowledged as {} and is nowhere", place.seq)),
                Some((conversation, seq)) if *conversation != place.conversation || *seq != place.seq => {
                    verdict.out_of_order(format!("{letter} was acknowledged as {}, stands at {seq}", place.seq));
                }
                Some(_) => {}
            }
        }
    }
}

/// Customers see of the staff's log everything but notes, as it is.
fn check_audiences(logs: &[Log], verdict: &mut Verdict) {
    let staff: HashMap<&str, &Log> =
        logs.iter().filter(|log| log.audience == Audience::Staff).map(|log| (log.conversation.as_str(), log)).collect();
    for log in logs.iter().filter(|log| log.audience == Audience::Customer) {
        let Some(full) = staff.get(log.conversation.as_str()) else {
            verdict.lost(format!("{}: staff have no log of it", name(log)));
            continue;
        };
        let seen: HashSet<u64> = log.lines.iter().map(|line| line.seq).collect();
        for line in full.lines.iter().filter(|line| line.kind == "text" && !seen.contains(&line.seq)) {
            verdict.lost(format!("{}: {} is kept from it", name(log), line.seq));
        }
        compare(&name(log), &log.lines, &full.lines, verdict);
    }
}

fn check_shown(shown: &Shown, logs: &[Log], verdict: &mut Verdict) {
    let name = format!("shown to {} in {}", shown.client, shown.conversation);
    let is_log = |log: &&Log| log.conversation == shown.conversation && log.audience == shown.audience;
    let Some(log) = logs.iter().find(is_log) else {
        return verdict.foreign(format!("{name}: there is no such log"));
    };
    compare(&name, &shown.lines, &log.lines, verdict);
    let seen: HashSet<u64> = shown.lines.iter().map(|line| line.seq).collect();
    let last = shown.lines.iter().map(|line| line.seq).max().unwrap_or(0);
    for line in log.lines.iter().filter(|line| line.seq <= shown.complete_to.max(last)) {
        if !seen.contains(&line.seq) {
            verdict.lost(format!("{name}: {} is missing", line.seq));
        }
    }
}

/// Every one of `lines` is in `log`, the same, and they come once and in order.
fn compare(name: &str, lines: &[Line], log: &[Line], verdict: &mut Verdict) {
    let by_seq: HashMap<u64, &Line> = log.iter().map(|line| (line.seq, line)).collect();
    let mut seen = HashSet::new();
    let mut last = 0;
    for line in lines {
        match by_seq.get(&line.seq) {
            Some(stored) if is_same(stored, line) => {}
            other => {
                let stored = other.map(|line| &line.text);
                verdict.foreign(format!("{name}: {} is {:?}, the log has {stored:?}", line.seq, line.text));
            }
        }
        if !seen.insert(line.seq) {
            verdict.duplicated(format!("{name}: {} comes twice", line.seq));
        } else if line.seq < last {
            verdict.out_of_order(format!("{name}: {} comes after {last}", line.seq));
        }
        last = last.max(line.seq);
    }
}

/// Hidden ranges differ between audiences; all else must not.
fn is_same(a: &Line, b: &Line) -> bool {
    a.conversation == b.conversation && a.kind == b.kind && a.role == b.role && a.text == b.text
}

fn name(log: &Log) -> String {
    format!("log of {} for {:?}", log.conversation, log.audience)
}

impl Verdict {
    /// Whether every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.lost + self.duplicated + self.out_of_order + self.foreign == 0
    }

    fn lost(&mut self, finding: String) {
        self.lost += 1;
        self.findings.push(format!("lost: {finding}"));
    }

    fn duplicated(&mut self, finding: String) {
        self.duplicated += 1;
        self.findings.push(format!("duplicated: {finding}"));
    }

    fn out_of_order(&mut self, finding: String) {
        self.out_of_order += 1;
        self.findings.push(format!("out of order: {finding}"));
    }

    fn foreign(&mut self, finding: String) {
        self.foreign += 1;
        self.findings.push(format!("foreign: {finding}"));
    }
}
