//! Putting a backup in place of what is there, or of nothing.
//!
//! Everything is made ready beside the data (`stage`): the database under another name or in another schema, the blobs in another folder. The
//! old is untouched until the last step (`swap`), which only renames, and is marked while it lasts ([`unfinished`]). The old stays aside.
mod place;
mod stage;
mod swap;

pub use place::unfinished;
pub use stage::Staged;

use super::{Checked, Manifest, Progress, known_keys, open, source};
use crate::{
    Clock, Context, Error, Result, Tx,
    db::{Options, direct},
    id::IdSource,
    instance,
    key::Keyring,
    random::Entropy,
};
use place::Target;
use std::path::{Path, PathBuf};

/// What is needed for a restore. The caller holds the lock of the data directory.
pub struct Plan<'a> {
    /// The backup.
    pub file: &'a Path,
    /// The database it goes to.
    pub options: &'a Options,
    /// The data directory.
    pub data: &'a Path,
    /// Must hold all keys the backup needs.
    pub keyring: &'a Keyring,
    /// The time.
    pub clock: &'a Clock,
    /// For the new generation.
    pub entropy: &'a Entropy,
    /// Whether what is there may be put aside.
    pub is_replacing: bool,
    /// Whether a backup is taken that none of our keys has signed.
    pub takes_foreign: bool,
}

/// What was done.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Of the backup.
    pub manifest: Manifest,
    /// Where the old is now: files, a folder, a schema.
    pub aside: Vec<String>,
}

/// Restores a backup. `prepare` gets the restored data before anybody else can: what must hold at the first start is done there.
///
/// Blocks, on a thread of its own. Nothing is changed unless it succeeds; if it is killed during the last step, [`unfinished`] tells.
/// Errors: those of [`super::check`], `restore.*`, `key.*`, `data.in_use`, `database.*`.
pub fn restore(
    plan: &Plan,
    prepare: &mut (dyn FnMut(&Staged) -> Result<()> + Send),
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Restored> {
    direct::on_own_thread(|| {
        // First of all, so that a file that is no good costs nothing.
        let manifest = fit(plan.file, plan.keyring, plan.takes_foreign, progress)?;
        let target = Target::claim(plan)?;
        let staged = stage::stage(plan, &target, &manifest, progress)?;
        let done = finish(plan, &staged, prepare).and_then(|()| swap::swap(plan, &target, &staged));
        match done {
            Ok(aside) => Ok(Restored { manifest, aside }),
            Err(error) => {
                if unfinished(plan.data)?.is_none() {
                    staged.forget();
                }
                Err(error)
            }
        }
    })
}

fn finish(plan: &Plan, staged: &Staged, prepare: &mut (dyn FnMut(&Staged) -> Result<()> + Send)) -> Result<()> {
    crate::migrate::run_copy(&staged.options, plan.clock)?;
    staged.change(instance::begin_anew)?;
    prepare(staged)
}

/// Reads a backup from end to end and says whether this program with these keys could restore it. Touches nothing; blocks.
///
/// One that none of these keys has signed may have been changed by whoever could write to where backups are kept: all its checksums fit, since
/// anybody can compute them. Errors: those of [`super::check`], `restore.schema_newer`, `key.other_needed`, `backup.not_ours`.
pub fn fit(file: &Path, keyring: &Keyring, takes_foreign: bool, progress: &mut dyn FnMut(Progress)) -> Result<Manifest> {
    let Checked { manifest, is_ours } = open::check(file, Some(keyring), progress)?;
    let program = crate::migrate::built_in().last().map_or(0, |migration| migration.version);
    if manifest.schema > program {
        let error = Error::invalid("restore.schema_newer").with("file", named(file)).with("program", manifest.program);
        return Err(error.with("schema", manifest.schema.to_string()));
    }
    let here = keyring.ids();
    let lacking: Vec<&str> = manifest.keys.iter().map(String::as_str).filter(|id| !here.iter().any(|own| own == id)).collect();
    if !lacking.is_empty() {
        return Err(key_needed(file, &lacking.join(", ")));
    }
    if is_ours == Some(true) || takes_foreign { Ok(manifest) } else { Err(Error::invalid("backup.not_ours").with("file", named(file))) }
}

fn key_needed(file: &Path, ids: &str) -> Error {
    Error::unavailable("key.other_needed").with("file", named(file)).with("ids", ids)
}

/// The keys that the database in the backup knows must be these, and not others with their ids.
fn refuse_foreign_keys(plan: &Plan, plain: &Path) -> Result<()> {
    let known = known_keys(&source::file(plain)?)?;
    let lacking = plan.keyring.lacking(known.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    if lacking.is_empty() { Ok(()) } else { Err(key_needed(plan.file, &lacking.join(", "))) }
}

/// A restore that ends as if it were killed after so many steps of its last part; whether it came to its end.
#[cfg(test)]
pub(super) fn kill_after(plan: &Plan, steps: usize) -> bool {
    let half = || {
        let manifest = open::check(plan.file, Some(plan.keyring), &mut |_| {})?.manifest;
        let target = Target::claim(plan)?;
        let staged = stage::stage(plan, &target, &manifest, &mut |_| {})?;
        finish(plan, &staged, &mut |_| Ok(()))?;
        swap::take_some(plan, &target, &staged, steps)
    };
    direct::on_own_thread(half).expect("a restore begins")
}

impl Staged {
    /// Runs a unit on the restored database.
    pub fn change<T: Send + 'static>(&self, work: impl Fn(&mut Tx) -> Result<T> + Send + 'static) -> Result<T> {
        let context = Context { clock: self.clock.clone(), entropy: self.entropy.clone(), ids: self.ids.clone() };
        direct::with(&self.options.engine, |direct| direct.unit(&context, work))
    }

    /// Writes its database anew, so that nothing is left in it of what was deleted.
    pub fn rewrite(&self) -> Result<()> {
        direct::on_own_thread(|| crate::db::rewrite(&self.options.engine))
    }

    /// Where the blobs lie until they are in place.
    pub fn blobs(&self) -> &Path {
        &self.blobs
    }
}

/// Ids of what is written during a restore lie above all that this clock has seen, with the node number of nobody.
fn ids(clock: &Clock) -> IdSource {
    IdSource::new(clock.clone(), 1023, IdSource::at(clock.now()))
}

fn named(path: &Path) -> String {
    path.display().to_string()
}

fn unwritable(cause: std::io::Error, path: &Path) -> Error {
    super::archive::unwritable(cause, path)
}

/// Files beside a SQLite database that belong to it.
fn journals(database: &Path) -> [PathBuf; 2] {
    ["-wal", "-shm"].map(|suffix| crate::part::beside(database, suffix))
}
