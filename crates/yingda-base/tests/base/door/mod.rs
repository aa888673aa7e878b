//! The door to the database: section 4 of the architecture, rule by rule.
mod batch;
mod commit;
mod connection;
mod measures;
mod poison;
mod pool;
mod retry;
mod statements;
mod sync;
mod types;

use futures_util::future::{Future, join_all};
use std::sync::{Arc, Mutex, mpsc};
use tokio::task::JoinSet;
use yingda_base::{Db, Error, Tx, sql, testkit::TestDb};

/// The tables of these tests.
pub const SCHEMA: &str = "
    CREATE TABLE note (
        id BIGINT PRIMARY KEY, name TEXT {{c}}, body {{bytes}}, score DOUBLE PRECISION, pinned BOOLEAN, amount BIGINT
    ) {{clustered}};
    CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL) {{clustered}};
    CREATE TABLE sent (id BIGINT PRIMARY KEY, client_id TEXT {{c}} NOT NULL UNIQUE, seq BIGINT NOT NULL) {{clustered}};
    CREATE TABLE child (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES note (id) DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO counter (id, n) VALUES (1, 0), (2, 0);
";

yingda_base::row! {
    struct Number { n: i64 }
}

fn add_note(tx: &mut Tx, id: i64) -> Result<(), Error> {
    tx.run(sql!("INSERT INTO note (id) VALUES ($1)", id)).map(drop)
}

async fn notes(db: &Db) -> Vec<i64> {
    let all = db.read(|tx| tx.all::<Number>(sql!("SELECT id AS n FROM note ORDER BY id"))).await.unwrap();
    all.into_iter().map(|row| row.n).collect()
}

/// Keeps a writer busy until it is opened: what is submitted meanwhile waits in the queue, and comes out as one batch on SQLite.
struct Gate {
    open: mpsc::Sender<()>,
    held: JoinSet<Result<(), Error>>,
}

impl Gate {
    async fn close(db: &TestDb) -> Gate {
        let (open, wait) = mpsc::channel();
        let (started, running) = tokio::sync::oneshot::channel();
        let (wait, started) = (Arc::new(Mutex::new(wait)), Mutex::new(Some(started)));
        let mut held = JoinSet::new();
        let db = db.db();
        held.spawn(async move {
            db.write(move |_| {
                if let Some(started) = started.lock().unwrap().take() {
                    started.send(()).unwrap();
                    wait.lock().unwrap().recv().unwrap();
                }
                Ok(())
            })
            .await
        });
        running.await.unwrap();
        Gate { open, held }
    }

    async fn open(mut self) {
        self.open.send(()).unwrap();
        self.held.join_next().await.unwrap().unwrap().unwrap();
    }
}

/// Submits all, in this order, while the writer is busy; answers how each ended.
async fn as_one_batch<T>(db: &TestDb, units: Vec<impl Future<Output = T>>) -> Vec<T> {
    let gate = Gate::close(db).await;
    let (ends, ()) = tokio::join!(biased; join_all(units), gate.open());
    ends
}

fn codes<T>(ends: &[Result<T, Error>]) -> Vec<&'static str> {
    ends.iter().map(|end| end.as_ref().err().map_or("ok", |error| error.code())).collect()
}
