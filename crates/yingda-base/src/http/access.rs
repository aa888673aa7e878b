//! The gate in front of every route: who is this, may they call it at all, and not too often.
//!
//! The gate knows permissions. Whether the actor may touch *this* object is decided by `authorise` on the loaded object.
use super::{
    RequestInfo,
    actor::{Actor, Caller, STEP_UP},
    client::Client,
    limit::Limits,
    problem::problems,
    routes::{Access, Rule},
};
use crate::{
    error::{Error, Kind, Result},
    key::MacKey,
    locale::Language,
    random::Entropy,
};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc};

/// What a request shows of its actor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// `Authorization: Bearer …`
    pub bearer: Option<String>,
    /// The session cookie.
    pub cookie: Option<String>,
    /// `X-Yingda-Bench: …`, an administrator's token that lifts limits.
    pub bench: Option<String>,
}

impl Credentials {
    /// Reads them from headers. Over TLS only the cookie counts that nobody could have planted without it.
    pub fn of(headers: &HeaderMap, is_tls: bool) -> Credentials {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = text("authorization").and_then(|value| value.strip_prefix("Bearer ")).map(|token| token.trim().to_owned());
        let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
        let cookie = pairs
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == cookie_name(is_tls))
            .map(|(_, value)| value.to_owned());
        Credentials { bearer, cookie, bench: text("x-yingda-bench").map(str::to_owned) }
    }
}

/// The name of the session cookie. Browsers keep others than this very host from setting the one over TLS.
pub fn cookie_name(is_tls: bool) -> &'static str {
    if is_tls { "__Host-yingda" } else { "yingda" }
}

/// Finds out who is behind credentials. Implemented by the service.
pub trait Authenticate: Send + Sync {
    /// `Anonymous` if there are none; an error if there are and they are not good.
    fn authenticate<'a>(
        &'a self,
        credentials: &'a Credentials,
        address: IpAddr,
    ) -> Pin<Box<dyn Future<Output = Result<Actor>> + Send + 'a>>;

    /// Told when somebody with a name was refused a call that would have changed something: for the audit log.
    fn refused<'a>(&'a self, _: &'a Caller, _: Refusal<'a>) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(std::future::ready(()))
    }
}

/// A call that somebody with a name may not make, or on an object that they do not see.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// `POST`, …
    pub method: &'a str,
    /// The pattern of the path: `/api/v1/staff/{id}`.
    pub route: &'a str,
    /// As it was asked for.
    pub path: &'a str,
    /// The rule on the route line.
    pub rule: Rule,
    /// `forbidden` and the like, or `not_found`.
    pub error: &'a Error,
}

/// Why the credentials of a request don't count. It concerns only calls for which they are needed: a browser sends a dead cookie along
/// with everything, also when its owner logs in anew, or is a visitor on the same host.
#[derive(Clone, Debug)]
struct Discredited(Error);

/// What stands in front of the routes.
#[derive(Clone)]
pub struct Gate {
    /// Who is who.
    pub authenticate: Arc<dyn Authenticate>,
    /// How often.
    pub limits: Arc<Limits>,
    /// For request ids.
    pub entropy: Entropy,
    /// Recognises the body of a repeated call.
    pub repeats: MacKey,
}

impl Gate {
    /// Puts the gate in front of a router whose routes were made by [`super::Routes`].
    pub fn guard(self, router: Router) -> Router {
        router.layer(from_fn_with_state(self.clone(), identify)).layer(from_fn(problems)).layer(from_fn_with_state(self, describe))
    }
}

/// Gives the request an id, a language and an address.
async fn describe(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let language = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Client { address, is_tls } = Client::of(request.extensions());
    let info = RequestInfo { id: gate.entropy.public_id(), language: Language::negotiate(language), address, is_tls };
    let id = HeaderValue::from_str(&info.id);
    request.extensions_mut().insert(info);
    let mut response = next.run(request).await;
    if let Ok(id) = id {
        response.headers_mut().insert("x-request-id", id);
    }
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Finds the actor.
async fn identify(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let info = request.extensions().get::<RequestInfo>().cloned();
    let credentials = Credentials::of(request.headers(), info.as_ref().is_some_and(|info| info.is_tls));
    let address = info.as_ref().map_or(IpAddr::from([0, 0, 0, 0]), |info| info.address);
    let actor = match gate.authenticate.authenticate(&credentials, address).await {
        Ok(actor) => actor,
        // A bench run must learn at once that its limits are back.
        Err(error) if credentials.bench.is_some() || matches!(error.kind(), Kind::Internal | Kind::Unavailable) => {
            return error.into_response();
        }
        Err(error) => {
            request.extensions_mut().insert(Discredited(error));
            Actor::Anonymous
        }
    };
    request.extensions_mut().insert(credentials);
    request.extensions_mut().insert(actor.clone());
    request.extensions_mut().insert(gate.clone());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned());
    let response = next.run(request).await;
    if let (Actor::Staff(_) | Actor::Visitor(_), false, Some(error), Some(rule), Some(route)) =
        (&actor, is_reading(&method), response.extensions().get::<Error>(), response.extensions().get::<Rule>(), &route)
        && matches!(error.kind(), Kind::Forbidden | Kind::NotFound)
        && error.code() != STEP_UP
    {
        let caller = Caller { actor: actor.clone(), address, request: info.map(|info| info.id).unwrap_or_default() };
        gate.authenticate.refused(&caller, Refusal { method: method.as_str(), route, path: &path, rule: *rule, error }).await;
    }
    response
}

/// Enforces the rule that stands on the route line.
pub(super) async fn enforce(State(rule): State<Rule>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(rule);
    let mut response = match check(&rule, &parts) {
        Ok(()) => {
            let mut response = next.run(Request::from_parts(parts, body)).await;
            // The framework turns a length away that is told beforehand, and does not say what would have been taken.
            if response.status() == StatusCode::PAYLOAD_TOO_LARGE && response.extensions().get::<Error>().is_none() {
                response.extensions_mut().insert(Error::new(Kind::TooLarge, "body_too_large").with("limit", rule.body));
            }
            response
        }
        Err(error) => error.into_response(),
    };
    // For the audit log, should it be a refusal.
    response.extensions_mut().insert(rule);
    response
}

fn check(rule: &Rule, parts: &Parts) -> Result<()> {
    let gate = parts.extensions.get::<Gate>().ok_or_else(|| Error::bug("a route without the gate"))?;
    let actor = parts.extensions.get::<Actor>().ok_or_else(|| Error::bug("a route without an actor"))?;
    let address = parts.extensions.get::<RequestInfo>().map_or(IpAddr::from([0, 0, 0, 0]), |info| info.address);
    gate.limits.count(rule.limit, actor, address)?;
    if let (true, Some(Discredited(error))) = (rule.access != Access::Public, parts.extensions.get()) {
        return Err(error.clone());
    }
    permit(rule, actor)?;
    same_origin(rule, parts)
}

/// Whether the actor may call the route at all.
pub(super) fn permit(rule: &Rule, actor: &Actor) -> Result<()> {
    let staff_may = |permission: &str| -> Result<()> {
        let staff = actor.staff()?;
        if let Some(pending) = staff.pending.filter(|_| !rule.while_pending) {
            return Err(pending.error());
        }
        if !permission.is_empty() && !staff.can(permission) {
            return Err(Error::forbidden("forbidden"));
        }
        if rule.step_up { staff.check_proof() } else { Ok(()) }
    };
    match rule.access {
        Access::Public => Ok(()),
        Access::Visitor => actor.visitor().map(drop),
        Access::Staff(permission) => staff_may(permission),
        Access::Either(permission) => match actor {
            Actor::Visitor(_) => Ok(()),
            Actor::Staff(_) | Actor::Anonymous => staff_may(permission),
        },
    }
}

/// A form on another site can neither set our header nor fake the origin. Bearer tokens are not sent by themselves and need no such check;
/// calls that everybody may make need no header, since the cookie does nothing there.
fn same_origin(rule: &Rule, parts: &Parts) -> Result<()> {
    let by_cookie =
        parts.extensions.get::<Credentials>().is_some_and(|credentials| credentials.bearer.is_none() && credentials.cookie.is_some());
    if !by_cookie || is_reading(&parts.method) {
        return Ok(());
    }
    if rule.access != Access::Public && !parts.headers.contains_key("x-yingda-client") {
        return Err(Error::forbidden("client_header_missing"));
    }
    let is_tls = parts.extensions.get::<RequestInfo>().is_some_and(|info| info.is_tls);
    if is_own_origin(&parts.headers, is_tls) { Ok(()) } else { Err(Error::forbidden("origin_refused")) }
}

fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether `Origin`, if there is one, names the host that was asked. Over TLS its pages came over TLS too: what came without is
/// whatever somebody on the way made of it. Without TLS we may stand behind a proxy that we were not told of, so its pages may be either.
pub fn is_own_origin(headers: &HeaderMap, is_tls: bool) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return true };
    match origin.split_once("://") {
        Some((scheme, host)) => Some(host) == text(header::HOST) && (!is_tls || scheme == "https"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Pending, StaffActor, VisitorActor};

    fn staff(permissions: &[&str], pending: Option<Pending>) -> Actor {
        let permissions = permissions.iter().map(|p| (*p).to_owned()).collect();
        Actor::Staff(Arc::new(StaffActor {
            id: 1,
            name: "林晓".into(),
            session: 1,
            permissions,
            scope: Default::default(),
            pending,
            proven: false,
            unlimited: false,
        }))
    }

    #[test]
    fn each_access_lets_in_whom_it_names() {
        let visitor = Actor::Visitor(VisitorActor { device: 1, customer: 1, site: 1, unlimited: false });
        let rule = Rule::staff("a.b");
        assert!(permit(&rule, &staff(&["a.b"], None)).is_ok());
        assert_eq!(permit(&rule, &staff(&["a.c"], None)).unwrap_err().code(), "forbidden");
        assert_eq!(permit(&rule, &staff(&["a.b"], Some(Pending::Password))).unwrap_err().code(), "password_change_required");
        assert_eq!(permit(&rule, &staff(&["a.b"], Some(Pending::SecondFactor))).unwrap_err().code(), "second_factor_required");
        assert_eq!(permit(&rule, &visitor).unwrap_err().code(), "forbidden");
        assert_eq!(permit(&rule, &Actor::Anonymous).unwrap_err().code(), "login_required");
        assert!(permit(&Rule::staff("").while_pending(), &staff(&[], Some(Pending::Password))).is_ok());
        assert!(permit(&Rule::either("a.b"), &visitor).is_ok());
        assert!(permit(&Rule::visitor(), &staff(&["a.b"], None)).is_err());
    }

    #[test]
    fn a_sensitive_route_asks_for_a_proof_of_those_who_may_call_it() {
        let rule = Rule::staff("a.b").step_up();
        assert_eq!(permit(&rule, &staff(&["a.b"], None)).unwrap_err().code(), "step_up_required");
        assert_eq!(permit(&rule, &staff(&["a.c"], None)).unwrap_err().code(), "forbidden");
        let Actor::Staff(stale) = staff(&["a.b"], None) else { unreachable!() };
        assert!(permit(&rule, &Actor::Staff(Arc::new(StaffActor { proven: true, ..(*stale).clone() }))).is_ok());
    }

    #[test]
    fn an_origin_must_be_the_host_that_was_asked() {
        let headers = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            pairs.iter().map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
        };
        for is_tls in [false, true] {
            assert!(is_own_origin(&headers(&[("host", "a.cn")]), is_tls));
            assert!(is_own_origin(&headers(&[("host", "a.cn"), ("origin", "https://a.cn")]), is_tls));
            assert!(!is_own_origin(&headers(&[("host", "a.cn"), ("origin", "https://b.cn")]), is_tls));
            assert!(!is_own_origin(&headers(&[("host", "a.cn"), ("origin", "null")]), is_tls));
            assert_eq!(is_own_origin(&headers(&[("host", "a.cn"), ("origin", "http://a.cn")]), is_tls), !is_tls);
        }
    }

    #[test]
    fn each_scheme_has_its_cookie_and_takes_no_other() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; yingda=plain; __Host-yingda=s3cret"));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer tok"));
        let credentials = Credentials::of(&headers, true);
        assert_eq!((credentials.cookie.as_deref(), credentials.bearer.as_deref()), (Some("s3cret"), Some("tok")));
        assert_eq!(Credentials::of(&headers, false).cookie.as_deref(), Some("plain"));
        headers.insert(header::COOKIE, HeaderValue::from_static("yingda=planted"));
        assert_eq!(Credentials::of(&headers, true).cookie, None);
    }
}
