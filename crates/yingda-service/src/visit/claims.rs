//! What a signed word may say, and how much of it.
use crate::customer::{Fact, Signed};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use std::fmt;
use yingda_base::{Error, Millis, Result};

/// The longest time between the making and the end of a token, in seconds.
const LIFE: i64 = 300;
/// How far the host's clock may be off, in seconds.
pub const LEEWAY: i64 = 30;
/// From this age on people are served as seniors (适老化).
const SENIOR: i64 = 65;
const FACTS: usize = 10;

/// Whom a host site vouches for.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// The host's own id of the customer.
    pub subject: String,
    /// Names this one token.
    pub token_id: String,
    /// When it ends.
    pub expires_at: Millis,
    /// What it says of the customer.
    pub signed: Signed,
}

impl Claims {
    /// Reads claims that were signed.
    ///
    /// Codes: `identity.audience`, `identity.expired`, `identity.early` (the clocks disagree), `identity.lifetime` (over five minutes),
    /// `identity.claim` with the `name` of the claim that is missing, too long or of the wrong type.
    pub fn read(mut claims: Map<String, Value>, audience: &str, now: Millis) -> Result<Claims> {
        if !is_for(claims.get("aud"), audience) {
            return Err(Error::unauthenticated("identity.audience"));
        }
        let seconds = |name: &'static str| claims.get(name).and_then(Value::as_i64).filter(|at| (0..1 << 40).contains(at));
        let (iat, exp) = (seconds("iat").ok_or_else(|| wrong("iat"))?, seconds("exp").ok_or_else(|| wrong("exp"))?);
        if claims.contains_key("nbf") && seconds("nbf").is_none() {
            return Err(wrong("nbf"));
        }
        let (from, now_s) = (seconds("nbf").unwrap_or(iat).max(iat), now.0 / 1000);
        if exp + LEEWAY <= now_s {
            return Err(Error::unauthenticated("identity.expired"));
        }
        if from > now_s + LEEWAY {
            return Err(Error::unauthenticated("identity.early"));
        }
        if exp <= iat || exp - iat > LIFE {
            return Err(Error::unauthenticated("identity.lifetime").with("seconds", LIFE));
        }
        let subject = text(&mut claims, "sub", 1..=128)?.ok_or_else(|| wrong("sub"))?;
        // Numbers are given to somebody else after a few months, and the history would go with them.
        if is_mobile(&subject) {
            return Err(wrong("sub"));
        }
        let token_id = text(&mut claims, "jti", 8..=128)?.ok_or_else(|| wrong("jti"))?;
        let signed = Signed {
            name: text(&mut claims, "name", 1..=60)?,
            phone: text(&mut claims, "phone", 5..=20)?.map(check_phone).transpose()?,
            level: text(&mut claims, "level", 1..=20)?,
            is_senior: is_senior(&mut claims, now)?,
            facts: facts(claims.remove("facts"))?,
        };
        Ok(Claims { subject, token_id, expires_at: Millis(exp * 1000), signed })
    }
}

/// The site's key, alone: a token for several audiences could be carried from one to the other.
fn is_for(claim: Option<&Value>, audience: &str) -> bool {
    match claim {
        Some(Value::Array(all)) => matches!(all.as_slice(), [only] if only == audience),
        Some(one) => one == audience,
        None => false,
    }
}

fn wrong(name: &str) -> Error {
    Error::invalid("identity.claim").with("name", name)
}

/// A text without control characters or blanks around it.
fn text(claims: &mut Map<String, Value>, name: &str, length: std::ops::RangeInclusive<usize>) -> Result<Option<String>> {
    match claims.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) if fits(&text, &length) => Ok(Some(text)),
        Some(_) => Err(wrong(name)),
    }
}

fn fits(text: &str, length: &std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.chars().count()) && text.trim() == text && !text.chars().any(char::is_control)
}

fn is_mobile(text: &str) -> bool {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let local = digits.strip_prefix("+86").or_else(|| digits.strip_prefix("0086")).unwrap_or(&digits);
    local.len() == 11 && local.starts_with('1') && local.bytes().all(|byte| byte.is_ascii_digit())
}

fn check_phone(phone: String) -> Result<String> {
    let is_phone = phone.bytes().all(|byte| byte.is_ascii_digit() || b"+- ".contains(&byte));
    if is_phone { Ok(phone) } else { Err(wrong("phone")) }
}

/// Said by the host, or by the year of birth, which is looked at and not kept.
fn is_senior(claims: &mut Map<String, Value>, now: Millis) -> Result<bool> {
    let said = match claims.remove("senior") {
        None => false,
        Some(Value::Bool(said)) => said,
        Some(_) => return Err(wrong("senior")),
    };
    // Good enough for years of age: a Gregorian year has 365.2425 days.
    let year = 1970 + now.0 / 31_556_952_000;
    match claims.remove("birth_year") {
        None => Ok(said),
        Some(born) => {
            let born = born.as_i64().filter(|born| (1900..=year).contains(born)).ok_or_else(|| wrong("birth_year"))?;
            Ok(said || year - born >= SENIOR)
        }
    }
}

/// `{"套餐": "畅享 199"}`.
fn facts(claim: Option<Value>) -> Result<Vec<Fact>> {
    let facts = match claim {
        None => return Ok(Vec::new()),
        Some(Value::Object(facts)) if facts.len() <= FACTS => facts,
        Some(_) => return Err(wrong("facts")),
    };
    let fact = |(label, value): (String, Value)| match value {
        Value::String(value) if fits(&label, &(1..=30)) && fits(&value, &(1..=200)) => Ok(Fact { label, value }),
        _ => Err(wrong("facts")),
    };
    facts.into_iter().map(fact).collect()
}

/// A JSON object in which no name stands twice, at any depth: two readers could each see another one of the two.
pub fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice::<Strict>(bytes) {
        Ok(Strict(Value::Object(object))) => Some(object),
        Ok(_) | Err(_) => None,
    }
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(input: D) -> std::result::Result<Strict, D::Error> {
        input.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON without repeated names")
    }
    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(value.into())
    }
    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Strict(value)) = list.next_element()? {
            all.push(value);
        }
        Ok(Value::Array(all))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> std::result::Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some((name, Strict(value))) = fields.next_entry::<String, Strict>()? {
            if all.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_780_000_000;

    fn good() -> Value {
        json!({"aud": "shop", "sub": "c-1001", "jti": "0123456789abcdef", "iat": NOW, "exp": NOW + 120})
    }

    /// The good claims with some others in their place (`null`: left out).
    fn read(changes: Value) -> Result<Claims> {
        let mut claims = good().as_object().unwrap().clone();
        claims.extend(changes.as_object().unwrap().clone());
        claims.retain(|_, value| !value.is_null());
        Claims::read(claims, "shop", Millis(NOW * 1000))
    }

    fn code(changes: Value) -> &'static str {
        read(changes).map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn a_word_for_another_site_is_none() {
        assert_eq!(code(json!({"aud": "mall"})), "identity.audience");
        assert_eq!(code(json!({"aud": null})), "identity.audience");
        assert_eq!(code(json!({"aud": ["shop", "mall"]})), "identity.audience");
        assert_eq!(code(json!({"aud": ["shop"]})), "ok");
    }

    #[test]
    fn it_lives_five_minutes_at_most_and_clocks_may_differ_by_half_a_minute() {
        assert_eq!(code(json!({"iat": NOW - 200, "exp": NOW - 29})), "ok");
        assert_eq!(code(json!({"iat": NOW - 200, "exp": NOW - 30})), "identity.expired");
        assert_eq!(code(json!({"iat": NOW + 30, "exp": NOW + 60})), "ok");
        assert_eq!(code(json!({"iat": NOW + 31, "exp": NOW + 60})), "identity.early");
        assert_eq!(code(json!({"nbf": NOW + 31})), "identity.early");
        assert_eq!(code(json!({"exp": NOW + 300})), "ok");
        assert_eq!(code(json!({"exp": NOW + 301})), "identity.lifetime");
        assert_eq!(code(json!({"iat": NOW + 20, "exp": NOW + 10})), "identity.lifetime");
        for wrong in [json!({"exp": null}), json!({"exp": "soon"}), json!({"iat": 1.5}), json!({"exp": i64::MAX}), json!({"nbf": "x"})] {
            assert_eq!(code(wrong.clone()), "identity.claim", "{wrong}");
        }
    }

    #[test]
    fn claims_are_bounded_and_a_telephone_number_is_no_customer_id() {
        let long = "长".repeat(129);
        for wrong in [
            json!({"sub": null}),
            json!({"sub": 7}),
            json!({"sub": long}),
            json!({"sub": " a"}),
            json!({"sub": "a\u{0}"}),
            json!({"sub": "13812345678"}),
            json!({"sub": "+86 138-1234-5678"}),
            json!({"jti": "short"}),
            json!({"jti": null}),
            json!({"name": ""}),
            json!({"name": "名".repeat(61)}),
            json!({"phone": "call me maybe"}),
            json!({"level": "V".repeat(21)}),
            json!({"senior": "yes"}),
            json!({"birth_year": 1850}),
            json!({"birth_year": 2999}),
            json!({"facts": [1]}),
            json!({"facts": {"套餐": 199}}),
            json!({"facts": (0..11).map(|n| (n.to_string(), json!("x"))).collect::<Map<_, _>>()}),
        ] {
            assert_eq!(code(wrong.clone()), "identity.claim", "{wrong}");
        }
    }

    #[test]
    fn what_it_says_is_kept_except_the_year_of_birth() {
        let said = json!({"name": "张女士", "phone": "13812345678", "level": "VIP", "birth_year": 1950, "facts": {"套餐": "畅享 199"}, "iss": "x"});
        let signed = read(said).unwrap().signed;
        assert_eq!((signed.name.as_deref(), signed.level.as_deref(), signed.is_senior), (Some("张女士"), Some("VIP"), true));
        assert_eq!(signed.facts, [Fact { label: "套餐".into(), value: "畅享 199".into() }]);
        assert!(!serde_json::to_string(&signed).unwrap().contains("1950"));
        assert!(!read(json!({"birth_year": 1990})).unwrap().signed.is_senior);
    }

    #[test]
    fn a_name_that_stands_twice_spoils_the_whole() {
        assert!(object(br#"{"a": {"b": [1, 2.5, null, true, "x"]}}"#).is_some());
        for bad in [&br#"{"sub": "a", "sub": "b"}"#[..], br#"{"facts": {"x": "1", "x": "2"}}"#, b"[]", b"{", b"{} {}", b""] {
            assert!(object(bad).is_none());
        }
    }
}
