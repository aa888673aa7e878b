//! The router at work, on both databases.
use crate::{
    apps,
    testkit::{Answer, Client, GROUP, OTHER_GROUP, Socket, TestApp},
};
use serde_json::{Value, json};

apps! { accepting_agents_are_given_what_waits, |t| async {
    let visitor = t.visitor().await;
    let id = visitor.open("a").await;
    let mut panel = visitor.socket().await;
    let agent = t.staff_with_limit("linxiao", "agent", &[GROUP], 2).await;
    let mut desk = agent.socket().await;
    desk.settle().await;
    assert!(!desk.seen.iter().any(|frame| frame["type"] == "entry"), "who does not accept is given nothing");
    desk.send(json!({"type": "presence", "accepting": true})).await;
    let item = desk.expect_where("inbox", |f| f["items"].as_array().unwrap().iter().any(|i| i["state"] == "served")).await;
    let item = item["items"].as_array().unwrap().iter().find(|i| i["id"] == id.as_str()).unwrap().clone();
    assert_eq!((item["owner"]["name"].as_str(), item["why"]["code"].as_str()), (Some("linxiao"), Some("least_busy")));
    panel.expect_where("inbox", |f| f["items"][0]["owner"]["name"] == "linxiao").await;
    // The limit holds, and places in the queue move.
    let (second, third, fourth) = (visitor.open("b").await, visitor.open("c").await, visitor.open("d").await);
    desk.expect_where("entry", |e| e["conversation"] == second.as_str() && e["body"]["code"] == "assigned").await;
    let place = async |id: &str| visitor.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"]["position"].clone();
    assert_eq!((place(&third).await, place(&fourth).await), (json!(1), json!(2)));
    agent.post(&format!("/api/v1/conversation/{id}/close"), json!({})).await;
    desk.expect_where("entry", |e| e["conversation"] == third.as_str() && e["body"]["code"] == "assigned").await;
    panel.expect_where("inbox", |f| f["items"].as_array().unwrap().iter().any(|i| i["id"] == fourth.as_str() && i["position"] == 1)).await;
    // Who stops accepting keeps what they have.
    desk.send(json!({"type": "presence", "accepting": false})).await;
    desk.settle().await;
    agent.post(&format!("/api/v1/conversation/{second}/close"), json!({})).await;
    desk.settle().await;
    assert_eq!(place(&fourth).await, json!(1));
}}

apps! { work_goes_to_the_least_busy_of_the_right_group, |t| async {
    let (a, b, other) = (t.agent("linxiao").await, t.agent("chenli").await, t.staff("waizu", "agent", &[OTHER_GROUP]).await);
    let mut desks = [a.socket().await, b.socket().await, other.socket().await];
    for desk in &mut desks { desk.send(json!({"type": "presence", "accepting": true})).await; desk.settle().await; }
    let visitors = futures_util::future::join_all((0..6).map(|_| t.visitor())).await;
    for visitor in &visitors { visitor.open("o").await; }
    for desk in &mut desks[..2] {
        for _ in 0..3 { desk.expect_where("entry", |e| e["body"]["code"] == "assigned").await; }
    }
    desks[2].settle().await;
    assert!(!desks[2].seen.iter().any(|frame| frame["type"] == "entry"));
}}

apps! { a_lost_agents_conversations_return_to_the_head, |t| async {
    let agent = t.agent("linxiao").await;
    let mut desk = agent.socket().await;
    desk.send(json!({"type": "presence", "accepting": true})).await;
    let (lost, waiting) = (t.visitor().await, t.visitor().await);
    let id = lost.open("a").await;
    desk.expect_where("entry", |e| e["body"]["code"] == "assigned").await;
    desk.send(json!({"type": "presence", "accepting": false})).await;
    desk.settle().await;
    let behind = waiting.open("b").await;
    let mut panel = lost.socket().await;
    panel.send(json!({"type": "hello", "resume": [{"conversation": id, "after": 0}]})).await;
    panel.expect("hello").await;
    drop(desk);
    let away = panel.expect("presence").await;
    assert_eq!((away["away"].as_bool(), away["role"].as_str()), (Some(true), Some("agent")));
    let view = async || lost.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"].clone();
    assert_eq!((view().await["state"].clone(), view().await["owner"]["away"].clone()), (json!("served"), json!(true)));
    let queued = t.while_time_flies(panel.expect_where("entry", |e| e["body"]["code"] == "queued")).await;
    assert_eq!(queued["body"]["params"]["reason"], "agent_lost");
    assert_eq!(view().await["position"], 1);
    assert_eq!(waiting.get(&format!("/api/v1/conversation/{behind}")).await.body["conversation"]["position"], 2);
    // Back again, the agent is given it anew, with a new epoch.
    let mut desk = agent.socket().await;
    desk.send(json!({"type": "presence", "accepting": true})).await;
    let first = desk.expect_where("entry", |e| e["body"]["code"] == "assigned").await;
    assert_eq!(first["conversation"], id.as_str());
}}

apps! { an_agent_who_returns_in_time_keeps_everything, |t| async {
    let agent = t.agent("linxiao").await;
    let mut desk = agent.socket().await;
    desk.send(json!({"type": "presence", "accepting": true})).await;
    let visitor = t.visitor().await;
    let id = visitor.open("a").await;
    desk.expect_where("entry", |e| e["body"]["code"] == "assigned").await;
    let mut panel = visitor.socket().await;
    panel.send(json!({"type": "hello", "resume": [{"conversation": id, "after": 0}]})).await;
    panel.expect_where("entry", |e| e["body"]["code"] == "assigned").await;
    drop(desk);
    panel.expect_where("presence", |p| p["away"] == true).await;
    let mut desk = agent.socket().await;
    panel.expect_where("presence", |p| p["away"] == false).await;
    desk.say(&id, "a1", "我回来了").await;
    desk.expect("ack").await;
    panel.expect_where("entry", |e| e["body"]["text"] == "我回来了").await;
}}

/// Somebody of these groups at a desk that takes conversations.
async fn at_desk(t: &TestApp, name: &'static str, groups: &'static [&'static str], limit: i64) -> (Client, Socket, String) {
    let client = t.staff_with_limit(name, "agent", groups, limit).await;
    let mut desk = client.socket().await;
    desk.send(json!({"type": "presence", "accepting": true})).await;
    desk.expect_where("presence", |frame| frame["accepting"] == true).await;
    let id = client.get("/api/v1/auth/me").await.body["staff"]["id"].as_str().unwrap().to_owned();
    (client, desk, id)
}

async fn pass_on(who: &Client, id: &str, to: Value) -> Answer {
    let mut body = json!({"note": "客户 18:30 要出门"});
    body.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
    who.post(&format!("/api/v1/conversation/{id}/transfer"), body).await
}

/// Codes of what the house did and notes, as somebody reads the log.
async fn log(who: &Client, id: &str) -> Vec<Value> {
    let entries = who.get(&format!("/api/v1/conversation/{id}/entries")).await.body["entries"].clone();
    let of = |entry: &Value| if entry["kind"] == "note" { entry["body"]["text"].clone() } else { entry["body"]["code"].clone() };
    entries.as_array().unwrap().iter().map(of).collect()
}

apps! { a_conversation_is_passed_on_to_a_colleague, |t| async {
    let visitor = t.visitor().await;
    let (agent, mut desk, _) = at_desk(&t, "linxiao", &[GROUP], 3).await;
    let id = visitor.open("a").await;
    desk.expect_where("entry", |e| e["body"]["code"] == "assigned").await;
    // Changes are gathered for a moment: what the desk was never shown is not taken off it.
    desk.expect_where("inbox", |f| f["items"].as_array().unwrap().iter().any(|i| i["id"] == id.as_str())).await;
    let (colleague, mut other, colleague_id) = at_desk(&t, "chenli", &[GROUP], 1).await;
    let mut panel = visitor.socket().await;
    panel.send(json!({"type": "hello", "resume": [{"conversation": id, "after": 0}]})).await;
    panel.expect("hello").await;
    let before = agent.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"]["epoch"].as_i64().unwrap();

    let passed = pass_on(&agent, &id, json!({"staff": colleague_id})).await;
    assert_eq!((passed.status, &passed.body), (200, &json!({"group": GROUP, "staff": "chenli"})));
    // The next one has it with the note; the customer hears one neutral line; the former owner may not speak any more.
    other.expect_where("inbox", |f| f["items"].as_array().unwrap().iter().any(|i| i["id"] == id.as_str() && i["owner"]["name"] == "chenli")).await;
    let told = panel.expect_where("entry", |e| e["body"]["params"]["transferred"] == true).await;
    assert_eq!((&told["body"]["params"]["name"], &told["hidden"]), (&json!("chenli"), &json!([3, 4])));
    assert_eq!(log(&colleague, &id).await, ["opened", "assigned", "客户 18:30 要出门", "transferred", "assigned"]);
    assert_eq!(log(&visitor, &id).await, ["opened", "assigned", "assigned"]);
    desk.expect_where("inbox", |f| f["removed"].as_array().unwrap().contains(&json!(id))).await;
    desk.say(&id, "late", "我再看看").await;
    let refused = desk.expect_where("error", |e| e["code"] == "not_owner").await;
    assert_eq!(refused["details"], json!({"owner": "chenli", "draft": true}));
    let view = colleague.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"].clone();
    assert_eq!((view["epoch"].as_i64(), &view["why"]["code"]), (Some(before + 1), &json!("transferred")));
    // Whoever has lost it cannot pass it on again, and nobody gets more than they can hold.
    assert_eq!(pass_on(&agent, &id, json!({"staff": colleague_id})).await.code(), "not_owner");
    let second = visitor.open("b").await;
    desk.expect_where("entry", |e| e["conversation"] == second.as_str() && e["body"]["code"] == "assigned").await;
    let full = pass_on(&agent, &second, json!({"staff": colleague_id})).await;
    assert_eq!((full.code(), &full.body["details"]["limit"]), ("transfer.target_full", &json!(1)));
    assert_eq!(log(&agent, &second).await, ["opened", "assigned"], "a refusal leaves no note");
}}

apps! { a_conversation_is_passed_on_to_the_head_of_another_queue, |t| async {
    let (visitor, earlier) = (t.visitor().await, t.visitor().await);
    let waiting = earlier.post("/api/v1/conversation", json!({"client_id": "w", "group": t.groups[1]})).await;
    let (agent, mut desk, _) = at_desk(&t, "linxiao", &[GROUP], 3).await;
    let id = visitor.open("a").await;
    desk.expect_where("entry", |e| e["body"]["code"] == "assigned").await;
    let passed = pass_on(&agent, &id, json!({"group": t.groups[1]})).await;
    assert_eq!((passed.status, &passed.body), (200, &json!({"group": OTHER_GROUP})));
    let view = visitor.get(&format!("/api/v1/conversation/{id}")).await.body["conversation"].clone();
    assert_eq!((&view["state"], &view["position"], &view["group"]["name"], view.get("owner")), (&json!("queued"), &json!(1), &json!(OTHER_GROUP), None));
    assert_eq!(log(&visitor, &id).await, ["opened", "assigned", "queued"]);
    assert_eq!(agent.get(&format!("/api/v1/conversation/{id}")).await.status, 404, "it lies outside what the former owner sees");
    let (specialist, mut second_line, _) = at_desk(&t, "waizu", &[OTHER_GROUP], 1).await;
    let given = second_line.expect_where("entry", |e| e["body"]["code"] == "assigned").await;
    assert_eq!(given["conversation"], id.as_str());
    assert!(log(&specialist, &id).await.contains(&json!("客户 18:30 要出门")));
    let waiting = earlier.get(&format!("/api/v1/conversation/{}", waiting.body["conversation"]["id"].as_str().unwrap())).await;
    assert_eq!(waiting.body["conversation"]["position"], 1);
}}

apps! { what_cannot_be_passed_on_stays_where_it_is, |t| async {
    let visitor = t.visitor().await;
    let (agent, mut desk, me) = at_desk(&t, "linxiao", &[GROUP], 3).await;
    let id = visitor.open("a").await;
    desk.expect_where("entry", |e| e["body"]["code"] == "assigned").await;
    let (_outside, _door, outsider) = at_desk(&t, "waizu", &[OTHER_GROUP], 3).await;
    let idle = t.agent("chenli").await.get("/api/v1/auth/me").await.body["staff"]["id"].clone();
    for (to, code) in [
        (json!({}), "transfer.nowhere"),
        (json!({"staff": me}), "transfer.to_owner"),
        (json!({"staff": outsider}), "transfer.target_away"),
        (json!({"staff": idle}), "transfer.target_away"),
        (json!({"staff": "1"}), "transfer.target_away"),
        (json!({"group": "1"}), "transfer.group_gone"),
        (json!({"group": t.groups[1], "note": " \n"}), "transfer.note_required"),
        (json!({"group": t.groups[1], "note": "字".repeat(501)}), "transfer.note_required"),
    ] {
        assert_eq!(pass_on(&agent, &id, to.clone()).await.code(), code, "{to}");
    }
    assert_eq!(log(&agent, &id).await, ["opened", "assigned"]);
    // To an outsider it goes together with their group.
    let passed = pass_on(&agent, &id, json!({"group": t.groups[1], "staff": outsider})).await;
    assert_eq!((passed.status, &passed.body["staff"]), (200, &json!("waizu")));

    let waiting = t.visitor().await.post("/api/v1/conversation", json!({"client_id": "w", "group": t.groups[1]})).await;
    let closed = waiting.body["conversation"]["id"].as_str().unwrap().to_owned();
    let watcher = t.staff("banzhang", "supervisor", &[GROUP, OTHER_GROUP]).await;
    watcher.post(&format!("/api/v1/conversation/{closed}/close"), json!({})).await;
    assert_eq!(pass_on(&watcher, &closed, json!({"group": t.groups[0]})).await.code(), "conversation_closed");
    // A supervisor passes on what is not theirs.
    assert_eq!(pass_on(&watcher, &id, json!({"group": t.groups[0]})).await.status, 200);
}}

apps! { of_two_who_pass_on_at_once_to_one_free_place_one_succeeds, |t| async {
    let (a, mut desk_a, _) = at_desk(&t, "linxiao", &[GROUP], 1).await;
    let first = t.visitor().await.open("a").await;
    desk_a.expect_where("entry", |e| e["body"]["code"] == "assigned").await;
    let (b, mut desk_b, _) = at_desk(&t, "chenli", &[GROUP], 1).await;
    let second = t.visitor().await.open("b").await;
    desk_b.expect_where("entry", |e| e["body"]["code"] == "assigned").await;
    let (_c, _desk_c, free) = at_desk(&t, "zhouzihan", &[GROUP], 1).await;
    let (one, two) = tokio::join!(pass_on(&a, &first, json!({"staff": free})), pass_on(&b, &second, json!({"staff": free})));
    let mut codes = [one.code().to_owned(), two.code().to_owned()];
    codes.sort();
    assert_eq!(codes, ["".to_owned(), "transfer.target_full".to_owned()]);
}}

apps! { targets_show_who_is_there_and_how_many_wait, |t| async {
    let (agent, _desk, me) = at_desk(&t, "linxiao", &[GROUP], 3).await;
    let (_colleague, _other, colleague) = at_desk(&t, "waizu", &[GROUP, OTHER_GROUP], 4).await;
    let resting = t.agent("chenli").await.get("/api/v1/auth/me").await.body["staff"]["id"].clone();
    let waiting = t.visitor().await;
    waiting.open("a").await;
    t.until("it is given to somebody", async || waiting.get("/api/v1/conversation").await.body["items"][0]["state"] == "served").await;
    let shown = agent.get("/api/v1/routing/targets").await.body;
    let group = shown["groups"].as_array().unwrap().iter().find(|group| group["name"] == GROUP).unwrap().clone();
    assert_eq!((&group["waiting"], &group["accepting"], &group["members"]), (&json!(0), &json!(2), &json!(3)));
    let people = shown["colleagues"].as_array().unwrap();
    assert!(people.iter().all(|person| person["id"] != me.as_str()));
    let of = |id: &Value| people.iter().find(|person| person["id"] == *id).unwrap().clone();
    let there = of(&json!(colleague));
    assert_eq!((&there["is_connected"], &there["is_accepting"], &there["limit"], there["groups"].as_array().unwrap().len()), (&json!(true), &json!(true), &json!(4), 2));
    assert_eq!((&of(&resting)["is_connected"], &of(&resting)["load"]), (&json!(false), &json!(0)));
}}
