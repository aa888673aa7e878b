//! Opening an installation: directory, schema, node number, keys, database, in this order.
use crate::config::Config;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use yingda_base::{
    Clock, Context, Db, Error, Result, backup,
    blob::Blobs,
    bus::Bus,
    db::Options,
    instance::{DataDir, Instance, Lock},
    key::Keyring,
    migrate,
    random::Entropy,
};
use yingda_service::{
    audit::{Anchors, Witness, anchors_beside},
    erasure::Ledger,
};

/// An open installation.
pub struct Data {
    /// The database.
    pub db: Db,
    /// Clock, randomness, ids.
    pub context: Context,
    /// Doorbells of this process.
    pub bus: Arc<dyn Bus>,
    /// What seals and signs.
    pub keyring: Keyring,
    /// This run.
    pub instance: Instance,
    /// Contents of files.
    pub blobs: Blobs,
    /// What was erased, outside the database.
    pub ledger: Ledger,
    /// Anchors of the audit chain, beside the key file.
    pub anchors: PathBuf,
    _held: Option<Held>,
}

/// The directory belongs to this process as long as this lives.
struct Held {
    _directory: DataDir,
    _database: Option<Lock>,
}

impl Held {
    fn take(config: &Config) -> Result<Held> {
        let directory = DataDir::open(&config.data)?;
        let database = directory.lock_database(&config.database.engine)?;
        Ok(Held { _directory: directory, _database: database })
    }
}

impl Data {
    /// For the program that serves: nobody else may. Error besides the usual: `restore.unfinished`.
    pub fn alone(config: &Config) -> Result<Data> {
        Data::alone_at(config, &Clock::system())
    }

    /// The same with another clock: the demonstration's past is written in the past.
    pub fn alone_at(config: &Config, clock: &Clock) -> Result<Data> {
        refuse_unfinished(config)?;
        let held = Held::take(config)?;
        migrate::run(&config.database, &Clock::system())?;
        Data::open(config, clock, Some(held))
    }

    /// For a command beside a program that may be serving. Only when none does may this one bring the schema up to date.
    pub fn beside(config: &Config) -> Result<Data> {
        refuse_unfinished(config)?;
        match Held::take(config) {
            Ok(held) => {
                migrate::run(&config.database, &Clock::system())?;
                Data::open(config, &Clock::system(), Some(held))
            }
            Err(error) if error.code() == "data.in_use" => Data::open(config, &Clock::system(), None),
            Err(error) => Err(error),
        }
    }

    fn open(config: &Config, clock: &Clock, held: Option<Held>) -> Result<Data> {
        let (instance, context) = Instance::start(&config.database, clock, &Entropy::system())?;
        let keyring = Keyring::open(&config.key_file, &config.database, &context)?;
        let bus = bus(&context);
        // The reserve belongs to the program that serves.
        let reserve = if held.is_some() { config.database.reserve } else { 0 };
        let db = Db::open(&Options { reserve, ..config.database.clone() }, &context, bus.clone())?;
        let blobs = Blobs::local(&Data::blobs(config))?;
        let (ledger, anchors) = (Data::ledger(config), anchors_beside(&config.key_file));
        Ok(Data { db, context, bus, keyring, instance, blobs, ledger, anchors, _held: held })
    }

    /// The erasure ledger, beside the key file: outside data directory and backups.
    pub fn ledger(config: &Config) -> Ledger {
        let mut name = config.key_file.as_os_str().to_owned();
        name.push(".erasures");
        Ledger::at(Path::new(&name))
    }

    /// What tells whether the audit log is the true one.
    pub fn witness(&self) -> Witness {
        Witness { anchors: Anchors::new(&self.anchors, &self.keyring), keyring: self.keyring.clone() }
    }

    /// Where uploaded files lie.
    pub fn blobs(config: &Config) -> std::path::PathBuf {
        Path::new(&config.data).join("blobs")
    }

    /// Gives the node number back: the last thing a process does with its database.
    pub async fn close(self) {
        if let Err(error) = self.instance.release(&self.db).await {
            tracing::warn!(%error, "the node number could not be given back; it is free again after a minute");
        }
    }
}

/// What a restore left that was cut off in its last step is neither the old nor the new. Error: `restore.unfinished`.
pub fn refuse_unfinished(config: &Config) -> Result<()> {
    let Some(mark) = backup::unfinished(&config.data)? else { return Ok(()) };
    let text = std::fs::read_to_string(&mark).unwrap_or_default();
    let told: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let error = Error::conflict("restore.unfinished").with("path", config.data.display().to_string());
    let aside = told["aside"].as_str().unwrap_or(".before-restore-");
    Err(error.with("mark", mark.display().to_string()).with("aside", aside))
}

#[cfg(not(feature = "fault-bus"))]
fn bus(_: &Context) -> Arc<dyn Bus> {
    Arc::new(yingda_base::bus::LocalBus::default())
}

/// Drops, doubles and reorders a tenth of the doorbells each.
#[cfg(feature = "fault-bus")]
fn bus(context: &Context) -> Arc<dyn Bus> {
    Arc::new(yingda_base::bus::FaultBus::new(context.entropy.clone(), 10))
}
