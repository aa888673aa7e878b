//! How much may be kept: of one customer in a day, in one conversation, and in all. Pure but for [`charge`].
use super::{CONVERSATION_MB, CUSTOMER_DAY_MB, TOTAL_GB, store};
use crate::conversation::{CUSTOMER, Conversation};
use std::time::Duration;
use yingda_base::{Error, Result, Tx, error::Kind, setting::Settings};

const DAY: Duration = Duration::from_secs(24 * 3600);
const MIB: i64 = 1024 * 1024;
/// Hundredths of the limit of all files from which on the log warns.
const WARN: i64 = 80;

/// Limits in bytes; none: without.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    customer_day: Option<i64>,
    conversation: Option<i64>,
    total: Option<i64>,
}

impl Quota {
    /// As the settings say now.
    pub fn of(settings: &Settings) -> Quota {
        let limit = |value: i64, unit: i64| (value > 0).then(|| value.saturating_mul(unit));
        Quota {
            customer_day: limit(settings.global(&CUSTOMER_DAY_MB), MIB),
            conversation: limit(settings.global(&CONVERSATION_MB), MIB),
            total: limit(settings.global(&TOTAL_GB), MIB * 1024),
        }
    }

    /// Whether what is taken, with what has just come, stays within. Codes: `file.quota_customer`, `file.quota_conversation`,
    /// `file.quota_total`.
    fn check(&self, taken: store::Taken, is_customer: bool) -> Result<()> {
        let is_over = |limit: Option<i64>, taken: i64| limit.is_some_and(|limit| taken > limit);
        let mib = |limit: Option<i64>| limit.unwrap_or(0) / MIB;
        if is_customer && is_over(self.customer_day, taken.customer) {
            return Err(Error::new(Kind::TooMany, "file.quota_customer").with("limit", mib(self.customer_day)));
        }
        if is_over(self.conversation, taken.conversation) {
            return Err(Error::conflict("file.quota_conversation").with("limit", mib(self.conversation)));
        }
        if is_over(self.total, taken.total) {
            return Err(Error::unavailable("file.quota_total"));
        }
        Ok(())
    }
}

/// Counts a file that was just inserted. The sum of all is locked from here to the end of the unit, so of several that come at once each
/// sees those before it. Codes as [`Quota::check`].
pub fn charge(tx: &mut Tx, quota: Quota, row: &Conversation, participant: i64, bytes: i64) -> Result<()> {
    store::add_to_total(tx, bytes)?;
    let since = tx.now() - DAY;
    let taken = store::taken(tx, row.id, row.customer_id, since)?;
    metrics::gauge!("yingda_file_bytes").set(taken.total as f64);
    if let Some(total) = quota.total
        && taken.total > total / 100 * WARN
        && taken.total - bytes <= total / 100 * WARN
    {
        tracing::warn!(taken = taken.total, limit = total, "files take more than {WARN} % of what they may");
    }
    quota.check(taken, participant == CUSTOMER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Taken;

    #[test]
    fn each_limit_holds_by_itself_and_staff_have_no_day() {
        let quota = Quota { customer_day: Some(10 * MIB), conversation: Some(20 * MIB), total: Some(30 * MIB) };
        let check = |customer: i64, conversation: i64, total: i64, is_customer| {
            let taken = Taken { total: total * MIB, conversation: conversation * MIB, customer: customer * MIB };
            quota.check(taken, is_customer).map_or_else(|error| error.code(), |()| "ok")
        };
        assert_eq!(check(10, 20, 30, true), "ok");
        assert_eq!(check(11, 11, 11, true), "file.quota_customer");
        assert_eq!(check(11, 11, 11, false), "ok");
        assert_eq!(check(1, 21, 21, false), "file.quota_conversation");
        assert_eq!(check(1, 1, 31, true), "file.quota_total");
        let none = Quota { customer_day: None, conversation: None, total: None };
        assert!(none.check(Taken { total: i64::MAX, conversation: i64::MAX, customer: i64::MAX }, true).is_ok());
    }
}
