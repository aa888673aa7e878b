//! The web apps: inside the program in a release, read from `web/apps/*/dist` in development.
//!
//! | path | what | who may frame it |
//! |---|---|---|
//! | `/widget.js` | the loader, on any page of the operator | |
//! | `/widget/*` | the panel | the origins of its site |
//! | `/widget/preview.html` | how a site will look | ourselves |
//! | `/desk/*` | the desk; unknown paths are its own routes | nobody |
//! | `/demo/*` | a page of the seeded operator, with `serve --demo` only | nobody |
mod packed;
mod policy;

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use packed::Packed;
use policy::Page;
use rust_embed::{Embed, EmbeddedFile};
use std::fmt::Write;
use yingda_service::{App, channel};

#[derive(Embed)]
#[folder = "../../web/apps/desk/dist/"]
#[allow_missing = true]
struct Desk;

#[derive(Embed)]
#[folder = "../../web/apps/widget/dist/"]
#[allow_missing = true]
struct Widget;

/// What the handlers share.
#[derive(Clone)]
struct Shelf {
    app: App,
    packed: Packed,
}

/// The routes of all web apps. Compressed: they hold no secrets, unlike what the interface answers.
pub fn routes(app: App, is_demo: bool) -> Router {
    let home = if is_demo { "/demo/" } else { "/desk/" };
    let mut router = Router::new()
        .route("/", get(async move || Redirect::temporary(home)))
        .route("/favicon.ico", get(async || Redirect::permanent("/desk/icon.svg")))
        .route("/desk", get(async || Redirect::permanent("/desk/")))
        .route("/desk/", get(desk))
        .route("/desk/{*path}", get(desk))
        .route("/widget.js", get(loader))
        .route("/widget/", get(panel))
        .route("/widget/{*path}", get(panel));
    if is_demo {
        router = router.route("/demo/", get(demo)).route("/demo/{*path}", get(demo));
    }
    router.with_state(Shelf { app, packed: Packed::default() })
}

async fn desk(State(shelf): State<Shelf>, uri: Uri, asked: HeaderMap) -> Response {
    let path = below(&uri, "/desk/");
    match Desk::get(&path) {
        Some(file) => shelf.answer(&path, file, Page::Desk, &asked).await,
        // A path without a dot is a route of the app itself.
        None if !path.contains('.') || is_page(&path) => shelf.index(Desk::get("index.html"), Page::Desk, &asked).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn loader(State(shelf): State<Shelf>, asked: HeaderMap) -> Response {
    shelf.index(Widget::get("widget.js"), Page::Loader, &asked).await
}

async fn panel(State(shelf): State<Shelf>, uri: Uri, asked: HeaderMap) -> Response {
    let path = below(&uri, "/widget/");
    if path == "preview.html" {
        return shelf.file::<Widget>(&path, Page::Preview, &asked).await;
    }
    let page = match site_key(&uri) {
        Some(key) if is_page(&path) => match channel::origins(&shelf.app, &key).await {
            Ok(origins) => Page::Panel { origins },
            Err(error) => return error.into_response(),
        },
        _ => Page::Panel { origins: Vec::new() },
    };
    shelf.file::<Widget>(&path, page, &asked).await
}

async fn demo(State(shelf): State<Shelf>, uri: Uri, asked: HeaderMap) -> Response {
    let path = format!("demo/{}", below(&uri, "/demo/"));
    shelf.file::<Widget>(&path, Page::Demo, &asked).await
}

/// What follows the prefix; a folder is its `index.html`.
fn below(uri: &Uri, prefix: &str) -> String {
    let path = uri.path().strip_prefix(prefix).unwrap_or_default();
    if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() }
}

fn is_page(path: &str) -> bool {
    path.ends_with(".html")
}

/// `?key=KEY`: which site the panel serves decides who may frame it.
fn site_key(uri: &Uri) -> Option<String> {
    let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    let key = pairs.filter(|(name, _)| *name == "key").map(|(_, value)| value).next()?;
    key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)).then(|| key.to_owned())
}

/// The builds put eight characters of a hash of the content into the names of files that never change: `index-B1x_9aQz.js`.
fn is_immutable(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let hash = stem.len().checked_sub(8).and_then(|at| stem.split_at_checked(at)).filter(|(before, _)| before.ends_with('-'));
    !is_page(path) && hash.is_some_and(|(_, hash)| hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)))
}

impl Shelf {
    async fn file<Assets: Embed>(&self, path: &str, page: Page, asked: &HeaderMap) -> Response {
        match Assets::get(path) {
            Some(file) => self.answer(path, file, page, asked).await,
            None if is_page(path) => unbuilt(),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    async fn index(&self, file: Option<EmbeddedFile>, page: Page, asked: &HeaderMap) -> Response {
        let name = if page == Page::Loader { "widget.js" } else { "index.html" };
        match file {
            Some(file) => self.answer(name, file, page, asked).await,
            None => unbuilt(),
        }
    }

    async fn answer(&self, path: &str, file: EmbeddedFile, page: Page, asked: &HeaderMap) -> Response {
        let digest = file.metadata.sha256_hash();
        let tag = tag(&digest);
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: &str| match HeaderValue::from_str(value) {
            Ok(value) => drop(headers.insert(name, value)),
            Err(error) => tracing::error!(%error, "a header of an asset is not one"),
        };
        set(header::ETAG, &tag);
        set(header::CACHE_CONTROL, if is_immutable(path) { "public, max-age=31536000, immutable" } else { "no-cache" });
        for (name, value) in page.headers(asked.get(header::HOST), is_page(path)) {
            set(name, &value);
        }
        let kind = file.metadata.mimetype();
        let is_packable = packed::is_packable(kind, file.data.len());
        if is_packable {
            set(header::VARY, "accept-encoding");
        }
        if is_known(asked, &tag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        set(header::CONTENT_TYPE, &if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() });
        let mut bytes = packed::bytes(file.data);
        if is_packable && packed::is_welcome(asked) {
            bytes = match self.packed.get(digest, bytes).await {
                Ok(bytes) => bytes,
                Err(error) => return error.into_response(),
            };
            set(header::CONTENT_ENCODING, "gzip");
        }
        (headers, Body::from(bytes)).into_response()
    }
}

/// Weak: the same file may be compressed on its way, here or by a proxy.
fn tag(digest: &[u8; 32]) -> String {
    let hex = digest[..16].iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string never fails");
        hex
    });
    format!("W/\"{hex}\"")
}

/// Whether the caller holds what has this tag.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let lines = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|known| known.trim() == "*" || bare(known) == bare(tag))
}

/// Someone runs the program from a checkout and has not built the web apps.
fn unbuilt() -> Response {
    let text = "The web apps are not built. Run: cd web && npm ci && npm run build (or ./run, which does it)\n网页程序还没有构建。请运行：cd web && npm ci && npm run build（或直接运行 ./run）\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        for name in ["assets/index-B1x_9aQz.js", "panel-C0ffee12.css"] {
            assert!(is_immutable(name), "{name}");
        }
        for name in ["widget.js", "panel.html", "index.html", "icon.svg", "demo/page-12345678.html", "demo/a-b.js"] {
            assert!(!is_immutable(name), "{name}");
        }
    }

    #[test]
    fn a_site_key_is_taken_from_the_query_and_nothing_else_is() {
        let key = |uri: &str| site_key(&uri.parse().unwrap());
        assert_eq!(key("/widget/panel.html?locale=en&key=shop-1.cn").as_deref(), Some("shop-1.cn"));
        assert_eq!(key("/widget/panel.html?key=a%20b"), None);
        assert_eq!(key("/widget/panel.html"), None);
    }
}
