//! When a backup is due, and which may go. Pure.
use serde::{Deserialize, Serialize};
use std::time::Duration;
use yingda_base::{
    Millis, id, job,
    job::{JobId, TimeZone},
    row, text_enum,
};

id! {
    /// A run, by the id of its job.
    pub struct RunId;
}

impl From<JobId> for RunId {
    fn from(id: JobId) -> RunId {
        RunId(id.0)
    }
}

text_enum! {
    /// How far it is.
    pub enum RunState {
        /// Asked for.
        Waiting = "waiting",
        /// Under way.
        Running = "running",
        /// Taken and proven.
        Done = "done",
        /// It came to nothing, so far.
        Failed = "failed",
    }
}

row! {
    /// A backup, or the attempt at one.
    pub struct Run {
        pub id: RunId,
        pub state: RunState,
        pub asked_by: Option<String>,
        pub asked_at: Millis,
        pub started_at: Option<Millis>,
        pub finished_at: Option<Millis>,
        pub took_ms: Option<i64>,
        pub file: Option<String>,
        pub bytes: Option<i64>,
        pub missing: i64,
        pub trouble: Option<String>,
        pub details: Option<String>,
        pub removed_at: Option<Millis>,
    }
    /// One that is kept.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Kept { pub id: RunId, pub finished_at: Option<Millis>, pub file: Option<String>, pub bytes: Option<i64> }
}

/// Backups closer together than this are somebody's mistake.
const CLOSEST: Duration = Duration::from_secs(3600);
/// Ticks that are looked at: more than a day of the closest.
const TICKS: usize = 48;
/// Any moment; patterns repeat.
const SOME_DAY: Millis = Millis(1_767_225_600_000);

/// The cron pattern of a schedule: a time of day such as `03:00`, or a pattern of five fields. None if it is neither, or ticks more than hourly.
pub fn pattern(text: &str) -> Option<String> {
    let text = text.trim();
    let pattern = match time_of_day(text) {
        Some((hour, minute)) => format!("{minute} {hour} * * *"),
        None if text.split_whitespace().count() == 5 => text.to_owned(),
        None => return None,
    };
    let ticks = job::ticks(&pattern, SOME_DAY, &TimeZone::UTC, TICKS).ok()?;
    ticks.windows(2).all(|pair| pair[1] - pair[0] >= CLOSEST).then_some(pattern)
}

fn time_of_day(text: &str) -> Option<(u8, u8)> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| text.parse::<u8>().ok().filter(|_| text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit()));
    let (hour, minute) = (number(hour)?, number(minute).filter(|_| minute.len() == 2)?);
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// How long backups are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Of the newest ones, so many.
    pub count: usize,
    /// And whatever is not as old as this.
    pub age: Duration,
}

/// Which may go of those that are there, the newest first: neither among the newest nor young. However wrong a clock is, the newest stay.
pub fn outdated(kept: &[Kept], now: Millis, retention: Retention) -> Vec<Kept> {
    let is_old = |kept: &&Kept| kept.finished_at.is_some_and(|at| at + retention.age < now);
    kept.iter().skip(retention.count.max(1)).filter(is_old).cloned().collect()
}

/// A name this feature has given: rows are read from a database that others may have written to, and nothing else in the folder is touched.
pub fn is_own_name(name: &str) -> bool {
    let stamp = name.strip_prefix("yingda-").and_then(|rest| rest.strip_suffix(".tar.zst"));
    stamp.is_some_and(|stamp| !stamp.is_empty() && stamp.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
}

/// The name of one that begins now.
pub fn name_of(now: Millis) -> String {
    format!("yingda-{}.tar.zst", now.in_name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_schedule_is_a_time_of_day_or_a_pattern_and_never_too_close() {
        let read = |text: &str| pattern(text);
        assert_eq!(read("03:00").as_deref(), Some("0 3 * * *"));
        assert_eq!(read(" 3:05 ").as_deref(), Some("5 3 * * *"));
        assert_eq!(read("30 2 * * 0").as_deref(), Some("30 2 * * 0"));
        assert_eq!(read("0 * * * *").as_deref(), Some("0 * * * *"));
        for wrong in
            ["", "24:00", "3:5", "003:00", "+3:00", "3", "soon", "* * * * *", "*/30 * * * *", "0,59 * * * *", "0 3 31 2 *", "0 0 3 * * *"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_names_of_ours_are_touched() {
        assert!(is_own_name(&name_of(Millis(1_800_000_000_000))));
        for strange in
            ["../yingda-1.tar.zst", "yingda-.tar.zst", "yingda-1/2.tar.zst", "yingda-1.tar.zst.part", "other.tar.zst", "yingda-a.tar.zst"]
        {
            assert!(!is_own_name(strange), "{strange}");
        }
    }

    fn kept(ages: &[i64], now: Millis) -> Vec<Kept> {
        let one = |(n, age): (usize, &i64)| Kept {
            id: RunId(1000 - i64::try_from(n).unwrap()),
            finished_at: Some(Millis(now.0 - age * 86_400_000)),
            file: None,
            bytes: None,
        };
        ages.iter().enumerate().map(one).collect()
    }

    const NOW: Millis = Millis(1_800_000_000_000);
    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn the_newest_and_the_young_stay() {
        let gone = |ages: &[i64], count| {
            let all = kept(ages, NOW);
            outdated(&all, NOW, Retention { count, age: DAY * 30 }).into_iter().map(|kept| 1000 - kept.id.0).collect::<Vec<_>>()
        };
        assert_eq!(gone(&[0, 1, 2, 40, 50], 2), [3, 4]);
        assert_eq!(gone(&[0, 1, 2, 29], 1), [] as [i64; 0], "young");
        assert_eq!(gone(&[400, 500], 7), [] as [i64; 0], "few");
        assert_eq!(gone(&[400, 500], 0), [1], "one always stays");
    }

    proptest! {
        #[test]
        fn whatever_the_clock_says_the_newest_stay(ages in proptest::collection::vec(-4000..4000_i64, 0..40), count in 0..10_usize, ahead in -4000..4000_i64) {
            let all = kept(&ages, NOW);
            let now = Millis(NOW.0 + ahead * 86_400_000);
            let gone = outdated(&all, now, Retention { count, age: DAY * 30 });
            prop_assert!(all.len() - gone.len() >= count.max(1).min(all.len()));
            prop_assert!(all.iter().take(count.max(1)).all(|newest| !gone.contains(newest)));
            prop_assert!(gone.iter().all(|gone| gone.finished_at.unwrap() + DAY * 30 < now));
        }
    }
}
