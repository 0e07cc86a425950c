//! A table as Parquet, written by DuckDB itself.

use std::path::Path;

use super::Writer;
use crate::error::Result;
use crate::reports::TableFormat;
use crate::sql::Literal;
use crate::store::Store;

/// Columns with their types, compressed with zstd.
pub const FORMAT: TableFormat = TableFormat {
    name: "parquet",
    summary: "columns with their types, compressed; for data frames, warehouses and DuckDB",
    extension: "parquet",
    write: Writer::File(write),
};

fn write(store: &Store, sql: &str, path: &Path) -> Result<u64> {
    let path = path.to_string_lossy();
    // The file is ours and temporary already, so DuckDB need not make another one in front of it.
    let copy = format!("COPY ({sql}) TO {} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)", Literal(&path));
    store.execute(&copy, [])
}
