//! Drills: a backup while people write, and what is left of what was erased.
mod talk;
mod trace;

use super::program::{Ended, Place, Serving, yingda};
use serde_json::{Value, json};
use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
pub use talk::Staff;
use talk::Visitor;
use trace::{found_in, found_on_server};
use yingda_base::testkit::TestDb;

/// Where an installation is.
struct Site {
    place: Place,
    database: Option<String>,
}

impl Site {
    fn words(&self) -> Vec<String> {
        let mut words = vec!["--data".to_owned(), self.place.data()];
        if let Some(url) = &self.database {
            words.extend(["--database".to_owned(), url.clone()]);
        }
        words
    }

    fn serve(&self) -> Serving {
        let more = self.words();
        let words = ["serve", "--demo", "--listen", "127.0.0.1:0"].into_iter().chain(more.iter().map(String::as_str));
        Serving::begin(yingda(&words.collect::<Vec<_>>()))
    }

    fn run(&self, words: &[&str]) -> Ended {
        let more = self.words();
        let words: Vec<&str> = words.iter().copied().chain(more.iter().map(String::as_str)).collect();
        Ended::of(&yingda(&words).output().unwrap())
    }

    fn file(&self, name: &str) -> String {
        self.place.path().join(name).display().to_string()
    }
}

/// A database beside that of the test, whose own connections would count as a program that uses it.
struct Beside<'a> {
    db: &'a TestDb,
    url: String,
    name: String,
}

impl<'a> Beside<'a> {
    fn new(db: &'a TestDb, what: &str) -> Beside<'a> {
        let name = format!("{what}_{}", std::process::id());
        db.on_server(|client| client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).unwrap());
        db.on_server(|client| client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap());
        Beside { db, url: format!("{} dbname={name}", db.url()), name }
    }
}

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        self.db.on_server(|client| client.batch_execute(&drop).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_a_backup_began_is_in_it_on_sqlite() {
    backup_while_writing(Site { place: Place::new(), database: None }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_a_backup_began_is_in_it_on_postgresql() {
    let Some(db) = TestDb::postgres_if_there() else { return };
    let beside = Beside::new(&db, "drill");
    backup_while_writing(Site { place: Place::new(), database: Some(beside.url.clone()) }).await;
}

#[expect(clippy::disallowed_methods, reason = "writers of the test, which ends them itself")]
async fn backup_while_writing(site: Site) {
    let serving = site.serve();
    let (acked, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (url, acked, stop) = (serving.url.clone(), acked.clone(), stop.clone());
            tokio::spawn(async move {
                let mut visitor = Visitor::open(&url).await;
                for n in 0.. {
                    let text = format!("写者 {writer} 第 {n} 句");
                    let Some(seq) = visitor.say(&text).await else { return };
                    acked.lock().unwrap().push((visitor.conversation.clone(), seq, text));
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            })
        })
        .collect();
    let count = || acked.lock().unwrap().len();
    talk::until(|| count() >= 200).await;
    // What stands here was acknowledged before the backup began.
    let before = acked.lock().unwrap().clone();
    let backup = site.file("b.tar.zst");
    let made = tokio::task::block_in_place(|| site.run(&["backup", &backup]));
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(count() > before.len(), "they went on while it was made");
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    serving.signal("KILL");
    serving.end();

    let new = Site { place: Place::new(), database: None };
    fs::copy(site.place.path().join("data.key"), new.place.path().join("data.key")).unwrap();
    let restored = new.run(&["restore", &backup]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    let verified = new.run(&["verify", "--format", "json"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let database = new.place.database();
    let query = "SELECT b.body FROM conversation c JOIN entry_body b ON b.conversation_id = c.id WHERE c.public_id = ?1 AND b.seq = ?2";
    for (conversation, seq, text) in &before {
        let body: String = database.query_row(query, (conversation, seq), |row| row.get(0)).unwrap_or_else(|_| panic!("{text} is missing"));
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["text"], text.as_str());
    }
    assert_eq!(new.serve().stop().code, Some(0));
}

/// Nobody writes this by chance, and it has signs that JSON may escape.
const SECRET: &str = "紫罗兰7731\"暗号\"<秘密>";

#[tokio::test(flavor = "multi_thread")]
async fn of_what_was_erased_nothing_is_left_on_sqlite() {
    let site = Site { place: Place::new(), database: None };
    erase_and_look(&site, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_was_erased_nothing_is_left_on_postgresql() {
    let Some(db) = TestDb::postgres_if_there() else { return };
    let beside = Beside::new(&db, "erase");
    let site = Site { place: Place::new(), database: Some(beside.url.clone()) };
    erase_and_look(&site, Some(&beside)).await;
}

async fn erase_and_look(site: &Site, server: Option<&Beside<'_>>) {
    let serving = site.serve();
    let mut visitor = Visitor::open(&serving.url).await;
    let seq = visitor.say(SECRET).await.unwrap();
    visitor.say("这一句留着").await.unwrap();
    let old = site.file("old.tar.zst");
    let made = tokio::task::block_in_place(|| site.run(&["backup", &old]));
    assert_eq!(made.code, Some(0), "{made:?}");
    // The search finds what is there.
    let places = || match server {
        None => found_in(site.place.path(), SECRET),
        Some(server) => found_on_server(&server.url, SECRET),
    };
    tokio::task::block_in_place(|| {
        if let Some(server) = server {
            trace::sweep(&server.url);
        }
        assert!(!places().is_empty(), "the search must be able to find");
    });

    let (login, password) = site.place.account("he.jing");
    let boss = Staff::log_in(&serving.url, &login, &password).await;
    let wish = json!({"seq": seq, "reason": "sensitive"});
    let erased = boss.post(&format!("/api/v1/conversation/{}/erase", visitor.conversation), wish).await;
    assert_eq!(erased["done"], true, "{erased}");
    let ledger = site.place.path().join("data.key.erasures");
    talk::until(|| ledger.exists()).await;
    if let Some(server) = server {
        tokio::task::block_in_place(|| trace::sweep(&server.url));
    }
    talk::until(|| tokio::task::block_in_place(|| places().is_empty())).await;
    let log = boss.get(&format!("/api/v1/conversation/{}/entries", visitor.conversation)).await;
    assert!(!log.to_string().contains("紫罗兰") && log.to_string().contains("这一句留着"), "{log}");
    let ended = tokio::task::block_in_place(|| serving.stop());
    assert!(!trace::holds(ended.err.as_bytes(), SECRET) && !trace::holds(ended.out.as_bytes(), SECRET), "the log");

    // The backup from before brings nothing back.
    let restored = site.run(&["restore", &old, "--replace"]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    if let Some(server) = server {
        tokio::task::block_in_place(|| trace::sweep(&server.url));
    }
    assert_eq!(tokio::task::block_in_place(places), Vec::<String>::new(), "after the restore");
    let exported = site.run(&["export", "conversations", "-"]);
    assert!(exported.out.contains("这一句留着") && !exported.out.contains("紫罗兰"));
    let verified = site.run(&["verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert_eq!(fs::read_to_string(&ledger).unwrap().lines().count(), 1);
}

/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(30);
