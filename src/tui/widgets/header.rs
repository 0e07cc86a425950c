//! The first line: the program, the workspace, the tabs, the verdict.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::put;
use crate::model::Severity;
use crate::tui::model::Model;
use crate::tui::screens::{SCREENS, Screen, sources};
use crate::tui::text;

/// From this width on there is room for words.
const WIDE: u16 = 132;

/// What is kept for the name of the workspace before notes are counted.
const NAMED: u16 = 14;

/// Draws the header.
pub fn draw(model: &Model, area: Rect, buffer: &mut Buffer) {
    let theme = model.theme;
    let parts = Parts::of(model, area);
    let mut spans = Vec::new();
    if parts.brand {
        spans.push(Span::styled(" tastevin", theme.brand()));
    }
    if parts.name > 0 {
        spans.push(Span::raw("  "));
        spans.push(Span::styled(text::left(&text::clean(&model.about.name), usize::from(parts.name)), theme.strong()));
    }
    put(buffer, area, 0, Line::from(spans));
    for (screen, tab) in &parts.tabs {
        let open = std::ptr::eq(*screen, model.screen());
        let label = if parts.titles || open {
            format!(" {} {} ", screen.number, screen.title)
        } else {
            format!(" {} ", screen.number)
        };
        put(buffer, *tab, 0, Line::styled(label, theme.tab(open)));
    }
    put(buffer, area, 0, Line::from(parts.verdict).right_aligned());
}

/// The screen whose tab is at a place.
pub fn tab_at(model: &Model, place: Position) -> Option<&'static Screen> {
    let header = Rect { height: model.area.height.min(1), ..model.area };
    Parts::of(model, header).tabs.into_iter().find(|(_, tab)| tab.contains(place)).map(|(screen, _)| screen)
}

struct Parts {
    brand: bool,
    name: u16,
    titles: bool,
    tabs: Vec<(&'static Screen, Rect)>,
    verdict: Vec<Span<'static>>,
}

impl Parts {
    /// What fits: the verdict and the tabs first, then the name of the workspace, then that of the program.
    fn of(model: &Model, area: Rect) -> Parts {
        let said = |notes| verdict(model, area.width >= WIDE, notes);
        let mut verdict = said(false);
        let wide = |spans: &[Span]| spans.iter().map(|span| text::width(&span.content) as u16).sum::<u16>();
        let all: u16 = SCREENS.iter().map(|screen| tab_width(screen, true)).sum();
        let titles = all + wide(&verdict) < area.width;
        let tabs_width: u16 =
            SCREENS.iter().map(|screen| tab_width(screen, titles || std::ptr::eq(*screen, model.screen()))).sum();
        // Notes ask for nothing, so they take only what the tabs and the beginning of the name leave.
        let noted = said(true);
        if tabs_width + wide(&noted) + NAMED <= area.width {
            verdict = noted;
        }
        if tabs_width + wide(&verdict) > area.width {
            verdict.truncate(1);
        }
        let is_open = |screen: &Screen| std::ptr::eq(screen, model.screen());
        // Where not even the numbers have room, the open screen is the one that is named.
        let alone = tabs_width + wide(&verdict) > area.width;
        let tabs_width = if alone { tab_width(model.screen(), true) } else { tabs_width };
        if tabs_width + wide(&verdict) > area.width {
            shorten(&mut verdict, area.width.saturating_sub(tabs_width));
        }
        let room = area.width.saturating_sub(tabs_width + wide(&verdict) + 2);
        let name_width = (text::width(&model.about.name) as u16).min(28);
        let brand = room >= 9 + 2 + name_width.min(12) && titles;
        let left = room.saturating_sub(if brand { 9 } else { 0 });
        let name = if left >= 8 { name_width.min(left - 2) } else { 0 };
        let mut x = area.x + if brand { 9 } else { 0 } + if name > 0 { name + 2 } else { 0 };
        x += (area.width.saturating_sub(x - area.x + tabs_width + wide(&verdict)) / 2).min(6);
        let mut tabs = Vec::new();
        for screen in SCREENS.into_iter().filter(|screen| !alone || is_open(screen)) {
            let width = tab_width(screen, titles || std::ptr::eq(screen, model.screen()));
            let tab = Rect { x, width, ..area }.intersection(area);
            tabs.push((screen, tab));
            x += width;
        }
        Parts { brand, name, titles, tabs, verdict }
    }
}

/// Leaves of the verdict as much as fits: its glyph at the least, which says how things are.
fn shorten(verdict: &mut [Span<'static>], room: u16) {
    if let Some(first) = verdict.first_mut() {
        let room = usize::from(room).max(2);
        let words: Vec<&str> = first.content.split(' ').collect();
        let fitting = (1..=words.len()).rev().map(|words_kept| words[..words_kept].join(" "));
        let cut = fitting.into_iter().find(|cut| text::width(cut) < room);
        first.content = format!("{} ", cut.unwrap_or_default()).into();
    }
}

fn tab_width(screen: &Screen, title: bool) -> u16 {
    let title = if title { screen.title.len() as u16 + 1 } else { 0 };
    title + screen.number.len() as u16 + 2
}

/// The verdict in a glyph, a colour and a count; then what else is open, with the notes or without them.
fn verdict(model: &Model, wide: bool, notes: bool) -> Vec<Span<'static>> {
    let theme = model.theme;
    let Some(verdict) = &model.verdict else {
        return vec![Span::styled("○ not checked ", theme.dim())];
    };
    let (errors, warnings) = (verdict.open(Severity::Error), verdict.open(Severity::Warning));
    let is_stale = model.work.is_none() && !verdict.is_of_now();
    let first = match errors {
        _ if is_stale && sources::nothing_fed(model) => Span::styled("○ nothing mapped yet ", theme.warning()),
        _ if is_stale => Span::styled("○ not checked since ", theme.warning()),
        0 => Span::styled("✓ nothing blocks ", theme.good()),
        // Lists of tables count rows beside it: here it is said what is counted.
        1 if wide => Span::styled("● 1 finding blocks ", theme.bad()),
        errors => {
            let block = if wide { "block " } else { "" };
            Span::styled(format!("● {} {block}", text::count(errors, "finding")), theme.bad())
        }
    };
    let mut spans = vec![first];
    if warnings > 0 {
        spans.push(Span::styled(format!("▲ {} ", text::number(warnings)), theme.warning()));
    }
    let notes = if notes { verdict.open(Severity::Info) } else { 0 };
    if notes > 0 {
        spans.push(Span::styled(format!("{} {} ", Severity::Info.glyph(), text::number(notes)), theme.dim()));
    }
    if model.conflicts > 0 {
        spans.push(Span::styled(format!("≠ {} ", text::number(model.conflicts)), theme.warning()));
    }
    if model.about.read_only {
        spans.push(Span::styled("read-only ", Style::new()));
    }
    spans
}
