//! Forgetting records after their time. The chain stays provable: a checkpoint says where it begins from now on.
use super::{
    RETENTION_DAYS, chain,
    chain::Head,
    record::{Audit, record_of_program},
    seal::begun,
    store,
};
use crate::App;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use yingda_base::{
    Error, Millis, Result, Tx,
    job::{Job, JobContext},
    supervisor::Stopping,
};

/// Records of one unit.
const CHUNK: i64 = 50;
/// Records looked at in one reading for how old they are.
const LOOK: i64 = 1000;

/// The nightly job.
#[derive(Serialize, Deserialize)]
pub struct Prune {}

impl Job for Prune {
    const NAME: &'static str = "audit.prune";

    async fn run(self, context: &JobContext) -> Result<()> {
        prune(context.get::<App>()?, &context.stopping).await.map(drop)
    }
}

/// Forgets what is older than [`RETENTION_DAYS`]; how many records. Cut off anywhere, the next run goes on: what a checkpoint covers and is
/// still there goes first.
pub(super) async fn prune(app: &App, stopping: &Stopping) -> Result<u64> {
    let days = app.settings.global(&RETENTION_DAYS);
    let kept = Duration::from_secs(days.cast_unsigned() * 24 * 3600);
    let before = app.context.clock.now() - kept;
    let last = app.db.read(|tx| Ok(store::checkpoint::latest(tx)?.map_or(0, |checkpoint| checkpoint.chain_seq))).await?;
    let mut upto = last;
    loop {
        let after = upto;
        let (aged, goes_on) = app.db.report(move |tx| store::checkpoint::aged(tx, after, before, LOOK)).await?;
        upto = aged;
        if !goes_on || stopping.is_set() {
            break;
        }
    }
    if upto > last {
        let app = app.clone();
        let db = app.db.clone();
        db.write(move |tx| mark(tx, &app, upto, before, days)).await?;
    }
    let gone = if upto > 0 { forget(app, upto, stopping).await? } else { 0 };
    if gone > 0 {
        tracing::info!(gone, upto, days, "audit records were forgotten after their time");
    }
    Ok(gone)
}

async fn forget(app: &App, upto: i64, stopping: &Stopping) -> Result<u64> {
    let mut gone = 0;
    loop {
        if stopping.is_set() {
            return Err(Error::unavailable("busy"));
        }
        let chunk = app.db.write(move |tx| store::checkpoint::forget(tx, upto, CHUNK)).await?;
        gone += chunk;
        if chunk < CHUNK.cast_unsigned() {
            return Ok(gone);
        }
    }
}

/// The checkpoint, vouched for by a key outside the database, and the record of it in the chain itself.
fn mark(tx: &mut Tx, app: &App, upto: i64, before: Millis, days: i64) -> Result<()> {
    let chain = begun(tx)?;
    let hash = store::chain::hash_at(tx, upto)?.ok_or_else(|| Error::bug("a record to be forgotten is not in the chain"))?;
    let head = Head { seq: upto, hash };
    store::checkpoint::add(tx, head, &app.audit.checkpoints.mac(&chain::checkpoint(&chain.name, head)))?;
    let after = Some(json!({"chain_seq": upto, "hash": hash.to_string(), "before": before, "days": days}).to_string());
    record_of_program(
        tx,
        "audit.prune",
        &Audit { action: "audit.prune", object_kind: "audit", object_id: upto.to_string(), after, ..Audit::default() },
    )
}
