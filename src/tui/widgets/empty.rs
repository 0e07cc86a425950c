//! What stands where there is nothing to show yet: what is missing, and the keys or commands that bring it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::put;
use crate::tui::model::Model;
use crate::tui::screens::sources;
use crate::tui::text;
use crate::tui::theme::Theme;

/// What is missing, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Empty {
    /// What is missing, in a sentence.
    pub what: String,
    /// What to do: the key or the command, and what it brings. Without a key the words stand alone.
    pub next: Vec<(String, String)>,
}

/// How far the workspace must have come before a screen has something to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// There is a source.
    Source,
    /// A source was loaded.
    Loaded,
    /// The candidates were built and checked.
    Checked,
}

impl Empty {
    /// Something that is missing, with what to do next.
    pub fn new(what: impl Into<String>, next: &[(&str, &str)]) -> Empty {
        let next = next.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        Empty { what: what.into(), next }
    }
}

/// The first thing that is missing on the way to a stage; `None` where the workspace has come that far.
pub fn missing(model: &Model, stage: Stage) -> Option<Empty> {
    if model.about.sources.is_empty() {
        return Some(Empty::new(
            "This workspace has no source yet.",
            &[
                (
                    &on_sources(model, "sources/add source"),
                    "adds one: the folder that the exports are dropped into, or a server",
                ),
                ("tastevin demo", "in a shell makes a workspace with sample exports to try things on"),
            ],
        ));
    }
    let loaded = |sources: &Vec<crate::workbench::SourceStatus>| sources.iter().any(|source| source.last.is_some());
    let known = model.sources.sources.as_ref();
    if stage >= Stage::Loaded && model.verdict.is_none() && known.is_some_and(|sources| !loaded(sources)) {
        return Some(Empty::new(
            "Nothing was loaded yet.",
            &[(&on_sources(model, "sources/load all"), "loads every source, then checks")],
        ));
    }
    if stage >= Stage::Checked && model.verdict.is_none() {
        return Some(Empty::new(
            "Nothing was checked yet.",
            &[(&model.key("check again"), "builds the candidates and runs every rule")],
        ));
    }
    None
}

/// Why the workspace has not come as far as a stage, if so: what is missing and the key that brings it, in one line.
pub fn reached(model: &Model, stage: Stage) -> Result<(), String> {
    let Some(Empty { what, next }) = missing(model, stage) else { return Ok(()) };
    let what = what.trim_end_matches('.');
    let mut letters = what.chars();
    let what = letters.next().map(|first| first.to_lowercase().chain(letters).collect::<String>()).unwrap_or_default();
    Err(match next.first() {
        Some((key, about)) => format!("{what}: {key} {about}"),
        None => what,
    })
}

/// The keys that load, and what follows, as a hint.
pub fn to_load(model: &Model) -> String {
    format!("{} loads it, then checks", on_sources(model, "sources/load"))
}

/// The key of a command of Sources; from another screen with the key that goes there first.
fn on_sources(model: &Model, command: &'static str) -> String {
    match std::ptr::eq(model.screen(), &sources::SCREEN) {
        true => model.key(command),
        false => format!("{} {}", model.key("go to sources"), model.key(command)),
    }
}

/// Draws it: what is missing, then a line per step.
pub fn draw(empty: &Empty, area: Rect, theme: Theme, buffer: &mut Buffer) {
    for (row, line) in (0..).zip(lines(empty, usize::from(area.width), area.height > 6, theme)) {
        put(buffer, area, row, line);
    }
}

/// The same as lines of that width; `airy` keeps its parts apart.
pub fn lines(empty: &Empty, width: usize, airy: bool, theme: Theme) -> Vec<Line<'static>> {
    const LEAD: &str = " ";
    let room = width.saturating_sub(2 * LEAD.len());
    let mut lines: Vec<Line> = Vec::new();
    let air = |lines: &mut Vec<Line>| {
        if airy {
            lines.push(Line::default());
        }
    };
    air(&mut lines);
    for part in text::wrap(&empty.what, room) {
        lines.push(Line::styled(format!("{LEAD}{part}"), theme.strong()));
    }
    air(&mut lines);
    for (key, about) in &empty.next {
        let begin = text::width(key) + 2;
        if !key.is_empty() && !about.is_empty() && begin + text::width(about).min(20) <= room {
            for (at, part) in text::wrap(about, room - begin).into_iter().enumerate() {
                let key = if at == 0 { key.as_str() } else { "" };
                let lead = Span::styled(format!("{LEAD}{}", text::left(key, begin)), theme.key());
                lines.push(Line::from(vec![lead, Span::raw(part)]));
            }
            continue;
        }
        // A command is broken where the line is full and not at spaces: it is there to be copied.
        for part in text::chop(key, room).iter().filter(|part| !part.is_empty()) {
            lines.push(Line::styled(format!("{LEAD}{part}"), theme.key()));
        }
        for part in text::wrap(about, room).iter().filter(|part| !part.is_empty()) {
            lines.push(Line::raw(format!("{LEAD}{part}")));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_and_what_to_do_fit_every_width() {
        let empty =
            Empty::new("Nothing was checked yet.", &[("", "Do this:"), ("r", "builds the candidates"), ("x", "")]);
        for width in 0..60 {
            for line in lines(&empty, width, true, Theme::new(true)) {
                assert!(line.width() <= width.max(4), "{width}: {line:?}");
            }
        }
        let said: Vec<String> = lines(&empty, 40, false, Theme::new(true)).iter().map(ToString::to_string).collect();
        assert_eq!(said, [" Nothing was checked yet.", " Do this:", " r  builds the candidates", " x"]);
    }
}
