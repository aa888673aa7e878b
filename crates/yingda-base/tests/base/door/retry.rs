//! Units that collide are run again until they get through.
use super::{Number, SCHEMA};
use futures_util::future::join_all;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use yingda_base::{
    Error, Tx, both,
    bus::LocalBus,
    sql,
    testkit::{Kind, TestDb},
};

fn raise(tx: &mut Tx, id: i64) -> Result<u64, Error> {
    tx.run(sql!("UPDATE counter SET n = n + 1 WHERE id = $1", id))
}

async fn many_connections(kind: Kind) -> TestDb {
    let db = TestDb::open(kind, |options| options.connections = 8, Arc::new(LocalBus::default()));
    db.script(SCHEMA).await;
    db
}

both! { rows_locked_in_opposite_order, |unused| async {
    let db = many_connections(unused.kind()).await;
    let runs = Arc::new(AtomicUsize::new(0));
    let units = (0..64).map(|n| {
        let (first, second) = if n % 2 == 0 { (1, 2) } else { (2, 1) };
        let runs = runs.clone();
        db.write(move |tx| {
            runs.fetch_add(1, Ordering::Relaxed);
            raise(tx, first)?;
            raise(tx, second)
        })
    });
    let ends = join_all(units).await;
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 64);
    let counted = db.read(|tx| tx.all::<Number>(sql!("SELECT n FROM counter ORDER BY id"))).await.unwrap();
    assert_eq!(counted.iter().map(|row| row.n).collect::<Vec<_>>(), [64, 64], "each exactly once");
    if db.kind() == Kind::Postgres {
        assert!(runs.load(Ordering::Relaxed) > 64, "the units did collide");
    }
}}

both! { the_same_client_id_at_once_gives_the_first_result_to_all, |unused| async {
    let db = many_connections(unused.kind()).await;
    let send = || db.write(|tx| {
        // Lock, then look up: the order that makes the second sender see the first one's row.
        let last: Number = tx.get("counter", sql!("SELECT n FROM counter WHERE id = 1 FOR UPDATE"))?;
        if let Some(first) = tx.find::<Number>(sql!("SELECT seq AS n FROM sent WHERE client_id = $1", "c1"))? {
            return Ok(first.n);
        }
        raise(tx, 1)?;
        let id = tx.next_id();
        tx.run(sql!("INSERT INTO sent (id, client_id, seq) VALUES ($1, $2, $3)", id, "c1", last.n + 1))?;
        Ok(last.n + 1)
    });
    let ends = join_all((0..200).map(|_| send())).await;
    assert!(ends.iter().all(|end| end.as_ref().is_ok_and(|seq| *seq == 1)));
}}
