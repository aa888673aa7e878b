//! What leaves the program, and whether what stays is sound.
use super::program::{Ended, Place, Serving, yingda};
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt};
use yingda_base::testkit::TestDb;

fn seeded() -> Place {
    let place = Place::new();
    assert_eq!(place.serve(&["--demo"]).stop().code, Some(0));
    place
}

#[test]
fn conversations_leave_as_dialogues_in_order_without_what_was_not_said() {
    let place = seeded();
    let file = place.path().join("out.jsonl");
    let ended = place.command(&["export", "conversations", &file.display().to_string()]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let text = fs::read_to_string(&file).unwrap();
    let dialogues: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(dialogues.len() >= 24, "{}", dialogues.len());
    for dialogue in &dialogues {
        assert!(dialogue["id"].is_string() && dialogue["external_id"].as_str().unwrap().starts_with("demo-"));
        let turns = dialogue["turns"].as_array().unwrap();
        assert_eq!(turns[0]["role"], "customer");
        assert!(turns.iter().all(|turn| ["customer", "agent"].contains(&turn["role"].as_str().unwrap())), "no system entries");
        assert!(turns.iter().all(|turn| !turn["text"].as_str().unwrap().is_empty() && turn["client_id"].is_string()));
        let order: Vec<(i64, i64)> = turns.iter().map(|turn| (turn["seq"].as_i64().unwrap(), turn["at"].as_i64().unwrap())).collect();
        assert!(order.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1), "{order:?}");
    }
}

#[test]
fn ratings_leave_with_whom_they_are_about() {
    let ended = seeded().command(&["export", "ratings", "-"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ratings: Vec<Value> = ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(ratings.len() >= 20, "{}", ratings.len());
    for rating in &ratings {
        let stars = rating["stars"].as_i64().unwrap();
        assert_eq!((rating["is_low"].as_bool(), rating["site"].is_string(), rating["agent"].is_string()), (Some(stars <= 2), true, true));
        assert!(rating["external_id"].as_str().unwrap().starts_with("demo-"));
    }
    assert!(ratings.iter().any(|rating| rating["is_low"] == true && !rating["comment"].is_null()));
}

#[test]
fn an_export_can_be_written_to_standard_output_while_the_program_serves() {
    let place = Place::new();
    let serving = place.serve(&["--demo"]);
    let ended = place.command(&["export", "conversations", "-"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.lines().count() >= 24 && ended.out.starts_with("{\"id\":"));
    assert_eq!(serving.stop().code, Some(0));
}

#[test]
fn sound_data_is_called_sound() {
    let ended = seeded().command(&["verify"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("All is sound"));
}

#[test]
fn content_that_no_file_names_is_mentioned_and_no_fault() {
    let place = seeded();
    let folder = place.path().join("data/blobs/01/23");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("0123456789abcdef0123456789abcdef"), "left over").unwrap();
    let ended = place.command(&["verify"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("1 stored contents belong to no file"), "{}", ended.out);
}

/// Every fault that can be made by hand must be found: a verifier that never says no is none.
#[test]
fn each_kind_of_damage_is_found_and_named() {
    let place = seeded();
    let one = "(SELECT id FROM conversation ORDER BY id LIMIT 1)";
    let file = "INSERT INTO file (id, public_id, conversation_id, participant, blob, media_type, bytes, width, height, created_at)
                VALUES (1, 'lost', (SELECT MIN(id) FROM conversation), 1, '0123456789abcdef0123456789abcdef', 'image/png', 9, 1, 1, 0)";
    let damages = [
        ("has holes", format!("DELETE FROM entry WHERE conversation_id = {one} AND seq = 3")),
        ("belongs to no entry", String::new()),
        ("its head does not match", format!("UPDATE conversation SET head = head + 1 WHERE id = {one}")),
        ("the customer's head", format!("UPDATE conversation SET customer_head = 1 WHERE id = {one}")),
        ("lacks its body", format!("DELETE FROM entry_body WHERE conversation_id = {one} AND seq = 5")),
        ("is no participant", format!("UPDATE entry SET participant = 9 WHERE conversation_id = {one} AND seq = 6")),
        (
            "has read beyond",
            format!("UPDATE participant SET read = 999, delivered = 999 WHERE conversation_id = {one} AND participant = 2"),
        ),
        ("no customer among", format!("UPDATE participant SET role = 'conferee' WHERE conversation_id = {one} AND participant = 1")),
        (
            "belong to no conversation",
            "INSERT INTO entry SELECT 42, seq, kind, v, at, participant, role, audience, state, locale, client_id, body_hash, external_id
                                       FROM entry WHERE seq = 1 LIMIT 1"
                .to_owned(),
        ),
        ("file lost", file.to_owned()),
        (
            "file emblem",
            "INSERT INTO site_logo (id, public_id, site_id, blob, media_type, bytes, width, height)
             VALUES (1, 'emblem', (SELECT MIN(id) FROM site), 'fedcba9876543210fedcba9876543210', 'image/png', 9, 1, 1)"
                .to_owned(),
        ),
    ];
    for (words, damage) in &damages {
        if !damage.is_empty() {
            place.database().execute_batch(damage).unwrap();
        }
        let ended = place.command(&["verify"]);
        assert_eq!(ended.code, Some(1), "{words}: {ended:?}");
        assert!(ended.out.contains(words), "{words} is missing in:\n{}", ended.out);
    }
}

#[test]
fn all_of_it_works_on_postgresql_too() {
    let Some(db) = TestDb::postgres_if_there() else { return };
    let (place, url) = (Place::new(), db.url());
    let data = place.data();
    let run = |words: &[&str]| {
        let more = ["--data", &data, "--database", &url];
        yingda(&[words, &more].concat())
    };
    let serving = Serving::begin(run(&["serve", "--demo", "--listen", "127.0.0.1:0"]));
    let exported = Ended::of(&run(&["export", "conversations", "-"]).output().unwrap());
    assert_eq!(exported.code, Some(0), "{exported:?}");
    assert!(exported.out.lines().count() >= 24);
    assert_eq!(serving.stop().code, Some(0));
    let verified = Ended::of(&run(&["verify"]).output().unwrap());
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert_eq!(Ended::of(&run(&["admin", "create", "wang.jing"]).output().unwrap()).code, Some(0));
    assert!(!place.path().join("data/yingda.db").exists());
}
