//! Addresses of files: capabilities that end after ten minutes and are worth what the one who got them may see. Pure.
//!
//! `img` elements and downloads send no token, so the address itself says who asks. Whoever else gets hold of it sees, for these minutes,
//! what that one may see: no more, and nothing once they may not.
use crate::auth::{Asker, Signer};
use std::time::Duration;
use yingda_base::{Error, Millis, Result};

/// How long an address lives.
pub const LINK_LIFE: Duration = Duration::from_secs(10 * 60);

/// Which of the contents of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// The file itself.
    Whole,
    /// The small copy of an image; the image itself while there is none.
    Thumbnail,
}

/// What an address says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// Public id.
    pub file: String,
    /// Which content.
    pub variant: Variant,
    /// Whom it was made for.
    pub asker: Asker,
    /// When it ends.
    pub expires_at: Millis,
}

/// Makes addresses for somebody.
pub struct Links<'a> {
    /// Signs them.
    pub signer: &'a Signer,
    /// For whom.
    pub asker: Asker,
    /// From when on they live.
    pub now: Millis,
}

impl Links<'_> {
    /// Address of a file, and its end.
    pub fn whole(&self, file: &str) -> (String, Millis) {
        (self.make(file, Variant::Whole), self.now + LINK_LIFE)
    }

    /// Address of the small copy of an image; it ends as the other one does.
    pub fn thumbnail(&self, file: &str) -> String {
        self.make(file, Variant::Thumbnail)
    }

    fn make(&self, file: &str, variant: Variant) -> String {
        let Links { signer, asker, now } = self;
        let capability = Capability { file: file.to_owned(), variant, asker: *asker, expires_at: *now + LINK_LIFE };
        format!("/api/v1/file/c/{}", signer.sign(&capability.to_bytes()))
    }
}

impl Capability {
    /// Reads an address. Codes: `file.link_invalid`, `file.link_expired`.
    pub fn open(signer: &Signer, text: &str, now: Millis) -> Result<Capability> {
        let payload = signer.open(text);
        let read = payload.as_deref().and_then(Capability::read).ok_or_else(|| Error::forbidden("file.link_invalid"))?;
        if read.expires_at <= now { Err(Error::forbidden("file.link_expired")) } else { Ok(read) }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let variant = match self.variant {
            Variant::Whole => 0,
            Variant::Thumbnail => 1,
        };
        [&self.expires_at.0.to_be_bytes()[..], &[variant], &self.asker.to_bytes(), self.file.as_bytes()].concat()
    }

    fn read(payload: &[u8]) -> Option<Capability> {
        let (expires_at, rest) = payload.split_first_chunk::<8>()?;
        let (variant, rest) = rest.split_first()?;
        let variant = match variant {
            0 => Variant::Whole,
            1 => Variant::Thumbnail,
            _ => return None,
        };
        let (asker, file) = Asker::read(rest)?;
        let file = String::from_utf8(file.to_vec()).ok()?;
        Some(Capability { file, variant, asker, expires_at: Millis(i64::from_be_bytes(*expires_at)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use yingda_base::{key::Keyring, random::Entropy};

    fn signer() -> Signer {
        Signer::new(&Keyring::random(&Entropy::seeded(1), 1), "file.link")
    }

    #[test]
    fn an_address_works_for_ten_minutes_and_cannot_be_changed() {
        let (signer, asker) = (signer(), Asker::Staff(7));
        let links = Links { signer: &signer, asker, now: Millis(1000) };
        let (url, expires_at) = links.whole("abc");
        let text = url.strip_prefix("/api/v1/file/c/").unwrap();
        let open = |text: &str, now| Capability::open(&signer, text, now);
        let capability = Capability { file: "abc".to_owned(), variant: Variant::Whole, asker, expires_at };
        assert_eq!(open(text, Millis(1000)).unwrap(), capability);
        assert_eq!(open(text, expires_at).unwrap_err().code(), "file.link_expired");
        let forged = format!("{}A", &text[..text.len() - 1]);
        let other = if forged == text { format!("{}B", &text[..text.len() - 1]) } else { forged };
        assert_eq!(open(&other, Millis(1000)).unwrap_err().code(), "file.link_invalid");
        assert_eq!(open("../../etc/passwd", Millis(1000)).unwrap_err().code(), "file.link_invalid");
        let small = links.thumbnail("abc");
        assert_eq!(
            open(small.rsplit('/').next().unwrap(), Millis(1000)).unwrap(),
            Capability { variant: Variant::Thumbnail, ..capability }
        );
    }

    proptest! {
        #[test]
        fn payloads_of_any_shape_are_read_or_refused(bytes: Vec<u8>) {
            if let Some(capability) = Capability::read(&bytes) {
                prop_assert_eq!(capability.to_bytes(), bytes);
            }
        }
    }
}
