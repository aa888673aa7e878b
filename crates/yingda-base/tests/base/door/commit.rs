//! An answer and a doorbell mean: committed.
use super::{Gate, SCHEMA, add_note, notes};
use futures_util::{FutureExt, future};
use serde::{Deserialize, Serialize};
use yingda_base::{
    Error, both,
    bus::Event,
    testkit::{Kind, TestDb},
};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Added {
    note: i64,
}
impl Event for Added {
    const TOPIC: &'static str = "test.added";
}

/// What another program sees.
fn seen_from_outside(db: &TestDb) -> i64 {
    let file = rusqlite::Connection::open(db.path().unwrap()).unwrap();
    file.query_row("SELECT COUNT(*) FROM note", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_unit_is_answered_and_its_doorbell_rung_only_after_its_batch_committed() {
    let db = TestDb::sqlite();
    db.script(SCHEMA).await;
    let mut bell = db.bus.listen(Added::TOPIC);
    let gate = Gate::close(&db).await;
    let mut early = db
        .write(|tx| {
            tx.emit(Added { note: 1 });
            add_note(tx, 1)
        })
        .boxed();
    assert!((&mut early).now_or_never().is_none());
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (started, running) = tokio::sync::oneshot::channel::<()>();
    let (wait, started) = (std::sync::Mutex::new(wait), std::sync::Mutex::new(Some(started)));
    let late = db.write(move |tx| {
        if let Some(started) = started.lock().unwrap().take() {
            started.send(()).unwrap();
            wait.lock().unwrap().recv().unwrap();
        }
        add_note(tx, 2)
    });
    let judge = async {
        gate.open().await;
        running.await.unwrap();
        // The first unit has run, in the batch that the second holds open.
        assert!((&mut early).now_or_never().is_none(), "answered before the commit");
        assert!(bell.try_recv().is_err(), "rung before the commit");
        assert_eq!(seen_from_outside(&db), 0);
        go.send(()).unwrap();
        (&mut early).await.unwrap();
        assert_eq!(seen_from_outside(&db), 2);
        assert_eq!(bell.recv().await.unwrap().open::<Added>(), Some(Added { note: 1 }.into()));
    };
    let (late, ()) = future::join(late, judge).await;
    late.unwrap();
}

both! { doorbells_of_undone_units_stay_silent, |db| async {
    db.script(SCHEMA).await;
    let mut bell = db.bus.listen(Added::TOPIC);
    let refused = db.write(|tx| { tx.emit(Added { note: 1 }); Err::<(), _>(Error::invalid("note.refused")) }).await;
    let failed = db.write(|tx| { tx.emit(Added { note: 2 }); add_note(tx, 2)?; let _ = add_note(tx, 2); Ok(()) }).await;
    let panicked = db.write(|tx| -> Result<(), Error> { tx.emit(Added { note: 3 }); panic!("on purpose") }).await;
    assert!(refused.is_err() && failed.is_err() && panicked.is_err());
    db.write(|tx| { tx.emit(Added { note: 4 }); add_note(tx, 4) }).await.unwrap();
    assert_eq!(bell.recv().await.unwrap().open::<Added>(), Some(Added { note: 4 }.into()), "the first that is heard");
    assert!(bell.try_recv().is_err());
}}

both! { doorbells_of_a_unit_that_ran_again_ring_once, |db| async {
    db.script(SCHEMA).await;
    let mut bell = db.bus.listen(Added::TOPIC);
    let both_ways = |first: i64, second: i64| db.write(move |tx| {
        tx.emit(Added { note: first });
        for id in [first, second] {
            tx.run(yingda_base::sql!("UPDATE counter SET n = n + 1 WHERE id = $1", id))?;
        }
        Ok(())
    });
    let ends = future::join_all((0..40).map(|n| if n % 2 == 0 { both_ways(1, 2) } else { both_ways(2, 1) })).await;
    assert!(ends.iter().all(Result::is_ok));
    let mut rung = 0;
    while bell.try_recv().is_ok() {
        rung += 1;
    }
    assert_eq!(rung, 40);
}}

both! { a_restart_finds_what_was_answered, |db| async {
    let mut db = db;
    db.script(SCHEMA).await;
    db.write(|tx| add_note(tx, 1)).await.unwrap();
    db.reopen();
    assert_eq!(notes(&db).await, [1]);
}}

#[tokio::test]
async fn deleted_text_leaves_the_file() {
    let db = TestDb::sqlite();
    db.script(SCHEMA).await;
    let holds_text = || {
        let file = rusqlite::Connection::open(db.path().unwrap()).unwrap();
        file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        std::fs::read(db.path().unwrap()).unwrap().windows(12).any(|window| window == b"13812345678!")
    };
    let text = "my number is 13812345678! please call. ".repeat(200);
    db.write(move |tx| tx.run(yingda_base::sql!("INSERT INTO note (id, name) VALUES (1, $1)", &text))).await.unwrap();
    assert!(holds_text(), "the check itself works");
    db.write(|tx| tx.run(yingda_base::sql!("UPDATE note SET name = 'erased' WHERE id = 1"))).await.unwrap();
    assert!(!holds_text());
    assert_eq!(db.kind(), Kind::Sqlite);
}
