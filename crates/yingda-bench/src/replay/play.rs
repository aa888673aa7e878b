//! One dialogue: opened by a fresh visitor, served by an agent, spoken turn by turn, closed, judged.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use serde_json::json;
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, timeout, timeout_at},
};

use super::{
    Stage,
    compare::compare,
    desk::{Delivery, DeskAgent},
    dialogue::{Dialogue, Side, Turn},
};
use crate::client::{Connection, Entry, Event, Identity, Letter, Opening, Unwatched, Visitor};

/// After this without an owner an agent takes the conversation by hand.
const ROUTING_PATIENCE: Duration = Duration::from_secs(5);
/// After this a word that was not shown counts as never shown. Far above the three seconds the product promises.
const TURN_PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of text that surely fit into a frame, and more than any text the protocol takes.
const LARGEST_TEXT: usize = 32 * 1024;

/// What became of one dialogue.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Turns acknowledged.
    pub entries: usize,
    pub refused: usize,
    pub findings: Vec<String>,
}

/// One side while the dialogue runs: what it was shown, and what became of its letters.
#[derive(Default)]
struct Ears {
    shown: Vec<Entry>,
    acked: HashMap<String, u64>,
    refused: HashSet<String>,
    violations: Vec<String>,
}

/// Both sides and what passes between them.
struct Scene<'a> {
    conversation: String,
    visitor: Visitor,
    agent: &'a DeskAgent,
    agent_index: usize,
    deliveries: UnboundedReceiver<Delivery>,
    customer_ears: Ears,
    agent_ears: Ears,
}

pub async fn play(stage: Arc<Stage>, dialogue: Dialogue) -> Outcome {
    let mut outcome = Outcome::default();
    if let Err(error) = perform(&stage, &dialogue, &mut outcome).await {
        outcome.findings.push(format!("{error:#}"));
    }
    for finding in &mut outcome.findings {
        finding.insert_str(0, &format!("dialogue {}: ", dialogue.id));
    }
    outcome
}

async fn perform(stage: &Stage, dialogue: &Dialogue, outcome: &mut Outcome) -> anyhow::Result<()> {
    let visitor = Visitor::arrive(&stage.setup, &stage.place, Arc::new(Unwatched)).await.context("a visitor's token")?;
    let opening = Opening { client_id: "open".to_owned(), external_id: Some(dialogue.id.clone()) };
    let conversation = visitor.identity.open(&opening).await.context("opening")?.id;
    let mut deliveries = stage.desk.claim(&conversation);
    let result = async {
        let mut early = Vec::new();
        let agent_index = find_owner(stage, &conversation, &mut deliveries, &mut early).await?;
        let mut scene = Scene {
            conversation: conversation.clone(),
            visitor,
            agent: stage.desk.agent(agent_index),
            agent_index,
            deliveries,
            customer_ears: Ears::default(),
            agent_ears: Ears::default(),
        };
        early.into_iter().for_each(|delivery| scene.hear_delivery(delivery));
        let spoken = scene.speak(&dialogue.turns, outcome).await;
        scene.judge(&dialogue.turns, outcome).await?;
        spoken
    }
    .await;
    stage.desk.release(&conversation);
    result
}

/// Waits until routing has given the conversation to an agent; otherwise has one take it. What else arrives is kept in `early`.
async fn find_owner(
    stage: &Stage,
    conversation: &str,
    deliveries: &mut UnboundedReceiver<Delivery>,
    early: &mut Vec<Delivery>,
) -> anyhow::Result<usize> {
    let mut wait = async || -> Option<usize> {
        while let Some(delivery) = deliveries.recv().await {
            match &delivery.event {
                Event::Inbox(items) => {
                    if let Some(owner) = items.iter().find_map(|item| stage.desk.owner(item)) {
                        return Some(owner);
                    }
                }
                _ => early.push(delivery),
            }
        }
        None
    };
    if let Ok(Some(owner)) = timeout(ROUTING_PATIENCE, wait()).await {
        return Ok(owner);
    }
    let agent = stage.desk.agent(stage.desk.next());
    let taken = agent.identity.accept(conversation).await;
    match timeout(TURN_PATIENCE, wait()).await {
        Ok(Some(owner)) => Ok(owner),
        _ => bail!("nobody owns the conversation (accepting by hand: {taken:?})"),
    }
}

impl Scene<'_> {
    /// Speaks all turns. A side speaks only after it was shown the turn before, or after its own was acknowledged.
    async fn speak(&mut self, turns: &[Turn], outcome: &mut Outcome) -> anyhow::Result<()> {
        // How many words were spoken so far.
        let mut spoken = 0;
        let mut last = None;
        for (index, turn) in turns.iter().enumerate() {
            if last.is_some_and(|side| side != turn.side) {
                self.until(|scene| scene.ears(turn.side).words() >= spoken)
                    .await
                    .with_context(|| format!("the {} was not shown turn {}", turn.side.role(), index - 1))?;
            }
            let client_id = format!("turn-{index}");
            let body = json!({"text": turn.text});
            if turn.text.len() > LARGEST_TEXT {
                // The error for a frame above the limit names no letter.
                self.ears_mut(turn.side).refused.insert(client_id);
                outcome.refused += 1;
                continue;
            }
            let letter = Letter { conversation: self.conversation.clone(), client_id, kind: "text".into(), body };
            let client_id = letter.client_id.clone();
            self.connection(turn.side).send(letter);
            let is_answered = |ears: &Ears| ears.acked.contains_key(&client_id) || ears.refused.contains(&client_id);
            self.until(|scene| is_answered(scene.ears(turn.side))).await.with_context(|| format!("turn {index} was not answered"))?;
            if self.ears(turn.side).refused.contains(&client_id) {
                ensure!(!turn.is_sendable(), "turn {index} was refused");
                outcome.refused += 1;
                continue;
            }
            spoken += 1;
            outcome.entries += 1;
            last = Some(turn.side);
        }
        self.until(|scene| scene.customer_ears.words() >= spoken && scene.agent_ears.words() >= spoken)
            .await
            .context("the last turns were not shown to both")
    }

    /// Closes the conversation and compares what was shown and what is stored with the file.
    async fn judge(&self, turns: &[Turn], outcome: &mut Outcome) -> anyhow::Result<()> {
        self.agent.identity.close(&self.conversation).await.context("closing")?;
        let refused = |side: Side, index: usize| self.ears(side).refused.contains(&format!("turn-{index}"));
        let sent = turns.iter().enumerate().filter(|(index, turn)| !refused(turn.side, *index));
        let sent: Vec<Turn> = sent.map(|(_, turn)| turn.clone()).collect();
        let sides: [(Side, &Identity); 2] = [(Side::Customer, &self.visitor.identity), (Side::Agent, &self.agent.identity)];
        for (side, identity) in sides {
            let ears = self.ears(side);
            let mut findings = compare(&self.conversation, &sent, &ears.shown);
            findings.extend(ears.violations.iter().cloned());
            let role = side.role();
            outcome.findings.extend(findings.into_iter().map(|what| format!("shown to the {role}: {what}")));

            let log = identity.log(&self.conversation).await.with_context(|| format!("the {role}'s log"))?;
            let mut findings = compare(&self.conversation, &sent, &log.entries);
            let last = log.entries.last().map_or(0, |entry| entry.seq);
            if last != log.head {
                findings.push(format!("the log ends at {last}, its head is {}", log.head));
            }
            findings.extend(self.misplaced(turns, &log.entries));
            outcome.findings.extend(findings.into_iter().map(|what| format!("stored for the {role}: {what}")));
        }
        Ok(())
    }

    /// Acknowledged turns that do not stand where the acknowledgement said.
    fn misplaced(&self, turns: &[Turn], log: &[Entry]) -> Vec<String> {
        let mut findings = Vec::new();
        for (index, turn) in turns.iter().enumerate() {
            let Some(seq) = self.ears(turn.side).acked.get(&format!("turn-{index}")) else { continue };
            let entry = log.iter().find(|entry| entry.seq == *seq);
            if entry.and_then(Entry::text) != Some(&turn.text) {
                findings.push(format!("turn {index} was acknowledged as {seq} and stands elsewhere"));
            }
        }
        findings
    }

    /// Listens on both sides until `is_done`.
    async fn until(&mut self, is_done: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        let end = Instant::now() + TURN_PATIENCE;
        while !is_done(self) {
            let heard = async {
                tokio::select! {
                    event = self.visitor.events.recv() => event.map(|event| self.customer_ears.hear(event)),
                    delivery = self.deliveries.recv() => delivery.map(|delivery| self.hear_delivery(delivery)),
                }
            };
            match timeout_at(end, heard).await {
                Ok(Some(())) => {}
                Ok(None) => bail!("a connection ended"),
                Err(_) => bail!("nothing for {TURN_PATIENCE:?}"),
            }
        }
        Ok(())
    }

    /// Colleagues may hear of the conversation too; only its owner's socket counts.
    fn hear_delivery(&mut self, delivery: Delivery) {
        if delivery.agent == self.agent_index {
            self.agent_ears.hear(delivery.event);
        }
    }

    fn ears(&self, side: Side) -> &Ears {
        match side {
            Side::Customer => &self.customer_ears,
            Side::Agent => &self.agent_ears,
        }
    }

    fn ears_mut(&mut self, side: Side) -> &mut Ears {
        match side {
            Side::Customer => &mut self.customer_ears,
            Side::Agent => &mut self.agent_ears,
        }
    }

    fn connection(&self, side: Side) -> &Connection {
        match side {
            Side::Customer => &self.visitor.connection,
            Side::Agent => &self.agent.connection,
        }
    }
}

impl Ears {
    fn words(&self) -> usize {
        self.shown.iter().filter(|entry| entry.kind == "text").count()
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Shown(entry) => self.shown.push(entry),
            Event::Acked { ack, .. } => {
                if let Some(moved_to) = &ack.moved_to {
                    self.violations.push(format!("{} was moved to {moved_to}", ack.client_id));
                }
                self.acked.insert(ack.client_id, ack.seq);
            }
            Event::Refused(refusal) => {
                tracing::info!(code = refusal.code, "a turn was refused");
                self.refused.insert(refusal.client_id);
            }
            Event::Violated { what, .. } | Event::Fault(what) => self.violations.push(what),
            Event::Ended(reason) => self.violations.push(format!("sent away: {reason}")),
            Event::Up | Event::Inbox(_) | Event::Deferred { .. } | Event::Answered { .. } => {}
        }
    }
}
