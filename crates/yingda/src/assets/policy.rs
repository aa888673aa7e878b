//! Which headers protect which kind of page. Strict from the first day; an exception is named here with its reason.
use axum::http::{HeaderName, HeaderValue, header};

/// A kind of page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// The agents' desk.
    Desk,
    /// The script a host page includes.
    Loader,
    /// The panel, framed by pages of these origins besides our own.
    Panel { origins: Vec<String> },
    /// How a site will look: framed by the desk, frames the panel in its turn.
    Preview,
    /// The demonstration operator's page.
    Demo,
}

impl Page {
    /// All headers for a file of this kind of page.
    pub(super) fn headers(&self, host: Option<&HeaderValue>, is_page: bool) -> Vec<(HeaderName, String)> {
        let mut headers = vec![
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
            (header::REFERRER_POLICY, "strict-origin-when-cross-origin".to_owned()),
            (HeaderName::from_static("cross-origin-resource-policy"), self.shared_with().to_owned()),
        ];
        if is_page {
            headers.push((header::CONTENT_SECURITY_POLICY, self.content_policy(host)));
            headers.push((
                HeaderName::from_static("permissions-policy"),
                "camera=(), geolocation=(), microphone=(), payment=(), usb=()".to_owned(),
            ));
            if *self == Page::Desk {
                headers.push((HeaderName::from_static("cross-origin-opener-policy"), "same-origin".to_owned()));
            }
        }
        headers
    }

    /// Which sites may load the file.
    fn shared_with(&self) -> &'static str {
        if *self == Page::Loader { "cross-origin" } else { "same-origin" }
    }

    fn content_policy(&self, host: Option<&HeaderValue>) -> String {
        let framed_by = match self {
            Page::Panel { origins } => origins.iter().fold("'self'".to_owned(), |list, origin| list + " " + origin),
            Page::Preview => "'self'".to_owned(),
            Page::Desk | Page::Loader | Page::Demo => "'none'".to_owned(),
        };
        // The demonstration page is a host page: it frames the panel. The desk shows how a site will look.
        let frames = if matches!(self, Page::Demo | Page::Desk | Page::Preview) { "frame-src 'self'; " } else { "" };
        // Vue makes a policy of that name when it starts, whether or not there is static markup for it.
        let types = if *self == Page::Desk { "trusted-types vue; " } else { "trusted-types; " };
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; media-src 'self'; {frames}\
             connect-src 'self'{}; frame-ancestors {framed_by}; base-uri 'none'; form-action 'none'; {types}require-trusted-types-for 'script'",
            sockets(host)
        )
    }
}

/// Older browsers do not count the socket of the same host as 'self'.
fn sockets(host: Option<&HeaderValue>) -> String {
    let is_plain = |host: &&str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte));
    host.and_then(|host| host.to_str().ok()).filter(is_plain).map_or_else(String::new, |host| format!(" ws://{host} wss://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(page: &Page, host: &str) -> String {
        page.content_policy(HeaderValue::from_str(host).ok().as_ref())
    }

    #[test]
    fn only_the_panel_can_be_framed_and_only_by_its_site() {
        assert!(policy(&Page::Desk, "a.cn").contains("frame-ancestors 'none'"));
        let panel = Page::Panel { origins: vec!["https://shop.cn".into()] };
        assert!(policy(&panel, "a.cn").contains("frame-ancestors 'self' https://shop.cn;"));
        assert!(!policy(&panel, "a.cn").contains("frame-src"), "the panel frames nothing");
        assert!(policy(&Page::Preview, "a.cn").contains("frame-ancestors 'self';"));
    }

    #[test]
    fn a_strange_host_header_cannot_widen_the_policy() {
        assert!(policy(&Page::Desk, "127.0.0.1:8080").contains("connect-src 'self' ws://127.0.0.1:8080 wss://127.0.0.1:8080;"));
        assert!(policy(&Page::Desk, "a.cn; script-src *").contains("connect-src 'self';"));
    }

    #[test]
    fn no_page_runs_inline_scripts() {
        for page in [Page::Desk, Page::Demo, Page::Preview, Page::Panel { origins: Vec::new() }] {
            let policy = policy(&page, "a.cn");
            assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
            assert!(!policy.contains("unsafe"));
        }
    }
}
