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
    cron: Cron,
    enqueue: Arc<Enqueue>,
}

type Enqueue = dyn Fn(&mut Tx) -> Result<()> + Send + Sync;

row! {
    struct Stored { pattern: String, next_at: Millis }
}

impl Schedule {
    /// Five or six fields, as in crontab(5). Error: `job.pattern_malformed`.
    pub(super) fn new<J: Job>(pattern: &str, make: impl Fn() -> J + Send + Sync + 'static) -> Result<Schedule> {
        let cron =
            Cron::from_str(pattern).map_err(|cause| Error::invalid("job.pattern_malformed").with("pattern", pattern).caused_by(cause))?;
        // A tick whose job is still under way is dropped.
        let plan = Plan { run_at: None, unique_key: Some("schedule".to_owned()) };
        let enqueue = Arc::new(move |tx: &mut Tx| enqueue_with(tx, &make(), &plan).map(drop));
        Ok(Schedule { name: J::NAME, cron, enqueue })
    }

    /// Whether [`Schedule::tick`] has something to do: looking is free, writing costs a sync.
    pub(super) fn is_due(&self, tx: &mut Tx) -> Result<bool> {
        let now = tx.now();
        Ok(self.stored(tx)?.is_none_or(|stored| stored.pattern != self.pattern() || stored.next_at <= now))
    }

    /// Enqueues the job if its time has come. Over all nodes one of them does, and the ticks missed meanwhile are one.
    pub(super) fn tick(&self, tx: &mut Tx, zone: &TimeZone) -> Result<()> {
        let now = tx.now();
        let next = next(&self.cron, now, zone)?;
        match self.stored(tx)? {
            Some(stored) if stored.pattern == self.pattern() => {
                let first = tx.run(sql!(
                    "UPDATE job_schedule SET next_at = $1 WHERE name = $2 AND next_at = $3 AND next_at <= $4",
                    next,
                    self.name,
                    stored.next_at,
                    now
                ))?;
                if first == 1 { (self.enqueue)(tx) } else { Ok(()) }
            }
            // New, or with a new pattern: it begins with the next tick.
            Some(_) | None => tx
                .run(sql!(
                    "INSERT INTO job_schedule (name, pattern, next_at) VALUES ($1, $2, $3)
                     ON CONFLICT (name) DO UPDATE SET pattern = excluded.pattern, next_at = excluded.next_at",
                    self.name,
                    self.pattern(),
                    next
                ))
                .map(drop),
        }
    }

    fn stored(&self, tx: &mut Tx) -> Result<Option<Stored>> {
        tx.find(sql!("SELECT pattern, next_at FROM job_schedule WHERE name = $1", self.name))
    }

    fn pattern(&self) -> String {
        self.cron.as_str().to_owned()
    }
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
}
