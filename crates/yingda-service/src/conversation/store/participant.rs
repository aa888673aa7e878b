//! The SQL of who takes part.
use crate::conversation::{
    entry::{Participant, Role},
    model::ConversationId,
};
use yingda_base::{Result, Tx, db::chunks, row, sql};

pub(in crate::conversation) fn participants(tx: &mut Tx, id: ConversationId) -> Result<Vec<Participant>> {
    tx.all(sql!(
        "SELECT participant, role, staff_id, name, delivered, read FROM participant WHERE conversation_id = $1 ORDER BY participant",
        id
    ))
}

pub(in crate::conversation) fn staff_participant(tx: &mut Tx, id: ConversationId, staff: i64) -> Result<Option<Participant>> {
    tx.find(sql!(
        "SELECT participant, role, staff_id, name, delivered, read FROM participant WHERE conversation_id = $1 AND staff_id = $2",
        id,
        staff
    ))
}

pub(in crate::conversation) fn insert_participant(tx: &mut Tx, id: ConversationId, p: &Participant) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO participant (conversation_id, participant, role, staff_id, name, joined_at, delivered, read)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        p.participant,
        p.role,
        p.staff_id,
        &p.name,
        tx.now(),
        p.delivered,
        p.read
    ))?;
    Ok(())
}

pub(in crate::conversation) fn set_role(tx: &mut Tx, id: ConversationId, participant: i64, role: Role) -> Result<()> {
    tx.run(sql!("UPDATE participant SET role = $3 WHERE conversation_id = $1 AND participant = $2", id, participant, role))?;
    Ok(())
}

pub(in crate::conversation) fn set_name(tx: &mut Tx, id: ConversationId, participant: i64, name: &str) -> Result<()> {
    tx.run(sql!("UPDATE participant SET name = $3 WHERE conversation_id = $1 AND participant = $2", id, participant, name))?;
    Ok(())
}

/// Never goes back. Answers whether it moved.
pub(in crate::conversation) fn move_positions(
    tx: &mut Tx,
    id: ConversationId,
    participant: i64,
    delivered: i64,
    read: i64,
) -> Result<bool> {
    let moved = tx.run(sql!(
        "UPDATE participant
         SET delivered = CASE WHEN $3 > delivered THEN $3 ELSE delivered END, read = CASE WHEN $4 > read THEN $4 ELSE read END
         WHERE conversation_id = $1 AND participant = $2 AND (delivered < $3 OR read < $4)",
        id,
        participant,
        delivered,
        read
    ))?;
    Ok(moved == 1)
}

row! {
    struct Of { conversation_id: ConversationId, participant: i64, role: Role, staff_id: Option<i64>, name: String, delivered: i64, read: i64 }
}

pub(in crate::conversation) fn participants_of(tx: &mut Tx, ids: &[i64]) -> Result<Vec<(ConversationId, Participant)>> {
    let mut found = Vec::new();
    for chunk in chunks(ids) {
        let rows: Vec<Of> = tx.all(
            sql!(
                "SELECT conversation_id, participant, role, staff_id, name, delivered, read
                 FROM participant
                 WHERE conversation_id IN ({{ids}})
                 ORDER BY conversation_id, participant"
            )
            .with_ids(&chunk),
        )?;
        found.extend(rows.into_iter().map(|row| {
            let Of { conversation_id, participant, role, staff_id, name, delivered, read } = row;
            (conversation_id, Participant { participant, role, staff_id, name, delivered, read })
        }));
    }
    Ok(found)
}
