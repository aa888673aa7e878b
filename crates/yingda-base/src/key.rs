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
        for known in known(tx)? {
            let matches = |key: &&Key| known.key == row_key(key.id) && bool::from(known.value.as_bytes().ct_eq(check(key).as_bytes()));
            if !self.keys.iter().any(|key| matches(&key)) {
                return Ok(false);
            }
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

fn row_key(id: KeyId) -> String {
    format!("key:{id}")
}

fn check(key: &Key) -> String {
    mac::derive(&key.secret, "check", "").iter().map(|byte| format!("{byte:02x}")).collect()
}
