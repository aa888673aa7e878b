//! Sockets and polling: greeting, healing, revocation, bad frames. On both databases.
mod clock;

use crate::{
    apps, auth,
    testkit::{GROUP, TestApp},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use yingda_base::{
    bus::FaultBus,
    random::Entropy,
    testkit::{Kind, TestDb},
};

apps! { the_first_frame_is_hello_from_somebody, |t| async {
    let visitor = t.visitor().await;
    let mut socket = visitor.silent_socket().await;
    for (frame, code) in [("", "frame_malformed"), (r#"{"v":1,"type":"ping","n":1}"#, "hello_expected"), (r#"{"v":9,"type":"hello"}"#, "version_unsupported")] {
        socket.send_text(frame.to_owned()).await;
        assert_eq!(socket.expect("error").await["code"], code);
    }
    socket.send(json!({"type": "hello", "token": visitor.token})).await;
    let hello = socket.expect("hello").await;
    assert_eq!((hello["you"]["kind"].as_str(), hello["generation"].as_str()), (Some("visitor"), Some(&*t.app.generation)));
    for (token, code) in [("yv_forged", "token_invalid"), ("ys_forged", "token_invalid"), ("", "login_required")] {
        let mut socket = visitor.silent_socket().await;
        let token = if token.is_empty() { Value::Null } else { token.into() };
        socket.send(json!({"type": "hello", "token": token})).await;
        assert_eq!(socket.expect("error").await["code"], code);
        assert_eq!(socket.ended().await.as_deref(), Some("session_revoked"));
    }
    let mut socket = visitor.silent_socket().await;
    t.db.clock().advance(Duration::from_secs(3601));
    socket.send(json!({"type": "hello", "token": visitor.token})).await;
    assert_eq!(socket.expect("error").await["code"], "token_expired");
}}

apps! { bad_frames_are_answered_and_the_socket_lives, |t| async {
    let visitor = t.visitor().await;
    let id = visitor.open("a").await;
    let mut socket = visitor.socket().await;
    for (frame, code) in [
        ("{".to_owned(), "frame_malformed"), (r#"{"v":1,"type":"send"}"#.to_owned(), "frame_malformed"), (r#"{"v":1,"type":"drop"}"#.to_owned(), "frame_unknown"),
        (format!(r#"{{"v":1,"type":"ping","n":1,"x":"{}"}}"#, "a".repeat(70_000)), "frame_too_large"),
        (json!({"v": 1, "type": "preview", "conversation": id, "text": "a"}).to_string(), "preview_off"),
        (json!({"v": 1, "type": "typing", "conversation": "none", "on": true}).to_string(), "not_found"),
    ] {
        socket.send_text(frame).await;
        assert_eq!(socket.expect("error").await["code"], code);
    }
    socket.settle().await;
    socket.send_text("x".repeat(1_100_000)).await;
    assert_eq!(socket.ended().await, None, "beyond the hard limit it is closed");
}}

apps! { a_resuming_client_gets_exactly_what_it_lacks, |t| async {
    let visitor = t.unlimited(t.visitor().await).await;
    let id = visitor.open("a").await;
    let mut socket = visitor.socket().await;
    for n in 0..300 { socket.say(&id, &format!("k{n}"), &format!("第 {n} 句")).await; }
    for _ in 0..300 { socket.expect("ack").await; }
    let mut again = visitor.socket().await;
    again.send(json!({"type": "hello", "resume": [{"conversation": id, "after": 10}, {"conversation": "none", "after": 0}]})).await;
    let hello = again.expect("hello").await;
    assert_eq!(hello["subscriptions"], json!([{"conversation": id, "head": 301}, {"conversation": "none", "error": "not_found"}]));
    // What was still being told of the last words may come first; it does not follow what is held, and a client leaves it.
    again.expect_where("entry", |e| e["seq"] == 11).await;
    for seq in 12..=301 { assert_eq!(again.expect("entry").await["seq"], seq); }
    again.send(json!({"type": "hello", "generation": "another history", "resume": [{"conversation": id, "after": 10}]})).await;
    assert_eq!(again.expect("entry").await["seq"], 1, "another history begins anew");
}}

apps! { a_panel_that_stays_open_is_asked_for_a_fresh_token, |t| async {
    let visitor = t.visitor().await;
    let mut panel = visitor.socket().await;
    t.db.clock().advance(Duration::from_secs(3600));
    // What a connection asks itself once a minute.
    t.app.hub.tell_where(|_| true, &crate::realtime::hub::Push::Reauthenticate);
    let bye = loop {
        let frame = panel.next().await.expect("it says goodbye");
        if frame["type"] == "bye" { break frame }
    };
    assert_eq!((&bye["reason"], &bye["retry_ms"]), (&json!("token_expired"), &json!(0)));
}}

apps! { a_socket_outlives_the_token_it_came_with, |t| async {
    let agent = t.agent("linxiao").await;
    let id: i64 = agent.get("/api/v1/auth/me").await.body["staff"]["id"].as_str().unwrap().parse().unwrap();
    let hash = auth::hash_password(&t.app.context.entropy, "correct horse battery").unwrap();
    t.db.write(move |tx| auth::set_password(tx, auth::StaffId(id), &hash, false)).await.unwrap();
    let mut desk = agent.socket().await;
    let proven = agent.post("/api/v1/auth/step-up", json!({"proof": "correct horse battery"})).await;
    let renewed = t.anonymous().with_token(proven.body["token"].as_str().unwrap());
    assert_eq!(renewed.get("/api/v1/auth/me").await.status, 200);
    t.db.clock().advance(Duration::from_secs(31));
    assert_eq!(agent.get("/api/v1/auth/me").await.code(), "token_expired", "the token is no more");
    t.app.hub.tell_where(|_| true, &crate::realtime::hub::Push::Reauthenticate);
    desk.settle().await;
    // The session is what it stands on.
    assert_eq!(renewed.call(reqwest::Method::POST, "/api/v1/auth/logout", Some(json!({})), None).await.status, 204);
    assert_eq!(desk.ended().await.as_deref(), Some("session_revoked"));
}}

apps! { a_revoked_session_is_cut_at_once, |t| async {
    let agent = t.agent("linxiao").await;
    let mut desk = agent.socket().await;
    let logout = agent.call(reqwest::Method::POST, "/api/v1/auth/logout", Some(json!({})), None).await;
    assert!(logout.status < 300, "{}", logout.body);
    assert_eq!(desk.ended().await.as_deref(), Some("session_revoked"));
    assert_eq!(agent.get("/api/v1/conversation").await.status, 401);
}}

apps! { polling_speaks_the_same_frames, |t| async {
    let visitor = t.visitor().await;
    let id = visitor.open("a").await;
    let first = visitor.post("/api/v1/poll", json!({"frames": [{"v": 1, "type": "hello", "resume": [{"conversation": id, "after": 0}]}]})).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let (poll, mut frames, mut got) = (first.body["poll"].clone(), first.body["frames"].as_array().unwrap().clone(), first.body["n"].clone());
    let mut send = json!([{"v": 1, "type": "send", "conversation": id, "client_id": "k", "kind": "text", "body": {"text": "长轮询"}}]);
    while !frames.iter().any(|f| f["type"] == "ack") || !frames.iter().any(|f| f["body"]["text"] == "长轮询") {
        let answer = visitor.post("/api/v1/poll", json!({"poll": poll, "got": got, "frames": send})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        // The answer was lost on the way: it comes again, and nothing is said twice.
        let again = visitor.post("/api/v1/poll", json!({"poll": poll, "got": got, "frames": []})).await;
        assert_eq!(again.body, answer.body);
        frames.extend(answer.body["frames"].as_array().unwrap().clone());
        (got, send) = (answer.body["n"].clone(), json!([]));
    }
    let seqs: Vec<i64> = frames.iter().filter(|f| f["type"] == "entry").map(|f| f["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, [1, 2]);
    let stranger = t.visitor().await;
    assert_eq!(stranger.post("/api/v1/poll", json!({"poll": poll, "got": got, "frames": []})).await.code(), "poll_unknown");
}}

/// With 10 % of the doorbells dropped, doubled and reordered each, everything is shown in order, once, within 3 s of the last word.
async fn heal(kind: Kind) {
    let bus = Arc::new(FaultBus::new(Entropy::seeded(7), 10));
    let t = TestApp::start(TestDb::open(kind, |_| {}, bus)).await;
    let agent = t.unlimited(t.staff_with_limit("linxiao", "agent", &[GROUP], 10).await).await;
    let visitors = [t.visitor().await, t.visitor().await, t.visitor().await];
    let (mut ids, mut panels, mut desk) = (Vec::new(), Vec::new(), agent.socket().await);
    for visitor in &visitors {
        let id = visitor.open("o").await;
        assert_eq!(agent.post(&format!("/api/v1/conversation/{id}/accept"), json!({})).await.status, 200);
        let mut panel = visitor.socket().await;
        for socket in [&mut panel, &mut desk] {
            socket.send(json!({"type": "hello", "resume": [{"conversation": id, "after": 0}]})).await;
        }
        ids.push(id);
        panels.push(panel);
    }
    for n in 0..40 {
        for (id, panel) in ids.iter().zip(&mut panels) {
            panel.say(id, &format!("v{n}"), &format!("客户 {n}")).await;
            desk.say(id, &format!("a{n}"), &format!("坐席 {n}")).await;
        }
    }
    let last = std::time::Duration::from_secs(3);
    for (id, panel) in ids.iter().zip(&mut panels) {
        for _ in 0..40 {
            panel.expect("ack").await;
        }
        // As docs/protocol.md has it: what one holds is no news, what does not follow directly is asked for.
        let all = async {
            let mut held = 0;
            while held < 82 {
                let entry = panel.expect_where("entry", |e| e["conversation"] == id.as_str()).await;
                let seq = entry["seq"].as_i64().unwrap();
                let first = entry["hidden"][0].as_i64().unwrap_or(seq);
                if first == held + 1 {
                    held = seq;
                } else if seq > held {
                    panel.send(json!({"type": "hello", "resume": [{"conversation": id, "after": held}]})).await;
                }
            }
        };
        tokio::time::timeout(last, all).await.expect("everything is shown within 3 s");
    }
    t.stop().await;
}

/// Whoever asks for a conversation before its event has come still learns their place, and that it moves.
async fn places_without_doorbells(kind: Kind) {
    let bus = Arc::new(FaultBus::new(Entropy::seeded(7), 100));
    let t = TestApp::start(TestDb::open(kind, |_| {}, bus)).await;
    let (first, second) = (t.visitor().await, t.visitor().await);
    let ahead = first.open("o").await;
    let mut panel = second.socket().await;
    let rev = panel.settle().await["inbox_rev"].clone();
    let id = second.open("o").await;
    panel.send(json!({"type": "hello", "inbox_rev": rev, "resume": [{"conversation": id, "after": 0}]})).await;
    let place = |place: i64| move |inbox: &Value| inbox["items"].as_array().unwrap().iter().any(|item| item["position"] == place);
    panel.expect_where("inbox", place(2)).await;
    assert_eq!(first.post(&format!("/api/v1/conversation/{ahead}/close"), json!({})).await.status, 200);
    panel.expect_where("inbox", place(1)).await;
    t.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_are_told_without_doorbells_on_sqlite() {
    places_without_doorbells(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_are_told_without_doorbells_on_postgres() {
    if TestDb::postgres_if_there().is_some() {
        places_without_doorbells(Kind::Postgres).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_doorbells_heal_on_sqlite() {
    heal(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_doorbells_heal_on_postgres() {
    if TestDb::postgres_if_there().is_some() {
        heal(Kind::Postgres).await;
    }
}
