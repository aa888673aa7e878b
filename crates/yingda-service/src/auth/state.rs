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
    /// With the keys of this installation. Visitors' tokens count in this history of the database only: after a restore their device may not be there,
    /// and nobody would ask.
    pub fn new(entropy: Entropy, keyring: &Keyring, generation: &str) -> Auth {
        Auth {
            passwords: Passwords::new(entropy),
            keyring: keyring.clone(),
            visitors: Signer::new(keyring, &format!("visitor.token:{generation}")),
            links: Signer::new(keyring, "file.link"),
            revoked: RevokedDevices::default(),
        }
    }
}
