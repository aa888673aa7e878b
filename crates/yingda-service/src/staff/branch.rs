//! Branches of the operator, a tree: who sees a branch sees all below it.
use super::{
    model::{self, Branch},
    store,
};
use crate::{
    App,
    audit::{self, Audit},
    auth::{self, BranchId, Revocation},
    conversation::{self, Named},
};
use serde::Deserialize;
use utoipa::ToSchema;
use yingda_base::{
    Error, Result, Tx,
    http::{Caller, nullable, nullable_text},
};

/// A new branch.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewBranch {
    /// Its name.
    pub name: String,
    /// What it belongs to.
    #[serde(default)]
    pub parent: Option<BranchId>,
}

/// A change of a branch. What is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct BranchChange {
    /// Its name.
    pub name: Option<String>,
    /// What it belongs to from now on, with all below it; `null`: nothing.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(schema_with = nullable_text)]
    pub parent: Option<Option<BranchId>>,
}

/// All branches by name.
pub async fn list(app: &App) -> Result<Vec<Branch>> {
    app.db.read(store::list_branches).await
}

/// Makes a branch. Codes: `branch.name_taken`, `name_invalid`, `not_found`.
pub fn create(tx: &mut Tx, caller: &Caller, new: &NewBranch) -> Result<Branch> {
    let branch = insert(tx, new)?;
    audit::record(tx, caller, &audit_of("branch.create", None, &branch))?;
    Ok(branch)
}

/// Adds a branch without asking who may: for [`create`] and for the command line.
pub fn insert(tx: &mut Tx, new: &NewBranch) -> Result<Branch> {
    let name = model::check_name(&new.name)?;
    store::lock_branches(tx)?;
    if let Some(parent) = new.parent {
        get(tx, parent)?;
    }
    let id = store::insert_branch(tx, &name, new.parent)?.ok_or_else(|| Error::conflict("branch.name_taken"))?;
    Ok(Branch { id, name, parent: new.parent })
}

/// Renames or moves a branch; whoever sees branches gets another scope at once. Codes: `branch.cycle`, as [`create`].
pub async fn update(app: &App, caller: &Caller, id: BranchId, change: BranchChange) -> Result<Branch> {
    let caller = caller.clone();
    let update = move |tx: &mut Tx| {
        store::lock_branches(tx)?;
        let before = get(tx, id)?;
        let mut branch = before.clone();
        if let Some(name) = &change.name {
            branch.name = model::check_name(name)?;
            if !store::rename_branch(tx, id, &branch.name)? {
                return Err(Error::conflict("branch.name_taken"));
            }
        }
        if let Some(parent) = change.parent.filter(|parent| *parent != before.parent) {
            if let Some(parent) = parent {
                get(tx, parent)?;
                if store::is_below(tx, parent, id)? {
                    return Err(Error::conflict("branch.cycle"));
                }
            }
            store::move_branch(tx, id, parent)?;
            branch.parent = parent;
            for watcher in store::branch_watchers(tx)? {
                auth::revoke(tx, Revocation::Staff(watcher.0))?;
            }
        }
        if branch.name != before.name {
            conversation::renamed(tx, Named::Branch(id.0))?;
        }
        audit::record(tx, &caller, &audit_of("branch.update", Some(&before), &branch))?;
        Ok(branch)
    };
    app.db.write(update).await
}

fn get(tx: &mut Tx, id: BranchId) -> Result<Branch> {
    store::list_branches(tx)?.into_iter().find(|branch| branch.id == id).ok_or_else(|| Error::not_found("branch"))
}

fn audit_of(action: &'static str, before: Option<&Branch>, after: &Branch) -> Audit {
    let text = |branch: &Branch| serde_json::json!(branch).to_string();
    Audit {
        action,
        object_kind: "branch",
        object_id: after.id.to_string(),
        before: before.map(text),
        after: Some(text(after)),
        ..Audit::default()
    }
}
