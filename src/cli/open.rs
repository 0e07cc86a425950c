//! `tastevin [DIR]`: the workbench on a terminal.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use super::context::{Context, Global, warn};
use super::{Opening, Outcome, REGISTRY};
use crate::error::{Error, Result, nearest};
use crate::workbench::{OpenOptions, Workbench};

/// Opens the workspace in `dir`, or the one around the current folder.
pub fn run(dir: Option<PathBuf>, context: &Context) -> Result<Outcome> {
    let dir = match dir {
        Some(dir) => {
            let typed = dir.to_string_lossy();
            if !dir.exists()
                && let Some(near) = nearest(&typed, REGISTRY.iter().map(|entry| entry.name))
            {
                return Err(Error::usage(format!("there is no command and no folder \"{typed}\""))
                    .hint(format!("did you mean `tastevin {near}`?")));
            }
            if !dir.exists() {
                return Err(Error::usage(format!("there is no command and no folder \"{typed}\""))
                    .hint("`tastevin --help` lists the commands; `tastevin init DIR` makes a workspace"));
            }
            dir
        }
        None => context.dir()?,
    };
    require_terminal()?;
    let workbench = Workbench::open(&dir, OpenOptions { read_only: context.global().read_only })?;
    show(workbench, false, context)
}

/// Refuses to go on where there is no terminal to draw on.
pub fn require_terminal() -> Result<()> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        // A terminal of that name takes no sequences: they would stand there as they are.
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        return match is_dumb {
            true => Err(Error::usage("this terminal cannot draw: TERM is dumb")
                .hint("say what it is, as in `TERM=xterm-256color tastevin`, if it can")
                .hint("every command works without: `tastevin check`, `tastevin anomalies`, `tastevin sync` …")),
            false => Ok(()),
        };
    }
    Err(Error::usage("the workbench needs a terminal, and this is none")
        .hint("every command works without one: `tastevin check`, `tastevin anomalies`, `tastevin sync` …")
        .hint("`tastevin --help` lists them all; `tastevin demo --headless` makes the demo without a terminal"))
}

/// Shows the workbench until the person leaves it; with `load_first` it begins with loading and checking.
pub fn show(workbench: Workbench, load_first: bool, context: &Context) -> Result<Outcome> {
    // The screen covers it until the person leaves; then it stands there.
    warn(&workbench);
    let Global { theme, no_color, .. } = context.global();
    let opening = Opening { load_first, theme: theme.clone(), colourless: *no_color };
    (context.front())(workbench, opening).map(|()| Outcome::Pass)
}
