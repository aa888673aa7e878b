//! The second factor of an account: setting it up, using it, taking it away.
use super::{
    Auth, guess,
    id::{Method, SessionId, StaffId},
    lane::Lock,
    recovery,
    session::end_sessions,
    settings::{self, Required},
    store::{self, FactorRow, OFFERED, SECRET},
    throttle::ACCOUNT,
    totp::{self, Offer},
};
use crate::{
    App,
    audit::{self, Audit},
};
use std::sync::Arc;
use utoipa::ToSchema;
use yingda_base::{Error, Millis, Result, Tx, http::Caller};

/// What somebody has of a second factor.
#[derive(Clone, Debug, serde::Serialize, ToSchema)]
pub struct FactorState {
    /// Since when; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Millis>,
    /// Recovery codes not yet used.
    pub codes_left: i64,
    /// Whether one must have one.
    pub is_required: bool,
}

/// What one has oneself.
pub async fn state(app: &App, caller: &Caller) -> Result<FactorState> {
    let (staff, required) = (StaffId(caller.actor.staff()?.id), app.settings.global(&settings::SECOND_FACTOR));
    app.db.read(move |tx| state_of(tx, staff, required)).await
}

pub(super) fn state_of(tx: &mut Tx, staff: StaffId, required: Required) -> Result<FactorState> {
    let is_required = required.covers(&store::permissions(tx, staff)?);
    Ok(FactorState { since: store::factor_since(tx, staff)?, codes_left: store::recovery_codes_left(tx, staff)?, is_required })
}

/// Makes up a secret for an authenticator. It counts once [`confirm`] has seen a code of it; until then one that is there counts on.
pub async fn offer(app: &App, caller: &Caller) -> Result<Offer> {
    let (staff, auth) = (StaffId(caller.actor.staff()?.id), app.auth.clone());
    let issuer = app.settings.global(&settings::ISSUER_NAME);
    let offer = move |tx: &mut Tx| {
        let secret = tx.entropy().bytes();
        store::offer_factor(tx, staff, auth.keyring.seal(OFFERED, staff.0, &secret))?;
        let login = store::me(tx, staff)?.login;
        totp::offer(&secret, &issuer, &login)
    };
    app.db.write(offer).await
}

/// The offered secret counts from now on; answers new recovery codes, shown this once. Ends one's other sessions, which began without.
///
/// Codes: `second_factor.not_offered`, `second_factor.code_wrong`.
pub async fn confirm(app: &App, caller: &Caller, code: String) -> Result<Vec<String>> {
    let (actor, caller, auth) = (caller.actor.staff()?.clone(), caller.clone(), app.auth.clone());
    let confirm = move |tx: &mut Tx| {
        let staff = StaffId(actor.id);
        let offered = store::lock_factor(tx, staff)?.and_then(|factor| factor.offered);
        let offered = offered.ok_or_else(|| Error::conflict("second_factor.not_offered"))?;
        let secret = auth.keyring.open_sealed(OFFERED, staff.0, &offered)?;
        let step = totp::step_of(&fixed(&secret)?, &digits(&code), tx.now())?;
        let step = step.ok_or_else(|| Error::invalid("second_factor.code_wrong"))?;
        store::confirm_factor(tx, staff, auth.keyring.seal(SECRET, staff.0, &secret), step)?;
        end_sessions(tx, staff, Some(SessionId(actor.session)))?;
        audit::record(tx, &caller, &audit_of("auth.enrol", staff))?;
        new_codes(tx, staff)
    };
    app.db.write(confirm).await
}

/// Replaces one's recovery codes; answers them this once. Code: `second_factor.absent`.
pub fn renew_codes(tx: &mut Tx, caller: &Caller) -> Result<Vec<String>> {
    let staff = StaffId(caller.actor.staff()?.id);
    store::factor_since(tx, staff)?.ok_or_else(|| Error::conflict("second_factor.absent"))?;
    audit::record(tx, caller, &audit_of("auth.renew_recovery_codes", staff))?;
    new_codes(tx, staff)
}

fn new_codes(tx: &mut Tx, staff: StaffId) -> Result<Vec<String>> {
    let codes = recovery::new_codes(tx.entropy());
    let hashes: Vec<Vec<u8>> = codes.iter().filter_map(|code| recovery::hash(code)).collect();
    store::set_recovery_codes(tx, staff, &hashes)?;
    Ok(codes)
}

/// Does without. Codes: `second_factor.required` where a setting wants one.
pub async fn remove(app: &App, caller: &Caller) -> Result<()> {
    let (staff, required) = (StaffId(caller.actor.staff()?.id), app.settings.global(&settings::SECOND_FACTOR));
    let caller = caller.clone();
    let remove = move |tx: &mut Tx| {
        if required.covers(&store::permissions(tx, staff)?) {
            return Err(Error::conflict("second_factor.required"));
        }
        if store::remove_factor(tx, staff)? {
            audit::record(tx, &caller, &audit_of("auth.remove_second_factor", staff))?;
        }
        Ok(())
    };
    app.db.write(remove).await
}

/// Counts a guess at somebody's code, before it is looked at. Codes: `auth.login_throttled`, `auth.locked`.
pub(super) fn charge(tx: &mut Tx, staff: StaffId, lock: Lock) -> Result<()> {
    guess::charge_locked(tx, &subject(staff), ACCOUNT, lock).map(drop)
}

/// Uses up a code or a recovery code; nothing if it is none. In a unit that commits whatever comes of it: the guess was charged.
pub(super) fn take_code(tx: &mut Tx, auth: &Arc<Auth>, staff: StaffId, code: &str) -> Result<Option<Method>> {
    let used = match store::lock_factor(tx, staff)? {
        Some(factor) => use_up(tx, auth, staff, &factor, code)?,
        None => None,
    };
    if used.is_some() {
        guess::acquit(tx, &subject(staff))?;
    }
    Ok(used)
}

fn use_up(tx: &mut Tx, auth: &Arc<Auth>, staff: StaffId, factor: &FactorRow, code: &str) -> Result<Option<Method>> {
    let Some(sealed) = &factor.secret else { return Ok(None) };
    if let Some(hash) = recovery::hash(code) {
        return Ok(store::use_recovery_code(tx, staff, &hash)?.then_some(Method::RecoveryCode));
    }
    let secret = auth.keyring.open_sealed(SECRET, staff.0, sealed)?;
    let step = totp::step_of(&fixed(&secret)?, &digits(code), tx.now())?;
    let Some(step) = step.filter(|step| totp::is_fresh(*step, factor.last_step)) else { return Ok(None) };
    store::note_step(tx, staff, step)?;
    if auth.keyring.is_outdated(sealed) {
        store::reseal_factor(tx, staff, auth.keyring.seal(SECRET, staff.0, &secret))?;
    }
    Ok(Some(Method::Code))
}

/// The counter of guesses at somebody's code.
pub(super) fn subject(staff: StaffId) -> String {
    format!("factor:{staff}")
}

fn fixed(secret: &[u8]) -> Result<[u8; totp::SECRET]> {
    secret.try_into().map_err(|_| Error::bug("a secret of another length"))
}

/// Authenticators show codes in two halves.
fn digits(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace()).collect()
}

fn audit_of(action: &'static str, staff: StaffId) -> Audit {
    Audit { action, object_kind: "staff", object_id: staff.to_string(), ..Audit::default() }
}
