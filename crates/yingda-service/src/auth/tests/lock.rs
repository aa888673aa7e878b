//! Locks after wrong guesses, and what passwords must be.
use super::{PASSWORD, account, logged_in, login};
use crate::{apps, testkit::TestApp};
use reqwest::{Method, header};
use serde_json::{Value, json};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// Guesses until it is locked; answers the answers.
async fn guess(t: &TestApp, name: &str, times: usize) -> Vec<(u16, Value)> {
    let mut answers = Vec::new();
    for _ in 0..times {
        let answer = login(t, name, "wrong password").await;
        answers.push((answer.status, answer.body["details"]["left"].clone()));
        t.db.clock().advance(MINUTE * 5);
    }
    answers
}

/// A browser that logs in and keeps its cookies.
async fn browser(t: &TestApp, password: &str, cookies: &str) -> (u16, Value, String) {
    let request = t.anonymous().request(Method::POST, "/api/v1/auth/login").header(header::COOKIE, cookies);
    let answer = request.json(&json!({"login": "linxiao", "password": password})).send().await.unwrap();
    let set = answer.headers().get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap().to_owned());
    let device = set.filter_map(|cookie| cookie.starts_with("yingda-device=").then(|| cookie.split(';').next().unwrap().to_owned())).next();
    (answer.status().as_u16(), answer.json().await.unwrap(), device.unwrap_or_default())
}

apps! { too_many_guesses_lock_for_a_while_and_say_so_before, |t| async {
    account(&t, "linxiao", false).await;
    for name in ["linxiao", "nobody"] {
        let told = guess(&t, name, 10).await;
        assert!(told.iter().all(|(status, _)| *status == 401), "{told:?}");
        let left: Vec<Value> = told.into_iter().map(|(_, left)| left).collect();
        assert_eq!((&left[..6], &left[6..]), (&vec![Value::Null; 6][..], &[json!(3), json!(2), json!(1), json!(0)][..]), "{name}");
    }
    // Five minutes have passed since the last of linxiao's, and more.
    let start = t.db.clock().now();
    assert_eq!(guess(&t, "linxiao", 1).await[0].0, 401, "forty minutes later it is open again");
    t.db.clock().step_to(start);
    let locked = login(&t, "nobody", PASSWORD).await;
    assert_eq!((locked.status, locked.code(), &locked.body["details"]["minutes"]), (429, "auth.locked", &json!(10)));
    assert_eq!(locked.body["retry_ms"], 600_000);
}}

apps! { an_administrator_sees_a_lock_and_opens_it, |t| async {
    account(&t, "linxiao", false).await;
    let (sec, person) = (t.staff("sec", "security_admin", &[]).await, logged_in(&t, "linxiao").await);
    let id = person.get("/api/v1/auth/me").await.body["staff"]["id"].as_str().unwrap().to_owned();
    assert_eq!(sec.put("/api/v1/setting/auth.lock_after", json!({"value": 3})).await.status, 204);
    assert_eq!(sec.put("/api/v1/setting/auth.lock_minutes", json!({"value": 60})).await.status, 204);
    guess(&t, "linxiao", 3).await;
    assert_eq!(login(&t, "linxiao", PASSWORD).await.code(), "auth.locked");
    let seen = sec.get(&format!("/api/v1/staff/{id}/security")).await;
    let left = seen.body["locked_until"].as_i64().unwrap() - t.db.clock().now().0;
    assert_eq!(left, 55 * 60_000, "{}", seen.body);
    assert_eq!(sec.delete(&format!("/api/v1/staff/{id}/lock")).await.status, 204);
    assert_eq!(login(&t, "linxiao", PASSWORD).await.status, 200);
    assert_eq!(sec.get(&format!("/api/v1/staff/{id}/security")).await.body.get("locked_until"), None);
}}

apps! { a_stranger_does_not_lock_somebody_out_of_their_own_browser, |t| async {
    account(&t, "linxiao", false).await;
    let (status, _, own) = browser(&t, PASSWORD, "").await;
    assert_eq!((status, own.starts_with("yingda-device=yd_")), (200, true));
    guess(&t, "linxiao", 9).await;
    let last = login(&t, "linxiao", "wrong password").await;
    assert_eq!(last.status, 401);
    assert_eq!(browser(&t, PASSWORD, "").await.0, 429, "another browser is a stranger");
    assert_eq!(browser(&t, PASSWORD, "yingda-device=yd_forgedforgedforgedforgedforgedforgedforgedfor").await.0, 429);
    let (status, body, again) = browser(&t, PASSWORD, &own).await;
    assert_eq!((status, &body["failures"], &again), (200, &json!(10), &own), "and learns that somebody tried");
    // Its own slips lock only itself, and what a stranger did stays as it is.
    for _ in 0..10 {
        assert_eq!(browser(&t, "wrong password", &own).await.0, 401);
        t.db.clock().advance(MINUTE * 5);
    }
    assert_eq!(browser(&t, PASSWORD, &own).await.1["code"], "auth.locked");
    assert_eq!(login(&t, "linxiao", PASSWORD).await.status, 200);
}}

apps! { a_new_password_is_none_of_the_last_ones_and_not_a_common_one, |t| async {
    account(&t, "linxiao", false).await;
    let person = logged_in(&t, "linxiao").await;
    let rule = person.get("/api/v1/auth/me").await.body["password_rule"].clone();
    assert_eq!(rule, json!({"least": 10, "history": 5, "days": 0}));
    let change = async |old: &str, new: &str| person.post("/api/v1/auth/password", json!({"old": old, "new": new})).await;
    for (new, code) in [("Password123", "password.common"), ("call linxiao now", "password.has_login"), ("short", "password.too_short")] {
        assert_eq!(change(PASSWORD, new).await.code(), code);
    }
    assert_eq!(change(PASSWORD, "zebra-lamp-orchid").await.status, 204);
    assert_eq!(change("zebra-lamp-orchid", PASSWORD).await.code(), "password.used_before");
    assert_eq!(change("zebra-lamp-orchid", "river-chair-cloud").await.status, 204);
    let sec = t.staff("sec", "security_admin", &[]).await;
    assert_eq!(sec.put("/api/v1/setting/auth.password_history", json!({"value": 1})).await.status, 204);
    assert_eq!(change("river-chair-cloud", "zebra-lamp-orchid").await.code(), "password.used_before");
    assert_eq!(change("river-chair-cloud", PASSWORD).await.status, 204, "only the last one counts now");
}}

apps! { an_old_password_is_changed_at_the_next_login, |t| async {
    account(&t, "linxiao", false).await;
    let sec = t.staff("sec", "security_admin", &[]).await;
    assert_eq!(sec.put("/api/v1/setting/auth.password_days", json!({"value": 90})).await.status, 204);
    t.db.clock().advance(Duration::from_secs(90 * 24 * 3600));
    assert_eq!(logged_in(&t, "linxiao").await.get("/api/v1/staff").await.status, 200);
    t.db.clock().advance(MINUTE);
    let person = logged_in(&t, "linxiao").await;
    assert_eq!(person.get("/api/v1/staff").await.code(), "password_change_required");
    assert_eq!(person.post("/api/v1/auth/password", json!({"old": PASSWORD, "new": "zebra-lamp-orchid"})).await.status, 204);
    assert_eq!(person.get("/api/v1/staff").await.status, 200);
}}
