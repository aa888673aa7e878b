//! Making, changing and finding sites.
use super::{
    logo,
    model::{self, Launcher, Logo, Profile, Site, SiteId, Words},
    store,
};
use crate::{
    App,
    audit::{self, Audit},
    auth::{BranchId, GroupId, GroupName},
    conversation::{self, Named},
    staff,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use yingda_base::{
    Error, Result, Tx,
    http::{Caller, nullable, nullable_text},
};

/// A new site.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewSite {
    /// What the widget's loader names it by: letters, digits, `-`, `_`, `.`.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The skill group whose queue conversations come to.
    pub group: GroupId,
    /// The branch its conversations belong to, unless their group has one.
    #[serde(default)]
    pub branch: Option<BranchId>,
    /// Look and rules.
    #[serde(flatten)]
    pub profile: Profile,
}

/// A change of a site. What is absent stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SiteChange {
    /// The `rev` of the site this change was made on.
    pub rev: i64,
    /// Its name.
    pub name: Option<String>,
    /// The skill group whose queue conversations come to.
    pub group: Option<GroupId>,
    /// The branch its conversations belong to, unless their group has one; `null`: none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(schema_with = nullable_text)]
    pub branch: Option<Option<BranchId>>,
    /// Look and rules, all of them.
    pub profile: Option<Profile>,
    /// Its logo, by the id an upload answered; `null`: none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(schema_with = nullable_text)]
    pub logo: Option<Option<String>>,
    /// Whether visitors are let in.
    pub is_active: Option<bool>,
}

/// A site as everybody sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PublicSite {
    /// Its id.
    pub id: SiteId,
    /// What the widget's loader names it by.
    pub key: String,
    /// Its name.
    pub name: String,
    /// At the head of the panel.
    pub title: String,
    /// The first words a visitor reads; empty: the panel's own.
    pub greeting: String,
    /// Language of visitors whose browser names none we speak.
    pub locale: String,
    /// Questions offered before the first word.
    pub hot_questions: Vec<String>,
    /// Skill groups one may choose; the first is the default.
    pub groups: Vec<GroupName>,
    /// Whether agents see what a visitor is typing.
    pub preview: bool,
    /// Colour of the brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// At the head of the panel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
    /// Where and what the launcher is.
    pub launcher: Launcher,
    /// Whether the panel begins in large type.
    pub care: bool,
}

/// All sites by key.
pub async fn list(app: &App) -> Result<Vec<Site>> {
    app.db.read(store::list).await
}

/// Makes a site with its web channel. Codes: `site.key_taken`, `site.key_invalid`, `site.profile_invalid`, `name_invalid`, `not_found`.
pub fn create(tx: &mut Tx, caller: &Caller, new: &NewSite) -> Result<Site> {
    let site = insert(tx, new)?;
    audit::record(tx, caller, &audit_of("site.create", None, &site))?;
    Ok(site)
}

/// Adds a site without asking who may: for [`create`] and for the demo.
pub fn insert(tx: &mut Tx, new: &NewSite) -> Result<Site> {
    model::check_key(&new.key)?;
    let site = Site {
        id: SiteId(tx.next_id()),
        key: new.key.clone(),
        name: staff::check_name(&new.name)?,
        branch: new.branch,
        group: new.group,
        profile: new.profile.clone().check()?,
        logo: None,
        is_active: true,
        rev: 1,
    };
    check_places(tx, &site)?;
    if store::insert(tx, &site)? { Ok(site) } else { Err(Error::conflict("site.key_taken")) }
}

/// Changes a site. Codes: `site.changed` (somebody else was faster), `site.logo_gone`, as [`create`].
pub async fn update(app: &App, caller: &Caller, id: SiteId, change: SiteChange) -> Result<Site> {
    let caller = caller.clone();
    let update = move |tx: &mut Tx| {
        let before = store::find(tx, id)?.ok_or_else(|| Error::not_found("site"))?;
        let change = change.clone();
        let site = Site {
            name: change.name.as_deref().map_or(Ok(before.name.clone()), staff::check_name)?,
            group: change.group.unwrap_or(before.group),
            branch: change.branch.unwrap_or(before.branch),
            profile: change.profile.unwrap_or_else(|| before.profile.clone()).check()?,
            logo: match change.logo {
                None => before.logo.clone(),
                Some(wanted) => wanted.map(|wanted| logo::of_site(tx, id, &wanted)).transpose()?,
            },
            is_active: change.is_active.unwrap_or(before.is_active),
            rev: change.rev + 1,
            ..before.clone()
        };
        check_places(tx, &site)?;
        if !store::update(tx, &site)? {
            return Err(Error::conflict("site.changed").with("rev", before.rev));
        }
        if site.logo != before.logo {
            logo::show(tx, id, site.logo.as_ref())?;
        }
        if site.name != before.name {
            conversation::renamed(tx, Named::Site(id.0))?;
        }
        audit::record(tx, &caller, &audit_of("site.update", Some(&before), &site))?;
        Ok(site)
    };
    app.db.write(update).await
}

/// The default group takes conversations, the others and the branch are there.
fn check_places(tx: &mut Tx, site: &Site) -> Result<()> {
    let groups = store::groups(tx, &offered(site))?;
    if site.profile.groups.iter().any(|wanted| groups.iter().all(|group| group.id != *wanted)) {
        return Err(Error::not_found("group"));
    }
    if !groups.iter().any(|group| group.id == site.group && group.is_active) {
        return Err(Error::not_found("group"));
    }
    match site.branch {
        Some(branch) if !store::branch_exists(tx, branch)? => Err(Error::not_found("branch")),
        Some(_) | None => Ok(()),
    }
}

/// The default group and those that may be chosen.
pub(super) fn offered(site: &Site) -> Vec<GroupId> {
    let mut offered = site.profile.groups.clone();
    offered.retain(|group| *group != site.group);
    offered.insert(0, site.group);
    offered
}

/// What everybody learns of an active site, in this language as far as it was translated.
pub async fn get_public(app: &App, key: String, locale: Option<&str>) -> Result<PublicSite> {
    let read = move |tx: &mut Tx| {
        let site = get_active(tx, &key)?;
        let mut groups: Vec<GroupName> = store::groups(tx, &offered(&site))?
            .into_iter()
            .filter(|group| group.is_active)
            .map(|group| GroupName { id: group.id, name: group.name })
            .collect();
        groups.sort_by_key(|group| group.id != site.group);
        Ok((site, groups))
    };
    let (Site { id, key, name, profile, logo, .. }, groups) = app.db.read(read).await?;
    let Words { title, greeting, hot_questions } = profile.words(locale);
    Ok(PublicSite {
        id,
        key,
        title: title.unwrap_or_else(|| name.clone()),
        name,
        greeting: greeting.unwrap_or_default(),
        locale: profile.locale.unwrap_or_else(|| "zh-CN".to_owned()),
        hot_questions,
        groups,
        preview: profile.preview,
        brand: profile.brand,
        logo,
        launcher: profile.launcher,
        care: profile.care,
    })
}

/// The site visitors come by; `not_found` if there is none or it is closed.
pub fn get_active(tx: &mut Tx, key: &str) -> Result<Site> {
    store::find_by_key(tx, key)?.filter(|site| site.is_active).ok_or_else(|| Error::not_found("site"))
}

fn audit_of(action: &'static str, before: Option<&Site>, after: &Site) -> Audit {
    let text = |site: &Site| serde_json::json!(site).to_string();
    Audit {
        action,
        object_kind: "site",
        object_id: after.id.to_string(),
        before: before.map(text),
        after: Some(text(after)),
        ..Audit::default()
    }
}
