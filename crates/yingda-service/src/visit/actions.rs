//! Letting a visitor in.
use super::{
    model,
    store::{self, Device, NewDevice},
};
use crate::{
    App,
    auth::{self, Revocation, Signer, VISITOR_LIFE, VisitorToken},
    channel::{self, Site},
    customer::{self, Profile},
};
use std::time::Duration;
use yingda_base::{
    Error, Millis, Result, Tx,
    locale::Language,
    setting::{Place, Settings},
};

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

/// Gives a token to the device with this secret, or to a new device of a new customer. Codes: `not_found` (the site), `device_unknown`,
/// `identity_expired` (the host site must vouch for its customer again).
pub async fn visit(app: &App, site: String, device_secret: Option<String>, locale: Option<String>) -> Result<Visit> {
    let (visitors, settings) = (app.auth.visitors.clone(), app.settings.clone());
    let is_known = device_secret.is_some();
    let unit = move |tx: &mut Tx| {
        let site = channel::get_active(tx, &site)?;
        let language = spoken(locale.as_deref(), &site);
        let (device, customer, secret) = match &device_secret {
            Some(secret) => {
                let (device, customer) = come_back(tx, &settings, &site, secret, language)?;
                (device, customer, None)
            }
            None => come_first(tx, &site, language)?,
        };
        Ok(enter(tx, &visitors, (device, secret), &site, customer))
    };
    // Who was here before may read on when the disk is full.
    if is_known { app.db.write_needed(unit).await } else { app.db.write(unit).await }
}

/// A token for a device; `secret` if it is new.
pub(super) fn enter(tx: &Tx, visitors: &Signer, (device, secret): (i64, Option<String>), site: &Site, visitor: Profile) -> Visit {
    let expires_at = tx.now() + VISITOR_LIFE;
    let token = VisitorToken { device, customer: visitor.id.0, site: site.id.0, expires_at }.sign(visitors);
    Visit { token, expires_at, device_secret: secret, visitor }
}

pub(super) fn spoken(locale: Option<&str>, site: &Site) -> Language {
    locale.or(site.profile.locale.as_deref()).map_or(Language::Chinese, Language::negotiate)
}

fn come_first(tx: &mut Tx, site: &Site, language: Language) -> Result<(i64, Profile, Option<String>)> {
    let public_id = tx.entropy().public_id();
    let customer = customer::insert(tx, &public_id, &model::name_of(&public_id, language))?;
    let secret = tx.entropy().token();
    let (secret_hash, site) = (auth::hash_secret(&secret), site.id.0);
    let device = store::insert(
        tx,
        &NewDevice { secret_hash: &secret_hash, site, customer: customer.id.0, locale: language.tag(), identified_at: None },
    )?;
    Ok((device, customer, Some(secret)))
}

fn come_back(tx: &mut Tx, settings: &Settings, site: &Site, secret: &str, language: Language) -> Result<(i64, Profile)> {
    let known = store::find_by_secret(tx, &auth::hash_secret(secret))?;
    // A secret of another site's storage is none here: sites don't learn of each other's visitors.
    let fits = |device: &Device| device.revoked_at.is_none() && device.site_id == site.id.0;
    let device = known.filter(fits).ok_or_else(|| Error::unauthenticated("device_unknown"))?;
    if let Some(at) = device.identified_at
        && at + identity_life(settings, site) <= tx.now()
    {
        return Err(Error::unauthenticated("identity_expired"));
    }
    if device.seen_at + SEEN_EVERY <= tx.now() {
        store::touch(tx, device.id, language.tag())?;
        customer::seen(tx, device.customer_id)?;
    }
    Ok((device.id, customer::get(tx, device.customer_id)?))
}

fn identity_life(settings: &Settings, site: &Site) -> Duration {
    let place = Place { site: Some(site.id.0), ..Place::default() };
    let hours = settings.get(&super::IDENTITY_HOURS, &place);
    Duration::from_secs(u64::try_from(hours).unwrap_or(0) * 3600)
}

/// Stops trusting a device: its secret and its tokens no longer count, its sockets are cut.
pub fn revoke_device(tx: &mut Tx, device: i64) -> Result<()> {
    if store::revoke(tx, device)? {
        auth::revoke(tx, Revocation::Device(device))?;
    }
    Ok(())
}

/// Stops trusting all devices of a customer: whoever comes with one of them is somebody new. Answers their ids.
pub fn forget_devices(tx: &mut Tx, customer: i64) -> Result<Vec<i64>> {
    let devices = store::of_customer(tx, customer)?;
    devices.iter().try_for_each(|device| revoke_device(tx, *device))?;
    Ok(devices)
}

/// Devices of one unit.
const CHUNK: i64 = 500;

/// Stops trusting some of the devices whose customer a host site vouched for; how many. Host sites vouch again when their customers come.
pub fn forget_identified(tx: &mut Tx) -> Result<usize> {
    let devices = store::identified(tx, CHUNK)?;
    devices.iter().try_for_each(|device| revoke_device(tx, *device))?;
    Ok(devices.len())
}
