//! What the client says.
use super::{Connection, End, Flow, PAUSE, SURPLUS};
use crate::{
    conversation::{self, CUSTOMER, ConversationId, actions::Page},
    message::{Content, Outcome, Reached, Send, check_client_id},
    realtime::{
        frame::{self, Ack, ClientFrame, Preview, SendFrame, Typing},
        hub::{PreviewText, TypingOn},
        transport::Transport,
        work::{Done, Round, Work, typing_role},
    },
    routing,
};
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use yingda_base::{
    Error, Result,
    bus::Doorbell,
    http::{Actor, Limit},
};

impl<T: Transport> Connection<T> {
    /// Handles a frame. What it asks to be written waits for the next unit.
    pub(super) async fn receive(&mut self, text: &str) -> Flow {
        let parsed = match frame::parse(text) {
            Ok(parsed) => parsed,
            Err(error) => return self.refuse(&error, about(text)).await,
        };
        let cost = if let ClientFrame::Hello(hello) = &parsed { 1 + hello.resume.len() } else { 1 };
        self.count(cost);
        match parsed {
            ClientFrame::Hello(hello) => self.hello(hello).await,
            ClientFrame::Send(send) => self.receive_send(send).await,
            ClientFrame::Read(read) => {
                self.waiting.push_read(Reached { conversation: read.conversation, delivered: read.delivered, read: read.read });
                Ok(())
            }
            ClientFrame::Typing(typing) => self.receive_typing(&typing).await,
            ClientFrame::Preview(preview) => self.receive_preview(&preview).await,
            ClientFrame::Presence(presence) => match presence.page {
                Some(page) => self.receive_page(page).await,
                None => self.receive_presence(presence.accepting).await,
            },
            ClientFrame::Ping(beat) => self.pong(beat.n).await,
            ClientFrame::Pong(beat) => {
                if self.asked.is_some_and(|(n, _)| n == beat.n) {
                    self.asked = None;
                }
                if let Actor::Staff(staff) = &self.actor {
                    self.app.proofs.note(staff.id);
                }
                Ok(())
            }
            ClientFrame::Bye => Err(End::Gone),
        }
    }

    /// Counts a frame by what it costs; a client that asks for too much is read more slowly.
    fn count(&mut self, cost: usize) {
        let is_too_much = |_: &usize| self.app.limits.count(Limit::Read, &self.actor, self.address).is_err();
        let surplus = u32::try_from((0..cost).filter(is_too_much).count()).unwrap_or(u32::MAX);
        if surplus > 0 {
            self.paused = Some(Instant::now() + SURPLUS * surplus);
        }
    }

    async fn receive_send(&mut self, wish: SendFrame) -> Flow {
        let read_at = self.app.latency.now();
        let about = json!({"conversation": wish.conversation, "client_id": wish.client_id});
        match self.check(wish) {
            Ok(send) => {
                self.waiting.push(Work::Send(send, read_at));
                if self.app.limits.count(Limit::Write, &self.actor, self.address).is_err() {
                    self.paused = Some(Instant::now() + PAUSE);
                }
                Ok(())
            }
            Err(error) => self.refuse(&error, about).await,
        }
    }

    fn check(&self, wish: SendFrame) -> Result<Send> {
        Ok(Send {
            client_id: check_client_id(&wish.client_id)?,
            content: Content::parse(&wish.kind, &wish.body, self.language)?,
            mac: self.app.bodies.clone(),
            locale: wish
                .locale
                .filter(|locale| locale.len() <= 35 && !locale.contains(char::is_control))
                .unwrap_or_else(|| self.language.tag().to_owned()),
            reopen_within: conversation::reopen_within(&self.app.settings),
            conversation: wish.conversation,
        })
    }

    /// The subscription a frame speaks of, and who one is there: one can type only where one listens and takes part.
    fn listened(&self, conversation: &str) -> Result<(ConversationId, i64)> {
        let found = self.names.get(conversation).and_then(|id| Some((*id, self.subscriptions.get(id)?)));
        let (id, subscription) = found.ok_or_else(|| Error::not_found("conversation"))?;
        let participant = subscription.viewer.participant.ok_or_else(|| Error::forbidden("forbidden"))?;
        Ok((id, participant))
    }

    async fn receive_typing(&mut self, typing: &Typing) -> Flow {
        let (conversation_id, participant) = match self.listened(&typing.conversation) {
            Ok(listened) => listened,
            Err(error) => return self.refuse(&error, json!({"conversation": typing.conversation})).await,
        };
        let speaks = match &self.actor {
            Actor::Staff(staff) => self.app.board.get(conversation_id).is_some_and(|card| card.row.owner_id == Some(staff.id)),
            Actor::Visitor(_) | Actor::Anonymous => participant == CUSTOMER,
        };
        if speaks && self.app.limits.count(Limit::Write, &self.actor, self.address).is_ok() {
            let (conversation, role, on) = (typing.conversation.clone(), typing_role(&self.actor), typing.on);
            self.app.bus.ring(Doorbell::of(TypingOn { conversation_id, conversation, participant, role, on }));
        }
        Ok(())
    }

    async fn receive_preview(&mut self, preview: &Preview) -> Flow {
        if !self.may_preview {
            return self.refuse(&Error::forbidden("preview_off"), json!({"conversation": preview.conversation})).await;
        }
        let (conversation_id, participant) = match self.listened(&preview.conversation) {
            Ok(listened) => listened,
            Err(error) => return self.refuse(&error, json!({"conversation": preview.conversation})).await,
        };
        if self.app.limits.count(Limit::Write, &self.actor, self.address).is_ok() && self.app.surge.shows_previews() {
            // What is not yet said must not give away what nobody should have typed.
            let text = crate::customer::mask(&preview.text.chars().take(500).collect::<String>());
            self.app.bus.ring(Doorbell::of(PreviewText { conversation_id, conversation: preview.conversation.clone(), participant, text }));
        }
        Ok(())
    }

    /// A visitor looks at another page of the host site: whoever serves them sees it.
    async fn receive_page(&mut self, page: Page) -> Flow {
        if !matches!(self.actor, Actor::Visitor(_)) {
            return Ok(());
        }
        let (actor, open) = (self.actor.clone(), self.subscriptions.values().map(|s| s.public_id.clone()).collect::<Vec<_>>());
        let noted = self.app.db.write(move |tx| open.iter().try_for_each(|id| conversation::actions::look_at(tx, &actor, id, &page)));
        match noted.await {
            Ok(()) => Ok(()),
            Err(error) => self.refuse(&error, Value::Null).await,
        }
    }

    async fn receive_presence(&mut self, accepting: Option<bool>) -> Flow {
        let (Actor::Staff(staff), Some(accepting)) = (self.actor.clone(), accepting) else { return Ok(()) };
        if !staff.can("conversation.serve") {
            return self.refuse(&Error::forbidden("forbidden"), Value::Null).await;
        }
        let id = staff.id;
        if let Err(error) = self.app.db.write(move |tx| routing::set_accepting(tx, id, accepting)).await {
            return self.refuse(&error, Value::Null).await;
        }
        self.push_presence_as(accepting).await
    }

    async fn pong(&mut self, n: i64) -> Flow {
        let mut heads = Map::new();
        for (id, subscription) in &self.subscriptions {
            let head = match self.app.board.get(*id) {
                Some(card) if subscription.viewer.participant == Some(CUSTOMER) => card.row.customer_head,
                Some(card) => card.row.head,
                None => subscription.shown(),
            };
            heads.insert(subscription.public_id.clone(), head.into());
        }
        let (generation, now, inbox_rev) = (&*self.app.generation.clone(), self.app.context.clock.now(), self.inbox_rev());
        self.send("pong", &json!({"n": n, "generation": generation, "now": now, "heads": heads, "inbox_rev": inbox_rev})).await
    }

    /// Tells what became of a unit's wishes, in their order.
    pub(super) async fn answer(&mut self, round: Round) -> Flow {
        for done in round.done {
            match done {
                Done::Sent { client_id, outcome: Outcome::Kept { conversation, seq, at, is_duplicate, moved_to }, .. } => {
                    self.send("ack", &Ack { conversation, client_id, seq, at, duplicate: is_duplicate, moved_to }).await?;
                }
                Done::Sent { conversation, client_id, outcome: Outcome::Refused(refusal) } => {
                    self.refuse(&refusal.error, json!({"conversation": conversation, "client_id": client_id})).await?;
                }
                Done::Read { error: None, .. } => {}
                Done::Read { conversation, error: Some(error) } => self.refuse(&error, json!({"conversation": conversation})).await?,
            }
        }
        match round.fault {
            Some(fault) => Err(End::Bye("busy", Some(fault.retry_ms().unwrap_or(1000)))),
            None => Ok(()),
        }
    }
}

/// What can be told of a frame that could not be read, so that its sender finds it again.
fn about(text: &str) -> Value {
    if text.len() > frame::LONGEST {
        return Value::Null;
    }
    let frame: Value = serde_json::from_str(text).unwrap_or_default();
    let field = |name: &str| frame[name].as_str().filter(|value| value.len() <= 64).map_or(Value::Null, Value::from);
    json!({"conversation": field("conversation"), "client_id": field("client_id"), "n": frame["n"].as_i64().map_or(Value::Null, Value::from)})
}
