//! The checker must pass every clean run and see every kind of damage done to one.

use proptest::{prelude::*, sample::Index};

use super::{
    checker::{Verdict, check},
    evidence::{Audience, Evidence, Line, Log, Place, Sent, Shown},
};

/// One thing that happened in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Customer,
    Agent,
    Note,
    /// Committed, and the answer lost in a kill.
    Unanswered,
    /// Refused or lost in a kill before it was committed.
    Never,
    CloseAndReopen,
}

const SENDS: [Step; 5] = [Step::Customer, Step::Agent, Step::Note, Step::Unanswered, Step::Never];

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = prop_oneof![8 => proptest::sample::select(&SENDS[..]), 1 => Just(Step::CloseAndReopen)];
    // At least two letters of the customer in each of two conversations or more, so that there is something to damage.
    let conversation = proptest::collection::vec(step, 0..20).prop_map(|mut steps| {
        steps.extend([Step::Customer, Step::Note, Step::Customer, Step::Agent]);
        steps
    });
    proptest::collection::vec(conversation, 2..4)
}

/// What a faultless program would leave.
fn clean(conversations: &[Vec<Step>]) -> Evidence {
    let mut evidence = Evidence::default();
    for (index, steps) in conversations.iter().enumerate() {
        let id = format!("c{index}");
        let mut lines = Vec::new();
        system(&mut lines, &id, "opened");
        for (number, step) in (1..).zip(steps) {
            let (sender, role, kind) = match step {
                Step::CloseAndReopen => {
                    system(&mut lines, &id, "closed");
                    system(&mut lines, &id, "reopened");
                    continue;
                }
                Step::Agent => ("a0", "agent", "text"),
                Step::Note => ("a0", "agent", "note"),
                _ => ("v0", "customer", "text"),
            };
            let text = format!("{id} {sender} {number}");
            let seq = lines.len() as u64 + 1;
            let mut acked = Vec::new();
            if *step != Step::Never {
                lines.push(line(&id, seq, kind, role, &text));
            }
            if !matches!(step, Step::Never | Step::Unanswered) {
                acked.push(Place { conversation: id.clone(), seq });
            }
            let (sender, kind) = (sender.to_owned(), kind.to_owned());
            evidence.sent.push(Sent { conversation: id.clone(), sender, number, role, kind, text, acked, may_be_late: false });
        }
        let public = for_customer(&lines);
        let head = |lines: &[Line]| lines.last().map_or(0, |line| line.seq);
        for (audience, lines) in [(Audience::Staff, lines), (Audience::Customer, public)] {
            let (client, conversation) = (format!("{audience:?}"), id.clone());
            evidence.shown.push(Shown { client, conversation, audience, complete_to: u64::MAX, lines: lines.clone() });
            evidence.logs.push(Log { conversation: id.clone(), audience, head: head(&lines), lines });
        }
    }
    evidence
}

fn system(lines: &mut Vec<Line>, id: &str, code: &str) {
    lines.push(line(id, lines.len() as u64 + 1, "system", "system", code));
}

fn line(id: &str, seq: u64, kind: &str, role: &str, text: &str) -> Line {
    Line { conversation: id.into(), seq, first: seq, kind: kind.into(), role: role.into(), text: text.into() }
}

fn for_customer(lines: &[Line]) -> Vec<Line> {
    let mut held = 0;
    let mut public = Vec::new();
    for line in lines.iter().filter(|line| line.kind != "note") {
        public.push(Line { first: held + 1, ..line.clone() });
        held = line.seq;
    }
    public
}

/// Damage done to a clean run, as a faulty program would do it: in both logs, or in what one client was shown.
#[derive(Debug, Clone, Copy)]
enum Damage {
    AckedLost,
    TailLost,
    AllLost,
    Hole,
    StoredTwice,
    AckedTwice,
    Moved,
    SendersOrder,
    WrongBody,
    WrongSpeaker,
    OfAnotherConversation,
    NobodySent,
    NoteShownToCustomer,
    ClosedTwice,
    NotShown,
    ShownTwice,
    ShownLate,
    ShownAnother,
    Violation,
}

/// Damages the letter picked by `index`; which of the counters must have noticed.
fn damage(evidence: &mut Evidence, damage: Damage, index: Index) -> fn(&Verdict) -> usize {
    let is_candidate = |sent: &Sent| sent.kind == "text" && sent.role == "customer" && !sent.acked.is_empty();
    let acked: Vec<usize> = (0..evidence.sent.len()).filter(|i| is_candidate(&evidence.sent[*i])).collect();
    let victim = evidence.sent[acked[index.index(acked.len())]].clone();
    let seq = victim.acked[0].seq;
    let lost: fn(&Verdict) -> usize = |verdict| verdict.lost;
    let duplicated: fn(&Verdict) -> usize = |verdict| verdict.duplicated;
    let out_of_order: fn(&Verdict) -> usize = |verdict| verdict.out_of_order;
    let foreign: fn(&Verdict) -> usize = |verdict| verdict.foreign;
    let id = victim.conversation.as_str();
    match damage {
        Damage::AckedLost => {
            // The log closes up: the numbers are given again, as after a lost commit.
            rewrite(evidence, id, |lines| {
                lines.retain(|line| line.text != victim.text);
                (1..).zip(lines.iter_mut()).for_each(|(seq, line)| (line.seq, line.first) = (seq, seq));
            });
            lost
        }
        Damage::TailLost => {
            rewrite(evidence, id, |lines| lines.retain(|line| line.seq < seq));
            lost
        }
        Damage::AllLost => {
            // Nothing was acknowledged there but that it is open.
            evidence.sent.iter_mut().filter(|sent| sent.conversation == id).for_each(|sent| sent.acked.clear());
            rewrite(evidence, id, Vec::clear);
            lost
        }
        Damage::Hole => {
            rewrite(evidence, id, |lines| lines.retain(|line| line.text != victim.text));
            lost
        }
        Damage::StoredTwice => {
            rewrite(evidence, id, |lines| {
                let seq = lines.len() as u64 + 1;
                lines.push(line(id, seq, "text", "customer", &victim.text));
            });
            duplicated
        }
        Damage::AckedTwice => {
            let sent = evidence.sent.iter_mut().find(|sent| sent.text == victim.text).expect("the victim");
            sent.acked.push(Place { conversation: id.to_owned(), seq: seq + 1 });
            duplicated
        }
        Damage::Moved => {
            rewrite(evidence, id, |lines| {
                let other = lines.iter().position(|line| line.kind == "note").expect("each conversation has one");
                let text = std::mem::replace(&mut lines[other], line(id, other as u64 + 1, "text", "customer", &victim.text));
                let place = usize::try_from(seq).expect("small") - 1;
                lines[place] = Line { seq, first: seq, ..text };
            });
            out_of_order
        }
        Damage::SendersOrder => {
            let sent = evidence.sent.iter_mut().find(|sent| sent.text == victim.text).expect("the victim");
            sent.number = if seq == last_of(&evidence.logs, id, "v0") { 0 } else { 1000 };
            out_of_order
        }
        Damage::WrongBody => {
            rewrite(evidence, id, |lines| find(lines, &victim.text).text.push('!'));
            foreign
        }
        Damage::WrongSpeaker => {
            rewrite(evidence, id, |lines| find(lines, &victim.text).role = "agent".into());
            foreign
        }
        Damage::OfAnotherConversation => {
            let other = if id == "c0" { "c1" } else { "c0" };
            rewrite(evidence, other, |lines| {
                let seq = lines.len() as u64 + 1;
                lines.push(line(other, seq, "text", "customer", &victim.text));
            });
            foreign
        }
        Damage::NobodySent => {
            rewrite(evidence, id, |lines| {
                let seq = lines.len() as u64 + 1;
                lines.push(line(id, seq, "text", "agent", "您好"));
            });
            foreign
        }
        Damage::NoteShownToCustomer => {
            let full = evidence.logs.iter().find(|log| log.conversation == id).expect("staff come first").lines.clone();
            let log = evidence.logs.iter_mut().rfind(|log| log.conversation == id).expect("customers come second");
            log.lines = full;
            foreign
        }
        Damage::ClosedTwice => {
            rewrite(evidence, id, |lines| {
                system(lines, id, "closed");
                system(lines, id, "closed");
            });
            duplicated
        }
        Damage::NotShown => {
            shown(evidence, id).retain(|line| line.text != victim.text);
            lost
        }
        Damage::ShownTwice => {
            let lines = shown(evidence, id);
            let twice = find(lines, &victim.text).clone();
            lines.push(twice);
            duplicated
        }
        Damage::ShownLate => {
            let lines = shown(evidence, id);
            let place = lines.iter().position(|line| line.text == victim.text).expect("shown");
            lines.swap(0, place);
            out_of_order
        }
        Damage::ShownAnother => {
            find(shown(evidence, id), &victim.text).text.push('!');
            foreign
        }
        Damage::Violation => {
            evidence.violations.push("entry 4 came again as another".into());
            foreign
        }
    }
}

/// Changes the stored log, and with it everything that is read from it.
fn rewrite(evidence: &mut Evidence, id: &str, change: impl FnOnce(&mut Vec<Line>)) {
    let full = evidence.logs.iter_mut().find(|log| log.conversation == id).expect("staff come first");
    change(&mut full.lines);
    let lines = full.lines.clone();
    for log in evidence.logs.iter_mut().filter(|log| log.conversation == id) {
        log.lines = if log.audience == Audience::Staff { lines.clone() } else { for_customer(&lines) };
        log.head = log.lines.last().map_or(0, |line| line.seq);
    }
    for shown in evidence.shown.iter_mut().filter(|shown| shown.conversation == id) {
        shown.lines = if shown.audience == Audience::Staff { lines.clone() } else { for_customer(&lines) };
    }
}

fn shown<'a>(evidence: &'a mut Evidence, id: &str) -> &'a mut Vec<Line> {
    &mut evidence.shown.iter_mut().find(|shown| shown.conversation == id).expect("everybody was shown something").lines
}

fn find<'a>(lines: &'a mut [Line], text: &str) -> &'a mut Line {
    lines.iter_mut().find(|line| line.text == text).expect("it was stored")
}

/// The last `seq` of a sender in the log.
fn last_of(logs: &[Log], id: &str, sender: &str) -> u64 {
    let log = logs.iter().find(|log| log.conversation == id).expect("staff come first");
    let own = log.lines.iter().filter(|line| line.text.contains(sender));
    own.map(|line| line.seq).max().expect("it sent something")
}

proptest! {
    #[test]
    fn a_clean_run_is_clean(conversations in steps()) {
        let verdict = check(&clean(&conversations));
        prop_assert!(verdict.is_clean(), "{:?}", verdict.findings);
    }

    #[test]
    fn every_damage_is_seen(conversations in steps(), kind in proptest::sample::select(&ALL[..]), index in any::<Index>()) {
        let mut evidence = clean(&conversations);
        let counter = damage(&mut evidence, kind, index);
        let verdict = check(&evidence);
        prop_assert!(counter(&verdict) > 0, "{kind:?} was not noticed: {:?}", verdict.findings);
    }
}

const ALL: [Damage; 19] = [
    Damage::AckedLost,
    Damage::TailLost,
    Damage::AllLost,
    Damage::Hole,
    Damage::StoredTwice,
    Damage::AckedTwice,
    Damage::Moved,
    Damage::SendersOrder,
    Damage::WrongBody,
    Damage::WrongSpeaker,
    Damage::OfAnotherConversation,
    Damage::NobodySent,
    Damage::NoteShownToCustomer,
    Damage::ClosedTwice,
    Damage::NotShown,
    Damage::ShownTwice,
    Damage::ShownLate,
    Damage::ShownAnother,
    Damage::Violation,
];

#[test]
fn a_deferred_letter_may_be_overtaken_and_nothing_else() {
    let mut evidence = clean(&[vec![Step::Customer, Step::Customer]]);
    evidence.sent[0].number = 9;
    assert_eq!(check(&evidence).out_of_order, 1);
    evidence.sent[0].may_be_late = true;
    assert!(check(&evidence).is_clean());
}

#[test]
fn one_who_lost_the_conversation_need_not_see_its_end_but_no_hole() {
    let mut evidence = clean(&[vec![Step::Customer, Step::Agent, Step::Customer]]);
    evidence.shown[0].lines.truncate(2);
    assert_eq!(check(&evidence).lost, 2);
    evidence.shown[0].complete_to = 0;
    assert!(check(&evidence).is_clean());
    evidence.shown[0].lines.remove(0);
    assert_eq!(check(&evidence).lost, 1);
}

#[test]
fn a_letter_moved_to_the_next_conversation_is_at_home_there() {
    let mut evidence = clean(&[vec![Step::Customer], vec![Step::Customer]]);
    let moved = evidence.sent[0].text.clone();
    evidence.sent[0].acked = vec![Place { conversation: "c1".into(), seq: 3 }];
    rewrite(&mut evidence, "c0", |lines| drop(lines.pop()));
    rewrite(&mut evidence, "c1", |lines| lines.push(line("c1", 3, "text", "customer", &moved)));
    let verdict = check(&evidence);
    assert!(verdict.is_clean(), "{:?}", verdict.findings);
}
