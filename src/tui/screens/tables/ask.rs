//! What this screen asks of the workspace, and the answers. Neighbour: `effects`, which carries both.

use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::model::{Anomaly, AnomalyFilter, Frequencies, Profile, Record, RowStory, RowsOf, TableInfo, ViewPage};
use crate::workbench::{Exported, Reader, Tell, Viewed};

/// How many bytes the clipboards of terminals take before they are encoded (OSC 52).
pub const CLIPBOARD: usize = 74_994 / 4 * 3;

/// A question about tables.
#[derive(Debug, Clone, PartialEq)]
pub enum TableAsk {
    /// Which tables there are.
    List,
    /// A window of the rows of a view.
    Rows {
        /// The view.
        viewed: Viewed,
        /// The first row.
        offset: u64,
        /// How many.
        limit: u64,
        /// Whether its query goes into the history once it has run.
        remember: bool,
    },
    /// One row, whole.
    Record {
        /// The view.
        viewed: Viewed,
        /// The number of the row.
        at: u64,
    },
    /// The number of the next row with a text in it.
    Find {
        /// The view.
        viewed: Viewed,
        /// The column to search, or all.
        column: Option<String>,
        /// The text.
        text: String,
        /// Where to begin; this row itself is looked at last.
        from: u64,
        /// Towards the first row.
        backwards: bool,
    },
    /// Rows as text for the clipboard.
    Copy {
        /// The view.
        viewed: Viewed,
        /// The columns.
        columns: Vec<String>,
        /// The first and the last row of each stretch.
        ranges: Vec<(u64, u64)>,
    },
    /// What a column holds.
    Profile {
        /// The view.
        viewed: Viewed,
        /// The column.
        column: String,
    },
    /// A window of the values of a column by how often they occur.
    Frequencies {
        /// The view.
        viewed: Viewed,
        /// The column.
        column: String,
        /// The first value.
        offset: u64,
        /// How many.
        limit: u64,
    },
    /// Write all rows to a file.
    Export {
        /// The view.
        viewed: Viewed,
        /// The columns.
        columns: Vec<String>,
        /// The file as it was typed.
        path: String,
        /// Whether a file that is there may be replaced.
        replace: bool,
    },
    /// What is known of a cell of a candidate, to give it another value.
    Cell {
        /// The canonical table.
        table: String,
        /// The row.
        row: String,
        /// The field.
        field: String,
    },
    /// The queries of earlier days.
    History,
}

/// The kind of a question about tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "one for each TableAsk, where they are documented")]
pub enum TableSlot {
    List,
    Rows,
    Record,
    Find,
    Copy,
    Profile,
    Frequencies,
    Export,
    Cell,
    History,
}

/// An answer about tables.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "one for each TableAsk, where they are documented")]
pub enum TableAnswer {
    List(Vec<TableInfo>),
    Rows(ViewPage),
    Record(Option<Record>),
    Found(Option<u64>),
    Copied(String),
    Profile(Box<Profile>),
    Frequencies(Frequencies),
    /// The file as a whole path, and how many rows there are in it; `None` where there is such a file already.
    Exported(PathBuf, Option<Exported>),
    /// The row, what was found in it, and the field that is meant.
    Cell(Option<Box<RowStory>>, Vec<Anomaly>, String),
    History(Vec<String>),
    /// The question cannot be answered.
    Failed {
        /// Which one.
        slot: TableSlot,
        /// What is wrong.
        what: String,
        /// What to do next.
        hints: Vec<String>,
    },
}

impl TableAsk {
    /// The kind of question it is.
    pub fn slot(&self) -> TableSlot {
        match self {
            TableAsk::List => TableSlot::List,
            TableAsk::Rows { .. } => TableSlot::Rows,
            TableAsk::Record { .. } => TableSlot::Record,
            TableAsk::Find { .. } => TableSlot::Find,
            TableAsk::Copy { .. } => TableSlot::Copy,
            TableAsk::Profile { .. } => TableSlot::Profile,
            TableAsk::Frequencies { .. } => TableSlot::Frequencies,
            TableAsk::Export { .. } => TableSlot::Export,
            TableAsk::Cell { .. } => TableSlot::Cell,
            TableAsk::History => TableSlot::History,
        }
    }

    /// Rows are read where they were prepared. What goes over all rows of a table goes beside that; a query's rows are kept
    /// with the reader that ran it.
    pub fn lane(&self) -> usize {
        const ROWS: usize = 1;
        const BESIDE: usize = 2;
        match self {
            TableAsk::List | TableAsk::History | TableAsk::Cell { .. } => 0,
            TableAsk::Rows { .. } | TableAsk::Record { .. } | TableAsk::Find { .. } | TableAsk::Copy { .. } => ROWS,
            TableAsk::Profile { viewed, .. }
            | TableAsk::Frequencies { viewed, .. }
            | TableAsk::Export { viewed, .. } => match viewed.view.of {
                RowsOf::Table(..) => BESIDE,
                RowsOf::Query(_) => ROWS,
            },
        }
    }

    /// Answers it. What cannot be answered is an answer too: the screen shows it where it was asked.
    pub fn answer(&self, reader: &Reader, tell: Tell) -> Result<TableAnswer> {
        match self.found(reader, tell) {
            Err(error) if error.kind() != Kind::Interrupted => {
                Ok(TableAnswer::Failed { slot: self.slot(), what: in_words(&error), hints: error.hints().to_vec() })
            }
            outcome => outcome,
        }
    }

    fn found(&self, reader: &Reader, tell: Tell) -> Result<TableAnswer> {
        Ok(match self {
            TableAsk::List => TableAnswer::List(reader.tables()?),
            TableAsk::Rows { viewed, offset, limit, remember } => {
                let page = reader.view_page(viewed, *offset, *limit, tell)?;
                if let (RowsOf::Query(sql), true) = (&viewed.view.of, *remember) {
                    reader.remember_query(sql)?;
                }
                TableAnswer::Rows(page)
            }
            TableAsk::Record { viewed, at } => TableAnswer::Record(reader.view_record(viewed, *at, tell)?),
            TableAsk::Find { viewed, column, text, from, backwards } => {
                TableAnswer::Found(reader.find_in_view(viewed, (column.as_deref(), text), (*from, *backwards), tell)?)
            }
            TableAsk::Copy { viewed, columns, ranges } => {
                TableAnswer::Copied(reader.view_text(viewed, columns, ranges, CLIPBOARD, tell)?)
            }
            TableAsk::Profile { viewed, column } => {
                TableAnswer::Profile(Box::new(reader.profile(viewed, column, tell)?))
            }
            TableAsk::Frequencies { viewed, column, offset, limit } => {
                TableAnswer::Frequencies(reader.frequencies(viewed, column, *offset, *limit, tell)?)
            }
            TableAsk::Export { viewed, columns, path, replace } => {
                let path = whole(path)?;
                let exported = reader.export_view(viewed, columns, &path, *replace, tell)?;
                TableAnswer::Exported(path, exported)
            }
            TableAsk::Cell { table, row, field } => {
                let (story, findings) = known_of(reader, table, row)?;
                TableAnswer::Cell(story, findings, field.clone())
            }
            TableAsk::History => TableAnswer::History(reader.query_history()?),
        })
    }
}

/// What became of a row, and everything that was found in it.
pub fn known_of(reader: &Reader, table: &str, row: &str) -> Result<(Option<Box<RowStory>>, Vec<Anomaly>)> {
    let own = AnomalyFilter { table: Some(table.to_owned()), row: Some(row.to_owned()), ..AnomalyFilter::default() };
    let findings = reader.anomalies(&own, 0, u64::from(u32::MAX))?.1;
    Ok((reader.story(table, row)?.map(Box::new), findings))
}

/// The error on one line, with its place behind what is wrong as a person would say it.
fn in_words(error: &Error) -> String {
    let place = error.place();
    match (&place.file, &place.column) {
        (None, Some(place)) => {
            let all = error.to_string();
            let what = all.strip_prefix(&format!("[{place}]: ")).unwrap_or(&all);
            format!("{place}: {what}")
        }
        _ => error.to_string(),
    }
}

/// The path of a file as a shell would take it, from where the program was started.
fn whole(typed: &str) -> Result<PathBuf> {
    let path = match (typed.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => Path::new(typed).to_owned(),
    };
    std::path::absolute(&path).map_err(|cause| Error::io("this is no path", &path, cause))
}
