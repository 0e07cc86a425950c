//! What every subcommand is given: the global options, the workspace, and how to talk to the user.

use std::env;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use super::Front;
use super::interrupt::Interrupt;
use super::message;
use super::progress::Meter;
use super::sink::Sink;
use super::text::{Paint, visible};
use crate::error::{Error, Result};
use crate::workbench::{OpenOptions, Workbench};

/// The options of every command.
#[derive(Debug, Default, clap::Args)]
pub struct Global {
    /// The workspace folder [default: the current folder or the nearest one above it that is a workspace]
    #[arg(short = 'C', long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    pub workspace: Option<PathBuf>,
    /// Refuse every change; several can look at a workspace at the same time if all of them say this
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub read_only: bool,
    /// Write JSON, with "schema_version" in it
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
    /// No colours; the variable NO_COLOR says the same
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub no_color: bool,
    /// The theme of the workbench on the terminal: terminal, dark, light, contrast, or one of your own
    #[arg(long, global = true, value_name = "NAME", env = "TASTEVIN_THEME", help_heading = "Everywhere")]
    pub theme: Option<String>,
    /// No progress and no messages, only data, warnings of damage and errors
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub quiet: bool,
}

/// The command line's surroundings.
pub struct Context {
    global: Global,
    interrupt: Interrupt,
    front: Front,
}

impl Context {
    /// Surroundings for these options.
    pub fn new(global: Global, front: Front) -> Context {
        Context { global, interrupt: Interrupt::default(), front }
    }

    /// What shows a workbench on the terminal. It takes the signals itself.
    pub fn front(&self) -> Front {
        self.front
    }

    /// The options of every command.
    pub fn global(&self) -> &Global {
        &self.global
    }

    /// Whether JSON was asked for.
    pub fn json(&self) -> bool {
        self.global.json
    }

    /// The workspace folder: the one named, or the nearest around the current folder.
    pub fn dir(&self) -> Result<PathBuf> {
        if let Some(dir) = &self.global.workspace {
            return Ok(dir.clone());
        }
        let here =
            env::current_dir().map_err(|cause| Error::io("there is no current folder", Path::new("."), cause))?;
        match here.ancestors().find(|dir| dir.join("tastevin.toml").is_file()) {
            Some(dir) if dir == here => Ok(PathBuf::from(".")),
            Some(dir) => Ok(dir.to_owned()),
            None => Err(Error::config("there is no workspace here or in a folder above").at_file(here).hint(
                "name one with -C DIR; `tastevin init DIR` makes one, `tastevin demo` makes one with sample data",
            )),
        }
    }

    /// The workspace, open for changes.
    pub fn change(&self) -> Result<Workbench> {
        self.open(&self.dir()?, self.global.read_only)
    }

    /// The workspace, open for looking at it together with others.
    pub fn look(&self) -> Result<Workbench> {
        let dir = self.dir()?;
        // There is nothing to look at yet in a fresh workspace: opening it for changes makes the database.
        let read_only = self.global.read_only || dir.join("tastevin.duckdb").exists();
        self.open(&dir, read_only)
    }

    /// The workspace in `dir`; Ctrl-C stops what it does.
    pub fn open(&self, dir: &Path, read_only: bool) -> Result<Workbench> {
        self.interrupt.install()?;
        let workbench = Workbench::open(dir, OpenOptions { read_only })?;
        self.interrupt.watch(workbench.interrupter());
        warn(&workbench);
        Ok(workbench)
    }

    /// Whether Ctrl-C was pressed.
    pub fn was_interrupted(&self) -> bool {
        self.interrupt.was_hit()
    }

    /// An error if Ctrl-C was pressed; for between the steps of a command.
    pub fn check_interrupted(&self) -> Result<()> {
        if self.was_interrupted() { Err(Error::interrupted()) } else { Ok(()) }
    }

    /// What tells progress on stderr.
    pub fn meter(&self) -> Meter {
        Meter::new(io::stderr().is_terminal(), self.global.quiet)
    }

    /// A message for the person on stderr, unless quiet. The text is ours; data in it must have been made harmless.
    pub fn say(&self, text: impl AsRef<str>) {
        if !self.global.quiet {
            for line in text.as_ref().lines() {
                message::line(visible(line));
            }
        }
    }

    /// Says that a file was written.
    pub fn say_file(&self, path: &Path) {
        self.say(format!("wrote {}", path.display()));
    }

    /// Colours for stdout or, where the data goes to a file, none.
    pub fn paint(&self, output: Option<&Path>) -> Paint {
        Paint(output.is_none() && self.colour(io::stdout().is_terminal()))
    }

    /// Whether stderr may have colours.
    pub fn colour_on_stderr(&self) -> bool {
        self.colour(io::stderr().is_terminal())
    }

    fn colour(&self, terminal: bool) -> bool {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        terminal && !self.global.no_color && !refused && env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Where the data of a command without `--output` goes.
    pub fn stdout(&self) -> Sink {
        Sink::stdout()
    }
}

/// Says what is wrong with the ledger: what was decided and then lost must not go unsaid, whatever the command is about.
pub fn warn(workbench: &Workbench) {
    if let Some(warning) = workbench.ledger_warning() {
        message::line(format!("warning: {}", visible(&warning)));
    }
}
