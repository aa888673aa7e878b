//! The lease of node bits: table `node`.
use super::no_node_free;
use crate::{Result, Tx, db::Engine, id::IdSource, row, sql};
use std::time::Duration;

/// How often a node renews. On SQLite there is nobody to tell, and an idle disk may sleep.
pub fn renewal(engine: &Engine) -> Duration {
    match engine {
        Engine::Sqlite(_) => Duration::from_secs(10),
        Engine::Postgres(_) => Duration::from_secs(2),
    }
}
/// How far ahead of its ids the floor of a node lies: a few renewals that may fail.
pub(super) const AHEAD: Duration = Duration::from_secs(30);
/// A counter that stands still this long belongs to a dead node.
pub(super) const STALE: Duration = Duration::from_secs(60);
const NODES: i64 = 1024;

row! {
    /// A row of `node`.
    pub(super) struct Leased { pub node: i64, pub holder: Option<String>, pub renewals: i64, pub id_floor: i64 }
}

/// A held number.
pub(super) struct Node {
    pub number: u16,
    /// The number before.
    pub was: u16,
    /// New ids lie above it.
    pub floor: i64,
    /// They don't follow the clock beyond it.
    pub ceiling: i64,
}

pub(super) fn list(tx: &mut Tx) -> Result<Vec<Leased>> {
    tx.all(sql!("SELECT node, holder, renewals, id_floor FROM node ORDER BY node"))
}

/// Takes a number that was given back, or one that nobody ever had.
pub(super) fn acquire(tx: &mut Tx, holder: &str) -> Result<Node> {
    let nodes = list(tx)?;
    let mark = IdSource::at(tx.now()).max(reached(&nodes));
    for free in nodes.iter().filter(|node| node.holder.is_none()) {
        let floor = mark.max(free.id_floor);
        let ceiling = IdSource::after(floor, AHEAD);
        let taken = tx.run(sql!(
            "UPDATE node SET holder = $1, renewals = renewals + 1, id_floor = $2
             WHERE node = $3 AND holder IS NULL AND renewals = $4",
            holder,
            ceiling,
            free.node,
            free.renewals
        ))?;
        if taken == 1 {
            return Ok(Node { number: number(free.node), was: u16::MAX, floor, ceiling });
        }
    }
    let ceiling = IdSource::after(mark, AHEAD);
    for fresh in (0..NODES).filter(|number| nodes.iter().all(|node| node.node != *number)) {
        let taken = tx.run(sql!(
            "INSERT INTO node (node, holder, renewals, id_floor) VALUES ($1, $2, 1, $3) ON CONFLICT (node) DO NOTHING",
            fresh,
            holder,
            ceiling
        ))?;
        if taken == 1 {
            return Ok(Node { number: number(fresh), was: u16::MAX, floor: mark, ceiling });
        }
    }
    Err(no_node_free())
}

/// Moves the counter and the floor; `None` if somebody else has the number.
pub(super) fn renew(tx: &mut Tx, node: u16, holder: &str, ids: &IdSource) -> Result<Option<Node>> {
    let floor = reached(&list(tx)?);
    let ceiling = IdSource::after(floor.max(ids.high_water()).max(IdSource::at(tx.now())), AHEAD);
    let held = tx.run(sql!(
        "UPDATE node SET renewals = renewals + 1, id_floor = $1 WHERE node = $2 AND holder = $3",
        ceiling,
        i64::from(node),
        holder
    ))?;
    Ok((held == 1).then_some(Node { number: node, was: node, floor, ceiling }))
}

/// The floor of a number that nobody holds is exact: no id of it lies above.
pub(super) fn release(tx: &mut Tx, node: u16, holder: &str, high_water: i64) -> Result<()> {
    let node = i64::from(node);
    tx.run(sql!("UPDATE node SET holder = NULL, id_floor = $1 WHERE node = $2 AND holder = $3", high_water, node, holder)).map(drop)
}

pub(super) fn free(tx: &mut Tx, node: i64, renewals: i64) -> Result<()> {
    tx.run(sql!("UPDATE node SET holder = NULL WHERE node = $1 AND renewals = $2", node, renewals)).map(drop)
}

/// Gives all numbers back. Their floors stay.
pub(super) fn free_all(tx: &mut Tx) -> Result<()> {
    tx.run(sql!("UPDATE node SET holder = NULL WHERE holder IS NOT NULL")).map(drop)
}

/// What all nodes had reached when they last renewed. Following it keeps ids in order over nodes whose clocks differ.
fn reached(nodes: &[Leased]) -> i64 {
    let reached = |node: &Leased| if node.holder.is_some() { IdSource::before(node.id_floor, AHEAD) } else { node.id_floor };
    nodes.iter().map(reached).max().unwrap_or(0)
}

fn number(node: i64) -> u16 {
    u16::try_from(node).expect("the table holds 0 to 1023")
}
