//! The ledger as a file: a JSON object a line, only ever appended to, beside the key file and in no backup.
use super::model::{Erasure, ErasureId};
use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use yingda_base::{Error, Result};

/// Where it is.
#[derive(Clone, Debug)]
pub struct Ledger(PathBuf);

impl Ledger {
    /// At this path. Nothing is made before there is something to write.
    pub fn at(path: &Path) -> Ledger {
        Ledger(path.to_owned())
    }

    /// Where it is.
    #[cfg(test)]
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// All lines; none if there is no file. Blocks. Errors: `erasure.ledger_malformed`, `erasure.ledger_unreadable`.
    pub fn read(&self) -> Result<Vec<Erasure>> {
        match File::open(&self.0) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(cause) => Err(self.unreadable(cause)),
            Ok(mut file) => Ok(self.lines(&mut file)?.0),
        }
    }

    /// Opens it for writing; makes it if it is missing. Blocks. Error: `erasure.ledger_unwritable`.
    pub(super) fn open(&self) -> Result<File> {
        let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(&self.0);
        opened.map_err(|cause| self.unwritable(cause))
    }

    /// Adds those that are not in it, synced before it answers; how many. Blocks. Errors as [`Ledger::read`], and `erasure.ledger_unwritable`.
    pub fn add(&self, erasures: &[Erasure]) -> Result<usize> {
        if erasures.is_empty() {
            return Ok(0);
        }
        let named = |cause| self.unwritable(cause);
        let mut file = self.open()?;
        // Held until the file is closed: two writers must not both find a line missing.
        file.lock().map_err(named)?;
        let (known, end) = self.lines(&mut file)?;
        let known: HashSet<ErasureId> = known.iter().map(|line| line.id).collect();
        let mut text = String::new();
        let fresh: Vec<&Erasure> = erasures.iter().filter(|erasure| !known.contains(&erasure.id)).collect();
        for erasure in &fresh {
            text += &serde_json::to_string(erasure).map_err(Error::internal)?;
            text.push('\n');
        }
        // What a power cut left of a line is written over.
        file.set_len(end).and_then(|()| file.seek(SeekFrom::Start(end))).map_err(named)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(named)?;
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(named)?;
        Ok(fresh.len())
    }

    /// The whole lines, and where they end. A last line without its end was cut off while it was written, and never counted.
    fn lines(&self, file: &mut File) -> Result<(Vec<Erasure>, u64)> {
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(|cause| self.unreadable(cause))?;
        let end = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
        let mut lines = Vec::new();
        for (number, line) in text[..end].split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
            let malformed = || Error::unavailable("erasure.ledger_malformed").with("file", self.0.display().to_string());
            lines.push(serde_json::from_slice(line).map_err(|cause| malformed().with("line", number + 1).caused_by(cause))?);
        }
        Ok((lines, end as u64))
    }

    fn unreadable(&self, cause: io::Error) -> Error {
        Error::unavailable("erasure.ledger_unreadable").with("file", self.0.display().to_string()).caused_by(cause)
    }

    /// Callers of the interface are told of it: the path is for the log only.
    fn unwritable(&self, cause: io::Error) -> Error {
        let cause = io::Error::new(cause.kind(), format!("{}: {cause}", self.0.display()));
        Error::unavailable("erasure.ledger_unwritable").caused_by(cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::{Reason, What};
    use yingda_base::Millis;

    fn line(id: i64) -> Erasure {
        Erasure {
            id: ErasureId(id),
            at: Millis(id),
            kind: What::Entry,
            conversation_id: Some(i64::MAX),
            seq: Some(1),
            entry_at: Some(Millis(0)),
            customer_id: None,
            reason: Reason::Sensitive,
            staff_id: 7,
        }
    }

    #[test]
    fn lines_are_added_once_and_survive_a_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("erasures");
        let ledger = Ledger::at(&path);
        assert_eq!(ledger.read().unwrap(), []);
        assert_eq!((ledger.add(&[line(1), line(2)]).unwrap(), ledger.add(&[line(2), line(3)]).unwrap()), (2, 1));
        assert_eq!(ledger.read().unwrap(), [line(1), line(2), line(3)]);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
        assert_eq!(ledger.read().unwrap(), [line(1), line(2)], "the torn line never counted");
        assert_eq!(ledger.add(&[line(3)]).unwrap(), 1);
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        std::fs::write(&path, [b"{}\n".as_slice(), &whole].concat()).unwrap();
        assert_eq!(ledger.read().unwrap_err().code(), "erasure.ledger_malformed", "a broken line is not passed over");
    }
}
