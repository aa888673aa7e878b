//! From either database into the other, and what must be refused.
mod filler;
mod spoil;
mod swap;

use super::{
    catalog, dump, load,
    source::{self, Connected},
    *,
};
use crate::{
    blob::{BlobId, Blobs},
    bus::LocalBus,
    db::{Engine, direct},
    instance::{self, Instance},
    key::Keyring,
    migrate,
    random::Entropy,
    row, sql,
    testkit::{Kind, TestDb},
};
use bytes::Bytes;
use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

row! { struct Count { n: i64 } }

/// An installation: a database with its generation and key, and blobs.
struct House {
    db: TestDb,
    folder: TempDir,
    keyring: Keyring,
}

impl House {
    fn new(kind: Kind) -> House {
        House::of(TestDb::closed(kind, |_| {}, Arc::new(LocalBus::default())))
    }

    fn of(mut db: TestDb) -> House {
        let folder = TempDir::new().unwrap();
        db.reopen();
        db.close();
        let keyring = Keyring::open(&folder.path().join("data.key"), &db.options, &db.context).unwrap();
        House { db, folder, keyring }
    }

    fn data(&self) -> PathBuf {
        let data = self.folder.path().join("data");
        std::fs::create_dir_all(&data).unwrap();
        data
    }

    fn blobs(&self) -> Blobs {
        Blobs::local(&self.data().join("blobs")).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn change<T: Send + 'static>(&self, work: impl Fn(&mut crate::Tx) -> Result<T> + Send + 'static) -> T {
        direct::with(&self.db.options.engine, |direct| direct.unit(&self.db.context, work)).unwrap()
    }

    fn say(&self, text: &'static str) {
        self.change(move |tx| tx.run(sql!("INSERT INTO instance (key, value) VALUES ($1, $1)", text)));
    }

    fn hears(&self, text: &'static str) -> bool {
        self.change(move |tx| tx.get::<Count>("count", sql!("SELECT COUNT(*) AS n FROM instance WHERE key = $1", text))).n == 1
    }

    fn generation(&self) -> String {
        self.change(instance::generation)
    }

    /// A backup under this name.
    fn back_up(&self, name: &str) -> Result<Manifest> {
        let (blobs, file) = (self.blobs(), self.file(name));
        let task = Task {
            engine: &self.db.options.engine,
            blobs: &blobs,
            keyring: &self.keyring,
            clock: self.db.clock(),
            program: "0.0.1",
            file: &file,
            is_replacing: false,
        };
        take(&task, &mut |_| {})
    }

    /// Restores a file here, which needs the keys of `keyring`.
    fn restore(&self, file: &Path, keyring: &Keyring, is_replacing: bool) -> Result<Restored> {
        let data = self.data();
        restore(&self.plan(file, keyring, is_replacing, &data), &mut |_| Ok(()), &mut |_| {})
    }

    fn plan<'a>(&'a self, file: &'a Path, keyring: &'a Keyring, is_replacing: bool, data: &'a Path) -> Plan<'a> {
        Plan {
            file,
            options: &self.db.options,
            data,
            keyring,
            clock: self.db.clock(),
            entropy: &self.db.context.entropy,
            is_replacing,
            takes_foreign: false,
        }
    }
}

/// Where nothing is yet.
fn nowhere(kind: Kind) -> House {
    let db = TestDb::unmigrated(kind);
    let folder = TempDir::new().unwrap();
    let keyring = Keyring::random(&Entropy::seeded(9), 1);
    House { db, folder, keyring }
}

fn kinds() -> Vec<Kind> {
    match TestDb::postgres_if_there() {
        Some(_) => vec![Kind::Sqlite, Kind::Postgres],
        None => vec![Kind::Sqlite],
    }
}

/// Blocks, and the postgres client must not run where a runtime does.
fn beside<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> T {
    direct::on_own_thread(work).unwrap()
}

/// SQLite → file → PostgreSQL → file → SQLite: whatever is in any table, with the same checksums all the way.
#[tokio::test(flavor = "multi_thread")]
async fn every_table_goes_to_the_other_database_and_back() {
    let Some(server) = TestDb::postgres_if_there() else { return };
    drop(server);
    let (lite, server, folder) = (House::new(Kind::Sqlite), TestDb::unmigrated(Kind::Postgres), TempDir::new().unwrap());
    filler::fill(&rusqlite::Connection::open(lite.db.path().unwrap()).unwrap());
    let (first, second, third) = (folder.path().join("1"), folder.path().join("2"), folder.path().join("3"));
    let Engine::Postgres(url) = &server.options.engine else { panic!("a server has an address") };

    let of_lite = beside(|| dump::dump(&lite.db.options.engine, &first, &mut |_| {}));
    beside(|| load::load(&first, url, &mut |_| {}));
    let of_server = beside(|| dump::dump(&server.options.engine, &second, &mut |_| {}));
    let again = beside(|| dump::dump(&Engine::Sqlite(second.clone()), &third, &mut |_| {}));

    assert!(of_lite.tables.iter().all(|sum| sum.rows > 0), "{:?}", of_lite.tables);
    assert_eq!(of_server.tables, of_lite.tables);
    assert_eq!(again.tables, of_lite.tables);
    assert_eq!(of_server.left_out, Vec::<String>::new());
    // The sums are of the rows and of nothing else: one changed letter is seen.
    let spoilt = rusqlite::Connection::open(&third).unwrap();
    spoilt.execute_batch("UPDATE job SET error = 'x' WHERE id = (SELECT MIN(id) FROM job)").unwrap();
    let seen = beside(|| dump::read(&third, &mut |_| {}));
    let differ: Vec<&str> = seen.tables.iter().zip(&of_lite.tables).filter(|(a, b)| a != b).map(|(a, _)| a.name.as_str()).collect();
    assert_eq!(differ, ["job"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_backed_up_comes_back_on_either_database() {
    for from in kinds() {
        for to in kinds() {
            let old = House::new(from);
            old.say("before 你好 𠮷");
            let blob = old.blobs().put(&Entropy::system(), Bytes::from_static(b"content")).await.unwrap();
            old.blobs().put(&Entropy::system(), Bytes::from_static(b"named by nobody")).await.unwrap();
            name(&old, &blob);
            let manifest = old.back_up("b").unwrap();
            old.say("after");
            assert_eq!((manifest.blobs, manifest.blob_bytes, manifest.generation.as_str()), (1, 7, old.generation().as_str()));
            let file = old.file("b");
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

            let new = nowhere(to);
            let restored = new.restore(&file, &old.keyring, false).unwrap();
            assert_eq!(restored.manifest, manifest);
            assert_eq!(restored.aside, Vec::<String>::new());
            assert!(new.hears("before 你好 𠮷") && !new.hears("after"), "{from:?} to {to:?}");
            assert_eq!(new.blobs().get(&blob).await.unwrap(), "content");
            assert_ne!(new.generation(), old.generation(), "clients of the old history must notice");
            assert_eq!(unfinished(&new.data()).unwrap(), None);

            // A program can be started on it, and a backup of it has the same content where it may.
            Keyring::open(&old.folder.path().join("data.key"), &new.db.options, &new.db.context).unwrap();
            let again = House { keyring: old.keyring.clone(), ..new }.back_up("c").unwrap();
            let differ: Vec<String> =
                again.tables.iter().zip(&manifest.tables).filter(|(a, b)| a != b).map(|(a, _)| a.name.clone()).collect();
            assert!(differ.iter().all(|name| ["instance", "node", "lease", "job"].contains(&name.as_str())), "{differ:?}");
        }
    }
}

/// A file row that names a blob, with all it needs.
fn name(house: &House, blob: &BlobId) {
    let id = blob.to_string();
    house.change(move |tx| {
        for text in [
            "INSERT INTO skill_group (id, name, is_active) VALUES (1, 'g', TRUE)",
            "INSERT INTO site (id, key, name, default_group_id, profile, is_active, rev) VALUES (1, 's', 's', 1, '{}', TRUE, 1)",
            "INSERT INTO channel (id, site_id, kind, name) VALUES (1, 1, 'web', 'w')",
            "INSERT INTO customer (id, public_id, name, facts, tags, first_seen_at, last_seen_at) VALUES (1, 'c', 'c', '[]', '[]', 0, 0)",
        ] {
            tx.batch(text)?;
        }
        let bytes = if tx.is_sqlite() { "x'00'" } else { "'\\x00'" };
        tx.batch(&format!(
            "INSERT INTO device (id, public_id, secret_hash, site_id, customer_id, locale, created_at, seen_at)
             VALUES (1, 'd', {bytes}, 1, 1, 'zh-CN', 0, 0);
             INSERT INTO thread (id, customer_id, channel_id, created_at) VALUES (1, 1, 1, 0);
             INSERT INTO conversation (id, public_id, thread_id, customer_id, device_id, client_id, opening_hash, site_id, channel_id, group_id,
                 state, epoch, rev, change_id, head, customer_head, locale, opened_at, is_returned)
             VALUES (1, 'p', 1, 1, 1, 'k', {bytes}, 1, 1, 1, 'queued', 0, 1, 1, 0, 0, 'zh-CN', 0, FALSE);
             INSERT INTO file (id, public_id, conversation_id, participant, blob, media_type, bytes, width, height, created_at)
             VALUES (1, 'f', 1, 1, '{id}', 'image/png', 7, 1, 1, 0)"
        ))
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_is_gone_is_told_and_does_not_stop_a_backup() {
    let house = House::new(Kind::Sqlite);
    let blob = house.blobs().put(&Entropy::system(), Bytes::from_static(b"content")).await.unwrap();
    name(&house, &blob);
    house.blobs().delete(&blob).await.unwrap();
    let manifest = house.back_up("b").unwrap();
    assert_eq!((manifest.blobs, manifest.missing, manifest.gone), (0, vec![blob.to_string()], Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_not_empty_is_left_alone_unless_asked() {
    for kind in kinds() {
        let (old, here) = (House::new(kind), House::new(kind));
        old.say("old");
        old.back_up("b").unwrap();
        here.say("here");
        here.blobs().put(&Entropy::system(), Bytes::from_static(b"mine")).await.unwrap();
        assert_eq!(here.restore(&old.file("b"), &old.keyring, false).unwrap_err().code(), "restore.not_empty");
        assert!(here.hears("here"));
        let restored = here.restore(&old.file("b"), &old.keyring, true).unwrap();
        assert!(here.hears("old") && !here.hears("here"));
        assert_eq!(restored.aside.len(), 2, "{:?}", restored.aside);
        // The old is whole where it was put.
        if let Some(path) = here.db.path() {
            let aside = rusqlite::Connection::open(&restored.aside[0]).unwrap();
            assert!(restored.aside[0].starts_with(path.to_str().unwrap()));
            let count: i64 = aside.query_row("SELECT COUNT(*) FROM instance WHERE key = 'here'", [], |row| row.get(0)).unwrap();
            assert_eq!(count, 1);
        } else {
            let schema = restored.aside.iter().find_map(|place| place.strip_prefix("PostgreSQL: SCHEMA ")).unwrap().to_owned();
            let query = format!("SELECT COUNT(*) FROM {schema}.instance WHERE key = 'here'");
            let count = here.db.on_server(|client| client.query_one(&query, &[]).unwrap().get::<_, i64>(0));
            assert_eq!(count, 1);
        }
        assert!(!restored.aside.iter().any(|place| place.ends_with("blobs")), "{:?}", restored.aside);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_others_use_is_left_alone() {
    let Some(_) = TestDb::postgres_if_there() else { return };
    let (old, here) = (House::new(Kind::Sqlite), House::new(Kind::Postgres));
    old.back_up("b").unwrap();
    let (_instance, context) = Instance::start(&here.db.options, here.db.clock(), &Entropy::system()).unwrap();
    let open = crate::Db::open(&here.db.options, &context, Arc::new(LocalBus::default())).unwrap();
    assert_eq!(here.restore(&old.file("b"), &old.keyring, true).unwrap_err().code(), "data.in_use");
    drop(open);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_key_a_backup_is_refused() {
    let (old, new) = (House::new(Kind::Sqlite), nowhere(Kind::Sqlite));
    old.back_up("b").unwrap();
    let error = new.restore(&old.file("b"), &new.keyring, false).unwrap_err();
    assert_eq!(error.code(), "key.other_needed");
    assert!(old.keyring.ids().iter().all(|id| error.to_string().contains(id.as_str())), "{error}");
    assert!(!new.db.path().unwrap().exists(), "nothing was made");
    let strange = House { keyring: Keyring::random(&Entropy::seeded(3), 1), ..old };
    assert_eq!(strange.back_up("c").unwrap_err().code(), "backup.key_foreign");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_schema_is_brought_up_to_date_and_a_newer_one_refused() {
    for kind in kinds() {
        let all = migrate::built_in();
        let older = TestDb::unmigrated(kind);
        migrate::run_with(&older.options, older.clock(), &all[..all.len() - 1]).unwrap();
        let older = House::of(older);
        let manifest = older.back_up("b").unwrap();
        assert_eq!(manifest.schema, all[all.len() - 2].version);
        let new = nowhere(kind);
        new.restore(&older.file("b"), &older.keyring, false).unwrap();
        let migrated = migrate::run(&new.db.options, new.db.clock()).unwrap();
        assert_eq!((migrated.from, migrated.to), (all.last().unwrap().version, all.last().unwrap().version));
    }
    let newer = House::new(Kind::Sqlite);
    newer.change(|tx| {
        tx.batch("INSERT INTO schema_migration (version, name, checksum, min_compatible, applied_at) VALUES (999912312359, 'x', '', 1, 0)")
    });
    assert_eq!(newer.back_up("b").unwrap_err().code(), "backup.schema_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_there_is_not_replaced_and_what_a_kill_left_is_no_hindrance() {
    let house = House::new(Kind::Sqlite);
    std::fs::write(house.file("b"), "mine").unwrap();
    assert_eq!(house.back_up("b").unwrap_err().code(), "backup.exists");
    assert_eq!(std::fs::read(house.file("b")).unwrap(), b"mine");
    std::fs::write(house.file("c.part"), vec![7; 1 << 20]).unwrap();
    std::fs::write(house.file("c.part-database"), "half").unwrap();
    house.back_up("c").unwrap();
    let mut names: Vec<_> = std::fs::read_dir(house.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["b", "c", "data", "data.key"]);
    let held = std::fs::File::create(house.file("d.part")).unwrap();
    held.try_lock().unwrap();
    assert_eq!(house.back_up("d").unwrap_err().code(), "backup.in_progress");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_in_a_backup_is_of_one_moment() {
    for kind in kinds() {
        let house = House::new(kind);
        let engine = &house.db.options.engine;
        let path = house.file("moment");
        beside(|| {
            let mut connected = Connected::open(engine)?;
            let mut snapshot = connected.snapshot()?;
            let before = snapshot.migrations()?.len();
            // Written after the moment was fixed, before this table is read.
            house.say("later");
            let plain = dump::dump(engine, &path, &mut |_| {})?;
            let tables = catalog::tables(&source::file(&path)?)?;
            let instance = tables.iter().find(|table| table.name == "instance").unwrap();
            let mut rows = 0;
            snapshot.each(instance, |_| {
                rows += 1;
                Ok(())
            })?;
            let now = plain.tables.iter().find(|sum| sum.name == "instance").unwrap().rows;
            assert_eq!((rows + 1, before), (now, migrate::built_in().len()));
            Ok(())
        });
    }
}
