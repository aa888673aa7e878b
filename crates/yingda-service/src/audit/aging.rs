//! Up to where records may be forgotten. What a row says of its own age counts for nothing until the chain proves it and an anchor dates it:
//! else whoever can write to the database sets times back, and the program itself forgets what they want forgotten, with a genuine checkpoint.
use super::{
    anchor::{Anchor, Reading},
    chain::{self, Head},
    store::{
        self,
        checkpoint::{self, Checkpoint},
    },
    verify::{expected, go_on},
    walk::{Finding, Walk},
};
use crate::App;
use serde_json::json;
use std::time::Duration;
use yingda_base::{Error, Millis, Result};

/// Records looked at in one reading for how old they are.
const LOOK: i64 = 1000;
const DAY: Duration = Duration::from_secs(24 * 3600);
/// No anchor for so long, and then one again: either nothing happened, or the clock was set ahead.
const LEAP: Duration = DAY.saturating_mul(30);
/// For so long after a leap nothing is forgotten; a clock that is wrong is noticed sooner.
const CALM: Duration = DAY.saturating_mul(7);

/// What may be forgotten.
#[derive(Debug)]
pub(super) enum Due {
    /// Nothing.
    Nothing,
    /// Nothing yet: the clock has leapt.
    ClockLeapt,
    /// Nothing before somebody looked: this is wrong.
    Unsound(Finding),
    /// Everything up to here, which fits.
    UpTo(Head),
}

/// Looks for records older than `before`, and proves them. Errors: those of the database, `audit.anchor_unreadable`.
pub(super) async fn due(app: &App, before: Millis) -> Result<Due> {
    let begin = |tx: &mut yingda_base::Tx| Ok((store::chain::find(tx)?, checkpoint::latest(tx)?));
    let (Some(chain), checkpoint) = app.db.read(begin).await? else { return Ok(Due::Nothing) };
    if let Some(forged) = checkpoint.as_ref().filter(|checkpoint| !is_ours(app, &chain.name, checkpoint)) {
        return Ok(Due::Unsound(Finding::new("audit.fault.checkpoint_forged", forged.chain_seq, json!({}))));
    }
    let anchors = app.audit.witness.anchors.clone();
    let mut reading = tokio::task::spawn_blocking(move || anchors.read()).await.map_err(Error::internal)??;
    reading.settle();
    if let Some(finding) = fault_of(&reading, &chain.name) {
        return Ok(Due::Unsound(finding));
    }
    let (expected, _) = expected(&reading, &chain.name);
    let dated = expected.iter().filter(|(_, anchor)| anchor.at < before).map(|(seq, _)| *seq).max().unwrap_or(0);
    let from = checkpoint.map_or_else(|| chain::genesis(&chain.name), |checkpoint| checkpoint.head());
    let mut upto = from.seq;
    while upto < dated {
        let (after, limit) = (upto, LOOK.min(dated - upto));
        let (aged, goes_on) = app.db.report(move |tx| checkpoint::aged(tx, after, before, limit)).await?;
        upto = aged;
        if !goes_on {
            break;
        }
    }
    if upto <= from.seq {
        return Ok(Due::Nothing);
    }
    if has_leapt(&reading.anchors, app.context.clock.now()) {
        return Ok(Due::ClockLeapt);
    }
    let mut walk = Walk::new(from, expected);
    let mut findings = go_on(&app.db, &mut walk, upto).await?;
    let (seq, hash) = (walk.seq(), walk.hash());
    findings.extend(walk.end());
    match (findings.into_iter().next(), hash) {
        (Some(finding), _) => Ok(Due::Unsound(finding)),
        (None, Some(hash)) => Ok(Due::UpTo(Head { seq, hash })),
        (None, None) => Ok(Due::Nothing),
    }
}

/// Whether this program made it.
pub(super) fn is_ours(app: &App, chain: &str, checkpoint: &Checkpoint) -> bool {
    let key = app.audit.witness.keyring.mac_key("audit.checkpoint");
    key.matches(&chain::checkpoint(chain, checkpoint.head()), &checkpoint.mac)
}

fn fault_of(reading: &Reading, chain: &str) -> Option<Finding> {
    if let Some(line) = reading.broken.first() {
        return Some(Finding::new("audit.fault.anchor_broken", 0, json!({"line": line})));
    }
    let replaced = reading.anchors.last().filter(|last| *last.chain != *chain);
    let good = reading.contradiction().map(|(good, _)| good).or(replaced)?;
    Some(Finding::new("audit.fault.chain_replaced", 0, json!({"at": good.at, "anchored": good.head.seq})))
}

/// Whether the clock seems to have been set far ahead of late.
fn has_leapt(anchors: &[Anchor], now: Millis) -> bool {
    let times = || anchors.iter().map(|anchor| anchor.at);
    let is_leap = |(before, after): (Millis, Millis)| after - before >= LEAP && after <= now && now - after < CALM;
    times().zip(times().skip(1).chain([now])).any(is_leap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{anchor::AnchorKind, chain::genesis};

    #[test]
    fn a_clock_set_ahead_is_waited_for() {
        let day = |day: u64| Millis(0) + DAY.saturating_mul(u32::try_from(day).unwrap());
        let at = |days: &[u64]| -> Vec<Anchor> {
            let anchor = |days: &u64| Anchor {
                kind: AnchorKind::Head,
                at: day(*days),
                chain: "c".into(),
                generation: "g".into(),
                head: genesis("c"),
            };
            days.iter().map(anchor).collect()
        };
        assert!(!has_leapt(&[], day(900)), "nothing is known");
        assert!(!has_leapt(&at(&[1, 20, 40, 60]), day(80)));
        assert!(has_leapt(&at(&[1, 20]), day(400)), "ahead since the last one");
        assert!(has_leapt(&at(&[1, 20, 385]), day(386)), "and anchored since");
        assert!(!has_leapt(&at(&[1, 20, 385]), day(393)), "a week later it is believed");
        assert!(!has_leapt(&at(&[1, 20, 385, 21, 22]), day(23)), "and put right again");
    }
}
