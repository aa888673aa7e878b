//! TLS as its clients meet it.
use super::{
    program::{Ended, Place, Serving, run},
    wire::{self, Answer, agreed, exchange, pair, plain, secure, try_secure},
};
use futures_util::{SinkExt, StreamExt};
use rustls::{
    ProtocolVersion,
    version::{TLS12, TLS13},
};
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::{client_async, tungstenite::Message};

/// A place with a certificate, and the configuration that names it.
fn certified(pair: &[String; 2]) -> (Place, String) {
    let place = Place::new();
    let (certificate, key) = (place.write("cert.pem", &pair[0]), place.write("cert.key", &pair[1]));
    (place, format!("[tls]\ncertificate = '{certificate}'\nkey = '{key}'\n"))
}

async fn get(serving: &Serving, trusted: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    exchange(secure(serving.address(), trusted).await, &format!("GET {path}"), headers, "").await
}

#[tokio::test]
async fn it_speaks_both_versions_and_http_1() {
    let trusted = pair(2020, 2090);
    let (place, configuration) = certified(&trusted);
    let serving = place.configured(&configuration, &[]);
    assert!(serving.url.starts_with("https://127.0.0.1:"), "{}", serving.url);
    for (version, expected) in [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)] {
        let stream = try_secure(serving.address(), &trusted[0], &[version]).await.unwrap();
        assert_eq!(agreed(&stream), (Some(expected), Some(b"http/1.1".as_slice())));
        let answer = exchange(stream, "GET /healthz", &[], "").await;
        assert_eq!((answer.status, answer.header("strict-transport-security")), (200, Some("max-age=31536000")));
    }
    let stranger = pair(2020, 2090);
    assert!(try_secure(serving.address(), &stranger[0], &[&TLS13]).await.is_err(), "the client checks, or this test proves nothing");
    let ended = serving.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(!ended.err.contains("panicked"), "{}", ended.err);
}

#[tokio::test]
async fn plain_http_gets_a_hint_and_a_clean_end() {
    let trusted = pair(2020, 2090);
    let (place, configuration) = certified(&trusted);
    let serving = place.configured(&configuration, &[]);
    let answer = exchange(plain(serving.address()).await, "GET /desk/", &[], "").await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("https"), "{}", answer.body);
    // What is neither is dropped, and what leaves in the middle of a handshake is forgotten.
    for rubbish in [b"\x16\x03\x01\xff\xff\x00\x00".as_slice(), b"\x00", b"", b"\x16"] {
        let mut stream = plain(serving.address()).await;
        stream.write_all(rubbish).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut left = Vec::new();
        // Reset or closed: either is an end.
        let _ = tokio::time::timeout(wire::PATIENCE, tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut left)).await.unwrap();
    }
    assert_eq!(get(&serving, &trusted[0], "/healthz", &[]).await.status, 200);
    let ended = serving.stop();
    assert!(!ended.err.contains("panicked"), "{}", ended.err);
}

#[tokio::test]
async fn the_cookie_of_the_encrypted_name_alone_counts() {
    let trusted = pair(2020, 2090);
    let (place, configuration) = certified(&trusted);
    let serving = place.configured(&configuration, &["--demo"]);
    let (login, password) = place.account("lin.xiao");
    let body = json!({"login": login, "password": password}).to_string();
    let answer = exchange(secure(serving.address(), &trusted[0]).await, "POST /api/v1/auth/login", &[], &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let cookie = answer.header("set-cookie").unwrap().to_owned();
    assert!(cookie.starts_with("__Host-yingda=") && cookie.ends_with("HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    assert_eq!(get(&serving, &trusted[0], "/api/v1/auth/me", &[("cookie", pair)]).await.status, 200);
    let planted = pair.replace("__Host-", "");
    assert_eq!(get(&serving, &trusted[0], "/api/v1/auth/me", &[("cookie", &planted)]).await.status, 401);
    // A page that came readable may have been written by anybody on the way.
    let logout = async |origin: &str| {
        let headers = [("cookie", pair), ("origin", origin), ("x-yingda-client", "desk")];
        exchange(secure(serving.address(), &trusted[0]).await, "POST /api/v1/auth/logout", &headers, "").await
    };
    assert_eq!(logout("http://localhost").await.json()["code"], "origin_refused");
    assert_eq!(logout("https://localhost").await.status, 204);
}

#[tokio::test]
async fn nothing_is_said_of_encryption_where_there_is_none() {
    let place = Place::new();
    let serving = place.serve(&["--demo"]);
    let (login, password) = place.account("lin.xiao");
    let body = json!({"login": login, "password": password}).to_string();
    let answer = exchange(plain(serving.address()).await, "POST /api/v1/auth/login", &[], &body).await;
    assert_eq!((answer.status, answer.header("strict-transport-security")), (200, None));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("yingda=") && !cookie.contains("Secure"), "{cookie}");
    let encrypted = format!("__Host-{}", cookie.split(';').next().unwrap());
    let answer = exchange(plain(serving.address()).await, "GET /api/v1/auth/me", &[("cookie", &encrypted)], "").await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn sockets_work_through_it_and_are_told_of_the_end() {
    let trusted = pair(2020, 2090);
    let (place, configuration) = certified(&trusted);
    let serving = place.configured(&configuration, &["--demo"]);
    let body = json!({"site": "demo"}).to_string();
    let answer = exchange(secure(serving.address(), &trusted[0]).await, "POST /api/v1/visit/token", &[], &body).await;
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let stream = secure(serving.address(), &trusted[0]).await;
    let (mut socket, _) = client_async("wss://localhost/api/v1/socket", stream).await.unwrap();
    let hello = json!({"v": 1, "type": "hello", "token": token});
    socket.send(Message::Text(hello.to_string().into())).await.unwrap();
    let mut next = async || loop {
        match tokio::time::timeout(wire::PATIENCE, socket.next()).await.expect("a frame in time") {
            Some(Ok(Message::Text(text))) => return serde_json::from_str::<Value>(&text).unwrap(),
            Some(Ok(_)) => {}
            end => panic!("the socket ended without a word: {end:?}"),
        }
    };
    assert_eq!(next().await["type"], "hello");
    serving.signal("TERM");
    while next().await["type"] != "bye" {}
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(!ended.err.contains("did not finish in time"), "{}", ended.err);
}

#[test]
fn a_start_with_a_bad_pair_says_which_file_and_what_to_do() {
    let (good, other, old) = (pair(2020, 2090), pair(2020, 2090), pair(2020, 2021));
    let refused = |pair: [&str; 2]| {
        let (place, configuration) = certified(&pair.map(str::to_owned));
        let ended = place.command(&["serve", "--listen", "127.0.0.1:0", "--config", &place.write("yingda.toml", &configuration)]);
        assert_eq!(ended.code, Some(13), "{ended:?}");
        assert!(!place.path().join("data").exists(), "nothing was touched");
        ended.err
    };
    let said = refused([&other[0], &good[1]]);
    assert!(said.contains("do not belong together") && said.contains("cert.pem") && said.contains("cert.key"), "{said}");
    let said = refused([&old[0], &old[1]]);
    assert!(said.contains("cert.pem ended at 2021-01-01"), "{said}");
    let said = refused([&good[1], &good[0]]);
    assert!(said.contains("cert.pem holds no certificate") && said.contains("mixed up"), "{said}");
    let missing = Place::new();
    let file = missing.write("yingda.toml", "[tls]\ncertificate = '/nonexistent/a.pem'\nkey = '/nonexistent/a.key'\n");
    let ended = run(&["serve", "--data", &missing.data(), "--listen", "127.0.0.1:0", "--config", &file]);
    assert_eq!(ended.code, Some(13));
    assert!(ended.err.contains("/nonexistent/a.pem cannot be read"), "{}", ended.err);
}

/// The certificate a new connection is shown, or none if the client does not trust it.
async fn is_shown(serving: &Serving, trusted: &str) -> bool {
    try_secure(serving.address(), trusted, &[&TLS13]).await.is_ok()
}

#[tokio::test]
async fn a_new_pair_is_taken_while_it_serves_and_a_bad_one_is_not() {
    let (first, second, old) = (pair(2020, 2090), pair(2020, 2091), pair(2020, 2021));
    let (place, configuration) = certified(&first);
    let serving = place.configured(&configuration, &[]);
    let mut before = secure(serving.address(), &first[0]).await;
    let put = |pair: &[String; 2]| {
        place.write("cert.pem", &pair[0]);
        place.write("cert.key", &pair[1]);
        serving.signal("HUP");
    };
    put(&second);
    while !is_shown(&serving, &second[0]).await {}
    assert!(!is_shown(&serving, &first[0]).await);
    // A connection that was there goes on as it was.
    before.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    assert_eq!(Answer::parse(&wire::rest(&mut before).await).status, 200);
    put(&old);
    assert!(is_shown(&serving, &second[0]).await);
    let ended = serving.stop();
    assert_eq!(ended.code, Some(0), "a hangup ends nothing: {}", ended.err);
    // The signal may come later than the end; what was said of it is not.
    assert!(!ended.err.contains("panicked"), "{}", ended.err);
}

#[tokio::test]
async fn the_demonstration_signs_for_itself_beyond_loopback() {
    let place = Place::new();
    let serving = place.serve(&["--demo", "--listen", "0.0.0.0:0"]);
    assert!(serving.url.starts_with("https://"), "{}", serving.url);
    let file = place.path().join("data/tls/self-signed.pem");
    let trusted = fs::read_to_string(&file).unwrap();
    assert_eq!(fs::metadata(file.with_extension("key")).unwrap().permissions().mode() & 0o777, 0o600);
    let fingerprint = serving.said.lines().find(|line| line.len() == 32 * 3 - 1 && line.bytes().filter(|byte| *byte == b':').count() == 31);
    assert!(fingerprint.is_some(), "{}", serving.said);
    let local = std::net::SocketAddr::from(([127, 0, 0, 1], serving.address().port()));
    let answer = exchange(secure(local, &trusted).await, "GET /", &[], "").await;
    assert_eq!((answer.status, answer.header("location")), (307, Some("/demo/")));
    assert_eq!(answer.header("strict-transport-security"), None, "nobody vouches for the next certificate");
    let first = fingerprint.map(str::to_owned);
    let Ended { code, .. } = serving.stop();
    assert_eq!(code, Some(0));
    let again = place.serve(&["--demo", "--listen", "0.0.0.0:0"]);
    assert!(again.said.contains(&first.unwrap()), "the same certificate as before");
}
