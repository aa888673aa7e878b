//! Reading an archive, and refusing one that is not whole.
use super::{
    Progress,
    archive::{DATABASE, HEAD, Hashing, MAC, MANIFEST, SUMS, TRAILER, unwritable},
    digest::{TableSum, hex},
    dump,
    manifest::{FORMAT, Head, Manifest},
};
use crate::{
    Error, Result,
    blob::BlobId,
    key::Keyring,
    part::{beside, remove},
};
use sha2::{Digest, Sha256};
use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};
use tar::EntryType;

/// What packed files begin with.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// No head, manifest or signature is longer.
const SHORT: u64 = 4 << 20;
/// What the manifest is signed for.
pub(super) const PURPOSE: &str = "backup.manifest";

/// A member that holds data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Database,
    Blob(BlobId),
}

/// Gets each member that holds data, with its size; it need not read all of it.
pub(super) type Each<'a> = dyn FnMut(&Member, u64, &mut dyn Read) -> Result<()> + 'a;

/// A whole archive.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What it says about itself, which is true.
    pub manifest: Manifest,
    /// Whether it was written by an installation with one of our keys; unknown without the key file.
    pub is_ours: Option<bool>,
}

/// Reads an archive from end to end and changes nothing. Blocks.
///
/// Errors: `backup.unreadable`, `backup.foreign`, `backup.newer`, `backup.truncated`, `backup.damaged`.
pub fn check(file: &Path, keyring: Option<&Keyring>, progress: &mut dyn FnMut(Progress)) -> Result<Checked> {
    walk(file, keyring, progress, &mut |_, _, _| Ok(()))
}

/// Like [`check`], and unpacks the database into a new file `into`, whose rows it compares with the manifest. `blob` is told of each blob and
/// its size. Errors: those of [`check`], `backup.unwritable`, `backup.full`.
pub fn unpack(
    file: &Path,
    keyring: Option<&Keyring>,
    into: &Path,
    blob: &mut dyn FnMut(BlobId, u64),
    progress: &mut dyn FnMut(Progress),
) -> Result<Checked> {
    let checked = walk(file, keyring, progress, &mut |member, size, from| match member {
        Member::Database => write(into, from),
        Member::Blob(id) => {
            blob(id.clone(), size);
            Ok(())
        }
    })?;
    refuse_other(file, &dump::read(into, progress)?.tables, &checked.manifest)?;
    Ok(checked)
}

/// Proves that a backup of ours could be restored: reads all of it, unpacks its database beside it for a while, and holds every row against the
/// manifest. Blocks. Errors: those of [`unpack`], `backup.not_ours`.
pub fn prove(file: &Path, keyring: &Keyring) -> Result<Manifest> {
    let into = beside(file, ".check");
    let named = |cause| unwritable(cause, file);
    // What a killed run left.
    remove(&into).map_err(named)?;
    let proven = unpack(file, Some(keyring), &into, &mut |_, _| {}, &mut |_| {});
    remove(&into).map_err(named)?;
    match proven? {
        Checked { manifest, is_ours: Some(true) } => Ok(manifest),
        Checked { .. } => Err(Error::invalid("backup.not_ours").with("file", file.display().to_string())),
    }
}

/// What was unpacked must be what was backed up, row by row.
pub(super) fn refuse_other(file: &Path, tables: &[TableSum], manifest: &Manifest) -> Result<()> {
    if tables == manifest.tables {
        return Ok(());
    }
    let differs = tables.iter().zip(&manifest.tables).find(|(a, b)| a != b).map_or(DATABASE, |(a, _)| &a.name);
    Err(damaged(differs).with("file", file.display().to_string()))
}

/// Writes what is read to a new file, mode 0600, and syncs it.
pub(super) fn write(path: &Path, from: &mut dyn Read) -> Result<()> {
    let named = |cause| unwritable(cause, path);
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).map_err(named)?;
    let mut buffer = vec![0; 1 << 17];
    loop {
        let read = match from.read(&mut buffer) {
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map_err(spoilt)?,
        };
        match buffer.get(..read) {
            Some([]) | None => break,
            Some(bytes) => file.write_all(bytes).map_err(named)?,
        }
    }
    file.sync_all().map_err(named)
}

/// Gives every member to `each` and says at the end whether all of it was sound; until then nothing of it may be trusted.
pub(super) fn walk(file: &Path, keyring: Option<&Keyring>, progress: &mut dyn FnMut(Progress), each: &mut Each) -> Result<Checked> {
    let named = |error: Error| error.with("file", file.display().to_string());
    let unreadable = |cause| named(Error::unavailable("backup.unreadable").caused_by(cause));
    let mut packed = File::open(file).map_err(unreadable)?;
    let of = packed.metadata().map_err(unreadable)?.len();
    let mut magic = [0; 4];
    match packed.read_exact(&mut magic) {
        Err(cause) if cause.kind() != io::ErrorKind::UnexpectedEof => return Err(unreadable(cause)),
        Ok(()) if magic == MAGIC => {}
        _ => return Err(named(Error::invalid("backup.foreign"))),
    }
    let sum = trailer(&mut packed, of).map_err(unreadable)?;
    packed.rewind().map_err(unreadable)?;
    let (mut done, mut hash) = (0, Sha256::new());
    let watched = |bytes: &[u8]| {
        hash.update(bytes);
        done += bytes.len() as u64;
        progress(Progress::Read { bytes: done, of });
    };
    let counted = Watched { from: packed.take(of.saturating_sub(FRAME)), each: watched };
    let mut plain = zstd::Decoder::with_buffer(BufReader::with_capacity(1 << 17, counted)).map_err(unreadable)?;
    let found = members(&mut plain, each).map_err(named)?;
    // Behind the last member there is nothing but zeros, and the checksum of the packing.
    io::copy(&mut plain, &mut io::sink()).map_err(spoilt).map_err(named)?;
    drop(plain);
    match sum {
        None => Err(named(Error::invalid("backup.truncated"))),
        Some(sum) if sum != *hash.finalize() => Err(named(damaged("zstd"))),
        Some(_) => found.judge(keyring).map_err(named),
    }
}

/// Bytes of the frame at the end.
const FRAME: u64 = TRAILER.len() as u64 + 32;

/// The checksum at the end; none if it was cut off.
fn trailer(packed: &mut File, of: u64) -> io::Result<Option<[u8; 32]>> {
    if of < FRAME + MAGIC.len() as u64 {
        return Ok(None);
    }
    packed.seek(io::SeekFrom::Start(of - FRAME))?;
    let (mut begin, mut sum) = ([0; TRAILER.len()], [0; 32]);
    packed.read_exact(&mut begin)?;
    packed.read_exact(&mut sum)?;
    Ok((begin == TRAILER).then_some(sum))
}

/// What was met on the way.
#[derive(Default)]
struct Found {
    head: Option<Head>,
    own_sums: Vec<u8>,
    sums: Option<Vec<u8>>,
    manifest: Option<Vec<u8>>,
    mac: Option<Vec<u8>>,
    blobs: u64,
    blob_bytes: u64,
    has_database: bool,
}

fn members(plain: &mut impl Read, each: &mut Each) -> Result<Found> {
    let mut found = Found::default();
    let mut archive = tar::Archive::new(plain);
    for member in archive.entries().map_err(spoilt)? {
        let mut member = member.map_err(spoilt)?;
        let name = String::from_utf8(member.path_bytes().into_owned()).map_err(|_| damaged("?"))?;
        let size = member.size();
        if found.head.is_none() && name != HEAD {
            return Err(Error::invalid("backup.foreign"));
        }
        if member.header().entry_type() != EntryType::Regular || found.mac.is_some() {
            return Err(damaged(&name));
        }
        let mut from = Hashing::new(&mut member);
        match name.as_str() {
            HEAD if found.head.is_none() => found.head = Some(head(&short(&mut from, &name)?)?),
            DATABASE if !found.has_database && found.blobs == 0 => {
                found.has_database = true;
                each(&Member::Database, size, &mut from)?;
            }
            // As long as the others together, and so held as they are.
            SUMS if found.has_database && found.sums.is_none() => found.sums = Some(whole(&mut from)?),
            MANIFEST if found.sums.is_some() && found.manifest.is_none() => found.manifest = Some(short(&mut from, &name)?),
            MAC if found.manifest.is_some() => found.mac = Some(short(&mut from, &name)?),
            _ => {
                let id = blob(&name).filter(|_| found.has_database && found.sums.is_none()).ok_or_else(|| damaged(&name))?;
                (found.blobs, found.blob_bytes) = (found.blobs + 1, found.blob_bytes.saturating_add(size));
                each(&Member::Blob(id), size, &mut from)?;
            }
        }
        io::copy(&mut from, &mut io::sink()).map_err(spoilt)?;
        if from.bytes != size {
            return Err(Error::invalid("backup.truncated"));
        }
        if found.sums.is_none() {
            found.own_sums.extend(format!("{}  {name}\n", from.sum()).into_bytes());
        }
    }
    Ok(found)
}

fn head(text: &[u8]) -> Result<Head> {
    let head: Head = serde_json::from_slice(text).map_err(|_| damaged(HEAD))?;
    match head.format {
        0 => Err(damaged(HEAD)),
        1..=FORMAT => Ok(head),
        newer => Err(Error::invalid("backup.newer").with("format", newer).with("program", head.program)),
    }
}

impl Found {
    fn judge(self, keyring: Option<&Keyring>) -> Result<Checked> {
        let cut = || Error::invalid("backup.truncated");
        let (sums, text, mac) = (self.sums.ok_or_else(cut)?, self.manifest.ok_or_else(cut)?, self.mac.ok_or_else(cut)?);
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|_| damaged(MANIFEST))?;
        if sums != self.own_sums {
            let differs = sums.split(|byte| *byte == b'\n').zip(self.own_sums.split(|byte| *byte == b'\n')).find(|(a, b)| a != b);
            let line = differs.map(|(_, own)| String::from_utf8_lossy(own).into_owned()).unwrap_or_default();
            return Err(damaged(line.split("  ").nth(1).unwrap_or(SUMS)));
        }
        if manifest.sums != hex(&Sha256::digest(&sums)) || self.head.is_none_or(|head| head.format != manifest.format) {
            return Err(damaged(MANIFEST));
        }
        if (manifest.blobs, manifest.blob_bytes) != (self.blobs, self.blob_bytes) {
            return Err(damaged(MANIFEST));
        }
        let is_ours = keyring.map(|keyring| {
            let key = keyring.mac_key(PURPOSE);
            unhex(&mac).is_some_and(|mac| key.matches(&text, &mac))
        });
        Ok(Checked { manifest, is_ours })
    }
}

fn blob(name: &str) -> Option<BlobId> {
    let id: BlobId = name.rsplit('/').next()?.parse().ok()?;
    (name == place(&id)).then_some(id)
}

/// Where a blob lies in an archive.
pub(super) fn place(id: &BlobId) -> String {
    format!("blobs/{}", id.path())
}

fn short(from: &mut dyn Read, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(SHORT + 1).read_to_end(&mut bytes).map_err(spoilt)?;
    if bytes.len() as u64 > SHORT { Err(damaged(name)) } else { Ok(bytes) }
}

fn whole(from: &mut dyn Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).map_err(spoilt)?;
    Ok(bytes)
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| u8::try_from(digit(high)? * 16 + digit(low)?).ok()).collect()
}

fn damaged(member: &str) -> Error {
    Error::invalid("backup.damaged").with("member", member)
}

/// Reading failed: it was cut off, or changed. What a full disk or a lost file says on the way comes from `each` and is no such error.
pub(super) fn spoilt(cause: io::Error) -> Error {
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => Error::invalid("backup.truncated").caused_by(cause),
        _ => damaged("?").caused_by(cause),
    }
}

/// Shows what is read through it.
struct Watched<R, F> {
    from: R,
    each: F,
}

impl<R: Read, F: FnMut(&[u8])> Read for Watched<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        (self.each)(&buffer[..read]);
        Ok(read)
    }
}
