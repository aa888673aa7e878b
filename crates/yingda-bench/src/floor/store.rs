//! The stores of the relay: an append, and one synced commit for each batch.

use std::{collections::HashMap, path::Path};

use anyhow::Context as _;
use postgres::NoTls;

use super::relay::Letter;

/// Keeps letters for good.
pub trait Store: Send {
    /// All of them, synced to disk when this returns.
    fn keep(&mut self, letters: &[Letter]) -> anyhow::Result<()>;
}

/// Numbers the letters of each pair 1, 2, 3 …
#[derive(Debug, Default)]
struct Numbers(HashMap<u64, i64>);

impl Numbers {
    fn next(&mut self, pair: u64) -> i64 {
        let last = self.0.entry(pair).or_insert(0);
        *last += 1;
        *last
    }
}

/// A file of its own, `synchronous=FULL`.
pub struct Sqlite {
    connection: rusqlite::Connection,
    numbers: Numbers,
}

impl Sqlite {
    /// `file` must not exist.
    pub fn create(file: &Path) -> anyhow::Result<Self> {
        anyhow::ensure!(!file.exists(), "{} exists already", file.display());
        let connection = rusqlite::Connection::open(file).with_context(|| format!("creating {}", file.display()))?;
        connection.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;
             CREATE TABLE letter (id INTEGER PRIMARY KEY, pair INTEGER, seq INTEGER, sender INTEGER, body TEXT);
             CREATE UNIQUE INDEX letter_seq ON letter (pair, seq);",
        )?;
        Ok(Self { connection, numbers: Numbers::default() })
    }
}

impl Store for Sqlite {
    fn keep(&mut self, letters: &[Letter]) -> anyhow::Result<()> {
        let transaction = self.connection.transaction()?;
        let mut insert = transaction.prepare_cached("INSERT INTO letter (pair, seq, sender, body) VALUES (?1, ?2, ?3, ?4)")?;
        for letter in letters {
            let (pair, sender) = (letter.pair(), letter.from);
            insert.execute((pair as i64, self.numbers.next(pair), sender as i64, letter.text.as_str()))?;
        }
        drop(insert);
        Ok(transaction.commit()?)
    }
}

/// A schema of its own in somebody's database, dropped at the end.
pub struct Postgres {
    client: postgres::Client,
    insert: postgres::Statement,
    schema: String,
    numbers: Numbers,
}

impl Postgres {
    /// `url` as the program takes it.
    pub fn create(url: &str) -> anyhow::Result<Self> {
        let mut client = postgres::Client::connect(url, NoTls).context("connecting to PostgreSQL")?;
        let schema = format!("bench_floor_{:016x}", rand::random::<u64>());
        client.batch_execute(&format!(
            "SET synchronous_commit = on; CREATE SCHEMA {schema}; SET search_path = {schema};
             CREATE TABLE letter (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, pair BIGINT, seq BIGINT, sender BIGINT, body TEXT);
             CREATE UNIQUE INDEX letter_seq ON letter (pair, seq);"
        ))?;
        let insert = client.prepare(
            "INSERT INTO letter (pair, seq, sender, body) SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::TEXT[])",
        )?;
        Ok(Self { client, insert, schema, numbers: Numbers::default() })
    }
}

impl Store for Postgres {
    /// One INSERT of many rows, which is a transaction of its own: one round trip, one commit.
    fn keep(&mut self, letters: &[Letter]) -> anyhow::Result<()> {
        let pairs: Vec<i64> = letters.iter().map(|letter| letter.pair() as i64).collect();
        let seqs: Vec<i64> = letters.iter().map(|letter| self.numbers.next(letter.pair())).collect();
        let senders: Vec<i64> = letters.iter().map(|letter| letter.from as i64).collect();
        let bodies: Vec<&str> = letters.iter().map(|letter| letter.text.as_str()).collect();
        let stored = self.client.execute(&self.insert, &[&pairs, &seqs, &senders, &bodies])?;
        anyhow::ensure!(stored == letters.len() as u64, "{stored} of {} letters were stored", letters.len());
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = self.client.batch_execute(&format!("DROP SCHEMA {} CASCADE", self.schema)) {
            tracing::warn!(%error, schema = self.schema, "what the relay stored could not be dropped");
        }
    }
}
