//! What changes the standing of a conversation: open, accept, close, reopen, return to the queue.
use super::{
    entry::{NewEntry, Role, SystemCode},
    episode::Episode,
    model::{CloseReason, Conversation, ConversationId, QueuedBy, State},
    store::{self, Opening},
};
use crate::auth::{Action, authorise};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use yingda_base::{
    Error, Result, Tx,
    http::{Actor, StaffActor},
    key::MacKey,
};

/// Episodes one device may hold open at once.
const OPEN_AT_ONCE: i64 = 5;

/// How a visitor opens an episode.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct Open {
    /// Chosen by the device; the same opens once.
    pub client_id: String,
    /// A skill group the site offers; else the site's own.
    pub group: Option<String>,
    /// What the outside calls this conversation.
    pub external_id: Option<String>,
    /// Language of the customer.
    pub locale: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// The page the customer looks at.
    pub page: Option<Page>,
}

/// A page of the host site.
#[derive(Clone, Debug, Deserialize, serde::Serialize, utoipa::ToSchema)]
pub struct Page {
    /// Address.
    pub url: String,
    /// Title.
    pub title: String,
}

/// Where an episode goes, looked up by the caller: the site of the device and the group that was chosen.
pub struct Place {
    /// The site.
    pub site: i64,
    /// Its channel.
    pub channel: i64,
    /// The branch, if it belongs to one.
    pub branch: Option<i64>,
    /// The skill group whose queue it joins.
    pub group: i64,
    /// As the customer is told.
    pub group_name: String,
    /// The customer's name.
    pub customer_name: String,
}

/// Opens an episode in the queue; answers it, and whether it is new.
pub fn open(tx: &mut Tx, actor: &Actor, place: &Place, wish: &Open, mac: &MacKey) -> Result<(Conversation, bool)> {
    let visitor = actor.visitor()?;
    let content = json!([wish.group, wish.external_id, wish.subject]).to_string();
    if let Some(known) = store::find_opened(tx, visitor.device, &wish.client_id)? {
        let is_same = mac.matches(content.as_bytes(), &store::opening_hash(tx, known.id)?);
        return if is_same { Ok((known, false)) } else { Err(Error::conflict("client_id_reused")) };
    }
    store::lock_device(tx, visitor.device)?;
    if !visitor.unlimited && store::count_open_of_device(tx, visitor.device)? >= OPEN_AT_ONCE {
        return Err(Error::conflict("conversation_too_many").with("limit", OPEN_AT_ONCE));
    }
    let page = wish.page.clone().map(|page| (cut(&page.url, 2000), cut(&page.title, 200))).unzip();
    let row = Conversation {
        external_id: wish.external_id.as_deref().map(|id| cut(id, 200)),
        subject: wish.subject.as_deref().map(|subject| cut(subject, 200)),
        page_url: page.0,
        page_title: page.1,
        locale: wish.locale.as_deref().map_or_else(|| "zh-CN".to_owned(), |locale| cut(locale, 35)),
        ..blank(tx, place, visitor.customer, visitor.device)?
    };
    insert(tx, row, &wish.client_id, mac.mac(content.as_bytes()).to_vec(), place)
}

/// A new episode that continues a closed one which may not be reopened any more.
pub fn open_linked(tx: &mut Tx, previous: &mut Episode, place: &Place) -> Result<Episode> {
    let old = &previous.row;
    let row = Conversation {
        locale: old.locale.clone(),
        subject: old.subject.clone(),
        page_url: old.page_url.clone(),
        page_title: old.page_title.clone(),
        previous_id: Some(old.id),
        ..blank(tx, place, old.customer_id, old.device_id)?
    };
    let client_id = format!("after:{}", old.public_id);
    let (row, _) = insert(tx, row, &client_id, Vec::new(), place)?;
    let mut next = Episode::lock_by_id(tx, row.id)?;
    next.append(tx, NewEntry::system(SystemCode::Linked, json!({"previous": old.public_id})))?;
    previous.row.next_id = Some(next.row.id);
    Ok(next)
}

fn blank(tx: &mut Tx, place: &Place, customer: i64, device: i64) -> Result<Conversation> {
    Ok(Conversation {
        id: ConversationId(tx.next_id()),
        public_id: tx.entropy().public_id(),
        external_id: None,
        thread_id: store::thread(tx, customer, place.channel)?,
        customer_id: customer,
        device_id: device,
        site_id: place.site,
        channel_id: place.channel,
        branch_id: place.branch,
        group_id: place.group,
        state: State::Queued,
        owner_id: None,
        epoch: 0,
        rev: 1,
        head: 0,
        customer_head: 0,
        locale: "zh-CN".to_owned(),
        subject: None,
        page_url: None,
        page_title: None,
        opened_at: tx.now(),
        queued_at: Some(tx.now()),
        is_returned: false,
        accepted_at: None,
        closed_at: None,
        close_reason: None,
        waiting_since: None,
        why: None,
        previous_id: None,
        next_id: None,
    })
}

fn insert(tx: &mut Tx, row: Conversation, client_id: &str, hash: Vec<u8>, place: &Place) -> Result<(Conversation, bool)> {
    let (device, is_new) = (row.device_id, store::insert(tx, Opening { conversation: &row, client_id, hash })?);
    if !is_new {
        // Someone else was faster with the same client id; theirs is committed by now.
        let theirs = store::find_opened(tx, device, client_id)?.ok_or_else(|| Error::unavailable("busy"))?;
        return Ok((theirs, false));
    }
    let mut episode = Episode::of(row);
    episode.join_customer(tx, &place.customer_name)?;
    episode.append(tx, NewEntry::system(SystemCode::Opened, json!({"group": place.group_name})))?;
    Ok((episode.save(tx)?, true))
}

/// A member of staff takes a conversation from the queue.
pub fn accept(tx: &mut Tx, actor: &Actor, public_id: &str, limit: i64) -> Result<Conversation> {
    let staff = actor.staff()?;
    let mut episode = Episode::lock(tx, public_id)?;
    authorise(actor, Action::Accept, &episode.row)?;
    if episode.row.owner_id == Some(staff.id) {
        return Ok(episode.row);
    }
    match episode.row.state {
        State::Queued => {}
        State::Served => return Err(Error::conflict("conversation_taken").with("owner", owner_name(tx, &episode)?)),
        State::Closed => return Err(Error::conflict("conversation_closed")),
    }
    check_load(tx, staff.id, limit)?;
    assign(tx, &mut episode, staff.id, &staff.name, &json!({"code": "taken"}))?;
    episode.save(tx)
}

/// Whether a member of staff has room for one more: `conversation_limit_reached`. Counts under the lock of the account, which lasts as long as
/// the unit, so that two acceptances at once cannot both find room.
pub fn check_load(tx: &mut Tx, staff: i64, limit: i64) -> Result<()> {
    store::lock_staff(tx, staff)?;
    if store::count_served(tx, staff)? >= limit {
        return Err(Error::conflict("conversation_limit_reached").with("limit", limit));
    }
    Ok(())
}

/// Gives a queued conversation to a member of staff; the caller has decided that, and says why.
pub fn assign(tx: &mut Tx, episode: &mut Episode, staff: i64, name: &str, why: &Value) -> Result<()> {
    let now = tx.now();
    episode.row.assign(staff, now)?;
    episode.row.why = Some(why.to_string());
    let participant = episode.join(tx, staff, name, Role::Agent)?.participant;
    episode.append(tx, NewEntry::system(SystemCode::Assigned, json!({"name": name, "participant": participant})))?;
    Ok(())
}

/// Passes a served conversation on to another member of staff; the caller has decided that.
pub fn hand_over(tx: &mut Tx, episode: &mut Episode, staff: i64, name: &str) -> Result<()> {
    episode.row.hand_over(staff)?;
    episode.row.why = Some(json!({"code": "transferred"}).to_string());
    let participant = episode.join(tx, staff, name, Role::Agent)?.participant;
    let told = json!({"name": name, "participant": participant, "transferred": true});
    episode.append(tx, NewEntry::system(SystemCode::Assigned, told)).map(drop)
}

/// How many conversations a member of staff serves now.
pub fn load(tx: &mut Tx, staff: i64) -> Result<i64> {
    store::count_served(tx, staff)
}

fn owner_name(tx: &mut Tx, episode: &Episode) -> Result<String> {
    let Some(owner) = episode.row.owner_id else { return Ok(String::new()) };
    Ok(episode.participant_of(tx, owner)?.map(|participant| participant.name).unwrap_or_default())
}

/// Notes which page the customer looks at now; ended episodes keep the last one.
pub fn look_at(tx: &mut Tx, actor: &Actor, public_id: &str, page: &Page) -> Result<()> {
    let mut episode = Episode::lock(tx, public_id)?;
    authorise(actor, Action::Take, &episode.row)?;
    if episode.row.state != State::Closed {
        episode.row.page_url = Some(cut(&page.url, 2000));
        episode.row.page_title = Some(cut(&page.title, 200));
        episode.save(tx)?;
    }
    Ok(())
}

/// Ends an episode, for the customer or for staff.
pub fn close(tx: &mut Tx, actor: &Actor, public_id: &str) -> Result<Conversation> {
    let mut episode = Episode::lock(tx, public_id)?;
    let (action, reason) = match actor {
        Actor::Staff(_) => (Action::End, CloseReason::Agent),
        Actor::Visitor(_) | Actor::Anonymous => (Action::Take, CloseReason::Customer),
    };
    authorise(actor, action, &episode.row)?;
    let now = tx.now();
    if episode.row.close(reason, now) {
        episode.append(tx, NewEntry::system(SystemCode::Closed, json!({"by": by(actor), "reason": reason})))?;
    }
    episode.save(tx)
}

/// Opens an episode again: the customer into the queue, staff as its owner.
pub fn reopen(tx: &mut Tx, actor: &Actor, public_id: &str, within: Duration, limit: i64) -> Result<Conversation> {
    let mut episode = Episode::lock(tx, public_id)?;
    authorise(actor, if matches!(actor, Actor::Staff(_)) { Action::End } else { Action::Take }, &episode.row)?;
    if episode.row.state != State::Closed {
        return Ok(episode.row);
    }
    reopen_locked(tx, &mut episode, actor, within)?;
    if let Actor::Staff(staff) = actor {
        check_load(tx, staff.id, limit)?;
        assign(tx, &mut episode, staff.id, &staff.name, &json!({"code": "taken"}))?;
    }
    episode.save(tx)
}

/// The part of [`reopen`] that a late word of the customer does too.
pub fn reopen_locked(tx: &mut Tx, episode: &mut Episode, actor: &Actor, within: Duration) -> Result<()> {
    let now = tx.now();
    episode.row.reopen(within, now)?;
    episode.append(tx, NewEntry::system(SystemCode::Reopened, json!({"by": by(actor)})))?;
    Ok(())
}

/// Returns a lost agent's conversations to the heads of their queues. Answers how many.
pub fn return_all(tx: &mut Tx, staff: i64) -> Result<usize> {
    let owned: Vec<ConversationId> = store::owned_by(tx, staff)?.iter().map(|row| row.id).collect();
    for id in &owned {
        let mut episode = Episode::lock_by_id(tx, *id)?;
        if episode.row.owner_id != Some(staff) {
            continue;
        }
        let (name, now) = (owner_name(tx, &episode)?, tx.now());
        episode.row.requeue(QueuedBy::AgentLost, now)?;
        episode.append(tx, NewEntry::system(SystemCode::AgentLeft, json!({"name": name})))?;
        episode.append(tx, NewEntry::system(SystemCode::Queued, json!({"reason": QueuedBy::AgentLost})))?;
        episode.save(tx)?;
    }
    Ok(owned.len())
}

fn by(actor: &Actor) -> Value {
    match actor {
        Actor::Staff(staff) => staff_by(staff),
        Actor::Visitor(_) | Actor::Anonymous => json!("customer"),
    }
}

fn staff_by(staff: &StaffActor) -> Value {
    json!(staff.name)
}

/// At most `most` characters.
fn cut(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(most).collect()
}
