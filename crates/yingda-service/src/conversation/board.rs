//! What is open now, in memory: the source of inboxes and of places in queues. Built from the database, kept by events, healed by a sweep.
//!
//! Inbox revisions are the board's own: they name a moment of this process. A client with another board's revision gets the whole inbox.
use super::{
    card::{self, Card},
    event::Changed,
    model::{Conversation, ConversationId, State},
    store,
};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::sync::watch;
use yingda_base::{Clock, Db, Millis, Result};

/// How long an ended conversation stays, so that every desk sees it end.
const LINGER: Duration = Duration::from_secs(600);
const PAGE: i64 = 500;

/// A card with its place among the changes.
#[derive(Clone, Debug)]
pub struct Item {
    /// The conversation.
    pub card: Arc<Card>,
    /// The change that made it so.
    pub change: u64,
}

#[derive(Default)]
struct Inner {
    items: HashMap<ConversationId, Item>,
    changes: BTreeMap<u64, ConversationId>,
    last: u64,
    /// In order. Conversations come at the end and leave near the front, so that a place is found by halving and nothing has to be counted.
    queues: HashMap<i64, VecDeque<Place>>,
    ended: BTreeMap<(Duration, ConversationId), ()>,
}

/// Order in a queue: returned ones first, then by time of queueing.
type Place = (bool, Millis, ConversationId);

fn place(row: &Conversation) -> Option<Place> {
    row.queued_at.filter(|_| row.state == State::Queued).map(|since| (!row.is_returned, since, row.id))
}

/// See the module.
pub struct Board {
    inner: RwLock<Inner>,
    version: watch::Sender<u64>,
    clock: Clock,
}

impl Board {
    /// An empty board.
    pub fn new(clock: Clock) -> Board {
        Board { inner: RwLock::default(), version: watch::channel(0).0, clock }
    }

    /// Reads everything that is open.
    pub async fn fill(&self, db: &Db) -> Result<()> {
        let mut after = ConversationId(0);
        loop {
            let rows = db.read(move |tx| store::open_ones(tx, after, PAGE)).await?;
            let Some(last) = rows.last().map(|row| row.id) else { return Ok(()) };
            after = last;
            self.refresh(db, rows.iter().map(|row| row.id).collect()).await?;
        }
    }

    /// Takes over what events tell. Answers the ids that must be read again, because the board lacks what came before.
    pub fn follow(&self, changes: &[Arc<Changed>]) -> Vec<ConversationId> {
        let mut unknown = Vec::new();
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        for changed in changes {
            let row = &changed.conversation;
            let is_known = inner.items.get(&row.id).is_some_and(|item| item.card.row.rev >= row.rev);
            if !is_known && !inner.follow(changed, self.clock.elapsed()) {
                unknown.push(row.id);
            }
        }
        let last = inner.last;
        drop(inner);
        self.version.send_if_modified(|version| std::mem::replace(version, last) != last);
        unknown
    }

    /// Reads cards anew and takes over those that are newer.
    pub async fn refresh(&self, db: &Db, ids: Vec<ConversationId>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let cards = db.read(move |tx| card::read(tx, &ids)).await?;
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        for card in cards {
            let is_newer = inner.items.get(&card.row.id).is_none_or(|item| item.card.row.rev < card.row.rev);
            if is_newer {
                inner.put(Arc::new(card), self.clock.elapsed());
            }
        }
        let last = inner.last;
        drop(inner);
        self.version.send_if_modified(|version| std::mem::replace(version, last) != last);
        Ok(())
    }

    /// Makes everything an owner has look changed: the owner's desk came or went.
    pub fn touch_owned(&self, staff: i64) -> Vec<Arc<Card>> {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let owned: Vec<Arc<Card>> =
            inner.items.values().filter(|item| item.card.row.owner_id == Some(staff)).map(|item| item.card.clone()).collect();
        for card in &owned {
            inner.put(card.clone(), self.clock.elapsed());
        }
        let last = inner.last;
        drop(inner);
        self.version.send_if_modified(|version| std::mem::replace(version, last) != last);
        owned
    }

    /// Forgets what ended long ago.
    pub fn prune(&self) {
        let horizon = self.clock.elapsed().saturating_sub(LINGER);
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        while let Some((&(since, id), ())) = inner.ended.first_key_value() {
            if since > horizon {
                break;
            }
            inner.ended.remove(&(since, id));
            if inner.items.get(&id).is_some_and(|item| item.card.row.state == State::Closed)
                && let Some(item) = inner.items.remove(&id)
            {
                inner.changes.remove(&item.change);
            }
        }
    }

    /// A conversation, if it is on the board.
    pub fn get(&self, id: ConversationId) -> Option<Arc<Card>> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).items.get(&id).map(|item| item.card.clone())
    }

    /// The `rev` the board has of a conversation; 0 if none.
    pub fn rev(&self, id: ConversationId) -> i64 {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).items.get(&id).map_or(0, |item| item.card.row.rev)
    }

    /// Everything that changed after `change`, oldest change first, and the last change.
    pub fn since(&self, change: u64) -> (Vec<Item>, u64) {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let items = inner.changes.range(change + 1..).filter_map(|(_, id)| inner.items.get(id).cloned()).collect();
        (items, inner.last)
    }

    /// Tells of every change by its number.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Places in the queue of a group, 1 is next.
    pub fn places(&self, group: i64) -> HashMap<ConversationId, usize> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let queue = inner.queues.get(&group).into_iter().flatten();
        queue.enumerate().map(|(n, (_, _, id))| (*id, n + 1)).collect()
    }

    /// The place of one conversation in its queue, 1 is next.
    pub fn position(&self, row: &Conversation) -> Option<usize> {
        let place = place(row)?;
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.queues.get(&row.group_id)?.binary_search(&place).ok().map(|before| before + 1)
    }
}

impl Inner {
    fn put(&mut self, card: Arc<Card>, elapsed: Duration) {
        let id = card.row.id;
        if let Some(old) = self.items.remove(&id) {
            self.forget(&old);
        }
        self.items.insert(id, Item { card, change: 0 });
        self.enter(id, elapsed);
    }

    /// Takes over in place what an event tells of a card that is here; false if it does not tell enough.
    fn follow(&mut self, changed: &Changed, elapsed: Duration) -> bool {
        let id = changed.conversation.id;
        let Some(mut item) = self.items.remove(&id) else { return false };
        let (change, group, old_place) = (item.change, item.card.row.group_id, place(&item.card.row));
        // Nobody else holds the card, most of the time: then nothing of it is copied.
        let follows = Arc::make_mut(&mut item.card).follow(changed);
        self.items.insert(id, item);
        if follows {
            self.leave(change, group, old_place);
            self.enter(id, elapsed);
        }
        follows
    }

    fn forget(&mut self, old: &Item) {
        self.leave(old.change, old.card.row.group_id, place(&old.card.row));
    }

    fn leave(&mut self, change: u64, group: i64, place: Option<Place>) {
        self.changes.remove(&change);
        if let (Some(place), Some(queue)) = (place, self.queues.get_mut(&group))
            && let Ok(at) = queue.binary_search(&place)
        {
            queue.remove(at);
        }
    }

    /// Enters the card among the latest changes, the waiting and the ended.
    fn enter(&mut self, id: ConversationId, elapsed: Duration) {
        let Some(item) = self.items.get_mut(&id) else { return };
        self.last += 1;
        item.change = self.last;
        let row = &item.card.row;
        if let Some(place) = place(row) {
            let queue = self.queues.entry(row.group_id).or_default();
            if let Err(at) = queue.binary_search(&place) {
                queue.insert(at, place);
            }
        }
        if row.state == State::Closed {
            self.ended.insert((elapsed, id), ());
        }
        self.changes.insert(self.last, id);
    }
}

/// Heals lost events: reads what changed after the change id `after` and answers, as events without entries, those the board does not have.
/// Also answers the greatest change id met.
pub async fn sweep(db: &Db, board: &Board, after: i64) -> Result<(Vec<Arc<Changed>>, i64)> {
    let (mut cursor, mut missed) = (after, Vec::new());
    loop {
        let marks = db.read(move |tx| store::marks_since(tx, cursor, PAGE)).await?;
        let is_last = (marks.len() as i64) < PAGE;
        cursor = marks.last().map_or(cursor, |mark| mark.change_id);
        let ids: Vec<i64> = marks.iter().filter(|mark| board.rev(mark.id) < mark.rev).map(|mark| mark.id.0).collect();
        if !ids.is_empty() {
            let rows = db.read(move |tx| store::by_ids(tx, &ids)).await?;
            let partial = |conversation| Arc::new(Changed { conversation, entries: Vec::new(), participants: None, is_partial: true });
            missed.extend(rows.into_iter().map(partial));
        }
        if is_last {
            return Ok((missed, cursor));
        }
    }
}
