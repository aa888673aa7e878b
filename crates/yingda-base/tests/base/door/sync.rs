//! An acknowledged unit was synced to the disk: counted under strace, because a kill cannot show it (the page cache survives one).
use super::{SCHEMA, add_note};
use futures_util::future::join_all;
use std::{fs::File, io::Write, process::Command};
use yingda_base::testkit::TestDb;

const LONE: i64 = 20;
const CROWD: i64 = 400;
const WHO: &str = "door::sync::workload";

/// What strace saw, in order.
#[derive(Debug, PartialEq, Clone, Copy)]
enum Seen {
    Begin,
    Sync,
    Answered,
}

fn read(log: &str) -> Vec<Seen> {
    let see = |line: &str| match line {
        // A call that was interrupted by another thread's is printed twice; its end counts.
        _ if line.contains("sync(") && !line.contains("unfinished") || line.contains("sync resumed") => Some(Seen::Sync),
        _ if line.contains("\"#begin") => Some(Seen::Begin),
        _ if line.contains("\"#answered") => Some(Seen::Answered),
        _ => None,
    };
    log.lines().filter_map(see).collect()
}

/// How many answers came without a sync since their unit began.
fn unsynced(seen: &[Seen]) -> usize {
    let mut synced = false;
    let mut count = 0;
    for event in seen {
        match event {
            Seen::Begin => synced = false,
            Seen::Sync => synced = true,
            Seen::Answered => count += usize::from(!synced),
        }
    }
    count
}

#[test]
fn the_count_sees_an_answer_without_sync() {
    let log = "1 write(7, \"#begin\\n\", 7) = 7\n2 fdatasync(5 <unfinished ...>\n1 write(7, \"#answered\\n\", 10) = 10\n2 <... fdatasync resumed>) = 0\n";
    assert_eq!(read(log), [Seen::Begin, Seen::Answered, Seen::Sync]);
    assert_eq!(unsynced(&read(log)), 1);
    assert_eq!(unsynced(&[Seen::Begin, Seen::Sync, Seen::Answered, Seen::Begin, Seen::Answered]), 1);
}

#[test]
fn every_lone_unit_is_synced_before_its_answer_and_crowds_share_syncs() {
    if Command::new("strace").arg("-V").output().is_err() {
        let allowed = std::env::var("YINGDA_ALLOW_MISSING").unwrap_or_default();
        assert!(allowed.contains("strace"), "strace is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("strace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-s", "16", "-e", "trace=fsync,fdatasync,write", "-o"]).arg(&log).arg(std::env::current_exe().unwrap());
    let output = strace.args(["--exact", WHO, "--ignored"]).env("YINGDA_MARKS", folder.path().join("marks")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let log = std::fs::read_to_string(log).unwrap();
    let seen = read(&log);
    let crowd = seen.iter().rposition(|event| *event == Seen::Begin).unwrap();
    let answered = |events: &[Seen]| events.iter().filter(|event| **event == Seen::Answered).count() as i64;
    assert_eq!((answered(&seen[..crowd]), answered(&seen[crowd..])), (LONE, 1), "the workload ran");
    assert_eq!(unsynced(&seen), 0);
    let syncs = seen[crowd..].iter().take_while(|event| **event != Seen::Answered).count() as i64 - 1;
    assert!((1..CROWD / 8).contains(&syncs), "{CROWD} units took {syncs} syncs");
}

#[tokio::test]
#[ignore = "the workload of the test above, which runs it under strace"]
async fn workload() {
    let db = TestDb::sqlite();
    db.script(SCHEMA).await;
    let path = std::env::var("YINGDA_MARKS").unwrap_or_else(|_| "/dev/null".to_owned());
    let mut marks = File::create(path).unwrap();
    for id in 0..LONE {
        marks.write_all(b"#begin\n").unwrap();
        db.write(move |tx| add_note(tx, id)).await.unwrap();
        marks.write_all(b"#answered\n").unwrap();
    }
    marks.write_all(b"#begin\n").unwrap();
    for end in join_all((0..CROWD).map(|id| db.write(move |tx| add_note(tx, 1000 + id)))).await {
        end.unwrap();
    }
    marks.write_all(b"#answered\n").unwrap();
}
