//! One conversation inside a unit of work: locked, changed, saved once, told once.
use super::{
    entry::{Audience, Entry, EntryState, NewEntry, Participant, Role},
    event::Changed,
    model::{Conversation, ConversationId},
    store::{self, Line, Sent},
};
use std::collections::HashMap;
use yingda_base::{Error, Result, Tx};

/// A position to be written: participant, delivered, read.
type Reached = (i64, i64, i64);

/// A locked conversation. Whatever is done to it counts only after [`Episode::save`].
#[must_use = "save it, or nothing of it is told"]
pub struct Episode {
    /// The row; its rules are in `model`.
    pub row: Conversation,
    before: Conversation,
    /// Appended, and written when it is saved: all in one statement.
    lines: Vec<Line>,
    entries: Vec<Entry>,
    /// Everybody who takes part, once they were all read.
    participants: Option<Vec<Participant>>,
    /// How far participants have come, written when it is saved.
    reached: Vec<Reached>,
    /// What was asked about client ids, and what was appended since.
    known: HashMap<(i64, String), Option<Sent>>,
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
        Episode {
            before: row.clone(),
            row,
            lines: Vec::new(),
            entries: Vec::new(),
            participants: None,
            reached: Vec::new(),
            known: HashMap::new(),
            are_participants_new: false,
            are_names_new: false,
        }
    }

    /// Appends an entry, which reaches the database with [`Episode::save`]; answers its `seq`.
    pub fn append(&mut self, tx: &mut Tx, new: NewEntry) -> Result<i64> {
        self.row.head += 1;
        let (seq, at) = (self.row.head, tx.now());
        if new.audience == Audience::All {
            self.row.customer_head = seq;
        }
        if let Some((client_id, hash)) = &new.once {
            let sent = Sent { client_id: client_id.clone(), seq, at, state: EntryState::Kept, body_hash: Some(hash.clone()) };
            self.known.insert((new.participant, client_id.clone()), Some(sent));
        }
        let body = new.body.to_string();
        self.entries.push(Entry {
            conversation_id: self.row.id,
            seq,
            kind: new.kind,
            v: 1,
            at,
            participant: new.participant,
            role: new.role,
            name: new.name.clone(),
            audience: new.audience,
            state: EntryState::Kept,
            locale: new.locale.clone(),
            client_id: new.once.as_ref().map(|(client_id, _)| client_id.clone()),
            external_id: new.external_id.clone(),
            body: Some(body.clone()),
            fallback: Some(new.fallback.clone()),
        });
        self.lines.push(Line { seq, new, body });
        Ok(seq)
    }

    /// Asks about many client ids of a participant at once, so that [`Episode::sent`] need not ask about each.
    pub fn ask_sent(&mut self, tx: &mut Tx, participant: i64, client_ids: &[&str]) -> Result<()> {
        let unknown = |id: &&&str| !self.known.contains_key(&(participant, (**id).to_owned()));
        let mut asked: Vec<&str> = client_ids.iter().filter(unknown).copied().collect();
        asked.sort_unstable();
        asked.dedup();
        let found = store::sent(tx, self.row.id, participant, &asked)?;
        self.known.extend(asked.into_iter().map(|id| ((participant, id.to_owned()), None)));
        self.known.extend(found.into_iter().map(|sent| ((participant, sent.client_id.clone()), Some(sent))));
        Ok(())
    }

    /// What is known of an entry this participant sent with this client id.
    pub fn sent(&mut self, tx: &mut Tx, participant: i64, client_id: &str) -> Result<Option<Sent>> {
        self.ask_sent(tx, participant, &[client_id])?;
        Ok(self.known.get(&(participant, client_id.to_owned())).cloned().flatten())
    }

    /// An entry of this conversation.
    pub fn entry(&self, tx: &mut Tx, seq: i64) -> Result<Option<Entry>> {
        store::entry(tx, self.row.id, seq)
    }

    /// Marks an entry as taken back; false if it was not there as written.
    pub fn recall(&mut self, tx: &mut Tx, seq: i64) -> Result<bool> {
        Ok(store::set_recalled(tx, self.row.id, seq)? == 1)
    }

    /// Reads everybody who takes part, for a unit that asks about more than one of them or moves positions.
    pub fn gather(&mut self, tx: &mut Tx) -> Result<()> {
        if self.participants.is_none() {
            self.participants = Some(store::participants(tx, self.row.id)?);
        }
        Ok(())
    }

    /// The participant a member of staff is here, if ever they were.
    pub fn participant_of(&self, tx: &mut Tx, staff: i64) -> Result<Option<Participant>> {
        match &self.participants {
            Some(all) => Ok(all.iter().find(|participant| participant.staff_id == Some(staff)).cloned()),
            None => store::staff_participant(tx, self.row.id, staff),
        }
    }

    /// Makes a member of staff a participant, or gives the old participant a new part.
    pub fn join(&mut self, tx: &mut Tx, staff: i64, name: &str, role: Role) -> Result<Participant> {
        self.gather(tx)?;
        let all = self.participants.get_or_insert_default();
        if let Some(known) = all.iter_mut().find(|participant| participant.staff_id == Some(staff)) {
            if known.role != role {
                store::set_role(tx, self.row.id, known.participant, role)?;
                known.role = role;
                self.are_participants_new = true;
            }
            return Ok(known.clone());
        }
        let participant = all.last().map_or(1, |last| last.participant + 1);
        let new = Participant { participant, role, staff_id: Some(staff), name: name.to_owned(), delivered: 0, read: 0 };
        store::insert_participant(tx, self.row.id, &new)?;
        all.push(new.clone());
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
        store::insert_participant(tx, self.row.id, &new)?;
        self.participants = Some(vec![new]);
        Ok(())
    }

    /// Moves how far a participant has come; never back, never beyond the head.
    pub fn move_positions(&mut self, participant: i64, delivered: i64, read: i64) {
        let (delivered, read) = (delivered.max(read).min(self.row.head), read.min(self.row.head));
        match self.reached.iter_mut().find(|reached| reached.0 == participant) {
            Some(reached) => *reached = (participant, delivered.max(reached.1), read.max(reached.2)),
            None => self.reached.push((participant, delivered, read)),
        }
    }

    /// Writes the positions. Whoever was read is known to move or not; of others the database says it.
    fn write_positions(&mut self, tx: &mut Tx) -> Result<()> {
        for (participant, delivered, read) in std::mem::take(&mut self.reached) {
            let known = self.participants.iter_mut().flatten().find(|known| known.participant == participant);
            if let Some(known) = known {
                if known.delivered >= delivered && known.read >= read {
                    continue;
                }
                (known.delivered, known.read) = (known.delivered.max(delivered), known.read.max(read));
            }
            self.are_participants_new |= store::move_positions(tx, self.row.id, participant, delivered, read)?;
        }
        Ok(())
    }

    /// Notes that a name which is shown with it is another now, though nothing of the row is.
    pub(super) fn rename(&mut self) {
        self.are_names_new = true;
    }

    /// The customer goes by another name from now on.
    pub(super) fn rename_customer(&mut self, tx: &mut Tx, name: &str) -> Result<()> {
        self.are_names_new = true;
        // Read anew if somebody asks.
        self.participants = None;
        store::set_name(tx, self.row.id, super::entry::CUSTOMER, name)
    }

    /// Writes the row if anything changed, and tells it after the commit.
    pub fn save(mut self, tx: &mut Tx) -> Result<Conversation> {
        if !self.lines.is_empty() {
            store::insert_entries(tx, self.row.id, &self.lines)?;
        }
        self.write_positions(tx)?;
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
        let participants = if self.are_participants_new {
            self.gather(tx)?;
            self.participants
        } else {
            None
        };
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
