//! `yingda verify --backup FILE`: the archive itself, then the data in it as if it were restored.
use super::{
    Format, files,
    report::{Fault, Report},
    walk,
};
use crate::config::Config;
use std::{
    collections::HashMap,
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};
use yingda_base::{
    Clock, Context, Db, Error, Result,
    backup::{self, Checked},
    blob::BlobId,
    bus::LocalBus,
    db::{Engine, Options},
    id::IdSource,
    key::Keyring,
    migrate,
    random::Entropy,
};
use yingda_service::audit;

/// Walks a backup. It is unpacked into a folder for temporary files, which goes away with it.
pub async fn backup(config: &Config, file: &Path, format: Format) -> Result<ExitCode> {
    let (clock, entropy) = (Clock::system(), Entropy::system());
    let keyring = match Keyring::read(&config.key_file, &entropy) {
        Ok(keyring) => Some(keyring),
        Err(error) if error.code() == "key.missing" => None,
        Err(error) => return Err(error),
    };
    let scratch = Scratch::new(&entropy)?;
    let database = scratch.0.join("yingda.db");
    let mut sizes = HashMap::new();
    let checked = tokio::task::block_in_place(|| {
        let mut note = |id: BlobId, bytes| {
            sizes.insert(id.to_string(), bytes);
        };
        backup::unpack(file, keyring.as_ref(), &database, &mut note, &mut |_| {})
    })?;
    let mut report = Report::new(format);
    let options = Options { readers: 1, ..Options::new(Engine::Sqlite(database)) };
    // The questions are asked of today's tables.
    migrate::run(&options, &clock)?;
    let context = Context { clock: clock.clone(), entropy, ids: IdSource::new(clock, 0, 0) };
    let db = Db::open(&options, &context, Arc::new(LocalBus::default()))?;
    walk(&db, &mut report).await?;
    let Checked { manifest, .. } = &checked;
    let known = files(&db, &sizes, &manifest.gone.iter().cloned().collect(), &mut report).await?;
    report.rubbish = sizes.keys().filter(|id| !known.contains(*id)).count();
    report.tell(manifest.missing.iter().map(|id| Fault { code: "verify.blob_wrong", what: id.clone(), detail: "not_found".to_owned() }));
    report.tell_of_audit(audit::verify(&db, None).await?);
    let forged = checked.is_ours == Some(false);
    report.tell(forged.then(|| Fault {
        code: "verify.backup_foreign",
        what: file.display().to_string(),
        detail: "manifest.mac".to_owned(),
    }));
    report.backup = Some(checked);
    Ok(report.finish())
}

/// A folder that only we can read and that goes away.
struct Scratch(PathBuf);

impl Scratch {
    fn new(entropy: &Entropy) -> Result<Scratch> {
        let folder = std::env::temp_dir().join(format!("yingda-verify-{}", entropy.public_id()));
        let unwritable = |cause| Error::unavailable("file.unwritable").with("file", folder.display().to_string()).caused_by(cause);
        DirBuilder::new().mode(0o700).create(&folder).map_err(unwritable)?;
        Ok(Scratch(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "a folder for temporary files could not be removed");
        }
    }
}
