//! A column whose content only the key holder can read.
use super::{KeyId, Keyring, mac};
use crate::{Error, Result, column_newtype, error::Kind};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};

const VERSION: u8 = 1;
const HEAD: usize = 1 + 4;
const NONCE: usize = 24;

/// Sealed bytes as stored: version, key id, nonce, ciphertext with tag (XChaCha20-Poly1305, whose nonces may be random).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);
column_newtype!(Sealed, Vec<u8>);

impl Sealed {
    /// The key it was sealed with, if it is whole enough to say.
    pub fn key(&self) -> Option<KeyId> {
        let id = self.0.get(1..HEAD)?;
        Some(KeyId(id.try_into().expect("four bytes")))
    }
}

impl Keyring {
    /// Seals what belongs into `column` (`"staff.totp_secret"`) of the row with this id; it opens nowhere else.
    pub fn seal(&self, column: &str, row: i64, plain: &[u8]) -> Sealed {
        let key = self.newest();
        let nonce: [u8; NONCE] = self.entropy.bytes();
        let payload = Payload { msg: plain, aad: &place(column, row) };
        let boxed = cipher(&key.secret).encrypt(&XNonce::from(nonce), payload).expect("only texts of 256 GiB are refused");
        Sealed([&[VERSION], key.id.0.as_slice(), &nonce, &boxed].concat())
    }

    /// The plain content. Errors: `key.unreadable` if it was sealed for another place, with a key that is not here, or changed since.
    pub fn open_sealed(&self, column: &str, row: i64, sealed: &Sealed) -> Result<Vec<u8>> {
        let unreadable = || Error::new(Kind::Internal, "key.unreadable").with("column", column);
        let Sealed(bytes) = sealed;
        let key = sealed.key().and_then(|id| self.keys.iter().find(|key| key.id == id)).ok_or_else(unreadable)?;
        if bytes.first() != Some(&VERSION) || bytes.len() < HEAD + NONCE {
            return Err(unreadable());
        }
        let (nonce, boxed) = bytes[HEAD..].split_at(NONCE);
        let nonce: [u8; NONCE] = nonce.try_into().expect("split at its length");
        cipher(&key.secret).decrypt(&XNonce::from(nonce), Payload { msg: boxed, aad: &place(column, row) }).map_err(|_| unreadable())
    }

    /// Whether it should be sealed anew because its key is an old one.
    pub fn is_outdated(&self, sealed: &Sealed) -> bool {
        sealed.key() != Some(self.current())
    }
}

fn cipher(secret: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&mac::derive(secret, "seal", "").into())
}

fn place(column: &str, row: i64) -> Vec<u8> {
    [column.as_bytes(), b"\0", &row.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Entropy;
    use proptest::prelude::*;

    fn ring() -> Keyring {
        Keyring::random(&Entropy::seeded(7), 2)
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_only_in_its_place(plain: Vec<u8>, row: i64, other: i64) {
            let ring = ring();
            let sealed = ring.seal("a.b", row, &plain);
            prop_assert_eq!(ring.open_sealed("a.b", row, &sealed).unwrap(), plain);
            prop_assert!(ring.open_sealed("a.c", row, &sealed).is_err());
            prop_assert_eq!(ring.open_sealed("a.b", other, &sealed).is_ok(), other == row);
        }

        #[test]
        fn a_changed_bit_is_noticed(place in 0..60_usize, bit in 0..8_u32) {
            let ring = ring();
            let Sealed(mut bytes) = ring.seal("a.b", 1, b"thirteen byte");
            let place = place % bytes.len();
            bytes[place] ^= 1 << bit;
            prop_assert_eq!(ring.open_sealed("a.b", 1, &Sealed(bytes)).unwrap_err().code(), "key.unreadable");
        }
    }

    #[test]
    fn an_old_key_opens_until_it_is_gone() {
        let ring = ring();
        let old = Keyring { keys: ring.keys[..1].into(), entropy: Entropy::seeded(8) };
        let new = Keyring { keys: ring.keys[1..].into(), entropy: Entropy::seeded(8) };
        let sealed = old.seal("a.b", 1, b"secret");
        assert_eq!(ring.open_sealed("a.b", 1, &sealed).unwrap(), b"secret");
        assert!(ring.is_outdated(&sealed) && !old.is_outdated(&sealed));
        assert!(new.open_sealed("a.b", 1, &sealed).is_err());
        assert_ne!(old.seal("a.b", 1, b"secret"), sealed, "equal contents look different");
    }

    #[test]
    fn cut_off_bytes_are_refused() {
        let (ring, Sealed(bytes)) = (ring(), ring().seal("a.b", 1, b""));
        (0..bytes.len()).for_each(|length| assert!(ring.open_sealed("a.b", 1, &Sealed(bytes[..length].to_vec())).is_err()));
    }
}
