//! The anchor file: the head of the chain, written down again and again outside the database.
//!
//! Whoever can write to the database can make a chain anew that fits in itself; they cannot make it fit what was anchored. The file stands
//! beside the key file, neither in the data directory nor in a backup, and only grows. A line is
//! `1 KIND AT CHAIN GENERATION SEQ HASH MAC`: the MAC is made with a key of the key file over the line and the MAC before it, so that a
//! line that was changed, or taken out of the middle, is noticed. A line cut off by a crash is no line, and the next one begins anew.
use super::chain::{Hash, Head};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use yingda_base::{
    Error, Millis, Result,
    key::{Keyring, MacKey},
    text_enum,
};

/// The last line stands within so many bytes of the end.
const TAIL: u64 = 4096;

text_enum! {
    /// Why a line was written.
    pub enum AnchorKind {
        /// The chain had come so far.
        Head = "head",
        /// A backup was restored, and the chain goes on from here: what was anchored beyond is gone with reason.
        Restore = "restore",
        /// The chain had come so far, but what was anchored before does not stand in it: it was made anew, cut off or exchanged. Said with
        /// every head from then on, until a copy from before is restored.
        Contradicted = "contradicted",
    }
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Why.
    pub kind: AnchorKind,
    /// When.
    pub at: Millis,
    /// The name of the chain.
    pub chain: Arc<str>,
    /// The history of the database.
    pub generation: Arc<str>,
    /// The head.
    pub head: Head,
}

/// The anchor file of this machine. Cloning shares nothing but the key: every writing locks the file.
#[derive(Clone)]
pub struct Anchors {
    path: Arc<Path>,
    mac: MacKey,
}

/// What the file says.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Whether there is a file.
    pub exists: bool,
    /// Its good lines, in their order.
    pub anchors: Vec<Anchor>,
    /// Numbers of lines that were changed, or before which lines are missing.
    pub broken: Vec<usize>,
}

impl Reading {
    /// Takes out what a restore has settled: everything since the database began to contradict its anchors, if the copy that was restored is
    /// of the chain from before, and no longer than that was. How many lines those are.
    pub fn settle(&mut self) -> usize {
        let (mut kept, all): (Vec<Anchor>, usize) = (Vec::new(), self.anchors.len());
        for anchor in std::mem::take(&mut self.anchors) {
            let doubtful = kept.iter().position(|kept| kept.kind == AnchorKind::Contradicted);
            let good = doubtful.and_then(|at| kept[..at].last()).map(|good| (good.chain.clone(), good.head.seq));
            if let (AnchorKind::Restore, Some((chain, seq))) = (anchor.kind, good)
                && (anchor.chain == chain && anchor.head.seq <= seq)
            {
                kept.truncate(doubtful.unwrap_or_default());
            }
            kept.push(anchor);
        }
        self.anchors = kept;
        all - self.anchors.len()
    }

    /// The first line that does not go on from the one before it, and the good one before: one that says so, or names another chain.
    pub fn contradiction(&self) -> Option<(&Anchor, &Anchor)> {
        let pairs = self.anchors.iter().zip(self.anchors.iter().skip(1));
        let breaks = |(before, after): &(&Anchor, &Anchor)| match after.kind {
            AnchorKind::Head => after.chain != before.chain,
            AnchorKind::Restore => false,
            AnchorKind::Contradicted => true,
        };
        pairs.into_iter().find(breaks)
    }
}

/// Where the anchors of an installation with this key file lie.
pub fn anchors_beside(key_file: &Path) -> PathBuf {
    let mut name = key_file.as_os_str().to_owned();
    name.push(".anchors");
    PathBuf::from(name)
}

impl Anchors {
    /// The file at `path`, which need not exist yet.
    pub fn new(path: &Path, keyring: &Keyring) -> Anchors {
        Anchors { path: path.into(), mac: keyring.mac_key("audit.anchor") }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line; it is on disk when this returns. Blocks. Error: `audit.anchor_unwritable`.
    pub fn append(&self, anchor: &Anchor) -> Result<()> {
        self.write(anchor).map_err(|cause| self.failed("audit.anchor_unwritable", cause))
    }

    /// The last good line. Blocks. Error: `audit.anchor_unreadable`.
    pub fn last(&self) -> Result<Option<Anchor>> {
        let last = || -> io::Result<Option<Anchor>> {
            match File::open(&self.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                file => Ok(Tail::of(&mut file?)?.last.map(|(anchor, _)| anchor)),
            }
        };
        last().map_err(|cause| self.failed("audit.anchor_unreadable", cause))
    }

    /// Reads all of it and checks each line. Blocks. Error: `audit.anchor_unreadable`.
    pub fn read(&self) -> Result<Reading> {
        let failed = |cause| self.failed("audit.anchor_unreadable", cause);
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Reading::default()),
            file => file.map_err(failed)?,
        };
        let (mut reading, mut before) = (Reading { exists: true, ..Reading::default() }, String::new());
        let (mut input, mut line, mut number) = (BufReader::new(file), Vec::new(), 0);
        loop {
            line.clear();
            if input.read_until(b'\n', &mut line).map_err(failed)? == 0 {
                return Ok(reading);
            }
            number += 1;
            // Cut off by a crash: whoever wrote next began anew, on the MAC of the last whole line.
            let Some((mut anchor, said, mac)) = std::str::from_utf8(&line).ok().and_then(parse) else { continue };
            if !self.mac.matches(&sealed(&before, said), &mac.0) {
                reading.broken.push(number);
            } else {
                share(&mut anchor, reading.anchors.last());
                reading.anchors.push(anchor);
            }
            before = mac.to_string();
        }
    }

    fn write(&self, anchor: &Anchor) -> io::Result<()> {
        let is_new = !self.path.exists();
        let mut file = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(&self.path)?;
        // Released when the file is closed, however this ends.
        file.lock()?;
        let tail = Tail::of(&mut file)?;
        let before = tail.last.map(|(_, mac)| mac.to_string()).unwrap_or_default();
        let said = say(anchor);
        let mac = Hash(self.mac.mac(&sealed(&before, &said)));
        // Spoils what is left of a torn line for good: with its end alone missing it would come back to life.
        let begin = if tail.is_torn { "~\n" } else { "" };
        file.write_all(format!("{begin}{said} {mac}\n").as_bytes())?;
        file.sync_all()?;
        if is_new {
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    }

    fn failed(&self, code: &'static str, cause: io::Error) -> Error {
        Error::unavailable(code).with("path", self.path.display().to_string()).caused_by(cause)
    }

    /// Takes the file away: for tests of what then is said.
    #[cfg(test)]
    pub(super) fn remove(&self) {
        std::fs::remove_file(&self.path).expect("the file is there");
    }
}

/// The end of the file.
struct Tail {
    last: Option<(Anchor, Hash)>,
    /// The last line was cut off.
    is_torn: bool,
}

impl Tail {
    fn of(file: &mut File) -> io::Result<Tail> {
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').rev();
        let last = lines.filter_map(|line| std::str::from_utf8(line).ok().and_then(parse)).map(|(anchor, _, mac)| (anchor, mac)).next();
        Ok(Tail { last, is_torn: !bytes.is_empty() && !bytes.ends_with(b"\n") })
    }
}

/// A line without its MAC.
fn say(anchor: &Anchor) -> String {
    let Anchor { kind, at, chain, generation, head } = anchor;
    format!("1 {} {at} {chain} {generation} {} {}", kind.as_str(), head.seq, head.hash)
}

fn sealed(before: &str, said: &str) -> Vec<u8> {
    format!("{before}\n{said}").into_bytes()
}

/// A whole line: what it says, its text without the MAC, the MAC.
fn parse(line: &str) -> Option<(Anchor, &str, Hash)> {
    let (said, mac) = line.strip_suffix('\n')?.rsplit_once(' ')?;
    let words: Vec<&str> = said.split(' ').collect();
    let ["1", kind, at, chain, generation, seq, hash] = words.as_slice() else { return None };
    let head = Head { seq: seq.parse().ok()?, hash: hash.parse().ok()? };
    let anchor =
        Anchor { kind: kind.parse().ok()?, at: Millis(at.parse().ok()?), chain: (*chain).into(), generation: (*generation).into(), head };
    Some((anchor, said, mac.parse().ok()?))
}

/// Half a million lines name the same chain and generation: they keep one copy.
fn share(anchor: &mut Anchor, before: Option<&Anchor>) {
    let Some(before) = before else { return };
    for (mine, its) in [(&mut anchor.chain, &before.chain), (&mut anchor.generation, &before.generation)] {
        if mine == its {
            *mine = its.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::chain::genesis;
    use std::fs;
    use tempfile::TempDir;
    use yingda_base::random::Entropy;

    fn anchor(seq: i64) -> Anchor {
        let head = Head { seq, hash: genesis(&seq.to_string()).hash };
        Anchor { kind: AnchorKind::Head, at: Millis(seq), chain: "c".into(), generation: "g".into(), head }
    }

    fn kept(count: i64) -> (TempDir, Anchors) {
        let folder = TempDir::new().unwrap();
        let anchors = Anchors::new(&anchors_beside(&folder.path().join("data.key")), &Keyring::random(&Entropy::seeded(1), 2));
        (1..=count).for_each(|seq| anchors.append(&anchor(seq)).unwrap());
        (folder, anchors)
    }

    fn seqs(reading: &Reading) -> Vec<i64> {
        reading.anchors.iter().map(|anchor| anchor.head.seq).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let (_folder, anchors) = kept(0);
        assert!(!anchors.read().unwrap().exists && anchors.last().unwrap().is_none());
        let (_folder, anchors) = kept(50);
        let reading = anchors.read().unwrap();
        assert_eq!((seqs(&reading), reading.broken.len()), ((1..=50).collect(), 0));
        assert_eq!(anchors.last().unwrap(), Some(anchor(50)));
    }

    #[test]
    fn a_line_cut_off_by_a_crash_harms_nobody() {
        let (_folder, anchors) = kept(3);
        let text = fs::read_to_string(anchors.path()).unwrap();
        for cut in [1, 10, 70, 100] {
            fs::write(anchors.path(), &text[..text.len() - cut]).unwrap();
            assert_eq!(anchors.last().unwrap(), Some(anchor(2)));
            anchors.append(&anchor(4)).unwrap();
            anchors.append(&anchor(5)).unwrap();
            let reading = anchors.read().unwrap();
            assert_eq!((seqs(&reading), reading.broken), (vec![1, 2, 4, 5], vec![]), "{cut} bytes are missing");
        }
    }

    #[test]
    fn a_changed_a_missing_and_a_foreign_line_are_noticed() {
        let (_folder, anchors) = kept(5);
        let text = fs::read_to_string(anchors.path()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let after = |lines: Vec<String>| {
            fs::write(anchors.path(), lines.join("\n") + "\n").unwrap();
            anchors.read().unwrap()
        };
        let with = |n: usize, line: Option<String>| -> Vec<String> {
            let mut all: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            match line {
                Some(line) => all[n] = line,
                None => drop(all.remove(n)),
            }
            all
        };
        let changed = after(with(2, Some(lines[2].replace(" 3 c g 3 ", " 3 c g 4 "))));
        assert_eq!((seqs(&changed), changed.broken), (vec![1, 2, 4, 5], vec![3]));
        let missing = after(with(2, None));
        assert_eq!((seqs(&missing), missing.broken), (vec![1, 2, 5], vec![3]), "what came after it does not follow");
        let spoilt = after(with(2, Some("rubbish".into())));
        assert_eq!((seqs(&spoilt), spoilt.broken), (vec![1, 2, 5], vec![4]));
        let (_other, others) = (0, Anchors::new(anchors.path(), &Keyring::random(&Entropy::seeded(2), 1)));
        assert_eq!(others.read().unwrap().broken, [1, 2, 4, 5], "not with this key");
    }

    #[test]
    fn only_a_copy_from_before_settles_a_contradiction() {
        let of = |kind, chain: &str, seq| Anchor { kind, chain: chain.into(), ..anchor(seq) };
        let settled = |last: Anchor| {
            let (head, doubt) = (AnchorKind::Head, AnchorKind::Contradicted);
            let anchors = vec![anchor(10), anchor(20), of(doubt, "c", 15), of(doubt, "c", 30), of(head, "c", 31), last];
            let mut reading = Reading { exists: true, anchors, ..Reading::default() };
            (reading.settle(), reading.contradiction().is_none())
        };
        assert_eq!(settled(of(AnchorKind::Restore, "c", 12)), (3, true));
        assert_eq!(settled(of(AnchorKind::Restore, "c", 20)), (3, true));
        assert_eq!(settled(of(AnchorKind::Restore, "c", 25)), (0, false), "a copy of what contradicts");
        assert_eq!(settled(of(AnchorKind::Restore, "d", 12)), (0, false));
        assert_eq!(settled(of(AnchorKind::Head, "c", 40)), (0, false));
        let another = Reading { exists: true, anchors: vec![anchor(10), of(AnchorKind::Head, "d", 5), anchor(11)], ..Reading::default() };
        assert_eq!(another.contradiction().map(|(good, bad)| (good.head.seq, bad.head.seq)), Some((10, 5)));
    }
}
