//! Erasing personal data from the log: what lies outside the chain goes, the record that something was done stays, and the chain holds.
//!
//! Each erasure leaves a record, because `yingda verify` accepts missing values only where the chain says that they were erased. Erasing again
//! what is gone does nothing and leaves nothing, so a ledger of erasures may be replayed.
use super::{
    record::{Audit, record_of_program},
    seal::begun,
    store,
};
use yingda_base::{Result, Tx};

/// Erases the values before and after of all records about an object, such as a customer's.
pub fn erase_values(tx: &mut Tx, object_kind: &'static str, object_id: &str) -> Result<()> {
    // The sealer must not be reading what goes.
    begun(tx)?;
    if store::erase::values(tx, object_kind, object_id)? == 0 {
        return Ok(());
    }
    tell(tx, "audit.erase_values", object_kind, object_id.to_owned())
}

/// Erases name and address in all records of what an actor did: of a visitor by the device, of staff by the account.
pub fn erase_origins(tx: &mut Tx, actor_kind: &'static str, actor_id: i64) -> Result<()> {
    begun(tx)?;
    if store::erase::origins(tx, actor_kind, actor_id)? == 0 {
        return Ok(());
    }
    tell(tx, "audit.erase_origins", actor_kind, actor_id.to_string())
}

/// Without values: the next erasure would take them.
fn tell(tx: &mut Tx, action: &'static str, object_kind: &'static str, object_id: String) -> Result<()> {
    record_of_program(tx, "erasure", &Audit { action, object_kind, object_id, ..Audit::default() })
}
