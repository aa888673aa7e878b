//! The plan of the house, checked by plain text search: what ARCHITECTURE.md says in its lists is what the code does.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// One source file, without its comments and, for rules about the program proper, without its tests.
struct Source {
    /// From the root of the repository.
    path: String,
    code: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        match entry.file_type().unwrap().is_dir() {
            true if ["node_modules", "dist", "target", ".git"].contains(&name.as_str()) => {}
            true => walk(&path, found),
            false => found.push(path),
        }
    }
}

fn files(under: &str, extensions: &[&str]) -> Vec<(String, String)> {
    let (root, mut found) = (root(), Vec::new());
    walk(&root.join(under), &mut found);
    found.sort();
    let wanted = found.into_iter().filter(|path| path.extension().is_some_and(|e| extensions.iter().any(|wanted| e == *wanted)));
    wanted.map(|path| (path.strip_prefix(&root).unwrap().display().to_string(), fs::read_to_string(&path).unwrap())).collect()
}

/// The Rust code of a crate's `src`, comment lines dropped, everything from `#[cfg(test)]\nmod …` on dropped, test files left out.
fn sources(krate: &str) -> Vec<Source> {
    let is_test =
        |path: &str| path.ends_with("/tests.rs") || path.contains("/tests/") || path.contains("/testkit") || path.contains("/matrix/");
    let files = files(&format!("crates/{krate}/src"), &["rs"]).into_iter().filter(|(path, _)| !is_test(path));
    files.map(|(path, text)| Source { path, code: code(text.split("#[cfg(test)]\nmod ").next().unwrap_or_default()) }).collect()
}

fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

/// The lines of the block ```` ```name ```` of ARCHITECTURE.md as `key: a, b`; what follows `#` is a remark.
fn list(name: &str) -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let fence = format!("```{name}\n");
    let block = text.split(&fence).nth(1).unwrap_or_else(|| panic!("ARCHITECTURE.md has no list {name}")).split("```").next().unwrap();
    let lines = block.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).filter(|line| !line.is_empty());
    let pairs = lines.map(|line| line.split_once(':').unwrap_or_else(|| panic!("{name}: {line}")));
    pairs.map(|(key, values)| (key.trim().to_owned(), words(values))).collect()
}

fn words(text: &str) -> BTreeSet<String> {
    text.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn assert_none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}\n  {}", found.join("\n  "));
}

/// `crates/yingda-service/src/ticket/store.rs` -> `ticket`; files directly in `src` belong to no feature.
fn feature(path: &str) -> Option<&str> {
    path.strip_prefix("crates/yingda-service/src/")?.split_once('/').map(|(feature, _)| feature)
}

fn word_at(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// Modules named after `crate::`, in paths and in `use crate::{a::b, c}` alike.
fn own_modules(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(word_at(rest).to_owned());
            continue;
        };
        let (mut depth, mut is_start) = (1, true);
        for (n, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => is_start = true,
                c if is_start && !c.is_whitespace() => {
                    found.insert(word_at(&group[n..]).to_owned());
                    is_start = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

#[test]
fn features_import_each_other_only_as_the_list_allows() {
    let allowed = list("features");
    let features: BTreeSet<&str> = allowed.keys().map(String::as_str).collect();
    let mut wrong = Vec::new();
    for source in sources("yingda-service") {
        let Some(own) = feature(&source.path) else { continue };
        let Some(may) = allowed.get(own) else {
            wrong.push(format!("{}: the feature {own} is not in the list of ARCHITECTURE.md", source.path));
            continue;
        };
        let used = own_modules(&source.code);
        let others = used.iter().filter(|used| *used != own && features.contains(used.as_str()) && !may.contains(*used));
        wrong.extend(others.map(|other| format!("{}: {own} -> {other}", source.path)));
    }
    assert_none(&wrong, "imports that the list \"features\" of ARCHITECTURE.md does not allow:");
}

#[test]
fn the_list_of_features_promises_no_import_that_nobody_needs() {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources("yingda-service") {
        if let Some(own) = feature(&source.path) {
            used.entry(own.to_owned()).or_default().extend(own_modules(&source.code));
        }
    }
    let idle = list("features").into_iter().flat_map(|(own, may)| {
        let used = used.get(&own).cloned().unwrap_or_default();
        may.into_iter().filter(move |other| !used.contains(other)).map(move |other| format!("{own} -> {other}")).collect::<Vec<_>>()
    });
    assert_none(&idle.collect::<Vec<_>>(), "strike these from the list \"features\" of ARCHITECTURE.md:");
}

#[test]
fn sql_stands_only_in_stores() {
    let marks = ["sql!(", "sql_template!", "SELECT ", "INSERT INTO ", "DELETE FROM ", ".prepare(", "execute_batch("];
    let is_store = |path: &str| path.ends_with("/store.rs") || path.contains("/store/");
    let rooms = ["yingda-service", "yingda", "yingda-bench"].into_iter().flat_map(sources);
    let outside = rooms.filter(|source| !is_store(&source.path)).filter_map(|source| {
        let mark = marks.iter().find(|mark| source.code.contains(**mark))?;
        Some(format!("{}: {mark}", source.path))
    });
    assert_none(&outside.collect::<Vec<_>>(), "SQL outside store.rs:");
}

#[test]
fn axum_stays_at_the_edge() {
    let edge = list("edge").into_values().flatten().collect::<Vec<_>>();
    let is_edge =
        |path: &str| path.ends_with("/http.rs") || path.contains("/http/") || edge.iter().any(|place| path.ends_with(place.as_str()));
    let inside = ["yingda-base", "yingda-service"].into_iter().flat_map(sources).filter(|source| !is_edge(&source.path));
    let wrong = inside.filter(|source| source.code.contains("axum::") || source.code.contains("use axum")).map(|source| source.path);
    assert_none(&wrong.collect::<Vec<_>>(), "axum outside http.rs:");
}

#[test]
fn each_table_is_written_by_its_owner_alone() {
    let mut owner: BTreeMap<String, String> = BTreeMap::new();
    for (room, tables) in list("tables") {
        for table in tables {
            let before = owner.insert(table.clone(), room.clone());
            assert_eq!(before, None, "{table} has two owners in ARCHITECTURE.md");
        }
    }
    let mut wrong = Vec::new();
    for (path, text) in files("migrations", &["sql"]) {
        for made in text.split("CREATE TABLE ").skip(1).map(word_at).filter(|table| !owner.contains_key(*table)) {
            wrong.push(format!("{path}: {made} has no owner in the list \"tables\" of ARCHITECTURE.md"));
        }
    }
    for source in ["yingda-base", "yingda-service", "yingda"].into_iter().flat_map(sources) {
        for write in ["INSERT INTO ", "UPDATE ", "DELETE FROM "] {
            for (at, _) in source.code.match_indices(write) {
                let table = word_at(&source.code[at + write.len()..]);
                let Some(room) = owner.get(table) else { continue };
                if !source.path.starts_with(&format!("crates/yingda-service/src/{room}/"))
                    && !source.path.starts_with(&format!("crates/yingda-{room}/"))
                {
                    wrong.push(format!("{}: {write}{table}, which belongs to {room}", source.path));
                }
            }
        }
    }
    assert_none(&wrong, "tables written by strangers:");
}

#[test]
fn pure_crates_reach_for_nothing() {
    let outside = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "std::time",
        "fs::{",
        "async ",
        ".await",
        "unsafe ",
        "println!",
        "tokio",
        "tracing",
    ];
    let mut wrong = Vec::new();
    for krate in list("pure").remove("crates").expect("the list of pure crates") {
        let inside = sources(&krate);
        assert!(!inside.is_empty(), "{krate} has no sources");
        for source in inside {
            wrong.extend(outside.iter().filter(|mark| source.code.contains(**mark)).map(|mark| format!("{}: {mark}", source.path)));
        }
        let manifest: toml::Table = fs::read_to_string(root().join("crates").join(&krate).join("Cargo.toml")).unwrap().parse().unwrap();
        let dependencies = manifest["dependencies"].as_table().unwrap().keys();
        let impure =
            dependencies.filter(|name| name.starts_with("yingda") || ["tokio", "axum", "reqwest", "rand", "jiff"].contains(&name.as_str()));
        wrong.extend(impure.map(|name| format!("{krate} depends on {name}")));
    }
    assert_none(&wrong, "a pure crate reaches outside:");
}

#[test]
fn no_file_is_too_long() {
    let rooms = files("crates", &["rs"]).into_iter().chain(files("web", &["ts", "tsx", "vue", "mjs"]));
    let is_made = |path: &str| path.ends_with("schema.d.ts") || path.contains(".gen.");
    let long = rooms.filter(|(path, _)| !is_made(path)).filter_map(|(path, text)| {
        let lines = code(&text).lines().filter(|line| !line.trim().is_empty()).count();
        (lines > 600).then(|| format!("{path}: {lines} lines of code"))
    });
    assert_none(&long.collect::<Vec<_>>(), "which noun is hiding in them?");
}

#[test]
fn every_error_code_has_words_in_both_languages() {
    let mut known = BTreeSet::new();
    for (path, text) in files("crates", &["toml"]).into_iter().filter(|(path, _)| path.ends_with("texts.toml")) {
        let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
        for (code, words) in table {
            for language in ["zh", "en"] {
                let text = words.get(language).and_then(toml::Value::as_str).unwrap_or_default();
                assert!(!text.is_empty(), "{path}: {code} has no text in {language}");
            }
            assert!(known.insert(code.clone()), "{path}: {code} stands twice");
        }
    }
    let makers = ["malformed(", "unauthenticated(", "forbidden(", "conflict(", "invalid(", "unavailable("];
    let mut wrong = Vec::new();
    for source in ["yingda-base", "yingda-service", "yingda"].into_iter().flat_map(sources) {
        let direct = makers.iter().flat_map(|maker| source.code.split(&format!("Error::{maker}")).skip(1).collect::<Vec<_>>());
        let by_kind = source.code.split("Error::new(").skip(1).filter_map(|rest| rest.split_once(',').map(|(_, code)| code));
        for rest in direct.chain(by_kind) {
            if let Some(code) = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next())
                && !known.contains(code)
            {
                wrong.push(format!("{}: {code}", source.path));
            }
        }
    }
    assert_none(&wrong, "error codes without words:");
}

#[test]
fn nobody_reads_the_clock_of_the_machine() {
    let clocks = ["SystemTime::now", "std::time::Instant", "Timestamp::now", "Zoned::now", "Utc::now", "Local::now"];
    let inside = ["yingda-base", "yingda-service", "yingda"].into_iter().flat_map(sources);
    let wrong = inside.filter(|source| !source.path.ends_with("yingda-base/src/clock.rs")).filter_map(|source| {
        // Deadlines of the runtime's own timers are not the clock.
        let instant =
            source.code.contains("Instant::now") && !source.code.contains("tokio::time::") && !source.code.contains("time::Instant");
        let clock = clocks.iter().find(|clock| source.code.contains(**clock)).copied().or(instant.then_some("Instant::now"))?;
        Some(format!("{}: {clock}", source.path))
    });
    assert_none(&wrong.collect::<Vec<_>>(), "time is injected: use Clock");
}

#[test]
fn the_searches_find_what_they_look_for() {
    let found =
        own_modules("use crate::{\n    App,\n    auth::{self, Action},\n    staff,\n};\nlet a = crate::visit::open(); $crate::sql!()");
    assert_eq!(found, words("App, auth, staff, visit"));
    assert_eq!(feature("crates/yingda-service/src/auth/http.rs"), Some("auth"));
    assert_eq!(feature("crates/yingda-service/src/app.rs"), None);
    assert_eq!(code("a\n  // crate::b\nc\n"), "a\nc\n");
}
