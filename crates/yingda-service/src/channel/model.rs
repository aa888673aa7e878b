//! What an operator sets for a site, and what visitors learn of it.
use crate::auth::{BranchId, GroupId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use yingda_base::{Error, Result, id};

id! {
    /// A site: a brand, with pages of its own on which the widget stands.
    pub struct SiteId;
    /// A way into a site.
    pub struct ChannelId;
    /// A key with which the server of a host site signs identities.
    pub struct SecretId;
}

/// The look and the rules of a site.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Profile {
    /// At the head of the panel; the name of the site unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The first words a visitor reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting: Option<String>,
    /// Language of visitors whose browser names none we speak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Questions offered before the first word.
    pub hot_questions: Vec<String>,
    /// Origins of the pages that may frame the panel and open sockets, besides our own: `https://shop.example`.
    pub origins: Vec<String>,
    /// Colour of the brand: `#0a5c36`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Whether agents see what a visitor is typing.
    pub preview: bool,
    /// Skill groups a visitor may choose, besides the default one.
    pub groups: Vec<GroupId>,
}

/// A site as those who manage sites see it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// What the widget's loader names it by.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The branch its conversations belong to, unless their group has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<BranchId>,
    /// The skill group whose queue conversations come to unless the visitor chose another.
    pub group: GroupId,
    /// Look and rules.
    #[serde(flatten)]
    pub profile: Profile,
    /// Whether visitors are let in.
    pub is_active: bool,
    /// Grows with every change; to be given back with one.
    pub rev: i64,
}

impl Profile {
    /// As stored. Codes: `site.profile_invalid` with the name of the `field`.
    pub fn check(self) -> Result<Profile> {
        let fits = |text: &Option<String>, most| text.as_ref().is_none_or(|text| text.chars().count() <= most);
        let fields = [
            ("title", fits(&self.title, 60)),
            ("greeting", fits(&self.greeting, 500)),
            ("locale", self.locale.as_deref().is_none_or(|locale| ["zh-CN", "en"].contains(&locale))),
            (
                "hot_questions",
                self.hot_questions.len() <= 20 && self.hot_questions.iter().all(|text| (1..=100).contains(&text.chars().count())),
            ),
            ("origins", self.origins.len() <= 50 && self.origins.iter().all(|origin| is_origin(origin))),
            ("brand", self.brand.as_deref().is_none_or(is_colour)),
            ("groups", self.groups.len() <= 50),
        ];
        match fields.iter().find(|(_, fits)| !fits) {
            Some((field, _)) => Err(Error::invalid("site.profile_invalid").with("field", *field)),
            None => Ok(self),
        }
    }
}

/// Code: `site.key_invalid`.
pub fn check_key(key: &str) -> Result<()> {
    let fits = (1..=64).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if fits { Ok(()) } else { Err(Error::invalid("site.key_invalid")) }
}

/// `https://host` or `http://host`, with a port perhaps, and nothing after it: it goes into a header as it stands.
fn is_origin(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let (name, port) = host.rsplit_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let is_name = (1..=253).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte));
    is_name && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_cannot_carry_anything_into_a_header() {
        for good in ["https://shop.cn", "http://127.0.0.1:8080", "https://a-b.c.cn:8443"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "shop.cn",
            "https://",
            "https://a.cn/",
            "https://a.cn; script-src *",
            "https://*.cn",
            "https://A.cn",
            "https://a:0",
            "https://a:b:1",
            "ftp://a",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn a_profile_names_the_field_that_is_wrong() {
        let profile = Profile { brand: Some("red".into()), ..Profile::default() };
        assert_eq!(profile.check().unwrap_err().details()["field"], "brand");
        assert!(Profile { brand: Some("#0A5c36".into()), locale: Some("en".into()), ..Profile::default() }.check().is_ok());
        assert!(check_key("shop-1.cn").is_ok() && check_key("a/b").is_err() && check_key("").is_err());
    }
}
