//! Jobs by the calendar: table `job_schedule`.
use super::{Job, Plan, enqueue_with};
use crate::{Error, Millis, Result, Tx, row, sql};
use croner::Cron;
use jiff::{Timestamp, tz::TimeZone};
use std::{str::FromStr, sync::Arc};

/// A cron pattern and the job each of its ticks enqueues.
#[derive(Clone)]
pub(super) struct Schedule {
    name: &'static str,
    pattern: Pattern,
    enqueue: Arc<Enqueue>,
}

/// When it ticks.
#[derive(Clone)]
enum Pattern {
    /// Always so, in the time zone of the runner.
    Fixed(Box<Cron>),
    /// As somebody decides while the program runs, in a time zone of its own; never while there is none.
    Live(Arc<Live>, TimeZone),
}

/// The unique key of what schedules enqueue.
pub const SCHEDULED: &str = "schedule";

type Live = dyn Fn() -> Option<String> + Send + Sync;

type Enqueue = dyn Fn(&mut Tx) -> Result<()> + Send + Sync;

row! {
    struct Stored { pattern: String, next_at: Millis }
}

impl Schedule {
    /// Five or six fields, as in crontab(5). Error: `job.pattern_malformed`.
    pub(super) fn new<J: Job>(pattern: &str, make: impl Fn() -> J + Send + Sync + 'static) -> Result<Schedule> {
        Ok(Schedule::of::<J>(Pattern::Fixed(Box::new(parse(pattern)?)), make))
    }

    /// With a pattern that is asked for again and again. One that is malformed never ticks.
    pub(super) fn live<J: Job>(zone: TimeZone, pattern: Arc<Live>, make: impl Fn() -> J + Send + Sync + 'static) -> Schedule {
        Schedule::of::<J>(Pattern::Live(pattern, zone), make)
    }

    fn of<J: Job>(pattern: Pattern, make: impl Fn() -> J + Send + Sync + 'static) -> Schedule {
        // A tick whose job is still under way is dropped.
        let plan = Plan { run_at: None, unique_key: Some(SCHEDULED.to_owned()) };
        let enqueue = Arc::new(move |tx: &mut Tx| enqueue_with(tx, &make(), &plan).map(drop));
        Schedule { name: J::NAME, pattern, enqueue }
    }

    /// Whether [`Schedule::tick`] has something to do: looking is free, writing costs a sync.
    pub(super) fn is_due(&self, tx: &mut Tx, zone: &TimeZone) -> Result<bool> {
        let now = tx.now();
        let Some(cron) = self.cron() else { return Ok(false) };
        let Some(stored) = self.stored(tx)? else { return Ok(true) };
        // Later than the next tick from here: it was written while the clock was ahead.
        Ok(stored.pattern != cron.as_str() || stored.next_at <= now || stored.next_at > next(&cron, now, self.zone(zone))?)
    }

    /// Enqueues the job if its time has come. Over all nodes one of them does, and the ticks missed meanwhile are one.
    pub(super) fn tick(&self, tx: &mut Tx, zone: &TimeZone) -> Result<()> {
        let now = tx.now();
        let Some(cron) = self.cron() else { return Ok(()) };
        let next = next(&cron, now, self.zone(zone))?;
        match self.stored(tx)? {
            Some(stored) if stored.pattern == cron.as_str() && stored.next_at <= next => {
                let first = tx.run(sql!(
                    "UPDATE job_schedule SET next_at = $1 WHERE name = $2 AND next_at = $3 AND next_at <= $4",
                    next,
                    self.name,
                    stored.next_at,
                    now
                ))?;
                if first == 1 { (self.enqueue)(tx) } else { Ok(()) }
            }
            // New, with a new pattern, or left by a clock that was ahead: it begins with the next tick.
            Some(_) | None => tx
                .run(sql!(
                    "INSERT INTO job_schedule (name, pattern, next_at) VALUES ($1, $2, $3)
                     ON CONFLICT (name) DO UPDATE SET pattern = excluded.pattern, next_at = excluded.next_at",
                    self.name,
                    cron.as_str().to_owned(),
                    next
                ))
                .map(drop),
        }
    }

    fn zone<'a>(&'a self, all: &'a TimeZone) -> &'a TimeZone {
        match &self.pattern {
            Pattern::Fixed(_) => all,
            Pattern::Live(_, own) => own,
        }
    }

    fn stored(&self, tx: &mut Tx) -> Result<Option<Stored>> {
        stored(tx, self.name)
    }

    fn cron(&self) -> Option<Cron> {
        match &self.pattern {
            Pattern::Fixed(cron) => Some(Cron::clone(cron)),
            Pattern::Live(pattern, _) => pattern().and_then(|pattern| parse(&pattern).ok()),
        }
    }
}

fn stored(tx: &mut Tx, name: &str) -> Result<Option<Stored>> {
    tx.find(sql!("SELECT pattern, next_at FROM job_schedule WHERE name = $1", name))
}

/// When the schedule of a job ticks next, as long as its pattern is this one.
pub fn next_run<J: Job>(tx: &mut Tx, pattern: &str) -> Result<Option<Millis>> {
    Ok(stored(tx, J::NAME)?.filter(|stored| stored.pattern == pattern).map(|stored| stored.next_at))
}

fn parse(pattern: &str) -> Result<Cron> {
    Cron::from_str(pattern).map_err(|cause| Error::invalid("job.pattern_malformed").with("pattern", pattern).caused_by(cause))
}

/// The first ticks of a pattern after a moment. Errors: `job.pattern_malformed`; one that never ticks is malformed too.
pub fn ticks(pattern: &str, after: Millis, zone: &TimeZone, count: usize) -> Result<Vec<Millis>> {
    let (cron, mut at, mut found) = (parse(pattern)?, after, Vec::new());
    for _ in 0..count {
        at = next(&cron, at, zone).map_err(|cause| Error::invalid("job.pattern_malformed").with("pattern", pattern).caused_by(cause))?;
        found.push(at);
    }
    Ok(found)
}

/// The first tick after `now`, by the wall clock of `zone`.
fn next(cron: &Cron, now: Millis, zone: &TimeZone) -> Result<Millis> {
    let at = Timestamp::from_millisecond(now.0).map_err(Error::internal)?.to_zoned(zone.clone());
    let next = cron.find_next_occurrence(&at, false).map_err(Error::internal)?;
    Ok(Millis(next.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pattern: &str, now: &str, zone: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        let now = Millis(now.parse::<Timestamp>().unwrap().as_millisecond());
        let next = next(&Cron::from_str(pattern).unwrap(), now, &zone).unwrap();
        Timestamp::from_millisecond(next.0).unwrap().to_string()
    }

    #[test]
    fn ticks_follow_the_operators_clock() {
        assert_eq!(after("0 3 * * *", "2026-11-20T08:00:00Z", "Asia/Shanghai"), "2026-11-20T19:00:00Z");
        assert_eq!(after("0 3 * * *", "2026-11-20T19:00:00Z", "Asia/Shanghai"), "2026-11-21T19:00:00Z", "after, not at");
        assert_eq!(after("0 0 1 1 *", "2026-11-20T08:00:00Z", "Asia/Shanghai"), "2026-12-31T16:00:00Z", "the new year there");
        assert_eq!(after("*/5 * * * *", "2026-11-20T08:01:30Z", "UTC"), "2026-11-20T08:05:00Z");
    }

    #[test]
    fn a_pattern_that_never_ticks_is_none() {
        let at = Millis(1_800_000_000_000);
        assert_eq!(ticks("0 3 * * *", at, &TimeZone::UTC, 3).unwrap().len(), 3);
        for pattern in ["0 3 31 2 *", "61 * * * *", "soon", ""] {
            assert_eq!(ticks(pattern, at, &TimeZone::UTC, 1).unwrap_err().code(), "job.pattern_malformed", "{pattern}");
        }
    }
}
