//! Node numbers, ids over restarts and clock steps, generations, the lock of the data directory.
use std::{collections::HashSet, time::Duration};
use yingda_base::{
    Millis, both,
    instance::{self, DataDir, Instance},
    lease::Lease,
    testkit::{Kind, TestDb},
};

fn start(db: &TestDb) -> (Instance, yingda_base::Context) {
    Instance::start(&db.options, db.clock(), &db.context.entropy).unwrap()
}

both! { ids_go_on_growing_after_a_restart_with_a_clock_that_stepped_back, |db| async {
    let mut db = db;
    for _ in 0..3 {
        db.instance().renew(&db.db()).await.unwrap();
        let last = (0..1000).map(|_| db.context.ids.next()).max().unwrap();
        let back = db.clock().now() - Duration::from_secs(3600);
        db.clock().step_to(back);
        db.instance().release(&db.db()).await.unwrap();
        db.reopen();
        assert!(db.context.ids.next() > last);
    }
}}

both! { a_crashed_run_never_lends_its_ids_to_the_next, |db| async {
    let mut db = db;
    let mut seen = HashSet::new();
    for round in 0..5 {
        for _ in 0..500 {
            assert!(seen.insert(db.context.ids.next()), "round {round}");
        }
        // No release: the program was killed, and the clock set back by the time it comes up again.
        db.clock().step_to(Millis(db.clock().now().0 - 400));
        db.reopen();
    }
}}

both! { nodes_hold_different_numbers_and_follow_each_others_ids, |db| async {
    let (second, context) = start(&db);
    assert_ne!(second.node(), db.instance().node());
    // The second node's clock is an hour ahead; renewals make the first follow.
    context.ids.raise(yingda_base::id::IdSource::at(db.clock().now() + Duration::from_secs(3600)), None);
    let ahead = context.ids.next();
    assert!(db.context.ids.next() < ahead);
    second.renew(&db.db()).await.unwrap();
    db.instance().renew(&db.db()).await.unwrap();
    assert!(db.context.ids.next() > ahead);
}}

both! { a_number_is_freed_when_its_counter_stands_still_and_its_holder_takes_another, |db| async {
    let (sleeper, _) = start(&db);
    let number = sleeper.node();
    let awake = db.instance();
    awake.renew(&db.db()).await.unwrap();
    db.clock().advance(Duration::from_secs(59));
    awake.renew(&db.db()).await.unwrap();
    sleeper.renew(&db.db()).await.unwrap();
    assert_eq!(sleeper.node(), number, "renewed in time");
    awake.renew(&db.db()).await.unwrap();
    db.clock().advance(Duration::from_secs(61));
    awake.renew(&db.db()).await.unwrap();
    let (third, _) = start(&db);
    assert_eq!(third.node(), number, "the number was free again");
    sleeper.renew(&db.db()).await.unwrap();
    assert!(![number, awake.node()].contains(&sleeper.node()), "the sleeper went on under a number of its own");
}}

both! { the_only_program_on_sqlite_inherits_what_the_dead_held, |db| async {
    let mut db = db;
    let router = |db: &TestDb| Lease::new("test.router", db.instance().holder(), db.clock());
    assert!(router(&db).try_hold(&db).await.unwrap());
    let number = db.instance().node();
    db.reopen();
    db.instance().inherit(&db.db()).await.unwrap();
    let is_sqlite = db.kind() == Kind::Sqlite;
    assert_eq!(router(&db).try_hold(&db).await.unwrap(), is_sqlite, "on PostgreSQL the holder may live on another machine");
    assert_eq!(start(&db).0.node() == number, is_sqlite);
}}

both! { the_generation_stays_until_it_is_rotated, |db| async {
    let mut db = db;
    let first = db.instance().generation();
    db.reopen();
    assert_eq!(db.instance().generation(), first);
    let rotated = db.write(instance::rotate_generation).await.unwrap();
    assert_ne!(*rotated, *first);
    db.instance().renew(&db.db()).await.unwrap();
    assert_eq!(*db.instance().generation(), *rotated, "a running node learns of it");
}}

#[test]
fn a_data_directory_serves_one_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let held = DataDir::open(&path).unwrap();
    assert_eq!(DataDir::open(&path).err().map(|error| error.code()), Some("data.in_use"));
    assert!(held.key_file().ends_with("data.key") && !held.key_file().starts_with(held.path()));
    drop(held);
    DataDir::open(&path).unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_eq!(DataDir::open(&file.join("data")).err().map(|error| error.code()), Some("data.unwritable"));
}
