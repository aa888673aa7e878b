//! Whatever this crate says no with, a user can read.
use std::{collections::BTreeSet, fs, path::Path};
use yingda_base::locale;

/// How errors are made: what stands before their code.
const MADE_BY: [&str; 7] =
    ["unavailable(\"", "conflict(\"", "invalid(\"", "malformed(\"", "forbidden(\"", "unauthenticated(\"", "Kind::Internal, \""];

fn codes(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for (line, maker) in lines.flat_map(|line| MADE_BY.map(|maker| (line, maker))) {
                let after = line.split(maker).skip(1).filter_map(|rest| rest.split('"').next());
                found.extend(after.map(str::to_owned));
            }
        }
    }
}

#[test]
fn every_error_code_has_its_words() {
    let mut found = BTreeSet::new();
    codes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.contains("database.full") && found.contains("key.missing"), "the search finds codes: {found:?}");
    let mute: Vec<&String> = found.iter().filter(|code| !locale::has(code)).collect();
    assert!(mute.is_empty(), "{mute:?}");
}
