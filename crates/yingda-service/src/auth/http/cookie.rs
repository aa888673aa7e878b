//! The cookies of a login: the session, and the browser by which guesses of strangers are kept apart.
use crate::{
    App,
    auth::{
        id::SessionKind,
        login::{Browser, Passed},
        token,
    },
};
use axum::{
    Extension,
    http::{HeaderMap, HeaderValue, header},
};
use std::time::Duration;
use yingda_base::http::{Credentials, RequestInfo, cookie_name};

/// As long as a known browser is remembered.
const DEVICE_LIFE_S: u64 = 180 * 24 * 3600;

/// Who comes by a browser; a program keeps its other sessions and is not known by a cookie.
pub fn browser(app: &App, info: &RequestInfo, credentials: Option<Extension<Credentials>>, headers: &HeaderMap) -> Browser {
    let client = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let device = find(headers, device_name(info.is_tls)).filter(|value| token::is_device(value));
    Browser {
        kind: SessionKind::Cookie,
        // A browser has one cookie, and what it held is over.
        held: credentials.and_then(|Extension(credentials)| credentials.cookie),
        client: client.chars().take(200).collect(),
        device: Some(device.unwrap_or_else(|| token::new_device(&app.context.entropy))),
    }
}

/// What a login sets, and the challenge if a code is still missing.
pub fn passed(is_tls: bool, browser: &Browser, passed: Passed, life: Duration) -> (Vec<HeaderValue>, Option<String>) {
    match passed {
        Passed::In(done) => (logged_in(is_tls, browser, &done.token, life), None),
        Passed::Challenge(challenge) => (Vec::new(), Some(challenge)),
    }
}

/// Session and browser.
pub fn logged_in(is_tls: bool, browser: &Browser, token: &str, life: Duration) -> Vec<HeaderValue> {
    let device = browser.device.iter().map(|device| set(is_tls, device_name(is_tls), device, DEVICE_LIFE_S));
    std::iter::once(session(is_tls, token, life)).chain(device).collect()
}

/// The session.
pub fn session(is_tls: bool, token: &str, life: Duration) -> HeaderValue {
    set(is_tls, cookie_name(is_tls), token, life.as_secs())
}

/// The value of a cookie the browser sent.
pub fn find(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
}

/// The cookie by which a browser is known. It lets nobody in; it only keeps the guesses of strangers apart.
fn device_name(is_tls: bool) -> &'static str {
    if is_tls { "__Host-yingda-device" } else { "yingda-device" }
}

/// Of URL-safe text; after 0 seconds it is gone.
pub fn set(is_tls: bool, name: &str, value: &str, seconds: u64) -> HeaderValue {
    let secure = if is_tls { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).expect("cookies hold URL-safe text")
}
