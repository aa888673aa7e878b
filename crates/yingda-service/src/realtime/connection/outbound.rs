//! What the client gets.
use super::{Connection, End, Flow, PAGE};
use crate::{
    auth::{Action, authorise},
    conversation::{self, Card, Changed, Conversation, ConversationId, Entry, Participant, State, transcript::EntryView},
    latency::Stage,
    realtime::{
        hub::Push,
        inbox::InboxFrame,
        subscription::{Next, Subscription},
        transport::Transport,
    },
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use yingda_base::{
    error::Kind,
    http::{Actor, Authenticate},
};

impl<T: Transport> Connection<T> {
    /// Listens to a conversation from `held` on.
    pub(super) fn subscribe(&mut self, card: &Card, held: i64) {
        let viewer = conversation::sight(&self.app, &self.actor, card).viewer;
        match self.subscriptions.get_mut(&card.row.id) {
            Some(known) => {
                known.viewer = viewer;
                known.rewind(held);
            }
            None => {
                self.app.hub.subscribe(self.id, card.row.id);
                self.names.insert(card.row.public_id.clone(), card.row.id);
                self.subscriptions.insert(card.row.id, Subscription::new(card.row.public_id.clone(), viewer, held));
            }
        }
    }

    fn unsubscribe(&mut self, id: ConversationId) {
        if let Some(subscription) = self.subscriptions.remove(&id) {
            self.names.remove(&subscription.public_id);
            self.places.remove(&id);
            self.app.hub.unsubscribe(self.id, id);
        }
    }

    pub(super) async fn push(&mut self, push: Push) -> Flow {
        match push {
            Push::Changed(changed, heard) => self.push_changed(&changed, heard).await,
            Push::Typing(typing) => {
                let Some(subscription) = self.subscriptions.get(&typing.conversation_id) else { return Ok(()) };
                if subscription.viewer.participant == Some(typing.participant) {
                    return Ok(());
                }
                let body =
                    json!({"conversation": typing.conversation, "participant": typing.participant, "role": typing.role, "on": typing.on});
                self.send("typing", &body).await
            }
            Push::Preview(preview) => {
                if !matches!(self.actor, Actor::Staff(_)) || !self.subscriptions.contains_key(&preview.conversation_id) {
                    return Ok(());
                }
                let body = json!({"conversation": preview.conversation, "participant": preview.participant, "text": preview.text});
                self.send("preview", &body).await
            }
            Push::Away(id, away) => self.push_away(id, away).await,
            Push::Presence => self.push_presence().await,
            Push::Reauthenticate => self.reauthenticate().await,
        }
    }

    async fn push_changed(&mut self, changed: &Arc<Changed>, heard: Duration) -> Flow {
        let row = &changed.conversation;
        if authorise(&self.actor, Action::View, row).is_err() {
            self.unsubscribe(row.id);
            return Ok(());
        }
        if !self.subscriptions.contains_key(&row.id) {
            // The customer's own, or the owner's: they listen without asking. What came before they ask for, for they see the gap.
            let Some(card) = self.app.board.get(row.id) else { return Ok(()) };
            let held = changed.entries.first().map_or(row.head, |first| first.seq - 1);
            self.subscribe(&card, held);
        }
        let links = self.app.links(&self.actor);
        let Some(subscription) = self.subscriptions.get_mut(&row.id) else { return Ok(()) };
        if subscription.viewer.participant.is_none()
            && let (Actor::Staff(staff), Some(card)) = (&self.actor, self.app.board.get(row.id))
        {
            subscription.viewer.participant = card.participant_of(staff.id);
        }
        match subscription.follow(changed, &links) {
            Next::Show(views) => {
                let any = !views.is_empty();
                self.push_entries(views).await?;
                if any {
                    self.app.latency.note(Stage::Showing, heard);
                }
            }
            Next::Missing => self.catch_up(row.id).await?,
        }
        if let Some(participants) = &changed.participants {
            self.push_positions(row, participants).await?;
        }
        if changed.participants.is_none()
            && changed.entries.is_empty()
            && let Some(card) = self.app.board.get(row.id)
        {
            // What the sweep found: positions may be what was missed.
            self.push_positions(row, &card.participants).await?;
        }
        self.push_standing(changed).await
    }

    async fn push_entries(&mut self, views: Vec<EntryView>) -> Flow {
        for view in views {
            self.send("entry", &view).await?;
        }
        Ok(())
    }

    /// Shows everything of the log that was not shown yet.
    pub(super) async fn catch_up(&mut self, id: ConversationId) -> Flow {
        let Some(mut after) = self.subscriptions.get(&id).map(Subscription::shown) else { return Ok(()) };
        loop {
            let read = self.app.db.read(move |tx| conversation::entries_after(tx, id, after, PAGE)).await;
            let entries = match read {
                Ok(entries) => entries,
                Err(error) => {
                    tracing::warn!(%error, "a log could not be read; the client comes back");
                    return Err(End::Bye("busy", Some(1000)));
                }
            };
            after = entries.last().map_or(after, |last| last.seq);
            self.show_read(id, &entries).await?;
            if (entries.len() as i64) < PAGE {
                return self.push_known_positions(id).await;
            }
        }
    }

    /// Shows the page of a log that was read for a greeting, and whatever follows it.
    pub(super) async fn show_page(&mut self, id: ConversationId, entries: &[Entry]) -> Flow {
        self.show_read(id, entries).await?;
        if (entries.len() as i64) < PAGE { self.push_known_positions(id).await } else { self.catch_up(id).await }
    }

    async fn show_read(&mut self, id: ConversationId, entries: &[Entry]) -> Flow {
        let links = self.app.links(&self.actor);
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return Ok(()) };
        let views = subscription.show(entries, &links);
        self.push_entries(views).await
    }

    async fn push_known_positions(&mut self, id: ConversationId) -> Flow {
        match self.app.board.get(id) {
            Some(card) => self.push_positions(&card.row, &card.participants).await,
            None => Ok(()),
        }
    }

    async fn push_positions(&mut self, row: &Conversation, participants: &[Participant]) -> Flow {
        let Some(subscription) = self.subscriptions.get_mut(&row.id) else { return Ok(()) };
        let (public_id, news) = (subscription.public_id.clone(), subscription.positions(participants, row));
        for p in news {
            let body =
                json!({"conversation": public_id, "participant": p.participant, "role": p.role, "delivered": p.delivered, "read": p.read});
            self.send("read", &body).await?;
        }
        Ok(())
    }

    /// A visitor is told of state, owner and place; staff by the inbox, which follows the board.
    async fn push_standing(&mut self, changed: &Arc<Changed>) -> Flow {
        let row = &changed.conversation;
        if matches!(self.actor, Actor::Staff(_)) {
            return Ok(());
        }
        let is_news = self.subscriptions.get_mut(&row.id).is_some_and(|subscription| subscription.is_standing_news(row));
        let is_news = is_news || changed.is_partial;
        if row.state != State::Queued {
            self.places.remove(&row.id);
        }
        match self.app.board.get(row.id) {
            Some(card) if is_news => self.push_cards(std::slice::from_ref(&*card)).await,
            Some(_) | None => Ok(()),
        }
    }

    pub(super) async fn push_cards(&mut self, cards: &[Card]) -> Flow {
        self.note_places(cards);
        let items = cards.iter().map(|card| card.view(&conversation::sight(&self.app, &self.actor, card))).collect();
        self.inboxes += 1;
        let rev = self.inbox_rev();
        self.send("inbox", &InboxFrame { rev, full: false, items, removed: Vec::new(), counts: None, truncated: false }).await
    }

    /// The revision of the inbox this client was sent. A visitor's counts the frames of this connection, for it is small and sent whole to the next.
    pub(super) fn inbox_rev(&self) -> String {
        match self.actor {
            Actor::Staff(_) => self.inbox.rev(&self.app),
            Actor::Visitor(_) | Actor::Anonymous => format!("{}.{:?}.{}", self.app.run, self.id, self.inboxes),
        }
    }

    /// Remembers the places in queues a visitor was told.
    pub(super) fn note_places(&mut self, cards: &[Card]) {
        for card in cards {
            match card.row.state {
                State::Queued => self.places.insert(card.row.id, conversation::place(&self.app, card)),
                State::Served | State::Closed => self.places.remove(&card.row.id),
            };
        }
    }

    /// Staff get what changed on the board; visitors their place if it moved.
    pub(super) async fn push_inbox(&mut self) -> Flow {
        if let Actor::Staff(staff) = self.actor.clone() {
            let load = self.inbox.load();
            if let Some(frame) = self.inbox.delta(&self.app, &staff, &self.actor) {
                self.send("inbox", &frame).await?;
            }
            return if self.inbox.load() == load { Ok(()) } else { self.push_presence().await };
        }
        let cards: Vec<Card> = self.places.keys().filter_map(|id| self.app.board.get(*id)).map(|card| (*card).clone()).collect();
        let moved: Vec<Card> =
            cards.into_iter().filter(|card| self.places.get(&card.row.id) != Some(&conversation::place(&self.app, card))).collect();
        if moved.is_empty() { Ok(()) } else { self.push_cards(&moved).await }
    }

    async fn push_away(&mut self, id: ConversationId, away: bool) -> Flow {
        let (Some(subscription), Some(card)) = (self.subscriptions.get(&id), self.app.board.get(id)) else { return Ok(()) };
        let participant = card.row.owner_id.and_then(|owner| card.participant_of(owner));
        let body = json!({"conversation": subscription.public_id, "participant": participant, "role": "agent", "away": away});
        self.send("presence", &body).await
    }

    /// Own presence as the database has it.
    pub(super) async fn push_presence(&mut self) -> Flow {
        let Actor::Staff(staff) = &self.actor else { return Ok(()) };
        let accepting = self.app.roster.get(staff.id).is_accepting;
        self.push_presence_as(accepting).await
    }

    pub(super) async fn push_presence_as(&mut self, accepting: bool) -> Flow {
        let Actor::Staff(staff) = &self.actor else { return Ok(()) };
        let id = staff.id;
        let figures =
            self.app.db.read(move |tx| Ok((conversation::actions::load(tx, id)?, crate::staff::max_conversations(tx, id)?))).await;
        let (load, limit) = figures.unwrap_or_default();
        let body = json!({
            "accepting": accepting, "connected": true, "visible": true, "load": load, "limit": limit, "strain": self.app.surge.strain().step(),
        });
        self.send("presence", &body).await
    }

    /// Rights changed: whoever is somebody else now, or nobody, is cut; others go on with their new rights.
    pub(super) async fn reauthenticate(&mut self) -> Flow {
        let again = match &self.actor {
            Actor::Staff(staff) => self.app.authenticator().again(staff).await.map(|staff| Actor::Staff(Arc::new(staff))),
            Actor::Visitor(_) | Actor::Anonymous => self.app.authenticator().authenticate(&self.credentials, self.address).await,
        };
        match again {
            Ok(actor) if actor.key() == self.actor.key() => {
                let is_same = is_same_right(&self.actor, &actor);
                self.actor = actor;
                if is_same {
                    return Ok(());
                }
                self.waiting.renew();
                let Actor::Staff(staff) = self.actor.clone() else { return Ok(()) };
                let hidden: Vec<ConversationId> = self.subscriptions.keys().copied().collect();
                for id in hidden {
                    let may = self.app.board.get(id).is_some_and(|card| authorise(&self.actor, Action::View, &card.row).is_ok());
                    if !may {
                        self.unsubscribe(id);
                    }
                }
                match self.inbox.whole(&self.app, &staff, &self.actor, None) {
                    Some(frame) => self.send("inbox", &frame).await,
                    None => Ok(()),
                }
            }
            Err(error) if error.kind() == Kind::Unavailable || error.kind() == Kind::Internal => Err(End::Bye("busy", Some(1000))),
            // A visitor's token lives for an hour and their panel for as long as the page: it comes back with a fresh one.
            Err(error) if error.code() == "token_expired" && matches!(self.actor, Actor::Visitor(_)) => {
                Err(End::Bye("token_expired", Some(0)))
            }
            Ok(_) | Err(_) => Err(End::Bye("session_revoked", None)),
        }
    }
}

/// Whether two readings of an actor give the same rights, so that nothing has to be shown anew.
fn is_same_right(a: &Actor, b: &Actor) -> bool {
    match (a, b) {
        (Actor::Staff(a), Actor::Staff(b)) => (&a.permissions, &a.scope, a.pending) == (&b.permissions, &b.scope, b.pending),
        (Actor::Visitor(a), Actor::Visitor(b)) => a == b,
        (Actor::Anonymous, Actor::Anonymous) => true,
        (Actor::Staff(_) | Actor::Visitor(_) | Actor::Anonymous, _) => false,
    }
}
