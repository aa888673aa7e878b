//! Signed identity, as host pages and administrators use it.
use crate::{
    apps,
    erasure::traces,
    testkit::{Answer, Client, GROUP, TestApp},
    visit::{identify, identity::tests::sign},
};
use serde_json::{Value, json};
use std::time::Duration;
use yingda_base::http::{Actor, Caller};

const HOUR: Duration = Duration::from_secs(3600);

/// The server of a host site: it knows the key.
struct Host {
    key: String,
    now: i64,
}

async fn host(t: &TestApp) -> Host {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let made = sys.post(&format!("/api/v1/channel/sites/{}/secrets", site_id(&sys).await), json!({})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    Host { key: text(&made.body["text"]), now: t.db.clock().now().0 / 1000 }
}

async fn site_id(sys: &Client) -> String {
    text(&sys.get("/api/v1/channel/sites").await.body["items"][0]["id"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

impl Host {
    /// A word for a customer; `n` makes it another one.
    fn vouches(&self, subject: &str, n: u32, more: Value) -> String {
        let mut claims =
            json!({"aud": "demo", "sub": subject, "jti": format!("token-{subject}-{n}"), "iat": self.now, "exp": self.now + 120});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        sign(&claims, &self.key)
    }
}

async fn identify(t: &TestApp, token: &str, device_secret: Option<&Value>) -> Answer {
    let mut body = json!({"site": "demo", "token": token});
    if let Some(secret) = device_secret {
        body["device_secret"] = secret.clone();
    }
    t.anonymous().post("/api/v1/visit/identify", body).await
}

/// Who came in, with the secret of the device.
async fn came_in(t: &TestApp, token: &str) -> (Client, Value) {
    let answer = identify(t, token, None).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (t.anonymous().with_token(&text(&answer.body["token"])), answer.body["device_secret"].clone())
}

async fn nameless(t: &TestApp) -> (Client, Value) {
    let answer = t.anonymous().post("/api/v1/visit/token", json!({"site": "demo"})).await;
    (t.anonymous().with_token(&text(&answer.body["token"])), answer.body["device_secret"].clone())
}

async fn seen(client: &Client) -> usize {
    client.get("/api/v1/conversation").await.body["items"].as_array().unwrap().len()
}

apps! { keys_are_shown_once_and_two_count_at_a_time, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let path = format!("/api/v1/channel/sites/{}/secrets", site_id(&sys).await);
    let first = sys.post_with_key(&path, json!({}), "k").await;
    assert_eq!(text(&first.body["text"]).len(), 43);
    let again = sys.post_with_key(&path, json!({}), "k").await;
    assert_eq!((again.status, again.body.get("text"), &again.body["secret"]), (201, None, &first.body["secret"]));
    assert_eq!(sys.post(&path, json!({})).await.status, 201);
    assert_eq!(sys.post(&path, json!({})).await.code(), "site.secret_limit");
    let list = sys.get(&path).await.body["items"].clone();
    assert!(list.as_array().unwrap().len() == 2 && !list.to_string().contains(&text(&first.body["text"])), "{list}");

    let retire = format!("/api/v1/channel/secrets/{}", text(&first.body["secret"]["id"]));
    assert_eq!(sys.delete(&retire).await.status, 204);
    assert_eq!(sys.delete(&retire).await.status, 404);
    assert_eq!(sys.post(&path, json!({})).await.status, 201);
    assert_eq!(t.agent("linxiao").await.get(&path).await.status, 403);
    let log = t.staff("auditor", "audit_admin", &[]).await.get("/api/v1/audit?action=site.secret&result=done").await;
    let rows = log.body["items"].as_array().unwrap();
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert!(!log.body.to_string().contains(&text(&first.body["text"])), "the log holds no key");
}}

apps! { of_keys_made_at_the_same_time_two_are, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let path = format!("/api/v1/channel/sites/{}/secrets", site_id(&sys).await);
    let made = futures_util::future::join_all((0..6).map(|_| sys.post(&path, json!({})))).await;
    assert_eq!(made.iter().filter(|answer| answer.status == 201).count(), 2);
}}

apps! { a_signed_word_lets_its_customer_in_again_and_again, |t| async {
    let host = host(&t).await;
    let first = identify(&t, &host.vouches("c-1", 1, json!({"name": "张女士", "birth_year": 1950})), None).await;
    assert_eq!((first.status, &first.body["visitor"]["name"], &first.body["is_senior"]), (200, &json!("张女士"), &json!(true)), "{}", first.body);
    assert!(first.body.get("earlier").is_none());
    let secret = &first.body["device_secret"];
    let again = identify(&t, &host.vouches("c-1", 2, json!({"name": "张女士"})), Some(secret)).await;
    assert_eq!((&again.body["visitor"], again.body.get("device_secret")), (&first.body["visitor"], None), "the same device");
    let elsewhere = identify(&t, &host.vouches("c-1", 3, json!({"name": "张女士"})), None).await;
    assert_eq!(elsewhere.body["visitor"], first.body["visitor"], "the same customer in another browser");

    // The same id at another site is somebody else.
    let sys = t.staff("sys2", "system_admin", &[]).await;
    let shop = sys.post("/api/v1/channel/sites", json!({"key": "shop", "name": "商城", "group": t.groups[0]})).await;
    let key = sys.post(&format!("/api/v1/channel/sites/{}/secrets", text(&shop.body["site"]["id"])), json!({})).await.body["text"].clone();
    let at_shop = Host { key: text(&key), now: host.now }.vouches("c-1", 4, json!({"aud": "shop"}));
    let there = t.anonymous().post("/api/v1/visit/identify", json!({"site": "shop", "token": at_shop})).await;
    assert_eq!(there.status, 200, "{}", there.body);
    assert_ne!(there.body["visitor"]["id"], first.body["visitor"]["id"]);
}}

apps! { what_is_forged_old_or_for_others_is_refused_by_name, |t| async {
    let nobody = sign(&json!({}), "x");
    assert_eq!(identify(&t, &nobody, None).await.code(), "identity.off", "no key yet");
    let host = host(&t).await;
    let refused = |token: String| {
        let t = &t;
        async move {
            let answer = identify(t, &token, None).await;
            (answer.status, answer.code().to_owned())
        }
    };
    let code = |status: u16, code: &str| (status, code.to_owned());
    let good = host.vouches("c-1", 1, json!({}));
    let forged = Host { key: "guessed".into(), now: host.now }.vouches("c-1", 1, json!({}));
    assert_eq!(refused(forged).await, code(401, "identity.signature"));
    assert_eq!(refused(good.replacen("eyJ", "eyK", 1)).await, code(400, "identity.malformed"));
    assert_eq!(refused("a".repeat(5000)).await, code(413, "identity.too_large"));
    assert_eq!(refused(host.vouches("c-1", 2, json!({"aud": "shop"}))).await, code(401, "identity.audience"));
    assert_eq!(refused(host.vouches("c-1", 3, json!({"iat": host.now - 200, "exp": host.now - 60}))).await, code(401, "identity.expired"));
    assert_eq!(refused(host.vouches("c-1", 4, json!({"exp": host.now + 3600}))).await, code(401, "identity.lifetime"));
    assert_eq!(refused(host.vouches("13812345678", 5, json!({}))).await, code(422, "identity.claim"));
    assert_eq!(identify(&t, &good, None).await.status, 200);
    assert_eq!(refused(good).await, code(409, "identity.replayed"));
    assert_eq!(t.anonymous().post("/api/v1/visit/identify", json!({"site": "nowhere", "token": "x"})).await.status, 404);
}}

apps! { of_two_who_bring_the_same_word_at_once_one_comes_in, |t| async {
    let host = host(&t).await;
    for n in 0..5 {
        let token = host.vouches("c-1", n, json!({}));
        let answers = futures_util::future::join_all((0..6).map(|_| identify(&t, &token, None))).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(answers.iter().filter(|answer| answer.status != 200).all(|answer| ["identity.replayed", "busy"].contains(&answer.code())));
    }
}}

apps! { either_key_counts_until_it_is_retired, |t| async {
    let old = host(&t).await;
    let sys = t.staff("sys2", "system_admin", &[]).await;
    let path = format!("/api/v1/channel/sites/{}/secrets", site_id(&sys).await);
    let new = Host { key: text(&sys.post(&path, json!({})).await.body["text"]), now: old.now };
    assert_eq!(identify(&t, &old.vouches("c-1", 1, json!({})), None).await.status, 200);
    assert_eq!(identify(&t, &new.vouches("c-1", 2, json!({})), None).await.status, 200);
    let list = sys.get(&path).await.body["items"].clone();
    assert!(list[0]["used_at"].is_i64() && list[1]["used_at"].is_i64(), "{list}");
    assert_eq!(sys.delete(&format!("/api/v1/channel/secrets/{}", text(&list[1]["id"]))).await.status, 204);
    assert_eq!(identify(&t, &old.vouches("c-1", 3, json!({})), None).await.code(), "identity.signature");
    assert_eq!(identify(&t, &new.vouches("c-1", 4, json!({})), None).await.status, 200);
}}

apps! { what_was_said_before_goes_along_only_when_the_customer_says_so, |t| async {
    let host = host(&t).await;
    let agent = t.agent("linxiao").await;
    let (before, secret) = nameless(&t).await;
    let conversation = before.open("a").await;
    let (mut desk, mut old_panel) = (agent.socket().await, before.socket().await);
    desk.expect_where("inbox", |frame| frame["items"][0]["state"] == "queued").await;
    assert_eq!(agent.post(&format!("/api/v1/conversation/{conversation}/accept"), json!({})).await.status, 200);
    old_panel.say(&conversation, "m1", "宽带断了").await;
    desk.text(&conversation).await;

    let known = identify(&t, &host.vouches("c-1", 1, json!({"name": "张女士"})), Some(&secret)).await;
    assert_eq!(known.body["earlier"], json!({"conversations": 1, "is_running": true}), "{}", known.body);
    let customer = t.anonymous().with_token(&text(&known.body["token"]));
    assert_eq!(seen(&customer).await, 0, "nothing by itself");
    old_panel.say(&conversation, "m2", "还在吗").await;
    desk.text(&conversation).await;

    let mut panel = customer.socket().await;
    let taken = customer.post("/api/v1/visit/attach", json!({"device_secret": secret})).await;
    assert_eq!((taken.status, &taken.body["conversations"]), (200, &json!(1)), "{}", taken.body);
    assert_eq!(old_panel.ended().await.as_deref(), Some("session_revoked"));
    assert_eq!(before.get("/api/v1/conversation").await.code(), "token_invalid");
    let moved = panel.expect_where("inbox", |frame| frame["items"][0]["id"] == conversation.as_str()).await["items"][0].clone();
    assert_eq!((&moved["state"], &moved["owner"]["name"]), (&json!("served"), &json!("linxiao")), "the talk goes on: {moved}");
    let named = |frame: &Value| frame["items"][0]["customer"]["name"] == "张女士";
    desk.expect_where("inbox", named).await;
    desk.expect_where("entry", |entry| entry["body"]["code"] == "identified" && entry["body"]["params"]["name"] == "张女士").await;
    panel.say(&conversation, "m3", "是我").await;
    assert_eq!(desk.text(&conversation).await["author"]["participant"], 1);
    let texts = customer.get(&format!("/api/v1/conversation/{conversation}/entries")).await;
    assert!(texts.body["entries"].as_array().unwrap().iter().any(|entry| entry["author"]["name"] == "张女士"), "{}", texts.body);
    let kept: Vec<&str> = texts.body["entries"].as_array().unwrap().iter().filter_map(|entry| entry["client_id"].as_str()).collect();
    assert_eq!(kept, ["m1", "m2", "m3"], "{}", texts.body);
    // What had been sent and not acknowledged comes again, and is known.
    panel.say(&conversation, "m2", "还在吗").await;
    assert_eq!(panel.expect_where("ack", |ack| ack["client_id"] == "m2").await["duplicate"], true);
    assert_eq!(customer.post("/api/v1/visit/attach", json!({"device_secret": secret})).await.code(), "device_unknown");
}}

// What a host signed stands in the log of what was taken over too.
apps! { the_name_a_host_signed_is_nowhere_once_its_customer_is_erased, |t| async {
    let host = host(&t).await;
    let (before, secret) = nameless(&t).await;
    let conversation = before.open("a").await;
    let known = identify(&t, &host.vouches("c-1", 1, json!({"name": "欧阳无名"})), Some(&secret)).await;
    let customer = t.anonymous().with_token(&text(&known.body["token"]));
    assert_eq!(customer.post("/api/v1/visit/attach", json!({"device_secret": secret})).await.status, 200);
    let boss = t.staff("boss", "supervisor", &[GROUP]).await;
    let seen = boss.get(&format!("/api/v1/conversation/{conversation}/entries")).await;
    assert!(seen.body.to_string().contains("欧阳无名") && traces(&t, "欧阳无名").await > 3, "{}", seen.body);
    let id = text(&boss.get(&format!("/api/v1/conversation/{conversation}")).await.body["conversation"]["customer"]["id"]);
    assert_eq!(boss.post(&format!("/api/v1/customer/{id}/erase"), json!({"reason": "customer_request"})).await.status, 202);
    t.until("the name is nowhere", async || traces(&t, "欧阳无名").await == 0).await;
    let left = boss.get(&format!("/api/v1/conversation/{conversation}/entries")).await;
    assert!(left.body.to_string().contains("identified") && !left.body.to_string().contains("欧阳"), "{}", left.body);
    // Whoever comes with the host's word again is somebody new.
    let again = identify(&t, &host.vouches("c-1", 2, json!({"name": "欧阳无名"})), None).await;
    assert_eq!(seen_by(&t, &again).await, 0);
}}

/// Conversations somebody sees who was let in just now.
async fn seen_by(t: &TestApp, answer: &Answer) -> usize {
    seen(&t.anonymous().with_token(&text(&answer.body["token"]))).await
}

apps! { only_recent_talk_of_a_nameless_device_can_be_taken_over, |t| async {
    let (old, secret) = nameless(&t).await;
    let conversation = old.open("a").await;
    assert_eq!(old.post(&format!("/api/v1/conversation/{conversation}/close"), json!({})).await.status, 200);
    t.db.clock().advance(25 * HOUR);
    let host = host(&t).await;
    let known = identify(&t, &host.vouches("c-1", 1, json!({})), Some(&secret)).await;
    assert!(known.body.get("earlier").is_none(), "{}", known.body);
    // Nobody vouches for this one; and a device that is somebody's is not for taking.
    let (stranger, stranger_secret) = nameless(&t).await;
    assert_eq!(stranger.post("/api/v1/visit/attach", json!({"device_secret": secret})).await.code(), "identity.required");
    let (other, _) = came_in(&t, &host.vouches("c-2", 1, json!({}))).await;
    assert_eq!(other.post("/api/v1/visit/attach", json!({"device_secret": known.body["device_secret"]})).await.code(), "device_unknown");
    assert_eq!(other.post("/api/v1/visit/attach", json!({"device_secret": stranger_secret})).await.body["conversations"], 0);
}}

apps! { on_a_shared_computer_the_next_one_sees_nothing_of_the_one_before, |t| async {
    let host = host(&t).await;
    let (first, secret) = came_in(&t, &host.vouches("c-1", 1, json!({}))).await;
    first.open("a").await;
    let mut panel = first.socket().await;
    let second = identify(&t, &host.vouches("c-2", 1, json!({})), Some(&secret)).await;
    assert!(second.body.get("earlier").is_none() && second.body["device_secret"].is_string(), "{}", second.body);
    assert_eq!(panel.ended().await.as_deref(), Some("session_revoked"));
    assert_eq!(first.get("/api/v1/conversation").await.code(), "token_invalid");
    assert_eq!(t.anonymous().post("/api/v1/visit/token", json!({"site": "demo", "device_secret": secret})).await.code(), "device_unknown");
    assert_eq!(seen(&t.anonymous().with_token(&text(&second.body["token"]))).await, 0);
    let (home, _) = came_in(&t, &host.vouches("c-1", 2, json!({}))).await;
    assert_eq!(seen(&home).await, 1, "theirs is still theirs");
}}

apps! { whoever_leaves_is_cut_at_once, |t| async {
    let host = host(&t).await;
    let (customer, secret) = came_in(&t, &host.vouches("c-1", 1, json!({}))).await;
    customer.open("a").await;
    let mut panel = customer.socket().await;
    let browser = t.anonymous();
    let leave = |secret: Value| browser.post("/api/v1/visit/leave", json!({"site": "demo", "device_secret": secret}));
    assert_eq!(t.anonymous().post("/api/v1/visit/leave", json!({"site": "demo", "device_secret": "guess"})).await.status, 204);
    assert_eq!(leave(secret.clone()).await.status, 204);
    assert_eq!(panel.ended().await.as_deref(), Some("session_revoked"));
    assert_eq!(customer.get("/api/v1/conversation").await.code(), "token_invalid");
    assert_eq!(leave(secret).await.status, 204, "leaving twice is leaving");
    let (home, _) = came_in(&t, &host.vouches("c-1", 2, json!({}))).await;
    assert_eq!(home.get("/api/v1/conversation").await.body["items"][0]["state"], "queued", "their talk waits for them");

    let (stranger, secret) = nameless(&t).await;
    let conversation = stranger.open("b").await;
    assert_eq!(t.anonymous().post("/api/v1/visit/leave", json!({"site": "demo", "device_secret": secret})).await.status, 204);
    let row = t.agent("linxiao").await.get(&format!("/api/v1/conversation/{conversation}")).await;
    assert_eq!(row.body["conversation"]["state"], "closed", "nobody can come back to it");
}}

apps! { an_identity_ends_unless_the_host_vouches_again, |t| async {
    let host = host(&t).await;
    let (_, secret) = came_in(&t, &host.vouches("c-1", 1, json!({}))).await;
    let browser = t.anonymous();
    let back = || browser.post("/api/v1/visit/token", json!({"site": "demo", "device_secret": secret}));
    t.db.clock().advance(12 * HOUR - Duration::from_secs(1));
    assert_eq!(back().await.status, 200);
    t.db.clock().advance(Duration::from_secs(1));
    assert_eq!((back().await.status, back().await.code()), (401, "identity_expired"));
    let later = Host { now: t.db.clock().now().0 / 1000, ..host };
    let again = identify(&t, &later.vouches("c-1", 2, json!({})), Some(&secret)).await;
    assert_eq!((again.status, again.body.get("device_secret")), (200, None), "the same device once more");
    assert_eq!(back().await.status, 200);
}}

apps! { staff_see_what_the_host_signed_and_a_name_they_mended_stays, |t| async {
    let host = host(&t).await;
    let said = json!({"name": "张女士", "phone": "13812345678", "level": "VIP", "senior": true, "facts": {"宽带账号": "57112345678901"}});
    let (customer, _) = came_in(&t, &host.vouches("10010001", 1, said)).await;
    customer.open("a").await;
    let agent = t.staff("linxiao", "agent", &[GROUP]).await;
    let mut desk = agent.socket().await;
    let item = desk.expect_where("inbox", |frame| frame["items"][0]["customer"]["name"] == "张女士").await["items"][0].clone();
    let path = format!("/api/v1/customer/{}", text(&item["customer"]["id"]));
    let account = agent.get(&path).await.body["customer"]["account"].clone();
    assert_eq!((&account["phone"], &account["level"], &account["is_senior"]), (&json!("138****5678"), &json!("VIP"), &json!(true)));
    assert_eq!(account["facts"], json!([{"label": "宽带账号", "value": "5711******8901"}]));

    assert_eq!(agent.patch(&path, json!({"name": "张老师"})).await.body["customer"]["account"]["name"], "张女士");
    let name = async |n: u32, said: &str| {
        came_in(&t, &host.vouches("10010001", n, json!({"name": said}))).await;
        text(&agent.get(&path).await.body["customer"]["name"])
    };
    assert_eq!(name(2, "张女士").await, "张老师", "the host says nothing new");
    assert_eq!(name(3, "张敏").await, "张敏");
    desk.expect_where("inbox", |frame| frame["items"][0]["customer"]["name"] == "张敏").await;
}}

apps! { whoever_fails_often_is_slowed_and_nobody_else_is, |t| async {
    let host = host(&t).await;
    let from = |address: [u8; 4]| Caller { address: address.into(), ..Caller::local(Actor::Anonymous) };
    let wish = |token: String| identify::Wish { site: "demo".into(), token, device_secret: None, locale: None };
    let mut codes = Vec::new();
    for _ in 0..30 {
        let tried = identify::identify(&t.app, &from([9, 9, 9, 9]), wish(sign(&json!({}), "guess"))).await;
        codes.push(tried.err().unwrap().code());
    }
    assert_eq!((codes[0], codes[29]), ("identity.signature", "rate_limited"));
    let good = identify::identify(&t.app, &from([9, 9, 9, 9]), wish(host.vouches("c-1", 1, json!({})))).await;
    assert!(good.is_ok(), "an honest one behind the same address comes in");
}}

apps! { used_words_are_forgotten_long_after_their_end, |t| async {
    yingda_base::row! { struct Count { n: i64 } }
    let count = async || {
        let count = |tx: &mut yingda_base::Tx| tx.get::<Count>("count", yingda_base::sql!("SELECT COUNT(*) AS n FROM visit_proof"));
        t.db.read(count).await.unwrap().n
    };
    let host = host(&t).await;
    came_in(&t, &host.vouches("c-1", 1, json!({}))).await;
    t.db.clock().advance(24 * HOUR);
    t.db.write(crate::visit::purge).await.unwrap();
    assert_eq!(count().await, 1);
    t.db.clock().advance(HOUR);
    t.db.write(crate::visit::purge).await.unwrap();
    assert_eq!(count().await, 0);
}}
