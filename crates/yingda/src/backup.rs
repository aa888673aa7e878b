//! `yingda backup` and `yingda restore`.
use crate::{
    config::Config,
    data::{self, Data},
    terminal,
};
use std::{
    io::{IsTerminal, Write, stderr},
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use yingda_base::{
    Clock, Result,
    backup::{self, Manifest, Plan, Progress, Staged, Task},
    blob::Blobs,
    instance::DataDir,
    key::Keyring,
    random::Entropy,
};
use yingda_service::{
    audit::{self, Anchors, anchors_beside},
    auth,
    channel::{self, CountingSecret},
    erasure::{self, Erasure},
    routing, visit,
};

/// Progress is told this often.
const EVERY: Duration = Duration::from_millis(500);

/// Writes a backup, while a program may be serving the data.
pub async fn take(config: &Config, file: &Path, is_replacing: bool) -> Result<ExitCode> {
    data::refuse_unfinished(config)?;
    let (clock, entropy) = (Clock::system(), Entropy::system());
    let keyring = Keyring::read(&config.key_file, &entropy)?;
    let task = Task {
        engine: &config.database.engine,
        blobs: &Blobs::local(&Data::blobs(config))?,
        keyring: &keyring,
        clock: &clock,
        program: env!("CARGO_PKG_VERSION"),
        file,
        is_replacing,
    };
    let mut shown = Shown::new(&clock);
    let manifest = tokio::task::block_in_place(|| backup::take(&task, &mut |progress| shown.tell(progress)))?;
    shown.clear();
    let bytes = std::fs::metadata(file).map_or(0, |found| found.len());
    terminal::say("backup.done", &[("file", &file.display().to_string()), ("mib", &mib(bytes))]);
    tell_content(&manifest);
    if !manifest.missing.is_empty() {
        terminal::say("backup.blobs_missing", &[("count", &manifest.missing.len().to_string())]);
    }
    Ok(ExitCode::SUCCESS)
}

/// How a backup is put in place.
#[derive(Clone, Copy)]
pub struct Wish {
    /// What is there may be put aside.
    pub is_replacing: bool,
    /// Who was logged in, or known, when it was made still is.
    pub keeps_sessions: bool,
    /// It need not be signed with our key.
    pub takes_foreign: bool,
}

/// Puts a backup in place. Nobody may be serving the data.
pub async fn restore(config: &Config, file: &Path, wish: Wish) -> Result<ExitCode> {
    let Wish { is_replacing, keeps_sessions, takes_foreign } = wish;
    let (clock, entropy) = (Clock::system(), Entropy::system());
    let keyring = Keyring::read(&config.key_file, &entropy)?;
    if !is_replacing {
        data::refuse_unfinished(config)?;
    }
    // A program that serves is told of before a long reading; where nothing is yet, nothing is made before the backup was found to be good.
    let early = config.data.exists().then(|| DataDir::open(&config.data)).transpose()?;
    if early.is_none() {
        backup::fit(file, &keyring, takes_foreign, &mut |_| {})?;
    }
    let directory = match early {
        Some(directory) => directory,
        None => DataDir::open(&config.data)?,
    };
    let _database = directory.lock_database(&config.database.engine)?;
    let (options, data) = (&config.database, directory.path());
    let plan = Plan { file, options, data, keyring: &keyring, clock: &clock, entropy: &entropy, is_replacing, takes_foreign };
    let mut shown = Shown::new(&clock);
    // Of what was erased since the backup nothing may come back.
    let erased = Arc::new(Data::ledger(config).read()?);
    let (anchors, source) = (Anchors::new(&anchors_beside(&config.key_file), &keyring), file.display().to_string());
    let mut counting = Vec::new();
    let mut prepare = |staged: &Staged| {
        ready(staged, keeps_sessions, &erased)?;
        counting = staged.change(channel::counting_secrets)?;
        let (taken_at, source) = (staged.taken_at, source.clone());
        anchors.append(&staged.change(move |tx| audit::record_restore(tx, taken_at, &source))?)
    };
    let restored = tokio::task::block_in_place(|| backup::restore(&plan, &mut prepare, &mut |progress| shown.tell(progress)))?;
    shown.clear();
    terminal::say("restore.done", &[("file", &file.display().to_string()), ("at", &moment(&restored.manifest))]);
    tell_content(&restored.manifest);
    for place in &restored.aside {
        terminal::say("restore.aside", &[("place", place)]);
    }
    if !keeps_sessions {
        terminal::say("restore.sessions_ended", &[]);
    }
    tell_secrets(&counting);
    Ok(ExitCode::SUCCESS)
}

/// What must hold before anybody is served from restored data.
fn ready(staged: &Staged, keeps_sessions: bool, erased: &Arc<Vec<Erasure>>) -> Result<()> {
    let lines = erased.clone();
    staged.change(move |tx| erasure::adopt(tx, &lines))?;
    while staged.change(erasure::step)? {}
    if !erased.is_empty() {
        staged.rewrite()?;
    }
    if !keeps_sessions {
        // Some of them were ended since, and nobody can tell which: the same holds for browsers that somebody has logged out of.
        staged.change(auth::end_all_sessions)?;
        while staged.change(visit::forget_identified)? > 0 {}
    }
    staged.change(routing::forget_presence)
}

/// A key that was retired since the backup counts again: only whoever retired it knows.
fn tell_secrets(counting: &[CountingSecret]) {
    for secret in counting {
        let used = secret.used_at.map_or_else(|| "-".to_owned(), terminal::moment);
        let id = secret.id.to_string();
        terminal::say(
            "restore.site_key",
            &[("site", &secret.site), ("id", &id), ("at", &terminal::moment(secret.created_at)), ("used", &used)],
        );
    }
    if !counting.is_empty() {
        terminal::say("restore.site_keys", &[]);
    }
}

fn tell_content(manifest: &Manifest) {
    let count = |table| manifest.rows(table).to_string();
    let counts = [("conversations", count("conversation")), ("entries", count("entry")), ("files", manifest.blobs.to_string())];
    terminal::say("backup.content", &counts.each_ref().map(|(name, count)| (*name, count.as_str())));
}

fn moment(manifest: &Manifest) -> String {
    terminal::moment(manifest.taken_at)
}

fn mib(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}

/// Shows how far it has come: on a terminal in one line that changes, else not at all.
struct Shown<'a> {
    clock: &'a Clock,
    is_terminal: bool,
    next: Duration,
}

impl Shown<'_> {
    fn new(clock: &Clock) -> Shown<'_> {
        Shown { clock, is_terminal: stderr().is_terminal(), next: Duration::ZERO }
    }

    fn tell(&mut self, progress: Progress) {
        let now = self.clock.elapsed();
        if !self.is_terminal || now < self.next {
            return;
        }
        self.next = now + EVERY;
        let text = match progress {
            Progress::Rows { table, rows } => terminal::text("progress.rows", &[("table", table), ("rows", &rows.to_string())]),
            Progress::Packing { bytes } => terminal::text("progress.packing", &[("mib", &mib(bytes))]),
            Progress::Files { done, of } => terminal::text("progress.files", &[("done", &done.to_string()), ("of", &of.to_string())]),
            Progress::Read { bytes, of } => terminal::text("progress.read", &[("done", &mib(bytes)), ("of", &mib(of))]),
        };
        // Nobody is told of a terminal that went away.
        let _ = write!(stderr(), "\r\x1b[K{text}");
    }

    fn clear(&self) {
        if self.is_terminal {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
