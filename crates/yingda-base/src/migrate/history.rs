//! What was applied, what is to be applied, and whether this program may at all.
use super::{Migrated, failed};
use crate::{Context, Error, Result, Tx, db::direct::Direct, row, sql};
use sha2::{Digest, Sha256};

/// The table of what was applied.
pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    version BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    min_compatible BIGINT NOT NULL,
    applied_at BIGINT NOT NULL
)";

/// One file of `migrations/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The number its name begins with.
    pub version: i64,
    /// Its name without `.sql`.
    pub name: String,
    /// Programs that know this version may use the schema after it.
    pub min_compatible: i64,
    /// SHA-256 of the text, hexadecimal.
    pub checksum: String,
    text: String,
}

impl Migration {
    /// Reads a file. Errors: `database.migration_malformed`.
    pub fn parse(file: &str, text: &str) -> Result<Migration> {
        let malformed = || Error::invalid("database.migration_malformed").with("file", file);
        let name = file.strip_suffix(".sql").ok_or_else(malformed)?;
        let version =
            name.split('_').next().filter(|number| number.len() == 12).and_then(|number| number.parse().ok()).ok_or_else(malformed)?;
        let header = text.lines().find_map(|line| line.strip_prefix("-- min_compatible:"));
        let min_compatible = header.map_or(Ok(version), |number| number.trim().parse().map_err(|_| malformed()))?;
        let checksum = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Migration { version, name: name.to_owned(), min_compatible, checksum, text: text.to_owned() })
    }
}

impl Migration {
    /// Its SQL as a database understands it.
    pub(crate) fn text(&self, is_sqlite: bool) -> String {
        in_dialect(&self.text, is_sqlite)
    }
}

/// The text as a database understands it.
pub(crate) fn in_dialect(text: &str, is_sqlite: bool) -> String {
    let (bytes, c, clustered) = if is_sqlite { ("BLOB", "", "WITHOUT ROWID") } else { ("BYTEA", "COLLATE \"C\"", "") };
    text.replace("{{bytes}}", bytes).replace("{{c}}", c).replace("{{clustered}}", clustered)
}

row! {
    struct Applied { version: i64, name: String, checksum: String, min_compatible: i64 }
}

fn applied(tx: &mut Tx) -> Result<Vec<Applied>> {
    tx.all(sql!("SELECT version, name, checksum, min_compatible FROM schema_migration ORDER BY version"))
}

/// What a run has to do.
pub(super) struct Plan {
    pub from: i64,
    pub pending: Vec<Migration>,
}

impl Plan {
    pub fn to(&self) -> i64 {
        self.pending.last().map_or(self.from, |migration| migration.version.max(self.from))
    }
}

pub(super) fn prepare(direct: &mut Direct, context: &Context) -> Result<()> {
    direct.unit(context, |tx| tx.batch(TABLE))
}

pub(super) fn plan(direct: &mut Direct, context: &Context, known: &[Migration]) -> Result<Plan> {
    let applied = direct.unit(context, applied)?;
    let program = known.last().map_or(0, |migration| migration.version);
    for done in &applied {
        match known.iter().find(|migration| migration.version == done.version) {
            Some(migration) if migration.checksum != done.checksum => {
                return Err(Error::conflict("database.migration_changed").with("migration", migration.name.clone()));
            }
            Some(_) => {}
            None if done.min_compatible <= program => {
                tracing::warn!(schema = done.version, name = done.name, program, "the schema is newer than this program, and compatible");
            }
            None => {
                let error = Error::conflict("database.schema_too_new").with("schema", done.version.to_string());
                return Err(error.with("needs", done.min_compatible.to_string()).with("program", program.to_string()));
            }
        }
    }
    let is_new = |migration: &&Migration| applied.iter().all(|done| done.version != migration.version);
    Ok(Plan { from: applied.last().map_or(0, |done| done.version), pending: known.iter().filter(is_new).cloned().collect() })
}

pub(super) fn apply(direct: &mut Direct, context: &Context, plan: Plan) -> Result<Migrated> {
    let (from, to) = (plan.from, plan.to());
    for migration in plan.pending {
        let this = migration.clone();
        direct
            .unit(context, move |tx| {
                // On SQLite another program may have been faster: what was planned is only certain inside the transaction.
                if applied(tx)?.iter().any(|done| done.version == this.version) {
                    return Ok(0);
                }
                tx.batch(&this.text(tx.is_sqlite()))?;
                let now = tx.now();
                tx.run(sql!(
                    "INSERT INTO schema_migration (version, name, checksum, min_compatible, applied_at)
                     VALUES ($1, $2, $3, $4, $5)",
                    this.version,
                    &this.name,
                    &this.checksum,
                    this.min_compatible,
                    now
                ))
            })
            .map_err(|cause| failed(&migration, cause))?;
    }
    Ok(Migrated::new(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_headers_are_read() {
        let one = Migration::parse("202611200001_base_tables.sql", "-- What\n-- min_compatible: 202601010000\nSELECT 1").unwrap();
        assert_eq!((one.version, one.min_compatible, one.name.as_str()), (202611200001, 202601010000, "202611200001_base_tables"));
        assert_eq!(Migration::parse("202611200001_a.sql", "SELECT 1").unwrap().min_compatible, 202611200001, "strict by default");
        for bad in ["base.sql", "2026_base.sql", "202611200001_base.txt"] {
            assert_eq!(Migration::parse(bad, "").unwrap_err().code(), "database.migration_malformed", "{bad}");
        }
        assert!(Migration::parse("202611200001_a.sql", "-- min_compatible: soon").is_err());
    }

    #[test]
    fn type_words_are_spoken_in_both_dialects() {
        let text = "CREATE TABLE a (b {{bytes}}, c TEXT {{c}}) {{clustered}}";
        assert_eq!(in_dialect(text, true), "CREATE TABLE a (b BLOB, c TEXT ) WITHOUT ROWID");
        assert_eq!(in_dialect(text, false), "CREATE TABLE a (b BYTEA, c TEXT COLLATE \"C\") ");
    }
}
