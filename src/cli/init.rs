//! `tastevin init`: a fresh workspace.

use std::path::{Path, PathBuf};

use super::context::Context;
use super::text::visible;
use super::{Outcome, Subcommand};
use crate::error::{Error, Result};
use crate::workbench::Workspace;

/// Make a fresh workspace
///
/// Writes tastevin.toml and mappings/ with the canonical schema and the mappings that come with tastevin. Nothing that
/// is there already is overwritten.
#[derive(clap::Args)]
pub struct Init {
    /// The folder, which is made if it is not there
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The name shown on screens and reports [default: the name of the folder]
    #[arg(long)]
    name: Option<String>,
}

impl Subcommand for Init {
    const NAME: &'static str = "init";

    fn run(self, context: &Context) -> Result<Outcome> {
        let name = match self.name {
            Some(name) => name,
            None => folder_name(&self.dir)?,
        };
        Workspace::init(&self.dir, &name)?;
        let dir = visible(&self.dir.to_string_lossy());
        context.say(format!(
            "{dir} is a workspace now.\nNext: tastevin -C {dir} source add isavigne_prod --kind isavigne --path FOLDER_WITH_THE_EXPORTS"
        ));
        Ok(Outcome::Pass)
    }
}

/// The last part of the folder's full name; `.` is called what the current folder is called.
fn folder_name(dir: &Path) -> Result<String> {
    let full = std::path::absolute(dir).map_err(|cause| Error::io("this is no folder", dir, cause))?;
    Ok(full.file_name().map_or_else(|| "workspace".to_owned(), |name| name.to_string_lossy().into_owned()))
}
