//! Databases that are made and dropped.
use super::server;
use crate::{
    Clock, Context, Db, Error, Millis,
    bus::{Bus, LocalBus},
    db::{Engine, Options, check_postgres, check_sqlite},
    id::IdSource,
    instance::Instance,
    migrate,
    random::Entropy,
};
use postgres::{Client, NoTls};
use std::{ops::Deref, path::PathBuf, sync::Arc};
use tempfile::TempDir;

/// 2026-11-20T08:00:00Z, when all tests begin.
const START: Millis = Millis(1_795_161_600_000);
/// Serialises the making of the template over processes.
const TEMPLATE_LOCK: i64 = 0x79_74;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file in a temporary folder.
    Sqlite,
    /// A database on the test server.
    Postgres,
}

/// A fresh, migrated database with its threads. Its clock is a manual one, and stands still until [`Clock::advance`]; dropping it removes
/// everything.
pub struct TestDb {
    /// What its units get: a manual clock, random bytes, ids.
    pub context: Context,
    /// Where its doorbells ring.
    pub bus: Arc<dyn Bus>,
    /// How it was opened.
    pub options: Options,
    db: Option<(Db, Instance)>,
    home: Home,
}

enum Home {
    Folder(TempDir),
    Database { base: String, name: String },
}

impl TestDb {
    /// On SQLite.
    pub fn sqlite() -> TestDb {
        TestDb::open(Kind::Sqlite, |_| {}, Arc::new(LocalBus::default()))
    }

    /// On PostgreSQL; panics if there is none.
    pub fn postgres() -> TestDb {
        TestDb::open(Kind::Postgres, |_| {}, Arc::new(LocalBus::default()))
    }

    /// On PostgreSQL, or nothing if there is none and that is allowed.
    pub fn postgres_if_there() -> Option<TestDb> {
        if server::url().is_err() && server::may_be_missing() {
            return None;
        }
        Some(TestDb::postgres())
    }

    /// With other options and another bus.
    pub fn open(kind: Kind, adjust: impl FnOnce(&mut Options), bus: Arc<dyn Bus>) -> TestDb {
        let mut test = TestDb::closed(kind, adjust, bus);
        test.reopen();
        test
    }

    /// Migrated, without threads: for tests of what comes before them.
    pub fn closed(kind: Kind, adjust: impl FnOnce(&mut Options), bus: Arc<dyn Bus>) -> TestDb {
        let test = TestDb::empty(kind, adjust, bus, true);
        migrate::run(&test.options, &test.context.clock).expect("the migrations apply");
        test
    }

    /// Without any table.
    pub fn unmigrated(kind: Kind) -> TestDb {
        TestDb::empty(kind, |_| {}, Arc::new(LocalBus::default()), false)
    }

    fn empty(kind: Kind, adjust: impl FnOnce(&mut Options), bus: Arc<dyn Bus>, from_template: bool) -> TestDb {
        let clock = Clock::manual(START);
        let context = Context { clock: clock.clone(), entropy: Entropy::system(), ids: IdSource::new(clock, 1, 0) };
        let (engine, home) = match kind {
            Kind::Sqlite => {
                let folder = TempDir::new().expect("a temporary folder can be made");
                (Engine::Sqlite(folder.path().join("yingda.db")), Home::Folder(folder))
            }
            Kind::Postgres => {
                let base = server::url().unwrap_or_else(|error| panic!("no PostgreSQL: {error}"));
                let name = format!("t_{}", context.entropy.bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect::<String>());
                create(&base, &name, from_template);
                (Engine::Postgres(with_database(&base, &name)), Home::Database { base, name })
            }
        };
        let mut options = Options { connections: 4, ..Options::new(engine) };
        adjust(&mut options);
        TestDb { context, bus, options, db: None, home }
    }

    /// Ends the threads and starts them anew, as a restart of the program does.
    pub fn reopen(&mut self) {
        self.close();
        let (instance, context) =
            Instance::start(&self.options, &self.context.clock, &self.context.entropy).expect("a node number is free");
        // Nobody renews the node lease of a test, so its ids must not wait for that.
        context.ids.set_ceiling(i64::MAX);
        self.context = context;
        let db = Db::open(&self.options, &self.context, self.bus.clone()).expect("the test database opens");
        self.db = Some((db, instance));
    }

    /// Ends the threads.
    pub fn close(&mut self) {
        self.db = None;
    }

    /// The door, for those who keep one.
    pub fn db(&self) -> Db {
        self.open_parts().0.clone()
    }

    /// This run of the program on it.
    pub fn instance(&self) -> Instance {
        self.open_parts().1.clone()
    }

    fn open_parts(&self) -> &(Db, Instance) {
        self.db.as_ref().expect("the test database is open")
    }

    /// Which database this is.
    pub fn kind(&self) -> Kind {
        match self.options.engine {
            Engine::Sqlite(_) => Kind::Sqlite,
            Engine::Postgres(_) => Kind::Postgres,
        }
    }

    /// The manual clock.
    pub fn clock(&self) -> &Clock {
        &self.context.clock
    }

    /// The file, on SQLite.
    pub fn path(&self) -> Option<PathBuf> {
        match &self.options.engine {
            Engine::Sqlite(path) => Some(path.clone()),
            Engine::Postgres(_) => None,
        }
    }

    /// What `--database` takes.
    pub fn url(&self) -> String {
        match &self.options.engine {
            Engine::Sqlite(path) => path.display().to_string(),
            Engine::Postgres(url) => url.clone(),
        }
    }

    /// Runs SQL text in a unit; it may hold the type words of migrations. For tables of tests, and for settings of the writer.
    pub async fn script(&self, text: &str) {
        self.try_script(text).await.expect("the script runs");
    }

    /// Like [`TestDb::script`] for what may fail.
    pub async fn try_script(&self, text: &str) -> Result<(), Error> {
        let (text, is_sqlite) = (text.to_owned(), self.kind() == Kind::Sqlite);
        self.write(move |tx| tx.batch(&migrate::in_dialect(&text, is_sqlite))).await
    }

    /// Prepares all registered statements; what is wrong with them.
    pub fn check_statements(&self) -> Vec<String> {
        match &self.options.engine {
            Engine::Sqlite(path) => check_sqlite(&rusqlite::Connection::open(path).expect("the file is there")),
            Engine::Postgres(url) => on_server(url, check_postgres),
        }
    }

    /// Talks to the server beside the door: to end connections, to hold locks.
    pub fn on_server<T: Send>(&self, work: impl FnOnce(&mut Client) -> T + Send) -> T {
        match &self.options.engine {
            Engine::Postgres(url) => on_server(url, work),
            Engine::Sqlite(_) => panic!("SQLite has no server"),
        }
    }
}

impl Deref for TestDb {
    type Target = Db;
    fn deref(&self) -> &Db {
        &self.open_parts().0
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        self.close();
        match &self.home {
            Home::Folder(folder) => tracing::trace!(folder = %folder.path().display(), "removed"),
            Home::Database { base, name } => on_server(base, |client| {
                // The test has had its say; a server that has ended takes the database with it.
                let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            }),
        }
    }
}

/// The same server, another database. Later settings win in a connection string.
fn with_database(base: &str, name: &str) -> String {
    match base.split_once("://") {
        None => format!("{base} dbname={name}"),
        Some((scheme, rest)) => {
            let (address, query) = rest.split_once('?').map_or((rest, String::new()), |(address, query)| (address, format!("?{query}")));
            let host = address.split('/').next().unwrap_or_default();
            format!("{scheme}://{host}/{name}{query}")
        }
    }
}

/// The client must not be used on a thread of a runtime.
fn on_server<T: Send>(url: &str, work: impl FnOnce(&mut Client) -> T + Send) -> T {
    let body = || work(&mut Client::connect(url, NoTls).expect("the test server is there"));
    std::thread::scope(|scope| scope.spawn(body).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// A copy of a migrated template is much faster than migrating again.
fn create(base: &str, name: &str, from_template: bool) {
    on_server(base, |client| {
        if !from_template {
            return client.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database can be made");
        }
        let checksums: String = migrate::built_in().iter().map(|migration| migration.checksum[..4].to_owned()).collect();
        let template = format!("yingda_{}", &checksums[checksums.len().saturating_sub(40)..]);
        client.batch_execute(&format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).expect("a lock");
        if client.query("SELECT 1 FROM pg_database WHERE datname = $1", &[&template]).expect("a list of databases").is_empty() {
            let making = format!("{template}_new");
            client.batch_execute(&format!("DROP DATABASE IF EXISTS {making}")).expect("an unfinished template is dropped");
            client.batch_execute(&format!("CREATE DATABASE {making}")).expect("a database can be made");
            let options = Options::new(Engine::Postgres(with_database(base, &making)));
            migrate::run(&options, &Clock::manual(START)).expect("the migrations apply");
            client.batch_execute(&format!("ALTER DATABASE {making} RENAME TO {template}")).expect("the template is finished");
        }
        client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).expect("the template is copied");
        client.batch_execute(&format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})")).expect("a lock");
    });
}
