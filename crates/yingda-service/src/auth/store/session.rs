//! Sessions.
use crate::auth::{
    id::{Method, SessionId, SessionKind, StaffId},
    model::{Lives, Session, SessionRow},
};
use yingda_base::{Millis, Result, Tx, row, sql};

/// A session to be stored.
pub struct NewSession<'a> {
    pub staff: StaffId,
    pub kind: SessionKind,
    pub method: Method,
    pub token_hash: &'a [u8],
    /// What an older version of the program beside this one goes by.
    pub expires_at: Millis,
    pub address: &'a str,
    pub client: &'a str,
    pub must_enrol: bool,
}

/// Begins and is proven now.
pub fn insert_session(tx: &mut Tx, new: &NewSession) -> Result<SessionId> {
    let (id, now, steady) = (SessionId(tx.next_id()), tx.now(), tx.steady());
    tx.run(sql!(
        "INSERT INTO session (id, token_hash, staff_id, kind, method, created_at, seen_at, expires_at, begun_steady, seen_steady,
                              proven_steady, address, agent, must_enrol)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        id,
        new.token_hash,
        new.staff,
        new.kind,
        new.method,
        now,
        now,
        new.expires_at,
        steady,
        steady,
        steady,
        new.address,
        new.client,
        new.must_enrol
    ))?;
    Ok(id)
}

/// By its token, or by the one before its last rotation.
pub fn find_session(tx: &mut Tx, token_hash: &[u8]) -> Result<Option<SessionRow>> {
    tx.find(sql!(
        "SELECT s.id, s.staff_id, s.kind, COALESCE(s.begun_steady, s.created_at) AS begun, COALESCE(s.seen_steady, s.seen_at) AS seen,
                s.proven_steady AS proven, s.token_hash <> $1 AS is_old_token, s.old_token_hash IS NOT NULL AS has_old_token,
                s.old_until_steady AS old_until, s.revoked_at,
                s.must_enrol AND NOT EXISTS (SELECT 1 FROM second_factor f WHERE f.staff_id = s.staff_id AND f.since IS NOT NULL) AS must_enrol,
                a.name, a.is_active, COALESCE(p.must_change, FALSE) AND COALESCE(s.method, '') <> 'oidc' AS must_change
           FROM session s
           JOIN staff a ON a.id = s.staff_id
           LEFT JOIN staff_password p ON p.staff_id = s.staff_id
          WHERE s.token_hash = $1 OR s.old_token_hash = $1",
        token_hash
    ))
}

/// The same by its id, as if it came with its newest token.
pub fn find_session_by_id(tx: &mut Tx, id: SessionId) -> Result<Option<SessionRow>> {
    tx.find(sql!(
        "SELECT s.id, s.staff_id, s.kind, COALESCE(s.begun_steady, s.created_at) AS begun, COALESCE(s.seen_steady, s.seen_at) AS seen,
                s.proven_steady AS proven, FALSE AS is_old_token, s.old_token_hash IS NOT NULL AS has_old_token,
                s.old_until_steady AS old_until, s.revoked_at,
                s.must_enrol AND NOT EXISTS (SELECT 1 FROM second_factor f WHERE f.staff_id = s.staff_id AND f.since IS NOT NULL) AS must_enrol,
                a.name, a.is_active, COALESCE(p.must_change, FALSE) AND COALESCE(s.method, '') <> 'oidc' AS must_change
           FROM session s
           JOIN staff a ON a.id = s.staff_id
           LEFT JOIN staff_password p ON p.staff_id = s.staff_id
          WHERE s.id = $1",
        id
    ))
}

pub fn touch_session(tx: &mut Tx, id: SessionId) -> Result<()> {
    tx.run(sql!("UPDATE session SET seen_at = $2, seen_steady = $3 WHERE id = $1", id, tx.now(), tx.steady()))?;
    Ok(())
}

/// Gives it another token. The one before counts on until [`end_old_token`].
pub fn rotate_session(tx: &mut Tx, id: SessionId, token_hash: &[u8]) -> Result<()> {
    tx.run(sql!(
        "UPDATE session SET old_token_hash = token_hash, old_until_steady = NULL, token_hash = $2, proven_steady = $3 WHERE id = $1",
        id,
        token_hash,
        tx.steady()
    ))?;
    Ok(())
}

/// The token before the last rotation ends at a steady time.
pub fn end_old_token(tx: &mut Tx, id: SessionId, until: Millis) -> Result<()> {
    tx.run(sql!(
        "UPDATE session SET old_until_steady = $2 WHERE id = $1 AND old_token_hash IS NOT NULL AND old_until_steady IS NULL",
        id,
        until
    ))?;
    Ok(())
}

/// Ends every session there is; how many.
pub fn revoke_all(tx: &mut Tx) -> Result<u64> {
    tx.run(sql!("UPDATE session SET revoked_at = $1 WHERE revoked_at IS NULL", tx.now()))
}

/// Ends a session; answers whether it was living.
pub fn end_session(tx: &mut Tx, id: SessionId) -> Result<bool> {
    Ok(tx.run(sql!("UPDATE session SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL", id, tx.now()))? == 1)
}

row! { struct SessionOnly { id: SessionId } }

/// The sessions of a member of staff that nobody ended.
pub fn living_sessions(tx: &mut Tx, staff: StaffId) -> Result<Vec<SessionId>> {
    let living: Vec<SessionOnly> =
        tx.all(sql!("SELECT id FROM session WHERE staff_id = $1 AND revoked_at IS NULL ORDER BY id FOR UPDATE", staff))?;
    Ok(living.into_iter().map(|session| session.id).collect())
}

/// Whose session it is.
pub fn holder(tx: &mut Tx, id: SessionId) -> Result<Option<StaffId>> {
    row! { struct Found { staff_id: StaffId } }
    let found: Option<Found> = tx.find(sql!("SELECT staff_id FROM session WHERE id = $1 AND revoked_at IS NULL", id))?;
    Ok(found.map(|found| found.staff_id))
}

/// By what a session was begun.
pub fn session_method(tx: &mut Tx, id: SessionId) -> Result<Option<Method>> {
    row! { struct Found { method: Option<Method> } }
    let found: Option<Found> = tx.find(sql!("SELECT method FROM session WHERE id = $1", id))?;
    Ok(found.and_then(|found| found.method))
}

/// What a member of staff is logged in with, the most recently used first. Bench sessions are not listed.
pub fn list_sessions(tx: &mut Tx, staff: StaffId, current: i64, lives: Lives) -> Result<Vec<Session>> {
    row! {
        struct Found {
            id: SessionId, kind: SessionKind, method: Option<Method>, created_at: Millis, seen_at: Millis, begun: Millis, seen: Millis,
            address: String, agent: String,
        }
    }
    let found: Vec<Found> = tx.all(sql!(
        "SELECT id, kind, method, created_at, seen_at, COALESCE(begun_steady, created_at) AS begun,
                COALESCE(seen_steady, seen_at) AS seen, address, agent
           FROM session
          WHERE staff_id = $1 AND revoked_at IS NULL AND kind <> 'bench'
            AND COALESCE(begun_steady, created_at) > $2 AND COALESCE(seen_steady, seen_at) > $3
          ORDER BY COALESCE(seen_steady, seen_at) DESC, id DESC",
        staff,
        tx.steady() - lives.absolute,
        tx.steady() - lives.idle
    ))?;
    let (now, steady) = (tx.now(), tx.steady());
    let shown = |found: Found| Session {
        current: found.id.0 == current,
        id: found.id,
        kind: found.kind,
        method: found.method,
        created_at: found.created_at,
        seen_at: found.seen_at,
        expires_at: now + (found.begun + lives.absolute - steady).min(found.seen + lives.idle - steady),
        address: found.address,
        client: found.agent,
    };
    Ok(found.into_iter().map(shown).collect())
}

/// Sessions that were ended before `ended` or begun before `begun` (steady); how many were forgotten.
pub fn purge_sessions(tx: &mut Tx, ended: Millis, begun: Millis, limit: i64) -> Result<u64> {
    tx.run(sql!(
        "DELETE FROM session
          WHERE id IN (SELECT id FROM session WHERE revoked_at < $1 OR COALESCE(begun_steady, created_at) < $2
                        ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)",
        ended,
        begun,
        limit
    ))
}

row! {
    /// What steady time it was at a wall time.
    pub struct Steady {
        pub wall: Millis,
        pub steady: Millis,
    }
}

/// As last noted, by this program or another one.
pub fn find_steady(tx: &mut Tx) -> Result<Option<Steady>> {
    tx.find(sql!("SELECT wall, steady FROM steady_time WHERE id = 1"))
}

/// Notes the steady time of now. It never goes back.
pub fn note_steady(tx: &mut Tx) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO steady_time (id, wall, steady)
         VALUES (1, $1, $2)
         ON CONFLICT (id) DO UPDATE
            SET wall = excluded.wall,
                steady = CASE WHEN steady_time.steady > excluded.steady THEN steady_time.steady ELSE excluded.steady END",
        tx.now(),
        tx.steady()
    ))?;
    Ok(())
}
