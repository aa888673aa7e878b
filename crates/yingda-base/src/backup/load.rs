//! From a SQLite file to an empty PostgreSQL schema.
//!
//! Foreign keys are taken away while the rows come, since tables name each other in circles, and set again at the end, when the database
//! checks all of them.
use super::{
    Progress,
    catalog::{self, Kind, Table, quoted},
    dump,
    source::{self, each_lite},
};
use crate::{
    Error, Result,
    db::{Param, connect_postgres, postgres_fault},
    migrate,
};
use postgres::{
    Transaction,
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};
use rusqlite::Connection;
use std::path::Path;

const SESSION: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '30s'";

/// Makes all tables in the schema that `url` leads to and fills them, in one transaction. Blocks; not to be called on a thread of a runtime.
///
/// Errors: `backup.schema_unknown`, `backup.misfit`, `database.*`.
pub(crate) fn load(file: &Path, url: &str, progress: &mut dyn FnMut(Progress)) -> Result<()> {
    let from = source::file(file)?;
    let migrations = dump::known(&applied(&from)?)?;
    let mut client = connect_postgres(url, SESSION)?;
    let mut tx = client.transaction().map_err(postgres_fault)?;
    tx.batch_execute(migrate::TABLE).map_err(postgres_fault)?;
    for migration in &migrations {
        tx.batch_execute(&migration.text(false)).map_err(postgres_fault)?;
    }
    let keys = take_foreign_keys(&mut tx)?;
    for table in catalog::tables(&from)? {
        tx.batch_execute(&format!("DELETE FROM {}", quoted(&table.name))).map_err(postgres_fault)?;
        fill(&from, &mut tx, &table, progress)?;
    }
    for key in keys {
        tx.batch_execute(&key).map_err(postgres_fault)?;
    }
    tx.batch_execute("ANALYZE").map_err(postgres_fault)?;
    tx.commit().map_err(postgres_fault)
}

fn applied(from: &Connection) -> Result<Vec<(i64, String)>> {
    let read = || {
        let mut statement = from.prepare("SELECT version, checksum FROM schema_migration ORDER BY version")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<_>>()
    };
    read().map_err(crate::db::sqlite_fault)
}

/// Drops all foreign keys; answers the statements that set them again.
fn take_foreign_keys(tx: &mut Transaction) -> Result<Vec<String>> {
    let query = "SELECT r.relname::TEXT, c.conname::TEXT, pg_get_constraintdef(c.oid)
                   FROM pg_constraint c
                   JOIN pg_class r ON r.oid = c.conrelid
                  WHERE c.contype = 'f' AND r.relnamespace = current_schema()::regnamespace
                  ORDER BY r.relname, c.conname";
    let mut again = Vec::new();
    for row in tx.query(query, &[]).map_err(postgres_fault)? {
        let get = |place| row.try_get::<_, String>(place).map_err(postgres_fault);
        let (table, name, rule) = (quoted(&get(0)?), quoted(&get(1)?), get(2)?);
        tx.batch_execute(&format!("ALTER TABLE {table} DROP CONSTRAINT {name}")).map_err(postgres_fault)?;
        again.push(format!("ALTER TABLE {table} ADD CONSTRAINT {name} {rule}"));
    }
    Ok(again)
}

fn fill(from: &Connection, tx: &mut Transaction, table: &Table, progress: &mut dyn FnMut(Progress)) -> Result<()> {
    let copy = format!("COPY {} ({}) FROM STDIN (FORMAT BINARY)", quoted(&table.name), table.list());
    let types: Vec<Type> = table.columns.iter().map(|column| type_of(column.kind)).collect();
    let into = tx.copy_in(&copy).map_err(postgres_fault)?;
    let (mut into, mut rows) = (BinaryCopyInWriter::new(into, &types), 0);
    let named = |error: Error| error.with("table", table.name.clone());
    each_lite(from, table, |row| {
        let values: Vec<&(dyn ToSql + Sync)> = row.iter().map(Param::as_postgres).collect();
        rows += 1;
        progress(Progress::Rows { table: &table.name, rows });
        into.write(&values).map_err(postgres_fault)
    })
    .map_err(named)?;
    into.finish().map(drop).map_err(postgres_fault).map_err(named)
}

fn type_of(kind: Kind) -> Type {
    match kind {
        Kind::Int => Type::INT8,
        Kind::Bool => Type::BOOL,
        Kind::Real => Type::FLOAT8,
        Kind::Text => Type::TEXT,
        Kind::Bytes => Type::BYTEA,
    }
}
