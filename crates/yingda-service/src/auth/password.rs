//! Passwords: hashing with Argon2id off the runtime's threads, few at a time.
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::{Arc, OnceLock};
use tokio::sync::{Semaphore, TryAcquireError};
use yingda_base::{Error, Result, random::Entropy};

/// Hashed at once: each takes 19 MiB and one core (OWASP's first choice of parameters, which are the defaults of Argon2id here).
const AT_ONCE: usize = 2;
/// Callers that may wait for their turn; more are told to come back.
const WAITING: usize = 64;

/// Hashes a password into PHC form. Blocks for tens of milliseconds: for the command line; the service uses [`Passwords`].
pub fn hash_password(entropy: &Entropy, password: &str) -> Result<String> {
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &entropy.bytes::<16>());
    hash.map(|hash| hash.to_string()).map_err(Error::internal)
}

/// A password nobody has to remember: 96 bits, to be changed at the first login.
pub fn one_time_password(entropy: &Entropy) -> String {
    // No characters that look alike, since it may be read out over a telephone.
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789-";
    entropy.bytes::<20>().iter().map(|byte| char::from(LETTERS[usize::from(byte % 31)])).collect()
}

/// Hashes and verifies, two at a time.
pub struct Passwords {
    entropy: Entropy,
    turns: Arc<Semaphore>,
    queue: Semaphore,
    /// What the password of an unknown account is compared with, so that it takes as long as a wrong one.
    nobody: Arc<OnceLock<String>>,
}

impl Passwords {
    /// Salts come from `entropy`.
    pub fn new(entropy: Entropy) -> Passwords {
        Passwords { entropy, turns: Arc::new(Semaphore::new(AT_ONCE)), queue: Semaphore::new(WAITING), nobody: Arc::default() }
    }

    /// The hash to store.
    pub async fn hash(&self, password: String) -> Result<String> {
        let entropy = self.entropy.clone();
        self.in_turn(move || hash_password(&entropy, &password)).await
    }

    /// Whether the password fits. Without a hash (no such account) it takes as long and says no.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        let (entropy, nobody) = (self.entropy.clone(), self.nobody.clone());
        self.in_turn(move || {
            let (known, hash) = match hash {
                Some(hash) => (true, hash),
                None => (false, nobody_hash(&nobody, &entropy)?),
            };
            let parsed = PasswordHash::new(&hash).map_err(Error::internal)?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && known)
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let _place = match self.queue.try_acquire() {
            Ok(place) => place,
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => return Err(Error::unavailable("busy")),
        };
        let turn = self.turns.clone().acquire_owned().await.map_err(Error::internal)?;
        // The turn goes with the work: a caller who leaves does not let a third one in.
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(Error::internal)?
    }

    /// Makes what unknown accounts are compared with, so that the first such login is not slower than others.
    pub async fn warm_up(&self) -> Result<()> {
        self.verify(String::new(), None).await.map(drop)
    }
}

fn nobody_hash(nobody: &OnceLock<String>, entropy: &Entropy) -> Result<String> {
    if let Some(hash) = nobody.get() {
        return Ok(hash.clone());
    }
    let hash = hash_password(entropy, &entropy.token())?;
    Ok(nobody.get_or_init(|| hash).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_time_passwords_keep_the_policy_and_differ() {
        let entropy = Entropy::seeded(1);
        let (a, b) = (one_time_password(&entropy), one_time_password(&entropy));
        assert_ne!(a, b);
        assert!(crate::auth::Policy::default().check("admin", &a).is_ok() && a.len() == 20, "{a}");
    }

    #[tokio::test]
    async fn only_the_right_password_of_a_known_account_fits() {
        let passwords = Passwords::new(Entropy::seeded(2));
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("correct horsf".into(), Some(hash)).await.unwrap());
        assert!(!passwords.verify("correct horse".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_crowd_is_told_to_come_back() {
        let passwords = Passwords::new(Entropy::seeded(3));
        let held = passwords.turns.clone().acquire_many_owned(AT_ONCE as u32).await.unwrap();
        let waiting: Vec<_> = (0..=WAITING).map(|_| Box::pin(passwords.verify(String::new(), None))).collect();
        let mut waiting = futures_util::future::select_all(waiting);
        let (first, _, rest) = (&mut waiting).await;
        assert_eq!(first.unwrap_err().code(), "busy", "only the one too many is answered while nobody gets a turn");
        assert_eq!(rest.len(), WAITING);
        drop(held);
    }
}
