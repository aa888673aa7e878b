//! Each connection is an open file, and systems allow few of them unless asked.
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are no regular connections: the database, contents of files, the log, and the last places.
const OTHERS: usize = 512;

/// Raises what the system allows this process to what these connections need, as far as it may be raised; answers how many then fit.
pub fn connections(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let needed = u64::try_from(wanted + OTHERS).unwrap_or(u64::MAX);
    let mut allowed = limit.current.unwrap_or(u64::MAX);
    if allowed < needed {
        let raised = limit.maximum.map_or(needed, |most| most.min(needed));
        match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limit.maximum }) {
            Ok(()) => allowed = raised,
            Err(error) => tracing::debug!(%error, "the number of open files cannot be raised"),
        }
    }
    let fitting = fitting(wanted, allowed);
    if fitting < wanted {
        tracing::warn!(wanted, fitting, allowed, "fewer connections than configured: raise LimitNOFILE (ulimit -Hn)");
    }
    fitting
}

fn fitting(wanted: usize, allowed: u64) -> usize {
    let allowed = usize::try_from(allowed).unwrap_or(usize::MAX);
    // However few: somebody should be served.
    wanted.min(allowed.saturating_sub(OTHERS).max(16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_never_more_connections_than_files() {
        assert_eq!((fitting(1000, 65_536), fitting(1000, 1024), fitting(1000, 64)), (1000, 512, 16));
        assert_eq!(fitting(1000, u64::MAX), 1000);
    }
}
