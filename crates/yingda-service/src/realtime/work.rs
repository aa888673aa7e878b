//! What a client asks to be written. Everything that waits on a connection goes into one unit, so that order holds and commits are shared.
use crate::{
    conversation::Role,
    latency::Meter,
    message::{self, Outcome, Reached, Send},
};
use std::{sync::Arc, time::Duration};
use yingda_base::{Db, Error, Result, Tx, http::Actor};

/// One wish.
pub(super) enum Work {
    /// An entry, and when it was read, by the meter's clock.
    Send(Send, Duration),
    /// A position.
    Read(Reached),
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
pub(super) async fn run(db: Db, meter: Arc<Meter>, actor: Actor, work: Vec<Work>) -> Round {
    let work = Arc::new(work);
    let (in_unit, by, clock) = (work.clone(), actor.clone(), meter.clone());
    let together = db.write(move |tx| Ok((clock.now(), run_all(tx, &in_unit, &by)?))).await;
    if let Ok((begun, done)) = together {
        meter.note_sendings(work.iter().filter_map(Work::read_at), begun);
        return Round { done, fault: None };
    }
    let mut done = Vec::new();
    for n in 0..work.len() {
        let (in_unit, by) = (work.clone(), actor.clone());
        match db.write(move |tx| run_here(tx, &by, &[&in_unit[n]])).await {
            Ok(one) => done.extend(one),
            // Our own fault, the same at each try: said once and for all, or the client would repeat it for ever.
            Err(error) if error.kind() == yingda_base::error::Kind::Internal => {
                tracing::error!(cause = error.cause().map(tracing::field::display), "a frame met a fault of ours");
                done.push(work[n].failed(error));
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
