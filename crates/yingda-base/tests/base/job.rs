//! Jobs run at least once, by one worker at a time, and are not lost.
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::{Notify, mpsc};
use yingda_base::{
    Error, Result, both,
    bus::Event,
    job::{self, Enqueued, Job, JobContext, JobId, Plan, Runner},
    row, sql,
    supervisor::Supervisor,
    testkit::TestDb,
};

/// What a job of these tests does when it runs, and who hears of it.
#[derive(Serialize, Deserialize, Clone)]
enum Work {
    Succeed,
    Fail,
    Panic,
    Hang,
}
#[derive(Serialize, Deserialize, Clone)]
struct Act(Work, i64);
impl Job for Act {
    const NAME: &'static str = "test.act";
    const MAX_ATTEMPTS: i64 = 3;
    const TIMEOUT: Duration = Duration::from_millis(300);
    async fn run(self, context: &JobContext) -> Result<()> {
        context.get::<Runs>()?.note(self.1, context.attempt);
        match self.0 {
            Work::Succeed => Ok(()),
            Work::Fail => Err(Error::unavailable("test.failed")),
            Work::Panic => panic!("on purpose"),
            Work::Hang => std::future::pending().await,
        }
    }
}
/// Stays until it is let go.
#[derive(Serialize, Deserialize)]
struct Stay;
impl Job for Stay {
    const NAME: &'static str = "test.stay";
    async fn run(self, context: &JobContext) -> Result<()> {
        let runs = context.get::<Runs>()?;
        runs.note(0, context.attempt);
        runs.go.notified().await;
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Runs {
    seen: Arc<Mutex<HashMap<i64, Vec<i64>>>>,
    sender: Option<mpsc::UnboundedSender<i64>>,
    go: Arc<Notify>,
}
impl Runs {
    fn note(&self, number: i64, attempt: i64) {
        self.seen.lock().unwrap().entry(number).or_default().push(attempt);
        if let Some(sender) = &self.sender {
            sender.send(number).unwrap();
        }
    }
    fn of(&self, number: i64) -> Vec<i64> {
        self.seen.lock().unwrap().get(&number).cloned().unwrap_or_default()
    }
}

row! {
    struct Stored { state: String, n: i64 }
}

fn runner(db: &TestDb, holder: &str, runs: &Runs) -> Runner {
    Runner::new(db.db(), db.context.clone(), holder).with(runs.clone()).register::<Act>().register::<Stay>()
}

async fn due(runner: &mut Runner) -> usize {
    runner.run_due(&Supervisor::default().stopping()).await.unwrap()
}

async fn enqueue(db: &TestDb, act: Act) -> JobId {
    db.write(move |tx| job::enqueue(tx, &act)).await.unwrap()
}

async fn states(db: &TestDb) -> Vec<(String, i64)> {
    let query = || sql!("SELECT state, COUNT(*) AS n FROM job WHERE name LIKE 'test.%' GROUP BY state ORDER BY state");
    db.read(move |tx| tx.all::<Stored>(query())).await.unwrap().into_iter().map(|row| (row.state, row.n)).collect()
}

both! { eight_workers_run_each_job_exactly_once, |db| async {
    let (sender, mut ran) = mpsc::unbounded_channel();
    let runs = Runs { sender: Some(sender), ..Runs::default() };
    let supervisor = Supervisor::default();
    for n in 0..8 {
        let runner = runner(&db, &format!("w{n}"), &runs).slots(3);
        supervisor.spawn("runner", runner.run(db.bus.listen(Enqueued::TOPIC), supervisor.stopping()));
    }
    for chunk in 0..20 {
        db.write(move |tx| (0..10).try_for_each(|n| job::enqueue(tx, &Act(Work::Succeed, chunk * 10 + n)).map(drop))).await.unwrap();
    }
    for _ in 0..200 {
        ran.recv().await.unwrap();
    }
    assert_eq!(supervisor.stop(Duration::from_secs(10)).await, 0);
    assert!(ran.try_recv().is_err(), "no job ran twice");
    assert!((0..200).all(|n| runs.of(n) == [1]));
    assert_eq!(states(&db).await, [("done".to_owned(), 200)]);
}}

both! { a_job_belongs_to_its_unit, |db| async {
    let runs = Runs::default();
    let undone = db.write(|tx| { job::enqueue(tx, &Act(Work::Succeed, 1))?; Err::<(), _>(Error::invalid("test.refused")) }).await;
    assert!(undone.is_err());
    assert_eq!(due(&mut runner(&db, "a", &runs)).await, 0);
}}

both! { a_failing_job_waits_longer_and_longer_and_is_laid_aside, |db| async {
    let runs = Runs::default();
    let mut runner = runner(&db, "a", &runs);
    let id = enqueue(&db, Act(Work::Fail, 1)).await;
    assert_eq!((due(&mut runner).await, due(&mut runner).await), (1, 0), "not again at once");
    db.clock().advance(Duration::from_secs(2));
    assert_eq!(due(&mut runner).await, 1);
    db.clock().advance(Duration::from_secs(1));
    assert_eq!(due(&mut runner).await, 0, "the second pause is longer");
    db.clock().advance(Duration::from_secs(3));
    assert_eq!(due(&mut runner).await, 1);
    db.clock().advance(Duration::from_secs(24 * 3600));
    due(&mut runner).await;
    assert_eq!(runs.of(1), [1, 2, 3], "three times and no more");

    let dead = db.read(|tx| job::dead(tx, JobId(0), 10)).await.unwrap();
    assert_eq!((dead.len(), dead[0].id, dead[0].attempts, dead[0].error.as_deref()), (1, id, 3, Some("test.failed")));
    db.write(move |tx| job::retry(tx, id)).await.unwrap();
    assert_eq!((due(&mut runner).await, runs.of(1)), (1, vec![1, 2, 3, 1]));
    assert_eq!(db.write(move |tx| job::retry(tx, id)).await.unwrap_err().code(), "not_found", "it is not dead now");
    db.clock().advance(Duration::from_secs(24 * 3600));
    for _ in 0..3 {
        due(&mut runner).await;
        db.clock().advance(Duration::from_secs(24 * 3600));
    }
    db.write(move |tx| job::dismiss(tx, id)).await.unwrap();
    assert_eq!(states(&db).await, []);
}}

both! { a_panic_and_a_hang_are_failures, |db| async {
    let runs = Runs::default();
    let mut runner = runner(&db, "a", &runs);
    enqueue(&db, Act(Work::Panic, 1)).await;
    enqueue(&db, Act(Work::Hang, 2)).await;
    assert_eq!(due(&mut runner).await, 2);
    assert_eq!(states(&db).await, [("waiting".to_owned(), 2)]);
}}

both! { a_payload_nobody_can_read_is_laid_aside_at_once, |db| async {
    db.script("INSERT INTO job (id, name, payload, state, run_at, attempts, renewals, created_at)
               VALUES (1, 'test.act', '{\"from\": \"another version\"}', 'waiting', 0, 0, 0, 0)").await;
    assert_eq!(due(&mut runner(&db, "a", &Runs::default())).await, 1);
    assert_eq!(db.read(|tx| job::dead(tx, JobId(0), 10)).await.unwrap().len(), 1);
}}

both! { times_and_unique_keys_are_kept, |db| async {
    let runs = Runs::default();
    let mut runner = runner(&db, "a", &runs);
    let later = Plan { run_at: Some(db.clock().now() + Duration::from_secs(60)), unique_key: Some("k".to_owned()) };
    let plan = later.clone();
    assert!(db.write(move |tx| job::enqueue_with(tx, &Act(Work::Succeed, 1), &plan)).await.unwrap().is_some());
    let plan = later.clone();
    assert!(db.write(move |tx| job::enqueue_with(tx, &Act(Work::Succeed, 2), &plan)).await.unwrap().is_none(), "one waits already");
    assert_eq!(due(&mut runner).await, 0);
    db.clock().advance(Duration::from_secs(60));
    assert_eq!(due(&mut runner).await, 1);
    assert!(db.write(move |tx| job::enqueue_with(tx, &Act(Work::Succeed, 3), &later)).await.unwrap().is_some(), "the first has ended");
}}

both! { jobs_of_other_versions_are_left_alone_and_hold_nobody_up, |db| async {
    db.write(|tx| {
        for n in 0..450_i64 {
            tx.run(sql!("INSERT INTO job (id, name, payload, state, run_at, attempts, renewals, created_at)
                         VALUES ($1, 'test.of_tomorrow', '{}', 'waiting', 0, 0, 0, 0)", n))?;
        }
        Ok(())
    }).await.unwrap();
    let runs = Runs::default();
    enqueue(&db, Act(Work::Succeed, 1)).await;
    assert_eq!(due(&mut runner(&db, "a", &runs)).await, 1);
    assert_eq!(states(&db).await, [("done".to_owned(), 1), ("waiting".to_owned(), 450)]);
}}

both! { the_job_of_a_worker_that_vanished_runs_again, |db| async {
    let (sender, mut ran) = mpsc::unbounded_channel();
    let runs = Runs { sender: Some(sender), ..Runs::default() };
    db.write(|tx| job::enqueue(tx, &Stay)).await.unwrap();
    let mut gone = runner(&db, "gone", &runs);
    tokio::select! {
        _ = due(&mut gone) => unreachable!("the job stays"),
        _ = ran.recv() => {}
    }
    let mut other = runner(&db, "other", &runs);
    other.beat().await.unwrap();
    db.clock().advance(Duration::from_secs(29));
    other.beat().await.unwrap();
    assert_eq!(due(&mut other).await, 0, "not yet given up");
    db.clock().advance(Duration::from_secs(1));
    other.beat().await.unwrap();
    runs.go.notify_one();
    assert_eq!((due(&mut other).await, runs.of(0)), (1, vec![1, 2]));
}}

both! { at_the_start_what_the_dead_were_running_runs_again, |db| async {
    let (sender, mut ran) = mpsc::unbounded_channel();
    let runs = Runs { sender: Some(sender), ..Runs::default() };
    db.write(|tx| job::enqueue(tx, &Stay)).await.unwrap();
    let mut gone = runner(&db, "gone", &runs);
    tokio::select! {
        _ = due(&mut gone) => unreachable!("the job stays"),
        _ = ran.recv() => {}
    }
    let mut next = runner(&db, "next", &runs);
    assert_eq!(due(&mut next).await, 0);
    db.write(job::free_all).await.unwrap();
    runs.go.notify_one();
    assert_eq!((due(&mut next).await, runs.of(0)), (1, vec![1, 2]));
}}

both! { a_living_worker_keeps_its_job, |db| async {
    let (sender, mut ran) = mpsc::unbounded_channel();
    let runs = Runs { sender: Some(sender), ..Runs::default() };
    let supervisor = Supervisor::default();
    supervisor.spawn("runner", runner(&db, "lives", &runs).run(db.bus.listen(Enqueued::TOPIC), supervisor.stopping()));
    db.write(|tx| job::enqueue(tx, &Stay)).await.unwrap();
    ran.recv().await.unwrap();
    let mut other = runner(&db, "other", &runs);
    let renewals = || async { db.read(|tx| tx.get::<Stored>("job", sql!("SELECT state, renewals AS n FROM job WHERE name = 'test.stay'"))).await.unwrap() };
    for _ in 0..8 {
        let before = renewals().await.n;
        db.clock().advance(Duration::from_secs(6));
        while renewals().await.n == before {
            db.write(|tx| { tx.emit(Enqueued { name: String::new() }); Ok(()) }).await.unwrap();
        }
        other.beat().await.unwrap();
    }
    assert_eq!(renewals().await.state, "running");
    runs.go.notify_one();
    supervisor.stop(Duration::from_secs(5)).await;
    assert_eq!(runs.of(0), [1]);
}}

/// What the schedule of these tests enqueues.
fn tick() -> Act {
    Act(Work::Succeed, 7)
}

both! { a_tick_runs_once_over_all_nodes_and_missed_ticks_are_one, |db| async {
    let runs = Runs::default();
    let mut nodes: Vec<Runner> = (0..3).map(|n| runner(&db, &format!("n{n}"), &runs).schedule("*/10 * * * *", tick).unwrap()).collect();
    for minute in 0..30 {
        for node in &mut nodes {
            due(node).await;
        }
        // The tests begin at a full hour; its own tick is past.
        assert_eq!(runs.of(7).len(), minute / 10, "minute {minute}");
        db.clock().advance(Duration::from_secs(60));
    }
    db.clock().advance(Duration::from_secs(40 * 24 * 3600));
    let before = runs.of(7).len();
    futures_util::future::join_all(nodes.iter_mut().map(due)).await;
    assert_eq!(runs.of(7).len(), before + 1, "a clock that jumps makes no storm");
}}

both! { a_clock_that_was_ahead_once_does_not_stop_a_schedule, |db| async {
    let runs = Runs::default();
    let mut node = runner(&db, "n", &runs).schedule("*/10 * * * *", tick).unwrap();
    let right = db.clock().now();
    db.clock().advance(Duration::from_secs(365 * 24 * 3600));
    due(&mut node).await;
    db.clock().step_to(right);
    due(&mut node).await;
    db.clock().advance(Duration::from_secs(600));
    due(&mut node).await;
    assert_eq!(runs.of(7).len(), 1);
}}

both! { old_jobs_are_purged_and_dead_ones_kept, |db| async {
    let runs = Runs::default();
    let mut runner = runner(&db, "a", &runs);
    db.write(|tx| (0..450).try_for_each(|n| job::enqueue(tx, &Act(Work::Succeed, n)).map(drop))).await.unwrap();
    due(&mut runner).await;
    db.script("UPDATE job SET state = 'dead' WHERE id IN (SELECT MIN(id) FROM job WHERE name = 'test.act')").await;
    db.clock().advance(Duration::from_secs(2 * 24 * 3600));
    due(&mut runner).await;
    assert_eq!(states(&db).await, [("dead".to_owned(), 1), ("done".to_owned(), 449)], "not yet old");
    db.clock().advance(Duration::from_secs(2 * 24 * 3600));
    due(&mut runner).await;
    assert_eq!(states(&db).await, [("dead".to_owned(), 1)]);
}}

both! { what_is_cut_off_at_the_stop_is_given_back, |db| async {
    let (sender, mut ran) = mpsc::unbounded_channel();
    let runs = Runs { sender: Some(sender), ..Runs::default() };
    let supervisor = Supervisor::default();
    db.write(|tx| job::enqueue(tx, &Stay)).await.unwrap();
    supervisor.spawn("runner", runner(&db, "a", &runs).run(db.bus.listen(Enqueued::TOPIC), supervisor.stopping()));
    ran.recv().await.unwrap();
    assert_eq!(supervisor.stop(Duration::from_secs(20)).await, 0);
    assert_eq!(states(&db).await, [("waiting".to_owned(), 1)]);
}}
