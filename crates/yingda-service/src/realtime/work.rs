//! What a client asks to be written. Everything that waits on a connection goes into one unit, so that order holds and commits are shared.
use crate::{
    conversation::Role,
    message::{self, Outcome, Reached, Send},
};
use yingda_base::{Db, Error, Result, Tx, http::Actor};

/// One wish.
pub(super) enum Work {
    /// An entry.
    Send(Send),
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
            Work::Send(send) => &send.conversation,
            Work::Read(reached) => &reached.conversation,
        }
    }

    fn run(&self, tx: &mut Tx, actor: &Actor) -> Result<Done> {
        match self {
            Work::Send(send) => {
                let outcome = message::send(tx, actor, send)?;
                Ok(Done::Sent { conversation: send.conversation.clone(), client_id: send.client_id.0.clone(), outcome })
            }
            Work::Read(reached) => {
                let error = message::read(tx, actor, reached).err();
                match error {
                    Some(error) if is_fault(&error) => Err(error),
                    error => Ok(Done::Read { conversation: reached.conversation.clone(), error }),
                }
            }
        }
    }

    fn failed(&self, error: Error) -> Done {
        match self {
            Work::Send(send) => {
                Done::Sent { conversation: send.conversation.clone(), client_id: send.client_id.0.clone(), outcome: error.into() }
            }
            Work::Read(reached) => Done::Read { conversation: reached.conversation.clone(), error: Some(error) },
        }
    }
}

fn is_fault(error: &Error) -> bool {
    use yingda_base::error::Kind;
    matches!(error.kind(), Kind::Internal | Kind::Unavailable)
}

/// Does everything in one unit; if that fails, each wish in a unit of its own, so that one bad wish spoils no other.
/// Conversations are taken in the order of their ids' text, the same on every connection, so that two connections seldom wait for each other.
pub(super) async fn run(db: Db, actor: Actor, work: Vec<Work>) -> Vec<Done> {
    let work = std::sync::Arc::new(work);
    let mut order: Vec<usize> = (0..work.len()).collect();
    order.sort_by_key(|n| work[*n].conversation().to_owned());
    let (in_unit, in_order, by) = (work.clone(), order.clone(), actor.clone());
    let together = db.write(move |tx| in_order.iter().map(|n| Ok((*n, in_unit[*n].run(tx, &by)?))).collect::<Result<Vec<_>>>()).await;
    let mut done = match together {
        Ok(done) => done,
        Err(_) if work.len() > 1 => {
            let mut done = Vec::new();
            for n in order {
                let (in_unit, by) = (work.clone(), actor.clone());
                let alone = db.write(move |tx| in_unit[n].run(tx, &by)).await;
                done.push((n, alone.unwrap_or_else(|error| work[n].failed(told(error)))));
            }
            done
        }
        Err(error) => order.into_iter().map(|n| (n, work[n].failed(told(error.clone())))).collect(),
    };
    done.sort_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, done)| done).collect()
}

/// A fault of ours is logged here, and the client is told to try again.
fn told(error: Error) -> Error {
    if is_fault(&error) {
        tracing::error!(code = error.code(), cause = error.cause().map(tracing::field::display), "a frame could not be carried out");
        let retry = error.retry_ms().unwrap_or(1000);
        return error.retry_after(retry);
    }
    error
}

/// In which part somebody types.
pub(super) fn typing_role(actor: &Actor) -> Role {
    match actor {
        Actor::Staff(_) => Role::Agent,
        Actor::Visitor(_) | Actor::Anonymous => Role::Customer,
    }
}
