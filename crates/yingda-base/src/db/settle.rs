//! Making the embedded database forget what was deleted.
use super::{Db, Engine, connect_sqlite, sqlite_fault};
use crate::{Error, Result};

/// On SQLite what was deleted stands in the write-ahead log until that is written back and cut: this does both. On PostgreSQL it is the server's
/// business (docs/operate/personal-data.md); nothing is done there. Error: `database.busy` while readers keep the log.
pub async fn settle(db: &Db) -> Result<()> {
    let Engine::Sqlite(path) = db.engine().clone() else { return Ok(()) };
    let cut = move || {
        let connection = connect_sqlite(&path)?;
        // Whoever waits for readers here holds the writer meanwhile: come back later instead.
        connection.busy_timeout(std::time::Duration::ZERO).map_err(sqlite_fault)?;
        let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(sqlite_fault)?;
        if busy == 0 { Ok(()) } else { Err(Error::unavailable("database.busy").retry_after(500)) }
    };
    tokio::task::spawn_blocking(cut).await.map_err(Error::internal)?
}
