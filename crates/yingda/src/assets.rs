//! The web apps: inside the program in a release, read from `web/apps/*/dist` in development.
//!
//! | path | what | who may frame it |
//! |---|---|---|
//! | `/widget.js` | the loader, on any page of the operator | |
//! | `/widget/*` | the panel | the origins of its site |
//! | `/desk/*` | the desk; unknown paths are its own routes | nobody |
//! | `/demo/*` | a page of the seeded operator, with `serve --demo` only | nobody |
mod policy;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use policy::Page;
use rust_embed::{Embed, EmbeddedFile};
use std::fmt::Write;
use tower_http::compression::CompressionLayer;
use yingda_service::{App, channel};

#[derive(Embed)]
#[folder = "../../web/apps/desk/dist/"]
#[allow_missing = true]
struct Desk;

#[derive(Embed)]
#[folder = "../../web/apps/widget/dist/"]
#[allow_missing = true]
struct Widget;

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
    router.layer(CompressionLayer::new()).with_state(app)
}

async fn desk(request: Request) -> Response {
    let path = below(request.uri(), "/desk/");
    match Desk::get(&path) {
        Some(file) => answer(&path, file, Page::Desk, &request),
        // A path without a dot is a route of the app itself.
        None if !path.contains('.') || is_page(&path) => index(Desk::get("index.html"), Page::Desk, &request),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn loader(request: Request) -> Response {
    index(Widget::get("widget.js"), Page::Loader, &request)
}

async fn panel(State(app): State<App>, request: Request) -> Response {
    let path = below(request.uri(), "/widget/");
    let page = match site_key(request.uri()) {
        Some(key) if is_page(&path) => match channel::origins(&app, &key).await {
            Ok(origins) => Page::Panel { origins },
            Err(error) => return error.into_response(),
        },
        _ => Page::Panel { origins: Vec::new() },
    };
    file::<Widget>(&path, page, &request)
}

async fn demo(request: Request) -> Response {
    let path = format!("demo/{}", below(request.uri(), "/demo/"));
    file::<Widget>(&path, Page::Demo, &request)
}

fn file<Assets: Embed>(path: &str, page: Page, request: &Request) -> Response {
    match Assets::get(path) {
        Some(file) => answer(path, file, page, request),
        None if is_page(path) => unbuilt(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn index(file: Option<EmbeddedFile>, page: Page, request: &Request) -> Response {
    let name = if page == Page::Loader { "widget.js" } else { "index.html" };
    file.map_or_else(unbuilt, |file| answer(name, file, page, request))
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

fn answer(path: &str, file: EmbeddedFile, page: Page, request: &Request) -> Response {
    let tag = file.metadata.sha256_hash()[..16].iter().fold(String::from("W/\""), |mut tag, byte| {
        write!(tag, "{byte:02x}").expect("writing to a string never fails");
        tag
    }) + "\"";
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| match HeaderValue::from_str(value) {
        Ok(value) => drop(headers.insert(name, value)),
        Err(error) => tracing::error!(%error, "a header of an asset is not one"),
    };
    set(header::ETAG, &tag);
    set(header::CACHE_CONTROL, if is_immutable(path) { "public, max-age=31536000, immutable" } else { "no-cache" });
    for (name, value) in page.headers(request.headers().get(header::HOST), is_page(path)) {
        set(name, &value);
    }
    if request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let kind = file.metadata.mimetype();
    let kind = if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() };
    set(header::CONTENT_TYPE, &kind);
    (headers, Body::from(file.data.into_owned())).into_response()
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
