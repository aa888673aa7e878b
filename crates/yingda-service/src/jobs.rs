//! The durable jobs of all features: what the runner of this program knows, and when.
use crate::{App, audit, backup, conversation, erasure, file, purge::Purge};
use yingda_base::{
    Result, Tx,
    bus::Event,
    job::{self, Enqueued, Job, Plan, Runner},
};

/// Side by side; the database has better things to do.
const SLOTS: usize = 3;
/// Schedules tick in UTC: this is 03:40 in China.
const AT_NIGHT: &str = "40 19 * * *";

/// Enqueues what every start does, and runs jobs until the program stops.
pub(crate) async fn start(app: &App) -> Result<()> {
    // Listen first: what is enqueued from now on wakes the runner.
    let wake = app.bus.listen(Enqueued::TOPIC);
    app.db.write(|tx| soon(tx, &Purge {}).and_then(|()| soon(tx, &file::MakeThumbnails {}))).await?;
    let runner = Runner::new(app.db.clone(), app.context.clone(), &app.run)
        .slots(SLOTS)
        .with(app.blobs.clone())
        .with(app.files.clone())
        .with(app.ledger.clone())
        .with(app.clone())
        .register::<conversation::Rename>()
        .register::<erasure::Settle>()
        .register::<file::DeleteContent>()
        .register::<file::MakeThumbnails>()
        .schedule(AT_NIGHT, || Purge {})?
        .schedule(AT_NIGHT, || audit::Prune {})?;
    let runner = with_backups(app, runner);
    app.supervisor.spawn("jobs", runner.run(wake, app.supervisor.stopping()));
    Ok(())
}

/// Only where there is a folder for them: on other nodes there may be one.
fn with_backups(app: &App, runner: Runner) -> Runner {
    if app.backups.folder.is_none() {
        return runner;
    }
    let settings = app.settings.clone();
    let pattern = move || backup::pattern(&settings.global(&backup::SCHEDULE));
    runner.schedule_by(app.backups.zone.clone(), pattern, || backup::Take {})
}

/// Under the key of schedules, so that one under way, here or on another node, is enough.
fn soon<J: Job>(tx: &mut Tx, job: &J) -> Result<()> {
    let plan = Plan { run_at: None, unique_key: Some(job::SCHEDULED.to_owned()) };
    job::enqueue_with(tx, job, &plan).map(drop)
}
