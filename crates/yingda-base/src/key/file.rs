//! The key file: one line per key, `id secret`, the last one is current.
use super::{Key, KeyId};
use crate::{
    Error, Result,
    part::{beside, remove, sync_folder},
    random::Entropy,
};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

const HEAD: &str = "# Keys of Yingda. Without this file, what the database holds sealed cannot be read by anyone.
# Keep a copy, but not together with copies of the database. A line is an id and a key; the last one is current.
";

/// The keys, or `None` if there is no file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<Key>>> {
    let named = |error: Error| error.with("path", path.display().to_string());
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|cause| named(Error::unavailable("key.malformed").caused_by(cause)))?,
    };
    let mode = fs::metadata(path).map_err(|cause| named(Error::unavailable("key.malformed").caused_by(cause)))?.mode();
    if mode & 0o007 != 0 {
        return Err(named(Error::unavailable("key.exposed")).with("mode", format!("{:o}", mode & 0o777)));
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Option<Vec<Key>> = lines.map(parse).collect();
    match keys {
        Some(keys) if !keys.is_empty() => Ok(Some(keys)),
        _ => Err(named(Error::unavailable("key.malformed"))),
    }
}

/// Adds a new current key to the file, which is made if need be (mode 0600). Programs use it from their next start on.
pub fn add(path: &Path, entropy: &Entropy) -> Result<KeyId> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(HEAD.to_owned()),
        text => text,
    };
    let key = Key { id: KeyId(entropy.bytes()), secret: entropy.bytes() };
    let line = format!("{} {}\n", key.id, STANDARD_NO_PAD.encode(key.secret));
    text.and_then(|text| write(path, &(text + &line)))
        .map_err(|cause| Error::unavailable("key.unwritable").with("path", path.display().to_string()).caused_by(cause))?;
    Ok(key.id)
}

fn parse(line: &str) -> Option<Key> {
    let (id, secret) = line.split_once(' ')?;
    let id = u32::from_str_radix(id, 16).ok().filter(|_| id.len() == 8)?;
    let secret = STANDARD_NO_PAD.decode(secret.trim()).ok()?.try_into().ok()?;
    Some(Key { id: KeyId(id.to_be_bytes()), secret })
}

/// Whole or not at all, and on disk before anything is sealed with it.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let part = beside(path, ".part");
    remove(&part)?;
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    sync_folder(path)
}
