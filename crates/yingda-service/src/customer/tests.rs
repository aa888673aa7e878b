//! Over HTTP, as staff use it.
use crate::{apps, testkit::OTHER_GROUP};
use serde_json::json;

apps! { staff_see_and_amend_the_customers_they_talk_to, |t| async {
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    let conversation = visitor.open("a").await;
    let seen = agent.get(&format!("/api/v1/conversation/{conversation}")).await;
    let id = seen.body["conversation"]["customer"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/customer/{id}");

    let customer = agent.get(&path).await;
    assert_eq!(customer.status, 200, "{}", customer.body);
    assert_eq!(customer.body["customer"]["conversations"][0]["id"], conversation.as_str());
    assert_eq!(t.staff("wang", "agent", &[OTHER_GROUP]).await.get(&path).await.status, 404, "nothing of theirs is visible there");
    assert_eq!(t.staff("sys", "system_admin", &[]).await.get(&path).await.status, 403);

    let facts = json!([{"label": "手机号", "value": "13812345678"}, {"label": "套餐", "value": "畅享 199"}]);
    let amended = agent.patch(&path, json!({"name": "张女士", "tags": ["VIP", "VIP"], "facts": facts})).await.body["customer"].clone();
    assert_eq!((&amended["name"], &amended["tags"], &amended["facts"][0]["value"]), (&json!("张女士"), &json!(["VIP"]), &json!("138****5678")));
    // What comes back masked stays what it was.
    let again = agent.patch(&path, json!({"facts": amended["facts"]})).await;
    assert_eq!(again.status, 200);
    let log = t.staff("auditor", "audit_admin", &[]).await.get("/api/v1/audit?action=customer.").await;
    let rows = log.body["items"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["after"]["facts"][0]["value"], &rows[1]["actor"]["name"]), (2, &json!("13812345678"), &json!("linxiao")));
    assert_eq!(agent.patch(&path, json!({"tags": [""]})).await.code(), "customer.tags_invalid");
}}

apps! { a_new_name_reaches_open_desks, |t| async {
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    visitor.open("a").await;
    let (mut desk, mut panel) = (agent.socket().await, visitor.socket().await);
    let item = desk.expect_where("inbox", |frame| frame["items"][0]["state"] == "queued").await["items"][0].clone();
    let path = format!("/api/v1/customer/{}", item["customer"]["id"].as_str().unwrap());
    assert_eq!(agent.patch(&path, json!({"name": "张女士"})).await.status, 200);
    let named = |frame: &serde_json::Value| frame["items"][0]["customer"]["name"] == "张女士";
    let renamed = desk.expect_where("inbox", named).await["items"][0].clone();
    assert_eq!((&renamed["id"], renamed["rev"].as_i64()), (&item["id"], item["rev"].as_i64().map(|rev| rev + 1)));
    panel.expect_where("inbox", named).await;
}}
