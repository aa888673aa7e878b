//! What follows an erasure, and the replay at the start.
use super::{Ledger, model::ErasureId, perform};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use yingda_base::{
    Db, Error, Result,
    db::settle,
    http::forget_answers,
    job::{Job, JobContext},
};

/// Ends what erasures began: the rest of customers, remembered answers, the file, and what a database keeps of rows that are gone.
#[derive(Serialize, Deserialize)]
pub struct Settle {}

impl Job for Settle {
    const NAME: &'static str = "erasure.settle";

    async fn run(self, context: &JobContext) -> Result<()> {
        // The file first: nothing that is erased may come back, even if the next moment is the last. Where it cannot be written now, what was
        // promised is done all the same, and the file is tried again.
        let filed = file(&context.db, context.get::<Arc<Ledger>>()?).await;
        while context.db.write(perform::step).await? {
            if context.stopping.is_set() {
                return Err(Error::unavailable("busy"));
            }
        }
        // They hold what was said last. Whoever repeats a call does it again, and finds it done.
        let until = context.context.clock.now();
        while context.db.write(move |tx| forget_answers(tx, until)).await? > 0 {}
        settle(&context.db).await.and(filed)
    }
}

/// Refuses to begin what the file could not remember. Error: `erasure.ledger_unwritable`.
pub(super) async fn writable(ledger: &Arc<Ledger>) -> Result<()> {
    let ledger = ledger.clone();
    tokio::task::spawn_blocking(move || ledger.open().map(drop)).await.map_err(Error::internal)?
}

/// Brings database and file together, whichever knows more, and does what is not done: before anybody is served.
///
/// Errors: `erasure.ledger_unreadable`, `erasure.ledger_malformed`: without it what was erased might be shown. A file that cannot be written is
/// told in the log, and refuses new erasures.
pub async fn reconcile(db: &Db, ledger: &Arc<Ledger>) -> Result<()> {
    let of_file = ledger.clone();
    let lines = Arc::new(tokio::task::spawn_blocking(move || of_file.read()).await.map_err(Error::internal)??);
    if !lines.is_empty() {
        db.write(move |tx| perform::adopt(tx, &lines)).await?;
    }
    while db.write(perform::step).await? {}
    if let Err(error) = file(db, ledger).await {
        tracing::error!(%error, cause = ?error.cause(), "the erasure ledger lacks lines that only the database has; until it can be written nothing is erased");
    }
    Ok(())
}

/// Writes to the file what only the database knows.
async fn file(db: &Db, ledger: &Arc<Ledger>) -> Result<()> {
    let mut after = ErasureId(0);
    loop {
        let page = db.read(move |tx| perform::all(tx, after)).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        let ledger = ledger.clone();
        tokio::task::spawn_blocking(move || ledger.add(&page)).await.map_err(Error::internal)??;
    }
}
