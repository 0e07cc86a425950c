//! Writes iSaVigne exports of any size; without options, the checked-in set and its page.

#[path = "generator/mod.rs"]
mod generator;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use generator::{Class, Dirt, Encoding, Manifest, Wish};

/// Writes iSaVigne exports with planted dirt, and `planted.json` that tells what was planted where.
///
/// Without any option the checked-in set sample_exports/isavigne/ and sample_exports/README.md are written anew.
#[derive(Parser)]
#[command(name = "generate")]
struct Arguments {
    /// Sales lines, at least 1000; clients are a tenth of that, products 80 to 2000
    #[arg(long)]
    rows: Option<u64>,
    /// The folder to write into; made if it does not exist
    #[arg(long)]
    out: Option<PathBuf>,
    /// utf-8 or windows-1252
    #[arg(long, value_parser = |name: &str| Encoding::from_name(name).ok_or("write utf-8 or windows-1252"))]
    encoding: Option<Encoding>,
    /// Another seed gives other people, wines and sales
    #[arg(long)]
    seed: Option<u64>,
    /// Plant no dirt
    #[arg(long, conflicts_with = "dirt_rate")]
    clean: bool,
    /// The share of rows to spoil, over all kinds [default: 0.005 with --rows, else a few of every kind]
    #[arg(long, value_parser = rate)]
    dirt_rate: Option<f64>,
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|rate| (0.0..=0.5).contains(rate)).ok_or_else(|| "write a number from 0 to 0.5".to_owned())
}

impl Arguments {
    fn wish(&self) -> Wish {
        let default = Wish::default();
        let dirt = match (self.clean, self.dirt_rate, self.rows) {
            (true, ..) => Dirt::None,
            (false, Some(rate), _) => Dirt::Rate(rate),
            (false, None, Some(_)) => Dirt::Rate(0.005),
            (false, None, None) => default.dirt,
        };
        Wish {
            rows: self.rows.unwrap_or(default.rows),
            seed: self.seed.unwrap_or(default.seed),
            encoding: self.encoding.unwrap_or(default.encoding),
            dirt,
        }
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(manifest) => {
            for file in &manifest.files {
                let (rules, rejects) = (file.count(Class::Rule), file.count(Class::Reject));
                println!("{}: {} records, {rules} with dirt, {rejects} broken", file.name, file.records);
            }
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("generate: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<Manifest, String> {
    let wish = arguments.wish();
    if let Some(dir) = &arguments.out {
        return generator::write(&wish, dir).map_err(|error| format!("{}: {error}", dir.display()));
    }
    if wish != Wish::default() {
        return Err("say with --out where to write; only the checked-in set has a place of its own".to_owned());
    }
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_exports");
    let manifest = generator::write(&wish, &samples.join("isavigne"));
    let manifest = manifest.and_then(|manifest| {
        std::fs::write(samples.join("README.md"), manifest.to_readme())?;
        Ok(manifest)
    });
    manifest.map_err(|error| format!("{}: {error}", samples.display()))
}
