//! `tastevin man`: the manual page.

use super::context::Context;
use super::{Outcome, Subcommand};
use crate::error::{Error, Result};

/// Print the manual page: `tastevin man | man -l -`
#[derive(clap::Args)]
pub struct Man {
    /// The page of one command instead of the whole
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

impl Subcommand for Man {
    const NAME: &'static str = "man";

    fn run(self, context: &Context) -> Result<Outcome> {
        let mut whole = super::command();
        whole.build();
        let page = match &self.command {
            None => whole,
            Some(name) => match whole.find_subcommand(name) {
                Some(command) => command.clone(),
                None => {
                    return Err(Error::usage(format!("there is no command \"{name}\""))
                        .hint("`tastevin --help` lists them all"));
                }
            },
        };
        let mut text = Vec::new();
        clap_mangen::Man::new(page)
            .render(&mut text)
            .map_err(|cause| Error::internal("the manual page cannot be written").caused_by(cause))?;
        let mut out = context.stdout();
        out.bytes(&text)?;
        out.finish()?;
        Ok(Outcome::Pass)
    }
}
