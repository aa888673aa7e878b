//! Which conversations a list shows.
use crate::conversation::{
    jobs::Named,
    model::{ConversationId, State},
};
use yingda_base::{Result, Tx, row, sql_template};

sql_template!(static LIST = "SELECT c.id AS id FROM conversation c WHERE TRUE"; [
    // 0 a customer's own
    "AND c.customer_id = ?",
    // 1 an owner's
    "AND c.owner_id = ?",
    // 2 the state
    "AND c.state = ?",
    // 3 served by others
    "AND c.owner_id <> ?",
    // 4 within the scope of a member of staff, or owned
    "AND (c.owner_id = ? OR EXISTS (
           SELECT 1 FROM staff_scope v
           WHERE v.staff_id = ?
             AND (v.kind = 'all' OR (v.kind = 'group' AND v.target_id = c.group_id)
                  OR (v.kind = 'branch' AND EXISTS (
                        SELECT 1 FROM branch_closure d WHERE d.ancestor_id = v.target_id AND d.descendant_id = c.branch_id)))))",
    // 5 further down the list
    "AND c.id < ?",
]; "ORDER BY c.id DESC LIMIT ?");

/// Which conversations a list shows.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub customer: Option<i64>,
    pub owner: Option<i64>,
    pub state: Option<State>,
    pub not_owner: Option<i64>,
    pub visible_to: Option<i64>,
    pub before: Option<i64>,
    pub limit: i64,
}

row! { struct Found { id: ConversationId } }

/// Newest first.
pub(in crate::conversation) fn list(tx: &mut Tx, listing: &Listing) -> Result<Vec<ConversationId>> {
    let mut filter = LIST
        .start(vec![])
        .when_some(0, listing.customer)
        .when_some(1, listing.owner)
        .when_some(2, listing.state)
        .when_some(3, listing.not_owner);
    if let Some(staff) = listing.visible_to {
        filter = filter.when(4, vec![staff.into(), staff.into()]);
    }
    let rows: Vec<Found> = tx.all(filter.when_some(5, listing.before).finish(vec![listing.limit.into()]))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

sql_template!(static SHOWING = "SELECT c.id AS id FROM conversation c WHERE c.closed_at IS NULL AND c.id > ?"; [
    "AND c.customer_id = ?",
    "AND c.owner_id = ?",
    "AND c.group_id = ?",
    "AND c.branch_id = ?",
    "AND c.site_id = ?",
]; "ORDER BY c.id LIMIT ?");

/// Open conversations that show this name, in the order of their ids.
pub(in crate::conversation) fn showing(tx: &mut Tx, named: Named, after: ConversationId, limit: i64) -> Result<Vec<ConversationId>> {
    let (place, id) = match named {
        Named::Customer(id) => (0, id),
        Named::Owner(id) => (1, id),
        Named::Group(id) => (2, id),
        Named::Branch(id) => (3, id),
        Named::Site(id) => (4, id),
    };
    let rows: Vec<Found> = tx.all(SHOWING.start(vec![after.into()]).when(place, vec![id.into()]).finish(vec![limit.into()]))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
