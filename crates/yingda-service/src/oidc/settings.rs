//! What security administrators set about the provider. The provider itself stands in the configuration.
use super::identity::LinkBy;

yingda_base::setting! {
    /// What the button says.
    pub static LABEL: String = "auth.oidc_label", default "统一认证".to_owned(), scopes [Operator], check |label| (1..=20).contains(&label.trim().chars().count());
    /// How accounts are found that were not linked yet.
    pub static LINK_BY: LinkBy = "auth.oidc_link_by", default LinkBy::Off, scopes [Operator], choices ["off", "email", "username"];
    /// The domain whose addresses stand for logins without it.
    pub static EMAIL_DOMAIN: String = "auth.oidc_email_domain", default String::new(), scopes [Operator],
        check |domain| domain.len() <= 253 && !domain.contains(['@', ' ']);
    /// The role of accounts made for people whom the provider knows and we do not; empty: none are made.
    pub static NEW_ROLE: String = "auth.oidc_new_role", default String::new(), scopes [Operator], check |role| role.len() <= 64;
    /// Values of `amr` and `acr` that count as a second factor, with blanks between them.
    pub static SECOND_FACTOR: String = "auth.oidc_second_factor", default String::new(), scopes [Operator], check |ways| ways.len() <= 400;
}
