//! What administrators set about logging in.
use super::permission;
use std::collections::BTreeSet;
use yingda_base::text_enum;

text_enum! {
    /// Who must have a second factor.
    pub enum Required {
        /// Nobody; everybody may.
        Off = "off",
        /// Those with a right of an administrator.
        Administrators = "administrators",
        /// Everybody.
        All = "all",
    }
}

impl Required {
    /// Whether it concerns somebody with these rights.
    pub fn covers(self, rights: &BTreeSet<String>) -> bool {
        match self {
            Required::Off => false,
            Required::Administrators => !permission::duties(rights).is_empty(),
            Required::All => true,
        }
    }
}

yingda_base::setting! {
    /// Who must have a second factor. Who has none is led to set one up at the next login.
    pub static SECOND_FACTOR: Required = "auth.second_factor", default Required::Off, scopes [Operator],
        choices ["off", "administrators", "all"];
    /// What authenticators show beside the account.
    pub static ISSUER_NAME: String = "auth.issuer_name", default "应答".to_owned(), scopes [Operator], check |name| (1..=40).contains(&name.chars().count());
    /// Whose passwords count where there is a provider, with blanks between the logins; empty: everybody's.
    pub static PASSWORD_ONLY_FOR: String = "auth.password_only_for", default String::new(), scopes [Operator], check |logins| logins.len() <= 400;
    /// Whether nobody may hold rights of more than one of the three kinds of administrators.
    pub static SEPARATE_ADMINISTRATORS: bool = "auth.separate_administrators", default true, scopes [Operator];
    /// A session nobody used for so long is over, in minutes.
    pub static IDLE_MINUTES: i64 = "auth.idle_minutes", default 720, scopes [Operator], check |m| (10..=10_080).contains(m);
    /// A session is over after so long, used or not, in hours.
    pub static SESSION_HOURS: i64 = "auth.session_hours", default 168, scopes [Operator], check |h| (1..=2_160).contains(h);
    /// After so many wrong guesses a login is locked.
    pub static LOCK_AFTER: i64 = "auth.lock_after", default 10, scopes [Operator], check |n| (3..=100).contains(n);
    /// For so many minutes.
    pub static LOCK_MINUTES: i64 = "auth.lock_minutes", default 15, scopes [Operator], check |m| (1..=1_440).contains(m);
    /// Least number of characters of a password.
    pub static PASSWORD_LEAST: i64 = "auth.password_least", default 10, scopes [Operator], check |n| (8..=64).contains(n);
    /// A new password must not be one of so many before it.
    pub static PASSWORD_HISTORY: i64 = "auth.password_history", default 5, scopes [Operator], check |n| (0..=MOST_OLD).contains(n);
    /// A password must be changed after so many days; 0: never.
    pub static PASSWORD_DAYS: i64 = "auth.password_days", default 0, scopes [Operator], check |d| (0..=3_650).contains(d);
}

/// How many passwords of before are kept.
pub const MOST_OLD: i64 = 24;
