//! Where a restore goes: whether anybody uses it, whether anything is there, and what an earlier one left.
use super::{Plan, named, unwritable};
use crate::{
    Error, Result,
    backup::source::Connected,
    db::{Engine, connect_postgres, postgres_fault},
    part::{beside, remove},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long connections that were there before a restore may take to close.
const AT_FIRST: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const MARK: &str = "restore.unfinished";
/// The schema of PostgreSQL in which a restored database is made ready.
pub(super) const STAGING: &str = "yingda_restoring";
const SESSION: &str = "SET statement_timeout = 0; SET lock_timeout = '30s'";

/// The place of an installation.
pub(super) struct Target {
    /// Of an embedded database.
    pub database: Option<PathBuf>,
    /// The address of PostgreSQL, and the schema our tables are in.
    pub server: Option<(String, String)>,
    pub blobs: PathBuf,
    /// Says that the last step has begun.
    pub mark: PathBuf,
}

/// The mark of a restore that was killed in its last step. What lies beside it is neither the old nor the new.
pub fn unfinished(data: &Path) -> Result<Option<PathBuf>> {
    let mark = data.join(MARK);
    match fs::symlink_metadata(&mark) {
        Ok(_) => Ok(Some(mark)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::unavailable("data.unwritable").with("path", named(data)).caused_by(cause)),
    }
}

impl Target {
    /// Refuses a place that is in use, or where something is that may not be put aside. Errors: `data.in_use`, `restore.not_empty`.
    pub(super) fn claim(plan: &Plan) -> Result<Target> {
        let (database, server) = match &plan.options.engine {
            Engine::Sqlite(path) => (Some(path.clone()), None),
            Engine::Postgres(url) => (None, Some((url.clone(), schema(url)?))),
        };
        let target = Target { database, server, blobs: plan.data.join("blobs"), mark: plan.data.join(MARK) };
        target.refuse_in_use(AT_FIRST)?;
        match target.occupied()? {
            Some(place) if !plan.is_replacing => Err(Error::conflict("restore.not_empty").with("place", place)),
            _ => Ok(target),
        }
    }

    /// What lies there, if anything does.
    fn occupied(&self) -> Result<Option<String>> {
        if let Some(database) = self.database.as_ref().filter(|database| fs::metadata(database).is_ok_and(|found| found.len() > 0)) {
            return Ok(Some(named(database)));
        }
        if let Some((url, _)) = &self.server
            && Connected::open(&Engine::Postgres(url.clone()))?.snapshot()?.has_schema()?
        {
            return Ok(Some("PostgreSQL".to_owned()));
        }
        let has_blobs = fs::read_dir(&self.blobs).is_ok_and(|mut entries| entries.next().is_some());
        Ok(has_blobs.then(|| named(&self.blobs)))
    }

    /// Of an embedded database the caller's lock tells; on a server other machines may be at work. A server may need a moment to notice that
    /// a connection is closed, so it is asked again for as long as `patience`.
    pub(super) fn refuse_in_use(&self, patience: Duration) -> Result<()> {
        let mut waited = Duration::ZERO;
        while self.connections()? > 0 {
            if waited >= patience {
                return Err(Error::conflict("data.in_use").with("path", "PostgreSQL"));
            }
            std::thread::sleep(LOOK_AGAIN);
            waited += LOOK_AGAIN;
        }
        Ok(())
    }

    /// How many others of our programs are connected to the server's database.
    fn connections(&self) -> Result<i64> {
        let Some((url, _)) = &self.server else { return Ok(0) };
        let query = "SELECT COUNT(*) FROM pg_stat_activity
                      WHERE datname = current_database() AND application_name = 'yingda' AND pid <> pg_backend_pid()";
        let count = connect_postgres(url, "").and_then(|mut client| client.query_one(query, &[]).map_err(postgres_fault));
        count?.try_get(0).map_err(postgres_fault)
    }

    /// Where the new is made ready.
    pub(super) fn staging(&self, path: &Path) -> PathBuf {
        beside(path, ".restoring")
    }

    /// Removes what an earlier restore made ready and did not come to use.
    pub(super) fn sweep(&self, plan: &Plan) -> Result<()> {
        for path in [self.database.clone(), Some(plan.data.join("database"))].into_iter().flatten() {
            let staged = self.staging(&path);
            for path in [super::journals(&staged).to_vec(), vec![staged]].concat() {
                remove(&path).map_err(|cause| unwritable(cause, &path))?;
            }
        }
        let blobs = self.staging(&self.blobs);
        match fs::remove_dir_all(&blobs) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(unwritable(cause, &blobs)),
            _ => {}
        }
        match &self.server {
            Some((url, _)) => session(url, &format!("DROP SCHEMA IF EXISTS {STAGING} CASCADE")),
            None => Ok(()),
        }
    }
}

/// Runs text on the server.
pub(super) fn session(url: &str, sql: &str) -> Result<()> {
    connect_postgres(url, SESSION)?.batch_execute(sql).map_err(postgres_fault)
}

/// Whether there is a schema of this name.
pub(super) fn has_schema(url: &str, name: &str) -> Result<bool> {
    let found = connect_postgres(url, SESSION)?.query_one("SELECT COUNT(*) FROM pg_namespace WHERE nspname = $1", &[&name]);
    Ok(found.and_then(|row| row.try_get::<_, i64>(0)).map_err(postgres_fault)? > 0)
}

/// The schema that this address leads to.
fn schema(url: &str) -> Result<String> {
    let row = connect_postgres(url, SESSION)?.query_one("SELECT current_schema()::TEXT", &[]).map_err(postgres_fault)?;
    let name: Option<String> = row.try_get(0).map_err(postgres_fault)?;
    name.ok_or_else(|| Error::unavailable("restore.no_schema"))
}

/// The same server, with the tables in another schema. Of a setting that is given twice the last one counts.
pub(super) fn with_schema(url: &str, schema: &str) -> String {
    match url.split_once("://") {
        None => format!("{url} options='-c search_path={schema}'"),
        Some(_) => format!("{url}{}options=-c%20search_path%3D{schema}", if url.contains('?') { '&' } else { '?' }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_another_schema() {
        for (url, with) in [
            ("host=/run dbname=y", "host=/run dbname=y options='-c search_path=s'"),
            ("postgres://u@h/y", "postgres://u@h/y?options=-c%20search_path%3Ds"),
            ("postgres://u@h/y?sslmode=disable", "postgres://u@h/y?sslmode=disable&options=-c%20search_path%3Ds"),
        ] {
            assert_eq!(with_schema(url, "s"), with);
            let read: postgres::Config = with.parse().unwrap();
            assert_eq!(read.get_options(), Some("-c search_path=s"));
        }
    }
}
