//! The sealer: takes records into the chain, in the order it finds them, a chunk a unit. One node does it at a time.
//!
//! It asks for records without a place, not for records after a place: one that commits late on PostgreSQL is found like any other, and one
//! that has a place is never given a second. What a unit did is whole or undone, so a killed sealer leaves nothing to repair, and a backlog
//! of any size is worked off chunk by chunk.
use super::{
    chain::{self, Head, Seals},
    state::Trouble,
    store::{
        self,
        chain::{Chain, Whole},
    },
};
use crate::App;
use std::time::Duration;
use yingda_base::{
    Error, Result, Tx,
    lease::{Turn, in_turn},
};

/// Records of one unit: under 20 ms on either database.
const CHUNK: i64 = 64;
/// The backlog is counted up to here.
const COUNTED: i64 = 10_000;

/// The sealer of this node.
pub(super) struct Sealer {
    app: App,
    turn: Turn,
    /// What this node sealed last, for as long as it was its turn without a break.
    last: Option<Head>,
}

impl Sealer {
    pub(super) fn new(app: &App) -> Sealer {
        let turn = Turn::new("audit.seal", &app.run, &app.db, &app.context.clock);
        Sealer { app: app.clone(), turn, last: None }
    }

    /// Seals everything that waits, if it is this node's turn.
    pub(super) async fn round(&mut self) -> Result<()> {
        let done = self.seal().await;
        if done.is_err() {
            // Whether the last unit was kept may be unknown.
            self.last = None;
        }
        done
    }

    async fn seal(&mut self) -> Result<()> {
        let waiting = self.app.db.read(|tx| store::chain::waiting(tx, COUNTED)).await?;
        self.measure(&waiting);
        if !self.turn.is_ours().await? {
            self.last = None;
            return Ok(());
        }
        let mut left = waiting.waiting;
        while left > 0 {
            let (count, from, to) = self.app.db.write(in_turn(self.turn.lease(), seal_chunk)).await?;
            if self.last.is_some_and(|last| last != from) && self.app.audit.note(Trouble::Moved) {
                tracing::error!(seq = from.seq, "the audit chain was moved by somebody else than its sealer");
            }
            self.last = Some(to);
            metrics::counter!("yingda_audit_sealed_total").increment(count.cast_unsigned());
            // A full chunk says that more may wait, also what came in the meantime.
            left = if count == CHUNK { CHUNK } else { 0 };
            if left == 0 || !self.turn.is_ours().await? {
                break;
            }
        }
        Ok(())
    }

    /// Lets another node go on at once.
    pub(super) async fn end(self) -> Result<()> {
        self.turn.end().await
    }

    #[expect(clippy::cast_precision_loss, reason = "gauges are floats")]
    fn measure(&self, waiting: &store::chain::Waiting) {
        let lag = waiting.oldest.map_or(Duration::ZERO, |at| self.app.context.clock.now() - at);
        metrics::gauge!("yingda_audit_unsealed").set(waiting.waiting as f64);
        metrics::gauge!("yingda_audit_sealing_lag_seconds").set(lag.as_secs_f64());
    }
}

/// Seals a chunk: how many records, and the head before and after.
pub(super) fn seal_chunk(tx: &mut Tx) -> Result<(i64, Head, Head)> {
    let begun = begun(tx)?;
    let (from, mut head) = (begun.head(), begun.head());
    let rows = store::chain::unsealed(tx, CHUNK)?;
    let count = i64::try_from(rows.len()).map_err(Error::internal)?;
    for row in rows {
        let seals = seals(tx, &row)?;
        head = chain::follow(head, &row.body(), &seals);
        if !store::chain::seal(tx, row.id, head, &seals)? {
            return Err(Error::bug("a record was sealed by two"));
        }
    }
    if count > 0 {
        store::chain::set_head(tx, head)?;
    }
    Ok((count, from, head))
}

/// The chain with its row locked; begun if this is its first record.
pub(super) fn begun(tx: &mut Tx) -> Result<Chain> {
    if let Some(chain) = store::chain::lock(tx)? {
        return Ok(chain);
    }
    let name = tx.entropy().public_id();
    store::chain::begin(tx, &name, chain::genesis(&name))?;
    store::chain::lock(tx)?.ok_or_else(|| Error::bug("a chain that was just begun is not there"))
}

/// Seals what can be erased. Records that were written before there were salts get theirs now.
fn seals(tx: &mut Tx, row: &Whole) -> Result<Seals> {
    let has_values = row.value_of.is_some();
    let origin = row.origin_salt.clone().unwrap_or_else(|| store::salt(tx));
    let value = has_values.then(|| row.value_salt.clone().unwrap_or_else(|| store::salt(tx)));
    if row.origin_salt.is_none() || (has_values && row.value_salt.is_none()) {
        store::chain::set_salts(tx, row.id, &origin, value.as_deref())?;
    }
    Ok(Seals {
        origin: chain::seal_origin(&origin, &row.actor_name, &row.address),
        value: value.map(|salt| chain::seal_value(&salt, row.before_value.as_deref(), row.after_value.as_deref())),
    })
}
