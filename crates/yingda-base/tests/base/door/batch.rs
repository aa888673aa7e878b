//! Group commit on SQLite: what one unit does to the others of its batch.
use super::{SCHEMA, add_note, as_one_batch, codes, notes};
use futures_util::future::FutureExt;
use yingda_base::{Db, Error, both, sql, testkit::TestDb};

/// Leaves room for a few pages only.
async fn almost_full() -> TestDb {
    let db = TestDb::sqlite();
    db.script(SCHEMA).await;
    let file = rusqlite::Connection::open(db.path().unwrap()).unwrap();
    let pages: i64 = file.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    db.script(&format!("PRAGMA max_page_count = {}", pages + 24)).await;
    db
}

fn huge(db: &Db, id: i64) -> impl Future<Output = Result<u64, Error>> {
    db.write(move |tx| tx.run(sql!("INSERT INTO note (id, body) VALUES ($1, $2)", id, vec![7_u8; 2_000_000])))
}

#[tokio::test]
async fn a_full_disk_fails_only_what_needs_the_room() {
    let db = almost_full().await;
    let small = |id| db.write(move |tx| add_note(tx, id).map(|()| 1)).boxed();
    let ends = as_one_batch(&db, vec![small(1), small(2), huge(&db, 10).boxed(), small(3), small(4)]).await;
    assert_eq!(codes(&ends), ["ok", "ok", "database.full", "ok", "ok"]);
    assert!(ends[2].as_ref().unwrap_err().retry_ms().is_some());
    assert_eq!(notes(&db).await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn what_follows_a_full_disk_in_a_unit_is_not_kept_either() {
    let db = almost_full().await;
    let careless = db.write(|tx| {
        let _ = tx.run(sql!("INSERT INTO note (id, body) VALUES (10, $1)", vec![7_u8; 2_000_000]));
        let _ = add_note(tx, 11);
        Ok(())
    });
    assert_eq!(careless.await.unwrap_err().code(), "database.full");
    assert_eq!(notes(&db).await, Vec::<i64>::new());
    db.write(|tx| add_note(tx, 1)).await.unwrap();
    assert_eq!(notes(&db).await, [1], "writing goes on");
}

both! { a_constraint_that_speaks_only_at_commit_fails_its_unit_alone, |db| async {
    db.script(SCHEMA).await;
    let good = |id| db.write(move |tx| add_note(tx, id).map(|()| 1)).boxed();
    let orphan = db.write(|tx| tx.run(sql!("INSERT INTO child (id, parent) VALUES (1, 99)"))).boxed();
    let ends = as_one_batch(&db, vec![good(1), orphan, good(2)]).await;
    assert_eq!(codes(&ends), ["ok", "internal", "ok"]);
    assert_eq!(notes(&db).await, [1, 2]);
}}
