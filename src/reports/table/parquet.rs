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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn a_parquet_file_reads_back_with_its_types_and_rows() -> Result<()> {
        let store = Store::in_memory(&[])?;
        let dir = tempfile::tempdir().map_err(|cause| Error::internal("no folder").caused_by(cause))?;
        let path = dir.path().join("l'été.parquet");
        let sql = "SELECT i, i::DECIMAL(18,4) AS price, ['a'] AS list, DATE '2026-01-31' AS day FROM range(3) t(i)";
        assert_eq!(write(&store, sql, &path)?, 3);
        let back = format!("SELECT * FROM read_parquet({})", Literal(&path.to_string_lossy()));
        assert_eq!(store.columns(&back)?, store.columns(sql)?);
        assert_eq!(store.texts(&back)?.rows, store.texts(sql)?.rows);
        Ok(())
    }
}
