//! What can be erased, and why. Pure.
use serde::{Deserialize, Serialize};
use yingda_base::{Millis, id, row, text_enum};

id! {
    /// A line of the ledger.
    pub struct ErasureId;
}

text_enum! {
    /// What is erased.
    pub enum What {
        /// One entry.
        Entry = "entry",
        /// Everything people wrote in a conversation, and what it was about.
        Conversation = "conversation",
        /// A customer: all their conversations, their name, what is known of them.
        Customer = "customer",
    }
}

text_enum! {
    /// Why. A code and no words: words would be personal data that outlive what was erased.
    pub enum Reason {
        /// The customer asked for it.
        CustomerRequest = "customer_request",
        /// Sensitive data that should not have been written.
        Sensitive = "sensitive",
        /// Unlawful or abusive content.
        Unlawful = "unlawful",
        /// Sent to the wrong person.
        Mistake = "mistake",
    }
}

row! {
    /// A line of the ledger, in the database and in the file alike.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Erasure {
        /// Its id.
        pub id: ErasureId,
        /// When it was asked for.
        pub at: Millis,
        /// What.
        pub kind: What,
        /// Which conversation, by its id inside the house.
        pub conversation_id: Option<i64>,
        /// The entry, or the last one of the conversation then.
        pub seq: Option<i64>,
        /// When that entry was made; of a conversation, when the last of its words was, by the clock of then.
        pub entry_at: Option<Millis>,
        /// Which customer, by the id inside the house.
        pub customer_id: Option<i64>,
        /// Why.
        pub reason: Reason,
        /// Who asked for it.
        pub staff_id: i64,
    }
}

impl Erasure {
    /// What came later than this is not meant, in whichever history it is read. A clock that was ahead and put right does not count.
    pub(super) fn horizon(&self) -> Millis {
        self.entry_at.map_or(self.at, |at| at.max(self.at))
    }
}
