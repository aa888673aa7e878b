//! Lists the files of `migrations/` for `migrate.rs`, so that the program holds them.
use std::{env, fmt::Write, fs, path::Path};

fn main() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../../migrations");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("the repository has migrations/")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    paths.sort();
    let mut list = String::from("&[\n");
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).expect("names of migrations are plain");
        writeln!(list, "({name:?}, include_str!({:?})),", path.canonicalize().expect("it exists"))
            .expect("writing to a string never fails");
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("migrations.rs"), list).expect("OUT_DIR can be written");
}
