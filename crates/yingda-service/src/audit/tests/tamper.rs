//! Each way to tamper with the log by SQL, and what `verify` then says.
use super::chain::{all_sealed, anchored, faults, noted, pass, places, sealed, verified};
use crate::{
    audit::{
        AnchorKind, Trouble,
        chain::{Head, follow, genesis},
        jobs::prune,
        record_restore,
        store::{self, chain::Whole},
    },
    testkit::TestApp,
};
use yingda_base::{Result, Tx, instance, sql};

/// Thirty records, sealed and anchored, with the service stopped: whoever tampers does it behind the program's back.
async fn kept(t: &TestApp) {
    sealed(t, 20).await;
    anchored(t).await;
    sealed(t, 10).await;
    anchored(t).await;
    t.app.supervisor.stop(std::time::Duration::from_secs(10)).await;
    assert_eq!(faults(&t.app).await, []);
}

async fn tampered(t: &TestApp, script: &str) -> Vec<(String, i64)> {
    t.db.script(script).await;
    faults(&t.app).await
}

fn fault(code: &str, seq: i64) -> (String, i64) {
    (code.to_owned(), seq)
}

crate::apps! { a_changed_record_is_named, |t| async {
    kept(&t).await;
    for (column, value) in [("actor_id", "7"), ("action", "'group.create'"), ("object_id", "'x'"), ("result", "'refused'"), ("at", "1"),
        ("session_id", "3"), ("code", "'x'"), ("request", "'x'"), ("method", "'x'"), ("object_kind", "'x'"), ("actor_kind", "'x'")] {
        t.db.script("CREATE TABLE kept AS SELECT * FROM audit_record WHERE chain_seq = 5").await;
        let found = tampered(&t, &format!("UPDATE audit_record SET {column} = {value} WHERE chain_seq = 5")).await;
        assert_eq!(found, [fault("changed", 5)], "{column}");
        t.db.script(&format!("UPDATE audit_record SET {column} = (SELECT {column} FROM kept) WHERE chain_seq = 5; DROP TABLE kept")).await;
    }
    assert_eq!(faults(&t.app).await, [], "as it was");
    // The values outside the chain are held by their seals.
    assert_eq!(tampered(&t, "UPDATE audit_record SET address = '8.8.8.8' WHERE chain_seq = 6").await, [fault("origin_changed", 6)]);
    t.db.script("UPDATE audit_record SET address = '' WHERE chain_seq = 6").await;
    assert_eq!(tampered(&t, "UPDATE audit_record SET actor_name = 'somebody' WHERE chain_seq = 6").await, [fault("origin_changed", 6)]);
    t.db.script("UPDATE audit_record SET actor_name = 'test' WHERE chain_seq = 6").await;
    let value = "(SELECT id FROM audit_record WHERE chain_seq = 7)";
    assert_eq!(tampered(&t, &format!("UPDATE audit_value SET after_value = '{{}}' WHERE record_id = {value}")).await, [fault("values_changed", 7)]);
    assert_eq!(tampered(&t, &format!("DELETE FROM audit_value WHERE record_id = {value}")).await, [fault("values_missing", 7)]);
    t.db.script("INSERT INTO audit_value (record_id, after_value) SELECT id, 'x' FROM audit_record WHERE chain_seq = 7").await;
    t.db.script("UPDATE audit_record SET value_seal = NULL WHERE chain_seq = 7").await;
    assert_eq!(faults(&t.app).await, [fault("values_added", 7), fault("changed", 7)]);
}}

crate::apps! { a_removed_record_leaves_a_gap_that_is_named, |t| async {
    kept(&t).await;
    let remove = |seq: &str| format!(
        "DELETE FROM audit_value WHERE record_id IN (SELECT id FROM audit_record WHERE chain_seq {seq});
         DELETE FROM audit_record WHERE chain_seq {seq};");
    assert_eq!(tampered(&t, &remove("IN (5, 6)")).await, [fault("removed", 5)]);
    assert_eq!(tampered(&t, &remove("= 1")).await, [fault("removed", 1), fault("removed", 5)], "the first of all too");
}}

/// Numbers places anew without meeting the unique index on the way.
fn renumber(from: i64, by: i64) -> String {
    format!(
        "UPDATE audit_record SET chain_seq = -chain_seq - ({by}) WHERE chain_seq >= {from};
             UPDATE audit_record SET chain_seq = -chain_seq WHERE chain_seq < 0;"
    )
}

crate::apps! { a_removed_record_is_noticed_though_the_rest_is_numbered_anew, |t| async {
    kept(&t).await;
    let found = tampered(&t, &format!(
        "DELETE FROM audit_value WHERE record_id IN (SELECT id FROM audit_record WHERE chain_seq IN (5, 6));
         DELETE FROM audit_record WHERE chain_seq IN (5, 6); {} UPDATE audit_chain SET sealed_seq = 28", renumber(7, -2))).await;
    assert_eq!(found[0], fault("removed_renumbered", 5), "{found:?}");
    assert!(found.iter().all(|(code, _)| ["removed_renumbered", "rewritten", "rolled_back"].contains(&code.as_str())), "{found:?}");
}}

crate::apps! { an_inserted_record_is_named, |t| async {
    kept(&t).await;
    let columns = "at, actor_kind, actor_id, actor_name, session_id, method, action, object_kind, object_id, result, code, address, request,
        origin_salt, origin_seal, value_seal, chain_hash";
    let found = tampered(&t, &format!(
        "{} INSERT INTO audit_record (id, chain_seq, {columns}) SELECT 1, 10, {columns} FROM audit_record WHERE chain_seq = 4;
         INSERT INTO audit_value SELECT 1, salt, before_value, after_value FROM audit_value
           WHERE record_id = (SELECT id FROM audit_record WHERE chain_seq = 4);
         UPDATE audit_chain SET sealed_seq = 31", renumber(10, 1))).await;
    assert!(found.contains(&fault("inserted", 10)), "{found:?}");
    assert!(found.iter().all(|(code, _)| ["inserted", "rewritten"].contains(&code.as_str())), "{found:?}");
}}

crate::apps! { a_record_put_behind_the_end_is_named, |t| async {
    kept(&t).await;
    let found = tampered(&t, "UPDATE audit_chain SET sealed_seq = 29, sealed_hash = (SELECT chain_hash FROM audit_record WHERE chain_seq = 29)").await;
    assert_eq!(found, [fault("beyond_head", 30)]);
}}

fn swap(a: i64, b: i64) -> String {
    format!(
        "UPDATE audit_record SET chain_seq = -{a} WHERE chain_seq = {a};
             UPDATE audit_record SET chain_seq = {a} WHERE chain_seq = {b};
             UPDATE audit_record SET chain_seq = {b} WHERE chain_seq = -{a};"
    )
}

crate::apps! { exchanged_records_are_named_with_where_they_belong, |t| async {
    kept(&t).await;
    for (a, b) in [(5, 25), (11, 12), (2, 4)] {
        let found = tampered(&t, &swap(a, b)).await;
        assert_eq!(found.iter().filter(|(code, _)| code == "reordered").cloned().collect::<Vec<_>>(), [fault("reordered", a), fault("reordered", b)]);
        assert!(found.iter().all(|(code, _)| code != "changed" && code != "inserted"), "{found:?}");
        assert_eq!(tampered(&t, &swap(a, b)).await, [], "back again");
    }
}}

crate::apps! { a_cut_off_end_is_noticed, |t| async {
    kept(&t).await;
    let cut = "DELETE FROM audit_value WHERE record_id IN (SELECT id FROM audit_record WHERE chain_seq > 27);
               DELETE FROM audit_record WHERE chain_seq > 27;";
    assert_eq!(tampered(&t, cut).await, [fault("cut_off", 28)]);
    // With more care: the head is set back as well. Only the anchors know.
    let found = tampered(&t, "UPDATE audit_chain SET sealed_seq = 27, sealed_hash = (SELECT chain_hash FROM audit_record WHERE chain_seq = 27)").await;
    assert_eq!(found, [fault("rolled_back", 28)]);
    let told = verified(&t.app).await;
    assert_eq!(told.findings[0].details["anchored"], 30);
}}

/// Somebody who knows the format makes the whole chain anew from a changed record on.
fn forge(tx: &mut Tx) -> Result<()> {
    let name = store::chain::find(tx)?.unwrap().name;
    let mut head = genesis(&name);
    let rows = store::chain::sealed(tx, 0, 1000)?;
    // Out of the way of the unique index.
    tx.run(sql!("UPDATE audit_record SET chain_seq = -chain_seq"))?;
    for row in rows {
        head = relink(tx, head, &row)?;
    }
    store::chain::set_head(tx, head)
}

fn relink(tx: &mut Tx, before: Head, row: &Whole) -> Result<Head> {
    let seals = crate::audit::chain::Seals { origin: row.origin_seal.unwrap(), value: row.value_seal };
    let head = follow(before, &row.body(), &seals);
    tx.run(sql!("UPDATE audit_record SET chain_seq = $1, chain_hash = $2 WHERE id = $3", head.seq, head.hash, row.id))?;
    Ok(head)
}

crate::apps! { a_chain_made_anew_does_not_fit_its_anchors, |t| async {
    kept(&t).await;
    t.db.script("UPDATE audit_record SET actor_id = 99 WHERE chain_seq = 25").await;
    t.db.write(forge).await.unwrap();
    let told = verified(&t.app).await;
    let codes: Vec<&str> = told.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["audit.fault.rewritten"]);
    assert_eq!((&told.findings[0].details["seq"], &told.findings[0].details["after"]), (&30.into(), &20.into()), "between the anchors");
    // And without anchors nobody would know; that they are gone is known.
    t.app.audit.witness.anchors.remove();
    assert_eq!(faults(&t.app).await, [fault("anchors_missing", 0)]);
}}

crate::apps! { another_chain_in_its_place_is_noticed, |t| async {
    kept(&t).await;
    t.db.script("DELETE FROM audit_value; DELETE FROM audit_record; DELETE FROM audit_chain").await;
    assert_eq!(faults(&t.app).await, [fault("chain_replaced", 0)]);
    t.db.write(|tx| noted(tx, "new")).await.unwrap();
    t.db.write(crate::audit::seal::seal_chunk).await.unwrap();
    assert_eq!(faults(&t.app).await, [fault("chain_replaced", 0)]);
}}

crate::apps! { a_checkpoint_needs_the_key, |t| async {
    kept(&t).await;
    let found = tampered(&t,
        "INSERT INTO audit_checkpoint (chain_seq, hash, at, mac) SELECT 10, chain_hash, 1, chain_hash FROM audit_record WHERE chain_seq = 10;
         DELETE FROM audit_value WHERE record_id IN (SELECT id FROM audit_record WHERE chain_seq <= 10);
         DELETE FROM audit_record WHERE chain_seq <= 10").await;
    assert_eq!(found, [fault("checkpoint_forged", 10)]);
}}

crate::apps! { an_older_copy_is_noticed_and_a_restore_is_not_one, |t| async {
    kept(&t).await;
    // The copy: twenty of thirty records, with the head they had then.
    t.db.script(
        "DELETE FROM audit_value WHERE record_id IN (SELECT id FROM audit_record WHERE chain_seq > 20);
         DELETE FROM audit_record WHERE chain_seq > 20;
         UPDATE audit_chain SET sealed_seq = 20, sealed_hash = (SELECT chain_hash FROM audit_record WHERE chain_seq = 20), anchored_seq = 20").await;
    assert_eq!(faults(&t.app).await, [fault("rolled_back", 21)]);
    let anchor = t.db.write(|tx| { instance::rotate_generation(tx)?; record_restore(tx, tx.now(), "backup.tar") }).await.unwrap();
    t.app.audit.witness.anchors.append(&anchor).unwrap();
    let told = verified(&t.app).await;
    assert_eq!((told.findings.len(), told.superseded >= 1, told.unsealed), (0, true, 1), "{:?}", told.findings);
    t.db.write(crate::audit::seal::seal_chunk).await.unwrap();
    assert_eq!(faults(&t.app).await, []);
    let last = places(&t.db).await.pop().unwrap();
    assert_eq!((last.chain_seq, last.action.as_str(), last.object_id.as_str()), (Some(21), "backup.restore", &*anchor.generation));
    // What was anchored before the backup still counts.
    assert_eq!(tampered(&t, "UPDATE audit_record SET actor_id = 9 WHERE chain_seq = 3").await, [fault("changed", 3)]);
    t.db.write(forge).await.unwrap();
    assert!(faults(&t.app).await.iter().any(|(code, _)| code == "rewritten"));
}}

/// Anchors what stands there now, as the service does from time to time.
async fn anchored_anew(t: &TestApp) {
    t.db.write(|tx| noted(tx, "later")).await.unwrap();
    anchored(t).await;
}

crate::apps! { the_running_service_notices_and_writes_it_down, |t| async {
    sealed(&t, 5).await;
    anchored(&t).await;
    t.db.script("UPDATE audit_record SET actor_id = 99 WHERE chain_seq = 5").await;
    t.db.write(forge).await.unwrap();
    anchored_anew(&t).await;
    assert_eq!(t.app.audit.trouble(), Some(Trouble::Contradicted));
    all_sealed(&t).await;
    let is_told = async || places(&t.db).await.iter().any(|place| place.action == "audit.contradicted" && place.object_id == "5");
    t.until("it is written down", is_told).await;
    // What tells of it is taken out of the database too, and the service goes on: the anchors have not forgotten.
    all_sealed(&t).await;
    without(&t, "action = 'audit.contradicted'", None).await;
    anchored_anew(&t).await;
    assert!(faults(&t.app).await.contains(&fault("contradicted", 0)));
    assert_eq!(t.app.audit.witness.anchors.last().unwrap().unwrap().kind, AnchorKind::Contradicted, "a restart finds it at the end");
}}

/// Makes the whole chain anew without these records, if wanted under another name.
async fn without(t: &TestApp, what: &str, name: Option<&str>) {
    let name = name.map(|name| format!("UPDATE audit_chain SET name = '{name}'")).unwrap_or_default();
    t.db.script(&format!(
        "DELETE FROM audit_value WHERE record_id IN (SELECT id FROM audit_record WHERE {what}); DELETE FROM audit_record WHERE {what}; {name}"
    ))
    .await;
    t.db.write(forge).await.unwrap();
}

crate::apps! { a_chain_renamed_and_anchored_anew_is_noticed, |t| async {
    sealed(&t, 20).await;
    anchored(&t).await;
    without(&t, "chain_seq = 5", Some("another")).await;
    anchored_anew(&t).await;
    without(&t, "action = 'audit.contradicted'", Some("a-third")).await;
    anchored_anew(&t).await;
    t.app.supervisor.stop(std::time::Duration::from_secs(10)).await;
    let last = t.app.audit.witness.anchors.last().unwrap().unwrap();
    assert_eq!(&*last.chain, "a-third", "the service itself anchored it");
    let told = verified(&t.app).await.findings;
    assert_eq!((told[0].code, &told[0].details["anchored"]), ("audit.fault.chain_replaced", &20.into()));
}}

crate::apps! { a_copy_from_before_settles_a_contradiction, |t| async {
    sealed(&t, 20).await;
    anchored(&t).await;
    t.db.script("CREATE TABLE kept AS SELECT * FROM audit_record").await;
    t.db.script("UPDATE audit_record SET actor_id = 99 WHERE chain_seq = 5").await;
    t.db.write(forge).await.unwrap();
    anchored_anew(&t).await;
    t.app.supervisor.stop(std::time::Duration::from_secs(10)).await;
    assert!(faults(&t.app).await.contains(&fault("contradicted", 0)));
    // The copy that was kept is put back by the command for it.
    t.db.script(
        "DELETE FROM audit_value WHERE record_id NOT IN (SELECT id FROM kept);
         DELETE FROM audit_record WHERE id NOT IN (SELECT id FROM kept);
         UPDATE audit_record SET actor_id = (SELECT k.actor_id FROM kept k WHERE k.id = audit_record.id),
                                 chain_hash = (SELECT k.chain_hash FROM kept k WHERE k.id = audit_record.id);
         DROP TABLE kept;
         UPDATE audit_chain SET sealed_seq = 20, sealed_hash = (SELECT chain_hash FROM audit_record WHERE chain_seq = 20), anchored_seq = 20").await;
    let anchor = t.db.write(|tx| { instance::rotate_generation(tx)?; record_restore(tx, tx.now(), "backup.tar") }).await.unwrap();
    t.app.audit.witness.anchors.append(&anchor).unwrap();
    assert_eq!(faults(&t.app).await, []);
}}

/// What the nightly job then does, whether it is ours or that of the service: nothing, and it says so; and `verify` goes on to tell.
async fn nothing_is_forgotten(t: &TestApp, expected: &str) {
    assert_eq!(prune(&t.app, &t.app.supervisor.stopping()).await.unwrap(), 0);
    assert!(matches!(t.app.audit.trouble(), Some(Trouble::Unsound | Trouble::Contradicted)), "{:?}", t.app.audit.trouble());
    t.until("it is written down", async || places(&t.db).await.iter().any(|place| place.action == "audit.prune")).await;
    assert_eq!(first(t).await, (1..=20).collect::<Vec<i64>>());
    assert!(faults(&t.app).await.iter().any(|(code, _)| code == expected), "{:?}", faults(&t.app).await);
}

/// Which of the first twenty records are there.
async fn first(t: &TestApp) -> Vec<i64> {
    places(&t.db).await.iter().filter_map(|place| place.chain_seq).filter(|seq| *seq <= 20).collect()
}

crate::apps! { records_dated_back_are_not_forgotten, |t| async {
    sealed(&t, 20).await;
    anchored(&t).await;
    // Nothing but the times; the checkpoint that covers them would be a genuine one.
    t.db.script("UPDATE audit_record SET at = 0 WHERE chain_seq <= 15").await;
    pass(&t, 400).await;
    nothing_is_forgotten(&t, "changed").await;
}}

crate::apps! { records_dated_back_with_a_chain_that_fits_are_not_forgotten, |t| async {
    sealed(&t, 20).await;
    anchored(&t).await;
    t.db.script("UPDATE audit_record SET at = 0 WHERE chain_seq <= 15").await;
    t.db.write(forge).await.unwrap();
    pass(&t, 400).await;
    nothing_is_forgotten(&t, "contradicted").await;
}}

crate::apps! { young_records_are_kept_whatever_their_times_say, |t| async {
    sealed(&t, 20).await;
    anchored(&t).await;
    // The anchor is as old as it is: nothing behind it can be older than a year.
    t.db.script("UPDATE audit_record SET at = 0").await;
    assert_eq!(prune(&t.app, &t.app.supervisor.stopping()).await.unwrap(), 0);
    assert_eq!(first(&t).await.len(), 20);
}}

crate::apps! { a_forged_checkpoint_makes_the_program_forget_nothing, |t| async {
    sealed(&t, 20).await;
    anchored(&t).await;
    t.db.script("INSERT INTO audit_checkpoint (chain_seq, hash, at, mac) SELECT 10, chain_hash, 1, chain_hash FROM audit_record WHERE chain_seq = 10").await;
    nothing_is_forgotten(&t, "checkpoint_forged").await;
}}

crate::apps! { a_clock_set_ahead_makes_the_program_forget_nothing, |t| async {
    sealed(&t, 20).await;
    anchored(&t).await;
    t.db.clock().advance(std::time::Duration::from_secs(400 * 24 * 3600));
    let stopping = t.app.supervisor.stopping();
    assert_eq!(prune(&t.app, &stopping).await.unwrap(), 0);
    sealed(&t, 1).await;
    anchored(&t).await;
    assert_eq!(prune(&t.app, &stopping).await.unwrap(), 0, "nor when it was anchored since");
    t.db.clock().advance(std::time::Duration::from_secs(8 * 24 * 3600));
    // By us or by the service, whose night it is too.
    t.until("a week later it is believed", async || { _ = prune(&t.app, &stopping).await; first(&t).await.is_empty() }).await;
    all_sealed(&t).await;
    assert_eq!(faults(&t.app).await, []);
}}
