//! Files besides images: sent, saved, refused, and kept within their quotas.
use super::{answer, code, fetch, link};
use crate::{
    apps,
    testkit::{Client, TestApp},
};
use futures_util::TryStreamExt;
use reqwest::{Method, Url, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use yingda_base::{blob::BlobId, row, sql};

row! { struct Total { bytes: i64, held: i64 } }

const PDF: &[u8] = b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj <<>> endobj\ntrailer <<>>\nstartxref\n0\n%%EOF\n";

pub(super) fn call(client: &Client, conversation: &str, name: &str, bytes: Vec<u8>) -> reqwest::RequestBuilder {
    let mut url = Url::parse("http://x/api/v1/file/documents").unwrap();
    url.query_pairs_mut().append_pair("conversation", conversation).append_pair("name", name);
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    client.request(Method::POST, &path).header(header::CONTENT_TYPE, "application/octet-stream").body(bytes)
}

pub(super) async fn upload(client: &Client, conversation: &str, name: &str, bytes: &[u8]) -> (u16, Value) {
    answer(call(client, conversation, name, bytes.to_vec())).await
}

/// Sends a body of pieces of a MiB without saying how long it will be; answers what came back, if it was sent to its end.
async fn in_chunks(call: &reqwest::RequestBuilder, count: usize, is_ended: bool) -> String {
    let call = call.try_clone().unwrap().build().unwrap();
    let (url, token) = (call.url(), call.headers()["authorization"].to_str().unwrap());
    let mut stream = TcpStream::connect((url.host_str().unwrap(), url.port().unwrap())).await.unwrap();
    let path = format!("{}?{}", url.path(), url.query().unwrap());
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: {token}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
        url.authority()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = [b"100000\r\n".to_vec(), vec![b'a'; 1 << 20], b"\r\n".to_vec()].concat();
    for _ in 0..count {
        stream.write_all(&chunk).await.unwrap();
    }
    if !is_ended {
        return String::new();
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn blobs(t: &TestApp) -> usize {
    t.app.blobs.list().try_collect::<Vec<BlobId>>().await.unwrap().len()
}

apps! { a_document_is_sent_and_only_ever_saved, |t| async {
    let (visitor, agent) = (t.visitor().await, t.agent("linxiao").await);
    let conversation = visitor.open("a").await;
    let (status, body) = upload(&visitor, &conversation, "账单\u{202E} 11月.PDF", PDF).await;
    assert_eq!(status, 201, "{body}");
    let file = body["file"]["id"].as_str().unwrap().to_owned();
    assert_eq!((&body["file"]["name"], body["file"].get("width")), (&json!("账单 11月.pdf"), None));
    let mut panel = visitor.socket().await;
    // What the sender says of it besides does not count.
    let said = json!({"file": file, "name": "virus.exe", "bytes": 1, "media_type": "text/html", "url": "https://evil.example"});
    panel.send(json!({"type": "send", "conversation": conversation, "client_id": "f1", "kind": "file", "body": said})).await;
    panel.expect("ack").await;
    let shown = panel.expect_where("entry", |entry| entry["kind"] == "file").await;
    assert_eq!(shown["fallback"], "[文件] 账单 11月.pdf");
    assert_eq!((&shown["body"]["name"], &shown["body"]["bytes"]), (&json!("账单 11月.pdf"), &json!(PDF.len())));
    assert_eq!((&shown["body"]["media_type"], shown["body"].get("thumbnail_url")), (&json!("application/pdf"), None));

    let url = link(&agent, &file).await["url"].as_str().unwrap().to_owned();
    let saved = fetch(&t.anonymous(), &url).await;
    let head = |name: &str| saved.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((saved.status().as_u16(), head("content-type")), (200, "application/octet-stream".to_owned()));
    assert_eq!(head("content-disposition"), "attachment; filename=\"__ 11_.pdf\"; filename*=UTF-8''%E8%B4%A6%E5%8D%95%2011%E6%9C%88.pdf");
    assert_eq!((head("x-content-type-options"), head("cache-control")), ("nosniff".to_owned(), "private, no-store".to_owned()));
    assert_eq!(head("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(saved.bytes().await.unwrap(), PDF);
    let as_image = json!({"file": file, "width": 1, "height": 1});
    panel.send(json!({"type": "send", "conversation": conversation, "client_id": "f2", "kind": "image", "body": as_image})).await;
    assert_eq!(panel.expect("error").await["code"], "not_found", "a document is no image");
}}

apps! { what_is_refused_leaves_nothing, |t| async {
    let visitor = t.visitor().await;
    let conversation = visitor.open("a").await;
    let long = vec![b'a'; 20 * 1024 * 1024 + 1];
    for (name, bytes, expected) in [
        ("a.exe", &b"MZ"[..], (415, "file.type_refused")),
        ("a.zip", b"PK\x03\x04", (415, "file.type_refused")),
        ("a.html", b"<script>1</script>", (415, "file.type_refused")),
        ("none", b"a", (415, "file.type_refused")),
        ("a.pdf", b"<script>1</script>", (422, "file.content_mismatch")),
        ("a.txt", b"a\0b", (422, "file.not_text")),
        ("a.txt", b"", (422, "file.empty")),
        ("a.txt", &long, (413, "body_too_large")),
    ] {
        assert_eq!(code(&upload(&visitor, &conversation, name, bytes).await), expected, "{name}");
    }
    // A length that lies: no header says how much will come.
    let answer = in_chunks(&call(&visitor, &conversation, "a.txt", Vec::new()), 21, true).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body_too_large"), "{answer}");
    // One that breaks off.
    in_chunks(&call(&visitor, &conversation, "a.txt", Vec::new()), 1, false).await;
    assert_eq!(blobs(&t).await, 0);
    let other = t.visitor().await;
    assert_eq!(upload(&other, &conversation, "a.pdf", PDF).await.0, 404);
}}

apps! { quotas_hold_however_many_come_at_once, |t| async {
    let visitor = t.visitor().await;
    let conversation = visitor.open("a").await;
    let sys = t.staff("sys", "system_admin", &[]).await;
    let limit = sys.put("/api/v1/setting/file.customer_day_mb", json!({"value": 3})).await;
    assert_eq!(limit.status, 204, "{}", limit.body);
    t.until("the setting is known", async || t.app.settings.global(&crate::file::CUSTOMER_DAY_MB) == 3).await;
    let text = vec![b'a'; 1024 * 1024];
    let all = (0..8).map(|n| {
        let (visitor, conversation, text) = (visitor.clone(), conversation.clone(), text.clone());
        async move { upload(&visitor, &conversation, &format!("{n}.txt"), &text).await }
    });
    let answers = futures_util::future::join_all(all).await;
    let kept = answers.iter().filter(|answer| answer.0 == 201).count();
    assert_eq!(kept, 3, "{answers:?}");
    assert!(answers.iter().filter(|answer| answer.0 != 201).all(|answer| code(answer) == (429, "file.quota_customer")));
    assert_eq!(blobs(&t).await, 3, "what was refused is gone");
    let total: Total = t.db.read(|tx| tx.get("t", sql!(
        "SELECT t.bytes, CAST((SELECT SUM(bytes) FROM file) AS BIGINT) AS held FROM file_total t WHERE t.id = 1"
    ))).await.unwrap();
    assert_eq!((total.bytes, total.held), (3 * 1024 * 1024, 3 * 1024 * 1024));
}}

apps! { an_upload_under_a_key_is_kept_once_and_its_name_not_remembered, |t| async {
    let visitor = t.visitor().await;
    let conversation = visitor.open("a").await;
    let upload = async || answer(call(&visitor, &conversation, "秘密.pdf", PDF.to_vec()).header("idempotency-key", "k")).await;
    let (first, again) = (upload().await, upload().await);
    assert_eq!((first.0, again.0, &first.1["file"]["id"]), (201, 201, &again.1["file"]["id"]));
    assert_eq!((first.1["file"]["name"].as_str(), again.1["file"].get("name")), (Some("秘密.pdf"), None));
    assert_eq!(blobs(&t).await, 1);
}}

apps! { clients_can_ask_what_may_be_sent, |t| async {
    let rules = t.visitor().await.get("/api/v1/file/rules").await.body;
    assert_eq!((&rules["image_mb"], &rules["document_mb"]), (&json!(10), &json!(20)));
    let endings: Vec<&str> = rules["types"].as_array().unwrap().iter().map(|kind| kind["ending"].as_str().unwrap()).collect();
    assert_eq!(endings, ["pdf", "docx", "xlsx", "pptx", "txt", "csv"]);
}}
