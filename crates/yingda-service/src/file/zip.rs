//! Zip archives, read strictly and within bounds: what two programs might read in two ways is refused. Pure; blocks.
//!
//! The list at the end, the headers in front of each entry and the bytes between them must tell one and the same story: nothing before the
//! first entry, nothing behind the last, nothing in between, no entry inside another (overlapping entries are how a few kilobytes unpack to
//! petabytes). Sizes are believed only when the bytes have been unpacked.
use flate2::{Crc, read::DeflateDecoder};
use std::io::{Read, Seek, SeekFrom};
use yingda_base::{Error, Result};

/// Most entries; a long office document has some hundreds.
const MOST_ENTRIES: usize = 5000;
/// Most bytes of the list at the end.
const LONGEST_LIST: u64 = 4 * 1024 * 1024;
/// Most that everything may unpack to, however large the archive.
const MOST_UNPACKED: u64 = 300 * 1024 * 1024;
/// Text packs well, but not better than this.
const RATIO: u64 = 200;
/// Below this a ratio says nothing.
const HARMLESS: u64 = 16 * 1024 * 1024;

const END: [u8; 4] = *b"PK\x05\x06";
const LISTED: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";
const END_LENGTH: u64 = 22;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Encrypted in one of three ways.
const SECRET: u16 = 1 | 1 << 6 | 1 << 13;
/// Sizes follow the bytes.
const TRAILED: u16 = 1 << 3;

/// What may still be unpacked, here and in archives within archives.
pub struct Budget {
    bytes: u64,
    /// How many more archives may lie within this one, one in the other.
    pub depth: u8,
}

impl Budget {
    /// For a file of this length.
    pub fn of(length: u64) -> Budget {
        Budget { bytes: HARMLESS.max(length.saturating_mul(RATIO)).min(MOST_UNPACKED), depth: 2 }
    }

    fn spend(&mut self, bytes: u64) -> Result<()> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or_else(|| Error::invalid("file.archive_too_large"))?;
        Ok(())
    }
}

/// An archive whose story is told once.
pub struct Archive {
    /// In the order of their bytes.
    pub entries: Vec<Entry>,
}

/// One entry.
#[derive(Debug)]
pub struct Entry {
    /// As its list says, bytes that are no UTF-8 replaced.
    pub name: String,
    raw: Vec<u8>,
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    /// Bytes when unpacked, as its list says; what comes out is held against it.
    pub size: u64,
    header: u64,
    data: u64,
}

fn damaged() -> Error {
    Error::invalid("file.damaged")
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N]> {
    bytes.get(at..at + N).and_then(|slice| slice.try_into().ok()).ok_or_else(damaged)
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16> {
    number(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32> {
    number(bytes, at).map(u32::from_le_bytes)
}

fn read_at(content: &mut (impl Read + Seek), at: u64, length: u64) -> Result<Vec<u8>> {
    content.seek(SeekFrom::Start(at)).map_err(Error::internal)?;
    let mut bytes = Vec::new();
    content.take(length).read_to_end(&mut bytes).map_err(Error::internal)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(damaged()) }
}

impl Archive {
    /// Reads the list and holds it against the headers. Codes: `file.damaged`, `file.archive_encrypted`, `file.archive_too_large`.
    pub fn read(content: &mut (impl Read + Seek)) -> Result<Archive> {
        let length = content.seek(SeekFrom::End(0)).map_err(Error::internal)?;
        let end_at = length.checked_sub(END_LENGTH).ok_or_else(damaged)?;
        let end = read_at(content, end_at, END_LENGTH)?;
        let (count, listed) = (usize::from(u16_at(&end, 10)?), u64::from(u32_at(&end, 12)?));
        let list_at = u64::from(u32_at(&end, 16)?);
        let is_whole = end.starts_with(&END) && end[4..8] == [0; 4] && u16_at(&end, 8)? == u16_at(&end, 10)? && end[20..22] == [0; 2];
        if !is_whole || list_at + listed != end_at || count == 0 {
            return Err(damaged());
        }
        if count > MOST_ENTRIES || listed > LONGEST_LIST {
            return Err(Error::invalid("file.archive_too_large"));
        }
        let list = read_at(content, list_at, listed)?;
        let mut entries = parse_list(&list, count)?;
        entries.sort_by_key(|entry| entry.header);
        locate(content, &mut entries, list_at)?;
        Ok(Archive { entries })
    }

    /// Unpacks one entry into `sink`, and holds it against what the list says. Codes: `file.damaged`, `file.archive_too_large`.
    pub fn unpack(&self, content: &mut (impl Read + Seek), entry: &Entry, budget: &mut Budget, mut sink: impl FnMut(&[u8])) -> Result<()> {
        // What it claims is refused at once; what it does not claim when it shows.
        if entry.size > budget.bytes {
            return Err(Error::invalid("file.archive_too_large"));
        }
        content.seek(SeekFrom::Start(entry.data)).map_err(Error::internal)?;
        let packed = content.take(entry.packed);
        let mut plain: Box<dyn Read + '_> = if entry.method == STORED { Box::new(packed) } else { Box::new(DeflateDecoder::new(packed)) };
        let (mut crc, mut size, mut bytes) = (Crc::new(), 0, [0; 16 * 1024]);
        loop {
            let read = plain.read(&mut bytes).map_err(|cause| damaged().caused_by(cause))?;
            if read == 0 {
                break;
            }
            budget.spend(read as u64)?;
            size += read as u64;
            if size > entry.size {
                return Err(damaged());
            }
            crc.update(&bytes[..read]);
            sink(&bytes[..read]);
        }
        if size == entry.size && crc.sum() == entry.crc { Ok(()) } else { Err(damaged()) }
    }
}

fn parse_list(list: &[u8], count: usize) -> Result<Vec<Entry>> {
    let (mut entries, mut at) = (Vec::with_capacity(count), 0);
    for _ in 0..count {
        let (head, rest) = list.get(at..).and_then(|rest| rest.split_at_checked(46)).ok_or_else(damaged)?;
        let (name, extra, remark) = (u16_at(head, 28)?, u16_at(head, 30)?, u16_at(head, 32)?);
        let raw = rest.get(..usize::from(name)).ok_or_else(damaged)?.to_vec();
        at += 46 + usize::from(name) + usize::from(extra) + usize::from(remark);
        let entry = Entry {
            name: String::from_utf8_lossy(&raw).into_owned(),
            raw,
            flags: u16_at(head, 8)?,
            method: u16_at(head, 10)?,
            crc: u32_at(head, 16)?,
            packed: u64::from(u32_at(head, 20)?),
            size: u64::from(u32_at(head, 24)?),
            header: u64::from(u32_at(head, 42)?),
            data: 0,
        };
        let is_link = head[5] == 3 && (u32_at(head, 38)? >> 16) & 0o170_000 == 0o120_000;
        if !head.starts_with(&LISTED) || head[34..36] != [0; 2] || is_link || !is_plain_path(&entry.name) {
            return Err(damaged());
        }
        if entry.flags & SECRET != 0 {
            return Err(Error::invalid("file.archive_encrypted"));
        }
        if ![STORED, DEFLATED].contains(&entry.method) || (entry.method == STORED && entry.packed != entry.size) {
            return Err(damaged());
        }
        entries.push(entry);
    }
    if at == list.len() { Ok(entries) } else { Err(damaged()) }
}

/// Below where it is unpacked, whatever unpacks it.
fn is_plain_path(name: &str) -> bool {
    let is_drive = name.as_bytes().get(1) == Some(&b':');
    !name.is_empty()
        && !name.contains('\0')
        && !name.starts_with(['/', '\\'])
        && !is_drive
        && name.split(['/', '\\']).all(|part| part != "..")
}

/// Finds the bytes of each entry by its own header, which must say what the list says, and lie where the one before ends.
fn locate(content: &mut (impl Read + Seek), entries: &mut [Entry], list_at: u64) -> Result<()> {
    let starts: Vec<u64> = entries.iter().skip(1).map(|entry| entry.header).chain([list_at]).collect();
    if entries.first().is_some_and(|first| first.header != 0) {
        return Err(damaged());
    }
    for (entry, next) in entries.iter_mut().zip(starts) {
        let head = read_at(content, entry.header, 30)?;
        let (name, extra) = (u64::from(u16_at(&head, 26)?), u64::from(u16_at(&head, 28)?));
        let told = read_at(content, entry.header + 30, name)?;
        let is_trailed = entry.flags & TRAILED != 0;
        let is_same = head.starts_with(&LOCAL)
            && u16_at(&head, 6)? & (SECRET | TRAILED) == entry.flags & (SECRET | TRAILED)
            && u16_at(&head, 8)? == entry.method
            && told == entry.raw
            && (is_trailed || (u64::from(u32_at(&head, 18)?) == entry.packed && u64::from(u32_at(&head, 22)?) == entry.size));
        entry.data = entry.header + 30 + name + extra;
        let gap = next.checked_sub(entry.data + entry.packed).ok_or_else(damaged)?;
        // Behind the bytes: nothing, or sizes of four or eight bytes with or without a mark.
        let fits = if is_trailed { [12, 16, 20, 24].contains(&gap) } else { gap == 0 };
        if !is_same || !fits {
            return Err(damaged());
        }
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use flate2::{Compression, write::DeflateEncoder};
    use proptest::prelude::*;
    use std::io::{Cursor, Write};

    /// An entry as a test writes it.
    pub struct Made {
        pub name: Vec<u8>,
        pub method: u16,
        pub packed: Vec<u8>,
        pub crc: u32,
        pub size: u32,
        pub flags: u16,
        /// What the list says of the system and the mode.
        pub mode: (u8, u32),
    }

    pub fn crc(bytes: &[u8]) -> u32 {
        let mut crc = Crc::new();
        crc.update(bytes);
        crc.sum()
    }

    pub fn made(name: &str, bytes: &[u8]) -> Made {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        let packed = encoder.finish().unwrap();
        Made { name: name.into(), method: DEFLATED, packed, crc: crc(bytes), size: bytes.len() as u32, flags: 1 << 11, mode: (0, 0) }
    }

    /// The fields that header and list share, from the flags on.
    fn shared(made: &Made) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(made.flags.to_le_bytes());
        bytes.extend(made.method.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(made.crc.to_le_bytes());
        bytes.extend((made.packed.len() as u32).to_le_bytes());
        bytes.extend(made.size.to_le_bytes());
        bytes.extend((made.name.len() as u16).to_le_bytes());
        bytes
    }

    pub fn listed(made: &Made, at: u32) -> Vec<u8> {
        let mut bytes = [&LISTED[..], &[20, made.mode.0, 20, 0], &shared(made), &[0; 8]].concat();
        bytes.extend(made.mode.1.to_le_bytes());
        bytes.extend(at.to_le_bytes());
        bytes.extend(&made.name);
        bytes
    }

    pub fn local(made: &Made) -> Vec<u8> {
        [&LOCAL[..], &[20, 0], &shared(made), &[0; 2], &made.name, &made.packed].concat()
    }

    pub fn close(mut bytes: Vec<u8>, list: &[u8], count: u16) -> Vec<u8> {
        let at = bytes.len() as u32;
        bytes.extend(list);
        bytes.extend(END);
        bytes.extend([0; 4]);
        bytes.extend(count.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend((list.len() as u32).to_le_bytes());
        bytes.extend(at.to_le_bytes());
        bytes.extend([0; 2]);
        bytes
    }

    pub fn archive(entries: &[Made]) -> Vec<u8> {
        let (mut bytes, mut list) = (Vec::new(), Vec::new());
        for made in entries {
            list.extend(listed(made, bytes.len() as u32));
            bytes.extend(local(made));
        }
        close(bytes, &list, entries.len() as u16)
    }

    pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        archive(&files.iter().map(|(name, bytes)| made(name, bytes)).collect::<Vec<_>>())
    }

    fn unpack(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
        let mut content = Cursor::new(bytes);
        let archive = Archive::read(&mut content)?;
        let mut budget = Budget::of(bytes.len() as u64);
        let mut all = Vec::new();
        for entry in &archive.entries {
            let mut plain = Vec::new();
            archive.unpack(&mut content, entry, &mut budget, |bytes| plain.extend_from_slice(bytes))?;
            all.push((entry.name.clone(), plain));
        }
        Ok(all)
    }

    fn code(bytes: &[u8]) -> &'static str {
        unpack(bytes).map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn an_honest_archive_is_read() {
        let stored = Made { method: STORED, packed: b"plain".to_vec(), ..made("目录/b.txt", b"plain") };
        let all = unpack(&archive(&[made("a.txt", b"aaaa"), stored])).unwrap();
        assert_eq!(all, [("a.txt".to_owned(), b"aaaa".to_vec()), ("目录/b.txt".to_owned(), b"plain".to_vec())]);
        // Sizes behind the bytes, as programs write that do not know them before.
        let entry = Made { flags: TRAILED, ..made("a", b"aaaa") };
        let mut bytes = local(&entry);
        bytes[14..26].fill(0);
        bytes.extend(b"PK\x07\x08");
        bytes.extend([0; 12]);
        assert_eq!(code(&close(bytes, &listed(&entry, 0), 1)), "ok");
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let good = zip(&[("a", b"aaaa"), ("b", b"bb")]);
        assert_eq!(code(&[b"%PDF-1.4\n", &good[..]].concat()), "file.damaged", "something before it");
        assert_eq!(code(&[&good[..], b"<script>"].concat()), "file.damaged", "something behind it");
        let (a, b) = (made("a", b"aaaa"), made("b", b"bb"));
        let first = local(&a);
        let list = [listed(&a, 0), listed(&b, first.len() as u32 + 9)].concat();
        assert_eq!(code(&close([first.clone(), b"smuggled!".to_vec(), local(&b)].concat(), &list, 2)), "file.damaged", "something between");
        let list = [listed(&a, 0), listed(&Made { name: b"z".to_vec(), ..made("a", b"aaaa") }, 0)].concat();
        assert_eq!(code(&close(first.clone(), &list, 2)), "file.damaged", "one entry twice");
        let other = Made { name: b"b".to_vec(), ..made("a", b"aaaa") };
        assert_eq!(code(&close(first, &listed(&other, 0), 1)), "file.damaged", "another name in the list");
        assert_eq!(code(&good[..good.len() - 1]), "file.damaged");
        assert_eq!(code(&archive(&[Made { crc: 1, ..made("a", b"aaaa") }])), "file.damaged");
        assert_eq!(code(&archive(&[Made { size: 3, ..made("a", b"aaaa") }])), "file.damaged", "it says less than it holds");
        assert_eq!(code(&archive(&[Made { flags: 1, ..made("a", b"aaaa") }])), "file.archive_encrypted");
        assert_eq!(code(&archive(&[Made { mode: (3, 0o120_777 << 16), ..made("a", b"/etc/passwd") }])), "file.damaged", "a link");
        for name in ["../a", "/a", "a/../../b", "..\\a", "C:\\a", "a\0b", ""] {
            assert_eq!(code(&zip(&[(name, b"x")])), "file.damaged", "{name:?}");
        }
    }

    #[test]
    fn bombs_are_refused_without_going_off() {
        let zeros = vec![0; 40 * 1024 * 1024];
        let bomb = zip(&[("a", &zeros)]);
        assert!(bomb.len() < 50_000);
        assert_eq!(code(&bomb), "file.archive_too_large");
        // It claims to be small.
        assert_eq!(code(&archive(&[Made { size: 10, ..made("a", &zeros) }])), "file.damaged");
        let many: Vec<Made> = (0..MOST_ENTRIES + 1).map(|n| made(&n.to_string(), b"")).collect();
        assert_eq!(code(&archive(&many)), "file.archive_too_large");
        // Overlapping: each entry's bytes hold the headers and bytes of those behind it.
        let kernel = made("k", &zeros[..1000]);
        let inner = local(&kernel);
        let quote = Made { method: STORED, crc: 0, size: inner.len() as u32, packed: Vec::new(), ..made("q", b"") };
        let mut outer = local(&quote);
        outer[18..22].copy_from_slice(&(inner.len() as u32).to_le_bytes());
        let mut list = listed(&quote, 0);
        list[20..24].copy_from_slice(&(inner.len() as u32).to_le_bytes());
        list.extend(listed(&kernel, outer.len() as u32));
        assert_eq!(code(&close([outer, inner].concat(), &list, 2)), "file.damaged");
    }

    proptest! {
        #[test]
        fn broken_archives_are_refused_and_never_panic(at in 0usize..500, to: u8, cut in 0usize..40) {
            let mut bytes = zip(&[("a.txt", b"hello hello hello"), ("b/c.txt", &[7; 300])]);
            let n = bytes.len();
            bytes[at % n] = to;
            bytes.truncate(n - cut);
            let _ = unpack(&bytes);
        }
    }
}
