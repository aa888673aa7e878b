//! A conversation as clients see it: the row with its names, participants and last words, projected for one viewer.
use super::{
    entry::{Audience, CUSTOMER, Entry, Kind, Participant, Role},
    event::Changed,
    model::{CloseReason, Conversation, ConversationId, State},
    store::{self, Names},
    transcript::{Eyes, Viewer},
};
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use std::collections::HashMap;
use yingda_base::{Millis, Result, Tx};

/// Spoken entries remembered for unread counts: more than this many shows as this many.
const RECENT: usize = 64;
/// Characters of the last words in a list.
const GLIMPSE: usize = 80;

/// Everything a list shows of a conversation.
#[derive(Clone, Debug)]
pub struct Card {
    /// The row.
    pub row: Conversation,
    names: Names,
    /// In order of joining.
    pub participants: Vec<Participant>,
    recent: Vec<Spoken>,
}

/// A spoken entry, as far as lists need it.
#[derive(Clone, Debug)]
struct Spoken {
    seq: i64,
    participant: i64,
    role: Role,
    kind: Kind,
    audience: Audience,
    at: Millis,
    text: String,
}

impl Spoken {
    fn of(entry: &Entry) -> Spoken {
        Spoken {
            seq: entry.seq,
            participant: entry.participant,
            role: entry.role,
            kind: entry.kind,
            audience: entry.audience,
            at: entry.at,
            text: entry.fallback.as_deref().unwrap_or_default().chars().take(GLIMPSE).collect(),
        }
    }
}

/// Reads cards; those of unknown ids are left out. In order of id.
pub fn read(tx: &mut Tx, ids: &[ConversationId]) -> Result<Vec<Card>> {
    let mut plain: Vec<i64> = ids.iter().map(|id| id.0).collect();
    plain.sort_unstable();
    plain.dedup();
    let mut names: HashMap<ConversationId, Names> = store::names(tx, &plain)?.into_iter().map(|names| (names.id, names)).collect();
    let mut participants: HashMap<ConversationId, Vec<Participant>> = HashMap::new();
    for (id, participant) in store::participants_of(tx, &plain)? {
        participants.entry(id).or_default().push(participant);
    }
    let mut cards = Vec::with_capacity(plain.len());
    let mut rows = store::by_ids(tx, &plain)?;
    rows.dedup_by_key(|row| row.id);
    for row in rows {
        let Some(names) = names.remove(&row.id) else { continue };
        let recent = store::spoken(tx, row.id, RECENT as i64)?.iter().map(Spoken::of).collect();
        cards.push(Card { participants: participants.remove(&row.id).unwrap_or_default(), names, recent, row });
    }
    Ok(cards)
}

impl Card {
    /// Takes over a newer state that an event tells. False if the event does not tell enough, so that the card must be read again.
    #[must_use]
    pub fn follow(&mut self, changed: &Changed) -> bool {
        let row = &changed.conversation;
        let follows = changed.entries.first().is_none_or(|first| first.seq == self.row.head + 1) && row.rev == self.row.rev + 1;
        let is_plain = row.owner_id == self.row.owner_id && row.group_id == self.row.group_id && row.next_id == self.row.next_id;
        let takes_back = changed.entries.iter().any(|entry| entry.kind == Kind::System && changes_past(entry));
        if changed.is_partial || !follows || !is_plain || takes_back {
            return false;
        }
        if let Some(participants) = &changed.participants {
            self.participants.clone_from(participants);
        }
        self.recent.extend(changed.entries.iter().filter(|entry| entry.kind != Kind::System).map(Spoken::of));
        let surplus = self.recent.len().saturating_sub(RECENT);
        self.recent.drain(..surplus);
        self.row = row.clone();
        true
    }

    /// The participant a member of staff is here.
    pub fn participant_of(&self, staff: i64) -> Option<i64> {
        self.participants.iter().find(|participant| participant.staff_id == Some(staff)).map(|participant| participant.participant)
    }

    /// As one viewer sees it.
    pub fn view(&self, sight: &Sight) -> ConversationView {
        let row = &self.row;
        let is_staff = matches!(sight.viewer.eyes, Eyes::Staff | Eyes::Supervisor);
        let head = sight.viewer.eyes.head(row);
        let visible = |spoken: &&Spoken| is_staff || spoken.audience == Audience::All;
        let mine = self.participants.iter().find(|p| Some(p.participant) == sight.viewer.participant);
        let read = mine.map_or(0, |p| p.read);
        // Those who only watch are not told of, and nobody's position reaches beyond what the viewer can see.
        let is_told = |p: &&Participant| is_staff || !matches!(p.role, Role::Supervisor | Role::Conferee);
        let theirs = self.participants.iter().filter(|p| (p.participant == CUSTOMER) == is_staff).filter(is_told);
        let (theirs_delivered, theirs_read) =
            theirs.fold((0, 0), |(delivered, read), p| (p.delivered.max(delivered).min(head), p.read.max(read).min(head)));
        let unread = self.recent.iter().filter(visible).filter(|s| s.seq > read && Some(s.participant) != sight.viewer.participant).count();
        let last = self.recent.iter().rfind(visible);
        let for_staff = |value: Option<String>| value.filter(|_| is_staff);
        ConversationView {
            id: row.public_id.clone(),
            external_id: row.external_id.clone(),
            state: row.state,
            rev: row.rev,
            head,
            site: Named { id: row.site_id.to_string(), name: self.names.site_name.clone() },
            channel: ChannelView {
                id: row.channel_id.to_string(),
                kind: self.names.channel_kind.clone(),
                name: self.names.channel_name.clone(),
            },
            group: Named { id: row.group_id.to_string(), name: self.names.group_name.clone() },
            branch: for_staff(self.names.branch_name.clone()).map(|name| Named { id: row.branch_id.unwrap_or_default().to_string(), name }),
            customer: Named { id: self.names.customer_public.clone(), name: self.names.customer_name.clone() },
            owner: row.owner_id.map(|owner| OwnerView {
                participant: self.participant_of(owner).unwrap_or_default(),
                id: is_staff.then(|| owner.to_string()),
                name: self.names.owner_name.clone().unwrap_or_default(),
                away: sight.is_owner_away,
            }),
            epoch: is_staff.then_some(row.epoch),
            opened_at: row.opened_at,
            queued_at: row.queued_at,
            accepted_at: row.accepted_at,
            closed_at: row.closed_at,
            close_reason: row.close_reason,
            position: sight.position,
            why: for_staff(row.why.clone()).and_then(|why| RawValue::from_string(why).ok()),
            waiting_since: row.waiting_since,
            last: last.map(|s| Last { seq: s.seq, kind: s.kind, role: s.role, text: s.text.clone(), at: s.at }),
            previous: self.names.previous_public.clone(),
            next: self.names.next_public.clone(),
            // No further than the viewer's own head, or it would tell of what is hidden.
            read: ReadView { mine: read.min(head), theirs: theirs_read.min(head), delivered_theirs: theirs_delivered.min(head) },
            unread: unread as i64,
            draft: None,
            rating: self.names.stars.filter(|_| is_staff).map(|stars| Glance { stars, is_low: self.names.is_low == Some(true) }),
            subject: row.subject.clone(),
            page: row.page_url.clone().map(|url| PageView { url, title: row.page_title.clone().unwrap_or_default() }),
        }
    }
}

/// Whether a system entry changes what is shown of earlier ones, or beside them.
fn changes_past(entry: &Entry) -> bool {
    let body: Value = entry.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    matches!(body["code"].as_str(), Some("recalled" | "erased" | "rated"))
}

/// What a view depends on besides the card.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    /// Who looks.
    pub viewer: Viewer,
    /// Place in the queue, 1 is next.
    pub position: Option<usize>,
    /// Whether the owner's desk is gone at the moment.
    pub is_owner_away: bool,
}

/// A conversation as shown: docs/protocol.md, section 2.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Conversation)]
pub struct ConversationView {
    /// Public id.
    pub id: String,
    /// What the outside calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Where it is.
    pub state: State,
    /// Grows with every change.
    pub rev: i64,
    /// Last `seq` for this viewer.
    pub head: i64,
    /// The site it came by.
    pub site: Named,
    /// The channel.
    pub channel: ChannelView,
    /// The skill group.
    pub group: Named,
    /// The branch; staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<Named>,
    /// The customer.
    pub customer: Named,
    /// Who serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerView>,
    /// Grows with each change of owner; staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<i64>,
    /// Milliseconds.
    pub opened_at: Millis,
    /// Since when it waits in the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued_at: Option<Millis>,
    /// When it was first taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Millis>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Millis>,
    /// Who ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close_reason: Option<CloseReason>,
    /// Place in the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
    /// The last routing decision; staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub why: Option<Box<RawValue>>,
    /// The customer's oldest unanswered word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Millis>,
    /// The last spoken entry this viewer sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Last>,
    /// The episode this one continues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The episode that continues this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How far the sides have come.
    pub read: ReadView,
    /// Spoken entries of others beyond one's own position; at most 64.
    pub unread: i64,
    /// The viewer's own draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
    /// What the customer thought of it; staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<Glance>,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The page the customer looks at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<PageView>,
}

/// Something with a name.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Named {
    /// Opaque.
    pub id: String,
    /// Shown.
    pub name: String,
}

/// A channel.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ChannelView {
    /// Opaque.
    pub id: String,
    /// `web`, …
    pub kind: String,
    /// Shown.
    pub name: String,
}

/// Who serves.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct OwnerView {
    /// In this conversation.
    pub participant: i64,
    /// Staff only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Shown.
    pub name: String,
    /// Their desk is gone at the moment.
    pub away: bool,
}

/// The last words.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Last {
    /// Which entry.
    pub seq: i64,
    /// What it is.
    pub kind: Kind,
    /// Who spoke.
    pub role: Role,
    /// At most 80 characters.
    pub text: String,
    /// When.
    pub at: Millis,
}

/// How far the sides have come, as `seq`.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ReadView {
    /// Read by the viewer.
    pub mine: i64,
    /// Read by the other side.
    pub theirs: i64,
    /// Delivered to the other side.
    pub delivered_theirs: i64,
}

/// A rating at a glance.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = RatingGlance)]
pub struct Glance {
    /// 1–5.
    pub stars: i64,
    /// It counts as low.
    pub is_low: bool,
}

/// A page of the host site.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PageView {
    /// Address.
    pub url: String,
    /// Title.
    pub title: String,
}
