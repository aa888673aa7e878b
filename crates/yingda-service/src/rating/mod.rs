//! What customers say of the service they got: stars, whether it solved their problem, reasons and words.
//!
//! Tables: rating, rating_reason, rating_invitation. A conversation has one rating; its customer gives it after the end, or when an agent
//! asks for it, and may change it for a while. Start at `model` (the rules), then `actions` (look, rate, invite).
mod actions;
mod http;
mod model;
mod store;
#[cfg(test)]
mod tests;

pub use actions::rate;
pub use http::routes;
pub use model::{Opinion, Rating, Rules, Standing};
pub use store::{Exported, erase, page as export_page};

yingda_base::texts!("texts.toml");

yingda_base::setting! {
    /// How long after the end of a conversation it may be rated and the rating changed, in hours.
    pub static HOURS: i64 = "rating.hours", default 24, scopes [Operator], check |hours| (1..=720).contains(hours);
    /// Whether customers are asked when a conversation ends, without an agent's invitation.
    pub static AT_CLOSE: bool = "rating.at_close", default true, scopes [Operator, Site, Group];
    /// Up to how many stars a rating counts as low.
    pub static LOW: i64 = "rating.low", default 2, scopes [Operator], check |stars| (1..=4).contains(stars);
    /// What customers can choose from who give four or five stars. Clients have words for the built-in ones and show others as they are.
    pub static GOOD_REASONS: Vec<String> = "rating.good_reasons", default built_in(&["clear", "fast", "solved", "polite"]),
        scopes [Operator, Site, Group], check |reasons| model::are_reasons(reasons);
    /// The same for fewer stars.
    pub static POOR_REASONS: Vec<String> = "rating.poor_reasons", default built_in(&["unclear", "slow", "unsolved", "impolite"]),
        scopes [Operator, Site, Group], check |reasons| model::are_reasons(reasons);
}

fn built_in(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|&code| code.to_owned()).collect()
}
