//! Ready, well, and stopped in order.
use super::program::{Place, Serving};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{fs, path::Path};
use tokio_tungstenite::{connect_async, tungstenite::Message};

#[tokio::test]
async fn it_is_ready_and_well_and_ends_in_order_when_told() {
    let place = Place::new();
    let serving = place.serve(&[]);
    for path in ["/healthz", "/readyz"] {
        let answer = serving.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["status"], "ok");
    }
    let ended = serving.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(!ended.err.contains("ERROR"), "{}", ended.err);
}

async fn visitor_token(serving: &Serving) -> String {
    let call = reqwest::Client::new().post(format!("{}/api/v1/visit/token", serving.url)).json(&json!({"site": "demo"}));
    call.send().await.unwrap().json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn clients_are_told_to_come_back() {
    let place = Place::new();
    let serving = place.serve(&["--demo"]);
    let (mut socket, _) = connect_async(format!("{}/api/v1/socket", serving.url.replace("http", "ws"))).await.unwrap();
    let hello = json!({"v": 1, "type": "hello", "token": visitor_token(&serving).await});
    socket.send(Message::Text(hello.to_string().into())).await.unwrap();
    let mut next = async || loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return serde_json::from_str::<Value>(&text).unwrap(),
            Some(Ok(_)) => {}
            end => panic!("the socket ended without a word: {end:?}"),
        }
    };
    assert_eq!(next().await["type"], "hello");
    serving.signal("TERM");
    let bye = loop {
        let frame = next().await;
        if frame["type"] == "bye" {
            break frame;
        }
    };
    assert_eq!(bye["reason"], "shutdown");
    assert!(bye["retry_ms"].is_u64(), "{bye}");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(!ended.err.contains("did not finish in time"), "{}", ended.err);
}

#[tokio::test]
async fn a_waiting_poll_is_answered_and_does_not_hold_up_the_stop() {
    let place = Place::new();
    let serving = place.serve(&["--demo"]);
    let token = visitor_token(&serving).await;
    let poll = async |body: Value| -> Value {
        let call = reqwest::Client::new().post(format!("{}/api/v1/poll", serving.url)).bearer_auth(&token).json(&body);
        call.send().await.unwrap().json().await.unwrap()
    };
    let mut answer = poll(json!({"frames": [{"v": 1, "type": "hello"}]})).await;
    // Until nothing is left to be told, so that the next poll waits.
    let mut seen = answer["frames"].as_array().unwrap().len();
    while seen < 2 {
        answer = poll(json!({"poll": answer["poll"], "got": answer["n"], "frames": []})).await;
        seen += answer["frames"].as_array().unwrap().len();
    }
    let tell = async || {
        let waits = "yingda_http_requests_under_way{route=\"/api/v1/poll\"} 1";
        while !serving.get("/metrics").await.text().await.unwrap().contains(waits) {}
        serving.signal("TERM");
    };
    let (last, ()) = tokio::join!(poll(json!({"poll": answer["poll"], "got": answer["n"], "frames": []})), tell());
    let frames = last["frames"].as_array().cloned().unwrap_or_default();
    assert!(frames.iter().any(|frame| frame["type"] == "bye" && frame["reason"] == "shutdown"), "{last}");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(!ended.err.contains("did not finish in time"), "{}", ended.err);
}

#[test]
fn an_interrupt_ends_it_in_order_too() {
    let place = Place::new();
    let serving = place.serve(&[]);
    serving.signal("INT");
    assert_eq!(serving.end().code, Some(0));
}

#[tokio::test]
async fn metrics_have_content() {
    let place = Place::new();
    let serving = place.serve(&[]);
    assert_eq!(serving.get("/readyz").await.status(), 200);
    let page = serving.get("/metrics").await.text().await.unwrap();
    for line in [
        "yingda_build_info{version=",
        "yingda_http_requests_total{method=\"GET\",route=\"/readyz\",status=\"200\"} 1",
        "process_resident_memory_bytes ",
    ] {
        assert!(page.contains(line), "{line} is missing in:\n{page}");
    }
}

#[tokio::test]
async fn metrics_can_be_turned_off() {
    let place = Place::new();
    let file = place.path().join("quiet.toml");
    fs::write(&file, "[metrics]\nenabled = false\n").unwrap();
    let serving = place.serve(&["--config", &file.display().to_string()]);
    assert_eq!(serving.get("/metrics").await.status(), 404);
}

/// The TypeScript client is generated from the file, so the file must be what the program says. `YINGDA_UPDATE=1` writes it.
#[tokio::test]
async fn openapi_is_what_the_repository_says() {
    let place = Place::new();
    let said: serde_json::Value = place.serve(&[]).get("/openapi.json").await.json().await.unwrap();
    let said = serde_json::to_string_pretty(&said).unwrap() + "\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os("YINGDA_UPDATE").is_some() {
        fs::write(&file, &said).unwrap();
    }
    assert!(
        fs::read_to_string(&file).unwrap_or_default() == said,
        "docs/openapi.json differs: YINGDA_UPDATE=1 cargo test -p yingda openapi"
    );
}

#[tokio::test]
async fn an_unknown_address_of_the_interface_gets_a_problem_document() {
    let place = Place::new();
    let answer = place.serve(&[]).get("/api/v1/nonsense").await;
    assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()), (404, "application/problem+json"));
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["code"], "route_unknown");
}
