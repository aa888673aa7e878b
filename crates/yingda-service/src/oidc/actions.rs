//! Going to the provider and coming back: to get in, to prove oneself, to link oneself.
use super::{
    attempt::{Attempt, Purpose},
    identity::{Identity, LinkBy},
    provider::{Provider, Vouched, refused_by_provider},
    settings, store,
};
use crate::{
    App,
    audit::{self, Audit},
    auth::{self, Browser, Entrance, Passed, Proven, StaffId, hash_secret, permission},
    staff::{self, NewStaff},
};
use std::sync::Arc;
use yingda_base::{Error, Result, Tx, http::Caller};

/// What the provider sent the browser back with.
#[derive(Clone, Debug, Default)]
pub struct Returned {
    pub state: String,
    pub code: Option<String>,
    pub error: Option<String>,
    pub issuer: Option<String>,
}

/// What came of it.
pub enum Finished {
    In(Passed),
    Proven(Proven),
    Linked,
}

/// The provider. Code: `oidc.off`.
pub fn provider(app: &App) -> Result<Arc<Provider>> {
    app.oidc.clone().ok_or_else(|| Error::conflict("oidc.off"))
}

/// Where the browser goes, and what it takes along. Codes: `oidc.off`, `oidc.unavailable`, and where it is not about getting in, those of a caller who has
/// no session or, to link, no fresh proof.
pub async fn begin(app: &App, caller: &Caller, purpose: Purpose) -> Result<(String, String)> {
    let provider = provider(app)?;
    let session = match purpose {
        Purpose::Login => None,
        Purpose::StepUp => Some(caller.actor.staff()?.session),
        Purpose::Link => {
            // Whoever finds a desk open, or was told a password that is to be changed, must not put their own identity under it.
            let staff = caller.actor.staff()?;
            staff.pending.map_or(Ok(()), |pending| Err(pending.error()))?;
            staff.check_proof()?;
            Some(staff.session)
        }
    };
    let attempt = Attempt::begin(&app.context.entropy, purpose, session, app.context.clock.now(), app.context.clock.steady());
    Ok((provider.question(&attempt).await?, attempt.seal(&app.keyring)))
}

/// Somebody came back, with the cookie they were given or without. One attempt is finished once, whatever comes of it.
///
/// Codes: `oidc.strayed` (no cookie, another browser, too late), `oidc.used`, `oidc.cancelled`, `oidc.provider_refused`, those of
/// [`Provider::redeem`], and then of what it was for.
pub async fn finish(app: &App, caller: &Caller, sealed: Option<String>, returned: Returned, browser: Browser) -> Result<Finished> {
    let (provider, steady) = (provider(app)?, app.context.clock.steady());
    let attempt = sealed.and_then(|sealed| Attempt::open(&app.keyring, &sealed, &returned.state, steady));
    let attempt = attempt.filter(|_| provider.is_issuer(returned.issuer.as_deref())).ok_or_else(|| Error::invalid("oidc.strayed"))?;
    let (state, until) = (hash_secret(&attempt.state), attempt.until);
    if !app.db.write_needed(move |tx| store::note_return(tx, &state, until)).await? {
        return Err(Error::invalid("oidc.used"));
    }
    let code = match (returned.error.as_deref(), returned.code) {
        (Some("access_denied"), _) => return Err(Error::invalid("oidc.cancelled")),
        (Some(word), _) => return Err(refused_by_provider(word)),
        (None, None) => return Err(Error::invalid("oidc.strayed")),
        (None, Some(code)) => code,
    };
    let vouched = provider.redeem(&attempt, code).await?;
    match attempt.purpose {
        Purpose::Login => enter(app, caller.clone(), provider, vouched, browser).await.map(Finished::In),
        Purpose::StepUp => prove(app, caller.clone(), provider, &attempt, vouched.identity).await.map(Finished::Proven),
        Purpose::Link => link(app, caller.clone(), provider, &attempt, vouched.identity).await.map(|()| Finished::Linked),
    }
}

/// How accounts are found, and made.
struct Rules {
    by: LinkBy,
    domain: String,
    new_role: String,
    second_factor: String,
}

impl Rules {
    fn of(app: &App) -> Rules {
        let settings = &app.settings;
        Rules {
            by: settings.global(&settings::LINK_BY),
            domain: settings.global(&settings::EMAIL_DOMAIN),
            new_role: settings.global(&settings::NEW_ROLE),
            second_factor: settings.global(&settings::SECOND_FACTOR),
        }
    }
}

async fn enter(app: &App, caller: Caller, provider: Arc<Provider>, vouched: Vouched, browser: Browser) -> Result<Passed> {
    let rules = Rules::of(app);
    let (issuer, subject) = (provider.issuer().to_owned(), vouched.identity.subject.clone());
    let is_linked = app.db.read(move |tx| Ok(store::find_link(tx, &issuer, &subject)?.is_some())).await?;
    let is_enough = is_linked || rules.by == LinkBy::Off || vouched.identity.login(rules.by, &rules.domain).is_some();
    let identity = if is_enough { vouched.identity } else { provider.complete(vouched).await? };
    // Nobody knows it: the account has a password only so that one can be given to it later.
    let nobodys = match is_linked || rules.new_role.is_empty() {
        true => None,
        false => Some(app.auth.passwords.hash(app.context.entropy.token()).await?),
    };
    let issuer = provider.issuer().to_owned();
    let entrance =
        Entrance { required: app.settings.global(&auth::SECOND_FACTOR), has_factor: identity.has_second_factor(&rules.second_factor) };
    let enter = move |tx: &mut Tx| match find(tx, &caller, &issuer, &identity, &rules, nobodys.as_deref())? {
        Ok(staff) => auth::enter(tx, &caller, staff, &browser, entrance).map(Ok),
        Err((staff, refused)) => {
            let object_id = staff.map(|staff| staff.to_string()).unwrap_or_default();
            let after = Some(serde_json::json!({ "subject": identity.subject }).to_string());
            let refusal =
                Audit { action: "auth.login", object_kind: "staff", object_id, after, refused: refused.code(), ..Audit::default() };
            audit::record(tx, &caller, &refusal)?;
            Ok(Err(refused))
        }
    };
    app.db.write_needed(enter).await?
}

type Found = std::result::Result<StaffId, (Option<StaffId>, Error)>;

/// Whose account it is. Refusals are written down, so they are no error of the unit.
fn find(tx: &mut Tx, caller: &Caller, issuer: &str, identity: &Identity, rules: &Rules, nobodys: Option<&str>) -> Result<Found> {
    if let Some(link) = store::find_link(tx, issuer, &identity.subject)? {
        let is_active = store::account(tx, link.staff_id)?.is_some_and(|account| account.is_active);
        if !is_active {
            return Ok(Err((Some(link.staff_id), Error::forbidden("oidc.inactive"))));
        }
        // Taken away meanwhile: whoever did so has ended the sessions there were, and this would be one more.
        let is_still_so = store::note_use(tx, link.id)?;
        return Ok(if is_still_so { Ok(link.staff_id) } else { Err((Some(link.staff_id), Error::forbidden("oidc.not_linked"))) });
    }
    let unknown = || Error::forbidden("oidc.not_linked");
    let Some(login) = identity.login(rules.by, &rules.domain) else { return Ok(Err((None, unknown()))) };
    let staff = match store::find_account(tx, &login)? {
        Some(account) if !account.is_active => return Ok(Err((Some(account.id), Error::forbidden("oidc.inactive")))),
        // A name that people may choose themselves gives nobody the rights of an administrator.
        Some(account) if rules.by == LinkBy::Username && !permission::duties(&auth::permissions(tx, account.id)?).is_empty() => {
            return Ok(Err((Some(account.id), Error::forbidden("oidc.link_yourself"))));
        }
        Some(account) => account.id,
        None => match nobodys {
            Some(hash) => make(tx, caller, &login, identity, &rules.new_role, hash)?,
            None => return Ok(Err((None, unknown()))),
        },
    };
    if !store::insert_link(tx, issuer, &identity.subject, staff)? {
        return Ok(Err((Some(staff), Error::forbidden("oidc.linked_otherwise"))));
    }
    audit::record(tx, caller, &audit_of_link("auth.link_identity", staff, &identity.subject))?;
    Ok(Ok(staff))
}

/// An account for somebody the provider knows and we do not. Code: `oidc.role_unfit`.
fn make(tx: &mut Tx, caller: &Caller, login: &str, identity: &Identity, role: &str, hash: &str) -> Result<StaffId> {
    let name = identity.name.clone().filter(|name| staff::check_name(name).is_ok()).unwrap_or_else(|| login.to_owned());
    let new = NewStaff { login: login.to_owned(), name, roles: vec![role.to_owned()], ..NewStaff::default() };
    let unfit = || Error::conflict("oidc.role_unfit").with("role", role);
    let made = staff::create_unasked(tx, &new, hash, false).map_err(|error| match error.code() {
        "not_found" => unfit(),
        _ => error,
    })?;
    if !permission::duties(&auth::permissions(tx, made.id)?).is_empty() {
        return Err(unfit());
    }
    let after = Some(serde_json::json!({ "login": login, "role": role, "subject": identity.subject }).to_string());
    audit::record(
        tx,
        caller,
        &Audit { action: "staff.create", object_kind: "staff", object_id: made.id.to_string(), after, ..Audit::default() },
    )?;
    Ok(made.id)
}

/// The session it began with must be the one that came back.
fn same_session(caller: &Caller, attempt: &Attempt) -> Result<StaffId> {
    let staff = caller.actor.staff()?;
    if attempt.session == Some(staff.session) { Ok(StaffId(staff.id)) } else { Err(Error::invalid("oidc.strayed")) }
}

/// Codes: `oidc.another_person`, `oidc.not_fresh`.
async fn prove(app: &App, caller: Caller, provider: Arc<Provider>, attempt: &Attempt, identity: Identity) -> Result<Proven> {
    let (staff, issuer, begun) = (same_session(&caller, attempt)?, provider.issuer().to_owned(), attempt.begun);
    let prove = move |tx: &mut Tx| {
        let is_same = store::find_link(tx, &issuer, &identity.subject)?.is_some_and(|link| link.staff_id == staff);
        let refused = match (is_same, identity.is_fresh(begun)) {
            (false, _) => Some("oidc.another_person"),
            (true, false) => Some("oidc.not_fresh"),
            (true, true) => None,
        };
        auth::prove_vouched(tx, &caller, refused)
    };
    app.db.write_needed(prove).await?
}

/// Codes: `oidc.linked_otherwise`.
async fn link(app: &App, caller: Caller, provider: Arc<Provider>, attempt: &Attempt, identity: Identity) -> Result<()> {
    let (staff, issuer) = (same_session(&caller, attempt)?, provider.issuer().to_owned());
    let link = move |tx: &mut Tx| {
        if !store::insert_link(tx, &issuer, &identity.subject, staff)? {
            let is_so_already = store::find_link(tx, &issuer, &identity.subject)?.is_some_and(|link| link.staff_id == staff);
            return if is_so_already { Ok(()) } else { Err(Error::conflict("oidc.linked_otherwise")) };
        }
        audit::record(tx, &caller, &audit_of_link("auth.link_identity", staff, &identity.subject))
    };
    app.db.write(link).await
}

/// Takes one's own link away.
pub async fn unlink_own(app: &App, caller: &Caller) -> Result<()> {
    let (provider, staff, caller) = (provider(app)?, StaffId(caller.actor.staff()?.id), caller.clone());
    app.db.write(move |tx| unlink(tx, &caller, provider.issuer(), staff, "auth.unlink_identity")).await
}

/// Takes somebody's link away and logs them out. Code: `staff.beyond_own_rights`.
pub async fn unlink_of(app: &App, caller: &Caller, staff: StaffId) -> Result<()> {
    let (provider, actor, caller) = (provider(app)?, caller.actor.staff()?.clone(), caller.clone());
    let unlink = move |tx: &mut Tx| {
        store::account(tx, staff)?.ok_or_else(|| Error::not_found("staff"))?;
        permission::check_power(&actor, &auth::permissions(tx, staff)?)?;
        unlink(tx, &caller, provider.issuer(), staff, "staff.unlink_identity")?;
        auth::end_sessions(tx, staff, None).map(drop)
    };
    app.db.write(unlink).await
}

fn unlink(tx: &mut Tx, caller: &Caller, issuer: &str, staff: StaffId, action: &'static str) -> Result<()> {
    let Some(link) = store::link_of(tx, issuer, staff)? else { return Ok(()) };
    store::delete_link(tx, issuer, staff)?;
    audit::record(tx, caller, &audit_of_link(action, staff, &link.subject))
}

fn audit_of_link(action: &'static str, staff: StaffId, subject: &str) -> Audit {
    let after = Some(serde_json::json!({ "subject": subject }).to_string());
    Audit { action, object_kind: "staff", object_id: staff.to_string(), after, ..Audit::default() }
}

/// With what somebody is linked.
pub async fn link_of(app: &App, staff: StaffId) -> Result<Option<store::LinkRow>> {
    let provider = provider(app)?;
    app.db.read(move |tx| store::link_of(tx, provider.issuer(), staff)).await
}
