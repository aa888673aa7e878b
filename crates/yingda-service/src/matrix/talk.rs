//! A talk in which everything happens that can: between a visitor, an agent and a watching supervisor, with all they heard written down.
use super::scene::{Stage, png, text};
use crate::testkit::{Answer, Client, GROUP, Socket, TestApp};
use reqwest::{Method, header};
use serde_json::{Value, json};
use std::time::Duration;

/// For whom something was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Visitor,
    Staff,
}

/// Something that came from the server.
pub(super) struct Heard {
    pub audience: Audience,
    /// `frame`, or `answer` of a call.
    pub what: &'static str,
    /// As it stood on the wire.
    pub text: String,
}

/// Those who talk.
struct Talk<'a> {
    t: &'a TestApp,
    visitor: Client,
    agent: Client,
    supervisor: Client,
    panel: Socket,
    desk: Socket,
    watch: Socket,
    id: String,
    heard: Vec<Heard>,
}

/// Plays it; answers what everybody heard. Each step waits for the frame it is there for.
pub(super) async fn hear(t: &TestApp) -> Vec<Heard> {
    // The site shows previews, and conversations belong to a branch.
    let _stage = Stage::set(t).await;
    let mut talk = begin(t).await;
    talk.speak().await;
    talk.show_pictures_and_signs().await;
    talk.take_back().await;
    talk.be_refused().await;
    talk.look_away().await;
    talk.ask_by_calls().await;
    talk.part().await;
    talk.heard
}

/// A conversation is opened with all a page can tell, and given by the router, which says why.
async fn begin(t: &TestApp) -> Talk<'_> {
    let (visitor, agent, supervisor) = (t.visitor().await, t.agent("linxiao").await, t.staff("banzhang", "supervisor", &[GROUP]).await);
    let (mut panel, mut desk, mut watch) = (visitor.socket().await, agent.socket().await, supervisor.socket().await);
    let page = json!({"url": "https://shop.cn/a", "title": "套餐"});
    let opening = json!({"client_id": "o", "external_id": "x-1", "subject": "话费", "locale": "zh-CN", "page": page});
    let opened = visitor.post("/api/v1/conversation", opening).await;
    let id = text(&opened.body["conversation"]["id"]);
    watch.expect_where("inbox", |frame| frame["full"] == false && frame["items"][0]["id"] == id.as_str()).await;
    desk.send(json!({"type": "presence", "accepting": true})).await;
    desk.expect_where("presence", |frame| frame["accepting"] == true).await;
    // From the watcher's queue it goes to the agent.
    watch.expect_where("inbox", |frame| frame["removed"][0] == id.as_str()).await;
    for socket in [&mut panel, &mut watch, &mut desk] {
        socket.send(json!({"type": "hello", "resume": [{"conversation": id, "after": 0}, {"conversation": "nowhere", "after": 0}]})).await;
        socket.expect_where("entry", |entry| entry["body"]["code"] == "assigned").await;
    }
    panel.expect_where("inbox", |frame| frame["full"] == false && frame["items"][0]["state"] == "served").await;
    desk.expect_where("inbox", |frame| frame["items"][0]["why"]["code"].is_string()).await;
    Talk { t, visitor, agent, supervisor, panel, desk, watch, id, heard: Vec::new() }
}

impl Talk<'_> {
    /// Words, words said twice, a note that leaves a hidden range, and how far everybody has come.
    async fn speak(&mut self) {
        let Talk { panel, desk, watch, id, .. } = self;
        for _ in 0..2 {
            panel.say(id, "v1", "你好").await;
        }
        panel.expect_where("ack", |ack| ack["duplicate"] == true).await;
        desk.text(id).await;
        for (kind, body) in [
            ("note", json!({"text": "要投诉"})),
            ("card", json!({"card": {"type": "queue", "ahead": 1}})),
            ("text", json!({"text": "您好"})),
        ] {
            desk.send(json!({"type": "send", "conversation": id, "client_id": format!("a-{kind}"), "kind": kind, "body": body})).await;
            desk.expect("ack").await;
        }
        panel.expect_where("entry", |entry| entry["hidden"].is_array()).await;
        watch.expect_where("entry", |entry| entry["kind"] == "note").await;
        panel.send(json!({"type": "read", "conversation": id, "delivered": 6, "read": 6})).await;
        desk.expect_where("read", |read| read["role"] == "customer" && read["read"] == 6).await;
        panel.expect_where("read", |read| read["role"] == "agent").await;
    }

    /// A picture; typing both ways; unsent words; a heartbeat.
    async fn show_pictures_and_signs(&mut self) {
        let Talk { visitor, panel, desk, id, .. } = self;
        let path = format!("/api/v1/file/images?conversation={id}");
        let uploaded = visitor.request(Method::POST, &path).header(header::CONTENT_TYPE, "image/png").body(png()).send().await;
        let file: Value = uploaded.expect("the server answers").json().await.expect("JSON");
        let image = json!({"file": file["file"]["id"], "width": 2, "height": 2, "alt": "截图"});
        panel.send(json!({"type": "send", "conversation": id, "client_id": "v2", "kind": "image", "body": image})).await;
        desk.expect_where("entry", |entry| entry["body"]["url"].is_string()).await;
        panel.send(json!({"type": "typing", "conversation": id, "on": true})).await;
        panel.send(json!({"type": "preview", "conversation": id, "text": "我想"})).await;
        desk.expect("typing").await;
        desk.expect("preview").await;
        desk.send(json!({"type": "typing", "conversation": id, "on": true})).await;
        panel.expect("typing").await;
        tokio::join!(panel.beat(), desk.beat());
        panel.settle().await;
        desk.settle().await;
    }

    /// A word is recalled; everybody asks for everything again.
    async fn take_back(&mut self) {
        let Talk { visitor, agent, panel, desk, watch, id, .. } = self;
        panel.say(id, "v3", "密码是 1234").await;
        let seq = panel.expect_where("ack", |ack| ack["client_id"] == "v3").await["seq"].clone();
        let recalled = visitor.post(&format!("/api/v1/conversation/{id}/recall"), json!({"seq": seq})).await;
        assert_eq!(recalled.status, 200, "{}", recalled.body);
        let draft = agent.put(&format!("/api/v1/conversation/{id}/draft"), json!({"text": "稍等", "rev": 1})).await;
        assert_eq!(draft.status, 200, "{}", draft.body);
        for socket in [&mut *panel, &mut *desk, &mut *watch] {
            socket.send(json!({"type": "hello", "resume": [{"conversation": id, "after": 0}]})).await;
            let entry = socket.expect_where("entry", |entry| entry["recalled"] == true).await;
            assert_eq!(entry["seq"], seq);
        }
        desk.expect_where("inbox", |frame| frame["full"] == true && frame["items"][0]["draft"] == "稍等").await;
    }

    /// Errors about nothing, about a conversation, about a word; and a goodbye to somebody unknown.
    async fn be_refused(&mut self) {
        let Talk { t, panel, desk, id, heard, .. } = self;
        let long = format!(r#"{{"v":1,"type":"ping","n":1,"x":"{}"}}"#, "a".repeat(70_000));
        for frame in ["{", r#"{"v":1,"type":"drop"}"#, r#"{"v":2,"type":"ping","n":4}"#, &long] {
            for socket in [&mut *panel, &mut *desk] {
                socket.send_text(frame.to_owned()).await;
                socket.expect("error").await;
            }
        }
        panel.say(id, "v1", "别的").await;
        panel.expect_where("error", |error| error["code"] == "client_id_reused").await;
        desk.send(json!({"type": "preview", "conversation": id, "text": "a"})).await;
        desk.expect_where("error", |error| error["code"] == "preview_off").await;
        let mut stranger = t.anonymous().silent_socket().await;
        stranger.send(json!({"type": "hello", "token": "yv_forged"})).await;
        assert_eq!(stranger.ended().await.as_deref(), Some("session_revoked"));
        heard.extend(frames(Audience::Visitor, &stranger));
    }

    /// The agent's desk goes and comes back.
    async fn look_away(&mut self) {
        let fresh = self.agent.silent_socket().await;
        let gone = std::mem::replace(&mut self.desk, fresh);
        self.heard.extend(frames(Audience::Staff, &gone));
        drop(gone);
        for socket in [&mut self.panel, &mut self.watch] {
            socket.expect_where("presence", |frame| frame["away"] == true).await;
        }
        self.desk.send(json!({"type": "hello", "token": self.agent.token, "resume": [{"conversation": self.id, "after": 0}]})).await;
        self.panel.expect_where("presence", |frame| frame["away"] == false).await;
    }

    /// What calls answer, and what comes by polling.
    async fn ask_by_calls(&mut self) {
        let frames = json!([{"v": 1, "type": "hello", "resume": [{"conversation": self.id, "after": 0}]}]);
        let askers = [(Audience::Visitor, &self.visitor), (Audience::Staff, &self.agent), (Audience::Staff, &self.supervisor)];
        for (audience, who) in askers {
            for path in ["", "/entries"] {
                let answer = who.get(&format!("/api/v1/conversation/{}{path}", self.id)).await;
                self.heard.push(heard_by_call(audience, &answer));
            }
            self.heard.push(heard_by_call(audience, &who.get("/api/v1/conversation?box=colleague").await));
            let polled = who.post("/api/v1/poll", json!({"frames": frames})).await;
            assert_eq!(polled.body["frames"][0]["type"], "hello", "{}", polled.body);
            let frames = polled.body["frames"].as_array().expect("frames");
            self.heard.extend(frames.iter().map(|frame| Heard { audience, what: "frame", text: frame.to_string() }));
        }
    }

    /// The watcher logs out; the talk is rated and ends, and a late word goes on in another conversation.
    async fn part(&mut self) {
        let logout = self.supervisor.post("/api/v1/auth/logout", json!({})).await;
        assert_eq!(logout.status, 204, "{}", logout.body);
        assert_eq!(self.watch.ended().await.as_deref(), Some("session_revoked"));
        let rating = format!("/api/v1/conversation/{}/rating", self.id);
        let invited = self.agent.post(&format!("{rating}/invite"), json!({})).await;
        assert_eq!(invited.status, 200, "{}", invited.body);
        self.panel.expect_where("entry", |entry| entry["body"]["code"] == "rating_invited").await;
        let rated = self.visitor.put(&rating, json!({"stars": 5, "is_resolved": true})).await;
        assert_eq!(rated.status, 200, "{}", rated.body);
        self.desk.expect_where("entry", |entry| entry["body"]["code"] == "rated").await;
        for (audience, who) in [(Audience::Visitor, &self.visitor), (Audience::Staff, &self.agent)] {
            self.heard.push(heard_by_call(audience, &who.get(&format!("/api/v1/conversation/{}", self.id)).await));
        }
        let closed = self.agent.post(&format!("/api/v1/conversation/{}/close", self.id), json!({})).await;
        assert_eq!(closed.status, 200, "{}", closed.body);
        self.panel.expect_where("inbox", |frame| frame["items"][0]["state"] == "closed").await;
        self.t.db.clock().advance(Duration::from_secs(25 * 3600));
        self.panel.say(&self.id, "late", "还有一件事").await;
        self.panel.expect_where("ack", |ack| ack["moved_to"].is_string()).await;
        self.panel.expect_where("entry", |entry| entry["body"]["code"] == "linked").await;
        for (audience, socket) in [(Audience::Visitor, &self.panel), (Audience::Staff, &self.desk), (Audience::Staff, &self.watch)] {
            self.heard.extend(frames(audience, socket));
        }
    }
}

fn frames(audience: Audience, socket: &Socket) -> impl Iterator<Item = Heard> {
    socket.log.iter().map(move |text| Heard { audience, what: "frame", text: text.clone() })
}

fn heard_by_call(audience: Audience, answer: &Answer) -> Heard {
    assert_eq!(answer.status, 200, "{}", answer.body);
    Heard { audience, what: "answer", text: answer.body.to_string() }
}
