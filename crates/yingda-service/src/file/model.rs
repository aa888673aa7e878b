//! What is known of a file, and the addresses under which it is fetched.
use crate::auth::Signer;
use crate::conversation::ConversationId;
use std::time::Duration;
use yingda_base::{Error, Millis, Result, blob::BlobId, row};

/// How long an address lives.
pub const LINK_LIFE: Duration = Duration::from_secs(10 * 60);

row! {
    /// A file of a conversation.
    #[derive(Clone, Debug, PartialEq)]
    pub struct File {
        /// Inside the house.
        pub id: i64,
        /// Outside.
        pub public_id: String,
        /// Where it may be sent.
        pub conversation_id: ConversationId,
        /// Who brought it.
        pub participant: i64,
        /// Its content.
        pub blob: BlobId,
        /// `image/png` or `image/jpeg`.
        pub media_type: String,
        /// Size of the content.
        pub bytes: i64,
        /// In pixels.
        pub width: i64,
        /// In pixels.
        pub height: i64,
        /// When it came.
        pub created_at: Millis,
    }
}

/// An address of a file that works for everybody who has it, until it ends.
pub fn link(links: &Signer, file: &str, now: Millis) -> (String, Millis) {
    let expires_at = now + LINK_LIFE;
    let payload = [&expires_at.0.to_be_bytes()[..], file.as_bytes()].concat();
    (format!("/api/v1/file/c/{}", links.sign(&payload)), expires_at)
}

/// The public id of the file an address names. Codes: `file.link_invalid`, `file.link_expired`.
pub fn open_link(links: &Signer, capability: &str, now: Millis) -> Result<(String, Millis)> {
    let invalid = || Error::forbidden("file.link_invalid");
    let payload = links.open(capability).ok_or_else(invalid)?;
    let (expiry, file) = payload.split_first_chunk::<8>().ok_or_else(invalid)?;
    let file = String::from_utf8(file.to_vec()).map_err(|_| invalid())?;
    let expires_at = Millis(i64::from_be_bytes(*expiry));
    if expires_at <= now { Err(Error::forbidden("file.link_expired")) } else { Ok((file, expires_at)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yingda_base::{key::Keyring, random::Entropy};

    #[test]
    fn an_address_works_for_ten_minutes_and_cannot_be_changed() {
        let links = Signer::new(&Keyring::random(&Entropy::seeded(1), 1), "file.link");
        let (url, expires_at) = link(&links, "abc", Millis(1000));
        let capability = url.strip_prefix("/api/v1/file/c/").unwrap();
        assert_eq!(open_link(&links, capability, Millis(1000)).unwrap(), ("abc".to_owned(), expires_at));
        assert_eq!(open_link(&links, capability, expires_at).unwrap_err().code(), "file.link_expired");
        let forged = format!("{}A", &capability[..capability.len() - 1]);
        let other = if forged == capability { format!("{}B", &capability[..capability.len() - 1]) } else { forged };
        assert_eq!(open_link(&links, &other, Millis(1000)).unwrap_err().code(), "file.link_invalid");
        assert_eq!(open_link(&links, "../../etc/passwd", Millis(1000)).unwrap_err().code(), "file.link_invalid");
    }
}
