//! What the program itself has to know of the rooms' tables. It only reads.
use std::collections::HashMap;
use yingda_base::{Result, Tx, row, sql};
use yingda_service::auth::{GroupId, StaffId};

row! {
    struct Found { id: StaffId }
    struct Known { public_id: String }
    struct Group { id: GroupId, name: String }
}

/// Whether anybody can log in. The account of bench sessions cannot.
pub fn is_anyone(tx: &mut Tx) -> Result<bool> {
    Ok(tx.find::<Found>(sql!("SELECT id FROM staff WHERE login <> '~bench' ORDER BY id LIMIT 1"))?.is_some())
}

/// An account by its login.
pub fn find_staff(tx: &mut Tx, login: &str) -> Result<Option<StaffId>> {
    Ok(tx.find::<Found>(sql!("SELECT id FROM staff WHERE login = $1", login))?.map(|found| found.id))
}

/// Whether the outside has a conversation of this name here.
pub fn has_conversation(tx: &mut Tx, external_id: &str) -> Result<bool> {
    Ok(tx.find::<Known>(sql!("SELECT public_id FROM conversation WHERE external_id = $1 ORDER BY id LIMIT 1", external_id))?.is_some())
}

/// Skill groups by name.
pub fn groups(tx: &mut Tx) -> Result<HashMap<String, GroupId>> {
    let groups: Vec<Group> = tx.all(sql!("SELECT id, name FROM skill_group ORDER BY id"))?;
    Ok(groups.into_iter().map(|group| (group.name, group.id)).collect())
}

#[cfg(test)]
mod tests {
    use yingda_base::both;

    both! { every_statement_of_the_program_can_be_prepared, |db| async {
        assert_eq!(db.check_statements(), Vec::<String>::new());
    } }
}
