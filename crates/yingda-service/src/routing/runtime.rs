//! The router at work: expires leases, ends graces, and applies decisions by compare-and-set. One node does it at a time.
use super::{
    decide::{Agent, Decision, decide},
    presence,
    store::{self, Lease},
    turn::turn,
};
use crate::{
    App,
    conversation::{Episode, State, actions},
};
use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};
use yingda_base::{
    Clock, Result, Tx,
    lease::{Turn, in_turn},
    supervisor::Stopping,
};

/// A lease whose counter stands still for so long, by the observer's own monotonic clock, has ended.
const LEASE: Duration = Duration::from_secs(22);
/// How long a lost agent keeps their conversations. It stops while no router runs.
const GRACE: Duration = Duration::from_secs(180);
/// How often leases are looked at, and the longest that a lost doorbell can hold up a decision.
const TICK: Duration = Duration::from_secs(1);
/// Grace is written down in steps, so that it survives a restart.
const GRACE_STEP: Duration = Duration::from_secs(5);
/// Of each group, the conversations one round looks at.
const HEADS: i64 = 200;

/// Routes until the program stops, whenever it is this node's turn.
pub async fn run(app: App, mut stopping: Stopping) {
    let mut turn = turn(&app);
    let mut observer = Observer::new(app.context.clock.clone());
    let (mut board, mut roster) = (app.board.watch(), app.roster.watch());
    while !stopping.is_set() {
        if let Err(error) = round(&app, &mut turn, &mut observer).await {
            tracing::warn!(%error, "a routing round failed and will be tried again");
        }
        tokio::select! {
            () = stopping.wait() => {}
            _ = board.changed() => {}
            _ = roster.changed() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
    if let Err(error) = turn.end().await {
        tracing::warn!(%error, "the router's lease could not be given back; the next router waits for it to end");
    }
}

async fn round(app: &App, turn: &mut Turn, observer: &mut Observer) -> Result<()> {
    if !turn.is_ours().await? {
        // What was seen before another one's turn says nothing about the time after it.
        *observer = Observer::new(app.context.clock.clone());
        return Ok(());
    }
    let leases = app.db.read(store::all).await?;
    let owners: BTreeSet<i64> = app.db.read(store::owners).await?.into_iter().collect();
    for verdict in observer.observe(&leases, &owners) {
        app.db.write(in_turn(turn.lease(), move |tx| apply_verdict(tx, verdict))).await?;
    }
    for decision in app.db.read(plan).await? {
        // Many decisions take longer than a lease lives.
        if !turn.is_ours().await? {
            return Ok(());
        }
        app.db.write(in_turn(turn.lease(), move |tx| apply(tx, &decision))).await?;
    }
    Ok(())
}

fn plan(tx: &mut Tx) -> Result<Vec<Decision>> {
    let waiting = store::waiting(tx, HEADS)?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let mut agents: Vec<Agent> = Vec::new();
    for row in store::free(tx)? {
        match agents.last_mut() {
            Some(last) if last.id == row.id => {
                last.groups.insert(row.group_id);
            }
            _ => agents.push(Agent {
                id: row.id,
                groups: [row.group_id].into(),
                load: row.load,
                limit: row.max_conversations,
                assigned_at: row.assigned_at,
            }),
        }
    }
    Ok(decide(&waiting, &agents, tx.now()))
}

/// Compare and set: everything the decision rests on is looked at again under lock. What no longer fits is left for the next round.
fn apply(tx: &mut Tx, decision: &Decision) -> Result<()> {
    let mut episode = Episode::lock_by_id(tx, decision.conversation)?;
    if episode.row.state != State::Queued || store::lock(tx, decision.agent)?.is_none() {
        return Ok(());
    }
    let Some((name, limit)) = store::eligible(tx, decision.agent, episode.row.group_id)? else { return Ok(()) };
    match actions::check_load(tx, decision.agent, limit) {
        Err(full) if full.code() == "conversation_limit_reached" => return Ok(()),
        checked => checked?,
    }
    let why = serde_json::to_value(&decision.why).map_err(yingda_base::Error::internal)?;
    actions::assign(tx, &mut episode, decision.agent, &name, &why)?;
    episode.save(tx)?;
    store::set_assigned(tx, decision.agent)
}

/// What has to be done about a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Owns something without ever having had a desk: the grace begins.
    Begin { staff: i64 },
    /// Nobody renewed it.
    Expire { staff: i64, renewals: i64 },
    /// More of the grace is used up.
    UseGrace { staff: i64, ms: i64 },
    /// The grace is over.
    Return { staff: i64 },
}

fn apply_verdict(tx: &mut Tx, verdict: Verdict) -> Result<()> {
    match verdict {
        Verdict::Begin { staff } => store::ensure(tx, staff),
        Verdict::Expire { staff, renewals } => {
            if store::expire(tx, staff, renewals)? {
                presence::tell(tx, staff)
            } else {
                Ok(())
            }
        }
        Verdict::UseGrace { staff, ms } => store::use_grace(tx, staff, ms),
        Verdict::Return { staff } => {
            // The desk may have come back since the lease was read. Conversation rows are locked first, then presence.
            let still_gone = |tx: &mut Tx| -> Result<bool> { Ok(store::lock(tx, staff)?.is_none_or(|lease| !lease.is_connected)) };
            if store::owners(tx)?.contains(&staff) && still_gone(tx)? {
                let returned = actions::return_all(tx, staff)?;
                tracing::info!(staff, returned, "the grace of a lost agent ended; their conversations wait again");
            }
            Ok(())
        }
    }
}

/// Watches renewal counters by its own monotonic clock: wall clocks of nodes and databases may differ and jump.
struct Observer {
    clock: Clock,
    seen: HashMap<i64, Seen>,
}

struct Seen {
    renewals: i64,
    since: Duration,
    grace_counted: Duration,
}

impl Observer {
    fn new(clock: Clock) -> Observer {
        Observer { clock, seen: HashMap::new() }
    }

    /// Grace matters only for those who own something.
    fn observe(&mut self, leases: &[Lease], owners: &BTreeSet<i64>) -> Vec<Verdict> {
        let now = self.clock.elapsed();
        let mut verdicts = Vec::new();
        for owner in owners.iter().filter(|owner| !leases.iter().any(|lease| lease.staff_id == **owner)) {
            verdicts.push(Verdict::Begin { staff: *owner });
        }
        for lease in leases {
            let fresh = || Seen { renewals: lease.renewals, since: now, grace_counted: now };
            let seen = self.seen.entry(lease.staff_id).or_insert_with(fresh);
            if seen.renewals != lease.renewals {
                *seen = fresh();
            }
            if lease.is_connected {
                seen.grace_counted = now;
                if now.saturating_sub(seen.since) > LEASE {
                    verdicts.push(Verdict::Expire { staff: lease.staff_id, renewals: lease.renewals });
                }
                continue;
            }
            if !owners.contains(&lease.staff_id) {
                seen.grace_counted = now;
                continue;
            }
            let uncounted = now.saturating_sub(seen.grace_counted);
            let used = Duration::from_millis(u64::try_from(lease.grace_used_ms).unwrap_or(0));
            if used + uncounted > GRACE {
                verdicts.push(Verdict::Return { staff: lease.staff_id });
            } else if uncounted >= GRACE_STEP {
                seen.grace_counted = now;
                verdicts.push(Verdict::UseGrace { staff: lease.staff_id, ms: i64::try_from(uncounted.as_millis()).unwrap_or(i64::MAX) });
            }
        }
        verdicts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yingda_base::Millis;

    fn lease(renewals: i64, is_connected: bool, grace_used_ms: i64) -> Lease {
        Lease { staff_id: 7, renewals, is_connected, is_accepting: true, is_visible: true, grace_used_ms, changed_at: Millis(0) }
    }

    fn owners() -> BTreeSet<i64> {
        [7].into()
    }

    #[test]
    fn a_lease_ends_when_its_counter_stands_still() {
        let clock = Clock::manual(Millis(0));
        let mut observer = Observer::new(clock.clone());
        assert!(observer.observe(&[lease(1, true, 0)], &owners()).is_empty());
        clock.advance(Duration::from_secs(20));
        assert!(observer.observe(&[lease(2, true, 0)], &owners()).is_empty());
        clock.advance(Duration::from_secs(20));
        clock.step_to(Millis(99_999_999_999));
        assert!(observer.observe(&[lease(2, true, 0)], &owners()).is_empty(), "a jump of the wall clock expires nobody");
        clock.advance(Duration::from_secs(3));
        assert_eq!(observer.observe(&[lease(2, true, 0)], &owners()), [Verdict::Expire { staff: 7, renewals: 2 }]);
    }

    #[test]
    fn grace_is_counted_in_steps_and_survives_a_restart() {
        let clock = Clock::manual(Millis(0));
        let mut observer = Observer::new(clock.clone());
        assert!(observer.observe(&[lease(1, false, 0)], &owners()).is_empty());
        clock.advance(Duration::from_secs(6));
        assert_eq!(observer.observe(&[lease(1, false, 0)], &owners()), [Verdict::UseGrace { staff: 7, ms: 6000 }]);
        // Another router begins anew with what was written down; the time between does not count.
        clock.advance(Duration::from_secs(3600));
        let mut next = Observer::new(clock.clone());
        assert!(next.observe(&[lease(1, false, 176_000)], &owners()).is_empty());
        clock.advance(Duration::from_secs(5));
        let verdicts = next.observe(&[lease(1, false, 176_000)], &owners());
        assert!(verdicts.contains(&Verdict::Return { staff: 7 }), "{verdicts:?}");
    }
}
