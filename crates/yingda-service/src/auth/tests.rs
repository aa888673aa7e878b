//! Over HTTP, as people log in.
mod lock;
mod second_factor;

use crate::{
    apps, staff,
    testkit::{Answer, Client, GROUP, TestApp},
};
use reqwest::{Method, header};
use serde_json::{Value, json};
use std::time::Duration;

/// As sessions last unless set otherwise.
const IDLE: Duration = Duration::from_secs(12 * 3600);
const ABSOLUTE: Duration = Duration::from_secs(7 * 24 * 3600);

const PASSWORD: &str = "correct horse battery";

/// An account with a known password, nobody logged in.
async fn account(t: &TestApp, login: &'static str, one_time: bool) {
    let hash = t.app.auth.passwords.hash(PASSWORD.to_owned()).await.unwrap();
    let made = t.app.db.write(move |tx| {
        let new = staff::NewStaff { login: login.into(), name: "林晓".into(), roles: vec!["agent".into()], ..Default::default() };
        staff::create_unasked(tx, &new, &hash, one_time)
    });
    made.await.unwrap();
}

async fn login(t: &TestApp, login: &str, password: &str) -> Answer {
    t.anonymous().post("/api/v1/auth/login", json!({"login": login, "password": password, "bearer": true})).await
}

async fn logged_in(t: &TestApp, name: &str) -> Client {
    let answer = login(t, name, PASSWORD).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    t.anonymous().with_token(answer.body["token"].as_str().unwrap())
}

apps! { a_person_logs_in_and_out, |t| async {
    account(&t, "linxiao", false).await;
    let person = logged_in(&t, "  LinXiao ").await;
    let me = person.get("/api/v1/auth/me").await;
    assert_eq!((me.status, me.body["staff"]["name"].as_str()), (200, Some("林晓")));
    assert_eq!(me.body["staff"]["must_change_password"], false);
    assert!(me.body["staff"]["permissions"].as_array().unwrap().contains(&json!("conversation.serve")));
    assert_eq!(person.post("/api/v1/auth/logout", json!({})).await.status, 204);
    assert_eq!((person.get("/api/v1/auth/me").await.status, person.get("/api/v1/auth/me").await.code()), (401, "session_revoked"));
}}

apps! { unknown_accounts_and_wrong_passwords_get_the_same_answer, |t| async {
    account(&t, "linxiao", false).await;
    let (wrong, unknown) = (login(&t, "linxiao", "wrong password").await, login(&t, "nobody", "wrong password").await);
    let without_id = |mut body: Value| { body["instance"] = Value::Null; body };
    assert_eq!((wrong.status, unknown.status), (401, 401));
    assert_eq!(without_id(wrong.body), without_id(unknown.body));
    // Both leave the same traces: a counter and a refused row. What was typed stands nowhere.
    let traces = t.staff("auditor", "audit_admin", &[]).await.get("/api/v1/audit?action=auth.login").await;
    let rows = traces.body["items"].as_array().unwrap();
    assert_eq!(rows.iter().filter(|row| row["result"] == "refused" && row["code"] == "auth.login_refused").count(), 2);
    assert!(!traces.body.to_string().contains("nobody"));
}}

apps! { guessing_is_slowed_and_never_locks_for_ever, |t| async {
    account(&t, "linxiao", false).await;
    for _ in 0..3 { assert_eq!(login(&t, "linxiao", "wrong password").await.status, 401); }
    let refused = login(&t, "linxiao", PASSWORD).await;
    assert_eq!((refused.status, refused.code()), (429, "auth.login_throttled"), "even the right password must wait");
    t.db.clock().advance(Duration::from_secs(1));
    assert_eq!(login(&t, "linxiao", "wrong password").await.status, 401);
    t.db.clock().advance(Duration::from_secs(1));
    assert_eq!(login(&t, "linxiao", PASSWORD).await.status, 429, "the delay has doubled");
    t.db.clock().advance(Duration::from_secs(1));
    assert_eq!(login(&t, "linxiao", PASSWORD).await.status, 200);
    for _ in 0..3 { assert_eq!(login(&t, "linxiao", "wrong password").await.status, 401, "success has reset the counter"); }
}}

apps! { guesses_side_by_side_do_not_overtake_the_counter, |t| async {
    account(&t, "linxiao", false).await;
    let guesses = futures_util::future::join_all((0..12).map(|_| login(&t, "linxiao", "wrong password"))).await;
    assert_eq!(guesses.iter().filter(|answer| answer.status == 401).count(), 3, "the rest had to wait");
}}

apps! { a_one_time_password_must_be_changed_first, |t| async {
    account(&t, "new", true).await;
    let person = logged_in(&t, "new").await;
    let me = person.get("/api/v1/auth/me").await;
    assert_eq!((&me.body["staff"]["must_change_password"], &me.body["staff"]["permissions"]), (&json!(true), &json!([])));
    assert_eq!(person.get("/api/v1/staff").await.code(), "password_change_required");
    let change = |old: &'static str, new: &'static str| person.post("/api/v1/auth/password", json!({"old": old, "new": new}));
    assert_eq!(change("not the old one", "another password").await.code(), "password.wrong");
    assert_eq!(change(PASSWORD, PASSWORD).await.code(), "password.unchanged");
    assert_eq!(change(PASSWORD, "short").await.code(), "password.too_short");
    assert_eq!(change(PASSWORD, "another password").await.status, 204);
    assert_eq!(person.get("/api/v1/staff").await.status, 200);
    assert_eq!(login(&t, "new", PASSWORD).await.status, 401);
    assert_eq!(login(&t, "new", "another password").await.status, 200);
}}

apps! { changing_the_password_ends_the_other_sessions, |t| async {
    account(&t, "linxiao", false).await;
    let (here, there) = (logged_in(&t, "linxiao").await, logged_in(&t, "linxiao").await);
    assert_eq!(here.post("/api/v1/auth/password", json!({"old": PASSWORD, "new": "another password"})).await.status, 204);
    assert_eq!(here.get("/api/v1/auth/me").await.status, 200);
    assert_eq!(there.get("/api/v1/auth/me").await.code(), "session_revoked");
}}

apps! { sessions_are_listed_and_only_own_ones_can_be_ended, |t| async {
    account(&t, "linxiao", false).await;
    let (here, there) = (logged_in(&t, "linxiao").await, logged_in(&t, "linxiao").await);
    let list = here.get("/api/v1/auth/sessions").await;
    let items = list.body["items"].as_array().unwrap();
    assert_eq!((items.len(), items.iter().filter(|item| item["current"] == true).count()), (2, 1));
    let other = items.iter().find(|item| item["current"] == false).unwrap()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/auth/sessions/{other}");
    assert_eq!(t.agent("stranger").await.delete(&path).await.status, 404);
    assert_eq!(there.get("/api/v1/auth/me").await.status, 200);
    assert_eq!(here.delete(&path).await.status, 204);
    assert_eq!(there.get("/api/v1/auth/me").await.code(), "session_revoked");
    assert_eq!(here.delete(&path).await.status, 404);
    // All others at once; and an administrator sees and ends them one by one.
    let (third, fourth) = (logged_in(&t, "linxiao").await, logged_in(&t, "linxiao").await);
    assert_eq!(third.delete("/api/v1/auth/sessions").await.status, 204);
    assert_eq!((here.get("/api/v1/auth/me").await.code(), fourth.get("/api/v1/auth/me").await.code()), ("session_revoked", "session_revoked"));
    let id = third.get("/api/v1/auth/me").await.body["staff"]["id"].as_str().unwrap().to_owned();
    let sec = t.staff("sec", "security_admin", &[]).await;
    let of = sec.get(&format!("/api/v1/staff/{id}/sessions")).await;
    let only = &of.body["items"].as_array().unwrap()[..];
    assert_eq!((only.len(), &only[0]["current"], &only[0]["method"]), (1, &json!(false), &json!("password")));
    let path = format!("/api/v1/staff/sessions/{}", only[0]["id"].as_str().unwrap());
    assert_eq!((sec.delete(&path).await.status, sec.delete(&path).await.status), (204, 404));
    assert_eq!(third.get("/api/v1/auth/me").await.code(), "session_revoked");
    assert_eq!(sec.get("/api/v1/staff/1/sessions").await.status, 404);
}}

apps! { sessions_end_when_idle_and_in_the_end_anyway, |t| async {
    account(&t, "linxiao", false).await;
    let person = logged_in(&t, "linxiao").await;
    let most = IDLE - Duration::from_secs(60);
    t.db.clock().advance(most);
    assert_eq!(person.get("/api/v1/auth/me").await.status, 200);
    t.db.clock().advance(most);
    assert_eq!(person.get("/api/v1/auth/me").await.status, 200, "use keeps it alive");
    t.db.clock().advance(IDLE);
    assert_eq!(person.get("/api/v1/auth/me").await.code(), "token_expired");
    let busy = logged_in(&t, "linxiao").await;
    let mut passed = Duration::ZERO;
    while passed + most < ABSOLUTE {
        t.db.clock().advance(most);
        passed += most;
        assert_eq!(busy.get("/api/v1/auth/me").await.status, 200);
    }
    t.db.clock().advance(ABSOLUTE - passed);
    assert_eq!(busy.get("/api/v1/auth/me").await.code(), "token_expired");
}}

apps! { a_clock_that_jumps_logs_nobody_out_and_lets_nobody_stay, |t| async {
    account(&t, "linxiao", false).await;
    let person = logged_in(&t, "linxiao").await;
    let clock = t.db.clock();
    let start = clock.now();
    for days in [40, 400, -3, 0] {
        let hours = Duration::from_secs(3600 * 24 * i64::abs(days) as u64);
        clock.step_to(if days < 0 { start - hours } else { start + hours });
        assert_eq!(person.get("/api/v1/auth/me").await.status, 200, "{days} days");
        let list = person.get("/api/v1/auth/sessions").await;
        let left = list.body["items"][0]["expires_at"].as_i64().unwrap() - clock.now().0;
        assert_eq!(Duration::from_millis(left as u64), IDLE, "what is shown goes by the clock people see");
        let purged = t.app.db.write(crate::auth::purge).await.unwrap();
        assert_eq!(purged, 0, "{days} days: nothing is forgotten either");
    }
    clock.advance(IDLE);
    assert_eq!(person.get("/api/v1/auth/me").await.code(), "token_expired");
}}

apps! { steady_time_goes_on_over_a_restart, |t| async {
    let clock = t.db.clock();
    let (wall, hour) = (clock.now(), Duration::from_secs(3600));
    // It jumped by 40 days while the program ran, and is right again.
    clock.step_to(wall + 40 * 24 * hour);
    clock.advance(hour);
    t.app.db.write(crate::auth::store::note_steady).await.unwrap();
    let again = async |at| {
        let clock = yingda_base::Clock::manual(at);
        crate::auth::wind(&t.app.db, &clock).await.unwrap();
        clock.steady()
    };
    assert_eq!(again(wall + 40 * 24 * hour + 2 * hour).await, wall + 2 * hour, "an hour passed while it was off");
    assert_eq!(again(wall + hour).await, wall + hour, "the clock was put right while it was off");
}}

apps! { lives_of_sessions_are_settings, |t| async {
    account(&t, "linxiao", false).await;
    let (sec, person) = (t.staff("sec", "security_admin", &[]).await, logged_in(&t, "linxiao").await);
    assert_eq!(sec.put("/api/v1/setting/auth.idle_minutes", json!({"value": 30})).await.status, 204);
    t.db.clock().advance(Duration::from_secs(29 * 60));
    assert_eq!(person.get("/api/v1/auth/me").await.status, 200);
    t.db.clock().advance(Duration::from_secs(30 * 60));
    assert_eq!(person.get("/api/v1/auth/me").await.code(), "token_expired");
    assert_eq!(t.staff("sys", "system_admin", &[]).await.put("/api/v1/setting/auth.idle_minutes", json!({"value": 600})).await.status, 403);
}}

apps! { a_sensitive_call_asks_for_a_proof_and_the_proof_brings_another_token, |t| async {
    account(&t, "linxiao", false).await;
    let person = logged_in(&t, "linxiao").await;
    let sec = t.staff("sec", "security_admin", &[]).await;
    let id = person.get("/api/v1/auth/me").await.body["staff"]["id"].as_str().unwrap().to_owned();
    let roles = json!({"rev": 1, "roles": ["security_admin"]});
    assert_eq!(sec.put(&format!("/api/v1/staff/{id}/rights"), roles).await.status, 200);
    let make = async |who: &Client, name: &str| who.post("/api/v1/staff/roles", json!({"name": name, "permissions": []})).await;
    assert_eq!(make(&person, "a").await.status, 201, "a login is a proof");
    t.db.clock().advance(Duration::from_secs(5 * 60));
    let refused = make(&person, "b").await;
    assert_eq!((refused.status, refused.code()), (403, "step_up_required"));
    assert_eq!(person.put("/api/v1/setting/auth.idle_minutes", json!({"value": 600})).await.code(), "step_up_required");

    let prove = async |password: &str| person.post("/api/v1/auth/step-up", json!({"proof": password})).await;
    assert_eq!(prove("wrong password").await.code(), "password.wrong");
    assert_eq!(make(&person, "b").await.code(), "step_up_required");
    let proven = prove(PASSWORD).await;
    assert_eq!(proven.status, 200, "{}", proven.body);
    let renewed = t.anonymous().with_token(proven.body["token"].as_str().unwrap());
    // The token before is no proof, whoever may have seen it; what only looks is answered until a moment after the new one was used.
    assert_eq!(make(&person, "b").await.code(), "step_up_required");
    assert_eq!(make(&renewed, "c").await.status, 201);
    assert_eq!(person.get("/api/v1/auth/me").await.status, 200);
    t.db.clock().advance(Duration::from_secs(30));
    assert_eq!(person.get("/api/v1/auth/me").await.code(), "token_expired");
    assert_eq!(renewed.get("/api/v1/auth/me").await.status, 200);
    let log = t.staff("auditor", "audit_admin", &[]).await.get("/api/v1/audit").await;
    let rows = log.body["items"].as_array().unwrap();
    let steps: Vec<_> = rows.iter().filter(|row| row["action"] == "auth.step_up").map(|row| row["result"].clone()).collect();
    assert_eq!(steps, ["done", "refused"]);
    assert!(!rows.iter().any(|row| row["code"] == "step_up_required"), "to be asked is not to be refused");
}}

apps! { a_password_taken_away_while_it_is_verified_opens_nothing, |t| async {
    account(&t, "linxiao", false).await;
    let hash = t.app.auth.passwords.hash("another password".to_owned()).await.unwrap();
    let id: i64 = logged_in(&t, "linxiao").await.get("/api/v1/auth/me").await.body["staff"]["id"].as_str().unwrap().parse().unwrap();
    // So many wait before it that there is time for what happens meanwhile.
    let queue = futures_util::future::join_all((0..24).map(|_| t.app.auth.passwords.verify("x".to_owned(), None)));
    let meanwhile = async {
        t.until("the guess is charged, and waits", async || t.db.read(|tx| crate::auth::store::count_failures(tx, &charged("linxiao"))).await.unwrap() > 0).await;
        let reset = move |tx: &mut yingda_base::Tx| {
            crate::auth::set_password(tx, crate::auth::StaffId(id), &hash, true)?;
            crate::auth::end_sessions(tx, crate::auth::StaffId(id), None)
        };
        t.db.write(reset).await.unwrap();
    };
    let (_, answer, ()) = tokio::join!(queue, login(&t, "linxiao", PASSWORD), meanwhile);
    assert_eq!((answer.status, answer.code()), (401, "auth.login_refused"), "{}", answer.body);
    assert_eq!(login(&t, "linxiao", "another password").await.status, 200);
}}

/// What guesses of strangers at a login are counted under.
fn charged(login: &str) -> String {
    let hash = super::token::hash_secret(login);
    format!("login:{}", hash[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

apps! { many_who_log_in_side_by_side_all_get_in, |t| async {
    account(&t, "linxiao", false).await;
    for _ in 0..4 {
        let answers = futures_util::future::join_all((0..8).map(|_| login(&t, "linxiao", PASSWORD))).await;
        for answer in &answers {
            assert!(answer.status == 200 || answer.code() == "auth.login_throttled", "{}", answer.body);
        }
        assert!(answers.iter().any(|answer| answer.status == 200));
        t.db.clock().advance(Duration::from_secs(60));
    }
}}

apps! { guesses_at_ones_own_password_are_slowed_apart_from_the_door, |t| async {
    account(&t, "linxiao", false).await;
    let person = logged_in(&t, "linxiao").await;
    let prove = async |password: &str| person.post("/api/v1/auth/step-up", json!({"proof": password})).await;
    for _ in 0..3 { assert_eq!(prove("wrong password").await.code(), "password.wrong"); }
    assert_eq!(prove(PASSWORD).await.code(), "auth.login_throttled");
    let change = json!({"old": PASSWORD, "new": "another password"});
    assert_eq!(person.post("/api/v1/auth/password", change).await.code(), "auth.login_throttled");
    assert_eq!(login(&t, "linxiao", PASSWORD).await.status, 200);
}}

apps! { every_sensitive_route_asks_for_a_proof, |t| async {
    let (router, _, routes) = crate::routes().into_parts(t.app.clone());
    drop(router);
    let sensitive: Vec<_> = routes.into_iter().filter(|route| route.rule.step_up).collect();
    assert!(sensitive.len() >= 5, "{sensitive:?}");
    let everybody = [
        t.staff("sys", "system_admin", &[]).await, t.staff("sec", "security_admin", &[]).await, t.staff("aud", "audit_admin", &[]).await,
        t.staff("boss", "supervisor", &[]).await,
    ];
    t.db.clock().advance(Duration::from_secs(5 * 60));
    for route in sensitive {
        let path = route.path.replace("{id}", "1").replace("{key}", "x");
        let mut asked = 0;
        for one in &everybody {
            let answer = one.request(route.method.parse().unwrap(), &path).json(&json!({})).send().await.unwrap();
            let body: Value = answer.json().await.unwrap();
            assert!(["step_up_required", "forbidden"].contains(&body["code"].as_str().unwrap()), "{} {path}: {body}", route.method);
            asked += usize::from(body["code"] == "step_up_required");
        }
        assert!(asked > 0, "nobody may {} {path}", route.method);
    }
}}

apps! { the_cookie_is_safe_and_forms_of_other_sites_change_nothing, |t| async {
    account(&t, "linxiao", false).await;
    let browser = t.anonymous();
    let body = json!({"login": "linxiao", "password": PASSWORD});
    let answer = browser.request(Method::POST, "/api/v1/auth/login").json(&body).send().await.unwrap();
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.ends_with("Path=/; Max-Age=604800; HttpOnly; SameSite=Lax") && cookie.starts_with("yingda=ys_"), "{cookie}");
    assert!(answer.json::<Value>().await.unwrap().get("token").is_none());
    let pair = cookie.split(';').next().unwrap().to_owned();
    let call = |method: Method, path: &'static str| browser.request(method, path).header(header::COOKIE, &pair);
    assert_eq!(call(Method::GET, "/api/v1/auth/me").send().await.unwrap().status(), 200);
    assert_eq!(call(Method::POST, "/api/v1/auth/logout").send().await.unwrap().status(), 403);
    let foreign = call(Method::POST, "/api/v1/auth/logout").header("x-yingda-client", "desk").header(header::ORIGIN, "https://evil.cn");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    // A new login ends what the browser held, and a dead cookie does not stop it, nor a visitor on the same host.
    let again = call(Method::POST, "/api/v1/auth/login").json(&body).send().await.unwrap();
    assert_eq!(again.status(), 200);
    assert_eq!(call(Method::GET, "/api/v1/auth/me").send().await.unwrap().status(), 401);
    assert_eq!(call(Method::POST, "/api/v1/auth/login").json(&body).send().await.unwrap().status(), 200);
    assert_eq!(call(Method::POST, "/api/v1/visit/token").json(&json!({"site": "demo"})).send().await.unwrap().status(), 200);
}}

apps! { a_bench_session_lifts_limits_for_whoever_comes_with_it, |t| async {
    let token = t.app.db.write(staff::issue_bench_session).await.unwrap();
    let visitor = t.visitor().await;
    let many = |bench: Option<String>| {
        let browser = visitor.clone();
        async move {
            let call = || {
                let request = browser.request(Method::GET, "/api/v1/conversation");
                match &bench { Some(token) => request.header("x-yingda-bench", token), None => request }.send()
            };
            let statuses = futures_util::future::join_all((0..600).map(|_| call())).await;
            statuses.into_iter().filter(|answer| answer.as_ref().unwrap().status() == 429).count()
        }
    };
    assert!(many(None).await > 0);
    assert_eq!(many(Some(token.clone())).await, 0);
    let bench = t.anonymous().with_token(&token);
    assert_eq!(bench.get("/api/v1/staff").await.status, 200);
    assert!(!bench.get("/api/v1/staff").await.body.to_string().contains("bench"), "the account is hidden");
    let agent = t.agent("linxiao").await.token.unwrap();
    let posing = t.anonymous().request(Method::GET, "/api/v1/channel/sites/demo").header("x-yingda-bench", agent).send().await.unwrap();
    assert_eq!(posing.status(), 403);
    t.db.clock().advance(Duration::from_secs(12 * 3600));
    assert_eq!(bench.get("/api/v1/staff").await.code(), "token_expired");
}}

apps! { a_revoked_device_is_turned_away, |t| async {
    let visitor = t.visitor().await;
    assert_eq!(visitor.get("/api/v1/conversation").await.status, 200);
    let device = crate::auth::VisitorToken::open(&t.app.auth.visitors, visitor.token.as_deref().unwrap(), t.db.clock().now()).unwrap().device;
    t.app.db.write(move |tx| crate::visit::revoke_device(tx, device)).await.unwrap();
    // The doorbell is on its way, or the sweep will find the row.
    let refused = async { while visitor.get("/api/v1/conversation").await.status != 401 { tokio::task::yield_now().await } };
    tokio::time::timeout(Duration::from_secs(10), refused).await.expect("within two seconds, or a few more on a busy machine");
}}

apps! { administrators_end_the_sessions_of_others, |t| async {
    account(&t, "linxiao", false).await;
    let person = logged_in(&t, "linxiao").await;
    let id = person.get("/api/v1/auth/me").await.body["staff"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/staff/{id}/sessions");
    assert_eq!(t.staff("agent", "agent", &[GROUP]).await.delete(&path).await.status, 403);
    assert_eq!(t.staff("sec", "security_admin", &[]).await.delete(&path).await.status, 204);
    assert_eq!(person.get("/api/v1/auth/me").await.code(), "session_revoked");
}}

apps! { a_password_changes_once_under_a_key, |t| async {
    account(&t, "linxiao", false).await;
    let person = logged_in(&t, "linxiao").await;
    let change = |new: &'static str, key: &'static str| person.post_with_key("/api/v1/auth/password", json!({"old": PASSWORD, "new": new}), key);
    assert_eq!(change("my own password", "k").await.status, 204);
    let other = login(&t, "linxiao", "my own password").await;
    assert_eq!(change("my own password", "k").await.status, 204, "what was done is answered again");
    let other = t.anonymous().with_token(other.body["token"].as_str().unwrap());
    assert_eq!(other.get("/api/v1/auth/me").await.status, 200, "and not done again: it would end this session");
    assert_eq!(change("another password", "k").await.code(), "idempotency_key_reused");
    assert_eq!(change("my own password", "k2").await.code(), "password.wrong");
}}
