//! The SQL of linked identities. Accounts are read here; staff owns them.
use crate::auth::StaffId;
use yingda_base::{Millis, Result, Tx, row, sql};

row! {
    /// A link.
    pub struct LinkRow {
        pub id: i64,
        pub staff_id: StaffId,
        pub subject: String,
        pub linked_at: Millis,
        pub used_at: Option<Millis>,
    }
}

pub fn find_link(tx: &mut Tx, issuer: &str, subject: &str) -> Result<Option<LinkRow>> {
    tx.find(sql!(
        "SELECT id, staff_id, subject, linked_at, used_at FROM staff_identity WHERE issuer = $1 AND subject = $2",
        issuer,
        subject
    ))
}

pub fn link_of(tx: &mut Tx, issuer: &str, staff: StaffId) -> Result<Option<LinkRow>> {
    tx.find(sql!("SELECT id, staff_id, subject, linked_at, used_at FROM staff_identity WHERE issuer = $1 AND staff_id = $2", issuer, staff))
}

/// Links them, unless one of both is linked already; whether it did.
pub fn insert_link(tx: &mut Tx, issuer: &str, subject: &str, staff: StaffId) -> Result<bool> {
    let id = tx.next_id();
    let made = tx.run(sql!(
        "INSERT INTO staff_identity (id, staff_id, issuer, subject, linked_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        id,
        staff,
        issuer,
        subject,
        tx.now()
    ))?;
    Ok(made == 1)
}

pub fn note_use(tx: &mut Tx, id: i64) -> Result<bool> {
    Ok(tx.run(sql!("UPDATE staff_identity SET used_at = $2 WHERE id = $1", id, tx.now()))? == 1)
}

/// Whether there was one.
pub fn delete_link(tx: &mut Tx, issuer: &str, staff: StaffId) -> Result<bool> {
    Ok(tx.run(sql!("DELETE FROM staff_identity WHERE issuer = $1 AND staff_id = $2", issuer, staff))? == 1)
}

row! {
    /// An account, as far as it matters here.
    pub struct Account {
        pub id: StaffId,
        pub is_active: bool,
    }
}

/// By login; never one of the program's own.
pub fn find_account(tx: &mut Tx, login: &str) -> Result<Option<Account>> {
    tx.find(sql!("SELECT id, is_active FROM staff WHERE login = $1 AND NOT is_builtin", login))
}

pub fn account(tx: &mut Tx, staff: StaffId) -> Result<Option<Account>> {
    tx.find(sql!("SELECT id, is_active FROM staff WHERE id = $1 AND NOT is_builtin", staff))
}

/// Notes that an attempt came back; `false` if it did before.
pub fn note_return(tx: &mut Tx, state_hash: &[u8], until: Millis) -> Result<bool> {
    let made =
        tx.run(sql!("INSERT INTO oidc_return (state_hash, until_steady) VALUES ($1, $2) ON CONFLICT DO NOTHING", state_hash, until))?;
    Ok(made == 1)
}

/// Those that could come back until `before` (steady); how many were forgotten.
pub fn purge_returns(tx: &mut Tx, before: Millis, limit: i64) -> Result<u64> {
    tx.run(sql!(
        "DELETE FROM oidc_return
          WHERE state_hash IN (SELECT state_hash FROM oidc_return WHERE until_steady < $1 ORDER BY until_steady LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        limit
    ))
}
