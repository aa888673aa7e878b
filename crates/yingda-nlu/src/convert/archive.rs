//! Members of a zip archive that lies in memory.
use std::io::{Cursor, Read as _};

use zip::{ZipArchive, result::ZipError};

use super::ConvertError;

/// The largest member is some 30 MB; none may claim to be, or turn out to be, larger than this.
const MAX_MEMBER: u64 = 64 << 20;

/// An archive, and what to call it in an error.
pub(super) struct Archive<'a> {
    name: &'static str,
    zip: ZipArchive<Cursor<&'a [u8]>>,
}

impl<'a> Archive<'a> {
    pub fn open(name: &'static str, bytes: &'a [u8]) -> Result<Self, ConvertError> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|source| ConvertError::Archive { name: name.to_owned(), source })?;
        Ok(Self { name, zip })
    }

    /// The unpacked bytes of a member; its checksum is verified on the way.
    pub fn member(&mut self, member: &str) -> Result<Vec<u8>, ConvertError> {
        let name = format!("{member} in {}", self.name);
        let failed = |source: ZipError| ConvertError::Archive { name: name.clone(), source };
        let mut unpacked = Vec::new();
        let file = self.zip.by_name(member).map_err(failed)?;
        file.take(MAX_MEMBER + 1).read_to_end(&mut unpacked).map_err(|error| failed(error.into()))?;
        if unpacked.len() as u64 > MAX_MEMBER {
            return Err(ConvertError::TooLarge(name));
        }
        Ok(unpacked)
    }
}
