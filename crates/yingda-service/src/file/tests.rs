//! Over HTTP, as panels and desks use it.
mod document;
mod scan;
mod torture;

use crate::{
    apps,
    testkit::{Client, GROUP, OTHER_GROUP, TestApp},
};
use futures_util::TryStreamExt;
use image::{DynamicImage, ImageFormat, RgbImage};
use reqwest::{Method, RequestBuilder, Response, header};
use serde_json::{Value, json};
use std::{io::Cursor, time::Duration};
use yingda_base::{blob::BlobId, row, sql};

row! { struct Waiting { id: i64 } }

fn png() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(RgbImage::from_pixel(40, 30, image::Rgb([9, 9, 9]))).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn upload_call(client: &Client, conversation: &str, kind: &str, bytes: Vec<u8>) -> RequestBuilder {
    let path = format!("/api/v1/file/images?conversation={conversation}");
    client.request(Method::POST, &path).header(header::CONTENT_TYPE, kind).body(bytes)
}

async fn answer(call: RequestBuilder) -> (u16, Value) {
    let answer = call.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn upload(client: &Client, conversation: &str, kind: &str, bytes: Vec<u8>) -> (u16, Value) {
    answer(upload_call(client, conversation, kind, bytes)).await
}

async fn fetch(client: &Client, url: &str) -> Response {
    client.request(Method::GET, url).send().await.unwrap()
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["code"].as_str().unwrap_or_default())
}

apps! { an_image_goes_in_and_comes_out_by_address, |t| async {
    let visitor = t.visitor().await;
    let conversation = visitor.open("a").await;
    let (status, body) = upload(&visitor, &conversation, "image/png", png()).await;
    assert_eq!(status, 201, "{body}");
    let file = &body["file"];
    assert_eq!((&file["width"], &file["height"], &file["media_type"]), (&json!(40), &json!(30), &json!("image/png")));
    let link = visitor.post(&format!("/api/v1/file/{}/link", file["id"].as_str().unwrap()), json!({})).await;
    let url = link.body["url"].as_str().unwrap().to_owned();
    assert_eq!(link.body["expires_at"].as_i64().unwrap() - t.db.clock().now().0, 600_000);
    let shown = fetch(&t.anonymous(), &url).await;
    let head = |name: header::HeaderName| shown.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((shown.status().as_u16(), head(header::CONTENT_TYPE)), (200, "image/png".to_owned()));
    assert_eq!(head(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(head(header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox");
    assert!(head(header::CACHE_CONTROL).starts_with("private, max-age=600"));
    let bytes = shown.bytes().await.unwrap();
    assert_eq!(image::load_from_memory(&bytes).unwrap().to_rgb8().get_pixel(0, 0).0, [9, 9, 9]);
    assert_eq!(bytes.len() as i64, file["bytes"].as_i64().unwrap());

    let (front, back) = url.split_at(url.len() - 10);
    let forged = format!("{front}{}", back.chars().rev().collect::<String>());
    assert_eq!(fetch(&t.anonymous(), &forged).await.status().as_u16(), 403);
    assert_eq!(fetch(&t.anonymous(), "/api/v1/file/c/..%2F..%2Fetc%2Fpasswd").await.status().as_u16(), 403);
    t.db.clock().advance(Duration::from_secs(600));
    assert_eq!(fetch(&t.anonymous(), &url).await.json::<Value>().await.unwrap()["code"], "file.link_expired");
}}

apps! { only_who_speaks_there_uploads_and_only_who_sees_it_gets_an_address, |t| async {
    let (visitor, stranger) = (t.visitor().await, t.visitor().await);
    let (agent, outsider) = (t.agent("linxiao").await, t.staff("wang", "agent", &[OTHER_GROUP]).await);
    let conversation = visitor.open("a").await;
    let (_, body) = upload(&visitor, &conversation, "image/png", png()).await;
    let link = format!("/api/v1/file/{}/link", body["file"]["id"].as_str().unwrap());
    for (who, may_link, uploads) in [(&stranger, 404, 404), (&outsider, 404, 404), (&agent, 200, 403), (&t.anonymous(), 401, 401)] {
        assert_eq!(who.post(&link, json!({})).await.status, may_link);
        assert_eq!(upload(who, &conversation, "image/png", png()).await.0, uploads);
    }
    assert_eq!(agent.post(&format!("/api/v1/conversation/{conversation}/accept"), json!({})).await.status, 200);
    assert_eq!(upload(&agent, &conversation, "image/png", png()).await.0, 201);
    assert_eq!(visitor.post("/api/v1/file/nothing/link", json!({})).await.status, 404);
}}

apps! { what_is_no_picture_is_refused_with_its_reason, |t| async {
    let visitor = t.visitor().await;
    let conversation = visitor.open("a").await;
    let tries = [
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), (415, "file.type_refused")),
        ("text/html", b"<script>1</script>".to_vec(), (415, "file.type_refused")),
        ("image/png", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), (422, "file.content_mismatch")),
        ("image/jpeg", png(), (422, "file.content_mismatch")),
        ("image/png", png()[..40].to_vec(), (422, "file.unreadable")),
        ("image/png", vec![0; 10 * 1024 * 1024 + 1], (413, "body_too_large")),
        ("text/html", vec![0; 5 * 1024 * 1024], (415, "file.type_refused")),
    ];
    for (kind, bytes, expected) in tries {
        assert_eq!(code(&upload(&visitor, &conversation, kind, bytes).await), expected, "{kind}");
    }
}}

apps! { an_upload_under_a_key_is_kept_once, |t| async {
    let visitor = t.visitor().await;
    let (conversation, other) = (visitor.open("a").await, visitor.open("b").await);
    let under_key = |conversation: &str, bytes| answer(upload_call(&visitor, conversation, "image/png", bytes).header("idempotency-key", "k"));
    let (first, again) = (under_key(&conversation, png()).await, under_key(&conversation, png()).await);
    assert_eq!((first.0, &first), (201, &again), "{}", first.1);
    let blobs: Vec<BlobId> = t.app.blobs.list().try_collect().await.unwrap();
    assert_eq!(blobs.len(), 1, "the second was not even stored");
    let mut wider = Cursor::new(Vec::new());
    DynamicImage::from(RgbImage::new(41, 30)).write_to(&mut wider, ImageFormat::Png).unwrap();
    assert_eq!(code(&under_key(&conversation, wider.into_inner()).await), (422, "idempotency_key_reused"));
    assert_eq!(code(&under_key(&other, png()).await), (422, "idempotency_key_reused"), "the file of one conversation is none of another");
    assert_eq!(code(&answer(upload_call(&visitor, &conversation, "image/png", png()).header("idempotency-key", "a b")).await).0, 400);
}}

fn photo() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let image = RgbImage::from_fn(1200, 900, |x, y| image::Rgb([(x % 251) as u8, (y % 241) as u8, ((x * y) % 239) as u8]));
    DynamicImage::from(image).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn picture(shown: Response) -> DynamicImage {
    assert_eq!(shown.status().as_u16(), 200);
    image::load_from_memory(&shown.bytes().await.unwrap()).unwrap()
}

async fn link(client: &Client, file: &str) -> Value {
    client.post(&format!("/api/v1/file/{file}/link"), json!({})).await.body
}

async fn send_image(client: &Client, conversation: &str, file: &str, client_id: &str) -> i64 {
    let mut panel = client.socket().await;
    let body = json!({"file": file, "width": 40, "height": 30});
    panel.send(json!({"type": "send", "conversation": conversation, "client_id": client_id, "kind": "image", "body": body})).await;
    panel.expect_where("ack", |ack| ack["client_id"] == client_id).await["seq"].as_i64().unwrap()
}

async fn blobs(t: &TestApp) -> usize {
    t.app.blobs.list().try_collect::<Vec<BlobId>>().await.unwrap().len()
}

apps! { a_small_copy_is_made_and_older_images_get_theirs, |t| async {
    let visitor = t.visitor().await;
    let conversation = visitor.open("a").await;
    let file = upload(&visitor, &conversation, "image/png", photo()).await.1["file"]["id"].as_str().unwrap().to_owned();
    send_image(&visitor, &conversation, &file, "i1").await;
    let entries = visitor.get(&format!("/api/v1/conversation/{conversation}/entries")).await.body;
    let body = &entries["entries"].as_array().unwrap().iter().find(|entry| entry["kind"] == "image").unwrap()["body"];
    let (url, small) = (body["url"].as_str().unwrap(), body["thumbnail_url"].as_str().unwrap());
    let side = async |url: &str| picture(fetch(&t.anonymous(), url).await).await.width();
    assert_eq!((side(url).await, side(small).await), (1200, 480));
    assert_eq!(blobs(&t).await, 2);

    // As it was before there were small copies.
    t.db.script("DELETE FROM file_thumbnail; UPDATE file SET is_derived = FALSE").await;
    assert_eq!(side(small).await, 1200, "the image itself takes its place");
    let work = |tx: &mut yingda_base::Tx| yingda_base::job::enqueue(tx, &crate::file::MakeThumbnails {}).map(drop);
    t.db.write(work).await.unwrap();
    t.until("the small copy is made", async || side(small).await == 480).await;
    t.db.write(work).await.unwrap();
    t.until("the second run has ended", async || t.db.read(|tx| tx.find::<Waiting>(sql!("SELECT id FROM job WHERE name = 'file.make_thumbnails' AND state <> 'done' LIMIT 1"))).await.unwrap().is_none()).await;
    assert_eq!(blobs(&t).await, 3, "one of them is the orphan this test made");
}}

apps! { an_address_is_worth_what_its_owner_may_see_now, |t| async {
    let (visitor, agent, boss) = (t.visitor().await, t.agent("linxiao").await, t.staff("boss", "supervisor", &[GROUP]).await);
    let conversation = visitor.open("a").await;
    let file = upload(&visitor, &conversation, "image/png", png()).await.1["file"]["id"].as_str().unwrap().to_owned();
    let seq = send_image(&visitor, &conversation, &file, "i1").await;
    let mut urls = Vec::new();
    for who in [&visitor, &agent, &boss] {
        urls.push(link(who, &file).await["url"].as_str().unwrap().to_owned());
    }
    let statuses = async || {
        let mut found = Vec::new();
        for url in &urls { found.push(fetch(&t.anonymous(), url).await.status().as_u16()); }
        found
    };
    assert_eq!(statuses().await, [200, 200, 200]);
    assert_eq!(agent.post("/api/v1/auth/logout", json!({})).await.status, 204);
    assert_eq!(statuses().await, [200, 401, 200], "an address ends with the session it was made for");
    assert_eq!(visitor.post(&format!("/api/v1/conversation/{conversation}/recall"), json!({"seq": seq})).await.status, 200);
    assert_eq!(statuses().await, [410, 401, 200], "what was taken back is gone from addresses that were given before");
    t.db.script("DELETE FROM staff_scope; DELETE FROM group_member").await;
    assert_eq!(statuses().await, [410, 401, 404], "and so is what lies outside of one's groups by now");
}}

apps! { an_erased_file_is_gone_with_everything_made_from_it, |t| async {
    let visitor = t.visitor().await;
    let conversation = visitor.open("a").await;
    let file = upload(&visitor, &conversation, "image/png", photo()).await.1["file"]["id"].as_str().unwrap().to_owned();
    let (first, second) = (send_image(&visitor, &conversation, &file, "i1").await, send_image(&visitor, &conversation, &file, "i2").await);
    let erase = async |seq: i64| {
        let name = conversation.clone();
        let unit = move |tx: &mut yingda_base::Tx| {
            let id = crate::conversation::find_by_public_id(tx, &name)?.unwrap().id;
            crate::file::erase(tx, id, seq)
        };
        t.db.write(unit).await.unwrap().len()
    };
    assert_eq!((erase(first).await, erase(first).await), (0, 0), "another entry still shows it");
    assert!(link(&visitor, &file).await["expires_at"].is_i64());
    assert_eq!((erase(second).await, erase(second).await), (2, 0), "the image and its small copy; again, nothing");
    t.until("the contents are gone", async || blobs(&t).await == 0).await;
    assert_eq!(link(&visitor, &file).await["code"], "not_found");
    assert_eq!(erase(99).await, 0);
}}

apps! { no_address_leads_to_what_was_taken_back, |t| async {
    let (visitor, agent, boss) = (t.visitor().await, t.agent("linxiao").await, t.staff("boss", "supervisor", &[GROUP]).await);
    let conversation = visitor.open("a").await;
    let file = upload(&visitor, &conversation, "image/png", png()).await.1["file"]["id"].as_str().unwrap().to_owned();
    let mut panel = visitor.socket().await;
    let mut send = async |client_id: &str| {
        let body = json!({"file": file, "width": 40, "height": 30});
        panel.send(json!({"type": "send", "conversation": conversation, "client_id": client_id, "kind": "image", "body": body})).await;
        panel.expect_where("ack", |ack| ack["client_id"] == client_id).await["seq"].clone()
    };
    let (first, second) = (send("i1").await, send("i2").await);
    let recall = async |seq: Value| {
        let answer = visitor.post(&format!("/api/v1/conversation/{conversation}/recall"), json!({"seq": seq})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    let all = [&visitor, &agent, &boss];
    let links = async || {
        let mut found = Vec::new();
        for who in all { found.push(who.post(&format!("/api/v1/file/{file}/link"), json!({})).await.status); }
        found
    };
    assert_eq!(links().await, [200, 200, 200]);
    recall(second).await;
    assert_eq!(links().await, [200, 200, 200], "the first sending still shows it");
    recall(first).await;
    assert_eq!(links().await, [410, 410, 200], "who may see what was recalled may see the image");
    t.db.script("UPDATE entry SET state = 'erased' WHERE state = 'recalled'; DELETE FROM entry_body WHERE body LIKE '%width%'").await;
    assert_eq!(links().await, [410, 410, 410]);
}}
