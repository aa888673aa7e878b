//! Rights that are taken away while somebody works: what they own is no reason to see it.
use crate::{
    apps,
    testkit::{Client, GROUP, TestApp},
};
use serde_json::json;

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

/// An agent becomes an editor of knowledge.
async fn demote(t: &TestApp, agent: &Client) {
    let security = t.staff("anquan", "security_admin", &[GROUP]).await;
    let me = agent.get("/api/v1/auth/me").await.body["staff"]["id"].as_str().expect("an id").to_owned();
    let changed = security.patch(&format!("/api/v1/staff/{me}"), json!({"rev": 1, "roles": ["knowledge_editor"]})).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
}
