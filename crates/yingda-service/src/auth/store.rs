//! Passwords, sessions, failures and revocations. Reads accounts, roles and scopes, which staff owns.
use super::{
    id::{GroupId, RevokedKind, SessionId, SessionKind, StaffId},
    model::{GroupName, Me, Session, SessionRow},
    revocation::Revoked,
    throttle::Failures,
};
use std::collections::BTreeSet;
use yingda_base::{Millis, Result, Tx, http::Scope, id::IdSource, row, sql};

row! {
    /// What a login needs of an account.
    pub struct Credential {
        pub staff_id: StaffId,
        pub hash: String,
        pub is_active: bool,
    }
}

pub fn find_credential(tx: &mut Tx, login: &str) -> Result<Option<Credential>> {
    tx.find(sql!(
        "SELECT p.staff_id, p.hash, a.is_active
           FROM staff a
           JOIN staff_password p ON p.staff_id = a.id
          WHERE a.login = $1",
        login
    ))
}

pub fn find_credential_of(tx: &mut Tx, staff: StaffId) -> Result<Option<Credential>> {
    tx.find(sql!(
        "SELECT p.staff_id, p.hash, a.is_active
           FROM staff a
           JOIN staff_password p ON p.staff_id = a.id
          WHERE a.id = $1",
        staff
    ))
}

pub fn set_password(tx: &mut Tx, staff: StaffId, hash: &str, must_change: bool) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO staff_password (staff_id, hash, must_change, changed_at)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (staff_id) DO UPDATE
            SET hash = excluded.hash, must_change = excluded.must_change, changed_at = excluded.changed_at",
        staff,
        hash,
        must_change,
        tx.now()
    ))?;
    Ok(())
}

/// The failures of a subject. Locks its row, so that guesses made at the same time are counted one after the other.
pub fn lock_failures(tx: &mut Tx, subject: &str) -> Result<Failures> {
    row! { struct Found { count: i64, last_at: Millis } }
    tx.run(sql!(
        "INSERT INTO login_failure (subject, count, last_at) VALUES ($1, 0, $2) ON CONFLICT (subject) DO NOTHING",
        subject,
        tx.now()
    ))?;
    let found: Found = tx.get("login_failure", sql!("SELECT count, last_at FROM login_failure WHERE subject = $1 FOR UPDATE", subject))?;
    Ok(Failures { count: found.count, last_at: found.last_at })
}

pub fn set_failures(tx: &mut Tx, subject: &str, count: i64) -> Result<()> {
    tx.run(sql!("UPDATE login_failure SET count = $2, last_at = $3 WHERE subject = $1", subject, count, tx.now()))?;
    Ok(())
}

/// Takes back one failure that was charged in advance.
pub fn refund_failure(tx: &mut Tx, subject: &str) -> Result<()> {
    tx.run(sql!("UPDATE login_failure SET count = count - 1 WHERE subject = $1 AND count > 0", subject))?;
    Ok(())
}

pub fn forget_failures(tx: &mut Tx, subject: &str) -> Result<()> {
    tx.run(sql!("DELETE FROM login_failure WHERE subject = $1", subject))?;
    Ok(())
}

/// Failures whose last one was before `before`; how many were forgotten.
pub fn purge_failures(tx: &mut Tx, before: Millis, limit: i64) -> Result<u64> {
    tx.run(sql!(
        "DELETE FROM login_failure
          WHERE subject IN (SELECT subject FROM login_failure WHERE last_at < $1 ORDER BY last_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        limit
    ))
}

/// A session to be stored.
pub struct NewSession<'a> {
    pub staff: StaffId,
    pub kind: SessionKind,
    pub token_hash: &'a [u8],
    pub expires_at: Millis,
    pub address: &'a str,
    pub client: &'a str,
}

pub fn insert_session(tx: &mut Tx, new: &NewSession) -> Result<SessionId> {
    let (id, now) = (SessionId(tx.next_id()), tx.now());
    tx.run(sql!(
        "INSERT INTO session (id, token_hash, staff_id, kind, created_at, seen_at, expires_at, address, agent)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id,
        new.token_hash,
        new.staff,
        new.kind,
        now,
        now,
        new.expires_at,
        new.address,
        new.client
    ))?;
    Ok(id)
}

pub fn find_session(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<SessionRow>> {
    tx.find(sql!(
        "SELECT s.id, s.staff_id, s.kind, s.seen_at, s.expires_at, s.revoked_at,
                a.name, a.is_active, COALESCE(p.must_change, FALSE) AS must_change
           FROM session s
           JOIN staff a ON a.id = s.staff_id
           LEFT JOIN staff_password p ON p.staff_id = s.staff_id
          WHERE s.token_hash = $1",
        token_hash
    ))
}

pub fn touch_session(tx: &mut Tx, id: SessionId) -> Result<()> {
    tx.run(sql!("UPDATE session SET seen_at = $2 WHERE id = $1 AND seen_at < $2", id, tx.now()))?;
    Ok(())
}

/// Ends a session; answers whether it was living.
pub fn end_session(tx: &mut Tx, id: SessionId) -> Result<bool> {
    Ok(tx.run(sql!("UPDATE session SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", id, tx.now()))? == 1)
}

row! { struct SessionOnly { id: SessionId } }

/// The living sessions of a member of staff.
pub fn living_sessions(tx: &mut Tx, staff: StaffId) -> Result<Vec<SessionId>> {
    let living: Vec<SessionOnly> = tx.all(sql!(
        "SELECT id FROM session WHERE staff_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY id FOR UPDATE",
        staff,
        tx.now()
    ))?;
    Ok(living.into_iter().map(|session| session.id).collect())
}

pub fn list_sessions(tx: &mut Tx, staff: StaffId, current: i64, idle_since: Millis) -> Result<Vec<Session>> {
    row! {
        struct Found {
            id: SessionId, kind: SessionKind, created_at: Millis, seen_at: Millis, expires_at: Millis, address: String, agent: String,
        }
    }
    let found: Vec<Found> = tx.all(sql!(
        "SELECT id, kind, created_at, seen_at, expires_at, address, agent
           FROM session
          WHERE staff_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND seen_at > $3
          ORDER BY seen_at DESC, id DESC",
        staff,
        tx.now(),
        idle_since
    ))?;
    let shown = |Found { id, kind, created_at, seen_at, expires_at, address, agent }| Session {
        current: id.0 == current,
        id,
        kind,
        created_at,
        seen_at,
        expires_at,
        address,
        client: agent,
    };
    Ok(found.into_iter().map(shown).collect())
}

/// Sessions that ended before `before`; how many were forgotten.
pub fn purge_sessions(tx: &mut Tx, before: Millis, limit: i64) -> Result<u64> {
    tx.run(sql!(
        "DELETE FROM session
          WHERE id IN (SELECT id FROM session WHERE expires_at < $1 OR revoked_at < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        limit
    ))
}

pub fn permissions(tx: &mut Tx, staff: StaffId) -> Result<BTreeSet<String>> {
    row! { struct Found { permission: String } }
    let found: Vec<Found> = tx.all(sql!(
        "SELECT DISTINCT p.permission
           FROM staff_role r
           JOIN role_permission p ON p.role_id = r.role_id
          WHERE r.staff_id = $1
          ORDER BY p.permission",
        staff
    ))?;
    Ok(found.into_iter().map(|found| found.permission).collect())
}

/// The scope, with branches spread to all below them.
pub fn scope(tx: &mut Tx, staff: StaffId) -> Result<Scope> {
    row! { struct Found { kind: String, target_id: i64 } }
    let found: Vec<Found> = tx.all(sql!(
        "SELECT kind, target_id FROM staff_scope WHERE staff_id = $1 AND kind IN ('group', 'all')
         UNION ALL
         SELECT 'branch', c.descendant_id
           FROM staff_scope s
           JOIN branch_closure c ON c.ancestor_id = s.target_id
          WHERE s.staff_id = $1 AND s.kind = 'branch'",
        staff
    ))?;
    let mut scope = Scope::default();
    for Found { kind, target_id } in found {
        match kind.as_str() {
            "all" => scope.all = true,
            "group" => drop(scope.groups.insert(target_id)),
            _ => drop(scope.branches.insert(target_id)),
        }
    }
    Ok(scope)
}

pub fn me(tx: &mut Tx, staff: StaffId) -> Result<Me> {
    row! {
        struct Account { id: StaffId, login: String, name: String, max_conversations: i64, must_change: bool }
        struct Group { id: GroupId, name: String }
    }
    let account: Account = tx.get(
        "staff",
        sql!(
            "SELECT a.id, a.login, a.name, a.max_conversations, COALESCE(p.must_change, FALSE) AS must_change
           FROM staff a
           LEFT JOIN staff_password p ON p.staff_id = a.id
          WHERE a.id = $1",
            staff
        ),
    )?;
    let groups: Vec<Group> = tx.all(sql!(
        "SELECT g.id, g.name
           FROM group_member m
           JOIN skill_group g ON g.id = m.group_id
          WHERE m.staff_id = $1 AND g.is_active
          ORDER BY g.name, g.id",
        staff
    ))?;
    let Account { id, login, name, max_conversations, must_change } = account;
    let groups = groups.into_iter().map(|Group { id, name }| GroupName { id, name }).collect();
    Ok(Me { id, login, name, permissions: Vec::new(), groups, must_change_password: must_change, max_conversations })
}

pub fn insert_revocation(tx: &mut Tx, revoked: Revoked) -> Result<()> {
    let id = tx.next_id();
    tx.run(sql!("INSERT INTO revocation (id, kind, subject_id) VALUES ($1, $2, $3)", id, revoked.kind, revoked.id))?;
    Ok(())
}

/// Revocations made before `before`; how many were forgotten.
pub fn purge_revocations(tx: &mut Tx, before: Millis, limit: i64) -> Result<u64> {
    tx.run(sql!(
        "DELETE FROM revocation
          WHERE id IN (SELECT id FROM revocation WHERE id < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)",
        IdSource::at(before),
        limit
    ))
}

pub fn revocations_since(tx: &mut Tx, since: Millis) -> Result<Vec<Revoked>> {
    row! { struct Found { kind: RevokedKind, subject_id: i64 } }
    let found: Vec<Found> = tx.all(sql!("SELECT kind, subject_id FROM revocation WHERE id >= $1 ORDER BY id", IdSource::at(since)))?;
    Ok(found.into_iter().map(|found| Revoked { kind: found.kind, id: found.subject_id }).collect())
}
