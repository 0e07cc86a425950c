//! What the keys of this screen do. Neighbours: `keys` says which, `sift` filters and sorts, `sheet` and `side` keep the state.

use std::path::Path;

use super::ask::{TableAsk, TableSlot};
use super::console::{Console, Purpose};
use super::list::ListLine;
use super::sheet::{Sheet, is_cut};
use super::side::{self, Door, Side, What};
use super::{GRID, LIST, SIDE, Search, open_line, regions, settle_list, sheet, sheet_mut, sift, tables};
use crate::model::{RowFilter, RowsOf, TableInfo};
use crate::tui::effects::{Ask, Effect, Slot};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{self, Form, FormField, Item, Picker, Popup, Question, Sent};
use crate::tui::screens::{self, lines_seen};
use crate::tui::text;
use crate::workbench::{Exported, Viewed, table_formats};

pub type Ready = Result<(), String>;

/// There are tables to choose from.
pub fn has_tables(model: &Model) -> Ready {
    if model.tables.tables.is_some() { Ok(()) } else { Err("the tables are not known yet".to_owned()) }
}

/// A table is open.
pub fn has_sheet(model: &Model) -> Ready {
    if sheet(model).is_some() { Ok(()) } else { Err("no table is open".to_owned()) }
}

/// A table is open and its columns are known.
pub fn has_columns(model: &Model) -> Ready {
    match sheet(model) {
        Some(sheet) if !sheet.columns.is_empty() => Ok(()),
        _ => Err("the table is not known yet".to_owned()),
    }
}

/// There is a row under the cursor.
pub fn has_row(model: &Model) -> Ready {
    match sheet(model) {
        Some(sheet) if sheet.window.total.is_some_and(|rows| rows > 0) => Ok(()),
        _ => Err("there is no row here".to_owned()),
    }
}

/// Something was searched.
pub fn searched(model: &Model) -> Ready {
    has_row(model)?;
    match model.tables.search {
        Some(_) => Ok(()),
        None => Err(format!("nothing was searched for yet; {} searches", model.key("grid/search"))),
    }
}

/// A column is hidden.
pub fn has_hidden(model: &Model) -> Ready {
    match sheet(model) {
        Some(sheet) if sheet.hidden() > 0 => Ok(()),
        _ => Err("no column is hidden".to_owned()),
    }
}

/// The line beside the grid leads to rows.
pub fn has_door(model: &Model) -> Ready {
    match side::here(model) {
        Some(line) if line.door.is_some() => Ok(()),
        _ => Err("this line counts no rows".to_owned()),
    }
}

/// The line beside the grid has a value.
pub fn has_side_value(model: &Model) -> Ready {
    match side::here(model) {
        Some(line) if line.value.is_some() => Ok(()),
        _ => Err("there is no value in this line".to_owned()),
    }
}

/// Goes to a pane.
pub fn focus(model: &mut Model, pane: usize) -> Vec<Effect> {
    model.tables.focus = pane;
    Vec::new()
}

fn ask(model: &mut Model, ask: TableAsk) -> Vec<Effect> {
    model.tables.busy.insert(ask.slot(), None);
    vec![model.ask(Ask::Table(ask))]
}

/// The view that is shown, of the data as it is now.
fn viewed(model: &Model) -> Option<Viewed> {
    Some(sheet(model)?.viewed(model.epoch))
}

/// Stops everything that is being found out. Rows that were wanted give way to those that were shown before.
pub fn cancel(model: &mut Model) -> Vec<Effect> {
    let busy = std::mem::take(&mut model.tables.busy);
    let effects = busy.keys().map(|slot| Effect::Forget(Slot::Table(*slot))).collect();
    if busy.contains_key(&TableSlot::Rows) {
        take_back(model);
    }
    if model.tables.side.as_ref().is_some_and(|side| busy.contains_key(&side.slot())) {
        model.tables.side = None;
        model.tables.focus = GRID;
    }
    model.say(Tone::News, "cancelled");
    effects
}

/// The rows that were wanted are not to come: what was open before is open again.
fn take_back(model: &mut Model) {
    if std::mem::take(&mut model.tables.fresh_query) {
        let state = &mut model.tables;
        if let Some(of) = state.of.take() {
            state.sheets.remove(&of);
        }
        if let Some((of, query, sheet)) = state.replaced.take() {
            if let (Some(of), Some(sheet)) = (&of, sheet) {
                state.sheets.insert(of.clone(), sheet);
            }
            (state.of, state.query) = (of, query);
        }
        settle_list(model);
    } else if let Some(sheet) = sheet_mut(model)
        && !sheet.give_up()
    {
        sheet.failed = Some(("cancelled".to_owned(), vec!["it is read again when it is opened again".to_owned()]));
    }
    if let Some(Popup::Console(console)) = &mut model.popup {
        console.running = false;
    }
}

/// The rows that were wanted cannot be had.
pub fn refused(model: &mut Model, what: &str, hints: &[String]) {
    let typed = matches!(&model.popup, Some(Popup::Console(console)) if console.running);
    if typed {
        take_back(model);
        if let Some(Popup::Console(console)) = &mut model.popup {
            console.error = Some((what.to_owned(), hints.to_vec()));
        }
        return;
    }
    model.tables.fresh_query = false;
    let Some(sheet) = sheet_mut(model) else { return };
    if sheet.give_up() {
        model.notes.say(model.clock, Tone::Failed, text::clean(what), hints.to_vec());
    } else {
        sheet.failed = Some((what.to_owned(), hints.to_vec()));
    }
}

/// Rows have come: what was typed for them has done its work.
pub fn ran(model: &mut Model) {
    let fresh = std::mem::take(&mut model.tables.fresh_query);
    // Of the results of queries the last one stays; a table stays as it was left.
    if let Some((Some(of @ RowsOf::Table(..)), _, Some(sheet))) = model.tables.replaced.take() {
        model.tables.sheets.insert(of, sheet);
    }
    let Some(Popup::Console(console)) = &model.popup else { return };
    if !console.running {
        return;
    }
    let (typed, purpose) = (console.input.value().trim().to_owned(), console.purpose);
    model.popup = None;
    model.tables.focus = GRID;
    let past = match purpose {
        Purpose::Query if fresh => &mut model.tables.history,
        Purpose::Query => return,
        Purpose::Filter => &mut model.tables.expressions,
    };
    past.retain(|known| *known != typed);
    past.push(typed);
}

/// Runs what was typed.
pub fn submit(model: &mut Model) -> Vec<Effect> {
    let Some(Popup::Console(console)) = &mut model.popup else { return Vec::new() };
    console.running = true;
    console.error = None;
    let typed = console.input.value().trim().to_owned();
    match console.purpose {
        Purpose::Filter => {
            let columns = sheet(model).map(column_names).unwrap_or_default();
            sift::change(model, |view| view.filters.push(sift::filter_of(&typed, &columns)))
        }
        Purpose::Query => run_query(model, typed),
    }
}

fn run_query(model: &mut Model, sql: String) -> Vec<Effect> {
    let state = &mut model.tables;
    state.runs += 1;
    let of = RowsOf::Query(sql.clone());
    // What one comes back to when this query is left is what was open before any query.
    let before = match (&state.of, &state.query) {
        (Some(RowsOf::Query(_)), Some((_, before))) => before.clone(),
        (open, _) => open.clone(),
    };
    let open_sheet = state.of.as_ref().and_then(|of| state.sheets.remove(of));
    state.replaced = Some((state.of.take(), state.query.take(), open_sheet));
    state.sheets.insert(of.clone(), Sheet::new(of.clone(), state.runs));
    (state.of, state.query, state.side) = (Some(of), Some((sql, before)), None);
    (state.fresh_query, state.came_from) = (true, None);
    settle_list(model);
    Vec::new()
}

pub fn here(model: &Model) -> Option<String> {
    Some(sheet(model)?.here()?.name.clone())
}

/// Goes a column to the side; from the first one to the list of tables.
pub fn aside(model: &mut Model, right: bool) -> Vec<Effect> {
    let at_edge = sheet(model).is_none_or(|sheet| sheet.column == 0);
    if !right && at_edge {
        return focus(model, LIST);
    }
    lay(model, |sheet| sheet.go(if right { sheet.column + 1 } else { sheet.column - 1 }))
}

/// Goes to a column by its number.
pub fn column(model: &mut Model, at: usize) -> Vec<Effect> {
    lay(model, |sheet| sheet.go(at))
}

/// Changes how the columns are laid out.
pub fn lay(model: &mut Model, change: impl FnOnce(&mut Sheet)) -> Vec<Effect> {
    if let Some(sheet) = sheet_mut(model) {
        change(sheet);
    }
    Vec::new()
}

/// Hides the column.
pub fn hide(model: &mut Model) -> Vec<Effect> {
    let name = here(model).unwrap_or_default();
    if sheet_mut(model).is_some_and(Sheet::hide) {
        model.say(
            Tone::News,
            format!("{} is hidden; {} shows all columns", text::clean(&name), model.key("show all columns")),
        );
    } else {
        model.say(Tone::Refused, "this is the last column that is shown");
    }
    Vec::new()
}

/// Chooses a column by part of its name.
pub fn choose_column(model: &mut Model) -> Vec<Effect> {
    let Some(sheet) = sheet(model) else { return Vec::new() };
    let shown = sheet.shown_columns();
    let items = sheet.columns.iter().enumerate().map(|(at, column)| {
        let about = if shown.contains(&at) { "" } else { "hidden; choosing it shows it" };
        Item::new(text::clean(&column.name), text::clean(&column.sql_type), about)
    });
    let picker = Picker::new("column", items.collect(), |model, at| lay(model, |sheet| sheet.go_to(at)));
    model.popup = Some(Popup::Picker(picker));
    Vec::new()
}

/// Chooses a table by part of its name.
pub fn choose_table(model: &mut Model) -> Vec<Effect> {
    let item = |table: &TableInfo| {
        let columns = text::count(table.columns.len() as u64, "column");
        Item::new(format!("{} {}", table.stage.name(), text::clean(&table.name)), text::number(table.rows), columns)
    };
    let items = tables(model).iter().map(item).collect();
    let picker = Picker::new("table", items, |model, at| {
        open_line(model, &ListLine::Table(at));
        settle_list(model);
        focus(model, GRID)
    });
    model.popup = Some(Popup::Picker(picker));
    Vec::new()
}

/// Asks for the number of a row.
pub fn jump(model: &mut Model) -> Vec<Effect> {
    let total = sheet(model).map_or(0, |sheet| sheet.window.len());
    fn number(text: &str) -> Option<u64> {
        text.chars().filter(|c| !c.is_whitespace()).collect::<String>().parse().ok()
    }
    model.popup = Some(Popup::Form(Form {
        title: "go to row".to_owned(),
        about: Vec::new(),
        fields: vec![FormField::new("row", format!("1 to {}", text::number(total)), "")],
        focus: 0,
        check: |model, form| {
            let total = sheet(model).map_or(0, |sheet| sheet.window.len());
            match number(form.text(0)) {
                Some(at) if (1..=total).contains(&at) => None,
                _ => Some(format!("the rows are numbered from 1 to {}", text::number(total))),
            }
        },
        submit: |model, texts| {
            let at = texts.first().and_then(|text| number(text)).unwrap_or(1);
            go(model, at - 1);
            Vec::new()
        },
    }));
    Vec::new()
}

fn go(model: &mut Model, at: u64) {
    let height = lines_seen(model, regions, GRID);
    if let Some(sheet) = sheet_mut(model) {
        let total = sheet.window.len();
        sheet.cursor.go(at, total, height);
    }
}

/// Asks for the text to search.
pub fn search(model: &mut Model, own_column: bool) -> Vec<Effect> {
    let column = if own_column { here(model) } else { None };
    let place = column.as_ref().map_or("in all columns".to_owned(), |column| format!("in {}", text::clean(column)));
    model.tables.search = Some(Search { text: String::new(), column, found: false });
    let (next, previous) = (model.key("grid/next match"), model.key("grid/previous match"));
    let hint = format!("capitals do not matter; {next} and {previous} go on");
    model.popup = Some(Popup::Form(Form {
        title: format!("search {place}"),
        about: Vec::new(),
        fields: vec![FormField::new("text", hint, "")],
        focus: 0,
        check: |_, form| form.text(0).is_empty().then(|| "nothing was typed yet".to_owned()),
        submit: |model, texts| {
            if let Some(search) = &mut model.tables.search {
                search.text = texts.into_iter().next().unwrap_or_default().trim().to_owned();
            }
            find(model, false)
        },
    }));
    Vec::new()
}

/// Goes on to the next match.
pub fn find(model: &mut Model, backwards: bool) -> Vec<Effect> {
    let (Some(viewed), Some(search)) = (viewed(model), model.tables.search.clone()) else { return Vec::new() };
    if search.text.is_empty() {
        return Vec::new();
    }
    let from = sheet(model).map_or(0, |sheet| sheet.cursor.at);
    ask(model, TableAsk::Find { viewed, column: search.column, text: search.text, from, backwards })
}

/// A search has ended.
pub fn found(model: &mut Model, at: Option<u64>) {
    let text = model.tables.search.as_ref().map(|search| search.text.clone()).unwrap_or_default();
    match at {
        None => model.say(Tone::Refused, format!("no row contains \"{}\"", text::clean(&text))),
        Some(at) => {
            go(model, at);
            if let Some(search) = &mut model.tables.search {
                search.found = true;
            }
        }
    }
}

/// Marks the row, or takes the mark away, and goes to the next.
pub fn mark(model: &mut Model) -> Vec<Effect> {
    let at = sheet(model).map_or(0, |sheet| sheet.cursor.at);
    if let Some(sheet) = sheet_mut(model)
        && !sheet.marks.remove(&at)
    {
        sheet.marks.insert(at);
    }
    go(model, at + 1);
    Vec::new()
}

/// Begins a range, or ends it.
pub fn range(model: &mut Model) -> Vec<Effect> {
    lay(model, |sheet| sheet.range = if sheet.range.is_some() { None } else { Some(sheet.cursor.at) })
}

/// Copies a cell or a row; of marked rows all.
pub fn copy(model: &mut Model, row: bool) -> Vec<Effect> {
    let (Some(viewed), Some(sheet)) = (viewed(model), sheet(model)) else { return Vec::new() };
    let ranges = sheet.chosen();
    let columns =
        if row { sheet.shown_names() } else { sheet.here().map(|column| column.name.clone()).into_iter().collect() };
    if !row && sheet.marks.is_empty() && sheet.range.is_none() {
        // What is held whole needs no question.
        if let Some(value) = sheet.value().filter(|value| !value.is_some_and(is_cut)) {
            let value = value.unwrap_or_default().to_owned();
            return screens::copy(model, value);
        }
    }
    ask(model, TableAsk::Copy { viewed, columns, ranges })
}

/// Copies the value of the line beside the grid.
pub fn copy_side(model: &mut Model) -> Vec<Effect> {
    let value = side::here(model).and_then(|line| line.value).unwrap_or_default();
    screens::copy(model, value)
}

fn open_side(model: &mut Model, what: What) -> Vec<Effect> {
    model.tables.side = Some(Side::new(what));
    focus(model, SIDE)
}

/// Shows the row whole.
pub fn record(model: &mut Model) -> Vec<Effect> {
    open_side(model, What::Record(None))
}

/// Shows what the column holds.
pub fn profile(model: &mut Model) -> Vec<Effect> {
    let column = side_column(model);
    open_side(model, What::Profile(column, None))
}

/// Counts the values of the column.
pub fn frequencies(model: &mut Model) -> Vec<Effect> {
    let column = side_column(model);
    open_side(model, What::Frequencies(column, Default::default(), 0))
}

/// The column that is meant: that of what stands beside the grid, or the one with the cursor.
pub fn side_column(model: &Model) -> String {
    let own = match model.tables.side.as_ref().filter(|_| model.tables.focus == SIDE).map(|side| &side.what) {
        Some(What::Profile(column, _) | What::Frequencies(column, ..)) => Some(column.clone()),
        Some(What::Record(_)) => match side::here(model).and_then(|line| line.door) {
            Some(Door::Rows(RowFilter::Is(column, _))) => Some(column),
            _ => None,
        },
        None => None,
    };
    own.or_else(|| here(model)).unwrap_or_default()
}

pub fn column_names(sheet: &Sheet) -> Vec<String> {
    sheet.columns.iter().map(|column| column.name.clone()).collect()
}

/// Opens the console for a query.
pub fn query(model: &mut Model) -> Vec<Effect> {
    // From the list of tables one asks anything; from the rows of a table one may ask more about them.
    let text = match (&model.tables.of, super::info(model)) {
        _ if model.tables.focus == LIST => String::new(),
        (Some(RowsOf::Query(sql)), _) => sql.clone(),
        (_, Some(table)) => format!("SELECT * FROM {} ", table.sql),
        _ => String::new(),
    };
    let columns = sheet(model).map(column_names).unwrap_or_default();
    let tables = model.tables.tables.clone().unwrap_or_default();
    let console = Console::new(Purpose::Query, "", tables, columns, model.tables.history.clone()).offering(text);
    model.popup = Some(Popup::Console(Box::new(console)));
    match model.tables.history.is_empty() {
        true => vec![model.ask(Ask::Table(TableAsk::History))],
        false => Vec::new(),
    }
}

/// Asks for the file to write the rows to.
pub fn export(model: &mut Model) -> Vec<Effect> {
    let Some(sheet) = sheet(model) else { return Vec::new() };
    let name = match &sheet.view.of {
        RowsOf::Table(_, name) => name.rsplit('/').next().unwrap_or("rows").to_owned(),
        RowsOf::Query(_) => "query".to_owned(),
    };
    let rows = text::count(sheet.window.len(), "row");
    let columns = text::count(sheet.shown_columns().len() as u64, "column");
    let endings: Vec<&str> = table_formats().iter().map(|format| format.extension).collect();
    model.popup = Some(Popup::Form(Form {
        title: "export".to_owned(),
        about: vec![format!("{rows}, {columns}, as they are shown. The name's ending says the format.")],
        fields: vec![FormField::new("file", endings.join(", "), format!("{name}.csv"))],
        focus: 0,
        check: |_, form| {
            let ending = Path::new(form.text(0)).extension().map(|ending| ending.to_string_lossy().to_lowercase());
            let known = table_formats().iter().any(|format| Some(format.extension) == ending.as_deref());
            (!known).then(|| "the name's ending must be that of a format".to_owned())
        },
        submit: |model, texts| {
            let path = texts.into_iter().next().unwrap_or_default().trim().to_owned();
            write(model, path, false)
        },
    }));
    Vec::new()
}

fn write(model: &mut Model, path: String, replace: bool) -> Vec<Effect> {
    let (Some(viewed), Some(sheet)) = (viewed(model), sheet(model)) else { return Vec::new() };
    let export = TableAsk::Export { viewed, columns: sheet.shown_names(), path, replace };
    model.tables.export = Some(export.clone());
    ask(model, export)
}

/// An export has ended, or there is such a file already.
pub fn exported(model: &mut Model, path: &Path, exported: Option<&Exported>) {
    let name = text::clean(&path.display().to_string()).into_owned();
    if let Some(Exported { rows, sql }) = exported {
        model.tables.export = None;
        let words = ["query", sql, "--output", &path.to_string_lossy()].map(str::to_owned).to_vec();
        model.journal.add(&model.about.dir, model.clock, words);
        return model.say(Tone::Done, format!("{} written to {name}", text::count(*rows, "row")));
    }
    let about = vec![format!("{name} is there already. Replace it?")];
    let yes = |model: &mut Model| match model.tables.export.take() {
        Some(TableAsk::Export { viewed, columns, path, .. }) => {
            ask(model, TableAsk::Export { viewed, columns, path, replace: true })
        }
        _ => Vec::new(),
    };
    let no =
        |model: &mut Model| popups::come_back(model, &Sent::Export, "there is such a file already; type another name");
    model.popup = Some(Popup::Question(Question::new("export", about, yes).otherwise(no)));
}
