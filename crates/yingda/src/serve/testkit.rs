//! Certificates for tests.

/// Certificate and key in PEM for `localhost` that count from the beginning of one year to the beginning of another.
pub(super) fn pair(from: i32, until: i32) -> [String; 2] {
    let key = rcgen::KeyPair::generate().expect("a key can be made");
    let mut parameters = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("a name");
    (parameters.not_before, parameters.not_after) = (rcgen::date_time_ymd(from, 1, 1), rcgen::date_time_ymd(until, 1, 1));
    [parameters.self_signed(&key).expect("a certificate can be made").pem(), key.serialize_pem()]
}
