//! Sessions and what a person learns about themself.
use super::id::{GroupId, SessionId, SessionKind, StaffId};
use std::time::Duration;
use utoipa::ToSchema;
use yingda_base::{Error, Millis, Result, row};

/// A session nobody used for so long is over.
pub const IDLE: Duration = Duration::from_secs(12 * 3600);
/// A session is over after so long, used or not.
pub const ABSOLUTE: Duration = Duration::from_secs(7 * 24 * 3600);
/// A bench session is over after so long.
pub const BENCH: Duration = Duration::from_secs(12 * 3600);
/// `seen_at` is written at most this often.
pub const SEEN_EVERY: Duration = Duration::from_secs(5 * 60);

row! {
    /// A session with what is needed of its account.
    #[derive(Clone, Debug)]
    pub struct SessionRow {
        pub id: SessionId,
        pub staff_id: StaffId,
        pub kind: SessionKind,
        pub seen_at: Millis,
        pub expires_at: Millis,
        pub revoked_at: Option<Millis>,
        pub name: String,
        pub is_active: bool,
        pub must_change: bool,
    }
}

impl SessionRow {
    /// Whether it still counts. Codes: `session_revoked`, `token_expired`.
    pub fn check(&self, now: Millis) -> Result<()> {
        if self.revoked_at.is_some() || !self.is_active {
            return Err(Error::unauthenticated("session_revoked"));
        }
        let idle = self.kind != SessionKind::Bench && self.seen_at + IDLE <= now;
        if idle || self.expires_at <= now { Err(Error::unauthenticated("token_expired")) } else { Ok(()) }
    }

    /// Whether it is time to note that it is used.
    pub fn is_seen_due(&self, now: Millis) -> bool {
        self.seen_at + SEEN_EVERY <= now
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
    /// How many conversations at a time.
    pub max_conversations: i64,
}

/// One of one's own sessions.
#[derive(Clone, Debug, serde::Serialize, ToSchema)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// How it came to be.
    pub kind: SessionKind,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When it began.
    pub created_at: Millis,
    /// When it was last used, to about five minutes.
    pub seen_at: Millis,
    /// When it ends at the latest.
    pub expires_at: Millis,
    /// Where it was begun.
    pub address: String,
    /// The browser or program, as it named itself.
    pub client: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(kind: SessionKind) -> SessionRow {
        let (id, staff_id) = (SessionId(1), StaffId(1));
        let (seen_at, expires_at) = (Millis(0), Millis(0) + ABSOLUTE);
        SessionRow { id, staff_id, kind, seen_at, expires_at, revoked_at: None, name: String::new(), is_active: true, must_change: false }
    }

    #[test]
    fn a_session_ends_when_idle_old_revoked_or_its_account_inactive() {
        let code = |session: &SessionRow, at: Duration| session.check(Millis(0) + at).map_err(|error| error.code());
        let used = session(SessionKind::Cookie);
        assert_eq!(code(&used, IDLE - Duration::from_millis(1)), Ok(()));
        assert_eq!(code(&used, IDLE), Err("token_expired"));
        let busy = SessionRow { seen_at: Millis(0) + ABSOLUTE, ..used.clone() };
        assert_eq!(code(&busy, ABSOLUTE), Err("token_expired"));
        assert_eq!(code(&SessionRow { revoked_at: Some(Millis(0)), ..used.clone() }, Duration::ZERO), Err("session_revoked"));
        assert_eq!(code(&SessionRow { is_active: false, ..used }, Duration::ZERO), Err("session_revoked"));
        assert_eq!(code(&session(SessionKind::Bench), IDLE * 2), Ok(()), "bench sessions have only one end");
    }

    #[test]
    fn logins_are_folded() {
        assert_eq!(fold_login("  Lin.Xiao "), "lin.xiao");
    }
}
