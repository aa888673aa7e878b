//! The inbox of one connection: what of the board it shows, and by which revision.
use crate::{
    App,
    auth::{Action, authorise},
    conversation::{Card, ConversationId, ConversationView, Item, State},
};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use yingda_base::http::{Actor, StaffActor};

/// Most waiting conversations that are shown to a member of staff; more are counted.
const QUEUE_SHOWN: usize = 200;

/// An inbox frame.
#[derive(Serialize)]
pub(super) struct InboxFrame {
    pub rev: String,
    pub full: bool,
    pub items: Vec<ConversationView>,
    pub removed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// How many of each kind one sees.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    mine: usize,
    queue: usize,
    colleague: usize,
}

/// Where a conversation stands for a member of staff.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shelf {
    Mine,
    Queue,
    Colleague,
}

/// A member of staff's inbox as the client holds it.
#[derive(Default)]
pub(super) struct Inbox {
    /// The board's last change that is in it.
    change: u64,
    shelves: HashMap<ConversationId, Shelf>,
    /// What the client was sent and not told to remove.
    held: HashSet<ConversationId>,
    counts: Counts,
}

fn shelf(staff: &StaffActor, actor: &Actor, card: &Card) -> Option<Shelf> {
    let row = &card.row;
    match row.state {
        _ if authorise(actor, Action::View, row).is_err() => None,
        State::Queued => Some(Shelf::Queue),
        State::Served if row.owner_id == Some(staff.id) => Some(Shelf::Mine),
        State::Served => Some(Shelf::Colleague),
        State::Closed => None,
    }
}

/// Names a state of the board for clients.
fn rev(app: &App, change: u64) -> String {
    format!("{}.{change}", app.run)
}

impl Inbox {
    /// The revision the client holds.
    pub(super) fn rev(&self, app: &App) -> String {
        rev(app, self.change)
    }

    /// How many conversations one serves, as the client knows it.
    pub(super) fn load(&self) -> usize {
        self.counts.mine
    }

    /// Everything, from the start; nothing if the client holds this revision already.
    pub(super) fn whole(&mut self, app: &App, staff: &StaffActor, actor: &Actor, held: Option<&str>) -> Option<InboxFrame> {
        *self = Inbox::default();
        let mut frame = self.read(app, staff, actor);
        frame.full = true;
        frame.removed.clear();
        if held == Some(frame.rev.as_str()) { None } else { Some(frame) }
    }

    /// What changed since the last frame; nothing if nothing did.
    pub(super) fn delta(&mut self, app: &App, staff: &StaffActor, actor: &Actor) -> Option<InboxFrame> {
        let before = self.counts;
        let frame = self.read(app, staff, actor);
        let is_news = !frame.items.is_empty() || !frame.removed.is_empty() || self.counts != before;
        is_news.then_some(frame)
    }

    /// When some of the shown ones have left the queue, others that wait take their room. Answers whether more wait than are shown.
    fn fill_up(&mut self, app: &App, actor: &Actor, items: &mut Vec<ConversationView>) -> bool {
        let waiting = self.shelves.iter().filter(|(_, shelf)| **shelf == Shelf::Queue).map(|(id, _)| *id);
        let (shown, hidden): (Vec<ConversationId>, Vec<ConversationId>) = waiting.partition(|id| self.held.contains(id));
        let room = QUEUE_SHOWN.saturating_sub(shown.len());
        let is_more = hidden.len() > room;
        let mut cards: Vec<_> = hidden.into_iter().filter_map(|id| app.board.get(id)).collect();
        cards.sort_by_key(|card| (!card.row.is_returned, card.row.queued_at, card.row.id));
        for card in cards.into_iter().take(room) {
            self.held.insert(card.row.id);
            items.push(card.view(&crate::conversation::sight(app, actor, &card)));
        }
        is_more
    }

    fn read(&mut self, app: &App, staff: &StaffActor, actor: &Actor) -> InboxFrame {
        let (changed, last) = app.board.since(self.change);
        self.change = last;
        let (mut items, mut removed) = (Vec::new(), Vec::new());
        let mut waiting = self.shelves.values().filter(|shelf| **shelf == Shelf::Queue).count();
        for Item { card, .. } in &changed {
            let id = card.row.id;
            let (old, new) = (self.shelves.get(&id).copied(), shelf(staff, actor, card));
            match new {
                Some(new) => self.shelves.insert(id, new),
                None => self.shelves.remove(&id),
            };
            waiting += usize::from(new == Some(Shelf::Queue) && old != Some(Shelf::Queue));
            let is_shown = match new {
                Some(Shelf::Mine) => true,
                Some(Shelf::Queue) => waiting <= QUEUE_SHOWN || self.held.contains(&id),
                // Someone's end is shown once to those who held it; a colleague's conversation is on a list that is fetched.
                Some(Shelf::Colleague) => false,
                None => card.row.state == State::Closed && self.held.contains(&id),
            };
            if is_shown {
                items.push(card.view(&crate::conversation::sight(app, actor, card)));
                if new.is_some() {
                    self.held.insert(id);
                } else {
                    self.held.remove(&id);
                }
            } else if self.held.remove(&id) {
                removed.push(card.row.public_id.clone());
            }
        }
        let truncated = self.fill_up(app, actor, &mut items);
        let count = |wanted: Shelf| self.shelves.values().filter(|shelf| **shelf == wanted).count();
        self.counts = Counts { mine: count(Shelf::Mine), queue: count(Shelf::Queue), colleague: count(Shelf::Colleague) };
        InboxFrame { rev: rev(app, last), full: false, items, removed, counts: Some(self.counts), truncated }
    }
}
