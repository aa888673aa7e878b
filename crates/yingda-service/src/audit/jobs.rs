//! Forgetting records after their time. The chain stays provable: a checkpoint says where it begins from now on.
use super::{
    RETENTION_DAYS,
    aging::{self, Due},
    chain::{self, Head},
    record::{Audit, record_of_program},
    seal::begun,
    state::Trouble,
    store,
    walk::Finding,
};
use crate::App;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use yingda_base::{
    Error, Millis, Result, Tx,
    job::{Job, JobContext},
    locale::Language,
    supervisor::Stopping,
};

/// Records of one unit.
const CHUNK: i64 = 50;

/// The nightly job.
#[derive(Serialize, Deserialize)]
pub struct Prune {}

impl Job for Prune {
    const NAME: &'static str = "audit.prune";

    async fn run(self, context: &JobContext) -> Result<()> {
        prune(context.get::<App>()?, &context.stopping).await.map(drop)
    }
}

/// Forgets what is older than [`RETENTION_DAYS`] and fits; how many records. Cut off anywhere, the next run goes on: what a checkpoint
/// covers and is still there goes first.
pub(super) async fn prune(app: &App, stopping: &Stopping) -> Result<u64> {
    let days = app.settings.global(&RETENTION_DAYS);
    let kept = Duration::from_secs(days.cast_unsigned() * 24 * 3600);
    let before = app.context.clock.now() - kept;
    match aging::due(app, before).await? {
        Due::Nothing => {}
        Due::ClockLeapt => tracing::warn!("the clock has leapt ahead by a month or more: no audit records are forgotten for a week"),
        Due::Unsound(finding) => return refuse(app, &finding).await.map(|()| 0),
        Due::UpTo(head) => {
            let (db, app) = (app.db.clone(), app.clone());
            db.write(move |tx| mark(tx, &app, head, before, days)).await?;
        }
    }
    let upto = app.db.read(|tx| Ok(store::checkpoint::latest(tx)?.map_or(0, |checkpoint| checkpoint.chain_seq))).await?;
    let gone = if upto > 0 { forget(app, upto, stopping).await? } else { 0 };
    if gone > 0 {
        tracing::info!(gone, upto, days, "audit records were forgotten after their time");
    }
    Ok(gone)
}

/// Keeps everything, and says so once: here somebody has to look.
async fn refuse(app: &App, finding: &Finding) -> Result<()> {
    metrics::gauge!("yingda_audit_contradicted").set(1.0);
    tracing::error!(fault = finding.text(Language::English), "no audit records are forgotten, since they do not fit: run `yingda verify`");
    if !app.audit.note(Trouble::Unsound) {
        return Ok(());
    }
    let (object_id, refused) = (finding.seq.to_string(), "audit.unsound");
    let told = Audit { action: "audit.prune", object_kind: "audit", object_id, refused, ..Audit::default() };
    app.db.write(move |tx| record_of_program(tx, "audit.prune", &told)).await
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
fn mark(tx: &mut Tx, app: &App, head: Head, before: Millis, days: i64) -> Result<()> {
    let chain = begun(tx)?;
    let Head { seq: upto, hash } = head;
    if store::chain::hash_at(tx, upto)? != Some(hash) {
        return Err(Error::bug("a record to be forgotten is not in the chain as it was proved"));
    }
    store::checkpoint::add(tx, head, &app.audit.checkpoints.mac(&chain::checkpoint(&chain.name, head)))?;
    let after = Some(json!({"chain_seq": upto, "hash": hash.to_string(), "before": before, "days": days}).to_string());
    record_of_program(
        tx,
        "audit.prune",
        &Audit { action: "audit.prune", object_kind: "audit", object_id: upto.to_string(), after, ..Audit::default() },
    )
}
