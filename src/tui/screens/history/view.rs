//! Draws the timeline, the scores and what the entry under the cursor is.

use chrono::{DateTime, Local, NaiveDate, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::entries::{self, Entry};
use super::{DETAIL, TIMELINE, TRENDS, page, regions};
use crate::model::{Commit, Load, LoadStatus, TableScore};
use crate::tui::model::Model;
use crate::tui::screens::{changes, in_drawing_order};
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::empty::{self, Empty, Stage};
use crate::tui::widgets::grid::{Column, Grid, Row};
use crate::tui::widgets::pane::{Pane, inner};
use crate::tui::widgets::{health, put, sparkline};

/// Draws the screen.
pub fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    if let Some(page) = &model.history.page {
        return page::draw(model, page, area, buffer);
    }
    let focus = model.history.focus;
    let panes = in_drawing_order(regions(model, area), focus);
    for region in panes {
        match region.pane {
            TIMELINE => timeline(model, region.frame, focus == TIMELINE, buffer),
            DETAIL => detail(model, region.frame, buffer),
            _ => trends(model, region.frame, focus == TRENDS, buffer),
        }
    }
}

fn local(at: DateTime<Utc>) -> DateTime<Local> {
    at.with_timezone(&Local)
}

/// A day as a heading: today and the day before by their names.
fn heading(day: NaiveDate, today: NaiveDate) -> String {
    match (today - day).num_days() {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        2..=6 => day.format("%A").to_string(),
        _ => day.format("%Y-%m-%d").to_string(),
    }
}

fn mark(entry: Entry, theme: Theme) -> (&'static str, Style) {
    match entry {
        Entry::Load(load) => match load.status {
            LoadStatus::Done if load.rejected() > 0 => ("▲", theme.warning()),
            LoadStatus::Done => ("✓", theme.good()),
            LoadStatus::Failed => ("✗", theme.bad()),
            LoadStatus::Cancelled => ("○", theme.dim()),
        },
        Entry::Commit(commit) if commit.reverts.is_some() => ("↶", theme.warning()),
        Entry::Commit(_) => ("●", theme.strong()),
    }
}

/// The most lines to which the columns are fitted: all of them are looked at for every picture.
const FEW: u64 = 300;

fn timeline(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let entries = entries::entries(model);
    let mut title = vec![Span::raw("loads and commits")];
    if let Some(chip) = model.history.shown.label() {
        title.push(Span::raw(" "));
        title.push(Span::styled(format!(" {chip} × "), theme.chip()));
    }
    match model.history.marked.as_slice() {
        [] => {}
        [one] => title.push(Span::styled(format!(" · commit {one} marked"), theme.marked())),
        [one, other, ..] => title.push(Span::styled(format!(" · commits {one} and {other} marked"), theme.marked())),
    }
    let cursor = model.history.cursors[TIMELINE];
    let foot = match entries.len() {
        0 => String::new(),
        all => format!("{}/{}", text::number(cursor.at + 1), text::number(all as u64)),
    };
    Pane { title, foot, focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    if model.history.known.is_none() {
        return put(buffer, inside, 0, Line::styled("   reading the history…", theme.dim()));
    }
    if entries.is_empty() {
        let nothing = Empty::new(
            "Nothing was committed yet.",
            &[(&model.key("go to commit"), "shows what a commit would change")],
        );
        let missing = empty::missing(model, Stage::Loaded).unwrap_or(nothing);
        return empty::draw(&missing, inside, theme, buffer);
    }
    let columns = [
        Column::text("day", 10, 10, 1),
        Column::text("at", 5, 5, 2),
        Column::text("what", 10, 11, 0),
        Column::text("who", 10, 18, 3),
        Column::text("what happened", 24, 200, 0),
    ];
    let line = |at: u64| {
        let Some(entry) = usize::try_from(at).ok().and_then(|at| entries.get(at)).copied() else {
            return Row::default();
        };
        let day = entry.day();
        let before = at.checked_sub(1).and_then(|at| entries.get(usize::try_from(at).ok()?)).map(Entry::day);
        let is_first = at == cursor.top || before != Some(day);
        let day = if is_first { heading(day, model.about.today) } else { String::new() };
        let time = local(entry.at()).format("%H:%M").to_string();
        let (glyph, style) = mark(entry, theme);
        let (what, who, said) = match entry {
            Entry::Load(load) => (format!("load {}", load.id), &load.source, load_in_words(load)),
            Entry::Commit(commit) => (format!("commit {}", commit.id), &commit.who, commit_in_words(commit)),
        };
        let is_marked = matches!(entry, Entry::Commit(commit) if model.history.marked.contains(&commit.id));
        let (glyph, style) = if is_marked { ("◆", theme.marked()) } else { (glyph, style) };
        let own = if is_marked { theme.marked() } else { theme.text() };
        let said_style = match entry {
            Entry::Load(load) if load.status == LoadStatus::Failed => theme.bad(),
            Entry::Load(_) => theme.dim(),
            Entry::Commit(_) => theme.text(),
        };
        Row {
            mark: (glyph, style),
            cells: vec![
                (day, theme.strong()),
                (time, theme.dim()),
                (what, own),
                (text::clean(who).into_owned(), theme.text()),
                (text::clean(&said).into_owned(), said_style),
            ],
            ..Row::default()
        }
    };
    let total = entries.len() as u64;
    let mut fitted = if total <= FEW { Grid::fitted(&columns, (0..total).map(line)) } else { columns.to_vec() };
    // A day stands where it is seen first, which is elsewhere after scrolling.
    fitted[0].need = fitted[0].least;
    let grid = Grid { columns: &fitted, cursor, total, focused, selectable: true };
    grid.draw(inside, theme, buffer, line);
}

fn load_in_words(load: &Load) -> String {
    let first = || load.notes.first().cloned().unwrap_or_default();
    match load.status {
        LoadStatus::Done => {
            // What did not come in stands first, and what is not seen on a small screen is its page.
            let drifted = if load.drift.is_empty() { "" } else { " · columns changed" };
            let (rejected, staged) = (text::number(load.rejected()), text::number(load.staged()));
            format!("{rejected} rejected · {staged} staged{drifted}")
        }
        LoadStatus::Failed => format!("failed: {}", first()),
        LoadStatus::Cancelled => "cancelled; what was staged before it still is".to_owned(),
    }
}

fn commit_in_words(commit: &Commit) -> String {
    let sum = |of| text::number(changes::sum(&commit.tables, of));
    let held = changes::sum(&commit.tables, |tally| tally.quarantined);
    let held = if held > 0 { format!(" · {} quarantined", text::number(held)) } else { String::new() };
    let counts = format!("+{} ~{} -{}{held}", sum(|t| t.added), sum(|t| t.changed), sum(|t| t.removed));
    format!("{} · {counts}", commit.message)
}

fn trends(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    /// The most checks that are drawn.
    const BARS: u16 = 40;
    let theme = model.theme;
    let trends = model.history.known.as_ref().map(|known| &known.trends);
    let checks = trends.and_then(|trends| trends.values().map(Vec::len).max()).unwrap_or(0) as u64;
    let mut title = vec![Span::raw("scores")];
    // A check of everything is a bar; what is decided after it moves the last one.
    let said = match checks {
        0 => String::new(),
        1 => " · 1 check, with the decisions since".to_owned(),
        many => format!(" · the last {}, with the decisions since", text::count(many, "check")),
    };
    title.push(Span::styled(said, theme.dim()));
    Pane { title, foot: String::new(), focused }.draw(frame, theme, buffer);
    let columns = [
        Column::name("table", 14, 20, 0),
        Column::number("score", 7, 0),
        Column::number("change", 7, 1),
        Column::number("blocking", 8, 3),
        Column::text("trend", 10, BARS, 2),
    ];
    let tables = &model.about.schema.tables;
    let cursor = model.history.cursors[TRENDS];
    let grid = Grid { columns: &columns, cursor, total: tables.len() as u64, focused, selectable: focused };
    let inside = inner(frame);
    // What the other columns leave for the bars.
    let bars = usize::from(inside.width.saturating_sub(44).clamp(8, BARS));
    grid.draw(inside, theme, buffer, |at| {
        let Some((name, _)) = usize::try_from(at).ok().and_then(|at| tables.get_index(at)) else {
            return Row::default();
        };
        let scores: &[TableScore] = trends.and_then(|trends| trends.get(name)).map_or(&[], Vec::as_slice);
        let name = (text::clean(name).into_owned(), theme.text());
        let Some(last) = scores.last().filter(|last| last.rows > 0) else {
            return Row {
                mark: ("○", theme.dim()),
                cells: vec![name, ("–".to_owned(), theme.dim())],
                ..Row::default()
            };
        };
        let shown = &scores[scores.len().saturating_sub(bars)..];
        let change = shown.first().map_or(0.0, |first| last.score - first.score);
        let (change, style) = match change {
            _ if shown.len() < 2 => ("–".to_owned(), theme.dim()),
            change if change >= 0.05 => (format!("+{change:.1}"), theme.good()),
            change if change <= -0.05 => (format!("{change:.1}"), theme.bad()),
            _ => ("=".to_owned(), theme.dim()),
        };
        let (glyph, of) = health(last, theme);
        let values: Vec<f64> = shown.iter().map(|score| score.score).collect();
        let blocking = if last.blocking > 0 { theme.bad() } else { theme.dim() };
        Row {
            mark: (glyph, of),
            cells: vec![
                name,
                (text::percent(last.score), of),
                (change, style),
                (text::number(last.blocking), blocking),
                match values.as_slice() {
                    [_] => ("from the next check on".to_owned(), theme.dim()),
                    values => (sparkline(values, bars), of),
                },
            ],
            ..Row::default()
        }
    });
}

fn detail(model: &Model, frame: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let width = frame.width.saturating_sub(2);
    let (title, lines) = match entries::here(model) {
        None => (String::new(), Vec::new()),
        Some(Entry::Load(load)) => {
            let lines = load_words(load, width, theme).into_iter().map(|(line, _)| line).collect();
            (format!("load {}", load.id), lines)
        }
        Some(Entry::Commit(commit)) => {
            let mut lines = commit_words(commit, width, theme);
            lines.push(Line::default());
            lines.extend(commit.tables.iter().map(|tally| {
                let count = |sign: &str, count: u64, style| {
                    Span::styled(
                        format!("{:>9}", format!("{sign}{}", text::number(count))),
                        if count > 0 { style } else { theme.dim() },
                    )
                };
                Line::from(vec![
                    Span::styled(format!(" {} ", text::left(&text::clean(&tally.table), 18)), theme.text()),
                    count("+", tally.added, theme.good()),
                    count("~", tally.changed, theme.warning()),
                    count("-", tally.removed, theme.bad()),
                ])
            }));
            (format!("commit {}", commit.id), lines)
        }
    };
    Pane { title: vec![Span::raw(title)], foot: String::new(), focused: false }.draw(frame, theme, buffer);
    let inside = inner(frame);
    for (row, line) in (0..inside.height).zip(lines) {
        put(buffer, inside, row, line);
    }
}

/// What is known of a commit, in lines.
pub fn commit_words(commit: &Commit, width: u16, theme: Theme) -> Vec<Line<'static>> {
    let room = usize::from(width.saturating_sub(2));
    let head = format!(" commit {} · {} · {}", commit.id, text::moment(commit.at), text::clean(&commit.who));
    let mut lines = vec![Line::styled(text::fit(&head, room).into_owned(), theme.strong())];
    lines.extend(text::wrap(&text::clean(&commit.message), room).into_iter().map(|part| Line::raw(format!(" {part}"))));
    if let Some(undone) = commit.reverts {
        lines.push(Line::styled(format!(" ↶ takes back commit {undone}"), theme.warning()));
    }
    let held = changes::sum(&commit.tables, |tally| tally.quarantined);
    let sums = format!(" {}, {} quarantined", changes::in_sum(&commit.tables), text::number(held));
    lines.extend(text::wrap(&sums, room).into_iter().map(|part| Line::raw(format!(" {}", part.trim_start()))));
    lines.push(Line::styled(text::fit(&format!(" hash {}", commit.hash), room).into_owned(), theme.dim()));
    lines
}

/// What a line of a load counts, which can be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// The staged rows of an entity.
    Staged(String),
    /// The rejected records, of one entity or of all.
    Rejected(Option<String>),
}

/// What is known of a load, in lines, each with what it counts.
pub fn load_words(load: &Load, width: u16, theme: Theme) -> Vec<(Line<'static>, Option<Counted>)> {
    let room = usize::from(width.saturating_sub(2));
    let (glyph, style) = mark(Entry::Load(load), theme);
    let took = load.ended.and_then(|ended| (ended - load.started).to_std().ok()).map(text::duration);
    let took = took.map(|took| format!(" · took {took}")).unwrap_or_default();
    let head = format!(" {} · {}{took}", text::clean(&load.source), text::moment(load.started));
    let plain = |line: Line<'static>| (line, None);
    let mut lines = vec![
        plain(Line::styled(text::fit(&head, room).into_owned(), theme.strong())),
        plain(Line::styled(format!(" {glyph} {}", load.status.name()), style)),
    ];
    if load.status == LoadStatus::Done {
        lines.push((sums(load, theme), (load.rejected() > 0).then_some(Counted::Rejected(None))));
    }
    for entity in &load.entities {
        lines.push(plain(Line::default()));
        let name = Span::styled(format!(" {}", text::clean(&entity.entity)), theme.head());
        let counts = format!("  {} in = {} staged + ", text::count(entity.rows_in, "row"), text::number(entity.staged));
        let rejected = Span::raw(format!("{} rejected", text::number(entity.rejected)));
        let staged = (entity.staged > 0).then(|| Counted::Staged(entity.entity.clone()));
        lines.push((Line::from(vec![name, Span::raw(counts), rejected]), staged));
        if entity.rejected > 0 {
            let said = format!("   ▲ {} rejected", text::count(entity.rejected, "record"));
            lines.push((Line::styled(said, theme.warning()), Some(Counted::Rejected(Some(entity.entity.clone())))));
        }
        let read = format!("{} · {}", entity.files.join(", "), text::bytes(entity.bytes));
        for part in [read, entity.dialect.clone()] {
            let parts = text::wrap(&text::clean(&part), room.saturating_sub(3));
            lines.extend(
                parts
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .map(|part| plain(Line::styled(format!("   {part}"), theme.dim()))),
            );
        }
    }
    let drift = load.drift.iter().flat_map(|drift| drift.sentences());
    for (note, style) in
        drift.map(|said| (said, theme.warning())).chain(load.notes.iter().map(|note| (note.clone(), theme.text())))
    {
        lines.push(plain(Line::default()));
        for (at, part) in text::wrap(&text::clean(&note), room.saturating_sub(3)).into_iter().enumerate() {
            let lead = if at == 0 { " · " } else { "   " };
            lines.push(plain(Line::styled(format!("{lead}{part}"), style)));
        }
    }
    lines
}

fn sums(load: &Load, theme: Theme) -> Line<'static> {
    let rejected = format!("{} rejected", text::number(load.rejected()));
    Line::from(vec![
        Span::raw(format!(" {} in", text::count(load.rows_in(), "row"))),
        Span::styled(" = ", theme.dim()),
        Span::raw(format!("{} staged", text::number(load.staged()))),
        Span::styled(" + ", theme.dim()),
        Span::styled(rejected, if load.rejected() > 0 { theme.warning() } else { theme.text() }),
    ])
}
