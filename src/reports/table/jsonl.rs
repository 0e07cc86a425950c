//! A table as JSON lines: one object a line, for tools that read as they go.

use std::io::Write;

use super::Writer;
use crate::error::Result;
use crate::reports::{TableFormat, writing};
use crate::sql::Ident;
use crate::store::Store;

/// One JSON object a line.
pub const FORMAT: TableFormat = TableFormat {
    name: "jsonl",
    summary: "one JSON object a line, for tools that read as they go",
    extension: "jsonl",
    write: Writer::Stream(write),
};

fn write(store: &Store, sql: &str, out: &mut dyn Write) -> Result<u64> {
    each_object(store, sql, &mut |object| writeln!(out, "{object}").map_err(writing))
}

/// Hands over every row as the text of a JSON object, which DuckDB writes with the value's own types.
pub(super) fn each_object(store: &Store, sql: &str, visit: &mut dyn FnMut(&str) -> Result<()>) -> Result<u64> {
    let fields: Vec<String> = store
        .columns(sql)?
        .iter()
        .map(|(name, sql_type)| match sql_type.as_str() {
            // JSON has no word for what is not a number.
            "FLOAT" | "DOUBLE" => format!("CASE WHEN isfinite({name}) THEN {name} END AS {name}", name = Ident(name)),
            _ => Ident(name).to_string(),
        })
        .collect();
    let sql = format!("SELECT to_json(r) FROM (SELECT {} FROM ({sql})) AS r", fields.join(", "));
    store.each_text(&sql, &mut |cells| visit(cells.first().copied().flatten().unwrap_or("{}")))
}
