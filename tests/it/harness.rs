//! A workspace in a temporary folder and the real binary to run on it.

// Every module uses a part of this.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// What a run of the binary left behind.
#[derive(Debug, Clone)]
pub struct Output {
    /// Data.
    pub stdout: String,
    /// Progress, messages and errors.
    pub stderr: String,
    /// The exit code; -1 where a signal ended it.
    pub code: i32,
}

impl Output {
    /// The run, having ended with exit code 0.
    #[track_caller]
    pub fn passed(self) -> Output {
        self.ended(0)
    }

    /// The run, having ended with that exit code.
    #[track_caller]
    pub fn ended(self, code: i32) -> Output {
        assert_eq!(self.code, code, "exit code; stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("stdout is no JSON: {error}\n{}\nstderr:\n{}", self.stdout, self.stderr),
        }
    }
}

/// A folder for one test, gone afterwards.
pub struct Workspace {
    dir: tempfile::TempDir,
}

impl Workspace {
    /// An empty folder: no workspace yet.
    pub fn folder() -> Workspace {
        Workspace { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A fresh workspace with nothing in it.
    pub fn empty() -> Workspace {
        let workspace = Workspace::folder();
        workspace.tastevin(["init", ".", "--name", "Test", "--quiet"]).passed();
        workspace
    }

    /// A fresh workspace with a source `isavigne_prod` that reads the given files, by name and content.
    pub fn with_exports(files: &[(&str, &[u8])]) -> Workspace {
        let workspace = Workspace::empty();
        for (name, bytes) in files {
            workspace.write(&format!("exports/{name}"), bytes);
        }
        fs::create_dir_all(workspace.path("exports")).expect("the exports' folder");
        workspace.tastevin(["source", "add", "isavigne_prod", "--kind", "isavigne", "--path", "exports"]).passed();
        workspace
    }

    /// A workspace on the exports of a shop with these clients and sales and one wine, R1; loaded and checked.
    pub fn shop(clients: &str, sales: &str) -> Workspace {
        let workspace = Workspace::with_exports(&[
            ("clients.csv", clients.as_bytes()),
            ("produits.csv", b"Produit Key;Nom;Couleur;Prix\nR1;Riesling 2021;blanc;10,00\n"),
            ("ventes.csv", sales.as_bytes()),
            ("stock.csv", "Produit Key;Entrepôt;Quantité\nR1;Principal;100\n".as_bytes()),
        ]);
        workspace.tastevin(["load"]).passed();
        workspace.check();
        workspace
    }

    /// A workspace on the sample exports, not loaded yet.
    pub fn with_samples() -> Workspace {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_exports/isavigne");
        let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(samples)
            .expect("the sample exports")
            .map(|entry| entry.expect("a sample export").path())
            .filter(|path| path.extension() == Some(OsStr::new("csv")))
            .map(|path| {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                (name, fs::read(&path).expect("a sample export"))
            })
            .collect();
        files.sort();
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        Workspace::with_exports(&files)
    }

    /// A workspace on the sample exports, loaded and checked. Made once and copied from then on.
    pub fn checked() -> Workspace {
        static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
        let template = TEMPLATE.get_or_init(|| {
            let workspace = Workspace::with_samples();
            workspace.tastevin(["load"]).passed();
            workspace.tastevin(["check", "--fail-on", "never"]).passed();
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
            forget_old_ones(folder);
            let place = folder.join(format!("checked-{}", std::process::id()));
            copy(workspace.dir(), &place);
            place
        });
        let workspace = Workspace::folder();
        copy(template, workspace.dir());
        workspace
    }

    /// Looks at everything, whatever is found.
    pub fn check(&self) {
        self.tastevin(["check", "--fail-on", "never"]).passed();
    }

    /// What a query answers, a line a row.
    pub fn query(&self, sql: &str) -> Vec<String> {
        let output = self.tastevin(["query", sql, "--format", "csv"]).passed().stdout;
        output.lines().skip(1).map(str::to_owned).collect()
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The path of something in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file, making the folders that it needs.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        fs::write(path, bytes).expect("the file is written");
    }

    /// Reads a file.
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Another folder with the same files in it.
    pub fn copy(&self) -> Workspace {
        let copy = Workspace::folder();
        copy_all(self.dir(), copy.dir());
        copy
    }

    /// Runs `tastevin` in the folder.
    pub fn tastevin<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Output {
        let mut command = self.command();
        command.args(arguments);
        output(&mut command)
    }

    /// A `tastevin` in the folder, to be given arguments and run by the test itself.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tastevin"));
        command.current_dir(self.dir()).stdin(Stdio::null());
        // What the tests see must not depend on who runs them and where.
        command
            .env_remove("NO_COLOR")
            .env_remove("TASTEVIN_THEME")
            .env("TERM", "xterm-256color")
            .env("TASTEVIN_USER", "marie")
            .env("TZ", "UTC");
        command
    }
}

/// Removes what earlier test runs copied from; no run takes an hour.
fn forget_old_ones(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|made| made.elapsed().ok());
        let is_ours = entry.file_name().to_string_lossy().starts_with("checked-");
        if is_ours && age.is_some_and(|age| age > Duration::from_secs(3600)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is made");
    for entry in fs::read_dir(from).expect("the folder") {
        let entry = entry.expect("an entry").path();
        let target = to.join(entry.file_name().expect("a name"));
        if entry.is_dir() {
            copy(&entry, &target);
        } else {
            crate::session::copy_file(&entry, &target);
        }
    }
}

/// Runs a command to its end.
pub fn output(command: &mut Command) -> Output {
    let output = command.output().expect("the binary runs");
    Output {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            fs::create_dir_all(&target).expect("the folder is made");
            copy_all(&entry.path(), &target);
        } else {
            crate::session::copy_file(&entry.path(), &target);
        }
    }
}
