//! Episodes over HTTP, on both databases.
use crate::{
    apps,
    testkit::{Client, GROUP, OTHER_GROUP},
};
use serde_json::json;
use std::time::Duration;

apps! { opening_twice_opens_once, |t| async {
    let visitor = t.visitor().await;
    let first = visitor.post("/api/v1/conversation", json!({"client_id": "a", "subject": "宽带慢", "external_id": "x-1"})).await;
    assert_eq!(first.status, 201, "{}", first.body);
    let view = &first.body["conversation"];
    assert_eq!((view["state"].as_str(), view["head"].as_i64(), view["group"]["name"].as_str()), (Some("queued"), Some(1), Some(GROUP)));
    assert_eq!((view["external_id"].as_str(), view["subject"].as_str()), (Some("x-1"), Some("宽带慢")));
    for staff_only in ["epoch", "why", "draft", "branch"] {
        assert!(view.get(staff_only).is_none(), "{staff_only}");
    }
    let again = visitor.post("/api/v1/conversation", json!({"client_id": "a", "subject": "宽带慢", "external_id": "x-1"})).await;
    assert_eq!((again.status, &again.body["conversation"]["id"]), (200, &view["id"]));
    assert_eq!(visitor.post("/api/v1/conversation", json!({"client_id": "a", "subject": "别的"})).await.code(), "client_id_reused");
    assert_eq!(visitor.post("/api/v1/conversation", json!({"client_id": "a b"})).await.code(), "client_id_invalid");
    // Ten at once.
    let race = futures_util::future::join_all((0..10).map(|_| visitor.post("/api/v1/conversation", json!({"client_id": "race"})))).await;
    let ids: std::collections::HashSet<String> = race.iter().map(|answer| answer.body["conversation"]["id"].to_string()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(race.iter().filter(|answer| answer.status == 201).count(), 1);
}}

apps! { a_device_holds_a_few_episodes_at_once, |t| async {
    let visitor = t.visitor().await;
    for n in 0..5 { visitor.open(&format!("o{n}")).await; }
    let refused = visitor.post("/api/v1/conversation", json!({"client_id": "o5"})).await;
    assert_eq!((refused.status, refused.code()), (409, "conversation_too_many"));
}}

apps! { two_agents_reach_for_one_conversation, |t| async {
    let visitor = t.visitor().await;
    let agents = [t.agent("linxiao").await, t.agent("chenli").await, t.agent("zhaomin").await];
    for round in 0..4 {
        let id = visitor.open(&format!("o{round}")).await;
        let path = format!("/api/v1/conversation/{id}/accept");
        let answers = futures_util::future::join_all(agents.iter().map(|agent| agent.post(&path, json!({})))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
        let lost = answers.iter().find(|answer| answer.status != 200).unwrap();
        assert_eq!((lost.status, lost.code()), (409, "conversation_taken"));
        assert!(["linxiao", "chenli", "zhaomin"].contains(&lost.body["details"]["owner"].as_str().unwrap()));
    }
}}

apps! { nobody_takes_more_than_their_limit, |t| async {
    let agent = t.staff_with_limit("linxiao", "agent", &[GROUP], 1).await;
    let visitor = t.visitor().await;
    let (first, second) = (visitor.open("a").await, visitor.open("b").await);
    let accept = async |id: &str| agent.post(&format!("/api/v1/conversation/{id}/accept"), json!({})).await;
    assert_eq!(accept(&first).await.status, 200);
    assert_eq!(accept(&first).await.status, 200, "taking one's own again changes nothing");
    assert_eq!(accept(&second).await.code(), "conversation_limit_reached");
    agent.post(&format!("/api/v1/conversation/{first}/close"), json!({})).await;
    assert_eq!(accept(&second).await.status, 200);
}}

apps! { an_idempotency_key_answers_the_same_again, |t| async {
    let (agent, visitor) = (t.agent("linxiao").await, t.visitor().await);
    let id = visitor.open("a").await;
    let path = format!("/api/v1/conversation/{id}/close");
    let accepted = agent.post_with_key(&format!("/api/v1/conversation/{id}/accept"), json!({}), "k1").await;
    let closed = agent.post_with_key(&path, json!({}), "k1").await;
    assert_eq!((accepted.status, closed.status), (200, 200), "another address is another call");
    agent.post(&format!("/api/v1/conversation/{id}/reopen"), json!({})).await;
    let again = agent.post_with_key(&path, json!({}), "k1").await;
    assert_eq!(again.body, closed.body);
    assert_eq!(agent.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"]["state"], "served", "nothing was done twice");
    assert_eq!(agent.post_with_key(&path, json!({"reason": "x"}), "k1").await.code(), "idempotency_key_reused");
    assert_eq!(agent.post_with_key(&path, json!({}), &"k".repeat(129)).await.code(), "idempotency_key_invalid");
}}

apps! { lists_show_what_one_may_see_page_by_page, |t| async {
    let (a, b) = (t.visitor().await, t.visitor().await);
    let mut mine = Vec::new();
    for n in 0..5 { mine.push(a.open(&format!("o{n}")).await); }
    b.open("o").await;
    let ids = |answer: crate::testkit::Answer| -> Vec<String> { answer.body["items"].as_array().unwrap().iter().map(|i| i["id"].as_str().unwrap().to_owned()).collect() };
    mine.reverse();
    assert_eq!(ids(a.get("/api/v1/conversation").await), mine);
    let first = a.get("/api/v1/conversation?limit=3").await;
    let next = first.body["next"].as_str().unwrap().to_owned();
    assert_eq!(ids(first), mine[..3]);
    let rest = a.get(&format!("/api/v1/conversation?limit=3&after={next}")).await;
    assert!(rest.body.get("next").is_none());
    assert_eq!(ids(rest), mine[3..]);
    let (agent, stranger) = (t.agent("linxiao").await, t.staff("waizu", "agent", &[OTHER_GROUP]).await);
    assert_eq!(ids(agent.get("/api/v1/conversation?box=queue").await).len(), 6);
    assert!(ids(stranger.get("/api/v1/conversation?box=queue").await).is_empty());
    assert_eq!(agent.get("/api/v1/conversation?limit=0").await.status, 400);
    assert_eq!(agent.get("/api/v1/conversation?box=drawer").await.code(), "query_malformed");
}}

apps! { nobody_sees_what_is_not_theirs, |t| async {
    let (owner, other) = (t.visitor().await, t.visitor().await);
    let id = owner.open("a").await;
    let stranger = t.staff("waizu", "agent", &[OTHER_GROUP]).await;
    let auditor = t.staff("shenji", "audit_admin", &[]).await;
    let see = async |who: &Client| who.get(&format!("/api/v1/conversation/{id}")).await.status;
    assert_eq!([see(&owner).await, see(&other).await, see(&stranger).await, see(&auditor).await, see(&t.anonymous()).await], [200, 404, 404, 403, 401]);
    for call in ["close", "reopen", "accept"] {
        let status = async |who: &Client| who.post(&format!("/api/v1/conversation/{id}/{call}"), json!({})).await.status;
        assert!([403, 404].contains(&status(&other).await), "{call}");
        assert_eq!(status(&stranger).await, 404, "{call}");
    }
}}

apps! { a_conversation_ends_reopens_and_ends_for_good, |t| async {
    let (agent, visitor) = (t.agent("linxiao").await, t.visitor().await);
    let id = visitor.open("a").await;
    let close = visitor.post(&format!("/api/v1/conversation/{id}/close"), json!({})).await;
    assert_eq!(close.body["conversation"]["close_reason"], "customer");
    assert_eq!(visitor.post(&format!("/api/v1/conversation/{id}/close"), json!({})).await.body["conversation"]["head"], close.body["conversation"]["head"]);
    assert_eq!(agent.post(&format!("/api/v1/conversation/{id}/accept"), json!({})).await.code(), "conversation_closed");
    let reopened = agent.post(&format!("/api/v1/conversation/{id}/reopen"), json!({})).await;
    assert_eq!((&reopened.body["conversation"]["state"], &reopened.body["conversation"]["owner"]["name"]), (&json!("served"), &json!("linxiao")));
    agent.post(&format!("/api/v1/conversation/{id}/close"), json!({})).await;
    t.db.clock().advance(Duration::from_secs(24 * 3600 + 1));
    assert_eq!(t.agent("chenli").await.post(&format!("/api/v1/conversation/{id}/reopen"), json!({})).await.code(), "reopen_too_late");
}}

apps! { staff_see_the_page_the_customer_looks_at, |t| async {
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    let id = visitor.open("a").await;
    let mut panel = visitor.socket().await;
    panel.send(json!({"type": "hello", "resume": [{"conversation": id, "after": 0}]})).await;
    panel.send(json!({"type": "presence", "page": {"url": "https://www.xingqiao.example/broadband", "title": "宽带报障"}})).await;
    panel.settle().await;
    let view = agent.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"].clone();
    assert_eq!(view["page"]["title"], "宽带报障");
}}

apps! { every_statement_prepares_and_reads_well_typed, |t| async {
    assert_eq!(t.db.check_statements(), Vec::<String>::new());
}}
