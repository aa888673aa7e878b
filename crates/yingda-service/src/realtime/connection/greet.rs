//! The beginning: who is this, and what do they hold already.
use super::{Connection, DEADLINE, End, Flow, Greeting, HELLO_WITHIN, PING};
use crate::{
    App,
    conversation::{self, Card, ConversationId},
    realtime::{
        frame::{self, ClientFrame, Hello, Resume},
        hub::Who,
        inbox::{Inbox, InboxFrame},
        transport::{Incoming, Transport},
    },
    routing,
};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use yingda_base::{
    Error, Result,
    http::{Actor, Authenticate, Credentials},
    locale::Language,
};

/// Subscriptions one `hello` may ask for.
const RESUMES: usize = 200;
/// Conversations a visitor's inbox shows.
const VISITOR_SHOWN: i64 = 20;

/// Somebody who said who they are.
pub(super) struct Known {
    who: Who,
    actor: Actor,
    greeting: Greeting,
}

impl Known {
    pub(super) fn enter<T: Transport>(self, app: App, transport: T) -> Connection<T> {
        // The hub first, the database after: what happens in between is in the mailbox.
        let (id, mailbox) = app.hub.enter(self.who);
        let Greeting { credentials, address, language, .. } = self.greeting;
        Connection {
            board: app.board.watch(),
            app,
            transport,
            credentials,
            actor: self.actor,
            address,
            language,
            id,
            mailbox,
            subscriptions: HashMap::new(),
            names: HashMap::new(),
            inbox: Inbox::default(),
            inboxes: 0,
            places: HashMap::new(),
            inbox_at: None,
            waiting: VecDeque::new(),
            in_flight: None,
            paused: None,
            asked: None,
            pings: 0,
            may_preview: false,
        }
    }
}

/// Reads frames until a good `hello` comes, at most ten seconds. Anything else is answered with `hello_expected`.
pub(super) async fn await_hello<T: Transport>(
    app: &App,
    transport: &mut T,
    mut greeting: Greeting,
) -> std::result::Result<(Known, Hello), End> {
    let until = tokio::time::Instant::now() + HELLO_WITHIN;
    loop {
        let incoming = tokio::time::timeout_at(until, transport.next()).await.map_err(|_| End::Bye("no_hello", None))?;
        let parsed = match incoming.ok_or(End::Gone)? {
            Incoming::Text(text) => frame::parse(&text),
            Incoming::Binary => Err(Error::malformed("frame_malformed")),
        };
        let refused = match parsed {
            Ok(ClientFrame::Hello(hello)) => match identify(app, &mut greeting, &hello).await {
                Ok((who, actor)) => {
                    if let Some(locale) = &hello.locale {
                        greeting.language = Language::negotiate(locale);
                    }
                    return Ok((Known { who, actor, greeting }, hello));
                }
                Err(error) => {
                    transport.feed(frame::error(&error, greeting.language, Value::Null)).await?;
                    let retry = error.retry_ms();
                    return Err(End::Bye(if retry.is_some() { "busy" } else { "session_revoked" }, retry));
                }
            },
            Ok(_) => Error::malformed("hello_expected"),
            Err(error) => error,
        };
        transport.feed(frame::error(&refused, greeting.language, Value::Null)).await?;
        transport.flush().await?;
    }
}

async fn identify(app: &App, greeting: &mut Greeting, hello: &Hello) -> Result<(Who, Actor)> {
    if let Some(token) = &hello.token {
        greeting.credentials = Credentials { bearer: Some(token.clone()), cookie: None, bench: greeting.credentials.bench.take() };
    }
    // Asked now, and not when the socket was opened: much can have been taken away in between.
    let actor = app.authenticator().authenticate(&greeting.credentials, greeting.address).await?;
    if let Actor::Staff(staff) = &actor
        && let Some(pending) = staff.pending
    {
        return Err(pending.error());
    }
    let who = Who::of(&actor).ok_or_else(|| Error::unauthenticated("login_required"))?;
    Ok((who, actor))
}

impl<T: Transport> Connection<T> {
    /// Answers the first `hello`.
    pub(super) async fn greet(&mut self, hello: Hello) -> Flow {
        match &self.actor {
            Actor::Staff(staff) => {
                let id = staff.id;
                // On a full disk presence cannot be written, but reading goes on; the next proof of life tries again.
                if let Err(error) = self.app.db.write_needed(move |tx| routing::connect(tx, id)).await {
                    tracing::warn!(%error, "presence could not begin");
                }
                self.app.proofs.note(id);
            }
            Actor::Visitor(visitor) => {
                let site = visitor.site;
                let allowed = self.app.db.read(move |tx| crate::channel::allows_preview(tx, site)).await;
                self.may_preview = allowed.unwrap_or(false);
            }
            Actor::Anonymous => {}
        }
        self.hello(hello).await
    }

    /// Answers a `hello`, the first or a later one: subscriptions, inbox, and everything after what the client holds.
    pub(super) async fn hello(&mut self, hello: Hello) -> Flow {
        let generation = self.app.generation.clone();
        // Another history: what the client holds means nothing here.
        let is_other = hello.generation.as_deref().is_some_and(|held| held != &*generation);
        let (resumed, subscriptions) = self.resume(hello.resume, is_other).await;
        let held = hello.inbox_rev.as_deref().filter(|_| !is_other);
        let inbox = self.whole_inbox(held).await;
        let you = match &self.actor {
            Actor::Staff(staff) => json!({"kind": "staff", "id": staff.id.to_string(), "name": staff.name}),
            Actor::Visitor(visitor) => {
                let customer = visitor.customer;
                let found = self.app.db.read(move |tx| crate::customer::get(tx, customer)).await;
                found.map_or(Value::Null, |found| json!({"kind": "visitor", "id": found.public_id, "name": found.name}))
            }
            Actor::Anonymous => Value::Null,
        };
        let body = json!({
            "generation": &*generation, "now": self.app.context.clock.now(), "you": you, "ping_ms": PING.as_millis() as u64,
            "deadline_ms": DEADLINE.as_millis() as u64, "recall_ms": crate::message::recall_ms(&self.app.settings), "subscriptions": subscriptions, "inbox_rev": self.inbox_rev(),
        });
        self.send("hello", &body).await?;
        if let Some(inbox) = inbox {
            self.send("inbox", &inbox).await?;
        }
        if matches!(self.actor, Actor::Staff(_)) {
            self.push_presence().await?;
        }
        for id in resumed {
            self.catch_up(id).await?;
        }
        Ok(())
    }

    /// Subscribes to what the client names, if it may see it.
    async fn resume(&mut self, resume: Vec<Resume>, from_start: bool) -> (Vec<ConversationId>, Vec<Value>) {
        let (mut ids, mut told) = (Vec::new(), Vec::new());
        for (n, wish) in resume.into_iter().enumerate() {
            let found =
                if n < RESUMES { self.find_card(wish.conversation.clone()).await } else { Err(Error::malformed("too_many_subscriptions")) };
            match found {
                Ok(card) => {
                    let sight = conversation::sight(&self.app, &self.actor, &card);
                    let after = if from_start { 0 } else { wish.after.max(0) };
                    self.subscribe(&card, after);
                    if let Some(subscription) = self.subscriptions.get_mut(&card.row.id) {
                        // Where it stands is in the inbox that comes with this hello: a note must not be what tells it again.
                        subscription.is_standing_news(&card.row);
                    }
                    ids.push(card.row.id);
                    told.push(json!({"conversation": wish.conversation, "head": card.view(&sight).head}));
                }
                Err(error) => told.push(json!({"conversation": wish.conversation, "error": error.code()})),
            }
        }
        (ids, told)
    }

    /// A card the actor may see, from the board or else from the database.
    pub(super) async fn find_card(&mut self, public_id: String) -> Result<Card> {
        let actor = self.actor.clone();
        let read = move |tx: &mut yingda_base::Tx| {
            let row = conversation::find_by_public_id(tx, &public_id)?.ok_or_else(|| Error::not_found("conversation"))?;
            crate::auth::authorise(&actor, crate::auth::Action::View, &row)?;
            conversation::read_cards(tx, &[row.id])?.pop().ok_or_else(|| Error::not_found("conversation"))
        };
        self.app.db.read(read).await
    }

    async fn whole_inbox(&mut self, held: Option<&str>) -> Option<InboxFrame> {
        match self.actor.clone() {
            Actor::Staff(staff) => {
                let mut frame = self.inbox.whole(&self.app, &staff, &self.actor, held)?;
                self.add_drafts(staff.id, &mut frame).await;
                Some(frame)
            }
            Actor::Visitor(_) if held == Some(&self.inbox_rev()) => None,
            Actor::Visitor(visitor) => {
                let cards = self.app.db.read(move |tx| {
                    let rows = conversation::of_customer(tx, visitor.customer, i64::MAX, VISITOR_SHOWN)?;
                    conversation::read_cards(tx, &rows.iter().map(|row| row.id).collect::<Vec<_>>())
                });
                let cards = cards.await.inspect_err(|error| tracing::warn!(%error, "a visitor's conversations could not be read")).ok()?;
                self.note_places(&cards);
                let items = cards.iter().map(|card| card.view(&conversation::sight(&self.app, &self.actor, card))).collect();
                self.inboxes += 1;
                let rev = self.inbox_rev();
                Some(InboxFrame { rev, full: true, items, removed: Vec::new(), counts: None, truncated: false })
            }
            Actor::Anonymous => None,
        }
    }

    async fn add_drafts(&mut self, staff: i64, frame: &mut InboxFrame) {
        let drafts = self.app.db.read(move |tx| crate::message::drafts_of(tx, staff)).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "drafts could not be read");
            Vec::new()
        });
        for (id, text) in drafts {
            let public_id = self.app.board.get(id).map(|card| card.row.public_id.clone());
            if let Some(item) = frame.items.iter_mut().find(|item| Some(&item.id) == public_id.as_ref()) {
                item.draft = Some(text.chars().take(80).collect());
            }
        }
    }
}
