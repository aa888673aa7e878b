//! What the process is told about the provider.
use openidconnect::{ClientId, ClientSecret, IssuerUrl, PostLogoutRedirectUrl, RedirectUrl, Scope, url::Url};

/// One provider, and what we are to it. Debug output does not show the secret.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) issuer: IssuerUrl,
    pub(super) client: ClientId,
    pub(super) secret: Option<ClientSecret>,
    pub(super) scopes: Vec<Scope>,
    /// Where the provider sends people back to, after signing in and after signing out.
    pub(super) back: RedirectUrl,
    pub(super) left: PostLogoutRedirectUrl,
}

impl Config {
    /// `public_url` is where browsers reach this program. Without a secret we are a public client, protected by PKCE alone.
    /// The error names the part that cannot be used.
    pub fn new(
        issuer: &str,
        client: &str,
        secret: Option<&str>,
        scopes: impl IntoIterator<Item = String>,
        public_url: &str,
    ) -> std::result::Result<Config, &'static str> {
        if client.is_empty() {
            return Err("client_id");
        }
        let here = public_url.trim_end_matches('/');
        let origin =
            Url::parse(here).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.path() == "/" && url.query().is_none());
        if origin.is_none_or(|url| url.host_str().is_none()) {
            return Err("public_url");
        }
        let is_web = |url: &IssuerUrl| matches!(url.url().scheme(), "https" | "http") && url.url().query().is_none();
        Ok(Config {
            issuer: IssuerUrl::new(issuer.to_owned()).ok().filter(is_web).ok_or("issuer")?,
            client: ClientId::new(client.to_owned()),
            secret: secret.map(|secret| ClientSecret::new(secret.to_owned())),
            scopes: scopes.into_iter().map(Scope::new).collect(),
            back: RedirectUrl::new(format!("{here}/desk/signed")).map_err(|_| "public_url")?,
            left: PostLogoutRedirectUrl::new(format!("{here}/desk/login")).map_err(|_| "public_url")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(issuer: &str, client: &str, public_url: &str) -> Option<&'static str> {
        Config::new(issuer, client, None, [], public_url).err()
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        assert_eq!(wrong("https://id.example.cn/realms/a", "yingda", "https://kefu.example.cn/"), None);
        assert_eq!(wrong("id.example.cn", "yingda", "https://kefu.example.cn"), Some("issuer"));
        assert_eq!(wrong("ftp://id.example.cn", "yingda", "https://kefu.example.cn"), Some("issuer"));
        assert_eq!(wrong("https://id.example.cn", "", "https://kefu.example.cn"), Some("client_id"));
        for public_url in ["", "kefu.example.cn", "https://kefu.example.cn/desk", "https://kefu.example.cn?a", "javascript:alert(1)"] {
            assert_eq!(wrong("https://id.example.cn", "yingda", public_url), Some("public_url"), "{public_url}");
        }
    }

    #[test]
    fn the_secret_is_not_shown() {
        let config = Config::new("https://id.example.cn", "yingda", Some("s3cret"), [], "https://kefu.example.cn").unwrap();
        assert!(!format!("{config:?}").contains("s3cret"));
    }
}
