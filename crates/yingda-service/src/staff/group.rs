//! Skill groups: the queues conversations wait in.
use super::{
    model::{self, Group},
    store,
};
use crate::{
    App,
    audit::{self, Audit},
    auth::{BranchId, GroupId},
    conversation::{self, Named},
};
use serde::Deserialize;
use utoipa::ToSchema;
use yingda_base::{
    Error, Result, Tx,
    http::{Caller, nullable, nullable_text},
};

/// A new skill group.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewGroup {
    /// Its name.
    pub name: String,
    /// The branch its conversations belong to.
    #[serde(default)]
    pub branch: Option<BranchId>,
}

/// A change of a skill group. What is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct GroupChange {
    /// Its name.
    pub name: Option<String>,
    /// The branch its conversations belong to from now on; `null`: none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(schema_with = nullable_text)]
    pub branch: Option<Option<BranchId>>,
    /// Whether it takes conversations.
    pub is_active: Option<bool>,
}

/// All skill groups by name.
pub async fn list(app: &App) -> Result<Vec<Group>> {
    app.db.read(store::list_groups).await
}

/// Makes a skill group. Codes: `group.name_taken`, `name_invalid`, `not_found`.
pub fn create(tx: &mut Tx, caller: &Caller, new: &NewGroup) -> Result<Group> {
    let group = insert(tx, new)?;
    audit::record(tx, caller, &audit_of("group.create", None, &group))?;
    Ok(group)
}

/// Adds a skill group without asking who may: for [`create`] and for the command line.
pub fn insert(tx: &mut Tx, new: &NewGroup) -> Result<Group> {
    let name = model::check_name(&new.name)?;
    check_branch(tx, new.branch)?;
    let id = store::insert_group(tx, &name, new.branch)?.ok_or_else(|| Error::conflict("group.name_taken"))?;
    Ok(Group { id, name, branch: new.branch, is_active: true, members: 0 })
}

/// Changes a skill group. Codes: `group.needed` (it cannot be closed while a site or a conversation needs it), as [`create`].
pub async fn update(app: &App, caller: &Caller, id: GroupId, change: GroupChange) -> Result<Group> {
    let caller = caller.clone();
    let update = move |tx: &mut Tx| {
        let before = store::list_groups(tx)?.into_iter().find(|group| group.id == id).ok_or_else(|| Error::not_found("group"))?;
        check_branch(tx, change.branch.flatten())?;
        let group = Group {
            name: change.name.as_deref().map_or(Ok(before.name.clone()), model::check_name)?,
            branch: change.branch.unwrap_or(before.branch),
            is_active: change.is_active.unwrap_or(before.is_active),
            ..before.clone()
        };
        if before.is_active && !group.is_active && store::is_group_needed(tx, id)? {
            return Err(Error::conflict("group.needed"));
        }
        if !store::update_group(tx, &group)? {
            return Err(Error::conflict("group.name_taken"));
        }
        if group.name != before.name {
            conversation::renamed(tx, Named::Group(id.0))?;
        }
        audit::record(tx, &caller, &audit_of("group.update", Some(&before), &group))?;
        Ok(group)
    };
    app.db.write(update).await
}

fn check_branch(tx: &mut Tx, branch: Option<BranchId>) -> Result<()> {
    match branch {
        Some(branch) if store::list_branches(tx)?.iter().all(|known| known.id != branch) => Err(Error::not_found("branch")),
        Some(_) | None => Ok(()),
    }
}

fn audit_of(action: &'static str, before: Option<&Group>, after: &Group) -> Audit {
    let text = |group: &Group| serde_json::json!(group).to_string();
    Audit {
        action,
        object_kind: "group",
        object_id: after.id.to_string(),
        before: before.map(text),
        after: Some(text(after)),
        ..Audit::default()
    }
}
