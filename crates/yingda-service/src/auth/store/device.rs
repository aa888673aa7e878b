//! Known browsers and places, passwords of before.
use crate::auth::id::StaffId;
use yingda_base::{Millis, Result, Tx, row, sql};

row! { struct Found { n: i64 } }

pub fn is_known_device(tx: &mut Tx, staff: StaffId, hash: &[u8]) -> Result<bool> {
    let found: Option<Found> =
        tx.find(sql!("SELECT COUNT(*) AS n FROM known_device WHERE staff_id = $1 AND secret_hash = $2", staff, hash))?;
    Ok(found.is_some_and(|found| found.n > 0))
}

/// Whether somebody began a session from an address since a steady time.
pub fn is_known_place(tx: &mut Tx, staff: StaffId, address: &str, since: Millis) -> Result<bool> {
    let found: Option<Found> = tx.find(sql!(
        "SELECT COUNT(*) AS n FROM session WHERE staff_id = $1 AND address = $2 AND COALESCE(begun_steady, created_at) > $3",
        staff,
        address,
        since
    ))?;
    Ok(found.is_some_and(|found| found.n > 0))
}

/// Notes a browser, and forgets those used longest ago if there are more than `most`.
pub fn note_known_device(tx: &mut Tx, staff: StaffId, hash: &[u8], most: i64) -> Result<()> {
    let id = tx.next_id();
    tx.run(sql!(
        "INSERT INTO known_device (id, staff_id, secret_hash, used_at)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (staff_id, secret_hash) DO UPDATE SET used_at = excluded.used_at",
        id,
        staff,
        hash,
        tx.now()
    ))?;
    tx.run(sql!(
        "DELETE FROM known_device
          WHERE staff_id = $1
            AND id NOT IN (SELECT id FROM known_device WHERE staff_id = $1 ORDER BY used_at DESC, id DESC LIMIT $2)",
        staff,
        most
    ))?;
    Ok(())
}

/// After somebody else may have had them in hand.
pub fn forget_known_devices(tx: &mut Tx, staff: StaffId) -> Result<()> {
    tx.run(sql!("DELETE FROM known_device WHERE staff_id = $1", staff))?;
    Ok(())
}

/// Those not used since `before`; how many were forgotten.
pub fn purge_known_devices(tx: &mut Tx, before: Millis, limit: i64) -> Result<u64> {
    tx.run(sql!(
        "DELETE FROM known_device
          WHERE id IN (SELECT id FROM known_device WHERE used_at < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        limit
    ))
}

/// Hashes of passwords somebody had, the newest first.
pub fn old_passwords(tx: &mut Tx, staff: StaffId, most: i64) -> Result<Vec<String>> {
    row! { struct Old { hash: String } }
    let found: Vec<Old> = tx.all(sql!("SELECT hash FROM old_password WHERE staff_id = $1 ORDER BY id DESC LIMIT $2", staff, most))?;
    Ok(found.into_iter().map(|old| old.hash).collect())
}

/// Keeps the present password among those of before, as many as a setting can ask for.
pub fn keep_old_password(tx: &mut Tx, staff: StaffId, most: i64) -> Result<()> {
    let id = tx.next_id();
    tx.run(sql!(
        "INSERT INTO old_password (id, staff_id, hash) SELECT $1, staff_id, hash FROM staff_password WHERE staff_id = $2",
        id,
        staff
    ))?;
    tx.run(sql!(
        "DELETE FROM old_password
          WHERE staff_id = $1 AND id NOT IN (SELECT id FROM old_password WHERE staff_id = $1 ORDER BY id DESC LIMIT $2)",
        staff,
        most
    ))?;
    Ok(())
}

/// A password from before `oldest` must be changed.
pub fn expire_password(tx: &mut Tx, staff: StaffId, oldest: Millis) -> Result<()> {
    tx.run(sql!(
        "UPDATE staff_password SET must_change = TRUE WHERE staff_id = $1 AND changed_at < $2 AND must_change = FALSE",
        staff,
        oldest
    ))?;
    Ok(())
}
