//! A table as one JSON array of objects.

use std::io::Write;

use super::{Writer, jsonl};
use crate::error::Result;
use crate::reports::{TableFormat, writing};
use crate::store::Store;

/// An array with an object a row; lists stay lists, numbers keep all their digits.
pub const FORMAT: TableFormat = TableFormat {
    name: "json",
    summary: "a JSON array with one object a row; lists are arrays, days are `YYYY-MM-DD`, an absent value is null",
    extension: "json",
    write: Writer::Stream(write),
};

fn write(store: &Store, sql: &str, out: &mut dyn Write) -> Result<u64> {
    let mut lead = "[\n";
    let rows = jsonl::each_object(store, sql, &mut |object| {
        write!(out, "{lead}{object}").map_err(writing)?;
        lead = ",\n";
        Ok(())
    })?;
    out.write_all(if rows == 0 { b"[]\n" } else { b"\n]\n" }).map_err(writing)?;
    Ok(rows)
}
