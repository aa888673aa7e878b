//! Customers.
use super::model::{Account, CustomerId, Fact, Profile, Signed};
use yingda_base::{Error, Millis, Result, Tx, row, sql};

row! {
    struct Found {
        id: CustomerId, public_id: String, name: String, facts: String, tags: String, first_seen_at: Millis, last_seen_at: Millis,
    }
    struct Name { name: String }
    struct FoundAccount { customer_id: CustomerId, subject: String, signed: String, signed_at: Millis }
}

impl FoundAccount {
    fn read(self) -> Result<Account> {
        let signed: Signed = serde_json::from_str(&self.signed).map_err(Error::internal)?;
        Ok(Account { customer: self.customer_id, subject: self.subject, signed, signed_at: self.signed_at })
    }
}

impl Found {
    fn read(self) -> Result<Profile> {
        let Found { id, public_id, name, facts, tags, first_seen_at, last_seen_at } = self;
        let facts: Vec<Fact> = serde_json::from_str(&facts).map_err(Error::internal)?;
        let tags: Vec<String> = serde_json::from_str(&tags).map_err(Error::internal)?;
        Ok(Profile { id, public_id, name, facts, tags, first_seen_at, last_seen_at })
    }
}

pub fn insert(tx: &mut Tx, public_id: &str, name: &str) -> Result<Profile> {
    let (id, now) = (CustomerId(tx.next_id()), tx.now());
    tx.run(sql!(
        "INSERT INTO customer (id, public_id, name, facts, tags, first_seen_at, last_seen_at) VALUES ($1, $2, $3, '[]', '[]', $4, $5)",
        id,
        public_id,
        name,
        now,
        now
    ))?;
    let (public_id, name) = (public_id.to_owned(), name.to_owned());
    Ok(Profile { id, public_id, name, facts: Vec::new(), tags: Vec::new(), first_seen_at: now, last_seen_at: now })
}

pub fn find(tx: &mut Tx, id: i64) -> Result<Option<Profile>> {
    let found: Option<Found> =
        tx.find(sql!("SELECT id, public_id, name, facts, tags, first_seen_at, last_seen_at FROM customer WHERE id = $1", id))?;
    found.map(Found::read).transpose()
}

/// Keeps other changes of this profile out until the unit ends.
pub fn lock_by_public_id(tx: &mut Tx, public_id: &str) -> Result<Option<Profile>> {
    let found: Option<Found> = tx.find(sql!(
        "SELECT id, public_id, name, facts, tags, first_seen_at, last_seen_at FROM customer WHERE public_id = $1 FOR UPDATE",
        public_id
    ))?;
    found.map(Found::read).transpose()
}

pub fn find_by_public_id(tx: &mut Tx, public_id: &str) -> Result<Option<Profile>> {
    let found: Option<Found> = tx
        .find(sql!("SELECT id, public_id, name, facts, tags, first_seen_at, last_seen_at FROM customer WHERE public_id = $1", public_id))?;
    found.map(Found::read).transpose()
}

pub fn name_of(tx: &mut Tx, id: i64) -> Result<String> {
    let found: Name = tx.get("customer", sql!("SELECT name FROM customer WHERE id = $1", id))?;
    Ok(found.name)
}

pub fn seen(tx: &mut Tx, id: i64) -> Result<()> {
    tx.run(sql!("UPDATE customer SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2", id, tx.now()))?;
    Ok(())
}

/// Changes the name alone: facts and tags may just be changing by somebody else's hand.
pub fn rename(tx: &mut Tx, id: i64, name: &str) -> Result<()> {
    tx.run(sql!("UPDATE customer SET name = $2 WHERE id = $1", id, name)).map(drop)
}

pub fn update(tx: &mut Tx, profile: &Profile) -> Result<()> {
    tx.run(sql!(
        "UPDATE customer SET name = $2, facts = $3, tags = $4 WHERE id = $1",
        profile.id,
        &profile.name,
        serde_json::json!(profile.facts).to_string(),
        serde_json::json!(profile.tags).to_string()
    ))?;
    Ok(())
}

/// Keeps others who come for the same customer waiting until the unit ends.
pub fn lock_account(tx: &mut Tx, site: i64, subject: &str) -> Result<Option<Account>> {
    let found: Option<FoundAccount> = tx.find(sql!(
        "SELECT customer_id, subject, signed, signed_at FROM customer_account WHERE site_id = $1 AND subject = $2 FOR UPDATE",
        site,
        subject
    ))?;
    found.map(FoundAccount::read).transpose()
}

pub fn account_of(tx: &mut Tx, customer: i64) -> Result<Option<Account>> {
    let found: Option<FoundAccount> =
        tx.find(sql!("SELECT customer_id, subject, signed, signed_at FROM customer_account WHERE customer_id = $1", customer))?;
    found.map(FoundAccount::read).transpose()
}

/// `false` if the site knows the customer already.
pub fn insert_account(tx: &mut Tx, site: i64, account: &Account) -> Result<bool> {
    let inserted = tx.run(sql!(
        "INSERT INTO customer_account (site_id, subject, customer_id, signed, signed_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (site_id, subject) DO NOTHING",
        site,
        &account.subject,
        account.customer,
        serde_json::json!(account.signed).to_string(),
        account.signed_at,
        account.signed_at
    ))?;
    Ok(inserted == 1)
}

pub fn sign(tx: &mut Tx, site: i64, subject: &str, signed: &Signed) -> Result<()> {
    tx.run(sql!(
        "UPDATE customer_account SET signed = $3, signed_at = $4 WHERE site_id = $1 AND subject = $2",
        site,
        subject,
        serde_json::json!(signed).to_string(),
        tx.now()
    ))?;
    Ok(())
}

row! {
    struct Id { id: i64 }
    struct Public { public_id: String }
}

pub fn find_id(tx: &mut Tx, public_id: &str) -> Result<Option<i64>> {
    Ok(tx.find::<Id>(sql!("SELECT id FROM customer WHERE public_id = $1", public_id))?.map(|found| found.id))
}

/// Name and facts go, and by which id host sites know them; the row stays. Answers its public id, if there is one.
pub fn erase(tx: &mut Tx, id: i64, name: &str) -> Result<Option<String>> {
    tx.run(sql!("DELETE FROM customer_account WHERE customer_id = $1", id))?;
    tx.run(sql!("UPDATE customer SET name = $2, facts = '[]', tags = '[]' WHERE id = $1", id, name))?;
    Ok(tx.find::<Public>(sql!("SELECT public_id FROM customer WHERE id = $1", id))?.map(|found| found.public_id))
}
