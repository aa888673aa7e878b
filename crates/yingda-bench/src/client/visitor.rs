//! A visitor: a device with a socket.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

use super::{Connection, Event, Identity, Watch};
use crate::setup::{Place, Setup};

#[derive(Debug)]
pub struct Visitor {
    pub identity: Arc<Identity>,
    pub connection: Connection,
    pub events: UnboundedReceiver<Event>,
}

impl Visitor {
    /// Comes to the site of `place` with a device that was never there.
    pub async fn arrive(setup: &Setup, place: &Place, watch: Arc<dyn Watch>) -> anyhow::Result<Self> {
        let identity = Arc::new(Identity::new_visitor(setup, &place.site_key).await?);
        let (connection, events) = Connection::open(Arc::clone(&identity), watch);
        Ok(Self { identity, connection, events })
    }
}
