//! What an archive says about itself. It stands at the end, so that an archive that was cut off has none.
use super::digest::{TableSum, hex};
use crate::Millis;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The layout of archives this program writes, and the newest it reads.
pub const FORMAT: u32 = 1;

/// Says of every archive, first of all, what it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Head {
    /// See [`FORMAT`].
    pub format: u32,
    /// The version of the program that wrote it.
    pub program: String,
}

/// What a backup holds, and how to know that it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// See [`FORMAT`].
    pub format: u32,
    /// The version of the program that wrote it.
    pub program: String,
    /// The newest migration of its database.
    pub schema: i64,
    /// The history it was taken from.
    pub generation: String,
    /// The moment everything in it is of.
    pub taken_at: Millis,
    /// `sqlite` or `postgresql`: where it was taken. What is in it looks the same.
    pub database: String,
    /// Ids of the keys that are needed to read what is sealed in it.
    pub keys: Vec<String>,
    /// Every table.
    pub tables: Vec<TableSum>,
    /// One checksum over all of them.
    pub content: String,
    /// How many files.
    pub blobs: u64,
    /// Their bytes.
    pub blob_bytes: u64,
    /// Blobs that a row names and that were erased while the backup was made.
    pub gone: Vec<String>,
    /// Blobs that a row names and that the store had lost.
    pub missing: Vec<String>,
    /// SHA-256 of the member `SHA256SUMS`, which has one of each other member.
    pub sums: String,
}

impl Manifest {
    /// Rows of a table; none if there is no such table.
    pub fn rows(&self, table: &str) -> u64 {
        self.tables.iter().find(|sum| sum.name == table).map_or(0, |sum| sum.rows)
    }
}

/// One checksum over those of all tables.
pub(crate) fn content(tables: &[TableSum]) -> String {
    let mut hash = Sha256::new();
    tables.iter().for_each(|sum| hash.update(format!("{} {} {}\n", sum.name, sum.rows, sum.sha256)));
    hex(&hash.finalize())
}
