//! Where conversations of a site go, and from where its pages may come.
use super::{
    actions::{get_active, offered},
    model::{Site, SiteId},
    store::{self, GroupRow},
};
use crate::{App, auth::GroupId, conversation::actions::Place, customer};
use yingda_base::{Error, Result, Tx};

/// Where a conversation of this site goes: into the group that was asked for, if the site offers it and it is open; else into the
/// site's own. Code: `site.group_unknown` if what was asked for is no group at all.
pub fn place(tx: &mut Tx, site: i64, group: Option<&str>, customer: i64) -> Result<Place> {
    let site = get(tx, site)?;
    let groups = store::groups(tx, &offered(&site))?;
    let open = |id: GroupId| groups.iter().find(|group| group.id == id && group.is_active);
    let wanted = group.map(|text| known(tx, text)).transpose()?;
    let group = wanted.and_then(open).or_else(|| open(site.group)).or_else(|| groups.iter().find(|group| group.is_active));
    let GroupRow { id, name, branch_id, .. } = group.ok_or_else(|| Error::unavailable("site.no_open_group"))?;
    Ok(Place {
        site: site.id.0,
        channel: store::web_channel(tx, site.id)?.0,
        branch: branch_id.or(site.branch).map(|branch| branch.0),
        group: id.0,
        group_name: name.clone(),
        customer_name: customer::name_of(tx, customer)?,
    })
}

fn known(tx: &mut Tx, text: &str) -> Result<GroupId> {
    let id = text.parse::<GroupId>().ok();
    let found = id.map(|id| store::groups(tx, &[id])).transpose()?.and_then(|mut found| found.pop());
    found.map(|group| group.id).ok_or_else(|| Error::invalid("site.group_unknown"))
}

/// Whether agents see what a visitor of this site is typing.
pub fn allows_preview(tx: &mut Tx, site: i64) -> Result<bool> {
    Ok(get(tx, site)?.profile.preview)
}

/// The origins, besides our own, whose pages may frame the panel of this site and open sockets.
pub async fn origins(app: &App, key: &str) -> Result<Vec<String>> {
    let key = key.to_owned();
    app.db.read(move |tx| Ok(get_active(tx, &key)?.profile.origins)).await
}

/// As [`origins`], for a visitor whose site is known.
pub fn origins_of(tx: &mut Tx, site: i64) -> Result<Vec<String>> {
    Ok(get(tx, site)?.profile.origins)
}

fn get(tx: &mut Tx, site: i64) -> Result<Site> {
    store::find(tx, SiteId(site))?.ok_or_else(|| Error::not_found("site"))
}
