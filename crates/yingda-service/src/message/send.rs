//! Sending: the one way words get into a conversation.
use super::{
    body::{ClientId, Content},
    draft,
    store::{self, RefusedSend},
};
use crate::file::FileKind;
use crate::{
    auth::{Action, authorise},
    conversation::{
        Audience, CUSTOMER, Conversation, ConversationId, EntryState, Episode, Kind, NewEntry, Role, Sent, State,
        actions::{self, Place},
    },
};
use serde_json::Value;
use std::{collections::HashMap, time::Duration};
use yingda_base::{
    Error, Millis, Result, Tx,
    http::{Actor, StaffActor},
    key::MacKey,
    locale::Language,
};

/// What somebody wants to say.
#[derive(Clone)]
pub struct Send {
    /// Public id of the conversation.
    pub conversation: String,
    /// The sender's own id of it.
    pub client_id: ClientId,
    /// What is said.
    pub content: Content,
    /// Remembers the content as a keyed hash.
    pub mac: MacKey,
    /// The sender's language.
    pub locale: String,
    /// How long after its end an episode may be reopened.
    pub reopen_within: Duration,
}

/// How a sending ended. A refusal is an outcome and not an error of the unit, because many sendings share one.
#[derive(Debug)]
pub enum Outcome {
    /// It stands in the log.
    Kept {
        /// The conversation it was sent to.
        conversation: String,
        /// Where it stands.
        seq: i64,
        /// Since when.
        at: Millis,
        /// It stood there already.
        is_duplicate: bool,
        /// The linked episode it stands in, if the conversation was closed for good.
        moved_to: Option<String>,
    },
    /// It does not.
    Refused(Refusal),
}

/// Why a sending was refused.
#[derive(Debug)]
pub struct Refusal {
    /// What the sender is told.
    pub error: Error,
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Outcome {
        Outcome::Refused(Refusal { error })
    }
}

/// Appends an entry, or says why not. `Err` means that the unit itself failed.
pub fn send(tx: &mut Tx, actor: &Actor, send: &Send) -> Result<Outcome> {
    let outcomes = send_all(tx, actor, &[send])?;
    outcomes.into_iter().next().ok_or_else(|| Error::bug("a sending without outcome"))
}

/// The same for all that one actor says in one conversation, in this order. Each has an outcome of its own, as if it had come alone; but the row
/// is locked once, what is known of them is asked at once, and they are written and told together.
pub fn send_all(tx: &mut Tx, actor: &Actor, sends: &[&Send]) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(sends.len());
    let mut talk: Option<Talk> = None;
    for (n, send) in sends.iter().enumerate() {
        let mut open = match talk.take() {
            Some(open) => open,
            None => match find(tx, actor, send) {
                Ok(episode) => Talk::begin(tx, actor, episode, &sends[n..])?,
                Err(error) if is_verdict(&error) => {
                    outcomes.push(error.into());
                    continue;
                }
                Err(error) => return Err(error),
            },
        };
        outcomes.push(match actor {
            Actor::Visitor(_) => as_customer(tx, actor, send, &mut open.episode)?,
            Actor::Staff(staff) => as_staff(tx, actor, staff, send, &mut open)?,
            Actor::Anonymous => Error::unauthenticated("login_required").into(),
        });
        if open.episode.row.public_id == send.conversation {
            talk = Some(open);
        } else {
            // The word went on to a later episode; the next one begins at the first again.
            open.episode.save(tx)?;
        }
    }
    if let Some(open) = talk {
        open.episode.save(tx)?;
    }
    Ok(outcomes)
}

/// A conversation while somebody says something in it.
struct Talk {
    episode: Episode,
    /// How sendings of this member of staff were refused before, by client id.
    refused: HashMap<String, RefusedSend>,
}

impl Talk {
    fn begin(tx: &mut Tx, actor: &Actor, mut episode: Episode, sends: &[&Send]) -> Result<Talk> {
        let client_ids: Vec<&str> = sends.iter().map(|send| &*send.client_id.0).collect();
        episode.gather(tx)?;
        let (participant, refused) = match actor {
            Actor::Staff(staff) => {
                let known = episode.participant_of(tx, staff.id)?;
                (known.map(|known| known.participant), store::refused_sends(tx, episode.row.id, staff.id, &client_ids)?)
            }
            Actor::Visitor(_) | Actor::Anonymous => (Some(CUSTOMER), HashMap::new()),
        };
        if let Some(participant) = participant {
            episode.ask_sent(tx, participant, &client_ids)?;
        }
        Ok(Talk { episode, refused })
    }
}

/// A "no" that belongs to this sending alone, as opposed to a database that failed.
fn is_verdict(error: &Error) -> bool {
    use yingda_base::error::Kind as K;
    !matches!(error.kind(), K::Internal | K::Unavailable)
}

fn find(tx: &mut Tx, actor: &Actor, send: &Send) -> Result<Episode> {
    let episode = Episode::lock(tx, &send.conversation)?;
    authorise(actor, Action::View, &episode.row)?;
    Ok(episode)
}

fn as_customer(tx: &mut Tx, actor: &Actor, send: &Send, episode: &mut Episode) -> Result<Outcome> {
    if let Err(error) = authorise(actor, Action::Take, &episode.row) {
        return Ok(error.into());
    }
    if send.content.kind == Kind::Note || send.content.kind == Kind::Card {
        return Ok(Error::invalid("kind_invalid").with("kind", send.content.kind.as_str()).into());
    }
    // Follow the chain of episodes that continue this one: the word may already stand in one of them.
    let mut moved_to = None;
    loop {
        if let Some(sent) = earlier(tx, episode, CUSTOMER, send)? {
            return Ok(repeated(&send.conversation, sent, send, moved_to));
        }
        let Some(next) = episode.row.next_id else { break };
        go_on(tx, episode, next)?;
        moved_to = Some(episode.row.public_id.clone());
    }
    if let Some(refused) = check_file(tx, send, &episode.row, CUSTOMER)? {
        return Ok(refused);
    }
    if episode.row.state == State::Closed {
        let now = tx.now();
        if episode.row.is_reopenable(send.reopen_within, now) {
            actions::reopen_locked(tx, episode, actor, send.reopen_within)?;
        } else {
            let place = match place_of(tx, &episode.row) {
                Ok(place) => place,
                // Nobody takes words here any more. That is an answer to this sending, without a time to come back, or it would hold up what is
                // said elsewhere and be sent again each second.
                Err(error) if error.code() == "site.no_open_group" => return Ok(Error::conflict("site.no_open_group").into()),
                Err(error) => return Err(error),
            };
            let next = actions::open_linked(tx, episode, &place)?;
            moved_to = Some(next.row.public_id.clone());
            std::mem::replace(episode, next).save(tx)?;
        }
    }
    let seq = append(tx, episode, CUSTOMER, Role::Customer, None, send)?;
    let now = tx.now();
    episode.row.spoken(true, now);
    episode.move_positions(CUSTOMER, seq, seq);
    Ok(Outcome::Kept { conversation: send.conversation.clone(), seq, at: now, is_duplicate: false, moved_to })
}

/// Leaves an episode for one that continues it.
fn go_on(tx: &mut Tx, episode: &mut Episode, next: ConversationId) -> Result<()> {
    let next = Episode::lock_by_id(tx, next)?;
    std::mem::replace(episode, next).save(tx).map(drop)
}

fn place_of(tx: &mut Tx, row: &Conversation) -> Result<Place> {
    crate::channel::place(tx, row.site_id, Some(&row.group_id.to_string()), row.customer_id)
}

fn as_staff(tx: &mut Tx, actor: &Actor, staff: &StaffActor, send: &Send, talk: &mut Talk) -> Result<Outcome> {
    let Talk { episode, refused } = talk;
    let known = episode.participant_of(tx, staff.id)?;
    if let Some(participant) = &known
        && let Some(sent) = earlier(tx, episode, participant.participant, send)?
    {
        return Ok(repeated(&send.conversation, sent, send, None));
    }
    let is_note = send.content.kind == Kind::Note;
    // The answer may have been lost, and now they could say it: behind what they have said since.
    if let Some(refused) = refused.get(&send.client_id.0) {
        return Ok(not_said(*refused).into());
    }
    if let Err(error) = authorise(actor, if is_note { Action::Note } else { Action::Serve }, &episode.row) {
        let was_owner = known.is_some_and(|participant| participant.role == Role::Agent);
        return if was_owner && !is_note { Ok(give_back(tx, staff, send, talk)?.into()) } else { Ok(error.into()) };
    }
    let role = if episode.row.owner_id == Some(staff.id) || known.as_ref().is_some_and(|p| p.role == Role::Agent) {
        Role::Agent
    } else {
        Role::Supervisor
    };
    let participant = match known {
        Some(participant) => participant,
        None => episode.join(tx, staff.id, &staff.name, role)?,
    };
    if let Some(refused) = check_file(tx, send, &episode.row, participant.participant)? {
        return Ok(refused);
    }
    let seq = append(tx, episode, participant.participant, participant.role, Some(staff.name.clone()), send)?;
    let now = tx.now();
    if !is_note {
        episode.row.spoken(false, now);
    }
    episode.move_positions(participant.participant, seq, seq);
    Ok(Outcome::Kept { conversation: send.conversation.clone(), seq, at: now, is_duplicate: false, moved_to: None })
}

/// A former owner's words are kept as their draft, with who owns the conversation now.
fn give_back(tx: &mut Tx, staff: &StaffActor, send: &Send, talk: &mut Talk) -> Result<Error> {
    let episode = &talk.episode;
    let text = send.content.body["text"].as_str().unwrap_or_default();
    let is_kept = !text.is_empty() && draft::keep(tx, staff.id, episode.row.id, text)?;
    let owner = match episode.row.owner_id {
        Some(owner) => episode.participant_of(tx, owner)?.map(|participant| participant.name),
        None => None,
    };
    let refused = RefusedSend { was_closed: episode.row.state == State::Closed, is_kept };
    store::note_refused_send(tx, episode.row.id, staff.id, &send.client_id.0, refused)?;
    talk.refused.insert(send.client_id.0.clone(), refused);
    let error = not_said(refused);
    Ok(match owner {
        Some(owner) => error.with("owner", owner),
        None => error,
    })
}

fn not_said(refused: RefusedSend) -> Error {
    Error::conflict(if refused.was_closed { "conversation_closed" } else { "not_owner" }).with("draft", refused.is_kept)
}

fn append(tx: &mut Tx, episode: &mut Episode, participant: i64, role: Role, name: Option<String>, send: &Send) -> Result<i64> {
    let hash = send.mac.mac(send.content.canonical().as_bytes()).to_vec();
    let (body, fallback) = filled(tx, send)?;
    let seq = episode.append(
        tx,
        NewEntry {
            kind: send.content.kind,
            participant,
            role,
            name,
            audience: if send.content.kind == Kind::Note { Audience::Staff } else { Audience::All },
            locale: send.locale.clone(),
            // The faulty build forgets who sent it, or the index that holds the promise would stop it.
            once: (!cfg!(feature = "fault-no-dedup")).then(|| (send.client_id.0.clone(), hash)),
            external_id: None,
            body,
            fallback,
        },
    )?;
    if let Some(file) = &send.content.file {
        crate::file::named(tx, file, episode.row.id, seq)?;
    }
    Ok(seq)
}

/// What is appended: of a file, what the house knows of it and not what its sender says.
fn filled(tx: &mut Tx, send: &Send) -> Result<(Value, String)> {
    match (&send.content.file, send.content.kind) {
        (Some(file), Kind::File) => crate::file::describe(tx, file, Language::negotiate(&send.locale)),
        _ => Ok((send.content.body.clone(), send.content.fallback.clone())),
    }
}

fn earlier(tx: &mut Tx, episode: &mut Episode, participant: i64, send: &Send) -> Result<Option<Sent>> {
    if cfg!(feature = "fault-no-dedup") {
        return Ok(None);
    }
    episode.sent(tx, participant, &send.client_id.0)
}

/// Same body, same answer; another body under the same id is refused; what was erased is gone.
fn repeated(conversation: &str, sent: Sent, send: &Send, moved_to: Option<String>) -> Outcome {
    let is_same = sent.body_hash.as_ref().is_some_and(|hash| send.mac.matches(send.content.canonical().as_bytes(), hash));
    match (is_same, sent.state) {
        // Its hash went with it.
        (false, EntryState::Erased) => Error::new(yingda_base::error::Kind::Gone, "gone").into(),
        (false, _) => Error::conflict("client_id_reused").into(),
        (true, EntryState::Erased) => Error::new(yingda_base::error::Kind::Gone, "gone").into(),
        (true, EntryState::Kept | EntryState::Recalled) => {
            Outcome::Kept { conversation: conversation.to_owned(), seq: sent.seq, at: sent.at, is_duplicate: true, moved_to }
        }
    }
}

/// A file must have been uploaded to this conversation by this participant.
fn check_file(tx: &mut Tx, send: &Send, row: &Conversation, participant: i64) -> Result<Option<Outcome>> {
    let Some(file) = &send.content.file else { return Ok(None) };
    let found = crate::file::find(tx, file, row, participant)?;
    let fits = found.is_some_and(|found| (found.kind == FileKind::Image) == (send.content.kind == Kind::Image));
    Ok(if fits { None } else { Some(Error::not_found("file").into()) })
}
