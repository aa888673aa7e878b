//! Keys: a file outside data directory and backups, and what is made with it.
//!
//! [`Sealed`] columns hold what must not be readable from a stolen database; [`MacKey`] recognises a value without storing it. New data is
//! made with the last key of the file; the ones before it still open what they sealed, until a job has sealed all of it anew.
mod file;
mod mac;
mod sealed;

pub use file::add as add_key;
pub use mac::MacKey;
pub use sealed::Sealed;

use crate::{
    Context, Error, Result, Tx,
    db::{Options, direct},
    row, sql,
};
use std::{fmt, path::Path, sync::Arc};
use subtle::ConstantTimeEq;

/// One key of the file.
#[derive(Clone)]
struct Key {
    id: KeyId,
    secret: [u8; 32],
}

/// Names a key in sealed data. Tells nothing about it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// All keys of this installation. Cloning shares them.
#[derive(Clone)]
pub struct Keyring {
    keys: Arc<[Key]>,
    entropy: crate::random::Entropy,
}

row! {
    struct Known { key: String, value: String }
}

impl Keyring {
    /// Reads the key file, or makes it if this database has never had one. The database knows a check value of each key, so a lost or
    /// foreign file is noticed at once. To be called on a migrated database before the door opens; blocks.
    ///
    /// Errors: `key.missing`, `key.wrong`, `key.exposed` (others may read the file), `key.malformed`, `key.unwritable`.
    pub fn open(path: &Path, options: &Options, context: &Context) -> Result<Keyring> {
        let named = |error: Error| error.with("path", path.display().to_string());
        direct::with(&options.engine, |direct| {
            let made = file::read(path)?.is_none();
            if made {
                if !direct.unit(context, known)?.is_empty() {
                    return Err(named(Error::unavailable("key.missing")));
                }
                file::add(path, &context.entropy)?;
            }
            let keys = file::read(path)?.ok_or_else(|| named(Error::unavailable("key.missing")))?;
            let keyring = Keyring { keys: keys.into(), entropy: context.entropy.clone() };
            let this = keyring.clone();
            if direct.unit(context, move |tx| this.register(tx))? {
                return Ok(keyring);
            }
            if made {
                // Another node made its key at the same moment and was first: this one has sealed nothing yet.
                std::fs::remove_file(path).map_err(|cause| named(Error::unavailable("key.unwritable").caused_by(cause)))?;
                return Err(named(Error::unavailable("key.missing")));
            }
            Err(named(Error::unavailable("key.wrong")))
        })
    }

    /// Reads the key file and touches no database. Errors: `key.missing`, `key.exposed`, `key.malformed`.
    pub fn read(path: &Path, entropy: &crate::random::Entropy) -> Result<Keyring> {
        let missing = || Error::unavailable("key.missing").with("path", path.display().to_string());
        Ok(Keyring { keys: file::read(path)?.ok_or_else(missing)?.into(), entropy: entropy.clone() })
    }

    /// Of the keys a database knows (rows of `instance`: `key:ID` and check value), the ids of those that are not here.
    pub(crate) fn lacking<'k>(&self, known: impl Iterator<Item = (&'k str, &'k str)>) -> Vec<String> {
        let ids = known.filter_map(|(key, value)| Some((key.strip_prefix(ROW)?, key, value)));
        let is_here = |key: &str, value: &str| self.keys.iter().any(|own| is_check_of(own, key, value));
        ids.filter(|(_, key, value)| !is_here(key, value)).map(|(id, _, _)| id.to_owned()).collect()
    }

    /// Keys of a test or of a tool without a database.
    #[cfg(any(test, feature = "testkit"))]
    pub fn random(entropy: &crate::random::Entropy, count: usize) -> Keyring {
        let keys = (0..count).map(|_| Key { id: KeyId(entropy.bytes()), secret: entropy.bytes() }).collect();
        Keyring { keys, entropy: entropy.clone() }
    }

    /// The key that new data is sealed with.
    pub fn current(&self) -> KeyId {
        self.newest().id
    }

    /// The ids of all keys, as a backup names them.
    pub fn ids(&self) -> Vec<String> {
        self.keys.iter().map(|key| key.id.to_string()).collect()
    }

    /// The key for keyed hashes of one purpose, such as `"message.body"`; hashes of different purposes tell nothing about each other.
    pub fn mac_key(&self, purpose: &str) -> MacKey {
        MacKey::new(self.keys.iter().map(|key| mac::derive(&key.secret, "mac", purpose)).collect())
    }

    fn newest(&self) -> &Key {
        self.keys.last().expect("a keyring is never empty")
    }

    /// Whether the database's keys are all here; those it has not seen yet are noted.
    fn register(&self, tx: &mut Tx) -> Result<bool> {
        // Whoever inserts this row first is the first; on PostgreSQL others wait here for its commit.
        tx.run(sql!("INSERT INTO instance (key, value) VALUES ('keys', $1) ON CONFLICT (key) DO NOTHING", self.current().to_string()))?;
        let known = known(tx)?;
        if !self.lacking(known.iter().map(|known| (known.key.as_str(), known.value.as_str()))).is_empty() {
            return Ok(false);
        }
        // The first of all keys was made by whoever wrote the row above.
        for key in self.keys.iter() {
            tx.run(sql!("INSERT INTO instance (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING", row_key(key.id), check(key)))?;
        }
        Ok(true)
    }
}

fn known(tx: &mut Tx) -> Result<Vec<Known>> {
    tx.all(sql!("SELECT key, value FROM instance WHERE key >= 'key:' AND key < 'key;' ORDER BY key"))
}

/// Forgets a key after everything was sealed anew: the file may lose its line.
pub fn retire(tx: &mut Tx, key: KeyId) -> Result<()> {
    tx.run(sql!("DELETE FROM instance WHERE key = $1", row_key(key))).map(drop)
}

/// What the rows of keys begin with.
const ROW: &str = "key:";

fn row_key(id: KeyId) -> String {
    format!("{ROW}{id}")
}

fn is_check_of(key: &Key, row: &str, value: &str) -> bool {
    row == row_key(key.id) && bool::from(value.as_bytes().ct_eq(check(key).as_bytes()))
}

fn check(key: &Key) -> String {
    mac::derive(&key.secret, "check", "").iter().map(|byte| format!("{byte:02x}")).collect()
}
