//! Draws the anomalies: the tree of rules, the findings, the story of a row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::act::What;
use super::tree::{self, RuleLine, Scope, TreeLine};
use super::{LIST, STORY, TREE, current, id_of, regions};
use crate::model::{Anomaly, CellStory, RowStory, Severity, Status};
use crate::tui::model::Model;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::empty::{self, Empty, Stage};
use crate::tui::widgets::grid::{Column, Grid, Row};
use crate::tui::widgets::pane::{Pane, below, inner};
use crate::tui::widgets::put;

/// Draws the screen.
pub fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    let focus = model.anomalies.focus;
    let mut panes = regions(model, area);
    // The pane with the keys is drawn last, so that its frame is whole.
    panes.sort_by_key(|region| region.pane == focus);
    for region in panes {
        match region.pane {
            TREE => view_tree(model, region.frame, focus == TREE, buffer),
            LIST => view_list(model, region.frame, focus == LIST, buffer),
            _ => view_story(model, region.frame, focus == STORY, buffer),
        }
    }
}

fn view_tree(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let mut title = vec![Span::raw("anomalies")];
    if let Some(verdict) = &model.verdict {
        let open: u64 = verdict.rules.iter().map(|rule| rule.open).sum();
        title.push(Span::styled(
            format!("  {} open · {} waived", text::number(open), text::number(verdict.waived())),
            theme.text(),
        ));
    }
    Pane { title, foot: String::new(), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    let lines = tree::lines(model);
    if lines.is_empty() {
        let empty = empty::missing(model, Stage::Checked)
            .unwrap_or_else(|| Empty::new("✓ Nothing was found: every rule is quiet.", &[("6", "goes to the commit")]));
        empty::draw(&empty, inside, theme, buffer);
        return;
    }
    let cursor = model.anomalies.tree.cursor;
    let names = tree::rules(model).iter().map(|rule| text::width(&rule.rule)).max().unwrap_or(0);
    for (row, (at, line)) in (0..inside.height).zip((0..).zip(&lines).skip(cursor.top as usize)) {
        let here = at == cursor.at;
        let base = if here { theme.cursor(focused) } else { Style::new() };
        let width = usize::from(inside.width);
        let own = |style: Style| if here && focused { base } else { style.patch(base) };
        let pointer = if here { "▸" } else { " " };
        let line = match line {
            TreeLine::Severity { severity, open, waived, folded } => {
                let arrow = if *folded { "▹" } else { "▿" };
                let counts = counts(*open, *waived);
                let name = text::left(severity_name(*severity), width.saturating_sub(5 + text::width(&counts)));
                Line::from(vec![
                    Span::styled(format!("{pointer}{arrow} "), base),
                    Span::styled(format!("{} ", severity.glyph()), own(theme.severity(*severity))),
                    Span::styled(name, own(theme.strong())),
                    Span::styled(counts, own(theme.strong())),
                ])
            }
            TreeLine::Rule(rule) => rule_line(rule, (names, width), pointer, theme, base, &own),
        };
        put(buffer, inside, row, line.style(base));
    }
}

fn rule_line<'a>(
    rule: &'a RuleLine,
    (names, width): (usize, usize),
    pointer: &'a str,
    theme: Theme,
    base: Style,
    own: &dyn Fn(Style) -> Style,
) -> Line<'a> {
    let counts = counts(rule.open, rule.waived);
    let room = width.saturating_sub(3 + text::width(&counts));
    // Names of rules are told apart by their beginnings, so the tables give way first.
    let name = names.min(room.saturating_sub(1));
    let table = room.saturating_sub(name + 1);
    let quiet = rule.open == 0;
    Line::from(vec![
        Span::styled(format!("{pointer}  "), base),
        Span::styled(text::left(&rule.rule, name), own(if quiet { theme.dim() } else { theme.text() })),
        Span::styled(
            format!(" {}", text::left(&rule.table, table)),
            own(if quiet { theme.dim() } else { theme.text() }),
        ),
        Span::styled(counts, own(if quiet { theme.dim() } else { theme.text() })),
    ])
}

/// Open findings at a fixed place, then the waived ones.
fn counts(open: u64, waived: u64) -> String {
    let waived = if waived > 0 { format!("○{}", text::number(waived)) } else { String::new() };
    format!("{} {}", text::right(&text::number(open), 6), text::left(&waived, 3))
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "errors",
        Severity::Warning => "warnings",
        Severity::Info => "notes",
    }
}

/// The fields that the listed findings are on.
fn fields(model: &Model) -> Vec<String> {
    match &model.anomalies.scope {
        Scope::Rule(severity, rule, table) => tree::rules(model)
            .into_iter()
            .find(|line| (&line.severity, &line.rule, &line.table) == (severity, rule, table))
            .map(|line| line.fields)
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The title of the list; where there is little room the name gives way to what follows it.
fn list_title(model: &Model, room: usize) -> Vec<Span<'static>> {
    let theme = model.theme;
    let state = &model.anomalies;
    let fields = fields(model);
    let name = match (&state.scope, fields.as_slice()) {
        (Scope::All, _) => "findings".to_owned(),
        (Scope::Severity(severity), _) => severity_name(*severity).to_owned(),
        (Scope::Rule(_, rule, table), [field]) if !field.is_empty() => format!("{rule} · {table}.{field}"),
        (Scope::Rule(_, rule, table), _) => format!("{rule} · {table}"),
    };
    let mut title = Vec::new();
    if state.window.total.is_some() {
        title.push(Span::styled(format!(" · {}", text::count(state.window.len(), "finding")), theme.text()));
    }
    let mut chip = |label: String| {
        title.push(Span::raw(" "));
        title.push(Span::styled(format!(" {label} × "), theme.chip()));
    };
    if let Some(status) = state.status {
        chip(status.name().to_owned());
    }
    if let Some(text) = &state.text {
        chip(format!("& {}", text::clean(text)));
    }
    if !state.marks.is_empty() {
        title.push(Span::styled(format!(" {} marked", text::number(state.marks.len() as u64)), theme.marked()));
    }
    let rest: usize = title.iter().map(|span| text::width(&span.content)).sum();
    title.insert(0, Span::raw(text::fit(&name, room.saturating_sub(rest).max(8)).into_owned()));
    title
}

/// Where the cursor is among the findings. It stands on the line of the frame on which the title of the story stands.
fn list_foot(model: &Model) -> String {
    let state = &model.anomalies;
    match state.window.len() {
        0 => String::new(),
        total => format!("{}/{}", text::number(state.list.at + 1), text::number(total)),
    }
}

fn view_list(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let state = &model.anomalies;
    let total = state.window.len();
    let title = list_title(model, usize::from(frame.width.saturating_sub(4)));
    Pane { title, foot: list_foot(model), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    if model.verdict.is_none() {
        return;
    }
    let fields = fields(model);
    let one_field = matches!(fields.as_slice(), [_]);
    let one_rule = matches!(state.scope, Scope::Rule(..));
    let value = match fields.as_slice() {
        [field] if !field.is_empty() => field.clone(),
        _ => "value".to_owned(),
    };
    let columns = [
        Column::text("rule", 12, 20, 1),
        Column::text("row", 18, 26, 0),
        Column::text("field", 10, 18, 2),
        Column::text(value, 18, 40, 0),
        Column::text("suggestion", 18, 40, 0),
        Column::text("what is wrong", 28, 200, 3),
    ];
    let shown = |at: &usize| !(*at == 0 && one_rule || *at == 2 && one_field);
    let picked: Vec<Column> = (0..columns.len()).filter(shown).map(|at| columns[at].clone()).collect();
    let grid = Grid { columns: &picked, cursor: state.list, total, focused, selectable: true };
    grid.draw(inside, theme, buffer, |at| match state.window.get(at) {
        None => Row { mark: (" ", theme.dim()), cells: vec![("…".to_owned(), theme.dim())], ..Row::default() },
        Some(anomaly) => {
            let mut row = finding(model, anomaly, at);
            let mut at = 0;
            row.cells.retain(|_| {
                at += 1;
                shown(&(at - 1))
            });
            row
        }
    });
    if state.window.is_empty() {
        let say = match (&state.text, state.status) {
            (None, None) => "nothing here any more",
            _ => "nothing here with this filter; Esc removes it",
        };
        put(buffer, below(inside, 1), 0, Line::styled(format!("   {say}"), theme.dim()));
    }
}

fn finding(model: &Model, anomaly: &Anomaly, at: u64) -> Row {
    let theme = model.theme;
    let state = &model.anomalies;
    let id = id_of(anomaly);
    let in_range = state.range.is_some_and(|begin| (begin.min(state.list.at)..=begin.max(state.list.at)).contains(&at));
    let decided = state.decided.get(&id);
    let waiting = decided.is_some_and(|mark| !mark.written);
    let marked = in_range || state.marks.contains_key(&id);
    let waived = anomaly.status == Status::Waived;
    let mark = match decided {
        _ if marked => ("◆", theme.marked()),
        Some(_) if waiting => ("◌", theme.dim()),
        Some(_) => ("✓", theme.good()),
        None if waived => ("○", theme.dim()),
        None => (anomaly.severity.glyph(), theme.severity(anomaly.severity)),
    };
    let clean = |text: &str| text::clean(text).into_owned();
    let value = match &anomaly.value {
        Some(value) if value.is_empty() => ("\"\"".to_owned(), theme.offending()),
        Some(value) => (text::exact(value), theme.offending()),
        None => ("–".to_owned(), theme.bad()),
    };
    let suggestion = match decided.map(|mark| &mark.what) {
        Some(What::Repaired(Some(now))) => (format!("→ {}", text::exact(now)), theme.good()),
        Some(What::Repaired(None)) => ("→ no value".to_owned(), theme.good()),
        Some(What::Waived) => ("waived".to_owned(), theme.dim()),
        Some(What::Excluded) => ("excluded".to_owned(), theme.dim()),
        None if waived => ("waived".to_owned(), theme.dim()),
        None => match &anomaly.suggestion {
            Some(suggestion) => (text::exact(suggestion), theme.fresh()),
            None => ("–".to_owned(), theme.dim()),
        },
    };
    let plain = if marked {
        theme.marked()
    } else if waived || decided.is_some() {
        theme.dim()
    } else {
        theme.text()
    };
    let value = if waived || decided.is_some() { (value.0, theme.dim()) } else { value };
    Row {
        mark,
        cells: vec![
            (clean(&anomaly.rule), plain),
            (clean(&anomaly.row), plain),
            (clean(&anomaly.field), plain),
            value,
            suggestion,
            (clean(&anomaly.message), theme.dim()),
        ],
        ..Row::default()
    }
}

/// How many lines the story of the row has where it is drawn now.
pub fn story_length(model: &Model) -> u64 {
    let width = regions(model, model.body())
        .into_iter()
        .find(|region| region.pane == STORY)
        .map_or(80, |region| region.body.width);
    story_lines(model, usize::from(width)).len() as u64
}

fn view_story(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let mut title = vec![Span::raw("row")];
    let row = current(model).map(|anomaly| (&anomaly.table, &anomaly.row));
    if let Some((table, row)) = row {
        let room = usize::from(frame.width).saturating_sub(text::width(&list_foot(model)) + 12);
        let name = format!(" · {} {}", text::clean(table), text::clean(row));
        title.push(Span::styled(text::fit(&name, room).into_owned(), theme.text()));
    }
    let inside = inner(frame);
    let lines = story_lines(model, usize::from(inside.width));
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
fn story_lines(model: &Model, width: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    let Some(anomaly) = current(model) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    let wrong = format!("{} {}", anomaly.severity.glyph(), anomaly.rule);
    let lead = text::width(&wrong) + 3;
    for (at, part) in
        text::wrap(&text::clean(&anomaly.message), width.saturating_sub(lead + 1).max(10)).into_iter().enumerate()
    {
        let head = if at == 0 { format!(" {wrong}  ") } else { " ".repeat(lead) };
        lines.push(Line::from(vec![Span::styled(head, theme.severity(anomaly.severity)), Span::raw(part)]));
    }
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
    lines.extend(cells(story, anomaly, theme, width));
    lines
}

/// Where the row was read, and the record as it stands there with the offending text marked.
fn origin(story: &RowStory, cell: Option<&CellStory>, theme: Theme, width: usize) -> Vec<Line<'static>> {
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
        spans.push(Span::styled("  suggested ", theme.dim()));
        spans.push(Span::styled(text::exact(suggestion), theme.fresh()));
    }
    spans
}

/// Spans in as many lines as they need; a line ends before an arrow, and what follows is set in.
fn flow(spans: Vec<Span<'static>>, width: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Vec<Span>> = vec![Vec::new()];
    let (mut used, mut at) = (0, 0);
    while at < spans.len() {
        // What belongs together: an arrow and everything up to the next one.
        let end = (at + 1..spans.len()).find(|next| spans[*next].content == ARROW).unwrap_or(spans.len());
        let wide: usize = spans[at..end].iter().map(|span| text::width(&span.content)).sum();
        if used > 0 && used + wide > width {
            lines.push(vec![Span::raw("    ")]);
            used = 4;
        }
        used += wide;
        if let Some(line) = lines.last_mut() {
            line.extend(spans[at..end].iter().cloned());
        }
        at = end;
    }
    lines.into_iter().map(Line::from).collect()
}

/// All fields, the offending one first, each with what it was on the way.
fn cells(story: &RowStory, anomaly: &Anomaly, theme: Theme, width: usize) -> Vec<Line<'static>> {
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
    let mut lines = vec![Line::from(head)];
    let mut order: Vec<&CellStory> = story.fields.iter().collect();
    order.sort_by_key(|cell| cell.field != anomaly.field);
    for cell in order {
        let own = cell.field == anomaly.field;
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
        lines.push(Line::from(spans));
    }
    lines
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
