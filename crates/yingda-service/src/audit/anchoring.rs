//! Anchoring: each node writes the head it sees into the anchor file beside its key file, and looks whether the chain still fits the last line.
use super::{
    ANCHOR_S,
    anchor::{Anchor, AnchorKind},
    record::{Audit, record_of_program},
    seal::begun,
    state::{Anchored, Trouble},
    store,
};
use crate::App;
use std::{sync::Arc, time::Duration};
use yingda_base::{Error, Millis, Result, Tx, instance};

/// The anchoring of this node.
pub(super) struct Anchoring {
    app: App,
    /// The last line of the file; outer `None`: not read yet.
    last: Option<Option<Anchor>>,
    anchored_at: Option<Duration>,
    /// What was noticed and could not be written down yet: a database in trouble is no reason to keep quiet.
    untold: Vec<(&'static str, i64)>,
}

impl Anchoring {
    pub(super) fn new(app: &App) -> Anchoring {
        Anchoring { app: app.clone(), last: None, anchored_at: None, untold: Vec::new() }
    }

    /// Anchors the head if it moved and the time has come.
    pub(super) async fn round(&mut self) -> Result<()> {
        let every = Duration::from_secs(self.app.settings.global(&ANCHOR_S).cast_unsigned());
        let now = self.app.context.clock.elapsed();
        if self.anchored_at.is_some_and(|at| now.saturating_sub(at) < every) {
            return Ok(());
        }
        self.anchor().await
    }

    /// Anchors the head if it moved.
    pub(super) async fn anchor(&mut self) -> Result<()> {
        let Some(chain) = self.app.db.read(store::chain::find).await? else { return Ok(()) };
        self.anchored_at = Some(self.app.context.clock.elapsed());
        let outcome = self.put(&chain).await;
        let state = &self.app.audit;
        match &outcome {
            Ok(()) => state.anchors_usable(),
            Err(error) if error.code().starts_with("audit.anchor_") => {
                metrics::counter!("yingda_audit_anchor_failures_total").increment(1);
                state.note(Trouble::AnchorsUnusable);
            }
            Err(_) => {}
        }
        outcome
    }

    async fn put(&mut self, chain: &store::chain::Chain) -> Result<()> {
        let last = match self.last.take() {
            Some(last) => last,
            None => self.first_look(chain).await?,
        };
        let kind = match &last {
            Some(last) if !self.is_continued(chain, last).await? => AnchorKind::Contradicted,
            _ => AnchorKind::Head,
        };
        self.tell().await?;
        let (head, at) = (chain.head(), self.app.context.clock.now());
        // What contradicts is said even if it is nothing: a restart must not make it forgotten.
        let is_said = |last: &Anchor| last.head == head && *last.chain == *chain.name && (last.kind == kind || kind == AnchorKind::Head);
        if last.as_ref().map_or(head.seq == 0, is_said) {
            self.last = Some(last);
            return Ok(());
        }
        let generation = Arc::from(&*self.app.generation);
        let anchor = Anchor { kind, at, chain: chain.name.as_str().into(), generation, head };
        let (anchors, line) = (self.app.audit.witness.anchors.clone(), anchor.clone());
        blocking(move || anchors.append(&line)).await?;
        self.app.db.write(move |tx| store::chain::set_anchored(tx, head.seq)).await?;
        self.note_anchored(head.seq, at);
        tracing::info!(seq = head.seq, hash = %head.hash, chain = chain.name, "the audit chain is anchored");
        self.last = Some(Some(anchor));
        Ok(())
    }

    /// What the file says at the start. That it is gone is written down in the chain itself.
    async fn first_look(&mut self, chain: &store::chain::Chain) -> Result<Option<Anchor>> {
        let anchors = self.app.audit.witness.anchors.clone();
        let last = blocking(move || anchors.last()).await?;
        match &last {
            Some(last) => self.note_anchored(last.head.seq, last.at),
            None if chain.anchored_seq > 0 && self.app.audit.note(Trouble::AnchorsMissing) => {
                tracing::error!(path = %self.app.audit.witness.anchors.path().display(), "the anchors of the audit chain are gone; new ones begin");
                self.untold.push(("audit.anchors_missing", chain.anchored_seq));
            }
            None => {}
        }
        Ok(last)
    }

    /// Whether the record that was anchored last still stands where it stood, and nothing contradicted then.
    async fn is_continued(&mut self, chain: &store::chain::Chain, last: &Anchor) -> Result<bool> {
        let (seq, hash, name) = (last.head.seq, last.head.hash, last.chain.clone());
        let stands =
            move |tx: &mut Tx| Ok(seq == 0 || store::chain::hash_at(tx, seq)? == Some(hash) || store::checkpoint::covers(tx, seq)?);
        let is_continued = last.kind != AnchorKind::Contradicted && *name == *chain.name && self.app.db.read(stands).await?;
        if !is_continued && self.app.audit.note(Trouble::Contradicted) {
            metrics::gauge!("yingda_audit_contradicted").set(1.0);
            tracing::error!(seq, hash = %last.head.hash, at = %last.at, "the audit chain does not fit its anchors: run `yingda verify`");
            self.untold.push(("audit.contradicted", seq));
        }
        Ok(is_continued)
    }

    /// Writes down what was noticed; what cannot be written is tried again with the next round.
    async fn tell(&mut self) -> Result<()> {
        while let Some(&(action, seq)) = self.untold.first() {
            let tell = move |tx: &mut Tx| {
                record_of_program(
                    tx,
                    "yingda serve",
                    &Audit { action, object_kind: "audit", object_id: seq.to_string(), ..Audit::default() },
                )
            };
            self.app.db.write(tell).await?;
            self.untold.remove(0);
        }
        Ok(())
    }

    fn note_anchored(&self, seq: i64, at: Millis) {
        self.app.audit.set_anchored(Anchored { seq, at });
        #[expect(clippy::cast_precision_loss, reason = "gauges are floats")]
        metrics::gauge!("yingda_audit_anchored_at_seconds").set(at.0 as f64 / 1000.0);
    }
}

/// Writes down that a backup was restored: as a record of the audit log, and as an anchor that says from where the chain goes on, so that
/// `yingda verify` can tell a restore from a chain that was cut off.
///
/// For `yingda restore`, on the restored data with its new generation, before anybody is served. The anchor is to be appended
/// ([`super::Anchors::append`]) before the data is put in place: one too many does no harm, one too few looks like a rollback.
/// `taken_at` and `source` say which backup it was.
pub fn record_restore(tx: &mut Tx, taken_at: Millis, source: &str) -> Result<Anchor> {
    let chain = begun(tx)?;
    let generation = instance::generation(tx)?;
    let after = Some(serde_json::json!({"taken_at": taken_at, "source": source, "chain_seq": chain.sealed_seq}).to_string());
    let (object_kind, object_id) = ("generation", generation.clone());
    record_of_program(tx, "yingda restore", &Audit { action: "backup.restore", object_kind, object_id, after, ..Audit::default() })?;
    store::chain::set_anchored(tx, chain.sealed_seq)?;
    let (generation, at) = (generation.as_str().into(), tx.now());
    Ok(Anchor { kind: AnchorKind::Restore, at, chain: chain.name.as_str().into(), generation, head: chain.head() })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
