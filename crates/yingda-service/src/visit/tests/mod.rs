//! Over HTTP, as a browser uses it.
mod identify;

use crate::apps;
use serde_json::{Value, json};
use std::time::Duration;

apps! { a_device_comes_back_as_the_same_visitor, |t| async {
    let browser = t.anonymous();
    let visit = |body: Value| browser.post("/api/v1/visit/token", body);
    let first = visit(json!({"site": "demo"})).await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert!(first.body["visitor"]["name"].as_str().unwrap().starts_with("访客 "), "{}", first.body);
    assert_eq!(first.body["expires_at"].as_i64().unwrap() - t.db.clock().now().0, 3_600_000);
    assert!(!first.body["generation"].as_str().unwrap().is_empty());
    let again = visit(json!({"site": "demo", "device_secret": first.body["device_secret"]})).await;
    assert_eq!(again.body["visitor"], first.body["visitor"]);
    assert!(again.body.get("device_secret").is_none(), "shown once");
    let other = visit(json!({"site": "demo", "locale": "en-GB"})).await;
    assert_ne!(other.body["visitor"]["id"], first.body["visitor"]["id"]);
    assert!(other.body["visitor"]["name"].as_str().unwrap().starts_with("Visitor "));
    assert_eq!(visit(json!({"site": "demo", "device_secret": "guess"})).await.code(), "device_unknown");
    assert_eq!(visit(json!({"site": "nowhere"})).await.status, 404);

    let visitor = browser.with_token(first.body["token"].as_str().unwrap());
    assert_eq!(visitor.get("/api/v1/conversation").await.status, 200);
    t.db.clock().advance(Duration::from_secs(3600));
    assert_eq!(visitor.get("/api/v1/conversation").await.code(), "token_expired");
    let fresh = visit(json!({"site": "demo", "device_secret": first.body["device_secret"]})).await;
    assert_eq!(browser.with_token(fresh.body["token"].as_str().unwrap()).get("/api/v1/conversation").await.status, 200);
}}

apps! { a_secret_counts_on_its_own_site_only, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    assert_eq!(sys.post("/api/v1/channel/sites", json!({"key": "shop", "name": "商城", "group": t.groups[0]})).await.status, 201);
    let first = t.anonymous().post("/api/v1/visit/token", json!({"site": "demo"})).await;
    let elsewhere = t.anonymous().post("/api/v1/visit/token", json!({"site": "shop", "device_secret": first.body["device_secret"]})).await;
    assert_eq!((elsewhere.status, elsewhere.code()), (401, "device_unknown"));
}}

apps! { visitors_reach_nothing_of_the_staff, |t| async {
    let visitor = t.visitor().await;
    for path in ["/api/v1/staff", "/api/v1/audit", "/api/v1/auth/me", "/api/v1/channel/sites", "/api/v1/customer/x"] {
        assert_eq!(visitor.get(path).await.status, 403, "{path}");
        assert_eq!(t.anonymous().get(path).await.status, 401, "{path}");
    }
}}
