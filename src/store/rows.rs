//! Rows out of DuckDB: as text for screens, as polars frames for everything that computes.

use duckdb::Connection;
use polars::prelude::DataFrame;

use super::failed;
use crate::error::{Error, Result};
use crate::model::Page;

/// Every row of the query with every value cast to text by DuckDB itself, so that a value reads the same everywhere.
pub(super) fn texts(conn: &Connection, sql: &str) -> Result<Page> {
    let as_text = format!("SELECT COLUMNS(*)::VARCHAR FROM ({sql})");
    let mut statement = conn.prepare(&as_text).map_err(|cause| failed(sql, cause))?;
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
    Ok(page)
}

/// The rows of the query as one frame.
pub(super) fn frame(conn: &Connection, sql: &str) -> Result<DataFrame> {
    let mut statement = conn.prepare(sql).map_err(|cause| failed(sql, cause))?;
    let chunks = statement.query_polars([]).map_err(|cause| failed(sql, cause))?;
    let mut whole: Option<DataFrame> = None;
    for chunk in chunks {
        match &mut whole {
            None => whole = Some(chunk),
            Some(frame) => {
                frame
                    .vstack_mut(&chunk)
                    .map_err(|cause| Error::internal("two chunks of one result differ in type").caused_by(cause))?;
            }
        }
    }
    match whole {
        Some(frame) => Ok(frame),
        // A result without rows comes without chunks; its columns still have names.
        None => Ok(DataFrame::empty()),
    }
}
