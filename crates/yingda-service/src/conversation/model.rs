//! What a conversation is, and the rules by which it stands: pure, no database.
use crate::auth::Object;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use yingda_base::{Error, Millis, Result, id, row, text_enum};

id! {
    /// Names a conversation inside the house. Outside it goes by its public id.
    pub struct ConversationId;
}

text_enum! {
    /// Where an episode is.
    pub enum State {
        /// Waits in the queue of its group.
        Queued = "queued",
        /// Has an owner.
        Served = "served",
        /// Over; perhaps reopened within the limit.
        Closed = "closed",
    }
}

text_enum! {
    /// Who ended an episode.
    pub enum CloseReason {
        /// The customer.
        Customer = "customer",
        /// The owner, or one who may for others.
        Agent = "agent",
        /// Nobody spoke for long.
        Timeout = "timeout",
        /// The house.
        System = "system",
    }
}

text_enum! {
    /// Why a conversation stands in the queue again.
    pub enum QueuedBy {
        /// Its owner's grace ended.
        AgentLost = "agent_lost",
        /// It was reopened.
        Reopened = "reopened",
        /// Its owner gave it back.
        Returned = "returned",
        /// It was passed on to this group.
        Transferred = "transferred",
    }
}

row! {
    /// The row of a conversation.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Conversation {
        /// Inside the house.
        pub id: ConversationId,
        /// For everybody: tells nothing.
        pub public_id: String,
        /// What the outside calls it.
        pub external_id: Option<String>,
        /// Joins the episodes of a customer on a channel.
        pub thread_id: i64,
        /// Whose.
        pub customer_id: i64,
        /// Opened by.
        pub device_id: i64,
        /// Came by.
        pub site_id: i64,
        /// Came through.
        pub channel_id: i64,
        /// Belongs to.
        pub branch_id: Option<i64>,
        /// Whose queue it is in, or was.
        pub group_id: i64,
        /// Where it stands.
        pub state: State,
        /// The member of staff who speaks to the customer.
        pub owner_id: Option<i64>,
        /// Grows with each change of owner.
        pub epoch: i64,
        /// Grows with each change.
        pub rev: i64,
        /// The last `seq`.
        pub head: i64,
        /// The last `seq` the customer may see.
        pub customer_head: i64,
        /// The customer's language.
        pub locale: String,
        /// What it is about.
        pub subject: Option<String>,
        /// The page the customer looks at.
        pub page_url: Option<String>,
        /// Its title.
        pub page_title: Option<String>,
        /// When it began.
        pub opened_at: Millis,
        /// Since when it waits.
        pub queued_at: Option<Millis>,
        /// Stands at the head of its queue, because it had an owner before.
        pub is_returned: bool,
        /// When it was first taken.
        pub accepted_at: Option<Millis>,
        /// When it ended.
        pub closed_at: Option<Millis>,
        /// Who ended it.
        pub close_reason: Option<CloseReason>,
        /// The customer's oldest word that nobody has answered.
        pub waiting_since: Option<Millis>,
        /// JSON: the last routing decision with its reason.
        pub why: Option<String>,
        /// The episode this one continues.
        pub previous_id: Option<ConversationId>,
        /// The episode that continues this one.
        pub next_id: Option<ConversationId>,
    }
}

impl Object for Conversation {
    const WHAT: &'static str = "conversation";
    fn customer(&self) -> i64 {
        self.customer_id
    }
    fn group(&self) -> i64 {
        self.group_id
    }
    fn branch(&self) -> Option<i64> {
        self.branch_id
    }
    fn owner(&self) -> Option<i64> {
        self.owner_id
    }
}

impl Conversation {
    /// Gives a queued conversation an owner.
    pub fn assign(&mut self, staff: i64, now: Millis) -> Result<()> {
        if self.state != State::Queued {
            return Err(Error::conflict("conversation_not_queued"));
        }
        self.state = State::Served;
        self.owner_id = Some(staff);
        self.epoch += 1;
        self.accepted_at.get_or_insert(now);
        self.queued_at = None;
        self.is_returned = false;
        Ok(())
    }

    /// Passes a served conversation on to another owner.
    pub fn hand_over(&mut self, staff: i64) -> Result<()> {
        if self.state != State::Served {
            return Err(Error::conflict("conversation_not_served"));
        }
        if self.owner_id.replace(staff) != Some(staff) {
            self.epoch += 1;
        }
        Ok(())
    }

    /// Takes a served conversation back to the queue, to its head: the customer has waited already.
    pub fn requeue(&mut self, by: QueuedBy, now: Millis) -> Result<()> {
        if self.state != State::Served {
            return Err(Error::conflict("conversation_not_served"));
        }
        self.leave_owner();
        self.state = State::Queued;
        self.queued_at = Some(now);
        self.is_returned = by != QueuedBy::Reopened;
        Ok(())
    }

    /// Ends the episode. Ending it twice changes nothing: answers whether it was open.
    pub fn close(&mut self, reason: CloseReason, now: Millis) -> bool {
        if self.state == State::Closed {
            return false;
        }
        self.leave_owner();
        self.state = State::Closed;
        self.closed_at = Some(now);
        self.close_reason = Some(reason);
        self.queued_at = None;
        self.is_returned = false;
        self.waiting_since = None;
        true
    }

    /// Whether a closed episode may still be reopened.
    pub fn is_reopenable(&self, limit: Duration, now: Millis) -> bool {
        self.next_id.is_none() && self.closed_at.is_some_and(|closed| now - closed <= limit)
    }

    /// Opens a closed episode again, in the queue; `assign` follows if a member of staff did it.
    pub fn reopen(&mut self, limit: Duration, now: Millis) -> Result<()> {
        if self.state != State::Closed {
            return Err(Error::conflict("conversation_not_closed"));
        }
        if !self.is_reopenable(limit, now) {
            return Err(Error::conflict("reopen_too_late"));
        }
        self.state = State::Queued;
        self.queued_at = Some(now);
        self.closed_at = None;
        self.close_reason = None;
        Ok(())
    }

    /// Keeps the clock of the customer's unanswered word.
    pub fn spoken(&mut self, by_customer: bool, now: Millis) {
        if by_customer {
            self.waiting_since.get_or_insert(now);
        } else {
            self.waiting_since = None;
        }
    }

    fn leave_owner(&mut self) {
        if self.owner_id.take().is_some() {
            self.epoch += 1;
        }
    }
}

#[cfg(test)]
pub(crate) fn fixture() -> Conversation {
    Conversation {
        id: ConversationId(1),
        public_id: "c1".into(),
        external_id: None,
        thread_id: 1,
        customer_id: 1,
        device_id: 1,
        site_id: 1,
        channel_id: 1,
        branch_id: None,
        group_id: 1,
        state: State::Queued,
        owner_id: None,
        epoch: 0,
        rev: 1,
        head: 0,
        customer_head: 0,
        locale: "zh-CN".into(),
        subject: None,
        page_url: None,
        page_title: None,
        opened_at: Millis(1),
        queued_at: Some(Millis(1)),
        is_returned: false,
        accepted_at: None,
        closed_at: None,
        close_reason: None,
        waiting_since: None,
        why: None,
        previous_id: None,
        next_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: Duration = Duration::from_secs(3600);

    #[derive(Clone, Debug)]
    enum Step {
        Assign(i64),
        HandOver(i64),
        Lose,
        Close,
        Reopen,
        Speak(bool),
        Wait(i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1..4i64).prop_map(Step::Assign),
            (1..4i64).prop_map(Step::HandOver),
            Just(Step::Lose),
            Just(Step::Close),
            Just(Step::Reopen),
            any::<bool>().prop_map(Step::Speak),
            (0..2_000_000i64).prop_map(Step::Wait),
        ]
    }

    proptest! {
        /// Whatever happens: served means owned, queued means waiting since a time, closed means neither; a new owner means a new epoch;
        /// a refused step changes nothing.
        #[test]
        fn a_conversation_always_stands_somewhere(steps in proptest::collection::vec(step(), 0..40)) {
            let (mut c, mut now) = (fixture(), 1i64);
            for step in steps {
                let before = c.clone();
                let done = match step {
                    Step::Assign(staff) => c.assign(staff, Millis(now)),
                    Step::HandOver(staff) => c.hand_over(staff),
                    Step::Lose => c.requeue(QueuedBy::AgentLost, Millis(now)),
                    Step::Close => { c.close(CloseReason::Agent, Millis(now)); Ok(()) }
                    Step::Reopen => c.reopen(LIMIT, Millis(now)),
                    Step::Speak(by_customer) => { if c.state != State::Closed { c.spoken(by_customer, Millis(now)) }; Ok(()) }
                    Step::Wait(ms) => { now += ms; Ok(()) }
                };
                prop_assert!(done.is_ok() || c == before);
                prop_assert_eq!(c.state == State::Served, c.owner_id.is_some());
                prop_assert_eq!(c.state == State::Queued, c.queued_at.is_some());
                prop_assert_eq!(c.state == State::Closed, c.closed_at.is_some());
                prop_assert_eq!(c.owner_id != before.owner_id, c.epoch != before.epoch);
                prop_assert!(c.epoch >= before.epoch);
                prop_assert!(c.state != State::Closed || c.waiting_since.is_none());
            }
        }
    }

    #[test]
    fn reopening_ends_with_the_limit() {
        let mut c = fixture();
        c.close(CloseReason::Customer, Millis(1000));
        assert_eq!(c.clone().reopen(LIMIT, Millis(1000 + 3_600_001)).unwrap_err().code(), "reopen_too_late");
        assert!(c.reopen(LIMIT, Millis(1000 + 3_600_000)).is_ok());
    }

    #[test]
    fn the_clock_of_the_customer_runs_from_the_oldest_unanswered_word() {
        let mut c = fixture();
        c.spoken(true, Millis(5));
        c.spoken(true, Millis(9));
        assert_eq!(c.waiting_since, Some(Millis(5)));
        c.spoken(false, Millis(10));
        assert_eq!(c.waiting_since, None);
    }
}
