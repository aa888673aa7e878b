//! What must not show, and no single cell of the matrix can say: after rights were taken away, and of notes.
use crate::{
    apps,
    testkit::{Client, GROUP, TestApp},
};
use serde_json::{Value, json};

apps! { an_owner_without_the_right_to_see_sees_nothing, |t| async {
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    let id = visitor.open("o").await;
    assert_eq!(agent.post(&format!("/api/v1/conversation/{id}/accept"), json!({})).await.status, 200);
    assert_eq!(agent.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"]["state"], "served");
    let mut desk = agent.socket().await;
    assert_eq!(desk.expect("inbox").await["items"][0]["id"], id.as_str());
    demote(&t, &agent).await;
    let after = desk.expect_where("inbox", |frame| frame["full"] == true).await;
    assert_eq!((&after["items"], &after["counts"]["mine"]), (&json!([]), &json!(0)));
    let mut panel = visitor.socket().await;
    panel.say(&id, "k", "我的密码").await;
    panel.expect("ack").await;
    let mut again = agent.socket().await;
    assert_eq!(again.expect("inbox").await["items"], json!([]));
    for socket in [&mut desk, &mut again] {
        socket.settle().await;
        assert!(!format!("{:?}", socket.seen).contains("我的密码"), "{:?}", socket.seen);
    }
    assert_eq!(agent.get(&format!("/api/v1/conversation/{id}")).await.status, 403);
}}

apps! { a_note_tells_the_customer_nothing_before_the_next_word, |t| async {
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    let id = visitor.open("o").await;
    assert_eq!(agent.post(&format!("/api/v1/conversation/{id}/accept"), json!({})).await.status, 200);
    let (mut panel, mut desk) = (visitor.socket().await, agent.socket().await);
    panel.send(json!({"type": "hello", "resume": [{"conversation": id, "after": 0}]})).await;
    panel.expect_where("entry", |entry| entry["seq"] == 2).await;
    panel.settle().await;
    panel.seen.clear();
    let note = json!({"type": "send", "conversation": id, "client_id": "n", "kind": "note", "body": {"text": "要投诉"}});
    desk.send(note).await;
    assert_eq!(desk.expect("ack").await["seq"], 3);
    // One who says to have read everything learns how far everything goes, if told so.
    panel.send(json!({"type": "read", "conversation": id, "delivered": 99, "read": 99})).await;
    desk.expect_where("read", |read| read["role"] == "customer" && read["read"] != 0).await;
    let view = visitor.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"].clone();
    assert_eq!((&view["head"], &view["read"]), (&json!(2), &json!({"mine": 2, "theirs": 2, "delivered_theirs": 2})));
    desk.say(&id, "a", "您好").await;
    assert_eq!(panel.text(&id).await["hidden"], json!([3, 3]));
    // That the agent is there, and has read what the customer sees, is no secret.
    let is_known = |frame: &Value| frame["type"] == "presence" || frame["type"] == "read" && frame["delivered"].as_i64() <= Some(2);
    let is_news = |frame: &&Value| !is_known(frame);
    let early: Vec<&Value> = panel.seen.iter().filter(is_news).collect();
    assert!(early.is_empty(), "{early:?}");
}}

/// An agent becomes an editor of knowledge.
async fn demote(t: &TestApp, agent: &Client) {
    let security = t.staff("anquan", "security_admin", &[GROUP]).await;
    let me = agent.get("/api/v1/auth/me").await.body["staff"]["id"].as_str().expect("an id").to_owned();
    let changed = security.put(&format!("/api/v1/staff/{me}/rights"), json!({"rev": 1, "roles": ["knowledge_editor"]})).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
}
