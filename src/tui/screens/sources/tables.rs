//! How far the rows of each canonical table have come, as figures and as a bar; each figure is a door to the rows that it
//! counts.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{TABLES, at, chosen};
use crate::model::{RowFilter, Severity, Standing, Status, TableReport, WaterfallStep};
use crate::tui::effects::Effect;
use crate::tui::model::Model;
use crate::tui::popups::{Item, Picker, Popup};
use crate::tui::screens::{self, region};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::empty::{self, Stage};
use crate::tui::widgets::grid::{Cell, Column, GAP, GUTTER, Grid, Row, Spread};
use crate::tui::widgets::pane::{Pane, below, inner};
use crate::tui::widgets::{health, put, sparkline};

/// What is told of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    Table,
    RowsIn,
    Rejected,
    Mapped,
    Waived,
    Blocking,
    Committed,
    Score,
}

use Figure::{Blocking, Committed, Mapped, Rejected, RowsIn, Score, Table, Waived};

const FIGURES: [Figure; 8] = [Table, RowsIn, Rejected, Mapped, Waived, Blocking, Committed, Score];

impl Figure {
    fn title(self) -> &'static str {
        match self {
            Table => "table",
            RowsIn => "rows in",
            Rejected => "rejected",
            Mapped => "mapped",
            Waived => "waived",
            Blocking => "blocking",
            Committed => "committed",
            Score => "score",
        }
    }

    /// How many rows it counts; `None` where that is not known or nothing is counted.
    fn rows(self, standing: &Standing, table: &str) -> Option<u64> {
        let report = || standing.tables.iter().find(|report| report.score.table == table);
        match self {
            Table | Score => None,
            RowsIn => standing.rows(table, "rows in"),
            Rejected => standing.rows(table, "rejected"),
            Mapped => report().and_then(|_| standing.rows(table, "candidates")),
            Waived => report().and_then(|report| standing.rows(table, "candidates").map(|_| report.waived)),
            Blocking => report().and_then(|report| standing.rows(table, "candidates").map(|_| report.score.blocking)),
            // Before the first commit nothing is.
            Committed => standing.rows(table, WaterfallStep::COMMITTED).or(standing.rows(table, "staged").map(|_| 0)),
        }
    }
}

/// How many lines the pane wants, of so many: a bar for every table where there is room, else one for the chosen table.
pub fn height(model: &Model, most: u16) -> u16 {
    let tables = model.about.schema.tables.len() as u16;
    // Frame, heads and tables.
    let figures = tables + 3;
    match figures + tables {
        all if all <= most => all,
        _ => (figures + 1).min(most.max(4)),
    }
}

/// The lines of a pane of that height that are for bars.
fn bars(model: &Model, inside: u16) -> u16 {
    let tables = model.about.schema.tables.len() as u16;
    match inside.saturating_sub(tables + 1) {
        room if room >= tables => tables,
        room => room.min(1),
    }
}

fn table(model: &Model, at: u64) -> Option<&str> {
    let (name, _) = model.about.schema.tables.get_index(usize::try_from(at).ok()?)?;
    Some(name)
}

fn report<'m>(model: &'m Model, table: &str) -> Option<&'m TableReport> {
    model.sources.standing.as_ref()?.tables.iter().find(|report| report.score.table == table)
}

fn cell(model: &Model, figure: Figure, table: &str) -> String {
    match figure {
        Table => text::clean(table).into_owned(),
        Score => match report(model, table) {
            // The unit would cost as much room as a name needs.
            Some(report) if report.score.rows > 0 => {
                text::percent(report.score.score).trim_end_matches(" %").to_owned()
            }
            _ => "–".to_owned(),
        },
        figure => {
            let rows = model.sources.standing.as_ref().and_then(|standing| figure.rows(standing, table));
            rows.map_or_else(|| "–".to_owned(), text::number)
        }
    }
}

/// The figure that the keys act on.
fn here(model: &Model) -> usize {
    model.sources.figure.min(FIGURES.len() - 1)
}

/// The narrowest column for the names of tables.
const NAME: u16 = 12;

/// Which figures fit, and how wide they are. What does not fit goes: first the score, then whatever is farthest from the
/// figure that the keys act on.
fn spread(model: &Model, width: u16) -> Spread {
    let wide = |figure: Figure| {
        let cells = model.about.schema.tables.keys().map(|table| text::width(&cell(model, figure, table)));
        cells.max().unwrap_or(0).max(text::width(figure.title())) as u16
    };
    let mut columns: Vec<(usize, u16)> = FIGURES.iter().enumerate().map(|(at, figure)| (at, wide(*figure))).collect();
    let room = width.saturating_sub(GUTTER);
    let over = |columns: &[(usize, u16)]| {
        let needed: u16 = columns.iter().map(|(_, wide)| wide + GAP).sum();
        needed.saturating_sub(GAP).saturating_sub(room)
    };
    let name = columns[0].1;
    columns[0].1 = name.saturating_sub(over(&columns)).max(NAME.min(name));
    let here = here(model);
    while over(&columns) > 0 && columns.len() > 2 {
        let spare = columns.iter().map(|(at, _)| *at).filter(|at| *at != here && *at != 0);
        let score = spare.clone().find(|at| FIGURES[*at] == Score);
        let Some(gone) = score.or_else(|| spare.max_by_key(|at| at.abs_diff(here))) else {
            break;
        };
        columns.retain(|(at, _)| *at != gone);
        columns[0].1 = name.min(columns[0].1);
    }
    // What is left over belongs to the names.
    let spare = room.saturating_sub(columns.iter().map(|(_, wide)| wide + GAP).sum::<u16>().saturating_sub(GAP));
    columns[0].1 = name.min(columns[0].1 + spare);
    Spread { columns, here: Some(here), frozen: 0 }
}

/// Goes to the next figure of the table, or the one before.
pub fn step(model: &mut Model, forward: bool) -> Vec<Effect> {
    let here = here(model);
    model.sources.figure = if forward { (here + 1).min(FIGURES.len() - 1) } else { here.saturating_sub(1) };
    Vec::new()
}

/// The mouse was pressed on a figure.
pub fn pointed(model: &mut Model, place: Position) {
    let Some(region) = region(model, TABLES) else { return };
    let mut x = region.body.x + GUTTER;
    let spread = spread(model, region.body.width);
    let hit = spread.columns.iter().find(|(_, wide)| {
        let begin = x;
        x += wide + GAP;
        (begin..x).contains(&place.x)
    });
    if let Some((figure, _)) = hit {
        model.sources.figure = *figure;
    }
}

/// Why there is nothing behind the chosen figure, if so.
pub fn can_open(model: &Model) -> Result<(), String> {
    let Some(table) = table(model, at(model, TABLES) as u64) else {
        return Err("there is no table".to_owned());
    };
    let Some(standing) = &model.sources.standing else {
        return Err("how far the data has come is still being looked up".to_owned());
    };
    let figure = FIGURES[here(model)];
    if matches!(figure, Table | Score) {
        return match report(model, table) {
            None => empty::reached(model, Stage::Checked),
            Some(_) => Ok(()),
        };
    }
    match figure.rows(standing, table) {
        None if standing.rows(table, "rows in").is_none() => Err(format!("no source that was loaded feeds {table}")),
        None => empty::reached(model, Stage::Checked),
        Some(0) => Err(format!("{table} has no row that is {}", figure.title()).replace("is rows in", "came in")),
        Some(_) => Ok(()),
    }
}

/// Opens the rows that the chosen figure counts.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let Some(table) = table(model, at(model, TABLES) as u64).map(str::to_owned) else {
        return Vec::new();
    };
    match FIGURES[here(model)] {
        Table => {
            screens::anomalies::show_table(model, &table);
            screens::open(model, &screens::anomalies::SCREEN)
        }
        Score => screens::open(model, &screens::history::SCREEN),
        RowsIn => open_staged(model, &table),
        Rejected => {
            let (sources, entities) = feeds(model, &table).into_iter().map(|(a, b)| (Some(a), Some(b))).unzip();
            let filters =
                vec![RowFilter::Is("source".to_owned(), sources), RowFilter::Is("entity".to_owned(), entities)];
            screens::tables::open(model, "dq", "rejects", filters)
        }
        Mapped => screens::tables::open(model, "candidate", &table, Vec::new()),
        Committed => screens::tables::open(model, "canonical", &table, Vec::new()),
        Waived => {
            screens::anomalies::show_rows(model, &table, Status::Waived, None);
            screens::open(model, &screens::anomalies::SCREEN)
        }
        Blocking => {
            screens::anomalies::show_rows(model, &table, Status::Open, Some(Severity::Error));
            screens::open(model, &screens::anomalies::SCREEN)
        }
    }
}

/// Opens what was staged for a table; where several sources feed it, of the one that is chosen then.
fn open_staged(model: &mut Model, table: &str) -> Vec<Effect> {
    let entities: Vec<String> =
        feeds(model, table).into_iter().map(|(source, entity)| format!("{source}/{entity}")).collect();
    let staged = |entity: &str, model: &mut Model| screens::tables::open(model, "staging", entity, Vec::new());
    if let [only] = entities.as_slice() {
        return staged(only, model);
    }
    let items = entities.iter().map(|entity| Item::new(entity, "", "")).collect();
    let chosen =
        move |model: &mut Model, at: usize| entities.get(at).map(|entity| staged(entity, model)).unwrap_or_default();
    model.popup = Some(Popup::Picker(Picker::new(format!("what was staged for {table}"), items, chosen)));
    Vec::new()
}

/// The sources and entities that feed a table and were loaded, those of the chosen source first.
fn feeds(model: &Model, table: &str) -> Vec<(String, String)> {
    let sources = model.sources.sources.iter().flatten().filter(|source| source.standing.is_some());
    let mut feeds: Vec<(String, String)> = sources
        .flat_map(|source| source.entities.iter().map(move |(entity, tables)| (source, entity, tables)))
        .filter(|(_, _, tables)| tables.iter().any(|fed| fed == table))
        .map(|(source, entity, _)| (source.name.clone(), entity.clone()))
        .collect();
    let first = chosen(model).map(|source| source.name.as_str());
    feeds.sort_by_key(|(source, _)| Some(source.as_str()) != first);
    feeds
}

/// The title with what the parts of the bars mean.
fn title(theme: Theme) -> Vec<Span<'static>> {
    let mut title = vec![Span::raw("tables  ")];
    for (part, style) in parts([0; PARTS], theme).iter().map(|(_, glyph, word, style)| ((glyph, word), style)) {
        title.push(Span::styled(format!("{} ", part.0), *style));
        title.push(Span::styled(format!("{} ", part.1), theme.dim()));
    }
    title
}

/// How many parts a bar has.
const PARTS: usize = 6;

/// The parts of a bar, with so many rows each: glyph, meaning, colour.
fn parts(rows: [u64; PARTS], theme: Theme) -> [(u64, &'static str, &'static str, Style); PARTS] {
    let [committed, ready, waived, blocking, rejected, left_out] = rows;
    [
        (committed, "█", "committed", theme.good()),
        (ready, "▒", "to commit", theme.good()),
        (waived, "▓", "waived", theme.warning()),
        (blocking, "░", "blocking", theme.bad()),
        (rejected, "×", "rejected", theme.warning()),
        (left_out, "·", "left out", theme.dim()),
    ]
}

/// Draws it.
pub fn view(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let inside = inner(frame);
    let bars = bars(model, inside.height);
    let title = if bars > 0 { title(theme) } else { vec![Span::raw("tables")] };
    Pane { title, foot: String::new(), focused }.draw(frame, theme, buffer);
    let columns: Vec<Column> = FIGURES
        .iter()
        .map(|figure| match figure {
            Table => Column::text(figure.title(), 1, 1, 0),
            figure => Column::number(figure.title(), 1, 0),
        })
        .collect();
    let cursor = model.sources.cursors[TABLES];
    let total = model.about.schema.tables.len() as u64;
    let grid = Grid { columns: &columns, cursor, total, focused, selectable: true };
    let spread = spread(model, inside.width);
    let figures = Rect { height: inside.height - bars, ..inside };
    grid.draw_spread(&spread, figures, theme, buffer, |at| {
        let Some(name) = table(model, at) else { return Row::default() };
        let score = report(model, name).map(|report| &report.score);
        let mark = score.map_or(("○", theme.dim()), |score| health(score, theme));
        let style = |figure: Figure, shown: &str| match figure {
            Table => theme.text(),
            _ if matches!(shown, "0" | "–") => theme.dim(),
            Blocking => theme.bad(),
            Rejected => theme.warning(),
            Score => mark.1,
            _ => theme.text(),
        };
        let cells = FIGURES.iter().map(|figure| {
            let shown = cell(model, *figure, name);
            let style = style(*figure, &shown);
            (shown, style)
        });
        Row { mark, cells: cells.collect(), ..Row::default() }
    });
    let room = below(inside, figures.height);
    let shown = if bars as u64 == total { 0..total } else { cursor.at..cursor.at + 1 };
    for (row, at) in (0..bars).zip(shown) {
        if let Some(table) = table(model, at) {
            put(buffer, room, row, bar(model, table, &spread, inside.width, at == cursor.at));
        }
    }
}

/// How many checks a trend shows.
const TREND: usize = 8;
/// The columns of a score.
const SCORE: usize = 9;

/// The line with the bar of a table, and how its score went.
fn bar(model: &Model, table: &str, spread: &Spread, width: u16, here: bool) -> Line<'static> {
    let theme = model.theme;
    let name = spread.columns.first().map_or(NAME, |(_, wide)| *wide);
    // The score stands above already, where there is room for it.
    let score = if spread.columns.iter().any(|(at, _)| FIGURES[*at] == Score) { 0 } else { SCORE };
    let pointer = if here { "▸" } else { " " };
    let lead = format!("{pointer}  {}  ", text::left(&text::clean(table), usize::from(name)));
    let mut spans = vec![Span::styled(lead, if here { theme.text() } else { theme.dim() })];
    let trend = report(model, table).map(|report| trend(report, theme)).unwrap_or_default();
    let room = usize::from(width.saturating_sub(GUTTER + name + GAP)).saturating_sub(TREND + 2 + score + 2);
    let Some(standing) = model.sources.standing.as_ref().filter(|standing| standing.rows(table, "rows in").is_some())
    else {
        spans.push(Span::styled("no source that was loaded feeds it", theme.dim()));
        return Line::from(spans);
    };
    let parts = strip(standing, table, room, theme);
    let used: usize = parts.iter().map(|(part, _)| text::width(part)).sum();
    spans.extend(parts.into_iter().map(|(part, style)| Span::styled(part, style)));
    spans.push(Span::raw(" ".repeat(room.saturating_sub(used) + 2)));
    let style = report(model, table).map_or(theme.dim(), |report| health(&report.score, theme).1);
    if score > 0 {
        let percent = report(model, table).map_or_else(String::new, |report| text::percent(report.score.score));
        spans.push(Span::styled(text::left(&percent, score), style));
    }
    spans.extend(trend.into_iter().map(|(part, style)| Span::styled(part, style)));
    Line::from(spans)
}

/// The scores of the last checks as a row of bars, and whether the last one is better or worse than the one before.
fn trend(report: &TableReport, theme: Theme) -> Vec<Cell> {
    let scores = &report.trend;
    let row = sparkline(scores, TREND);
    let turn = match scores.as_slice() {
        [.., before, now] if now > before => ("↑", theme.good()),
        [.., before, now] if now < before => ("↓", theme.bad()),
        [.., _, _] => ("→", theme.dim()),
        _ => ("", theme.dim()),
    };
    vec![(row, theme.dim()), (turn.0.to_owned(), turn.1)]
}

/// What became of the rows in, as the parts of a bar; what there is at all is seen, be it ever so little.
fn strip(standing: &Standing, table: &str, width: usize, theme: Theme) -> Vec<Cell> {
    let rows = |figure: Figure| figure.rows(standing, table).unwrap_or(0);
    let checked = Mapped.rows(standing, table).is_some();
    let mapped = rows(Mapped);
    let blocking = rows(Blocking).min(mapped);
    let waived = rows(Waived).min(mapped - blocking);
    let clean = mapped - blocking - waived;
    let committed = rows(Committed).min(clean);
    let left_out = rows(RowsIn).saturating_sub(rows(Rejected)).saturating_sub(mapped);
    // Before the first check nothing is left out yet: it only was not looked at.
    let left_out = if checked { left_out } else { 0 };
    let parts = parts([committed, clean - committed, waived, blocking, rows(Rejected), left_out], theme);
    let shares = shares(parts.map(|(rows, ..)| rows), width);
    parts.iter().zip(shares).map(|((_, glyph, _, style), wide)| (glyph.repeat(wide), *style)).collect()
}

/// Divides a width by rows: nothing that is there has no column while there are columns, and the greatest part takes what
/// the rounding leaves.
fn shares<const N: usize>(rows: [u64; N], width: usize) -> [usize; N] {
    let all: u64 = rows.iter().sum();
    if all == 0 {
        return [0; N];
    }
    let mut shares = rows.map(|rows| {
        let share = (rows as f64 / all as f64 * width as f64).floor() as usize;
        share.max(usize::from(rows > 0))
    });
    let greatest = (0..N).max_by_key(|at| rows[*at]).unwrap_or(0);
    let others: usize = (0..N).filter(|at| *at != greatest).map(|at| shares[at]).sum();
    shares[greatest] = width.saturating_sub(others);
    let mut over = shares.iter().sum::<usize>().saturating_sub(width);
    for share in shares.iter_mut().rev() {
        let less = over.min(*share);
        *share -= less;
        over -= less;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_seen_and_the_bar_has_its_width() {
        assert_eq!(shares([1_000_000, 1, 0, 3], 10), [8, 1, 0, 1]);
        assert_eq!(shares([1, 1], 10), [5, 5]);
        assert_eq!(shares([0, 0], 10), [0, 0]);
        assert_eq!(shares([5, 5, 5], 2).iter().sum::<usize>(), 2);
        assert_eq!(shares([5, 5, 5], 0), [0, 0, 0]);
    }
}
