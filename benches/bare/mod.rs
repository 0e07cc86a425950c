//! What everything else is held against: a bare DuckDB statement on the same files, in the same run.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tastevin::error::{Error, Result};
use tastevin::store::{Settings, Store};

/// How long it takes to do what anybody would type: every file into a table of texts in a file database.
pub fn load(home: &Path, files: &[PathBuf]) -> Result<Duration> {
    let database = home.join("bare.duckdb");
    for file in [database.clone(), home.join("bare.duckdb.wal")] {
        let _ = fs::remove_file(file);
    }
    let begin = Instant::now();
    let store = Store::open(&database, &Settings::default(), &[])?;
    for (at, file) in files.iter().enumerate() {
        // With broken records in the file DuckDB's sniffer gives up, so it is told what there is.
        let columns: Vec<String> =
            header(file)?.iter().map(|name| format!("{}: 'VARCHAR'", tastevin::sql::Literal(name))).collect();
        store.run(&format!(
            "CREATE TABLE bare_{at} AS SELECT * FROM read_csv({}, auto_detect = false, delim = ';', quote = '\"', \
             escape = '\"', header = true, columns = {{{}}}, strict_mode = false, ignore_errors = true)",
            tastevin::sql::Literal(&file.to_string_lossy()),
            columns.join(", ")
        ))?;
    }
    drop(store);
    Ok(begin.elapsed())
}

fn header(file: &Path) -> Result<Vec<String>> {
    let failed = |cause| Error::io("cannot read", file, cause);
    let mut line = String::new();
    fs::File::open(file).map(BufReader::new).and_then(|mut reader| reader.read_line(&mut line)).map_err(failed)?;
    Ok(line.trim_end().split(';').map(str::to_owned).collect())
}

/// The text files among the exports.
pub fn csv_files(exports: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(exports).map_err(|cause| Error::io("cannot read", exports, cause))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "csv"))
        .collect();
    files.sort();
    Ok(files)
}
