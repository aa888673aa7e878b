//! Codes of an authenticator (TOTP, RFC 6238: SHA-1, six digits, 30 s). Pure: the caller says what time it is.
use totp_rs::{Builder, Secret, Totp};
use yingda_base::{Error, Millis, Result};

/// Length of a secret, as RFC 4226 recommends.
pub const SECRET: usize = 20;
/// A code counts for so long, and is accepted one step earlier and later: clocks of telephones are not exact.
const STEP_S: i64 = 30;
/// Codes go up with time; one of so many steps before the last one used means that the machine's clock was set back.
const SET_BACK: i64 = 10;

/// What an authenticator is given.
pub struct Offer {
    /// To be typed, in groups of four.
    pub secret: String,
    /// The same for programs, as an `otpauth:` address.
    pub uri: String,
    /// The address as a QR code: a row of `0` and `1` for each line of modules, without the quiet zone.
    pub qr: Vec<String>,
}

/// The steps whose code this is, at this time; none if it is not a code of now.
pub fn step_of(secret: &[u8; SECRET], code: &str, now: Millis) -> Result<Option<i64>> {
    let seconds = u64::try_from(now.0.div_euclid(1000)).unwrap_or_default();
    let step = totp(secret, "", "")?.check(code, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

/// Whether a code of this step still counts after one of `last` was used: each only once, and none from before it.
pub fn is_fresh(step: i64, last: i64) -> bool {
    step > last || last - step > SET_BACK
}

/// What to show somebody who sets up an authenticator.
pub fn offer(secret: &[u8; SECRET], issuer: &str, login: &str) -> Result<Offer> {
    let uri = totp(secret, issuer, login)?.to_url().map_err(|_| Error::bug("an authenticator needs a name"))?;
    let code = qrcodegen::QrCode::encode_text(&uri, qrcodegen::QrCodeEcc::Medium).map_err(|_| Error::bug("an address too long to draw"))?;
    let line = |y| (0..code.size()).map(|x| if code.get_module(x, y) { '1' } else { '0' }).collect();
    Ok(Offer { secret: grouped(&Secret::new_stack(*secret).to_base32()), qr: (0..code.size()).map(line).collect(), uri })
}

fn totp(secret: &[u8; SECRET], issuer: &str, login: &str) -> Result<Totp> {
    // A colon divides issuer and account; neither may have one of its own.
    let name = |text: &str| text.replace(':', " ");
    let builder = Builder::new().with_secret(Secret::new_stack(*secret)).with_skew(1).with_step_duration(STEP_S.unsigned_abs());
    let builder = builder.with_issuer((!issuer.is_empty()).then(|| name(issuer))).with_account_name(name(login));
    builder.build().map_err(|_| Error::bug("a secret of 160 bits is long enough"))
}

/// In groups of four, as one reads it aloud.
pub fn grouped(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The secret of the test vectors of RFC 6238, appendix B (which lists eight digits; six are their end).
    const RFC: &[u8; SECRET] = b"12345678901234567890";

    fn step(code: &str, seconds: i64) -> Option<i64> {
        step_of(RFC, code, Millis(seconds * 1000 + 999)).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")] {
            assert_eq!(step(code, seconds), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn one_step_earlier_and_later_is_taken_and_no_more() {
        let at = 1_234_567_890 / 30 * 30;
        let steps: Vec<_> = (-2..=2).map(|n| step("005924", at + n * 30)).collect();
        let this = Some(at / 30);
        assert_eq!(steps, [None, this, this, this, None]);
        assert!(["", "00592", "0059240", "00592a", "５０５９２４"].iter().all(|code| step(code, at).is_none()));
    }

    #[test]
    fn a_code_counts_once_and_a_clock_set_back_shuts_nobody_out() {
        assert!(is_fresh(11, 10) && !is_fresh(10, 10) && !is_fresh(9, 10));
        assert!(is_fresh(1_000, 1_000 + 120), "an hour back");
    }

    #[test]
    fn an_offer_names_operator_and_account_and_can_be_read_from_the_picture() {
        let offer = offer(RFC, "星桥:通信", "lin.xiao").unwrap();
        assert_eq!(offer.secret, "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let back = Totp::from_url(&offer.uri).unwrap();
        assert_eq!((back.issuer(), back.account_name()), (Some("星桥 通信"), "lin.xiao"));
        assert_eq!(back.generate(59).to_string(), "287082");
        assert!(offer.qr.len() >= 21 && offer.qr.iter().all(|line| line.len() == offer.qr.len()));
        assert!(offer.qr[0].starts_with("1111111"), "the corner by which scanners find it");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_never_panics(code in ".{0,20}", at: i64) {
            let _ = step_of(RFC, &code, Millis(at)).unwrap();
        }
    }
}
