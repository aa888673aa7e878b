//! What an operator sets for a site, and what visitors learn of it.
use crate::auth::{BranchId, GroupId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use yingda_base::{Error, Result, id, text_enum};

id! {
    /// A site: a brand, with pages of its own on which the widget stands.
    pub struct SiteId;
    /// A way into a site.
    pub struct ChannelId;
    /// A key with which the server of a host site signs identities.
    pub struct SecretId;
}

text_enum! {
    /// Which lower corner of the page the launcher stands in.
    #[derive(Default)]
    pub enum Side {
        /// The right one.
        #[default]
        Right = "right",
        /// The left one.
        Left = "left",
    }
}

text_enum! {
    /// What the launcher looks like.
    #[derive(Default)]
    pub enum Shape {
        /// A round button.
        #[default]
        Circle = "circle",
        /// A button with rounded corners.
        Square = "square",
        /// With words beside the picture.
        Pill = "pill",
    }
}

/// Where and what the launcher is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Launcher {
    /// Which corner.
    pub side: Side,
    /// Distance from the side of the page, in pixels.
    pub x: i64,
    /// Distance from its lower edge, in pixels.
    pub y: i64,
    /// Its look.
    pub shape: Shape,
}

impl Default for Launcher {
    fn default() -> Launcher {
        Launcher { side: Side::Right, x: 24, y: 24, shape: Shape::Circle }
    }
}

/// What visitors read, in one language.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Words {
    /// At the head of the panel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The first words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting: Option<String>,
    /// Questions offered before the first word.
    pub hot_questions: Vec<String>,
}

impl Words {
    fn fault(&self) -> Option<&'static str> {
        let fits = |text: &Option<String>, most| text.as_ref().is_none_or(|text| text.chars().count() <= most);
        if !fits(&self.title, 60) {
            return Some("title");
        }
        if !fits(&self.greeting, 500) {
            return Some("greeting");
        }
        let questions = &self.hot_questions;
        let is_fine = questions.len() <= HOT_QUESTIONS && questions.iter().all(|text| (1..=100).contains(&text.trim().chars().count()));
        (!is_fine).then_some("hot_questions")
    }
}

/// The languages visitors are spoken to in.
const LOCALES: [&str; 2] = ["zh-CN", "en"];
/// As many questions as the panel shows.
const HOT_QUESTIONS: usize = 6;
/// How far the launcher may stand from the edges, in pixels.
const FARTHEST: i64 = 200;

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
    /// Title, greeting and questions in other languages than the site's own.
    pub translations: BTreeMap<String, Words>,
    /// Where and what the launcher is.
    pub launcher: Launcher,
    /// Whether the panel begins in large type (长辈版) for those who have not chosen.
    pub care: bool,
}

/// The picture at the head of the panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SiteLogo)]
pub struct Logo {
    /// What a change of the site names it by.
    pub id: String,
    /// Where everybody may fetch it; what is there never changes.
    pub url: String,
    /// In pixels, at most 512.
    pub width: i64,
    /// In pixels, at most 512.
    pub height: i64,
}

impl Logo {
    /// With the address its id has.
    pub fn new(id: String, width: i64, height: i64) -> Logo {
        Logo { url: format!("/api/v1/channel/logos/{id}"), id, width, height }
    }
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
    /// At the head of the panel; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
    /// Whether visitors are let in.
    pub is_active: bool,
    /// Grows with every change; to be given back with one.
    pub rev: i64,
}

impl Profile {
    /// As stored. Codes: `site.profile_invalid` with the name of the `field`.
    pub fn check(self) -> Result<Profile> {
        let own = self.own_words().fault();
        let Launcher { x, y, .. } = self.launcher;
        let translations = self.translations.iter().all(|(locale, words)| LOCALES.contains(&locale.as_str()) && words.fault().is_none());
        let fields = [
            (own.unwrap_or_default(), own.is_none()),
            ("locale", self.locale.as_deref().is_none_or(|locale| LOCALES.contains(&locale))),
            ("translations", translations),
            ("launcher", [x, y].iter().all(|at| (0..=FARTHEST).contains(at))),
            ("origins", self.origins.len() <= 50 && self.origins.iter().all(|origin| is_origin(origin))),
            ("brand", self.brand.as_deref().is_none_or(is_colour)),
            ("groups", self.groups.len() <= 50),
        ];
        match fields.iter().find(|(_, fits)| !fits) {
            Some((field, _)) => Err(Error::invalid("site.profile_invalid").with("field", *field)),
            None => Ok(self),
        }
    }

    fn own_words(&self) -> Words {
        Words { title: self.title.clone(), greeting: self.greeting.clone(), hot_questions: self.hot_questions.clone() }
    }

    /// What visitors of this language read; what was not translated they read in the site's own.
    pub fn words(&self, locale: Option<&str>) -> Words {
        let own = self.own_words();
        let Some(other) = locale.and_then(|locale| self.translations.get(locale)) else { return own };
        Words {
            title: other.title.clone().or(own.title),
            greeting: other.greeting.clone().or(own.greeting),
            hot_questions: if other.hot_questions.is_empty() { own.hot_questions } else { other.hot_questions.clone() },
        }
    }
}

/// Code: `site.key_invalid`.
pub fn check_key(key: &str) -> Result<()> {
    let fits = (1..=64).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if fits { Ok(()) } else { Err(Error::invalid("site.key_invalid")) }
}

/// `https://host` or `http://host`, with a port perhaps, and nothing after it: it goes into a header as it stands. `https://*.shop.cn` names
/// all names below one that is a name itself; a star alone, or before a whole country, would let everybody in.
fn is_origin(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let (name, port) = host.rsplit_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let (name, is_wild) = name.strip_prefix("*.").map_or((name, false), |name| (name, true));
    if is_wild && !name.contains('.') {
        return false;
    }
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
        for good in ["https://shop.cn", "http://127.0.0.1:8080", "https://a-b.c.cn:8443", "https://*.shop.cn"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "shop.cn",
            "https://",
            "https://a.cn/",
            "https://a.cn; script-src *",
            "https://*.cn",
            "https://*",
            "https://*.*.shop.cn",
            "https://a.*.cn",
            "https://A.cn",
            "https://a:0",
            "https://a:b:1",
            "ftp://a",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn a_visitor_reads_their_language_or_else_that_of_the_site() {
        let english = Words { greeting: Some("Hello".into()), ..Words::default() };
        let profile = Profile {
            title: Some("星桥".into()),
            greeting: Some("您好".into()),
            hot_questions: vec!["查话费".into()],
            translations: [("en".to_owned(), english)].into(),
            ..Profile::default()
        };
        let read = profile.words(Some("en"));
        assert_eq!(
            (read.title.as_deref(), read.greeting.as_deref(), read.hot_questions[0].as_str()),
            (Some("星桥"), Some("Hello"), "查话费")
        );
        assert_eq!(profile.words(Some("zh-CN")).greeting.as_deref(), Some("您好"));
    }

    #[test]
    fn a_profile_names_the_field_that_is_wrong() {
        let profile = Profile { brand: Some("red".into()), ..Profile::default() };
        assert_eq!(profile.check().unwrap_err().details()["field"], "brand");
        assert!(Profile { brand: Some("#0A5c36".into()), locale: Some("en".into()), ..Profile::default() }.check().is_ok());
        let six = vec!["问".to_owned(); 6];
        assert!(Profile { hot_questions: six.clone(), ..Profile::default() }.check().is_ok());
        let seven = Profile { hot_questions: [six, vec!["问".to_owned()]].concat(), ..Profile::default() };
        assert_eq!(seven.check().unwrap_err().details()["field"], "hot_questions");
        let far = Profile { launcher: Launcher { x: 201, ..Launcher::default() }, ..Profile::default() };
        assert_eq!(far.check().unwrap_err().details()["field"], "launcher");
        let french = Profile { translations: [("fr".to_owned(), Words::default())].into(), ..Profile::default() };
        assert_eq!(french.check().unwrap_err().details()["field"], "translations");
        assert!(check_key("shop-1.cn").is_ok() && check_key("a/b").is_err() && check_key("").is_err());
    }
}
