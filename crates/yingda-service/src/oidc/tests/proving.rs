//! Second factors, and showing once more that it is still the same person.
use super::{Browser, PASSWORD, account, question, set, signing};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

fn lin() -> Value {
    json!({"preferred_username": "linxiao"})
}

signing! { the_second_factor_of_the_provider_counts_only_if_it_is_named, |t, p| async {
    account(&t, "linxiao", "agent", false).await;
    set(&t, "auth.oidc_link_by", "username").await;
    set(&t, "auth.second_factor", "all").await;
    let mut person = Browser::new(&t);
    let with = |name: &str, value: Value| json!({"preferred_username": "linxiao", name: value});
    assert_eq!(person.signs_in(&t, &p, with("amr", json!(["pwd", "otp"]))).await.status, 200);
    assert_eq!(person.me().await["must_enrol"], true, "no way is named");
    set(&t, "auth.oidc_second_factor", "otp urn:gold").await;
    assert_eq!(person.signs_in(&t, &p, with("amr", json!(["pwd", "otp"]))).await.status, 200);
    assert_eq!(person.me().await["must_enrol"], false);
    assert_eq!(person.signs_in(&t, &p, with("acr", json!("urn:gold"))).await.status, 200);
    assert_eq!(person.me().await["must_enrol"], false);
    assert_eq!(person.signs_in(&t, &p, with("amr", json!(["pwd"]))).await.status, 200);
    assert_eq!(person.me().await["must_enrol"], true);
}}

signing! { who_has_a_second_factor_here_shows_it_unless_they_did_there, |t, p| async {
    account(&t, "linxiao", "agent", true).await;
    set(&t, "auth.oidc_link_by", "username").await;
    let mut person = Browser::new(&t);
    assert_eq!(person.signs_in(&t, &p, lin()).await.status, 200);
    let offer = person.call(Method::POST, "/api/v1/auth/second-factor", json!({})).await;
    let secret = totp_rs::Secret::try_from_base32(offer.body["secret"].as_str().unwrap().replace(' ', "")).unwrap();
    let shows = || {
        let totp = totp_rs::Builder::new().with_secret(secret.clone()).build().unwrap();
        totp.generate(u64::try_from(t.db.clock().now().0 / 1000).unwrap()).to_string()
    };
    assert_eq!(person.call(Method::PUT, "/api/v1/auth/second-factor", json!({"code": shows()})).await.status, 200);
    assert_eq!(person.me().await["proves_by"], "code", "what was set up here is the stronger proof");
    t.db.clock().advance(Duration::from_secs(30));
    let mut again = Browser::new(&t);
    let asked = again.signs_in(&t, &p, lin()).await;
    let challenge = asked.body["challenge"].as_str().unwrap();
    assert_eq!(again.get("/api/v1/auth/me").await.status, 401);
    let done = again.call(Method::POST, "/api/v1/auth/login/code", json!({"challenge": challenge, "code": shows()})).await;
    assert_eq!((done.status, &done.body["staff"]["must_change_password"]), (200, &json!(false)), "{}", done.body);
    assert_eq!(again.get("/api/v1/auth/sessions").await.body["items"][0]["method"], "oidc");
    set(&t, "auth.oidc_second_factor", "hwk").await;
    assert_eq!(again.signs_in(&t, &p, json!({"amr": ["hwk"]})).await.body, json!({"for": "login"}));
}}

signing! { a_one_time_password_puts_nobody_elses_identity_under_an_account, |t, p| async {
    account(&t, "linxiao", "agent", true).await;
    let mut stranger = Browser::new(&t);
    let login = json!({"login": "linxiao", "password": PASSWORD});
    assert_eq!(stranger.call(Method::POST, "/api/v1/auth/login", login).await.status, 200);
    assert_eq!(stranger.begin("link").await.code(), "password_change_required");
    assert_eq!(Browser::new(&t).signs_in(&t, &p, json!({})).await.code(), "oidc.not_linked");
}}

signing! { a_proof_is_a_fresh_sign_in_of_the_same_person, |t, p| async {
    account(&t, "linxiao", "agent", false).await;
    account(&t, "wangwu", "agent", false).await;
    set(&t, "auth.oidc_link_by", "username").await;
    let mut person = Browser::new(&t);
    assert_eq!(person.signs_in(&t, &p, lin()).await.status, 200);
    assert_eq!(Browser::new(&t).signs_in(&t, &p, json!({"sub": "s-2", "preferred_username": "wangwu"})).await.status, 200);
    t.db.clock().advance(Duration::from_secs(6 * 60));
    let sensitive = async |person: &mut Browser| person.call(Method::DELETE, "/api/v1/auth/oidc/identity", Value::Null).await;
    assert_eq!(sensitive(&mut person).await.code(), "step_up_required");
    let typed = person.call(Method::POST, "/api/v1/auth/step-up", json!({"proof": PASSWORD})).await;
    assert_eq!(typed.code(), "auth.proof_elsewhere", "a password is no proof of who came by the provider");
    let asked = question(&person.begin("step_up").await);
    assert_eq!((asked["prompt"].as_str(), asked["max_age"].as_str()), ("login", "0"));
    let now = t.db.clock().now().0 / 1000;
    for (claims, code) in [
        (json!({"auth_time": now - 61}), "oidc.not_fresh"),
        (json!({"auth_time": Value::Null}), "oidc.not_fresh"),
        (json!({"sub": "s-2"}), "oidc.another_person"),
        (json!({"sub": "s-3"}), "oidc.another_person"),
    ] {
        let back = person.gone(&t, &p, "step_up", claims.clone()).await;
        assert_eq!(person.finish(back).await.code(), code, "{claims}");
        assert_eq!(sensitive(&mut person).await.code(), "step_up_required");
    }
    let before = person.jar.clone();
    let back = person.gone(&t, &p, "step_up", json!({})).await;
    let done = person.finish(back).await;
    assert_eq!((done.status, &done.body["for"]), (200, &json!("step_up")), "{}", done.body);
    assert_ne!(person.jar["yingda"], before["yingda"], "who saw the old token does not come along");
    // In another session of the same person it counts for nothing.
    let mut other = Browser::new(&t);
    assert_eq!(other.signs_in(&t, &p, lin()).await.status, 200);
    let back = person.gone(&t, &p, "step_up", json!({})).await;
    other.jar.insert("yingda-oidc".into(), person.jar["yingda-oidc"].clone());
    assert_eq!(other.finish(back).await.code(), "oidc.strayed");
    assert_eq!(sensitive(&mut person).await.status, 204);
    let log = t.staff("auditor", "audit_admin", &[]).await.get("/api/v1/audit?action=auth.unlink_identity&result=done").await;
    assert_eq!(log.body["items"].as_array().unwrap().len(), 1, "{}", log.body);
}}
