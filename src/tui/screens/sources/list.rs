//! The list of sources: where each is, what its last load brought, and what goes on with it now.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::SOURCES;
use crate::model::{Load, LoadStatus};
use crate::tui::effects::Job;
use crate::tui::model::Model;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::grid::{Column, Grid, Row};
use crate::tui::widgets::pane::{Pane, inner};
use crate::tui::widgets::put;
use crate::workbench::SourceStatus;

/// How a load ended, as glyph, word and colour.
pub fn outcome(status: Option<LoadStatus>, theme: Theme) -> (&'static str, &'static str, Style) {
    match status {
        None => ("○", "not loaded", theme.dim()),
        Some(LoadStatus::Done) => ("✓", "loaded", theme.good()),
        Some(LoadStatus::Failed) => ("✗", "failed", theme.bad()),
        Some(LoadStatus::Cancelled) => ("▲", "cancelled", theme.warning()),
    }
}

/// How long a load took, if that is known.
pub fn took(load: &Load) -> Option<Duration> {
    (load.ended? - load.started).to_std().ok()
}

/// What goes on with a source now: it is being loaded, or will be after others.
fn goes_on(model: &Model, source: &SourceStatus) -> Option<String> {
    if model.loads.contains(&source.name) {
        return Some("waits".to_owned());
    }
    // How far it is stands in the last line: it counts file by file, and not the whole.
    let is_loading = model.work.as_ref().is_some_and(|work| work.job == Job::Load(source.name.clone()));
    is_loading.then(|| "loading".to_owned())
}

/// Draws it.
pub fn view(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let sources = model.sources.sources.as_deref().unwrap_or_default();
    Pane { title: vec![Span::raw("sources")], foot: String::new(), focused }.draw(frame, theme, buffer);
    if model.sources.sources.is_none() {
        return put(buffer, inner(frame), 1, Line::styled("   reading the workspace…", theme.dim()));
    }
    let columns = [
        Column::name("source", 14, 28, 0),
        Column::text("kind", 8, 12, 4),
        Column::text("status", 12, 12, 0),
        Column::text("last load", 16, 16, 3),
        Column::number("rows in", 10, 1),
        Column::number("staged", 10, 5),
        Column::number("rejected", 8, 2),
        Column::number("took", 12, 6),
    ];
    let cursor = model.sources.cursors[SOURCES];
    let grid = Grid { columns: &columns, cursor, total: sources.len() as u64, focused, selectable: true };
    grid.draw(inner(frame), theme, buffer, |at| {
        let Some(source) = usize::try_from(at).ok().and_then(|at| sources.get(at)) else {
            return Row::default();
        };
        let (glyph, word, style) = outcome(source.last.as_ref().map(|load| load.status), theme);
        let (glyph, word, style) = match goes_on(model, source) {
            Some(word) => ("…", word, theme.key()),
            None => (glyph, word.to_owned(), style),
        };
        let count = |of: fn(&Load) -> u64| {
            source.standing.as_ref().map(|load| text::number(of(load))).unwrap_or_else(|| "–".to_owned())
        };
        let rejected = source.standing.as_ref().map_or(0, Load::rejected);
        let lost = if rejected > 0 { theme.warning() } else { theme.text() };
        Row {
            mark: (glyph, style),
            cells: vec![
                (text::clean(&source.name).into_owned(), theme.text()),
                (text::clean(&source.kind).into_owned(), theme.text()),
                (word, style),
                (source.last.as_ref().map(|load| text::moment(load.started)).unwrap_or_default(), theme.text()),
                (count(Load::rows_in), theme.text()),
                (count(Load::staged), theme.text()),
                (count(Load::rejected), lost),
                (source.last.as_ref().and_then(took).map(text::duration).unwrap_or_default(), theme.text()),
            ],
            ..Row::default()
        }
    });
}
