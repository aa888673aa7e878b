//! Keyed hashes, and subkeys derived with them (HMAC-SHA-256 as the pseudo-random function, after NIST SP 800-108).
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Recognises values of one purpose.
#[derive(Clone)]
pub struct MacKey {
    /// A started hash per key of the ring, the current one last.
    keys: Vec<Hmac<Sha256>>,
}

impl MacKey {
    pub(super) fn new(secrets: Vec<[u8; 32]>) -> MacKey {
        MacKey { keys: secrets.iter().map(started).collect() }
    }

    /// The hash under the current key.
    pub fn mac(&self, data: &[u8]) -> [u8; 32] {
        let current = self.keys.last().expect("a keyring is never empty");
        current.clone().chain_update(data).finalize().into_bytes().into()
    }

    /// Whether `mac` was made of this data under any of the keys. Takes the same time for near misses.
    pub fn matches(&self, data: &[u8], mac: &[u8]) -> bool {
        self.keys.iter().any(|key| key.clone().chain_update(data).verify_slice(mac).is_ok())
    }
}

/// A secret of its own per use and purpose.
pub(super) fn derive(secret: &[u8; 32], usage: &str, purpose: &str) -> [u8; 32] {
    let input = [b"yingda\0", usage.as_bytes(), b"\0", purpose.as_bytes(), b"\0\0\0\x01\0"].concat();
    started(secret).chain_update(input).finalize().into_bytes().into()
}

fn started(secret: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use crate::{key::Keyring, random::Entropy};

    #[test]
    fn hashes_differ_by_purpose_and_survive_rotation() {
        let entropy = Entropy::seeded(1);
        let ring = Keyring::random(&entropy, 2);
        let old = Keyring { keys: ring.keys[..1].into(), entropy };
        let (body, name) = (ring.mac_key("message.body"), ring.mac_key("customer.name"));
        assert_ne!(body.mac(b"hello"), name.mac(b"hello"));
        assert!(body.matches(b"hello", &body.mac(b"hello")));
        assert!(!body.matches(b"hellp", &body.mac(b"hello")));
        assert!(!name.matches(b"hello", &body.mac(b"hello")));
        assert!(body.matches(b"hello", &old.mac_key("message.body").mac(b"hello")), "made before the second key came");
        assert!(!old.mac_key("message.body").matches(b"hello", &body.mac(b"hello")));
        assert!(!body.matches(b"hello", b""), "a hash cut short is no hash");
    }
}
