//! Whose account somebody comes into.
use super::{Browser, PASSWORD, account, password, question, set, signing};
use serde_json::{Value, json};
use std::time::Duration;

const EMAIL: &str = "lin.xiao@example.cn";

fn verified() -> Value {
    json!({"email": EMAIL, "email_verified": true})
}

signing! { an_account_is_found_once_by_address_and_then_by_subject, |t, p| async {
    account(&t, EMAIL, "agent", true).await;
    let mut person = Browser::new(&t);
    let offer = person.get("/api/v1/auth/oidc").await;
    assert_eq!(offer.body, json!({"label": "统一认证", "password": true}));
    let asked = question(&person.begin("login").await);
    assert_eq!((asked["response_type"].as_str(), asked["code_challenge_method"].as_str(), asked["scope"].as_str()), ("code", "S256", "openid profile email"));
    assert_eq!(asked["redirect_uri"], "https://kefu.example.cn/desk/signed");

    assert_eq!(person.signs_in(&t, &p, verified()).await.code(), "oidc.not_linked", "nobody is linked unless a setting says how");
    set(&t, "auth.oidc_link_by", "email").await;
    assert_eq!(person.signs_in(&t, &p, json!({"email": EMAIL, "email_verified": false})).await.code(), "oidc.not_linked");
    assert_eq!(person.signs_in(&t, &p, json!({"email": EMAIL})).await.code(), "oidc.not_linked");
    let done = person.signs_in(&t, &p, verified()).await;
    assert_eq!((done.status, &done.body), (200, &json!({"for": "login"})));
    let me = person.me().await;
    assert_eq!((&me["login"], &me["proves_by"], &me["must_change_password"]), (&json!(EMAIL), &json!("provider"), &json!(false)), "{me}");
    assert_eq!(person.get("/api/v1/auth/sessions").await.body["items"][0]["method"], "oidc");
    assert!(person.get("/api/v1/auth/oidc").await.body["sign_out"].as_str().unwrap().starts_with(&format!("{}/leave?", p.issuer)));

    // From now on the subject is who it is.
    let mut again = Browser::new(&t);
    assert_eq!(again.signs_in(&t, &p, json!({"email": "other@example.cn", "email_verified": true})).await.status, 200);
    assert_eq!(again.me().await["login"], EMAIL);
    let stranger = json!({"sub": "s-2", "email": EMAIL, "email_verified": true});
    assert_eq!(again.signs_in(&t, &p, stranger).await.code(), "oidc.linked_otherwise", "an address that was given to somebody else");
    let log = t.staff("auditor", "audit_admin", &[]).await.get("/api/v1/audit?action=auth.l").await.body.to_string();
    assert!(log.contains("auth.link_identity") && log.contains("oidc.linked_otherwise") && log.contains("s-2"), "{log}");
}}

signing! { what_the_token_does_not_say_is_asked_for, |t, p| async {
    account(&t, "lin.xiao", "agent", false).await;
    set(&t, "auth.oidc_link_by", "email").await;
    set(&t, "auth.oidc_email_domain", "example.cn").await;
    let mut person = Browser::new(&t);
    p.set(|state| state.userinfo = json!({"sub": "somebody else", "email": EMAIL, "email_verified": true}));
    assert_eq!(person.signs_in(&t, &p, json!({})).await.code(), "oidc.unavailable");
    p.set(|state| state.userinfo = json!({"sub": "s-1", "email": "lin.xiao@evil.cn", "email_verified": true}));
    assert_eq!(person.signs_in(&t, &p, json!({})).await.code(), "oidc.not_linked");
    p.set(|state| state.userinfo = json!({"sub": "s-1", "email": EMAIL, "email_verified": true}));
    assert_eq!(person.signs_in(&t, &p, json!({})).await.status, 200);
    assert_eq!(person.me().await["login"], "lin.xiao");
}}

signing! { whoever_is_not_active_stays_out, |t, p| async {
    let id = account(&t, "linxiao", "agent", false).await;
    set(&t, "auth.oidc_link_by", "username").await;
    let claims = json!({"preferred_username": "LinXiao"});
    let mut person = Browser::new(&t);
    assert_eq!(person.signs_in(&t, &p, claims.clone()).await.status, 200);
    let sys = t.staff("sys", "system_admin", &[]).await;
    let rev = sys.get(&format!("/api/v1/staff/{id}")).await.body["staff"]["rev"].clone();
    let done = sys.patch(&format!("/api/v1/staff/{id}"), json!({"rev": rev, "is_active": false})).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert_eq!(person.get("/api/v1/auth/me").await.status, 401);
    assert_eq!(person.signs_in(&t, &p, claims).await.code(), "oidc.inactive");
    let other = json!({"sub": "s-9", "preferred_username": "linxiao"});
    assert_eq!(Browser::new(&t).signs_in(&t, &p, other).await.code(), "oidc.inactive", "nor by another subject");
}}

signing! { a_chosen_name_makes_nobody_an_administrator, |t, p| async {
    account(&t, "boss", "security_admin", false).await;
    set(&t, "auth.oidc_link_by", "username").await;
    let mut person = Browser::new(&t);
    assert_eq!(person.signs_in(&t, &p, json!({"preferred_username": "boss"})).await.code(), "oidc.link_yourself");
    assert_eq!(person.signs_in(&t, &p, json!({"preferred_username": "~bench"})).await.code(), "oidc.not_linked");
}}

signing! { accounts_are_made_only_where_a_role_is_named, |t, p| async {
    set(&t, "auth.oidc_link_by", "username").await;
    let new = json!({"preferred_username": "wangwu", "name": "王五"});
    let mut person = Browser::new(&t);
    assert_eq!(person.signs_in(&t, &p, new.clone()).await.code(), "oidc.not_linked");
    set(&t, "auth.oidc_new_role", "system_admin").await;
    assert_eq!(person.signs_in(&t, &p, new.clone()).await.code(), "oidc.role_unfit");
    let sec = t.staff("sec", "security_admin", &[]).await;
    let change = async |value: &str| {
        let list = sec.get("/api/v1/setting").await;
        let found = list.body["items"].as_array().unwrap().iter().find(|item| item["key"] == "auth.oidc_new_role").unwrap().clone();
        sec.put("/api/v1/setting/auth.oidc_new_role", json!({"value": value, "version": found["values"][0]["version"]})).await.status
    };
    assert_eq!(change("no such role").await, 204);
    assert_eq!(person.signs_in(&t, &p, new.clone()).await.code(), "oidc.role_unfit");
    assert_eq!(change("agent").await, 204);
    assert_eq!(person.signs_in(&t, &p, new.clone()).await.status, 200);
    let me = person.me().await;
    assert_eq!((&me["login"], &me["name"]), (&json!("wangwu"), &json!("王五")));
    assert!(me["permissions"].to_string().contains("conversation.serve"));
    assert_eq!(password(&t, "wangwu").await.code(), "auth.login_refused", "there is no password to guess");
    assert_eq!(Browser::new(&t).signs_in(&t, &p, new).await.status, 200, "the second time it is there");
}}

signing! { one_links_oneself_with_a_proof_and_an_administrator_takes_it_away, |t, p| async {
    let id = account(&t, "linxiao", "agent", false).await;
    let mut person = Browser::new(&t);
    assert_eq!(person.begin("link").await.code(), "login_required");
    assert_eq!(person.call(reqwest::Method::POST, "/api/v1/auth/login", json!({"login": "linxiao", "password": PASSWORD})).await.status, 200);
    let back = person.gone(&t, &p, "link", json!({})).await;
    let mut thief = Browser::new(&t);
    thief.jar.extend(person.jar.iter().filter(|(name, _)| name.contains("oidc")).map(|(name, value)| (name.clone(), value.clone())));
    let stolen = thief.finish(back.clone()).await;
    assert_eq!(stolen.code(), "login_required", "{}", stolen.body);
    assert_eq!(person.finish(back).await.code(), "oidc.used");
    let back = person.gone(&t, &p, "link", json!({})).await;
    assert_eq!(person.finish(back).await.body, json!({"for": "link"}));
    assert_eq!(person.get("/api/v1/auth/oidc/identity").await.body["link"]["subject"], "s-1");
    assert_eq!(Browser::new(&t).signs_in(&t, &p, json!({})).await.status, 200);
    t.db.clock().advance(Duration::from_secs(5 * 60));
    assert_eq!(person.begin("link").await.code(), "step_up_required");

    let sec = t.staff("sec", "security_admin", &[]).await;
    let path = format!("/api/v1/staff/{id}/identity");
    assert_eq!(sec.get(&path).await.body["link"]["subject"], "s-1");
    assert_eq!(sec.delete(&path).await.status, 204);
    assert_eq!(person.get("/api/v1/auth/me").await.code(), "session_revoked");
    let log = t.staff("auditor", "audit_admin", &[]).await.get("/api/v1/audit?action=staff.unlink_identity").await;
    assert_eq!(log.body["items"].as_array().unwrap().len(), 1, "{}", log.body);
    assert_eq!(Browser::new(&t).signs_in(&t, &p, json!({})).await.code(), "oidc.not_linked");
}}

signing! { passwords_can_be_kept_for_emergencies, |t, p| async {
    account(&t, "linxiao", "agent", false).await;
    account(&t, "rescue", "security_admin", false).await;
    set(&t, "auth.password_only_for", "Rescue another").await;
    let mut person = Browser::new(&t);
    assert_eq!(person.get("/api/v1/auth/oidc").await.body["password"], false);
    assert_eq!(password(&t, "linxiao").await.code(), "auth.login_refused", "as a stranger");
    assert_eq!(password(&t, "rescue").await.status, 200);
    set(&t, "auth.oidc_link_by", "username").await;
    assert_eq!(person.signs_in(&t, &p, json!({"preferred_username": "linxiao"})).await.status, 200);
}}
