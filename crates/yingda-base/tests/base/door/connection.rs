//! PostgreSQL goes away and comes back; what is known about a unit that was under way is said as it is.
use super::{SCHEMA, add_note, notes};
use postgres::{Client, NoTls};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use yingda_base::{sql, testkit::TestDb};

/// Ends all connections of the door, also from inside one of its units.
fn end_connections(url: &str) {
    let ended = || {
        let mut client = Client::connect(url, NoTls).unwrap();
        let all = "SELECT pg_terminate_backend(pid, 5000) AS ended FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name = 'yingda'";
        client.query(all, &[]).unwrap().len()
    };
    assert!(std::thread::scope(|scope| scope.spawn(ended).join()).unwrap() > 0);
}

async fn postgres() -> Option<TestDb> {
    let db = TestDb::postgres_if_there()?;
    db.script(SCHEMA).await;
    Some(db)
}

#[tokio::test]
async fn idle_connections_that_were_ended_are_made_anew() {
    let Some(db) = postgres().await else { return };
    end_connections(&db.url());
    for id in 1..=20 {
        db.write(move |tx| add_note(tx, id)).await.unwrap();
    }
    assert_eq!(notes(&db).await.len(), 20);
    assert!(db.is_alive());
}

#[tokio::test]
async fn a_unit_that_lost_its_connection_runs_again_and_is_kept_once() {
    let Some(db) = postgres().await else { return };
    let (url, runs) = (db.url(), Arc::new(AtomicUsize::new(0)));
    let counted = runs.clone();
    let unit = db.write(move |tx| {
        tx.run(sql!("UPDATE counter SET n = n + 1 WHERE id = 1"))?;
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            end_connections(&url);
        }
        add_note(tx, 1)
    });
    unit.await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    let n = db.read(|tx| tx.get::<super::Number>("counter", sql!("SELECT n FROM counter WHERE id = 1"))).await.unwrap();
    assert_eq!((n.n, notes(&db).await), (1, vec![1]));
}

#[tokio::test]
async fn a_commit_without_an_answer_is_never_called_a_success() {
    let Some(db) = postgres().await else { return };
    let (url, runs) = (db.url(), Arc::new(AtomicUsize::new(0)));
    let counted = runs.clone();
    let unit = db.write(move |tx| {
        add_note(tx, 1)?;
        counted.fetch_add(1, Ordering::SeqCst);
        // The last thing it does; the commit meets a dead connection.
        end_connections(&url);
        Ok(())
    });
    let error = unit.await.unwrap_err();
    assert_eq!(error.code(), "database.outcome_unknown");
    assert!(error.retry_ms().is_some(), "callers may ask again");
    assert_eq!(runs.load(Ordering::SeqCst), 1, "it is not run again behind the caller's back");
    db.write(|tx| add_note(tx, 2)).await.unwrap();
}

#[tokio::test]
async fn a_too_slow_unit_is_undone() {
    let Some(db) = postgres().await else { return };
    let clock = db.clock().clone();
    let slow = db.write(move |tx| {
        clock.advance(Duration::from_millis(5001));
        add_note(tx, 1)
    });
    assert_eq!(slow.await.unwrap_err().code(), "database.too_slow");
    assert_eq!(notes(&db).await, Vec::<i64>::new());
}
