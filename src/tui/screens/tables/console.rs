//! Where SQL is typed: a whole query, or an expression that the rows must fulfil; with history and completion.
//!
//! Neighbours: `complete` knows the words, `act` runs what was typed, `popups` hands over the keys.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};
use unicode_segmentation::UnicodeSegmentation as _;

use super::complete::{self, Word};
use super::{act, ask::TableSlot};
use crate::model::TableInfo;
use crate::tui::effects::Effect;
use crate::tui::input::Input;
use crate::tui::keymap::{Command, Layer, always};
use crate::tui::model::Model;
use crate::tui::popups::Popup;
use crate::tui::text;
use crate::tui::theme::Theme;
use crate::tui::widgets::pane::{Pane, inner};
use crate::tui::widgets::put;

/// What is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A query.
    Query,
    /// An expression over the columns of the open table.
    Filter,
}

/// SQL that is being typed.
pub struct Console {
    /// What it is for.
    pub purpose: Purpose,
    /// What was typed.
    pub input: Input,
    /// What is wrong with it, and what to do next.
    pub error: Option<(String, Vec<String>)>,
    /// Whether it is running.
    pub running: bool,
    /// The tables whose names and columns complete what is typed.
    tables: Arc<Vec<TableInfo>>,
    /// The columns that are at hand without naming a table.
    columns: Vec<String>,
    /// What was typed before, the newest last; the last place is what is being typed now.
    history: Vec<String>,
    /// What is asked of the rows that are seen now, as if it had been typed last.
    offered: Option<String>,
    /// Where the user is in the history, and what was typed before going there.
    past: Option<(usize, String)>,
    /// What can follow, and how many bytes of it were typed.
    words: (usize, Vec<Word>),
    /// The word that Tab has put in, by its place, and its bytes.
    taken: Option<(usize, usize)>,
}

/// How many words are offered at once.
const OFFERED: usize = 8;

impl Console {
    /// A console with a text to begin with.
    pub fn new(
        purpose: Purpose,
        text: &str,
        tables: Arc<Vec<TableInfo>>,
        columns: Vec<String>,
        history: Vec<String>,
    ) -> Console {
        let mut console = Console {
            purpose,
            input: Input::new(text),
            error: None,
            running: false,
            tables,
            columns,
            history,
            offered: None,
            past: None,
            words: (0, Vec::new()),
            taken: None,
        };
        console.offer();
        console
    }

    /// The same with a text that the key for what was typed before brings first.
    pub fn offering(mut self, text: String) -> Console {
        self.offered = Some(text).filter(|text| !text.trim().is_empty());
        let history = std::mem::take(&mut self.history);
        self.remember(&history);
        self
    }

    /// Something was typed.
    pub fn typed(&mut self) {
        (self.error, self.taken, self.past) = (None, None, None);
        self.offer();
    }

    /// The history has come.
    pub fn remember(&mut self, history: &[String]) {
        self.history = history.to_vec();
        if let Some(offered) = &self.offered
            && self.history.last().is_none_or(|last| last.trim() != offered.trim())
        {
            self.history.push(offered.clone());
        }
        self.past = None;
    }

    fn offer(&mut self) {
        let whole = self.purpose == Purpose::Filter;
        self.words = complete::words(self.input.value(), self.input.before(), &self.tables, &self.columns, whole);
    }

    /// Puts the next word in, or the one before.
    fn complete(&mut self, forward: bool) {
        let (typed, words) = &self.words;
        if words.is_empty() {
            return;
        }
        let (at, bytes) = match self.taken {
            None if forward => (0, *typed),
            None => (words.len() - 1, *typed),
            Some((at, bytes)) if forward => ((at + 1) % words.len(), bytes),
            Some((at, bytes)) => ((at + words.len() - 1) % words.len(), bytes),
        };
        let word = words[at].text.clone();
        self.input.replace_before(bytes, &word);
        self.taken = Some((at, word.len()));
        self.error = None;
    }

    fn recall(&mut self, back: bool) {
        let at = match (&self.past, back) {
            (None, true) => self.history.len().checked_sub(1),
            (Some((at, _)), true) => at.checked_sub(1).or(Some(0)),
            (Some((at, _)), false) => Some(at + 1),
            (None, false) => None,
        };
        let Some(at) = at else { return };
        let draft = self.past.take().map_or_else(|| self.input.value().to_owned(), |(_, draft)| draft);
        match self.history.get(at) {
            Some(text) => {
                self.input.set(text.clone());
                self.past = Some((at, draft));
            }
            None => self.input.set(draft),
        }
        (self.error, self.taken, self.words) = (None, None, (0, Vec::new()));
    }
}

/// The keys while SQL is typed.
pub static KEYS: Layer = Layer {
    title: "SQL",
    commands: &[
        Command {
            name: "run SQL",
            keys: &["enter"],
            label: "run",
            help: "Runs what was typed; it can only read.",
            run: act::submit,
            ready: can_run,
        },
        Command {
            name: "complete",
            keys: &["tab"],
            label: "complete",
            help: "Puts in the name of a table, a column or a word of SQL; again, the next one.",
            run: |m| with(m, |console| console.complete(true)),
            ready: has_words,
        },
        Command {
            name: "complete backwards",
            keys: &["S-tab"],
            label: "",
            help: "Puts in the word before.",
            run: |m| with(m, |console| console.complete(false)),
            ready: has_words,
        },
        Command {
            name: "earlier",
            keys: &["up", "C-p"],
            label: "earlier",
            help: "Brings back what was typed before, also on an earlier day.",
            run: |m| with(m, |console| console.recall(true)),
            ready: has_history,
        },
        Command {
            name: "later",
            keys: &["down", "C-n"],
            label: "",
            help: "Goes on to what was typed later.",
            run: |m| with(m, |console| console.recall(false)),
            ready: always,
        },
        Command {
            name: "new line",
            keys: &["A-enter", "C-j"],
            label: "",
            help: "Begins a new line.",
            run: |m| {
                with(m, |console| {
                    console.input.replace_before(0, "\n");
                    console.typed();
                })
            },
            ready: always,
        },
        Command {
            name: "leave SQL",
            keys: &["esc"],
            label: "leave",
            help: "Cancels what is running, or leaves.",
            run: leave,
            ready: always,
        },
    ],
};

fn with(model: &mut Model, change: impl FnOnce(&mut Console)) -> Vec<Effect> {
    if let Some(Popup::Console(console)) = &mut model.popup {
        change(console);
    }
    Vec::new()
}

fn console(model: &Model) -> Option<&Console> {
    match &model.popup {
        Some(Popup::Console(console)) => Some(console),
        _ => None,
    }
}

fn can_run(model: &Model) -> Result<(), String> {
    match console(model) {
        Some(console) if console.running => Err(format!("it is running; {} cancels it", model.key("leave SQL"))),
        Some(console) if console.input.value().trim().is_empty() => Err("nothing was typed yet".to_owned()),
        _ => Ok(()),
    }
}

fn has_words(model: &Model) -> Result<(), String> {
    match console(model) {
        Some(console) if console.words.1.is_empty() => Err("no table, column or word begins like that".to_owned()),
        _ => Ok(()),
    }
}

fn has_history(model: &Model) -> Result<(), String> {
    match console(model) {
        Some(console) if console.history.is_empty() => Err("nothing was typed before".to_owned()),
        _ => Ok(()),
    }
}

fn leave(model: &mut Model) -> Vec<Effect> {
    if console(model).is_some_and(|console| console.running) {
        return act::cancel(model);
    }
    model.popup = None;
    Vec::new()
}

/// Draws the console over the lower part of an area; says where the terminal's cursor belongs.
pub fn draw(model: &Model, console: &Console, area: Rect, buffer: &mut Buffer) -> Position {
    let theme = model.theme;
    let room = usize::from(area.width.saturating_sub(4)).max(2);
    let typed = typed(console, room, theme);
    let below = below(model, console, room);
    let high = (typed.len() + below.len()) as u16 + 2;
    let height = if model.is_small() { area.height } else { high.min(area.height) };
    let frame = Rect { y: area.bottom().saturating_sub(height), height, ..area };
    Clear.render(frame, buffer);
    let (title, does) = match console.purpose {
        Purpose::Query => ("query · read-only SQL", "run"),
        Purpose::Filter => ("filter · a word, \"a text\", or SQL that must hold", "filter"),
    };
    let [run, complete, earlier, leave] =
        ["SQL/run SQL", "SQL/complete", "SQL/earlier", "SQL/leave SQL"].map(|name| model.key(name));
    let foot = format!("{run} {does} · {complete} complete · {earlier} earlier · {leave} leave");
    Pane { title: vec![Span::raw(title)], foot, focused: true }.draw(frame, theme, buffer);
    let inside = inner(frame);
    let inside = Rect { x: inside.x + 1.min(inside.width), width: inside.width.saturating_sub(2), ..inside };
    let before = broken(console.input.before(), room);
    let row = before.len().saturating_sub(1);
    // A text that is longer than the screen is scrolled to the line with the cursor.
    let seen = usize::from(inside.height).saturating_sub(below.len()).max(1);
    let top = (row + 1).saturating_sub(seen);
    let lines = typed.into_iter().skip(top).take(seen).chain(below);
    for (at, line) in (0..inside.height).zip(lines) {
        put(buffer, inside, at, line);
    }
    let column = before.last().map_or(0, |line| text::width(&text::clean(line))) as u16;
    Position::new(
        inside.x + column.min(inside.width.saturating_sub(1)),
        inside.y + ((row - top.min(row)) as u16).min(inside.height.saturating_sub(1)),
    )
}

/// The text in lines that fit, cut where they are full.
fn broken(typed: &str, room: usize) -> Vec<String> {
    typed.split('\n').flat_map(|line| text::chop(line, room)).collect()
}

/// What was typed, with the place of a slip marked.
fn typed(console: &Console, room: usize, theme: Theme) -> Vec<Line<'static>> {
    let value = console.input.value();
    let slip = console.error.as_ref().and_then(|(what, _)| slip(value, what));
    let mut begin = 0;
    let mut lines = Vec::new();
    for line in value.split('\n') {
        for part in text::chop(line, room) {
            let end = begin + part.len();
            let mut spans = Vec::new();
            match slip.filter(|slip| (begin..end).contains(slip)) {
                Some(at) => {
                    let (good, rest) = part.split_at(at - begin);
                    let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                    let word = word.max(rest.graphemes(true).next().map_or(0, str::len));
                    spans.push(Span::raw(text::clean(good).into_owned()));
                    spans.push(Span::styled(text::clean(&rest[..word]).into_owned(), theme.offending()));
                    spans.push(Span::raw(text::clean(&rest[word..]).into_owned()));
                }
                None => spans.push(Span::raw(text::clean(&part).into_owned())),
            }
            lines.push(Line::from(spans));
            begin = end;
        }
        begin += 1;
    }
    lines
}

/// The byte of the place that an error begins with: `line 1, character 8: …`.
fn slip(typed: &str, error: &str) -> Option<usize> {
    let (line, rest) = error.strip_prefix("line ")?.split_once(", character ")?;
    let (character, _) = rest.split_once(':')?;
    let (line, character): (usize, usize) = (line.parse().ok()?, character.parse().ok()?);
    let begin: usize = typed.split('\n').take(line.checked_sub(1)?).map(|line| line.len() + 1).sum();
    let own = typed.get(begin..)?;
    own.char_indices().nth(character.checked_sub(1)?).map(|(at, _)| begin + at)
}

/// What stands below the text: that it runs, what is wrong, or the words that can follow.
fn below(model: &Model, console: &Console, room: usize) -> Vec<Line<'static>> {
    let theme = model.theme;
    if console.running {
        let share = model.tables.share(TableSlot::Rows);
        let share = share.map(|share| format!(" {:.0} %", share * 100.0)).unwrap_or_default();
        return vec![Line::styled(format!("running…{share}  {} cancels", model.key("leave SQL")), theme.dim())];
    }
    if let Some((what, hints)) = &console.error {
        let said = std::iter::once(format!("✗ {what}")).chain(hints.iter().map(|hint| format!("→ {hint}")));
        let lines = said.flat_map(|line| text::wrap(&text::clean(&line), room));
        return lines.map(|line| Line::styled(line, theme.bad())).collect();
    }
    if let (true, Some(offered)) = (console.input.value().is_empty(), &console.offered) {
        let earlier = crate::tui::keymap::shown("up");
        let brings = format!("{earlier} brings {}", text::clean(&offered.replace('\n', " ")));
        return vec![Line::styled(text::fit(&brings, room).into_owned(), theme.dim())];
    }
    let (_, words) = &console.words;
    if words.is_empty() {
        return vec![Line::default()];
    }
    let here = console.taken.map(|(at, _)| at);
    let first = here.map_or(0, |at| at - at % OFFERED);
    let mut spans = Vec::new();
    let mut left = room;
    for (at, word) in words.iter().enumerate().skip(first).take(OFFERED) {
        let shown = text::clean(&word.text).into_owned();
        let wide = text::width(&shown) + 2;
        if wide > left {
            break;
        }
        left -= wide;
        let style = if here == Some(at) {
            theme.cursor(true)
        } else if word.is_name {
            theme.key()
        } else {
            theme.dim()
        };
        spans.push(Span::styled(shown, style));
        spans.push(Span::raw("  "));
    }
    vec![Line::from(spans)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_slip_is_found_in_the_text() {
        assert_eq!(slip("SELECT *\nFORM x", "line 2, character 6: no"), Some(14));
        assert_eq!(slip("é x", "line 1, character 3: no"), Some(3));
        assert_eq!(slip("x", "line 4, character 1: no"), None);
        assert_eq!(slip("x", "there is no table"), None);
    }

    #[test]
    fn history_goes_back_and_comes_back_to_what_was_being_typed() {
        let history = vec!["SELECT 1".to_owned(), "SELECT 2".to_owned()];
        let mut console = Console::new(Purpose::Query, "SELECT 3", Arc::default(), Vec::new(), history);
        let seen: Vec<String> = [true, true, true, false, false, false]
            .map(|back| {
                console.recall(back);
                console.input.value().to_owned()
            })
            .to_vec();
        assert_eq!(seen, ["SELECT 2", "SELECT 1", "SELECT 1", "SELECT 2", "SELECT 3", "SELECT 3"]);
    }
}
