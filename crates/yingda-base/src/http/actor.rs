//! Who asks.
use super::RequestInfo;
use crate::error::{Error, Result};
use axum::{extract::FromRequestParts, http::request::Parts};
use std::{collections::BTreeSet, convert::Infallible, net::IpAddr, sync::Arc};

/// Not a refusal for good: the client asks for a password or a code and calls again.
pub(super) const STEP_UP: &str = "step_up_required";

/// Who a request or frame comes from.
#[derive(Clone, Debug, Default)]
pub enum Actor {
    /// Nobody we know.
    #[default]
    Anonymous,
    /// A device with a valid token.
    Visitor(VisitorActor),
    /// Staff with a living session.
    Staff(Arc<StaffActor>),
}

/// A browser of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisitorActor {
    /// The device.
    pub device: i64,
    /// Whose device.
    pub customer: i64,
    /// The site it came by.
    pub site: i64,
    /// Comes with a bench token: not limited.
    pub unlimited: bool,
}

/// A member of staff.
#[derive(Clone, Debug)]
pub struct StaffActor {
    /// The account.
    pub id: i64,
    /// Shown to colleagues and customers.
    pub name: String,
    /// The session this request belongs to.
    pub session: i64,
    /// Names of all permissions, by all roles.
    pub permissions: BTreeSet<String>,
    /// Which rows this person sees.
    pub scope: Scope,
    /// What must be done before anything else.
    pub pending: Option<Pending>,
    /// Has shown a moment ago that it is still the same person: by logging in, a password or a code.
    pub proven: bool,
    /// A bench session: not limited.
    pub unlimited: bool,
}

/// What stands between a login and everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// A one-time password, or one that is too old, must be changed.
    Password,
    /// A second factor must be set up.
    SecondFactor,
}

impl Pending {
    /// What everything else is refused with.
    pub fn error(self) -> Error {
        match self {
            Pending::Password => Error::forbidden("password_change_required"),
            Pending::SecondFactor => Error::forbidden("second_factor_required"),
        }
    }
}

/// Row visibility of a member of staff, with branches spread to their descendants. What one owns is visible besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Everything.
    pub all: bool,
    /// Skill groups.
    pub groups: BTreeSet<i64>,
    /// Branches.
    pub branches: BTreeSet<i64>,
}

impl Scope {
    /// Whether a row of this group and branch is within the scope.
    pub fn covers(&self, group: i64, branch: Option<i64>) -> bool {
        self.all || self.groups.contains(&group) || branch.is_some_and(|branch| self.branches.contains(&branch))
    }
}

impl StaffActor {
    /// Whether any role gives this permission.
    pub fn can(&self, permission: &str) -> bool {
        self.pending.is_none() && self.permissions.contains(permission)
    }

    /// Refuses whoever did not show a moment ago that it is still them. For what one call makes sensitive and another not; where all
    /// calls of a route are, it stands on the route line ([`Rule::step_up`](super::Rule::step_up)). Code: `step_up_required`.
    pub fn check_proof(&self) -> Result<()> {
        if self.proven || self.unlimited { Ok(()) } else { Err(Error::forbidden(STEP_UP)) }
    }
}

impl Actor {
    /// The visitor, or an error for everybody else.
    pub fn visitor(&self) -> Result<VisitorActor> {
        match self {
            Actor::Visitor(visitor) => Ok(*visitor),
            Actor::Staff(_) => Err(Error::forbidden("forbidden")),
            Actor::Anonymous => Err(Error::unauthenticated("login_required")),
        }
    }

    /// The member of staff, or an error for everybody else.
    pub fn staff(&self) -> Result<&Arc<StaffActor>> {
        match self {
            Actor::Staff(staff) => Ok(staff),
            Actor::Visitor(_) => Err(Error::forbidden("forbidden")),
            Actor::Anonymous => Err(Error::unauthenticated("login_required")),
        }
    }

    /// Names the actor in idempotency keys, limits and audit rows: kind and id.
    pub fn key(&self) -> (&'static str, i64) {
        match self {
            Actor::Anonymous => ("anonymous", 0),
            Actor::Visitor(visitor) => ("visitor", visitor.device),
            Actor::Staff(staff) => ("staff", staff.id),
        }
    }

    /// Whether rate limits are lifted.
    pub fn is_unlimited(&self) -> bool {
        match self {
            Actor::Anonymous => false,
            Actor::Visitor(visitor) => visitor.unlimited,
            Actor::Staff(staff) => staff.unlimited,
        }
    }
}

/// The actor with what the request tells besides: an extractor for handlers, and the first argument of actions.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// From where.
    pub address: IpAddr,
    /// The request, for the log.
    pub request: String,
}

impl Caller {
    /// A caller outside HTTP: the command line, a job, a test.
    pub fn local(actor: Actor) -> Caller {
        Caller { actor, address: IpAddr::from([127, 0, 0, 1]), request: String::new() }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Caller, Infallible> {
        let actor = parts.extensions.get::<Actor>().cloned().unwrap_or_default();
        let info = parts.extensions.get::<RequestInfo>();
        let address = info.map_or(IpAddr::from([0, 0, 0, 0]), |info| info.address);
        Ok(Caller { actor, address, request: info.map(|info| info.id.clone()).unwrap_or_default() })
    }
}
