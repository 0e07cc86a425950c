//! Rows out of DuckDB: as text for screens, as polars frames for everything that computes.

use duckdb::Connection;
use duckdb::arrow::array::{Array as _, AsArray as _, StringArray};
use polars::prelude::DataFrame;

use super::{MANY_LETTERS, MANY_ROWS, Store, failed};
use crate::error::{Error, Result};
use crate::model::Page;

/// Every row of the query with every value cast to text by DuckDB itself, so that a value reads the same everywhere.
pub(super) fn texts(store: &Store, sql: &str) -> Result<Page> {
    let as_text = format!("SELECT COLUMNS(*)::VARCHAR FROM ({sql})");
    let mut statement = store.prepared(&as_text, sql)?;
    let mut rows = statement.query([]).map_err(|cause| failed(sql, cause))?;
    let mut page = Page::default();
    if let Some(statement) = rows.as_ref() {
        page.columns = statement.column_names();
    }
    while let Some(row) = rows.next().map_err(|cause| failed(sql, cause))? {
        let mut cells = Vec::with_capacity(page.columns.len());
        for at in 0..page.columns.len() {
            cells.push(row.get(at).map_err(|cause| failed(sql, cause))?);
        }
        page.rows.push(cells);
    }
    page.total = page.rows.len() as u64;
    let letters: usize = page.rows.iter().flatten().flatten().map(String::len).sum();
    if page.rows.len() > MANY_ROWS || letters > MANY_LETTERS {
        store.discard(&as_text, statement);
    }
    Ok(page)
}

/// Hands every row of the query to `visit`, one at a time and as text, without ever holding more than a chunk.
pub(super) fn each_text(
    conn: &Connection,
    sql: &str,
    visit: &mut dyn FnMut(&[Option<&str>]) -> Result<()>,
) -> Result<u64> {
    let as_text = format!("SELECT COLUMNS(*)::VARCHAR FROM ({sql})");
    let mut statement = conn.prepare(&as_text).map_err(|cause| failed(sql, cause))?;
    let chunks = statement.stream_arrow([]).map_err(|cause| failed(sql, cause))?;
    let mut seen = 0;
    for chunk in chunks {
        let chunk = chunk.map_err(|cause| failed(sql, cause))?;
        let columns: Vec<&StringArray> = chunk
            .columns()
            .iter()
            .map(|column| column.as_string_opt().ok_or_else(|| Error::internal("a text did not arrive as text")))
            .collect::<Result<_>>()?;
        for row in 0..chunk.num_rows() {
            let cells: Vec<Option<&str>> =
                columns.iter().map(|column| column.is_valid(row).then(|| column.value(row))).collect();
            visit(&cells)?;
        }
        seen += chunk.num_rows() as u64;
    }
    Ok(seen)
}

/// The rows of the query as one frame; a query without rows gives a frame with its columns and no rows.
pub(super) fn frame(conn: &Connection, sql: &str) -> Result<DataFrame> {
    let mut whole: Option<DataFrame> = None;
    each_frame(conn, sql, &mut |chunk| {
        match &mut whole {
            None => whole = Some(chunk),
            Some(frame) => {
                frame
                    .vstack_mut(&chunk)
                    .map_err(|cause| Error::internal("two chunks of one result differ in type").caused_by(cause))?;
            }
        }
        Ok(())
    })?;
    match whole {
        Some(frame) => Ok(frame),
        None => without_rows(conn, sql),
    }
}

/// Hands the rows of the query to `visit`, a frame of some thousand rows at a time.
pub(super) fn each_frame(conn: &Connection, sql: &str, visit: &mut dyn FnMut(DataFrame) -> Result<()>) -> Result<()> {
    let mut statement = conn.prepare(sql).map_err(|cause| failed(sql, cause))?;
    statement.query_polars([]).map_err(|cause| failed(sql, cause))?.try_for_each(visit)
}

/// A result without rows comes without chunks, so its columns are taken from one row of absent values.
fn without_rows(conn: &Connection, sql: &str) -> Result<DataFrame> {
    let one_row = format!("SELECT q.* FROM (SELECT 1) LEFT JOIN (SELECT * FROM ({sql}) LIMIT 0) q ON true");
    let mut frame = DataFrame::empty();
    each_frame(conn, &one_row, &mut |chunk| {
        frame = chunk.clear();
        Ok(())
    })?;
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn a_frame_without_rows_still_has_its_columns_and_types() -> Result<()> {
        let store = Store::in_memory(&[])?;
        let select = "SELECT i AS number, [i::VARCHAR] AS list, DATE '2026-01-01' AS day FROM range(3) t(i)";
        let full = store.frame(select)?;
        let empty = store.frame(&format!("{select} WHERE i > 5"))?;
        assert_eq!(empty.shape(), (0, 3));
        assert_eq!(empty.schema(), full.schema());
        Ok(())
    }

    #[test]
    fn every_row_is_visited_in_order_and_the_first_refusal_ends_it() -> Result<()> {
        let store = Store::in_memory(&[])?;
        let sql = "SELECT i, nullif(i, 1) AS n FROM range(10000) t(i) ORDER BY i";
        let mut seen = Vec::new();
        let rows = store.each_text(sql, &mut |cells| {
            seen.push((cells[0].map(str::to_owned), cells[1].is_none()));
            Ok(())
        })?;
        assert_eq!((rows, seen.len()), (10_000, 10_000));
        assert_eq!(seen[1], (Some("1".to_owned()), true));
        assert_eq!(seen[9999], (Some("9999".to_owned()), false));
        let refusal = store.each_text(sql, &mut |_| Err(Error::interrupted()));
        assert_eq!(refusal.map_err(|error| error.kind()), Err(crate::error::Kind::Interrupted));
        Ok(())
    }
}
