//! What the page of backups shows, and taking one by hand.
use super::{
    jobs::Take,
    model::{self, Run, RunId},
    shelf::Look,
    store,
};
use crate::{
    App,
    audit::{self, Audit},
    auth::StaffId,
};
use yingda_base::{
    Error, Millis, Result, Tx,
    http::Caller,
    job::{self, Plan},
};

/// As many runs are shown.
const SHOWN: i64 = 60;

/// What there is to be said.
pub(super) struct Overview {
    /// The next tick of the schedule.
    pub next_at: Option<Millis>,
    /// The last good one.
    pub last_good_at: Option<Millis>,
    /// The newest first, with the size their file has now, if that can be told.
    pub runs: Vec<(Run, Option<Option<u64>>)>,
    /// Free bytes of the folder, or what is wrong with it.
    pub free: Result<u64>,
}

pub(super) async fn overview(app: &App) -> Result<Overview> {
    let pattern = model::pattern(&app.settings.global(&super::SCHEDULE)).filter(|_| app.backups.folder.is_some());
    let read = move |tx: &mut Tx| {
        let next = pattern.as_deref().map(|pattern| job::next_run::<Take>(tx, pattern)).transpose()?.flatten();
        Ok((next, store::last_good(tx)?, store::recent(tx, SHOWN)?))
    };
    let (next_at, last_good_at, runs) = app.db.read(read).await?;
    let names = runs.iter().map(|run| run.file.clone()).collect();
    let (free, sizes) = match app.backups.look(names).await {
        Ok(Look { free, sizes }) => (Ok(free), sizes.into_iter().map(Some).collect()),
        Err(error) => (Err(error), vec![None; runs.len()]),
    };
    Ok(Overview { next_at, last_good_at, runs: runs.into_iter().zip(sizes).collect(), free })
}

/// Asks for one. Codes: `backup.no_folder`, `backup.under_way`.
pub(super) fn ask(tx: &mut Tx, caller: &Caller) -> Result<RunId> {
    let by = StaffId(caller.actor.staff()?.id);
    let plan = Plan { run_at: None, unique_key: Some(job::SCHEDULED.to_owned()) };
    let id = job::enqueue_with(tx, &Take {}, &plan)?.map(RunId::from).ok_or_else(|| Error::conflict("backup.under_way"))?;
    store::ask(tx, id, by)?;
    audit::record(tx, caller, &Audit { action: "backup.take", object_kind: "backup", object_id: id.to_string(), ..Audit::default() })?;
    Ok(id)
}
