//! The vocabulary of connectors: how the data of a source gets into staging as the text that was read.
//!
//! Adding one is one file with a `pub const CONNECTOR` and one line in [`REGISTRY`]; the option list feeds help, forms
//! and docs. `stages::load` opens the transaction, calls the connector and swaps the result in.

mod docs;
pub mod files;
pub mod odoo;
mod secret;

use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use indexmap::IndexMap;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result, misread, nearest};
use crate::model::{Canceller, EntityLoad, Mapping, Progress, Reject, SourceConfig, examples};
use crate::store::Store;

pub use self::docs::reference;
pub use self::secret::Kept;

/// One entry of the vocabulary.
pub struct ConnectorKind {
    /// The name in mappings (`connector = "files"`).
    pub name: &'static str,
    /// What it reads, in a sentence.
    pub summary: &'static str,
    /// What a source of this kind can say in `tastevin.toml`.
    pub options: &'static [SourceOption],
    /// Whether it can tell what changed since an earlier load.
    pub incremental: bool,
    /// The options that together say within what its keys are unique: record 17 of another server is another record. None
    /// where the options do not tell.
    pub keys_within: &'static [&'static str],
    /// Makes a connector for one source; checks the options, contacts nothing.
    pub open: fn(&Place) -> Result<Box<dyn Connector>>,
}

/// One option of a source.
pub struct SourceOption {
    /// The key in `tastevin.toml`.
    pub name: &'static str,
    /// What sort of value it takes, in words: text, number, true or false …
    pub kind: &'static str,
    /// What it is.
    pub help: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// Its value when it is not given, in words.
    pub default: &'static str,
    /// Whether it is a secret, which is never written down literally.
    pub secret: bool,
}

/// What a connector is made from.
pub struct Place<'a> {
    /// The source's name.
    pub source: &'a str,
    /// What `tastevin.toml` says of it.
    pub config: &'a SourceConfig,
    /// Its mapping.
    pub mapping: &'a Mapping,
    /// The workspace folder, at which relative paths start.
    pub workspace: &'a Path,
}

impl Place<'_> {
    /// The error with the place of an option of the source.
    pub fn at_option(&self, name: &str, error: Error) -> Error {
        error.at_file("tastevin.toml").at_column(format!("sources.{}.{name}", self.source)).at_key([
            "sources",
            self.source,
            name,
        ])
    }

    /// The error, whose key is what a mapping says of an entity, with its place.
    pub fn at_entity(&self, entity: &str, error: Error) -> Error {
        let inner = error.place().key.clone();
        let key: Vec<&str> = ["entities", entity].into_iter().chain(inner.iter().map(String::as_str)).collect();
        error.at_file(format!("mappings/{}.toml", self.config.mapping_name())).at_column(key.join(".")).at_key(key)
    }

    /// What `tastevin.toml` says of the source, but for secrets, which are for [`secret`] to read.
    pub fn options<T: DeserializeOwned>(&self) -> Result<T> {
        let secrets: Vec<&str> =
            find(&self.mapping.connector)?.options.iter().filter(|one| one.secret).map(|one| one.name).collect();
        let options = self.config.options.iter().filter(|(name, _)| !secrets.contains(&name.as_str()));
        let options: toml::Table = options.map(|(name, value)| (name.clone(), value.clone())).collect();
        misread::read_table(&options, &["sources", self.source], examples::WORKSPACE)
            .map_err(|error| error.at_file("tastevin.toml"))
    }

    /// What the mapping says of each entity, in the connector's own words.
    pub fn entities<T: DeserializeOwned>(&self) -> Result<IndexMap<String, T>> {
        let read = |(name, options): (&String, &toml::Table)| {
            let read = misread::read_table(options, &["entities", name], examples::MAPPING);
            let file = || format!("mappings/{}.toml", self.config.mapping_name());
            read.map(|entity| (name.clone(), entity)).map_err(|error| error.at_file(file()))
        };
        self.mapping.entities.iter().map(read).collect()
    }
}

/// A source that can be read.
pub trait Connector {
    /// Looks at what holds and what does not, and tells every step as it begins and ends; never fails, the failure is a
    /// step. Stops where the user cancels.
    fn test(&self, now: DateTime<Utc>, trial: &Trial);

    /// What is wrong with what was said of the source, as far as that is seen without asking anyone elsewhere. Asked
    /// before a source is written down.
    fn vet(&self) -> Result<()> {
        Ok(())
    }

    /// The entities that it will extract, in order; those that cannot be read now are left out.
    fn entities(&self, watch: &Watch) -> Result<Vec<String>>;

    /// Why an entity was left out.
    fn why_absent(&self, entity: &str) -> String;

    /// What a mapping has to say of an entity that it does not name, so that it is found again; `None` where a mapping cannot
    /// name it.
    fn options(&self, _entity: &str) -> Option<toml::Table> {
        None
    }

    /// What lies at the source and belongs to no entity, in sentences.
    fn left_over(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Reads one entity whole into `target.relation`, which does not exist yet. An error stops the load of the whole source.
    fn extract(&self, entity: &str, target: &Target, watch: &Watch) -> Result<Came>;
}

/// What came of one entity.
#[derive(Debug)]
pub enum Came {
    /// Its rows are in the table.
    Rows(Box<Extracted>),
    /// There was nothing to read, and no table was made; the other entities are read. The error is the load's where that is
    /// so of all of them.
    Nothing(Error),
}

/// One step of a connection test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What was looked at.
    pub what: String,
    /// What was found, or what is wrong and what to do about it.
    pub found: std::result::Result<String, String>,
}

/// What a connection test tells on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// This is looked at now.
    Begun(String),
    /// This was found.
    Ended(Probe),
}

/// What a connection test tells and asks.
pub struct Trial<'a> {
    /// Told of every step.
    pub tell: &'a dyn Fn(Tried),
    /// Asked whether to stop.
    pub canceller: &'a Canceller,
}

impl Trial<'_> {
    /// This is looked at now; [`Trial::found`] of the same words ends it.
    pub fn begin(&self, what: &str) {
        (self.tell)(Tried::Begun(what.to_owned()));
    }

    /// What was found of it; false where it does not hold. What was not seen because the user cancelled is not told.
    pub fn found(&self, what: &str, found: std::result::Result<String, String>) -> bool {
        let good = found.is_ok();
        if good || !self.canceller.is_cancelled() {
            (self.tell)(Tried::Ended(Probe { what: what.to_owned(), found }));
        }
        good
    }
}

/// Where an extraction goes.
pub struct Target<'a> {
    /// The database, within the load's transaction.
    pub store: &'a Store,
    /// The table to make, in the schema `dq`: the source's columns as VARCHAR in their order, then `_file` VARCHAR and
    /// `_load` BIGINT. Rows in the order of the source: the record number is the table's own row order.
    pub relation: &'a str,
    /// The load's number.
    pub load: i64,
    /// What an earlier load staged of the entity; none for the first load and where everything is to be read anew.
    pub previous: Option<Previous<'a>>,
    /// The day since which changes are asked for, where the user says one.
    pub since: Option<NaiveDate>,
    /// A folder for temporary files, on the workspace's disk.
    pub temp_dir: &'a Path,
}

/// What an earlier load left of an entity.
#[derive(Debug, Clone, Copy)]
pub struct Previous<'a> {
    /// The table in the schema `dq` that holds its rows.
    pub relation: &'a str,
    /// What the connector then wanted to be told again.
    pub state: Option<&'a str>,
}

/// What a long extraction tells and asks.
pub struct Watch<'a> {
    /// Told where it stands, a few times a second at most.
    pub progress: &'a (dyn Fn(Progress) + Sync),
    /// Asked whether to stop.
    pub canceller: &'a Canceller,
}

/// What was extracted, beside the rows themselves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extracted {
    /// Counts, files, dialect, columns.
    pub load: EntityLoad,
    /// Records that could not be read as rows.
    pub rejects: Vec<Reject>,
    /// The files in the order in which they were staged.
    pub files: Vec<ExtractedFile>,
    /// What is worth knowing, in sentences.
    pub notes: Vec<String>,
    /// What the connector wants to be told at the next load.
    pub state: Option<String>,
}

/// One file of an extraction, with the way from record numbers back to lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExtractedFile {
    /// Relative to the source's folder.
    pub name: String,
    /// Where it was read.
    pub path: String,
    /// Bytes on disk.
    pub bytes: u64,
    /// When it was last modified, in milliseconds since 1970 UTC.
    pub modified_ms: Option<i64>,
    /// The record number of its first staged row within the entity, from 1.
    pub first_row: u64,
    /// Staged rows.
    pub rows: u64,
    /// Encoding, delimiter and header line, in words.
    pub dialect: String,
    /// From which record on (its number within the entity) line = record + shift, and the byte in the file where that
    /// record begins. The first entry is the first record; further ones wherever the shift changes, and every so
    /// often besides so that a record is found without reading the whole file.
    pub lines: Vec<LineMark>,
}

/// See [`ExtractedFile::lines`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineMark {
    /// The record number within the entity, from 1.
    pub row: u64,
    /// What to add to get the line.
    pub shift: i64,
    /// Where the record begins in the file (undecoded, unpacked).
    pub byte: u64,
}

/// All connectors.
pub static REGISTRY: &[&ConnectorKind] = &[&files::CONNECTOR, &odoo::CONNECTOR];

/// What reads a source. Checks what is said of it, contacts nothing.
///
/// # Errors
/// There is no such connector, or it knows no such option, or an option is not what it should be.
pub fn open(place: &Place) -> Result<Box<dyn Connector>> {
    let kind = find(&place.mapping.connector).map_err(|error| {
        error
            .at_file(format!("mappings/{}.toml", place.config.mapping_name()))
            .at_column("connector")
            .at_key(["connector"])
    })?;
    let names = || kind.options.iter().map(|option| option.name);
    if let Some(unknown) = place.config.options.keys().find(|name| !names().any(|known| known == *name)) {
        let error = Error::config(format!("the connector \"{}\" knows no option \"{unknown}\"", kind.name));
        let error = place.at_option(unknown, error);
        let error = match nearest(unknown, names()) {
            Some(near) => error.hint(format!("did you mean \"{near}\"?")),
            None => error,
        };
        let known: Vec<&str> = ["kind", "mapping"].into_iter().chain(names()).collect();
        return Err(error.hint(format!("the keys of such a source are: {}", known.join(", "))));
    }
    (kind.open)(place)
}

/// The connector of that name.
pub fn find(name: &str) -> Result<&'static ConnectorKind> {
    REGISTRY.iter().copied().find(|kind| kind.name == name).ok_or_else(|| {
        let known: Vec<_> = REGISTRY.iter().map(|kind| kind.name).collect();
        Error::config(format!("there is no connector \"{name}\""))
            .hint(format!("known connectors: {}", known.join(", ")))
    })
}
