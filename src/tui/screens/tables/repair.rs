//! Another value for a cell of a candidate: the same decision as in Anomalies, asked for where the value is seen. What is
//! known of the row is looked up first, so that the form says what was found in the cell and what is suggested.

use super::ask::{TableAsk, TableSlot};
use super::{LIST, act, regions, sheet};
use crate::model::{Anomaly, RowStory, RowsOf};
use crate::tui::effects::{Ask, Effect};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::screens::anomalies;
use crate::tui::text;

/// The column of a candidate that says which row it is.
const KEY: &str = "_key";

/// The cell that is to have another value.
struct Cell {
    table: String,
    row: String,
    field: String,
}

/// The cell under the cursor, or why it can have no other value.
fn cell(model: &Model) -> Result<Cell, String> {
    let is_seen = regions(model, model.body()).iter().any(|region| region.pane != LIST);
    if model.tables.focus == LIST && !is_seen {
        return Err(format!("no cell is seen here; {} opens the table", model.key("list of tables/open table")));
    }
    act::has_row(model)?;
    let (Some(sheet), field) = (sheet(model), act::side_column(model)) else {
        return Err("no table is open".to_owned());
    };
    let table = match &sheet.view.of {
        RowsOf::Query(_) => {
            return Err("these are the rows of a query; the tables under candidate can be repaired".to_owned());
        }
        RowsOf::Table(schema, table) => {
            let declared = model.about.schema.tables.contains_key(table);
            match schema.as_str() {
                "candidate" if declared => table,
                "canonical" | "quarantine" if declared => {
                    return Err(format!(
                        "these rows are as they were committed or held back; in candidate {table} they can be repaired"
                    ));
                }
                "staging" => {
                    return Err(
                        "what was staged stays as it was read: in the candidate table that it feeds it can be \
                                repaired"
                            .to_owned(),
                    );
                }
                _ => return Err("this table is the workbench's own; those under candidate can be repaired".to_owned()),
            }
        }
    };
    if model.about.schema.field(table, &field).is_none() {
        return Err(format!("{field} says where the row comes from; it is no field of {table}"));
    }
    if !sheet.marks.is_empty() || sheet.range.is_some() {
        let back = model.key("back");
        return Err(format!("one cell is edited at a time: {back} takes the marks off; many at once in Anomalies"));
    }
    let key = sheet.columns.iter().position(|column| column.name == KEY);
    let row = key.and_then(|at| sheet.window.get(sheet.cursor.at)?.get(at)?.clone());
    match row {
        Some(row) => Ok(Cell { table: table.clone(), row, field }),
        None => Err("the row is still being read; a moment".to_owned()),
    }
}

/// Whether the cell under the cursor can have another value.
pub fn can_edit(model: &Model) -> Result<(), String> {
    model.writable()?;
    cell(model).map(drop)
}

/// Looks up what is known of the cell, to ask for its value then.
pub fn edit(model: &mut Model) -> Vec<Effect> {
    let Ok(Cell { table, row, field }) = cell(model) else { return Vec::new() };
    model.tables.busy.insert(TableSlot::Cell, None);
    vec![model.ask(Ask::Table(TableAsk::Cell { table, row, field }))]
}

/// Asks for the value.
pub fn take(model: &mut Model, story: Option<&RowStory>, findings: &[Anomaly], field: &str) {
    let Some(story) = story else {
        return model.say(Tone::Refused, "this row is gone by now; what is shown is being read again");
    };
    model.tables.repaired = Some(story.clone());
    let target = anomalies::finding_in(story, findings, field);
    if model.popup.is_none() {
        anomalies::edit_cell(model, target);
    }
}

/// A value was sent to the ledger from here.
pub fn said(model: &mut Model, table: &str, field: &str, row: &str) {
    let undo = model.key("undo");
    let row = text::clean(row).into_owned();
    model.say(Tone::Done, format!("{table}.{field} of {row} is decided; {undo} takes it back"));
}
