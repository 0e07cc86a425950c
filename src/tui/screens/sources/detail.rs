//! What is known of the chosen source: what its standing load brought, entity by entity, what came of all its loads, each of
//! them, and the log of the last one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::list::{outcome, took};
use super::{DETAIL, at, chosen, lines};
use crate::model::{Load, LoadStatus, RowFilter, STILL_STANDS};
use crate::tui::effects::Effect;
use crate::tui::model::Model;
use crate::tui::screens::{self, Region};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::empty;
use crate::tui::widgets::grid::{Cell, Column, Grid, Row};
use crate::tui::widgets::pane::Pane;
use crate::workbench::SourceStatus;

/// A line, and where it leads.
#[derive(Clone)]
struct Entry {
    spans: Vec<Cell>,
    door: Option<Door>,
}

#[derive(Clone)]
enum Door {
    /// The staged rows of an entity.
    Staged(String),
    /// What could not be read.
    Rejects,
    /// A load, by its number.
    Load(i64),
}

impl Entry {
    fn plain(text: impl Into<String>, style: Style) -> Entry {
        Entry { spans: vec![(text.into(), style)], door: None }
    }

    fn leading(mut self, door: Door) -> Entry {
        self.door = Some(door);
        self
    }
}

/// How many columns the lines have.
fn width(model: &Model) -> u16 {
    let region = super::regions(model, model.body()).into_iter().find(|region| region.pane == DETAIL);
    region.map_or(78, |region| region.body.width)
}

/// The lines, each with what lies behind it. Of the loads, of which there can be thousands, only those are made that are
/// asked for.
pub struct Entries<'m> {
    /// What stands before the loads.
    head: Vec<Entry>,
    loads: &'m [Load],
    width: u16,
    theme: Theme,
}

impl Entries<'_> {
    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.head.len() + self.loads.len()
    }

    fn get(&self, at: usize) -> Option<Entry> {
        match at.checked_sub(self.head.len()) {
            None => self.head.get(at).cloned(),
            Some(at) => self.loads.get(at).map(|load| line_of(load, self.width, self.theme)),
        }
    }
}

/// What is known of the chosen source.
pub fn entries(model: &Model) -> Entries<'_> {
    let (width, theme) = (width(model), model.theme);
    let mut head = Vec::new();
    let Some(source) = chosen(model) else { return Entries { head, loads: &[], width, theme } };
    sum(model, source, theme, &mut head);
    by_entity(source, width, theme, &mut head);
    log(source, width, theme, &mut head);
    history(source, width, theme, &mut head);
    Entries { head, loads: &source.loads, width, theme }
}

fn sum(model: &Model, source: &SourceStatus, theme: Theme, lines: &mut Vec<Entry>) {
    let Some(load) = &source.standing else {
        return lines.push(Entry::plain(format!("not loaded yet: {}", empty::to_load(model)), theme.dim()));
    };
    let rejected = load.rejected();
    let style = if rejected > 0 { theme.warning() } else { theme.text() };
    let spans = vec![
        (format!("{} in", text::count(load.rows_in(), "row")), theme.text()),
        (" = ".to_owned(), theme.dim()),
        (format!("{} staged", text::number(load.staged())), theme.text()),
        (" + ".to_owned(), theme.dim()),
        (format!("{} rejected", text::number(rejected)), style),
    ];
    lines.push(Entry { spans, door: (rejected > 0).then_some(Door::Rejects) });
}

fn heads(columns: &[Column], width: u16, theme: Theme) -> Entry {
    let cells: Vec<Cell> = columns.iter().map(|column| (column.title.clone(), theme.dim())).collect();
    Entry { spans: lines::under(columns, width, &cells), door: None }
}

fn by_entity(source: &SourceStatus, width: u16, theme: Theme, lines: &mut Vec<Entry>) {
    let columns = [
        Column::name("entity", 8, 24, 0),
        Column::name("feeds", 12, 22, 2),
        Column::name("file", 12, 34, 1),
        Column::number("rows in", 9, 0),
        Column::number("staged", 9, 4),
        Column::number("rejected", 8, 0),
        Column::text("read as", 24, 60, 3),
    ];
    let staged = source.standing.iter().flat_map(|load| &load.entities).map(|came| &came.entity);
    // What came in and feeds nothing yet is there too, behind what the mapping speaks of.
    let mut entities: Vec<(&String, &[String])> =
        source.entities.iter().map(|(entity, feeds)| (entity, feeds.as_slice())).collect();
    for entity in staged {
        if !entities.iter().any(|(known, _)| *known == entity) {
            entities.push((entity, &[]));
        }
    }
    if entities.is_empty() {
        return;
    }
    let plain = |value: &str| (text::clean(value).into_owned(), theme.text());
    let row = |(entity, feeds): &(&String, &[String])| {
        let came = source.standing.as_ref().and_then(|load| load.entities.iter().find(|came| came.entity == **entity));
        let feeding =
            if feeds.is_empty() { ("no table yet".to_owned(), theme.warning()) } else { plain(&feeds.join(", ")) };
        let count = |number: Option<u64>| (number.map_or_else(|| "–".to_owned(), text::number), theme.text());
        let rejected = came.map(|came| came.rejected);
        let lost = if rejected > Some(0) { theme.warning() } else { theme.text() };
        let cells = vec![
            plain(entity),
            feeding,
            plain(&came.map(|came| came.files.join(", ")).unwrap_or_default()),
            count(came.map(|came| came.rows_in)),
            count(came.map(|came| came.staged)),
            (count(rejected).0, lost),
            plain(came.map(|came| came.dialect.as_str()).unwrap_or_default()),
        ];
        (Row { cells, ..Row::default() }, came.map(|_| Door::Staged((*entity).clone())))
    };
    // What short names do not need the files have.
    let columns = Grid::fitted(&columns, entities.iter().map(|entity| row(entity).0));
    lines.push(Entry::plain("", theme.text()));
    lines.push(heads(&columns, width, theme));
    for (row, door) in entities.iter().map(row) {
        lines.push(Entry { spans: lines::under(&columns, width, &row.cells), door });
    }
}

/// What the last load had to say, with its errors first.
fn log(source: &SourceStatus, width: u16, theme: Theme, lines: &mut Vec<Entry>) {
    let Some(last) = &source.last else { return };
    lines.push(Entry::plain("", theme.text()));
    lines.push(Entry::plain("log of the last load", theme.title(false)));
    let (glyph, word, style) = outcome(Some(last.status), theme);
    let took = took(last).map(|took| format!(" in {}", text::duration(took))).unwrap_or_default();
    let ended = format!("{glyph} {}: {word}{took}", text::moment(last.started));
    lines.push(Entry::plain(ended, style));
    let failed = last.status == LoadStatus::Failed;
    for note in &last.notes {
        // What it failed for is told first, then what to do about it and what else there is.
        let wrong = failed && Some(note) == last.notes.first();
        let (mark, style) = if wrong { ("✗", theme.bad()) } else { ("·", theme.text()) };
        for (part, line) in text::wrap(&text::clean(note), usize::from(width.saturating_sub(6))).into_iter().enumerate()
        {
            let lead = if part == 0 { mark } else { " " };
            lines.push(Entry::plain(format!("{lead} {line}"), style));
        }
    }
    for came in last.entities.iter().filter(|came| came.rejected > 0 && last.status == LoadStatus::Done) {
        let records = text::count(came.rejected, "record");
        let lost = format!("▲ {}: {records} could not be read as rows", text::clean(&came.entity));
        lines.push(Entry::plain(lost, theme.warning()).leading(Door::Rejects));
    }
    if last.notes.is_empty() && last.rejected() == 0 {
        lines.push(Entry::plain("· no errors and no warnings", theme.dim()));
    }
    // A load that was killed could not note it.
    let noted = last.notes.iter().any(|note| note == STILL_STANDS);
    if last.status != LoadStatus::Done && source.standing.is_some() && !noted {
        lines.push(Entry::plain(format!("· {STILL_STANDS}"), theme.dim()));
    }
}

fn history(source: &SourceStatus, width: u16, theme: Theme, lines: &mut Vec<Entry>) {
    if source.loads.is_empty() {
        return;
    }
    let totals = &source.totals;
    let words = [
        text::count(totals.loads, "load"),
        format!("{} went through", text::number(totals.done)),
        format!("{} failed", text::number(totals.failed)),
        format!("{} cancelled", text::number(totals.cancelled)),
        format!("{} in", text::count(totals.rows_in, "row")),
    ];
    let average = totals.average_seconds.map(|seconds| {
        let seconds = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
        format!("{} on average", text::duration(seconds))
    });
    // A figure is not torn from what it counts.
    let words: Vec<String> = words.into_iter().chain(average).map(|words| words.replace(' ', "\u{a0}")).collect();
    lines.push(Entry::plain("", theme.text()));
    lines.push(Entry::plain("loads", theme.title(false)));
    lines.extend(
        text::wrap(&words.join(" · "), usize::from(width.saturating_sub(4)))
            .into_iter()
            .map(|line| Entry::plain(line.replace('\u{a0}', " "), theme.text())),
    );
    lines.push(heads(&of_loads(), width, theme));
}

/// The columns of the loads.
fn of_loads() -> [Column; 6] {
    [
        Column::text("when", 16, 16, 0),
        Column::text("outcome", 11, 11, 0),
        Column::number("rows in", 10, 0),
        Column::number("staged", 10, 2),
        Column::number("rejected", 8, 1),
        Column::number("took", 12, 3),
    ]
}

/// A load as a line.
fn line_of(load: &Load, width: u16, theme: Theme) -> Entry {
    let (glyph, word, style) = outcome(Some(load.status), theme);
    let count = |rows: u64, style| (text::number(rows), style);
    let rejected = load.rejected();
    let cells = [
        (text::moment(load.started), theme.text()),
        (format!("{glyph} {word}"), style),
        count(load.rows_in(), theme.text()),
        count(load.staged(), theme.text()),
        count(rejected, if rejected > 0 { theme.warning() } else { theme.text() }),
        (took(load).map(text::duration).unwrap_or_default(), theme.text()),
    ];
    Entry { spans: lines::under(&of_loads(), width, &cells), door: Some(Door::Load(load.id)) }
}

/// Why there is nothing behind the line, if so.
pub fn can_open(model: &Model) -> Result<(), String> {
    match entries(model).get(at(model, DETAIL)) {
        Some(Entry { door: Some(_), .. }) => Ok(()),
        _ => Err("nothing lies behind this line; entities, rejects and loads can be opened".to_owned()),
    }
}

/// Goes where the line leads.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let line = entries(model).get(at(model, DETAIL));
    let (Some(source), Some(door)) = (chosen(model).map(|source| source.name.clone()), line.and_then(|line| line.door))
    else {
        return Vec::new();
    };
    match door {
        Door::Staged(entity) => screens::tables::open(model, "staging", &format!("{source}/{entity}"), Vec::new()),
        Door::Rejects => {
            let of = RowFilter::Is("source".to_owned(), vec![Some(source)]);
            screens::tables::open(model, "dq", "rejects", vec![of])
        }
        Door::Load(load) => screens::history::show_load(model, load),
    }
}

/// Draws it.
pub fn view(model: &Model, region: Region, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let mut title = vec![Span::raw("source")];
    if let Some(source) = chosen(model) {
        title = vec![Span::raw(text::clean(&source.name).into_owned())];
        if !source.place.is_empty() {
            title.push(Span::styled(format!(" · {}", text::clean(&source.place)), theme.dim()));
        }
    }
    let entries = entries(model);
    let cursor = model.sources.cursors[DETAIL];
    let (seen, total) = (cursor.top + u64::from(region.body.height), entries.len() as u64);
    let foot = if seen < total || cursor.top > 0 { format!("{}/{total}", cursor.at + 1) } else { String::new() };
    Pane { title, foot, focused }.draw(region.frame, theme, buffer);
    let top = usize::try_from(cursor.top).unwrap_or(usize::MAX);
    for (row, at) in (0..region.body.height).zip(top..) {
        let Some(entry) = entries.get(at) else { break };
        let here = (focused && at as u64 == cursor.at).then_some(true);
        let place = Rect { y: region.body.y + row, height: 1, ..region.body };
        lines::put((" ", theme.text()), entry.spans, here, place, theme, buffer);
    }
}
