//! What an administrator reads after somebody talked.
use super::ROUTES;
use crate::apps;
use serde_json::{Value, json};

fn counts(answer: &Value) -> Vec<(String, u64)> {
    let stages = answer["stages"].as_array().unwrap();
    stages.iter().map(|stage| (stage["name"].as_str().unwrap().to_owned(), stage["minutes"]["count"].as_u64().unwrap())).collect()
}

apps! { each_stage_of_a_sending_is_measured, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let agent = t.agent("linxiao").await;
    assert_eq!(agent.get("/api/v1/latency").await.status, 403);
    let none = sys.get("/api/v1/latency").await;
    assert_eq!(counts(&none.body), [("waiting".into(), 0), ("committing".into(), 0), ("showing".into(), 0)], "{}", none.body);
    let visitor = t.visitor().await;
    let id = visitor.open("a").await;
    assert_eq!(agent.post(&format!("/api/v1/conversation/{id}/accept"), json!({})).await.status, 200);
    let (mut theirs, mut ours) = (visitor.socket().await, agent.socket().await);
    for n in 0..3 {
        let client_id = format!("c-{n}");
        theirs.send(json!({"type": "send", "conversation": id, "client_id": client_id, "kind": "text", "body": {"text": "在吗"}})).await;
        theirs.expect("ack").await;
    }
    ours.expect("entry").await;
    t.until("all three were shown", async || counts(&sys.get("/api/v1/latency").await.body)[2].1 >= 3).await;
    let told = counts(&sys.get("/api/v1/latency").await.body);
    assert_eq!((told[0].1, told[1].1), (3, 3), "{told:?}");
}}

apps! { routes_are_told_by_their_pattern, |t| async {
    let meter = &t.app.latency;
    meter.note_request("GET", "/api/v1/staff/{id}", std::time::Duration::from_millis(20));
    let told = meter.requests();
    assert_eq!((told.len(), told[0].name.as_str(), told[0].hour.count), (1, "GET /api/v1/staff/{id}", 1));
    assert!((18.0..23.0).contains(&told[0].hour.p50_ms), "{told:?}");
    (0..1000).for_each(|n| meter.note_request("GET", &format!("/made/up/{n}"), std::time::Duration::ZERO));
    assert_eq!(meter.requests().len(), ROUTES, "nobody fills the memory with names");
    t.db.clock().advance(std::time::Duration::from_secs(3600));
    assert_eq!(meter.requests().len(), 0);
}}
