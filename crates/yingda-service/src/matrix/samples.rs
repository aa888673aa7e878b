//! A good request for each operation, with ids of objects that were made for the one cell that tries it.
use super::scene::{Scene, fresh, png, text};
use crate::testkit::Answer;
use reqwest::{Method, header};
use serde_json::{Value, json};

/// A call to be made.
pub(super) struct Call {
    method: Method,
    path: String,
    body: Option<Value>,
    /// An image instead of JSON.
    file: Option<(&'static str, Vec<u8>)>,
    /// The answer must hold it.
    pub looks_for: Option<String>,
}

impl Call {
    fn of(operation: &str) -> Option<Call> {
        let (method, path) = operation.split_once(' ')?;
        Some(Call { method: method.parse().ok()?, path: path.to_owned(), body: None, file: None, looks_for: None })
    }

    /// In place of the name in braces.
    fn id(mut self, id: impl ToString) -> Call {
        let (from, to) = (self.path.find('{').expect("a name in braces"), self.path.find('}').expect("a name in braces"));
        self.path.replace_range(from..=to, &id.to_string());
        self
    }

    fn query(mut self, query: &str) -> Call {
        self.path = format!("{}?{query}", self.path);
        self
    }

    fn json(self, body: Value) -> Call {
        Call { body: Some(body), ..self }
    }

    fn looking_for(self, needle: &str) -> Call {
        Call { looks_for: Some(needle.to_owned()), ..self }
    }

    /// Makes it, as somebody.
    pub(super) async fn made_by(&self, scene: &Scene<'_>) -> Answer {
        let mut request = scene.client.request(self.method.clone(), &self.path);
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        if let Some((kind, bytes)) = &self.file {
            request = request.header(header::CONTENT_TYPE, *kind).body(bytes.clone());
        }
        Answer::of(request.send().await.expect("the server answers")).await
    }
}

/// The sample of a row; nothing if there is none.
pub(super) async fn sample(operation: &str, object: &str, s: &Scene<'_>) -> Option<Call> {
    let call = Call::of(operation)?;
    match operation.split('/').nth(3)? {
        "conversation" | "customer" | "file" => around_a_conversation(call, operation, object, s).await,
        "staff" => of_staff(call, operation, object, s).await,
        _ => of_the_rest(call, operation, object, s).await,
    }
}

async fn around_a_conversation(call: Call, operation: &str, object: &str, s: &Scene<'_>) -> Option<Call> {
    Some(match (operation, object) {
        ("POST /api/v1/conversation", "-") => call.json(json!({"client_id": "mine"})),
        ("GET /api/v1/conversation", shelf @ ("queue" | "mine" | "colleague" | "closed")) => {
            let state = match shelf {
                "queue" => "queued",
                "closed" => "closed",
                _ => "served",
            };
            call.query(&format!("box={shelf}&limit=200")).looking_for(&s.conversation(state).await)
        }
        ("GET /api/v1/conversation/{id}", "unknown") => call.id("nowhere"),
        ("GET /api/v1/conversation/{id}", state) => call.id(s.conversation(state).await),
        ("GET /api/v1/conversation/{id}/entries", "served") => call.id(s.conversation("served").await),
        ("GET /api/v1/conversation/{id}/entries", "note") => {
            let id = s.conversation("served").await;
            s.said(&s.owner(), &id, "note", "客户要投诉").await;
            call.id(id).looking_for("客户要投诉")
        }
        ("GET /api/v1/conversation/{id}/entries", "recalled") => {
            let id = s.conversation("served").await;
            let seq = s.said(s.visitor().await, &id, "text", "我的密码").await;
            let recalled = s.visitor().await.post(&format!("/api/v1/conversation/{id}/recall"), json!({"seq": seq})).await;
            assert_eq!(recalled.status, 200, "{}", recalled.body);
            call.id(id).looking_for("我的密码")
        }
        ("POST /api/v1/conversation/{id}/recall", object) => {
            let id = s.conversation("served").await;
            let (who, kind) = match object {
                "customer text" => (s.visitor().await.clone(), "text"),
                "owner text" => (s.owner(), "text"),
                "owner note" => (s.owner(), "note"),
                _ => return None,
            };
            let seq = s.said(&who, &id, kind, "说错了").await;
            call.id(id).json(json!({"seq": seq}))
        }
        (
            "POST /api/v1/conversation/{id}/accept" | "POST /api/v1/conversation/{id}/close" | "POST /api/v1/conversation/{id}/reopen",
            state,
        ) => call.id(s.conversation(state).await).json(json!({})),
        ("POST /api/v1/conversation/{id}/transfer", state) => {
            let there = json!({"group": s.stage.places.other_group, "note": "请看账单"});
            call.id(s.conversation(state).await).json(there)
        }
        ("GET /api/v1/conversation/{id}/rating", state) => call.id(s.conversation(state).await),
        ("PUT /api/v1/conversation/{id}/rating", state) => call.id(s.conversation(state).await).json(json!({"stars": 4})),
        ("POST /api/v1/conversation/{id}/rating/invite", state) => call.id(s.conversation(state).await).json(json!({})),
        ("GET /api/v1/conversation/{id}/draft", "served") => call.id(s.conversation("served").await),
        ("PUT /api/v1/conversation/{id}/draft", "served") => call.id(s.conversation("served").await).json(json!({"text": "稿", "rev": 1})),
        ("POST /api/v1/conversation/{id}/erase", "entry") => {
            let id = s.conversation("served").await;
            let seq = s.said(s.visitor().await, &id, "text", "我的密码").await;
            call.id(id).json(json!({"seq": seq, "reason": "sensitive"}))
        }
        ("POST /api/v1/conversation/{id}/erase", state) => call.id(s.conversation(state).await).json(json!({"reason": "sensitive"})),
        ("POST /api/v1/customer/{id}/erase", "-") => {
            call.id(s.customer(&s.conversation("served").await).await).json(json!({"reason": "customer_request"}))
        }
        ("GET /api/v1/customer/{id}", "-") => call.id(s.customer(&s.conversation("served").await).await),
        ("PATCH /api/v1/customer/{id}", "-") => {
            call.id(s.customer(&s.conversation("served").await).await).json(json!({"tags": ["老用户"]}))
        }
        ("POST /api/v1/file/images", state) => {
            let call = call.query(&format!("conversation={}", s.conversation(state).await));
            Call { file: Some(("image/png", png())), ..call }
        }
        ("POST /api/v1/file/documents", state) => {
            let call = call.query(&format!("name=a.txt&conversation={}", s.conversation(state).await));
            Call { file: Some(("text/plain", b"a".to_vec())), ..call }
        }
        ("GET /api/v1/file/rules", "-") => call,
        ("POST /api/v1/file/{id}/link", "served") => call.id(s.image(&s.conversation("served").await).await).json(json!({})),
        ("GET /api/v1/file/c/{capability}", "forged") => call.id("forged"),
        ("GET /api/v1/file/c/{capability}", "granted") => {
            let file = s.image(&s.conversation("served").await).await;
            let link = s.visitor().await.post(&format!("/api/v1/file/{file}/link"), json!({})).await;
            Call { path: text(&link.body["url"]), ..call }
        }
        _ => return None,
    })
}

async fn of_staff(call: Call, operation: &str, object: &str, s: &Scene<'_>) -> Option<Call> {
    let account = match object {
        "own" => s.own(),
        _ => s.colleague().await,
    };
    Some(match (operation, object) {
        ("GET /api/v1/staff", "-") => call,
        ("POST /api/v1/staff", "without rights") => call.json(json!({"login": fresh("new"), "name": "新人"})),
        ("POST /api/v1/staff", "with rights") => call.json(json!({"login": fresh("new"), "name": "新人", "roles": ["agent"]})),
        ("GET /api/v1/staff/{id}", "own" | "other") => call.id(account.id),
        ("PATCH /api/v1/staff/{id}", "own" | "other") => call.id(account.id).json(json!({"rev": 1, "name": "改名"})),
        ("PUT /api/v1/staff/{id}/rights", "own" | "other") => call.id(account.id).json(json!({"rev": 1, "scopes": []})),
        ("POST /api/v1/staff/{id}/password", "own" | "other") => call.id(account.id).json(json!({})),
        ("DELETE /api/v1/staff/{id}/sessions", "own" | "other") => call.id(account.id),
        ("GET /api/v1/staff/{id}/sessions", "own" | "other") => call.id(account.id).looking_for(&account.session.to_string()),
        ("GET /api/v1/staff/{id}/security" | "DELETE /api/v1/staff/{id}/lock", "own" | "other") => call.id(account.id),
        ("DELETE /api/v1/staff/{id}/second-factor", "own" | "other") => call.id(account.id),
        ("GET /api/v1/staff/{id}/identity" | "DELETE /api/v1/staff/{id}/identity", "without a provider") => call.id(account.id),
        ("DELETE /api/v1/staff/sessions/{id}", "own" | "other") => call.id(account.session),
        ("GET /api/v1/staff/roles" | "GET /api/v1/staff/groups" | "GET /api/v1/staff/branches", "-") => call,
        ("POST /api/v1/staff/roles", "-") => call.json(json!({"name": fresh("角色"), "permissions": ["audit.view"]})),
        ("PATCH /api/v1/staff/roles/{id}" | "DELETE /api/v1/staff/roles/{id}", "custom") => {
            let role = json!({"name": fresh("角色"), "permissions": []});
            let id = s.made("/api/v1/staff/roles", role, "role").await;
            call.id(id).json(json!({"permissions": ["audit.view"]}))
        }
        ("PATCH /api/v1/staff/roles/{id}" | "DELETE /api/v1/staff/roles/{id}", "built-in") => {
            let roles = s.stage.helper.get("/api/v1/staff/roles").await;
            let role = roles.body["items"].as_array()?.iter().find(|role| role["name"] == "agent")?.clone();
            call.id(text(&role["id"])).json(json!({"permissions": ["audit.view"]}))
        }
        ("POST /api/v1/staff/groups", "-") => call.json(json!({"name": fresh("技能组")})),
        ("PATCH /api/v1/staff/groups/{id}" | "DELETE /api/v1/staff/groups/{id}", "-") => {
            let id = s.made("/api/v1/staff/groups", json!({"name": fresh("技能组")}), "group").await;
            call.id(id).json(json!({"name": fresh("改名")}))
        }
        ("POST /api/v1/staff/branches", "-") => call.json(json!({"name": fresh("网点")})),
        ("PATCH /api/v1/staff/branches/{id}", "-") => {
            let id = s.made("/api/v1/staff/branches", json!({"name": fresh("网点")}), "branch").await;
            call.id(id).json(json!({"name": fresh("改名")}))
        }
        _ => return None,
    })
}

async fn of_the_rest(call: Call, operation: &str, object: &str, s: &Scene<'_>) -> Option<Call> {
    let hello = json!([{"v": 1, "type": "hello"}]);
    Some(match (operation, object) {
        ("POST /api/v1/auth/login", "-") => {
            call.json(json!({"login": s.owner.login, "password": super::persona::PASSWORD, "bearer": true}))
        }
        ("POST /api/v1/auth/logout", "-") => call.json(json!({})),
        ("GET /api/v1/auth/me" | "GET /api/v1/auth/sessions", "-") => call,
        ("POST /api/v1/auth/password", "-") => call.json(json!({"old": super::persona::PASSWORD, "new": "a better password"})),
        ("DELETE /api/v1/auth/sessions", "-") => call,
        ("POST /api/v1/auth/step-up", "-") => call.json(json!({"proof": super::persona::PASSWORD})),
        ("POST /api/v1/auth/login/code", "unknown challenge") => call.json(json!({"challenge": "yc_unknown", "code": "123456"})),
        ("GET /api/v1/auth/oidc", "-") => call,
        ("GET /api/v1/auth/oidc/identity" | "DELETE /api/v1/auth/oidc/identity", "without a provider") => call,
        ("POST /api/v1/auth/oidc/begin", "without a provider") => call.json(json!({"for": "login"})),
        ("POST /api/v1/auth/oidc/finish", "without a provider") => call.json(json!({"state": "s", "code": "c"})),
        ("GET /api/v1/auth/second-factor" | "POST /api/v1/auth/second-factor" | "DELETE /api/v1/auth/second-factor", "-") => call,
        ("PUT /api/v1/auth/second-factor", "not begun") => call.json(json!({"code": "123456"})),
        ("POST /api/v1/auth/second-factor/codes", "without") => call,
        ("DELETE /api/v1/auth/sessions/{id}", "own") => call.id(s.own().session),
        ("DELETE /api/v1/auth/sessions/{id}", "other") => call.id(s.colleague().await.session),
        ("GET /api/v1/setting" | "GET /api/v1/latency", "-") => call,
        ("GET /api/v1/audit" | "GET /api/v1/audit/words" | "GET /api/v1/audit/people" | "GET /api/v1/audit/chain", "-") => call,
        ("GET /api/v1/audit/chain/check", "-") => call.query("from=1&to=10"),
        ("POST /api/v1/audit/export", "-") => call.json(json!({"format": "csv", "action": "no.such"})),
        ("PUT /api/v1/setting/{key}", "of security") => call.id("auth.separate_administrators").json(json!({"value": "maybe"})),
        ("PUT /api/v1/setting/{key}", "other") => call.id("file.image_mb").json(json!({"value": 5})),
        ("GET /api/v1/backup", "-") => call,
        ("POST /api/v1/backup", "-") => call.json(json!({})),
        // The widest scope has one value for all cells, so this asks for one that the setting does not have.
        ("DELETE /api/v1/setting/{key}", "-") => call.id("file.image_mb").query(&format!("scope=group&target={}", s.stage.places.group)),
        ("GET /api/v1/channel/sites" | "GET /api/v1/routing/targets", "-") => call,
        ("POST /api/v1/channel/sites", "-") => call.json(json!({"key": fresh("site"), "name": "新站", "group": s.stage.places.group})),
        ("GET /api/v1/channel/sites/{key}", "-") => call.id("demo"),
        ("PATCH /api/v1/channel/sites/{key}", "-") => call.id(s.site(&fresh("site")).await).json(json!({"rev": 1, "name": "改名"})),
        ("POST /api/v1/channel/sites/{key}/logo", "-") => {
            let call = call.id(s.site(&fresh("site")).await);
            Call { file: Some(("image/png", png())), ..call }
        }
        ("GET /api/v1/channel/logos/{id}", "unknown") => call.id("nowhere"),
        ("GET /api/v1/channel/logos/{id}", "-") => call.id(s.logo(&s.site(&fresh("site")).await).await),
        ("GET /api/v1/channel/sites/{key}/changes", "-") => call.id(s.site(&fresh("site")).await),
        ("GET /api/v1/channel/sites/{key}/secrets" | "POST /api/v1/channel/sites/{key}/secrets", "-") => {
            call.id(s.site(&fresh("site")).await).json(json!({}))
        }
        ("DELETE /api/v1/channel/secrets/{id}", "-") => {
            let path = format!("/api/v1/channel/sites/{}/secrets", s.site(&fresh("site")).await);
            call.id(s.made(&path, json!({}), "secret").await)
        }
        ("POST /api/v1/visit/token", "-") => call.json(json!({"site": "demo"})),
        ("POST /api/v1/visit/identify", signed) => {
            let site = fresh("site");
            let path = format!("/api/v1/channel/sites/{}/secrets", s.site(&site).await);
            let key = text(&s.stage.helper.post(&path, json!({})).await.body["text"]);
            let now = s.t.db.clock().now().0 / 1000;
            let claims = json!({"aud": site, "sub": "c-1", "jti": fresh("a-token-of-"), "iat": now, "exp": now + 60});
            let key = if signed == "signed" { key.as_str() } else { "guessed" };
            call.json(json!({"site": site, "token": crate::visit::sign(&claims, key)}))
        }
        ("POST /api/v1/visit/leave", "-") => call.json(json!({"site": "demo", "device_secret": "nobody's"})),
        ("POST /api/v1/visit/attach", "nameless") => call.json(json!({"device_secret": "anybody's"})),
        ("GET /api/v1/socket", "without upgrade") => call,
        ("POST /api/v1/poll", "own") => call.json(json!({"frames": hello})),
        ("POST /api/v1/poll", "other") => {
            let begun = s.client.with_token(&s.colleague().await.token).post("/api/v1/poll", json!({"frames": hello})).await;
            call.json(json!({"poll": text(&begun.body["poll"]), "frames": []}))
        }
        _ => return None,
    })
}
