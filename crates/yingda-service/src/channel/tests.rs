//! Over HTTP, as site administrators and visitors use it.
mod logo;

use crate::apps;
use serde_json::json;

apps! { a_site_is_made_shown_and_changed, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let body = json!({"key": "shop", "name": "星桥商城", "group": t.groups[0], "groups": [t.groups[1]], "greeting": "您好", "preview": true,
        "hot_questions": ["查话费"], "origins": ["https://shop.cn"], "brand": "#0a5c36"});
    let made = sys.post("/api/v1/channel/sites", body.clone()).await;
    assert_eq!((made.status, &made.body["site"]["key"]), (201, &json!("shop")), "{}", made.body);
    assert_eq!(sys.post("/api/v1/channel/sites", body).await.code(), "site.key_taken");

    let site = t.anonymous().get("/api/v1/channel/sites/shop").await.body["site"].clone();
    assert_eq!(site["title"], "星桥商城");
    assert_eq!((&site["greeting"], &site["locale"], &site["preview"], &site["brand"]), (&json!("您好"), &json!("zh-CN"), &json!(true), &json!("#0a5c36")));
    assert_eq!(site["groups"][0]["id"], t.groups[0].as_str(), "the default comes first");
    assert_eq!(site["groups"].as_array().unwrap().len(), 2);
    assert!(site.get("origins").is_none(), "whom the operator works with is nobody's business");
    assert_eq!(crate::channel::origins(&t.app, "shop").await.unwrap(), ["https://shop.cn"]);

    let path = format!("/api/v1/channel/sites/{}", site["id"].as_str().unwrap());
    assert_eq!(sys.patch(&path, json!({"rev": 7, "name": "x"})).await.code(), "site.changed");
    assert_eq!(sys.patch(&path, json!({"rev": 1, "profile": {"origins": ["https://a.cn/x"]}})).await.code(), "site.profile_invalid");
    assert_eq!(sys.patch(&path, json!({"rev": 1, "is_active": false})).await.body["site"]["rev"], 2);
    assert_eq!(t.anonymous().get("/api/v1/channel/sites/shop").await.status, 404);
    assert_eq!(t.anonymous().post("/api/v1/visit/token", json!({"site": "shop"})).await.status, 404);
    assert_eq!(sys.get("/api/v1/channel/sites").await.body["items"].as_array().unwrap().len(), 2);
}}

apps! { conversations_go_where_the_site_sends_them, |t| async {
    let visitor = t.visitor().await;
    let group = |client_id: &'static str, group: serde_json::Value| {
        let visitor = &visitor;
        async move {
            let answer = visitor.post("/api/v1/conversation", json!({"client_id": client_id, "group": group})).await;
            answer.body["conversation"]["group"]["id"].as_str().map(str::to_owned).ok_or(answer.code().to_owned())
        }
    };
    assert_eq!(group("a", json!(null)).await, Ok(t.groups[0].clone()));
    assert_eq!(group("b", json!(t.groups[1])).await, Ok(t.groups[1].clone()));
    assert_eq!(group("c", json!("12345")).await, Err("site.group_unknown".to_owned()));
    let sys = t.staff("sys", "system_admin", &[]).await;
    let third = sys.post("/api/v1/staff/groups", json!({"name": "投诉"})).await.body["group"]["id"].clone();
    assert_eq!(group("d", third).await, Ok(t.groups[0].clone()), "a group the site does not offer means the site's own");
}}

apps! { a_site_is_made_once_under_a_key, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let make = |key: &'static str| sys.post_with_key("/api/v1/channel/sites", json!({"key": key, "name": "商城", "group": t.groups[0]}), "k");
    let (first, again) = (make("shop").await, make("shop").await);
    assert_eq!((first.status, again.status, &first.body), (201, 201, &again.body));
    assert_eq!(make("other").await.code(), "idempotency_key_reused");
    assert_eq!(sys.get("/api/v1/channel/sites").await.body["items"].as_array().unwrap().len(), 2);
}}

apps! { the_branch_of_a_site_can_be_taken_away_again, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let branch = sys.post("/api/v1/staff/branches", json!({"name": "江苏"})).await.body["branch"]["id"].clone();
    let site = sys.get("/api/v1/channel/sites").await.body["items"][0].clone();
    let path = format!("/api/v1/channel/sites/{}", site["id"].as_str().unwrap());
    let changes = [(json!({"branch": branch}), Some(&branch)), (json!({}), Some(&branch)), (json!({"branch": null}), None)];
    for ((mut body, expected), rev) in changes.into_iter().zip(site["rev"].as_i64().unwrap()..) {
        body["rev"] = json!(rev);
        let changed = sys.patch(&path, body).await;
        assert_eq!((changed.status, changed.body["site"].get("branch")), (200, expected), "{}", changed.body);
    }
}}

apps! { who_changed_a_site_and_what_can_be_read_by_those_who_manage_it, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let make = |key: &'static str| sys.post("/api/v1/channel/sites", json!({"key": key, "name": key, "group": t.groups[0]}));
    let id = make("shop").await.body["site"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/channel/sites/{id}");
    assert_eq!(sys.patch(&path, json!({"rev": 1, "name": "商城"})).await.status, 200);
    assert_eq!(sys.patch(&path, json!({"rev": 1, "name": "晚了"})).await.code(), "site.changed");
    make("other").await;
    let items = sys.get(&format!("{path}/changes")).await.body["items"].clone();
    let told: Vec<_> = items.as_array().unwrap().iter().map(|event| (&event["action"], &event["before"]["name"], &event["after"]["name"])).collect();
    assert_eq!(told, [(&json!("site.update"), &json!("shop"), &json!("商城")), (&json!("site.create"), &json!(null), &json!("shop"))]);
    assert_eq!(items[0]["by"], "sys");
    assert!(items[0].get("address").is_none(), "where from is for the audit");
    assert_eq!(sys.get("/api/v1/channel/sites/7/changes").await.code(), "not_found");
}}
