//! How far the rows of a table have come as a bar, with the trend of its score. Neighbour: `tables`, which has the figures.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::tables::{FIGURES, Figure, NAME, report};
use crate::model::{Standing, TableReport};
use crate::tui::model::Model;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::grid::{Cell, GAP, GUTTER, Spread};
use crate::tui::widgets::{health, sparkline};

/// The lines of a pane of that height that are for bars.
pub fn lines(model: &Model, inside: u16) -> u16 {
    let tables = model.about.schema.tables.len() as u16;
    match inside.saturating_sub(tables + 1) {
        room if room >= tables => tables,
        room => room.min(1),
    }
}

/// The title with what the parts of the bars mean.
pub fn title(theme: Theme) -> Vec<Span<'static>> {
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

/// How many checks a trend shows.
const TREND: usize = 8;
/// The columns of a score.
const SCORE: usize = 9;

/// The line with the bar of a table, and how its score went.
pub fn bar(model: &Model, table: &str, spread: &Spread, width: u16, here: bool) -> Line<'static> {
    let theme = model.theme;
    let name = spread.columns.first().map_or(NAME, |(_, wide)| *wide);
    // The score stands above already, where there is room for it.
    let score = if spread.columns.iter().any(|(at, _)| FIGURES.get(*at) == Some(&Figure::Score)) { 0 } else { SCORE };
    let pointer = if here { "▸" } else { " " };
    let lead = format!(
        "{pointer}  {}  ",
        text::left(&text::middle(&text::clean(table), usize::from(name)), usize::from(name))
    );
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
    let checked = Figure::Mapped.rows(standing, table).is_some();
    let mapped = rows(Figure::Mapped);
    let blocking = rows(Figure::Blocking).min(mapped);
    let waived = rows(Figure::Waived).min(mapped - blocking);
    let clean = mapped - blocking - waived;
    let committed = rows(Figure::Committed).min(clean);
    let left_out = rows(Figure::RowsIn).saturating_sub(rows(Figure::Rejected)).saturating_sub(mapped);
    // Before the first check nothing is left out yet: it only was not looked at.
    let left_out = if checked { left_out } else { 0 };
    let parts = parts([committed, clean - committed, waived, blocking, rows(Figure::Rejected), left_out], theme);
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
