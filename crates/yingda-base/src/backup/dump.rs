//! From a database to a SQLite file with the same content.
use super::{
    Progress,
    catalog::{self, Table, quoted},
    digest::{Digest, TableSum},
    source::{self, Connected, Snapshot},
};
use crate::{
    Error, Result,
    db::{Engine, Param, sqlite_fault},
    migrate,
};
use rusqlite::Connection;
use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt, path::Path};

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// The newest of its migrations.
    pub schema: i64,
    /// Every table, by name.
    pub tables: Vec<TableSum>,
    /// Tables of PostgreSQL that none of our migrations made: they are not in it.
    pub left_out: Vec<String>,
}

/// Copies all rows of one moment into a new file, mode 0600. Blocks; on PostgreSQL not to be called on a thread of a runtime.
///
/// Errors: `backup.nothing_there`, `backup.schema_unknown`, `backup.misfit`, `database.*`.
pub(crate) fn dump(engine: &Engine, into: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Content> {
    let mut connected = Connected::open(engine)?;
    let mut snapshot = connected.snapshot()?;
    if !snapshot.has_schema()? {
        return Err(Error::unavailable("backup.nothing_there").with("place", format!("{engine:?}")));
    }
    let migrations = known(&snapshot.migrations()?)?;
    let file = empty(into, &migrations)?;
    let tables = catalog::tables(&file)?;
    let there = snapshot.tables()?;
    let left_out = there.into_iter().filter(|name| tables.iter().all(|table| table.name != *name)).collect();
    let sums = tables.iter().map(|table| copy(&mut snapshot, &file, table, progress)).collect::<Result<_>>()?;
    file.execute_batch("COMMIT").map_err(sqlite_fault)?;
    file.close().map_err(|(_, cause)| sqlite_fault(cause))?;
    Ok(Content { schema: migrations.last().map_or(0, |migration| migration.version), tables: sums, left_out })
}

/// The migrations a database was made with, all of which this program must know to the letter.
pub(crate) fn known(applied: &[(i64, String)]) -> Result<Vec<migrate::Migration>> {
    let all = migrate::built_in();
    let find = |(version, checksum): &(i64, String)| {
        let found = all.iter().find(|migration| migration.version == *version && migration.checksum == *checksum);
        found.cloned().ok_or_else(|| Error::conflict("backup.schema_unknown").with("schema", version.to_string()))
    };
    applied.iter().map(find).collect()
}

/// A file with all tables and no row, inside a transaction. It is built without a journal: a half-built one is thrown away.
fn empty(path: &Path, migrations: &[migrate::Migration]) -> Result<Connection> {
    let unwritable = |cause| Error::unavailable("backup.unwritable").with("file", path.display().to_string()).caused_by(cause);
    OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).map_err(unwritable)?;
    let connection = Connection::open(path).map_err(sqlite_fault)?;
    let settings = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA secure_delete = ON; PRAGMA cache_size = -32768; BEGIN";
    connection.execute_batch(settings).map_err(sqlite_fault)?;
    connection.execute_batch(migrate::TABLE).map_err(sqlite_fault)?;
    for migration in migrations {
        connection.execute_batch(&migration.text(true)).map_err(sqlite_fault)?;
    }
    // Rows that migrations make are in the source too, perhaps changed since.
    for table in catalog::tables(&connection)? {
        connection.execute_batch(&format!("DELETE FROM {}", quoted(&table.name))).map_err(sqlite_fault)?;
    }
    Ok(connection)
}

fn copy(from: &mut Snapshot, into: &Connection, table: &Table, progress: &mut dyn FnMut(Progress)) -> Result<TableSum> {
    let places: Vec<String> = (1..=table.columns.len()).map(|n| format!("?{n}")).collect();
    let insert = format!("INSERT INTO {} ({}) VALUES ({})", quoted(&table.name), table.list(), places.join(", "));
    let mut insert = into.prepare(&insert).map_err(sqlite_fault)?;
    let mut digest = Digest::of(table);
    from.each(table, |row| {
        digest.add(row);
        progress(Progress::Rows { table: &table.name, rows: digest.rows });
        insert.execute(rusqlite::params_from_iter(row)).map(drop).map_err(sqlite_fault)
    })?;
    Ok(digest.finish())
}

/// The checksums of a database as it is now, table by table. Blocks, as [`dump`].
pub(crate) fn sums(from: &mut Connected, tables: &[Table], progress: &mut dyn FnMut(Progress)) -> Result<Vec<TableSum>> {
    let mut snapshot = from.snapshot()?;
    let sum = |table: &Table| {
        let mut digest = Digest::of(table);
        snapshot.each(table, |row: &[Param]| {
            digest.add(row);
            progress(Progress::Rows { table: &table.name, rows: digest.rows });
            Ok(())
        })?;
        Ok(digest.finish())
    };
    tables.iter().map(sum).collect()
}

/// What a file holds that [`dump`] has made, or that should be one.
pub(crate) fn read(path: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Content> {
    let tables = catalog::tables(&source::file(path)?)?;
    let mut file = Connected::file(path)?;
    let migrations = file.snapshot()?.migrations()?;
    let schema = migrations.last().map_or(0, |(version, _)| *version);
    let tables = sums(&mut Connected::file(path)?, &tables, progress)?;
    Ok(Content { schema, tables, left_out: Vec::new() })
}
