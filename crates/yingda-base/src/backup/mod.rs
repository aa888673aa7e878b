//! Backups: one moment of an installation in one file, whichever database it came from, restorable into either.
//!
//! [`take`] makes one while the program serves, [`check`] reads one and refuses what is not whole, [`restore`](restore()) puts one in place. Inside
//! is the database as a SQLite file with the same rows (`dump`), the blobs those rows name, and a [`Manifest`] with a logical checksum of each
//! table (`digest`), by which the same content is recognised on both databases. Layout and reasons: docs/decisions/backup-format.md.
mod archive;
mod catalog;
mod digest;
mod dump;
mod load;
mod manifest;
mod open;
mod restore;
mod room;
mod source;
mod take;
#[cfg(test)]
mod tests;

pub use digest::TableSum;
pub use manifest::{FORMAT, Manifest};
pub use open::{Checked, check, prove, unpack};
pub use restore::{Plan, Restored, Staged, fit, restore, unfinished};
pub use room::free;
pub use take::{Task, take};

use crate::{Result, db::sqlite_fault};
use catalog::quoted;
use rusqlite::Connection;

crate::texts!("texts.toml");

/// How far a backup or a restore has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Rows of a table so far.
    Rows {
        /// Its name.
        table: &'a str,
        /// So far.
        rows: u64,
    },
    /// The database goes into the archive.
    Packing {
        /// Its size.
        bytes: u64,
    },
    /// Contents of files.
    Files {
        /// So far.
        done: u64,
        /// In all.
        of: u64,
    },
    /// An archive is read.
    Read {
        /// Packed bytes so far.
        bytes: u64,
        /// In all.
        of: u64,
    },
}

/// The keys a database knows: rows of `instance` with a check value of each.
fn known_keys(plain: &Connection) -> Result<Vec<(String, String)>> {
    let read = || {
        let mut statement = plain.prepare("SELECT key, value FROM instance WHERE key >= 'key:' AND key < 'key;' ORDER BY key")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()
    };
    read().map_err(sqlite_fault)
}

/// Every different text of a column, sorted.
fn texts_of(plain: &Connection, table: &str, column: &str) -> Result<Vec<String>> {
    let (table, column) = (quoted(table), quoted(column));
    let query = format!("SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY {column}");
    let read = || {
        let mut statement = plain.prepare(&query)?;
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()
    };
    read().map_err(sqlite_fault)
}
