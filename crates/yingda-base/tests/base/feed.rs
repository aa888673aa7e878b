//! No change is skipped, however late its unit commits.
use proptest::prelude::*;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};
use yingda_base::{
    Db, Error, Tx, both,
    feed::{self, Feed, Follower, Source},
    row, sql,
    supervisor::Supervisor,
    testkit::{Kind, TestDb},
};

/// The table these tests follow.
pub const SCHEMA: &str = "
    CREATE TABLE item (id BIGINT PRIMARY KEY, change_id BIGINT NOT NULL) {{clustered}};
    CREATE INDEX item_change ON item (change_id);
";

struct Items;
row! {
    #[derive(Clone)]
    struct Item { id: i64, change_id: i64 }
}
impl Source for Items {
    type Item = i64;
    fn read(&self, tx: &mut Tx, after: i64, limit: i64) -> Result<Vec<(i64, i64)>, Error> {
        let rows: Vec<Item> =
            tx.all(sql!("SELECT id, change_id FROM item WHERE change_id > $1 ORDER BY change_id LIMIT $2", after, limit))?;
        Ok(rows.into_iter().map(|row| (row.change_id, row.id)).collect())
    }
}

fn put(tx: &mut Tx, id: i64, change_id: i64) -> Result<(), Error> {
    tx.run(sql!(
        "INSERT INTO item (id, change_id) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET change_id = excluded.change_id",
        id,
        change_id
    ))
    .map(drop)
}

async fn change(db: &Db, id: i64) {
    db.write(move |tx| {
        let change = tx.next_id();
        put(tx, id, change)
    })
    .await
    .unwrap();
}

fn feed(db: &TestDb, settled: i64) -> Feed<Items> {
    Feed::new(Items, db.db(), db.clock().clone(), settled)
}

/// Applies until there is nothing more at the moment.
async fn drain(feed: &mut Feed<Items>) -> Vec<i64> {
    let mut all = Vec::new();
    loop {
        let changes = match feed.next().await {
            // The clock of these tests may jump while a reading unit runs.
            Err(error) if error.code() == "database.too_slow" => continue,
            changes => changes.unwrap(),
        };
        if changes.items.is_empty() {
            return all;
        }
        feed.done(&changes.note);
        all.extend(changes.items);
    }
}

both! { changes_are_handed_out_once_and_again_when_they_change, |db| async {
    db.script(SCHEMA).await;
    db.write(|tx| (1..=1200).try_for_each(|id| { let change = tx.next_id(); put(tx, id, change) })).await.unwrap();
    let mut feed = feed(&db, 0);
    assert_eq!(drain(&mut feed).await, (1..=1200).collect::<Vec<_>>(), "over several pages, in order");
    assert_eq!(drain(&mut feed).await, Vec::<i64>::new());
    change(&db, 7).await;
    db.clock().advance(Duration::from_secs(30));
    assert_eq!(drain(&mut feed).await, [7]);
}}

both! { what_was_not_applied_is_handed_out_again, |db| async {
    db.script(SCHEMA).await;
    change(&db, 1).await;
    let mut feed = feed(&db, 0);
    assert_eq!(feed.next().await.unwrap().items, [1]);
    assert_eq!(feed.next().await.unwrap().items, [1], "the first batch was never reported as done");
}}

both! { a_restart_begins_where_it_settled, |db| async {
    db.script(SCHEMA).await;
    let mut first = feed(&db, 0);
    for id in 1..=100 {
        db.clock().advance(Duration::from_secs(20));
        change(&db, id).await;
        drain(&mut first).await;
    }
    db.clock().advance(Duration::from_secs(20));
    drain(&mut first).await;
    let settled = first.settled();
    db.write(move |tx| { feed::save(tx, "test", settled)?; feed::save(tx, "test", settled - 5) }).await.unwrap();
    let settled = db.read(|tx| feed::load(tx, "test")).await.unwrap();
    assert_eq!(settled, first.settled(), "a place never steps back");
    let again = drain(&mut feed(&db, settled)).await;
    assert!(again.contains(&100) && again.len() < 50, "some minutes, not the whole history: {again:?}");
    db.write(|tx| feed::rewind(tx, "test")).await.unwrap();
    assert_eq!(db.read(|tx| feed::load(tx, "test")).await.unwrap(), 0);
}}

both! { a_row_that_came_later_than_promised_is_found_by_the_sweep, |db| async {
    db.script(SCHEMA).await;
    let early = db.context.ids.next();
    let mut feed = feed(&db, 0);
    for id in 1..=20 {
        db.clock().advance(Duration::from_secs(11));
        change(&db, id).await;
        drain(&mut feed).await;
    }
    db.write(move |tx| put(tx, 99, early)).await.unwrap();
    db.clock().advance(Duration::from_secs(11));
    assert!(!drain(&mut feed).await.contains(&99), "long settled");
    db.clock().advance(Duration::from_secs(300));
    assert!(drain(&mut feed).await.contains(&99));
}}

#[tokio::test]
async fn a_unit_that_commits_late_is_not_skipped_as_the_highest_id_would() {
    let Some(db) = TestDb::postgres_if_there() else { return };
    db.script(SCHEMA).await;
    let mut feed = feed(&db, 0);
    let (go, wait) = mpsc::channel::<()>();
    let (started, running) = tokio::sync::oneshot::channel();
    let (wait, started) = (Mutex::new(wait), Mutex::new(Some(started)));
    let late = db.write(move |tx| {
        let change = tx.next_id();
        if let Some(started) = started.lock().unwrap().take() {
            started.send(()).unwrap();
            wait.lock().unwrap().recv().unwrap();
        }
        put(tx, 1, change)
    });
    let judge = async {
        running.await.unwrap();
        db.clock().advance(Duration::from_secs(4));
        change(&db, 2).await;
        assert_eq!(drain(&mut feed).await, [2]);
        let highest = db.read(|tx| tx.all::<Item>(sql!("SELECT id, change_id FROM item ORDER BY change_id DESC LIMIT 1"))).await.unwrap();
        go.send(()).unwrap();
        highest[0].change_id
    };
    let (late, highest) = futures_util::future::join(late, judge).await;
    late.unwrap();
    let naive = db.read(move |tx| Items.read(tx, highest, 10)).await.unwrap();
    assert!(naive.is_empty(), "a cursor by the highest id has lost the first row");
    db.clock().advance(Duration::from_secs(3));
    assert_eq!(drain(&mut feed).await, [1]);
}

/// 200 concurrent units take their ids, dawdle for `dawdle` µs while the clock moves on by a millisecond, and commit in whatever order; some are
/// too slow and are undone.
async fn stress(db: &TestDb, steps: Vec<u64>, dawdle: u64) -> Result<(), TestCaseError> {
    db.script("DELETE FROM item").await;
    let (mut feed, mut delivered, mut duplicates) = (feed(db, 0), BTreeSet::new(), 0);
    let writers = futures_util::future::join_all(steps.iter().enumerate().map(|(id, step)| {
        let (clock, step) = (db.clock().clone(), *step);
        db.write(move |tx| {
            let change = tx.next_id();
            put(tx, id as i64, change)?;
            clock.advance(Duration::from_millis(step));
            std::thread::sleep(Duration::from_micros(step * dawdle));
            Ok(())
        })
    }));
    let done = std::sync::atomic::AtomicBool::new(false);
    let reader = async {
        loop {
            let last_round = done.load(std::sync::atomic::Ordering::SeqCst);
            if last_round {
                // What came late is found by looking again.
                db.clock().advance(Duration::from_secs(11));
            }
            for item in drain(&mut feed).await {
                duplicates += usize::from(!delivered.insert(item));
            }
            if last_round {
                return;
            }
            db.clock().advance(Duration::from_millis(1));
            tokio::task::yield_now().await;
        }
    };
    let writers = async {
        let ends = writers.await;
        done.store(true, std::sync::atomic::Ordering::SeqCst);
        ends
    };
    let (ends, ()) = futures_util::future::join(writers, reader).await;
    let committed: BTreeSet<i64> = ends.iter().enumerate().filter(|(_, end)| end.is_ok()).map(|(id, _)| id as i64).collect();
    prop_assert!(committed.len() > steps.len() / 2);
    prop_assert!(feed.settled() > 0, "the feed settles while it is written to");
    prop_assert_eq!(&delivered, &committed);
    prop_assert_eq!(duplicates, 0, "no sweep was due");
    Ok(())
}

#[test]
fn no_row_is_skipped_under_concurrent_late_commits() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        if kind == Kind::Postgres && TestDb::postgres_if_there().is_none() {
            continue;
        }
        // Several writers move the clock at once: a commit that waits a moment for the processor must not seem to take longer than a feed waits.
        let (connections, dawdle) = if kind == Kind::Postgres { (4, 100) } else { (8, 10) };
        // A smaller counterexample would mean other timing: shrinking shows nothing here.
        let db = TestDb::open(kind, move |options| options.connections = connections, Arc::new(yingda_base::bus::LocalBus::default()));
        runtime.block_on(db.script(SCHEMA));
        proptest!(ProptestConfig { cases: 6, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() }, |(steps in proptest::collection::vec(0..800_u64, 200))| {
            runtime.block_on(stress(&db, steps, dawdle))?;
        });
    }
}

both! { a_follower_applies_retries_and_keeps_its_place, |db| async {
    db.script(SCHEMA).await;
    let (supervisor, bus) = (Supervisor::default(), db.bus.clone());
    let (applied, mut results) = tokio::sync::mpsc::unbounded_channel();
    let follower = || Follower { consumer: "test", db: db.db(), clock: db.clock().clone(), stopping: supervisor.stopping() };
    let mut fail_once = true;
    for id in 1..=3 {
        change(&db, id).await;
    }
    supervisor.spawn("follower", follower().run(Items, bus.listen("test.item"), move |items| {
        let failing = std::mem::take(&mut fail_once);
        let applied = applied.clone();
        async move {
            if failing {
                return Err(Error::unavailable("index.busy"));
            }
            items.into_iter().for_each(|id| applied.send(id).unwrap());
            Ok(())
        }
    }));
    for id in 1..=3 {
        assert_eq!(results.recv().await, Some(id), "handed out again after the failure");
    }
    assert_eq!(supervisor.stop(Duration::from_secs(5)).await, 0, "it ends when told");
}}
