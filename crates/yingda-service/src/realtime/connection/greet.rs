//! The beginning: who is this, and what do they hold already.
use super::{
    Connection, DEADLINE, End, Flow, Greeting, HELLO_WITHIN, PING,
    found::{self, Resumed},
};
use crate::{
    App,
    conversation::{self, Card},
    realtime::{
        frame::{self, ClientFrame, Hello, Resume},
        hub::Who,
        inbox::{Inbox, InboxFrame},
        transport::{Incoming, Transport},
        work::Waiting,
    },
    routing,
};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc};
use yingda_base::{
    Error, Result,
    http::{Actor, Authenticate, Credentials, StaffActor, VisitorActor},
    locale::Language,
};

/// Subscriptions one `hello` may ask for.
const RESUMES: usize = 200;

/// What a greeting tells: the conversations that were asked for, the inbox if the client lacks it, and who they are.
type Greeted = (Vec<Result<Resumed>>, Option<InboxFrame>, Value);

/// A greeting that cannot be read is no greeting: the client comes back.
fn undecided(error: Error) -> End {
    tracing::warn!(%error, "a greeting could not be read; the client comes back");
    End::Bye("busy", Some(error.retry_ms().unwrap_or(1000)))
}

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
            waiting: Waiting::default(),
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
            Actor::Visitor(_) | Actor::Anonymous => {}
        }
        self.hello(hello).await
    }

    /// Answers a `hello`, the first or a later one: subscriptions, inbox, and everything after what the client holds.
    pub(super) async fn hello(&mut self, mut hello: Hello) -> Flow {
        let generation = self.app.generation.clone();
        // Another history: what the client holds means nothing here.
        if hello.generation.as_deref().is_some_and(|held| held != &*generation) {
            hello.inbox_rev = None;
            hello.resume.iter_mut().for_each(|wish| wish.after = 0);
        }
        let surplus = hello.resume.split_off(hello.resume.len().min(RESUMES));
        let hello = Arc::new(hello);
        let (resumed, inbox, you) = match self.actor.clone() {
            Actor::Staff(staff) => self.find_for_staff(&staff, &hello).await?,
            Actor::Visitor(visitor) => self.find_for_visitor(visitor, &hello).await?,
            Actor::Anonymous => return Ok(()),
        };
        let is_visitor = matches!(self.actor, Actor::Visitor(_));
        let is_shown = |conversation: &str| inbox.iter().any(|inbox| inbox.items.iter().any(|item| item.id == conversation));
        let (mut told, mut missed, mut unplaced) = (Vec::new(), Vec::new(), Vec::new());
        for (wish, found) in hello.resume.iter().zip(resumed) {
            told.push(match found {
                Ok(found) => {
                    let (head, is_news) = self.resume(wish, &found);
                    if is_visitor && is_news && !is_shown(&wish.conversation) {
                        unplaced.push(found.card.clone());
                    }
                    missed.push((found.card.row.id, found.entries));
                    json!({"conversation": wish.conversation, "head": head})
                }
                Err(error) => json!({"conversation": wish.conversation, "error": error.code()}),
            });
        }
        told.extend(surplus.iter().map(|wish| json!({"conversation": wish.conversation, "error": "too_many_subscriptions"})));
        let body = json!({
            "generation": &*generation, "now": self.app.context.clock.now(), "you": you, "ping_ms": PING.as_millis() as u64,
            "deadline_ms": DEADLINE.as_millis() as u64, "recall_ms": crate::message::recall_ms(&self.app.settings), "subscriptions": told, "inbox_rev": self.inbox_rev(),
        });
        self.send("hello", &body).await?;
        if let Some(inbox) = inbox {
            self.send("inbox", &inbox).await?;
        }
        if matches!(self.actor, Actor::Staff(_)) {
            self.push_presence().await?;
        }
        self.place(unplaced).await?;
        for (id, entries) in missed {
            match entries {
                Some(entries) => self.show_page(id, &entries).await?,
                None => self.catch_up(id).await?,
            }
        }
        Ok(())
    }

    /// Subscribes to a conversation; answers the last `seq` of it for this viewer, and whether it was not told yet where it stands. That comes
    /// with this hello, so that a note cannot be what tells it again.
    fn resume(&mut self, wish: &Resume, found: &Resumed) -> (i64, bool) {
        let card = &found.card;
        self.subscribe(card, wish.after.max(0));
        let is_news = self.subscriptions.get_mut(&card.row.id).is_some_and(|subscription| subscription.is_standing_news(&card.row));
        (conversation::sight(&self.app, &self.actor, card).viewer.eyes.head(&card.row), is_news)
    }

    /// Tells a visitor where conversations stand that came with no inbox, as when the client asks for what it has just opened before the event
    /// of the opening came here.
    async fn place(&mut self, cards: Vec<Card>) -> Flow {
        if cards.is_empty() {
            return Ok(());
        }
        let is_behind = |card: &&Card| self.app.board.rev(card.row.id) < card.row.rev;
        let behind = cards.iter().filter(is_behind).map(|card| card.row.id).collect();
        if let Err(error) = self.app.board.refresh(&self.app.db, behind).await {
            tracing::warn!(%error, "the board could not be refreshed; the sweep will do it");
        }
        self.push_cards(&cards).await
    }

    async fn find_for_staff(&mut self, staff: &Arc<StaffActor>, hello: &Arc<Hello>) -> std::result::Result<Greeted, End> {
        let (wishes, actor) = (hello.clone(), self.actor.clone());
        let resumed = self.app.db.read(move |tx| found::for_staff(tx, &actor, &wishes.resume)).await.map_err(undecided)?;
        let mut inbox = self.inbox.whole(&self.app, staff, &self.actor, hello.inbox_rev.as_deref());
        if let Some(frame) = &mut inbox {
            self.add_drafts(staff.id, frame).await;
        }
        Ok((resumed, inbox, json!({"kind": "staff", "id": staff.id.to_string(), "name": staff.name})))
    }

    async fn find_for_visitor(&mut self, visitor: VisitorActor, hello: &Arc<Hello>) -> std::result::Result<Greeted, End> {
        let wants_inbox = hello.inbox_rev.as_ref() != Some(&self.inbox_rev());
        let wishes = hello.clone();
        let found = self.app.db.read(move |tx| found::for_visitor(tx, &visitor, &wishes.resume, wants_inbox)).await.map_err(undecided)?;
        self.may_preview = found.may_preview;
        let inbox = found.inbox.map(|cards| {
            self.note_places(&cards);
            let items = cards.iter().map(|card| card.view(&conversation::sight(&self.app, &self.actor, card))).collect();
            self.inboxes += 1;
            InboxFrame { rev: self.inbox_rev(), full: true, items, removed: Vec::new(), counts: None, truncated: false }
        });
        Ok((found.resumed, inbox, json!({"kind": "visitor", "id": found.profile.public_id, "name": found.profile.name})))
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
