//! Erasing for good what people wrote: one entry, a conversation, or a customer with everything about them.
//!
//! Owns `erasure`, the ledger: ids and codes, never what it was. The same lines stand in a file beside the key file ([`Ledger`]), outside data
//! directory and backups, and are replayed at each start and by each restore ([`adopt`], [`step`]), so that an older backup brings nothing back.
//! Start at `actions` (who may), then `perform` (what goes, table by table). docs/decisions/erasure.md has the reasons.
mod actions;
mod http;
mod jobs;
mod ledger;
mod model;
mod perform;
mod store;
#[cfg(test)]
mod tests;

pub use http::routes;
pub use jobs::{Settle, reconcile};
pub use ledger::Ledger;
pub use model::{Erasure, Reason, What};
pub use perform::{adopt, all, step};
#[cfg(test)]
pub(crate) use tests::traces;

yingda_base::texts!("texts.toml");
