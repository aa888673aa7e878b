//! Over HTTP and in the folder, as an administrator sees them.
use super::model::name_of;
use crate::testkit::{Client, GROUP, TestApp};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use yingda_base::{Millis, backup, both, sql, testkit::TestDb};

const DAY: Duration = Duration::from_secs(86_400);

/// A service with a folder for backups.
async fn start(db: TestDb) -> (TestApp, TempDir) {
    let folder = TempDir::new().unwrap();
    let shelf = folder.path().join("shelf");
    fs::create_dir(&shelf).unwrap();
    (TestApp::start_on(db, shelf).await, folder)
}

fn shelf(t: &TestApp) -> PathBuf {
    t.app.backups.folder.clone().unwrap()
}

fn files(shelf: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(shelf).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn seen(admin: &Client) -> Value {
    let answer = admin.get("/api/v1/backup").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

async fn ask(admin: &Client) -> (u16, String) {
    let answer = admin.post("/api/v1/backup", json!({})).await;
    (answer.status, answer.body["code"].as_str().unwrap_or_default().to_owned())
}

async fn until_last_is(t: &TestApp, admin: &Client, state: &str) -> Value {
    // PostgreSQL takes a moved clock for a slow unit and asks to come back.
    let last = async || admin.get("/api/v1/backup").await.body["items"][0].clone();
    t.until(state, async || last().await["state"] == state).await;
    last().await
}

both! { one_taken_by_hand_is_proven_and_shown, |db| async {
    let (t, _folder) = start(db).await;
    let visitor = t.visitor().await;
    visitor.open("a").await;
    let admin = t.staff("admin", "system_admin", &[]).await;
    assert_eq!(seen(&admin).await["items"], json!([]));
    assert_eq!(ask(&admin).await.0, 202);
    let run = until_last_is(&t, &admin, "done").await;
    let [name] = files(&shelf(&t)).try_into().expect("one file and no rests");
    let path = shelf(&t).join(&name);
    let found = fs::metadata(&path).unwrap();
    assert_eq!((&run["file"], &run["is_there"], &run["asked_by"]), (&json!(name), &json!(true), &json!("admin")), "{run}");
    assert_eq!((run["bytes"].as_u64(), found.permissions().mode() & 0o777), (Some(found.len()), 0o600));
    let checked = backup::check(&path, Some(&t.app.keyring), &mut |_| {}).unwrap();
    assert_eq!((checked.is_ours, checked.manifest.rows("conversation")), (Some(true), 1));
    let overview = seen(&admin).await;
    assert!(overview["last_good_at"].is_i64() && overview["free_bytes"].is_u64() && overview["next_at"].is_i64(), "{overview}");
    let auditor = t.staff("auditor", "audit_admin", &[]).await;
    assert_eq!(auditor.get("/api/v1/audit?action=backup.take").await.body["items"].as_array().unwrap().len(), 1);
    fs::remove_file(&path).unwrap();
    assert_eq!(seen(&admin).await["items"][0]["is_there"], json!(false));
    t.stop().await;
}}

both! { the_schedule_takes_one_every_night_until_it_is_switched_off, |db| async {
    let (t, _folder) = start(db).await;
    let admin = t.staff("admin", "system_admin", &[]).await;
    t.until("the first tick is known", async || seen(&admin).await["next_at"].is_i64()).await;
    let next = Millis(seen(&admin).await["next_at"].as_i64().unwrap());
    assert_eq!(next.0 % 86_400_000, 3 * 3_600_000);
    t.db.clock().advance(next - t.db.clock().now());
    t.until("the tick has come", async || files(&shelf(&t)).iter().any(|name| name.ends_with(".zst"))).await;
    let admin = t.staff("again", "system_admin", &[]).await;
    let run = until_last_is(&t, &admin, "done").await;
    assert_eq!(run.get("asked_by"), None, "{run}");
    let off = json!({"scope": "operator", "value": ""});
    assert_eq!(admin.put("/api/v1/setting/backup.schedule", off).await.status, 204);
    t.until("there is no next one", async || seen(&admin).await.get("next_at").is_none()).await;
    let wrong = admin.put("/api/v1/setting/backup.schedule", json!({"scope": "operator", "value": "* * * * *", "version": 1})).await;
    assert_eq!(wrong.code(), "setting.invalid");
    t.stop().await;
}}

both! { what_goes_wrong_is_said_in_words_and_tried_again, |db| async {
    let (t, folder) = start(db).await;
    let admin = t.staff("admin", "system_admin", &[]).await;
    let aside = folder.path().join("aside");
    fs::rename(shelf(&t), &aside).unwrap();
    assert_eq!(ask(&admin).await.0, 202);
    let run = until_last_is(&t, &admin, "failed").await;
    assert!(run["trouble"].as_str().unwrap().contains("没有挂载"), "{run}");
    let overview = seen(&admin).await;
    assert!(overview["trouble"].as_str().unwrap().contains("没有挂载") && overview.get("free_bytes").is_none(), "{overview}");
    assert_eq!(overview["items"][0].get("is_there"), None, "nobody can tell");
    assert!(!shelf(&t).exists(), "a missing disk is not replaced by a folder");
    assert_eq!(ask(&admin).await, (409, "backup.under_way".to_owned()), "it is tried again by itself");
    fs::rename(&aside, shelf(&t)).unwrap();
    t.while_time_flies(until_last_is(&t, &admin, "done")).await;
    assert_eq!(seen(&admin).await["items"].as_array().unwrap().len(), 1, "it is the same one");
    t.stop().await;
}}

both! { the_outdated_go_and_nothing_else_in_the_folder, |db| async {
    let (t, _folder) = start(db).await;
    let now = t.db.clock().now();
    let old = |days: u32| name_of(now - DAY * days);
    let names = [old(90), old(60), old(40), old(2), "../precious".to_owned()];
    for (n, name) in names.iter().enumerate() {
        fs::write(shelf(&t).join(name), "x").unwrap();
        let days = [90, 60, 40, 2, 90][n];
        let (id, at, name) = (i64::try_from(n).unwrap() + 1, now - DAY * days, name.clone());
        let insert = move |tx: &mut yingda_base::Tx| {
            tx.run(sql!(
                "INSERT INTO backup_run (id, state, asked_at, finished_at, file, bytes, missing) VALUES ($1, 'done', $2, $2, $3, 1, 0)",
                id, at, name.clone()
            ))
        };
        t.db.write(insert).await.unwrap();
    }
    fs::write(shelf(&t).join("yingda-20200101-000000.tar.zst"), "of somebody else").unwrap();
    // One that was cut off, with its rests.
    let cut = name_of(now - DAY * 3);
    for suffix in [".part", ".part-database", ".check"] {
        fs::write(shelf(&t).join(format!("{cut}{suffix}")), "x").unwrap();
    }
    let row = cut.clone();
    t.db.write(move |tx| tx.run(sql!("INSERT INTO backup_run (id, state, asked_at, file, missing) VALUES (9, 'running', $2, $1, 0)", row.clone(), now - DAY * 3))).await.unwrap();

    let admin = t.staff("admin", "system_admin", &[]).await;
    assert_eq!(admin.put("/api/v1/setting/backup.keep_count", json!({"scope": "operator", "value": 3})).await.status, 204);
    t.until("the setting holds", async || seen(&admin).await["keep_count"] == 3).await;
    assert_eq!(ask(&admin).await.0, 202);
    let run = until_last_is(&t, &admin, "done").await;
    // The newest three are the new one and two more; of the rest, those beyond 30 days.
    let mut left = vec![run["file"].as_str().unwrap().to_owned(), old(2), old(40), "yingda-20200101-000000.tar.zst".to_owned()];
    left.sort();
    t.until("the outdated are gone and nothing else", async || files(&shelf(&t)) == left).await;
    assert!(shelf(&t).join("../precious").exists());
    // Files go first, and are written down as gone then.
    let all = async || seen(&admin).await["items"].as_array().unwrap().clone();
    t.until("it is written down", async || all().await.iter().any(|run| run["id"] == "1" && run["is_outdated"] == true)).await;
    let runs = all().await;
    let of = |id: &str| runs.iter().find(|run| run["id"] == id).unwrap();
    assert!(of("9")["state"] == "failed" && of("9")["trouble"].as_str().unwrap().contains("停止"), "{}", of("9"));
    assert!(of("2")["is_outdated"] == true && of("4")["is_outdated"] == false, "{runs:?}");
    t.stop().await;
}}

both! { without_a_folder_nothing_is_taken_and_the_page_says_so, |db| async {
    let t = TestApp::start(db).await;
    let admin = t.staff("admin", "system_admin", &[]).await;
    let overview = seen(&admin).await;
    assert_eq!((overview.get("folder"), overview.get("next_at"), overview.get("trouble")), (None, None, None), "{overview}");
    assert_eq!(ask(&admin).await, (409, "backup.no_folder".to_owned()));
    let agent = t.staff("agent", "agent", &[GROUP]).await;
    assert_eq!(agent.get("/api/v1/backup").await.status, 403);
    t.stop().await;
}}
