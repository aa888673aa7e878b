//! Devices.
use yingda_base::{Millis, Result, Tx, row, sql};

row! {
    /// A device.
    pub struct Device {
        pub id: i64,
        pub customer_id: i64,
        pub site_id: i64,
        pub seen_at: Millis,
        pub revoked_at: Option<Millis>,
        pub identified_at: Option<Millis>,
    }
}

pub fn find_by_secret(tx: &mut Tx, secret_hash: &[u8]) -> Result<Option<Device>> {
    tx.find(sql!("SELECT id, customer_id, site_id, seen_at, revoked_at, identified_at FROM device WHERE secret_hash = $1", secret_hash))
}

/// A device to be stored.
pub struct NewDevice<'a> {
    pub secret_hash: &'a [u8],
    pub site: i64,
    pub customer: i64,
    pub locale: &'a str,
    pub identified_at: Option<Millis>,
}

pub fn insert(tx: &mut Tx, new: &NewDevice) -> Result<i64> {
    let (id, public_id, now) = (tx.next_id(), tx.entropy().public_id(), tx.now());
    tx.run(sql!(
        "INSERT INTO device (id, public_id, secret_hash, site_id, customer_id, locale, created_at, seen_at, identified_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id,
        public_id,
        new.secret_hash,
        new.site,
        new.customer,
        new.locale,
        now,
        now,
        new.identified_at
    ))?;
    Ok(id)
}

pub fn touch(tx: &mut Tx, device: i64, locale: &str) -> Result<()> {
    tx.run(sql!("UPDATE device SET seen_at = $2, locale = $3 WHERE id = $1", device, tx.now(), locale))?;
    Ok(())
}

/// A signed word stands behind the device again.
pub fn vouch(tx: &mut Tx, device: i64, locale: &str) -> Result<()> {
    tx.run(sql!("UPDATE device SET identified_at = $2, seen_at = $2, locale = $3 WHERE id = $1", device, tx.now(), locale))?;
    Ok(())
}

/// Takes the one use of a signed word; `false` if it was taken before, perhaps in this very moment.
pub fn take_proof(tx: &mut Tx, site: i64, token_id: &str, expires_at: Millis) -> Result<bool> {
    let taken = tx.run(sql!(
        "INSERT INTO visit_proof (site_id, token_id, expires_at) VALUES ($1, $2, $3) ON CONFLICT (site_id, token_id) DO NOTHING",
        site,
        token_id,
        expires_at
    ))?;
    Ok(taken == 1)
}

/// Forgets a chunk of the signed words that ended before; how many.
pub fn purge_proofs(tx: &mut Tx, before: Millis, chunk: i64) -> Result<u64> {
    tx.run(sql!(
        "DELETE FROM visit_proof WHERE (site_id, token_id) IN (
             SELECT site_id, token_id FROM visit_proof WHERE expires_at < $1 ORDER BY expires_at, site_id, token_id LIMIT $2
         )",
        before,
        chunk
    ))
}

/// Answers whether the device was trusted until now.
pub fn revoke(tx: &mut Tx, device: i64) -> Result<bool> {
    Ok(tx.run(sql!("UPDATE device SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", device, tx.now()))? == 1)
}

row! { struct Id { id: i64 } }

/// Some of the devices that are trusted because a host site vouched for their customer.
pub fn identified(tx: &mut Tx, limit: i64) -> Result<Vec<i64>> {
    let rows: Vec<Id> =
        tx.all(sql!("SELECT id FROM device WHERE identified_at IS NOT NULL AND revoked_at IS NULL ORDER BY id LIMIT $1", limit))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

pub fn of_customer(tx: &mut Tx, customer: i64) -> Result<Vec<i64>> {
    let rows: Vec<Id> = tx.all(sql!("SELECT id FROM device WHERE customer_id = $1 ORDER BY id", customer))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
