//! Calls about customers.
use super::{
    actions::{self, ProfileChange, Seen},
    model::{Account, Fact, Profile, Signed, mask},
};
use crate::{
    App,
    auth::permission,
    conversation::{Conversation, State as ConversationState},
};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use yingda_base::{
    Millis, Result,
    http::{Caller, Id, Input, Limit, Problem, Routes, Rule},
};

/// Customers, for staff who may see a conversation of theirs.
pub fn routes() -> Routes<App> {
    Routes::default()
        .add(routes!(get), Rule::staff(permission::CUSTOMER_VIEW).limit(Limit::Read))
        .add(routes!(update), Rule::staff(permission::CUSTOMER_VIEW).audit("customer.update", "customer"))
}

/// A customer as staff see them.
#[derive(Serialize, ToSchema)]
struct Customer {
    /// The public id.
    id: String,
    name: String,
    /// Long numbers are masked.
    facts: Vec<Fact>,
    tags: Vec<String>,
    first_seen_at: Millis,
    last_seen_at: Millis,
    /// What a host site signed; absent for those nobody has vouched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountView>,
    /// The newest conversations the caller may see.
    conversations: Vec<CustomerEpisode>,
}

/// What a host site signed about its customer. Long numbers are masked.
#[derive(Serialize, ToSchema)]
#[schema(as = CustomerAccount)]
struct AccountView {
    /// The host's own id of the customer.
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    /// 65 or older.
    is_senior: bool,
    facts: Vec<Fact>,
    /// When the host said so last.
    signed_at: Millis,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> AccountView {
        let Account { subject, signed: Signed { name, phone, level, is_senior, facts }, signed_at, .. } = account;
        AccountView { subject: mask(&subject), name, phone: phone.as_deref().map(mask), level, is_senior, facts: masked(facts), signed_at }
    }
}

fn masked(facts: Vec<Fact>) -> Vec<Fact> {
    facts.into_iter().map(|fact| Fact { value: mask(&fact.value), ..fact }).collect()
}

/// A conversation of a customer, in short.
#[derive(Serialize, ToSchema)]
struct CustomerEpisode {
    id: String,
    state: ConversationState,
    opened_at: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct CustomerAnswer {
    customer: Customer,
}

fn answer(Seen { profile, account, visible }: Seen) -> Json<CustomerAnswer> {
    let Profile { public_id, name, facts, tags, first_seen_at, last_seen_at, .. } = profile;
    let episode = |Conversation { public_id, state, opened_at, closed_at, subject, .. }| CustomerEpisode {
        id: public_id,
        state,
        opened_at,
        closed_at,
        subject,
    };
    let conversations = visible.into_iter().map(episode).collect();
    let (facts, account) = (masked(facts), account.map(AccountView::from));
    Json(CustomerAnswer { customer: Customer { id: public_id, name, facts, tags, first_seen_at, last_seen_at, account, conversations } })
}

/// A customer.
#[utoipa::path(get, path = "/api/v1/customer/{id}", tag = "customer", operation_id = "customer_get", params(("id" = String, Path)),
    responses((status = 200, body = CustomerAnswer), (status = "default", body = Problem)))]
async fn get(State(app): State<App>, caller: Caller, Id(id): Id<String>) -> Result<Json<CustomerAnswer>> {
    actions::get(&app, &caller, id).await.map(answer)
}

/// Amend what is known of a customer.
#[utoipa::path(patch, path = "/api/v1/customer/{id}", tag = "customer", operation_id = "customer_update", params(("id" = String, Path)),
    request_body = ProfileChange, responses((status = 200, body = CustomerAnswer), (status = "default", body = Problem)))]
async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<String>,
    Input(change): Input<ProfileChange>,
) -> Result<Json<CustomerAnswer>> {
    actions::update(&app, &caller, id, change).await.map(answer)
}
