//! When somebody is renamed, what is open shows the new name: in lists, on desks, with the customer.
use super::{
    episode::Episode,
    model::{ConversationId, State},
    store,
};
use serde::{Deserialize, Serialize};
use yingda_base::{
    Error, Result, Tx,
    job::{self, Job, JobContext},
};

/// Conversations of one unit: each is locked and written.
const CHUNK: i64 = 20;

/// Whose name is shown with a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Named {
    /// The customer.
    Customer(i64),
    /// The member of staff who serves.
    Owner(i64),
    /// The skill group.
    Group(i64),
    /// The branch.
    Branch(i64),
    /// The site.
    Site(i64),
}

/// To be called in the unit that writes a new name. There may be thousands of conversations, so they follow as a job.
pub fn renamed(tx: &mut Tx, named: Named) -> Result<()> {
    job::enqueue(tx, &Rename { named }).map(drop)
}

/// Makes the open conversations that show a name look changed.
#[derive(Serialize, Deserialize)]
pub struct Rename {
    named: Named,
}

impl Job for Rename {
    const NAME: &'static str = "conversation.rename";

    async fn run(self, context: &JobContext) -> Result<()> {
        let mut after = ConversationId(0);
        while !context.stopping.is_set() {
            match context.db.write(move |tx| touch(tx, self.named, after)).await? {
                Some(last) => after = last,
                None => return Ok(()),
            }
        }
        // Given back: the next run begins anew, which does no harm.
        Err(Error::unavailable("busy"))
    }
}

/// One chunk; the last id of it.
fn touch(tx: &mut Tx, named: Named, after: ConversationId) -> Result<Option<ConversationId>> {
    let ids = store::showing(tx, named, after, CHUNK)?;
    for id in &ids {
        let mut episode = Episode::lock_by_id(tx, *id)?;
        if episode.row.state != State::Closed {
            episode.rename();
            episode.save(tx)?;
        }
    }
    Ok(ids.last().copied())
}
