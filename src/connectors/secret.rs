//! Secrets of sources: where one is kept is written down, what it is never is. It shows itself nowhere, not even to
//! `{:?}`.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use super::Place;
use crate::error::{Error, Result};

/// Where a secret is kept: `{ env = "…" }`, `{ keyring = "…" }` or `{ file = "…" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Kept {
    /// In an environment variable of that name.
    Env(String),
    /// In the system's keyring, as the password of that entry of the service `tastevin`.
    Keyring(String),
    /// In a file that only its owner may read, relative to the workspace.
    File(PathBuf),
}

/// A secret in memory.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, to be sent and never to be shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where the option `name` says that the secret is kept.
pub fn kept(place: &Place, name: &str) -> Result<Kept> {
    let at = |error: Error| place.at_option(name, error);
    let hint =
        format!("write {name} = {{ env = \"NAME_OF_A_VARIABLE\" }}, {{ keyring = \"…\" }} or {{ file = \"…\" }}");
    let Some(value) = place.config.options.get(name) else {
        return Err(at(
            Error::config(format!("the source \"{}\" does not say where its key is kept", place.source)).hint(hint)
        ));
    };
    value.clone().try_into().map_err(|_| at(Error::config("this does not say where a secret is kept").hint(hint)))
}

/// Fetches a secret from where it is kept.
pub fn fetch(place: &Place, kept: &Kept) -> Result<Secret> {
    let text = match kept {
        Kept::Env(name) => std::env::var(name).map_err(|_| {
            Error::config(format!("the environment variable {name} is not set"))
                .hint(format!("export {name}=… before you start tastevin, or keep the key in a file or the keyring"))
        })?,
        Kept::Keyring(entry) => {
            let refused = |cause: keyring::Error| match cause {
                keyring::Error::NoEntry => {
                    Error::config(format!("the keyring has no entry \"{entry}\" of the service tastevin"))
                        .hint(format!("store the key there: {}", storing(entry)))
                }
                keyring::Error::NoDefaultStore => {
                    Error::config("no keyring answers here, so the key cannot be fetched from it")
                        .hint("where there is no keyring (a server, cron), use { file = \"…\" } or { env = \"…\" }")
                }
                other => {
                    Error::config(format!("the keyring does not give the entry \"{entry}\" of the service tastevin"))
                        .caused_by(other.to_string())
                        .hint("unlock it, or use { file = \"…\" } or { env = \"…\" }")
                }
            };
            keyring::Entry::new("tastevin", entry).and_then(|entry| entry.get_password()).map_err(refused)?
        }
        Kept::File(path) => {
            let path = place.workspace.join(path);
            let refused = |cause| Error::io("the file with the key cannot be read", &path, cause);
            private(&path, &std::fs::metadata(&path).map_err(refused)?)?;
            std::fs::read_to_string(&path).map_err(refused)?
        }
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::config("the key is empty")
            .at_file("tastevin.toml")
            .at_column(format!("sources.{}", place.source)));
    }
    Ok(Secret(text.to_owned()))
}

/// How a secret gets into the system's keyring.
fn storing(entry: &str) -> String {
    if cfg!(target_os = "macos") {
        format!("security add-generic-password -s tastevin -a {entry} -w")
    } else if cfg!(windows) {
        format!("cmdkey /generic:{entry}.tastevin /user:{entry} /pass")
    } else {
        format!("secret-tool store --label=tastevin service tastevin username {entry}")
    }
}

/// Refuses a file that others may read too.
#[cfg(unix)]
fn private(path: &std::path::Path, file: &std::fs::Metadata) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Error::config(format!("others may read the file with the key (mode {mode:o})"))
        .at_file(path)
        .hint(format!("chmod 600 {}", path.display())))
}

#[cfg(not(unix))]
fn private(_: &std::path::Path, _: &std::fs::Metadata) -> Result<()> {
    Ok(())
}
