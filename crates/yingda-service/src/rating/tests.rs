//! Ratings over HTTP, as customers and agents meet them.
use crate::{
    apps,
    testkit::{Client, TestApp},
};
use serde_json::{Value, json};
use std::time::Duration;

/// A conversation served by `agent` and ended by its customer.
async fn ended(visitor: &Client, agent: &Client, client_id: &str) -> String {
    let id = served(visitor, agent, client_id).await;
    assert_eq!(visitor.post(&format!("/api/v1/conversation/{id}/close"), json!({})).await.status, 200);
    id
}

async fn served(visitor: &Client, agent: &Client, client_id: &str) -> String {
    let id = visitor.open(client_id).await;
    assert_eq!(agent.post(&format!("/api/v1/conversation/{id}/accept"), json!({})).await.status, 200);
    id
}

fn path(id: &str) -> String {
    format!("/api/v1/conversation/{id}/rating")
}

async fn entries(who: &Client, id: &str) -> Vec<Value> {
    who.get(&format!("/api/v1/conversation/{id}/entries")).await.body["entries"].as_array().unwrap().clone()
}

async fn codes(who: &Client, id: &str) -> Vec<String> {
    entries(who, id).await.iter().filter_map(|entry| entry["body"]["code"].as_str().map(str::to_owned)).collect()
}

apps! { a_customer_rates_once_and_changes_it_within_a_day, |t| async {
    let device = t.anonymous().post("/api/v1/visit/token", json!({"site": "demo"})).await.body;
    // Tokens live shorter than ratings can be changed.
    let later = async || {
        let wish = json!({"site": "demo", "device_secret": device["device_secret"]});
        let token = t.anonymous().post("/api/v1/visit/token", wish).await.body["token"].clone();
        t.anonymous().with_token(token.as_str().unwrap())
    };
    let (visitor, agent) = (later().await, t.agent("linxiao").await);
    let id = ended(&visitor, &agent, "a").await;
    let asked = visitor.get(&path(&id)).await.body;
    assert_eq!((&asked["is_open"], &asked["is_asked"], &asked["agent"], asked.get("rating")), (&json!(true), &json!(true), &json!("linxiao"), None));
    assert_eq!(asked["reasons"]["good"], json!(["clear", "fast", "solved", "polite"]));

    let opinion = json!({"stars": 2, "is_resolved": false, "reasons": ["slow", "unsolved"], "comment": " 等了半小时 "});
    let rated = visitor.put(&path(&id), opinion.clone()).await;
    assert_eq!((rated.status, &rated.body["is_asked"]), (200, &json!(false)), "{}", rated.body);
    assert_eq!((&rated.body["rating"]["comment"], rated.body["rating"].get("is_low")), (&json!("等了半小时"), None), "who is low is no news for customers");
    let first_at = rated.body["rating"]["rated_at"].clone();
    let heads = async || visitor.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"]["rev"].clone();
    let before = heads().await;
    assert_eq!(visitor.put(&path(&id), opinion).await.body, rated.body);
    assert_eq!(heads().await, before, "the same again changes nothing");

    t.db.clock().advance(Duration::from_secs(2 * 3600));
    let visitor = later().await;
    let changed = visitor.put(&path(&id), json!({"stars": 5, "is_resolved": true, "reasons": ["polite"]})).await.body;
    assert_eq!((&changed["rating"]["stars"], &changed["rating"]["reasons"], changed["rating"].get("comment")), (&json!(5), &json!(["polite"]), None));
    assert_eq!(changed["rating"]["rated_at"], first_at);
    assert!(changed["rating"]["changed_at"].as_i64() > first_at.as_i64());

    t.db.clock().advance(Duration::from_secs(22 * 3600 + 1));
    let visitor = later().await;
    assert_eq!(visitor.put(&path(&id), json!({"stars": 1})).await.code(), "rating.not_open");
    let late = visitor.get(&path(&id)).await.body;
    assert_eq!((&late["rating"]["stars"], &late["is_open"]), (&json!(5), &json!(false)));
}}

apps! { a_rating_is_not_changed_without_end, |t| async {
    let (visitor, agent) = (t.unlimited(t.visitor().await).await, t.agent("linxiao").await);
    let id = ended(&visitor, &agent, "a").await;
    let say = async |stars: i64| visitor.put(&path(&id), json!({"stars": stars})).await;
    for n in 0..20 { assert_eq!(say(1 + n % 2).await.status, 200, "{n}"); }
    let often = say(5).await;
    assert_eq!((often.status, often.code()), (409, "rating.changed_often"));
    assert_eq!(say(2).await.status, 200, "the same again changes nothing");
    assert_eq!(codes(&agent, &id).await.iter().filter(|code| *code == "rated").count(), 20);
    assert_eq!(visitor.get(&path(&id)).await.body["rating"]["stars"], 2);
}}

apps! { staff_are_told_and_customers_see_no_trace_in_the_log, |t| async {
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    let id = ended(&visitor, &agent, "a").await;
    let (mut desk, mut panel) = (agent.socket().await, visitor.socket().await);
    desk.send(json!({"type": "hello", "resume": [{"conversation": id, "after": 0}]})).await;
    panel.send(json!({"type": "hello", "resume": [{"conversation": id, "after": 0}]})).await;
    desk.expect_where("entry", |entry| entry["body"]["code"] == "closed").await;
    visitor.put(&path(&id), json!({"stars": 1, "is_resolved": false, "comment": "骗子"})).await;
    let told = desk.expect_where("entry", |entry| entry["body"]["code"] == "rated").await;
    assert_eq!(told["body"]["params"], json!({"stars": 1, "is_low": true, "is_resolved": false}));
    assert!(!told.to_string().contains("骗子"), "the customer's words stand in the rating alone");
    panel.settle().await;
    assert!(!format!("{:?}", panel.seen).contains("rated"), "{:?}", panel.seen);
    assert!(!codes(&visitor, &id).await.contains(&"rated".to_owned()));

    let closed = agent.get("/api/v1/conversation?box=closed").await.body["items"][0].clone();
    assert_eq!(closed["rating"], json!({"stars": 1, "is_low": true}));
    assert!(visitor.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"].get("rating").is_none());
    let seen = agent.get(&path(&id)).await.body;
    assert_eq!((&seen["rating"]["comment"], &seen["rating"]["is_low"]), (&json!("骗子"), &json!(true)));
}}

apps! { an_agent_asks_once_and_only_the_owner_may, |t| async {
    let (visitor, agent, colleague) = (t.visitor().await, t.agent("linxiao").await, t.agent("chenli").await);
    let id = served(&visitor, &agent, "a").await;
    assert_eq!(visitor.put(&path(&id), json!({"stars": 5})).await.code(), "rating.not_open", "nobody asked, and it goes on");
    let invite = format!("{}/invite", path(&id));
    assert_eq!(colleague.post(&invite, json!({})).await.code(), "forbidden");
    for _ in 0..2 {
        let asked = agent.post(&invite, json!({})).await;
        assert_eq!((asked.status, &asked.body["is_invited"], &asked.body["is_asked"]), (200, &json!(true), &json!(true)));
    }
    let asked: Vec<Value> = entries(&visitor, &id).await.into_iter().filter(|entry| entry["body"]["code"] == "rating_invited").collect();
    assert_eq!((asked.len(), &asked[0]["body"]["params"]["name"]), (1, &json!("linxiao")));
    assert_eq!(visitor.put(&path(&id), json!({"stars": 4})).await.status, 200);
    assert_eq!(agent.post(&invite, json!({})).await.code(), "rating.given");
}}

apps! { nothing_is_asked_of_those_whom_nobody_served_or_where_the_operator_says_so, |t| async {
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    let unserved = visitor.open("a").await;
    visitor.post(&format!("/api/v1/conversation/{unserved}/close"), json!({})).await;
    let sheet = visitor.get(&path(&unserved)).await.body;
    assert_eq!((&sheet["is_open"], &sheet["is_asked"], sheet.get("agent")), (&json!(false), &json!(false), None));
    assert_eq!(visitor.put(&path(&unserved), json!({"stars": 1})).await.code(), "rating.not_open");

    let id = ended(&visitor, &agent, "b").await;
    let sys = t.staff("sys", "system_admin", &[]).await;
    let set = async |key: &str, value: Value| {
        let done = sys.put(&format!("/api/v1/setting/{key}"), json!({"value": value, "scope": "group", "target": t.groups[0]})).await;
        assert_eq!(done.status, 204, "{}", done.body);
    };
    set("rating.at_close", json!(false)).await;
    set("rating.good_reasons", json!(["师傅上门准时"])).await;
    let sheet = visitor.get(&path(&id)).await.body;
    assert_eq!((&sheet["is_open"], &sheet["is_asked"], &sheet["reasons"]["good"]), (&json!(true), &json!(false), &json!(["师傅上门准时"])));
    assert_eq!(visitor.put(&path(&id), json!({"stars": 5, "reasons": ["fast"]})).await.code(), "rating.reason_unknown");
    assert_eq!(visitor.put(&path(&id), json!({"stars": 5, "reasons": ["师傅上门准时"]})).await.status, 200);
}}

apps! { the_rating_is_about_who_served_last_also_when_they_serve_again, |t| async {
    let (visitor, first, second) = (t.visitor().await, t.agent("linxiao").await, t.agent("chenli").await);
    let id = ended(&visitor, &first, "a").await;
    for agent in [&second, &first] {
        assert_eq!(agent.post(&format!("/api/v1/conversation/{id}/reopen"), json!({})).await.status, 200);
        assert_eq!(agent.post(&format!("/api/v1/conversation/{id}/close"), json!({})).await.status, 200);
    }
    visitor.put(&path(&id), json!({"stars": 4, "reasons": ["fast"]})).await;
    assert_eq!(visitor.get(&path(&id)).await.body["agent"], "linxiao");
    let (lines, _) = t.db.read(|tx| crate::rating::export_page(tx, crate::conversation::ConversationId(0), 10)).await.unwrap();
    assert_eq!((lines.len(), lines[0].agent.as_deref(), lines[0].stars), (1, Some("linxiao"), 4));
    assert!(lines[0].reasons.contains("fast") && lines[0].site == "demo");
}}

/// Two tabs at once: one rating stands, with reasons of one of them.
async fn race(t: &TestApp) {
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    let id = ended(&visitor, &agent, "a").await;
    let calls = [(4, "fast"), (5, "polite"), (4, "fast"), (5, "polite")].map(|(stars, reason)| {
        let (visitor, path) = (visitor.clone(), path(&id));
        async move { visitor.put(&path, json!({"stars": stars, "reasons": [reason]})).await.status }
    });
    let statuses = futures_util::future::join_all(calls).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let rating = visitor.get(&path(&id)).await.body["rating"].clone();
    let reason = if rating["stars"] == 4 { "fast" } else { "polite" };
    assert_eq!(rating["reasons"], json!([reason]));
    assert_eq!(codes(&agent, &id).await.last().unwrap(), "rated");
}

apps! { of_ratings_at_once_one_stands_whole, |t| async { race(&t).await } }
