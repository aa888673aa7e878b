//! Feeds: how a consumer (an index, a report, an outgoing channel) follows the changes of a table without missing one.
//!
//! Each change of a row writes a new *change id* into it, made inside the unit ([`Tx::next_id`]). Such ids grow with time but not with
//! commits: on PostgreSQL a unit that took its id early may commit late, and `id > max(id)` would never see its row. So a feed
//! - hands out what lies above its head at once,
//! - looks again at the last [`WINDOW`] below its head, for rows that came late, until nothing can come there any more,
//! - and now and then sweeps further back, for the disk that took longer than anybody promised.
//!
//! Everything is handed out at least once; applying a change twice must do no harm. [`Feed::settled`] is where a consumer that restarts
//! begins: it keeps that number with its own data, or in the database with [`load`] and [`save`].
mod follow;

pub use follow::Follower;

use crate::{Clock, Db, Result, Tx, db::Engine, id::IdSource, row, sql};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// How late a row may appear behind newer ones: 5 s that a unit may take, twice 2 s by which node clocks may differ (nodes follow each
/// other's ids at every renewal), and a reserve.
pub const WINDOW: Duration = Duration::from_secs(12);
/// How often and how far back a sweep looks.
const SWEEP_EVERY: Duration = Duration::from_secs(300);
const SWEEP_BACK: Duration = Duration::from_secs(600);
/// Rows of one reading.
const PAGE: i64 = 500;

/// A table that can be followed.
pub trait Source: Send + Sync + 'static {
    /// A changed row.
    type Item: Send + 'static;
    /// At most `limit` rows whose change id is above `after`, with that id, in its order.
    fn read(&self, tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<(i64, Self::Item)>>;
}

/// A place in a table, and what lies behind it unsettled.
pub struct Feed<S> {
    source: Arc<S>,
    db: Db,
    clock: Clock,
    /// Everything up to here was handed out and nothing can appear here any more.
    settled: i64,
    /// The highest id handed out.
    head: i64,
    /// What was handed out between the two.
    seen: BTreeSet<i64>,
    look_again_at: Duration,
    sweep_at: Duration,
}

/// Changes to apply, then to report as [`Feed::done`].
pub struct Changes<T> {
    /// The rows, in the order of their change ids.
    pub items: Vec<T>,
    /// Which they were.
    pub note: Note,
}

/// Which changes were handed out.
pub struct Note {
    ids: Vec<i64>,
    look: Look,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Ahead,
    Again,
    Sweep,
}

impl<S: Source> Feed<S> {
    /// Begins after `settled` (0 is the beginning of the table).
    pub fn new(source: S, db: Db, clock: Clock, settled: i64) -> Feed<S> {
        let now = clock.elapsed();
        let sweep_at = if settled == 0 { now + SWEEP_EVERY } else { now };
        Feed { source: Arc::new(source), db, clock, settled, head: settled, seen: BTreeSet::new(), look_again_at: now, sweep_at }
    }

    /// Where to begin after a restart.
    pub fn settled(&self) -> i64 {
        self.settled
    }

    /// The next changes; empty when there are none at the moment. Asked again before [`Feed::done`], it hands out the same.
    pub async fn next(&mut self) -> Result<Changes<S::Item>> {
        let ahead = self.read(Look::Ahead, self.head, i64::MAX).await?;
        if !ahead.items.is_empty() {
            return Ok(ahead);
        }
        let now = self.clock.elapsed();
        if now >= self.look_again_at {
            let again = self.read(Look::Again, self.settled, self.head).await?;
            if !again.items.is_empty() {
                return Ok(again);
            }
            self.done(&again.note);
        }
        if now >= self.sweep_at {
            let sweep = self.read(Look::Sweep, IdSource::before(self.settled, SWEEP_BACK), self.settled).await?;
            if !sweep.items.is_empty() {
                return Ok(sweep);
            }
            self.done(&sweep.note);
        }
        Ok(ahead)
    }

    /// Takes note that these changes were applied.
    pub fn done(&mut self, note: &Note) {
        let now = self.clock.elapsed();
        match note.look {
            Look::Ahead => {}
            Look::Again => self.look_again_at = now + look_again_every(self.db.engine()),
            Look::Sweep => {
                self.sweep_at = now + SWEEP_EVERY;
                return;
            }
        }
        self.seen.extend(&note.ids);
        self.head = self.head.max(note.ids.last().copied().unwrap_or(0));
        // After a look back, not before: what came late in the meantime is still to be found.
        if note.look == Look::Again {
            self.settled = self.settled.max(IdSource::before(self.head, WINDOW));
            self.seen = self.seen.split_off(&(self.settled + 1));
        }
    }

    /// Everything unseen in `(after, until]`; ahead only one page, so that applying keeps up with reading.
    async fn read(&self, look: Look, after: i64, until: i64) -> Result<Changes<S::Item>> {
        let mut changes = Changes { items: Vec::new(), note: Note { ids: Vec::new(), look } };
        let mut after = after;
        loop {
            let source = self.source.clone();
            let page = self.db.read(move |tx| source.read(tx, after, PAGE)).await?;
            let last = page.last().filter(|_| page.len() as i64 == PAGE).map(|(id, _)| *id);
            for (id, item) in page.into_iter().take_while(|(id, _)| *id <= until) {
                if look == Look::Sweep || !self.seen.contains(&id) {
                    changes.note.ids.push(id);
                    changes.items.push(item);
                }
            }
            match last {
                Some(last) if last < until && look != Look::Ahead => after = last,
                _ => return Ok(changes),
            }
        }
    }
}

/// On SQLite ids are made and committed in one order, unless another program writes too.
fn look_again_every(engine: &Engine) -> Duration {
    match engine {
        Engine::Sqlite(_) => Duration::from_secs(10),
        Engine::Postgres(_) => Duration::from_secs(2),
    }
}

row! {
    struct Cursor { settled: i64 }
}

/// Where `consumer` had settled; 0 if it never did.
pub fn load(tx: &mut Tx, consumer: &str) -> Result<i64> {
    let cursor = tx.find::<Cursor>(sql!("SELECT settled FROM feed_cursor WHERE consumer = $1", consumer))?;
    Ok(cursor.map_or(0, |cursor| cursor.settled))
}

/// Remembers where `consumer` has settled; never steps back.
pub fn save(tx: &mut Tx, consumer: &str, settled: i64) -> Result<()> {
    let now = tx.now();
    tx.run(sql!(
        "INSERT INTO feed_cursor (consumer, settled, saved_at) VALUES ($1, $2, $3)
         ON CONFLICT (consumer) DO UPDATE SET settled = excluded.settled, saved_at = excluded.saved_at
         WHERE feed_cursor.settled < excluded.settled",
        consumer,
        settled,
        now
    ))
    .map(drop)
}

/// Lets `consumer` begin anew: everything is handed out again.
pub fn rewind(tx: &mut Tx, consumer: &str) -> Result<()> {
    tx.run(sql!("DELETE FROM feed_cursor WHERE consumer = $1", consumer)).map(drop)
}
