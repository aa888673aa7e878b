//! Sealing, anchoring, forgetting and erasing.
use crate::{
    App,
    audit::{
        Audit, erase_origins, erase_values,
        jobs::prune,
        record_of_program,
        seal::seal_chunk,
        store,
        verify::{Verified, verify},
    },
    testkit::TestApp,
};
use serde_json::json;
use std::{
    sync::{Mutex, mpsc},
    time::Duration,
};
use yingda_base::{
    Error, Result, Tx, both, row, sql,
    testkit::{TestDb, database::Kind},
};

row! {
    #[derive(Debug, PartialEq)]
    pub(super) struct Place { pub chain_seq: Option<i64>, pub action: String, pub object_id: String }
}

pub(super) async fn places(db: &yingda_base::Db) -> Vec<Place> {
    db.read(|tx| tx.all(sql!("SELECT chain_seq, action, object_id FROM audit_record ORDER BY chain_seq, id"))).await.unwrap()
}

pub(super) fn noted(tx: &mut Tx, object: &str) -> Result<()> {
    let after = Some(json!({"name": object}).to_string());
    let audit = Audit { action: "group.update", object_kind: "group", object_id: object.to_owned(), after, ..Audit::default() };
    record_of_program(tx, "test", &audit)
}

/// Records `count` things, and waits until the sealer of the running service has sealed them.
pub(super) async fn sealed(t: &TestApp, count: usize) {
    t.db.write(move |tx| (0..count).try_for_each(|n| noted(tx, &n.to_string()))).await.unwrap();
    all_sealed(t).await;
}

pub(super) async fn all_sealed(t: &TestApp) {
    t.until("everything is sealed", async || t.db.read(|tx| store::chain::waiting(tx, 1)).await.unwrap().waiting == 0).await;
}

pub(super) async fn verified(app: &App) -> Verified {
    verify(&app.db, Some(&app.audit.witness)).await.unwrap()
}

/// Codes of what does not fit, without their common beginning, each with its place.
pub(super) async fn faults(app: &App) -> Vec<(String, i64)> {
    let found = verified(app).await.findings;
    found.iter().map(|finding| (finding.code.trim_start_matches("audit.fault.").to_owned(), finding.seq)).collect()
}

/// Makes the next anchor due, and waits for it.
pub(super) async fn anchored(t: &TestApp) {
    all_sealed(t).await;
    let head = async || t.db.read(|tx| Ok(store::chain::find(tx)?.unwrap().sealed_seq)).await.unwrap();
    t.until("the head is anchored", async || {
        t.db.clock().advance(Duration::from_secs(70));
        t.app.audit.anchored().is_some_and(|anchored| anchored.seq >= 1) && t.app.audit.anchored().unwrap().seq == head().await
    })
    .await;
}

both! { what_commits_late_is_sealed_once_and_in_a_dense_order, |db| async {
    if db.kind() == Kind::Sqlite {
        // One writer: nothing commits late. Chunks are all there is to see.
        db.write(|tx| (0..150).try_for_each(|n| noted(tx, &n.to_string()))).await.unwrap();
        for expected in [64, 64, 22, 0] {
            assert_eq!(db.write(seal_chunk).await.unwrap().0, expected);
        }
        return;
    }
    let (tell, told) = mpsc::channel();
    let (go, gone) = mpsc::channel();
    let (tell, gone) = (Mutex::new(tell), Mutex::new(gone));
    // Takes its id first, and commits last.
    let late = db.write(move |tx| {
        noted(tx, "late")?;
        tell.lock().unwrap().send(()).map_err(Error::internal)?;
        gone.lock().unwrap().recv().map_err(Error::internal)
    });
    let meanwhile = async {
        tokio::task::spawn_blocking(move || told.recv().unwrap()).await.unwrap();
        db.write(|tx| noted(tx, "early")).await.unwrap();
        assert_eq!(db.write(seal_chunk).await.unwrap().0, 1);
        go.send(()).unwrap();
    };
    let (late, ()) = tokio::join!(late, meanwhile);
    late.unwrap();
    assert_eq!(db.write(seal_chunk).await.unwrap().0, 1);
    assert_eq!(db.write(seal_chunk).await.unwrap().0, 0, "nothing is sealed twice");
    let order: Vec<(Option<i64>, String)> = places(&db).await.into_iter().map(|place| (place.chain_seq, place.object_id)).collect();
    assert_eq!(order, [(Some(1), "early".into()), (Some(2), "late".into())]);
}}

both! { sealers_that_meet_make_one_chain, |db| async {
    db.write(|tx| (0..500).try_for_each(|n| noted(tx, &n.to_string()))).await.unwrap();
    // A unit that is undone after its work is what a killed sealer leaves.
    let undone = |tx: &mut Tx| seal_chunk(tx).and_then(|_| Err::<(), _>(Error::unavailable("busy")));
    let all = (0..12).map(async |n| if n % 3 == 0 { db.write(undone).await.is_err() } else { db.write(seal_chunk).await.is_ok() });
    assert!(futures_util::future::join_all(all).await.into_iter().all(|as_meant| as_meant));
    while db.write(seal_chunk).await.unwrap().0 > 0 {}
    let seqs: Vec<i64> = places(&db).await.iter().map(|place| place.chain_seq.unwrap()).collect();
    assert_eq!(seqs, (1..=500).collect::<Vec<i64>>());
}}

crate::apps! { the_service_seals_anchors_and_proves_it, |t| async {
    sealed(&t, 100).await;
    anchored(&t).await;
    let told = verified(&t.app).await;
    assert_eq!((told.findings.len(), told.records, told.anchors >= 1, told.unsealed), (0, 100, true, 0), "{:?}", told.findings);
    assert_eq!(t.app.audit.trouble(), None);
    // Nothing new, no new line.
    let lines = || t.app.audit.witness.anchors.read().unwrap().anchors.len();
    let before = lines();
    t.db.clock().advance(Duration::from_secs(600));
    sealed(&t, 1).await;
    anchored(&t).await;
    assert_eq!(lines(), before + 1);
}}

crate::apps! { a_stop_anchors_what_was_sealed_last, |t| async {
    anchored_once(&t).await;
    sealed(&t, 3).await;
    t.app.supervisor.stop(Duration::from_secs(10)).await;
    let last = t.app.audit.witness.anchors.last().unwrap().unwrap();
    assert_eq!(last.head, t.db.read(|tx| Ok(store::chain::find(tx)?.unwrap().head())).await.unwrap());
    assert_eq!(faults(&t.app).await, []);
}}

async fn anchored_once(t: &TestApp) {
    sealed(t, 1).await;
    anchored(t).await;
}

crate::apps! { what_was_erased_leaves_the_chain_whole, |t| async {
    let sys = t.staff("sys", "system_admin", &[]).await;
    let made = sys.post("/api/v1/staff/groups", json!({"name": "机密组名"})).await;
    let id = made.body["group"]["id"].as_str().unwrap().to_owned();
    assert_eq!(sys.patch(&format!("/api/v1/staff/groups/{id}"), json!({"name": "改过的名"})).await.status, 200);
    let me: i64 = sys.get("/api/v1/auth/me").await.body["staff"]["id"].as_str().unwrap().parse().unwrap();
    all_sealed(&t).await;
    let group = id.clone();
    t.db.write(move |tx| { erase_values(tx, "group", &group)?; erase_origins(tx, "staff", me) }).await.unwrap();
    all_sealed(&t).await;
    let told = verified(&t.app).await;
    assert_eq!((told.findings.len(), told.erased), (0, 4), "{:?}", told.findings);
    let auditor = t.staff("auditor", "audit_admin", &[]).await;
    let log = auditor.get("/api/v1/audit?action=group.").await.body;
    assert!(!log.to_string().contains("机密组名") && !log.to_string().contains("127.0.0.1"), "{log}");
    assert_eq!(log["items"][0]["object"]["id"], id.as_str(), "that something was done stays");
    let before = places(&t.db).await;
    t.db.write(move |tx| { erase_values(tx, "group", &id)?; erase_origins(tx, "staff", me) }).await.unwrap();
    assert_eq!(places(&t.db).await, before, "again does nothing");
    assert_eq!(faults(&t.app).await, []);
}}

crate::apps! { what_is_too_old_is_forgotten_and_the_rest_still_proved, |t| async {
    sealed(&t, 120).await;
    anchored(&t).await;
    t.db.clock().advance(Duration::from_secs(200 * 24 * 3600));
    sealed(&t, 10).await;
    anchored(&t).await;
    let stopping = t.app.supervisor.stopping();
    assert_eq!(prune(&t.app, &stopping).await.unwrap(), 0, "kept for a year unless set otherwise");
    pass(&t, 170).await;
    assert_eq!(prune(&t.app, &stopping).await.unwrap(), 120);
    all_sealed(&t).await;
    let told = verified(&t.app).await;
    assert_eq!((told.findings.len(), told.records, told.forgotten), (0, 12, 120), "{:?}", told.findings);
    let last = places(&t.db).await.pop().unwrap();
    assert_eq!((last.action.as_str(), last.object_id.as_str()), ("audit.prune", "120"));
    // Cut off in the middle: a checkpoint whose records are still there. The next run takes them.
    pass(&t, 200).await;
    let keys = t.app.audit.checkpoints.clone();
    t.db.write(move |tx| {
        let chain = store::chain::find(tx)?.unwrap();
        let head = crate::audit::Head { seq: 125, hash: store::chain::hash_at(tx, 125)?.unwrap() };
        store::checkpoint::add(tx, head, &keys.mac(&crate::audit::chain::checkpoint(&chain.name, head)))
    }).await.unwrap();
    assert_eq!(faults(&t.app).await, [], "half forgotten is not a fault");
    assert_eq!(prune(&t.app, &stopping).await.unwrap(), 10);
    all_sealed(&t).await;
    assert_eq!(faults(&t.app).await, []);

    let (sys, sec) = (t.staff("sys", "system_admin", &[]).await, t.staff("sec", "security_admin", &[]).await);
    let path = "/api/v1/setting/audit.retention_days";
    assert_eq!(sec.put(path, json!({"value": 179})).await.code(), "setting.invalid", "the law asks for six months");
    for key in ["audit.retention_days", "audit.anchor_s", "visit.identity_hours"] {
        let refused = sys.put(&format!("/api/v1/setting/{key}"), json!({"value": 200})).await;
        assert_eq!(refused.status, 403, "{key} is not for whom the log is about");
    }
    t.db.clock().advance(Duration::from_secs(6 * 60));
    assert_eq!(sec.put(path, json!({"value": 180})).await.code(), "step_up_required");
    assert_eq!(t.staff("sec2", "security_admin", &[]).await.put(path, json!({"value": 180})).await.status, 204);
}}

/// Time passes, in which something happens now and then, as it does: no leap of the clock.
pub(super) async fn pass(t: &TestApp, days: u64) {
    t.db.clock().advance(Duration::from_secs(days * 24 * 3600));
    sealed(t, 1).await;
    anchored(t).await;
    t.db.clock().advance(Duration::from_secs(8 * 24 * 3600));
}

// Records as they were written before there was a chain: without salts.
both! { records_from_before_the_chain_are_sealed_too, |db| async {
    db.write(|tx| noted(tx, "1")).await.unwrap();
    db.script("UPDATE audit_record SET origin_salt = NULL; UPDATE audit_value SET salt = NULL").await;
    assert_eq!(db.write(seal_chunk).await.unwrap().0, 1);
    let row = db.read(|tx| store::chain::sealed(tx, 0, 1)).await.unwrap().pop().unwrap();
    assert!(row.origin_salt.is_some() && row.value_salt.is_some() && row.value_seal.is_some());
    let _: &TestDb = &db;
}}
