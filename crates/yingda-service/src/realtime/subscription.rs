//! What a connection has shown of one conversation, and what to show next.
use crate::conversation::{
    Changed, Conversation, Entry, Participant, Role, State,
    transcript::{EntryView, Eyes, Links, Viewer, show},
};

/// A conversation this connection listens to.
pub(super) struct Subscription {
    /// As clients call it.
    pub public_id: String,
    /// Who looks.
    pub viewer: Viewer,
    /// The last `seq` that was shown.
    shown: i64,
    /// The last `seq` that was looked at, shown or hidden.
    seen: i64,
    /// Positions of the others that were told: participant, delivered, read.
    positions: Vec<(i64, i64, i64)>,
    /// State, owner and the like that a visitor was told.
    standing: Option<(State, Option<i64>, i64, Option<String>)>,
}

/// What a change means to this connection.
pub(super) enum Next {
    /// Show these.
    Show(Vec<EntryView>),
    /// Something is missing: read the log after `shown`.
    Missing,
}

impl Subscription {
    /// Begins after `held`.
    pub fn new(public_id: String, viewer: Viewer, held: i64) -> Subscription {
        Subscription { public_id, viewer, shown: held, seen: held, positions: Vec::new(), standing: None }
    }

    /// The last `seq` that was shown.
    pub fn shown(&self) -> i64 {
        self.shown
    }

    /// The client says what it holds; entries after it are shown again.
    pub fn rewind(&mut self, held: i64) {
        (self.shown, self.seen) = (held, held);
    }

    /// What an event means.
    pub fn follow(&mut self, changed: &Changed, links: &dyn Links) -> Next {
        let fresh: Vec<&Entry> = changed.entries.iter().filter(|entry| entry.seq > self.seen).collect();
        let follows = fresh.first().is_none_or(|first| first.seq == self.seen + 1);
        let head = fresh.last().map_or(self.seen, |last| last.seq);
        if !follows || head < changed.conversation.head {
            // An event of an earlier change than what was seen already is no news.
            return if changed.conversation.head > self.seen { Next::Missing } else { Next::Show(Vec::new()) };
        }
        Next::Show(self.show(fresh, links))
    }

    /// Shows entries read from the log, which hold everything after `shown`.
    pub fn show<'a>(&mut self, entries: impl IntoIterator<Item = &'a Entry>, links: &dyn Links) -> Vec<EntryView> {
        let mut last = self.seen;
        let entries = entries.into_iter().inspect(|entry| last = last.max(entry.seq));
        let views = show(&self.public_id, entries, self.shown, self.viewer, links);
        self.seen = last;
        self.shown = views.last().map_or(self.shown, |view| view.seq);
        views
    }

    /// Positions of others that this viewer has not been told. They end at the viewer's own `head`, or they would tell of what is hidden.
    pub fn positions(&mut self, participants: &[Participant], row: &Conversation) -> Vec<Participant> {
        let (me, eyes) = (self.viewer.participant, self.viewer.eyes);
        let head = eyes.head(row);
        let is_silent = |role: Role| matches!(role, Role::Supervisor | Role::Conferee) && eyes == Eyes::Customer;
        let others = participants.iter().filter(|p| Some(p.participant) != me && !is_silent(p.role));
        let shown = others.map(|p| Participant { delivered: p.delivered.min(head), read: p.read.min(head), ..p.clone() });
        let news: Vec<Participant> = shown.filter(|p| !self.positions.contains(&(p.participant, p.delivered, p.read))).collect();
        for p in &news {
            self.positions.retain(|(participant, _, _)| *participant != p.participant);
            self.positions.push((p.participant, p.delivered, p.read));
        }
        news
    }

    /// Whether a visitor has to be told of the row beyond its entries.
    pub fn is_standing_news(&mut self, row: &Conversation) -> bool {
        let standing = Some((row.state, row.owner_id, row.epoch, row.page_url.clone()));
        let is_news = self.standing != standing;
        self.standing = standing;
        is_news
    }
}
