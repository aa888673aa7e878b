//! Looking at a customer and amending what is known.
use super::{
    account::account_of,
    model::{self, Account, Fact, Profile},
    store,
};
use crate::{
    App,
    audit::{self, Audit},
    auth::{Action, authorise},
    conversation::{self, Conversation, Named},
    staff,
};
use serde::Deserialize;
use utoipa::ToSchema;
use yingda_base::{
    Error, Result, Tx,
    http::{Actor, Caller},
};

/// Conversations shown with a customer.
const SHOWN: usize = 20;
/// Conversations read at a time while looking for visible ones.
const READ: i64 = 100;

/// A change of a profile. What is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct ProfileChange {
    /// What staff see.
    pub name: Option<String>,
    /// All tags.
    pub tags: Option<Vec<String>>,
    /// All facts. A value in its masked form means what is stored under the same label.
    pub facts: Option<Vec<Fact>>,
}

/// A customer as the caller may see them.
pub struct Seen {
    /// Who it is.
    pub profile: Profile,
    /// What a host site says of them.
    pub account: Option<Account>,
    /// The newest conversations the caller may see.
    pub visible: Vec<Conversation>,
}

/// A customer and the conversations the caller may see, the newest first. `not_found` for those who may see none.
pub async fn get(app: &App, caller: &Caller, public_id: String) -> Result<Seen> {
    let actor = caller.actor.clone();
    let read = move |tx: &mut Tx| {
        let profile = store::find_by_public_id(tx, &public_id)?.ok_or_else(|| Error::not_found("customer"))?;
        let visible = visible(tx, &actor, &profile)?;
        Ok(Seen { account: account_of(tx, profile.id.0)?, profile, visible })
    };
    app.db.read(read).await
}

/// Amends a profile. Codes: `name_invalid`, `customer.tags_invalid`, `customer.facts_invalid`, `not_found`.
pub async fn update(app: &App, caller: &Caller, public_id: String, change: ProfileChange) -> Result<Seen> {
    let caller = caller.clone();
    let update = move |tx: &mut Tx| {
        let before = store::lock_by_public_id(tx, &public_id)?.ok_or_else(|| Error::not_found("customer"))?;
        let visible = visible(tx, &caller.actor, &before)?;
        let mut profile = before.clone();
        if let Some(name) = &change.name {
            profile.name = staff::check_name(name)?;
        }
        if let Some(tags) = &change.tags {
            profile.tags = model::check_tags(tags)?;
        }
        if let Some(facts) = &change.facts {
            model::check_facts(facts)?;
            profile.facts = model::unmask(facts.clone(), &before.facts);
        }
        store::update(tx, &profile)?;
        if profile.name != before.name {
            conversation::renamed(tx, Named::Customer(profile.id.0))?;
        }
        audit::record(tx, &caller, &audit_of(&before, &profile))?;
        Ok(Seen { account: account_of(tx, profile.id.0)?, profile, visible })
    };
    app.db.write(update).await
}

/// What the actor may see of this customer's conversations; `not_found` if nothing.
fn visible(tx: &mut Tx, actor: &Actor, profile: &Profile) -> Result<Vec<Conversation>> {
    let mut visible = Vec::new();
    let mut before = i64::MAX;
    while visible.len() < SHOWN {
        let found = conversation::of_customer(tx, profile.id.0, before, READ)?;
        let Some(last) = found.last() else { break };
        before = last.id.0;
        visible.extend(found.into_iter().filter(|row| authorise(actor, Action::View, row).is_ok()));
    }
    visible.truncate(SHOWN);
    if visible.is_empty() { Err(Error::not_found("customer")) } else { Ok(visible) }
}

fn audit_of(before: &Profile, after: &Profile) -> Audit {
    let text = |profile: &Profile| serde_json::json!({"name": profile.name, "tags": profile.tags, "facts": profile.facts}).to_string();
    Audit {
        action: "customer.update",
        object_kind: "customer",
        object_id: after.public_id.clone(),
        before: Some(text(before)),
        after: Some(text(after)),
        ..Audit::default()
    }
}
