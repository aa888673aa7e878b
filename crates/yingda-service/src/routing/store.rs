//! The SQL of presence and of the router's view.
use super::decide::Waiting;
use crate::conversation::ConversationId;
use yingda_base::{Millis, Result, Tx, db::chunks, row, sql};

row! {
    /// A presence lease.
    #[derive(Clone, Debug, PartialEq)]
    pub(super) struct Lease {
        pub staff_id: i64,
        pub renewals: i64,
        pub is_connected: bool,
        pub is_accepting: bool,
        pub is_visible: bool,
        pub grace_used_ms: i64,
        pub changed_at: Millis,
    }

    /// An agent as the router sees them, one row for each group.
    pub(super) struct Free { pub id: i64, pub group_id: i64, pub load: i64, pub max_conversations: i64, pub assigned_at: Millis }

    /// A conversation in a queue.
    struct Queued { id: ConversationId, group_id: i64, is_returned: bool, queued_at: Millis }

    struct Owner { owner_id: i64 }
}

pub(super) fn all(tx: &mut Tx) -> Result<Vec<Lease>> {
    tx.all(sql!(
        "SELECT staff_id, renewals, is_connected, is_accepting, is_visible, grace_used_ms, changed_at FROM presence ORDER BY staff_id"
    ))
}

pub(super) fn lock(tx: &mut Tx, staff: i64) -> Result<Option<Lease>> {
    tx.find(sql!(
        "SELECT staff_id, renewals, is_connected, is_accepting, is_visible, grace_used_ms, changed_at FROM presence WHERE staff_id = $1 FOR UPDATE",
        staff
    ))
}

/// A living desk: makes or renews the lease and ends any grace.
pub(super) fn connect(tx: &mut Tx, staff: i64) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO presence (staff_id, renewals, is_connected, is_accepting, is_visible, grace_used_ms, changed_at, assigned_at)
         VALUES ($1, 1, TRUE, FALSE, TRUE, 0, $2, 0)
         ON CONFLICT (staff_id) DO UPDATE
         SET renewals = presence.renewals + 1, is_connected = TRUE, grace_used_ms = 0, changed_at = excluded.changed_at",
        staff,
        tx.now()
    ))?;
    Ok(())
}

/// A lease of someone who has no desk yet.
pub(super) fn ensure(tx: &mut Tx, staff: i64) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO presence (staff_id, renewals, is_connected, is_accepting, is_visible, grace_used_ms, changed_at, assigned_at)
         VALUES ($1, 0, FALSE, FALSE, FALSE, 0, $2, 0)
         ON CONFLICT (staff_id) DO NOTHING",
        staff,
        tx.now()
    ))?;
    Ok(())
}

/// Renews the leases of desks that proved to be alive. A lease that has ended is not brought back: `connect` does that, and tells.
pub(super) fn renew(tx: &mut Tx, staff: &[i64]) -> Result<()> {
    for chunk in chunks(staff) {
        tx.run(sql!("UPDATE presence SET renewals = renewals + 1 WHERE is_connected = TRUE AND staff_id IN ({{ids}})").with_ids(&chunk))?;
    }
    Ok(())
}

/// Ends a lease, unless it was renewed since `renewals` was read. Answers whether it ended.
pub(super) fn expire(tx: &mut Tx, staff: i64, renewals: i64) -> Result<bool> {
    let n = tx.run(sql!(
        "UPDATE presence SET is_connected = FALSE, renewals = renewals + 1, changed_at = $3 WHERE staff_id = $1 AND renewals = $2 AND is_connected = TRUE",
        staff,
        renewals,
        tx.now()
    ))?;
    Ok(n == 1)
}

pub(super) fn disconnect(tx: &mut Tx, staff: i64) -> Result<bool> {
    let n = tx.run(sql!(
        "UPDATE presence SET is_connected = FALSE, renewals = renewals + 1, changed_at = $2 WHERE staff_id = $1 AND is_connected = TRUE",
        staff,
        tx.now()
    ))?;
    Ok(n == 1)
}

pub(super) fn set_accepting(tx: &mut Tx, staff: i64, is_accepting: bool) -> Result<()> {
    tx.run(sql!(
        "UPDATE presence SET is_accepting = $2, renewals = renewals + 1, changed_at = $3 WHERE staff_id = $1",
        staff,
        is_accepting,
        tx.now()
    ))?;
    Ok(())
}

/// Adds to the grace that a lost agent has used up.
pub(super) fn use_grace(tx: &mut Tx, staff: i64, ms: i64) -> Result<()> {
    tx.run(sql!("UPDATE presence SET grace_used_ms = grace_used_ms + $2 WHERE staff_id = $1 AND is_connected = FALSE", staff, ms))?;
    Ok(())
}

pub(super) fn set_assigned(tx: &mut Tx, staff: i64) -> Result<()> {
    tx.run(sql!("UPDATE presence SET assigned_at = $2 WHERE staff_id = $1", staff, tx.now()))?;
    Ok(())
}

/// Forgets all leases.
pub(super) fn forget(tx: &mut Tx) -> Result<()> {
    tx.run(sql!("DELETE FROM presence")).map(drop)
}

/// Everybody who owns a conversation now.
pub(super) fn owners(tx: &mut Tx) -> Result<Vec<i64>> {
    let rows: Vec<Owner> = tx.all(sql!("SELECT DISTINCT owner_id FROM conversation WHERE state = 'served' ORDER BY owner_id"))?;
    Ok(rows.into_iter().map(|row| row.owner_id).collect())
}

/// Conversations that wait, the heads of the queues first; at most `limit` of each group.
pub(super) fn waiting(tx: &mut Tx, limit: i64) -> Result<Vec<Waiting>> {
    let rows: Vec<Queued> = tx.all(sql!(
        "SELECT id, group_id, is_returned, queued_at
         FROM (SELECT id, group_id, is_returned, queued_at,
                      ROW_NUMBER() OVER (PARTITION BY group_id ORDER BY is_returned DESC, queued_at, id) AS place
               FROM conversation
               WHERE state = 'queued') AS queued
         WHERE place <= $1
         ORDER BY is_returned DESC, queued_at, id",
        limit
    ))?;
    let waiting = |row: Queued| Waiting { id: row.id, group: row.group_id, is_returned: row.is_returned, queued_at: row.queued_at };
    Ok(rows.into_iter().map(waiting).collect())
}

/// Agents who are there, accept, and may serve.
pub(super) fn free(tx: &mut Tx) -> Result<Vec<Free>> {
    tx.all(sql!(
        "SELECT s.id, m.group_id, COALESCE(l.load, 0) AS load, s.max_conversations, p.assigned_at
         FROM presence p
         JOIN staff s ON s.id = p.staff_id
         JOIN group_member m ON m.staff_id = s.id
         LEFT JOIN (SELECT owner_id, COUNT(*) AS load FROM conversation WHERE state = 'served' GROUP BY owner_id) AS l ON l.owner_id = s.id
         WHERE p.is_connected = TRUE AND p.is_accepting = TRUE AND s.is_active = TRUE
           AND EXISTS (SELECT 1 FROM staff_role r JOIN role_permission q ON q.role_id = r.role_id
                       WHERE r.staff_id = s.id AND q.permission = 'conversation.serve')
         ORDER BY s.id, m.group_id"
    ))
}

row! {
    /// A skill group a conversation may go to.
    pub(super) struct Place { pub id: i64, pub name: String, pub branch_id: Option<i64>, pub is_active: bool }

    /// A skill group in use, and how many wait in its queue.
    pub(super) struct QueueLength { pub id: i64, pub name: String, pub waiting: i64 }

    /// Somebody who may serve, one row for each group in use; one without a group for those who are in none.
    pub(super) struct Target {
        pub id: i64,
        pub name: String,
        pub group_id: Option<i64>,
        pub is_connected: bool,
        pub is_accepting: bool,
        pub load: i64,
        pub max_conversations: i64,
    }
}

pub(super) fn place(tx: &mut Tx, group: i64) -> Result<Option<Place>> {
    tx.find(sql!("SELECT id, name, branch_id, is_active FROM skill_group WHERE id = $1", group))
}

pub(super) fn queues(tx: &mut Tx) -> Result<Vec<QueueLength>> {
    tx.all(sql!(
        "SELECT g.id, g.name, COALESCE(q.waiting, 0) AS waiting
         FROM skill_group g
         LEFT JOIN (SELECT group_id, COUNT(*) AS waiting FROM conversation WHERE state = 'queued' GROUP BY group_id) AS q ON q.group_id = g.id
         WHERE g.is_active = TRUE
         ORDER BY g.id"
    ))
}

pub(super) fn targets(tx: &mut Tx) -> Result<Vec<Target>> {
    tx.all(sql!(
        "SELECT s.id, s.name, g.id AS group_id, COALESCE(p.is_connected, FALSE) AS is_connected,
                COALESCE(p.is_accepting, FALSE) AS is_accepting, COALESCE(l.load, 0) AS load, s.max_conversations
         FROM staff s
         LEFT JOIN presence p ON p.staff_id = s.id
         LEFT JOIN group_member m ON m.staff_id = s.id
         LEFT JOIN skill_group g ON g.id = m.group_id AND g.is_active = TRUE
         LEFT JOIN (SELECT owner_id, COUNT(*) AS load FROM conversation WHERE state = 'served' GROUP BY owner_id) AS l ON l.owner_id = s.id
         WHERE s.is_active = TRUE AND s.is_builtin = FALSE
           AND EXISTS (SELECT 1 FROM staff_role r JOIN role_permission q ON q.role_id = r.role_id
                       WHERE r.staff_id = s.id AND q.permission = 'conversation.serve')
         ORDER BY s.id, g.id"
    ))
}

row! { struct Name { name: String, max_conversations: i64 } }

/// Name and limit of an agent who may still take a conversation of this group, now that everything is locked.
pub(super) fn eligible(tx: &mut Tx, staff: i64, group: i64) -> Result<Option<(String, i64)>> {
    let found: Option<Name> = tx.find(sql!(
        "SELECT s.name, s.max_conversations
         FROM staff s
         JOIN presence p ON p.staff_id = s.id
         JOIN group_member m ON m.staff_id = s.id AND m.group_id = $2
         WHERE s.id = $1 AND s.is_active = TRUE
           AND EXISTS (SELECT 1 FROM staff_role r JOIN role_permission q ON q.role_id = r.role_id
                       WHERE r.staff_id = s.id AND q.permission = 'conversation.serve')
           AND p.is_connected = TRUE AND p.is_accepting = TRUE",
        staff,
        group
    ))?;
    Ok(found.map(|found| (found.name, found.max_conversations)))
}
