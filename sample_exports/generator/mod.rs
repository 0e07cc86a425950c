//! Makes iSaVigne exports of any size, the same bytes for the same wish; `generate.rs` is its command line, tests and
//! benches include it too.
//!
//! Records come from [`records`], what is wrong with them from [`dirt`]; [`entities`] lists the files, [`writing`]
//! puts them on disk and [`manifest`] tells what was planted where.

#![allow(dead_code, unused_imports, reason = "every program that includes the generator uses its own part of it")]

mod clients;
mod dirt;
mod entities;
mod manifest;
mod products;
mod random;
mod records;
mod sales;
mod stock;
mod words;
mod writing;

use std::io;
use std::path::Path;

pub use dirt::Class;
pub use manifest::Manifest;

/// How the text files are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Without a byte order mark; thousands separated by U+00A0 and U+202F in turn.
    Utf8,
    /// As iSaVigne writes; thousands separated by U+00A0.
    Windows1252,
}

impl Encoding {
    /// The name on the command line and in the manifest.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Windows1252 => "windows-1252",
        }
    }

    /// The encoding of that name.
    pub fn from_name(name: &str) -> Option<Encoding> {
        [Encoding::Utf8, Encoding::Windows1252].into_iter().find(|encoding| encoding.name() == name)
    }
}

/// How much dirt is planted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Dirt {
    /// None at all.
    None,
    /// A few of every kind, as in the checked-in set.
    Few,
    /// This share of the rows (0 to 0.5), spread evenly over file and kinds; at least one of every kind.
    Rate(f64),
}

/// What to make.
#[derive(Debug, Clone, PartialEq)]
pub struct Wish {
    /// Lines of `ventes`, before dirt adds some; clients are a tenth of that, products 80 to 2000. At least 1000.
    pub rows: u64,
    /// The seed; another seed gives other people, wines and sales.
    pub seed: u64,
    /// The encoding of the text files.
    pub encoding: Encoding,
    /// How much dirt is planted.
    pub dirt: Dirt,
}

impl Default for Wish {
    /// The checked-in set.
    fn default() -> Self {
        Wish { rows: 4000, seed: 1681, encoding: Encoding::Windows1252, dirt: Dirt::Few }
    }
}

/// Writes all exports and `planted.json` into `dir`, which is made if it does not exist.
pub fn write(wish: &Wish, dir: &Path) -> io::Result<Manifest> {
    std::fs::create_dir_all(dir)?;
    let wish = Wish { rows: wish.rows.max(1000), ..wish.clone() };
    let world = records::World::new(wish.seed, wish.rows, wish.encoding);
    let mut files = Vec::new();
    for entity in entities::ENTITIES {
        files.push(writing::write_text(&wish, &world, entity, dir)?);
    }
    writing::write_workbook(&wish, &world, &stock::STOCK, dir)?;
    let manifest = Manifest { wish, files };
    std::fs::write(dir.join("planted.json"), manifest.to_json()?)?;
    Ok(manifest)
}
