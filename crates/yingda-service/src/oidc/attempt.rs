//! Somebody on their way to the provider and back. It lies sealed in a cookie of their browser, so that whoever comes back is who went, and
//! strangers cannot fill a table by going.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use subtle::ConstantTimeEq;
use yingda_base::{
    Millis,
    db::Stored,
    key::{Keyring, Sealed},
    random::Entropy,
    text_enum,
};

/// To type a password, find a telephone, and come back.
pub const LIFE: Duration = Duration::from_secs(10 * 60);
const COLUMN: &str = "oidc.attempt";

text_enum! {
    /// What for.
    pub enum Purpose {
        /// To get in.
        Login = "login",
        /// To show once more that it is still the same person.
        StepUp = "step_up",
        /// To link one's account with that of the provider.
        Link = "link",
    }
}

/// One attempt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// Comes back with the answer. It begins with what it was for, so that the page people come back to knows that whatever comes of it.
    pub state: String,
    /// Comes back inside the signed token.
    pub nonce: String,
    /// Proves that who redeems the code is who asked for it.
    pub verifier: String,
    pub purpose: Purpose,
    /// The session that asks, where it is not about getting in.
    pub session: Option<i64>,
    /// When it began, by the wall clock: what the provider says is compared with it.
    pub begun: Millis,
    /// Until when it can come back, in steady time.
    pub until: Millis,
}

impl Attempt {
    /// A new one.
    pub fn begin(entropy: &Entropy, purpose: Purpose, session: Option<i64>, now: Millis, steady: Millis) -> Attempt {
        let [state, nonce, verifier] = [(), (), ()].map(|()| entropy.token());
        Attempt { state: format!("{}.{state}", purpose.as_str()), nonce, verifier, purpose, session, begun: now, until: steady + LIFE }
    }

    /// For the cookie.
    pub fn seal(&self, keyring: &Keyring) -> String {
        let plain = serde_json::to_vec(self).expect("plain fields become JSON");
        URL_SAFE_NO_PAD.encode(keyring.seal(COLUMN, 0, &plain).to_plain())
    }

    /// The one of this cookie, if it is whole, still counts, and went with this state.
    pub fn open(keyring: &Keyring, sealed: &str, state: &str, steady: Millis) -> Option<Attempt> {
        let sealed = Sealed::from_plain(URL_SAFE_NO_PAD.decode(sealed).ok()?).ok()?;
        let plain = keyring.open_sealed(COLUMN, 0, &sealed).ok()?;
        let attempt: Attempt = serde_json::from_slice(&plain).ok()?;
        let is_same = bool::from(attempt.state.as_bytes().ct_eq(state.as_bytes()));
        (is_same && attempt.until > steady).then_some(attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_in_time_with_its_state_and_from_us_alone() {
        let (entropy, now) = (Entropy::seeded(1), Millis(1000));
        let (ring, other) = (Keyring::random(&entropy, 1), Keyring::random(&entropy, 1));
        let attempt = Attempt::begin(&entropy, Purpose::Login, None, now, now);
        let sealed = attempt.seal(&ring);
        let open = |ring, sealed: &str, state: &str, at| Attempt::open(ring, sealed, state, at).is_some();
        let last = now + LIFE - Duration::from_millis(1);
        assert!(open(&ring, &sealed, &attempt.state, last));
        assert!(!open(&ring, &sealed, &attempt.state, now + LIFE));
        assert!(!open(&ring, &sealed, "other", now) && !open(&ring, &sealed, "", now));
        assert!(!open(&other, &sealed, &attempt.state, now) && !open(&ring, "rubbish", &attempt.state, now));
        assert!(!sealed.contains(&attempt.verifier));
    }
}
