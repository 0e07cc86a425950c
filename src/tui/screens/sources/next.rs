//! What to do next, what helps most first; each step is a door.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{NEXT, at, lines};
use crate::model::{NextStep, Severity, Task};
use crate::tui::effects::{Effect, Job};
use crate::tui::model::Model;
use crate::tui::screens::{self, Region};
use crate::tui::widgets::grid::Column;
use crate::tui::widgets::pane::{Pane, below, inner};
use crate::tui::widgets::put;
use crate::tui::{popups, text};

/// The lines below the steps in which the chosen one is told whole.
const WHOLE: u16 = 4;

/// How many lines below the steps are kept for the chosen one, in so many lines.
pub fn foot(lines: u16) -> u16 {
    match lines {
        lines if lines >= WHOLE + 5 => WHOLE,
        lines if lines >= WHOLE + 3 => WHOLE - 1,
        _ => 0,
    }
}

/// The steps.
pub fn steps(model: &Model) -> &[NextStep] {
    model.sources.standing.as_ref().map_or(&[], |standing| &standing.next)
}

/// Why there is no way from here, if so.
pub fn can_go(model: &Model) -> Result<(), String> {
    let step = steps(model).get(at(model, NEXT)).ok_or_else(|| nothing(model))?;
    match &step.task {
        Task::Check if model.work.as_ref().is_some_and(|work| work.job == Job::Check) => {
            Err("a check is going on; a moment".to_owned())
        }
        Task::Load { .. } | Task::Check => model.free(),
        Task::Report => popups::checked(model),
        _ => Ok(()),
    }
}

fn nothing(model: &Model) -> String {
    match model.sources.standing {
        None => "how far the data has come is still being looked up".to_owned(),
        Some(_) => format!("nothing is left to do; {} loads and checks again", model.key("sources/load all")),
    }
}

/// Goes where the chosen step leads, or does it.
pub fn go(model: &mut Model) -> Vec<Effect> {
    let Some(task) = steps(model).get(at(model, NEXT)).map(|step| step.task.clone()) else {
        return Vec::new();
    };
    match task {
        Task::Load { source } => super::load_these(model, vec![source]),
        Task::Check => screens::check(model),
        Task::Commit | Task::Gate => screens::through(model, &screens::commit::SCREEN),
        Task::Duplicates => screens::through(model, &screens::duplicates::SCREEN),
        Task::Mapping { at } => {
            if let Some((source, entity)) = at {
                screens::mapping::show(model, &source, &entity);
            }
            screens::through(model, &screens::mapping::SCREEN)
        }
        Task::Report => popups::report(model),
        Task::Rejects => screens::tables::open(model, "dq", "rejects", Vec::new()),
        Task::Conflicts => {
            screens::anomalies::show_conflicts(model);
            screens::through(model, &screens::anomalies::SCREEN)
        }
        Task::More { severity } => {
            screens::anomalies::show_severity(model, severity);
            screens::through(model, &screens::anomalies::SCREEN)
        }
        Task::Findings { rule, table, field, .. } => {
            screens::anomalies::show_rule(model, &rule, &table, &field);
            screens::through(model, &screens::anomalies::SCREEN)
        }
    }
}

/// What a step is about, and why it is worth doing.
fn parts(step: &NextStep) -> (&str, &str) {
    step.why.split_once(": ").unwrap_or((&step.why, ""))
}

/// Draws the steps and, below them, the whole of the chosen one.
pub fn view(model: &Model, region: Region, focused: bool, buffer: &mut Buffer) {
    let theme = model.theme;
    let steps = steps(model);
    let cursor = model.sources.cursors[NEXT];
    let foot = match steps.len() as u64 {
        0 => String::new(),
        total => format!("{}/{}", text::number(cursor.at + 1), text::number(total)),
    };
    let pane = Pane { title: vec![Span::raw("what to do next")], foot, focused };
    if steps.is_empty() {
        pane.draw(region.frame, theme, buffer);
        return put(buffer, region.body, 0, Line::styled(format!("   {}", nothing(model)), theme.dim()));
    }
    pane.draw(region.frame, theme, buffer);
    let count = steps.iter().map(|step| text::width(&text::number(step.count))).max().unwrap_or(0) as u16;
    let wide = steps.iter().map(|step| text::width(parts(step).0)).max().unwrap_or(0) as u16;
    let why = steps.iter().map(|step| text::width(parts(step).1)).max().unwrap_or(0) as u16;
    let wide = wide.clamp(10, region.body.width.saturating_sub(count + 5).max(10));
    let columns = [
        Column::number("", count.max(1), 0),
        Column::text("", wide, wide, 0),
        // Of reasons that are all cut short nothing is learned; the chosen one is told whole below.
        Column::text("", why.min(70), 300, 1),
    ];
    let top = usize::try_from(cursor.top).unwrap_or(usize::MAX);
    for (row, (at, step)) in (0..region.body.height).zip(steps.iter().enumerate().skip(top)) {
        let (what, why) = parts(step);
        let mark = match &step.task {
            Task::Conflicts | Task::Gate => ("●", theme.bad()),
            Task::Load { .. } | Task::Check | Task::Commit | Task::Report => ("→", theme.key()),
            Task::Mapping { .. } | Task::Rejects | Task::Duplicates => ("▲", theme.warning()),
            Task::Findings { severity: Severity::Error, .. } | Task::More { severity: Severity::Error } => {
                ("●", theme.bad())
            }
            Task::Findings { .. } | Task::More { .. } => ("▲", theme.warning()),
        };
        let cells = [
            (if step.count > 0 { text::number(step.count) } else { String::new() }, theme.text()),
            (text::clean(what).into_owned(), theme.text()),
            (text::clean(why).into_owned(), theme.dim()),
        ];
        let here = (at as u64 == cursor.at).then_some(focused);
        let cells = lines::under(&columns, region.body.width, &cells);
        lines::put(mark, cells, here, Rect { y: region.body.y + row, height: 1, ..region.body }, theme, buffer);
    }
    let rest = below(inner(region.frame), region.body.height);
    let here = usize::try_from(cursor.at).ok().and_then(|at| steps.get(at));
    let Some(step) = here.filter(|_| rest.height > 0) else { return };
    put(buffer, rest, 0, Line::styled("─".repeat(usize::from(rest.width)), theme.dim()));
    let words = text::wrap(&text::clean(&step.why), usize::from(rest.width.saturating_sub(4)));
    let seen = usize::from(rest.height.saturating_sub(1));
    let more = words.len() > seen;
    for (row, (at, line)) in (1..rest.height).zip(words.into_iter().enumerate()) {
        let rest_of_it = if more && at + 1 == seen { " …" } else { "" };
        put(buffer, rest, row, Line::styled(format!("   {line}{rest_of_it}"), theme.dim()));
    }
}
