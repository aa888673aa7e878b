//! The only way to spawn: every task is known, told to stop at shutdown and waited for.
use std::sync::{Arc, Mutex, PoisonError};
use std::{future::Future, time::Duration};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Tells a task that the program is stopping.
#[derive(Clone)]
pub struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Resolves when the program begins to stop.
    pub async fn wait(&mut self) {
        // An error means that the supervisor is gone, which is a stop too.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }
    /// Whether the program is stopping.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }
}

/// Owns all tasks of the program. Cloning shares them.
#[derive(Clone)]
pub struct Supervisor {
    stop: Arc<watch::Sender<bool>>,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Default for Supervisor {
    fn default() -> Self {
        Supervisor { stop: Arc::new(watch::channel(false).0), tasks: Arc::default() }
    }
}

impl Supervisor {
    /// Runs a task until it ends by itself; it should end soon after [`Stopping`] fires.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(done) = tasks.try_join_next() {
            if let Err(error) = done {
                tracing::error!(%error, "a background task failed");
            }
        }
        tracing::trace!(name, "task begins");
        // As it is: a future that awaits it would hold it twice, and there are thousands.
        tasks.spawn(task);
    }

    /// For tasks to learn of the stop.
    pub fn stopping(&self) -> Stopping {
        Stopping(self.stop.subscribe())
    }

    /// Tells all tasks to stop and waits for them, at most `patience`; those that are left are aborted. Answers how many were.
    pub async fn stop(&self, patience: Duration) -> usize {
        self.stop.send_replace(true);
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async {
            while let Some(done) = tasks.join_next().await {
                if let Err(error) = done {
                    tracing::error!(%error, "a background task failed");
                }
            }
        };
        if tokio::time::timeout(patience, all).await.is_ok() {
            return 0;
        }
        let left = tasks.len();
        tasks.shutdown().await;
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tasks_end_when_told_and_the_stubborn_are_counted() {
        let supervisor = Supervisor::default();
        let (sender, mut ended) = tokio::sync::mpsc::unbounded_channel();
        for _ in 0..3 {
            let (mut stopping, sender) = (supervisor.stopping(), sender.clone());
            supervisor.spawn("obedient", async move {
                stopping.wait().await;
                sender.send(()).unwrap();
            });
        }
        supervisor.spawn("panics", async { panic!("on purpose") });
        supervisor.spawn("stubborn", std::future::pending());
        assert!(!supervisor.stopping().is_set());
        assert_eq!(supervisor.stop(Duration::from_millis(200)).await, 1);
        assert!((0..3).all(|_| ended.try_recv().is_ok()));
        assert!(supervisor.stopping().is_set());
    }
}
