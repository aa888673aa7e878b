//! The first administrator, and the token for bench.
use super::program::{Ended, Place, Serving, yingda};
use serde_json::{Value, json};
use std::{fs, io::Write, os::unix::fs::PermissionsExt, process::Stdio};

async fn login(serving: &Serving, login: &str, password: &str) -> (u16, Value) {
    let body = json!({"login": login, "password": password, "bearer": true});
    let call = reqwest::Client::new().post(format!("{}/api/v1/auth/login", serving.url)).json(&body).send().await.unwrap();
    (call.status().as_u16(), call.json().await.unwrap())
}

#[tokio::test]
async fn the_first_administrator_gets_a_secret_that_must_be_changed() {
    let place = Place::new();
    let made = place.command(&["admin", "create", "wang.jing"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let secret = made.out.lines().find_map(|line| line.strip_prefix("One-time password: ")).expect("a secret is shown").to_owned();

    let serving = place.serve(&[]);
    let (status, answer) = login(&serving, "wang.jing", &secret).await;
    assert_eq!(status, 200, "{answer}");
    let token = answer["token"].as_str().unwrap();
    let call = reqwest::Client::new().get(format!("{}/api/v1/staff", serving.url)).bearer_auth(token).send().await.unwrap();
    assert_eq!((call.status().as_u16(), call.json::<Value>().await.unwrap()["code"].clone()), (403, json!("password_change_required")));
    assert_eq!(login(&serving, "wang.jing", "guessed-wrong-1").await.0, 401);

    let again = place.command(&["admin", "create", "wang.jing"]);
    assert_eq!(again.code, Some(1), "a name can be taken once: {again:?}");
    assert!(!again.out.contains("One-time"));
}

#[tokio::test]
async fn a_password_from_a_file_or_standard_input_is_final() {
    let place = Place::new();
    let file = place.path().join("password");
    fs::write(&file, "correct horse 电池 staple\n").unwrap();
    let made = place.command(&["admin", "create", "li.na", "--password-file", &file.display().to_string()]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(!made.out.contains("horse"), "it is not repeated");

    let data = place.data();
    let mut command = yingda(&["admin", "create", "zhao.min", "--password-file", "-", "--data", &data]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"another horse 7 \xe7\x94\xb5\xe6\xb1\xa0\n").unwrap();
    let ended = Ended::of(&child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(0), "{ended:?}");

    let serving = place.serve(&[]);
    for (name, password) in [("li.na", "correct horse 电池 staple"), ("zhao.min", "another horse 7 电池")] {
        let (status, answer) = login(&serving, name, password).await;
        assert_eq!(status, 200, "{answer}");
        let call = reqwest::Client::new().get(format!("{}/api/v1/staff", serving.url));
        assert_eq!(call.bearer_auth(answer["token"].as_str().unwrap()).send().await.unwrap().status(), 200);
    }
}

#[test]
fn a_weak_password_is_refused() {
    let place = Place::new();
    let file = place.path().join("password");
    fs::write(&file, "123456").unwrap();
    let ended = place.command(&["admin", "create", "li.na", "--password-file", &file.display().to_string()]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
}

#[tokio::test]
async fn a_token_is_made_beside_the_running_program_for_its_owner_alone() {
    let place = Place::new();
    let serving = place.serve(&[]);
    let file = place.path().join("token");
    let made = place.command(&["admin", "token", &file.display().to_string()]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let token = fs::read_to_string(&file).unwrap();
    assert!(!made.out.contains(token.trim()), "it is not shown");
    let call = reqwest::Client::new().get(format!("{}/api/v1/staff", serving.url)).bearer_auth(token.trim()).send().await.unwrap();
    assert_eq!(call.status(), 200);
}
