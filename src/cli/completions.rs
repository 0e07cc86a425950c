//! `tastevin completions`: what a shell needs to complete the command line.

use clap_complete::Shell;

use super::context::Context;
use super::{Outcome, Subcommand};
use crate::error::Result;

/// Print completions for a shell
///
/// For bash: tastevin completions bash > ~/.local/share/bash-completion/completions/tastevin
#[derive(clap::Args)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Subcommand for Completions {
    const NAME: &'static str = "completions";

    fn run(self, context: &Context) -> Result<Outcome> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "tastevin", &mut script);
        let mut out = context.stdout();
        out.bytes(&script)?;
        out.finish()?;
        Ok(Outcome::Pass)
    }
}
