//! The connector `files`: exports dropped into a folder, as delimited text or as workbooks.
//!
//! Nothing is left to a sniffer. A reading of our own ([`survey`]) decides what is a record; DuckDB stages a text only
//! where both are known to read it alike, and a clean copy of its good records where they might not.
//!
//! The rooms: [`choose`] finds the files, [`unpack`] and [`encoding`] make text of bytes, [`dialect`], [`header`] and
//! [`names`] say how it is written, [`records`], [`window`] and [`survey`] split it, [`repeats`] looks at its first rows, [`staging`] hands it to DuckDB, [`text`] does
//! all of that for one file; [`sheets`] reads workbooks; [`raw`] finds a record again.

mod choose;
mod dialect;
mod encoding;
mod header;
mod names;
mod raw;
mod records;
mod repeats;
mod sheets;
mod staging;
mod survey;
mod text;
mod unpack;
mod watching;
mod window;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;

use self::choose::{Candidate, Folder, Format, Stamp};
use self::dialect::Wanted;
use self::encoding::Encoding;
use self::sheets::Sheet;
use self::text::Text;
use self::unpack::Readable;
use self::watching::Teller;
use super::{
    Came, Connector, ConnectorKind, Extracted, ExtractedFile, LineMark, Place, SourceOption, Target, Trial, Watch,
};
use crate::error::{Error, Kind, Result};
use crate::model::{EntityFiles, Reject};

pub use self::raw::raw_record;

/// Exports in a folder.
pub const CONNECTOR: ConnectorKind = ConnectorKind {
    name: "files",
    summary: "CSV, text and Excel exports in a folder: .csv .txt .tsv .xlsx .xls .ods, each also with .gz",
    options: &[SourceOption {
        name: "path",
        kind: "folder",
        help: "the folder the exports are dropped into, relative to the workspace",
        required: true,
        default: "",
        secret: false,
    }],
    incremental: false,
    // One system may well drop its exports into several folders.
    keys_within: &[],
    open,
};

fn open(place: &Place) -> Result<Box<dyn Connector>> {
    let Options { path } = place.options()?;
    // Files are found again by the paths that are kept of them, from whatever folder the program is started in.
    let folder = place.workspace.join(path);
    let folder =
        std::path::absolute(&folder).map_err(|cause| Error::io("`path` of the source is no path", &folder, cause))?;
    let entities: IndexMap<String, EntityFiles> = place.entities()?;
    for (entity, files) in &entities {
        prove(files).map_err(|error| place.at_entity(entity, error))?;
    }
    Ok(Box::new(Files { folder, entities }))
}

/// Refuses what a mapping cannot say of any file.
fn prove(files: &EntityFiles) -> Result<()> {
    files.encoding.as_deref().map(Encoding::parse).transpose()?;
    Wanted::of(files).map(drop)
}

/// What a source says in `tastevin.toml`.
#[derive(serde::Deserialize)]
struct Options {
    path: String,
}

struct Files {
    folder: PathBuf,
    entities: IndexMap<String, EntityFiles>,
}

impl Files {
    /// The entities that the mapping names; where it names none, one for each kind of file in the folder.
    fn known(&self, folder: &Folder) -> IndexMap<String, EntityFiles> {
        if self.entities.is_empty() { folder.discover() } else { self.entities.clone() }
    }
}

/// Every file that can be read.
fn any_file() -> EntityFiles {
    EntityFiles { files: vec!["*".to_owned()], ..EntityFiles::default() }
}

impl Connector for Files {
    fn options(&self, entity: &str) -> Option<toml::Table> {
        let folder = Folder::list(&self.folder).ok()?;
        let files = folder.discover().get(entity)?.files.clone();
        let files = files.into_iter().map(toml::Value::String).collect();
        Some(toml::Table::from_iter([("files".to_owned(), toml::Value::Array(files))]))
    }

    fn test(&self, _: DateTime<Utc>, trial: &Trial) {
        let looked = format!("folder {}", self.folder.display());
        trial.begin(&looked);
        let folder = match Folder::list(&self.folder) {
            Ok(folder) => folder,
            Err(error) => {
                trial.found(&looked, Err(told(&error)));
                return;
            }
        };
        let strays = if self.entities.is_empty() { Vec::new() } else { folder.left_over(&self.entities) };
        trial.found(&looked, Ok(["can be read".to_owned()].into_iter().chain(strays).collect::<Vec<_>>().join("; ")));
        for (entity, files) in &self.entities {
            if trial.canceller.is_cancelled() {
                return;
            }
            let looked = format!("files of {entity}");
            trial.begin(&looked);
            let (chosen, _) = folder.choose(entity, files);
            let names: Vec<&str> = chosen.iter().map(|file| file.name.as_str()).collect();
            let unreadable =
                chosen.iter().find_map(|file| std::fs::File::open(&file.path).err().map(|cause| (file, cause)));
            let is_empty = chosen.iter().all(|file| file.stamp.bytes == 0);
            let found = match (names.is_empty(), unreadable) {
                (true, _) => Err(told(&folder.nothing_for(entity, files))),
                (_, Some((file, cause))) => Err(told(&Error::io("the file cannot be read", &file.path, cause))),
                _ if is_empty => Err(told(&nothing_in(&chosen))),
                _ => Ok(names.join(", ")),
            };
            trial.found(&looked, found);
        }
    }

    fn vet(&self) -> Result<()> {
        if !self.folder.exists() {
            return Err(Error::source("there is no such folder")
                .at_file(&self.folder)
                .at_column("path")
                .hint("make it first, or name another; a path starts at the workspace folder"));
        }
        Folder::list(&self.folder).map(drop).map_err(|error| error.at_column("path"))
    }

    /// The entities for which there is a file now; an error if there is none for any.
    fn entities(&self, _: &Watch) -> Result<Vec<String>> {
        let folder = Folder::list(&self.folder)?;
        let entities = self.known(&folder);
        let present: Vec<String> = entities
            .iter()
            .filter(|(entity, files)| !folder.choose(entity, files).0.is_empty())
            .map(|(entity, _)| entity.clone())
            .collect();
        match (present.is_empty(), entities.first()) {
            (true, None) => Err(folder.nothing_for("any entity", &any_file())),
            (true, Some((entity, files))) => {
                let all: Vec<String> =
                    entities.iter().flat_map(|(entity, files)| choose::patterns(entity, files)).collect();
                let every = EntityFiles { files: all, ..files.clone() };
                let named = if entities.len() == 1 { entity.as_str() } else { "every entity" };
                // What no entity wants may be exports of something else.
                let is_other = !folder.left_over(&entities).is_empty();
                let error = folder.nothing_for(named, &every);
                Err(match is_other {
                    true => error.hint("exports of another kind are read as they are by a source of kind = \"files\", and `tastevin map suggest` proposes their mapping"),
                    false => error,
                })
            }
            _ => Ok(present),
        }
    }

    fn why_absent(&self, _: &str) -> String {
        "there is no file".to_owned()
    }

    fn left_over(&self) -> Result<Vec<String>> {
        // Where the mapping names no entity, every file is of one.
        Ok(if self.entities.is_empty() { Vec::new() } else { Folder::list(&self.folder)?.left_over(&self.entities) })
    }

    fn extract(&self, entity: &str, target: &Target, watch: &Watch) -> Result<Came> {
        let folder = Folder::list(&self.folder)?;
        let entities = self.known(&folder);
        let files =
            entities.get(entity).ok_or_else(|| Error::usage(format!("the mapping names no entity \"{entity}\"")))?;
        let (chosen, notes) = folder.choose(entity, files);
        if chosen.is_empty() {
            return Err(folder.nothing_for(entity, files));
        }
        let mut extracted = Extracted { notes, ..Extracted::default() };
        extracted.load.entity = entity.to_owned();
        let mut prepared = Vec::new();
        let mut empty = Vec::new();
        for file in &chosen {
            match Prepared::of(file.clone(), files, target, watch)? {
                Some(file) => prepared.push(file),
                None => empty.push(file.name.as_str()),
            }
        }
        if prepared.is_empty() {
            return Ok(Came::Nothing(nothing_in(&chosen)));
        }
        extracted.notes.extend(empty.iter().map(|name| format!("{name} is empty")));
        let columns = all_columns(&prepared, &mut extracted.notes);
        let is_unlike = |column: &str| prepared.iter().any(|file| file.is_unlike(column));
        staging::create(target.store, target.relation, &columns, is_unlike)?;
        for file in prepared {
            file.stage(&columns, target, watch, &mut extracted)?;
        }
        let dialects: Vec<&str> = extracted.files.iter().map(|file| file.dialect.as_str()).collect();
        extracted.load.dialect = match dialects.split_first() {
            Some((first, rest)) if rest.iter().all(|other| other == first) => (*first).to_owned(),
            _ => dialects.join("; "),
        };
        extracted.load.columns = columns;
        Ok(Came::Rows(Box::new(extracted)))
    }
}

/// Says that there is nothing in the files of an entity.
fn nothing_in(files: &[Candidate]) -> Error {
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let (verb, them) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
    let error = Error::source(format!("{} {verb} empty", names.join(", "))).hint(format!("export {them} again"));
    match files {
        [one] => error.at_file(&one.path),
        _ => error,
    }
}

fn told(error: &Error) -> String {
    let hints: String = error.hints().iter().map(|hint| format!("; {hint}")).collect();
    format!("{error}{hints}")
}

/// The columns of all files, by name: those of the first, then what others add.
fn all_columns(files: &[Prepared], notes: &mut Vec<String>) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    let known = |columns: &[String], name: &str| columns.iter().any(|column| same_column(column, name));
    for (n, file) in files.iter().enumerate() {
        let added: Vec<&String> = file.names.iter().filter(|name| !known(&columns, name)).collect();
        let missing: Vec<String> =
            columns.iter().filter(|name| !known(&file.names, name)).map(|name| format!("\"{name}\"")).collect();
        if n > 0 && !added.is_empty() {
            let added: Vec<String> = added.iter().map(|name| format!("\"{name}\"")).collect();
            notes.push(format!(
                "{} adds the columns {}, which the files before it lack",
                file.file.name,
                added.join(", ")
            ));
        }
        if !missing.is_empty() {
            notes.push(format!("{} lacks the columns {}; they are absent there", file.file.name, missing.join(", ")));
        }
        let added: Vec<String> = file.names.iter().filter(|name| !known(&columns, name)).cloned().collect();
        columns.extend(added);
    }
    columns
}

fn same_column(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// A file whose columns are known.
struct Prepared {
    file: Candidate,
    names: Vec<String>,
    content: Content,
    notes: Vec<String>,
}

enum Content {
    Text(Box<Text>),
    Sheet(Box<Sheet>),
}

/// What staging one file found. Marks and rows count from 1 within the file.
struct Staged {
    /// Records that are rows, as the reader counts them.
    rows: u64,
    rejects: Vec<Reject>,
    marks: Vec<LineMark>,
    dialect: String,
    notes: Vec<String>,
    /// Rows, as DuckDB counts them.
    staged: u64,
}

impl Prepared {
    /// The file with its columns; none where there is nothing in it.
    fn of(file: Candidate, files: &EntityFiles, target: &Target, watch: &Watch) -> Result<Option<Prepared>> {
        if file.stamp.bytes == 0 {
            return Ok(None);
        }
        let (readable, behind) = if file.packed {
            let teller = Teller::new(watch, format!("unpack {}", file.name), file.stamp.bytes);
            Readable::unpacked(&file.path, target.temp_dir, &teller)?
        } else {
            (Readable::file(&file.path, file.stamp.bytes), 0)
        };
        let (header, width, preamble, notes, content) = match file.format {
            Format::Sheet => {
                let sheet = Sheet::read(&readable.path, &file.ending, files.sheet.as_deref(), files.header_row)
                    .map_err(|error| error.at_file(&file.path))?;
                let Some(sheet) = sheet else { return Ok(None) };
                let (header, width) = (sheet.header.clone(), sheet.width);
                (header, width, sheet.preamble.clone(), sheet.notes.clone(), Content::Sheet(Box::new(sheet)))
            }
            Format::Text => {
                let text = Text::open(readable, &file.name, files, target.temp_dir, watch)
                    .map_err(|error| error.at_file(&file.path))?;
                let Some(text) = text else { return Ok(None) };
                let (header, width) = (text.header(), text.layout.width);
                (header, width, text.preamble(), text.layout.notes.clone(), Content::Text(Box::new(text)))
            }
        };
        let (names, renamed) = if header.is_empty() {
            ((1..=width).map(|n| format!("column_{n}")).collect(), Vec::new())
        } else {
            names::unique(&header, width)
        };
        let behind = (behind > 0).then(|| format!("bytes passed over behind the packed content: {behind}"));
        let notes = behind.into_iter().chain(notes).chain(passed_over(&preamble)).chain(renamed).collect();
        Ok(Some(Prepared { file, names, content, notes }))
    }

    /// Whether the values of a column of that name hardly repeat.
    fn is_unlike(&self, column: &str) -> bool {
        let unlike = match &self.content {
            Content::Text(text) => &text.layout.unlike,
            Content::Sheet(sheet) => &sheet.unlike,
        };
        self.names.iter().zip(unlike).any(|(name, is_unlike)| *is_unlike && same_column(name, column))
    }

    fn stage(self, columns: &[String], target: &Target, watch: &Watch, extracted: &mut Extracted) -> Result<()> {
        let Prepared { file, names, content, mut notes } = self;
        let fields: Vec<Option<usize>> =
            columns.iter().map(|column| names.iter().position(|name| same_column(name, column))).collect();
        let into =
            staging::Into { relation: target.relation, columns, fields: &fields, file: &file.name, load: target.load };
        let found = match content {
            Content::Text(text) => text.stage(&file.name, &into, target, watch),
            Content::Sheet(sheet) => sheet.stage(&into, target, watch),
        };
        let found = found.map_err(|error| match error.kind() {
            Kind::Source | Kind::Io => error.at_file(&file.path),
            _ => error,
        })?;
        if Stamp::of(&file.path).ok() != Some(file.stamp) {
            return Err(Error::source("the file changed while it was read")
                .at_file(&file.path)
                .hint("wait until the export is finished and load again"));
        }
        if found.staged != found.rows {
            return Err(Error::internal(format!("{} rows were read and {} staged", found.rows, found.staged))
                .at_file(&file.path)
                .hint("please report this"));
        }
        notes.extend(found.notes);
        if found.rows == 0 && found.rejects.is_empty() {
            notes.push("holds column names and no rows".to_owned());
        }
        extracted.notes.extend(notes.into_iter().map(|note| format!("{}: {note}", file.name)));
        let before = extracted.load.staged;
        let load = &mut extracted.load;
        load.files.push(file.name.clone());
        load.bytes += file.stamp.bytes;
        load.staged += found.staged;
        load.rejected += found.rejects.len() as u64;
        load.rows_in += found.rows + found.rejects.len() as u64;
        extracted.rejects.extend(found.rejects);
        let of_entity = |mark: LineMark| LineMark {
            row: mark.row + before,
            shift: mark.shift - i64::try_from(before).unwrap_or(i64::MAX),
            ..mark
        };
        extracted.files.push(ExtractedFile {
            name: file.name,
            path: file.path.to_string_lossy().into_owned(),
            bytes: file.stamp.bytes,
            modified_ms: file.stamp.modified_ms,
            first_row: before + 1,
            rows: found.staged,
            dialect: found.dialect,
            lines: found.marks.into_iter().map(of_entity).collect(),
        });
        Ok(())
    }
}

/// Tells what stands above the column names.
fn passed_over(preamble: &[String]) -> Option<String> {
    let first = preamble.first()?.trim();
    let shown: String = first.chars().take(60).collect();
    let lines = if preamble.len() == 1 { "one line".to_owned() } else { format!("{} lines", preamble.len()) };
    Some(format!("{lines} above the column names passed over, beginning with \"{shown}\""))
}
