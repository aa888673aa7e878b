//! Behind a proxy, real or pretended.
use super::{
    program::{Place, Serving},
    wire::{Answer, exchange, outward, plain},
};
use serde_json::json;

const TRUSTING: &str = "[server]\ntrusted_proxies = ['127.0.0.1']\n";
/// What a proxy says of somebody who came encrypted from 203.0.113.9 and had claimed to be 10.0.0.1.
const TOLD: [(&str, &str); 3] =
    [("host", "service.example.cn"), ("x-forwarded-for", "10.0.0.1, 203.0.113.9"), ("x-forwarded-proto", "https")];

async fn login(serving: &Serving, place: &Place, headers: &[(&str, &str)]) -> Answer {
    let (login, password) = place.account("lin.xiao");
    let body = json!({"login": login, "password": password}).to_string();
    exchange(plain(serving.address()).await, "POST /api/v1/auth/login", headers, &body).await
}

/// From where the latest session was opened, as its owner sees it.
async fn seen_from(serving: &Serving, cookie: &str, headers: &[(&str, &str)]) -> Vec<String> {
    let headers = [headers, &[("cookie", cookie)]].concat();
    let answer = exchange(plain(serving.address()).await, "GET /api/v1/auth/sessions", &headers, "").await;
    let items = answer.json()["items"].as_array().cloned().unwrap_or_else(|| panic!("{}", answer.body));
    items.iter().filter_map(|session| session["address"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_trusted_proxy_speaks_for_its_callers() {
    let place = Place::new();
    let serving = place.configured(TRUSTING, &["--demo"]);
    let answer = login(&serving, &place, &TOLD).await;
    assert_eq!((answer.status, answer.header("strict-transport-security")), (200, Some("max-age=31536000")), "{}", answer.body);
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-yingda="), "{cookie}");
    assert_eq!(seen_from(&serving, &cookie, &TOLD).await, ["203.0.113.9"]);
    let planted = cookie.replace("__Host-", "");
    let headers = [&TOLD[..], &[("cookie", &planted)]].concat();
    assert_eq!(exchange(plain(serving.address()).await, "GET /api/v1/auth/me", &headers, "").await.status, 401);
}

#[tokio::test]
async fn whoever_came_readable_to_the_proxy_is_refused() {
    let place = Place::new();
    let serving = place.configured(TRUSTING, &[]);
    for proto in [Some("http"), Some("https, http"), None] {
        let mut headers = vec![("host", "service.example.cn"), ("x-forwarded-for", "203.0.113.9"), ("accept-language", "zh-CN")];
        headers.extend(proto.map(|proto| ("x-forwarded-proto", proto)));
        for path in ["GET /desk/", "GET /api/v1/channel/sites/demo", "GET /openapi.json"] {
            let answer = exchange(plain(serving.address()).await, path, &headers, "").await;
            assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("tls_unproven")), "{path} {proto:?}");
            assert!(answer.json()["title"].as_str().unwrap().contains("反向代理"), "{}", answer.body);
        }
        assert_eq!(exchange(plain(serving.address()).await, "GET /healthz", &headers, "").await.status, 200);
    }
}

#[tokio::test]
async fn nobody_else_is_believed() {
    let place = Place::new();
    let serving = place.serve(&["--demo"]);
    let answer = login(&serving, &place, &TOLD).await;
    assert_eq!((answer.status, answer.header("strict-transport-security")), (200, None));
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("yingda="), "{cookie}");
    assert_eq!(seen_from(&serving, &cookie, &TOLD).await, ["127.0.0.1"]);
}

#[tokio::test]
async fn strangers_who_pass_the_proxy_by_are_refused() {
    let Some(outward) = outward() else { return eprintln!("this machine has no address but loopback; the rule is tested in http::client") };
    let place = Place::new();
    let serving = place.configured("[server]\ntrusted_proxies = ['192.0.2.1']\n", &["--listen", "0.0.0.0:0"]);
    let address = (outward, serving.address().port()).into();
    let answer = exchange(plain(address).await, "GET /desk/", &TOLD, "").await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("tls_required")), "{}", answer.body);
    assert_eq!(exchange(plain(address).await, "GET /readyz", &TOLD, "").await.status, 200);
}

/// The throttle of logins goes by the address that is told: one stranger behind the proxy does not shut out the others.
#[tokio::test]
async fn limits_go_by_the_address_that_is_told() {
    let place = Place::new();
    let serving = place.configured(TRUSTING, &["--demo"]);
    let guess = async |n: usize, from: &str| {
        let headers = [("host", "service.example.cn"), ("x-forwarded-for", from), ("x-forwarded-proto", "https")];
        let body = json!({"login": format!("nobody-{n}"), "password": "wrong"}).to_string();
        exchange(plain(serving.address()).await, "POST /api/v1/auth/login", &headers, &body).await.status
    };
    let mut n = 0;
    while guess(n, &format!("198.51.100.{}, 203.0.113.9", n % 250)).await == 401 {
        n += 1;
        assert!(n < 500, "an address may guess for ever");
    }
    assert_eq!(guess(n, "203.0.113.9").await, 429);
    assert_eq!(guess(n, "203.0.113.10").await, 401);
}

#[tokio::test]
async fn metrics_are_for_this_machine_or_for_whoever_has_the_token() {
    let place = Place::new();
    let serving = place.configured(&format!("{TRUSTING}[metrics]\ntoken = '0123456789abcdef'\n"), &[]);
    let status = async |headers: &[(&str, &str)]| exchange(plain(serving.address()).await, "GET /metrics", headers, "").await.status;
    assert_eq!(status(&[]).await, 200, "this machine");
    assert_eq!(status(&TOLD).await, 403, "somebody behind the proxy");
    assert_eq!(status(&[("host", "service.example.cn")]).await, 403, "a proxy that nobody told us of");
    let with = |token: &'static str| [&TOLD[..], &[("authorization", token)]].concat();
    assert_eq!(status(&with("Bearer 0123456789abcdef")).await, 200);
    assert_eq!(status(&with("Bearer 0123456789abcdeg")).await, 403);
    assert_eq!(status(&with("Bearer ")).await, 403);
}
