//! Speaking, over the socket, on both databases.
mod together;

use crate::{
    apps,
    testkit::{GROUP, OTHER_GROUP, Socket},
};
use serde_json::{Value, json};
use std::time::Duration;

/// A visitor and an agent in a conversation, with their sockets.
async fn talk(t: &crate::testkit::TestApp) -> (crate::testkit::Client, Socket, crate::testkit::Client, Socket, String) {
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    let id = visitor.open("o1").await;
    let mut desk = agent.socket().await;
    assert_eq!(agent.post(&format!("/api/v1/conversation/{id}/accept"), json!({})).await.status, 200);
    let mut panel = visitor.socket().await;
    for socket in [&mut desk, &mut panel] {
        socket.send(json!({"type": "hello", "resume": [{"conversation": id, "after": 0}]})).await;
        socket.expect("hello").await;
        socket.expect_where("entry", |e| e["body"]["code"] == "assigned").await;
    }
    (visitor, panel, agent, desk, id)
}

apps! { words_reach_the_other_side_and_are_acknowledged, |t| async {
    let (_, mut panel, _, mut desk, id) = talk(&t).await;
    panel.say(&id, "v1", "你好，我想查\t话费\n谢谢").await;
    let ack = panel.expect("ack").await;
    assert_eq!((ack["client_id"].as_str(), ack["seq"].as_i64(), ack["duplicate"].as_bool()), (Some("v1"), Some(3), None));
    let entry = desk.text(&id).await;
    assert_eq!(entry["body"]["text"], "你好，我想查\t话费\n谢谢");
    assert_eq!((entry["author"]["role"].as_str(), entry["author"]["participant"].as_i64()), (Some("customer"), Some(1)));
    assert!(entry.get("client_id").is_none(), "a sender's id is for the sender");
    desk.say(&id, "a1", "您好，我来查").await;
    let answer = panel.text(&id).await;
    // The visitor sees the own word first.
    let answer = if answer["seq"] == 3 { assert_eq!(answer["client_id"], "v1"); panel.text(&id).await } else { answer };
    assert_eq!((answer["seq"].as_i64(), answer["author"]["name"].as_str()), (Some(4), Some("linxiao")));
}}

apps! { a_word_is_kept_once_whatever_happens, |t| async {
    let (visitor, mut panel, _, mut desk, id) = talk(&t).await;
    for _ in 0..3 { panel.say(&id, "once", "只说一次").await; }
    let acks = [panel.expect("ack").await, panel.expect("ack").await, panel.expect("ack").await];
    assert!(acks.iter().all(|ack| ack["seq"] == 3));
    assert_eq!(acks.iter().filter(|ack| ack["duplicate"] == true).count(), 2);
    panel.say(&id, "once", "别的内容").await;
    assert_eq!(panel.expect("error").await["code"], "client_id_reused");
    // The other side may use the same id for its own words.
    desk.say(&id, "once", "坐席的话").await;
    assert_eq!(desk.expect("ack").await["seq"], 4);
    // Ten sockets at once.
    let mut sockets = Vec::new();
    for _ in 0..10 { sockets.push(visitor.socket().await); }
    for socket in &mut sockets { socket.say(&id, "race", "同时").await; }
    let mut seqs = std::collections::HashSet::new();
    for socket in &mut sockets { seqs.insert(socket.expect("ack").await["seq"].as_i64()); }
    assert_eq!(seqs.len(), 1);
}}

apps! { notes_never_reach_the_customer, |t| async {
    let (visitor, mut panel, agent, mut desk, id) = talk(&t).await;
    desk.send(json!({"type": "send", "conversation": id, "client_id": "n1", "kind": "note", "body": {"text": "客户要投诉"}})).await;
    assert_eq!(desk.expect("ack").await["seq"], 3);
    desk.say(&id, "a1", "请稍等").await;
    let entry = panel.text(&id).await;
    assert_eq!((entry["seq"].as_i64(), entry["hidden"].clone()), (Some(4), json!([3, 3])));
    panel.settle().await;
    assert!(!format!("{:?}", panel.seen).contains("客户要投诉"));
    let page = visitor.get(&format!("/api/v1/conversation/{id}/entries")).await;
    assert!(!page.body.to_string().contains("客户要投诉"));
    assert_eq!(page.body["entries"].as_array().unwrap().len(), 3);
    let page = agent.get(&format!("/api/v1/conversation/{id}/entries")).await;
    assert!(page.body.to_string().contains("客户要投诉"));
    // A note at the end moves no head of the customer's.
    desk.send(json!({"type": "send", "conversation": id, "client_id": "n2", "kind": "note", "body": {"text": "又一条"}})).await;
    desk.expect_where("ack", |ack| ack["client_id"] == "n2").await;
    assert_eq!(panel.settle().await["heads"][&id], 4);
    assert_eq!(visitor.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"]["head"], 4);
    // A customer cannot write one.
    panel.send(json!({"type": "send", "conversation": id, "client_id": "vn", "kind": "note", "body": {"text": "假备注"}})).await;
    assert_eq!(panel.expect("error").await["code"], "kind_invalid");
}}

apps! { only_the_owner_speaks_and_a_former_owners_words_become_a_draft, |t| async {
    let (_, mut panel, first, mut desk, id) = talk(&t).await;
    let second = t.agent("chenli").await;
    let mut other = second.socket().await;
    other.say(&id, "x1", "抢答").await;
    let refused = other.expect("error").await;
    assert_eq!((refused["code"].as_str(), refused["client_id"].as_str()), (Some("forbidden"), Some("x1")));
    // The first ends it and the second reopens it: the first is a former owner now.
    assert_eq!(first.post(&format!("/api/v1/conversation/{id}/close"), json!({})).await.status, 200);
    assert_eq!(second.post(&format!("/api/v1/conversation/{id}/reopen"), json!({})).await.status, 200);
    desk.say(&id, "late", "迟到的一句").await;
    let refused = desk.expect("error").await;
    assert_eq!(refused["code"], "not_owner");
    assert_eq!(refused["details"], json!({"draft": true, "owner": "chenli"}));
    let draft = first.get(&format!("/api/v1/conversation/{id}/draft")).await;
    assert_eq!(draft.body["text"], "迟到的一句");
    panel.settle().await;
    assert!(!format!("{:?}", panel.seen).contains("迟到的一句"));
    other.say(&id, "x2", "您好").await;
    other.expect("ack").await;
}}

apps! { what_was_refused_stays_refused_when_the_answer_was_lost, |t| async {
    let (visitor, _panel, agent, mut desk, id) = talk(&t).await;
    assert_eq!(visitor.post(&format!("/api/v1/conversation/{id}/close"), json!({})).await.status, 200);
    desk.say(&id, "c1", "稍等").await;
    assert_eq!(desk.expect("error").await["code"], "conversation_closed");
    assert_eq!(visitor.post(&format!("/api/v1/conversation/{id}/reopen"), json!({})).await.status, 200);
    desk.send(json!({"type": "send", "conversation": id, "client_id": "n1", "kind": "note", "body": {"text": "客户又回来了"}})).await;
    desk.expect_where("ack", |ack| ack["client_id"] == "n1").await;
    agent.post(&format!("/api/v1/conversation/{id}/accept"), json!({})).await;
    // A client that never heard the answer sends it again: behind the note it may not stand.
    desk.say(&id, "c1", "稍等").await;
    let again = desk.expect("error").await;
    assert_eq!((&again["code"], &again["details"]), (&json!("conversation_closed"), &json!({"draft": true})));
    let draft = agent.get(&format!("/api/v1/conversation/{id}/draft")).await;
    assert_eq!(draft.body["text"], "稍等", "once");
    desk.say(&id, "c2", "稍等").await;
    desk.expect_where("ack", |ack| ack["client_id"] == "c2").await;
}}

apps! { a_late_word_of_the_customer_reopens_or_continues, |t| async {
    let (visitor, mut panel, agent, _desk, id) = talk(&t).await;
    agent.post(&format!("/api/v1/conversation/{id}/close"), json!({})).await;
    panel.say(&id, "late", "还有个问题").await;
    let ack = panel.expect("ack").await;
    assert!(ack.get("moved_to").is_none());
    let view = visitor.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"].clone();
    assert_eq!((view["state"].as_str(), view["position"].as_i64()), (Some("queued"), Some(1)));
    agent.post(&format!("/api/v1/conversation/{id}/accept"), json!({})).await;
    agent.post(&format!("/api/v1/conversation/{id}/close"), json!({})).await;
    t.db.clock().advance(Duration::from_secs(25 * 3600));
    // The token has run out; the next one is of the same device in life, here the socket lives on.
    panel.say(&id, "later", "第二天再问").await;
    let ack = panel.expect_where("ack", |ack| ack["client_id"] == "later").await;
    let moved = ack["moved_to"].as_str().expect("a linked episode").to_owned();
    assert_ne!(moved, id);
    panel.say(&id, "later", "第二天再问").await;
    let again = panel.expect_where("ack", |ack| ack["duplicate"] == true).await;
    assert_eq!((again["seq"].clone(), again["moved_to"].as_str()), (ack["seq"].clone(), Some(moved.as_str())));
    let entry = panel.expect_where("entry", |e| e["conversation"] == moved.as_str() && e["kind"] == "text").await;
    assert_eq!(entry["body"]["text"], "第二天再问");
}}

apps! { where_nobody_takes_words_any_more_that_is_the_answer, |t| async {
    let (_, mut panel, agent, _desk, id) = talk(&t).await;
    let sys = t.staff("sys", "system_admin", &[]).await;
    agent.post(&format!("/api/v1/conversation/{id}/close"), json!({})).await;
    let site = sys.get("/api/v1/channel/sites").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(sys.patch(&format!("/api/v1/channel/sites/{site}"), json!({"rev": 1, "is_active": false})).await.status, 200);
    for group in &t.groups {
        let closed = sys.patch(&format!("/api/v1/staff/groups/{group}"), json!({"rev": 1, "is_active": false})).await;
        assert_eq!(closed.status, 200, "{}", closed.body);
    }
    t.db.clock().advance(Duration::from_secs(25 * 3600));
    panel.say(&id, "late", "还有人吗").await;
    let error = panel.expect("error").await;
    assert_eq!((error["code"].as_str(), error.get("retry_ms")), (Some("site.no_open_group"), None), "not to be sent again by itself");
    panel.send(json!({"type": "ping", "n": 1})).await;
    panel.expect("pong").await;
}}

apps! { recalling_takes_back_for_all_but_supervisors, |t| async {
    let (visitor, mut panel, agent, mut desk, id) = talk(&t).await;
    panel.say(&id, "v1", "密码是123456").await;
    let seq = panel.expect("ack").await["seq"].clone();
    desk.text(&id).await;
    assert_eq!(agent.post(&format!("/api/v1/conversation/{id}/recall"), json!({"seq": seq})).await.code(), "recall_not_own");
    assert_eq!(visitor.post(&format!("/api/v1/conversation/{id}/recall"), json!({"seq": 999})).await.status, 404);
    assert_eq!(visitor.post(&format!("/api/v1/conversation/{id}/recall"), json!({"seq": seq})).await.status, 200);
    let told = desk.expect_where("entry", |e| e["body"]["code"] == "recalled").await;
    assert_eq!(told["body"]["params"]["target"], seq);
    let supervisor = t.staff("banzhang", "supervisor", &[GROUP]).await;
    let sees = async |who: &crate::testkit::Client| -> Value {
        let page = who.get(&format!("/api/v1/conversation/{id}/entries")).await;
        page.body["entries"].as_array().unwrap().iter().find(|e| e["seq"] == seq).unwrap().clone()
    };
    assert_eq!((sees(&agent).await["recalled"].clone(), sees(&agent).await.get("body").is_none()), (json!(true), true));
    assert!(sees(&visitor).await.get("body").is_none());
    assert_eq!(sees(&supervisor).await["body"]["text"], "密码是123456");
    panel.say(&id, "v2", "太晚").await;
    let seq = panel.expect_where("ack", |a| a["client_id"] == "v2").await["seq"].clone();
    t.db.clock().advance(Duration::from_secs(121));
    assert_eq!(visitor.post(&format!("/api/v1/conversation/{id}/recall"), json!({"seq": seq})).await.code(), "recall_too_late");
}}

apps! { drafts_are_kept_by_revision, |t| async {
    let (_, _panel, agent, _desk, id) = talk(&t).await;
    let path = format!("/api/v1/conversation/{id}/draft");
    let put = async |text: &str, rev: i64| agent.call(reqwest::Method::PUT, &path, Some(json!({"text": text, "rev": rev})), None).await;
    assert_eq!(put("第一稿", 1).await.status, 200);
    assert_eq!(put("第二稿", 2).await.status, 200);
    let stale = put("旧的", 2).await;
    assert_eq!((stale.status, stale.code(), stale.body["details"]["text"].as_str()), (409, "draft_stale", Some("第二稿")));
    let again = put("第二稿", 2).await;
    assert_eq!((again.status, &again.body["rev"]), (200, &json!(2)), "the same again, because the answer was lost");
    let colleague = t.agent("chenli").await;
    assert_eq!(colleague.get(&path).await.body, json!({"text": "", "rev": 0}), "drafts are one's own");
    let stranger = t.staff("waizu", "agent", &[OTHER_GROUP]).await;
    assert_eq!(stranger.get(&path).await.status, 404);
}}

apps! { positions_only_move_forward_and_reach_the_other_side, |t| async {
    let (visitor, mut panel, _, mut desk, id) = talk(&t).await;
    desk.say(&id, "a1", "您好").await;
    let seq = panel.text(&id).await["seq"].as_i64().unwrap();
    panel.send(json!({"type": "read", "conversation": id, "delivered": seq, "read": seq})).await;
    let read = desk.expect_where("read", |r| r["participant"] == 1 && r["read"] == seq).await;
    assert_eq!(read["role"], "customer");
    panel.send(json!({"type": "read", "conversation": id, "read": 1})).await;
    panel.send(json!({"type": "read", "conversation": id, "read": 99999})).await;
    panel.settle().await;
    desk.settle().await;
    let view = visitor.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"].clone();
    assert_eq!(view["read"]["mine"], seq, "{view}");
    assert_eq!(view["unread"], 0);
}}

apps! { what_may_not_be_said_is_refused_and_the_socket_lives, |t| async {
    let (_, mut panel, _, _desk, id) = talk(&t).await;
    let send = |kind: &str, body: Value, client_id: &str| json!({"type": "send", "conversation": id, "client_id": client_id, "kind": kind, "body": body});
    for (frame, code) in [
        (send("text", json!({"text": "a\u{0}b"}), "c1"), "text_invalid"),
        (send("text", json!({"text": "a\u{1b}b"}), "c2"), "text_invalid"),
        (send("text", json!({"text": "字".repeat(4001)}), "c3"), "text_too_long"),
        (send("text", json!({"text": 5}), "c4"), "body_invalid"),
        (send("system", json!({"code": "closed"}), "c5"), "kind_invalid"),
        (send("card", json!({"card": {"type": "queue", "ahead": 1}}), "c6"), "kind_invalid"),
        (send("image", json!({"file": "nobody", "width": 1, "height": 1}), "c7"), "not_found"),
        (send("text", json!({"text": "a"}), "bad id"), "client_id_invalid"),
        (json!({"type": "send", "conversation": "nowhere", "client_id": "c8", "kind": "text", "body": {"text": "a"}}), "not_found"),
    ] {
        panel.send(frame.clone()).await;
        let error = panel.expect("error").await;
        assert_eq!(error["code"], code, "{frame}");
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
    panel.say(&id, "fine", "还在").await;
    assert_eq!(panel.expect("ack").await["seq"], 3, "nothing was stored by halves");
}}
