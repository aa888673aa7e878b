//! What a rating is, when it may be given and what it may say: pure.
use crate::conversation::{Conversation, ConversationId, State};
use serde::Deserialize;
use std::{collections::BTreeSet, time::Duration};
use utoipa::ToSchema;
use yingda_base::{
    Error, Millis, Result, row,
    setting::{Place, Settings},
};

/// From so many stars on, the good reasons are offered.
const GOOD_FROM: i64 = 4;
/// Most reasons to choose from, and most characters of one.
const MOST_REASONS: usize = 8;
const LONGEST_REASON: usize = 20;
/// Most times a rating is given or changed: each is an entry that staff see.
pub(super) const MOST_CHANGES: i64 = 20;
/// Most characters of a customer's own words.
const LONGEST_COMMENT: usize = 500;

/// What a customer says of the service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
pub struct Opinion {
    /// 1–5.
    pub stars: i64,
    /// Whether the problem was solved; absent if the customer did not say.
    pub is_resolved: Option<bool>,
    /// Of those that are offered for so many stars.
    #[serde(default)]
    pub reasons: BTreeSet<String>,
    /// At most 500 characters.
    pub comment: Option<String>,
}

row! {
    /// A rating without its reasons.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Rating {
        /// Of this conversation.
        pub conversation_id: ConversationId,
        /// 1–5.
        pub stars: i64,
        /// So few stars that somebody should look.
        pub is_low: bool,
        /// Whether the problem was solved.
        pub is_resolved: Option<bool>,
        /// The customer's own words.
        pub comment: Option<String>,
        /// Whom it is about.
        pub staff_id: Option<i64>,
        /// The skill group that served.
        pub group_id: i64,
        /// When it was first given.
        pub rated_at: Millis,
        /// When it was last changed.
        pub changed_at: Millis,
        /// How often it was given or changed.
        pub changes: i64,
    }
}

/// What the operator decided about ratings, for one conversation.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How long after the end.
    pub within: Duration,
    /// Customers are asked when it ends.
    pub at_close: bool,
    /// Up to so many stars is low.
    pub low: i64,
    /// Offered with many stars.
    pub good: Vec<String>,
    /// Offered with few stars.
    pub poor: Vec<String>,
}

impl Rules {
    /// Those that hold for a conversation.
    pub fn of(settings: &Settings, row: &Conversation) -> Rules {
        let place = Place { branches: Vec::new(), site: Some(row.site_id), group: Some(row.group_id) };
        let hours = u64::try_from(settings.global(&super::HOURS)).unwrap_or(0);
        Rules {
            within: Duration::from_secs(hours * 3600),
            at_close: settings.get(&super::AT_CLOSE, &place),
            low: settings.global(&super::LOW),
            good: settings.get(&super::GOOD_REASONS, &place),
            poor: settings.get(&super::POOR_REASONS, &place),
        }
    }
}

/// A conversation with what is known of its rating.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The conversation.
    pub row: Conversation,
    /// What its customer said, with the reasons.
    pub rating: Option<(Rating, BTreeSet<String>)>,
    /// An agent asked for it.
    pub is_invited: bool,
    /// Who serves, or served last: account and name.
    pub agent: Option<(i64, String)>,
}

impl Standing {
    /// Until when it may be rated or changed; `None` while the conversation goes on.
    pub fn until(&self, rules: &Rules) -> Option<Millis> {
        self.row.closed_at.map(|closed| closed + rules.within)
    }

    /// Whether its customer may rate it now: somebody served them, and it ended not too long ago, or they were asked while it goes on.
    pub fn is_open(&self, rules: &Rules, now: Millis) -> bool {
        self.row.accepted_at.is_some() && self.until(rules).map_or(self.is_invited || self.rating.is_some(), |until| now <= until)
    }

    /// Whether its customer should be asked now.
    pub fn is_asked(&self, rules: &Rules, now: Millis) -> bool {
        let is_due = self.is_invited || (rules.at_close && self.row.state == State::Closed);
        self.rating.is_none() && is_due && self.is_open(rules, now)
    }
}

impl Opinion {
    /// What it comes down to, if the rules allow it. Codes: `rating.stars_invalid`, `rating.reason_unknown`, `rating.comment_invalid`.
    pub fn check(self, rules: &Rules) -> Result<Opinion> {
        if !(1..=5).contains(&self.stars) {
            return Err(Error::invalid("rating.stars_invalid"));
        }
        let offered = if self.stars >= GOOD_FROM { &rules.good } else { &rules.poor };
        if let Some(unknown) = self.reasons.iter().find(|reason| !offered.contains(reason)) {
            let shown: String = unknown.chars().take(LONGEST_REASON).collect();
            return Err(Error::invalid("rating.reason_unknown").with("reason", shown));
        }
        let comment = self.comment.map(|words| words.trim().to_owned()).filter(|words| !words.is_empty());
        if !comment.as_deref().is_none_or(is_comment) {
            return Err(Error::invalid("rating.comment_invalid").with("most", LONGEST_COMMENT));
        }
        Ok(Opinion { comment, ..self })
    }
}

fn is_comment(words: &str) -> bool {
    words.chars().count() <= LONGEST_COMMENT && !words.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
}

/// Whether this list can be offered: few short reasons, each once.
pub(super) fn are_reasons(reasons: &[String]) -> bool {
    let fits = |reason: &String| (1..=LONGEST_REASON).contains(&reason.chars().count()) && !reason.chars().any(char::is_control);
    let different: BTreeSet<&String> = reasons.iter().collect();
    reasons.len() <= MOST_REASONS && different.len() == reasons.len() && reasons.iter().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{CloseReason, fixture};

    const HOUR: i64 = 3_600_000;

    fn rules() -> Rules {
        let list = |reason: &str| vec![reason.to_owned()];
        Rules { within: Duration::from_secs(24 * 3600), at_close: true, low: 2, good: list("fast"), poor: list("slow") }
    }

    fn served() -> Standing {
        let mut row = fixture();
        row.assign(7, Millis(1)).unwrap();
        Standing { row, rating: None, is_invited: false, agent: None }
    }

    fn opinion(stars: i64, reason: &str, comment: &str) -> Result<Opinion> {
        let reasons = [reason.to_owned()].into_iter().filter(|reason| !reason.is_empty()).collect();
        Opinion { stars, is_resolved: None, reasons, comment: Some(comment.to_owned()) }.check(&rules())
    }

    #[test]
    fn a_conversation_may_be_rated_for_a_day_after_its_end() {
        let mut standing = served();
        assert!(!standing.is_open(&rules(), Millis(1)), "it goes on and nobody asked");
        standing.row.close(CloseReason::Agent, Millis(HOUR));
        assert!(standing.is_open(&rules(), Millis(25 * HOUR)) && standing.is_asked(&rules(), Millis(25 * HOUR)));
        assert!(!standing.is_open(&rules(), Millis(25 * HOUR + 1)));
        assert!(!standing.is_asked(&Rules { at_close: false, ..rules() }, Millis(HOUR)));
    }

    #[test]
    fn an_invitation_opens_it_at_once_and_nothing_opens_what_nobody_served() {
        let mut standing = Standing { is_invited: true, ..served() };
        assert!(standing.is_asked(&Rules { at_close: false, ..rules() }, Millis(1)));
        standing.row = fixture();
        standing.row.close(CloseReason::Customer, Millis(1));
        assert!(!standing.is_open(&rules(), Millis(2)));
    }

    #[test]
    fn an_opinion_keeps_to_what_is_offered() {
        assert_eq!(opinion(5, "fast", " 好 \n").unwrap().comment.as_deref(), Some("好"));
        assert_eq!(opinion(3, "slow", "  ").unwrap().comment, None);
        for (stars, reason, comment, code) in [
            (0, "", "", "rating.stars_invalid"),
            (6, "", "", "rating.stars_invalid"),
            (5, "slow", "", "rating.reason_unknown"),
            (1, "fast", "", "rating.reason_unknown"),
            (4, "", "a\0b", "rating.comment_invalid"),
        ] {
            assert_eq!(opinion(stars, reason, comment).unwrap_err().code(), code);
        }
        assert!(opinion(4, "", &"字".repeat(500)).is_ok() && opinion(4, "", &"字".repeat(501)).is_err());
    }

    #[test]
    fn reasons_are_few_short_and_different() {
        let list = |reasons: &[&str]| reasons.iter().map(|&reason| reason.to_owned()).collect::<Vec<_>>();
        assert!(are_reasons(&list(&[])) && are_reasons(&list(&["上门准时", "fast"])));
        assert!(!are_reasons(&list(&["a", "a"])) && !are_reasons(&list(&[""])) && !are_reasons(&list(&["x"; 9])));
    }
}
