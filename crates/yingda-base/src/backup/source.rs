//! One moment of a database, read row by row: never more than a page in memory, and nobody who writes waits.
use super::catalog::{Kind, Table, quoted};
use crate::{
    Error, Result,
    db::{Engine, Param, connect_postgres, connect_sqlite, postgres_fault, sqlite_fault},
};
use postgres::{Client, IsolationLevel, Transaction};
use rusqlite::{Connection, OpenFlags};
use std::{fs, path::Path};

/// Rows of PostgreSQL held at once.
const PAGE: i32 = 500;
/// A long reading is no mistake here.
const SESSION: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET default_transaction_read_only = on";

/// A connection for a snapshot. PostgreSQL's must not be used on a thread of a runtime.
pub(crate) enum Connected {
    Lite(Connection),
    Pg(Box<Client>),
}

/// A snapshot: everything read from it is of the moment it began.
pub(crate) enum Snapshot<'c> {
    Lite(&'c Connection),
    Pg(Transaction<'c>),
}

impl Connected {
    /// Connects to what is there; nothing is made. Errors: `backup.nothing_there`, those of a connection.
    pub(crate) fn open(engine: &Engine) -> Result<Connected> {
        match engine {
            Engine::Sqlite(path) => {
                if fs::metadata(path).map_or(0, |found| found.len()) == 0 {
                    return Err(Error::unavailable("backup.nothing_there").with("place", path.display().to_string()));
                }
                let connection = connect_sqlite(path)?;
                connection.execute_batch("PRAGMA query_only = ON").map_err(sqlite_fault)?;
                Ok(Connected::Lite(connection))
            }
            Engine::Postgres(url) => connect_postgres(url, SESSION).map(Box::new).map(Connected::Pg),
        }
    }

    /// The file of a backup, which is never changed.
    pub(crate) fn file(path: &Path) -> Result<Connected> {
        file(path).map(Connected::Lite)
    }

    /// Begins to read.
    pub(crate) fn snapshot(&mut self) -> Result<Snapshot<'_>> {
        match self {
            Connected::Lite(connection) => {
                connection.execute_batch("BEGIN").map_err(sqlite_fault)?;
                Ok(Snapshot::Lite(connection))
            }
            Connected::Pg(client) => {
                let begun = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start();
                begun.map(Snapshot::Pg).map_err(postgres_fault)
            }
        }
    }

    /// Bytes the database takes on its disk, about.
    pub(crate) fn size(&mut self) -> Result<u64> {
        let bytes = match self {
            Connected::Lite(connection) => {
                let pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
                connection.query_row(pages, [], |row| row.get::<_, i64>(0)).map_err(sqlite_fault)?
            }
            Connected::Pg(client) => {
                let tables = "SELECT COALESCE(SUM(pg_table_size(c.oid)), 0)::BIGINT
                                FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace";
                client.query_one(tables, &[]).and_then(|row| row.try_get(0)).map_err(postgres_fault)?
            }
        };
        Ok(u64::try_from(bytes).unwrap_or(0))
    }
}

impl Snapshot<'_> {
    /// Whether this database has been set up at all.
    pub(crate) fn has_schema(&mut self) -> Result<bool> {
        match self {
            Snapshot::Lite(connection) => {
                let query = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_migration'";
                connection.query_row(query, [], |row| Ok(row.get::<_, i64>(0)? == 1)).map_err(sqlite_fault)
            }
            Snapshot::Pg(tx) => tx
                .query_one("SELECT to_regclass(quote_ident(current_schema()) || '.schema_migration') IS NOT NULL", &[])
                .and_then(|row| row.try_get(0))
                .map_err(postgres_fault),
        }
    }

    /// Versions and checksums of the migrations that made its schema.
    pub(crate) fn migrations(&mut self) -> Result<Vec<(i64, String)>> {
        const QUERY: &str = "SELECT version, checksum FROM schema_migration ORDER BY version";
        match self {
            Snapshot::Lite(connection) => {
                let mut statement = connection.prepare(QUERY).map_err(sqlite_fault)?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(sqlite_fault)?;
                rows.collect::<rusqlite::Result<_>>().map_err(sqlite_fault)
            }
            Snapshot::Pg(tx) => {
                let rows = tx.query(QUERY, &[]).map_err(postgres_fault)?;
                rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<std::result::Result<_, _>>().map_err(postgres_fault)
            }
        }
    }

    /// Names of all tables beside ours.
    pub(crate) fn tables(&mut self) -> Result<Vec<String>> {
        match self {
            Snapshot::Lite(connection) => Ok(super::catalog::tables(connection)?.into_iter().map(|table| table.name).collect()),
            Snapshot::Pg(tx) => {
                let query = "SELECT tablename::TEXT FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename";
                let rows = tx.query(query, &[]).map_err(postgres_fault)?;
                rows.iter().map(|row| row.try_get(0)).collect::<std::result::Result<_, _>>().map_err(postgres_fault)
            }
        }
    }

    /// Gives every row of a table, in the order of its key.
    pub(crate) fn each(&mut self, table: &Table, row: impl FnMut(&[Param]) -> Result<()>) -> Result<()> {
        match self {
            Snapshot::Lite(connection) => each_lite(connection, table, row),
            Snapshot::Pg(tx) => each_pg(tx, table, row),
        }
    }

    /// Whether a row names this value now.
    pub(crate) fn holds(&mut self, table: &str, column: &str, value: &str) -> Result<bool> {
        let query = format!("SELECT COUNT(*) FROM {} WHERE {} = ", quoted(table), quoted(column));
        let count: i64 = match self {
            Snapshot::Lite(connection) => connection.query_row(&format!("{query}?1"), [value], |row| row.get(0)).map_err(sqlite_fault)?,
            Snapshot::Pg(tx) => tx.query_one(&format!("{query}$1"), &[&value]).and_then(|row| row.try_get(0)).map_err(postgres_fault)?,
        };
        Ok(count > 0)
    }
}

/// Opens the file of a backup for reading only: the usual settings of a connection would write to it.
pub(crate) fn file(path: &Path) -> Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(sqlite_fault)
}

/// Gives every row of a table of a SQLite file.
pub(crate) fn each_lite(connection: &Connection, table: &Table, mut row: impl FnMut(&[Param]) -> Result<()>) -> Result<()> {
    let mut statement = connection.prepare(&table.select(true)).map_err(sqlite_fault)?;
    let mut rows = statement.query([]).map_err(sqlite_fault)?;
    let mut values = Vec::with_capacity(table.columns.len());
    while let Some(found) = rows.next().map_err(sqlite_fault)? {
        values.clear();
        for (place, column) in table.columns.iter().enumerate() {
            let value = found.get_ref(place).map_err(sqlite_fault)?;
            values.push(column.kind.read(value).ok_or_else(|| table.misfit(place))?);
        }
        row(&values)?;
    }
    Ok(())
}

fn each_pg(tx: &mut Transaction, table: &Table, mut row: impl FnMut(&[Param]) -> Result<()>) -> Result<()> {
    let statement = tx.prepare(&table.select(false)).map_err(postgres_fault)?;
    let portal = tx.bind(&statement, &[]).map_err(postgres_fault)?;
    let mut values = Vec::with_capacity(table.columns.len());
    loop {
        let page = tx.query_portal(&portal, PAGE).map_err(postgres_fault)?;
        for found in &page {
            values.clear();
            for (place, column) in table.columns.iter().enumerate() {
                values.push(read_pg(found, place, column.kind).map_err(|cause| table.misfit(place).caused_by(cause))?);
            }
            row(&values)?;
        }
        if page.len() < PAGE as usize {
            return Ok(());
        }
    }
}

fn read_pg(row: &postgres::Row, place: usize, kind: Kind) -> std::result::Result<Param, postgres::Error> {
    Ok(match kind {
        Kind::Int => Param::Int(row.try_get(place)?),
        Kind::Bool => Param::Bool(row.try_get(place)?),
        Kind::Real => Param::Real(row.try_get(place)?),
        Kind::Text => Param::Text(row.try_get(place)?),
        Kind::Bytes => Param::Bytes(row.try_get(place)?),
    })
}
