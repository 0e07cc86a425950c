//! The gate: every condition with its state and the figures behind it, each a door to what it is about.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::rows::{self, Rows};
use super::{DIFF, GATE, diff};
use crate::model::{Condition, ConditionKind, Severity};
use crate::tui::effects::Effect;
use crate::tui::model::Model;
use crate::tui::screens;
use crate::tui::text;
use crate::tui::widgets::empty::{self, Stage};
use crate::tui::widgets::pane::{Pane, inner};
use crate::tui::widgets::put;

/// The conditions in as many lines as they need, each line with the place of its condition.
pub fn lines(model: &Model, width: u16) -> Vec<(usize, Line<'static>)> {
    let theme = model.theme;
    let Some(verdict) = &model.verdict else {
        let missing = empty::missing(model, Stage::Checked);
        let lines = missing.map(|missing| empty::lines(&missing, usize::from(width), false, theme)).unwrap_or_default();
        return lines.into_iter().map(|line| (0, line)).collect();
    };
    let room = usize::from(width.saturating_sub(4));
    let mut lines = Vec::new();
    // What keeps the gate closed stands first: on a small screen the rest is below the edge.
    let mut conditions: Vec<(usize, &Condition)> = verdict.gate.iter().enumerate().collect();
    conditions.sort_by_key(|(_, condition)| condition.holds);
    for (at, condition) in conditions {
        let (glyph, style) = if condition.holds { ("✓", theme.good()) } else { ("✗", theme.bad()) };
        let (what, detail) = (text::clean(&condition.what), text::clean(&condition.detail));
        let mark = Span::styled(format!(" {glyph} "), style);
        if text::width(&what) + 2 + text::width(&detail) <= room {
            let detail = Span::styled(format!("  {detail}"), theme.dim());
            lines.push((at, Line::from(vec![mark, Span::raw(what.into_owned()), detail])));
        } else {
            for (row, part) in text::wrap(&what, room).into_iter().enumerate() {
                let lead = if row == 0 { mark.clone() } else { Span::raw("   ") };
                lines.push((at, Line::from(vec![lead, Span::raw(part)])));
            }
            for part in text::wrap(&detail, room) {
                lines.push((at, Line::styled(format!("   {part}"), theme.dim())));
            }
        }
        if !condition.holds {
            for (row, part) in text::wrap(&what_to_do(model, condition.kind), room.saturating_sub(2)).iter().enumerate()
            {
                let lead = if row == 0 { "   → " } else { "     " };
                lines.push((at, Line::styled(format!("{lead}{part}"), theme.key())));
            }
        }
    }
    lines
}

/// What opens the gate where a condition does not hold.
fn what_to_do(model: &Model, kind: ConditionKind) -> String {
    let (enter, sources) = (model.key("open rows"), model.key("go to sources"));
    match kind {
        ConditionKind::Checked => format!("{enter} checks again"),
        ConditionKind::Keyed => {
            "write key = true at the field that tells the rows apart, in mappings/canonical.toml".to_owned()
        }
        ConditionKind::Blocked => {
            format!(
                "{enter} shows the rows: repair, waive or exclude them; or quarantine = true in tastevin.toml holds them back"
            )
        }
        ConditionKind::MostHeld => {
            format!(
                "{enter} shows the rows: repair, waive or exclude them; or raise max_quarantined in tastevin.toml, knowingly"
            )
        }
        ConditionKind::MostRemoved => {
            format!("{enter} shows the rows: load the whole export; or raise max_removed in tastevin.toml, knowingly")
        }
        ConditionKind::Whole => format!("{enter} shows the errors: repair, waive or exclude"),
        ConditionKind::Loaded => format!("{enter} goes to Sources ({sources}), where they are loaded"),
    }
}

/// The place of the condition under the cursor.
fn at(model: &Model) -> Option<usize> {
    let line = usize::try_from(model.commit.cursors[GATE].at).ok()?;
    lines(model, model.area.width.saturating_sub(2)).get(line).map(|(at, _)| *at)
}

fn here(model: &Model) -> Option<&Condition> {
    model.verdict.as_ref()?.gate.get(at(model)?)
}

/// Why what is behind the condition under the cursor cannot be opened, if so.
pub fn ready(model: &Model) -> Result<(), String> {
    empty::reached(model, Stage::Checked)?;
    let Some(condition) = here(model) else { return Err("there is no condition here".to_owned()) };
    match condition.kind {
        ConditionKind::Checked if condition.holds => {
            Err(format!("the check is up to date; {} shows what was loaded", model.key("go to history")))
        }
        ConditionKind::Checked => model.free(),
        ConditionKind::Keyed => {
            Err("write key = true at the field that tells the rows apart, in mappings/canonical.toml".to_owned())
        }
        ConditionKind::Blocked | ConditionKind::MostHeld => super::keys::has_held(model),
        ConditionKind::MostRemoved => most_removed(model).map(drop).ok_or_else(|| "no row would be removed".to_owned()),
        ConditionKind::Whole | ConditionKind::Loaded => Ok(()),
    }
}

/// The table that would lose most rows.
fn most_removed(model: &Model) -> Option<String> {
    let most = diff(model).iter().filter(|tally| tally.removed > 0).max_by_key(|tally| tally.removed)?;
    Some(most.table.clone())
}

/// Goes to what is behind the condition under the cursor.
pub fn enter(model: &mut Model) -> Vec<Effect> {
    let Some(kind) = here(model).map(|condition| condition.kind) else {
        return Vec::new();
    };
    match kind {
        ConditionKind::Checked => screens::check(model),
        ConditionKind::Keyed => Vec::new(),
        ConditionKind::Blocked | ConditionKind::MostHeld => rows::open(model, Rows::held()),
        ConditionKind::MostRemoved => match most_removed(model) {
            Some(table) => rows::open(model, Rows::changes(&table)),
            None => Vec::new(),
        },
        ConditionKind::Whole => {
            screens::anomalies::show_severity(model, Severity::Error);
            screens::through(model, &screens::anomalies::SCREEN)
        }
        ConditionKind::Loaded => screens::through(model, &screens::sources::SCREEN),
    }
}

/// Draws it.
pub fn draw(model: &Model, frame: Rect, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let mut title = vec![Span::raw("gate")];
    if let Some(verdict) = &model.verdict {
        title.push(match verdict.gate_is_open() {
            true => Span::styled(" ✓ open", theme.good()),
            false => Span::styled(" ✗ closed", theme.bad()),
        });
    }
    let inside = inner(frame);
    let lines = lines(model, inside.width);
    let cursor = model.commit.cursors[GATE];
    let more = lines.len() > usize::from(inside.height);
    let foot = match (more, focused) {
        (true, true) => format!("{}/{}", cursor.at + 1, lines.len()),
        (true, false) => {
            let way = if model.commit.focus == DIFF { "previous pane" } else { "next pane" };
            format!("gate: {} lines · {}", lines.len(), model.key(way))
        }
        (false, _) => String::new(),
    };
    Pane { title, foot, focused }.draw(frame, theme, buffer);
    let chosen = at(model).filter(|_| focused && model.verdict.is_some());
    let top = usize::try_from(cursor.top).unwrap_or(usize::MAX);
    for (row, (at, line)) in (0..inside.height).zip(lines.into_iter().skip(top)) {
        let line = if chosen == Some(at) { line.patch_style(theme.cursor(true)) } else { line };
        put(buffer, inside, row, line);
    }
}
