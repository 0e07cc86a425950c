//! What the benches share: exports of a size, and a workspace on them.

use std::fs;
use std::path::{Path, PathBuf};

use tastevin::error::{Error, Result};
use tastevin::model::SourceConfig;
use tastevin::workbench::{OpenOptions, Workbench, Workspace};

use crate::generator::{self, Dirt, Encoding, Wish};

/// As in the program, see `src/main.rs`.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The folder with exports of that size and encoding, made once.
pub fn exports(home: &Path, rows: u64, encoding: Encoding) -> Result<PathBuf> {
    let exports = home.join(encoding.name());
    if !exports.join("planted.json").exists() {
        fs::create_dir_all(&exports).map_err(|cause| Error::io("cannot make the exports", &exports, cause))?;
        let wish = Wish { rows, encoding, dirt: Dirt::Rate(0.005), ..Wish::default() };
        generator::write(&wish, &exports).map_err(|cause| Error::io("cannot make the exports", &exports, cause))?;
        // The workbook holds the same rows as the text beside it.
        let _ = fs::remove_file(exports.join("stock_2025-11-17.xlsx"));
    }
    Ok(exports)
}

/// A fresh workspace with one source on these exports, not loaded yet.
pub fn workspace(dir: &Path, exports: &Path) -> Result<Workbench> {
    let _ = fs::remove_dir_all(dir);
    Workspace::init(dir, "bench")?;
    let mut workbench = Workbench::open(dir, OpenOptions::default())?;
    let options = [("path".to_owned(), toml::Value::from(exports.to_string_lossy().into_owned()))];
    let source = SourceConfig { kind: "isavigne".to_owned(), mapping: None, options: options.into_iter().collect() };
    workbench.add_source("isavigne_prod", &source)?;
    Ok(workbench)
}
