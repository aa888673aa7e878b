//! Who somebody is at the provider, and the rules by which that becomes somebody here.
use std::time::Duration;
use yingda_base::{Millis, text_enum};

/// Clocks may differ by so much.
pub const SKEW: Duration = Duration::from_secs(60);

text_enum! {
    /// How an account is found that was not linked yet.
    pub enum LinkBy {
        /// Not at all: people link themselves.
        Off = "off",
        /// By the e-mail address, if the provider says that it is verified.
        Email = "email",
        /// By the name the provider calls preferred. Where people choose that themselves, anybody can be anybody.
        Username = "username",
    }
}

/// What a verified token says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The account there. Never given to anybody else.
    pub subject: String,
    /// Only if the provider says that it is verified.
    pub email: Option<String>,
    pub username: Option<String>,
    pub name: Option<String>,
    /// `amr` and `acr`: how the person signed in there.
    pub ways: Vec<String>,
    /// When.
    pub auth_time: Option<Millis>,
}

impl Identity {
    /// The login here that the rule leads to. With a domain, addresses of that domain stand for the login before the `@`, and others for nobody.
    pub fn login(&self, by: LinkBy, domain: &str) -> Option<String> {
        let named = match by {
            LinkBy::Off => None,
            LinkBy::Username => self.username.as_deref(),
            LinkBy::Email if domain.is_empty() => self.email.as_deref(),
            LinkBy::Email => {
                let (local, of) = self.email.as_deref()?.rsplit_once('@')?;
                of.eq_ignore_ascii_case(domain).then_some(local)
            }
        };
        named.map(crate::auth::fold_login).filter(|login| !login.is_empty())
    }

    /// Whether the person showed more than a password there, in a way that the operator takes for a second factor.
    pub fn has_second_factor(&self, counted: &str) -> bool {
        counted.split_whitespace().any(|way| self.ways.iter().any(|shown| shown == way))
    }

    /// Whether the person signed in there after this moment.
    pub fn is_fresh(&self, since: Millis) -> bool {
        self.auth_time.is_some_and(|at| at + SKEW >= since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lin() -> Identity {
        let text = |text: &str| Some(text.to_owned());
        let ways = vec!["pwd".to_owned(), "otp".to_owned()];
        Identity { email: text("Lin.Xiao@Example.cn"), username: text("linxiao"), ways, ..Identity::default() }
    }

    #[test]
    fn a_login_is_found_only_as_the_operator_allows() {
        assert_eq!(lin().login(LinkBy::Off, ""), None);
        assert_eq!(lin().login(LinkBy::Username, "").as_deref(), Some("linxiao"));
        assert_eq!(lin().login(LinkBy::Email, "").as_deref(), Some("lin.xiao@example.cn"));
        assert_eq!(lin().login(LinkBy::Email, "example.cn").as_deref(), Some("lin.xiao"));
        assert_eq!(lin().login(LinkBy::Email, "evil.cn"), None);
        let tricky = Identity { email: Some("admin@evil.cn@example.cn".into()), ..lin() };
        assert_eq!(tricky.login(LinkBy::Email, "example.cn").as_deref(), Some("admin@evil.cn"), "not admin");
        assert_eq!(Identity { email: None, ..lin() }.login(LinkBy::Email, ""), None);
        assert_eq!(Identity { email: Some("@example.cn".into()), ..lin() }.login(LinkBy::Email, "example.cn"), None);
    }

    #[test]
    fn ways_count_as_a_second_factor_by_name() {
        assert!(lin().has_second_factor("mfa otp"));
        assert!(!lin().has_second_factor("mfa") && !lin().has_second_factor("") && !lin().has_second_factor("ot"));
    }

    #[test]
    fn signing_in_anew_is_after_the_question_but_for_the_clocks() {
        let at = |at| Identity { auth_time: at, ..lin() };
        let since = Millis(1_000_000);
        assert!(at(Some(since - SKEW)).is_fresh(since));
        assert!(!at(Some(since - SKEW - Duration::from_millis(1))).is_fresh(since) && !at(None).is_fresh(since));
    }
}
