//! What the user set for every workspace: `config.toml` and `themes/*.toml` in the configuration folder.
//!
//! This room reads and writes the files; what they mean is for the front that they are about.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A file of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// The user's files as they were found. Files that are not there are no fault.
#[derive(Debug, Default)]
pub struct Preferences {
    /// The configuration folder; `None` where there is no home.
    pub dir: Option<PathBuf>,
    /// `config.toml`.
    pub config: Option<TextFile>,
    /// `themes/*.toml`, by name.
    pub themes: Vec<TextFile>,
    /// What could not be read.
    pub wrong: Vec<Error>,
}

impl Preferences {
    /// Reads the folder that the environment names: `$XDG_CONFIG_HOME/tastevin`, else `~/.config/tastevin`; on Windows
    /// `%APPDATA%\tastevin`.
    pub fn here() -> Preferences {
        folder().map_or_else(Preferences::default, Preferences::read)
    }

    /// Reads a folder.
    pub fn read(dir: PathBuf) -> Preferences {
        let mut found = Preferences::default();
        let config = dir.join("config.toml");
        match fs::read_to_string(&config) {
            Ok(text) => found.config = Some(TextFile { path: config, text }),
            Err(cause) if cause.kind() == ErrorKind::NotFound => {}
            Err(cause) => found.wrong.push(Error::io("cannot read", &config, cause)),
        }
        let themes = fs::read_dir(dir.join("themes")).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut themes: Vec<PathBuf> =
            themes.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
        themes.sort();
        for path in themes {
            match fs::read_to_string(&path) {
                Ok(text) => found.themes.push(TextFile { path, text }),
                Err(cause) => found.wrong.push(Error::io("cannot read", &path, cause)),
            }
        }
        found.dir = Some(dir);
        found
    }
}

fn folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // A relative path means nothing here: https://specifications.freedesktop.org/basedir-spec/latest/
    let base = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let base = base.or_else(|| set("APPDATA").filter(|_| cfg!(windows)));
    Some(base.or_else(|| Some(std::env::home_dir()?.join(".config")))?.join("tastevin"))
}

/// Writes one setting into `config.toml` of a configuration folder, keeping comments and order; returns the file.
///
/// # Errors
/// The file is no TOML, or cannot be written.
pub fn set(dir: &Path, name: &str, value: &str) -> Result<PathBuf> {
    let path = dir.join("config.toml");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == ErrorKind::NotFound => String::new(),
        Err(cause) => return Err(Error::io("cannot read", &path, cause)),
    };
    let mut document: toml_edit::DocumentMut = text
        .parse()
        .map_err(|cause: toml_edit::TomlError| Error::config("this is no TOML").at_file(&path).caused_by(cause))?;
    match document.get_mut(name).and_then(toml_edit::Item::as_value_mut) {
        Some(before) => {
            // A comment beside the value belongs to it.
            let decor = before.decor().clone();
            *before = value.into();
            *before.decor_mut() = decor;
        }
        None => document[name] = toml_edit::value(value),
    }
    let failed = |cause| Error::io("cannot write", &path, cause);
    fs::create_dir_all(dir).map_err(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(failed)?;
    file.write_all(document.to_string().as_bytes()).map_err(failed)?;
    // A link to a file elsewhere, as people keep their settings in a repository, stays a link.
    let target = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
    file.persist(target).map_err(|cause| failed(cause.error))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_written_and_the_user_s_comments_stay() {
        let dir = tempfile::tempdir().expect("a folder");
        let home = dir.path().join("tastevin");
        assert_eq!(Preferences::read(home.clone()).config, None);
        set(&home, "theme", "light").expect("it is written");
        let file = home.join("config.toml");
        fs::write(&file, "# mine\ntheme = \"light\"  # by day\n\n[keys]\nquit = []\n").expect("a file");
        set(&home, "theme", "dark").expect("it is written");
        let found = Preferences::read(home).config.expect("the file").text;
        assert_eq!(found, "# mine\ntheme = \"dark\"  # by day\n\n[keys]\nquit = []\n");
    }
}
