//! A host site's server says who its customer is; and what becomes of what they said before. docs/decisions/signed-identity.md has the reasons.
use super::{
    actions::{Visit, enter, revoke_device, spoken},
    claims::{Claims, LEEWAY},
    identity,
    store::{self, Device, NewDevice},
};
use crate::{
    App, auth,
    channel::{self, LiveSecret, Site},
    conversation::{self, Conversation, Heir, State},
    customer::{self, Profile},
};
use std::{sync::Arc, time::Duration};
use yingda_base::{
    Error, Result, Tx,
    error::Kind,
    http::{Actor, Caller, Limit, VisitorActor},
};

/// Who wants to come in as whom.
#[derive(Clone)]
pub struct Wish {
    /// The site's key.
    pub site: String,
    /// What the host's server signed.
    pub token: String,
    /// Of the device the browser is so far.
    pub device_secret: Option<String>,
    /// The visitor's language.
    pub locale: Option<String>,
}

/// What the browser's nameless device said just now, and could take along.
pub struct Earlier {
    /// How many conversations.
    pub conversations: usize,
    /// Whether one of them is still open.
    pub is_running: bool,
}

/// Somebody who is known now.
pub struct Identified {
    /// With a device secret unless the browser's device was theirs already.
    pub visit: Visit,
    /// Served as a senior.
    pub is_senior: bool,
    /// Absent if there is nothing to take along.
    pub earlier: Option<Earlier>,
}

/// Lets a browser in as the customer its host site vouches for. The token counts once.
///
/// A device that is theirs already stays. A nameless one is left as it is: what it said may be taken over ([`attach`]). One of
/// somebody else ends here, with its sockets: on a shared computer nobody sees what the one before said.
///
/// Codes: `not_found` (the site), `identity.off` (it has no key), `identity.replayed`, those of [`identity::verify`], `rate_limited`.
pub async fn identify(app: &App, caller: &Caller, wish: Wish) -> Result<Identified> {
    let proven = prove(app, &wish).await;
    let done = match proven {
        Ok(proven) => take(app, wish, Arc::new(proven)).await,
        Err(error) => Err(error),
    };
    match done {
        // Only what fails is counted: thousands of honest customers may share an address, and none of them fails twenty times.
        Err(error) if matches!(error.kind(), Kind::Unauthenticated | Kind::Malformed | Kind::Invalid | Kind::TooLarge | Kind::Conflict) => {
            app.limits.count(Limit::Costly, &Actor::Anonymous, caller.address).and(Err(error))
        }
        done => done,
    }
}

struct Proven {
    claims: Claims,
    by: LiveSecret,
}

/// Read-only, so that whoever sends forged ones keeps no writer busy.
async fn prove(app: &App, wish: &Wish) -> Result<Proven> {
    let (key, keyring) = (wish.site.clone(), app.keyring.clone());
    let read = move |tx: &mut Tx| {
        let site = channel::get_active(tx, &key)?;
        channel::live_secrets(tx, &keyring, site.id)
    };
    let secrets = app.db.read(read).await?;
    if secrets.is_empty() {
        return Err(Error::forbidden("identity.off"));
    }
    let keys: Vec<String> = secrets.iter().map(|secret| secret.text.clone()).collect();
    let (claims, nth) = identity::verify(&wish.token, &keys, &wish.site, app.context.clock.now())?;
    let by = secrets.into_iter().nth(nth).ok_or_else(|| Error::bug("a key that fits is not there"))?;
    Ok(Proven { claims, by })
}

async fn take(app: &App, wish: Wish, proven: Arc<Proven>) -> Result<Identified> {
    let visitors = app.auth.visitors.clone();
    let unit = move |tx: &mut Tx| {
        let site = channel::get_active(tx, &wish.site)?;
        let Claims { subject, token_id, expires_at, signed } = &proven.claims;
        let until = *expires_at + Duration::from_secs(LEEWAY.unsigned_abs());
        if !store::take_proof(tx, site.id.0, token_id, until)? {
            return Err(Error::conflict("identity.replayed"));
        }
        channel::used_secret(tx, &proven.by)?;
        let profile = customer::vouched(tx, site.id.0, subject, signed)?;
        let (device, secret, earlier) = settle(tx, &site, &profile, &wish)?;
        let visit = enter(tx, &visitors, (device, secret), &site, profile);
        Ok(Identified { visit, is_senior: signed.is_senior, earlier })
    };
    app.db.write(unit).await
}

/// The device the browser is from now on, with its secret if it is new, and what it could take along.
fn settle(tx: &mut Tx, site: &Site, profile: &Profile, wish: &Wish) -> Result<(i64, Option<String>, Option<Earlier>)> {
    let locale = spoken(wish.locale.as_deref(), site).tag();
    let held = wish.device_secret.as_deref().map(|secret| known(tx, site, secret)).transpose()?.flatten();
    let mut earlier = None;
    match held {
        Some(held) if held.customer_id == profile.id.0 => {
            store::vouch(tx, held.id, locale)?;
            return Ok((held.id, None, None));
        }
        Some(held) if customer::is_identified(tx, held.customer_id)? => revoke_device(tx, held.id)?,
        Some(held) => earlier = earlier_of(&conversation::recent(tx, held.customer_id)?),
        None => {}
    }
    let secret = tx.entropy().token();
    let new = NewDevice {
        secret_hash: &auth::hash_secret(&secret),
        site: site.id.0,
        customer: profile.id.0,
        locale,
        identified_at: Some(tx.now()),
    };
    Ok((store::insert(tx, &new)?, Some(secret), earlier))
}

fn earlier_of(recent: &[Conversation]) -> Option<Earlier> {
    let is_running = recent.iter().any(|row| row.state != State::Closed);
    (!recent.is_empty()).then_some(Earlier { conversations: recent.len(), is_running })
}

/// A trusted device of this site.
fn known(tx: &mut Tx, site: &Site, secret: &str) -> Result<Option<Device>> {
    let found = store::find_by_secret(tx, &auth::hash_secret(secret))?;
    Ok(found.filter(|device| device.revoked_at.is_none() && device.site_id == site.id.0))
}

/// Takes over what the nameless device with this secret said just now; it ends. How many conversations.
///
/// Codes: `identity.required` for those nobody vouches for, `device_unknown`.
pub fn attach(tx: &mut Tx, actor: &Actor, device_secret: &str) -> Result<usize> {
    let visitor = actor.visitor()?;
    if !customer::is_identified(tx, visitor.customer)? {
        return Err(Error::conflict("identity.required"));
    }
    let found = store::find_by_secret(tx, &auth::hash_secret(device_secret))?;
    let fits = |device: &Device| device.revoked_at.is_none() && device.site_id == visitor.site;
    let device = found.filter(fits).ok_or_else(|| Error::unauthenticated("device_unknown"))?;
    if customer::is_identified(tx, device.customer_id)? {
        return Err(Error::unauthenticated("device_unknown"));
    }
    let name = customer::name_of(tx, visitor.customer)?;
    let taken = conversation::adopt(tx, device.customer_id, &Heir { customer: visitor.customer, name: &name })?;
    revoke_device(tx, device.id)?;
    Ok(taken)
}

/// The browser gives up a device: its tokens, sockets and secret end. Nobody can come back as a nameless one, so what it left open ends too.
pub async fn leave(app: &App, site: String, device_secret: String) -> Result<()> {
    let leave = move |tx: &mut Tx| {
        let site = channel::get_active(tx, &site)?;
        let Some(device) = known(tx, &site, &device_secret)? else { return Ok(()) };
        if !customer::is_identified(tx, device.customer_id)? {
            let visitor = VisitorActor { device: device.id, customer: device.customer_id, site: device.site_id, unlimited: false };
            let mut open = conversation::recent(tx, device.customer_id)?;
            open.retain(|row| row.state != State::Closed);
            open.sort_unstable_by_key(|row| row.id);
            for row in open {
                conversation::actions::close(tx, &Actor::Visitor(visitor), &row.public_id)?;
            }
        }
        revoke_device(tx, device.id)
    };
    app.db.write(leave).await
}
