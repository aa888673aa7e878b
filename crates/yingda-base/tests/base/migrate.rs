//! Upgrades: in order, once, refused when they cannot be right, and undone when they fail.
use yingda_base::{
    Error,
    migrate::{self, Migrated, Migration},
    testkit::{Kind, TestDb},
};

fn migration(file: &str, text: &str) -> Migration {
    Migration::parse(file, text).unwrap()
}

fn first() -> Migration {
    migration("202601010001_a.sql", "CREATE TABLE a (id BIGINT PRIMARY KEY, name TEXT {{c}}, body {{bytes}}) {{clustered}};")
}

fn second() -> Migration {
    migration("202601010002_b.sql", "-- min_compatible: 202601010001\nALTER TABLE a ADD COLUMN note TEXT; INSERT INTO a (id) VALUES (1);")
}

fn broken() -> Migration {
    migration("202601010003_c.sql", "INSERT INTO a (id) VALUES (3); INSERT INTO nowhere (id) VALUES (1);")
}

fn run(db: &TestDb, migrations: &[Migration]) -> Result<Migrated, Error> {
    migrate::run_with(&db.options, db.clock(), migrations)
}

/// The rows of `a`, read beside the program.
fn rows(db: &TestDb) -> i64 {
    const COUNT: &str = "SELECT COUNT(*) FROM a";
    match db.path() {
        Some(path) => rusqlite::Connection::open(path).unwrap().query_row(COUNT, [], |row| row.get(0)).unwrap(),
        None => db.on_server(|client| client.query_one(COUNT, &[]).unwrap().get(0)),
    }
}

fn both(test: impl Fn(TestDb)) {
    test(TestDb::unmigrated(Kind::Sqlite));
    if TestDb::postgres_if_there().is_some() {
        test(TestDb::unmigrated(Kind::Postgres));
    }
}

#[test]
fn pending_migrations_run_in_order_and_once() {
    both(|db| {
        assert_eq!(run(&db, &[first()]).unwrap(), Migrated { from: 0, to: 202601010001 }, "{:?}", db.kind());
        assert_eq!(run(&db, &[first(), second()]).unwrap(), Migrated { from: 202601010001, to: 202601010002 });
        assert_eq!(run(&db, &[first(), second()]).unwrap(), Migrated { from: 202601010002, to: 202601010002 });
    });
}

#[test]
fn a_program_goes_on_with_a_newer_schema_only_if_that_allows_it() {
    both(|db| {
        run(&db, &[first(), second()]).unwrap();
        assert_eq!(run(&db, &[first()]).unwrap().to, 202601010002, "the second says that it is compatible");
        let strict = migration("202601010004_d.sql", "ALTER TABLE a ADD COLUMN more TEXT");
        run(&db, &[first(), second(), strict]).unwrap();
        let refused = run(&db, &[first(), second()]).unwrap_err();
        assert_eq!(refused.code(), "database.schema_too_new");
        assert_eq!((&refused.details()["schema"], &refused.details()["program"]), (&"202601010004".into(), &"202601010002".into()));
    });
}

#[test]
fn an_applied_migration_must_not_change() {
    both(|db| {
        run(&db, &[first()]).unwrap();
        let changed = migration("202601010001_a.sql", "CREATE TABLE a (id BIGINT PRIMARY KEY)");
        assert_eq!(run(&db, &[changed]).unwrap_err().code(), "database.migration_changed");
    });
}

#[test]
fn a_failed_upgrade_leaves_nothing() {
    both(|db| {
        run(&db, &[first()]).unwrap();
        let error = run(&db, &[first(), second(), broken()]).unwrap_err();
        assert_eq!((error.code(), &error.details()["migration"]), ("database.migration_failed", &"202601010003_c".into()));
        // SQLite gets its file back; on PostgreSQL the migrations before the failed one stay, the failed one leaves nothing.
        let (known, left) = if db.kind() == Kind::Sqlite { (vec![first()], 0) } else { (vec![first(), second()], 1) };
        assert_eq!(rows(&db), left, "{:?}", db.kind());
        assert_eq!(run(&db, &known).unwrap().from, known.last().unwrap().version, "{:?}", db.kind());
    });
}

#[test]
fn sqlite_keeps_a_copy_from_before_the_upgrade() {
    let db = TestDb::unmigrated(Kind::Sqlite);
    run(&db, &[first()]).unwrap();
    run(&db, &[first(), second()]).unwrap();
    let copy = db.path().unwrap().with_file_name("yingda.db.before-202601010002");
    let old = TestDb::unmigrated(Kind::Sqlite);
    std::fs::copy(copy, old.path().unwrap()).unwrap();
    assert_eq!(run(&old, &[first()]).unwrap(), Migrated { from: 202601010001, to: 202601010001 }, "it is the schema from before");
}

#[test]
fn what_is_wrong_with_a_file_is_named() {
    let db = TestDb::unmigrated(Kind::Sqlite);
    let path = db.path().unwrap();
    std::fs::write(&path, "this is no database, but long enough to have a header of one hundred bytes. ".repeat(20)).unwrap();
    assert_eq!(run(&db, &[first()]).unwrap_err().code(), "database.corrupt");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert_eq!(run(&db, &[first()]).unwrap_err().code(), "database.unwritable", "a folder is no file");
    std::fs::remove_dir(&path).unwrap();
    run(&db, &[first()]).unwrap();
    let holder = rusqlite::Connection::open(&path).unwrap();
    holder.execute_batch("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    assert_eq!(run(&db, &[first()]).unwrap_err().code(), "database.locked", "another program has it");
}

#[test]
fn two_programs_at_once_migrate_once() {
    both(|db| {
        let ends: Vec<Result<Migrated, Error>> = std::thread::scope(|scope| {
            let all = [first(), second()];
            let runs: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn({
                        let (db, all) = (&db, all.clone());
                        move || run(db, &all)
                    })
                })
                .collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert!(ends.iter().all(|end| end.as_ref().is_ok_and(|done| done.to == 202601010002)), "{ends:?}");
        assert_eq!(rows(&db), 1, "the second migration inserts a row");
    });
}
