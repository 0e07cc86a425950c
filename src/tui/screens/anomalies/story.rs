//! The story of a row: where it was read, the way of the offending field, and every field from the file to the commit.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::findings::{self, STORY, current};
use super::view;
use crate::model::{Anomaly, CellStory, RowStory};
use crate::tui::model::Model;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::pane::{Pane, inner};
use crate::tui::widgets::put;

/// How many lines the story of the row has where it is drawn now.
pub fn length(model: &Model) -> u64 {
    let width = findings::regions(model, model.body())
        .into_iter()
        .find(|region| region.pane == STORY)
        .map_or(80, |region| region.body.width);
    lines(model, usize::from(width)).len() as u64
}

/// Draws the story of the row of the chosen finding.
pub fn draw(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let mut title = vec![Span::raw("row")];
    let row = current(model).map(|anomaly| (&anomaly.table, &anomaly.row));
    if let Some((table, row)) = row {
        let room = usize::from(frame.width).saturating_sub(text::width(&view::list_foot(model)) + 12);
        let name = format!(" · {} {}", text::clean(table), text::clean(row));
        title.push(Span::styled(text::fit(&name, room).into_owned(), theme.text()));
    }
    let inside = inner(frame);
    let lines = lines(model, usize::from(inside.width));
    let cursor = model.anomalies.story_cursor;
    let more = lines.len() as u64 > u64::from(inside.height);
    let foot = if more { format!("{}/{}", cursor.at + 1, lines.len()) } else { String::new() };
    Pane { title, foot, focused }.draw(frame, theme, buffer);
    for (row, (at, mut line)) in (0..inside.height).zip((0..).zip(lines).skip(cursor.top as usize)) {
        if focused && more && at == cursor.at {
            line = line.patch_style(Style::new().add_modifier(Modifier::REVERSED));
        }
        put(buffer, inside, row, line);
    }
}

/// The story as lines: where the row comes from, what is wrong, the way of the offending field, then all the others.
fn lines(model: &Model, width: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let Some(anomaly) = current(model) else {
        return Vec::new();
    };
    let mut lines = finding(anomaly, theme, width);
    let story =
        model.anomalies.story.as_deref().filter(|story| story.table == anomaly.table && story.row == anomaly.row);
    let Some(story) = story else {
        lines.push(Line::styled(" …", theme.dim()));
        return lines;
    };
    let cell = story.fields.iter().find(|cell| cell.field == anomaly.field);
    lines.extend(origin(story, cell, theme, width));
    lines.push(Line::default());
    if let Some(cell) = cell {
        lines.extend(flow(way(cell, anomaly, theme), width));
        lines.push(Line::default());
    }
    let (head, mut fields) = cells(story, &[anomaly.field.as_str()], theme, width);
    // The field that is wrong comes first.
    fields.sort_by_key(|(field, _)| *field != anomaly.field);
    lines.push(head);
    lines.extend(fields.into_iter().map(|(_, line)| line));
    lines
}

/// What is wrong, in as many lines as it needs.
pub fn finding(anomaly: &Anomaly, theme: Theme, width: usize) -> Vec<Line<'static>> {
    let wrong = format!("{} {}", anomaly.severity.glyph(), anomaly.rule);
    let lead = text::width(&wrong) + 3;
    let parts = text::wrap(&text::clean(&anomaly.message), width.saturating_sub(lead + 1).max(10));
    let lines = parts.into_iter().enumerate().map(|(at, part)| {
        let head = if at == 0 { format!(" {wrong}  ") } else { " ".repeat(lead) };
        Line::from(vec![Span::styled(head, theme.severity(anomaly.severity)), Span::raw(part)])
    });
    lines.collect()
}

/// Where the row was read, and the record as it stands there with the offending text marked.
pub fn origin(story: &RowStory, cell: Option<&CellStory>, theme: Theme, width: usize) -> Vec<Line<'static>> {
    let place = match (&story.file, story.line) {
        (Some(file), Some(line)) => format!("{} line {}", text::clean(file), text::number(line)),
        _ => format!(
            "{} {} record {}",
            text::clean(&story.source),
            text::clean(&story.entity),
            text::number(story.record.max(0) as u64)
        ),
    };
    let Some(raw) = &story.raw else {
        return vec![Line::from(vec![
            Span::styled(format!(" {place}"), theme.strong()),
            Span::styled("  the file is gone or has changed since it was loaded", theme.dim()),
        ])];
    };
    let mut lines = vec![Line::styled(format!(" {place}"), theme.strong())];
    let raw = text::clean(raw).into_owned();
    let wanted = cell
        .and_then(|cell| cell.staged.iter().find_map(|(_, text)| text.as_deref()))
        .map(|text| text::clean(text).into_owned());
    // Short texts such as "1" occur anywhere; only a whole cell between separators is surely the one that is meant.
    let found = wanted
        .filter(|text| !text.trim().is_empty())
        .and_then(|text| whole_cell(&raw, &text).map(|at| (at, at + text.len())));
    let room = width.saturating_sub(4).max(10);
    let mut begin = 0;
    for part in text::chop(&raw, room).into_iter().take(4) {
        let at = begin;
        let end = at + part.len();
        let mut spans = vec![Span::styled(" │ ", theme.dim())];
        match found {
            Some((first, last)) if first < end && last > at => {
                let (first, last) = (first.max(at) - at, last.min(end) - at);
                spans.push(Span::raw(part[..first].to_owned()));
                spans.push(Span::styled(part[first..last].to_owned(), theme.offending()));
                spans.push(Span::raw(part[last..].to_owned()));
            }
            _ => spans.push(Span::raw(part.clone())),
        }
        lines.push(Line::from(spans));
        begin = end;
    }
    lines
}

/// Where a text stands in a record as a whole cell: between separators, quotes or the record's ends.
fn whole_cell(raw: &str, cell: &str) -> Option<usize> {
    let edge = |c: Option<char>| c.is_none_or(|c| [';', ',', '\t', '|', '"'].contains(&c));
    raw.match_indices(cell)
        .find(|(at, _)| edge(raw[..*at].chars().next_back()) && edge(raw[at + cell.len()..].chars().next()))
        .map(|(at, _)| at)
}

fn shown(value: Option<&str>) -> String {
    match value {
        None => "–".to_owned(),
        Some("") => "\"\"".to_owned(),
        Some(value) => text::exact(value),
    }
}

/// Between two steps of the way.
const ARROW: &str = " → ";
/// Before the value that is suggested.
const SUGGESTED: &str = "  suggested ";

/// The way of the offending field: staged → transforms → mapped → repaired → committed.
fn way(cell: &CellStory, anomaly: &Anomaly, theme: Theme) -> Vec<Span<'static>> {
    let arrow = || Span::styled(ARROW, theme.dim());
    let mut spans = vec![Span::styled(format!(" {} ", text::clean(&cell.field)), theme.key())];
    for (at, (column, staged)) in cell.staged.iter().enumerate() {
        spans.push(Span::styled(if at > 0 { " + " } else { " " }, theme.dim()));
        spans.push(Span::styled(format!("{} ", text::clean(column)), theme.dim()));
        spans.push(Span::styled(
            format!("\"{}\"", text::exact(staged.as_deref().unwrap_or_default())),
            theme.offending(),
        ));
    }
    if cell.staged.is_empty() {
        spans.push(Span::styled(" derived", theme.dim()));
    }
    for transform in &cell.transforms {
        spans.push(arrow());
        spans.push(Span::raw(text::clean(transform).into_owned()));
    }
    spans.push(arrow());
    match &cell.mapped {
        Some(mapped) => spans.push(Span::raw(text::exact(mapped))),
        None if cell.unreadable => spans.push(Span::styled("✗ unreadable", theme.bad())),
        None => spans.push(Span::styled("–", theme.dim())),
    }
    if cell.value != cell.mapped || cell.decision.is_some() {
        spans.push(arrow());
        spans.push(Span::styled(format!("✓ {}", shown(cell.value.as_deref())), theme.fresh()));
    } else if let Some(suggestion) = &anomaly.suggestion {
        spans.push(Span::styled(SUGGESTED, theme.dim()));
        spans.push(Span::styled(text::exact(suggestion), theme.fresh()));
    }
    spans
}

/// Spans in as many lines as they need; a line ends before an arrow or a suggestion, and what follows is set in.
fn flow(spans: Vec<Span<'static>>, width: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Vec<Span>> = vec![Vec::new()];
    let (mut used, mut at) = (0, 0);
    while at < spans.len() {
        // What belongs together: an arrow and everything up to the next one.
        let begins = |next: &usize| [ARROW, SUGGESTED].contains(&spans[*next].content.as_ref());
        let end = (at + 1..spans.len()).find(begins).unwrap_or(spans.len());
        let wide: usize = spans[at..end].iter().map(|span| text::width(&span.content)).sum();
        if used > 0 && used + wide > width {
            let lead = if spans[at].content == SUGGESTED { "   " } else { "    " };
            lines.push(vec![Span::raw(lead)]);
            used = lead.len();
        }
        used += wide;
        if let Some(line) = lines.last_mut() {
            line.extend(spans[at..end].iter().cloned());
        }
        at = end;
    }
    lines.into_iter().map(Line::from).collect()
}

/// All fields in the order of the schema, each with what it was on the way, and the heads of the columns; those that
/// are wrong stand out.
pub fn cells(
    story: &RowStory,
    wrong: &[&str],
    theme: Theme,
    width: usize,
) -> (Line<'static>, Vec<(String, Line<'static>)>) {
    let name = story.fields.iter().map(|cell| text::width(&cell.field)).max().unwrap_or(5).clamp(5, 24);
    let repaired =
        story.fields.iter().any(|cell| cell.decision.is_some() || cell.value != cell.mapped && !is_derived(cell));
    let committed = story.fields.iter().any(|cell| cell.committed.is_some());
    let mut heads = vec!["staged", "mapped"];
    heads.extend(repaired.then_some("repaired"));
    heads.extend(committed.then_some("committed"));
    let each = (width.saturating_sub(name + 5) / heads.len()).saturating_sub(2).max(6);
    let mut head = vec![Span::styled(format!("   {}", text::left("field", name)), theme.dim())];
    head.extend(heads.iter().map(|head| Span::styled(format!("  {}", text::left(head, each)), theme.dim())));
    let mut lines = Vec::new();
    for cell in &story.fields {
        let own = wrong.contains(&cell.field.as_str());
        let staged: Vec<&str> = cell.staged.iter().filter_map(|(_, text)| text.as_deref()).collect();
        let staged = if cell.staged.is_empty() { String::new() } else { shown(Some(&staged.join(" "))) };
        let mapped = match (&cell.mapped, cell.unreadable) {
            (None, true) => "✗ unreadable".to_owned(),
            // What is derived comes about after the mapping.
            (None, false) => shown(cell.value.as_deref().filter(|_| is_derived(cell))),
            (mapped, _) => shown(mapped.as_deref()),
        };
        let base = if own { theme.strong() } else { theme.text() };
        let mut spans = vec![
            Span::styled(if own { " ▸ " } else { "   " }, theme.key()),
            Span::styled(text::left(&text::clean(&cell.field), name), base),
            Span::raw("  "),
            Span::styled(text::fit(&staged, each).into_owned(), if own { theme.offending() } else { theme.text() }),
            Span::raw(" ".repeat(each.saturating_sub(text::width(&staged)))),
            Span::styled(format!("  {}", text::left(&mapped, each)), if cell.unreadable { theme.bad() } else { base }),
        ];
        if repaired {
            let changed = cell.decision.is_some();
            let value = if changed { format!("✓ {}", shown(cell.value.as_deref())) } else { String::new() };
            spans.push(Span::styled(format!("  {}", text::left(&value, each)), theme.fresh()));
        }
        if committed {
            let differs = cell.committed != cell.value;
            let style = if differs { theme.warning() } else { theme.dim() };
            spans.push(Span::styled(format!("  {}", text::left(&shown(cell.committed.as_deref()), each)), style));
        }
        lines.push((cell.field.clone(), Line::from(spans)));
    }
    (Line::from(head), lines)
}

/// Whether the value comes from other fields and not from a column.
fn is_derived(cell: &CellStory) -> bool {
    cell.staged.is_empty() && cell.decision.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_cell_of_the_raw_record_is_taken_for_the_offending_one() {
        assert_eq!(whole_cell("C10;1;abc", "1"), Some(4));
        assert_eq!(whole_cell("C10;10", "1"), None);
        assert_eq!(whole_cell("jean", "jean"), Some(0));
    }
}
