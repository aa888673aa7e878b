//! The HTTP calls around a conversation that both sides make.

use std::time::Duration;

use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::json;

use super::{
    frame::{Conversation, Entry},
    identity::Identity,
};
use crate::api::{Call, CallError};

/// How long a call is repeated while the program is down or busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// The protocol's usual page.
const PAGE: usize = 200;

/// What a conversation is opened with.
#[derive(Debug, Clone, Serialize)]
pub struct Opening {
    pub client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// A conversation's log as one audience may see it.
#[derive(Debug)]
pub struct Log {
    pub head: u64,
    pub entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct ConversationAnswer {
    conversation: Conversation,
}

#[derive(Debug, Deserialize)]
struct Page {
    entries: Vec<Entry>,
    head: u64,
}

impl Identity {
    pub async fn open(&self, opening: &Opening) -> Result<Conversation, CallError> {
        let call = || self.api().post("/api/v1/conversation", opening);
        Ok(self.call::<ConversationAnswer>(call).await?.conversation)
    }

    pub async fn accept(&self, conversation: &str) -> Result<(), CallError> {
        self.act(conversation, "accept").await
    }

    pub async fn close(&self, conversation: &str) -> Result<(), CallError> {
        self.act(conversation, "close").await
    }

    pub async fn reopen(&self, conversation: &str) -> Result<(), CallError> {
        self.act(conversation, "reopen").await
    }

    /// Every entry this identity may see, in the order the program gives them.
    pub async fn log(&self, conversation: &str) -> Result<Log, CallError> {
        let mut log = Log { head: 0, entries: Vec::new() };
        loop {
            let after = log.entries.last().map_or(0, |entry: &Entry| entry.seq);
            let path = format!("/api/v1/conversation/{conversation}/entries?after={after}&limit={PAGE}");
            let page: Page = self.call(|| self.api().get(&path)).await?;
            log.head = page.head;
            let last = page.entries.last().map_or(0, |entry| entry.seq);
            log.entries.extend(page.entries);
            // A page that brings nothing new ends the walk even below the head: that is for the checker to find.
            if last <= after || last >= log.head {
                return Ok(log);
            }
        }
    }

    async fn act(&self, conversation: &str, verb: &str) -> Result<(), CallError> {
        let path = format!("/api/v1/conversation/{conversation}/{verb}");
        self.call::<IgnoredAny>(|| self.api().post(&path, &json!({}))).await.map(drop)
    }

    /// Repeats while nothing final answers; gets another token once if this one is refused.
    async fn call<T: DeserializeOwned>(&self, call: impl Fn() -> Call) -> Result<T, CallError> {
        match self.sign(call()).answer_within(PATIENCE).await {
            Err(error) if error.is_refusal(&[401]) => {
                self.renew().await?;
                self.sign(call()).answer_within(PATIENCE).await
            }
            answer => answer,
        }
    }
}
