//! The seeded operator.
use super::program::Place;
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt};

fn passwords(place: &Place) -> Vec<(String, String)> {
    let text = fs::read_to_string(place.path().join("data/demo-accounts.txt")).unwrap();
    let pair = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        (words.next().unwrap(), words.next().unwrap())
    };
    text.lines().map(pair).collect()
}

#[tokio::test]
async fn everybody_can_log_in_with_what_is_printed_and_only_the_owner_reads_the_file() {
    let place = Place::new();
    let serving = place.serve(&["--demo"]);
    let accounts = passwords(&place);
    assert!(accounts.len() >= 10);
    let file = place.path().join("data/demo-accounts.txt");
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    for (login, password) in &accounts {
        assert!(serving.said.contains(password), "{login} is printed");
        let body = json!({"login": login, "password": password, "bearer": true});
        let call = reqwest::Client::new().post(format!("{}/api/v1/auth/login", serving.url)).json(&body).send().await.unwrap();
        assert_eq!(call.status(), 200, "{login}");
        assert_eq!(call.json::<Value>().await.unwrap()["staff"]["must_change_password"], false);
    }
}

#[tokio::test]
async fn its_site_greets_and_offers_six_questions_and_its_groups() {
    let place = Place::new();
    let answer: Value = place.serve(&["--demo"]).get("/api/v1/channel/sites/demo").await.json().await.unwrap();
    assert_eq!(answer["site"]["hot_questions"].as_array().unwrap().len(), 6);
    assert!(answer["site"]["greeting"].as_str().unwrap().contains("星桥"));
    assert_eq!(answer["site"]["groups"].as_array().unwrap().len(), 5);
}

#[test]
fn a_second_start_changes_nothing() {
    let place = Place::new();
    assert_eq!(place.serve(&["--demo"]).stop().code, Some(0));
    let count =
        |table: &str| -> i64 { place.database().query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap() };
    let sums = || ["staff", "skill_group", "site", "conversation", "entry", "customer"].map(count);
    let (before, accounts) = (sums(), passwords(&place));
    assert_eq!(place.serve(&["--demo"]).stop().code, Some(0));
    assert_eq!((sums(), passwords(&place)), (before, accounts));
}

#[tokio::test]
async fn a_lost_file_of_accounts_means_new_passwords_for_the_same_people() {
    let place = Place::new();
    assert_eq!(place.serve(&["--demo"]).stop().code, Some(0));
    let old = passwords(&place);
    fs::remove_file(place.path().join("data/demo-accounts.txt")).unwrap();
    let serving = place.serve(&["--demo"]);
    let new = passwords(&place);
    assert_eq!(new.len(), old.len());
    for ((login, password), status) in [(&new[0], 200), (&old[0], 401)] {
        let body = json!({"login": login, "password": password, "bearer": true});
        let call = reqwest::Client::new().post(format!("{}/api/v1/auth/login", serving.url)).json(&body).send().await.unwrap();
        assert_eq!(call.status().as_u16(), status);
    }
}
