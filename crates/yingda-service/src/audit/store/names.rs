//! What the things are called now whose ids stand in the log.
use yingda_base::{
    Result, Tx,
    db::{Query, chunks},
    row, sql,
};

row! {
    /// A name by its id.
    pub struct Named { pub id: i64, pub name: String }
    /// Somebody to be looked for.
    pub struct Person { pub id: i64, pub name: String, pub login: String }
}

/// Names of things of this kind; of kinds without names, and of what is gone, there are none.
pub fn of(tx: &mut Tx, kind: &str, ids: &[i64]) -> Result<Vec<Named>> {
    let mut found = Vec::new();
    for ids in chunks(ids) {
        let query: Query = match kind {
            "staff" => sql!("SELECT id, name FROM staff WHERE id IN ({{ids}}) ORDER BY id"),
            "group" => sql!("SELECT id, name FROM skill_group WHERE id IN ({{ids}}) ORDER BY id"),
            "branch" => sql!("SELECT id, name FROM branch WHERE id IN ({{ids}}) ORDER BY id"),
            "role" => sql!("SELECT id, name FROM role WHERE id IN ({{ids}}) ORDER BY id"),
            "site" => sql!("SELECT id, name FROM site WHERE id IN ({{ids}}) ORDER BY id"),
            // A session is called after whose it is.
            "session" => sql!("SELECT s.id, f.name FROM session s JOIN staff f ON f.id = s.staff_id WHERE s.id IN ({{ids}}) ORDER BY s.id"),
            _ => return Ok(found),
        };
        found.extend(tx.all::<Named>(query.with_ids(&ids))?);
    }
    Ok(found)
}

/// All accounts, by name.
pub fn people(tx: &mut Tx) -> Result<Vec<Person>> {
    tx.all(sql!("SELECT id, name, login FROM staff WHERE NOT is_builtin ORDER BY name, id"))
}
