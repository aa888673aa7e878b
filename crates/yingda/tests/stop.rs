//! Ready, well, and stopped in order.
use super::program::Place;
use std::{fs, path::Path};

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
