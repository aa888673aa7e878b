//! With a virus scanner: fakes that misbehave, and a real clamd whose only signature is one for the test file of virus scanners.
use super::{
    super::clamd::tests::{fake, hear_all},
    answer, code, document, png,
    torture::{EICAR, docx},
    upload_call,
};
use crate::{
    file::{OnFailure, SCAN_FAILURE, ScannerAddress, ScannerOptions, zip::tests as archive},
    testkit::TestApp,
};
use futures_util::TryStreamExt;
use reqwest::{Method, header};
use serde_json::json;
use std::{
    fs,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use yingda_base::{blob::BlobId, both, row, sql};

row! { struct Noted { action: String, code: String, object_id: String, value: String } }

fn patient(address: &ScannerAddress, seconds: u64) -> Option<ScannerOptions> {
    Some(ScannerOptions { address: address.clone(), patience: Duration::from_secs(seconds), most: 1024 * 1024 })
}

async fn blobs(t: &TestApp) -> usize {
    t.app.blobs.list().try_collect::<Vec<BlobId>>().await.unwrap().len()
}

async fn noted(t: &TestApp) -> Vec<Noted> {
    t.db.read(|tx| {
        tx.all(sql!(
            "SELECT r.action, r.code, r.object_id, v.after_value AS value FROM audit_record r JOIN audit_value v ON v.record_id = r.id
         WHERE r.action = 'file.upload' ORDER BY r.id"
        ))
    })
    .await
    .unwrap()
}

both! { what_a_scanner_finds_is_refused_and_audited_and_nothing_is_kept, |db| async {
    let (_folder, address) = fake(async |mut peer| {
        let file = hear_all(&mut peer).await;
        let said: &[u8] = if file.windows(4).any(|part| part == b"evil") { b"stream: Test.Evil FOUND\0" } else { b"stream: OK\0" };
        peer.write_all(said).await.unwrap();
    });
    let t = TestApp::start_with(db, patient(&address, 20)).await;
    let visitor = t.visitor().await;
    let conversation = visitor.open("a").await;
    let found = document::upload(&visitor, &conversation, "a.txt", b"something evil").await;
    assert_eq!(code(&found), (422, "file.infected"), "{found:?}");
    assert!(!found.1.to_string().contains("Test.Evil"), "who sends it need not know by what");
    let image = answer(upload_call(&visitor, &conversation, "image/png", [&png()[..], b"evil"].concat())).await;
    assert_eq!(code(&image), (422, "file.infected"), "an image is asked about as it came");
    let sys = t.staff("sys", "system_admin", &[]).await;
    let site = sys.get("/api/v1/channel/sites").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let call = sys.request(Method::POST, &format!("/api/v1/channel/sites/{site}/logo")).header(header::CONTENT_TYPE, "image/png");
    let logo = answer(call.body([&png()[..], b"evil"].concat())).await;
    assert_eq!(code(&logo), (422, "file.infected"), "so is the logo of a site");
    assert_eq!(blobs(&t).await, 0);
    let noted = noted(&t).await;
    assert_eq!((noted.len(), &noted[2].object_id), (3, &site));
    assert_eq!((&*noted[0].action, &*noted[0].code, &noted[0].object_id), ("file.upload", "file.infected", &conversation));
    assert!(noted[0].value.contains("Test.Evil") && !noted[0].value.contains("a.txt"), "{}", noted[0].value);
    assert_eq!(document::upload(&visitor, &conversation, "a.txt", b"something good").await.0, 201);
    let large = document::upload(&visitor, &conversation, "b.txt", &vec![b'a'; 1024 * 1024 + 1]).await;
    assert_eq!((code(&large), &large.1["details"]["limit"]), ((413, "body_too_large"), &json!(1024 * 1024)));
    t.stop().await;
}}

both! { a_scanner_without_an_answer_lets_pass_only_what_the_operator_wants, |db| async {
    // Dies in the middle of the first, talks nonsense about the next, refuses the size of the next, and never answers the others.
    let count = Arc::new(AtomicUsize::new(0));
    let (_folder, address) = fake(move |mut peer| {
        let count = count.clone();
        async move {
            match count.fetch_add(1, Ordering::Relaxed) % 4 {
                0 => {}
                1 => peer.write_all(b"220 smtp.example ESMTP\r\n\0").await.unwrap(),
                2 => peer.write_all(b"INSTREAM size limit exceeded. ERROR\0").await.unwrap(),
                _ => drop(peer.read_to_end(&mut Vec::new()).await),
            }
        }
    });
    let t = TestApp::start_with(db, patient(&address, 1)).await;
    let visitor = t.visitor().await;
    let conversation = visitor.open("a").await;
    let upload = async |name: &str| document::upload(&visitor, &conversation, name, &vec![b'a'; 500_000]).await;
    for (name, expected) in [
        ("dies.txt", (503, "file.scan_unavailable")),
        ("nonsense.txt", (503, "file.scan_unavailable")),
        ("size.txt", (413, "body_too_large")),
        ("silent.txt", (503, "file.scan_unavailable")),
    ] {
        let answer = upload(name).await;
        assert_eq!(code(&answer), expected, "{name} {answer:?}");
    }
    assert_eq!(blobs(&t).await, 0);
    let sys = t.staff("sys", "system_admin", &[]).await;
    assert_eq!(sys.put("/api/v1/setting/file.scan_failure", json!({"value": "pass"})).await.status, 204);
    t.until("the setting is known", async || t.app.settings.global(&SCAN_FAILURE) == OnFailure::Pass).await;
    for (name, expected) in [("dies.txt", 201), ("nonsense.txt", 201), ("size.txt", 413), ("silent.txt", 201)] {
        let answer = upload(name).await;
        assert_eq!(answer.0, expected, "{name} {answer:?}");
    }
    assert_eq!(noted(&t).await.len(), 0, "none of it was infected");
    t.stop().await;
}}

/// A clamd of our own, ended with this.
struct Clamd {
    child: Child,
    folder: TempDir,
}

impl Clamd {
    /// None where it is not installed and `YINGDA_ALLOW_MISSING` names `clamd`.
    async fn start() -> Option<Clamd> {
        let program = ["/usr/sbin/clamd", "/usr/local/sbin/clamd", "/usr/bin/clamd"].into_iter().find(|path| fs::exists(path).unwrap());
        let Some(program) = program else {
            let allowed = std::env::var("YINGDA_ALLOW_MISSING").unwrap_or_default();
            assert!(allowed.split([',', ' ']).any(|name| name == "clamd"), "clamd is missing, and YINGDA_ALLOW_MISSING does not name it");
            return None;
        };
        let folder = TempDir::new().unwrap();
        let base = folder.path();
        let hex: String = EICAR.concat().bytes().map(|byte| format!("{byte:02x}")).collect();
        fs::create_dir(base.join("db")).unwrap();
        fs::write(base.join("db/test.ndb"), format!("Test.Eicar:0:*:{hex}\n")).unwrap();
        let at = base.display();
        let config = format!(
            "DatabaseDirectory {at}/db\nLocalSocket {at}/clamd.ctl\nTemporaryDirectory {at}\nForeground yes\nStreamMaxLength 1M\nMaxThreads 2\n\
             ConcurrentDatabaseReload no\nOfficialDatabaseOnly no\nSelfCheck 0\n"
        );
        fs::write(base.join("clamd.conf"), config).unwrap();
        let log = fs::File::create(base.join("log")).unwrap();
        let child = Command::new(program)
            .arg("--config-file")
            .arg(base.join("clamd.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut clamd = Clamd { child, folder };
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        let ready = async {
            while super::super::clamd::version(&clamd.address()).await.is_err() {
                let log = || fs::read_to_string(clamd.folder.path().join("log")).unwrap_or_default();
                assert!(clamd.child.try_wait().unwrap().is_none(), "clamd ended: {}", log());
                tick.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), ready).await.expect("clamd starts");
        Some(clamd)
    }

    fn address(&self) -> ScannerAddress {
        ScannerAddress::Unix(self.folder.path().join("clamd.ctl"))
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

both! { a_real_clamd_finds_the_test_file_wherever_it_hides, |db| async {
    let Some(clamd) = Clamd::start().await else { return };
    // More than it takes itself: it must be heard when it refuses a size.
    let options = ScannerOptions { address: clamd.address(), patience: Duration::from_secs(30), most: 100 * 1024 * 1024 };
    let t = TestApp::start_with(db, Some(options)).await;
    let sys = t.staff("sys", "system_admin", &[]).await;
    sys.put("/api/v1/setting/file.types", json!({"value": "pdf,docx,txt,csv,zip"})).await;
    t.until("zip is allowed", async || t.app.settings.global(&crate::file::TYPES).ends_with("zip")).await;
    let eicar = EICAR.concat().into_bytes();
    for (name, bytes, expected) in [
        ("eicar.txt", eicar.clone(), "file.infected"),
        ("in.zip", archive::zip(&[("a.txt", &eicar)]), "file.infected"),
        ("in.docx", docx(&[("word/media/a.txt", &eicar)]), "file.infected"),
        ("behind.pdf", [&b"%PDF-1.7\n"[..], &eicar, b"\n%%EOF"].concat(), "file.infected"),
        ("large.txt", vec![b'a'; 3 * 1024 * 1024], "body_too_large"),
        ("good.txt", b"X5O is no virus".to_vec(), ""),
        ("good.zip", archive::zip(&[("a.txt", b"a")]), ""),
    ] {
        let visitor = t.visitor().await;
        let answer = document::upload(&visitor, &visitor.open("a").await, name, &bytes).await;
        assert_eq!(code(&answer).1, expected, "{name} {answer:?}");
    }
    assert_eq!((noted(&t).await.len(), blobs(&t).await), (4, 2));
    let visitor = t.visitor().await;
    let conversation = visitor.open("a").await;
    drop(clamd);
    let gone = document::upload(&visitor, &conversation, "a.txt", b"a").await;
    assert_eq!(code(&gone), (503, "file.scan_unavailable"));
    t.stop().await;
}}
