//! The encoder's file: eight bytes of magic, a version, the SHA-256 of all that follows, and the parts one after the other.
//!
//! Each part reads and writes itself, next to its own code. All numbers are little-endian; lengths and dimensions are 32 bits wide
//! and stand before what they measure.
use std::ops::Range;

use sha2::{Digest as _, Sha256};

const MAGIC: &[u8; 8] = b"yingdaSE";
/// Goes up with each change of the layout; the file is then made anew from the package.
const VERSION: u32 = 1;
const DIGEST: Range<usize> = 12..44;

/// Why bytes are not taken for an encoder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Something else.
    #[error("this is no file of a sentence encoder")]
    Foreign,
    /// Made by an older or newer program.
    #[error("the encoder's file has version {0}, and this program knows version {VERSION}; make it anew from the package")]
    Version(u32),
    /// Cut off or changed.
    #[error("the encoder's file is damaged: its checksum is wrong")]
    Damaged,
    /// Whole, and yet not an encoder.
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// What is wrong with the content of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the encoder cannot be used: {0}")]
pub struct Broken(pub(crate) &'static str);

/// Puts magic, version and checksum before the content.
pub(crate) fn seal(content: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(DIGEST.end + content.len());
    file.extend_from_slice(MAGIC);
    file.extend_from_slice(&VERSION.to_le_bytes());
    file.extend_from_slice(&Sha256::digest(content));
    file.extend_from_slice(content);
    file
}

/// The checksum and where the content begins.
pub(crate) fn verify(file: &[u8]) -> Result<([u8; 32], usize), FileError> {
    let mut head = Reader::new(file);
    if head.bytes(MAGIC.len()).ok() != Some(MAGIC) {
        return Err(FileError::Foreign);
    }
    let version = head.u32().map_err(|_| FileError::Damaged)?;
    if version != VERSION {
        return Err(FileError::Version(version));
    }
    let digest: [u8; 32] = head.bytes(DIGEST.len()).ok().and_then(|digest| digest.try_into().ok()).ok_or(FileError::Damaged)?;
    if Sha256::digest(head.rest) != digest {
        return Err(FileError::Damaged);
    }
    Ok((digest, DIGEST.end))
}

/// Reads parts in order; what is not there is an error, however large a length claims to be.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, at: 0 }
    }

    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Broken> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Broken("the file ends too early"))?;
        (self.rest, self.at) = (rest, self.at + count);
        Ok(bytes)
    }

    /// Passes over bytes that stay where they are, and says where that is.
    pub fn skip(&mut self, count: usize) -> Result<Range<usize>, Broken> {
        let begin = self.at;
        self.bytes(count).map(|_| begin..begin + count)
    }

    pub fn u32(&mut self) -> Result<u32, Broken> {
        Ok(self.u32s(1)?[0])
    }

    /// A length or a dimension.
    pub fn length(&mut self) -> Result<usize, Broken> {
        Ok(self.u32()? as usize)
    }

    pub fn u32s(&mut self, count: usize) -> Result<Vec<u32>, Broken> {
        let bytes = self.bytes(count.checked_mul(4).ok_or(Broken("a length is too large"))?)?;
        Ok(bytes.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect())
    }

    pub fn f32s(&mut self, count: usize) -> Result<Vec<f32>, Broken> {
        Ok(self.u32s(count)?.into_iter().map(f32::from_bits).collect())
    }

    /// Nothing may follow.
    pub fn end(&self) -> Result<(), Broken> {
        self.rest.is_empty().then_some(()).ok_or(Broken("something follows the last layer"))
    }
}

/// Writes what [`Reader`] reads.
#[derive(Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub fn length(&mut self, length: usize) {
        self.u32s(&[u32::try_from(length).expect("the parts of an encoder are far below four thousand million numbers")]);
    }

    pub fn u32s(&mut self, numbers: &[u32]) {
        self.bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }

    pub fn f32s(&mut self, numbers: &[f32]) {
        self.bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_verified() {
        let file = seal(b"content");
        let (digest, begin) = verify(&file).unwrap();
        assert_eq!(&file[begin..], b"content");
        assert_eq!(digest[..], Sha256::digest(b"content")[..]);
    }

    #[test]
    fn other_files_versions_and_damage_are_told_apart() {
        let file = seal(b"content");
        assert_eq!(verify(b""), Err(FileError::Foreign));
        assert_eq!(verify(b"PK\x03\x04 something else"), Err(FileError::Foreign));
        let mut newer = file.clone();
        newer[8] = 2;
        assert_eq!(verify(&newer), Err(FileError::Version(2)));
        for length in MAGIC.len()..file.len() {
            assert_eq!(verify(&file[..length]), Err(FileError::Damaged), "cut off after {length}");
        }
        for at in 12..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert_eq!(verify(&changed), Err(FileError::Damaged), "changed at {at}");
        }
    }

    #[test]
    fn a_length_that_lies_takes_no_memory() {
        let mut from = Reader::new(&[0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
        let length = from.length().unwrap();
        assert!(from.f32s(length).is_err());
        assert!(from.skip(length).is_err());
        assert!(from.end().is_err());
    }
}
