//! Wall clocks that jump: nothing goes by them that people would notice.
use crate::apps;
use serde_json::json;
use std::time::Duration;
use yingda_base::Millis;

/// 2027-01-01T00:00:00Z.
const NEW_YEAR: Millis = Millis(1_798_761_600_000);

apps! { a_clock_that_jumps_changes_neither_order_nor_who_is_there, |t| async {
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    let id = visitor.open("a").await;
    assert_eq!(agent.post(&format!("/api/v1/conversation/{id}/accept"), json!({})).await.status, 200);
    let (mut panel, mut desk) = (visitor.socket().await, agent.socket().await);
    for socket in [&mut panel, &mut desk] {
        socket.send(json!({"type": "hello", "resume": [{"conversation": id, "after": 0}]})).await;
        socket.expect("hello").await;
    }
    let (clock, second) = (t.db.clock(), Duration::from_secs(1));
    let start = clock.now();
    let moments =
        [start - 3600 * second, start + 3600 * second, start + 40 * 24 * 3600 * second, NEW_YEAR - second, NEW_YEAR + second, start];
    let (mut said, mut seqs) = (Vec::new(), Vec::new());
    for (n, moment) in moments.into_iter().enumerate() {
        clock.step_to(moment);
        let (question, answer) = (format!("第 {n} 问"), format!("第 {n} 答"));
        panel.say(&id, &format!("q{n}"), &question).await;
        seqs.push(panel.expect("ack").await["seq"].as_i64().unwrap());
        desk.expect_where("entry", |entry| entry["body"]["text"] == question.as_str()).await;
        desk.say(&id, &format!("a{n}"), &answer).await;
        seqs.push(desk.expect("ack").await["seq"].as_i64().unwrap());
        panel.expect_where("entry", |entry| entry["body"]["text"] == answer.as_str()).await;
        said.extend([question, answer]);
        desk.settle().await;
        panel.settle().await;
        assert_eq!(agent.get("/api/v1/auth/me").await.status, 200, "nobody is logged out at {moment}");
        assert!(desk.seen().len() < 10 * (n + 2), "no storm: {:#?}", desk.seen());
    }
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
    let log = agent.get(&format!("/api/v1/conversation/{id}/entries?after=0")).await.body;
    let texts: Vec<&str> = log["entries"].as_array().unwrap().iter().filter_map(|entry| entry["body"]["text"].as_str()).collect();
    assert_eq!(texts, said);
    let still = agent.get(&format!("/api/v1/conversation/{id}")).await.body;
    assert_eq!(still["conversation"]["state"], "served", "nobody was taken for gone");
}}
