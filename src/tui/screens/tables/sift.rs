//! Which rows of the open table are shown, and in which order: filters and sorting. Neighbour: `act`, which does all else that keys say.

use super::act::{Ready, column_names, frequencies, has_columns, here, lay, side_column};
use super::console::{Console, Purpose};
use super::sheet::{Sheet, is_cut};
use super::side::{self, Door};
use super::{GRID, sheet};
use crate::model::{RowFilter, SortKey, TableView};
use crate::tui::effects::Effect;
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::Popup;

/// There are rows to be filtered, or were before other filters.
pub fn can_filter(model: &Model) -> Ready {
    has_columns(model)?;
    let is_bare = sheet(model).is_some_and(|sheet| sheet.view.filters.is_empty() && sheet.window.is_empty());
    if is_bare { Err("this table has no rows to be filtered".to_owned()) } else { Ok(()) }
}

/// There is a filter or an order to remove.
pub fn has_chip(model: &Model) -> Ready {
    match super::view::has_chips(model) {
        true => Ok(()),
        false => Err("there is no filter and no order".to_owned()),
    }
}

/// What a filter as it was typed means: one word, or a text in quotes, is looked for in all columns; anything else, and the
/// name of a column, is an expression.
pub fn filter_of(typed: &str, columns: &[String]) -> RowFilter {
    let quoted = ['\'', '"'].into_iter().find_map(|quote| {
        let inside = typed.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inside.is_empty() && !inside.contains(quote)).then_some(inside)
    });
    let is_word = !typed.contains(|c: char| c.is_whitespace() || "=<>!()'\"*+/%,;|".contains(c));
    let word =
        quoted.or((is_word && !["true", "false", "null"].contains(&typed.to_lowercase().as_str())).then_some(typed));
    match word {
        Some(word) if !columns.iter().any(|column| column.eq_ignore_ascii_case(word)) => {
            RowFilter::Contains(None, word.to_owned())
        }
        _ => RowFilter::Expression(typed.to_owned()),
    }
}

/// Another view of the open table is wanted.
pub fn change(model: &mut Model, change: impl FnOnce(&mut TableView)) -> Vec<Effect> {
    lay(model, |sheet| sheet.change(change))
}

/// Only rows like this one in this column, or only others.
pub fn like(model: &mut Model, same: bool) -> Vec<Effect> {
    let (Some(column), Some(value)) = (here(model), sheet(model).and_then(Sheet::value)) else { return Vec::new() };
    if value.is_some_and(is_cut) {
        let filter = model.key("grid/filter");
        model.say(Tone::Refused, format!("this value is too long to filter by; {filter} takes an expression"));
        return Vec::new();
    }
    let value = value.map(str::to_owned);
    let filter = if same { RowFilter::Is(column, vec![value]) } else { RowFilter::IsNot(column, value) };
    add_filter(model, filter)
}

fn add_filter(model: &mut Model, filter: RowFilter) -> Vec<Effect> {
    change(model, |view| {
        if !view.filters.contains(&filter) {
            view.filters.push(filter);
        }
    })
}

/// Shows the rows that the line beside the grid counts.
pub fn door(model: &mut Model) -> Vec<Effect> {
    let Some(door) = side::here(model).and_then(|line| line.door) else { return Vec::new() };
    if door == Door::Values {
        return frequencies(model);
    }
    let view = sheet(model).map(|sheet| sheet.view.clone());
    let state = &mut model.tables;
    state.behind = view.zip(state.side.take()).filter(|_| matches!(door, Door::Rows(_)));
    state.focus = GRID;
    match door {
        Door::Rows(filter) => add_filter(model, filter),
        Door::All | Door::Values => Vec::new(),
    }
}

/// Sorts by the column; the same order again is the table's own.
pub fn sort(model: &mut Model, descending: bool, add: bool) -> Vec<Effect> {
    let Some(column) = here(model) else { return Vec::new() };
    sort_by(model, column, descending, add)
}

/// Sorts by the column that what stands beside the rows is about.
pub fn sort_side(model: &mut Model, descending: bool) -> Vec<Effect> {
    let column = side_column(model);
    sort_by(model, column, descending, false)
}

fn sort_by(model: &mut Model, column: String, descending: bool, add: bool) -> Vec<Effect> {
    let key = SortKey { column, descending };
    change(model, |view| match view.sort.iter().position(|known| known.column == key.column) {
        Some(at) if add && view.sort[at] == key => drop(view.sort.remove(at)),
        Some(at) if add => view.sort[at] = key,
        None if add => view.sort.push(key),
        _ if view.sort == [key.clone()] => view.sort.clear(),
        _ => view.sort = vec![key],
    })
}

/// Removes the filter that came last, or else the last order; false where there is none.
pub fn remove_chip(model: &mut Model) -> bool {
    remove_after(model, 0)
}

/// The same, but for the first filters, of which there are so many.
pub fn remove_after(model: &mut Model, filters: usize) -> bool {
    let had = sheet(model).is_some_and(|sheet| sheet.view.filters.len() > filters || !sheet.view.sort.is_empty());
    change(model, |view| {
        if view.filters.len() > filters {
            view.filters.pop();
        } else {
            view.sort.pop();
        }
    });
    had
}

/// See [`remove_chip`].
pub fn remove_last(model: &mut Model) -> Vec<Effect> {
    remove_chip(model);
    Vec::new()
}

/// Every row in the table's own order.
pub fn remove_all(model: &mut Model) -> Vec<Effect> {
    change(model, |view| *view = TableView::all(view.of.clone()))
}

/// Opens the console for an expression.
pub fn filter(model: &mut Model) -> Vec<Effect> {
    let columns = sheet(model).map(column_names).unwrap_or_default();
    let tables = model.tables.tables.clone().unwrap_or_default();
    let console = Console::new(Purpose::Filter, "", tables, columns, model.tables.expressions.clone());
    model.popup = Some(Popup::Console(Box::new(console)));
    Vec::new()
}
