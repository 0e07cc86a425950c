//! The folder of a workspace: its files, its configuration, and who holds it.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::error::misread::{self, Examples};
use crate::error::{Error, Kind, Result};
use crate::model::{Mapping, Schema, SourceConfig, WorkspaceConfig, examples};
use crate::stages::decide::keep_name;
use crate::stages::gate;

/// How a workspace is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenOptions {
    /// Refuse every change, and share the workspace with others who all do the same.
    pub read_only: bool,
}

/// The defaults that `init` writes into `mappings/`, by file name.
const DEFAULTS: &[(&str, &str)] = &[
    ("canonical.toml", include_str!("../../mappings/canonical.toml")),
    ("isavigne.toml", include_str!("../../mappings/isavigne.toml")),
    ("odoo.toml", include_str!("../../mappings/odoo.toml")),
    ("brevo.toml", include_str!("../../mappings/brevo.toml")),
];

/// A folder with `tastevin.toml`, `mappings/`, `decisions.jsonl` and `tastevin.duckdb` in it.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The folder.
    pub dir: PathBuf,
    /// What `tastevin.toml` says.
    pub config: WorkspaceConfig,
    /// The canonical schema.
    pub schema: Schema,
    /// The mapping of every source, by the source's name.
    pub mappings: Vec<(String, Mapping)>,
    /// Whether what the schema says was proven; it needs the database, and once for as long as the file stays the same.
    is_proven: Arc<AtomicBool>,
}

impl Workspace {
    /// Makes a fresh workspace in `dir`, which may exist but must not hold one already.
    pub fn init(dir: &Path, name: &str) -> Result<()> {
        let file = dir.join("tastevin.toml");
        if file.exists() {
            return Err(Error::usage("there is a workspace here already")
                .at_file(&file)
                .hint("open it with `tastevin DIR`"));
        }
        let mappings = dir.join("mappings");
        fs::create_dir_all(&mappings).map_err(|cause| Error::io("cannot make the workspace", &mappings, cause))?;
        for (default, text) in DEFAULTS {
            let path = mappings.join(default);
            if !path.exists() {
                write(&path, text)?;
            }
        }
        write(&dir.join(".gitignore"), "tastevin.duckdb*\n.tastevin/\n")?;
        let name = toml_edit::Value::from(name);
        write(
            &file,
            &format!(
                "[workspace]\nname = {name}\n\n# One part per source; `tastevin source add` writes them too.\n# [sources.isavigne_prod]\n# kind = \"isavigne\"\n# path = \"exports\"\n\n[gate]\nfail_on = \"error\"        # error | warning | never\nquarantine = true        # blocked rows are quarantined, the rest commits\nmax_quarantined = \"5%\"   # of a table; above it nothing commits\nmax_removed = \"20%\"      # of a table's committed rows; an export cut short looks like a mass deletion\nwarn_rewritten = \"20%\"   # of a table's committed rows; above it a commit says that most of their values become others\n"
            ),
        )
    }

    /// Reads the files of a workspace.
    pub fn read(dir: &Path) -> Result<Workspace> {
        let file = dir.join("tastevin.toml");
        if !file.exists() {
            return Err(Error::config("there is no workspace here")
                .at_file(dir)
                .hint("`tastevin init DIR` makes one, `tastevin demo` makes one with sample data in it"));
        }
        Self::with(dir, toml(&file)?).map_err(|error| located(dir, error))
    }

    /// The workspace that a configuration makes of the folder, with its schema and mappings read.
    pub(super) fn with(dir: &Path, config: WorkspaceConfig) -> Result<Workspace> {
        let file = dir.join("tastevin.toml");
        let schema: Schema = match dir.join("mappings/canonical.toml") {
            path if path.exists() => toml(&path)?,
            path => parse(DEFAULTS[0].1, &path)?,
        };
        gate::limits(&config.gate)?;
        gate::is_unusual(&config.gate, 0, 0)?;
        let mut mappings = Vec::new();
        for (name, source) in &config.sources {
            refuse_secrets(&file, name, &source.options)?;
            refuse_borrowed(dir, &file, name, &config)?;
            refuse_name(name, &config).map_err(|error| error.at_file(&file).at_key(["sources", name]))?;
            let Some((mapping, _)) = read_mapping(dir, &mapping_name(dir, name, source), &source.kind)? else {
                let key = if source.mapping.is_some() { "mapping" } else { "kind" };
                let error = no_mapping(dir, name, source.mapping_name()).at_file(&file);
                return Err(error.at_column(format!("sources.{name}.{key}")).at_key(["sources", name, key]));
            };
            mappings.push((name.clone(), mapping));
        }
        Ok(Workspace { dir: dir.to_owned(), config, schema, mappings, is_proven: Arc::default() })
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.dir.join("tastevin.duckdb")
    }

    /// The ledger.
    pub fn ledger(&self) -> PathBuf {
        self.dir.join("decisions.jsonl")
    }

    /// Where the mapping of that name stands, or would if it were not the one that comes with tastevin.
    pub fn mapping_file(&self, name: &str) -> PathBuf {
        self.dir.join("mappings").join(format!("{name}.toml"))
    }

    /// The name of a source's mapping, by file name without `.toml`; `None` for no such source.
    pub fn mapping_name(&self, source: &str) -> Option<String> {
        self.config.sources.get(source).map(|config| mapping_name(&self.dir, source, config))
    }

    /// The user's own rules.
    pub fn rules(&self) -> PathBuf {
        self.dir.join("rules")
    }

    /// Whether its files say what those of the other say.
    pub(super) fn says_what(&self, other: &Workspace) -> bool {
        (&self.dir, &self.config, &self.schema, &self.mappings)
            == (&other.dir, &other.config, &other.schema, &other.mappings)
    }

    /// Has the schema proven, unless it was already.
    pub(super) fn proven(&self, prove: impl FnOnce(&Schema) -> Result<()>) -> Result<()> {
        if !self.is_proven.load(Ordering::Relaxed) {
            prove(&self.schema)?;
            self.is_proven.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Where temporary files go: on the workspace's disk, gone after use.
    pub fn temp(&self) -> PathBuf {
        self.dir.join(".tastevin")
    }

    /// Changes `tastevin.toml`, with the user's comments and order kept.
    pub fn edit(dir: &Path, change: impl FnOnce(&mut toml_edit::DocumentMut) -> Result<()>) -> Result<()> {
        let file = dir.join("tastevin.toml");
        let text =
            fs::read_to_string(&file).map_err(|cause| Error::io("cannot read the configuration", &file, cause))?;
        let mut document: toml_edit::DocumentMut = text
            .parse()
            .map_err(|cause: toml_edit::TomlError| Error::config("this is no TOML").at_file(&file).caused_by(cause))?;
        change(&mut document)?;
        let text = document.to_string();
        // What would not open again is not written.
        Self::with(dir, parse(&text, &file)?)?;
        replace(&file, &text)
    }
}

/// The name of a source's mapping. A source whose kind is a connector has a mapping of its own, which may be still to be
/// written.
fn mapping_name(dir: &Path, source: &str, config: &SourceConfig) -> String {
    let name = config.mapping_name();
    let is_written = dir.join("mappings").join(format!("{name}.toml")).exists()
        || DEFAULTS.iter().any(|(default, _)| default.strip_suffix(".toml") == Some(name));
    if config.mapping.is_none() && !is_written && is_connector(name) { source.to_owned() } else { name.to_owned() }
}

/// Refuses a name that would get in the way of another: staged tables are called after their sources, and the database
/// tells names apart without regard to case.
pub(super) fn refuse_name(name: &str, config: &WorkspaceConfig) -> Result<()> {
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c)) {
        return Err(Error::config(format!("\"{name}\" cannot be the name of a source"))
            .hint("letters, digits, _ - and . make a name, e.g. isavigne_prod"));
    }
    let is_alike = |other: &&String| *other != name && other.to_lowercase() == name.to_lowercase();
    match config.sources.keys().find(is_alike) {
        None => Ok(()),
        Some(other) => Err(Error::config(format!("\"{name}\" and \"{other}\" are one name"))
            .hint("capitals do not tell sources apart; give one of them another name")),
    }
}

/// A source whose kind is a connector has a mapping of its own, which is called like it. That of a kind, or of another source, is
/// none of its own: what is mapped for the one would be mapped for both.
fn refuse_borrowed(dir: &Path, file: &Path, source: &str, config: &WorkspaceConfig) -> Result<()> {
    let Some(own) = config.sources.get(source).filter(|own| own.mapping.is_none()) else { return Ok(()) };
    if mapping_name(dir, source, own) == own.kind {
        return Ok(());
    }
    let of_a_kind = DEFAULTS.iter().any(|(default, _)| default.strip_suffix(".toml") == Some(source));
    let of_another =
        config.sources.iter().find(|(name, other)| *name != source && mapping_name(dir, name, other) == source);
    let (whose, using) = match of_another {
        Some((other, _)) => (format!("that of the source \"{other}\""), format!("mapping = \"{source}\" shares it")),
        None if of_a_kind => (format!("that of the kind \"{source}\""), format!("kind = \"{source}\" uses it")),
        None => return Ok(()),
    };
    let said = format!("the source \"{source}\" would be read with mappings/{source}.toml, which is {whose}");
    Err(Error::config(said)
        .at_file(file)
        .at_column(format!("sources.{source}"))
        .at_key(["sources", source])
        .hint(format!("{using}; another name, e.g. {source}_{}, gives the source a mapping of its own", own.kind)))
}

fn is_connector(name: &str) -> bool {
    crate::connectors::REGISTRY.iter().any(|connector| connector.name == name)
}

/// The mapping of that name: the workspace's own, with the text of its file, or the one that comes with tastevin. Where the source's
/// kind is a connector and nothing is written yet, a mapping that maps nothing.
pub(super) fn read_mapping(dir: &Path, name: &str, kind: &str) -> Result<Option<(Mapping, Option<String>)>> {
    let base = format!("{name}.toml");
    let path = dir.join("mappings").join(&base);
    if path.exists() {
        let text = fs::read_to_string(&path).map_err(|cause| Error::io("cannot read", &path, cause))?;
        return Ok(Some((parse(&text, &path)?, Some(text))));
    }
    // A source of its own kind that happens to be called like a mapping of ours is none of ours.
    let is_ours = name == kind || !is_connector(kind);
    if let Some((_, text)) = DEFAULTS.iter().find(|(default, _)| is_ours && *default == base) {
        return Ok(Some((parse(text, &path)?, None)));
    }
    let unwritten = Mapping { connector: kind.to_owned(), ..Mapping::default() };
    Ok(is_connector(kind).then_some((unwritten, None)))
}

/// The text of a mapping that comes with tastevin.
pub(super) fn default_text(name: &str) -> Option<&'static str> {
    DEFAULTS.iter().find(|(default, _)| default.strip_suffix(".toml") == Some(name)).map(|(_, text)| *text)
}

/// The mappings in the workspace's folder by name, those that sources use and those that none does. One that cannot be read
/// is passed over: it has an error of its own where it is used.
pub(super) fn all_mappings(dir: &Path) -> Result<Vec<(String, Mapping)>> {
    let files = match fs::read_dir(dir.join("mappings")) {
        Ok(files) => files,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(Error::io("cannot read", &dir.join("mappings"), cause)),
    };
    let mut mappings = Vec::new();
    for entry in files.flatten() {
        let path = entry.path();
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.extension().is_some_and(|ending| ending == "toml") && name != "canonical" {
            mappings.extend(toml(&path).ok().map(|mapping| (name, mapping)));
        }
    }
    mappings.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(mappings)
}

/// A mapping that a source can be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingInfo {
    /// Its name, which is the kind of the source.
    pub name: String,
    /// What the source is, in a sentence.
    pub description: String,
    /// The connector that reads it.
    pub connector: String,
}

/// The mappings that come with tastevin and those of the workspace in `dir`, by name; the workspace's own come first.
pub(super) fn mappings(dir: Option<&Path>) -> Result<Vec<MappingInfo>> {
    let mut infos = Vec::new();
    for name in mapping_names(dir) {
        let base = format!("{name}.toml");
        let own = dir.map(|dir| dir.join("mappings").join(&base)).filter(|path| path.exists());
        let mapping: Mapping = match (own, DEFAULTS.iter().find(|(default, _)| *default == base)) {
            (Some(path), _) => toml(&path)?,
            (None, Some((_, text))) => parse(text, Path::new(&base))?,
            (None, None) => continue,
        };
        infos.push(MappingInfo { name, description: mapping.description, connector: mapping.connector });
    }
    Ok(infos)
}

fn mapping_names(dir: Option<&Path>) -> Vec<String> {
    let own = dir.and_then(|dir| fs::read_dir(dir.join("mappings")).ok()).into_iter().flatten().flatten();
    let own = own.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let files = own.chain(DEFAULTS.iter().map(|(file, _)| (*file).to_owned()));
    let mut names: Vec<String> = files
        .filter(|file| file != "canonical.toml")
        .filter_map(|file| Some(file.strip_suffix(".toml")?.to_owned()))
        .collect();
    names.sort();
    names.dedup();
    names
}

fn no_mapping(dir: &Path, source: &str, name: &str) -> Error {
    let error = Error::config(format!("source \"{source}\" has no mapping: there is no mappings/{name}.toml"));
    error
        .hint(format!("the mappings are: {}", mapping_names(Some(dir)).join(", ")))
        .hint("write one, name another with mapping = \"…\", or say kind = \"files\" and let `tastevin map suggest` propose one")
}

/// The canonical schema with which every workspace begins.
pub(super) fn default_schema() -> Result<Schema> {
    parse(DEFAULTS[0].1, Path::new("mappings/canonical.toml"))
}

/// Writes a file of the workspace anew, whole or not at all.
pub(super) fn replace(file: &Path, text: &str) -> Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    let mut fresh = tempfile::NamedTempFile::new_in(dir).map_err(|cause| Error::io("cannot write", file, cause))?;
    fresh.write_all(text.as_bytes()).map_err(|cause| Error::io("cannot write", file, cause))?;
    // A temporary file is readable by its owner only; what is replaced stays as open as it was, what is new is as open as
    // its neighbour.
    let like = if file.exists() { file.to_owned() } else { dir.join("canonical.toml") };
    if let Ok(permissions) = fs::metadata(&like).map(|old| old.permissions()) {
        let set = fresh.as_file().set_permissions(permissions);
        set.map_err(|cause| Error::io("cannot write", file, cause))?;
    }
    fresh.as_file().sync_all().map_err(|cause| Error::io("cannot write", file, cause))?;
    fresh.persist(file).map_err(|cause| Error::io("cannot replace", file, cause.error))?;
    keep_name(file).map_err(|cause| Error::io("cannot replace", file, cause))
}

/// Writes a file that is not there yet.
fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|cause| {
        // Half a file would be taken for a whole one the next time.
        let _ = fs::remove_file(path);
        Error::io("cannot write", path, cause)
    })
}

/// What a file of a workspace says.
trait Written: serde::de::DeserializeOwned {
    /// What could be written in it.
    const EXAMPLES: Examples;
}

impl Written for WorkspaceConfig {
    const EXAMPLES: Examples = examples::WORKSPACE;
}

impl Written for Mapping {
    const EXAMPLES: Examples = examples::MAPPING;
}

impl Written for Schema {
    const EXAMPLES: Examples = examples::SCHEMA;
}

fn toml<T: Written>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).map_err(|cause| Error::io("cannot read", path, cause))?;
    parse(&text, path)
}

fn parse<T: Written>(text: &str, path: &Path) -> Result<T> {
    misread::read(text, T::EXAMPLES).map_err(|error| error.at_file(path))
}

/// The error with the line on which its key stands in a file of the workspace in `dir`, as far as that can be told.
pub(super) fn located(dir: &Path, error: Error) -> Error {
    let Some(file) = error.place().file.clone() else { return error };
    let is_ours = file == Path::new("tastevin.toml") || file.starts_with("mappings");
    let file = if is_ours { dir.join(file) } else { file };
    let text = fs::read_to_string(&file).unwrap_or_default();
    let line = error.place().line.or_else(|| line_of(&text, &error.place().key));
    error.at_file(file).at_line_if(line)
}

/// The line on which a key stands, or what of it there is.
fn line_of(text: &str, key: &[String]) -> Option<u64> {
    let document = toml_edit::Document::parse(text).ok()?;
    let mut item = document.as_item();
    let mut found = None;
    for part in key {
        let next = match part.parse::<usize>() {
            Ok(number) => item.get(number),
            Err(_) => item.get(part.as_str()),
        };
        let Some(next) = next else { break };
        item = next;
        found = item.span().or(found);
    }
    found.map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count() as u64)
}

/// A secret is named by where it is kept, never written down: `{ env = "…" }`, `{ keyring = "…" }`, `{ file = "…" }`.
fn refuse_secrets(file: &Path, source: &str, options: &indexmap::IndexMap<String, toml::Value>) -> Result<()> {
    for (name, value) in options {
        let lower = name.to_lowercase();
        let secret = ["api_key", "password", "secret", "token"].iter().any(|word| lower.contains(word));
        if secret && !value.is_table() {
            return Err(Error::config("a secret must not stand in this file")
                .at_file(file)
                .at_column(format!("sources.{source}.{name}"))
                .at_key(["sources", source, name])
                .hint(format!("write {name} = {{ env = \"NAME_OF_A_VARIABLE\" }} and set that variable")));
        }
    }
    Ok(())
}

/// Holds the workspace for as long as it lives; the operating system lets go when the process ends, however it ends.
pub struct Lock {
    _file: Option<File>,
}

impl Lock {
    /// Takes the workspace for this process, or says who has it.
    pub fn take(dir: &Path, read_only: bool) -> Result<Lock> {
        if read_only {
            return Ok(Lock { _file: None });
        }
        let path = dir.join(".tastevin/lock");
        let folder = dir.join(".tastevin");
        fs::create_dir_all(&folder).map_err(|cause| Error::io("cannot write to the workspace", &folder, cause))?;
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|cause| Error::io("cannot lock the workspace", &path, cause))?;
        match try_for_a_moment(&file) {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                let holder = if holder.trim().is_empty() { "another process" } else { holder.trim() };
                return Err(Error::new(Kind::Busy, format!("{holder} holds this workspace"))
                    .at_file(dir)
                    .hint("close it there first; several can look at the same time if all of them say --read-only"));
            }
            Err(fs::TryLockError::Error(cause)) => return Err(Error::io("cannot lock the workspace", &path, cause)),
        }
        let me = format!("{} (process {})", super::clock::who(), std::process::id());
        let told = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(me.as_bytes()));
        told.map_err(|cause| Error::io("cannot lock the workspace", &path, cause))?;
        Ok(Lock { _file: Some(file) })
    }
}

/// A process that is being started elsewhere in this program holds our open files for a moment, locks too.
fn try_for_a_moment(file: &File) -> std::result::Result<(), fs::TryLockError> {
    const MOMENT: Duration = Duration::from_millis(300);
    let begin = Instant::now();
    loop {
        match file.try_lock() {
            Err(fs::TryLockError::WouldBlock) if begin.elapsed() < MOMENT => {
                std::thread::sleep(Duration::from_millis(20));
            }
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_workspace_reads_back_and_is_not_made_twice() -> Result<()> {
        let dir = tempfile::tempdir().map_err(|cause| Error::io("temp", Path::new("."), cause))?;
        Workspace::init(dir.path(), "Domaine \"R.\"")?;
        let workspace = Workspace::read(dir.path())?;
        assert_eq!(workspace.config.workspace.name, "Domaine \"R.\"");
        assert_eq!(workspace.schema.tables.len(), 5);
        assert_eq!(Workspace::init(dir.path(), "x").map_err(|error| error.kind()), Err(Kind::Usage));
        Ok(())
    }

    #[test]
    fn a_secret_written_down_is_refused_with_its_place() -> Result<()> {
        let dir = tempfile::tempdir().map_err(|cause| Error::io("temp", Path::new("."), cause))?;
        Workspace::init(dir.path(), "x")?;
        write(
            &dir.path().join("tastevin.toml"),
            "[workspace]\nname = \"x\"\n[sources.o]\nkind = \"isavigne\"\napi_key = \"123\"\n",
        )?;
        let error = Workspace::read(dir.path()).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.ends_with("[sources.o.api_key]: a secret must not stand in this file"), "{error}");
        assert!(!error.contains("123"));
        Ok(())
    }

    #[test]
    fn a_second_writer_is_told_who_holds_the_workspace() -> Result<()> {
        let dir = tempfile::tempdir().map_err(|cause| Error::io("temp", Path::new("."), cause))?;
        let first = Lock::take(dir.path(), false)?;
        let error = Lock::take(dir.path(), false).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("holds this workspace"), "{error}");
        assert!(Lock::take(dir.path(), true).is_ok());
        drop(first);
        assert!(Lock::take(dir.path(), false).is_ok());
        Ok(())
    }
}
