//! One conversation inside a unit of work: locked, changed, saved once, told once.
use super::{
    entry::{Audience, Entry, EntryState, NewEntry, Participant, Role},
    event::Changed,
    model::{Conversation, ConversationId},
    store::{self, Sent},
};
use yingda_base::{Error, Result, Tx};

/// A locked conversation. Whatever is done to it counts only after [`Episode::save`].
#[must_use = "save it, or nothing of it is told"]
pub struct Episode {
    /// The row; its rules are in `model`.
    pub row: Conversation,
    before: Conversation,
    entries: Vec<Entry>,
    are_participants_new: bool,
    are_names_new: bool,
}

impl Episode {
    /// Locks the row: first in the lock order, so that whoever comes second sees what the first one did.
    pub fn lock(tx: &mut Tx, public_id: &str) -> Result<Episode> {
        store::lock(tx, public_id)?.map(Episode::of).ok_or_else(|| Error::not_found("conversation"))
    }

    /// The same by the id inside the house.
    pub fn lock_by_id(tx: &mut Tx, id: ConversationId) -> Result<Episode> {
        store::lock_by_id(tx, id).map(Episode::of)
    }

    /// A row that was just inserted in this unit, and so is locked.
    pub(super) fn of(row: Conversation) -> Episode {
        Episode { before: row.clone(), row, entries: Vec::new(), are_participants_new: false, are_names_new: false }
    }

    /// Appends an entry; answers its `seq`.
    pub fn append(&mut self, tx: &mut Tx, new: NewEntry) -> Result<i64> {
        self.row.head += 1;
        if new.audience == Audience::All {
            self.row.customer_head = self.row.head;
        }
        let body = new.body.to_string();
        store::insert_entry(tx, self.row.id, self.row.head, &new, &body)?;
        self.entries.push(Entry {
            conversation_id: self.row.id,
            seq: self.row.head,
            kind: new.kind,
            v: 1,
            at: tx.now(),
            participant: new.participant,
            role: new.role,
            name: new.name,
            audience: new.audience,
            state: EntryState::Kept,
            locale: new.locale,
            client_id: new.once.map(|(client_id, _)| client_id),
            external_id: new.external_id,
            body: Some(body),
            fallback: Some(new.fallback),
        });
        Ok(self.row.head)
    }

    /// What is known of an entry this participant sent with this client id.
    pub fn sent(&self, tx: &mut Tx, participant: i64, client_id: &str) -> Result<Option<Sent>> {
        store::sent(tx, self.row.id, participant, client_id)
    }

    /// An entry of this conversation.
    pub fn entry(&self, tx: &mut Tx, seq: i64) -> Result<Option<Entry>> {
        store::entry(tx, self.row.id, seq)
    }

    /// Marks an entry as taken back; false if it was not there as written.
    pub fn recall(&mut self, tx: &mut Tx, seq: i64) -> Result<bool> {
        Ok(store::set_recalled(tx, self.row.id, seq)? == 1)
    }

    /// The participant a member of staff is here, if ever they were.
    pub fn participant_of(&self, tx: &mut Tx, staff: i64) -> Result<Option<Participant>> {
        store::staff_participant(tx, self.row.id, staff)
    }

    /// Makes a member of staff a participant, or gives the old participant a new part.
    pub fn join(&mut self, tx: &mut Tx, staff: i64, name: &str, role: Role) -> Result<Participant> {
        if let Some(mut known) = self.participant_of(tx, staff)? {
            if known.role != role {
                store::set_role(tx, self.row.id, known.participant, role)?;
                known.role = role;
                self.are_participants_new = true;
            }
            return Ok(known);
        }
        let participant = store::participants(tx, self.row.id)?.last().map_or(1, |last| last.participant + 1);
        let new = Participant { participant, role, staff_id: Some(staff), name: name.to_owned(), delivered: 0, read: 0 };
        store::insert_participant(tx, self.row.id, &new)?;
        self.are_participants_new = true;
        Ok(new)
    }

    /// The customer's own row, at the opening.
    pub(super) fn join_customer(&mut self, tx: &mut Tx, name: &str) -> Result<()> {
        let new = Participant {
            participant: super::entry::CUSTOMER,
            role: Role::Customer,
            staff_id: None,
            name: name.to_owned(),
            delivered: 0,
            read: 0,
        };
        self.are_participants_new = true;
        store::insert_participant(tx, self.row.id, &new)
    }

    /// Moves how far a participant has come; never back, never beyond the head.
    pub fn move_positions(&mut self, tx: &mut Tx, participant: i64, delivered: i64, read: i64) -> Result<()> {
        let (delivered, read) = (delivered.max(read).min(self.row.head), read.min(self.row.head));
        self.are_participants_new |= store::move_positions(tx, self.row.id, participant, delivered, read)?;
        Ok(())
    }

    /// Notes that a name which is shown with it is another now, though nothing of the row is.
    pub(super) fn rename(&mut self) {
        self.are_names_new = true;
    }

    /// The customer goes by another name from now on.
    pub(super) fn rename_customer(&mut self, tx: &mut Tx, name: &str) -> Result<()> {
        self.are_names_new = true;
        store::set_name(tx, self.row.id, super::entry::CUSTOMER, name)
    }

    /// Writes the row if anything changed, and tells it after the commit.
    pub fn save(mut self, tx: &mut Tx) -> Result<Conversation> {
        let stands = same_standing(&self.row, &self.before);
        if stands && self.entries.is_empty() && !self.are_participants_new && !self.are_names_new && self.row == self.before {
            return Ok(self.row);
        }
        self.row.rev = self.before.rev + 1;
        if stands {
            store::update_heads(tx, &self.row)?
        } else {
            store::update(tx, &self.row)?
        }
        let participants = if self.are_participants_new { Some(store::participants(tx, self.row.id)?) } else { None };
        let is_partial = self.are_names_new;
        tx.emit(Changed { conversation: self.row.clone(), entries: self.entries, participants, is_partial });
        Ok(self.row)
    }
}

/// Whether two versions of a row differ at most in what [`store::update_heads`] writes.
fn same_standing(a: &Conversation, b: &Conversation) -> bool {
    let mut like_b = a.clone();
    (like_b.rev, like_b.head, like_b.customer_head, like_b.waiting_since) = (b.rev, b.head, b.customer_head, b.waiting_since);
    like_b == *b
}
