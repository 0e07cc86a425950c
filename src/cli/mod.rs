//! The command line: one file per subcommand, one line in [`REGISTRY`]. Neighbour: `tui`, which knows nothing of it.
//!
//! stdout is data, stderr is progress and messages. A command does its work through [`crate::workbench`] and says how
//! it went by an [`Outcome`] or an error, which together become the exit code.

mod anomalies;
mod check;
mod commit;
mod completions;
mod context;
mod decide;
mod demo;
mod diff;
mod duplicates;
mod export;
mod failure;
mod formats;
mod init;
mod interrupt;
mod json;
mod load;
mod log;
mod man;
mod map;
mod message;
mod open;
mod progress;
mod query;
mod report;
mod revert;
mod rules;
mod schema;
mod sink;
mod source;
mod sync;
mod table;
mod text;
mod transforms;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgMatches, Args, FromArgMatches as _};

use crate::error::{Error, Result};
use crate::workbench::Workbench;
use context::{Context, Global};

/// How a command went that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Nothing stands in the way: exit code 0.
    Pass,
    /// The gate or a check failed: exit code 1.
    Fail,
}

impl Outcome {
    fn pass_if(holds: bool) -> Outcome {
        if holds { Outcome::Pass } else { Outcome::Fail }
    }
}

/// One subcommand. Its arguments with their doc comments are also its help, its page and its completions.
trait Subcommand: Args {
    /// The word on the command line.
    const NAME: &'static str;

    /// Does it.
    fn run(self, context: &Context) -> Result<Outcome>;
}

/// A subcommand in the registry.
struct Entry {
    name: &'static str,
    declare: fn() -> clap::Command,
    run: fn(&ArgMatches, &Context) -> Result<Outcome>,
}

const fn entry<S: Subcommand>() -> Entry {
    Entry {
        name: S::NAME,
        declare: || S::augment_args(clap::Command::new(S::NAME)),
        run: |matches, context| S::from_arg_matches(matches).map_err(misread)?.run(context),
    }
}

/// All subcommands, in the order of the help.
static REGISTRY: &[Entry] = &[
    entry::<demo::Demo>(),
    entry::<init::Init>(),
    entry::<source::Source>(),
    entry::<load::Load>(),
    entry::<map::Map>(),
    entry::<check::Check>(),
    entry::<anomalies::Anomalies>(),
    entry::<duplicates::Duplicates>(),
    entry::<decide::Decide>(),
    entry::<commit::Commit>(),
    entry::<sync::Sync>(),
    entry::<log::Log>(),
    entry::<diff::Diff>(),
    entry::<revert::Revert>(),
    entry::<report::Report>(),
    entry::<export::Export>(),
    entry::<query::Query>(),
    entry::<rules::Rules>(),
    entry::<transforms::Transforms>(),
    entry::<schema::Schema>(),
    entry::<completions::Completions>(),
    entry::<man::Man>(),
];

const AFTER_HELP: &str = "\
Exit codes: 0 pass · 1 the gate or a check failed · 2 usage or configuration · 3 source or I/O · 4 internal · 130 interrupted.
stdout is data, stderr is progress and messages.";

#[derive(Args)]
struct Root {
    /// The workspace to open in the terminal workbench [default: the one around the current folder]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    global: Global,
}

/// The whole command line as clap knows it: help, man page, completions and docs/cli.md come from here.
pub fn command() -> clap::Command {
    let root = clap::Command::new("tastevin")
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(AFTER_HELP)
        .subcommand_value_name("COMMAND")
        .disable_help_subcommand(true)
        .max_term_width(100);
    // After the arguments, whose own comment would else be taken for the words of the whole.
    let root = Root::augment_args(root)
        .about("Judge data before it leaves for a sync: load, check, repair, commit, report")
        .long_about(None);
    REGISTRY.iter().fold(root, |root, entry| root.subcommand((entry.declare)()))
}

/// How the workbench on the terminal begins.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// Load and check first.
    pub load_first: bool,
    /// The theme, where one was asked for.
    pub theme: Option<String>,
    /// No colours.
    pub colourless: bool,
}

/// What shows a workbench on the terminal until the person leaves it.
pub type Front = fn(Workbench, Opening) -> Result<()>;

/// Runs the command line and says with what code the process ends. `front` is the workbench on the terminal.
pub fn main(arguments: impl IntoIterator<Item = OsString>, front: Front) -> ExitCode {
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        // Help and version are asked for and go to stdout; a pipe that is closed early is no failure.
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let root = match Root::from_arg_matches(&matches) {
        Ok(root) => root,
        Err(error) => return failure::report(&misread(error), false),
    };
    let context = Context::new(root.global, front);
    let outcome = match matches.subcommand() {
        None => open::run(root.dir, &context),
        Some(_) if root.dir.is_some() => {
            Err(Error::usage("a folder in front of a command means nothing").hint("write `tastevin -C DIR COMMAND`"))
        }
        Some((name, matches)) => match REGISTRY.iter().find(|entry| entry.name == name) {
            Some(entry) => (entry.run)(matches, &context),
            None => Err(Error::internal(format!("the command \"{name}\" is declared and not registered"))),
        },
    };
    match outcome {
        // Whatever was asked for, this was done before.
        Ok(Outcome::Pass) => ExitCode::SUCCESS,
        _ if context.was_interrupted() => failure::report(&Error::interrupted(), context.colour_on_stderr()),
        Ok(Outcome::Fail) => ExitCode::from(1),
        Err(error) => failure::report(&error, context.colour_on_stderr()),
    }
}

fn misread(cause: clap::Error) -> Error {
    Error::internal("the command line was understood and then not").caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does() {
        fn visit(command: &clap::Command, path: &str) {
            assert!(command.get_about().is_some(), "`{path}` has no words for the user");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "`{path}` has an argument without help: {}", argument.get_id());
            }
            for inner in command.get_subcommands() {
                visit(inner, &format!("{path} {}", inner.get_name()));
            }
        }
        visit(&command(), "tastevin");
    }
}
