//! How far the rows of each canonical table have come, as figures and as a bar; each figure is a door to the rows that it
//! counts.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Span;

use super::{TABLES, at, bars, chosen};
use crate::model::{RowFilter, Severity, Standing, Status, TableReport, WaterfallStep};
use crate::tui::effects::Effect;
use crate::tui::model::Model;
use crate::tui::popups::{Item, Picker, Popup};
use crate::tui::screens::{self, region};
use crate::tui::text;
use crate::tui::widgets::empty::{self, Stage};
use crate::tui::widgets::grid::{Column, GAP, GUTTER, Grid, Row, Spread};
use crate::tui::widgets::pane::{Pane, below, inner};
use crate::tui::widgets::{health, put};

/// What is told of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
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

pub const FIGURES: [Figure; 8] = [Table, RowsIn, Rejected, Mapped, Waived, Blocking, Committed, Score];

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
    pub fn rows(self, standing: &Standing, table: &str) -> Option<u64> {
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

fn table(model: &Model, at: u64) -> Option<&str> {
    let (name, _) = model.about.schema.tables.get_index(usize::try_from(at).ok()?)?;
    Some(name)
}

pub fn report<'m>(model: &'m Model, table: &str) -> Option<&'m TableReport> {
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
pub const NAME: u16 = 12;

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
            screens::through(model, &screens::anomalies::SCREEN)
        }
        Score => screens::through(model, &screens::history::SCREEN),
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
            screens::through(model, &screens::anomalies::SCREEN)
        }
        Blocking => {
            screens::anomalies::show_rows(model, &table, Status::Open, Some(Severity::Error));
            screens::through(model, &screens::anomalies::SCREEN)
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

/// Draws it.
pub fn view(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let inside = inner(frame);
    let bars = bars::lines(model, inside.height);
    let title = if bars > 0 { bars::title(theme) } else { vec![Span::raw("tables")] };
    Pane { title, foot: String::new(), focused }.draw(frame, theme, buffer);
    let columns: Vec<Column> = FIGURES
        .iter()
        .map(|figure| match figure {
            Table => Column::name(figure.title(), 1, 1, 0),
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
            put(buffer, room, row, bars::bar(model, table, &spread, inside.width, at == cursor.at));
        }
    }
}
