//! The web apps as the program hands them out. Without a build it says how to make one; what it says is tested then.
use super::program::{Place, Serving};
use reqwest::{Response, header::HeaderMap};
use serde_json::json;
use std::path::Path;

fn is_built(app: &str) -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/apps").join(app).join("dist").is_dir()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

async fn without_redirects(serving: &Serving, path: &str) -> Response {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    client.get(format!("{}{path}", serving.url)).send().await.unwrap()
}

#[tokio::test]
async fn the_first_page_is_the_desk_or_the_demonstration() {
    let place = Place::new();
    let plain = without_redirects(&place.serve(&[]), "/").await;
    assert_eq!((plain.status().as_u16(), text(plain.headers(), "location")), (307, "/desk/"));
    let place = Place::new();
    let demo = without_redirects(&place.serve(&["--demo"]), "/").await;
    assert_eq!((demo.status().as_u16(), text(demo.headers(), "location")), (307, "/demo/"));
}

#[tokio::test]
async fn the_desk_is_strictly_protected_and_knows_its_own_routes() {
    let place = Place::new();
    let serving = place.serve(&[]);
    for path in ["/desk/", "/desk/conversation/abc"] {
        let page = serving.get(path).await;
        if !is_built("desk") {
            assert_eq!(page.status(), 503);
            assert!(page.text().await.unwrap().contains("npm run build"));
            continue;
        }
        assert_eq!(page.status(), 200, "{path}");
        let headers = page.headers();
        let policy = text(headers, "content-security-policy");
        for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"] {
            assert!(policy.contains(rule), "{rule} is missing in {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(text(headers, "x-content-type-options"), "nosniff");
        assert_eq!(text(headers, "cross-origin-opener-policy"), "same-origin");
        assert_eq!(text(headers, "cache-control"), "no-cache");
    }
    assert_eq!(serving.get("/desk/assets/none-12345678.js").await.status(), 404);
    assert_eq!(serving.get("/desk/../Cargo.toml").await.status(), 404);
    assert_eq!(serving.get("/desk/..%2f..%2fpackage.json").await.status(), 404);
}

#[tokio::test]
async fn files_with_a_hash_in_their_name_are_kept_and_others_asked_for_again() {
    if !is_built("desk") {
        return eprintln!("the desk is not built; the_desk_is_strictly_protected tests what is said then");
    }
    let place = Place::new();
    let serving = place.serve(&[]);
    let page = serving.get("/desk/").await;
    let tag = text(page.headers(), "etag").to_owned();
    let html = page.text().await.unwrap();
    let script = html.split("src=\"").filter_map(|rest| rest.split('"').next()).find(|path| path.contains("/assets/")).expect("a script");
    let answer = serving.get(script).await;
    assert_eq!(text(answer.headers(), "cache-control"), "public, max-age=31536000, immutable");
    let again = reqwest::Client::new().get(format!("{}/desk/", serving.url)).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    let packed = reqwest::Client::new().get(format!("{}{script}", serving.url)).header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!((text(packed.headers(), "content-encoding"), text(packed.headers(), "vary")), ("gzip", "accept-encoding"));
    let (whole, packed) = (answer.bytes().await.unwrap(), packed.bytes().await.unwrap());
    assert!(packed.starts_with(&[0x1F, 0x8B]) && packed.len() < whole.len());
}

#[tokio::test]
async fn the_panel_is_framed_by_the_pages_of_its_site_alone() {
    let place = Place::new();
    let serving = place.serve(&[]);
    let file = place.path().join("token");
    assert_eq!(place.command(&["admin", "token", &file.display().to_string()]).code, Some(0));
    let token = std::fs::read_to_string(file).unwrap();
    let post = async |path: &str, body: serde_json::Value| -> serde_json::Value {
        let call = reqwest::Client::new().post(format!("{}{path}", serving.url)).bearer_auth(token.trim()).json(&body);
        call.send().await.unwrap().json().await.unwrap()
    };
    let group = post("/api/v1/staff/groups", json!({"name": "咨询"})).await["group"]["id"].clone();
    let site = json!({"key": "shop", "name": "商城", "group": group, "origins": ["https://shop.example"]});
    assert_eq!(post("/api/v1/channel/sites", site).await["site"]["key"], "shop");

    let page = serving.get("/widget/panel.html?key=shop").await;
    if is_built("widget") {
        assert!(text(page.headers(), "content-security-policy").contains("frame-ancestors 'self' https://shop.example;"));
        let other = serving.get("/widget/panel.html").await;
        assert!(text(other.headers(), "content-security-policy").contains("frame-ancestors 'self';"));
        assert_eq!(text(serving.get("/widget.js").await.headers(), "cross-origin-resource-policy"), "cross-origin");
    } else {
        assert_eq!(page.status(), 503);
    }
    assert_eq!(serving.get("/widget/panel.html?key=nobody").await.status(), 404);
    assert_eq!(serving.get("/demo/").await.status(), 404, "only with --demo");
}
