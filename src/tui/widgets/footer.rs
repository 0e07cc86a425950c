//! The last line: the keys that work here, or how far the work has come; and the message above it.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

use super::{bar, put};
use crate::model::{Progress, Unit};
use crate::tui::effects::Job;
use crate::tui::keymap::{self, Command};
use crate::tui::model::{Model, Work};
use crate::tui::notes::Tone;
use crate::tui::{screens, text};

/// The most keys that the footer shows.
const KEYS: usize = 8;
/// The command that shows all of them.
const HELP: &str = "help";
/// Work that ends sooner is not shown, so that the footer does not flicker.
const PATIENCE: Duration = Duration::from_millis(120);

/// Draws the footer.
pub fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let shown = seen_work(model);
    match shown {
        Some(work) if !work.quiet => gauge(model, work, area, buffer),
        _ => {
            let corner = corner(model, shown);
            let mut spans = vec![Span::raw(" ")];
            for hint in keys(model, area) {
                let (key, label) = hint.words();
                spans.extend([Span::styled(key, model.theme.key()), Span::styled(label, model.theme.text())]);
            }
            put(buffer, area, 0, Line::from(spans));
            put(buffer, area, 0, Line::from(corner).right_aligned());
        }
    }
}

/// The command whose key is shown at a place of the screen.
pub fn key_at(model: &Model, place: Position) -> Option<&'static Command> {
    let area = Rect { y: model.area.bottom().saturating_sub(1), height: 1, ..model.area };
    if !area.contains(place) || model.area.height < 2 || seen_work(model).is_some_and(|work| !work.quiet) {
        return None;
    }
    let mut x = area.x + 1;
    let here = keys(model, area).into_iter().find(|hint| {
        let begin = x;
        x += hint.wide() as u16;
        (begin..x.saturating_sub(2)).contains(&place.x)
    });
    here.map(|hint| hint.command)
}

/// The work that goes on for long enough to be shown.
fn seen_work(model: &Model) -> Option<&Work> {
    model.work.as_ref().filter(|work| !work.stopped && model.clock.saturating_sub(work.since) >= PATIENCE)
}

/// A command with the key that reaches it here.
struct Hint {
    command: &'static Command,
    key: &'static str,
}

impl Hint {
    /// The key and its word, as they stand in the footer.
    fn words(&self) -> (String, String) {
        (keymap::shown(self.key), format!(" {}  ", self.command.label))
    }

    fn wide(&self) -> usize {
        let (key, label) = self.words();
        text::width(&key) + text::width(&label)
    }
}

/// The commands whose keys work here and now, as many as fit. The way to the help is always there, at the end of what is
/// particular to this place, and before it the way back where there is one.
fn keys(model: &Model, area: Rect) -> Vec<Hint> {
    let mut labelled: Vec<Hint> = Vec::new();
    let layers = model.layers();
    for command in layers.iter().flat_map(|layer| layer.commands) {
        let known = labelled.iter().any(|other| other.command.label == command.label);
        let leads_nowhere = command.name == screens::BACK && !screens::leads_back(model);
        if command.label.is_empty() || known || leads_nowhere || (command.ready)(model).is_err() {
            continue;
        }
        // A key that means something else here is not this command's.
        labelled.extend(keymap::live(&layers, command).first().map(|key| Hint { command, key }));
    }
    let room = usize::from(area.width).saturating_sub(text::width(&corner(model, seen_work(model)).content));
    let back = labelled.iter().position(|hint| hint.command.name == screens::BACK).map(|at| labelled.remove(at));
    let help = labelled.iter().position(|hint| hint.command.name == HELP);
    let mut left = room.saturating_sub(1);
    let mut picked: Vec<Hint> = Vec::new();
    if let Some(at) = help {
        let last: Vec<Hint> = back.into_iter().chain([labelled.remove(at)]).collect();
        left = left.saturating_sub(last.iter().map(Hint::wide).sum());
        let mut rest = labelled.split_off(at.min(labelled.len()));
        picked.extend(take_fitting(labelled, KEYS - last.len(), &mut left));
        picked.extend(last);
        let more = KEYS - picked.len();
        picked.extend(take_fitting(std::mem::take(&mut rest), more, &mut left));
    } else {
        picked.extend(take_fitting(labelled, KEYS, &mut left));
    }
    picked
}

fn take_fitting(from: Vec<Hint>, most: usize, left: &mut usize) -> Vec<Hint> {
    let mut taken = Vec::new();
    for hint in from {
        if taken.len() == most || hint.wide() > *left {
            break;
        }
        *left -= hint.wide();
        taken.push(hint);
    }
    taken
}

/// What goes on behind the user's back, in a word at a fixed place.
fn corner(model: &Model, work: Option<&Work>) -> Span<'static> {
    if let Some(unwritten) = unwritten(model) {
        return Span::styled(format!("{unwritten} "), model.theme.warning());
    }
    match work {
        Some(_) => Span::styled(format!("{} checking ", spinner(model.clock)), model.theme.dim()),
        None if !model.mouse => Span::styled("mouse released ", model.theme.dim()),
        None => Span::raw(""),
    }
}

/// How many decisions exist in memory only; nothing while they are as quick as they usually are.
fn unwritten(model: &Model) -> Option<String> {
    let oldest = model.pending.values().next()?;
    if model.clock.saturating_sub(oldest.since) < PATIENCE {
        return None;
    }
    let many = model.pending.len() as u64;
    let is = if many == 1 { "is" } else { "are" };
    Some(format!("{} {is} not on the disk yet", text::count(many, "decision")))
}

fn spinner(clock: Duration) -> &'static str {
    const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
    FRAMES[(clock.as_millis() / 100) as usize % FRAMES.len()]
}

/// What the gauge ends with.
const END: &str = "cancelling… ";
/// The room for figures with amounts and their totals, and for brief ones.
const AMOUNTS: usize = 46;
const BRIEF: usize = 37;

fn gauge(model: &Model, work: &Work, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let what = match &work.progress {
        Some(progress) => text::clean(&progress.what).into_owned(),
        None => match &work.job {
            Job::Load(source) => format!("load {source}"),
            Job::AddSource { name, .. } | Job::EditSource { name, .. } | Job::RemoveSource(name) => {
                format!("source {name}")
            }
            Job::Check | Job::Decide { .. } | Job::SaveMapping { .. } => "check".to_owned(),
            Job::Commit { .. } => "commit".to_owned(),
            Job::Revert { commit, .. } => format!("revert commit {commit}"),
        },
    };
    let end = if work.cancelled { END } else { "Esc cancel " };
    let end = unwritten(model).map_or(end.to_owned(), |unwritten| format!("{unwritten} · {end}"));
    let elapsed = model.clock.saturating_sub(work.counting_since);
    let width = usize::from(area.width);
    let fixed = text::width(&end).max(text::width(END)) + 2;
    let name = (if width < 100 { 17 } else { width / 4 }).clamp(12, 36).min(width.saturating_sub(fixed));
    let room = width.saturating_sub(fixed + name + 1);
    // The figures have a place of fixed width, so that the bar does not move while they grow.
    let (amounts, place) = if room >= AMOUNTS + 14 { (true, AMOUNTS) } else { (false, BRIEF) };
    let figures = work.progress.as_ref().map(|progress| figures(progress, elapsed, amounts)).unwrap_or_default();
    let figures = text::fit(&figures, room).into_owned();
    let bar_room = room.saturating_sub(place.max(text::width(&figures)) + 4);
    let mut spans = vec![
        Span::raw(" "),
        Span::styled(text::left(&text::middle(&what, name), name), theme.strong()),
        Span::raw(" "),
    ];
    let share = work.progress.as_ref().and_then(|progress| Some(progress.done as f64 / progress.total? as f64));
    if bar_room >= 6 {
        match share {
            Some(share) => {
                spans.push(Span::styled(format!("▕{}▏", bar(share, bar_room.min(40))), theme.key()));
            }
            None => spans.push(Span::styled(spinner(model.clock), theme.key())),
        }
        spans.push(Span::raw(" "));
    }
    spans.push(Span::raw(figures));
    put(buffer, area, 0, Line::from(spans));
    put(buffer, area, 0, Line::styled(end, theme.dim()).right_aligned());
}

/// How much is done, how quickly, and how long it will still take.
fn figures(progress: &Progress, elapsed: Duration, amounts: bool) -> String {
    let amount = |amount: u64| match progress.unit {
        Unit::Bytes => text::bytes(amount),
        Unit::Rows if !amounts => text::brief(amount),
        Unit::Rows | Unit::Steps => text::number(amount),
    };
    let mut out = match progress.total {
        Some(total) if total > 0 => {
            let percent = (progress.done.min(total) as f64 / total as f64 * 100.0).floor();
            match amounts {
                true => format!("{percent:>3} %  {}/{}", amount(progress.done), amount(total)),
                false if progress.unit == Unit::Steps => format!("{percent:>3} %"),
                false => format!("{percent:>3} %  {}", amount(progress.done)),
            }
        }
        _ => amount(progress.done),
    };
    match progress.unit {
        Unit::Rows => out.push_str(" rows"),
        Unit::Bytes => {}
        Unit::Steps => return out,
    }
    let seconds = elapsed.as_secs_f64();
    if seconds < 0.3 || progress.done == 0 {
        return out;
    }
    let rate = progress.done as f64 / seconds;
    out.push_str(&format!("  {}/s", amount(rate as u64)));
    if let Some(total) = progress.total.filter(|total| *total > progress.done) {
        let left = Duration::from_secs_f64(((total - progress.done) as f64 / rate).min(1e6).ceil());
        out.push_str(&format!("  {} left", short(left)));
    }
    out
}

fn short(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        seconds => format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60),
    }
}

/// Draws the message that is on the screen now, above the footer at the right.
pub fn note(model: &Model, area: Rect, buffer: &mut Buffer) {
    let Some(note) = model.notes.shown() else {
        return;
    };
    let theme = model.theme;
    let style = match note.tone {
        Tone::News => theme.text(),
        Tone::Done => theme.good(),
        Tone::Refused => theme.warning(),
        Tone::Failed => theme.bad(),
    };
    let most = usize::from(area.width.saturating_sub(4)).min(76);
    if model.is_small() || most < 8 || area.height < 3 {
        let line = format!("{} {}", note.tone.glyph(), text::clean(&note.text));
        let mut lines = text::wrap(&line, usize::from(area.width));
        // A line of what it is about is worth more than the rest of what is said, which is in the log.
        let room = usize::from(area.height.saturating_sub(1)).max(1);
        if lines.len() > room {
            lines.truncate(room);
            if let Some(last) = lines.last_mut() {
                *last = text::fit(&format!("{last} …"), usize::from(area.width)).into_owned();
            }
        }
        let first = area.height.saturating_sub(lines.len() as u16);
        for (row, line) in (first..).zip(lines) {
            put(buffer, area, row, Line::styled(text::left(&line, usize::from(area.width)), style));
        }
        return;
    }
    let mut lines: Vec<Line> = Vec::new();
    for (at, part) in text::wrap(&text::clean(&note.text), most - 2).into_iter().enumerate() {
        let lead = if at == 0 { format!("{} ", note.tone.glyph()) } else { "  ".to_owned() };
        lines.push(Line::from(vec![Span::styled(lead, style), Span::raw(part)]));
    }
    for hint in &note.hints {
        for (at, part) in text::wrap(&text::clean(hint), most - 4).into_iter().enumerate() {
            let lead = if at == 0 { "  → " } else { "    " };
            lines.push(Line::styled(format!("{lead}{part}"), theme.dim()));
        }
    }
    // The screen below is worth more than a long message: the whole of it is in the log.
    let room = usize::from((area.height / 3).saturating_sub(2)).max(1);
    if lines.len() > room {
        lines.truncate(room.saturating_sub(1).max(1));
        let more = Span::styled(format!("  … {} shows all of it", model.key("messages")), theme.dim());
        match lines.last_mut() {
            Some(only) if room == 1 => {
                let said: String = only.spans.iter().map(|span| span.content.as_ref()).collect();
                let cut = text::fit(&said, most.saturating_sub(more.width())).into_owned();
                *only = Line::from(vec![Span::styled(cut, style), more]);
            }
            _ => lines.push(Line::from(more)),
        }
    }
    let wide = lines.iter().map(Line::width).max().unwrap_or(0) as u16 + 4;
    let high = lines.len() as u16 + 2;
    let frame = Rect {
        x: area.right().saturating_sub(wide),
        y: area.bottom().saturating_sub(high),
        width: wide.min(area.width),
        height: high.min(area.height),
    };
    Clear.render(frame, buffer);
    Block::bordered().border_style(style).render(frame, buffer);
    let inner = Rect { x: frame.x + 2, width: frame.width.saturating_sub(4), y: frame.y + 1, height: frame.height - 2 };
    for (row, line) in lines.into_iter().enumerate() {
        put(buffer, inner, row as u16, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_how_much_how_quickly_and_how_long() {
        let rows = Progress { what: "load".to_owned(), done: 2_000, total: Some(4_000), unit: Unit::Rows };
        let said = figures(&rows, Duration::from_secs(2), true).replace('\u{202f}', " ");
        assert_eq!(said, " 50 %  2 000/4 000 rows  1 000/s  0:02 left");
        let short = figures(&rows, Duration::from_secs(2), false).replace('\u{202f}', " ");
        assert_eq!(short, " 50 %  2 000 rows  1 000/s  0:02 left");
        let steps = Progress { what: "check".to_owned(), done: 0, total: Some(0), unit: Unit::Steps };
        assert_eq!(figures(&steps, Duration::from_secs(2), true), "0");
        let bytes = Progress { what: "load".to_owned(), done: 5, total: None, unit: Unit::Bytes };
        assert_eq!(figures(&bytes, Duration::ZERO, true), "5 B");
    }
}
