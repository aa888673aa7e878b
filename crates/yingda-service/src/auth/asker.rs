//! Who an address was given to: enough to find out, when somebody comes with it, what that one may see by now.
use super::{authenticate::load_actor, id::SessionId, model::Lives, store};
use crate::App;
use std::sync::Arc;
use yingda_base::{
    Error, Result, Tx,
    http::{Actor, VisitorActor},
};

const VISITOR: u8 = b'v';
const STAFF: u8 = b's';

/// The device or session somebody had when they were given something to come back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A visitor's device, with its customer and site at that time.
    Visitor {
        /// The device.
        device: i64,
        /// Whose it was.
        customer: i64,
        /// The site it came by.
        site: i64,
    },
    /// A session of staff.
    Staff(i64),
}

impl Asker {
    /// None for somebody without a name.
    pub fn of(actor: &Actor) -> Option<Asker> {
        match actor {
            Actor::Anonymous => None,
            Actor::Visitor(VisitorActor { device, customer, site, .. }) => {
                Some(Asker::Visitor { device: *device, customer: *customer, site: *site })
            }
            Actor::Staff(staff) => Some(Asker::Staff(staff.session)),
        }
    }

    /// To be signed together with what it is good for.
    pub fn to_bytes(self) -> Vec<u8> {
        let (kind, numbers) = match self {
            Asker::Visitor { device, customer, site } => (VISITOR, vec![device, customer, site]),
            Asker::Staff(session) => (STAFF, vec![session]),
        };
        std::iter::once(kind).chain(numbers.into_iter().flat_map(i64::to_be_bytes)).collect()
    }

    /// What [`Asker::to_bytes`] wrote, and what follows it.
    pub fn read(bytes: &[u8]) -> Option<(Asker, &[u8])> {
        let (kind, rest) = bytes.split_first()?;
        let number = |at: &mut &[u8]| {
            let (head, tail) = at.split_first_chunk::<8>()?;
            *at = tail;
            Some(i64::from_be_bytes(*head))
        };
        let mut rest = rest;
        let asker = match *kind {
            VISITOR => Asker::Visitor { device: number(&mut rest)?, customer: number(&mut rest)?, site: number(&mut rest)? },
            STAFF => Asker::Staff(number(&mut rest)?),
            _ => return None,
        };
        Some((asker, rest))
    }

    /// Who that is now, with the rights of now. Codes: `token_invalid`, `session_revoked`, `token_expired`.
    pub fn actor(self, tx: &mut Tx, app: &App) -> Result<Actor> {
        let invalid = || Error::unauthenticated("token_invalid");
        match self {
            Asker::Visitor { device, .. } if app.auth.revoked.contains(device) => Err(invalid()),
            Asker::Visitor { device, customer, site } => Ok(Actor::Visitor(VisitorActor { device, customer, site, unlimited: false })),
            Asker::Staff(session) => {
                let session = store::find_session_by_id(tx, SessionId(session))?.ok_or_else(invalid)?;
                session.check(Lives::of(&app.settings), tx.steady())?;
                Ok(Actor::Staff(Arc::new(load_actor(tx, &session)?)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(device: i64, customer: i64, site: i64, tail: Vec<u8>) {
            for asker in [Asker::Visitor { device, customer, site }, Asker::Staff(device)] {
                let bytes = [asker.to_bytes(), tail.clone()].concat();
                prop_assert_eq!(Asker::read(&bytes), Some((asker, &tail[..])));
            }
        }

        #[test]
        fn garbage_never_panics(bytes: Vec<u8>) {
            let _ = Asker::read(&bytes);
        }
    }
}
