//! Draws the tables, the rows of the open one, and what stands beside them. Reads only.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::list::{self, ListLine};
use super::sheet::Sheet;
use super::side::{self, Side, What};
use super::{GRID, LIST, SIDE, info, lines, regions, sheet, tables};
use crate::model::{RowFilter, RowsOf};
use crate::tui::model::Model;
use crate::tui::screens::in_drawing_order;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::empty::{self, Empty, Stage};
use crate::tui::widgets::grid::{Cell, Column, Grid, Row};
use crate::tui::widgets::pane::{Pane, below, inner};
use crate::tui::widgets::{bar, put};

/// Draws the screen.
pub fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    let focus = model.tables.focus;
    let panes = in_drawing_order(regions(model, area), focus);
    for region in panes {
        match region.pane {
            LIST => view_list(model, region.frame, focus == LIST, buffer),
            GRID => view_grid(model, region.frame, focus == GRID, buffer),
            _ => view_side(model, region.frame, focus == SIDE, buffer),
        }
    }
}

fn view_list(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let foot = if focused { String::new() } else { model.key("next pane") };
    let mut title = vec![Span::raw("tables")];
    // The head of what is seen first may stand above it, out of sight.
    let top = usize::try_from(model.tables.list.top).unwrap_or(0);
    let mut heads = lines(model).into_iter().take(top + 1).filter_map(|line| match line {
        ListLine::Head(head) => Some(head),
        _ => None,
    });
    if let Some(head) = heads.next_back().filter(|_| top > 0) {
        title.push(Span::styled(format!(" · {}", text::clean(&head)), theme.text()));
    }
    Pane { title, foot, focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    if model.tables.tables.is_none() {
        return put(buffer, inside, 0, Line::styled(" …", theme.dim()));
    }
    let cursor = model.tables.list;
    let room = usize::from(inside.width);
    for (row, (at, line)) in (0..inside.height).zip((0..).zip(lines(model)).skip(cursor.top as usize)) {
        let here = at == cursor.at;
        let base = if here { theme.cursor(focused) } else { Style::new() };
        let faint = if here && focused { base } else { theme.dim().patch(base) };
        let pointer = if here { "▸" } else { " " };
        let spans = match line {
            ListLine::Head(head) => {
                let head = text::fit(&text::clean(&head), room.saturating_sub(1)).into_owned();
                vec![Span::styled(pointer, base), Span::styled(head, theme.strong().patch(base))]
            }
            ListLine::Query => {
                let sql = model.tables.query.as_ref().map(|(sql, _)| text::clean(sql).into_owned()).unwrap_or_default();
                let shown = text::fit(&sql, room.saturating_sub(8)).into_owned();
                vec![
                    Span::styled(pointer, base),
                    Span::styled("query ", theme.strong().patch(base)),
                    Span::styled(shown, faint),
                ]
            }
            ListLine::Table(at) => {
                let Some(table) = tables(model).get(at) else { continue };
                let count = text::number(table.rows);
                let lead = if table.name == table.stage.name() { "" } else { "  " };
                let width = room.saturating_sub(text::width(&count) + 3 + lead.len());
                let style = if table.rows == 0 { faint } else { base };
                vec![
                    Span::styled(format!("{pointer}{lead}"), base),
                    Span::styled(text::left(&text::clean(list::label(table)), width), style),
                    Span::styled(format!(" {count} "), faint),
                ]
            }
        };
        if here && focused {
            buffer.set_style(Rect { y: inside.y + row, height: 1, ..inside }.intersection(buffer.area), base);
        }
        put(buffer, inside, row, Line::from(spans));
    }
    // Where the rows have no room beside the names, what is missing stands below these.
    let alone = !regions(model, model.body()).iter().any(|region| region.pane == GRID);
    if let Some(missing) = empty::missing(model, Stage::Loaded).filter(|_| alone) {
        let names = lines(model).len().saturating_sub(cursor.top as usize);
        empty::draw(&missing, below(inside, u16::try_from(names).unwrap_or(u16::MAX)), theme, buffer);
    }
}

/// Whether a line of filters and orders stands above the rows.
pub fn has_chips(model: &Model) -> bool {
    sheet(model).is_some_and(|sheet| !sheet.view.filters.is_empty() || !sheet.view.sort.is_empty())
}

/// The name of what is open.
fn name(model: &Model) -> String {
    match &model.tables.of {
        None => "rows".to_owned(),
        Some(RowsOf::Query(_)) => "query".to_owned(),
        Some(RowsOf::Table(schema, table)) => match info(model) {
            Some(table) if table.name == table.stage.name() => table.name.clone(),
            _ => format!("{schema}.{}", text::clean(table)),
        },
    }
}

fn view_grid(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let Some(sheet) = sheet(model) else {
        Pane { title: vec![Span::raw("rows")], foot: String::new(), focused }.draw(frame, theme, buffer);
        let inside = inner(frame);
        if let Some(missing) = empty::missing(model, Stage::Loaded) {
            empty::draw(&missing, inside, theme, buffer);
        }
        return;
    };
    Pane { title: title(model, sheet), foot: foot(sheet), focused }.draw(frame, theme, buffer);
    let mut inside = inner(frame);
    if has_chips(model) {
        put(buffer, inside, 0, Line::from(chips(sheet, usize::from(inside.width), theme)));
        inside = below(inside, 1);
    }
    if let Some((what, hints)) = &sheet.failed {
        let next: Vec<(&str, &str)> = hints.iter().map(|hint| ("", hint.as_str())).collect();
        return empty::draw(&Empty::new(format!("✗ {}", text::clean(what)), &next), inside, theme, buffer);
    }
    if sheet.shown.is_none() {
        return put(buffer, inside, 1, Line::styled(format!("   {}", waiting(model)), theme.dim()));
    }
    draw_rows(model, sheet, inside, focused, buffer);
    if sheet.window.is_empty() {
        let under = below(inside, 2);
        match empty::missing(model, Stage::Loaded) {
            Some(missing) => empty::draw(&missing, under, theme, buffer),
            None if sheet.all > 0 => {
                put(
                    buffer,
                    under,
                    0,
                    Line::styled(
                        format!("   no row is like that; {} removes the last filter", model.key("back")),
                        theme.dim(),
                    ),
                );
            }
            None => put(buffer, under, 0, Line::styled("   there are no rows", theme.dim())),
        }
    }
}

fn waiting(model: &Model) -> String {
    let share = model.tables.share(super::TableSlot::Rows).filter(|share| *share > 0.0);
    let (share, key) = (share.map(|share| format!(" {:.0} %", share * 100.0)), model.key("stop finding out"));
    format!("finding rows…{}  {key} cancels", share.unwrap_or_default())
}

fn title<'a>(model: &Model, sheet: &Sheet) -> Vec<Span<'a>> {
    let theme = model.theme;
    let mut title = vec![Span::raw(name(model))];
    let (total, all) = (sheet.window.len(), sheet.all);
    let count = match sheet.view.filters.is_empty() {
        _ if sheet.shown.is_none() => String::new(),
        true => format!(" · {}", text::count(all, "row")),
        false => format!(" · {} of {}", text::number(total), text::count(all, "row")),
    };
    title.push(Span::styled(count, theme.text()));
    let hidden = sheet.hidden() as u64;
    if hidden > 0 {
        title.push(Span::styled(format!(" · {} hidden", text::count(hidden, "column")), theme.text()));
    }
    let marked = sheet.marks.len() as u64 + sheet.in_range().map_or(0, |(first, last)| last - first + 1);
    if marked > 0 {
        title.push(Span::styled(format!(" · {} marked", text::number(marked)), theme.marked()));
    }
    // Rows that come at once need no word.
    if sheet.waits() && sheet.shown.is_some() {
        title.push(Span::styled(format!(" · {}", waiting(model)), theme.warning()));
    }
    if let Some((_, share)) =
        model.tables.busy.iter().find(|(slot, _)| {
            matches!(slot, super::TableSlot::Find | super::TableSlot::Export | super::TableSlot::Copy)
        })
    {
        let share = share.map_or(String::new(), |share| format!(" {:.0} %", share * 100.0));
        title.push(Span::styled(
            format!(" · working…{share}  {} cancels", model.key("stop finding out")),
            theme.warning(),
        ));
    }
    title
}

fn foot(sheet: &Sheet) -> String {
    let total = sheet.window.len();
    if sheet.shown.is_none() {
        return String::new();
    }
    let row = if total == 0 { 0 } else { sheet.cursor.at + 1 };
    let mut parts = vec![format!("{}/{}", text::number(row), text::number(total))];
    if let Some(column) = sheet.here() {
        let (at, all) = (sheet.column + 1, sheet.shown_columns().len());
        parts.push(format!("{} {at}/{all} {}", text::clean(&column.name), text::clean(&column.sql_type)));
    }
    parts.join(" · ")
}

/// Filters and orders, each with its glyph; those that do not fit are counted.
fn chips(sheet: &Sheet, width: usize, theme: Theme) -> Vec<Span<'static>> {
    let filters = sheet.view.filters.iter().map(|filter| format!(" {} ", in_words(filter)));
    let orders = sheet.view.sort.iter().map(|key| {
        let way = if key.descending { "↓" } else { "↑" };
        format!(" {way} {} ", text::clean(&key.column))
    });
    let all: Vec<String> = filters.chain(orders).map(|chip| text::fit(&chip, 40).into_owned()).collect();
    // What goes next when one is removed is always seen, and around it as many as there is room for.
    let next = sheet.view.filters.len().checked_sub(1).unwrap_or(all.len().saturating_sub(1));
    let wide = |at: usize| text::width(&all[at]) + 1;
    let room = if (0..all.len()).map(wide).sum::<usize>() < width { width } else { width.saturating_sub(22) };
    let (mut from, mut to, mut used) = (next, (next + 1).min(all.len()), all.get(next).map_or(0, |_| wide(next)));
    while to < all.len() && used + wide(to) <= room {
        used += wide(to);
        to += 1;
    }
    while from > 0 && used + wide(from - 1) <= room {
        from -= 1;
        used += wide(from);
    }
    let mut spans = vec![Span::raw(" ")];
    if from > 0 {
        spans.push(Span::styled(format!("{from} more and "), theme.dim()));
    }
    for chip in &all[from..to] {
        spans.push(Span::styled(chip.clone(), theme.chip()));
        spans.push(Span::raw(" "));
    }
    if to < all.len() {
        spans.push(Span::styled(format!("and {} more", all.len() - to), theme.dim()));
    }
    spans
}

/// A filter as a person would say it.
fn in_words(filter: &RowFilter) -> String {
    let value = |value: &Option<String>| text::clean(&sheet::shown(value.as_deref())).into_owned();
    let own = |column: &String| text::clean(column).into_owned();
    match filter {
        RowFilter::Is(column, values) => {
            format!("{} = {}", own(column), values.iter().map(value).collect::<Vec<_>>().join(" or "))
        }
        RowFilter::IsNot(column, not) => format!("{} ≠ {}", own(column), value(not)),
        RowFilter::Contains(Some(column), wanted) => format!("{} has \"{}\"", own(column), text::clean(wanted)),
        RowFilter::Contains(None, wanted) => format!("has \"{}\"", text::clean(wanted)),
        RowFilter::Shape(column, shape) => format!("{} like {}", own(column), text::clean(shape)),
        RowFilter::Within(column, from, to, _) => format!("{} {from} … {to}", own(column)),
        RowFilter::Expression(expression) => text::clean(expression).into_owned(),
    }
}

fn draw_rows(model: &Model, sheet: &Sheet, area: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let order = |name: &str| {
        let at = sheet.view.sort.iter().position(|key| key.column == name)?;
        let way = if sheet.view.sort[at].descending { "↓" } else { "↑" };
        Some(if sheet.view.sort.len() > 1 { format!("{way}{}", at + 1) } else { way.to_owned() })
    };
    let columns: Vec<Column> = sheet
        .columns
        .iter()
        .map(|column| {
            let name = text::clean(&column.name);
            let title = order(&column.name).map_or_else(|| name.to_string(), |order| format!("{order} {name}"));
            Column { right: sheet::at_right(column.kind), ..Column::text(title, 1, 1, 0) }
        })
        .collect();
    let spread = sheet.spread(area.width);
    let total = sheet.window.len();
    let grid = Grid { columns: &columns, cursor: sheet.cursor, total, focused, selectable: true };
    let wanted = model.tables.search.as_ref().map(|search| search.text.to_lowercase()).filter(|text| !text.is_empty());
    let range = sheet.in_range();
    grid.draw_spread(&spread, area, theme, buffer, |at| {
        let marked = sheet.marks.contains(&at) || range.is_some_and(|(first, last)| (first..=last).contains(&at));
        let mark = if marked { ("◆", theme.marked()) } else { (" ", theme.text()) };
        let Some(row) = sheet.window.get(at) else {
            return Row {
                mark,
                cells: columns.iter().map(|_| ("…".to_owned(), theme.dim())).collect(),
                ..Row::default()
            };
        };
        // Only what is drawn is made ready for it.
        let mut cells: Vec<Cell> = vec![Cell::default(); row.len()];
        for (column, _) in &spread.columns {
            let value = row.get(*column).and_then(Option::as_deref);
            let found = wanted.as_ref().zip(value).is_some_and(|(wanted, value)| value.to_lowercase().contains(wanted));
            let style = match value {
                _ if marked => theme.marked(),
                None | Some("") => theme.dim(),
                Some(_) if found => theme.warning(),
                Some(_) => theme.text(),
            };
            if let Some(cell) = cells.get_mut(*column) {
                *cell = (sheet::shown(value), style);
            }
        }
        Row { mark, cells, ..Row::default() }
    });
}

/// The keys that go to the next one and the one before, for what stands beside the rows.
fn turning(model: &Model) -> String {
    format!("{} {}", model.key("previous one"), model.key("next one"))
}

fn view_side(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let Some(side) = &model.tables.side else { return };
    let length = side::length(model);
    let place = if length > 0 {
        format!("{}/{}", text::number(side.cursor.at + 1), text::number(length))
    } else {
        String::new()
    };
    let (title, foot) = match &side.what {
        What::Record(_) => {
            let at = sheet(model).map_or(0, |sheet| sheet.cursor.at + 1);
            (format!("row {} · {}", text::number(at), name(model)), format!("{} other rows", turning(model)))
        }
        What::Profile(column, _) => {
            (format!("profile · {}", text::clean(column)), format!("{} other columns · {place}", turning(model)))
        }
        What::Frequencies(column, window, rows) => {
            let counts = match window.total {
                Some(total) => format!(" · {} in {}", text::count(total, "value"), text::count(*rows, "row")),
                None => String::new(),
            };
            (format!("values · {}{counts}", text::clean(column)), format!("{} other columns · {place}", turning(model)))
        }
    };
    Pane { title: vec![Span::raw(title)], foot, focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    if let Some((what, hints)) = &side.failed {
        let next: Vec<(&str, &str)> = hints.iter().map(|hint| ("", hint.as_str())).collect();
        return empty::draw(&Empty::new(format!("✗ {}", text::clean(what)), &next), inside, theme, buffer);
    }
    if length == 0 && sheet(model).is_some_and(Sheet::waits) {
        return put(buffer, inside, 0, Line::styled(format!(" {}", waiting(model)), theme.dim()));
    }
    if model.tables.busy.contains_key(&side.slot()) && length == 0 {
        let share = model.tables.share(side.slot()).map(|share| format!(" {:.0} %", share * 100.0)).unwrap_or_default();
        return put(
            buffer,
            inside,
            0,
            Line::styled(format!(" counting…{share}  {} cancels", model.key("stop finding out")), theme.dim()),
        );
    }
    match &side.what {
        What::Frequencies(..) => view_values(model, side, inside, focused, buffer),
        _ => {
            let lines = side::lines(model, usize::from(inside.width));
            let cursor = side.cursor;
            for (row, (at, line)) in (0..inside.height).zip((0..).zip(lines).skip(cursor.top as usize)) {
                let here = focused && at == cursor.at;
                let line =
                    if here { line.line.patch_style(Style::new().add_modifier(Modifier::REVERSED)) } else { line.line };
                put(buffer, inside, row, line);
            }
        }
    }
}

/// How long the bar of the most frequent value is.
const BARS: u16 = 12;

fn view_values(model: &Model, side: &Side, area: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let What::Frequencies(column, window, rows) = &side.what else { return };
    let known = sheet(model).and_then(|sheet| sheet.columns.iter().find(|known| known.name == *column));
    let right = known.is_some_and(|known| sheet::at_right(known.kind));
    // Numbers stand together at the right; a column that is too wide would part them from their counts.
    let most_wide = if right { 24 } else { 200 };
    let columns = [
        Column { right, ..Column::text(text::clean(column), 8, most_wide, 0) },
        Column::number("rows", 10, 0),
        Column::number("share", 7, 2),
        Column::text("", BARS, BARS, 3),
    ];
    let most = window.get(0).map_or(0, |first| first.rows);
    let grid = Grid { columns: &columns, cursor: side.cursor, total: window.len(), focused, selectable: true };
    grid.draw(area, theme, buffer, |at| {
        let Some(found) = window.get(at) else {
            return Row { cells: vec![("…".to_owned(), theme.dim())], ..Row::default() };
        };
        let style = if found.value.as_deref().unwrap_or_default().is_empty() { theme.dim() } else { theme.text() };
        let share = found.rows as f64 / (*rows).max(1) as f64;
        // The longest bar is that of the most frequent value; further down it is all the rows that bars are measured by.
        let of = if most > 0 { found.rows as f64 / most as f64 } else { share };
        Row {
            cells: vec![
                (sheet::shown(found.value.as_deref()), style),
                (text::number(found.rows), theme.text()),
                (format!("{:.1} %", 100.0 * share), theme.dim()),
                (bar(of, usize::from(BARS)).trim_end().to_owned(), theme.key()),
            ],
            ..Row::default()
        }
    });
}
