//! Customers a host site has vouched for.
use super::{
    model::{Account, Profile, Signed},
    store,
};
use crate::conversation::{self, Named};
use yingda_base::{Error, Result, Tx};

/// The customer a site knows by this id, with what it says of them now; made when they come for the first time.
pub fn vouched(tx: &mut Tx, site: i64, subject: &str, signed: &Signed) -> Result<Profile> {
    let Some(account) = store::lock_account(tx, site, subject)? else { return first(tx, site, subject, signed) };
    let mut profile = store::find(tx, account.customer.0)?.ok_or_else(|| Error::not_found("customer"))?;
    store::sign(tx, site, subject, signed)?;
    store::seen(tx, profile.id.0)?;
    // A name that staff corrected stays, until the host itself says another one than before.
    if let Some(name) = &signed.name
        && account.signed.name.as_ref() != Some(name)
        && profile.name != *name
    {
        profile.name = name.clone();
        store::rename(tx, profile.id.0, name)?;
        conversation::renamed(tx, Named::Customer(profile.id.0))?;
    }
    Ok(profile)
}

fn first(tx: &mut Tx, site: i64, subject: &str, signed: &Signed) -> Result<Profile> {
    let public_id = tx.entropy().public_id();
    let name = signed.name.clone().unwrap_or_else(|| format!("客户 {}", &public_id[..4]));
    let profile = store::insert(tx, &public_id, &name)?;
    let account = Account { customer: profile.id, subject: subject.to_owned(), signed: signed.clone(), signed_at: tx.now() };
    // Of two tabs that come at once one is first; the other one's unit is undone, and it comes again.
    if store::insert_account(tx, site, &account)? { Ok(profile) } else { Err(Error::unavailable("busy").retry_after(100)) }
}

/// What a host site signed about this customer, if any did.
pub fn account_of(tx: &mut Tx, customer: i64) -> Result<Option<Account>> {
    store::account_of(tx, customer)
}

/// Whether a host site has vouched for this customer.
pub fn is_identified(tx: &mut Tx, customer: i64) -> Result<bool> {
    Ok(store::account_of(tx, customer)?.is_some())
}
