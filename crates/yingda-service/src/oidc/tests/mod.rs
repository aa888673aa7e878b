//! Signing in at a provider, as people and their enemies do.
mod entering;
mod provider;
mod proving;
mod trust;

use crate::{
    staff,
    testkit::{Answer, Client, TestApp},
};
use provider::Fake;
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use tokio::task::JoinHandle;
use yingda_base::testkit::TestDb;

const PASSWORD: &str = "correct horse battery";

/// Runs a test on both databases, with a provider `p` beside the service `t`.
macro_rules! signing {
    ($name:ident, |$t:ident, $p:ident| async $body:block) => {
        yingda_base::both! { $name, |db| async {
            let ($t, $p, serving) = crate::oidc::tests::start(db).await;
            $body
            $t.stop().await;
            serving.abort();
        }}
    };
}
use signing;

/// With the patience of a busy machine, on which debug builds sign slowly.
async fn start(db: TestDb) -> (TestApp, Fake, JoinHandle<()>) {
    start_within(db, Duration::from_secs(30)).await
}

async fn start_within(db: TestDb, patience: Duration) -> (TestApp, Fake, JoinHandle<()>) {
    let (fake, serving) = Fake::start().await;
    let provider = fake.provider(db.context.clock.clone(), patience);
    (TestApp::start_beside(db, None, Some(provider)).await, fake, serving)
}

/// A browser: it keeps what it is given.
#[derive(Clone)]
struct Browser {
    client: Client,
    jar: BTreeMap<String, String>,
}

impl Browser {
    fn new(t: &TestApp) -> Browser {
        Browser { client: t.anonymous(), jar: BTreeMap::new() }
    }

    async fn call(&mut self, method: Method, path: &str, body: Value) -> Answer {
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.client.request(method, path).header("cookie", cookies.join("; ")).header("x-yingda-client", "test");
        let response = request.json(&body).send().await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            assert!(rest.contains("HttpOnly; SameSite=Lax"), "{rest}");
            if value.is_empty() {
                self.jar.remove(name)
            } else {
                self.jar.insert(name.to_owned(), value.to_owned())
            };
        }
        Answer::of(response).await
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.call(Method::GET, path, Value::Null).await
    }

    async fn begin(&mut self, purpose: &str) -> Answer {
        self.call(Method::POST, "/api/v1/auth/oidc/begin", json!({"for": purpose})).await
    }

    async fn finish(&mut self, body: Value) -> Answer {
        self.call(Method::POST, "/api/v1/auth/oidc/finish", body).await
    }

    /// Goes there, signs in as the claims say besides the usual ones, and is sent back: what is to be finished.
    async fn gone(&mut self, t: &TestApp, p: &Fake, purpose: &str, claims: Value) -> Value {
        let begun = self.begin(purpose).await;
        assert_eq!(begun.status, 200, "{}", begun.body);
        let asked = question(&begun);
        let now = t.db.clock().now().0 / 1000;
        let mut all = json!({"iss": p.issuer, "aud": provider::CLIENT, "sub": "s-1", "iat": now, "exp": now + 300, "auth_time": now, "nonce": asked["nonce"]});
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let code = p.signs_in(&asked["code_challenge"], all);
        json!({"state": asked["state"], "code": code})
    }

    async fn signs_in(&mut self, t: &TestApp, p: &Fake, claims: Value) -> Answer {
        let back = self.gone(t, p, "login", claims).await;
        self.finish(back).await
    }

    async fn me(&mut self) -> Value {
        self.get("/api/v1/auth/me").await.body["staff"].clone()
    }
}

/// The parameters of the address somebody is sent to.
fn question(begun: &Answer) -> BTreeMap<String, String> {
    let url = openidconnect::url::Url::parse(begun.body["url"].as_str().unwrap()).unwrap();
    url.query_pairs().into_owned().collect()
}

/// A setting of security, as an administrator sets it.
async fn set(t: &TestApp, key: &str, value: &str) {
    let login: &'static str = Box::leak(format!("sec-{}", t.app.context.entropy.public_id()).into_boxed_str());
    let answer = t.staff(login, "security_admin", &[]).await.put(&format!("/api/v1/setting/{key}"), json!({"value": value})).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
}

async fn account(t: &TestApp, login: &'static str, role: &'static str, one_time: bool) -> String {
    let hash = t.app.auth.passwords.hash(PASSWORD.to_owned()).await.unwrap();
    let made = t.app.db.write(move |tx| {
        let new = staff::NewStaff { login: login.into(), name: "林晓".into(), roles: vec![role.into()], ..Default::default() };
        staff::create_unasked(tx, &new, &hash, one_time)
    });
    made.await.unwrap().id.to_string()
}

async fn password(t: &TestApp, login: &str) -> Answer {
    t.anonymous().post("/api/v1/auth/login", json!({"login": login, "password": PASSWORD, "bearer": true})).await
}
