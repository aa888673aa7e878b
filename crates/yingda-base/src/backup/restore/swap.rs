//! The last step: the old aside, the new in its place. On a server one transaction; of files, renames under a mark.
use super::{
    Plan, Staged, named,
    place::{STAGING, Target, has_schema, session},
    unwritable,
};
use crate::{
    Error, Result,
    backup::{catalog::quoted, dump, source::Connected},
    db::{Engine, connect_sqlite, sqlite_fault},
    part::{beside, sync_folder},
};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long the connections that made a database ready may take to close.
const PATIENCE: Duration = Duration::from_secs(10);

/// One thing that is done wholly or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Says what goes on.
    Mark { mark: PathBuf, text: String },
    /// Renames; a name that is not there is passed over.
    Move { from: PathBuf, to: PathBuf },
    /// Puts the tables of PostgreSQL in place.
    Tables { url: String, sql: String },
    /// It is done.
    Unmark { mark: PathBuf },
}

/// Puts it in place. Answers where the old is.
pub(super) fn swap(plan: &Plan, target: &Target, staged: &Staged) -> Result<Vec<String>> {
    settle(staged)?;
    target.refuse_in_use(PATIENCE)?;
    let (steps, aside) = steps(plan, target, staged)?;
    for (place, step) in steps.iter().enumerate() {
        step.take().inspect_err(|_| {
            // Nothing but the mark was made: all is as it was.
            if place == 1
                && let Err(error) = (Step::Unmark { mark: target.mark.clone() }).take()
            {
                tracing::warn!(%error, "the mark of a restore that did not begin could not be removed");
            }
        })?;
    }
    Ok(aside)
}

/// The first steps, as if it were killed then; whether that was all.
#[cfg(test)]
pub(super) fn take_some(plan: &Plan, target: &Target, staged: &Staged, count: usize) -> Result<bool> {
    settle(staged)?;
    let (steps, _) = steps(plan, target, staged)?;
    steps.iter().take(count).try_for_each(Step::take)?;
    Ok(count >= steps.len())
}

/// Brings all of an embedded database into its one file.
fn settle(staged: &Staged) -> Result<()> {
    let Engine::Sqlite(path) = &staged.options.engine else { return Ok(()) };
    let connection = connect_sqlite(path)?;
    connection.busy_timeout(PATIENCE).map_err(sqlite_fault)?;
    // Refused while anybody else has it open.
    let mode: String = connection.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0)).map_err(sqlite_fault)?;
    if mode == "delete" { Ok(()) } else { Err(Error::unavailable("database.locked").with("path", named(path))) }
}

fn steps(plan: &Plan, target: &Target, staged: &Staged) -> Result<(Vec<Step>, Vec<String>)> {
    let now = plan.clock.now();
    let stamp = free_stamp(target, &now.in_name())?;
    let aside = |path: &Path| aside(path, &stamp);
    let mut moves = Vec::new();
    if let Some(database) = &target.database {
        let old = aside(database);
        moves.extend(super::journals(database).into_iter().zip(super::journals(&old)).map(|(from, to)| Step::Move { from, to }));
        moves.push(Step::Move { from: database.clone(), to: old });
        moves.push(Step::Move { from: target.staging(database), to: database.clone() });
    }
    moves.push(Step::Move { from: target.blobs.clone(), to: aside(&target.blobs) });
    moves.push(Step::Move { from: target.staging(&target.blobs), to: target.blobs.clone() });
    let is_old = |from: &PathBuf| Some(from) == target.database.as_ref() || *from == target.blobs;
    let mut left: Vec<String> = moves
        .iter()
        .filter_map(|step| match step {
            Step::Move { from, to } if is_old(from) && from.exists() => Some(named(to)),
            _ => None,
        })
        .collect();
    if let Some((url, home)) = &target.server {
        let (sql, schema) = swap_tables(url, home, &staged.options.engine, &stamp)?;
        left.extend(schema.map(|schema| format!("PostgreSQL: SCHEMA {schema}")));
        moves.insert(0, Step::Tables { url: url.clone(), sql });
    }
    let mark = target.mark.clone();
    let text = serde_json::json!({"backup": named(plan.file), "begun_at": now, "aside": format!(".before-restore-{stamp}")}).to_string();
    let mut steps = vec![Step::Mark { mark: mark.clone(), text }];
    steps.extend(moves);
    steps.push(Step::Unmark { mark });
    Ok((steps, left))
}

/// What an old file or folder is called from now on.
fn aside(path: &Path, stamp: &str) -> PathBuf {
    beside(path, &format!(".before-restore-{stamp}"))
}

fn schema(stamp: &str) -> String {
    format!("yingda_before_{}", stamp.replace('-', "_"))
}

/// What was put aside before is never touched, however soon this restore follows the last.
fn free_stamp(target: &Target, now: &str) -> Result<String> {
    let names = std::iter::once(now.to_owned()).chain((2..).map(|n| format!("{now}-{n}")));
    for stamp in names {
        let files = target.database.iter().chain([&target.blobs]).any(|path| aside(path, &stamp).exists());
        let is_taken = files || target.server.as_ref().map(|(url, _)| has_schema(url, &schema(&stamp))).transpose()?.unwrap_or(false);
        if !is_taken {
            return Ok(stamp);
        }
    }
    Err(Error::bug("there is always another number"))
}

/// The transaction that puts our tables aside, if there are any, and the new ones in their place.
fn swap_tables(url: &str, home: &str, staged: &Engine, stamp: &str) -> Result<(String, Option<String>)> {
    let new = Connected::open(staged)?.snapshot()?.tables()?;
    let mut there = Connected::open(&Engine::Postgres(url.to_owned()))?;
    let mut there = there.snapshot()?;
    let old = if there.has_schema()? {
        // Of a newer program there may be tables that nobody here knows of.
        dump::known(&there.migrations()?)?;
        there.tables()?
    } else {
        Vec::new()
    };
    let (home, aside) = (quoted(home), schema(stamp));
    let ours: Vec<&String> = old.iter().filter(|table| new.contains(table)).collect();
    let mut sql = String::from("BEGIN;");
    if !ours.is_empty() {
        sql += &format!("CREATE SCHEMA {aside};");
    }
    for table in &ours {
        sql += &format!("ALTER TABLE {home}.{} SET SCHEMA {aside};", quoted(table));
    }
    for table in &new {
        sql += &format!("ALTER TABLE {STAGING}.{} SET SCHEMA {home};", quoted(table));
    }
    sql += &format!("DROP SCHEMA {STAGING}; COMMIT;");
    Ok((sql, (!ours.is_empty()).then_some(aside)))
}

impl Step {
    fn take(&self) -> Result<()> {
        match self {
            Step::Mark { mark, text } => write_mark(mark, text).map_err(|cause| unwritable(cause, mark)),
            Step::Move { from, to } => match fs::rename(from, to) {
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
                moved => moved.and_then(|()| sync_folder(to)).map_err(|cause| unwritable(cause, to)),
            },
            Step::Tables { url, sql } => session(url, sql),
            Step::Unmark { mark } => fs::remove_file(mark).and_then(|()| sync_folder(mark)).map_err(|cause| unwritable(cause, mark)),
        }
    }
}

fn write_mark(mark: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(mark)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    sync_folder(mark)
}
