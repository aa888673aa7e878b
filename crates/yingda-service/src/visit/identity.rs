//! The signed word of a host site's server on who its customer is: a JWT (RFC 7519) in compact form, signed with HS256 (RFC 7515), and
//! nothing else of those standards. Why no library does this: docs/decisions/signed-identity.md.
use super::claims::{Claims, object};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;
use yingda_base::{Error, Millis, Result, error::Kind};

/// A name and a few facts fit in many times over.
pub const LONGEST: usize = 4096;

/// What the token says, if one of `keys` signed it for `audience` and it holds now, and which key that was. The caller sees to it that it
/// is used once.
///
/// Codes: `identity.too_large`, `identity.malformed`, `identity.algorithm`, `identity.signature`, and those of [`Claims::read`].
pub fn verify(token: &str, keys: &[String], audience: &str, now: Millis) -> Result<(Claims, usize)> {
    if token.len() > LONGEST {
        return Err(Error::new(Kind::TooLarge, "identity.too_large").with("limit", LONGEST));
    }
    let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
    let (header, payload) = signed.split_once('.').ok_or_else(malformed)?;
    // Before anything else: a verifier that lets the token choose how it is verified can be told "none".
    let header = part(header)?;
    if header.get("alg").and_then(Value::as_str) != Some("HS256") || header.contains_key("crit") {
        return Err(Error::unauthenticated("identity.algorithm"));
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
    let fits = keys.iter().position(|key| is_signed_with(key, signed, &signature));
    let nth = fits.ok_or_else(|| Error::unauthenticated("identity.signature"))?;
    Ok((Claims::read(part(payload)?, audience, now)?, nth))
}

/// In constant time.
fn is_signed_with(key: &str, signed: &str, signature: &[u8]) -> bool {
    let mac: Hmac<Sha256> = Hmac::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.chain_update(signed).verify_slice(signature).is_ok()
}

fn part(text: &str) -> Result<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
    object(&bytes).ok_or_else(malformed)
}

fn malformed() -> Error {
    Error::malformed("identity.malformed")
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const KEY: &str = "a key of the site";
    const NOW: Millis = Millis(1_780_000_000_000);

    /// A token of these parts, however wrong they are.
    pub fn token(header: &str, payload: &str, key: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let mac: Hmac<Sha256> = Hmac::new_from_slice(key.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.chain_update(&signed).finalize().into_bytes()))
    }

    /// A good one.
    pub fn sign(claims: &Value, key: &str) -> String {
        token(r#"{"alg":"HS256","typ":"JWT"}"#, &claims.to_string(), key)
    }

    fn claims() -> Value {
        let now = NOW.0 / 1000;
        json!({"aud": "shop", "sub": "c-1001", "jti": "0123456789abcdef", "iat": now, "exp": now + 120, "name": "张女士"})
    }

    fn code(token: &str) -> std::result::Result<String, &'static str> {
        verify(token, &["another key".into(), KEY.into()], "shop", NOW).map(|(claims, _)| claims.subject).map_err(|error| error.code())
    }

    #[test]
    fn a_token_counts_under_either_key() {
        assert_eq!(code(&sign(&claims(), KEY)).as_deref(), Ok("c-1001"));
        assert_eq!(code(&sign(&claims(), "another key")).as_deref(), Ok("c-1001"));
        let (_, nth) = verify(&sign(&claims(), KEY), &["another key".into(), KEY.into()], "shop", NOW).unwrap();
        assert_eq!(nth, 1);
        assert_eq!(code(&sign(&claims(), "a third key")), Err("identity.signature"));
        assert_eq!(verify(&sign(&claims(), KEY), &[], "shop", NOW).unwrap_err().code(), "identity.signature");
    }

    #[test]
    fn it_is_the_one_rfc_7515_describes() {
        // RFC 7515, appendix A.1: header with a line break, and the signature of that very text.
        let key = URL_SAFE_NO_PAD.decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow").unwrap();
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let mac: Hmac<Sha256> = Hmac::new_from_slice(&key).unwrap();
        let made = URL_SAFE_NO_PAD.encode(mac.chain_update(signed).finalize().into_bytes());
        assert_eq!(made, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    #[test]
    fn the_algorithm_is_looked_at_before_the_signature() {
        let payload = claims().to_string();
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":"hs256"}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"typ":"JWT"}"#,
            r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
        ] {
            assert_eq!(code(&token(header, &payload, KEY)), Err("identity.algorithm"), "{header}");
        }
        let unsigned = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(&payload));
        assert_eq!(code(&unsigned), Err("identity.algorithm"));
        assert_eq!(code(&token(r#"{"alg":"HS256","alg":"none"}"#, &payload, KEY)), Err("identity.malformed"), "named twice");
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let good = sign(&claims(), KEY);
        let (signed, _) = good.rsplit_once('.').unwrap();
        for bad in ["", ".", "..", "a.b.c", signed, &format!("{good}.x"), &format!("{good}="), "e30.e30.", &good.replace('.', "..")] {
            assert!(matches!(code(bad), Err("identity.malformed" | "identity.algorithm" | "identity.signature")), "{bad}");
        }
        assert_eq!(code(&"a".repeat(LONGEST + 1)), Err("identity.too_large"));
        let cut = &good[..good.len() - 3];
        assert_eq!(code(cut), Err("identity.signature"), "a signature cut short is none");
    }

    proptest! {
        #[test]
        fn one_changed_character_spoils_it(at in 0_usize..300, to in "[A-Za-z0-9_-]") {
            let good = sign(&claims(), KEY);
            let at = at % good.len();
            let mut forged = good.clone();
            forged.replace_range(at..=at, &to);
            prop_assume!(forged != good);
            prop_assert!(code(&forged).is_err());
        }

        #[test]
        fn garbage_never_panics(text in ".{0,200}") {
            prop_assert!(code(&text).is_err());
        }
    }
}
