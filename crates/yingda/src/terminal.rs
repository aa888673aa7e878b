//! What the program says to the person who started it, in the language of their terminal, and with which code it ends.
use serde_json::{Map, Value};
use std::process::ExitCode;
use yingda_base::{
    Error, Millis,
    locale::{self, Language},
};

yingda_base::texts!("texts.toml");

/// Chinese if the environment says so (LC_ALL, LC_MESSAGES, LANG: the first that is set), else English.
pub fn language() -> Language {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    match ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set) {
        Some(locale) if locale.to_ascii_lowercase().starts_with("zh") => Language::Chinese,
        _ => Language::English,
    }
}

/// Prints a text on standard output.
#[expect(clippy::print_stdout, reason = "this is the program's voice")]
pub fn say(key: &str, parameters: &[(&str, &str)]) {
    println!("{}", text(key, parameters));
}

/// A text with its parameters.
pub fn text(key: &str, parameters: &[(&str, &str)]) -> String {
    let parameters: Map<String, Value> = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    locale::text(key, language(), &parameters)
}

/// A moment, in UTC: `2026-11-20 10:30:00`.
pub fn moment(at: Millis) -> String {
    at.in_words()
}

/// Prints a finished text on standard output.
#[expect(clippy::print_stdout, reason = "this is the program's voice")]
pub fn print(text: &str) {
    print!("{text}");
}

/// `bench` speaks English: its users are developers.
pub fn complain_of_bench(error: &anyhow::Error) {
    eprintln!("yingda bench: {error:#}");
}

/// Prints an error on standard error, its cause on a second line, and answers the code the program ends with.
pub fn complain(error: &Error) -> ExitCode {
    eprintln!("yingda: {}", locale::text(error.code(), language(), error.details()));
    if let Some(cause) = error.cause() {
        eprintln!("{}", locale::text("program.cause", language(), &Map::from_iter([("cause".to_owned(), cause.to_string().into())])));
    }
    ExitCode::from(exit_code(error.code()))
}

/// Documented in docs/operate/install.md. 1: what was asked for did not succeed; 2: the command line is wrong.
fn exit_code(code: &str) -> u8 {
    match code {
        "listen.not_loopback" => 4,
        "listen.in_use" | "listen.failed" => 5,
        "data.unwritable" | "database.unwritable" => 6,
        "data.in_use" => 7,
        "database.locked" | "database.busy" => 8,
        "database.unreachable" | "database.lost" | "database.corrupt" => 9,
        "database.schema_too_new" | "backup.schema_unknown" | "backup.newer" | "restore.schema_newer" => 10,
        "database.migration_changed" | "database.migration_failed" => 11,
        "restore.unfinished" => 14,
        code if code.starts_with("config.") || code == "database.url_unknown" => 3,
        code if code.starts_with("key.") => 12,
        code if code.starts_with("tls.") => 13,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ending_has_words_in_both_languages() {
        for code in
            ["listen.not_loopback", "listen.in_use", "data.unwritable", "data.in_use", "database.schema_too_new", "config.key_unknown"]
        {
            assert!(locale::has(code), "{code}");
            assert_ne!(exit_code(code), 1, "{code}");
        }
    }
}
