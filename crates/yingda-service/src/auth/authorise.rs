//! The one function that decides whether an actor may do something to an object, for HTTP bodies and socket frames alike.
//!
//! It is pure: the actor carries permissions and scope, the object is already loaded. Who may not even see an object is told
//! `not_found`, so that ids cannot be probed; who sees it but may not act is told `forbidden`.
use yingda_base::{Error, Result, http::Actor};

/// What somebody wants to do to a conversation or what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read it, listen to it.
    View,
    /// Speak in it as the customer, or end and reopen it as the customer.
    Take,
    /// Take it from the queue.
    Accept,
    /// Speak to the customer, recall own words: the owner alone.
    Serve,
    /// Write to colleagues in it.
    Note,
    /// Pass it on: the owner, or who may end those of others.
    Transfer,
    /// End or reopen it as staff: the owner, or who may for others.
    End,
    /// See what was recalled.
    SeeRecalled,
}

/// What `authorise` has to know of an object.
pub trait Object {
    /// What it is called in `not_found`.
    const WHAT: &'static str;
    /// Whose it is.
    fn customer(&self) -> i64;
    /// The skill group it is in.
    fn group(&self) -> i64;
    /// The branch it is in.
    fn branch(&self) -> Option<i64>;
    /// The member of staff who owns it now.
    fn owner(&self) -> Option<i64>;
}

/// Says yes, `not_found` or `forbidden` (or `login_required`).
pub fn authorise<O: Object>(actor: &Actor, action: Action, object: &O) -> Result<()> {
    let visible = match actor {
        Actor::Anonymous => return Err(Error::unauthenticated("login_required")),
        Actor::Visitor(visitor) => visitor.customer == object.customer(),
        Actor::Staff(staff) => {
            staff.can("conversation.view") && (object.owner() == Some(staff.id) || staff.scope.covers(object.group(), object.branch()))
        }
    };
    if !visible {
        return Err(Error::not_found(O::WHAT));
    }
    let allowed = match (actor, action) {
        (_, Action::View) => true,
        (Actor::Visitor(_), Action::Take) => true,
        (Actor::Visitor(_), _) | (_, Action::Take) | (Actor::Anonymous, _) => false,
        (Actor::Staff(staff), Action::Accept) => staff.can("conversation.serve"),
        (Actor::Staff(staff), Action::Serve) => staff.can("conversation.serve") && object.owner() == Some(staff.id),
        (Actor::Staff(staff), Action::Transfer) => {
            staff.can("conversation.end_any") || (staff.can("conversation.serve") && object.owner() == Some(staff.id))
        }
        (Actor::Staff(staff), Action::Note) => staff.can("conversation.note"),
        (Actor::Staff(staff), Action::End) => {
            staff.can("conversation.end_any") || (staff.can("conversation.serve") && object.owner().is_none_or(|owner| owner == staff.id))
        }
        (Actor::Staff(staff), Action::SeeRecalled) => staff.can("conversation.see_recalled"),
    };
    if allowed { Ok(()) } else { Err(Error::forbidden("forbidden")) }
}
