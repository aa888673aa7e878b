//! The loop of a consumer.
use super::{Changes, Feed, Source, load, save};
use crate::{Clock, Db, Result, bus::Doorbell, supervisor::Stopping};
use std::{future::Future, time::Duration};
use tokio::sync::mpsc;

/// Without a doorbell a change is seen after this long.
const IDLE: Duration = Duration::from_millis(500);
/// How often the place is saved: a restart applies at most this much again.
const SAVE_EVERY: Duration = Duration::from_secs(5);

/// A consumer whose place is kept in the database under its name.
pub struct Follower {
    /// Its name.
    pub consumer: &'static str,
    /// The database of table and place.
    pub db: Db,
    /// For the times between looks.
    pub clock: Clock,
    /// When to end.
    pub stopping: Stopping,
}

impl Follower {
    /// Follows `source` until the program stops. `apply` gets every change at least once; after an error it gets the same again.
    /// A doorbell on `wake` is answered at once.
    pub async fn run<S, F, Fut>(mut self, source: S, mut wake: mpsc::Receiver<Doorbell>, mut apply: F)
    where
        S: Source,
        F: FnMut(Vec<S::Item>) -> Fut + Send,
        Fut: Future<Output = Result<()>> + Send,
    {
        let consumer = self.consumer;
        let settled = loop {
            match self.db.read(move |tx| load(tx, consumer)).await {
                Ok(settled) => break settled,
                Err(error) => tracing::warn!(%error, consumer, "the place in a feed could not be read"),
            }
            if self.wait(&mut wake).await {
                return;
            }
        };
        let mut feed = Feed::new(source, self.db.clone(), self.clock.clone(), settled);
        let mut saved = (settled, self.clock.elapsed());
        loop {
            match step(&mut feed, &mut apply).await {
                Ok(true) => {}
                Ok(false) if self.wait(&mut wake).await => break,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%error, consumer, "changes could not be applied");
                    if self.wait(&mut wake).await {
                        break;
                    }
                }
            }
            let now = self.clock.elapsed();
            if feed.settled() > saved.0 && now.saturating_sub(saved.1) >= SAVE_EVERY {
                saved = (feed.settled(), now);
                self.save(saved.0).await;
            }
        }
        self.save(feed.settled()).await;
    }

    async fn save(&self, settled: i64) {
        let consumer = self.consumer;
        if let Err(error) = self.db.write(move |tx| save(tx, consumer, settled)).await {
            tracing::warn!(%error, consumer, "the place in a feed could not be saved");
        }
    }

    /// Whether the program stops.
    async fn wait(&mut self, wake: &mut mpsc::Receiver<Doorbell>) -> bool {
        tokio::select! {
            () = self.stopping.wait() => true,
            // A closed bell is never rung again; the idle time goes on.
            Some(_) = wake.recv() => {
                while wake.try_recv().is_ok() {}
                false
            }
            () = tokio::time::sleep(IDLE) => false,
        }
    }
}

/// Applies what there is; whether there was something.
async fn step<S, F, Fut>(feed: &mut Feed<S>, apply: &mut F) -> Result<bool>
where
    S: Source,
    F: FnMut(Vec<S::Item>) -> Fut + Send,
    Fut: Future<Output = Result<()>> + Send,
{
    let Changes { items, note } = feed.next().await?;
    if items.is_empty() {
        return Ok(false);
    }
    apply(items).await?;
    feed.done(&note);
    Ok(true)
}
