//! The second factor: setting it up, logging in with it, losing it.
use super::{PASSWORD, account, logged_in, login};
use crate::{
    apps,
    testkit::{Answer, Client, TestApp},
};
use serde_json::{Value, json};
use std::time::Duration;
use totp_rs::{Builder, Secret};

const STEP: Duration = Duration::from_secs(30);

/// What shows codes: the telephone of somebody.
struct Telephone(Secret);

impl Telephone {
    fn shows(&self, t: &TestApp) -> String {
        let totp = Builder::new().with_secret(self.0.clone()).build().unwrap();
        totp.generate(u64::try_from(t.db.clock().now().0 / 1000).unwrap()).to_string()
    }
}

async fn offered(person: &Client) -> Telephone {
    let offer = person.post("/api/v1/auth/second-factor", json!({})).await;
    assert_eq!(offer.status, 200, "{}", offer.body);
    let secret = offer.body["secret"].as_str().unwrap().replace(' ', "");
    assert!(offer.body["uri"].as_str().unwrap().contains(&secret));
    Telephone(Secret::try_from_base32(secret).unwrap())
}

/// Sets a second factor up; answers telephone and recovery codes. A moment passes, so that the next code is another one.
async fn enrolled(t: &TestApp, person: &Client) -> (Telephone, Vec<String>) {
    let telephone = offered(person).await;
    let done = person.put("/api/v1/auth/second-factor", json!({"code": telephone.shows(t)})).await;
    assert_eq!(done.status, 200, "{}", done.body);
    t.db.clock().advance(STEP);
    let codes = done.body["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    (telephone, codes)
}

async fn challenge(t: &TestApp, name: &str) -> String {
    let answer = login(t, name, PASSWORD).await;
    assert_eq!((answer.status, answer.body.get("staff"), answer.body.get("token")), (200, None, None), "{}", answer.body);
    answer.body["challenge"].as_str().unwrap().to_owned()
}

async fn code(t: &TestApp, challenge: &str, code: &str) -> Answer {
    t.anonymous().post("/api/v1/auth/login/code", json!({"challenge": challenge, "code": code, "bearer": true})).await
}

async fn method(client: &Client) -> Value {
    let list = client.get("/api/v1/auth/sessions").await;
    list.body["items"].as_array().unwrap().iter().find(|item| item["current"] == true).unwrap()["method"].clone()
}

apps! { a_code_is_asked_for_after_the_password_and_counts_once, |t| async {
    account(&t, "linxiao", false).await;
    let (person, other) = (logged_in(&t, "linxiao").await, logged_in(&t, "linxiao").await);
    assert_eq!(person.get("/api/v1/auth/second-factor").await.body, json!({"codes_left": 0, "is_required": false}));
    let telephone = offered(&person).await;
    assert_eq!(person.put("/api/v1/auth/second-factor", json!({"code": "000000"})).await.code(), "second_factor.code_wrong");
    assert_eq!(login(&t, "linxiao", PASSWORD).await.body.get("challenge"), None, "what was only offered asks for nothing");
    assert_eq!(person.put("/api/v1/auth/second-factor", json!({"code": telephone.shows(&t)})).await.status, 200);
    assert_eq!(other.get("/api/v1/auth/me").await.code(), "session_revoked", "it began without");
    assert_eq!(person.get("/api/v1/auth/me").await.body["staff"]["proves_by"], "code");

    let first = challenge(&t, "linxiao").await;
    assert_eq!(code(&t, &first, &telephone.shows(&t)).await.code(), "auth.code_refused", "the code of setting up was used");
    t.db.clock().advance(STEP);
    let now = telephone.shows(&t);
    let done = code(&t, &first, &format!("{} {}", &now[..3], &now[3..])).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(method(&t.anonymous().with_token(done.body["token"].as_str().unwrap())).await, "code");
    assert_eq!(code(&t, &first, &now).await.code(), "auth.challenge_over", "a challenge opens once");
    let second = challenge(&t, "linxiao").await;
    assert_eq!(code(&t, &second, &now).await.code(), "auth.code_refused", "a code opens once");
    t.db.clock().advance(Duration::from_secs(5 * 60));
    assert_eq!(code(&t, &second, &telephone.shows(&t)).await.code(), "auth.challenge_over", "it waits five minutes");
    // The secret is nowhere to be read.
    let log = t.staff("auditor", "audit_admin", &[]).await.get("/api/v1/audit").await.body.to_string();
    assert!(log.contains("auth.enrol") && !log.contains(&telephone.0.to_base32()));
}}

apps! { two_who_come_with_the_same_code_are_one, |t| async {
    account(&t, "linxiao", false).await;
    let (telephone, codes) = enrolled(&t, &logged_in(&t, "linxiao").await).await;
    let (a, b) = (challenge(&t, "linxiao").await, challenge(&t, "linxiao").await);
    let now = telephone.shows(&t);
    let (first, second) = tokio::join!(code(&t, &a, &now), code(&t, &b, &now));
    assert_eq!([first.status, second.status].iter().filter(|status| **status == 200).count(), 1, "{} {}", first.body, second.body);
    let (a, b) = (challenge(&t, "linxiao").await, challenge(&t, "linxiao").await);
    let (first, second) = tokio::join!(code(&t, &a, &codes[0]), code(&t, &b, &codes[0]));
    assert_eq!([first.status, second.status].iter().filter(|status| **status == 200).count(), 1, "{} {}", first.body, second.body);
}}

apps! { codes_are_not_to_be_guessed, |t| async {
    account(&t, "linxiao", false).await;
    let (telephone, _) = enrolled(&t, &logged_in(&t, "linxiao").await).await;
    let asked = challenge(&t, "linxiao").await;
    for _ in 0..3 { assert_eq!(code(&t, &asked, "000000").await.code(), "auth.code_refused"); }
    assert_eq!(code(&t, &asked, &telephone.shows(&t)).await.code(), "auth.login_throttled", "even the right one must wait");
    // A new password call does not begin the count anew, and one challenge takes five tries at most.
    let again = challenge(&t, "linxiao").await;
    assert_eq!(code(&t, &again, "000000").await.code(), "auth.login_throttled");
    for wait in [1, 2] {
        t.db.clock().advance(Duration::from_secs(wait));
        assert_eq!(code(&t, &asked, "000000").await.code(), "auth.code_refused");
    }
    t.db.clock().advance(Duration::from_secs(4));
    assert_eq!(code(&t, &asked, &telephone.shows(&t)).await.code(), "auth.challenge_over");
    assert_eq!(code(&t, &again, &telephone.shows(&t)).await.status, 200);
}}

apps! { a_recovery_code_opens_once, |t| async {
    account(&t, "linxiao", false).await;
    let person = logged_in(&t, "linxiao").await;
    let (_, codes) = enrolled(&t, &person).await;
    assert_eq!(codes.len(), 10);
    let done = code(&t, &challenge(&t, "linxiao").await, &codes[3].to_uppercase()).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let person = t.anonymous().with_token(done.body["token"].as_str().unwrap());
    assert_eq!((method(&person).await, &person.get("/api/v1/auth/second-factor").await.body["codes_left"]), (json!("recovery_code"), &json!(9)));
    assert_eq!(code(&t, &challenge(&t, "linxiao").await, &codes[3]).await.code(), "auth.code_refused");
    // New ones end those before, and are not told twice.
    let renew = async || person.post_with_key("/api/v1/auth/second-factor/codes", json!({}), "k").await;
    let (fresh, again) = (renew().await, renew().await);
    assert_eq!((fresh.body["codes"].as_array().unwrap().len(), again.status, again.body.get("codes")), (10, 200, None));
    assert_eq!(code(&t, &challenge(&t, "linxiao").await, &codes[4]).await.code(), "auth.code_refused");
    let stored = t.db.read(|tx| tx.all::<Hash>(yingda_base::sql!("SELECT hash FROM recovery_code ORDER BY hash"))).await.unwrap();
    let shown = fresh.body["codes"].to_string();
    assert!(stored.iter().all(|row| !shown.contains(&String::from_utf8_lossy(&row.hash).into_owned())));
}}

yingda_base::row! { struct Hash { hash: Vec<u8> } }

apps! { a_clock_set_back_shuts_nobody_out, |t| async {
    account(&t, "linxiao", false).await;
    let (telephone, _) = enrolled(&t, &logged_in(&t, "linxiao").await).await;
    assert_eq!(code(&t, &challenge(&t, "linxiao").await, &telephone.shows(&t)).await.status, 200);
    t.db.clock().step_to(t.db.clock().now() - Duration::from_secs(3600));
    assert_eq!(code(&t, &challenge(&t, "linxiao").await, &telephone.shows(&t)).await.status, 200);
}}

apps! { who_must_have_one_sets_it_up_at_the_next_login_and_before_anything_else, |t| async {
    account(&t, "linxiao", false).await;
    let sec = t.staff("sec", "security_admin", &[]).await;
    let before = logged_in(&t, "linxiao").await;
    assert_eq!(sec.put("/api/v1/setting/auth.second_factor", json!({"value": "some"})).await.code(), "setting.invalid");
    assert_eq!(sec.put("/api/v1/setting/auth.second_factor", json!({"value": "administrators"})).await.status, 204);
    assert_eq!(logged_in(&t, "linxiao").await.get("/api/v1/staff").await.status, 200, "an agent is no administrator");
    let version = setting(&sec).await["values"][0]["version"].clone();
    assert_eq!(sec.put("/api/v1/setting/auth.second_factor", json!({"value": "all", "version": version})).await.status, 204);
    assert_eq!(before.get("/api/v1/staff").await.status, 200, "nobody is stopped in the middle of work");

    let person = logged_in(&t, "linxiao").await;
    let me = person.get("/api/v1/auth/me").await;
    assert_eq!((&me.body["staff"]["must_enrol"], &me.body["staff"]["permissions"]), (&json!(true), &json!([])));
    assert_eq!(person.get("/api/v1/staff").await.code(), "second_factor_required");
    let mut socket = person.silent_socket().await;
    socket.send(json!({"type": "hello", "token": person.token})).await;
    assert_eq!(socket.expect("error").await["code"], "second_factor_required");
    enrolled(&t, &person).await;
    assert_eq!(person.get("/api/v1/staff").await.status, 200);
    assert_eq!(person.delete("/api/v1/auth/second-factor").await.code(), "second_factor.required");
}}

async fn setting(sec: &Client) -> Value {
    let list = sec.get("/api/v1/setting").await;
    let found = list.body["items"].as_array().unwrap().iter().find(|item| item["key"] == "auth.second_factor").unwrap().clone();
    assert_eq!((&found["choices"][1], &found["is_security"]), (&json!({"value": "administrators", "name": "管理员"}), &json!(true)));
    found
}

apps! { it_can_be_replaced_and_given_up_where_nobody_asks_for_it, |t| async {
    account(&t, "linxiao", false).await;
    let person = logged_in(&t, "linxiao").await;
    let (first, codes) = enrolled(&t, &person).await;
    let second = offered(&person).await;
    assert_eq!(code(&t, &challenge(&t, "linxiao").await, &first.shows(&t)).await.status, 200, "the old one counts until the new one does");
    assert_eq!(person.put("/api/v1/auth/second-factor", json!({"code": second.shows(&t)})).await.status, 200);
    t.db.clock().advance(STEP);
    for gone in [first.shows(&t), codes[0].clone()] {
        assert_eq!(code(&t, &challenge(&t, "linxiao").await, &gone).await.code(), "auth.code_refused");
    }
    // Later it takes a code to touch it, and a password is none.
    t.db.clock().advance(Duration::from_secs(5 * 60));
    assert_eq!(person.delete("/api/v1/auth/second-factor").await.code(), "step_up_required");
    let prove = async |proof: &str| person.post("/api/v1/auth/step-up", json!({"proof": proof})).await;
    assert_eq!(prove(PASSWORD).await.code(), "second_factor.code_wrong");
    t.db.clock().advance(Duration::from_secs(1));
    let proven = prove(&second.shows(&t)).await;
    let renewed = t.anonymous().with_token(proven.body["token"].as_str().unwrap());
    assert_eq!(renewed.delete("/api/v1/auth/second-factor").await.status, 204);
    assert_eq!(login(&t, "linxiao", PASSWORD).await.body.get("challenge"), None);
}}

apps! { an_administrator_takes_a_lost_one_away, |t| async {
    account(&t, "linxiao", false).await;
    let person = logged_in(&t, "linxiao").await;
    enrolled(&t, &person).await;
    let id = person.get("/api/v1/auth/me").await.body["staff"]["id"].as_str().unwrap().to_owned();
    let (sec, sys) = (t.staff("sec", "security_admin", &[]).await, t.staff("sys", "system_admin", &[]).await);
    let seen = sec.get(&format!("/api/v1/staff/{id}/security")).await;
    assert_eq!((&seen.body["second_factor"]["codes_left"], seen.body.get("locked_until")), (&json!(10), None), "{}", seen.body);
    let waiting = challenge(&t, "linxiao").await;
    let path = format!("/api/v1/staff/{id}/second-factor");
    assert_eq!((sys.delete(&path).await.status, sec.delete(&path).await.status), (403, 204));
    assert_eq!(person.get("/api/v1/auth/me").await.code(), "session_revoked");
    assert_eq!(code(&t, &waiting, "000000").await.code(), "auth.challenge_over");
    assert_eq!(login(&t, "linxiao", PASSWORD).await.body["staff"]["proves_by"], "password");
    // On the command line too.
    enrolled(&t, &logged_in(&t, "linxiao").await).await;
    assert!(t.app.db.write(|tx| crate::auth::reset_factor_of_login(tx, " LinXiao ")).await.unwrap());
    assert_eq!(login(&t, "linxiao", PASSWORD).await.body.get("challenge"), None);
    let log = t.staff("auditor", "audit_admin", &[]).await.get("/api/v1/audit?action=staff.reset_second_factor&result=done").await;
    assert_eq!(log.body["items"].as_array().unwrap().len(), 2);
}}

apps! { what_is_done_about_it_stands_in_the_audit_log, |t| async {
    account(&t, "linxiao", false).await;
    let person = logged_in(&t, "linxiao").await;
    let (telephone, _) = enrolled(&t, &person).await;
    let asked = challenge(&t, "linxiao").await;
    assert_eq!(code(&t, &asked, "000000").await.code(), "auth.code_refused");
    let in_by_code = code(&t, &asked, &telephone.shows(&t)).await.body["token"].as_str().unwrap().to_owned();
    let person = t.anonymous().with_token(&in_by_code);
    assert_eq!(person.post("/api/v1/auth/second-factor/codes", json!({})).await.status, 200);
    assert_eq!(person.delete("/api/v1/auth/second-factor").await.status, 204);
    let log = t.staff("auditor", "audit_admin", &[]).await.get("/api/v1/audit?action=auth.").await;
    let rows: Vec<[&str; 4]> = log.body["items"].as_array().unwrap().iter().rev().map(|row| {
        [&row["action"], &row["result"], &row["actor"]["kind"], &row["actor"]["method"]].map(|field| field.as_str().unwrap())
    }).collect();
    assert_eq!(rows, [
        ["auth.login", "done", "staff", "password"],
        ["auth.enrol", "done", "staff", "password"],
        ["auth.login", "refused", "anonymous", ""],
        ["auth.login", "done", "staff", "code"],
        ["auth.renew_recovery_codes", "done", "staff", "code"],
        ["auth.remove_second_factor", "done", "staff", "code"],
    ]);
}}
