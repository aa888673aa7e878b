//! One SQL text, two databases, plain synchronous store functions.
//!
//! SQL is written once, in the dialect SQLite and PostgreSQL share, with `$1…`. It runs inside a *unit of work*, a short closure that
//! only talks to the database: `db.write(|tx| …).await`, `db.read(|tx| …).await`. An answer always means: committed and synced to disk.
//!
//! On SQLite one writer thread runs whatever units are queued in one transaction, a savepoint each, commits once with
//! `synchronous=FULL`, then answers them all (group commit). On PostgreSQL each thread owns a connection. Rules a unit keeps:
//! - it is `Fn`: it may run again after a deadlock or after a failed batch, so it changes nothing outside the database;
//! - a statement that fails poisons it: whatever it answers, it is rolled back. Expected conflicts use `ON CONFLICT`;
//! - it stays under 20 ms; bulk work goes in chunks;
//! - rows are locked in the order of ARCHITECTURE.md, section "Lock order".
//!
//! Start at [`Db`]; [`Tx`] is what a store function speaks to; [`sql!`](crate::sql) writes a statement, [`sql_many!`](crate::sql_many) one for many rows, [`row!`](crate::row) reads a row.
mod check;
mod connect;
pub(crate) mod direct;
mod fault;
mod many;
mod meter;
mod pool;
mod postgres;
mod reserve;
mod row;
mod settle;
mod sound;
mod sqlite;
mod statement;
mod template;
mod tx;
mod unit;
mod value;

pub use check::{check_postgres, check_sqlite};
pub use connect::{Engine, Options};
pub use fault::Fault;
pub use many::{ALL_MANY, Many};
pub use row::{Column, FromRow, Row};
pub(crate) use settle::rewrite;
pub use settle::settle;
pub use sound::{Unsound, unsound};
pub use statement::{ALL_STATEMENTS, CHUNK, Query, Statement, chunks};
pub use template::{ALL_TEMPLATES, Filter, Template};
pub use tx::Tx;
pub use value::{Param, Plain, Stored};

pub(crate) use self::postgres::{connect as connect_postgres, fault as postgres_fault};
pub(crate) use sqlite::{connect as connect_sqlite, fault as sqlite_fault};

use crate::{Context, bus::Bus, error::Result};
use pool::Pool;
use reserve::Reserve;
use std::sync::Arc;

/// The database. Cloning shares the threads behind it; when the last clone is dropped they end.
#[derive(Clone)]
pub struct Db {
    engine: Engine,
    write: Pool,
    read: Pool,
    report: Pool,
    reserve: Option<Reserve>,
}

impl Db {
    /// Opens the database and starts its threads. Doorbells that units emit are rung on `bus` after their commit.
    pub fn open(options: &Options, context: &Context, bus: Arc<dyn Bus>) -> Result<Db> {
        let shared = unit::Shared::new(context, bus, "write");
        let (write, read, report) = match &options.engine {
            Engine::Sqlite(path) => sqlite::open(path, options, &shared)?,
            Engine::Postgres(url) => self::postgres::open(url, options, &shared)?,
        };
        let reserve = match &options.engine {
            Engine::Sqlite(path) if options.reserve > 0 => Some(Reserve::keep(path, options.reserve, &context.clock)?),
            Engine::Sqlite(_) | Engine::Postgres(_) => None,
        };
        Ok(Db { engine: options.engine.clone(), write, read, report, reserve })
    }

    /// Runs a unit that changes something. `Ok` means committed and synced. Error on a full disk: `database.full`.
    pub async fn write<T: Send + 'static>(&self, work: impl Fn(&mut Tx) -> Result<T> + Send + 'static) -> Result<T> {
        self.require_room().await?;
        let written = self.write.submit(work).await;
        if is_full(&written)
            && let Some(reserve) = &self.reserve
        {
            reserve.give();
        }
        written
    }

    /// Runs a unit that must go on when the disk is full, out of the space kept for it: getting in and out, sessions, leases. Small ones only.
    pub async fn write_needed<T: Send + 'static>(&self, work: impl Fn(&mut Tx) -> Result<T> + Send + Sync + 'static) -> Result<T> {
        let work = Arc::new(work);
        let again = work.clone();
        let written = self.write.submit(move |tx| work(tx)).await;
        match &self.reserve {
            Some(reserve) if is_full(&written) && !reserve.is_given() => {
                reserve.give();
                self.write.submit(move |tx| again(tx)).await
            }
            _ => written,
        }
    }

    /// Refuses while the disk is full: for whoever is about to write beside the database. Error: `database.full`.
    pub async fn require_room(&self) -> Result<()> {
        match &self.reserve {
            Some(reserve) if !reserve.is_kept().await => Err(reserve::refusal()),
            _ => Ok(()),
        }
    }

    /// Runs a unit that only reads, on a connection of its own.
    pub async fn read<T: Send + 'static>(&self, work: impl Fn(&mut Tx) -> Result<T> + Send + 'static) -> Result<T> {
        self.read.submit(work).await
    }

    /// Like [`Db::read`] for long readings, which must not hold up the desk.
    pub async fn report<T: Send + 'static>(&self, work: impl Fn(&mut Tx) -> Result<T> + Send + 'static) -> Result<T> {
        self.report.submit(work).await
    }

    /// Whether all database threads live.
    pub fn is_alive(&self) -> bool {
        self.write.is_alive() && self.read.is_alive() && self.report.is_alive()
    }

    /// Which database this is.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

fn is_full<T>(written: &Result<T>) -> bool {
    written.as_ref().is_err_and(|error| error.code() == "database.full")
}
