//! Settings: typed, scoped, live on all nodes.
use serde_json::json;
use std::time::Duration;
use yingda_base::{
    Error, both,
    bus::Event,
    setting,
    setting::{Change, Changed, NewValue, Place, Scope, ScopeKind, Settings},
    supervisor::Supervisor,
    testkit::TestDb,
};

setting! {
    /// A number with bounds.
    static GRACE: i64 = "test.grace_s", default 180, scopes [Operator, Branch, Group], check |s| (10..=3600).contains(s);
    /// A flag.
    static PREVIEWS: bool = "test.previews", default false, scopes [Operator];
    /// A text for sites.
    static WELCOME: String = "test.welcome", default "您好".to_owned(), scopes [Operator, Site];
    /// One that a newer program declares more strictly than what is stored.
    static STRICT: Vec<String> = "test.strict", default vec![], scopes [Operator], check |list| list.len() < 2;
}

async fn set(db: &TestDb, key: &'static str, scope: Scope, value: serde_json::Value) -> Result<Change, Error> {
    db.write(move |tx| setting::set(tx, NewValue { key, scope, value: value.clone(), by: Some(5) })).await
}

fn at(branches: &[i64], site: Option<i64>, group: Option<i64>) -> Place {
    Place { branches: branches.to_vec(), site, group }
}

both! { the_most_specific_value_holds, |db| async {
    let settings = Settings::load(&db).await.unwrap();
    assert_eq!((settings.global(&GRACE), settings.global(&PREVIEWS), settings.global(&WELCOME)), (180, false, "您好".to_owned()));
    set(&db, "test.grace_s", Scope::OPERATOR, json!(100)).await.unwrap();
    set(&db, "test.grace_s", Scope::of(ScopeKind::Branch, 1), json!(110)).await.unwrap();
    set(&db, "test.grace_s", Scope::of(ScopeKind::Branch, 2), json!(120)).await.unwrap();
    set(&db, "test.grace_s", Scope::of(ScopeKind::Group, 7), json!(170)).await.unwrap();
    assert!(settings.refresh(&db).await.unwrap() && !settings.refresh(&db).await.unwrap());
    let grace = |place| settings.get(&GRACE, &place);
    assert_eq!(grace(Place::default()), 100);
    assert_eq!((grace(at(&[3, 2, 1], None, None)), grace(at(&[3, 1], None, None)), grace(at(&[3], None, None))), (120, 110, 100), "the nearest branch");
    assert_eq!((grace(at(&[2], Some(1), Some(7))), grace(at(&[2], Some(1), Some(8)))), (170, 120));
}}

both! { what_does_not_fit_is_refused, |db| async {
    let code = |end: Result<Change, Error>| end.unwrap_err().code();
    assert_eq!(code(set(&db, "test.grace_s", Scope::OPERATOR, json!(9)).await), "setting.invalid");
    assert_eq!(code(set(&db, "test.grace_s", Scope::OPERATOR, json!("100")).await), "setting.invalid");
    assert_eq!(code(set(&db, "test.nothing", Scope::OPERATOR, json!(1)).await), "setting.unknown");
    assert_eq!(code(set(&db, "test.previews", Scope::of(ScopeKind::Site, 1), json!(true)).await), "setting.scope_refused");
    assert!(!Settings::load(&db).await.unwrap().global(&PREVIEWS));
}}

both! { a_change_says_what_was_and_what_is, |db| async {
    let first = set(&db, "test.welcome", Scope::of(ScopeKind::Site, 3), json!("hello")).await.unwrap();
    let second = set(&db, "test.welcome", Scope::of(ScopeKind::Site, 3), json!("hi")).await.unwrap();
    assert_eq!((first.before, second.before.clone(), second.after.clone()), (None, Some(json!("hello")), Some(json!("hi"))));
    assert!(second.version > first.version && second.by == Some(5));
    let listed = db.read(setting::list).await.unwrap();
    assert_eq!(listed, [Change { before: None, ..second }]);
    let reset = db.write(|tx| setting::reset(tx, "test.welcome", Scope::of(ScopeKind::Site, 3), None)).await.unwrap();
    assert_eq!((reset.before, reset.after), (Some(json!("hi")), None));
    assert_eq!(Settings::load(&db).await.unwrap().get(&WELCOME, &at(&[], Some(3), None)), "您好");
}}

both! { stored_values_that_this_program_cannot_use_are_passed_over, |db| async {
    db.script(r#"INSERT INTO setting (key, scope, scope_id, value, version, changed_at) VALUES
        ('test.strict', 'operator', 0, '["a", "b"]', 1, 0), ('test.of_tomorrow', 'operator', 0, '1', 1, 0), ('test.grace_s', 'operator', 0, '60', 1, 0)"#).await;
    let settings = Settings::load(&db).await.unwrap();
    assert_eq!((settings.global(&STRICT), settings.global(&GRACE)), (vec![], 60));
}}

both! { changes_reach_other_nodes_by_doorbell_and_without, |db| async {
    let settings = Settings::load(&db).await.unwrap();
    let supervisor = Supervisor::default();
    supervisor.spawn("settings", settings.clone().keep(db.db(), db.bus.listen(Changed::TOPIC), supervisor.stopping()));
    set(&db, "test.previews", Scope::OPERATOR, json!(true)).await.unwrap();
    let becomes = |value| { let settings = settings.clone(); async move { while settings.global(&PREVIEWS) != value { tokio::task::yield_now().await; } } };
    tokio::time::timeout(Duration::from_secs(5), becomes(true)).await.unwrap();
    // Another node changes it: no doorbell rings here.
    db.script("UPDATE setting SET value = 'false' WHERE key = 'test.previews'; UPDATE setting_head SET version = version + 1").await;
    tokio::time::timeout(Duration::from_secs(10), becomes(false)).await.unwrap();
    supervisor.stop(Duration::from_secs(5)).await;
}}

both! { concurrent_changes_are_numbered_in_the_order_they_commit, |db| async {
    let all = (0..40).map(|n| set(&db, "test.grace_s", Scope::of(ScopeKind::Group, n % 4), json!(100 + n)));
    let ends = futures_util::future::join_all(all).await;
    let mut versions: Vec<i64> = ends.into_iter().map(|end| end.unwrap().version).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=40).collect::<Vec<_>>());
}}
