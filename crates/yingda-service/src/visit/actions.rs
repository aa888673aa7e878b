//! Letting a visitor in.
use super::{
    model,
    store::{self, Device, NewDevice},
};
use crate::{
    App,
    auth::{self, Revocation, VISITOR_LIFE, VisitorToken},
    channel::{self, Site},
    customer::{self, Profile},
};
use std::time::Duration;
use yingda_base::{Error, Millis, Result, Tx, locale::Language};

/// Uses of a device are noted at most this often.
const SEEN_EVERY: Duration = Duration::from_secs(5 * 60);

/// Who is let in.
pub struct Visit {
    /// For the calls and the socket.
    pub token: String,
    /// When the token ends.
    pub expires_at: Millis,
    /// Of a new device, this once.
    pub device_secret: Option<String>,
    /// The customer behind the device.
    pub visitor: Profile,
}

/// Gives a token to the device with this secret, or to a new device of a new customer. Codes: `not_found` (the site), `device_unknown`.
pub async fn visit(app: &App, site: String, device_secret: Option<String>, locale: Option<String>) -> Result<Visit> {
    let visitors = app.auth.visitors.clone();
    let enter = move |tx: &mut Tx| {
        let site = channel::get_active(tx, &site)?;
        let language = spoken(locale.as_deref(), &site);
        let (device, customer, secret) = match &device_secret {
            Some(secret) => {
                let (device, customer) = come_back(tx, &site, secret, language)?;
                (device, customer, None)
            }
            None => come_first(tx, &site, language)?,
        };
        let expires_at = tx.now() + VISITOR_LIFE;
        let token = VisitorToken { device, customer: customer.id.0, site: site.id.0, expires_at }.sign(&visitors);
        Ok(Visit { token, expires_at, device_secret: secret, visitor: customer })
    };
    app.db.write(enter).await
}

fn spoken(locale: Option<&str>, site: &Site) -> Language {
    locale.or(site.profile.locale.as_deref()).map_or(Language::Chinese, Language::negotiate)
}

fn come_first(tx: &mut Tx, site: &Site, language: Language) -> Result<(i64, Profile, Option<String>)> {
    let public_id = tx.entropy().public_id();
    let customer = customer::insert(tx, &public_id, &model::name_of(&public_id, language))?;
    let secret = tx.entropy().token();
    let (secret_hash, site) = (auth::hash_secret(&secret), site.id.0);
    let device = store::insert(tx, &NewDevice { secret_hash: &secret_hash, site, customer: customer.id.0, locale: language.tag() })?;
    Ok((device, customer, Some(secret)))
}

fn come_back(tx: &mut Tx, site: &Site, secret: &str, language: Language) -> Result<(i64, Profile)> {
    let known = store::find_by_secret(tx, &auth::hash_secret(secret))?;
    // A secret of another site's storage is none here: sites don't learn of each other's visitors.
    let fits = |device: &Device| device.revoked_at.is_none() && device.site_id == site.id.0;
    let device = known.filter(fits).ok_or_else(|| Error::unauthenticated("device_unknown"))?;
    if device.seen_at + SEEN_EVERY <= tx.now() {
        store::touch(tx, device.id, language.tag())?;
        customer::seen(tx, device.customer_id)?;
    }
    Ok((device.id, customer::get(tx, device.customer_id)?))
}

/// Stops trusting a device: its secret and its tokens no longer count, its sockets are cut.
pub fn revoke_device(tx: &mut Tx, device: i64) -> Result<()> {
    if store::revoke(tx, device)? {
        auth::revoke(tx, Revocation::Device(device))?;
    }
    Ok(())
}
