//! Making a database forget what was deleted.
//!
//! `secure_delete` writes zeros over a deleted row, but not over the copies that page splits have left in the unused part of other pages:
//! of a table that grew in random order about one text in a hundred stays readable. Only writing the whole file anew takes all of them.
use super::{Db, Engine, connect_postgres, connect_sqlite, postgres_fault, sqlite_fault};
use crate::{Error, Result};
use rusqlite::Connection;
use std::path::Path;

/// Up to this size an embedded database is written anew while it serves: writers wait a second or two.
const SMALL: i64 = 128 << 20;

/// On SQLite writes a small database anew, then cuts the write-ahead log, where deleted rows stand too. On PostgreSQL this is the operator's business, and
/// so it is for larger files (docs/operate/personal-data.md). Error: `database.busy` while readers or writers keep it.
pub async fn settle(db: &Db) -> Result<()> {
    let Engine::Sqlite(path) = db.engine().clone() else { return Ok(()) };
    let anew = move || {
        let connection = connect_sqlite(&path)?;
        // Whoever waits here for readers holds the writer meanwhile: come back later instead.
        connection.busy_timeout(std::time::Duration::ZERO).map_err(sqlite_fault)?;
        let pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
        let size: i64 = connection.query_row(pages, [], |row| row.get(0)).map_err(sqlite_fault)?;
        if size <= SMALL {
            vacuum(&connection)?;
        } else {
            tracing::warn!(size, "the database is too large to be written anew while it serves: run VACUUM at a quiet hour");
        }
        cut(&connection)
    };
    tokio::task::spawn_blocking(anew).await.map_err(Error::internal)?
}

/// Writes all of a database anew that nobody uses. Blocks; on PostgreSQL not to be called on a thread of a runtime.
pub(crate) fn rewrite(engine: &Engine) -> Result<()> {
    match engine {
        Engine::Sqlite(path) => rewrite_file(path),
        Engine::Postgres(url) => {
            let mut client = connect_postgres(url, "SET statement_timeout = 0")?;
            let tables = "SELECT format('VACUUM (FULL, ANALYZE) %I', tablename) FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename";
            for row in client.query(tables, &[]).map_err(postgres_fault)? {
                let text: String = row.try_get(0).map_err(postgres_fault)?;
                client.batch_execute(&text).map_err(postgres_fault)?;
            }
            Ok(())
        }
    }
}

fn rewrite_file(path: &Path) -> Result<()> {
    let connection = connect_sqlite(path)?;
    vacuum(&connection)?;
    cut(&connection)
}

/// The copy it makes on its way goes to a file: in memory it could be larger than the program.
fn vacuum(connection: &Connection) -> Result<()> {
    connection.execute_batch("PRAGMA temp_store = FILE; VACUUM").map_err(sqlite_fault)
}

fn cut(connection: &Connection) -> Result<()> {
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(sqlite_fault)?;
    if busy == 0 { Ok(()) } else { Err(Error::unavailable("database.busy").retry_after(500)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows in random order split pages, and splits leave copies behind: they must be seen to be there before, or this shows nothing.
    #[test]
    fn of_deleted_rows_nothing_is_left_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let connection = connect_sqlite(&path).unwrap();
        connection.execute_batch("CREATE TABLE b (c BIGINT, s BIGINT, t TEXT, PRIMARY KEY (c, s)) WITHOUT ROWID; BEGIN").unwrap();
        let mut dice = 1_u64;
        let mut roll = |below: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % below
        };
        for n in 0..6000_i64 {
            let (place, length) = (i64::try_from(roll(60)).unwrap(), usize::try_from(10 + roll(500)).unwrap());
            let text = if n % 9 == 0 { format!("SECRET{n:06}{}", "y".repeat(length)) } else { "x".repeat(length) };
            connection.execute("INSERT INTO b VALUES (?1, ?2, ?3)", (place, n, text)).unwrap();
        }
        connection.execute_batch("COMMIT; DELETE FROM b WHERE t LIKE 'SECRET%'").unwrap();
        cut(&connection).unwrap();
        let traces = || {
            let bytes = std::fs::read(&path).unwrap();
            bytes.windows(6).filter(|window| window == b"SECRET").count()
        };
        assert!(traces() > 0, "zeros over deleted rows were enough: this file can be simpler");
        drop(connection);
        rewrite(&Engine::Sqlite(path.clone())).unwrap();
        assert_eq!(traces(), 0);
    }
}
