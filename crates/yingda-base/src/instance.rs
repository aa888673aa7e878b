//! This database history, and this run of the program on it.
//!
//! The *generation* is random per history: a restore or a failover that lost something rotates it, and clients that know another one drop
//! what they remember. A *node* is one run of the program: it leases the node bits of its ids and keeps, ahead of them, a floor that the
//! next run must exceed, so that no id repeats even if the clock steps back between the two.
//!
//! Order at start: [`DataDir::open`], [`crate::migrate::run`], [`Instance::start`], [`crate::key::Keyring::open`], [`Db::open`],
//! [`Instance::inherit`], then [`Instance::keep`] in the background and, at the very end, [`Instance::release`].
mod data_dir;
mod node;

pub use data_dir::{DataDir, Lock};
pub use node::renewal;

use crate::{
    Clock, Context, Db, Error, Result, Tx,
    db::{Engine, Options, direct},
    id::IdSource,
    job,
    lease::{self, Watch},
    random::Entropy,
    row, sql,
    supervisor::Stopping,
};
use node::{Node, STALE};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

crate::texts!("instance/texts.toml");

/// This run. Cloning shares it.
#[derive(Clone)]
pub struct Instance(Arc<Run>);

struct Run {
    holder: String,
    context: Context,
    node: Mutex<u16>,
    generation: RwLock<Arc<str>>,
    others: Mutex<Watch<i64>>,
}

row! {
    struct Value { value: String }
}

impl Instance {
    /// Takes a node number and reads (or first makes) the generation. To be called on a migrated database before the door opens; blocks.
    /// The context is what [`Db::open`] and everything else gets. Errors: those of a connection, `instance.no_node_free`.
    pub fn start(options: &Options, clock: &Clock, entropy: &Entropy) -> Result<(Instance, Context)> {
        let holder = entropy.public_id();
        let ids = IdSource::new(clock.clone(), 0, 0);
        let context = Context { clock: clock.clone(), entropy: entropy.clone(), ids };
        let (node, generation) = direct::with(&options.engine, |direct| {
            let holder = holder.clone();
            direct.unit(&context, move |tx| Ok((node::acquire(tx, &holder)?, generation(tx)?)))
        })?;
        settle(&context.ids, &node);
        let run = Run {
            holder,
            context: context.clone(),
            node: Mutex::new(node.number),
            generation: RwLock::new(generation.into()),
            others: Mutex::default(),
        };
        Ok((Instance(Arc::new(run)), context))
    }

    /// Random per database history; clients compare it.
    pub fn generation(&self) -> Arc<str> {
        self.0.generation.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Names this run among all that ever were: the holder of its leases.
    pub fn holder(&self) -> &str {
        &self.0.holder
    }

    /// The node bits of its ids.
    pub fn node(&self) -> u16 {
        *self.0.node.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Renews the node lease every [`renewal`] until the program stops.
    pub async fn keep(self, db: Db, mut stopping: Stopping) {
        loop {
            tokio::select! {
                () = stopping.wait() => return,
                () = tokio::time::sleep(renewal(db.engine())) => {}
            }
            if let Err(error) = self.renew(&db).await {
                tracing::warn!(%error, "the node lease could not be renewed");
            }
        }
    }

    /// One renewal: moves the floor ahead, follows the ids of other nodes, frees numbers of nodes that died, and learns of a new generation.
    /// A node that was taken for dead goes on under another number.
    pub async fn renew(&self, db: &Db) -> Result<()> {
        let (number, holder, ids) = (self.node(), self.0.holder.clone(), self.0.context.ids.clone());
        let (node, nodes, generation) = db
            .write(move |tx| {
                let node = match node::renew(tx, number, &holder, &ids)? {
                    Some(node) => node,
                    None => node::acquire(tx, &holder)?,
                };
                Ok((node, node::list(tx)?, generation(tx)?))
            })
            .await?;
        if node.number != number {
            tracing::warn!(from = number, to = node.number, "the node lease was lost; a new one is held");
            *self.0.node.lock().unwrap_or_else(PoisonError::into_inner) = node.number;
        }
        settle(&self.0.context.ids, &Node { number: node.number, was: number, ..node });
        self.learn_generation(generation);
        self.free_dead(db, &nodes).await
    }

    /// On SQLite, for the program that holds the data directory: all other runs are dead, so what they held is free at once instead of
    /// after its counters have stood still. On PostgreSQL others may live; it does nothing there.
    pub async fn inherit(&self, db: &Db) -> Result<()> {
        if matches!(db.engine(), Engine::Postgres(_)) {
            return Ok(());
        }
        let holder = self.0.holder.clone();
        db.write(move |tx| {
            lease::free_all(tx)?;
            job::free_all(tx)?;
            let dead = node::list(tx)?.into_iter().filter(|node| node.holder.as_ref().is_some_and(|other| *other != holder));
            dead.into_iter().try_for_each(|node| node::free(tx, node.node, node.renewals))
        })
        .await
    }

    /// Gives the node number back. Nothing may make ids of it afterwards.
    pub async fn release(&self, db: &Db) -> Result<()> {
        let (number, holder, ids) = (self.node(), self.0.holder.clone(), self.0.context.ids.clone());
        db.write(move |tx| node::release(tx, number, &holder, ids.high_water())).await
    }

    fn learn_generation(&self, new: String) {
        let mut known = self.0.generation.write().unwrap_or_else(PoisonError::into_inner);
        if **known != *new {
            tracing::warn!("the database history has changed");
            *known = new.into();
        }
    }

    async fn free_dead(&self, db: &Db, nodes: &[node::Leased]) -> Result<()> {
        let now = self.0.context.clock.elapsed();
        let dead: Vec<(i64, i64)> = {
            let mut watch = self.0.others.lock().unwrap_or_else(PoisonError::into_inner);
            let held = nodes.iter().filter(|node| node.holder.as_ref().is_some_and(|holder| *holder != self.0.holder));
            held.filter(|node| watch.still_for(node.node, node.renewals, now) >= STALE).map(|node| (node.node, node.renewals)).collect()
        };
        if dead.is_empty() {
            return Ok(());
        }
        db.write(move |tx| dead.iter().try_for_each(|(number, renewals)| node::free(tx, *number, *renewals))).await
    }
}

fn settle(ids: &IdSource, node: &Node) {
    ids.raise(node.floor, (node.number != node.was).then_some(node.number));
    ids.set_ceiling(node.ceiling);
}

/// The generation; made with the database.
pub fn generation(tx: &mut Tx) -> Result<String> {
    let fresh = tx.entropy().public_id();
    tx.run(sql!("INSERT INTO instance (key, value) VALUES ('generation', $1) ON CONFLICT (key) DO NOTHING", fresh))?;
    Ok(tx.get::<Value>("generation", sql!("SELECT value FROM instance WHERE key = 'generation'"))?.value)
}

/// Begins another history: after a restore, or a failover that may have lost something.
pub fn rotate_generation(tx: &mut Tx) -> Result<String> {
    let fresh = tx.entropy().public_id();
    tx.run(sql!(
        "INSERT INTO instance (key, value) VALUES ('generation', $1)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        &fresh
    ))?;
    Ok(fresh)
}

/// Makes a restored database the beginning of another history: a new generation, and nothing is held by those who ran on the old one.
pub fn begin_anew(tx: &mut Tx) -> Result<()> {
    rotate_generation(tx)?;
    lease::free_all(tx)?;
    job::free_all(tx)?;
    node::free_all(tx)
}

fn no_node_free() -> Error {
    Error::unavailable("instance.no_node_free").retry_after(60_000)
}
