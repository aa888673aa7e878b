//! What a database can say besides yes.
use crate::Error;

/// Why a statement or a commit failed, as far as the door has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Deadlock or serialisation failure: run the unit again.
    Retry,
    /// The disk is full.
    Full,
    /// Waited too long for what another unit or program holds, or there is no memory or connection for it now.
    Locked,
    /// The connection is gone.
    Lost,
    /// The file or its folder may not be written, or the device refuses.
    Unwritable,
    /// The file is damaged, or no database.
    Corrupt,
    /// A rule of the schema was broken, or the statement is wrong.
    Other,
}

impl Fault {
    pub(super) fn of_sqlite(error: &rusqlite::Error) -> Fault {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Fault::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OutOfMemory) => Fault::Locked,
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure) => {
                Fault::Unwritable
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Fault::Corrupt,
            _ => Fault::Other,
        }
    }

    pub(super) fn of_postgres(error: &postgres::Error) -> Fault {
        use postgres::error::SqlState;
        match error.code() {
            Some(&SqlState::T_R_DEADLOCK_DETECTED | &SqlState::T_R_SERIALIZATION_FAILURE) => Fault::Retry,
            Some(&SqlState::DISK_FULL) => Fault::Full,
            Some(&SqlState::LOCK_NOT_AVAILABLE | &SqlState::QUERY_CANCELED | &SqlState::TOO_MANY_CONNECTIONS) => Fault::Locked,
            Some(&SqlState::IO_ERROR) => Fault::Unwritable,
            Some(&SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED) => Fault::Corrupt,
            // After a failover the old server may go on as a read-only standby: another connection finds the new one.
            Some(&SqlState::READ_ONLY_SQL_TRANSACTION) => Fault::Lost,
            Some(state) if state.code().starts_with("08") || state.code().starts_with("57P") => Fault::Lost,
            // The class of insufficient resources; the full disk is told apart above.
            Some(state) if state.code().starts_with("53") => Fault::Locked,
            Some(_) => Fault::Other,
            // Without the server's word: a broken connection, or a value that did not fit on our side of it.
            None if error.is_closed() || is_io(error) => Fault::Lost,
            None => Fault::Other,
        }
    }

    /// The error callers see; the cause goes to the log.
    pub(super) fn into_error(self, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
        match self {
            Fault::Full => Error::unavailable("database.full").retry_after(5_000).caused_by(cause),
            Fault::Retry | Fault::Locked => Error::unavailable("database.busy").retry_after(500).caused_by(cause),
            Fault::Lost => Error::unavailable("database.lost").caused_by(cause),
            Fault::Unwritable => Error::unavailable("database.unwritable").caused_by(cause),
            Fault::Corrupt => Error::unavailable("database.corrupt").caused_by(cause),
            Fault::Other => Error::internal(cause),
        }
    }
}

fn is_io(error: &postgres::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<std::io::Error>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    #[test]
    fn what_passes_by_itself_is_no_fault_of_ours() {
        let of = |code| Fault::of_sqlite(&rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        assert_eq!((of(ffi::SQLITE_FULL), of(ffi::SQLITE_NOMEM), of(ffi::SQLITE_BUSY)), (Fault::Full, Fault::Locked, Fault::Locked));
        assert_eq!((of(ffi::SQLITE_IOERR_FSYNC), of(ffi::SQLITE_READONLY)), (Fault::Unwritable, Fault::Unwritable));
        assert_eq!((of(ffi::SQLITE_CONSTRAINT), of(ffi::SQLITE_CORRUPT)), (Fault::Other, Fault::Corrupt));
    }
}
