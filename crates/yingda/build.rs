//! A release holds the built web apps. Names of their files change with their content, so a new build of the web must build the program
//! anew. In development they are read from disk and nothing needs to be watched.
use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        for app in ["desk", "widget"] {
            println!("cargo:rerun-if-changed=../../web/apps/{app}/dist");
        }
    }
}
