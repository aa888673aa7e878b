//! Sites and channels. Reads skill groups, which staff owns.
use super::model::{ChannelId, Logo, Profile, SecretId, Site, SiteId};
use crate::auth::{BranchId, GroupId, StaffId};
use yingda_base::{Error, Millis, Result, Tx, blob::BlobId, db::chunks, key::Sealed, row, sql};

row! {
    struct Found {
        id: SiteId, key: String, name: String, branch_id: Option<BranchId>, default_group_id: GroupId, profile: String,
        is_active: bool, rev: i64, logo: Option<String>, logo_width: Option<i64>, logo_height: Option<i64>,
    }
    /// A skill group with what a new conversation needs of it.
    pub struct GroupRow { pub id: GroupId, pub name: String, pub branch_id: Option<BranchId>, pub is_active: bool }
    struct ChannelRow { id: ChannelId }
    /// A key of a site as stored; the secret is gone once it is retired.
    pub struct SecretRow {
        pub id: SecretId,
        pub secret: Option<Sealed>,
        pub created_at: Millis,
        pub created_by: Option<StaffId>,
        pub used_at: Option<Millis>,
        pub retired_at: Option<Millis>,
    }
}

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.key, s.name, s.branch_id, s.default_group_id, s.profile, s.is_active, s.rev,
                    l.public_id AS logo, l.width AS logo_width, l.height AS logo_height
               FROM site s
               LEFT JOIN site_logo l ON l.site_id = s.id AND l.unused_since IS NULL ",
            $rest
        )
    };
}

fn site(found: Found) -> Result<Site> {
    let Found { id, key, name, branch_id, default_group_id, profile, is_active, rev, logo, logo_width, logo_height } = found;
    let profile: Profile = serde_json::from_str(&profile).map_err(Error::internal)?;
    let logo = logo.zip(logo_width).zip(logo_height).map(|((id, width), height)| Logo::new(id, width, height));
    Ok(Site { id, key, name, branch: branch_id, group: default_group_id, profile, logo, is_active, rev })
}

pub fn list(tx: &mut Tx) -> Result<Vec<Site>> {
    let found: Vec<Found> = tx.all(sql!(columns!("ORDER BY s.key")))?;
    found.into_iter().map(site).collect()
}

pub fn find_by_key(tx: &mut Tx, key: &str) -> Result<Option<Site>> {
    let found: Option<Found> = tx.find(sql!(columns!("WHERE s.key = $1"), key))?;
    found.map(site).transpose()
}

pub fn find(tx: &mut Tx, id: SiteId) -> Result<Option<Site>> {
    let found: Option<Found> = tx.find(sql!(columns!("WHERE s.id = $1"), id))?;
    found.map(site).transpose()
}

/// Keeps other changes of this site out until the unit ends.
pub fn lock(tx: &mut Tx, id: SiteId) -> Result<Option<SiteId>> {
    row! { struct Locked { id: SiteId } }
    let locked: Option<Locked> = tx.find(sql!("SELECT id FROM site WHERE id = $1 FOR UPDATE", id))?;
    Ok(locked.map(|site| site.id))
}

/// Adds a site with its web channel; `false` if the key is taken.
pub fn insert(tx: &mut Tx, site: &Site) -> Result<bool> {
    let inserted = tx.run(sql!(
        "INSERT INTO site (id, key, name, branch_id, default_group_id, profile, is_active, rev)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (key) DO NOTHING",
        site.id,
        &site.key,
        &site.name,
        site.branch,
        site.group,
        serde_json::json!(site.profile).to_string(),
        site.is_active,
        site.rev
    ))?;
    if inserted == 0 {
        return Ok(false);
    }
    let channel = ChannelId(tx.next_id());
    tx.run(sql!("INSERT INTO channel (id, site_id, kind, name) VALUES ($1, $2, 'web', $3)", channel, site.id, &site.name))?;
    Ok(true)
}

/// `false` if somebody else changed the site since `site.rev - 1`.
pub fn update(tx: &mut Tx, site: &Site) -> Result<bool> {
    let updated = tx.run(sql!(
        "UPDATE site SET name = $3, branch_id = $4, default_group_id = $5, profile = $6, is_active = $7, rev = $2 WHERE id = $1 AND rev + 1 = $2",
        site.id,
        site.rev,
        &site.name,
        site.branch,
        site.group,
        serde_json::json!(site.profile).to_string(),
        site.is_active
    ))?;
    Ok(updated == 1)
}

pub fn web_channel(tx: &mut Tx, site: SiteId) -> Result<ChannelId> {
    let channel: ChannelRow =
        tx.get("channel", sql!("SELECT id FROM channel WHERE site_id = $1 AND kind = 'web' ORDER BY id LIMIT 1", site))?;
    Ok(channel.id)
}

/// Those of the groups that are there, in the order of their names.
pub fn groups(tx: &mut Tx, ids: &[GroupId]) -> Result<Vec<GroupRow>> {
    let mut all: Vec<GroupRow> = Vec::new();
    for chunk in chunks(ids) {
        all.extend(tx.all::<GroupRow>(
            sql!("SELECT id, name, branch_id, is_active FROM skill_group WHERE id IN ({{ids}}) ORDER BY id").with_ids(&chunk),
        )?);
    }
    all.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    Ok(all)
}

pub fn branch_exists(tx: &mut Tx, branch: BranchId) -> Result<bool> {
    row! { struct Known { id: BranchId } }
    let known: Option<Known> = tx.find(sql!("SELECT id FROM branch WHERE id = $1", branch))?;
    Ok(known.is_some_and(|known| known.id == branch))
}

pub fn secrets(tx: &mut Tx, site: SiteId) -> Result<Vec<SecretRow>> {
    tx.all(sql!(
        "SELECT id, secret, created_at, created_by, used_at, retired_at FROM site_secret WHERE site_id = $1 ORDER BY id DESC",
        site
    ))
}

row! {
    /// A key that counts, and whose it is.
    pub struct CountingSecret {
        /// Its id.
        pub id: SecretId,
        /// The key of its site.
        pub site: String,
        /// When it was made.
        pub created_at: Millis,
        /// When it last signed a good token, to about five minutes.
        pub used_at: Option<Millis>,
    }
}

pub fn counting_secrets(tx: &mut Tx) -> Result<Vec<CountingSecret>> {
    tx.all(sql!(
        "SELECT s.id, t.key AS site, s.created_at, s.used_at
         FROM site_secret s
         JOIN site t ON t.id = s.site_id
         WHERE s.retired_at IS NULL
         ORDER BY t.key, s.id"
    ))
}

pub fn insert_secret(tx: &mut Tx, site: SiteId, id: SecretId, secret: Sealed, by: StaffId) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO site_secret (id, site_id, secret, created_at, created_by) VALUES ($1, $2, $3, $4, $5)",
        id,
        site,
        secret,
        tx.now(),
        by
    ))?;
    Ok(())
}

/// Forgets a secret that still counts; answers whose it was.
pub fn retire_secret(tx: &mut Tx, id: SecretId) -> Result<Option<SiteId>> {
    row! { struct Of { site_id: SiteId } }
    let retired =
        tx.run(sql!("UPDATE site_secret SET secret = NULL, retired_at = $2 WHERE id = $1 AND retired_at IS NULL", id, tx.now()))?;
    if retired == 0 {
        return Ok(None);
    }
    Ok(tx.find::<Of>(sql!("SELECT site_id FROM site_secret WHERE id = $1", id))?.map(|of| of.site_id))
}

pub fn use_secret(tx: &mut Tx, id: SecretId) -> Result<()> {
    tx.run(sql!("UPDATE site_secret SET used_at = $2 WHERE id = $1", id, tx.now()))?;
    Ok(())
}

row! {
    /// A logo as stored.
    pub struct LogoRow {
        pub id: i64,
        pub public_id: String,
        pub site_id: SiteId,
        pub blob: BlobId,
        pub media_type: String,
        pub bytes: i64,
        pub width: i64,
        pub height: i64,
    }
    struct Count { n: i64 }
}

/// Adds a logo that no site shows yet.
pub fn insert_logo(tx: &mut Tx, logo: &LogoRow) -> Result<()> {
    tx.run(sql!(
        "INSERT INTO site_logo (id, public_id, site_id, blob, media_type, bytes, width, height, unused_since)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        logo.id,
        &logo.public_id,
        logo.site_id,
        logo.blob.clone(),
        &logo.media_type,
        logo.bytes,
        logo.width,
        logo.height,
        tx.now()
    ))?;
    Ok(())
}

pub fn find_logo(tx: &mut Tx, public_id: &str) -> Result<Option<LogoRow>> {
    tx.find(sql!("SELECT id, public_id, site_id, blob, media_type, bytes, width, height FROM site_logo WHERE public_id = $1", public_id))
}

/// The site shows no logo from now on.
pub fn hide_logo(tx: &mut Tx, site: SiteId) -> Result<()> {
    tx.run(sql!("UPDATE site_logo SET unused_since = $2 WHERE site_id = $1 AND unused_since IS NULL", site, tx.now()))?;
    Ok(())
}

/// The site shows this logo; `false` if it has no such.
pub fn show_logo(tx: &mut Tx, site: SiteId, public_id: &str) -> Result<bool> {
    Ok(tx.run(sql!("UPDATE site_logo SET unused_since = NULL WHERE site_id = $1 AND public_id = $2", site, public_id))? == 1)
}

/// How many logos of the site are not shown.
pub fn unused_logos(tx: &mut Tx, site: SiteId) -> Result<usize> {
    let count: Count =
        tx.get("count", sql!("SELECT COUNT(*) AS n FROM site_logo WHERE site_id = $1 AND unused_since IS NOT NULL", site))?;
    usize::try_from(count.n).map_err(Error::internal)
}

/// Logos that were not shown since `before`, a few.
pub fn long_unused_logos(tx: &mut Tx, before: Millis, limit: i64) -> Result<Vec<LogoRow>> {
    tx.all(sql!(
        "SELECT id, public_id, site_id, blob, media_type, bytes, width, height
           FROM site_logo
          WHERE unused_since < $1
          ORDER BY unused_since, id
          LIMIT $2
            FOR UPDATE",
        before,
        limit
    ))
}

pub fn delete_logo(tx: &mut Tx, id: i64) -> Result<()> {
    tx.run(sql!("DELETE FROM site_logo WHERE id = $1", id))?;
    Ok(())
}
