//! The help of the command line, in the language of the terminal: texts `help.COMMAND` and `help.COMMAND.ARGUMENT`, else `argument.ARGUMENT`.
use clap::{Command, CommandFactory};
use serde_json::Map;
use yingda_base::locale::{self, Language};

/// The command line with its descriptions filled in. `bench` is for developers and describes itself in English.
pub fn translated<C: CommandFactory>(language: Language) -> Command {
    describe(C::command(), "help", language)
}

fn describe(mut command: Command, path: &str, language: Language) -> Command {
    let say = |key: &str| locale::has(key).then(|| locale::text(key, language, &Map::new()));
    if let Some(text) = say(path) {
        command = command.about(text);
    }
    command =
        command.mut_args(|arg| match say(&format!("{path}.{}", arg.get_id())).or_else(|| say(&format!("argument.{}", arg.get_id()))) {
            Some(text) => arg.help(text),
            None => arg,
        });
    command.mut_subcommands(|sub| {
        let path = format!("{path}.{}", sub.get_name());
        describe(sub, &path, language)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undescribed(command: &Command, path: &str, found: &mut Vec<String>) {
        if command.get_about().is_none() {
            found.push(path.to_owned());
        }
        found.extend(command.get_arguments().filter(|arg| arg.get_help().is_none()).map(|arg| format!("{path}.{}", arg.get_id())));
        for sub in command.get_subcommands() {
            undescribed(sub, &format!("{path}.{}", sub.get_name()), found);
        }
    }

    #[test]
    fn every_command_and_argument_is_described() {
        let mut found = Vec::new();
        undescribed(&translated::<crate::Cli>(Language::Chinese), "help", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}
