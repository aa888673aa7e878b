//! What we say to the provider and what we believe of its answers.
//!
//! Its description and keys are fetched when somebody first signs in, kept for an hour, and fetched anew when a token is signed by a key we do
//! not know. All calls go through the egress client.
use super::{
    attempt::{Attempt, Purpose},
    config::Config,
    identity::{Identity, SKEW},
};
use openidconnect::{
    AccessToken, AsyncHttpClient, AuthType, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, CsrfToken,
    EmptyAdditionalClaims, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, LogoutRequest, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadataWithLogout, RequestTokenError, SubjectIdentifier,
    core::{
        CoreAuthPrompt, CoreClient, CoreClientAuthMethod, CoreGenderClaim, CoreIdToken, CoreIdTokenClaims,
        CoreJwsSigningAlgorithm as Signed, CoreResponseType, CoreUserInfoClaims,
    },
};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;
use yingda_base::{
    Clock, Error, Millis, Result,
    egress::{Bounds, Egress},
};

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;
type Instant = chrono::DateTime<chrono::Utc>;

/// What each call to the provider may cost.
const CALL: Bounds = Bounds { time: Duration::from_secs(8), size: 256 * 1024 };
/// How long what was fetched is believed.
const FRESH: Duration = Duration::from_secs(3600);
/// Unknown keys make us ask again, but not more often than this.
const BETWEEN: Duration = Duration::from_secs(30);
/// After a failure everybody is told so for a moment, instead of waiting in a row.
const AFTER_FAILURE: Duration = Duration::from_secs(3);
/// A token that was made long before it came is not of this attempt.
const OLDEST: Duration = Duration::from_secs(15 * 60);
/// Signatures that only the provider can make. `none` is none, and with HS256 whoever has our secret could.
const ALGORITHMS: [Signed; 9] = [
    Signed::RsaSsaPkcs1V15Sha256,
    Signed::RsaSsaPkcs1V15Sha384,
    Signed::RsaSsaPkcs1V15Sha512,
    Signed::RsaSsaPssSha256,
    Signed::RsaSsaPssSha384,
    Signed::RsaSsaPssSha512,
    Signed::EcdsaP256Sha256,
    Signed::EcdsaP384Sha384,
    Signed::EdDsa,
];

/// The operator's provider.
pub struct Provider {
    config: Config,
    http: Http,
    clock: Clock,
    known: Mutex<Known>,
    /// Who fetches; the others wait and use what came.
    turn: Semaphore,
}

/// The one way out, as the library wants it.
struct Http {
    egress: Egress,
    call: Bounds,
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.egress.call(request, self.call))
    }
}

#[derive(Default)]
struct Known {
    described: Option<Described>,
    failed: Option<Duration>,
}

#[derive(Clone)]
struct Described {
    metadata: Arc<ProviderMetadataWithLogout>,
    /// By the monotonic clock.
    at: Duration,
}

/// Somebody the provider vouches for.
pub struct Vouched {
    /// Who, as the token says.
    pub identity: Identity,
    /// Opens what the provider tells besides.
    access: AccessToken,
}

impl Provider {
    /// Nothing is called yet: the program starts while the provider is down.
    pub fn new(config: Config, egress: Egress, clock: Clock) -> Provider {
        Provider { config, http: Http { egress, call: CALL }, clock, known: Mutex::default(), turn: Semaphore::new(1) }
    }

    /// The same with less patience.
    #[cfg(test)]
    pub fn within(self, time: Duration) -> Provider {
        Provider { http: Http { call: Bounds { time, ..CALL }, ..self.http }, ..self }
    }

    /// The issuer, by which links are kept.
    pub fn issuer(&self) -> &str {
        self.config.issuer.as_str()
    }

    /// Where to send the browser. Error: `oidc.unavailable`.
    pub async fn question(&self, attempt: &Attempt) -> Result<String> {
        let client = self.client(&self.described(Duration::ZERO).await?.metadata);
        let (state, nonce) = (attempt.state.clone(), attempt.nonce.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(attempt.verifier.clone()));
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let question = client
            .authorize_url(flow, move || CsrfToken::new(state), move || Nonce::new(nonce))
            .add_scopes(self.config.scopes.iter().cloned())
            .set_pkce_challenge(challenge);
        let question = match attempt.purpose {
            Purpose::StepUp => question.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO),
            Purpose::Login | Purpose::Link => question,
        };
        Ok(question.url().0.to_string())
    }

    /// Who the code stands for. Errors: `oidc.unavailable`, `oidc.provider_refused`, `oidc.token_refused`, `oidc.clocks_differ`.
    pub async fn redeem(&self, attempt: &Attempt, code: String) -> Result<Vouched> {
        let described = self.described(Duration::ZERO).await?;
        let client = self.client(&described.metadata);
        let exchange = client.exchange_code(AuthorizationCode::new(code)).map_err(|cause| unavailable(&cause))?;
        let exchange = exchange.set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()));
        let tokens = exchange.request_async(&self.http).await.map_err(|cause| match &cause {
            RequestTokenError::ServerResponse(told) => refused_by_provider(told.error().as_ref()),
            RequestTokenError::Request(_) => unavailable(&cause),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => untrusted(&cause),
        })?;
        let token = tokens.extra_fields().id_token().ok_or_else(|| Error::invalid("oidc.token_refused").with("why", "no id_token"))?;
        let claims = self.believed(described, token, &Nonce::new(attempt.nonce.clone())).await?;
        Ok(Vouched { identity: identity(&claims), access: tokens.access_token().clone() })
    }

    /// What the token does not say of name and address, if the provider tells it elsewhere. Error: `oidc.unavailable`.
    pub async fn complete(&self, vouched: Vouched) -> Result<Identity> {
        let Vouched { identity, access } = vouched;
        let client = self.client(&self.described(Duration::ZERO).await?.metadata);
        // A provider without such a place has said all it will.
        let Ok(question) = client.user_info(access, Some(SubjectIdentifier::new(identity.subject.clone()))) else { return Ok(identity) };
        let told = question.request_async::<EmptyAdditionalClaims, _, CoreGenderClaim>(&self.http).await;
        let told: CoreUserInfoClaims = told.map_err(|cause| unavailable(&cause))?;
        Ok(Identity {
            email: identity.email.or(told.email().filter(|_| told.email_verified() == Some(true)).map(|email| email.to_string())),
            username: identity.username.or(told.preferred_username().map(|name| name.to_string())),
            name: identity.name.or(told.name().and_then(|name| name.get(None)).map(|name| name.to_string())),
            ..identity
        })
    }

    /// Where somebody signs out of the provider too, if it told us of such a place. Never makes a call.
    pub fn sign_out(&self) -> Option<String> {
        let described = self.known.lock().unwrap_or_else(PoisonError::into_inner).described.clone()?;
        let endpoint = described.metadata.additional_metadata().end_session_endpoint.clone()?;
        let request = LogoutRequest::from(endpoint).set_client_id(self.config.client.clone());
        Some(request.set_post_logout_redirect_uri(self.config.left.clone()).http_get_url().to_string())
    }

    /// Whether an answer that names its issuer names this one (RFC 9207).
    pub fn is_issuer(&self, told: Option<&str>) -> bool {
        told.is_none_or(|told| told == self.issuer())
    }

    /// Description and keys, fetched after the moment `since` of the monotonic clock, and not too long ago.
    async fn described(&self, since: Duration) -> Result<Described> {
        if let Some(known) = self.remembered(since)? {
            return Ok(known);
        }
        let _turn = self.turn.acquire().await.map_err(Error::internal)?;
        if let Some(known) = self.remembered(since)? {
            return Ok(known);
        }
        let fetched = ProviderMetadataWithLogout::discover_async(self.config.issuer.clone(), &self.http).await;
        let at = self.clock.elapsed();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok(metadata) => {
                let described = Described { metadata: Arc::new(metadata), at };
                *known = Known { described: Some(described.clone()), failed: None };
                Ok(described)
            }
            Err(cause) => {
                known.failed = Some(at);
                Err(unavailable(&cause))
            }
        }
    }

    fn remembered(&self, since: Duration) -> Result<Option<Described>> {
        let (now, known) = (self.clock.elapsed(), self.known.lock().unwrap_or_else(PoisonError::into_inner));
        let is_fresh = |described: &&Described| described.at >= since && now.saturating_sub(described.at) < FRESH;
        if let Some(described) = known.described.as_ref().filter(is_fresh) {
            return Ok(Some(described.clone()));
        }
        match known.failed {
            Some(at) if now.saturating_sub(at) < AFTER_FAILURE => Err(Error::unavailable("oidc.unavailable")),
            _ => Ok(None),
        }
    }

    fn client(&self, metadata: &ProviderMetadataWithLogout) -> Client {
        let takes = |method| metadata.token_endpoint_auth_methods_supported().is_some_and(|methods| methods.contains(&method));
        let in_body = takes(CoreClientAuthMethod::ClientSecretPost) && !takes(CoreClientAuthMethod::ClientSecretBasic);
        CoreClient::from_provider_metadata(metadata.clone(), self.config.client.clone(), self.config.secret.clone())
            .set_redirect_uri(self.config.back.clone())
            .set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth })
    }

    /// What a token says, if it is the provider's, for us, of now, and of this attempt.
    async fn believed(&self, described: Described, token: &CoreIdToken, nonce: &Nonce) -> Result<CoreIdTokenClaims> {
        let first = self.verified(&described, token, nonce);
        let refused = match first {
            Ok(claims) => return Ok(claims),
            Err(refused) => refused,
        };
        let now = self.clock.elapsed();
        // Its keys may have changed since we asked.
        let is_by_unknown_key = matches!(refused, ClaimsVerificationError::SignatureVerification(_));
        if is_by_unknown_key && now.saturating_sub(described.at) >= BETWEEN {
            let described = self.described(now).await?;
            return self.verified(&described, token, nonce).map_err(|refused| disbelieved(&refused));
        }
        Err(disbelieved(&refused))
    }

    fn verified(
        &self,
        described: &Described,
        token: &CoreIdToken,
        nonce: &Nonce,
    ) -> std::result::Result<CoreIdTokenClaims, ClaimsVerificationError> {
        let now = self.clock.now();
        let client = self.client(&described.metadata);
        let is_of_now = move |made: Instant| {
            let made = Millis(made.timestamp_millis());
            if made <= now + SKEW && made + OLDEST >= now { Ok(()) } else { Err(format!("iat {made}, now {now}")) }
        };
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || Instant::from_timestamp_millis((now - SKEW).0).unwrap_or_default())
            .set_issue_time_verifier_fn(is_of_now);
        token.claims(&verifier, nonce).cloned()
    }
}

fn identity(claims: &CoreIdTokenClaims) -> Identity {
    let ways = claims.auth_method_refs().into_iter().flatten().map(|way| way.to_string());
    Identity {
        subject: claims.subject().to_string(),
        email: claims.email().filter(|_| claims.email_verified() == Some(true)).map(|email| email.to_string()),
        username: claims.preferred_username().map(|name| name.to_string()),
        name: claims.name().and_then(|name| name.get(None)).map(|name| name.to_string()),
        ways: ways.chain(claims.auth_context_ref().map(|class| class.to_string())).collect(),
        auth_time: claims.auth_time().map(|at| Millis(at.timestamp_millis())),
    }
}

/// A refusal in the provider's own word, such as `invalid_grant`.
pub(super) fn refused_by_provider(word: &str) -> Error {
    let word: String = word.chars().filter(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c)).take(60).collect();
    tracing::warn!(word, "the provider refused");
    Error::invalid("oidc.provider_refused").with("why", word)
}

fn unavailable(cause: &dyn std::error::Error) -> Error {
    let cause = in_full(cause);
    tracing::warn!(cause, "the provider cannot be reached, or does not answer as it should");
    Error::unavailable("oidc.unavailable")
}

fn untrusted(cause: &dyn std::error::Error) -> Error {
    let cause = in_full(cause);
    tracing::warn!(cause, "a token was refused");
    Error::invalid("oidc.token_refused")
}

fn disbelieved(cause: &ClaimsVerificationError) -> Error {
    match cause {
        ClaimsVerificationError::Expired(_) => Error::invalid("oidc.clocks_differ"),
        ClaimsVerificationError::Other(why) if why.starts_with("iat ") => Error::invalid("oidc.clocks_differ"),
        _ => return untrusted(cause),
    }
    .caused_by(cause.clone())
}

/// An error with what caused it, down to the ground.
fn in_full(cause: &dyn std::error::Error) -> String {
    let mut text = cause.to_string();
    let mut below = cause.source();
    while let Some(cause) = below {
        text = format!("{text}: {cause}");
        below = cause.source();
    }
    text
}
