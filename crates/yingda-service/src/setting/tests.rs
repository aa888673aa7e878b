//! Over HTTP, as system administrators use it.
use crate::apps;
use serde_json::{Value, json};
use yingda_base::{locale, setting::ALL_SETTINGS};

#[test]
fn every_setting_has_a_name_and_a_description() {
    assert!(!ALL_SETTINGS.is_empty());
    for key in ALL_SETTINGS.iter().map(|setting| setting.key()) {
        assert!(locale::has(&format!("setting.{key}")) && locale::has(&format!("setting.{key}.about")), "{key}");
    }
}

/// The setting of uploads, as listed.
async fn image_mb(client: &crate::testkit::Client) -> Value {
    let list = client.get("/api/v1/setting").await;
    assert_eq!(list.status, 200, "{}", list.body);
    list.body["items"].as_array().unwrap().iter().find(|item| item["key"] == "file.image_mb").unwrap().clone()
}

apps! { a_value_is_set_holds_at_once_and_is_taken_back, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let path = "/api/v1/setting/file.image_mb";
    let before = image_mb(&sys).await;
    assert_eq!((&before["default"], &before["values"], &before["scopes"]), (&json!(10), &json!([]), &json!(["operator"])));
    assert_eq!(before["name"], "图片大小上限");
    assert_eq!(sys.put(path, json!({"value": 3})).await.status, 204);
    assert_eq!(t.app.settings.global(&crate::file::IMAGE_MB), 3);
    let value = image_mb(&sys).await["values"][0].clone();
    assert_eq!((&value["value"], &value["scope"], value.get("target")), (&json!(3), &json!("operator"), None));

    assert_eq!(sys.put(path, json!({"value": 4})).await.code(), "setting.changed", "made on no value, but there is one");
    assert_eq!(sys.put(path, json!({"value": 4, "version": value["version"]})).await.status, 204);
    let version = image_mb(&sys).await["values"][0]["version"].clone();
    for (value, code) in [(json!(0), "setting.invalid"), (json!("many"), "setting.invalid")] {
        assert_eq!(sys.put(path, json!({"value": value, "version": version})).await.code(), code);
    }
    assert_eq!(sys.put(path, json!({"value": 1, "scope": "group", "target": t.groups[0]})).await.code(), "setting.scope_refused");
    assert_eq!(sys.put(path, json!({"value": 1, "scope": "group", "target": "1"})).await.status, 404);
    assert_eq!(sys.put("/api/v1/setting/no.such", json!({"value": 1})).await.code(), "setting.unknown");

    assert_eq!(sys.delete(&format!("{path}?version={version}")).await.status, 204);
    assert_eq!(t.app.settings.global(&crate::file::IMAGE_MB), 10);
    assert_eq!(sys.delete(path).await.status, 404);

    let log = t.staff("auditor", "audit_admin", &[]).await.get("/api/v1/audit?action=setting.&result=done").await;
    let actions: Vec<_> = log.body["items"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap().to_owned()).collect();
    assert_eq!(actions, ["setting.reset", "setting.set", "setting.set"]);
    assert_eq!(log.body["items"][1]["before"]["value"], 3);
}}

apps! { only_system_administrators_touch_settings, |t| async {
    let agent = t.agent("linxiao").await;
    assert_eq!(agent.get("/api/v1/setting").await.status, 403);
    assert_eq!(agent.put("/api/v1/setting/file.image_mb", json!({"value": 3})).await.status, 403);
    assert_eq!(t.visitor().await.get("/api/v1/setting").await.status, 403);
}}

apps! { of_two_changes_made_on_the_same_value_one_is_refused, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let set = |mb: i64| sys.put("/api/v1/setting/file.image_mb", json!({"value": mb}));
    let statuses: Vec<u16> = futures_util::future::join_all((1..=6).map(set)).await.into_iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
}}
