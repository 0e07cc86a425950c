//! Draws a row whole.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::{FIELDS, FOUND, Near, lines, near_line, near_total, regions, trail};
use crate::model::{Anomaly, Neighbour, Relation, Status};
use crate::tui::model::Model;
use crate::tui::screens::anomalies::act::{self, What};
use crate::tui::text;
use crate::tui::widgets::pane::{Pane, inner};
use crate::tui::widgets::put;

/// Draws the page.
pub fn view(model: &Model, area: Rect, buffer: &mut Buffer) {
    let focus = model.anomalies.record.focus;
    let mut panes = regions(model, area);
    panes.sort_by_key(|region| region.pane == focus);
    for region in panes {
        let focused = region.pane == focus;
        match region.pane {
            FIELDS => fields(model, region.frame, focused, buffer),
            FOUND => found(model, region.frame, focused, buffer),
            _ => near(model, region.frame, focused, buffer),
        }
    }
}

/// Where the cursor is, where not everything is seen.
fn foot(at: u64, total: u64, frame: Rect) -> String {
    match total > u64::from(inner(frame).height) {
        true => format!("{}/{}", text::number(at + 1), text::number(total)),
        false => String::new(),
    }
}

fn fields(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let state = &model.anomalies.record;
    let lines = lines(model);
    let title = vec![Span::raw("row"), Span::styled(format!(" · {}", trail(model)), theme.text())];
    Pane { title, foot: foot(state.fields.at, lines.len() as u64, frame), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    if lines.is_empty() {
        let say = match state.known {
            true => {
                "This row is not among the candidates: it was excluded or merged, or the last load did not bring it."
            }
            false => "…",
        };
        for (row, line) in (0..).zip(text::wrap(say, usize::from(inside.width.saturating_sub(2)))) {
            put(buffer, inside, row, Line::styled(format!(" {line}"), theme.dim()));
        }
        return;
    }
    for (row, (at, (_, line))) in (0..inside.height).zip((0..).zip(lines).skip(state.fields.top as usize)) {
        let here = focused && at == state.fields.at;
        let line = if here { line.patch_style(Style::new().add_modifier(Modifier::REVERSED)) } else { line };
        put(buffer, inside, row, line);
    }
}

fn found(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let state = &model.anomalies.record;
    let total = state.findings.len() as u64;
    let open = state.findings.iter().filter(|one| one.status == Status::Open).count() as u64;
    let title = vec![
        Span::raw("found here"),
        Span::styled(format!(" · {} of {} open", text::number(open), text::number(total)), theme.text()),
    ];
    Pane { title, foot: foot(state.found.at, total, frame), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    if state.findings.is_empty() && state.known {
        let said = match lines(model).is_empty() {
            true => Line::styled(" what is not there is not checked", theme.dim()),
            false => Line::styled(" ✓ no rule found anything in this row", theme.good()),
        };
        put(buffer, inside, 0, said);
    }
    let width = usize::from(inside.width);
    let rows = (0..).zip(&state.findings).skip(state.found.top as usize);
    for (row, (at, finding)) in (0..inside.height).zip(rows) {
        put(buffer, inside, row, found_line(model, finding, at == state.found.at, focused, width));
    }
}

fn found_line(model: &Model, finding: &Anomaly, here: bool, focused: bool, width: usize) -> Line<'static> {
    let theme = model.theme;
    let base = if here { theme.cursor(focused) } else { Style::new() };
    let own = |style: Style| if here && focused { base } else { style.patch(base) };
    let decided = act::decision(model, finding);
    let (glyph, style) = match decided {
        Some(mark) if !mark.written => ("◌", theme.dim()),
        Some(_) => ("✓", theme.good()),
        None if finding.status == Status::Waived => ("○", theme.dim()),
        None => (finding.severity.glyph(), theme.severity(finding.severity)),
    };
    let after = match decided.map(|mark| &mark.what) {
        Some(What::Repaired(Some(now))) => format!("  → {}", text::exact(now)),
        Some(What::Repaired(None)) => "  → no value".to_owned(),
        Some(What::Waived) => "  waived".to_owned(),
        Some(What::Excluded) => "  excluded".to_owned(),
        Some(What::Accepted) | None => {
            finding.suggestion.as_ref().map(|now| format!("  suggested {}", text::exact(now))).unwrap_or_default()
        }
    };
    let name = text::clean(&finding.rule).into_owned();
    let room = width.saturating_sub(5 + text::width(&name));
    let after = text::fit(&after, room * 2 / 3).into_owned();
    let message = text::left(&text::clean(&finding.message), room.saturating_sub(text::width(&after)));
    Line::from(vec![
        Span::styled(if here { "▸" } else { " " }, base),
        Span::styled(glyph, own(style)),
        Span::styled(format!(" {name}  "), own(theme.strong())),
        Span::styled(message.trim_end().to_owned(), own(theme.text())),
        Span::styled(after, own(if decided.is_some() { theme.good() } else { theme.fresh() })),
    ])
    .style(base)
}

fn near(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let state = &model.anomalies.record;
    let total = near_total(model);
    let rows = state.neighbours.as_ref().map_or(0, |all| all.total());
    let title =
        vec![Span::raw("through its keys"), Span::styled(format!(" · {}", text::count(rows, "row")), theme.text())];
    Pane { title, foot: foot(state.near.at, total, frame), focused }.draw(frame, theme, buffer);
    let inside = inner(frame);
    let Some(neighbours) = &state.neighbours else {
        return put(buffer, inside, 0, Line::styled(" …", theme.dim()));
    };
    if neighbours.relations.is_empty() && lines(model).is_empty() {
        return put(buffer, inside, 0, Line::styled(" a row that is not there leads nowhere", theme.dim()));
    }
    if neighbours.relations.is_empty() {
        return put(buffer, inside, 0, Line::styled(" no key of this table leads anywhere", theme.dim()));
    }
    let width = usize::from(inside.width);
    for row in 0..inside.height {
        let at = state.near.top + u64::from(row);
        let here = at == state.near.at;
        let line = match near_line(model, at) {
            Some(Near::Head(number)) => {
                let Some(relation) = neighbours.relations.get(number) else { break };
                head_line(model, relation, here, focused)
            }
            Some(Near::Row(neighbour)) => row_line(model, neighbour, here, focused, width),
            None => break,
        };
        put(buffer, inside, row, line);
    }
}

fn head_line(model: &Model, relation: &Relation, here: bool, focused: bool) -> Line<'static> {
    let theme = model.theme;
    let base = if here { theme.cursor(focused) } else { Style::new() };
    let own = |style: Style| if here && focused { base } else { style.patch(base) };
    let (arrow, field) = (if relation.outward { "→" } else { "←" }, &relation.field);
    let (count, style) = match (&relation.key, relation.rows) {
        (None, _) => ("no value".to_owned(), theme.dim()),
        (Some(key), 0) if relation.outward => (format!("✗ there is no {}", text::clean(key)), theme.bad()),
        (Some(_), rows) => (text::count(rows, "row"), theme.text()),
    };
    Line::from(vec![
        Span::styled(if here { "▸" } else { " " }, base),
        Span::styled(format!("{arrow} {}", relation.table), own(theme.strong())),
        Span::styled(format!(" by {field}  "), own(theme.dim())),
        Span::styled(count, own(style)),
    ])
    .style(base)
}

fn row_line(model: &Model, neighbour: Option<&Neighbour>, here: bool, focused: bool, width: usize) -> Line<'static> {
    let theme = model.theme;
    let base = if here { theme.cursor(focused) } else { Style::new() };
    let own = |style: Style| if here && focused { base } else { style.patch(base) };
    let pointer = Span::styled(if here { "▸" } else { " " }, base);
    let Some(neighbour) = neighbour else { return Line::from(vec![pointer, Span::styled("  …", theme.dim())]) };
    let open = match neighbour.open {
        0 => "   ".to_owned(),
        open => format!(" ▲{}", text::number(open)),
    };
    let key = text::clean(&neighbour.row).into_owned();
    let said: Vec<_> = neighbour.values.iter().map(|value| text::clean(value)).collect();
    let room = width.saturating_sub(6 + text::width(&key) + text::width(&open));
    Line::from(vec![
        pointer,
        Span::styled(open, own(theme.warning())),
        Span::styled(format!(" {key}  "), own(theme.strong())),
        Span::styled(text::fit(&said.join(" · "), room).into_owned(), own(theme.text())),
    ])
    .style(base)
}
