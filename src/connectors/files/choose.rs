//! Which files of a folder hold an entity.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use indexmap::IndexMap;

use crate::error::{Error, Kind, Result};
use crate::model::{EntityFiles, column_key};

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Delimited text.
    Text,
    /// A workbook.
    Sheet,
}

/// The endings that are read. Each may be followed by `.gz`.
const FORMATS: [(&str, Format); 6] = [
    ("csv", Format::Text),
    ("txt", Format::Text),
    ("tsv", Format::Text),
    ("xlsx", Format::Sheet),
    ("xls", Format::Sheet),
    ("ods", Format::Sheet),
];

/// A file that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Its name within the folder.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// How it is read.
    pub format: Format,
    /// Its ending without `.gz`, in lower case.
    pub ending: String,
    /// Whether it is packed with gzip.
    pub packed: bool,
    /// What it was when it was chosen.
    pub stamp: Stamp,
}

/// What tells whether a file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Bytes on disk.
    pub bytes: u64,
    /// When it was last modified, in milliseconds since 1970 UTC; `None` where the disk does not say.
    pub modified_ms: Option<i64>,
}

impl Stamp {
    /// The stamp of a file as it is now.
    pub fn of(path: &Path) -> std::io::Result<Stamp> {
        let metadata = fs::metadata(path)?;
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Ok(Stamp {
            bytes: metadata.len(),
            modified_ms: modified.and_then(|duration| i64::try_from(duration.as_millis()).ok()),
        })
    }
}

/// The files of a folder, those that can be read and the names of the others.
#[derive(Debug, Clone, Default)]
pub(super) struct Folder {
    /// Where it is.
    path: PathBuf,
    readable: Vec<Candidate>,
    others: Vec<String>,
}

impl Folder {
    /// Looks into the folder, not into folders within it. Temporary and lock files are passed over.
    pub fn list(path: &Path) -> Result<Folder> {
        let metadata = fs::metadata(path).map_err(|cause| match cause.kind() {
            std::io::ErrorKind::NotFound => Error::new(Kind::Source, "there is no such folder")
                .at_file(path)
                .hint("check `path` of the source in tastevin.toml; it starts at the workspace folder"),
            _ => Error::io("the folder cannot be read", path, cause),
        })?;
        if !metadata.is_dir() {
            return Err(Error::source("`path` of the source is a file and must be a folder").at_file(path));
        }
        let unreadable = |cause| Error::io("the folder cannot be read", path, cause);
        let mut folder = Folder { path: path.to_owned(), ..Folder::default() };
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_temporary = ["~$", ".~lock", "."].iter().any(|start| name.starts_with(start)) || name.ends_with('~');
            // A file that goes away between the listing and the look at it is none.
            let Ok(metadata) = fs::metadata(entry.path()) else { continue };
            if is_temporary || !metadata.is_file() {
                continue;
            }
            let (stem, packed) = unpacked_name(&name);
            let ending = stem.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
            match FORMATS.iter().find(|(known, _)| *known == ending) {
                None => folder.others.push(name),
                Some((_, format)) => folder.readable.push(Candidate {
                    path: entry.path(),
                    format: *format,
                    ending,
                    packed,
                    stamp: Stamp::of(&entry.path())
                        .map_err(|cause| Error::io("the file cannot be read", &entry.path(), cause))?,
                    name,
                }),
            }
        }
        folder.readable.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(folder)
    }

    /// The files of the entity in the order in which they are staged, with what is worth knowing of the choice: the
    /// newest, of equally new ones the last by name; with `all`, every match by name.
    pub fn choose(&self, entity: &str, files: &EntityFiles) -> (Vec<Candidate>, Vec<String>) {
        let patterns = patterns(entity, files);
        let mut matching: Vec<&Candidate> =
            self.readable.iter().filter(|file| patterns.iter().any(|pattern| matches(pattern, &file.name))).collect();
        if files.all {
            return (matching.into_iter().cloned().collect(), Vec::new());
        }
        matching.sort_by_key(|file| Reverse((file.stamp.modified_ms, &file.name)));
        let Some((newest, passed)) = matching.split_first() else {
            return (Vec::new(), Vec::new());
        };
        let mut notes = Vec::new();
        if !passed.is_empty() {
            let shown: Vec<&str> = passed.iter().take(3).map(|file| file.name.as_str()).collect();
            let more = match passed.len() - shown.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            notes.push(format!(
                "{entity}: {} is the newest match, {}{more} passed over",
                newest.name,
                shown.join(", ")
            ));
        }
        (vec![(*newest).clone()], notes)
    }

    /// The entities that the names of the files speak of: `clients_2025-11-17.csv` and `clients_2025-11-24.csv` are both
    /// exports of `clients`.
    pub fn discover(&self) -> IndexMap<String, EntityFiles> {
        let mut stems: IndexMap<String, Vec<(&str, &str)>> = IndexMap::new();
        for file in &self.readable {
            let whole = unpacked_name(&file.name).0;
            let whole = whole.rsplit_once('.').map_or(whole, |(stem, _)| stem);
            let stem = undated(whole);
            let entity = match column_key(stem) {
                key if key.is_empty() => whole.to_lowercase(),
                key => key,
            };
            stems.entry(entity).or_default().push((stem, whole));
        }
        let starts = |entity: &str, with: &str| entity.to_lowercase().starts_with(&with.to_lowercase());
        let mut entities = IndexMap::new();
        for (entity, names) in &stems {
            let mut patterns: Vec<String> = Vec::new();
            for (stem, whole) in names {
                // `clients*` would take the files of `clients_pro` too; then only the digits may be others.
                let others = stems.iter().filter(|(other, _)| *other != entity).flat_map(|(_, names)| names);
                let is_apart = whole.starts_with(stem)
                    && !stem.is_empty()
                    && !others.clone().any(|(_, other)| starts(other, stem));
                let pattern = if is_apart {
                    format!("{stem}*")
                } else {
                    format!("{}.*", whole.replace(|c: char| c.is_ascii_digit(), "?"))
                };
                if !patterns.contains(&pattern) {
                    patterns.push(pattern);
                }
            }
            entities.insert(entity.clone(), EntityFiles { files: patterns, ..EntityFiles::default() });
        }
        entities
    }

    /// What is in the folder and read by none of the entities, a sentence each: files whose name matches none, and such as
    /// match one and are of a kind that is not read.
    pub fn left_over(&self, entities: &IndexMap<String, EntityFiles>) -> Vec<String> {
        let patterns: Vec<String> = entities.iter().flat_map(|(entity, files)| patterns(entity, files)).collect();
        let is_wanted = |name: &str| patterns.iter().any(|pattern| matches(pattern, name));
        let stray: Vec<&str> =
            self.readable.iter().map(|file| file.name.as_str()).filter(|name| !is_wanted(name)).collect();
        let foreign: Vec<&str> = self.others.iter().map(String::as_str).filter(|name| is_wanted(name)).collect();
        let mut said = Vec::new();
        if !stray.is_empty() {
            let (files, verb) = if stray.len() == 1 { ("file", "matches") } else { ("files", "match") };
            said.push(format!(
                "{} {files} {verb} no entity: {}; to have such files read, name them in the mapping: [entities.NAME] files = \
                 [\"NAME*\"]",
                stray.len(),
                list(&stray)
            ));
        }
        if !foreign.is_empty() {
            let (files, verb) = if foreign.len() == 1 { ("file", "is") } else { ("files", "are") };
            said.push(format!(
                "{} {files} {verb} of a kind that is not read: {}; read are {}",
                foreign.len(),
                list(&foreign),
                endings()
            ));
        }
        said
    }

    /// Says that no file holds the entity, and what there is instead.
    pub fn nothing_for(&self, entity: &str, files: &EntityFiles) -> Error {
        let patterns = patterns(entity, files).join(", ");
        let here: Vec<&str> = self.readable.iter().map(|file| file.name.as_str()).collect();
        let matching_others: Vec<&str> = self.others.iter().map(String::as_str).collect();
        let error = Error::source(format!("no file matches {patterns}")).at_file(&self.path).at_column(entity);
        let error = match (here.as_slice(), matching_others.as_slice()) {
            ([], []) => error.hint("the folder is empty"),
            ([], others) => error.hint(format!("in the folder: {}", list(others))),
            (here, _) => error.hint(format!("in the folder: {}", list(here))),
        };
        error.hint(format!("read are {}; the patterns are in the mapping", endings()))
    }
}

/// The endings that are read, for a person.
fn endings() -> String {
    format!("{}, each also with .gz", FORMATS.map(|(ending, _)| format!(".{ending}")).join(" "))
}

/// What the numbers of weeks, months, quarters and versions are called.
const COUNTED: [&str; 14] = ["w", "wk", "week", "kw", "s", "sem", "semaine", "q", "t", "m", "v", "version", "no", "nr"];

/// The name without the day, the week or the number of the export: `sales` of `sales_2026-09-11_w1`.
fn undated(stem: &str) -> &str {
    let is_between = |c: char| c.is_whitespace() || "-_.()".contains(c);
    let is_counted = |word: &str| COUNTED.iter().any(|known| word.eq_ignore_ascii_case(known));
    let mut words: Vec<&str> = stem.split(is_between).filter(|word| !word.is_empty()).collect();
    let mut is_before_number = false;
    while let [_, .., last] = words.as_slice() {
        let name = last.trim_end_matches(|c: char| c.is_ascii_digit());
        let says_when = name.is_empty() || is_counted(name) && (name.len() < last.len() || is_before_number);
        if !says_when {
            break;
        }
        is_before_number = name.is_empty();
        words.pop();
    }
    let mut end = 0;
    for word in &words {
        end += stem[end..].find(word).map_or(0, |at| at + word.len());
    }
    let bare = stem[..end].trim_matches(|c: char| c.is_ascii_digit() || is_between(c));
    if bare.is_empty() { stem } else { bare }
}

fn list(names: &[&str]) -> String {
    const SHOWN: usize = 12;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

/// The patterns of an entity; one that names none is looked for under its own name.
pub(super) fn patterns(entity: &str, files: &EntityFiles) -> Vec<String> {
    if files.files.is_empty() { vec![format!("{entity}*")] } else { files.files.clone() }
}

/// The name without `.gz`, and whether it had it.
pub(super) fn unpacked_name(name: &str) -> (&str, bool) {
    match name.len().checked_sub(3).filter(|at| name.is_char_boundary(*at)).map(|at| name.split_at(at)) {
        Some((stem, ending)) if ending.eq_ignore_ascii_case(".gz") => (stem, true),
        _ => (name, false),
    }
}

/// Whether a file bears a name of the pattern, itself or without `.gz`.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let fits = |name: &str| glob(&pattern, &name.to_lowercase().chars().collect::<Vec<_>>());
    fits(name) || fits(unpacked_name(name).0)
}

/// `*` stands for any characters, `?` for one.
fn glob(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            // The last star takes one character more.
            _ => match &mut star {
                Some((at, taken)) => {
                    *taken += 1;
                    p = *at + 1;
                    n = *taken;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_without_regard_to_case_or_packing() {
        assert!(matches("clients*.csv", "Clients_2025.CSV"));
        assert!(matches("clients*.csv", "clients.csv.gz"));
        assert!(matches("stock??.*", "STOCK07.xlsx"));
        assert!(matches("*a*b*c", "xxaxxbxxbxc"));
        assert!(!matches("stock??.csv", "stock7.csv"));
        assert!(!matches("clients*.csv", "clients.csv.bak"));
        assert!(!matches("clients", "clients.csv"));
    }

    #[test]
    fn files_of_one_name_and_several_days_are_one_entity() {
        let readable = [
            "Clients_2025-11-17.csv",
            "Clients_2025-11-24.csv",
            "clients_pro.csv",
            "2025 ventes.xlsx",
            "12.csv",
            "sales_2026-09-11_w1.csv",
            "Stock KW 46.csv",
            "items_s.csv",
        ];
        let stamp = Stamp { bytes: 0, modified_ms: None };
        let file = |name: &&str| Candidate {
            name: (*name).to_owned(),
            path: PathBuf::new(),
            format: Format::Text,
            ending: String::new(),
            packed: false,
            stamp,
        };
        let folder = Folder { readable: readable.iter().map(file).collect(), ..Folder::default() };
        let found: Vec<(String, Vec<String>)> =
            folder.discover().into_iter().map(|(entity, files)| (entity, files.files)).collect();
        let expected = [
            ("clients", "Clients_????-??-??.*"),
            ("clients_pro", "clients_pro*"),
            ("ventes", "???? ventes.*"),
            ("12", "12*"),
            ("sales", "sales*"),
            ("stock", "Stock*"),
            ("items_s", "items_s*"),
        ];
        assert_eq!(found, expected.map(|(entity, pattern)| (entity.to_owned(), vec![pattern.to_owned()])));
    }

    #[test]
    fn the_newest_wins_and_the_others_are_named() -> Result<()> {
        let dir = tempfile::tempdir().map_err(|cause| Error::internal("no temporary folder").caused_by(cause))?;
        for (name, age) in [("ventes_a.csv", 30), ("ventes_b.xlsx", 10), ("~$ventes_b.xlsx", 0), ("ventes.pdf", 0)] {
            let path = dir.path().join(name);
            fs::write(&path, "x").expect("written");
            let time = UNIX_EPOCH + std::time::Duration::from_secs(1_000_000 - age);
            fs::File::options().write(true).open(&path).and_then(|file| file.set_modified(time)).expect("dated");
        }
        let folder = Folder::list(dir.path())?;
        let (chosen, notes) = folder.choose("ventes", &EntityFiles::default());
        assert_eq!(chosen.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["ventes_b.xlsx"]);
        assert_eq!(notes, ["ventes: ventes_b.xlsx is the newest match, ventes_a.csv passed over"]);
        let all = EntityFiles { all: true, ..EntityFiles::default() };
        assert_eq!(folder.choose("ventes", &all).0.len(), 2);
        let error = folder.nothing_for("stock", &EntityFiles::default());
        assert!(error.hints()[0].contains("ventes_a.csv"), "{:?}", error.hints());
        Ok(())
    }
}
