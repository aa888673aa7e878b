//! What administrators set about logging in.

yingda_base::setting! {
    /// A session nobody used for so long is over, in minutes.
    pub static IDLE_MINUTES: i64 = "auth.idle_minutes", default 720, scopes [Operator], check |m| (10..=10_080).contains(m);
    /// Whether nobody may hold rights of more than one of the three kinds of administrators.
    pub static SEPARATE_ADMINISTRATORS: bool = "auth.separate_administrators", default true, scopes [Operator];
    /// A session is over after so long, used or not, in hours.
    pub static SESSION_HOURS: i64 = "auth.session_hours", default 168, scopes [Operator], check |h| (1..=2_160).contains(h);
}
