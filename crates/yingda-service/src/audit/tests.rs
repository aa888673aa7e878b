//! Over HTTP, as audit administrators use it; the chain, as those who tamper with it find it.
mod chain;
mod search;
mod tamper;

use crate::apps;
use serde_json::json;

apps! { what_is_done_and_what_is_refused_stands_in_the_log, |t| async {
    let (sys, agent, auditor) = (t.staff("sys", "system_admin", &[]).await, t.agent("linxiao").await, t.staff("auditor", "audit_admin", &[]).await);
    assert_eq!(sys.post("/api/v1/staff", json!({"login": "new", "name": "新人"})).await.status, 201);
    assert_eq!(agent.post("/api/v1/staff", json!({"login": "evil", "name": "x"})).await.status, 403);
    let log = auditor.get("/api/v1/audit").await;
    let rows = log.body["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{}", log.body);
    let (refused, done) = (&rows[0], &rows[1]);
    assert_eq!((&refused["action"], &refused["object"]["id"], &refused["code"], &refused["result"]),
        (&json!("staff.create"), &json!(""), &json!("forbidden"), &json!("refused")));
    assert_eq!((&refused["actor"]["name"], &refused["address"]), (&json!("linxiao"), &json!("127.0.0.1")));
    assert_eq!((&done["action"], &done["after"]["login"], &done["result"]), (&json!("staff.create"), &json!("new"), &json!("done")));
    assert!(!log.body.to_string().contains("argon2"), "no password and no hash of one");
    for stranger in [&sys, &agent] { assert_eq!(stranger.get("/api/v1/audit").await.status, 403); }

    let narrowed = |query: String| { let auditor = &auditor; async move {
        auditor.get(&format!("/api/v1/audit?{query}")).await.body["items"].as_array().unwrap().len()
    }};
    assert_eq!(refused["after"]["call"], "POST /api/v1/staff");
    assert_eq!(narrowed("action=staff.".to_owned()).await, 2);
    assert_eq!(narrowed("result=refused".to_owned()).await, 1);
    assert_eq!(narrowed(format!("actor={}", refused["actor"]["id"].as_str().unwrap())).await, 1);
}}

apps! { the_log_comes_in_pages_the_newest_first, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    for n in 0..5 { assert_eq!(sys.post("/api/v1/staff/groups", json!({"name": format!("组 {n}")})).await.status, 201); }
    let auditor = t.staff("auditor", "audit_admin", &[]).await;
    let mut names = Vec::new();
    let mut path = "/api/v1/audit?limit=2".to_owned();
    loop {
        let page = auditor.get(&path).await;
        names.extend(page.body["items"].as_array().unwrap().iter().map(|row| row["after"]["name"].as_str().unwrap().to_owned()));
        match page.body["next"].as_str() {
            Some(next) => path = format!("/api/v1/audit?limit=2&after={next}"),
            None => break,
        }
    }
    assert_eq!(names, ["组 4", "组 3", "组 2", "组 1", "组 0"]);
    assert_eq!(auditor.get("/api/v1/audit?after=x").await.status, 400);
}}
