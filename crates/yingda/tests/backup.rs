//! Backups and restores with the real binary, as an operator makes them.
use super::{
    drill::Staff,
    program::{Ended, Place, Serving, run, yingda},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command, thread::sleep, time::Duration};
use tokio::runtime::Runtime;
use yingda_base::testkit::TestDb;

fn file(place: &Place, name: &str) -> String {
    place.path().join(name).display().to_string()
}

/// The object on the last line.
fn object(ended: &Ended) -> Value {
    serde_json::from_str(ended.out.lines().last().unwrap_or_default()).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

/// Two pixels, of the colour of an operator and of paper.
const LOGO: &[u8] = b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x02\x00\x00\x00\x01\x08\x02\x00\x00\x00\x7b\x40\xe8\xdd\x00\x00\x00\x0f\x49\x44\x41\x54\x78\xda\x63\x38\x21\xa0\xf7\xff\xff\x7f\x00\x0b\xb9\x04\x04\x0c\x33\x6f\xd9\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// Gives the site of the demonstration a logo.
fn dress(place: &Place, serving: &Serving) {
    let (login, password) = place.account("wu.hao");
    let work = async {
        let staff = Staff::log_in(&serving.url, &login, &password).await;
        let site = staff.get("/api/v1/channel/sites").await["items"][0].clone();
        let path = format!("/api/v1/channel/sites/{}", site["id"].as_str().unwrap());
        let made = staff.send(Method::POST, &format!("{path}/logo"), "image/png", LOGO.to_vec()).await;
        let change = json!({"rev": site["rev"], "logo": made["logo"]["id"]}).to_string();
        let saved = staff.send(Method::PATCH, &path, "application/json", change.into()).await;
        assert_eq!(saved["site"]["logo"], made["logo"], "{saved}");
    };
    Runtime::new().unwrap().block_on(work);
}

/// The logo customers are shown, fetched.
fn logo(serving: &Serving) -> Vec<u8> {
    let work = async {
        let site: Value = serving.get("/api/v1/channel/sites/demo").await.json().await.unwrap();
        let answer = serving.get(site["site"]["logo"]["url"].as_str().unwrap_or_else(|| panic!("{site}"))).await;
        assert_eq!(answer.status().as_u16(), 200);
        answer.bytes().await.unwrap().to_vec()
    };
    Runtime::new().unwrap().block_on(work)
}

/// A demonstration installation whose site has a logo, and a backup of it, made while it served.
fn backed_up() -> (Place, String) {
    let place = Place::new();
    let serving = place.serve(&["--demo"]);
    dress(&place, &serving);
    let backup = file(&place, "b.tar.zst");
    let ended = place.command(&["backup", &backup]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(serving.stop().code, Some(0));
    (place, backup)
}

#[test]
fn a_backup_made_while_serving_is_sound_private_and_open_to_common_tools() {
    let (place, backup) = backed_up();
    assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
    let ended = place.command(&["verify", "--backup", &backup, "--format", "json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let said = object(&ended);
    assert_eq!((&said["sound"], &said["backup"]["is_ours"]), (&true.into(), &true.into()), "{said}");
    assert!(said["conversations"].as_i64().unwrap() >= 24);
    assert_eq!((&said["files"], &said["rubbish"]), (&1.into(), &0.into()), "the logo of the site: {said}");
    // The key is not in it.
    let key = fs::read_to_string(place.path().join("data.key")).unwrap();
    let secret = key.lines().last().unwrap().split(' ').nth(1).unwrap();
    let unpacked = place.path().join("x");
    fs::create_dir(&unpacked).unwrap();
    let tar = Command::new("tar").args(["--zstd", "-xf", &backup, "-C"]).arg(&unpacked).status().unwrap();
    let sums = Command::new("sha256sum").args(["--quiet", "-c", "SHA256SUMS"]).current_dir(&unpacked).status().unwrap();
    assert!(tar.success() && sums.success());
    for member in fs::read_dir(&unpacked).unwrap().map(Result::unwrap).filter(|member| member.file_type().unwrap().is_file()) {
        let bytes = fs::read(member.path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{:?} holds the key", member.path());
    }
}

#[test]
fn a_restore_brings_back_what_was_and_puts_the_rest_aside() {
    let (place, backup) = backed_up();
    let before = place.command(&["export", "conversations", "-"]).out;
    place.database().execute_batch("DELETE FROM entry_body; UPDATE staff SET name = 'spoilt'").unwrap();
    let refused = place.command(&["restore", &backup]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("--replace"), "{refused:?}");
    assert_eq!(place.command(&["verify"]).code, Some(1), "left as it was");

    let restored = place.command(&["restore", &backup, "--replace"]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert!(restored.out.contains(".before-restore-"), "{restored:?}");
    assert_eq!(place.command(&["verify"]).code, Some(0));
    assert_eq!(place.command(&["export", "conversations", "-"]).out, before);
    let serving = place.serve(&["--demo"]);
    assert!(logo(&serving).starts_with(b"\x89PNG"));
    let data = place.data();
    let in_use = run(&["restore", &backup, "--replace", "--data", &data]);
    assert_eq!(in_use.code, Some(7), "{in_use:?}");
    assert_eq!(serving.stop().code, Some(0));
}

#[test]
fn from_sqlite_to_postgresql_and_back_it_is_the_same() {
    let Some(db) = TestDb::postgres_if_there() else { return };
    let url = db.url();
    // The test's own connections would count as a program that uses it.
    let url = {
        let name = format!("move_{}", std::process::id());
        db.on_server(|client| client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap());
        Moved { db: &db, url: format!("{url} dbname={name}"), name }
    };
    let (place, backup) = backed_up();
    let moved = Place::new();
    fs::copy(place.path().join("data.key"), moved.path().join("data.key")).unwrap();
    let on_server = |words: &[&str]| {
        let data = moved.data();
        Ended::of(&yingda(&[words, &["--data", &data, "--database", &url.url]].concat()).output().unwrap())
    };
    let restored = on_server(&["restore", &backup]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert_eq!(on_server(&["verify"]).code, Some(0));
    let second = file(&moved, "second.tar.zst");
    assert_eq!(on_server(&["backup", &second]).code, Some(0));
    let last = Place::new();
    fs::copy(place.path().join("data.key"), last.path().join("data.key")).unwrap();
    assert_eq!(last.command(&["restore", &second]).code, Some(0));
    assert_eq!(last.command(&["export", "conversations", "-"]).out, place.command(&["export", "conversations", "-"]).out);
    let served = |place: &Place| {
        let serving = place.serve(&[]);
        let logo = logo(&serving);
        assert_eq!(serving.stop().code, Some(0));
        logo
    };
    assert_eq!(served(&last), served(&place), "the logo has come along");
    let again = on_server(&["restore", &backup, "--replace"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.out.contains("SCHEMA yingda_before_"), "{again:?}");

    let data = moved.data();
    let serving = Serving::begin(yingda(&["serve", "--data", &data, "--database", &url.url, "--listen", "127.0.0.1:0"]));
    assert_eq!(on_server(&["restore", &backup, "--replace"]).code, Some(7));
    assert_eq!(serving.stop().code, Some(0));
}

/// A database beside that of the test.
struct Moved<'a> {
    db: &'a TestDb,
    url: String,
    name: String,
}

impl Drop for Moved<'_> {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        self.db.on_server(|client| client.batch_execute(&drop).unwrap());
    }
}

#[test]
fn what_is_wrong_with_a_backup_is_said_before_anything_is_made() {
    let (place, backup) = backed_up();
    let bytes = fs::read(&backup).unwrap();
    let elsewhere = Place::new();
    let spoilt = file(&elsewhere, "spoilt");
    let restore = |language: &str| {
        let data = elsewhere.data();
        Ended::of(&yingda(&["restore", &spoilt, "--data", &data]).env("LANG", language).output().unwrap())
    };
    fs::write(&spoilt, &bytes).unwrap();
    let missing = restore("C");
    assert_eq!(missing.code, Some(12), "{missing:?}");
    assert!(missing.err.contains("data.key"), "{missing:?}");
    fs::write(elsewhere.path().join("data.key"), "00000000 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n").unwrap();
    fs::set_permissions(elsewhere.path().join("data.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let wrong = restore("zh_CN.UTF-8");
    assert_eq!(wrong.code, Some(12), "{wrong:?}");
    assert!(wrong.err.contains("密钥"), "{wrong:?}");
    fs::copy(place.path().join("data.key"), elsewhere.path().join("data.key")).unwrap();

    fs::write(&spoilt, &bytes[..bytes.len() / 2]).unwrap();
    assert!(restore("C").err.contains("not whole"));
    assert!(restore("zh_CN.UTF-8").err.contains("不完整"));
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 4;
    fs::write(&spoilt, &flipped).unwrap();
    let ended = restore("C");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains("damaged") || ended.err.contains("not whole"), "{ended:?}");
    fs::write(&spoilt, "a photograph").unwrap();
    assert!(restore("C").err.contains("no backup of Yingda"));
    assert!(restore("zh_CN.UTF-8").err.contains("不是应答的备份文件"));
    assert!(!elsewhere.path().join("data").exists(), "nothing was made");
}

/// The same backup with another signature, packed by common tools.
fn forged(place: &Place, backup: &str) -> String {
    let (folder, forged) = (place.path().join("forging"), file(place, "forged.tar.zst"));
    fs::create_dir(&folder).unwrap();
    let tar = |words: &[&str]| {
        let ended = Command::new("tar").arg("--zstd").args(words).current_dir(&folder).output().unwrap();
        assert!(ended.status.success(), "{ended:?}");
        ended.stdout
    };
    tar(&["-xf", backup]);
    fs::write(folder.join("members"), tar(&["-tf", backup])).unwrap();
    fs::write(folder.join("manifest.mac"), "0".repeat(64)).unwrap();
    tar(&["-cf", &forged, "--format=gnu", "--no-recursion", "-T", "members"]);
    let mut bytes = fs::read(&forged).unwrap();
    let sum = Command::new("sha256sum").arg(&forged).output().unwrap().stdout;
    let digit = |at: usize| char::from(sum[at]).to_digit(16).unwrap() as u8;
    bytes.extend([0x50, 0x2a, 0x4d, 0x18, 32, 0, 0, 0]);
    bytes.extend((0..32).map(|n| digit(2 * n) * 16 + digit(2 * n + 1)));
    fs::write(&forged, bytes).unwrap();
    forged
}

#[test]
fn a_backup_that_we_did_not_sign_is_refused_unless_somebody_says_so() {
    let (place, backup) = backed_up();
    let forged = forged(&place, &backup);
    let seen = place.command(&["verify", "--backup", &forged, "--format", "json"]);
    assert_eq!(seen.code, Some(1), "{seen:?}");
    let said = object(&seen);
    assert_eq!((&said["backup"]["is_ours"], &said["faults"][0]["code"]), (&false.into(), &"verify.backup_foreign".into()), "{said}");
    let refused = place.command(&["restore", &forged, "--replace"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("--foreign") && refused.err.contains("not signed"), "{refused:?}");
    assert_eq!(place.command(&["verify"]).code, Some(0), "left as it was");
    let taken = place.command(&["restore", &forged, "--replace", "--foreign"]);
    assert_eq!(taken.code, Some(0), "{taken:?}");
}

#[test]
fn after_a_restore_nobody_is_known_by_what_may_have_been_taken_from_them_since() {
    let place = Place::new();
    assert_eq!(place.serve(&["--demo"]).stop().code, Some(0));
    place
        .database()
        .execute_batch(
            "UPDATE device SET identified_at = 1 WHERE id = (SELECT MIN(id) FROM device);
             INSERT INTO site_secret (id, site_id, secret, created_at) SELECT 77, MIN(id), x'00', 1763600000000 FROM site;
             INSERT INTO site_secret (id, site_id, created_at, retired_at) SELECT 78, MIN(id), 1763600000000, 1763600000001 FROM site",
        )
        .unwrap();
    let backup = file(&place, "b.tar.zst");
    assert_eq!(place.command(&["backup", &backup]).code, Some(0));
    let count = |query: &str| place.database().query_row(query, [], |row| row.get::<_, i64>(0)).unwrap();
    let trusted = "SELECT COUNT(*) FROM device WHERE revoked_at IS NULL";
    let all = count(trusted);

    let kept = place.command(&["restore", &backup, "--replace", "--keep-sessions"]);
    assert_eq!((kept.code, count(trusted)), (Some(0), all), "{kept:?}");
    let restored = place.command(&["restore", &backup, "--replace"]);
    assert_eq!((restored.code, count(trusted)), (Some(0), all - 1), "{restored:?}");
    assert_eq!(
        count("SELECT COUNT(*) FROM revocation r JOIN device d ON d.id = r.subject_id WHERE r.kind = 'device' AND d.identified_at = 1"),
        1
    );
    for ended in [kept, restored] {
        assert!(ended.out.contains("identity key 77") && ended.out.contains("2025-11-20") && !ended.out.contains("key 78"), "{ended:?}");
    }
}

#[test]
fn a_killed_backup_leaves_no_half_file() {
    let place = Place::new();
    let serving = place.serve(&["--demo"]);
    let data = place.data();
    for n in 0..8 {
        let backup = file(&place, &format!("{n}.tar.zst"));
        let mut child = yingda(&["backup", &backup, "--data", &data]).spawn().unwrap();
        sleep(Duration::from_millis(3 + n * 17));
        child.kill().unwrap();
        child.wait().unwrap();
        if fs::exists(&backup).unwrap() {
            assert_eq!(place.command(&["verify", "--backup", &backup]).code, Some(0), "{n}");
        }
        assert_eq!(place.command(&["backup", &backup, "--force"]).code, Some(0), "{n}: what a kill left is no hindrance");
    }
    assert_eq!(serving.stop().code, Some(0));
}

/// The old, the new, or marked as neither: in each case the way out leads to the new.
#[test]
fn a_killed_restore_leaves_the_old_or_says_what_it_left() {
    let (place, backup) = backed_up();
    let data = place.data();
    for n in 0..8 {
        place.database().execute_batch(&format!("UPDATE staff SET name = 'round {n}' WHERE login = 'linxiao'")).unwrap();
        let mut child = yingda(&["restore", &backup, "--replace", "--data", &data]).spawn().unwrap();
        sleep(Duration::from_millis(3 + n * 9));
        child.kill().unwrap();
        child.wait().unwrap();
        let verified = place.command(&["verify"]);
        if PathBuf::from(&data).join("restore.unfinished").exists() {
            assert_eq!(verified.code, Some(14), "{verified:?}");
            assert!(verified.err.contains("--replace"), "{verified:?}");
        } else {
            assert_eq!(verified.code, Some(0), "{n}: {verified:?}");
        }
    }
    assert_eq!(place.command(&["restore", &backup, "--replace"]).code, Some(0));
    assert_eq!(place.serve(&["--demo"]).stop().code, Some(0));
}

/// Waits for something that the program does by itself.
fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    for _ in 0..1200 {
        if let Some(found) = look() {
            return found;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("not so in time: {what}");
}

#[test]
fn with_a_folder_it_takes_backups_by_itself_that_can_be_restored() {
    let place = Place::new();
    let shelf = place.path().join("shelf");
    fs::create_dir(&shelf).unwrap();
    let serving = place.configured(&format!("[backup]\nfolder = '{}'\n", shelf.display()), &["--demo"]);
    let database = place.database();
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    // It is night.
    let tick = "UPDATE job_schedule SET next_at = 0 WHERE name = 'backup.take'";
    until("the schedule is known", || (database.execute(tick, []).unwrap() == 1).then_some(()));
    let state = || database.query_row("SELECT state FROM backup_run", [], |row| row.get::<_, String>(0)).ok();
    until("it is taken and proven", || state().filter(|state| state == "done"));
    let [taken] = fs::read_dir(&shelf).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(serving.stop().code, Some(0));
    let taken = taken.display().to_string();
    assert_eq!(place.command(&["verify", "--backup", &taken]).code, Some(0));
    assert_eq!(place.command(&["restore", &taken, "--replace"]).code, Some(0));
    assert_eq!(place.command(&["verify"]).code, Some(0));
}

#[test]
fn a_mark_stops_the_start() {
    let (place, backup) = backed_up();
    let mark = PathBuf::from(place.data()).join("restore.unfinished");
    fs::write(&mark, "{\"aside\":\".before-restore-x\"}").unwrap();
    let data = place.data();
    for words in [&["serve", "--listen", "127.0.0.1:0"][..], &["backup", "/tmp/never"], &["verify"], &["restore", &backup]] {
        let ended = run(&[words, &["--data", &data]].concat());
        assert_eq!(ended.code, Some(14), "{ended:?}");
        assert!(ended.err.contains(".before-restore-x") && ended.err.contains("restore.unfinished"), "{ended:?}");
    }
    assert_eq!(place.command(&["restore", &backup, "--replace"]).code, Some(0));
    assert!(!mark.exists());
}
