//! `planar man`: manual pages, generated from the command line's definition.

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use planar::Error;
use planar::files::{remove_leftovers, replace};

use super::page::{file, page};
use super::{Ending, Verbosity};

const EXAMPLES: &str = "Examples:
  planar man sweep merge | man -l -                    read a page
  planar man > planar.1                                the page of planar itself
  planar man --all ~/.local/share/man/man1             every page
Exit codes: 0 done, 1 failure, 2 wrong input.";

/// Print the manual page of planar or of one of its commands.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The command to document, such as train or sweep merge [default: planar itself]
    command: Vec<String>,
    /// Write all pages to this folder; older ones are replaced
    #[arg(long, value_name = "DIR", conflicts_with = "command", help_heading = "Output")]
    all: Option<PathBuf>,
    #[command(flatten)]
    verbosity: Verbosity,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    arguments.verbosity.start_log();
    // clap's own command `help` needs no page
    let mut cli = super::Cli::command().disable_help_subcommand(true);
    cli.build();
    match &arguments.all {
        Some(folder) => write_all(&cli, folder)?,
        None => {
            let of = arguments.command.iter().try_fold(&cli, |of, name| within(of, name))?;
            super::print_as_it_is(&page(of)?)?;
        }
    }
    Ok(Ending::Done)
}

/// Writes the pages of a command and of those within it.
fn write_all(cli: &Command, folder: &Path) -> anyhow::Result<()> {
    if !folder.is_dir() {
        let given = format_args!("'{}'", folder.display());
        return Err(Error::invalid("--all", "a folder that exists", given).into());
    }
    let commands = all(cli);
    for command in &commands {
        let path = folder.join(file(command));
        remove_leftovers(&path);
        replace(&path, page(command)?.as_bytes())?;
    }
    super::print(&format!("{} pages in {}\n", commands.len(), folder.display()))
}

/// A command and those within it.
fn all(command: &Command) -> Vec<&Command> {
    [command].into_iter().chain(command.get_subcommands().flat_map(all)).collect()
}

/// The command of this name.
fn within<'a>(of: &'a Command, name: &str) -> planar::Result<&'a Command> {
    of.find_subcommand(name).ok_or_else(|| {
        let there: Vec<&str> = of.get_subcommands().map(Command::get_name).collect();
        let wanted = match there.is_empty() {
            true => format!("{} alone, which has no commands", of.get_name()),
            false => format!("one of {}", there.join(", ")),
        };
        Error::invalid("the command", wanted, format_args!("'{name}'"))
    })
}
