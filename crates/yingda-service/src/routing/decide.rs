//! The routing decision as a pure function of queues and agents.
use crate::conversation::ConversationId;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use yingda_base::Millis;

/// A conversation that waits, in the order of its queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Which one.
    pub id: ConversationId,
    /// The skill group it waits in.
    pub group: i64,
    /// Stands at the head because its owner was lost.
    pub is_returned: bool,
    /// Since when.
    pub queued_at: Millis,
}

/// An agent who is connected and accepting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The account.
    pub id: i64,
    /// Skill groups.
    pub groups: BTreeSet<i64>,
    /// Conversations served now.
    pub load: i64,
    /// Most at once.
    pub limit: i64,
    /// When this agent was last given one: the tie-breaker.
    pub assigned_at: Millis,
}

/// Why an agent got a conversation; kept with it and shown to staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    /// `least_busy`.
    pub code: &'static str,
    /// The agent's load before, and limit.
    pub load: i64,
    /// Most at once.
    pub limit: i64,
    /// Agents of the group who could have taken it.
    pub candidates: usize,
    /// How long it waited, in milliseconds.
    pub waited_ms: u64,
}

/// An agent for a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Which conversation.
    pub conversation: ConversationId,
    /// To whom.
    pub agent: i64,
    /// The reason.
    pub why: Why,
}

/// Decides who gets what. Of each group the one that waits longest comes first, over all groups the oldest; it goes to the agent of its group
/// with the fewest conversations, of those to the one whose last one was longest ago, of those to the lowest id.
pub fn decide(waiting: &[Waiting], agents: &[Agent], now: Millis) -> Vec<Decision> {
    let mut order: Vec<&Waiting> = waiting.iter().collect();
    order.sort_by_key(|w| (!w.is_returned, w.queued_at, w.id));
    // Load and time of the last assignment change with each decision of this round.
    let mut standing: HashMap<i64, (i64, Millis)> = agents.iter().map(|agent| (agent.id, (agent.load, agent.assigned_at))).collect();
    let mut decisions = Vec::new();
    for waiting in order {
        let free = agents.iter().filter(|agent| agent.groups.contains(&waiting.group) && standing[&agent.id].0 < agent.limit);
        let candidates: Vec<&Agent> = free.collect();
        let Some(best) = candidates.iter().min_by_key(|agent| (standing[&agent.id], agent.id)) else { continue };
        let load = standing[&best.id].0;
        let waited_ms = u64::try_from((now - waiting.queued_at).as_millis()).unwrap_or(u64::MAX);
        let why = Why { code: "least_busy", load, limit: best.limit, candidates: candidates.len(), waited_ms };
        decisions.push(Decision { conversation: waiting.id, agent: best.id, why });
        standing.insert(best.id, (load + 1, now));
    }
    decisions
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn agent(id: i64, groups: &[i64], load: i64, limit: i64) -> Agent {
        Agent { id, groups: groups.iter().copied().collect(), load, limit, assigned_at: Millis(0) }
    }

    fn waiting(id: i64, group: i64, queued_at: i64) -> Waiting {
        Waiting { id: ConversationId(id), group, is_returned: false, queued_at: Millis(queued_at) }
    }

    fn pairs(decisions: &[Decision]) -> Vec<(i64, i64)> {
        decisions.iter().map(|d| (d.conversation.0, d.agent)).collect()
    }

    #[test]
    fn the_oldest_goes_to_the_least_busy() {
        let queue = [waiting(1, 1, 20), waiting(2, 1, 10)];
        let agents = [agent(7, &[1], 2, 5), agent(8, &[1], 0, 1)];
        let decided = decide(&queue, &agents, Millis(100));
        assert_eq!(pairs(&decided), [(2, 8), (1, 7)]);
        assert_eq!(decided[0].why, Why { code: "least_busy", load: 0, limit: 1, candidates: 2, waited_ms: 90 });
    }

    #[test]
    fn a_returned_one_comes_first() {
        let mut returned = waiting(3, 1, 99);
        returned.is_returned = true;
        let decided = decide(&[waiting(1, 1, 10), returned], &[agent(7, &[1], 0, 1)], Millis(100));
        assert_eq!(pairs(&decided), [(3, 7)]);
    }

    #[test]
    fn equals_take_turns() {
        let mut agents = [agent(7, &[1], 0, 5), agent(8, &[1], 0, 5)];
        agents[0].assigned_at = Millis(50);
        assert_eq!(pairs(&decide(&[waiting(1, 1, 1)], &agents, Millis(100))), [(1, 8)]);
    }

    proptest! {
        /// Nobody gets more than their limit or a group that isn't theirs; nothing is given twice; nobody idles while work they could do waits;
        /// within a group nobody is overtaken; the order of the input doesn't matter.
        #[test]
        fn decisions_are_fair(
            queue in proptest::collection::vec((1i64..4, any::<bool>(), 0i64..50), 0..40),
            staff in proptest::collection::vec((proptest::collection::btree_set(1i64..4, 0..3), 0i64..4, 0i64..5, 0i64..30), 0..12),
        ) {
            let queue: Vec<Waiting> = queue.into_iter().enumerate().map(|(n, (group, is_returned, at))|
                Waiting { id: ConversationId(n as i64), group, is_returned, queued_at: Millis(at) }).collect();
            let agents: Vec<Agent> = staff.into_iter().enumerate().map(|(n, (groups, load, limit, at))|
                Agent { id: n as i64, groups, load, limit, assigned_at: Millis(at) }).collect();
            let decisions = decide(&queue, &agents, Millis(60));
            let given = |id: i64| decisions.iter().filter(|d| d.agent == id).count() as i64;
            for agent in &agents {
                prop_assert!(given(agent.id) <= (agent.limit - agent.load).max(0));
            }
            for decision in &decisions {
                let w = queue.iter().find(|w| w.id == decision.conversation).unwrap();
                prop_assert!(agents.iter().find(|a| a.id == decision.agent).unwrap().groups.contains(&w.group));
            }
            let mut seen: Vec<_> = decisions.iter().map(|d| d.conversation).collect();
            seen.sort_unstable();
            seen.dedup();
            prop_assert_eq!(seen.len(), decisions.len());
            for left in queue.iter().filter(|w| !seen.contains(&w.id)) {
                prop_assert!(agents.iter().all(|a| !a.groups.contains(&left.group) || a.load + given(a.id) >= a.limit));
                let key = |w: &Waiting| (!w.is_returned, w.queued_at, w.id);
                prop_assert!(queue.iter().filter(|w| w.group == left.group && seen.contains(&w.id)).all(|w| key(w) < key(left)));
            }
            let mut shuffled = queue.clone();
            shuffled.reverse();
            prop_assert_eq!(pairs(&decide(&shuffled, &agents, Millis(60))), pairs(&decisions));
        }
    }
}
