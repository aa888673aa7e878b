//! Who may do what: every operation and every client frame, tried by every persona, held against docs/matrix.tsv.
//!
//! Start at [`expected`] (the file and its gaps). [`persona`] says who tries, [`scene`] makes what they try it on, [`samples`] and [`frames`]
//! say what exactly they do, [`outcome`] how the table calls what came of it.
//! [`protocol`] holds the frames of a whole [`talk`] against their schema.

mod audit;
mod expected;
mod frames;
mod leaks;
mod outcome;
mod persona;
mod protocol;
mod samples;
mod scene;
mod talk;

use crate::{realtime::CLIENT_FRAMES, testkit::TestApp};
use expected::Row;
use futures_util::{StreamExt, future::join_all, stream};
use persona::Persona;
use scene::{Scene, Stage};
use std::collections::BTreeMap;
use yingda_base::testkit::TestDb;

/// Tries every cell of these rows and tells those that end in another way than expected.
async fn judge(t: &TestApp, stage: &Stage, rows: &[Row]) -> Vec<String> {
    let mut findings = Vec::new();
    for row in rows {
        let tries = Persona::ALL.map(|(persona, _)| attempt(t, stage, persona, row));
        for ((real, (_, name)), wanted) in join_all(tries).await.into_iter().zip(Persona::ALL).zip(&row.cells) {
            if real != *wanted {
                findings.push(format!("{} ({}) as {name}: expected {wanted}, was {real}", row.operation, row.object));
            }
        }
    }
    findings
}

async fn attempt(t: &TestApp, stage: &Stage, persona: Persona, row: &Row) -> String {
    let scene = Scene::make(t, stage, persona).await;
    let outcome = match row.operation.strip_prefix("frame ") {
        Some(frame) => frames::attempt(frame, &row.object, &scene).await,
        None => match samples::sample(&row.operation, &row.object, &scene).await {
            Some(call) => Some(outcome::of_answer(&call.made_by(&scene).await, call.looks_for.as_deref())),
            None => None,
        },
    };
    outcome.unwrap_or_else(|| "not tried: matrix/samples.rs or matrix/frames.rs has no sample".to_owned())
}

/// Rows by feature: each gets an app of its own, so that the limits of those who are counted by address are not reached.
fn by_feature(rows: Vec<Row>) -> BTreeMap<String, Vec<Row>> {
    let mut features: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows {
        let feature = row.operation.split('/').nth(3).unwrap_or(&row.operation);
        features.entry(feature.to_owned()).or_default().push(row);
    }
    features
}

async fn hold(open: impl Fn() -> TestDb + Copy) {
    let rows = expected::rows().unwrap_or_else(|error| panic!("docs/matrix.tsv: {error}"));
    let features = by_feature(rows).into_values().map(|rows| async move {
        let t = TestApp::start(open()).await;
        let stage = Stage::set(&t).await;
        let findings = judge(&t, &stage, &rows).await;
        t.stop().await;
        findings
    });
    // A few at a time: what one waits for the disk, another computes.
    let findings: Vec<String> = stream::iter(features).buffer_unordered(3).flat_map(stream::iter).collect().await;
    assert!(findings.is_empty(), "{} cells of docs/matrix.tsv do not hold:\n{}", findings.len(), findings.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cell_holds_on_sqlite() {
    hold(TestDb::sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cell_holds_on_postgres() {
    if TestDb::postgres_if_there().is_some() {
        hold(TestDb::postgres).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_and_frame_has_a_row() {
    let t = TestApp::start(TestDb::sqlite()).await;
    let (_, _, routes) = crate::routes().into_parts(t.app.clone());
    let gaps = expected::gaps(&expected::rows().unwrap(), &expected::operations(&routes, &CLIENT_FRAMES));
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
    t.stop().await;
}

/// A judge that never says no is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_expectation_is_reported() {
    let t = TestApp::start(TestDb::sqlite()).await;
    let stage = Stage::set(&t).await;
    let mut rows = expected::rows().unwrap();
    rows.retain(|row| ["GET /api/v1/auth/me", "frame ping"].contains(&row.operation.as_str()));
    assert_eq!(judge(&t, &stage, &rows).await, Vec::<String>::new());
    for row in &mut rows {
        row.cells[0] = "ok".to_owned();
    }
    let nonsense = Row { operation: "GET /api/v1/nonsense".to_owned(), ..rows[0].clone() };
    rows.push(nonsense);
    let findings = judge(&t, &stage, &rows).await;
    assert_eq!(findings[0], "GET /api/v1/auth/me (-) as anonymous: expected ok, was 401");
    assert_eq!(findings[1], "frame ping (-) as anonymous: expected ok, was 401");
    assert!(findings[2].contains("has no sample"), "{findings:?}");
    t.stop().await;
}
