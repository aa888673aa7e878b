//! The hash chain, pure: what bytes of a record are hashed, and how one link follows from the one before.
//!
//! A record's own fields go into its digest as they are. What can be erased (name and address of the actor, values before and after) goes in
//! as a *seal*, a hash with a random salt that lies beside the values: with the salt gone nobody can guess what the seal was made of, and
//! the chain can be proved all the same. Every hash begins with the name of what it is of, and texts with their length, so that no two
//! different things are ever hashed as the same bytes. docs/decisions/audit-chain.md has the format for those who check it by other means.
use sha2::{Digest, Sha256};
use std::fmt;
use yingda_base::{Error, Result};

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl std::str::FromStr for Hash {
    type Err = Error;
    fn from_str(text: &str) -> Result<Hash> {
        let malformed = || Error::bug("a hash is no hash");
        let byte = |n: usize| text.get(2 * n..2 * n + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or_else(malformed);
        let mut bytes = [0; 32];
        for (n, place) in bytes.iter_mut().enumerate() {
            *place = byte(n)?;
        }
        if text.len() == 64 { Ok(Hash(bytes)) } else { Err(malformed()) }
    }
}
impl yingda_base::db::Stored for Hash {
    type Plain = Vec<u8>;
    fn to_plain(self) -> Vec<u8> {
        self.0.to_vec()
    }
    fn from_plain(plain: Vec<u8>) -> Result<Hash> {
        plain.try_into().map(Hash).map_err(|_| Error::bug("a stored hash has another length"))
    }
}

/// A place in the chain: everything up to it is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many records that are; the place of the last one.
    pub seq: i64,
    /// The hash of the last link.
    pub hash: Hash,
}

/// What of a record stands in the chain for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    pub id: i64,
    pub at: i64,
    pub actor_kind: String,
    pub actor_id: i64,
    pub session_id: i64,
    pub method: String,
    pub action: String,
    pub object_kind: String,
    pub object_id: String,
    pub result: String,
    pub code: String,
    pub request: String,
}

/// The hashes of what can be erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seals {
    /// Of the actor's name and address.
    pub origin: Hash,
    /// Of the values before and after, if the record has any.
    pub value: Option<Hash>,
}

/// What a chain of this name begins with.
pub fn genesis(name: &str) -> Head {
    Head { seq: 0, hash: Input::of("genesis").text(name).end() }
}

/// The link after `before`.
pub fn follow(before: Head, body: &Body, seals: &Seals) -> Head {
    let seq = before.seq + 1;
    Head { seq, hash: link(before.hash, seq, digest(body, seals)) }
}

/// The hash of a link: of the one before, of its place, and of its record.
pub fn link(before: Hash, seq: i64, digest: Hash) -> Hash {
    Input::of("link").bytes(&before.0).number(seq).bytes(&digest.0).end()
}

/// Of a record.
pub fn digest(body: &Body, seals: &Seals) -> Hash {
    Input::of("record")
        .number(body.id)
        .number(body.at)
        .text(&body.actor_kind)
        .number(body.actor_id)
        .number(body.session_id)
        .text(&body.method)
        .text(&body.action)
        .text(&body.object_kind)
        .text(&body.object_id)
        .text(&body.result)
        .text(&body.code)
        .text(&body.request)
        .bytes(&seals.origin.0)
        .maybe(seals.value.as_ref().map(|hash| hash.0.as_slice()))
        .end()
}

/// Seals the actor's name and address.
pub fn seal_origin(salt: &[u8], name: &str, address: &str) -> Hash {
    Input::of("origin").bytes(salt).text(name).text(address).end()
}

/// Seals the values before and after.
pub fn seal_value(salt: &[u8], before: Option<&str>, after: Option<&str>) -> Hash {
    Input::of("value").bytes(salt).maybe(before.map(str::as_bytes)).maybe(after.map(str::as_bytes)).end()
}

/// What a checkpoint's code is made over: where records were forgotten after their time.
pub fn checkpoint(chain: &str, head: Head) -> Vec<u8> {
    [b"yingda audit checkpoint 1\0", chain.as_bytes(), b"\0", &head.seq.to_be_bytes(), &head.hash.0].concat()
}

/// Bytes on their way into a hash.
struct Input(Sha256);

impl Input {
    fn of(what: &str) -> Input {
        Input(Sha256::new_with_prefix("yingda audit ")).text(what).number(1)
    }
    fn number(mut self, number: i64) -> Input {
        self.0.update(number.to_be_bytes());
        self
    }
    fn bytes(self, bytes: &[u8]) -> Input {
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let mut this = self.number(length);
        this.0.update(bytes);
        this
    }
    fn text(self, text: &str) -> Input {
        self.bytes(text.as_bytes())
    }
    /// Nothing is not the same as nothing written.
    fn maybe(self, bytes: Option<&[u8]>) -> Input {
        match bytes {
            Some(bytes) => self.number(1).bytes(bytes),
            None => self.number(0),
        }
    }
    fn end(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn body(action: &str, object: &str) -> Body {
        Body {
            id: 7,
            at: 1_795_161_600_000,
            actor_kind: "staff".into(),
            actor_id: 3,
            session_id: 5,
            method: "cookie".into(),
            action: action.into(),
            object_kind: "staff".into(),
            object_id: object.into(),
            result: "done".into(),
            code: String::new(),
            request: "r".into(),
        }
    }

    fn seals() -> Seals {
        Seals { origin: seal_origin(b"salt", "林晓", "127.0.0.1"), value: Some(seal_value(b"pepper", None, Some("{}"))) }
    }

    /// Others check the chain by the format in docs/decisions/audit-chain.md: it must not change by accident.
    #[test]
    fn the_format_stays() {
        let head = follow(genesis("chain"), &body("staff.create", "1"), &seals());
        assert_eq!(head.seq, 1);
        assert_eq!(genesis("chain").hash.to_string(), "de7d9587419d75ccc6445e3f5e32c5076031d46ae09bbfd8d80ca6154c870971");
        assert_eq!(head.hash.to_string(), "d1d340947da1863e14d32582c83d00113443dd37f97f8fe2b76b81b8b39df529");
        assert_eq!(head.hash.to_string().parse::<Hash>().unwrap(), head.hash);
        assert!("00".parse::<Hash>().is_err() && "zz".repeat(32).parse::<Hash>().is_err() && "é".repeat(32).parse::<Hash>().is_err());
    }

    proptest! {
        /// Where one field ends and the next begins cannot be moved without another hash coming out.
        #[test]
        fn fields_do_not_run_into_each_other(action: String, object: String, cut in 0..20_usize) {
            let whole = format!("{action}{object}");
            let cut = whole.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(whole.len());
            let moved = body(&whole[..cut], &whole[cut..]);
            let same = moved.action == action;
            prop_assert_eq!(digest(&body(&action, &object), &seals()) == digest(&moved, &seals()), same);
        }
    }

    #[test]
    fn each_part_counts() {
        let (genesis, record) = (genesis("chain"), body("staff.create", "1"));
        let head = follow(genesis, &record, &seals());
        assert_ne!(follow(super::genesis("other"), &record, &seals()).hash, head.hash);
        assert_ne!(follow(head, &record, &seals()).hash, head.hash, "the place counts");
        for changed in [
            Body { id: 8, ..record.clone() },
            Body { at: 1, ..record.clone() },
            Body { actor_kind: "visitor".into(), ..record.clone() },
            Body { actor_id: 4, ..record.clone() },
            Body { session_id: 6, ..record.clone() },
            Body { method: "bearer".into(), ..record.clone() },
            Body { object_kind: "role".into(), ..record.clone() },
            Body { result: "refused".into(), ..record.clone() },
            Body { code: "x".into(), ..record.clone() },
            Body { request: "s".into(), ..record.clone() },
        ] {
            assert_ne!(digest(&changed, &seals()), digest(&record, &seals()), "{changed:?}");
        }
        assert_ne!(seal_origin(b"salt", "a", "b"), seal_origin(b"tlas", "a", "b"));
        assert_ne!(seal_value(b"s", None, Some("")), seal_value(b"s", Some(""), None));
        assert_ne!(seal_value(b"s", None, None), seal_value(b"s", None, Some("")));
        assert_ne!(digest(&record, &Seals { value: None, ..seals() }), digest(&record, &seals()));
    }
}
