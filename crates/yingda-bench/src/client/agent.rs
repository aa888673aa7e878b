//! An agent: a session with a socket, ready for conversations.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;

use super::{Connection, Event, Identity, Watch};
use crate::setup::{Account, Place, Setup};

#[derive(Debug)]
pub struct Agent {
    /// The id that conversations name as their owner's.
    pub staff: String,
    pub identity: Arc<Identity>,
    pub connection: Connection,
    pub events: UnboundedReceiver<Event>,
}

impl Agent {
    /// Hires an agent for `place`, logs in and accepts up to `limit` conversations at a time.
    pub async fn begin(setup: &Setup, place: &Place, limit: u32, watch: Arc<dyn Watch>) -> anyhow::Result<Self> {
        let agent = Self::enter(setup, setup.agent(place, limit).await?, watch).await?;
        agent.connection.accepting(true);
        Ok(agent)
    }

    /// Logs in and takes nothing that is not taken by hand.
    pub async fn enter(setup: &Setup, account: Account, watch: Arc<dyn Watch>) -> anyhow::Result<Self> {
        let staff = account.staff.clone();
        let identity = Arc::new(Identity::login(setup, account).await?);
        let (connection, events) = Connection::open(Arc::clone(&identity), watch);
        Ok(Self { staff, identity, connection, events })
    }
}
