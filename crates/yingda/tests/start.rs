//! What goes wrong at the start, and what the person who started it is told.
use super::program::{Ended, Place, run, yingda};
use std::{fs, net::TcpListener};

fn refused(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    for word in words {
        assert!(ended.err.contains(word), "{word} is missing in: {}", ended.err);
    }
}

#[test]
fn an_address_of_the_network_is_refused_without_encryption_in_both_languages() {
    let place = Place::new();
    let data = place.data();
    let words = ["serve", "--data", &data, "--listen", "0.0.0.0:0"];
    refused(&run(&words), 4, &["0.0.0.0:0", "loopback", "[tls]", "server.trusted_proxies"]);
    let chinese = yingda(&words).env("LANG", "zh_CN.UTF-8").output().unwrap();
    refused(&Ended::of(&chinese), 4, &["0.0.0.0:0", "不能在没有加密的情况下监听"]);
    assert!(!place.path().join("data").exists(), "nothing was touched");
}

#[test]
fn a_taken_port_is_named() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(&place.command(&["serve", "--listen", &address]), 5, &[&address, "in use", "--listen"]);
}

#[test]
fn an_unwritable_directory_is_named() {
    let place = Place::new();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    let data = file.join("data").display().to_string();
    refused(&run(&["serve", "--data", &data, "--listen", "127.0.0.1:0"]), 6, &[&data, "cannot be written"]);
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_key() {
    let place = Place::new();
    let file = place.path().join("yingda.toml");
    fs::write(&file, "[log]\nformat = \"json\"\n\n[server]\nlisten_to = \"127.0.0.1:1\"\n").unwrap();
    let file = file.display().to_string();
    refused(&place.command(&["serve", "--config", &file]), 3, &[&format!("{file}:5"), "server.listen_to", "server.listen"]);
}

#[test]
fn a_bad_value_is_refused_where_it_stands() {
    let place = Place::new();
    let data = place.data();
    let ended = Ended::of(&yingda(&["serve", "--data", &data]).env("YINGDA_SERVER_STOP_SECONDS", "soon").output().unwrap());
    refused(&ended, 3, &["YINGDA_SERVER_STOP_SECONDS", "server.stop_seconds", "soon"]);
    refused(&run(&["serve", "--data", &data, "--database", "mysql://x"]), 3, &["--database", "database.url"]);
}

#[test]
fn a_second_program_on_the_same_data_is_refused() {
    let place = Place::new();
    let first = place.serve(&[]);
    refused(&place.command(&["serve", "--listen", "127.0.0.1:0"]), 7, &["Another program is using this data"]);
    assert_eq!(first.stop().code, Some(0));
}

#[test]
fn a_schema_of_the_future_is_refused_and_left_alone() {
    let place = Place::new();
    assert_eq!(place.serve(&[]).stop().code, Some(0));
    let future = "INSERT INTO schema_migration (version, name, checksum, min_compatible, applied_at)
                  VALUES (999912312359, '999912312359_future', '', 999912312359, 0)";
    place.database().execute(future, []).unwrap();
    refused(&place.command(&["serve", "--listen", "127.0.0.1:0"]), 10, &["999912312359"]);
}

#[test]
fn a_locked_database_is_named() {
    let place = Place::new();
    assert_eq!(place.serve(&[]).stop().code, Some(0));
    let other = place.database();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    refused(&place.command(&["serve", "--listen", "127.0.0.1:0"]), 8, &["yingda.db", "locked"]);
}

#[test]
fn a_lost_key_file_is_named_and_not_made_anew() {
    let place = Place::new();
    assert_eq!(place.serve(&[]).stop().code, Some(0));
    let key = place.path().join("data.key");
    fs::remove_file(&key).unwrap();
    refused(&place.command(&["serve", "--listen", "127.0.0.1:0"]), 12, &["data.key"]);
    assert!(!key.exists());
}

#[test]
fn the_manual_is_printed() {
    let manual = run(&["config"]);
    assert_eq!(manual.code, Some(0));
    assert!(manual.out.contains("\nlisten = \"127.0.0.1:8080\"\n"), "{}", manual.out);
}
