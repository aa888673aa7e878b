//! Second factors, recovery codes, and what waits between the two calls of a login.
use crate::auth::id::StaffId;
use yingda_base::{Millis, Result, Tx, key::Sealed, row, sql};

/// Columns that are sealed, by the names their seals are bound to.
pub const SECRET: &str = "second_factor.secret";
pub const OFFERED: &str = "second_factor.offered";

row! {
    /// What an account has of a second factor.
    pub struct FactorRow {
        /// The one that counts.
        pub secret: Option<Sealed>,
        /// Since when.
        pub since: Option<Millis>,
        /// Of the last code that was used.
        pub last_step: i64,
        /// The one that was shown and not yet confirmed.
        pub offered: Option<Sealed>,
    }
}

/// Locks it, so that of two who come with the same code one finds it used.
pub fn lock_factor(tx: &mut Tx, staff: StaffId) -> Result<Option<FactorRow>> {
    tx.find(sql!("SELECT secret, since, last_step, offered FROM second_factor WHERE staff_id = $1 FOR UPDATE", staff))
}

/// Since when an account has a second factor.
pub fn factor_since(tx: &mut Tx, staff: StaffId) -> Result<Option<Millis>> {
    row! { struct Found { since: Option<Millis> } }
    let found: Option<Found> = tx.find(sql!("SELECT since FROM second_factor WHERE staff_id = $1", staff))?;
    Ok(found.and_then(|found| found.since))
}

pub fn offer_factor(tx: &mut Tx, staff: StaffId, offered: Sealed) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO second_factor (staff_id, last_step, offered)
         VALUES ($1, 0, $2)
         ON CONFLICT (staff_id) DO UPDATE SET offered = excluded.offered",
        staff,
        offered
    ))?;
    Ok(())
}

/// What was offered counts from now on.
pub fn confirm_factor(tx: &mut Tx, staff: StaffId, secret: Sealed, step: i64) -> Result<()> {
    tx.run(sql!(
        "UPDATE second_factor SET secret = $2, since = $3, last_step = $4, offered = NULL WHERE staff_id = $1",
        staff,
        secret,
        tx.now(),
        step
    ))?;
    Ok(())
}

pub fn note_step(tx: &mut Tx, staff: StaffId, step: i64) -> Result<()> {
    tx.run(sql!("UPDATE second_factor SET last_step = $2 WHERE staff_id = $1", staff, step))?;
    Ok(())
}

/// Seals it with another key.
pub fn reseal_factor(tx: &mut Tx, staff: StaffId, secret: Sealed) -> Result<()> {
    tx.run(sql!("UPDATE second_factor SET secret = $2 WHERE staff_id = $1", staff, secret))?;
    Ok(())
}

/// Takes it away with its recovery codes; whether there was one.
pub fn remove_factor(tx: &mut Tx, staff: StaffId) -> Result<bool> {
    tx.run(sql!("DELETE FROM recovery_code WHERE staff_id = $1", staff))?;
    let had = factor_since(tx, staff)?.is_some();
    tx.run(sql!("DELETE FROM second_factor WHERE staff_id = $1", staff))?;
    Ok(had)
}

/// Replaces all recovery codes.
pub fn set_recovery_codes(tx: &mut Tx, staff: StaffId, hashes: &[Vec<u8>]) -> Result<()> {
    tx.run(sql!("DELETE FROM recovery_code WHERE staff_id = $1", staff))?;
    for hash in hashes {
        tx.run(sql!("INSERT INTO recovery_code (staff_id, hash) VALUES ($1, $2)", staff, hash.as_slice()))?;
    }
    Ok(())
}

/// Uses a code up; whether it was one.
pub fn use_recovery_code(tx: &mut Tx, staff: StaffId, hash: &[u8]) -> Result<bool> {
    let used =
        tx.run(sql!("UPDATE recovery_code SET used_at = $3 WHERE staff_id = $1 AND hash = $2 AND used_at IS NULL", staff, hash, tx.now()))?;
    Ok(used == 1)
}

pub fn recovery_codes_left(tx: &mut Tx, staff: StaffId) -> Result<i64> {
    row! { struct Found { n: i64 } }
    let found: Option<Found> = tx.find(sql!("SELECT COUNT(*) AS n FROM recovery_code WHERE staff_id = $1 AND used_at IS NULL", staff))?;
    Ok(found.map_or(0, |found| found.n))
}

row! {
    /// A login whose password was right, or for whom the provider vouched.
    pub struct ChallengeRow {
        pub id: i64,
        pub staff_id: StaffId,
        pub until_steady: Millis,
        pub tries: i64,
        /// The provider vouched for the person, and there was no password.
        pub is_vouched: bool,
    }
}

pub fn insert_challenge(tx: &mut Tx, staff: StaffId, token_hash: &[u8], until: Millis, is_vouched: bool) -> Result<()> {
    let id = tx.next_id();
    tx.run(sql!(
        "INSERT INTO login_challenge (id, token_hash, staff_id, until_steady, tries, is_vouched) VALUES ($1, $2, $3, $4, 0, $5)",
        id,
        token_hash,
        staff,
        until,
        is_vouched
    ))?;
    Ok(())
}

pub fn find_challenge(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<ChallengeRow>> {
    tx.find(sql!("SELECT id, staff_id, until_steady, tries, is_vouched FROM login_challenge WHERE token_hash = $1", token_hash))
}

/// Counts a try; `false` if there were `most` already, or it is gone.
pub fn count_challenge_try(tx: &mut Tx, id: i64, most: i64) -> Result<bool> {
    Ok(tx.run(sql!("UPDATE login_challenge SET tries = tries + 1 WHERE id = $1 AND tries < $2", id, most))? == 1)
}

/// All that wait for this person.
pub fn forget_challenges(tx: &mut Tx, staff: StaffId) -> Result<()> {
    tx.run(sql!("DELETE FROM login_challenge WHERE staff_id = $1", staff))?;
    Ok(())
}

/// Those that ended before a steady time; how many were forgotten.
pub fn purge_challenges(tx: &mut Tx, before: Millis, limit: i64) -> Result<u64> {
    tx.run(sql!(
        "DELETE FROM login_challenge
          WHERE id IN (SELECT id FROM login_challenge WHERE until_steady < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        limit
    ))
}
