//! Whether what a value is set for is there. The values themselves are kept by yingda-base.
use yingda_base::{
    Result, Tx, row,
    setting::{Scope, ScopeKind},
    sql,
};

row! { struct Found { id: i64 } }

pub fn exists(tx: &mut Tx, scope: Scope) -> Result<bool> {
    let found: Option<Found> = match scope.kind {
        ScopeKind::Operator => return Ok(true),
        ScopeKind::Branch => tx.find(sql!("SELECT id FROM branch WHERE id = $1", scope.id))?,
        ScopeKind::Site => tx.find(sql!("SELECT id FROM site WHERE id = $1", scope.id))?,
        ScopeKind::Group => tx.find(sql!("SELECT id FROM skill_group WHERE id = $1", scope.id))?,
    };
    Ok(found.is_some_and(|found| found.id == scope.id))
}
