//! Claims jobs and runs them, a few at a time.
use super::{
    Job, JobContext, JobId,
    context::States,
    execute::Kind,
    purge::Purge,
    schedule::Schedule,
    store::{self, Backlog, Running, Waiting},
};
use crate::{Context, Db, Result, bus::Doorbell, lease::Watch, supervisor::Stopping};
use jiff::tz::TimeZone;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinSet};

/// How often a runner looks without being woken.
const IDLE: Duration = Duration::from_secs(1);
/// How often it shows that its jobs run, and looks whether those of others do.
const BEAT: Duration = Duration::from_secs(5);
/// A job whose counter stands still this long has lost its worker.
const STALE: Duration = Duration::from_secs(30);
/// What running jobs get to end by themselves when the program stops.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs the jobs of this process.
pub struct Runner {
    db: Db,
    context: Context,
    holder: String,
    slots: usize,
    zone: TimeZone,
    kinds: HashMap<&'static str, Kind>,
    schedules: Vec<Schedule>,
    states: States,
    active: Arc<Mutex<HashSet<i64>>>,
    watch: Watch<i64>,
    beaten_at: Option<Duration>,
}

impl Runner {
    /// A runner that knows no jobs but its own housekeeping. `holder` names this run, see [`crate::instance::Instance::holder`].
    pub fn new(db: Db, context: Context, holder: &str) -> Runner {
        let runner = Runner {
            db,
            context,
            holder: holder.to_owned(),
            slots: 4,
            zone: TimeZone::UTC,
            kinds: HashMap::new(),
            schedules: Vec::new(),
            states: Arc::default(),
            active: Arc::default(),
            watch: Watch::default(),
            beaten_at: None,
        };
        runner.schedule("17 * * * *", || Purge {}).expect("the pattern is well formed")
    }

    /// How many jobs run side by side.
    pub fn slots(mut self, slots: usize) -> Runner {
        self.slots = slots.max(1);
        self
    }

    /// The operator's time zone, by whose wall clock schedules tick.
    pub fn zone(mut self, zone: TimeZone) -> Runner {
        self.zone = zone;
        self
    }

    /// Gives its jobs something to work with: [`JobContext::get`].
    pub fn with<T: Send + Sync + 'static>(mut self, state: T) -> Runner {
        Arc::make_mut(&mut self.states).insert(std::any::TypeId::of::<T>(), Arc::new(state));
        self
    }

    /// Makes a job known. Jobs of other names are left to nodes that know them.
    pub fn register<J: Job>(mut self) -> Runner {
        self.kinds.insert(J::NAME, Kind::of::<J>());
        self
    }

    /// Makes a job known and enqueues it at every tick of a cron pattern in the operator's time zone. Error: `job.pattern_malformed`.
    pub fn schedule<J: Job>(mut self, pattern: &str, make: impl Fn() -> J + Send + Sync + 'static) -> Result<Runner> {
        self.schedules.push(Schedule::new(pattern, make)?);
        Ok(self.register::<J>())
    }

    /// The same with a pattern that may change while the program runs, by the wall clock of `zone`. While there is none nothing is enqueued;
    /// a changed one begins with its next tick.
    pub fn schedule_by<J: Job>(
        mut self,
        zone: TimeZone,
        pattern: impl Fn() -> Option<String> + Send + Sync + 'static,
        make: impl Fn() -> J + Send + Sync + 'static,
    ) -> Runner {
        self.schedules.push(Schedule::live::<J>(zone, Arc::new(pattern), make));
        self.register::<J>()
    }

    /// Works until the program stops. `wake` listens to [`super::Enqueued`].
    pub async fn run(mut self, mut wake: mpsc::Receiver<Doorbell>, mut stopping: Stopping) {
        let mut tasks = JoinSet::new();
        while !stopping.is_set() {
            if let Err(error) = self.round(&mut tasks, &stopping).await {
                tracing::warn!(%error, "jobs could not be looked after");
            }
            tokio::select! {
                () = stopping.wait() => break,
                Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
                Some(_) = wake.recv() => while wake.try_recv().is_ok() {},
                () = tokio::time::sleep(IDLE) => {}
            }
        }
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            let left: Vec<i64> = self.active().iter().copied().collect();
            tasks.shutdown().await;
            let holder = self.holder.clone();
            if let Err(error) = self.db.write(move |tx| store::give_back(tx, &left, &holder)).await {
                tracing::warn!(%error, "jobs could not be given back; they run again when their counters have stood still");
            }
        }
    }

    /// Runs everything that is due, one after the other, until nothing is; how many runs that took. For tests and tools.
    pub async fn run_due(&mut self, stopping: &Stopping) -> Result<usize> {
        let mut count = 0;
        loop {
            self.tick().await?;
            let claimed = self.claim(1).await?;
            if claimed.is_empty() {
                return Ok(count);
            }
            for job in claimed {
                count += 1;
                self.task(job, stopping).await;
            }
        }
    }

    async fn round(&mut self, tasks: &mut JoinSet<()>, stopping: &Stopping) -> Result<()> {
        while tasks.try_join_next().is_some() {}
        let now = self.context.clock.elapsed();
        if self.beaten_at.is_none_or(|at| now.saturating_sub(at) >= BEAT) {
            self.beaten_at = Some(now);
            self.beat().await?;
        }
        self.tick().await?;
        let free = self.slots.saturating_sub(tasks.len());
        if free > 0 {
            for job in self.claim(free).await? {
                tasks.spawn(self.task(job, stopping));
            }
        }
        Ok(())
    }

    /// Shows that our jobs run, and frees those that nobody runs any more.
    pub async fn beat(&mut self) -> Result<()> {
        let ours: Vec<i64> = self.active().iter().copied().collect();
        if !ours.is_empty() {
            let (ids, holder) = (ours.clone(), self.holder.clone());
            self.db.write(move |tx| store::renew(tx, &ids, &holder)).await?;
        }
        let (running, backlog) = self.db.read(|tx| Ok((store::running(tx)?, store::backlog(tx)?))).await?;
        self.measure(&backlog);

        let now = self.context.clock.elapsed();
        let others: Vec<Running> = running.into_iter().filter(|job| !ours.contains(&job.id.0)).collect();
        self.watch.retain(|id| others.iter().any(|job| job.id.0 == *id));
        let mut stale = others;
        stale.retain(|job| self.watch.still_for(job.id.0, job.renewals, now) >= STALE);
        if stale.is_empty() {
            return Ok(());
        }
        tracing::warn!(count = stale.len(), "jobs have lost their worker and run again");
        self.db.write(move |tx| stale.iter().try_for_each(|job| store::free(tx, job).map(drop))).await
    }

    #[expect(clippy::cast_precision_loss, reason = "gauges are floats")]
    fn measure(&self, backlog: &Backlog) {
        let oldest = backlog.oldest.map_or(Duration::ZERO, |at| self.context.clock.now() - at);
        metrics::gauge!("yingda_job_due").set(backlog.due as f64);
        metrics::gauge!("yingda_job_dead").set(backlog.dead as f64);
        metrics::gauge!("yingda_job_oldest_seconds").set(oldest.as_secs_f64());
    }

    async fn tick(&self) -> Result<()> {
        let (schedules, zone) = (self.schedules.clone(), self.zone.clone());
        let (looking, here) = (schedules.clone(), zone.clone());
        let due = self.db.read(move |tx| looking.iter().map(|schedule| schedule.is_due(tx, &here)).collect::<Result<Vec<bool>>>()).await?;
        if !due.contains(&true) {
            return Ok(());
        }
        self.db.write(move |tx| schedules.iter().try_for_each(|schedule| schedule.tick(tx, &zone))).await
    }

    async fn claim(&self, count: usize) -> Result<Vec<Waiting>> {
        let names: Arc<HashSet<&'static str>> = Arc::new(self.kinds.keys().copied().collect());
        let (known, holder) = (names.clone(), self.holder.clone());
        // Looking is free, writing costs a sync: most rounds find nothing.
        if !self.db.read(move |tx| store::has_due(tx, &|name| known.contains(name))).await? {
            return Ok(Vec::new());
        }
        self.db.write(move |tx| store::claim(tx, &holder, count, &|name| names.contains(name))).await
    }

    fn task(&self, job: Waiting, stopping: &Stopping) -> impl Future<Output = ()> + Send + 'static {
        let kind = self.kinds.get(job.name.as_str()).cloned();
        let (db, context, stopping) = (self.db.clone(), self.context.clone(), stopping.clone());
        let context = JobContext { db, context, stopping, id: job.id, attempt: job.attempts, states: self.states.clone() };
        let active = Active::new(&self.active, job.id);
        let holder = self.holder.clone();
        async move {
            let _active = active;
            if let Some(kind) = kind {
                kind.execute(job, holder, context).await;
            }
        }
    }

    fn active(&self) -> std::sync::MutexGuard<'_, HashSet<i64>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job is kept alive for as long as this lives, whatever becomes of its task.
struct Active {
    all: Arc<Mutex<HashSet<i64>>>,
    id: i64,
}

impl Active {
    fn new(all: &Arc<Mutex<HashSet<i64>>>, id: JobId) -> Active {
        all.lock().unwrap_or_else(PoisonError::into_inner).insert(id.0);
        Active { all: all.clone(), id: id.0 }
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}
