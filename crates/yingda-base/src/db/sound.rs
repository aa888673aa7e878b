//! Whether a database keeps its own rules. What its rows mean is for others to judge.
use super::{Engine, connect_sqlite, direct::on_own_thread, postgres_fault, sqlite_fault};
use crate::Result;
use postgres::Client;
use rusqlite::Connection;

/// Faults named of each kind; more would not help.
const MOST: usize = 100;

/// What a database finds wrong with itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsound {
    /// Pages or indexes of the file do not fit together, or a value is not of the type of its column.
    Damaged {
        /// In the database's own words.
        what: String,
    },
    /// Rows name others that are not there.
    Dangling {
        /// Whose rows.
        table: String,
        /// What they name.
        missing: String,
        /// How many.
        rows: i64,
    },
}

/// Asks the database. Takes as long as reading all of it; blocks.
pub fn unsound(engine: &Engine) -> Result<Vec<Unsound>> {
    on_own_thread(|| match engine {
        Engine::Sqlite(path) => of_sqlite(&connect_sqlite(path)?),
        Engine::Postgres(url) => of_postgres(&mut super::connect_postgres(url, "SET statement_timeout = 0")?),
    })
}

fn of_sqlite(connection: &Connection) -> Result<Vec<Unsound>> {
    let mut found = Vec::new();
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({MOST})")).map_err(sqlite_fault)?;
    let mut rows = statement.query([]).map_err(sqlite_fault)?;
    while let Some(row) = rows.next().map_err(sqlite_fault)? {
        let what: String = row.get(0).map_err(sqlite_fault)?;
        if what != "ok" {
            found.push(Unsound::Damaged { what });
        }
    }
    let dangling = "SELECT \"table\", parent, COUNT(*) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2";
    let mut statement = connection.prepare(dangling).map_err(sqlite_fault)?;
    let rows = statement.query_map([], |row| Ok(Unsound::Dangling { table: row.get(0)?, missing: row.get(1)?, rows: row.get(2)? }));
    for row in rows.map_err(sqlite_fault)? {
        found.push(row.map_err(sqlite_fault)?);
    }
    found.extend(misfits(connection)?);
    Ok(found)
}

/// SQLite takes any value in any column; PostgreSQL would not, and neither does the program when it reads them.
fn misfits(connection: &Connection) -> Result<Vec<Unsound>> {
    let columns =
        "SELECT m.name, c.name, CASE upper(c.type) WHEN 'BIGINT' THEN 'integer' WHEN 'BOOLEAN' THEN 'integer' WHEN 'TEXT' THEN 'text'
                          WHEN 'BLOB' THEN 'blob' WHEN 'DOUBLE PRECISION' THEN 'real' ELSE '' END
                     FROM sqlite_master m JOIN pragma_table_info(m.name) c
                    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY 1, c.cid";
    let mut statement = connection.prepare(columns).map_err(sqlite_fault)?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)));
    let mut found = Vec::new();
    for row in rows.map_err(sqlite_fault)? {
        let (table, column, kind) = row.map_err(sqlite_fault)?;
        let query = format!("SELECT COUNT(*) FROM \"{table}\" WHERE typeof(\"{column}\") NOT IN ('null', '{kind}')");
        let count: i64 = connection.query_row(&query, [], |row| row.get(0)).map_err(sqlite_fault)?;
        if count > 0 {
            found.push(Unsound::Damaged { what: format!("{count} values in {table}.{column} are not of its type") });
        }
    }
    Ok(found)
}

/// Foreign keys are the server's to keep; after a crash of its disk it may not have kept them.
fn of_postgres(client: &mut Client) -> Result<Vec<Unsound>> {
    let keys = "SELECT c.conrelid::regclass::TEXT, c.confrelid::regclass::TEXT,
                       string_agg(format('p.%I = t.%I', f.attname, a.attname), ' AND ' ORDER BY k.n),
                       string_agg(format('t.%I IS NOT NULL', a.attname), ' AND ' ORDER BY k.n)
                  FROM pg_constraint c
                  CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS k(own, theirs, n)
                  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.own
                  JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = k.theirs
                 WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace
                 GROUP BY c.oid, c.conrelid, c.confrelid ORDER BY 1, 2, c.oid";
    let mut found = Vec::new();
    for row in client.query(keys, &[]).map_err(postgres_fault)? {
        let text = |place| row.try_get::<_, String>(place).map_err(postgres_fault);
        let (table, missing, same, filled) = (text(0)?, text(1)?, text(2)?, text(3)?);
        let query = format!("SELECT COUNT(*) FROM {table} t WHERE {filled} AND NOT EXISTS (SELECT 1 FROM {missing} p WHERE {same})");
        let rows: i64 = client.query_one(&query, &[]).and_then(|row| row.try_get(0)).map_err(postgres_fault)?;
        if rows > 0 {
            found.push(Unsound::Dangling { table, missing, rows });
        }
    }
    Ok(found)
}
