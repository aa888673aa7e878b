//! The SQL of backups that were tried.
use super::model::{Kept, Run, RunId, RunState};
use crate::auth::StaffId;
use yingda_base::{Error, Millis, Result, Tx, row, sql};

row! {
    struct Left { file: Option<String> }
    struct Last { at: Option<Millis> }
}

/// Somebody asked for one.
pub(super) fn ask(tx: &mut Tx, id: RunId, by: StaffId) -> Result<()> {
    let now = tx.now();
    tx.run(sql!("INSERT INTO backup_run (id, state, asked_by, asked_at, missing) VALUES ($1, 'waiting', $2, $3, 0)", id, by, now)).map(drop)
}

/// One begins. Those before that never ended were cut off: only one is under way at a time. Answers their names, this one's former one too.
pub(super) fn begin(tx: &mut Tx, id: RunId, file: &str) -> Result<Vec<String>> {
    let now = tx.now();
    let left: Vec<Left> =
        tx.all(sql!("SELECT file FROM backup_run WHERE state = 'running' OR (id = $1 AND state = 'failed') ORDER BY id", id))?;
    tx.run(sql!(
        "UPDATE backup_run SET state = 'failed', trouble = 'backup.interrupted', finished_at = $2
         WHERE state IN ('waiting', 'running') AND id <> $1",
        id,
        now
    ))?;
    tx.run(sql!(
        "INSERT INTO backup_run (id, state, asked_at, started_at, file, missing) VALUES ($1, 'running', $2, $2, $3, 0)
         ON CONFLICT (id) DO UPDATE SET state = 'running', started_at = excluded.started_at, file = excluded.file,
             finished_at = NULL, took_ms = NULL, trouble = NULL, details = NULL",
        id,
        now,
        file
    ))?;
    Ok(left.into_iter().filter_map(|left| left.file).collect())
}

/// How one ended well.
pub(super) struct Made {
    pub bytes: i64,
    pub took_ms: i64,
    pub missing: i64,
}

pub(super) fn end(tx: &mut Tx, id: RunId, made: &Made) -> Result<()> {
    tx.run(sql!(
        "UPDATE backup_run SET state = 'done', finished_at = $2, bytes = $3, took_ms = $4, missing = $5 WHERE id = $1",
        id,
        tx.now(),
        made.bytes,
        made.took_ms,
        made.missing
    ))
    .map(drop)
}

pub(super) fn fail(tx: &mut Tx, id: RunId, took_ms: i64, error: &Error) -> Result<()> {
    let details = serde_json::to_string(error.details()).map_err(Error::internal)?;
    tx.run(sql!(
        "UPDATE backup_run SET state = 'failed', finished_at = $2, took_ms = $3, trouble = $4, details = $5 WHERE id = $1",
        id,
        tx.now(),
        took_ms,
        error.code(),
        details
    ))
    .map(drop)
}

/// Those that should lie in the folder, the newest first.
pub(super) fn kept(tx: &mut Tx) -> Result<Vec<Kept>> {
    tx.all(sql!("SELECT id, finished_at, file, bytes FROM backup_run WHERE state = 'done' AND removed_at IS NULL ORDER BY id DESC"))
}

pub(super) fn set_removed(tx: &mut Tx, id: RunId) -> Result<()> {
    tx.run(sql!("UPDATE backup_run SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL", id, tx.now())).map(drop)
}

/// The last ones, with the names of who asked for them.
pub(super) fn recent(tx: &mut Tx, limit: i64) -> Result<Vec<Run>> {
    tx.all(sql!(
        "SELECT r.id, r.state, s.name AS asked_by, r.asked_at, r.started_at, r.finished_at, r.took_ms, r.file, r.bytes, r.missing, r.trouble,
                r.details, r.removed_at
         FROM backup_run r
         LEFT JOIN staff s ON s.id = r.asked_by
         ORDER BY r.id DESC
         LIMIT $1",
        limit
    ))
}

/// When the last good one was made; not later than now, whatever the clock was then.
pub(super) fn last_good(tx: &mut Tx) -> Result<Option<Millis>> {
    let found: Option<Last> =
        tx.find(sql!("SELECT finished_at AS at FROM backup_run WHERE state = $1 ORDER BY id DESC LIMIT 1", RunState::Done))?;
    Ok(found.and_then(|last| last.at).map(|at| at.min(tx.now())))
}

/// Forgets what was tried before, except what is kept; how many.
pub(super) fn purge(tx: &mut Tx, before: Millis, limit: i64) -> Result<u64> {
    tx.run(sql!(
        "DELETE FROM backup_run WHERE id IN (
             SELECT id FROM backup_run WHERE asked_at < $1 AND (state = 'failed' OR removed_at IS NOT NULL) ORDER BY id LIMIT $2
         )",
        before,
        limit
    ))
}
