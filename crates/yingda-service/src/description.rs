//! The description of the interface: `/openapi.json`, also kept as docs/openapi.json, from which the web client is generated.
use serde_json::{Value, json};
use utoipa::openapi::OpenApi;
use yingda_base::http::publish;

/// The document as it is published.
pub fn describe(mut description: OpenApi) -> Value {
    description.info.title = "Yingda".to_owned();
    description.info.version = env!("CARGO_PKG_VERSION").to_owned();
    description.info.description = Some("Customer service. See docs/protocol.md for the socket.".to_owned());
    let mut document = publish(&description);
    // What the program itself answers, in front of the gate and without an actor.
    for (path, about) in
        [("/healthz", "Alive"), ("/readyz", "May get traffic"), ("/metrics", "For Prometheus"), ("/openapi.json", "This document")]
    {
        document["paths"][path] = json!({"get": {
            "tags": ["program"], "summary": about, "x-yingda-access": "public",
            "responses": {"200": {"description": about}, "503": {"description": "Not now"}},
        }});
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::TestApp;
    use yingda_base::testkit::TestDb;

    const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// `YINGDA_UPDATE=1 cargo test -p yingda-service description` writes it anew.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_kept_description_is_the_current_one() {
        let t = TestApp::start(TestDb::sqlite()).await;
        let (_, description, _) = crate::routes().into_parts(t.app.clone());
        let document = describe(description);
        t.stop().await;
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
        }
        let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
        if std::env::var_os("YINGDA_UPDATE").is_some() {
            std::fs::write(KEPT, &text).unwrap();
        }
        let kept = std::fs::read_to_string(KEPT).unwrap_or_default();
        assert!(kept == text, "docs/openapi.json is out of date: YINGDA_UPDATE=1 cargo test -p yingda-service description");
    }
}
