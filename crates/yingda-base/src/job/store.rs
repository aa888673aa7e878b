//! Table `job`.
use super::{JobId, Plan};
use crate::{
    Error, Millis, Result, Tx,
    db::{Query, chunks},
    row, sql,
};

/// Rows looked at when claiming, and deleted in one unit.
pub(super) const CHUNK: i64 = 200;

row! {
    /// A job that waits to be claimed.
    pub(super) struct Waiting { pub id: JobId, pub name: String, pub payload: String, pub attempts: i64, pub run_at: Millis }
    /// A job that somebody runs.
    pub(super) struct Running { pub id: JobId, pub renewals: i64 }
    /// How much waits.
    pub(super) struct Backlog { pub due: i64, pub oldest: Option<Millis>, pub dead: i64 }
    /// A job that failed too often and is kept until somebody decides.
    #[derive(Debug, Clone)]
    pub struct Dead {
        /// The job.
        pub id: JobId,
        /// Its kind.
        pub name: String,
        /// How often it ran.
        pub attempts: i64,
        /// Code and cause of the last failure.
        pub error: Option<String>,
        /// When it was enqueued.
        pub created_at: Millis,
        /// When it failed for the last time.
        pub finished_at: Option<Millis>,
    }
}

/// Whether it was taken; a job of the same unique key is no error.
pub(super) fn insert(tx: &mut Tx, id: JobId, (name, payload): (&str, String), plan: &Plan) -> Result<bool> {
    let now = tx.now();
    let taken = tx.run(sql!(
        "INSERT INTO job (id, name, payload, unique_key, state, run_at, attempts, renewals, created_at)
         VALUES ($1, $2, $3, $4, 'waiting', $5, 0, 0, $6)
         ON CONFLICT DO NOTHING",
        id,
        name,
        payload,
        plan.unique_key.clone(),
        plan.run_at.unwrap_or(now),
        now
    ))?;
    Ok(taken == 1)
}

/// Whether a due job waits that `knows` by name.
pub(super) fn has_due(tx: &mut Tx, knows: &dyn Fn(&str) -> bool) -> Result<bool> {
    let page = |tx: &mut Tx, now, (run_at, id)| {
        tx.all(sql!(
            "SELECT id, name, payload, attempts, run_at FROM job
             WHERE state = 'waiting' AND run_at <= $1 AND (run_at > $2 OR (run_at = $2 AND id > $3))
             ORDER BY run_at, id
             LIMIT $4",
            now,
            run_at,
            id,
            CHUNK
        ))
    };
    let mut found = false;
    walk(tx, page, |_, job: Waiting| {
        found = knows(&job.name);
        Ok(!found)
    })?;
    Ok(found)
}

/// Claims up to `count` due jobs that `knows` by name. Of two that meet at a row, the one whose UPDATE finds it waiting has it.
pub(super) fn claim(tx: &mut Tx, holder: &str, count: usize, knows: &dyn Fn(&str) -> bool) -> Result<Vec<Waiting>> {
    let page = |tx: &mut Tx, now, (run_at, id)| {
        tx.all(sql!(
            "SELECT id, name, payload, attempts, run_at FROM job
             WHERE state = 'waiting' AND run_at <= $1 AND (run_at > $2 OR (run_at = $2 AND id > $3))
             ORDER BY run_at, id
             LIMIT $4
             FOR UPDATE SKIP LOCKED",
            now,
            run_at,
            id,
            CHUNK
        ))
    };
    let mut claimed = Vec::new();
    walk(tx, page, |tx, mut job: Waiting| {
        if knows(&job.name) {
            let ours = tx.run(sql!(
                "UPDATE job SET state = 'running', holder = $1, attempts = attempts + 1, renewals = renewals + 1
                 WHERE id = $2 AND state = 'waiting'",
                holder,
                job.id
            ))?;
            if ours == 1 {
                job.attempts += 1;
                claimed.push(job);
            }
        }
        Ok(claimed.len() < count)
    })?;
    Ok(claimed)
}

/// Goes through the due jobs, page by page, for as long as `each` wants more.
fn walk(
    tx: &mut Tx,
    page: impl Fn(&mut Tx, Millis, (Millis, JobId)) -> Result<Vec<Waiting>>,
    mut each: impl FnMut(&mut Tx, Waiting) -> Result<bool>,
) -> Result<()> {
    let now = tx.now();
    let mut place = (Millis(0), JobId(0));
    loop {
        let jobs = page(tx, now, place)?;
        let is_last = (jobs.len() as i64) < CHUNK;
        for job in jobs {
            place = (job.run_at, job.id);
            if !each(tx, job)? {
                return Ok(());
            }
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Shows that these still run.
pub(super) fn renew(tx: &mut Tx, ids: &[i64], holder: &str) -> Result<()> {
    for chunk in chunks(ids) {
        let query: Query =
            sql!("UPDATE job SET renewals = renewals + 1 WHERE id IN ({{ids}}) AND state = 'running' AND holder = $33", holder);
        tx.run(query.with_ids(&chunk))?;
    }
    Ok(())
}

/// Lets others run these: they were cut off here.
pub(super) fn give_back(tx: &mut Tx, ids: &[i64], holder: &str) -> Result<()> {
    for chunk in chunks(ids) {
        let query: Query =
            sql!("UPDATE job SET state = 'waiting', holder = NULL WHERE id IN ({{ids}}) AND state = 'running' AND holder = $33", holder);
        tx.run(query.with_ids(&chunk))?;
    }
    Ok(())
}

pub(super) fn running(tx: &mut Tx) -> Result<Vec<Running>> {
    tx.all(sql!("SELECT id, renewals FROM job WHERE state = 'running' ORDER BY id"))
}

/// How a run ended, as far as the row is concerned.
pub(super) enum End {
    Done,
    /// To be run again.
    Again {
        at: Millis,
        error: String,
    },
    /// To be laid aside.
    Dead {
        error: String,
    },
    /// Given back untouched: the program stops.
    Back,
}

/// Whether the job was still ours.
pub(super) fn end(tx: &mut Tx, id: JobId, (holder, attempt): (&str, i64), end: &End) -> Result<bool> {
    let now = tx.now();
    let query = match end {
        End::Done => sql!(
            "UPDATE job SET state = 'done', finished_at = $1, holder = NULL, error = NULL
             WHERE id = $2 AND state = 'running' AND holder = $3 AND attempts = $4",
            now,
            id,
            holder,
            attempt
        ),
        End::Again { at, error } => sql!(
            "UPDATE job SET state = 'waiting', run_at = $1, holder = NULL, error = $2
             WHERE id = $3 AND state = 'running' AND holder = $4 AND attempts = $5",
            *at,
            error,
            id,
            holder,
            attempt
        ),
        End::Dead { error } => sql!(
            "UPDATE job SET state = 'dead', finished_at = $1, holder = NULL, error = $2
             WHERE id = $3 AND state = 'running' AND holder = $4 AND attempts = $5",
            now,
            error,
            id,
            holder,
            attempt
        ),
        End::Back => sql!(
            "UPDATE job SET state = 'waiting', attempts = attempts - 1, holder = NULL
             WHERE id = $1 AND state = 'running' AND holder = $2 AND attempts = $3",
            id,
            holder,
            attempt
        ),
    };
    Ok(tx.run(query)? == 1)
}

/// A job whose counter stands still runs again, at once: its worker is gone.
pub(super) fn free(tx: &mut Tx, job: &Running) -> Result<u64> {
    let now = tx.now();
    tx.run(sql!(
        "UPDATE job SET state = 'waiting', run_at = $1, holder = NULL, error = 'job.worker_gone'
         WHERE id = $2 AND state = 'running' AND renewals = $3",
        now,
        job.id,
        job.renewals
    ))
}

/// Lets everything that was running run again. For the start on SQLite, where all former workers are dead.
pub fn free_all(tx: &mut Tx) -> Result<()> {
    tx.run(sql!("UPDATE job SET state = 'waiting', holder = NULL, error = 'job.worker_gone' WHERE state = 'running'")).map(drop)
}

pub(super) fn backlog(tx: &mut Tx) -> Result<Backlog> {
    let now = tx.now();
    tx.get(
        "backlog",
        sql!(
            "SELECT (SELECT COUNT(*) FROM job WHERE state = 'waiting' AND run_at <= $1) AS due,
                    (SELECT MIN(run_at) FROM job WHERE state = 'waiting' AND run_at <= $1) AS oldest,
                    (SELECT COUNT(*) FROM job WHERE state = 'dead') AS dead",
            now
        ),
    )
}

/// Deletes a chunk of the jobs done before `before`; how many.
pub(super) fn purge(tx: &mut Tx, before: Millis) -> Result<i64> {
    let gone = tx.run(sql!(
        "DELETE FROM job WHERE state = 'done' AND id IN (
             SELECT id FROM job WHERE state = 'done' AND finished_at < $1 ORDER BY finished_at, id LIMIT $2
         )",
        before,
        CHUNK
    ))?;
    Ok(i64::try_from(gone).unwrap_or(i64::MAX))
}

/// Jobs laid aside, oldest first, after the one with id `after`.
pub fn dead(tx: &mut Tx, after: JobId, limit: i64) -> Result<Vec<Dead>> {
    tx.all(sql!(
        "SELECT id, name, attempts, error, created_at, finished_at FROM job WHERE state = 'dead' AND id > $1 ORDER BY id LIMIT $2",
        after,
        limit
    ))
}

/// Runs a dead job again, with a fresh count of attempts. Error: `not_found`; `job.replaced` if another of its unique key waits.
pub fn retry(tx: &mut Tx, id: JobId) -> Result<()> {
    let now = tx.now();
    let revived = tx.run(sql!(
        "UPDATE job SET state = 'waiting', run_at = $1, attempts = 0, finished_at = NULL
         WHERE id = $2 AND state = 'dead' AND NOT EXISTS (
             SELECT 1 FROM job AS other
             WHERE other.name = job.name AND other.unique_key = job.unique_key AND other.state IN ('waiting', 'running')
         )",
        now,
        id
    ))?;
    if revived == 0 {
        get_dead(tx, id)?;
        return Err(Error::conflict("job.replaced"));
    }
    tx.emit(super::Enqueued { name: String::new() });
    Ok(())
}

/// Forgets a dead job. Error: `not_found`.
pub fn dismiss(tx: &mut Tx, id: JobId) -> Result<()> {
    get_dead(tx, id)?;
    tx.run(sql!("DELETE FROM job WHERE id = $1 AND state = 'dead'", id)).map(drop)
}

fn get_dead(tx: &mut Tx, id: JobId) -> Result<Dead> {
    tx.get("job", sql!("SELECT id, name, attempts, error, created_at, finished_at FROM job WHERE id = $1 AND state = 'dead'", id))
}
