//! With simulated days.
use super::forget;
use crate::{
    apps,
    auth::{Revocation, revoke},
    testkit::{Client, GROUP, TestApp},
};
use futures_util::TryStreamExt;
use image::{DynamicImage, ImageFormat, RgbImage};
use reqwest::{Method, header};
use serde_json::json;
use std::{io::Cursor, time::Duration};
use yingda_base::{blob::BlobId, row, sql, supervisor::Supervisor};

const DAY: Duration = Duration::from_secs(24 * 3600);

row! {
    #[derive(Debug, PartialEq)]
    struct Counts { answers: i64, sessions: i64, failures: i64, revocations: i64 }
    struct Done { n: i64 }
}

async fn counts(t: &TestApp) -> Counts {
    let count = |tx: &mut yingda_base::Tx| {
        let all = sql!(
            "SELECT (SELECT COUNT(*) FROM idempotency) AS answers, (SELECT COUNT(*) FROM session) AS sessions,
                    (SELECT COUNT(*) FROM login_failure) AS failures, (SELECT COUNT(*) FROM revocation) AS revocations"
        );
        tx.get("counts", all)
    };
    t.db.read(count).await.unwrap()
}

async fn forget_now(t: &TestApp) {
    forget(&t.db, &t.app.supervisor.stopping()).await.unwrap();
}

apps! { what_nobody_needs_is_forgotten_in_its_time, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    assert_eq!(sys.post("/api/v1/staff/groups", json!({"name": "投诉"})).await.status, 201);
    t.anonymous().post("/api/v1/auth/login", json!({"login": "sys", "password": "wrong password"})).await;
    // More than a chunk.
    t.db.write(|tx| (0..450).try_for_each(|n| revoke(tx, Revocation::Staff(n)))).await.unwrap();
    let fresh = counts(&t).await;
    assert!(fresh.failures > 0 && (fresh.answers, fresh.sessions, fresh.revocations) == (1, 1, 450), "{fresh:?}");
    forget_now(&t).await;
    assert_eq!(counts(&t).await, fresh);
    // Ids, by which revocations age, may run a little ahead of the clock.
    t.db.clock().advance(DAY + Duration::from_secs(120));
    forget_now(&t).await;
    assert_eq!(counts(&t).await, Counts { answers: 0, sessions: 1, failures: 0, revocations: 0 });
    // A session can be set to last ninety days; its row stays for thirty days more.
    t.db.clock().advance(DAY * 118);
    forget_now(&t).await;
    assert_eq!(counts(&t).await.sessions, 1);
    t.db.clock().advance(DAY);
    forget_now(&t).await;
    assert_eq!(counts(&t).await.sessions, 0);
}}

apps! { a_stop_ends_it_and_the_next_run_goes_on, |t| async {
    t.db.write(|tx| revoke(tx, Revocation::Staff(1))).await.unwrap();
    t.db.clock().advance(DAY * 2);
    let stopped = Supervisor::default();
    stopped.stop(Duration::ZERO).await;
    assert_eq!(forget(&t.db, &stopped.stopping()).await.unwrap_err().code(), "busy");
    assert_eq!(counts(&t).await.revocations, 1);
    forget_now(&t).await;
    assert_eq!(counts(&t).await.revocations, 0);
}}

async fn done(t: &TestApp) -> i64 {
    let count = |tx: &mut yingda_base::Tx| tx.get("count", sql!("SELECT COUNT(*) AS n FROM job WHERE name = 'purge' AND state = 'done'"));
    let done: Done = t.db.read(count).await.unwrap();
    done.n
}

apps! { it_runs_at_the_start_and_every_night, |t| async {
    t.until("the purge of the start is done", async || done(&t).await == 1).await;
    t.db.write(|tx| revoke(tx, Revocation::Staff(1))).await.unwrap();
    t.db.clock().advance(DAY * 2);
    t.until("the nightly purge has run", async || counts(&t).await.revocations == 0).await;
}}

async fn upload(client: &Client, conversation: &str) -> String {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(RgbImage::new(4, 3)).write_to(&mut bytes, ImageFormat::Png).unwrap();
    let path = format!("/api/v1/file/images?conversation={conversation}");
    let call = client.request(Method::POST, &path).header(header::CONTENT_TYPE, "image/png").body(bytes.into_inner());
    let answer: serde_json::Value = call.send().await.unwrap().json().await.unwrap();
    answer["file"]["id"].as_str().unwrap().to_owned()
}

apps! { an_upload_that_was_never_sent_goes_away, |t| async {
    let visitor = t.visitor().await;
    let conversation = visitor.open("a").await;
    let (sent, unsent) = (upload(&visitor, &conversation).await, upload(&visitor, &conversation).await);
    let mut panel = visitor.socket().await;
    let body = json!({"file": sent, "width": 4, "height": 3});
    panel.send(json!({"type": "send", "conversation": conversation, "client_id": "i1", "kind": "image", "body": body})).await;
    panel.expect("ack").await;
    let blobs = async || t.app.blobs.list().try_collect::<Vec<BlobId>>().await.unwrap().len();

    t.db.clock().advance(DAY - Duration::from_secs(1));
    forget_now(&t).await;
    let boss = t.staff("boss", "supervisor", &[GROUP]).await;
    let link = async |file: &str| boss.post(&format!("/api/v1/file/{file}/link"), json!({})).await.status;
    assert_eq!((link(&sent).await, link(&unsent).await), (200, 200));
    t.db.clock().advance(Duration::from_secs(2));
    forget_now(&t).await;
    assert_eq!((link(&sent).await, link(&unsent).await), (200, 404));
    assert_eq!(blobs().await, 2, "a backup under way may still copy its content");
    t.db.clock().advance(DAY + Duration::from_secs(2));
    t.until("the content follows", async || blobs().await == 1).await;
    let boss = t.staff("late", "supervisor", &[GROUP]).await;
    assert_eq!(boss.post(&format!("/api/v1/file/{sent}/link"), json!({})).await.status, 200, "that of the sent one stays");
}}
