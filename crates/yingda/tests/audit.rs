//! The audit log as an operator proves it: the real binary, its files, and somebody who exchanges them.
use super::program::{Ended, Place};
use std::{fs, path::PathBuf, thread::sleep, time::Duration};

fn anchors(place: &Place) -> PathBuf {
    place.path().join("data.key.anchors")
}

/// Something is done, sealed and anchored.
fn worked(place: &Place, who: &str) {
    let made = place.command(&["admin", "create", who]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert_eq!(place.serve(&[]).stop().code, Some(0));
}

fn verify(place: &Place) -> Ended {
    place.command(&["verify"])
}

/// A whole copy of the database, beside it.
fn copied(place: &Place, name: &str) -> PathBuf {
    let copy = place.path().join(name);
    place.database().execute("VACUUM INTO ?1", [copy.display().to_string()]).unwrap();
    copy
}

fn put_back(place: &Place, copy: &PathBuf) {
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(place.path().join(format!("data/yingda.db{suffix}")));
    }
    fs::copy(copy, place.path().join("data/yingda.db")).unwrap();
}

#[test]
fn a_start_and_a_stop_seal_and_anchor_what_was_done() {
    let place = Place::new();
    worked(&place, "first");
    let line = fs::read_to_string(anchors(&place)).unwrap();
    assert!(line.starts_with("1 head ") && line.contains(" 1 ") && line.ends_with('\n'), "{line}");
    let said = verify(&place);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("1 records checked, 1 anchors fit"), "{said:?}");
    assert!(said.out.contains("0 records wait"), "{said:?}");

    place.database().execute_batch("UPDATE audit_record SET object_id = '7' WHERE chain_seq = 1").unwrap();
    let said = verify(&place);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("place 1 (record "), "{said:?}");
}

#[test]
fn an_older_copy_is_told_from_a_restored_backup() {
    let place = Place::new();
    worked(&place, "first");
    let old = copied(&place, "old.db");
    let backup = place.path().join("b.tar.zst").display().to_string();
    assert_eq!(place.command(&["backup", &backup]).code, Some(0));
    worked(&place, "second");
    worked(&place, "third");
    assert_eq!(verify(&place).code, Some(0));
    let new = copied(&place, "new.db");

    put_back(&place, &old);
    let said = verify(&place);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("rolled back") && said.out.contains("up to place 3"), "{said:?}");
    put_back(&place, &new);
    assert_eq!(verify(&place).code, Some(0));

    assert_eq!(place.command(&["restore", &backup, "--replace"]).code, Some(0));
    let said = verify(&place);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("was replaced by a restore"), "{said:?}");
    worked(&place, "fourth");
    let said = verify(&place);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(place.command(&["verify", "--backup", &backup]).code, Some(0));

    fs::remove_file(anchors(&place)).unwrap();
    let said = verify(&place);
    assert!(said.code == Some(1) && said.out.contains("the file is gone"), "{said:?}");
}

#[test]
fn a_killed_program_leaves_a_chain_that_goes_on() {
    let place = Place::new();
    for round in 0..4_u64 {
        // Twenty records to seal, and no time to do it in order.
        (0..5).for_each(|n| assert_eq!(place.command(&["export", "ratings", "-"]).code, Some(0), "{round} {n}"));
        let serving = place.serve(&[]);
        sleep(Duration::from_millis(150 * round));
        serving.signal("KILL");
        serving.end();
        let said = verify(&place);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    assert_eq!(place.serve(&[]).stop().code, Some(0));
    let said = verify(&place);
    assert!(said.code == Some(0) && said.out.contains("20 records checked"), "{said:?}");
}
