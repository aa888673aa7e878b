//! What is not believed, and what becomes of it.
use super::{
    Browser, account, password,
    provider::{Key, Mood},
    set, signing, start_within,
};
use serde_json::{Value, json};
use std::time::Duration;

signing! { a_token_is_believed_only_from_the_provider_for_us_and_of_now, |t, p| async {
    account(&t, "linxiao", "agent", false).await;
    set(&t, "auth.oidc_link_by", "username").await;
    let now = t.db.clock().now().0 / 1000;
    let cases = [
        (json!({"iss": "https://evil.example"}), "oidc.token_refused"),
        (json!({"aud": "another client"}), "oidc.token_refused"),
        (json!({"aud": ["yingda desk", "another client"]}), "oidc.token_refused"),
        (json!({"nonce": "of another attempt"}), "oidc.token_refused"),
        (json!({"nonce": Value::Null}), "oidc.token_refused"),
        (json!({"exp": now - 61}), "oidc.clocks_differ"),
        (json!({"iat": now + 120, "exp": now + 900}), "oidc.clocks_differ"),
        (json!({"iat": now - 3600}), "oidc.clocks_differ"),
        (json!({"sub": Value::Null}), "oidc.token_refused"),
    ];
    let mut person = Browser::new(&t);
    for (claims, code) in cases {
        let mut all = json!({"preferred_username": "linxiao"});
        for (name, value) in claims.as_object().unwrap() { all[name] = value.clone(); }
        let refused = person.signs_in(&t, &p, all).await;
        assert_eq!(refused.code(), code, "{claims}: {}", refused.body);
        assert_eq!(person.get("/api/v1/auth/me").await.status, 401);
    }
    for key in [Key::No, Key::Shared, Key::Unpublished] {
        p.set(|state| state.key = key);
        assert_eq!(person.signs_in(&t, &p, json!({"preferred_username": "linxiao"})).await.code(), "oidc.token_refused", "{key:?}");
    }
    p.set(|state| state.key = Key::Rsa);
    let late = json!({"preferred_username": "linxiao", "exp": now - 59, "iat": now - 60});
    assert_eq!(person.signs_in(&t, &p, late).await.status, 200, "clocks may differ a little");
}}

signing! { who_comes_back_is_who_went_and_once, |t, p| async {
    account(&t, "linxiao", "agent", false).await;
    set(&t, "auth.oidc_link_by", "username").await;
    let lin = json!({"preferred_username": "linxiao"});
    let mut person = Browser::new(&t);
    let back = person.gone(&t, &p, "login", lin.clone()).await;
    assert_eq!(Browser::new(&t).finish(back.clone()).await.code(), "oidc.strayed", "another browser");
    let mut other = Browser::new(&t);
    other.begin("login").await;
    assert_eq!(other.finish(back.clone()).await.code(), "oidc.strayed", "which is on its own way");
    let kept = person.jar.clone();
    let foreign = json!({"state": back["state"], "code": back["code"], "iss": "https://evil.example"});
    assert_eq!(person.finish(foreign).await.code(), "oidc.strayed", "of another issuer");
    assert!(!person.jar.contains_key("yingda-oidc"), "one attempt, one try");
    person.jar = kept.clone();
    let mut right = back.clone();
    right["iss"] = p.issuer.clone().into();
    assert_eq!(person.finish(right.clone()).await.status, 200);
    person.jar = kept;
    assert_eq!(person.finish(right).await.code(), "oidc.used");
    for (error, code) in [("access_denied", "oidc.cancelled"), ("server_error<script>", "oidc.provider_refused")] {
        let back = person.gone(&t, &p, "login", lin.clone()).await;
        let answer = person.finish(json!({"state": back["state"], "error": error})).await;
        assert!(answer.code() == code && !answer.body.to_string().contains('<'), "{}", answer.body);
    }
    let back = person.gone(&t, &p, "login", lin.clone()).await;
    t.db.clock().advance(Duration::from_secs(10 * 60));
    assert_eq!(person.finish(back).await.code(), "oidc.strayed", "too late");
    assert_eq!(person.finish(json!({})).await.code(), "oidc.strayed");
    let back = person.gone(&t, &p, "login", lin).await;
    let unknown = person.finish(json!({"state": back["state"], "code": "guessed"})).await;
    assert_eq!((unknown.code(), &unknown.body["details"]["why"]), ("oidc.provider_refused", &json!("invalid_grant")));
    let forgotten = async || t.app.db.write(crate::oidc::purge).await.unwrap();
    t.db.clock().advance(Duration::from_secs(11 * 60));
    assert!(forgotten().await > 0 && forgotten().await == 0);
}}

signing! { keys_are_fetched_anew_when_they_change_but_not_for_everybody_who_asks, |t, p| async {
    account(&t, "linxiao", "agent", false).await;
    set(&t, "auth.oidc_link_by", "username").await;
    let lin = json!({"preferred_username": "linxiao"});
    let described = || p.state.lock().unwrap().described;
    let mut person = Browser::new(&t);
    assert_eq!(person.signs_in(&t, &p, lin.clone()).await.status, 200);
    assert_eq!(described(), 1);
    p.set(|state| state.key = Key::Elliptic);
    assert_eq!(person.signs_in(&t, &p, lin.clone()).await.code(), "oidc.token_refused", "asked a moment ago");
    t.db.clock().advance(Duration::from_secs(30));
    assert_eq!(person.signs_in(&t, &p, lin.clone()).await.status, 200);
    assert_eq!(described(), 2);
    p.set(|state| state.key = Key::Unpublished);
    for _ in 0..3 {
        assert_eq!(person.signs_in(&t, &p, lin.clone()).await.code(), "oidc.token_refused");
    }
    assert_eq!(described(), 2, "forged tokens do not make us ask on and on");
    p.set(|state| state.key = Key::Rsa);
    t.db.clock().advance(Duration::from_secs(3600));
    assert_eq!(person.signs_in(&t, &p, lin).await.status, 200);
    assert_eq!(described(), 3, "what is old is fetched anew");
}}

yingda_base::both! { a_provider_in_trouble_stops_nobody_else, |db| async {
    let (t, p, serving) = start_within(db, Duration::from_secs(3)).await;
    account(&t, "linxiao", "agent", false).await;
    let mut person = Browser::new(&t);
    for mood in [Mood::Down, Mood::Rubbish, Mood::Huge, Mood::Slow] {
        p.set(|state| state.mood = mood);
        t.db.clock().advance(Duration::from_secs(4));
        let before = p.state.lock().unwrap().described;
        let answers = futures_util::future::join_all((0..5).map(|_| { let mut one = Browser::new(&t); async move { one.begin("login").await } })).await;
        for answer in answers {
            assert_eq!((answer.status, answer.code()), (503, "oidc.unavailable"), "{mood:?}: {}", answer.body);
            assert!(answer.body["title"].as_str().unwrap().contains("统一认证"), "{}", answer.body);
        }
        assert_eq!(p.state.lock().unwrap().described, before + 1, "one asks, the others wait for what it hears");
        assert_eq!(password(&t, "linxiao").await.status, 200);
    }
    p.set(|state| state.mood = Mood::Well);
    t.db.clock().advance(Duration::from_secs(4));
    assert_eq!(person.begin("login").await.status, 200);
    t.stop().await;
    serving.abort();
}}
