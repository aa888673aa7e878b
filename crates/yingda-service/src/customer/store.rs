//! Customers.
use super::model::{CustomerId, Fact, Profile};
use yingda_base::{Error, Millis, Result, Tx, row, sql};

row! {
    struct Found {
        id: CustomerId, public_id: String, name: String, facts: String, tags: String, first_seen_at: Millis, last_seen_at: Millis,
    }
    struct Name { name: String }
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
