//! What people notice of a strained node, and of quotas. On both databases.
use super::{Charge, Strain};
use crate::{
    apps,
    testkit::{Client, TestApp},
};
use serde_json::{Value, json};
use std::{net::IpAddr, time::Duration};
use yingda_base::http::{Actor, Caller};

/// Lets time pass a second at a time until the node is so strained.
async fn until(t: &TestApp, strain: Strain) {
    let is_so = async || {
        t.db.clock().advance(Duration::from_secs(1));
        t.app.surge.strain() == strain
    };
    t.until("the strain is judged", is_so).await;
}

async fn set(sys: &Client, key: &str, value: i64) {
    assert_eq!(sys.put(&format!("/api/v1/setting/{key}"), json!({"value": value})).await.status, 204);
}

async fn allow_previews(t: &TestApp) {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let sites = sys.get("/api/v1/channel/sites").await;
    let site = sites.body["items"][0]["id"].as_str().unwrap().to_owned();
    let changed = sys.patch(&format!("/api/v1/channel/sites/{site}"), json!({"rev": 1, "profile": {"preview": true}})).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
}

apps! { under_strain_previews_go_first_then_places_and_talk_goes_on, |t| async {
    allow_previews(&t).await;
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    let served = visitor.open("a").await;
    assert_eq!(agent.post(&format!("/api/v1/conversation/{served}/accept"), json!({})).await.status, 200);
    let (mut panel, mut desk) = (visitor.socket().await, agent.socket().await);
    for socket in [&mut panel, &mut desk] {
        socket.send(json!({"type": "hello", "resume": [{"conversation": served, "after": 0}]})).await;
        socket.expect("hello").await;
    }
    let preview = |text: &str| json!({"type": "preview", "conversation": served, "text": text});
    panel.send(preview("我想")).await;
    assert_eq!(desk.expect("preview").await["text"], "我想");
    assert_eq!(desk.expect_where("presence", |own| own.get("strain").is_some()).await["strain"], 0);
    // Thirteen wait before one who watches their place.
    for n in 0..13 {
        t.visitor().await.open(&format!("w{n}")).await;
    }
    let last = t.visitor().await;
    last.open("last").await;
    let place = async || last.get("/api/v1/conversation").await.body["items"][0]["position"].clone();
    assert_eq!(place().await, 14);

    t.app.surge.note_connections(90, 100);
    until(&t, Strain::Previews).await;
    desk.expect_where("presence", |own| own["strain"] == 1).await;
    panel.send(preview("我想退订")).await;
    panel.say(&served, "k1", "我想退订").await;
    panel.expect("ack").await;
    assert_eq!(desk.text(&served).await["body"]["text"], "我想退订");
    assert!(!desk.seen().iter().any(|frame| frame["type"] == "preview"), "what was said came, what was not said did not");
    assert_eq!(place().await, 14, "not yet");

    t.app.surge.note_connections(97, 100);
    until(&t, Strain::Places).await;
    desk.expect_where("presence", |own| own["strain"] == 2).await;
    assert_eq!(place().await, 21, "thirteen before are told as twenty");

    t.app.surge.note_connections(1, 100);
    until(&t, Strain::None).await;
    desk.expect_where("presence", |own| own["strain"] == 0).await;
    assert_eq!(place().await, 14);
    panel.send(preview("谢谢")).await;
    assert_eq!(desk.expect("preview").await["text"], "谢谢");
}}

fn from(address: [u8; 4], actor: Actor) -> Caller {
    Caller { address: IpAddr::from(address), ..Caller::local(actor) }
}

apps! { one_address_cannot_bring_devices_and_episodes_without_end, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    set(&sys, "surge.devices_address_hour", 3).await;
    set(&sys, "surge.episodes_address_hour", 2).await;
    t.until("the settings are known", async || t.app.settings.global(&crate::surge::EPISODES_ADDRESS_HOUR) == 2).await;
    let charge = |last: u8| crate::surge::charge_device(&t.app, &from([203, 0, 113, last], Actor::Anonymous), "demo").map(drop);
    assert!((0..3).all(|_| charge(1).is_ok()));
    let refused = charge(1).unwrap_err();
    assert_eq!((refused.code(), &refused.details()["seconds"]), ("surge.devices", &json!(1201)));
    assert_eq!(refused.retry_ms(), Some(1_201_000));
    assert!(charge(2).is_ok(), "others are not concerned");
    t.db.clock().advance(Duration::from_secs(1200));
    assert!(charge(1).is_ok() && charge(1).is_err());
    let episode = |last: u8| crate::surge::charge_episode(&t.app, &from([203, 0, 113, last], Actor::Anonymous), 1).is_ok();
    assert_eq!([episode(1), episode(1), episode(1), episode(2)], [true, true, false, true]);
    assert!((0..9).all(|_| crate::surge::charge_device(&t.app, &from([127, 0, 0, 1], Actor::Anonymous), "demo").is_ok()), "whoever a proxy hides");
}}

apps! { what_was_there_is_not_counted_and_few_cannot_shut_out_the_rest, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    set(&sys, "surge.episodes_address_hour", 100).await;
    set(&sys, "surge.episodes_site_hour", 150).await;
    t.until("the settings are known", async || t.app.settings.global(&crate::surge::EPISODES_SITE_HOUR) == 150).await;
    let charge = |last: u8| crate::surge::charge_episode(&t.app, &from([203, 0, 113, last], Actor::Anonymous), 1);
    assert!((0..1000).all(|_| charge(1).map(Charge::give_back).is_ok()), "nothing was made");
    assert_eq!((0..101).filter(|_| charge(1).is_ok()).count(), 100);
    assert_eq!((0..100).filter(|_| charge(2).is_ok()).count(), 50 + 20, "the site is full, and this address may bring twenty more");
    assert_eq!((0..100).filter(|_| charge(3).is_ok()).count(), 20, "a household still comes in");
    assert!((4..9).all(|last| (0..100).filter(|_| charge(last).is_ok()).count() == 20));
    assert_eq!((0..100).filter(|_| charge(9).is_ok()).count(), 10, "as many again, and no more");
    assert_eq!(charge(10).unwrap_err().code(), "surge.episodes");
}}

apps! { whoever_hangs_up_has_brought_a_visitor_all_the_same, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    set(&sys, "surge.devices_site_hour", 2).await;
    t.until("the setting is known", async || t.app.settings.global(&crate::surge::DEVICES_SITE_HOUR) == 2).await;
    let caller = from([203, 0, 113, 1], Actor::Anonymous);
    drop(crate::surge::charge_device(&t.app, &caller, "demo").unwrap());
    drop(crate::surge::charge_device(&t.app, &caller, "demo").unwrap());
    let beyond = (0..100).filter(|_| crate::surge::charge_device(&t.app, &caller, "demo").is_ok()).count();
    assert_eq!(beyond, 2, "as many again, whoever brings them");
}}

async fn poll(client: &Client, frames: Value) -> (u16, Value, Option<String>) {
    let call = client.request(reqwest::Method::POST, "/api/v1/poll").json(&frames);
    let answer = call.send().await.unwrap();
    let later = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), answer.json().await.unwrap(), later)
}

apps! { quotas_are_answered_with_429_and_known_ones_go_on, |t| async {
    let (known, sys) = (t.visitor().await, t.staff("sys", "system_admin", &[]).await);
    set(&sys, "surge.devices_site_hour", 1).await;
    set(&sys, "surge.polls_owner", 1).await;
    t.until("the settings are known", async || t.app.settings.global(&crate::surge::POLLS_OWNER) == 1).await;
    let answer = t.anonymous().request(reqwest::Method::POST, "/api/v1/visit/token").json(&json!({"site": "demo"})).send().await.unwrap();
    let later: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    let problem: Value = answer.json().await.unwrap();
    assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some("surge.devices"), Some(429)));
    assert!(later > 0 && problem["title"].as_str().unwrap().contains(&later.to_string()), "{problem}");
    known.open("a").await;

    let hello = json!({"frames": [{"v": 1, "type": "hello"}]});
    let (status, first, _) = poll(&known, hello.clone()).await;
    assert_eq!(status, 200);
    let (status, problem, later) = poll(&known, hello.clone()).await;
    assert_eq!((status, problem["code"].as_str(), later.as_deref()), (429, Some("surge.polls"), Some("31")), "{problem}");
    let (status, _, _) = poll(&known, json!({"poll": first["poll"], "got": first["n"], "frames": [{"v": 1, "type": "bye"}]})).await;
    assert_eq!(status, 200, "the session that is there goes on");
    t.until("the place came back", async || poll(&known, hello.clone()).await.0 == 200).await;
    set(&sys, "surge.episodes_site_hour", 1).await;
    t.until("the setting is known", async || t.app.settings.global(&crate::surge::EPISODES_SITE_HOUR) == 1).await;
    let opened = known.post("/api/v1/conversation", json!({"client_id": "b"})).await;
    assert_eq!((opened.status, opened.code()), (429, "surge.episodes"), "one was opened before");
}}
