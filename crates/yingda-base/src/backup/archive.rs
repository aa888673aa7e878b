//! The file of a backup: a tar packed with zstd, so that it can be looked into, and checked, without this program:
//! `tar --zstd -xf FILE && sha256sum -c SHA256SUMS`.
//!
//! Members, in this order: `yingda-backup.json`, `database.sqlite`, `blobs/…`, `SHA256SUMS`, `manifest.json`, `manifest.mac`. Behind them a frame that zstd
//! passes over holds the SHA-256 of the whole file before it: the packing has bits that mean nothing, and a changed one should be seen too.
use super::{
    digest::hex,
    manifest::{FORMAT, Head, Manifest},
};
use crate::{Error, Millis, key::MacKey};
use sha2::{Digest, Sha256};
use std::{
    io::{self, Read, Write},
    path::Path,
};
use tar::{Builder, EntryType, Header};
use zstd::Encoder;

pub(super) const HEAD: &str = "yingda-backup.json";
pub(super) const DATABASE: &str = "database.sqlite";
pub(super) const SUMS: &str = "SHA256SUMS";
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const MAC: &str = "manifest.mac";
const LEVEL: i32 = 3;

/// What the frame at the end begins with: a magic number that zstd skips, and the length of what follows.
pub(super) const TRAILER: [u8; 8] = [0x50, 0x2a, 0x4d, 0x18, 32, 0, 0, 0];

/// An archive while it is written.
pub(super) struct Writer<W: Write> {
    tar: Builder<Encoder<'static, Hashed<W>>>,
    sums: Vec<u8>,
    at: Millis,
}

impl<W: Write> Writer<W> {
    pub(super) fn begin(out: W, at: Millis, program: &str) -> io::Result<Writer<W>> {
        let mut encoder = Encoder::new(Hashed { into: out, hash: Sha256::new() }, LEVEL)?;
        encoder.include_checksum(true)?;
        let mut writer = Writer { tar: Builder::new(encoder), sums: Vec::new(), at };
        let head = serde_json::to_vec(&Head { format: FORMAT, program: program.to_owned() })?;
        writer.add(HEAD, head.len() as u64, &mut head.as_slice())?;
        Ok(writer)
    }

    /// Adds a member of a known size.
    pub(super) fn add(&mut self, name: &str, bytes: u64, from: &mut dyn Read) -> io::Result<()> {
        let mut from = Hashing::new(from);
        let mut header = Header::new_gnu();
        header.set_path(name)?;
        header.set_size(bytes);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(self.at.0 / 1000).unwrap_or(0));
        header.set_entry_type(EntryType::Regular);
        header.set_cksum();
        self.tar.append(&header, &mut from)?;
        if from.bytes != bytes {
            return Err(io::Error::other(format!("{name} has {} bytes instead of {bytes}", from.bytes)));
        }
        writeln!(self.sums, "{}  {name}", from.sum())
    }

    /// Ends it with checksums, manifest and signature.
    pub(super) fn finish(mut self, mut manifest: Manifest, key: &MacKey) -> io::Result<(W, Manifest)> {
        let sums = std::mem::take(&mut self.sums);
        manifest.sums = hex(&Sha256::digest(&sums));
        self.add(SUMS, sums.len() as u64, &mut sums.as_slice())?;
        let text = serde_json::to_vec_pretty(&manifest)?;
        self.add(MANIFEST, text.len() as u64, &mut text.as_slice())?;
        let mac = hex(&key.mac(&text));
        self.add(MAC, mac.len() as u64, &mut mac.as_bytes())?;
        let Hashed { mut into, hash } = self.tar.into_inner()?.finish()?;
        into.write_all(&TRAILER)?;
        into.write_all(&hash.finalize())?;
        Ok((into, manifest))
    }
}

/// Hashes what is written through it.
struct Hashed<W> {
    into: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.into.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}

/// Why a file could not be written, as a person should hear it.
pub(super) fn unwritable(cause: io::Error, file: &Path) -> Error {
    let code = match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "backup.full",
        _ => "backup.unwritable",
    };
    Error::unavailable(code).with("file", file.display().to_string()).caused_by(cause)
}

/// Counts and hashes what is read through it.
pub(super) struct Hashing<R> {
    from: R,
    hash: Sha256,
    pub(super) bytes: u64,
}

impl<R: Read> Hashing<R> {
    pub(super) fn new(from: R) -> Hashing<R> {
        Hashing { from, hash: Sha256::new(), bytes: 0 }
    }

    pub(super) fn sum(self) -> String {
        hex(&self.hash.finalize())
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}
