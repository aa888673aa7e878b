//! Steady time over restarts. Sessions are judged by it, so that a wall clock that jumps, or is put right again, logs nobody out.
//!
//! While the program runs only the monotonic clock counts. Every minute it is noted what steady time it is, beside the wall time; at the
//! start the time since that note is added by the wall clock, which is all there is to go by then.
use super::store;
use crate::App;
use std::time::Duration;
use yingda_base::{Clock, Db, Result};

const NOTED_EVERY: Duration = Duration::from_secs(60);

/// Sets the clock going where it was when it was last noted. Before anything that looks at sessions.
pub async fn wind(db: &Db, clock: &Clock) -> Result<()> {
    if let Some(noted) = db.read(store::find_steady).await? {
        // A wall clock that went back gives nothing; sessions last a little longer then.
        clock.set_steady(noted.steady + (clock.now() - noted.wall));
    }
    Ok(())
}

/// Notes it until the program stops.
pub fn keep(app: &App) {
    let (db, mut stopping) = (app.db.clone(), app.supervisor.stopping());
    app.supervisor.spawn("steady time", async move {
        let mut tick = tokio::time::interval(NOTED_EVERY);
        loop {
            tokio::select! {
                () = stopping.wait() => return,
                _ = tick.tick() => {
                    if let Err(error) = db.write_needed(store::note_steady).await {
                        tracing::warn!(%error, "the time could not be noted; trying again in a minute");
                    }
                }
            }
        }
    });
}
