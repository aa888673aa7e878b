//! Over HTTP and sockets, as those who erase and those who are left with a gap see it.
use super::{Erasure, Ledger, Reason, Settle, What, adopt, model::ErasureId, reconcile, step};
use crate::{
    apps,
    testkit::{Client, GROUP, OTHER_GROUP, TestApp},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use yingda_base::{Tx, job, row, sql};

const SECRET: &str = "身份证 11010119900101123X";

row! { struct Count { n: i64 } }

async fn say(client: &Client, conversation: &str, id: &str, text: &str) -> i64 {
    let mut socket = client.socket().await;
    socket.send(json!({"type": "send", "conversation": conversation, "client_id": id, "kind": "text", "body": {"text": text}})).await;
    socket.expect("ack").await["seq"].as_i64().unwrap()
}

async fn erase(client: &Client, conversation: &str, seq: Option<i64>) -> (u16, String) {
    let mut wish = json!({"reason": "sensitive"});
    if let Some(seq) = seq {
        wish["seq"] = seq.into();
    }
    let answer = client.post(&format!("/api/v1/conversation/{conversation}/erase"), wish).await;
    (answer.status, answer.body["code"].as_str().unwrap_or_default().to_owned())
}

/// The same, answering how many entries went.
async fn erased(client: &Client, conversation: &str, seq: Option<i64>) -> i64 {
    let mut wish = json!({"reason": "sensitive"});
    if let Some(seq) = seq {
        wish["seq"] = seq.into();
    }
    let answer = client.post(&format!("/api/v1/conversation/{conversation}/erase"), wish).await;
    assert_eq!((answer.status, &answer.body["done"]), (200, &json!(true)), "{}", answer.body);
    answer.body["entries"].as_i64().unwrap()
}

async fn log(client: &Client, conversation: &str) -> Vec<Value> {
    client.get(&format!("/api/v1/conversation/{conversation}/entries")).await.body["entries"].as_array().unwrap().clone()
}

/// Rows of any table of texts that hold it.
pub(crate) async fn traces(t: &TestApp, text: &str) -> i64 {
    let like = format!("%{text}%");
    let count = move |tx: &mut Tx| {
        let query = sql!(
            "SELECT (SELECT COUNT(*) FROM entry_body WHERE body LIKE $1 OR fallback LIKE $1)
                  + (SELECT COUNT(*) FROM draft WHERE text LIKE $1)
                  + (SELECT COUNT(*) FROM conversation WHERE subject LIKE $1 OR page_url LIKE $1 OR page_title LIKE $1 OR external_id LIKE $1)
                  + (SELECT COUNT(*) FROM customer WHERE name LIKE $1 OR facts LIKE $1 OR tags LIKE $1)
                  + (SELECT COUNT(*) FROM customer_account WHERE signed LIKE $1 OR subject LIKE $1)
                  + (SELECT COUNT(*) FROM participant WHERE name LIKE $1)
                  + (SELECT COUNT(*) FROM rating WHERE comment LIKE $1)
                  + (SELECT COUNT(*) FROM audit_value WHERE before_value LIKE $1 OR after_value LIKE $1) AS n",
            &like
        );
        tx.get::<Count>("count", query)
    };
    t.db.read(count).await.unwrap().n
}

async fn answers(t: &TestApp) -> i64 {
    t.db.read(|tx| tx.get::<Count>("count", sql!("SELECT COUNT(*) AS n FROM idempotency"))).await.unwrap().n
}

apps! { an_erased_entry_is_a_gap_for_everybody_at_once, |t| async {
    let (visitor, boss) = (t.visitor().await, t.staff("boss", "supervisor", &[GROUP]).await);
    let conversation = visitor.open("a").await;
    let (kept, seq) = (say(&visitor, &conversation, "k1", "你好").await, say(&visitor, &conversation, "k2", SECRET).await);
    let mut panel = visitor.socket().await;
    panel.send(json!({"type": "hello", "resume": [{"conversation": conversation, "after": seq}]})).await;

    assert_eq!(erase(&boss, &conversation, Some(seq)).await.0, 200);
    let told = panel.expect_where("entry", |frame| frame["body"]["code"] == "erased").await;
    assert_eq!(told["body"]["params"], json!({"target": seq}));
    for client in [&visitor, &boss] {
        let log = log(client, &conversation).await;
        let gone = log.iter().find(|entry| entry["seq"] == seq).unwrap();
        assert_eq!((&gone["erased"], gone.get("body"), gone.get("fallback")), (&json!(true), None, None));
        assert_eq!(log.iter().find(|entry| entry["seq"] == kept).unwrap()["body"]["text"], "你好");
        let card = client.get(&format!("/api/v1/conversation/{conversation}")).await.body["conversation"].clone();
        assert_eq!(card["last"]["text"], "你好", "lists show the word before");
    }
    assert_eq!(traces(&t, "11010119900101123X").await, 0);
    // Sent again it is gone, and does not come back as a new word.
    panel.send(json!({"type": "send", "conversation": conversation, "client_id": "k2", "kind": "text", "body": {"text": SECRET}})).await;
    assert_eq!(panel.expect("error").await["code"], "gone");
    // Again changes nothing and says nothing.
    let before = log(&boss, &conversation).await.len();
    assert_eq!(erase(&boss, &conversation, Some(seq)).await.0, 200);
    assert_eq!(log(&boss, &conversation).await.len(), before);
    t.until("remembered answers are forgotten", async || answers(&t).await == 0).await;
}}

apps! { only_who_may_erases_and_only_words, |t| async {
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    let conversation = visitor.open("a").await;
    let seq = say(&visitor, &conversation, "k1", "你好").await;
    let (boss, stranger) = (t.staff("boss", "supervisor", &[GROUP]).await, t.staff("other", "supervisor", &[OTHER_GROUP]).await);
    assert_eq!(erase(&agent, &conversation, Some(seq)).await, (403, "forbidden".to_owned()));
    assert_eq!(erase(&visitor, &conversation, Some(seq)).await.0, 403);
    assert_eq!(erase(&stranger, &conversation, Some(seq)).await.0, 404);
    assert_eq!(erase(&boss, &conversation, Some(99)).await.0, 404);
    assert_eq!(erase(&boss, &conversation, Some(1)).await, (422, "erasure.not_words".to_owned()));
    let strange = boss.post(&format!("/api/v1/conversation/{conversation}/erase"), json!({"reason": "张三要求"})).await;
    assert_eq!(strange.status, 400, "a reason is a code: words would be personal data that stay");
    assert!(t.app.ledger.read().unwrap().is_empty());
}}

apps! { of_an_erased_conversation_nothing_is_left_but_its_order, |t| async {
    let (visitor, agent, boss) = (t.visitor().await, t.agent("linxiao").await, t.staff("boss", "supervisor", &[GROUP]).await);
    let opened = visitor.post("/api/v1/conversation", json!({"client_id": "a", "subject": SECRET, "page": {"url": "https://x.cn/?11010119900101123X", "title": SECRET}})).await;
    let conversation = opened.body["conversation"]["id"].as_str().unwrap().to_owned();
    assert_eq!(agent.post(&format!("/api/v1/conversation/{conversation}/accept"), json!({})).await.status, 200);
    for n in 0..5 { say(&visitor, &conversation, &format!("k{n}"), SECRET).await; }
    agent.request(reqwest::Method::PUT, &format!("/api/v1/conversation/{conversation}/draft")).json(&json!({"text": SECRET, "rev": 1})).send().await.unwrap();
    assert!(traces(&t, "11010119900101123X").await >= 7);
    assert_eq!(erase(&boss, &conversation, None).await.0, 200);
    assert_eq!(traces(&t, "11010119900101123X").await, 0);
    let log = log(&visitor, &conversation).await;
    let told = log.last().unwrap();
    assert_eq!((&told["body"]["code"], told["body"]["params"]["from"].is_i64()), (&json!("erased"), true));
    assert_eq!(log.iter().filter(|entry| entry["erased"] == true).count(), 5);
    // It goes on: what is said afterwards is not meant.
    say(&visitor, &conversation, "later", "之后的话").await;
    reconcile(&t.app.db, &t.app.ledger).await.unwrap();
    assert_eq!(traces(&t, "之后的话").await, 1);
}}

apps! { an_erased_customer_is_nobody_any_more, |t| async {
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    let (first, second) = (visitor.open("a").await, visitor.open("b").await);
    for (n, conversation) in [&first, &second].into_iter().enumerate() { say(&visitor, conversation, &format!("k{n}"), SECRET).await; }
    let shown = agent.get(&format!("/api/v1/conversation/{first}")).await;
    let customer = format!("/api/v1/customer/{}", shown.body["conversation"]["customer"]["id"].as_str().unwrap());
    let facts = json!([{"label": "身份证", "value": "11010119900101123X"}]);
    assert_eq!(agent.patch(&customer, json!({"name": "张三丰", "facts": facts})).await.status, 200);
    let boss = t.staff("boss", "supervisor", &[GROUP]).await;
    let answer = boss.post(&format!("{customer}/erase"), json!({"reason": "customer_request"})).await;
    assert_eq!((answer.status, &answer.body["done"], &answer.body["conversations"]), (202, &json!(false), &json!(2)), "{}", answer.body);
    t.until("nothing is left", async || traces(&t, "11010119900101123X").await + traces(&t, "张三丰").await == 0).await;
    t.until("the ledger says so", async || t.app.ledger.read().unwrap().len() == 1).await;
    let seen = boss.get(&format!("/api/v1/conversation/{first}")).await.body["conversation"].clone();
    assert_eq!((&seen["state"], &seen["customer"]["name"]), (&json!("closed"), &json!("已擦除")));
    t.until("the browser is a stranger", async || visitor.get("/api/v1/conversation").await.status == 401).await;
    // The note of it stays, and holds nothing of what it was.
    let auditor = t.staff("auditor", "audit_admin", &[]).await;
    let rows = auditor.get("/api/v1/audit?action=erasure.").await.body["items"].as_array().unwrap().clone();
    assert_eq!((rows.len(), &rows[0]["after"]["reason"]), (1, &json!("customer_request")));
}}

apps! { a_customer_with_conversations_elsewhere_is_not_erased_by_halves, |t| async {
    let visitor = t.visitor().await;
    let first = visitor.open("a").await;
    let other = visitor.post("/api/v1/conversation", json!({"client_id": "b", "group": t.groups[1]})).await;
    assert_eq!(other.status, 201, "{}", other.body);
    let boss = t.staff("boss", "supervisor", &[GROUP]).await;
    let customer = boss.get(&format!("/api/v1/conversation/{first}")).await.body["conversation"]["customer"]["id"].as_str().unwrap().to_owned();
    let erase = async |client: &Client| client.post(&format!("/api/v1/customer/{customer}/erase"), json!({"reason": "mistake"})).await;
    let refused = erase(&boss).await;
    assert_eq!((refused.status, refused.code()), (403, "erasure.beyond_scope"));
    assert_eq!(erase(&t.staff("both", "supervisor", &[GROUP, OTHER_GROUP]).await).await.status, 202);
}}

// An older copy of the data knows nothing of it: the file does.
apps! { what_a_backup_brings_back_is_erased_again, |t| async {
    let (visitor, boss) = (t.visitor().await, t.staff("boss", "supervisor", &[GROUP]).await);
    let conversation = visitor.open("a").await;
    let seq = say(&visitor, &conversation, "k1", SECRET).await;
    assert_eq!(erase(&boss, &conversation, Some(seq)).await.0, 200);
    t.until("the file has it", async || t.app.ledger.read().unwrap().len() == 1).await;
    let line: Erasure = t.app.ledger.read().unwrap().remove(0);
    assert!(!serde_json::to_string(&line).unwrap().contains("1101011990"), "no personal data");

    // As if a backup from before had been put in place.
    let back = |tx: &mut Tx| {
        tx.run(sql!("DELETE FROM erasure"))?;
        tx.run(sql!("UPDATE entry SET state = 'kept' WHERE state = 'erased'"))?;
        tx.run(sql!("INSERT INTO entry_body (conversation_id, seq, body, fallback)
                     SELECT e.conversation_id, e.seq, '{\"text\":\"身份证 11010119900101123X\"}', 'x' FROM entry e
                     LEFT JOIN entry_body b ON b.conversation_id = e.conversation_id AND b.seq = e.seq WHERE b.seq IS NULL"))
    };
    t.db.write(back).await.unwrap();
    assert_eq!(traces(&t, "11010119900101123X").await, 1);
    reconcile(&t.app.db, &t.app.ledger).await.unwrap();
    assert_eq!(traces(&t, "11010119900101123X").await, 0);
    reconcile(&t.app.db, &t.app.ledger).await.unwrap();
    assert_eq!(t.app.ledger.read().unwrap().len(), 1);

    // In another history another word may stand at that place.
    let elsewhen = Erasure { id: ErasureId(line.id.0 + 1), entry_at: Some(yingda_base::Millis(1)), ..line };
    let later = say(&visitor, &conversation, "k2", "别的话").await;
    let elsewhen = Erasure { seq: Some(later), ..elsewhen };
    t.db.write(move |tx| adopt(tx, std::slice::from_ref(&elsewhen))).await.unwrap();
    while t.db.write(step).await.unwrap() {}
    assert_eq!(traces(&t, "别的话").await, 1);
}}

apps! { a_lost_ledger_file_is_made_again_from_the_database, |t| async {
    let (visitor, boss) = (t.visitor().await, t.staff("boss", "supervisor", &[GROUP]).await);
    let conversation = visitor.open("a").await;
    let seq = say(&visitor, &conversation, "k1", SECRET).await;
    assert_eq!(erase(&boss, &conversation, Some(seq)).await.0, 200);
    let folder = tempfile::tempdir().unwrap();
    let other = Arc::new(Ledger::at(&folder.path().join("erasures")));
    reconcile(&t.app.db, &other).await.unwrap();
    assert_eq!(other.read().unwrap().len(), 1);
}}

// Said while the clock was an hour ahead: it is meant all the same.
apps! { what_was_said_while_the_clock_was_ahead_is_erased_too, |t| async {
    let right = t.db.clock().now();
    t.db.clock().step_to(right + Duration::from_secs(3600));
    let visitor = t.visitor().await;
    let opened = json!({"client_id": "a", "subject": SECRET});
    let conversation = visitor.post("/api/v1/conversation", opened).await.body["conversation"]["id"].as_str().unwrap().to_owned();
    let (first, _) = (say(&visitor, &conversation, "k1", SECRET).await, say(&visitor, &conversation, "k2", SECRET).await);
    t.db.clock().step_to(right);
    let boss = t.staff("boss", "supervisor", &[GROUP]).await;
    assert_eq!(erased(&boss, &conversation, Some(first)).await, 1);
    assert_eq!(erased(&boss, &conversation, Some(first)).await, 0, "erased already");
    assert_eq!(erased(&boss, &conversation, None).await, 1);
    assert_eq!(traces(&t, "11010119900101123X").await, 0);

    // An older copy brings it back, and the line takes it away again.
    t.until("the file has all", async || t.app.ledger.read().unwrap().len() == 3).await;
    let back = |tx: &mut Tx| {
        tx.run(sql!("DELETE FROM erasure"))?;
        tx.run(sql!("INSERT INTO entry_body (conversation_id, seq, body, fallback)
                     SELECT conversation_id, seq, '{\"text\":\"身份证 11010119900101123X\"}', 'x' FROM entry WHERE state = 'erased'"))?;
        tx.run(sql!("UPDATE entry SET state = 'kept' WHERE state = 'erased'"))
    };
    t.db.write(back).await.unwrap();
    reconcile(&t.app.db, &t.app.ledger).await.unwrap();
    assert_eq!(traces(&t, "11010119900101123X").await, 0);
}}

apps! { from_the_moment_of_the_wish_nothing_more_comes_from_an_erased_customer, |t| async {
    let (visitor, boss) = (t.visitor().await, t.staff("boss", "supervisor", &[GROUP]).await);
    let conversation = visitor.open("a").await;
    let mut panel = visitor.socket().await;
    panel.say(&conversation, "k1", SECRET).await;
    let customer = boss.get(&format!("/api/v1/conversation/{conversation}")).await.body["conversation"]["customer"]["id"].as_str().unwrap().to_owned();
    // Where jobs stand still, the rest waits; what says who they are does not.
    t.db.write(|tx| tx.run(sql!("UPDATE customer SET facts = '[{\"label\":\"x\",\"value\":\"张三丰\"}]'"))).await.unwrap();
    assert_eq!(boss.post(&format!("/api/v1/customer/{customer}/erase"), json!({"reason": "customer_request"})).await.status, 202);
    assert_eq!(traces(&t, "张三丰").await, 0);
    let trusted = t.db.read(|tx| tx.get::<Count>("count", sql!("SELECT COUNT(*) AS n FROM device WHERE revoked_at IS NULL"))).await.unwrap().n;
    assert_eq!(trusted, 0);
    assert_eq!(panel.ended().await.as_deref(), Some("session_revoked"));
}}

// A job that cannot write the file does what was promised; a call that could not be remembered is refused before anything goes.
apps! { where_the_ledger_cannot_be_written_nothing_new_is_erased_and_nothing_promised_stays, |t| async {
    let (visitor, boss) = (t.visitor().await, t.staff("boss", "supervisor", &[GROUP]).await);
    let conversation = visitor.open("a").await;
    let seq = say(&visitor, &conversation, "k1", SECRET).await;
    let promised = t.db.read(|tx| tx.get::<Count>("count", sql!("SELECT customer_id AS n FROM conversation"))).await.unwrap().n;
    // Nobody can write to a folder, whoever they are.
    let file = t.app.ledger.path().to_owned();
    std::fs::create_dir(&file).unwrap();
    assert_eq!(erase(&boss, &conversation, Some(seq)).await, (503, "erasure.ledger_unwritable".to_owned()));
    let customer = boss.get(&format!("/api/v1/conversation/{conversation}")).await.body["conversation"]["customer"]["id"].as_str().unwrap().to_owned();
    let refused = boss.post(&format!("/api/v1/customer/{customer}/erase"), json!({"reason": "customer_request"})).await;
    assert_eq!((refused.status, refused.code()), (503, "erasure.ledger_unwritable"));
    assert!(!refused.body.to_string().contains(&file.display().to_string()), "{}", refused.body);
    assert_eq!(traces(&t, "11010119900101123X").await, 1, "nothing went");

    let line = Erasure { id: ErasureId(7), at: t.db.clock().now(), kind: What::Customer, conversation_id: None, seq: None, entry_at: None,
        customer_id: Some(promised), reason: Reason::CustomerRequest, staff_id: 1 };
    let accepted = line.clone();
    t.db.write(move |tx| { adopt(tx, std::slice::from_ref(&accepted))?; job::enqueue(tx, &Settle {}).map(drop) }).await.unwrap();
    t.until("it is done", async || traces(&t, "11010119900101123X").await == 0).await;
    std::fs::remove_dir(&file).unwrap();
    t.while_time_flies(t.until("the file is tried again", async || t.app.ledger.read().unwrap() == [line.clone()])).await;
}}

apps! { a_start_goes_on_where_the_ledger_cannot_be_written_and_stops_where_it_cannot_be_read, |t| async {
    let (visitor, boss) = (t.visitor().await, t.staff("boss", "supervisor", &[GROUP]).await);
    let conversation = visitor.open("a").await;
    say(&visitor, &conversation, "k1", SECRET).await;
    assert_eq!(erased(&boss, &conversation, None).await, 1);
    let folder = tempfile::tempdir().unwrap();
    reconcile(&t.app.db, &Arc::new(Ledger::at(&folder.path().join("missing/erasures")))).await.unwrap();
    let unreadable = reconcile(&t.app.db, &Arc::new(Ledger::at(folder.path()))).await.unwrap_err();
    assert_eq!(unreadable.code(), "erasure.ledger_unreadable", "what was erased might be shown");
}}
