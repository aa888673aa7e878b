//! What a cell of the matrix is played on. A [`Stage`] stands for a whole app: places and one all-powerful helper. A [`Scene`] is made for
//! each cell: people nobody else uses, and whatever objects the sample asks for, so that no cell disturbs another.
use super::persona::{Member, PASSWORD, Persona, Places, member};
use crate::{
    auth, staff,
    testkit::{Client, TestApp},
};
use reqwest::{Method, header};
use serde_json::{Value, json};
use std::{
    io::Cursor,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::OnceCell;
use yingda_base::random::Entropy;

/// Where everything happens: a group in a branch below another, a group outside of it, and the site `demo`, which shows previews.
pub(super) struct Stage {
    pub places: Places,
    /// Has every right: makes what samples need.
    pub helper: Client,
    /// Lifts the limits for those who have no name yet.
    bench: String,
}

impl Stage {
    pub(super) async fn set(t: &TestApp) -> Stage {
        let bench = t.app.db.write(staff::issue_bench_session).await.expect("a bench session can be opened");
        let helper = t.anonymous().with_token(&bench);
        let [group, other_group] = t.groups.clone();
        let above = made(&helper, "/api/v1/staff/branches", json!({"name": "华东"}), "branch").await;
        let below = made(&helper, "/api/v1/staff/branches", json!({"name": "杭州", "parent": above}), "branch").await;
        let placed = helper.patch(&format!("/api/v1/staff/groups/{group}"), json!({"branch": below})).await;
        assert_eq!(placed.status, 200, "{}", placed.body);
        let sites = helper.get("/api/v1/channel/sites").await;
        let site = text(&sites.body["items"][0]["id"]);
        let profile = json!({"preview": true, "groups": [group, other_group]});
        let changed = helper.patch(&format!("/api/v1/channel/sites/{site}"), json!({"rev": 1, "profile": profile})).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        let group_id = |text: &str| text.parse().expect("ids are numbers");
        let places =
            Places { group: group_id(&group), other_group: group_id(&other_group), branch: above.parse().expect("ids are numbers") };
        Stage { places, helper, bench }
    }

    async fn visitor(&self, t: &TestApp) -> Client {
        let door = t.anonymous().with_bench(self.bench.clone());
        let answer = door.post("/api/v1/visit/token", json!({"site": "demo"})).await;
        t.anonymous().with_token(&text(&answer.body["token"]))
    }

    async fn member(&self, t: &TestApp, persona: Persona) -> Option<Member> {
        static HASH: OnceLock<String> = OnceLock::new();
        let hash = HASH.get_or_init(|| auth::hash_password(&Entropy::system(), PASSWORD).expect("Argon2 works"));
        let places = self.places;
        t.app.db.write(move |tx| member(tx, places, hash, persona)).await.expect("accounts can be made")
    }
}

/// One cell: somebody tries something.
pub(super) struct Scene<'a> {
    pub t: &'a TestApp,
    pub stage: &'a Stage,
    pub persona: Persona,
    /// Speaks as the persona.
    pub client: Client,
    /// The agent who serves visitor A.
    pub owner: Member,
    /// The persona's own account, if there is one.
    me: Option<Member>,
    visitor: OnceCell<Client>,
    colleague: OnceCell<Member>,
}

impl<'a> Scene<'a> {
    pub(super) async fn make(t: &'a TestApp, stage: &'a Stage, persona: Persona) -> Scene<'a> {
        let owner = stage.member(t, Persona::Owner).await.expect("an agent is staff");
        let me = if persona == Persona::Owner { Some(owner.clone()) } else { stage.member(t, persona).await };
        let visitor = OnceCell::new();
        let client = match (persona, &me) {
            (Persona::VisitorA, _) => visitor.get_or_init(|| stage.visitor(t)).await.clone(),
            (Persona::VisitorB, _) => stage.visitor(t).await,
            (_, Some(me)) => t.anonymous().with_token(&me.token),
            (_, None) => t.anonymous(),
        };
        Scene { t, stage, persona, client, owner, me, visitor, colleague: OnceCell::new() }
    }

    /// Speaks as visitor A, whose conversations the others try to reach.
    pub(super) async fn visitor(&self) -> &Client {
        self.visitor.get_or_init(|| self.stage.visitor(self.t)).await
    }

    /// Somebody of the same group who has nothing to do with it.
    pub(super) async fn colleague(&self) -> &Member {
        self.colleague.get_or_init(async || self.stage.member(self.t, Persona::Inside).await.expect("an agent is staff")).await
    }

    /// The account called `own`; for those who have none, that of the owner.
    pub(super) fn own(&self) -> &Member {
        self.me.as_ref().unwrap_or(&self.owner)
    }

    /// Speaks as the owner.
    pub(super) fn owner(&self) -> Client {
        self.client.with_token(&self.owner.token)
    }

    /// A conversation of visitor A that stands in this state; the board knows of it.
    pub(super) async fn conversation(&self, state: &str) -> String {
        let id = self.visitor().await.open("o").await;
        let steps: &[&str] = match state {
            "queued" => &[],
            "served" => &["accept"],
            "closed" => &["accept", "close"],
            other => panic!("no conversation is {other}"),
        };
        for step in steps {
            let done = self.owner().post(&format!("/api/v1/conversation/{id}/{step}"), json!({})).await;
            assert_eq!(done.status, 200, "{step}: {}", done.body);
        }
        // Whoever asks for it brings the board up to date.
        let seen = self.visitor().await.get(&format!("/api/v1/conversation/{id}")).await;
        assert_eq!(seen.body["conversation"]["state"], state, "{}", seen.body);
        id
    }

    /// Somebody says something in a conversation; answers its `seq`.
    pub(super) async fn said(&self, who: &Client, conversation: &str, kind: &str, text: &str) -> i64 {
        let mut socket = who.socket().await;
        let said = json!({"type": "send", "conversation": conversation, "client_id": fresh("k"), "kind": kind, "body": {"text": text}});
        socket.send(said).await;
        socket.expect("ack").await["seq"].as_i64().expect("a number")
    }

    /// An image visitor A uploaded to a conversation; answers its id.
    pub(super) async fn image(&self, conversation: &str) -> String {
        let path = format!("/api/v1/file/images?conversation={conversation}");
        let answer = self.visitor().await.request(Method::POST, &path).header(header::CONTENT_TYPE, "image/png").body(png()).send().await;
        let answer: Value = answer.expect("the server answers").json().await.expect("JSON");
        text(&answer["file"]["id"])
    }

    /// The customer behind visitor A.
    pub(super) async fn customer(&self, conversation: &str) -> String {
        text(&self.visitor().await.get(&format!("/api/v1/conversation/{conversation}")).await.body["conversation"]["customer"]["id"])
    }

    /// A new site under this key; answers its id.
    pub(super) async fn site(&self, key: &str) -> String {
        self.made("/api/v1/channel/sites", json!({"key": key, "name": "新站", "group": self.stage.places.group}), "site").await
    }

    /// A logo uploaded for this site; answers its id.
    pub(super) async fn logo(&self, site: &str) -> String {
        let path = format!("/api/v1/channel/sites/{site}/logo");
        let answer = self.stage.helper.request(Method::POST, &path).header(header::CONTENT_TYPE, "image/png").body(png()).send().await;
        let answer: Value = answer.expect("the server answers").json().await.expect("JSON");
        text(&answer["logo"]["id"])
    }

    /// Makes something as the helper; answers its id.
    pub(super) async fn made(&self, path: &str, body: Value, name: &str) -> String {
        made(&self.stage.helper, path, body, name).await
    }
}

async fn made(helper: &Client, path: &str, body: Value, name: &str) -> String {
    let answer = helper.post(path, body).await;
    assert_eq!(answer.status, 201, "{path}: {}", answer.body);
    text(&answer.body[name]["id"])
}

/// The text of a JSON value that is one.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// A name nobody has yet.
pub(super) fn fresh(prefix: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{prefix}{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The smallest of pictures.
pub(super) fn png() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(2, 2).write_to(&mut bytes, image::ImageFormat::Png).expect("PNG can be written");
    bytes.into_inner()
}
