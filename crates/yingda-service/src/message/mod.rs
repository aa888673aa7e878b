//! What people do in conversations: send, recall, read, and keep drafts.
//!
//! Table: draft. Entries themselves belong to the room `conversation`; this room holds the rules of what may be said, by whom, and once.
//! Start at [`send`]; `body` holds the rules of each kind; `card` those of cards.
mod body;
mod card;
mod draft;
mod export;
mod http;
mod read;
mod recall;
mod send;
mod store;
#[cfg(test)]
mod tests;

pub use body::{ClientId, Content, check_client_id};
pub use draft::{drafts_of, erase_drafts};
pub use export::{Exported, Turn, page as export_page};
pub use http::routes;
pub use read::{Reached, read};
pub use send::{Outcome, Refusal, Send, send, send_all};

yingda_base::texts!("texts.toml");
yingda_base::setting! {
    /// How long after sending an entry may be recalled, in minutes.
    pub static RECALL_MINUTES: i64 = "message.recall_minutes", default 2, scopes [Operator], check |minutes| (0..=60).contains(minutes);
}

/// How long after sending an entry may be recalled, in milliseconds.
pub fn recall_ms(settings: &yingda_base::setting::Settings) -> i64 {
    settings.global(&RECALL_MINUTES) * 60_000
}
