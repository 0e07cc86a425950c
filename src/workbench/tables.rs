//! Any table of any stage, and the result of any query, as rows to page through. Neighbours: `reader`, `store::vet`.

use std::fs;
use std::io::Write as _;
use std::path::{Path as File, PathBuf};
use std::sync::Arc;

use super::Reader;
use crate::error::{Error, Kind, Result};
use crate::model::{Frequencies, Profile, Record, RecordOrigin, RowsOf, TableInfo, TableView, ViewPage};
use crate::reports::{self, Target};
use crate::sql::{self, Ident, Literal, Path};
use crate::stages::{browse, load};
use crate::store::Store;
use crate::store::vet::{self, Sight};

/// Rows that were written to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// How many.
    pub rows: u64,
    /// The query that `tastevin query` writes the same rows with.
    pub sql: String,
}

/// A condition in SQL: a column that holds lists has one of these values in its list.
pub fn any_of_list(column: &str, values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| Literal(value).to_string()).collect();
    format!("list_has_any({}, [{}])", sql::bare(column), values.join(", "))
}

/// A name as it is written in SQL: quoted where that is needed.
pub fn sql_name(name: &str) -> String {
    sql::bare(name)
}

/// How many queries the history keeps.
const HISTORY: usize = 500;

/// What a reader keeps so that a page of a view is found at once.
#[derive(Default)]
pub(super) struct Browser {
    views: browse::Views,
    counted: browse::Counted,
}

/// A view, and which state of the data it is of: what was found out under another version is found out again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewed {
    /// The view.
    pub view: TableView,
    /// The state of the data.
    pub version: u64,
}

/// Told which share of a piece of work is done, from 0 to 1.
pub type Tell<'a> = &'a (dyn Fn(f64) + Sync);

struct ReadingOnly<'a>(&'a Store);

impl browse::Vet for ReadingOnly<'_> {
    fn query(&self, sql: &str) -> Result<String> {
        asked(self.0, sql)
    }

    fn expression(&self, from: &str, expression: &str) -> Result<()> {
        let before = format!("SELECT 1 FROM ({from}) WHERE (\n");
        vet::expression(self.0, expression, Sight::Workspace).map_err(|error| error.of(Kind::Usage))?;
        refused(self.0, &format!("{before}{expression}\n)"), before.len())
    }
}

/// A query that a person wrote, proven to only read and accepted by the engine.
pub(super) fn asked(store: &Store, sql: &str) -> Result<String> {
    let vetted = vet::query(store, sql)?;
    refused(store, &vetted, 0)?;
    Ok(vetted)
}

/// What the engine has against a statement, with its place in what the user typed.
fn refused(store: &Store, sql: &str, skip: usize) -> Result<()> {
    let Some(refusal) = store.refusal(sql)? else { return Ok(()) };
    let mut error = Error::usage(refusal.what);
    if let Some(at) = refusal.at.and_then(|at| at.checked_sub(skip)) {
        error = error.at_column(vet::place_of(&sql[skip..], at));
    }
    Err(match refusal.meant {
        Some(meant) => error.hint(format!("did you mean \"{meant}\"?")),
        None => error,
    })
}

impl Reader {
    /// Every table of every stage, with its columns and how many rows it has.
    pub fn tables(&self) -> Result<Vec<TableInfo>> {
        browse::tables(&self.store)
    }

    /// A window of the rows of a view. The first window of a view that is filtered or sorted takes as long as finding its
    /// rows does; every other one is found at once, wherever it is.
    ///
    /// # Errors
    /// A query or an expression that could do more than read, or that is no SQL, with the place of the slip.
    pub fn view_page(&self, viewed: &Viewed, offset: u64, limit: u64, tell: Tell) -> Result<ViewPage> {
        self.open(viewed, tell)?.page(&self.store, offset, limit)
    }

    fn open(&self, viewed: &Viewed, tell: Tell) -> Result<Arc<browse::Held>> {
        let vet = ReadingOnly(&self.store);
        let held = self.browser.views.open(&self.store, &viewed.view, viewed.version, &vet, tell);
        held.map_err(super::reader::asked_wrongly)
    }

    /// One row of a view, whole, with the record of the file that it was read from.
    pub fn view_record(&self, viewed: &Viewed, at: u64, tell: Tell) -> Result<Option<Record>> {
        let Some(row) = self.open(viewed, tell)?.row(&self.store, at)? else { return Ok(None) };
        let origin = self.origin(&viewed.view.of, &row)?;
        Ok(Some(Record { at, cells: row.into_iter().map(|(_, value)| value).collect(), origin }))
    }

    /// Where a row was read: staged rows know it, candidates say it, and committed rows are asked of their candidates.
    fn origin(&self, of: &RowsOf, row: &[(String, Option<String>)]) -> Result<Option<RecordOrigin>> {
        let get = |name: &str| row.iter().find(|(column, _)| column == name).and_then(|(_, value)| value.clone());
        let number = || get("_row").and_then(|row| row.parse::<i64>().ok());
        let place = match browse::staged(&self.store, of)? {
            Some((source, entity)) => Some(source).zip(Some(entity)).zip(number()),
            None => get("_source").or(get("source")).zip(get("_entity").or(get("entity"))).zip(number()),
        };
        let place = match (place, of) {
            (None, RowsOf::Table(schema, table)) if schema == "canonical" => self.candidate_of(table, &get)?,
            (place, _) => place,
        };
        let Some(((source, entity), number)) = place else { return Ok(None) };
        let record = load::raw_record(&self.store, &source, &entity, number)?;
        Ok(record.map(|(file, line, raw)| RecordOrigin { file, line, raw }))
    }

    /// Source, entity and record of the candidate with the key of a committed row.
    fn candidate_of(
        &self,
        table: &str,
        get: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<((String, String), i64)>> {
        let Some(declared) = self.schema().tables.get(table) else { return Ok(None) };
        let keys: Option<Vec<String>> =
            declared.keys().map(|key| Some(format!("{}::VARCHAR = {}", Ident(key), Literal(&get(key)?)))).collect();
        let Some(keys) = keys.filter(|keys| !keys.is_empty()) else { return Ok(None) };
        if !self.store.has_table("candidate", table)? {
            return Ok(None);
        }
        let (candidate, keys) = (Path("candidate", table), keys.join(" AND "));
        let sql = format!("SELECT _source, _entity, _row FROM {candidate} WHERE {keys} LIMIT 1");
        self.store.first(&sql, [], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))
    }

    /// The number of the next row of a view after `from`, or before it, that contains a text in a column, or in any.
    pub fn find_in_view(
        &self,
        viewed: &Viewed,
        (column, text): (Option<&str>, &str),
        (from, backwards): (u64, bool),
        tell: Tell,
    ) -> Result<Option<u64>> {
        let go_on = |share| {
            tell(share);
            self.canceller.check()
        };
        self.open(viewed, tell)?.find(&self.store, column, text, from, backwards, &go_on)
    }

    /// Rows of a view as lines of values apart by tabs, whole, for the clipboard. Tabs and line ends within a value become
    /// spaces where there is more than one value.
    ///
    /// # Errors
    /// More than `most` bytes.
    pub fn view_text(
        &self,
        viewed: &Viewed,
        columns: &[String],
        ranges: &[(u64, u64)],
        most: usize,
        tell: Tell,
    ) -> Result<String> {
        let held = self.open(viewed, tell)?;
        let single = columns.len() == 1 && matches!(ranges, [(first, last)] if first == last);
        let mut text = String::new();
        for (first, last) in ranges {
            let window = (*first, last - first + 1);
            held.each(&self.store, columns, window, &mut |cells| {
                if !text.is_empty() {
                    text.push('\n');
                }
                for (at, cell) in cells.iter().enumerate() {
                    if at > 0 {
                        text.push('\t');
                    }
                    match cell.unwrap_or_default() {
                        cell if single => text.push_str(cell),
                        cell => text.push_str(&cell.replace(['\t', '\n', '\r'], " ")),
                    }
                }
                if text.len() > most {
                    let most = most / 1000;
                    return Err(Error::usage(format!(
                        "this is more than the {most} kB that a terminal's clipboard takes"
                    ))
                    .hint("w writes the rows to a file"));
                }
                Ok(())
            })?;
        }
        Ok(text)
    }

    /// A window of the values of a column of a view by how often they occur.
    pub fn frequencies(
        &self,
        viewed: &Viewed,
        column: &str,
        offset: u64,
        limit: u64,
        tell: Tell,
    ) -> Result<Frequencies> {
        let (browser, what) = (&self.browser, (&viewed.view, viewed.version, column));
        let vet = ReadingOnly(&self.store);
        let found = browser.counted.frequencies(&self.store, &browser.views, what, (offset, limit), &vet, tell);
        found.map_err(super::reader::asked_wrongly)
    }

    /// What a column of a view holds, over all its rows.
    pub fn profile(&self, viewed: &Viewed, column: &str, tell: Tell) -> Result<Profile> {
        let (browser, what) = (&self.browser, (&viewed.view, viewed.version, column));
        let vet = ReadingOnly(&self.store);
        let found = browser.counted.profile(&self.store, &browser.views, what, &vet, tell);
        found.map_err(super::reader::asked_wrongly)
    }

    /// Writes the rows of a view, with some of its columns and in its order, to a file whose ending says the format. Says how
    /// many rows there were and which query asks for them; `None` where there is such a file already and it may not be replaced.
    pub fn export_view(
        &self,
        viewed: &Viewed,
        columns: &[String],
        path: &File,
        replace: bool,
        tell: Tell,
    ) -> Result<Option<Exported>> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        let format = reports::TABLES.iter().find(|format| format.extension == ending).ok_or_else(|| {
            let known: Vec<&str> = reports::TABLES.iter().map(|format| format.extension).collect();
            Error::usage("the name's ending says no format")
                .at_file(path)
                .hint(format!("endings are: {}", known.join(", ")))
        })?;
        if path.exists() && !replace {
            return Ok(None);
        }
        let held = self.open(viewed, tell)?;
        let rows = reports::export(&self.store, &held.query(&self.store, columns)?, format, Target::File(path))?;
        Ok(Some(Exported { rows, sql: held.plain_query(&self.store, columns)? }))
    }

    fn history_file(&self) -> PathBuf {
        self.workspace.temp().join("history.jsonl")
    }

    /// The queries that were run in this workspace, the newest last.
    pub fn query_history(&self) -> Result<Vec<String>> {
        let file = self.history_file();
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(cause) => return Err(Error::io("the history of queries cannot be read", &file, cause)),
        };
        // A line that a crash has torn is one query less.
        let all: Vec<String> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Ok(all.into_iter().rev().take(HISTORY).rev().collect())
    }

    /// Puts a query at the end of the history, where it stands once.
    pub fn remember_query(&self, sql: &str) -> Result<()> {
        let mut all = self.query_history()?;
        all.retain(|known| known != sql);
        all.push(sql.to_owned());
        let file = self.history_file();
        let refused = |cause| Error::io("the history of queries cannot be written", &file, cause);
        let folder = self.workspace.temp();
        fs::create_dir_all(&folder).map_err(refused)?;
        let mut fresh = tempfile::NamedTempFile::new_in(&folder).map_err(refused)?;
        for query in all {
            writeln!(fresh, "{}", serde_json::Value::from(query)).map_err(refused)?;
        }
        fresh.persist(&file).map_err(|cause| refused(cause.error))?;
        Ok(())
    }
}
