//! The one projection of entries for an audience: used by push, resume, lists and export alike.
use super::{
    entry::{Audience, Entry, EntryState, Kind, Role},
    model::Conversation,
};
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use yingda_base::{Millis, text_enum};

text_enum! {
    /// For whose eyes entries are shown.
    pub enum Eyes {
        /// The customer.
        Customer = "customer",
        /// Staff.
        Staff = "staff",
        /// Staff who may see what was recalled.
        Supervisor = "supervisor",
        /// A program that answers: as the customer.
        Bot = "bot",
        /// What leaves the house: no notes, no recalled words.
        Export = "export",
    }
}

impl Eyes {
    /// The last `seq` of a log for these eyes.
    pub fn head(self, row: &Conversation) -> i64 {
        match self {
            Eyes::Staff | Eyes::Supervisor => row.head,
            Eyes::Customer | Eyes::Bot | Eyes::Export => row.customer_head,
        }
    }
}

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// For whose eyes.
    pub eyes: Eyes,
    /// Which participant they are, if they are one: only a sender sees their `client_id`.
    pub participant: Option<i64>,
}

impl Viewer {
    /// Whether the viewer may know that this entry exists.
    pub fn sees(self, entry: &Entry) -> bool {
        match (self.eyes, entry.audience) {
            (_, Audience::All) | (Eyes::Staff | Eyes::Supervisor, Audience::Staff) => true,
            (Eyes::Customer | Eyes::Bot | Eyes::Export, Audience::Staff) => false,
        }
    }

    /// Whether the viewer may read the body of an entry they see.
    fn reads(self, entry: &Entry) -> bool {
        match entry.state {
            EntryState::Kept => true,
            EntryState::Recalled => self.eyes == Eyes::Supervisor,
            EntryState::Erased => false,
        }
    }
}

/// Makes the short-lived addresses of files, for whoever looks.
pub trait Links {
    /// Address and expiry of the file with this public id.
    fn whole(&self, file: &str) -> Option<(String, Millis)>;
    /// Address of the small copy of an image; it ends as the other one does.
    fn thumbnail(&self, file: &str) -> Option<String>;
}

/// An entry as shown: see docs/protocol.md, section 3.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Entry)]
pub struct EntryView {
    /// Public id.
    pub conversation: String,
    /// 1, 2, 3 … without holes.
    pub seq: i64,
    /// What it is.
    pub kind: Kind,
    /// Version of the body.
    pub v: i64,
    /// When it was appended.
    pub at: Millis,
    /// Who.
    pub author: Author,
    /// Language it was written in.
    pub locale: String,
    /// The sender's own id; shown to the sender only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The channel's id of it; for staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// By kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<Box<RawValue>>,
    /// For clients that do not know the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// First and last `seq` just before this one that are not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<(i64, i64)>,
    /// The body is gone for good.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
    /// The author took it back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recalled: bool,
}

/// Who wrote an entry.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Author {
    /// 0 is the house, 1 the customer.
    pub participant: i64,
    /// In what part.
    pub role: Role,
    /// Shown name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Shows entries, given in order, to a viewer who holds everything up to `held`. What lies between two shown ones, and was in the log, is a
/// hidden range; it is told only with the next entry that is shown.
pub fn show<'a>(
    conversation: &str,
    entries: impl IntoIterator<Item = &'a Entry>,
    held: i64,
    viewer: Viewer,
    links: &dyn Links,
) -> Vec<EntryView> {
    let mut held = held;
    let mut shown = Vec::new();
    for entry in entries.into_iter().filter(|entry| viewer.sees(entry)) {
        let mut view = view(conversation, entry, viewer, links);
        if entry.seq > held + 1 {
            view.hidden = Some((held + 1, entry.seq - 1));
        }
        held = entry.seq;
        shown.push(view);
    }
    shown
}

fn view(conversation: &str, entry: &Entry, viewer: Viewer, links: &dyn Links) -> EntryView {
    let is_readable = viewer.reads(entry);
    let body = entry.body.as_deref().filter(|_| is_readable).and_then(|body| match entry.kind {
        Kind::Image | Kind::File => with_link(body, entry.kind, links),
        _ => RawValue::from_string(body.to_owned()).ok(),
    });
    EntryView {
        conversation: conversation.to_owned(),
        seq: entry.seq,
        kind: entry.kind,
        v: entry.v,
        at: entry.at,
        author: Author { participant: entry.participant, role: entry.role, name: entry.name.clone() },
        locale: entry.locale.clone(),
        client_id: entry.client_id.clone().filter(|_| viewer.participant == Some(entry.participant)),
        external_id: entry.external_id.clone().filter(|_| matches!(viewer.eyes, Eyes::Staff | Eyes::Supervisor | Eyes::Export)),
        body,
        fallback: entry.fallback.clone().filter(|_| is_readable),
        hidden: None,
        erased: entry.state == EntryState::Erased,
        recalled: entry.state == EntryState::Recalled,
    }
}

fn with_link(body: &str, kind: Kind, links: &dyn Links) -> Option<Box<RawValue>> {
    let mut body: Value = serde_json::from_str(body).ok()?;
    let file = body["file"].as_str().map(str::to_owned);
    if let Some((url, expires)) = file.as_deref().and_then(|file| links.whole(file)) {
        body["url"] = url.into();
        body["url_expires_at"] = expires.0.into();
    }
    if kind == Kind::Image
        && let Some(url) = file.as_deref().and_then(|file| links.thumbnail(file))
    {
        body["thumbnail_url"] = url.into();
    }
    RawValue::from_string(body.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::model::ConversationId;
    use proptest::prelude::*;

    struct NoLinks;
    impl Links for NoLinks {
        fn whole(&self, file: &str) -> Option<(String, Millis)> {
            Some((format!("/f/{file}"), Millis(9)))
        }
        fn thumbnail(&self, file: &str) -> Option<String> {
            Some(format!("/t/{file}"))
        }
    }

    fn entry(seq: i64, audience: Audience, state: EntryState) -> Entry {
        Entry {
            conversation_id: ConversationId(1),
            seq,
            kind: Kind::Text,
            v: 1,
            at: Millis(seq),
            participant: 2,
            role: Role::Agent,
            name: Some("林晓".into()),
            audience,
            state,
            locale: "zh-CN".into(),
            client_id: Some(format!("k{seq}")),
            external_id: None,
            body: Some(format!(r#"{{"text":"{seq}"}}"#)),
            fallback: Some(seq.to_string()),
        }
    }

    fn eyes(eyes: Eyes) -> Viewer {
        Viewer { eyes, participant: None }
    }

    proptest! {
        /// Read in any pieces, a log shows each viewer the same entries; shown and hidden ranges together leave no hole up to the last shown;
        /// nothing for staff reaches the customer.
        #[test]
        fn pieces_make_the_whole(staff_only in proptest::collection::vec(any::<bool>(), 1..40), cut in 0usize..40) {
            let log: Vec<Entry> = staff_only.iter().enumerate()
                .map(|(n, staff)| entry(n as i64 + 1, if *staff { Audience::Staff } else { Audience::All }, EntryState::Kept)).collect();
            for viewer in [eyes(Eyes::Customer), eyes(Eyes::Staff)] {
                let whole = show("c", &log, 0, viewer, &NoLinks);
                let mut held = 0;
                for view in &whole {
                    let first = view.hidden.map_or(view.seq, |(first, _)| first);
                    prop_assert_eq!(first, held + 1);
                    held = view.seq;
                }
                let first = show("c", &log[..cut.min(log.len())], 0, viewer, &NoLinks);
                let held = first.last().map_or(0, |view| view.seq);
                let rest = show("c", log.iter().filter(|e| e.seq > held), held, viewer, &NoLinks);
                let joined: Vec<String> = first.iter().chain(&rest).map(|v| serde_json::to_string(v).unwrap()).collect();
                prop_assert_eq!(joined, whole.iter().map(|v| serde_json::to_string(v).unwrap()).collect::<Vec<_>>());
                if viewer.eyes == Eyes::Customer {
                    prop_assert!(whole.iter().all(|view| !staff_only[view.seq as usize - 1]));
                }
            }
        }
    }

    #[test]
    fn recalled_words_are_for_supervisors_and_erased_ones_for_nobody() {
        let recalled = [entry(1, Audience::All, EntryState::Recalled)];
        let body = |viewer: Viewer, log: &[Entry]| show("c", log, 0, viewer, &NoLinks)[0].body.is_some();
        assert!(!body(eyes(Eyes::Customer), &recalled) && !body(eyes(Eyes::Staff), &recalled) && !body(eyes(Eyes::Export), &recalled));
        assert!(body(eyes(Eyes::Supervisor), &recalled));
        let erased = [entry(1, Audience::All, EntryState::Erased)];
        assert!(Eyes::ALL.iter().all(|e| !body(eyes(*e), &erased)));
        assert!(show("c", &recalled, 0, eyes(Eyes::Customer), &NoLinks)[0].fallback.is_none());
    }

    #[test]
    fn only_the_sender_sees_the_client_id() {
        let log = [entry(1, Audience::All, EntryState::Kept)];
        let of = |participant| show("c", &log, 0, Viewer { eyes: Eyes::Staff, participant }, &NoLinks)[0].client_id.clone();
        assert_eq!(of(Some(2)).as_deref(), Some("k1"));
        assert_eq!(of(Some(3)), None);
        assert_eq!(of(None), None);
    }

    #[test]
    fn images_get_an_address_when_shown() {
        let mut image = entry(1, Audience::All, EntryState::Kept);
        image.kind = Kind::Image;
        image.body = Some(r#"{"file":"f1","width":2,"height":3}"#.into());
        let shown = show("c", &[image], 0, eyes(Eyes::Customer), &NoLinks);
        let body: Value = serde_json::from_str(shown[0].body.as_ref().unwrap().get()).unwrap();
        assert_eq!((body["url"].as_str(), body["url_expires_at"].as_i64()), (Some("/f/f1"), Some(9)));
        assert_eq!(body["thumbnail_url"], "/t/f1");
    }
}
