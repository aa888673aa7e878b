//! Customers: the people behind visitors' devices, and what is known of them.
//!
//! Owns `customer` and `customer_account`: those a host site has vouched for (see visit). Staff see a customer if they see at least one conversation of theirs; long numbers are masked. Nobody is looked up by
//! telephone number or mail address.
mod account;
mod actions;
mod http;
mod model;
mod store;
#[cfg(test)]
mod tests;

pub use account::{is_identified, vouched};
pub use http::routes;
pub use model::{CustomerId, Fact, Profile, Signed, mask};

use crate::conversation;
use yingda_base::{Error, Result, Tx};

/// Adds a customer who is known by nothing but a name made for them.
pub fn insert(tx: &mut Tx, public_id: &str, name: &str) -> Result<Profile> {
    store::insert(tx, public_id, name)
}

/// A customer by the id inside the house.
pub fn get(tx: &mut Tx, id: i64) -> Result<Profile> {
    store::find(tx, id)?.ok_or_else(|| Error::not_found("customer"))
}

/// What staff and conversations call a customer.
pub fn name_of(tx: &mut Tx, id: i64) -> Result<String> {
    store::name_of(tx, id)
}

/// Notes that a customer is there.
pub fn seen(tx: &mut Tx, id: i64) -> Result<()> {
    store::seen(tx, id)
}

/// The id inside the house.
pub fn find_id(tx: &mut Tx, public_id: &str) -> Result<Option<i64>> {
    store::find_id(tx, public_id)
}

/// Erases all that is known of a customer. Answers the public id, if there is such a customer.
pub fn erase(tx: &mut Tx, id: i64) -> Result<Option<String>> {
    let public_id = store::erase(tx, id, conversation::ERASED_NAME)?;
    conversation::renamed(tx, conversation::Named::Customer(id))?;
    Ok(public_id)
}

yingda_base::texts!("texts.toml");
