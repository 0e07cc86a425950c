//! Handing a text to DuckDB: the one statement that stages rows, with nothing left to its sniffer.

use std::path::Path;

use super::survey::NO_DELIMITER;
use super::watching::Teller;
use crate::error::{Error, Result};
use crate::sql::{Ident, Literal, Path as Name};
use crate::store::Store;

/// A text in which every record is a row, and what DuckDB has to know of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Regular<'a> {
    /// UTF-8.
    pub path: &'a Path,
    /// Lines before the first row.
    pub skip: u64,
    /// `None` for one column.
    pub delimiter: Option<u8>,
    /// `None` where no quotes occur.
    pub quote: Option<u8>,
    /// How many fields a row has.
    pub width: usize,
    /// Bytes of the longest record.
    pub longest: u64,
    /// Whether every line ends in a line feed alone; otherwise every line ends in a carriage return and a line feed.
    pub feeds: bool,
    /// Whether several threads may begin in the middle of it.
    pub parallel: bool,
}

/// Where the rows go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Into<'a> {
    /// The table in the schema `dq`.
    pub relation: &'a str,
    /// Its columns.
    pub columns: &'a [String],
    /// For each of them the field of the text, counted from 0; `None` where the text lacks it.
    pub fields: &'a [Option<usize>],
    /// The file's name as staged.
    pub file: &'a str,
    /// The load's number.
    pub load: i64,
}

/// Makes the table that rows are staged in. Left to itself the engine looks for what repeats in a column; where hardly anything does,
/// which `is_unlike` says of a column, the search takes longer than all the rest, and so does finding a row again.
pub(super) fn create(
    store: &Store,
    relation: &str,
    columns: &[String],
    is_unlike: impl Fn(&str) -> bool,
) -> Result<()> {
    let compressed = |column: &str| if is_unlike(column) { " USING COMPRESSION zstd" } else { "" };
    let column = |column: &String| format!("{} VARCHAR{}, ", Ident(column), compressed(column));
    let columns: String = columns.iter().map(column).collect();
    store.run(&format!("CREATE TABLE {} ({columns}_file VARCHAR, _load BIGINT)", Name("dq", relation)))
}

/// Stages all rows in their order and says how many they were. The teller is told the share of its total.
pub(super) fn insert(store: &Store, regular: &Regular, into: &Into, teller: &Teller) -> Result<u64> {
    teller.step(0)?;
    let staged = store.execute_telling(&statement(regular, into)?, &|share| teller.tell_share(share))?;
    teller.tell_share(1.0);
    Ok(staged)
}

/// DuckDB takes these for patterns in the name of a file.
const PATTERN: [char; 5] = ['*', '?', '[', ']', '{'];

/// Whether DuckDB can be told to open the file by its name.
pub(super) fn can_open(path: &Path) -> bool {
    path.is_absolute() && path.to_str().is_some_and(|path| !path.contains(PATTERN) && !path.contains('\0'))
}

fn statement(regular: &Regular, into: &Into) -> Result<String> {
    /// Records up to this length need no more than DuckDB's own settings (2 MB a line, 32 MB a buffer).
    const USUAL: u64 = 1_000_000;
    let path = regular.path.to_str().ok_or_else(|| Error::internal("a temporary file has no readable name"))?;
    let columns: Vec<String> = (0..regular.width).map(|n| format!("'f{n}': 'VARCHAR'")).collect();
    let character = |byte: Option<u8>| byte.map(char::from).map(String::from).unwrap_or_default();
    let quote = character(regular.quote);
    let mut options = vec![
        "auto_detect = false".to_owned(),
        "header = false".to_owned(),
        format!("skip = {}", regular.skip),
        format!("columns = {{{}}}", columns.join(", ")),
        format!("delim = {}", Literal(&character(regular.delimiter.or(Some(NO_DELIMITER))))),
        format!("quote = {}", Literal(&quote)),
        format!("escape = {}", Literal(&quote)),
        // Nothing between two delimiters is absent; two quotes are an empty text.
        "nullstr = ''".to_owned(),
        "allow_quoted_nulls = false".to_owned(),
        "strict_mode = true".to_owned(),
        "null_padding = false".to_owned(),
        "ignore_errors = false".to_owned(),
        "compression = 'none'".to_owned(),
        "hive_partitioning = false".to_owned(),
        format!("parallel = {}", regular.parallel),
    ];
    // Left alone, DuckDB takes the first line end it meets, even one within quotes. Told of a carriage return and a line
    // feed, it reads wrongly (seen with 2.0), so that this one must be what it meets first.
    if regular.feeds {
        options.push("new_line = '\\n'".to_owned());
    }
    if regular.longest > USUAL {
        options.push(format!("max_line_size = {}", regular.longest + USUAL));
    }
    let names: String = into.columns.iter().map(|column| format!("{}, ", Ident(column))).collect();
    let values: String =
        into.fields.iter().map(|field| field.map_or("NULL, ".to_owned(), |field| format!("f{field}, "))).collect();
    Ok(format!(
        "INSERT INTO {} ({names}_file, _load) SELECT {values}{}, {} FROM read_csv({}, {})",
        Name("dq", into.relation),
        Literal(into.file),
        into.load,
        Literal(path),
        options.join(", ")
    ))
}
