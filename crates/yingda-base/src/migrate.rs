//! Migrations: numbered SQL files of `migrations/`, built into the program and applied in order, each in a transaction of its own.
//!
//! A file is named `YYYYMMDDHHMM_feature_what.sql`; the number is its version. Type words stand for what the databases call
//! differently: `{{bytes}}`, `{{c}}` (the collation of sortable text), `{{clustered}}` (the end of a table that lives in its primary key).
//! A header line `-- min_compatible: N` says that programs which know version N may go on with this schema: expand now, contract a
//! release later. Without it only programs that know the migration itself may.
//!
//! Before an upgrade a SQLite file is copied to `FILE.before-VERSION` and put back if a migration fails. PostgreSQL rolls back the
//! failed migration; the copy of the whole is the operator's own backup, and the log says so.
mod backup;
mod history;

use crate::{
    Clock, Context, Error, Result,
    db::{
        Engine, Options,
        direct::{Direct, on_own_thread},
    },
    id::IdSource,
    random::Entropy,
};
pub use history::Migration;
pub(crate) use history::TABLE;
#[cfg(any(test, feature = "testkit"))]
pub(crate) use history::in_dialect;

/// One at a time, over all nodes.
const LOCK: i64 = 0x79_69_6e_67_64_61;

/// What a run of [`run`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The schema before; 0 for an empty database.
    pub from: i64,
    /// The schema now.
    pub to: i64,
}

/// The migrations built into this program, oldest first.
pub fn built_in() -> Vec<Migration> {
    let files: &[(&str, &'static str)] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
    files.iter().map(|(name, text)| Migration::parse(name, text).expect("a test parses all built-in migrations")).collect()
}

/// Brings the schema up to this program. To be called before the door opens; it blocks.
///
/// Errors: `database.schema_too_new`, `database.migration_changed`, `database.migration_failed`, `database.locked`,
/// `database.unwritable`, `database.corrupt`, `database.unreachable`.
pub fn run(options: &Options, clock: &Clock) -> Result<Migrated> {
    run_with(options, clock, &built_in())
}

/// Like [`run`] with other migrations: for tests of old and future schemas.
pub fn run_with(options: &Options, clock: &Clock, migrations: &[Migration]) -> Result<Migrated> {
    let context = Context { clock: clock.clone(), entropy: Entropy::system(), ids: IdSource::new(clock.clone(), 0, 0) };
    on_own_thread(|| match &options.engine {
        Engine::Sqlite(path) => backup::guarded(path, &context, migrations),
        Engine::Postgres(_) => {
            let mut direct = Direct::open(&options.engine)?;
            direct.session("SET statement_timeout = 0; SET lock_timeout = '60s'; SET idle_in_transaction_session_timeout = 0")?;
            direct.session(&format!("SELECT pg_advisory_lock({LOCK})"))?;
            history::prepare(&mut direct, &context)?;
            let plan = history::plan(&mut direct, &context, migrations)?;
            if plan.from != 0 && !plan.pending.is_empty() {
                tracing::warn!(from = plan.from, to = plan.to(), "upgrading PostgreSQL: your own backup is the way back");
            }
            // The lock goes with the connection.
            history::apply(&mut direct, &context, plan)
        }
    })
}

/// Like [`run`] for what is made ready beside an installation: nobody else works on it, and what it was made of is still there.
pub(crate) fn run_copy(options: &Options, clock: &Clock) -> Result<Migrated> {
    let context = Context { clock: clock.clone(), entropy: Entropy::system(), ids: IdSource::new(clock.clone(), 0, 0) };
    on_own_thread(|| {
        let mut direct = Direct::open(&options.engine)?;
        if matches!(options.engine, Engine::Postgres(_)) {
            direct.session("SET statement_timeout = 0")?;
        }
        history::prepare(&mut direct, &context)?;
        let plan = history::plan(&mut direct, &context, &built_in())?;
        history::apply(&mut direct, &context, plan)
    })
}

impl Migrated {
    fn new(from: i64, to: i64) -> Migrated {
        if from != to {
            tracing::info!(from, to, "the schema is up to date");
        }
        Migrated { from, to }
    }
}

fn failed(migration: &Migration, cause: Error) -> Error {
    Error::unavailable("database.migration_failed").with("migration", migration.name.clone()).caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_migrations_can_be_read_and_ascend() {
        let all = built_in();
        assert!(!all.is_empty());
        assert!(all.windows(2).all(|pair| pair[0].version < pair[1].version), "two migrations share a version");
    }
}
