//! What other features ask of a member of staff.
use super::store;
use crate::auth::{GroupId, StaffId};
use yingda_base::{Error, Result, Tx};

/// Somebody who may serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The account.
    pub id: StaffId,
    /// What others see.
    pub name: String,
    /// How many conversations at a time.
    pub max_conversations: i64,
    /// Membership of skill groups, closed ones too.
    pub groups: Vec<GroupId>,
}

/// An active member of staff.
pub fn find_agent(tx: &mut Tx, id: StaffId) -> Result<Option<Agent>> {
    let Some(account) = store::find_account(tx, id)?.filter(|account| account.is_active) else { return Ok(None) };
    let (name, max_conversations) = (account.name.clone(), account.max_conversations);
    let groups = store::complete(tx, vec![account])?.pop().map(|staff| staff.groups).unwrap_or_default();
    Ok(Some(Agent { id, name, max_conversations, groups }))
}

/// How many conversations this person takes at a time; `not_found` for inactive accounts.
pub fn max_conversations(tx: &mut Tx, id: i64) -> Result<i64> {
    let account = store::find_account(tx, StaffId(id))?.filter(|account| account.is_active);
    account.map(|account| account.max_conversations).ok_or_else(|| Error::not_found("staff"))
}

/// The active members of a skill group.
pub fn agents_of(tx: &mut Tx, group: GroupId) -> Result<Vec<Agent>> {
    let members = store::members(tx, group)?;
    let found: Vec<Option<Agent>> = members.into_iter().map(|id| find_agent(tx, id)).collect::<Result<_>>()?;
    Ok(found.into_iter().flatten().collect())
}
