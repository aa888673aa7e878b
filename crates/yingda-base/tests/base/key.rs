//! The key file and the database know each other.
use std::{fs, os::unix::fs::PermissionsExt, path::Path};
use tempfile::TempDir;
use yingda_base::{
    Error, both,
    key::{self, Keyring},
    testkit::{Kind, TestDb},
};

fn open(db: &TestDb, path: &Path) -> Result<Keyring, Error> {
    Keyring::open(path, &db.options, &db.context)
}

fn code(result: Result<Keyring, Error>) -> Option<&'static str> {
    result.err().map(|error| error.code())
}

both! { the_first_start_makes_a_key_and_later_ones_insist_on_it, |db| async {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.key");
    let sealed = open(&db, &path).unwrap().seal("a.b", 1, b"secret");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(open(&db, &path).unwrap().open_sealed("a.b", 1, &sealed).unwrap(), b"secret");

    let away = folder.path().join("away.key");
    fs::rename(&path, &away).unwrap();
    assert_eq!(code(open(&db, &path)), Some("key.missing"));
    assert!(!path.exists(), "no new key was made over the lost one");
    open(&TestDb::closed(db.kind(), |_| {}, db.bus.clone()), &path).unwrap();
    assert_eq!(code(open(&db, &path)), Some("key.wrong"), "another installation's key");
    fs::rename(&away, &path).unwrap();
    open(&db, &path).unwrap();
}}

both! { rotation_needs_the_old_key_until_it_is_retired, |db| async {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.key");
    let before = open(&db, &path).unwrap();
    let sealed = before.seal("a.b", 1, b"secret");
    let added = key::add_key(&path, &db.context.entropy).unwrap();
    let after = open(&db, &path).unwrap();
    assert_eq!(after.current(), added);
    assert!(after.is_outdated(&sealed));
    assert_eq!(after.open_sealed("a.b", 1, &sealed).unwrap(), b"secret");

    let text = fs::read_to_string(&path).unwrap();
    let without_old: String = text.lines().filter(|line| !line.starts_with(&before.current().to_string())).map(|line| format!("{line}\n")).collect();
    fs::write(&path, &without_old).unwrap();
    assert_eq!(code(open(&db, &path)), Some("key.wrong"));
    let old = before.current();
    db.write(move |tx| key::retire(tx, old)).await.unwrap();
    assert_eq!(open(&db, &path).unwrap().current(), added);
}}

#[test]
fn files_that_others_can_read_or_nobody_can_understand_are_refused() {
    let (db, folder) = (TestDb::sqlite(), TempDir::new().unwrap());
    assert_eq!(db.kind(), Kind::Sqlite);
    let path = folder.path().join("data.key");
    open(&db, &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    assert_eq!(code(open(&db, &path)), Some("key.exposed"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    for text in ["", "# nothing\n", "12345678 short\n", "1234567 MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE\n"] {
        fs::write(&path, text).unwrap();
        assert_eq!(code(open(&db, &path)), Some("key.malformed"), "{text:?}");
    }
    assert_eq!(code(open(&db, &folder.path().join("nowhere/data.key"))), Some("key.missing"));
}

both! { two_nodes_that_start_at_once_agree_on_one_key, |db| async {
    let folder = TempDir::new().unwrap();
    let ends: Vec<_> = std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..4).map(|n| {
            let (db, path) = (&db, folder.path().join(format!("{n}.key")));
            scope.spawn(move || open(db, &path).map(|ring| ring.current()).map_err(|error| error.code()))
        }).collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1, "{ends:?}");
    assert!(ends.iter().all(|end| !matches!(end, Err(code) if *code != "key.missing")), "the others are told to fetch it: {ends:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "and left no key of their own");
}}
