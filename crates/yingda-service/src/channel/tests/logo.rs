//! The logo of a site, as its administrator sets it and everybody sees it; and what is done to what only calls itself one.
use crate::{
    apps,
    channel::{logo, store},
    file::{self, Content},
    testkit::{Client, TestApp},
};
use futures_util::TryStreamExt;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use reqwest::{Method, header};
use serde_json::{Value, json};
use std::{io::Cursor, time::Duration};
use yingda_base::{
    Tx,
    blob::BlobId,
    http::{Actor, Caller},
    row, sql,
};

row! { struct Waiting { n: i64 } }

const DAY: Duration = Duration::from_secs(24 * 3600);
const PAGE: &[u8] = b"<html><script>alert(document.domain)</script></html>";
const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn emblem(shade: u8) -> Vec<u8> {
    encoded(&RgbImage::from_pixel(200, 60, Rgb([shade, 16, 46])).into(), ImageFormat::Png)
}

async fn upload(client: &Client, site: &str, kind: &str, bytes: Vec<u8>) -> (u16, Value) {
    let call = client.request(Method::POST, &format!("/api/v1/channel/sites/{site}/logo")).header(header::CONTENT_TYPE, kind).body(bytes);
    let answer = call.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Uploads a good one; answers what was said of it.
async fn uploaded(client: &Client, site: &str, shade: u8) -> Value {
    let (status, body) = upload(client, site, "image/png", emblem(shade)).await;
    assert_eq!(status, 201, "{body}");
    body["logo"].clone()
}

/// The site of the tests: its id and its revision.
async fn site(sys: &Client) -> (String, i64) {
    let site = sys.get("/api/v1/channel/sites").await.body["items"][0].clone();
    (site["id"].as_str().unwrap().to_owned(), site["rev"].as_i64().unwrap())
}

async fn save(sys: &Client, site: &str, rev: i64, logo: Value) -> Value {
    let saved = sys.patch(&format!("/api/v1/channel/sites/{site}"), json!({"rev": rev, "logo": logo})).await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    saved.body["site"].clone()
}

/// What everybody is told of the site.
async fn shown(t: &TestApp) -> Value {
    t.anonymous().get("/api/v1/channel/sites/demo").await.body["site"]["logo"].clone()
}

async fn fetch(t: &TestApp, logo: &Value) -> reqwest::Response {
    t.anonymous().request(Method::GET, logo["url"].as_str().unwrap()).send().await.unwrap()
}

async fn blobs(t: &TestApp) -> usize {
    t.app.blobs.list().try_collect::<Vec<BlobId>>().await.unwrap().len()
}

apps! { a_logo_is_uploaded_saved_seen_replaced_and_taken_away, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let (site, rev) = site(&sys).await;
    let first = uploaded(&sys, &site, 200).await;
    assert_eq!((&first["width"], &first["height"]), (&json!(200), &json!(60)));
    assert_eq!(fetch(&t, &first).await.status().as_u16(), 200, "the preview shows it before it is saved");
    assert_eq!(shown(&t).await, json!(null), "and customers do not see it");

    assert_eq!(save(&sys, &site, rev, first["id"].clone()).await["logo"], first);
    assert_eq!(shown(&t).await, first);
    let got = fetch(&t, &first).await;
    let head = |name: &str| got.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((head("content-type"), head("cache-control")), ("image/png".into(), "public, max-age=31536000, immutable".into()));
    assert_eq!((head("x-content-type-options"), head("content-disposition")), ("nosniff".into(), "inline".into()));
    assert_eq!(head("content-security-policy"), "default-src 'none'; sandbox");
    let bytes = got.bytes().await.unwrap();
    assert_eq!(image::load_from_memory(&bytes).unwrap().to_rgb8().get_pixel(9, 9).0, [200, 16, 46]);

    // A change that says nothing of it leaves it, as forms do that were opened before there were logos.
    let name = sys.patch(&format!("/api/v1/channel/sites/{site}"), json!({"rev": rev + 1, "name": "改名"})).await;
    assert_eq!(name.body["site"]["logo"], first);
    let second = uploaded(&sys, &site, 100).await;
    assert_ne!(second["url"], first["url"]);
    save(&sys, &site, rev + 2, second["id"].clone()).await;
    assert_eq!(shown(&t).await, second);
    assert_eq!(fetch(&t, &first).await.status().as_u16(), 200, "a panel that was about to fetch the old one still may");
    save(&sys, &site, rev + 3, first["id"].clone()).await;
    assert_eq!(shown(&t).await, first, "and it can be taken back");
    assert!(save(&sys, &site, rev + 4, json!(null)).await.get("logo").is_none());
    assert_eq!(shown(&t).await, json!(null));
    assert_eq!(sys.get("/api/v1/channel/sites").await.body["items"][0].get("logo"), None);

    let events = sys.get(&format!("/api/v1/channel/sites/{site}/changes")).await.body["items"].clone();
    let (saved, uploaded): (Vec<_>, Vec<_>) = events.as_array().unwrap().iter().partition(|event| event["action"] == "site.update");
    assert_eq!(uploaded.iter().filter(|event| event["action"] == "site.logo_upload").count(), 2, "who put what where everybody can fetch it");
    let told: Vec<_> = saved.iter().map(|event| (&event["before"]["logo"]["id"], &event["after"]["logo"]["id"])).collect();
    let (none, a, b) = (&Value::Null, &first["id"], &second["id"]);
    assert_eq!(told, [(a, none), (b, a), (a, b), (a, a), (none, a)], "the history says which when");
}}

apps! { what_is_no_picture_or_too_much_of_one_is_refused_and_nothing_of_it_stays, |t| async {
    let sys = t.unlimited(t.staff("sys", "system_admin", &[]).await).await;
    let (site, _) = site(&sys).await;
    let small: DynamicImage = RgbImage::from_pixel(30, 20, Rgb([1, 2, 3])).into();
    let gif = [&encoded(&small, ImageFormat::Gif)[..], b"*/=1;alert(1);//"].concat();
    // 50,000 × 50,000 pixels of nothing: what the header says is refused before anything is decoded.
    let mut flood = encoded(&small, ImageFormat::Png);
    flood[16..24].copy_from_slice(&[0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50]);
    let crc = crc32(&flood[12..29]).to_be_bytes();
    flood[29..33].copy_from_slice(&crc);
    let tries = [
        ("image/svg+xml", SVG.to_vec(), (415, "site.logo_type")),
        ("image/gif", gif, (415, "site.logo_type")),
        ("text/html", PAGE.to_vec(), (415, "site.logo_type")),
        ("image/png", SVG.to_vec(), (422, "file.content_mismatch")),
        ("image/webp", PAGE.to_vec(), (422, "file.content_mismatch")),
        ("image/jpeg", emblem(1), (422, "file.content_mismatch")),
        ("image/png", emblem(1)[..40].to_vec(), (422, "file.unreadable")),
        ("image/png", Vec::new(), (422, "file.content_mismatch")),
        ("image/png", flood, (422, "file.too_many_pixels")),
        ("image/png", vec![0; 5 * 1024 * 1024 + 1], (413, "body_too_large")),
    ];
    for (kind, bytes, expected) in tries {
        let (status, body) = upload(&sys, &site, kind, bytes).await;
        assert_eq!((status, body["code"].as_str().unwrap()), expected, "{kind}: {body}");
    }
    assert_eq!(upload(&sys, "7", "image/png", emblem(1)).await.1["code"], "not_found");
    let agent = t.agent("linxiao").await;
    let visitor = t.visitor().await;
    for (who, expected) in [(&agent, 403), (&visitor, 403), (&t.anonymous(), 401)] {
        assert_eq!(upload(who, &site, "image/png", emblem(1)).await.0, expected);
    }
    assert_eq!(blobs(&t).await, 0, "nothing is left behind");
}}

apps! { whatever_came_a_small_picture_of_our_own_is_kept, |t| async {
    let sys = t.unlimited(t.staff("sys", "system_admin", &[]).await).await;
    let (site, _) = site(&sys).await;
    // A page behind the picture, in each format there is; and more pixels than any panel draws.
    let glass: DynamicImage = RgbaImage::from_fn(1600, 900, |x, y| Rgba([(x % 251) as u8, (y % 241) as u8, (x * y % 239) as u8, (x % 256) as u8])).into();
    let opaque: DynamicImage = glass.to_rgb8().into();
    for (format, image) in [(ImageFormat::Png, &glass), (ImageFormat::Jpeg, &opaque), (ImageFormat::WebP, &glass)] {
        let polyglot = [&encoded(image, format)[..], PAGE].concat();
        let (status, body) = upload(&sys, &site, format.to_mime_type(), polyglot).await;
        assert_eq!(status, 201, "{format:?} {body}");
        let sides = [&body["logo"]["width"], &body["logo"]["height"]].map(|side| side.as_i64().unwrap());
        assert!(sides.iter().all(|side| (1..=512).contains(side)), "{sides:?}");
        let bytes = fetch(&t, &body["logo"]).await.bytes().await.unwrap();
        assert!(bytes.len() <= 64 * 1024 && !bytes.windows(6).any(|part| part == b"script"), "{format:?}: {}", bytes.len());
        let read = image::load_from_memory(&bytes).unwrap();
        assert_eq!([i64::from(read.width()), i64::from(read.height())], sides);
    }
}}

apps! { only_a_logo_of_this_site_can_be_saved_and_only_once_it_is_uploaded, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let (site, rev) = site(&sys).await;
    let other = sys.post("/api/v1/channel/sites", json!({"key": "shop", "name": "商城", "group": t.groups[0]})).await;
    let others = uploaded(&sys, other.body["site"]["id"].as_str().unwrap(), 1).await;
    let path = format!("/api/v1/channel/sites/{site}");
    for id in [others["id"].clone(), json!("nowhere"), json!("")] {
        assert_eq!(sys.patch(&path, json!({"rev": rev, "logo": id})).await.code(), "site.logo_gone");
    }
    let own = uploaded(&sys, &site, 2).await;
    assert_eq!(sys.patch(&path, json!({"rev": rev + 7, "logo": own["id"]})).await.code(), "site.changed");
    assert_eq!(shown(&t).await, json!(null), "a change that was refused changes nothing of it");
    assert_eq!(t.anonymous().get("/api/v1/channel/logos/nowhere").await.code(), "not_found");
}}

apps! { what_no_site_shows_goes_after_a_day_and_its_content_a_day_later, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let (site, rev) = site(&sys).await;
    let (kept, replaced, unsaved) = (uploaded(&sys, &site, 1).await, uploaded(&sys, &site, 2).await, uploaded(&sys, &site, 3).await);
    save(&sys, &site, rev, replaced["id"].clone()).await;
    t.db.clock().advance(DAY / 2);
    let sys = t.staff("noon", "system_admin", &[]).await;
    save(&sys, &site, rev + 1, kept["id"].clone()).await;
    let forget = async || while t.db.write(crate::channel::purge).await.unwrap() > 0 {};
    let there = async || [fetch(&t, &kept).await.status().as_u16(), fetch(&t, &replaced).await.status().as_u16(), fetch(&t, &unsaved).await.status().as_u16()];
    forget().await;
    assert_eq!(there().await, [200, 200, 200]);
    t.db.clock().advance(DAY / 2 + Duration::from_secs(1));
    forget().await;
    assert_eq!(there().await, [200, 200, 404], "the day of the replaced one began when it was replaced");
    assert_eq!(blobs(&t).await, 3, "a backup under way may still copy its content");
    t.db.clock().advance(DAY / 2 + Duration::from_secs(1));
    forget().await;
    assert_eq!(there().await, [200, 404, 404]);
    // By now both contents are due; what a restore brought back a row of stays.
    let id = kept["id"].as_str().unwrap().to_owned();
    let again = move |tx: &mut Tx| {
        let row = store::find_logo(tx, &id)?.unwrap();
        file::delete_later(tx, row.blob)
    };
    t.db.write(again).await.unwrap();
    t.db.clock().advance(DAY * 2);
    t.until("the contents follow", async || blobs(&t).await == 1).await;
    t.until("all of them were looked at", async || waiting(&t).await == 0).await;
    assert_eq!(there().await, [200, 404, 404]);
}}

async fn waiting(t: &TestApp) -> i64 {
    let count = |tx: &mut Tx| {
        let count: Waiting =
            tx.get("count", sql!("SELECT COUNT(*) AS n FROM job WHERE name = 'file.delete_content' AND state <> 'done'"))?;
        Ok(count.n)
    };
    t.db.read(count).await.unwrap()
}

apps! { an_upload_under_a_key_is_kept_once_and_a_form_cannot_fill_the_disk, |t| async {
    let sys = t.unlimited(t.staff("sys", "system_admin", &[]).await).await;
    let (site, _) = site(&sys).await;
    let under_key = async |shade| {
        let call = sys.request(Method::POST, &format!("/api/v1/channel/sites/{site}/logo"));
        let call = call.header(header::CONTENT_TYPE, "image/png").header("idempotency-key", "k").body(emblem(shade));
        call.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let (first, again, other) = (under_key(1).await, under_key(1).await, under_key(2).await);
    assert_eq!((&first, other["code"].as_str()), (&again, Some("idempotency_key_reused")));
    assert_eq!(blobs(&t).await, 1);
    for _ in 1..40 {
        let blob = t.app.blobs.put(&t.app.context.entropy, emblem(1).into()).await.unwrap();
        let content = Content { blob, media_type: "image/png", bytes: 1, width: 1, height: 1 };
        let id = site.parse().unwrap();
        t.db.write(move |tx| logo::keep(tx, &Caller::local(Actor::Anonymous), id, &content)).await.unwrap();
    }
    let (status, body) = upload(&sys, &site, "image/png", emblem(0)).await;
    assert_eq!((status, &body["code"], &body["details"]["limit"]), (409, &json!("site.logo_limit"), &json!(40)));
    assert_eq!(blobs(&t).await, 40, "of the refused one nothing is left");
    t.db.clock().advance(DAY + Duration::from_secs(1));
    t.db.write(crate::channel::purge).await.unwrap();
    let sys = t.staff("later", "system_admin", &[]).await;
    uploaded(&sys, &site, 0).await;
}}

/// As PNG wants it (ISO 15948, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}
