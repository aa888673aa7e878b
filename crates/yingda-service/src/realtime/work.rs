//! What a client asks to be written. Everything that waits on a connection goes into one unit, so that order holds and commits are shared.
use crate::{
    conversation::Role,
    latency::Meter,
    message::{self, Outcome, Reached, Send},
};
use std::{
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use yingda_base::{Db, Error, Result, Tx, http::Actor};

/// One wish.
pub(super) enum Work {
    /// An entry, and when it was read, by the meter's clock.
    Send(Send, Duration),
    /// A position.
    Read(Reached),
}

/// The wishes of a connection that no unit has taken yet, in order.
#[derive(Default)]
pub(super) struct Waiting(Arc<Mutex<Vec<Work>>>);

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Vec<Work>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn push(&self, work: Work) {
        self.lock().push(work);
    }

    /// Only the furthest position counts, so a newer one takes the place of one that waits.
    pub(super) fn push_read(&self, reached: Reached) {
        let mut waiting = self.lock();
        let known = waiting.iter_mut().rev().find_map(|work| match work {
            Work::Read(old) if old.conversation == reached.conversation => Some(old),
            Work::Read(_) | Work::Send(..) => None,
        });
        match known {
            Some(old) => {
                old.delivered = old.delivered.max(reached.delivered);
                old.read = old.read.max(reached.read);
            }
            None => waiting.push(Work::Read(reached)),
        }
    }

    /// Whoever speaks has other rights from now on: what waits is taken from a unit that has not begun, which would use the old ones.
    pub(super) fn renew(&mut self) {
        let left = std::mem::take(&mut *self.lock());
        *self = Waiting(Arc::new(Mutex::new(left)));
    }
}

/// What became of it.
pub(super) enum Done {
    /// Of a sending.
    Sent { conversation: String, client_id: String, outcome: Outcome },
    /// Of a position.
    Read { conversation: String, error: Option<Error> },
}

impl Work {
    fn conversation(&self) -> &str {
        match self {
            Work::Send(send, _) => &send.conversation,
            Work::Read(reached) => &reached.conversation,
        }
    }

    fn send(&self) -> Option<&Send> {
        match self {
            Work::Send(send, _) => Some(send),
            Work::Read(_) => None,
        }
    }
}

/// Wishes for one conversation, in their order; what is said without anything in between is said together.
fn run_here(tx: &mut Tx, actor: &Actor, work: &[&Work]) -> Result<Vec<Done>> {
    let mut done = Vec::with_capacity(work.len());
    for together in work.chunk_by(|a, b| a.send().is_some() && b.send().is_some()) {
        if let [Work::Read(reached)] = together {
            let error = message::read(tx, actor, reached).err();
            match error {
                Some(error) if is_fault(&error) => return Err(error),
                error => done.push(Done::Read { conversation: reached.conversation.clone(), error }),
            }
            continue;
        }
        let sends: Vec<&Send> = together.iter().filter_map(|work| work.send()).collect();
        let outcomes = message::send_all(tx, actor, &sends)?;
        done.extend(sends.iter().zip(outcomes).map(|(send, outcome)| send_done(send, outcome)));
    }
    Ok(done)
}

fn send_done(send: &Send, outcome: Outcome) -> Done {
    Done::Sent { conversation: send.conversation.clone(), client_id: send.client_id.0.clone(), outcome }
}

impl Work {
    /// Of an entry, when it was read.
    fn read_at(&self) -> Option<Duration> {
        if let Work::Send(_, at) = self { Some(*at) } else { None }
    }

    fn failed(&self, error: Error) -> Done {
        match self {
            Work::Send(send, _) => send_done(send, error.into()),
            Work::Read(reached) => Done::Read { conversation: reached.conversation.clone(), error: Some(error) },
        }
    }
}

fn is_fault(error: &Error) -> bool {
    use yingda_base::error::Kind;
    matches!(error.kind(), Kind::Internal | Kind::Unavailable)
}

/// What became of the wishes of one round.
pub(super) struct Round {
    /// Of those that were decided, in order.
    pub done: Vec<Done>,
    /// A fault of ours stopped the rest. They must not be overtaken by later wishes, so the connection ends and its client begins anew.
    pub fault: Option<Error>,
}

/// Does everything in one unit; if that fails, each wish in a unit of its own and in order, so that one bad wish spoils no other, until one
/// cannot be decided at all. In a unit, conversations are taken in the order of their ids' text, the same on every connection, so that two
/// connections seldom wait for each other; within a conversation the order stays.
pub(super) fn run(db: Db, meter: Arc<Meter>, actor: Actor, waiting: &Waiting) -> impl Future<Output = Round> + std::marker::Send + use<> {
    let taken = Arc::new(Taken { waiting: waiting.0.clone(), work: OnceLock::new() });
    carry_out(db, meter, actor, taken)
}

async fn carry_out(db: Db, meter: Arc<Meter>, actor: Actor, taken: Arc<Taken>) -> Round {
    let (in_unit, by, clock) = (taken.clone(), actor.clone(), meter.clone());
    let in_one = move |tx: &mut Tx| -> Result<_> {
        let work = in_unit.work();
        Ok((clock.now(), run_all(tx, work, &by)?))
    };
    let together = db.write(in_one).await;
    if let Ok((begun, done)) = together {
        meter.note_sendings(taken.work().iter().filter_map(Work::read_at), begun);
        return Round { done, fault: None };
    }
    let mut done = Vec::new();
    for (n, work) in taken.work().iter().enumerate() {
        let (in_unit, by) = (taken.clone(), actor.clone());
        match db.write(move |tx| run_here(tx, &by, &[&in_unit.work()[n]])).await {
            Ok(one) => done.extend(one),
            // Our own fault, the same at each try: said once and for all, or the client would repeat it for ever.
            Err(error) if error.kind() == yingda_base::error::Kind::Internal => {
                tracing::error!(cause = error.cause().map(tracing::field::display), "a frame met a fault of ours");
                done.push(work.failed(error));
            }
            Err(error) => {
                tracing::error!(
                    code = error.code(),
                    cause = error.cause().map(tracing::field::display),
                    "a frame could not be carried out"
                );
                return Round { done, fault: Some(error) };
            }
        }
    }
    Round { done, fault: None }
}

/// What a unit has taken: everything that waits when its turn comes, also what came while it stood in the queue. It may run twice, and does the
/// same then.
struct Taken {
    waiting: Arc<Mutex<Vec<Work>>>,
    work: OnceLock<Vec<Work>>,
}

impl Taken {
    fn work(&self) -> &[Work] {
        self.work.get_or_init(|| std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn run_all(tx: &mut Tx, work: &[Work], actor: &Actor) -> Result<Vec<Done>> {
    #[cfg(feature = "fault-ack-before-commit")]
    tx.answer_before_commit();
    let mut order: Vec<(usize, &Work)> = work.iter().enumerate().collect();
    order.sort_by_key(|(_, work)| work.conversation());
    let mut done: Vec<(usize, Done)> = Vec::with_capacity(work.len());
    for here in order.chunk_by(|(_, a), (_, b)| a.conversation() == b.conversation()) {
        let wishes: Vec<&Work> = here.iter().map(|(_, work)| *work).collect();
        done.extend(here.iter().map(|(n, _)| *n).zip(run_here(tx, actor, &wishes)?));
    }
    done.sort_by_key(|(n, _)| *n);
    Ok(done.into_iter().map(|(_, done)| done).collect())
}

/// In which part somebody types.
pub(super) fn typing_role(actor: &Actor) -> Role {
    match actor {
        Actor::Staff(_) => Role::Agent,
        Actor::Visitor(_) | Actor::Anonymous => Role::Customer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(conversation: &str, read: i64) -> Reached {
        Reached { conversation: conversation.to_owned(), delivered: 0, read }
    }

    fn begin(waiting: &Waiting) -> Taken {
        Taken { waiting: waiting.0.clone(), work: OnceLock::new() }
    }

    #[test]
    fn a_unit_takes_what_came_while_it_stood_in_the_queue_and_the_same_when_it_runs_again() {
        let waiting = Waiting::default();
        waiting.push_read(reached("a", 1));
        let unit = begin(&waiting);
        waiting.push_read(reached("b", 1));
        waiting.push_read(reached("a", 3));
        assert_eq!(unit.work().iter().map(Work::conversation).collect::<Vec<_>>(), ["a", "b"]);
        waiting.push_read(reached("c", 1));
        assert_eq!((unit.work().len(), waiting.len()), (2, 1));
        assert_eq!(begin(&waiting).work()[0].conversation(), "c");
    }

    #[test]
    fn what_waits_when_rights_change_is_left_to_the_next_unit() {
        let mut waiting = Waiting::default();
        waiting.push_read(reached("a", 1));
        let unit = begin(&waiting);
        waiting.renew();
        waiting.push_read(reached("b", 1));
        assert!(unit.work().is_empty());
        assert_eq!(begin(&waiting).work().len(), 2);
    }
}
