//! What shells offer for the value of a flag: words, files, both or nothing. It concerns completions alone: what a flag
//! takes is said where it is defined, and may be more than what is offered, such as `leaky-relu:0.2`.

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, ValueHint};
use planar::backend::PlanChoice;
use planar::data::{Scale, Source};
use planar::model::{Activation, Output};
use planar::optim::Optimizer;
use planar::reproduce::claims;

/// What is offered for a value.
enum Offer {
    Words(Vec<String>),
    Files,
    Folders,
    /// A number or a name that only the user knows.
    Nothing,
}

/// A command that is only there to be completed: each of its values has its offer.
pub fn offered(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let commands: Vec<String> = command.get_subcommands().map(|of| of.get_name().into()).collect();
    let command = command.mut_args(|arg| match offer(&name, &arg) {
        _ if !arg.get_action().takes_values() => arg,
        Offer::Words(words) => arg.value_parser(PossibleValuesParser::new(words)),
        Offer::Files => arg.value_hint(ValueHint::FilePath),
        Offer::Folders => arg.value_hint(ValueHint::DirPath),
        Offer::Nothing => arg.value_hint(ValueHint::Other),
    });
    let command = command.mut_subcommands(offered);
    // the pages of `man` are those of the commands
    let pages = || PossibleValuesParser::new(commands.clone());
    match commands.iter().any(|name| name == "man") {
        true => command.mut_subcommand("man", |man| man.mut_arg("command", |arg| arg.value_parser(pages()))),
        false => command,
    }
}

/// The data sets that have a name. A file is offered beside them.
pub fn data_sets() -> Vec<String> {
    Source::GENERATED.iter().map(Source::to_string).collect()
}

/// What a flag of a command offers, by the flag's name, or else by the name of its value.
fn offer(command: &str, arg: &Arg) -> Offer {
    let of = |words: &[&str]| Offer::Words(words.iter().map(|word| (*word).into()).collect());
    let value = arg.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
    match (arg.get_id().as_str(), command) {
        ("data", _) => Offer::Words(data_sets()),
        ("activation", _) => of(&Activation::ALL.map(Activation::name)),
        ("backward_activation", _) => of(&["tanh", "sigmoid", "relu", "leaky-relu"]),
        ("optimizer", _) => of(&Optimizer::ALL.map(Optimizer::name)),
        ("output", _) => of(&Output::ALL.map(Output::name)),
        ("class_weights", _) => of(&["balanced"]),
        ("schedule", _) => of(&["constant", "cosine", "step:1000:0.5"]),
        ("init_scale", _) => of(&["he", "xavier"]),
        ("scale", _) => of(&Scale::ALL.map(Scale::name)),
        ("scale_targets", _) => of(&["standard", "minmax", "none"]),
        ("delimiter", _) => of(&["comma", "semicolon", "tab", "space"]),
        ("plan", _) => of(&[&[PlanChoice::Auto.name()], &PlanChoice::ALL.map(PlanChoice::name)[..]].concat()),
        ("device", "sweep") => of(&["auto", "cpu", "gpu", "all"]),
        ("device", "reproduce") | ("left" | "right", _) => of(&["reference-f64", "reference-f32", "cpu", "gpu"]),
        ("only", "bench") => of(&["engine", "reference", "split", "resident", "layered"]),
        ("only", _) => {
            let mut names: Vec<String> = claims().iter().map(|claim| claim.name.into()).collect();
            names.dedup();
            Offer::Words(names)
        }
        ("shell", _) => of(&["bash", "elvish", "fish", "powershell", "zsh"]),
        _ if value == "DEVICE" => of(&["auto", "cpu", "gpu"]),
        _ if value == "DIR" => Offer::Folders,
        _ if value.starts_with("FILE") || value == "CSV" => Offer::Files,
        // names that are words to be typed, as in yes|no|auto
        _ if value.split('|').any(is_word) => of(&value.split('|').filter(|name| is_word(name)).collect::<Vec<_>>()),
        _ => Offer::Nothing,
    }
}

/// Whether a value's name is a word to be typed, since placeholders are in capital letters.
fn is_word(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::Cli;

    /// Calls `see` with each command's words on the command line and its definition.
    fn each(command: &Command, words: &[String], see: &mut dyn FnMut(&[String], &Command)) {
        see(words, command);
        for sub in command.get_subcommands() {
            each(sub, &[words, &[sub.get_name().into()]].concat(), see);
        }
    }

    #[test]
    fn every_word_that_is_offered_is_taken() {
        let mut tried = 0;
        each(&offered(Cli::command()), &["planar".into()], &mut |words, command| {
            for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values() && !arg.is_positional()) {
                let Some(long) = arg.get_long() else { continue };
                for value in arg.get_possible_values() {
                    let line = [words, &[format!("--{long}={}", value.get_name())]].concat();
                    let kind = Cli::try_parse_from(&line).err().map(|error| error.kind());
                    assert!(!matches!(kind, Some(ErrorKind::InvalidValue | ErrorKind::ValueValidation)), "{line:?}");
                    tried += 1;
                }
            }
        });
        assert!(tried > 100, "{tried}");
    }

    #[test]
    fn only_numbers_and_names_that_the_user_alone_knows_have_no_offer() {
        each(&offered(Cli::command()), &["planar".into()], &mut |words, command| {
            for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
                if arg.get_value_hint() != ValueHint::Other || !arg.get_possible_values().is_empty() {
                    continue;
                }
                let value = arg.get_value_names().unwrap()[0].as_str();
                let is_known = [
                    "N",
                    "M",
                    "K",
                    "S",
                    "MIB",
                    "K/N",
                    "SEED",
                    "SHARE",
                    "ETA",
                    "RATE",
                    "SCALE",
                    "SECONDS",
                    "COLUMN",
                    "COLUMNS",
                    "LABEL",
                    "NAME,NAME",
                    "LIST|RANGE",
                    "B",
                    "P",
                    "LAMBDA",
                    "NORM",
                    "PATIENCE",
                ];
                let is_list_of_numbers =
                    ["hidden", "iterations", "epochs", "init_seed", "l2", "dropout", "dropout_seed"]
                        .contains(&arg.get_id().as_str());
                let is_measured = arg.get_id() == "layout";
                assert!(is_known.contains(&value) || is_list_of_numbers || is_measured, "{words:?} {}", arg.get_id());
            }
        });
    }
}
