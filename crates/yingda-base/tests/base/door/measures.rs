//! What `/metrics` tells of the door.
use super::{SCHEMA, add_note, as_one_batch};
use metrics_exporter_prometheus::PrometheusBuilder;
use yingda_base::testkit::TestDb;

#[tokio::test]
async fn batches_and_commits_are_measured() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let db = metrics::with_local_recorder(&recorder, TestDb::sqlite);
    db.script(SCHEMA).await;
    let ends = as_one_batch(&db, (1..=30).map(|id| db.write(move |tx| add_note(tx, id))).collect()).await;
    assert!(ends.iter().all(Result::is_ok));
    let text = recorder.handle().render();
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("{name}{{pool=\"write\"}}")));
        line.and_then(|line| line.rsplit(' ').next())
            .and_then(|number| number.parse::<f64>().ok())
            .unwrap_or_else(|| panic!("{name} in {text}"))
    };
    // The script, the unit that held the writer up, and thirty units in one batch.
    assert_eq!((value("yingda_db_batch_units_count"), value("yingda_db_batch_units_sum")), (3.0, 32.0));
    assert_eq!(value("yingda_db_commit_seconds_count"), 3.0);
    assert_eq!(value("yingda_db_waiting_units"), 0.0);
}
