//! A provider in this process that does as it is told: it signs what a test wants signed, and answers as badly as a test wants.
use axum::{
    Form, Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey,
    core::{CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey},
};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle};
use yingda_base::{
    Clock,
    egress::{Allowed, Egress},
};

use crate::oidc::{Config, Provider};

pub const CLIENT: &str = "yingda desk";
pub const SECRET: &str = "a secret & more";

/// With what it signs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Key {
    Rsa,
    Elliptic,
    /// Signs by RSA, and does not publish the key.
    Unpublished,
    /// `none`.
    No,
    /// The client's secret.
    Shared,
}

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mood {
    Well,
    Down,
    Slow,
    Huge,
    Rubbish,
}

pub struct Mind {
    pub key: Key,
    pub mood: Mood,
    /// By code: the challenge, and what the token will say.
    codes: HashMap<String, (String, Value)>,
    pub userinfo: Value,
    pub described: usize,
}

#[derive(Clone)]
pub struct Fake {
    pub issuer: String,
    pub state: Arc<Mutex<Mind>>,
}

impl Fake {
    #[expect(clippy::disallowed_methods, reason = "a server of this test, which ends with it")]
    pub async fn start() -> (Fake, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let state = Mind { key: Key::Rsa, mood: Mood::Well, codes: HashMap::new(), userinfo: json!({"sub": "s-1"}), described: 0 };
        let fake = Fake { issuer, state: Arc::new(Mutex::new(state)) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/me", get(userinfo))
            .with_state(fake.clone());
        (fake, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
    }

    /// It as the service knows it, which waits so long for each answer.
    pub fn provider(&self, clock: Clock, patience: Duration) -> Provider {
        let scopes = ["profile".to_owned(), "email".to_owned()];
        let config = Config::new(&self.issuer, CLIENT, Some(SECRET), scopes, "https://kefu.example.cn").unwrap();
        let egress = Egress::new(Allowed::parse(["127.0.0.1"]).unwrap(), None).unwrap();
        Provider::new(config, egress, clock).within(patience)
    }

    pub fn set(&self, change: impl FnOnce(&mut Mind)) {
        change(&mut self.state.lock().unwrap());
    }

    /// Somebody signed in there, who was sent with this address: answers the code they are sent back with.
    pub fn signs_in(&self, challenge: &str, claims: Value) -> String {
        let mut state = self.state.lock().unwrap();
        let code = format!("code-{}", state.codes.len());
        state.codes.insert(code.clone(), (challenge.to_owned(), claims));
        code
    }

    fn sign(&self, claims: &Value) -> String {
        let key = self.state.lock().unwrap().key;
        let (algorithm, kid) = match key {
            Key::Rsa | Key::Unpublished => ("RS256", if key == Key::Rsa { "rsa" } else { "hidden" }),
            Key::Elliptic => ("ES256", "elliptic"),
            Key::No => ("none", "rsa"),
            Key::Shared => ("HS256", "rsa"),
        };
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": algorithm, "kid": kid})), part(claims));
        let signature = match key {
            Key::Rsa | Key::Unpublished => rsa().sign(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, signed.as_bytes()).unwrap(),
            Key::Elliptic => Signer::<Signature>::sign(&elliptic(), signed.as_bytes()).to_bytes().to_vec(),
            Key::No => Vec::new(),
            Key::Shared => {
                use hmac::{Hmac, KeyInit, Mac};
                let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(SECRET.as_bytes()).unwrap();
                mac.update(signed.as_bytes());
                mac.finalize().into_bytes().to_vec()
            }
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn rsa() -> CoreRsaPrivateSigningKey {
    CoreRsaPrivateSigningKey::from_pem(include_str!("rsa.pem"), Some(JsonWebKeyId::new("rsa".to_owned()))).unwrap()
}

fn elliptic() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

async fn describe(State(fake): State<Fake>) -> Response {
    let mood = fake.state.lock().unwrap().mood;
    fake.set(|state| state.described += 1);
    let url = |path: &str| format!("{}{path}", fake.issuer);
    match mood {
        Mood::Down => return StatusCode::BAD_GATEWAY.into_response(),
        Mood::Rubbish => return "<html>login page</html>".into_response(),
        Mood::Huge => return Body::from(vec![b' '; 1 << 20]).into_response(),
        Mood::Slow => std::future::pending().await,
        Mood::Well => {}
    }
    let description = json!({
        "issuer": fake.issuer, "authorization_endpoint": url("/authorize"), "token_endpoint": url("/token"), "jwks_uri": url("/keys"),
        "userinfo_endpoint": url("/me"), "end_session_endpoint": url("/leave"), "response_types_supported": ["code"],
        "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
    });
    Json(description).into_response()
}

async fn keys(State(fake): State<Fake>) -> Json<Value> {
    let key = fake.state.lock().unwrap().key;
    let jwk = if key == Key::Elliptic {
        let point = elliptic().verifying_key().to_sec1_point(false);
        let [x, y] = [point.x().unwrap(), point.y().unwrap()].map(|n| URL_SAFE_NO_PAD.encode(n));
        json!({"kty": "EC", "use": "sig", "crv": "P-256", "kid": "elliptic", "x": x, "y": y})
    } else {
        serde_json::to_value(rsa().as_verification_key()).unwrap()
    };
    Json(json!({"keys": [jwk]}))
}

async fn token(State(fake): State<Fake>, headers: HeaderMap, Form(form): Form<HashMap<String, String>>) -> Response {
    let refused = |word: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": word}))).into_response();
    // The parts are encoded as in a form before they are joined (RFC 6749, 2.3.1).
    let expected = STANDARD.encode("yingda+desk:a+secret+%26+more");
    if headers["authorization"] != format!("Basic {expected}") {
        return refused("invalid_client");
    }
    assert_eq!((form["grant_type"].as_str(), form["redirect_uri"].as_str()), ("authorization_code", "https://kefu.example.cn/desk/signed"));
    let found = fake.state.lock().unwrap().codes.remove(&form["code"]);
    let Some((challenge, claims)) = found else { return refused("invalid_grant") };
    if URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"])) != challenge {
        return refused("invalid_grant");
    }
    let answer = json!({"access_token": "access", "token_type": "Bearer", "expires_in": 60});
    let with_token = |mut answer: Value| {
        answer["id_token"] = fake.sign(&claims).into();
        answer
    };
    Json(if claims.is_null() { answer } else { with_token(answer) }).into_response()
}

async fn userinfo(State(fake): State<Fake>, headers: HeaderMap) -> Json<Value> {
    assert_eq!(headers["authorization"], "Bearer access");
    Json(fake.state.lock().unwrap().userinfo.clone())
}
