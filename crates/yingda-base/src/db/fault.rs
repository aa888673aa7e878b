//! What a database can say besides yes.
use crate::Error;

/// Why a statement or a commit failed, as far as the door has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Deadlock or serialisation failure: run the unit again.
    Retry,
    /// The disk is full.
    Full,
    /// Another program holds the database.
    Locked,
    /// The connection is gone.
    Lost,
    /// A rule of the schema was broken, or the statement is wrong.
    Other,
}

impl Fault {
    pub(super) fn of_sqlite(error: &rusqlite::Error) -> Fault {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Fault::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::Locked,
            _ => Fault::Other,
        }
    }

    pub(super) fn of_postgres(error: &postgres::Error) -> Fault {
        use postgres::error::SqlState;
        match error.code() {
            Some(&SqlState::T_R_DEADLOCK_DETECTED | &SqlState::T_R_SERIALIZATION_FAILURE) => Fault::Retry,
            Some(&SqlState::DISK_FULL) => Fault::Full,
            Some(&SqlState::LOCK_NOT_AVAILABLE) => Fault::Locked,
            Some(&SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN | &SqlState::CANNOT_CONNECT_NOW) => Fault::Lost,
            Some(_) => Fault::Other,
            None if error.is_closed() => Fault::Lost,
            None => Fault::Lost,
        }
    }

    /// The error callers see; the cause goes to the log.
    pub(super) fn into_error(self, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
        match self {
            Fault::Full => Error::unavailable("database.full").retry_after(5_000).caused_by(cause),
            Fault::Retry | Fault::Locked => Error::unavailable("database.busy").retry_after(500).caused_by(cause),
            Fault::Lost => Error::unavailable("database.lost").caused_by(cause),
            Fault::Other => Error::internal(cause),
        }
    }
}
