//! How Duplicates looks: the groups, and the rows of one as columns with a line per field.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{GROUPS, HEAD, Open, ROWS, chosen, is_computed, name, regions, shown_fields};
use crate::model::DuplicateGroup;
use crate::tui::model::Model;
use crate::tui::screens::{in_drawing_order, money};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::empty::{self, Empty, Stage};
use crate::tui::widgets::grid::{Column, Grid, Row};
use crate::tui::widgets::pane::{self, Pane, inner};
use crate::tui::widgets::put;

/// The narrowest column of values that says anything.
const LEAST: usize = 14;
/// The widest that is of use.
const MOST: usize = 40;

pub(super) fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    let focus = model.duplicates.focus;
    let panes = in_drawing_order(regions(model, area), focus);
    for region in panes {
        match region.pane {
            GROUPS => groups(model, region.frame, buffer),
            _ => rows(model, region.frame, region.body, buffer),
        }
    }
}

/// The most groups to which the columns are fitted: all of them are looked at for every picture.
const FEW: usize = 1_000;

fn groups(model: &Model, frame: Rect, buffer: &mut Buffer) {
    let (state, theme) = (&model.duplicates, model.theme);
    let focused = state.focus == GROUPS;
    let all = state.groups.as_deref().unwrap_or_default();
    let open = all.iter().filter(|group| group.open > 0).count() as u64;
    let mut title = vec![Span::raw("duplicates")];
    if !all.is_empty() {
        let said = format!("  {} of {} to decide", text::number(open), text::count(all.len() as u64, "group"));
        title.push(Span::styled(said, theme.dim()));
    }
    let foot = if all.is_empty() { String::new() } else { format!("{} of {}", state.cursor.at + 1, all.len()) };
    Pane { title, foot, focused }.draw(frame, theme, buffer);
    if all.is_empty() {
        let quiet = Empty::new(
            "No rows look alike.",
            &[
                (&model.key("go to anomalies"), "shows everything else that was found"),
                (&model.key("go to commit"), "shows what a commit would change"),
            ],
        );
        let what = empty::missing(model, Stage::Checked).unwrap_or(quiet);
        return empty::draw(&what, inner(frame), theme, buffer);
    }
    let columns = [
        Column::text("table", 9, 14, 2),
        // What rows share often differs from what others share at its end alone.
        Column::name("what they share", 14, 50, 0),
        Column::number("at stake", 11, 1),
        Column::number("rows", 5, 0),
    ];
    let fitted = match all.len() <= FEW {
        true => Grid::fitted(&columns, all.iter().map(|group| line(model, group))),
        false => columns.to_vec(),
    };
    let grid = Grid { columns: &fitted, cursor: state.cursor, total: all.len() as u64, focused, selectable: true };
    grid.draw(inner(frame), theme, buffer, |at| {
        usize::try_from(at).ok().and_then(|at| all.get(at)).map(|group| line(model, group)).unwrap_or_default()
    });
}

fn line(model: &Model, group: &DuplicateGroup) -> Row {
    let theme = model.theme;
    let decided = model.duplicates.decided.contains(&name(group)) || group.open == 0;
    let mark = match decided {
        true => ("✓", theme.good()),
        false => (group.severity.glyph(), theme.severity(group.severity)),
    };
    let faint = if decided { theme.dim() } else { theme.text() };
    let stake = group.stake.filter(|stake| *stake != 0.0);
    Row {
        mark,
        cells: vec![
            (text::clean(&group.table).into_owned(), theme.dim()),
            (text::clean(&group.value).into_owned(), faint),
            (stake.map(|stake| money(model, stake)).unwrap_or_default(), faint),
            (text::number(group.rows), faint),
        ],
        ..Row::default()
    }
}

fn rows(model: &Model, frame: Rect, body: Rect, buffer: &mut Buffer) {
    let (state, theme) = (&model.duplicates, model.theme);
    let focused = state.focus == ROWS;
    let Some(open) = &state.open else {
        let title = vec![Span::raw(chosen(model).map_or("rows", |_| "reading…"))];
        return Pane { title, foot: String::new(), focused }.draw(frame, theme, buffer);
    };
    let group = &open.found.group;
    let field = if group.field.is_empty() { String::new() } else { format!(".{}", group.field) };
    let parts = [group.rule.clone(), format!("{}{field}", group.table), text::count(group.rows, "row")];
    let mut title = vec![Span::raw(text::clean(&group.value).into_owned())];
    title.extend(parts.map(|part| Span::styled(format!(" · {part}"), theme.dim())));
    if let (Some(stake), Some((_, declared))) = (group.stake.filter(|stake| *stake != 0.0), model.about.schema.stake())
    {
        let of = if declared.of.is_empty() { String::new() } else { format!(" of {}", declared.of) };
        title.push(Span::styled(format!(" · {}{of} depend on them", money(model, stake)), theme.dim()));
        if !pane::fits(&title, frame) {
            title.pop();
            title.push(Span::styled(format!(" · {} at stake", money(model, stake)), theme.dim()));
        }
    }
    pane::whole(&mut title, frame, 1);
    let fields = shown_fields(&open.found, state.all_fields).count();
    let foot = match state.all_fields {
        true => format!("{fields} fields, {} differ", open.found.differing.len()),
        false => format!("{} of {} fields differ", open.found.differing.len(), open.found.fields.len()),
    };
    Pane { title, foot, focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    let layout = Columns::of(open, usize::from(inside.width));
    head(open, &layout, inside, theme, buffer);
    let top = usize::try_from(open.cursor.top).unwrap_or(0);
    for (row, (at, place)) in (0..body.height).zip(shown_fields(&open.found, state.all_fields).enumerate().skip(top)) {
        let here = focused && at as u64 == open.cursor.at;
        put(buffer, body, row, field_line(model, open, place, here, &layout));
    }
    if fields == 0 && body.height > 0 {
        put(buffer, body, 0, Line::styled(" no field differs", theme.dim()));
    }
}

/// Which rows have room side by side, and how wide.
struct Columns {
    label: usize,
    first: usize,
    shown: usize,
    width: usize,
}

impl Columns {
    fn of(open: &Open, width: usize) -> Columns {
        let rows = open.found.rows.len().max(1);
        let label = open.found.fields.iter().map(|field| text::width(field)).max().unwrap_or(0).clamp(8, 24) + 2;
        let label = label.min(width / 3);
        let room = width.saturating_sub(label).max(1);
        let shown = (room / (LEAST + 2)).clamp(1, rows);
        let first = open.column.saturating_sub(shown - 1).min(rows - shown);
        Columns { label, first, shown, width: (room / shown).saturating_sub(1).clamp(1, MOST) }
    }

    fn rows(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.shown
    }
}

/// What stands under a row, by its place in the group.
type CellOf<'a> = &'a dyn Fn(usize) -> (String, Style);

fn head(open: &Open, layout: &Columns, inside: Rect, theme: Theme, buffer: &mut Buffer) {
    let more = open.found.rows.len() - layout.shown;
    let label = if more > 0 { format!(" {more} more →") } else { String::new() };
    let lines: [(String, CellOf); HEAD as usize] = [
        (label, &|at| {
            let star = if at == open.survivor { "★ " } else { "  " };
            let style = if at == open.survivor { theme.good() } else { theme.head() };
            let name = text::clean(&open.found.rows[at].row);
            // Rows of one key differ at the end of their names.
            (format!("{star}{}", text::middle(&name, layout.width.saturating_sub(2))), style)
        }),
        (" from".to_owned(), &|at| {
            let row = &open.found.rows[at];
            // The number is what tells the rows of one export apart: where there is no room for both, it stays.
            let (from, record) = (text::clean(&row.from), text::number(row.record.unsigned_abs()));
            let whole = format!("  {from} record {record}");
            let fits = text::width(&whole) <= layout.width;
            (if fits { whole } else { format!("  record {record}, {from}") }, theme.dim())
        }),
        (" referred to by".to_owned(), &|at| {
            (format!("  {}", text::count(open.found.rows[at].referred, "row")), theme.dim())
        }),
    ];
    for (row, (label, cell)) in (0..inside.height).zip(lines) {
        let mut spans = vec![Span::styled(text::left(&label, layout.label), theme.dim())];
        for at in layout.rows() {
            let (shown, style) = cell(at);
            let style = if at == open.column && row == 0 { style.patch(theme.marked()) } else { style };
            spans.push(Span::styled(text::left(&shown, layout.width), style));
            spans.push(Span::raw(" "));
        }
        put(buffer, inside, row, Line::from(spans));
    }
}

fn field_line(model: &Model, open: &Open, place: usize, here: bool, layout: &Columns) -> Line<'static> {
    let theme = model.theme;
    let field = &open.found.fields[place];
    let differs = open.found.differing.contains(field);
    let computed = is_computed(model, &open.found.group.table, field);
    let kept = open.source_of(field);
    // What is computed follows from the others: nobody chooses it.
    let mark = match (differs, computed) {
        (_, true) => "ƒ",
        (true, false) => "≠",
        (false, false) => " ",
    };
    let mut spans = vec![
        Span::styled(mark.to_owned(), theme.warning()),
        Span::styled(text::left(field, layout.label.saturating_sub(1)), if here { theme.head() } else { theme.text() }),
    ];
    let shown_of = |at: usize| open.found.rows[at].values[place].as_deref().map_or_else(|| "–".to_owned(), text::exact);
    let room = layout.width.saturating_sub(2);
    for at in layout.rows() {
        let value = &open.found.rows[at].values[place];
        let mut shown = shown_of(at);
        // What is too long for its column is cut so that what differs is seen.
        let other =
            if at == kept { (0..open.found.rows.len()).find(|one| shown_of(*one) != shown) } else { Some(kept) };
        if let Some(other) = other.filter(|_| differs && text::width(&shown) > room) {
            shown = text::differing(&shown, &shown_of(other), (room, room)).0;
        }
        let dot = if at == kept && !computed { "● " } else { "  " };
        let style = match (at == kept, value) {
            _ if computed => theme.dim(),
            (true, _) => theme.good(),
            (false, None) => theme.dim(),
            (false, Some(_)) if differs => theme.warning(),
            _ => theme.text(),
        };
        let style = if here && at == open.column { style.patch(theme.cursor(true)) } else { style };
        spans.push(Span::styled(text::left(&format!("{dot}{shown}"), layout.width), style));
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}
