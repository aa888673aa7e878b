//! Tokens. `ys_…`: a session, random, kept as a hash. `yv_…`: a visitor, signed, kept nowhere.
//! `yc_…`: a login that waits for its code, `yd_…`: a known browser; both random, kept as a hash.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::time::Duration;
use yingda_base::{
    Error, Millis, Result,
    key::{Keyring, MacKey},
    random::Entropy,
};

/// How long a visitor's token lives.
pub const VISITOR_LIFE: Duration = Duration::from_secs(3600);
const SESSION: &str = "ys_";
const VISITOR: &str = "yv_";
const CHALLENGE: &str = "yc_";
const DEVICE: &str = "yd_";
const MAC: usize = 32;

/// A new session token and the hash under which it is stored.
pub fn new_session_token(entropy: &Entropy) -> (String, Vec<u8>) {
    let token = format!("{SESSION}{}", entropy.token());
    let hash = hash_secret(&token);
    (token, hash)
}

/// A new token of a login that waits for a code, and its hash.
pub fn new_challenge_token(entropy: &Entropy) -> (String, Vec<u8>) {
    let token = format!("{CHALLENGE}{}", entropy.token());
    let hash = hash_secret(&token);
    (token, hash)
}

/// A new secret by which a browser is known.
pub fn new_device(entropy: &Entropy) -> String {
    format!("{DEVICE}{}", entropy.token())
}

/// Whether a browser's secret looks like one of ours.
pub fn is_device(text: &str) -> bool {
    text.strip_prefix(DEVICE)
        .is_some_and(|rest| rest.len() == 43 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)))
}

/// How 256-bit secrets are stored. They are random, so a plain hash is enough.
pub fn hash_secret(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

/// Whether this looks like a session token.
pub fn is_session(token: &str) -> bool {
    token.starts_with(SESSION)
}

/// Signs what is handed out and comes back, for one purpose.
#[derive(Clone)]
pub struct Signer(MacKey);

impl Signer {
    /// With the keys of this installation; a signature counts for its purpose only.
    pub fn new(keyring: &Keyring, purpose: &str) -> Signer {
        Signer(keyring.mac_key(purpose))
    }

    /// The payload and its signature as URL-safe text.
    pub fn sign(&self, payload: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode([payload, &self.0.mac(payload)].concat())
    }

    /// The payload, if we signed it for this purpose.
    pub fn open(&self, signed: &str) -> Option<Vec<u8>> {
        let mut payload = URL_SAFE_NO_PAD.decode(signed).ok()?;
        let mac = payload.split_off(payload.len().checked_sub(MAC)?);
        self.0.matches(&payload, &mac).then_some(payload)
    }
}

/// What a visitor's token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisitorToken {
    /// The device.
    pub device: i64,
    /// Whose device.
    pub customer: i64,
    /// The site it came by.
    pub site: i64,
    /// When it ends.
    pub expires_at: Millis,
}

impl VisitorToken {
    /// As text.
    pub fn sign(&self, signer: &Signer) -> String {
        let payload: Vec<u8> = [self.device, self.customer, self.site, self.expires_at.0].iter().flat_map(|n| n.to_be_bytes()).collect();
        format!("{VISITOR}{}", signer.sign(&payload))
    }

    /// Reads it. Codes: `token_invalid`, `token_expired`.
    pub fn open(signer: &Signer, token: &str, now: Millis) -> Result<VisitorToken> {
        let payload = token.strip_prefix(VISITOR).and_then(|signed| signer.open(signed));
        let read = payload.as_deref().and_then(VisitorToken::read).ok_or_else(|| Error::unauthenticated("token_invalid"))?;
        if read.expires_at <= now { Err(Error::unauthenticated("token_expired")) } else { Ok(read) }
    }

    fn read(payload: &[u8]) -> Option<VisitorToken> {
        let (numbers, []) = payload.as_chunks::<8>() else { return None };
        let &[device, customer, site, expires_at] = numbers else { return None };
        let number = i64::from_be_bytes;
        Some(VisitorToken {
            device: number(device),
            customer: number(customer),
            site: number(site),
            expires_at: Millis(number(expires_at)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ring(seed: u64) -> Keyring {
        Keyring::random(&Entropy::seeded(seed), 1)
    }
    fn signer() -> Signer {
        Signer::new(&ring(7), "visitor")
    }

    #[test]
    fn kinds_of_tokens_can_be_told_apart() {
        let (session, hash) = new_session_token(&Entropy::seeded(1));
        assert!(is_session(&session) && session.len() == 3 + 43 && hash.len() == 32);
        assert_eq!(VisitorToken::open(&signer(), &session, Millis(0)).unwrap_err().code(), "token_invalid");
    }

    #[test]
    fn a_token_ends_on_time_and_is_bound_to_its_secret_and_purpose() {
        let token = VisitorToken { device: 1, customer: 2, site: 3, expires_at: Millis(1000) };
        let text = token.sign(&signer());
        assert_eq!(VisitorToken::open(&signer(), &text, Millis(999)).unwrap(), token);
        assert_eq!(VisitorToken::open(&signer(), &text, Millis(1000)).unwrap_err().code(), "token_expired");
        assert_eq!(VisitorToken::open(&Signer::new(&ring(8), "visitor"), &text, Millis(0)).unwrap_err().code(), "token_invalid");
        assert_eq!(VisitorToken::open(&Signer::new(&ring(7), "file"), &text, Millis(0)).unwrap_err().code(), "token_invalid");
    }

    proptest! {
        #[test]
        fn one_changed_character_makes_it_invalid(device: i64, at in 3usize..88, to in "[A-Za-z0-9_-]") {
            let text = VisitorToken { device, customer: 2, site: 3, expires_at: Millis(1000) }.sign(&signer());
            let mut forged = text.clone();
            forged.replace_range(at..=at, &to);
            // The last character may differ in bits that base64 leaves out; such text is refused as malformed.
            prop_assume!(forged != text);
            prop_assert!(VisitorToken::open(&signer(), &forged, Millis(0)).is_err());
        }

        #[test]
        fn garbage_never_panics(text in ".*") {
            let forged = format!("yv_{text}");
            prop_assert!(VisitorToken::open(&signer(), &forged, Millis(0)).is_err());
        }
    }
}
