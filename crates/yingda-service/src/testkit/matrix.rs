//! Who may call what: every operation × every persona, held against `matrix.txt`.
//!
//! A cell is `yes` when the call got past authorisation (it may fail for other reasons: bodies here are often not quite right, so that one
//! cell does not change the next), else the status of the refusal. Objects in paths belong to the visitor, whose conversation stands in
//! [`GROUP`] and is served by the owner. A route that is missing in the file fails, and so does a line without a route.
use super::{Client, GROUP, OTHER_GROUP, TestApp};
use crate::auth::{self, SessionKind, StaffId};
use reqwest::{Method, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use yingda_base::Tx;

const EXPECTED: &str = include_str!("matrix.txt");
/// Login, role and group.
const STAFF: [(&str, &str, &[&str]); 10] = [
    ("owner", "agent", &[GROUP]),
    ("colleague", "agent", &[GROUP]),
    ("outsider", "agent", &[OTHER_GROUP]),
    ("supervisor", "supervisor", &[GROUP]),
    ("manager", "customer_manager", &[GROUP]),
    ("system", "system_admin", &[]),
    ("security", "security_admin", &[]),
    ("audit", "audit_admin", &[]),
    ("revoked", "supervisor", &[GROUP]),
    ("pending", "supervisor", &[GROUP]),
];

/// What the paths name.
struct World<'t> {
    t: &'t TestApp,
    visitor: Client,
    stranger: Client,
    staff: BTreeMap<&'static str, StaffId>,
    ids: BTreeMap<&'static str, String>,
}

crate::apps! { everybody_may_call_what_the_matrix_says_and_nothing_else, |t| async {
    let world = World::make(&t).await;
    let (_, _, routes) = crate::routes().into_parts(t.app.clone());
    let mut operations: Vec<String> = routes.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    operations.sort_by_key(|operation| operation.split_once(' ').map(|(method, path)| (path.to_owned(), method.to_owned())));
    let personas: Vec<&str> = ["anonymous", "visitor", "stranger"].into_iter().chain(STAFF.map(|(name, ..)| name)).collect();
    let mut found = format!("{:<46}{}\n", "#", personas.iter().map(|name| format!("{name:<11}")).collect::<String>().trim_end());
    for operation in &operations {
        let mut cells = String::new();
        for persona in &personas {
            cells.push_str(&format!("{:<11}", world.call(operation, persona).await));
        }
        found.push_str(&format!("{operation:<46}{}\n", cells.trim_end()));
    }
    let differing: Vec<String> = found.lines().filter(|line| !EXPECTED.lines().any(|known| known == *line)).map(str::to_owned).collect();
    let left: Vec<&str> = EXPECTED.lines().filter(|line| !found.lines().any(|known| known == *line)).collect();
    assert!(differing.is_empty() && left.is_empty(), "found, but not expected:\n{}\nexpected, but not found:\n{}", differing.join("\n"), left.join("\n"));
}}

impl World<'_> {
    async fn make(t: &TestApp) -> World<'_> {
        let mut staff = BTreeMap::new();
        for (name, role, groups) in STAFF {
            let client = t.staff(name, role, groups).await;
            staff.insert(name, id_of(&client).await);
        }
        let dummy = t.agent("dummy").await;
        let dummy_session = dummy.get("/api/v1/auth/sessions").await.body["items"][0]["id"].clone();
        let sys = t.staff("sys", "system_admin", &[]).await;
        let sec = t.staff("sec", "security_admin", &[]).await;
        assert_eq!(sys.put("/api/v1/setting/file.image_mb", json!({"value": 5})).await.status, 204);
        let (visitor, stranger) = (t.unlimited(t.visitor().await).await, t.visitor().await);
        let conversation = visitor.open("first").await;
        let file = upload(&visitor, &conversation).await;
        let link = visitor.post(&format!("/api/v1/file/{file}/link"), json!({})).await.body["url"].clone();
        let seen = dummy.get(&format!("/api/v1/conversation/{conversation}")).await.body["conversation"].clone();
        let made = |answer: super::Answer, what: &str| text(&answer.body[what]["id"]);
        let ids = BTreeMap::from([
            ("customer", text(&seen["customer"]["id"])),
            ("site", text(&seen["site"]["id"])),
            ("file", file),
            ("capability", text(&link).rsplit('/').next().unwrap_or_default().to_owned()),
            ("staff", id_of(&dummy).await.to_string()),
            ("session", text(&dummy_session)),
            ("role", made(sec.post("/api/v1/staff/roles", json!({"name": "r", "permissions": []})).await, "role")),
            ("role to remove", made(sec.post("/api/v1/staff/roles", json!({"name": "s", "permissions": []})).await, "role")),
            ("group", made(sys.post("/api/v1/staff/groups", json!({"name": "g"})).await, "group")),
            ("branch", made(sys.post("/api/v1/staff/branches", json!({"name": "b"})).await, "branch")),
        ]);
        World { t, visitor, stranger, staff, ids }
    }

    /// One cell.
    async fn call(&self, operation: &str, persona: &str) -> String {
        let (method, pattern) = operation.split_once(' ').expect("a method and a path");
        let conversation = if pattern.starts_with("/api/v1/conversation/{id}") || pattern == "/api/v1/file/images" {
            Some(self.conversation(operation).await)
        } else {
            None
        };
        let path = self.path(method, pattern, conversation.as_deref());
        let client = self.persona(persona).await;
        let request = client.request(method.parse::<Method>().expect("a method"), &path);
        let request = if pattern == "/api/v1/file/images" {
            request.header(header::CONTENT_TYPE, "image/png").body("no picture")
        } else if method == "GET" {
            request
        } else {
            request.json(&body(operation))
        };
        let status = request.send().await.expect("the server answers").status().as_u16();
        if let Some(conversation) = conversation {
            self.visitor.post(&format!("/api/v1/conversation/{conversation}/close"), json!({})).await;
        }
        if matches!(status, 401 | 403 | 404) { status.to_string() } else { "yes".to_owned() }
    }

    /// Of the visitor, served by the owner unless the operation is to take it.
    async fn conversation(&self, operation: &str) -> String {
        let id = self.visitor.open(&self.t.app.context.entropy.public_id()).await;
        if !operation.ends_with("/accept") {
            let taken = self.persona("owner").await.post(&format!("/api/v1/conversation/{id}/accept"), json!({})).await;
            assert_eq!(taken.status, 200, "{}", taken.body);
        }
        id
    }

    fn path(&self, method: &str, pattern: &str, conversation: Option<&str>) -> String {
        let id = |name: &str| self.ids[name].as_str();
        if !pattern.contains('{') && pattern != "/api/v1/file/images" {
            return pattern.to_owned();
        }
        let named = match pattern.trim_start_matches("/api/v1/") {
            "file/images" => return format!("{pattern}?conversation={}", conversation.unwrap_or_default()),
            rest if rest.starts_with("conversation/") => conversation.unwrap_or_default(),
            rest if rest.starts_with("auth/sessions/") => id("session"),
            rest if rest.starts_with("staff/roles/") && method == "DELETE" => id("role to remove"),
            rest if rest.starts_with("staff/roles/") => id("role"),
            rest if rest.starts_with("staff/groups/") => id("group"),
            rest if rest.starts_with("staff/branches/") => id("branch"),
            rest if rest.starts_with("staff/") => id("staff"),
            rest if rest.starts_with("customer/") => id("customer"),
            rest if rest.starts_with("file/c/") => id("capability"),
            rest if rest.starts_with("file/") => id("file"),
            rest if rest.starts_with("channel/sites/") && method == "GET" => "demo",
            rest if rest.starts_with("channel/sites/") => id("site"),
            rest if rest.starts_with("setting/") => "file.image_mb",
            _ => panic!("the matrix does not know what {pattern} names"),
        };
        let (before, after) =
            pattern.split_once('{').map_or((pattern, ""), |(before, rest)| (before, rest.split_once('}').unwrap_or_default().1));
        format!("{before}{named}{after}")
    }

    /// Staff come with a session of their own for each call, since some calls end it.
    async fn persona(&self, name: &str) -> Client {
        match name {
            "anonymous" => return self.t.anonymous(),
            "visitor" => return self.visitor.clone(),
            "stranger" => return self.stranger.clone(),
            _ => {}
        }
        let (id, is_revoked, is_pending) = (self.staff[name], name == "revoked", name == "pending");
        let open = move |tx: &mut Tx| {
            let (token, actor) = auth::open_session(tx, id, SessionKind::Bearer, "127.0.0.1", "test")?;
            if is_revoked {
                auth::end_session(tx, auth::SessionId(actor.session))?;
            }
            if is_pending {
                auth::set_password(tx, id, "never matches", true)?;
            }
            Ok(token)
        };
        let token = self.t.app.db.write(open).await.expect("sessions can be opened");
        self.t.unlimited(self.t.anonymous().with_token(&token)).await
    }
}

/// Bodies that are read, so that the object is looked at, and that change nothing where it can be avoided.
fn body(operation: &str) -> Value {
    match operation {
        "POST /api/v1/auth/password" => json!({"old": "x", "new": "y"}),
        "POST /api/v1/visit/token" => json!({"site": "demo"}),
        "POST /api/v1/conversation" => json!({"client_id": "again"}),
        "POST /api/v1/conversation/{id}/recall" => json!({"seq": 1}),
        "PUT /api/v1/conversation/{id}/draft" => json!({"text": "x", "rev": 1}),
        "POST /api/v1/poll" => json!({"poll": "gone", "frames": []}),
        "POST /api/v1/staff" => json!({"login": "a b", "name": "x"}),
        "PATCH /api/v1/staff/{id}" | "PATCH /api/v1/channel/sites/{key}" => json!({"rev": 99}),
        "POST /api/v1/staff/roles" => json!({"name": "", "permissions": []}),
        "POST /api/v1/staff/groups" | "POST /api/v1/staff/branches" => json!({"name": ""}),
        "POST /api/v1/channel/sites" => json!({"key": "", "name": "x", "group": "1"}),
        "PUT /api/v1/setting/{key}" => json!({"value": 1, "version": 99}),
        _ => json!({}),
    }
}

async fn id_of(client: &Client) -> StaffId {
    let me = client.get("/api/v1/auth/me").await;
    text(&me.body["staff"]["id"]).parse().expect("ids of staff are numbers")
}

async fn upload(client: &Client, conversation: &str) -> String {
    let mut png = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(2, 2).write_to(&mut png, image::ImageFormat::Png).expect("an image can be written");
    let request = client.request(Method::POST, &format!("/api/v1/file/images?conversation={conversation}"));
    let answer = request.header(header::CONTENT_TYPE, "image/png").body(png.into_inner()).send().await.expect("the server answers");
    text(&answer.json::<Value>().await.expect("JSON")["file"]["id"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
