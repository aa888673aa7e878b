//! Sessions and what a person learns about themself.
use super::{
    id::{GroupId, Means, Method, SessionId, SessionKind, StaffId},
    settings,
};
use std::time::Duration;
use utoipa::ToSchema;
use yingda_base::{Error, Millis, Result, http::Pending, row, setting::Settings};

/// A bench session is over after so long.
pub const BENCH: Duration = Duration::from_secs(12 * 3600);
/// A proof that it is still the same person counts for so long.
pub const PROOF: Duration = Duration::from_secs(5 * 60);
/// After the first use of a new token the one before it counts for so long: calls under way hold it.
pub const OLD_TOKEN: Duration = Duration::from_secs(30);

/// How long sessions last, as administrators set it. All in steady time: a corrected clock ends nothing.
#[derive(Clone, Copy, Debug)]
pub struct Lives {
    /// One that nobody used for so long is over.
    pub idle: Duration,
    /// One is over after so long, used or not.
    pub absolute: Duration,
}

impl Lives {
    /// As set now.
    pub fn of(settings: &Settings) -> Lives {
        let number = |n: i64| u64::try_from(n).unwrap_or_default();
        Lives {
            idle: Duration::from_secs(60 * number(settings.global(&settings::IDLE_MINUTES))),
            absolute: Duration::from_secs(3600 * number(settings.global(&settings::SESSION_HOURS))),
        }
    }

    /// Use is noted at most this often.
    fn seen_every(self) -> Duration {
        Duration::from_secs(5 * 60).min(self.idle / 4)
    }
}

row! {
    /// A session with what is needed of its account. Times are steady.
    #[derive(Clone, Debug)]
    pub struct SessionRow {
        pub id: SessionId,
        pub staff_id: StaffId,
        pub kind: SessionKind,
        pub begun: Millis,
        pub seen: Millis,
        pub proven: Option<Millis>,
        /// The token asked with is not the newest.
        pub is_old_token: bool,
        pub has_old_token: bool,
        pub old_until: Option<Millis>,
        pub revoked_at: Option<Millis>,
        pub must_enrol: bool,
        pub name: String,
        pub is_active: bool,
        pub must_change: bool,
    }
}

impl SessionRow {
    /// Whether it still counts at this steady time. Codes: `session_revoked`, `token_expired`.
    pub fn check(&self, lives: Lives, now: Millis) -> Result<()> {
        if self.revoked_at.is_some() || !self.is_active {
            return Err(Error::unauthenticated("session_revoked"));
        }
        let life = if self.kind == SessionKind::Bench { BENCH } else { lives.absolute };
        let is_idle = self.kind != SessionKind::Bench && now - self.seen >= lives.idle;
        let is_outdated = self.is_old_token && self.old_until.is_some_and(|until| until <= now);
        if is_idle || is_outdated || now - self.begun >= life { Err(Error::unauthenticated("token_expired")) } else { Ok(()) }
    }

    /// Whether it is time to note that it is used: now and then, and the first time with a new token.
    pub fn is_seen_due(&self, lives: Lives, now: Millis) -> bool {
        now - self.seen >= lives.seen_every() || self.is_rotated()
    }

    /// The new token has arrived where it belongs, so the one before it is on its way out.
    pub fn is_rotated(&self) -> bool {
        self.has_old_token && !self.is_old_token && self.old_until.is_none()
    }

    /// Whether the person has shown a moment ago that it is them; whoever comes with the token from before that has not.
    pub fn is_proven(&self, now: Millis) -> bool {
        !self.is_old_token && self.proven.is_some_and(|at| now - at < PROOF)
    }

    /// What comes before everything else.
    pub fn pending(&self) -> Option<Pending> {
        match (self.must_change, self.must_enrol) {
            (true, _) => Some(Pending::Password),
            (false, true) => Some(Pending::SecondFactor),
            (false, false) => None,
        }
    }
}

/// Logins are compared in lower case, without blanks around them.
pub fn fold_login(login: &str) -> String {
    login.trim().to_lowercase()
}

/// A thing that is named.
#[derive(Clone, Debug, serde::Serialize, ToSchema)]
pub struct GroupName {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: String,
}

/// Who is logged in.
#[derive(Clone, Debug, serde::Serialize, ToSchema)]
pub struct Me {
    /// The account.
    pub id: StaffId,
    /// What one types to log in.
    pub login: String,
    /// What others see.
    pub name: String,
    /// All rights, by all roles. Empty while the password must be changed.
    pub permissions: Vec<String>,
    /// The skill groups one is a member of.
    pub groups: Vec<GroupName>,
    /// Nothing else goes before the one-time password is changed.
    pub must_change_password: bool,
    /// Nothing else goes before a second factor is set up.
    pub must_enrol: bool,
    /// With what one proves that it is still oneself: with a code, if one has a second factor.
    pub proves_by: Means,
    /// How many conversations at a time.
    pub max_conversations: i64,
}

/// A session of a member of staff.
#[derive(Clone, Debug, serde::Serialize, ToSchema)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// How it came to be.
    pub kind: SessionKind,
    /// By what it was begun; absent for those of an older version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When it began.
    pub created_at: Millis,
    /// When it was last used, to about five minutes.
    pub seen_at: Millis,
    /// When it ends, unless it is used before; at the latest.
    pub expires_at: Millis,
    /// Where it was begun.
    pub address: String,
    /// The browser or program, as it named itself.
    pub client: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVES: Lives = Lives { idle: Duration::from_secs(12 * 3600), absolute: Duration::from_secs(7 * 24 * 3600) };

    fn session(kind: SessionKind) -> SessionRow {
        SessionRow {
            id: SessionId(1),
            staff_id: StaffId(1),
            kind,
            begun: Millis(0),
            seen: Millis(0),
            proven: Some(Millis(0)),
            is_old_token: false,
            has_old_token: false,
            old_until: None,
            revoked_at: None,
            must_enrol: false,
            name: String::new(),
            is_active: true,
            must_change: false,
        }
    }

    fn code(session: &SessionRow, at: Duration) -> std::result::Result<(), &'static str> {
        session.check(LIVES, Millis(0) + at).map_err(|error| error.code())
    }

    #[test]
    fn a_session_ends_when_idle_old_revoked_or_its_account_inactive() {
        let used = session(SessionKind::Cookie);
        assert_eq!(code(&used, LIVES.idle - Duration::from_millis(1)), Ok(()));
        assert_eq!(code(&used, LIVES.idle), Err("token_expired"));
        let busy = SessionRow { seen: Millis(0) + LIVES.absolute, ..used.clone() };
        assert_eq!(code(&busy, LIVES.absolute), Err("token_expired"));
        assert_eq!(code(&SessionRow { revoked_at: Some(Millis(0)), ..used.clone() }, Duration::ZERO), Err("session_revoked"));
        assert_eq!(code(&SessionRow { is_active: false, ..used }, Duration::ZERO), Err("session_revoked"));
        assert_eq!(code(&session(SessionKind::Bench), BENCH - Duration::from_millis(1)), Ok(()));
        assert_eq!(code(&session(SessionKind::Bench), BENCH), Err("token_expired"), "bench sessions have only one end");
    }

    #[test]
    fn the_token_before_a_rotation_counts_until_a_moment_after_the_new_one_was_used() {
        let old = SessionRow { is_old_token: true, has_old_token: true, ..session(SessionKind::Cookie) };
        assert_eq!(code(&old, OLD_TOKEN), Ok(()), "the new one may never have arrived");
        let going = SessionRow { old_until: Some(Millis(0) + OLD_TOKEN), ..old };
        assert_eq!(code(&going, OLD_TOKEN - Duration::from_millis(1)), Ok(()));
        assert_eq!(code(&going, OLD_TOKEN), Err("token_expired"));
        assert_eq!(code(&SessionRow { is_old_token: false, ..going }, OLD_TOKEN), Ok(()));
    }

    #[test]
    fn a_proof_is_short_lived() {
        let session = session(SessionKind::Cookie);
        assert!(session.is_proven(Millis(0) + PROOF - Duration::from_millis(1)) && !session.is_proven(Millis(0) + PROOF));
        assert!(!SessionRow { proven: None, ..session }.is_proven(Millis(0)));
    }

    #[test]
    fn logins_are_folded() {
        assert_eq!(fold_login("  Lin.Xiao "), "lin.xiao");
    }
}
