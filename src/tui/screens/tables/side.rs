//! What stands beside the grid: the record of a row, the profile of a column, its values by how often they occur.
//!
//! Every line that counts rows is a door: Enter shows those rows.

use chrono::DateTime;
use ratatui::text::{Line, Span};

use super::ask::{TableAnswer, TableAsk, TableSlot};
use super::sheet::Sheet;
use super::{SIDE, regions, sheet, sheet_mut};
use crate::model::{CellKind, Frequencies, Occurrence, Profile, Record, RowFilter};
use crate::tui::cursor::Cursor;
use crate::tui::effects::{Ask, Effect};
use crate::tui::model::Model;
use crate::tui::screens::lines_seen;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::bar;
use crate::tui::window::Window;
use crate::workbench::Viewed;

/// What stands beside the grid.
pub struct Side {
    /// What it is.
    pub what: What,
    /// Where the user is in it.
    pub cursor: Cursor,
    /// Why it cannot be shown, and what to do next.
    pub failed: Option<(String, Vec<String>)>,
    /// What was asked for last.
    asked: Option<(Viewed, u64)>,
}

/// The kinds of it.
pub enum What {
    /// The row with the cursor, whole.
    Record(Option<Record>),
    /// What a column holds.
    Profile(String, Option<Box<Profile>>),
    /// The values of a column by how often they occur; how many rows were counted.
    Frequencies(String, Window<Occurrence>, u64),
}

/// What Enter on a line leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Door {
    /// The rows that a filter lets through, beside the filters that are on.
    Rows(RowFilter),
    /// The rows as they are shown.
    All,
    /// The values of the column.
    Values,
}

/// A line: what is drawn, which rows Enter shows, what y copies.
#[derive(Default)]
pub struct SideLine {
    /// What is drawn.
    pub line: Line<'static>,
    /// What Enter leads to.
    pub door: Option<Door>,
    /// What y copies.
    pub value: Option<String>,
}

impl Side {
    /// Something that is not known yet.
    pub fn new(what: What) -> Side {
        Side { what, cursor: Cursor::default(), failed: None, asked: None }
    }

    /// How many lines stand above the list.
    pub fn head(&self) -> u16 {
        u16::from(matches!(self.what, What::Frequencies(..)))
    }

    /// The kind of question that fills it.
    pub fn slot(&self) -> TableSlot {
        match self.what {
            What::Record(_) => TableSlot::Record,
            What::Profile(..) => TableSlot::Profile,
            What::Frequencies(..) => TableSlot::Frequencies,
        }
    }
}

/// Asks for what is to be seen beside the grid, once the rows themselves are there.
pub fn needs(model: &mut Model) -> Vec<Effect> {
    let height = lines_seen(model, regions, SIDE);
    let epoch = model.epoch;
    let Some((viewed, at)) = sheet(model).map(|sheet| (sheet.viewed(epoch), sheet.cursor.at)) else {
        return Vec::new();
    };
    let ready = sheet(model).is_some_and(|sheet| sheet.shown.as_ref() == Some(&viewed) && !sheet.window.is_empty());
    let Some(side) = model.tables.side.as_mut().filter(|_| ready) else { return Vec::new() };
    let same = side.asked.as_ref().is_some_and(|(asked, _)| *asked == viewed);
    let (key, ask) = match &mut side.what {
        What::Record(_) => (at, TableAsk::Record { viewed: viewed.clone(), at }),
        What::Profile(column, _) => (0, TableAsk::Profile { viewed: viewed.clone(), column: column.clone() }),
        What::Frequencies(column, window, _) => {
            let seen = side.cursor.top..side.cursor.top + height;
            if same && window.holds(&seen) {
                return Vec::new();
            }
            let (offset, limit) = Window::<()>::around(&seen);
            (offset, TableAsk::Frequencies { viewed: viewed.clone(), column: column.clone(), offset, limit })
        }
    };
    let asked = (viewed, key);
    if side.asked.as_ref() == Some(&asked) {
        return Vec::new();
    }
    (side.asked, side.failed) = (Some(asked), None);
    model.tables.busy.insert(ask.slot(), None);
    vec![model.ask(Ask::Table(ask))]
}

/// Takes an answer.
pub fn take(model: &mut Model, answer: &TableAnswer) {
    let height = lines_seen(model, regions, SIDE);
    let Some(side) = &mut model.tables.side else { return };
    match (answer, &mut side.what) {
        (TableAnswer::Record(record), What::Record(own)) => own.clone_from(record),
        (TableAnswer::Profile(profile), What::Profile(_, own)) => *own = Some(profile.clone()),
        (
            TableAnswer::Frequencies(Frequencies { offset, values, distinct, rows }),
            What::Frequencies(_, window, all),
        ) => {
            *window = Window { offset: *offset, rows: values.clone(), total: Some(*distinct) };
            *all = *rows;
            side.cursor.settle(*distinct, height);
        }
        _ => {}
    }
    let slot = side.slot();
    model.tables.busy.remove(&slot);
}

/// How many lines it has where it is drawn now.
pub fn length(model: &Model) -> u64 {
    match &model.tables.side {
        Some(Side { what: What::Frequencies(_, window, _), .. }) => window.len(),
        Some(_) => lines(model, width(model)).len() as u64,
        None => 0,
    }
}

fn width(model: &Model) -> usize {
    let own = regions(model, model.body()).into_iter().find(|region| region.pane == SIDE);
    own.map_or(80, |region| usize::from(region.body.width))
}

/// What Enter and y do on the line with the cursor.
pub fn here(model: &Model) -> Option<SideLine> {
    let side = model.tables.side.as_ref()?;
    match &side.what {
        What::Frequencies(column, window, _) => {
            let found = window.get(side.cursor.at)?;
            let door = RowFilter::Is(column.clone(), vec![found.value.clone()]);
            Some(SideLine { door: Some(Door::Rows(door)), value: found.value.clone(), ..SideLine::default() })
        }
        _ => lines(model, width(model)).into_iter().nth(usize::try_from(side.cursor.at).ok()?),
    }
}

/// Goes to the row, or for a profile to the column, before or after.
pub fn neighbour(model: &mut Model, forward: bool) -> Vec<Effect> {
    let height = lines_seen(model, regions, super::GRID);
    let epoch = model.epoch;
    let Some(sheet) = sheet_mut(model) else { return Vec::new() };
    let total = sheet.window.len();
    let by_row = sheet.shown == Some(sheet.viewed(epoch));
    let is_record = matches!(model.tables.side.as_ref().map(|side| &side.what), Some(What::Record(_)));
    let Some(sheet) = sheet_mut(model) else { return Vec::new() };
    if is_record {
        if by_row {
            let at = if forward { sheet.cursor.at + 1 } else { sheet.cursor.at.saturating_sub(1) };
            sheet.cursor.go(at, total, height);
        }
        return Vec::new();
    }
    sheet.go(if forward { sheet.column + 1 } else { sheet.column.saturating_sub(1) });
    let Some(name) = sheet.here().map(|column| column.name.clone()) else { return Vec::new() };
    if let Some(side) = &mut model.tables.side {
        let what = match &side.what {
            What::Frequencies(column, ..) if *column != name => What::Frequencies(name, Window::default(), 0),
            What::Profile(column, _) if *column != name => What::Profile(name, None),
            _ => return Vec::new(),
        };
        *side = Side::new(what);
    }
    Vec::new()
}

/// The lines of a record or a profile, in a width.
pub fn lines(model: &Model, width: usize) -> Vec<SideLine> {
    let (Some(side), Some(sheet)) = (&model.tables.side, sheet(model)) else { return Vec::new() };
    match &side.what {
        What::Record(Some(record)) => record_lines(model, sheet, record, width),
        What::Profile(_, Some(profile)) => profile_lines(profile, model.theme, width),
        _ => Vec::new(),
    }
}

fn record_lines(model: &Model, sheet: &Sheet, record: &Record, width: usize) -> Vec<SideLine> {
    let theme = model.theme;
    let longest = sheet.columns.iter().map(|column| text::width(&text::clean(&column.name))).max().unwrap_or(0);
    let name = longest.clamp(4, (width / 3).clamp(8, 28));
    let room = width.saturating_sub(name + 4).max(8);
    let mut lines = origin_lines(record, theme, width);
    let order = sheet
        .shown_columns()
        .into_iter()
        .chain((0..sheet.columns.len()).filter(|at| !sheet.shown_columns().contains(at)));
    for at in order {
        let (Some(column), Some(value)) = (sheet.columns.get(at), record.cells.get(at)) else { continue };
        let style = if value.as_deref().unwrap_or_default().is_empty() { theme.dim() } else { theme.text() };
        let shown = match value.as_deref() {
            None => sheet::ABSENT.to_owned(),
            Some("") => sheet::EMPTY.to_owned(),
            Some(value) => text::exact(value),
        };
        let own = sheet.at() == Some(at);
        for (row, part) in text::chop(&shown, room).into_iter().enumerate() {
            let head = if row == 0 { text::left(&text::clean(&column.name), name) } else { " ".repeat(name) };
            let head_style = if own { theme.key() } else { theme.dim() };
            lines.push(SideLine {
                line: Line::from(vec![Span::styled(format!(" {head}  "), head_style), Span::styled(part, style)]),
                door: Some(Door::Rows(RowFilter::Is(column.name.clone(), vec![value.clone()]))),
                value: value.clone(),
            });
        }
    }
    lines
}

/// Where the row was read, and the record as it stands there.
fn origin_lines(record: &Record, theme: Theme, width: usize) -> Vec<SideLine> {
    let Some(origin) = &record.origin else { return Vec::new() };
    let place = format!(" {} line {}", text::clean(&origin.file), text::number(origin.line));
    let mut lines = vec![plain(Line::styled(place, theme.strong()))];
    match &origin.raw {
        None => {
            let gone = " the file is gone or has changed since it was loaded";
            lines.push(plain(Line::styled(gone, theme.dim())));
        }
        Some(raw) => {
            for part in text::chop(&text::clean(raw), width.saturating_sub(4).max(8)) {
                let line = Line::from(vec![Span::styled(" │ ", theme.dim()), Span::raw(part)]);
                lines.push(SideLine { line, door: None, value: Some(raw.clone()) });
            }
        }
    }
    lines.push(plain(Line::default()));
    lines
}

fn profile_lines(profile: &Profile, theme: Theme, width: usize) -> Vec<SideLine> {
    let column = &profile.column;
    let mut lines = Vec::new();
    let share = |rows: u64| match profile.rows {
        0 => String::new(),
        all => format!("{:.1} %", 100.0 * rows as f64 / all as f64),
    };
    let is = |value: Option<String>| is(profile, value);
    let counted = |label: &str, count: u64, about: String, door: Option<Door>| SideLine {
        line: Line::from(vec![
            Span::styled(format!(" {}", text::left(label, 12)), theme.dim()),
            Span::raw(text::right(&text::number(count), 12)),
            Span::styled(format!("  {about}"), theme.dim()),
        ]),
        door: door.filter(|_| count > 0),
        value: Some(count.to_string()),
    };
    lines.push(told("type", &column.sql_type, theme));
    lines.push(counted("rows", profile.rows, String::new(), Some(Door::All)));
    lines.push(counted("no value", profile.absent, share(profile.absent), is(None)));
    if profile.empty > 0 {
        lines.push(counted("empty text", profile.empty, share(profile.empty), is(Some(String::new()))));
    }
    let once = format!("{} of them once", text::number(profile.unique));
    lines.push(counted("different", profile.distinct, once, Some(Door::Values)));
    if column.kind == CellKind::Text && profile.numeric > 0 {
        // Whatever is a number lies between the least and the greatest of them.
        let ends = profile.quantiles.as_ref().and_then(|all| all.first().zip(all.last()));
        let numbers = ends.map(|(least, greatest)| {
            Door::Rows(RowFilter::Within(column.name.clone(), format!("{least:?}"), format!("{greatest:?}"), true))
        });
        lines.push(counted("as number", profile.numeric, share(profile.numeric), numbers));
    }
    for (label, value) in [("least", &profile.least), ("greatest", &profile.greatest)] {
        // The spread of numbers says it too.
        if let Some(value) = value.as_ref().filter(|_| profile.quantiles.is_none() || column.kind == CellKind::Text) {
            let shown = text::exact(value);
            lines.push(SideLine {
                door: is(Some(value.clone())),
                ..told(label, &text::fit(&shown, width.saturating_sub(15)), theme)
            });
        }
    }
    if let (Some((least, most)), CellKind::Text) = (profile.lengths, column.kind) {
        lines.push(told("length", &format!("{} to {} characters", text::number(least), text::number(most)), theme));
    }
    // Of numbers the spread says most, of texts the values themselves.
    let spread = spread_lines(profile, theme, width);
    let values = value_lines(profile, theme, width);
    if column.kind == CellKind::Text {
        lines.extend(values);
        lines.extend(spread);
    } else {
        lines.extend(spread);
        lines.extend(values);
    }
    lines
}

/// The rows with a value of the column.
fn is(profile: &Profile, value: Option<String>) -> Option<Door> {
    Some(Door::Rows(RowFilter::Is(profile.column.name.clone(), vec![value])))
}

fn plain(line: Line<'static>) -> SideLine {
    SideLine { line, ..SideLine::default() }
}

fn head(title: &str, theme: Theme) -> SideLine {
    plain(Line::styled(format!(" {title}"), theme.title(false)))
}

fn told(label: &str, value: &str, theme: Theme) -> SideLine {
    SideLine {
        line: Line::from(vec![
            Span::styled(format!(" {}", text::left(label, 12)), theme.dim()),
            Span::raw(format!(" {value}")),
        ]),
        door: None,
        value: Some(value.to_owned()),
    }
}

/// Quantiles and histogram of the numbers.
fn spread_lines(profile: &Profile, theme: Theme, width: usize) -> Vec<SideLine> {
    let column = &profile.column;
    let mut lines = Vec::new();
    if let Some(quantiles) = &profile.quantiles {
        lines.push(plain(Line::default()));
        lines.push(head("spread", theme));
        let names = ["least", "5 %", "25 %", "middle", "75 %", "95 %", "greatest"];
        for (name, value) in names.iter().zip(quantiles) {
            lines.push(told(name, &figure(*value, column.kind), theme));
        }
        if let Some(mean) = profile.mean {
            lines.push(told("mean", &figure(mean, column.kind), theme));
        }
    }
    let longest = profile.histogram.iter().map(|(_, _, rows)| *rows).max().unwrap_or(0);
    if longest > 0 {
        lines.push(plain(Line::default()));
        lines.push(head("histogram", theme));
        let last = profile.histogram.len() - 1;
        for (at, (from, to, rows)) in profile.histogram.iter().enumerate() {
            let range = format!("{} … {}", figure(*from, column.kind), figure(*to, column.kind));
            let door = RowFilter::Within(column.name.clone(), format!("{from:?}"), format!("{to:?}"), at == last);
            lines.push(bar_line(&range, *rows, longest, Some(Door::Rows(door)), theme, width));
        }
    }
    lines
}

/// The most frequent values and shapes.
fn value_lines(profile: &Profile, theme: Theme, width: usize) -> Vec<SideLine> {
    let column = &profile.column;
    let mut lines = Vec::new();
    if !profile.top.is_empty() {
        lines.push(plain(Line::default()));
        lines.push(head(
            if profile.distinct as usize > profile.top.len() { "most frequent values" } else { "values" },
            theme,
        ));
        let most = profile.top.first().map_or(0, |top| top.rows);
        for Occurrence { value, rows } in &profile.top {
            let shown = sheet::shown(value.as_deref());
            let line = bar_line(&shown, *rows, most, is(profile, value.clone()), theme, width);
            lines.push(SideLine { value: value.clone(), ..line });
        }
    }
    if !profile.shapes.is_empty() {
        lines.push(plain(Line::default()));
        let all = text::number(profile.distinct_shapes);
        lines.push(head(&format!("shapes · {} of {all}", profile.shapes.len()), theme));
        let most = profile.shapes.first().map_or(0, |(_, rows)| *rows);
        for (shape, rows) in &profile.shapes {
            let door = RowFilter::Shape(column.name.clone(), shape.clone());
            let shown = if shape.is_empty() { sheet::EMPTY.to_owned() } else { text::exact(shape) };
            lines.push(SideLine {
                value: Some(shape.clone()),
                ..bar_line(&shown, *rows, most, Some(Door::Rows(door)), theme, width)
            });
        }
    }
    lines
}

fn bar_line(name: &str, rows: u64, most: u64, door: Option<Door>, theme: Theme, width: usize) -> SideLine {
    let number = 10;
    let bars = (width / 4).clamp(4, 24);
    let name_width = width.saturating_sub(number + bars + 5).max(6);
    let share = if most == 0 { 0.0 } else { rows as f64 / most as f64 };
    SideLine {
        line: Line::from(vec![
            Span::raw(format!(" {} ", text::left(name, name_width))),
            Span::raw(text::right(&text::number(rows), number)),
            Span::styled(format!(" {}", bar(share, bars)), theme.key()),
        ]),
        door: door.filter(|_| rows > 0),
        value: Some(rows.to_string()),
    }
}

/// A number as it is read; of days and times the moment that it stands for.
fn figure(value: f64, kind: CellKind) -> String {
    let moment = |format: &str| {
        let at = DateTime::from_timestamp(value.floor() as i64, 0);
        at.map_or_else(|| value.to_string(), |at| at.format(format).to_string())
    };
    match kind {
        CellKind::Date => moment("%Y-%m-%d"),
        CellKind::Timestamp => moment("%Y-%m-%d %H:%M:%S"),
        _ if value.fract() == 0.0 && value.abs() < 1e15 => {
            let sign = if value < 0.0 { "-" } else { "" };
            format!("{sign}{}", text::number(value.abs() as u64))
        }
        _ if value.abs() >= 1e15 || value.abs() < 1e-3 => format!("{value:e}"),
        _ => {
            let decimals = if value.abs() >= 1000.0 { 1 } else { 3 };
            let shown = format!("{:.decimals$}", value.abs());
            let (whole, part) = shown.split_once('.').unwrap_or((&shown, ""));
            let whole = whole.parse().map_or_else(|_| whole.to_owned(), text::number);
            let sign = if value < 0.0 { "-" } else { "" };
            format!("{sign}{whole}.{part}").trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_days_are_read_as_people_write_them() {
        assert_eq!(figure(12_500.0, CellKind::Number), "12\u{202f}500");
        assert_eq!(figure(-3.25, CellKind::Number), "-3.25");
        assert_eq!(figure(1_234.5, CellKind::Number), "1\u{202f}234.5");
        assert_eq!(figure(0.0, CellKind::Number), "0");
        assert_eq!(figure(1_705_276_800.0, CellKind::Date), "2024-01-15");
        assert_eq!(figure(f64::MAX, CellKind::Date), f64::MAX.to_string());
    }
}
