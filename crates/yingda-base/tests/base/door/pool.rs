//! Threads and their queue: panics, a full queue, a dead thread.
use super::{Gate, SCHEMA, add_note, notes};
use futures_util::future::join_all;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::mpsc;
use yingda_base::{
    Error, both,
    bus::{Bus, Doorbell, Event, LocalBus},
    testkit::{Kind, TestDb},
};

both! { a_panic_is_an_error_of_its_unit_only, |db| async {
    db.script(SCHEMA).await;
    let panicking = db.write(|tx| -> Result<(), Error> { add_note(tx, 1)?; panic!("on purpose") });
    assert_eq!(panicking.await.unwrap_err().code(), "internal");
    let reading = db.read(|_| -> Result<(), Error> { panic!("on purpose") });
    assert_eq!(reading.await.unwrap_err().code(), "internal");
    db.write(|tx| add_note(tx, 2)).await.unwrap();
    assert_eq!(notes(&db).await, [2]);
    assert!(db.is_alive());
}}

async fn full_queue(kind: Kind) {
    let db = TestDb::open(kind, |options| (options.queue, options.connections) = (2, 1), Arc::new(LocalBus::default()));
    db.script(SCHEMA).await;
    let gate = Gate::close(&db).await;
    let opened = AtomicBool::new(false);
    let units = join_all((1..=20).map(|id| {
        let (db, opened) = (&db, &opened);
        async move {
            db.write(move |tx| add_note(tx, id)).await.unwrap();
            assert!(opened.load(Ordering::SeqCst));
        }
    }));
    // This runtime has one thread. Were it blocked by the full queue, the gate would never open.
    let opener = async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        opened.store(true, Ordering::SeqCst);
        gate.open().await;
    };
    tokio::join!(biased; units, opener);
    assert_eq!(notes(&db).await.len(), 20);
}

#[tokio::test]
async fn callers_wait_for_a_full_queue_and_block_no_thread_on_sqlite() {
    full_queue(Kind::Sqlite).await;
}

#[tokio::test]
async fn callers_wait_for_a_full_queue_and_block_no_thread_on_postgres() {
    if TestDb::postgres_if_there().is_some() {
        full_queue(Kind::Postgres).await;
    }
}

/// Kills the thread that rings it.
struct DeadlyBus;
impl Bus for DeadlyBus {
    fn ring(&self, _: Doorbell) {
        panic!("on purpose");
    }
    fn listen(&self, _: &'static str) -> mpsc::Receiver<Doorbell> {
        mpsc::channel(1).1
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Poke;
impl Event for Poke {
    const TOPIC: &'static str = "test.poke";
}

both! { a_dead_thread_is_noticed_and_everybody_gets_an_answer, |unused| async {
    let db = TestDb::open(unused.kind(), |options| options.connections = 1, Arc::new(DeadlyBus));
    db.script(SCHEMA).await;
    assert!(db.is_alive());
    let units = (1..=10).map(|id| db.write(move |tx| {
        if id == 3 {
            tx.emit(Poke);
        }
        add_note(tx, id)
    }));
    let ends = join_all(units).await;
    assert!(ends.iter().any(Result::is_err));
    let later = db.write(|tx| add_note(tx, 99)).await;
    let codes: Vec<_> = ends.iter().chain([&later]).filter_map(|end| end.as_ref().err()).map(|error| error.code()).collect();
    assert!(codes.iter().all(|code| ["database.lost", "database.outcome_unknown"].contains(code)), "{codes:?}");
    assert!(later.is_err() && !db.is_alive());
}}
