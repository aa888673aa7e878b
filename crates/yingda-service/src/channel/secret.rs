//! What the server of a host site signs identities with. Two may live at a time, so that one can be exchanged for the other without a gap.
use super::{
    model::{SecretId, SiteId},
    store::{self, CountingSecret, SecretRow},
};
use crate::{
    audit::{self, Audit},
    auth::StaffId,
};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;
use yingda_base::{Error, Millis, Result, Tx, http::Caller, key::Keyring};

/// As many keys of a site may count at the same time.
const LIVE: usize = 2;
/// The use of a key is noted at most this often.
const USED_EVERY: Duration = Duration::from_secs(5 * 60);
/// Names the column to the seal.
const COLUMN: &str = "site_secret.secret";

/// A key as administrators see it. What it is, is shown once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Secret {
    /// Its id.
    pub id: SecretId,
    /// When it was made.
    pub created_at: Millis,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<StaffId>,
    /// When it last signed a good token, to about five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Millis>,
    /// Since when it no longer counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired_at: Option<Millis>,
}

impl From<SecretRow> for Secret {
    fn from(SecretRow { id, created_at, created_by, used_at, retired_at, .. }: SecretRow) -> Secret {
        Secret { id, created_at, created_by, used_at, retired_at }
    }
}

/// A key that counts.
pub struct LiveSecret {
    /// Its id.
    pub id: SecretId,
    /// 43 URL-safe characters; the key is this text.
    pub text: String,
    used_at: Option<Millis>,
}

/// The keys of a site, the newest first. `not_found`.
pub fn list(tx: &mut Tx, site: SiteId) -> Result<Vec<Secret>> {
    store::find(tx, site)?.ok_or_else(|| Error::not_found("site"))?;
    Ok(store::secrets(tx, site)?.into_iter().map(Secret::from).collect())
}

/// Makes a key; answers it with its text. Codes: `not_found`, `site.secret_limit`.
pub fn create(tx: &mut Tx, caller: &Caller, keyring: &Keyring, site: SiteId) -> Result<(Secret, String)> {
    let by = StaffId(caller.actor.staff()?.id);
    // Locked, so that of two who make one at the same time the second one sees that of the first.
    store::lock(tx, site)?.ok_or_else(|| Error::not_found("site"))?;
    if store::secrets(tx, site)?.iter().filter(|known| known.retired_at.is_none()).count() >= LIVE {
        return Err(Error::conflict("site.secret_limit").with("limit", LIVE));
    }
    let (id, text) = (SecretId(tx.next_id()), tx.entropy().token());
    let sealed = keyring.seal(COLUMN, id.0, text.as_bytes());
    store::insert_secret(tx, site, id, sealed, by)?;
    audit::record(tx, caller, &audit_of("site.secret_create", site, id))?;
    Ok((Secret { id, created_at: tx.now(), created_by: Some(by), used_at: None, retired_at: None }, text))
}

/// A key no longer counts, and is forgotten. `not_found` if there is none, or it is retired already.
pub fn retire(tx: &mut Tx, caller: &Caller, id: SecretId) -> Result<()> {
    let site = store::retire_secret(tx, id)?.ok_or_else(|| Error::not_found("secret"))?;
    audit::record(tx, caller, &audit_of("site.secret_retire", site, id))
}

/// The keys of a site that count.
pub fn live(tx: &mut Tx, keyring: &Keyring, site: SiteId) -> Result<Vec<LiveSecret>> {
    let open = |SecretRow { id, secret, used_at, .. }: SecretRow| -> Result<Option<LiveSecret>> {
        let Some(sealed) = secret else { return Ok(None) };
        let text = String::from_utf8(keyring.open_sealed(COLUMN, id.0, &sealed)?).map_err(Error::internal)?;
        Ok(Some(LiveSecret { id, text, used_at }))
    };
    store::secrets(tx, site)?.into_iter().filter_map(|row| open(row).transpose()).collect()
}

/// All keys that count, of whichever site, for whoever has to look through them.
pub fn counting(tx: &mut Tx) -> Result<Vec<CountingSecret>> {
    store::counting_secrets(tx)
}

/// Notes that a key has signed.
pub fn used(tx: &mut Tx, secret: &LiveSecret) -> Result<()> {
    if secret.used_at.is_none_or(|at| at + USED_EVERY <= tx.now()) {
        store::use_secret(tx, secret.id)?;
    }
    Ok(())
}

fn audit_of(action: &'static str, site: SiteId, secret: SecretId) -> Audit {
    let what = serde_json::json!({"site": site, "secret": secret}).to_string();
    Audit { action, object_kind: "site", object_id: site.to_string(), after: Some(what), ..Audit::default() }
}
