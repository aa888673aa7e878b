//! The router at work, on both databases.
use crate::{
    apps,
    testkit::{GROUP, OTHER_GROUP},
};
use serde_json::json;

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
