//! All values in memory, and how they keep up with the database.
use super::{Place, Scope, Setting, register, store};
use crate::{Db, Result, bus::Doorbell, supervisor::Stopping};
use std::{
    any::Any,
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::sync::mpsc;

/// Without a doorbell a change holds after this long.
const SWEEP: Duration = Duration::from_secs(2);

/// The values of this node. Cloning shares them.
#[derive(Clone, Default)]
pub struct Settings(Arc<RwLock<Arc<Snapshot>>>);

#[derive(Default)]
struct Snapshot {
    /// Absent before the first reading.
    version: Option<i64>,
    values: HashMap<(&'static str, Scope), Arc<dyn Any + Send + Sync>>,
}

impl Settings {
    /// Reads all values.
    pub async fn load(db: &Db) -> Result<Settings> {
        let settings = Settings::default();
        settings.refresh(db).await?;
        Ok(settings)
    }

    /// The value that holds at a place: the most specific one that is set, else the default.
    pub fn get<T: Clone + Send + Sync>(&self, setting: &Setting<T>, place: &Place) -> T {
        let snapshot = self.snapshot();
        let set = place
            .scopes()
            .filter(|scope| setting.scopes.contains(&scope.kind))
            .find_map(|scope| snapshot.values.get(&(setting.key, scope)));
        set.and_then(|value| value.downcast_ref::<T>()).cloned().unwrap_or_else(setting.default)
    }

    /// The value for the whole installation.
    pub fn global<T: Clone + Send + Sync>(&self, setting: &Setting<T>) -> T {
        self.get(setting, &Place::default())
    }

    /// Reads again if anything changed; whether it did.
    pub async fn refresh(&self, db: &Db) -> Result<bool> {
        let known = self.snapshot().version;
        let read = db
            .read(move |tx| {
                let version = store::head(tx)?;
                if Some(version) == known { Ok(None) } else { Ok(Some((version, store::all(tx)?))) }
            })
            .await?;
        let Some((version, rows)) = read else { return Ok(false) };
        let mut values = HashMap::new();
        for row in rows {
            let scope = Scope { kind: row.scope, id: row.scope_id };
            // Of another version of the program, or against a rule that came later: what is wider holds.
            let parsed = register::find(&row.key).and_then(|setting| {
                let json = serde_json::from_str(&row.value).map_err(crate::Error::internal)?;
                Ok((setting.key(), setting.parse(&json)?))
            });
            match parsed {
                Ok((key, value)) => drop(values.insert((key, scope), value)),
                Err(error) => tracing::warn!(%error, key = row.key, "a stored setting is not used"),
            }
        }
        Ok(self.take(Snapshot { version: Some(version), values }))
    }

    /// Takes what was read, unless somebody who read at the same time has seen more; whether it did.
    fn take(&self, read: Snapshot) -> bool {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_newer = held.version < read.version;
        if is_newer {
            *held = Arc::new(read);
        }
        is_newer
    }

    /// Keeps up until the program stops. `wake` listens to [`super::Changed`].
    pub async fn keep(self, db: Db, mut wake: mpsc::Receiver<Doorbell>, mut stopping: Stopping) {
        loop {
            tokio::select! {
                () = stopping.wait() => return,
                Some(_) = wake.recv() => while wake.try_recv().is_ok() {},
                () = tokio::time::sleep(SWEEP) => {}
            }
            if let Err(error) = self.refresh(&db).await {
                tracing::warn!(%error, "settings could not be read");
            }
        }
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_that_comes_late_takes_nothing_back() {
        let settings = Settings::default();
        let read = |version| Snapshot { version: Some(version), values: HashMap::new() };
        assert!(settings.take(read(0)) && settings.take(read(7)));
        assert!(!settings.take(read(6)) && !settings.take(read(7)));
        assert_eq!(settings.snapshot().version, Some(7));
    }
}
