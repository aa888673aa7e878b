//! What authentication keeps in memory, one per process.
use super::{password::Passwords, revocation::RevokedDevices, token::Signer};
use yingda_base::{key::Keyring, random::Entropy};

/// Hasher, signers, revoked devices.
pub struct Auth {
    /// Hashes and verifies passwords.
    pub passwords: Passwords,
    /// Seals the secrets of authenticators.
    pub(super) keyring: Keyring,
    /// Signs visitors' tokens.
    pub visitors: Signer,
    /// Signs links to files.
    pub links: Signer,
    /// Devices whose tokens no longer count.
    pub(super) revoked: RevokedDevices,
}

impl Auth {
    /// With the keys of this installation.
    pub fn new(entropy: Entropy, keyring: &Keyring) -> Auth {
        Auth {
            passwords: Passwords::new(entropy),
            keyring: keyring.clone(),
            visitors: Signer::new(keyring, "visitor.token"),
            links: Signer::new(keyring, "file.link"),
            revoked: RevokedDevices::default(),
        }
    }
}
