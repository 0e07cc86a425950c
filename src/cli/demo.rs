//! `tastevin demo`: a workspace on the sample exports, to try everything on.

use std::fs;
use std::path::{Path, PathBuf};

use super::context::Context;
use super::text::visible;
use super::{Outcome, Subcommand, check, commit, json, load, open};
use crate::error::{Error, Result};
use crate::model::{LoadOptions, SourceConfig};
use crate::workbench::{OpenOptions, Workbench, Workspace};

/// Make a workspace on sample exports, load and check it, and open it
///
/// The exports are of a made-up winery and contain every kind of dirt that the rules know. An existing demo is used
/// again with whatever was decided in it; delete the folder to begin anew. No other folder is ever written to.
#[derive(clap::Args)]
pub struct Demo {
    /// The folder
    #[arg(value_name = "DIR", default_value = "tastevin-demo")]
    dir: PathBuf,
    /// Print the verdict instead of opening the workbench
    #[arg(long)]
    headless: bool,
}

/// The sample exports, as iSaVigne writes them.
const EXPORTS: &[(&str, &[u8])] = &[
    ("clients_2025-11-17.csv", include_bytes!("../../sample_exports/isavigne/clients_2025-11-17.csv")),
    ("produits_2025-11-17.csv", include_bytes!("../../sample_exports/isavigne/produits_2025-11-17.csv")),
    ("ventes_2025-11-17.csv", include_bytes!("../../sample_exports/isavigne/ventes_2025-11-17.csv")),
    ("stock_2025-11-17.csv", include_bytes!("../../sample_exports/isavigne/stock_2025-11-17.csv")),
];

const SOURCE: &str = "isavigne_prod";

impl Subcommand for Demo {
    const NAME: &'static str = "demo";

    fn run(self, context: &Context) -> Result<Outcome> {
        if !self.headless {
            open::require_terminal()?;
        }
        let dir = visible(&self.dir.to_string_lossy());
        let made = prepare(&self.dir)?;
        context.say(match made {
            true => format!("{dir} is a demo workspace now; its exports are in {dir}/exports"),
            false => format!("{dir} is a demo workspace already and is used again"),
        });
        // The workbench on the terminal takes the signals itself.
        let mut workbench = match self.headless {
            true => context.open(&self.dir, false)?,
            false => Workbench::open(&self.dir, OpenOptions::default())?,
        };
        if !self.headless {
            let load_first = workbench.loads(None)?.is_empty();
            return open::show(workbench, load_first, context);
        }
        let loads = load::all(&mut workbench, &[], &LoadOptions::default(), context)?;
        let verdict = commit::check(&mut workbench, context)?;
        let mut out = context.stdout();
        if context.json() {
            json::write(&mut out, &[("loads", &loads.done), ("verdict", &verdict)])?;
        } else {
            load::print(&mut out, &loads.done, context)?;
            out.line("")?;
            check::print(&mut out, &workbench, &verdict, context)?;
        }
        out.finish()?;
        context.say(format!(
            "\nNext: tastevin -C {dir} anomalies --severity error\n      tastevin -C {dir} commit --dry-run\n      tastevin {dir}    (in a terminal: the workbench)"
        ));
        loads.outcome(context)
    }
}

/// Makes the demo in the folder and says that it did; or finds that it holds one. Anything else is somebody's and is
/// left alone.
fn prepare(dir: &Path) -> Result<bool> {
    if marker(dir).exists() && dir.join("tastevin.toml").exists() {
        return Ok(false);
    }
    match fs::read_dir(dir).map(|mut entries| entries.next().is_none()) {
        Ok(true) => {}
        Ok(false) => {
            return Err(Error::usage("the folder is not empty and holds no demo")
                .at_file(dir)
                .hint("name another one: tastevin demo DIR"));
        }
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {}
        Err(cause) => return Err(Error::io("the folder cannot be used for the demo", dir, cause)),
    }
    make(dir)?;
    Ok(true)
}

fn marker(dir: &Path) -> PathBuf {
    dir.join(".tastevin").join("demo")
}

fn make(dir: &Path) -> Result<()> {
    Workspace::init(dir, "Domaine Tastevin (demo)")?;
    let exports = dir.join("exports");
    fs::create_dir_all(&exports).map_err(|cause| Error::io("cannot make the demo", &exports, cause))?;
    EXPORTS.iter().try_for_each(|(name, bytes)| write(&exports.join(name), bytes))?;
    let mut config = SourceConfig { kind: "isavigne".to_owned(), ..SourceConfig::default() };
    config.options.insert("path".to_owned(), "exports".into());
    Workbench::open(dir, OpenOptions::default())?.add_source(SOURCE, &config)?;
    // Only now is it whole: what an interruption left half made is not taken for a demo.
    write(&marker(dir), b"This workspace was made by `tastevin demo`.\n")
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(|cause| Error::io("cannot write", path, cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_holds_every_sample_export_that_is_text() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_exports/isavigne");
        let mut files: Vec<String> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
            .filter(|name| name.ends_with(".csv"))
            .collect();
        files.sort();
        let mut held: Vec<&str> = EXPORTS.iter().map(|(name, _)| *name).collect();
        held.sort_unstable();
        assert_eq!(files, held);
    }
}
