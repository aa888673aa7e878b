//! Measuring how this node does.
use super::model::{Judge, Sample};
use crate::App;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use yingda_base::{Tx, supervisor::Stopping};

/// Between two samples.
const EVERY: Duration = Duration::from_millis(500);
/// A writer that takes longer is as slow as it gets.
const PATIENCE: Duration = Duration::from_secs(5);

/// Measures until the program stops.
pub async fn run(app: App, mut stopping: Stopping) {
    let mut judge = Judge::default();
    loop {
        let asked = Instant::now();
        tokio::select! {
            () = stopping.wait() => return,
            () = sleep(EVERY) => {}
        }
        let late = asked.elapsed().saturating_sub(EVERY);
        let sample = Sample { write: write_lag(&app).await, late, connections: app.surge.connections() };
        metrics::gauge!("yingda_strain_write_seconds").set(sample.write.as_secs_f64());
        metrics::gauge!("yingda_strain_late_seconds").set(sample.late.as_secs_f64());
        metrics::gauge!("yingda_strain_connections_percent").set(f64::from(sample.connections));
        app.surge.set(judge.observe(app.context.clock.elapsed(), &sample), &sample);
    }
}

/// How long an empty unit takes through the writer's queue. That it was refused is no strain: a full disk or a lost database is told elsewhere.
async fn write_lag(app: &App) -> Duration {
    let began = Instant::now();
    match timeout(PATIENCE, app.db.write(|_: &mut Tx| Ok(()))).await {
        Ok(Ok(())) => began.elapsed(),
        Ok(Err(_)) => Duration::ZERO,
        Err(_) => PATIENCE,
    }
}
