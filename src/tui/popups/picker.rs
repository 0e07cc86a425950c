//! A list to choose from by typing part of a name: the palette of commands, themes, whatever a screen offers.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{Popup, close, drawn};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::Effect;
use crate::tui::input::Input;
use crate::tui::keymap::{Command, Layer, always};
use crate::tui::message::Key;
use crate::tui::model::Model;

/// What is done with a choice: with the place of an item among all items.
type Chosen = Box<dyn Fn(&mut Model, usize) -> Vec<Effect>>;
/// What is done when the cursor moves to another item, and, with `None`, when the list is left without a choice.
type Moved = Box<dyn Fn(&mut Model, Option<usize>)>;

/// A list of which one item is chosen.
pub struct Picker {
    /// What is chosen here.
    pub title: String,
    /// What was typed.
    pub input: Input,
    /// All items, the likeliest first.
    pub items: Vec<Item>,
    /// Where the user is among those that match.
    pub cursor: Cursor,
    chosen: Chosen,
    moved: Option<Moved>,
    /// Whether it is a choice of a few things, through which j and k move as through every list.
    few: bool,
}

/// One thing that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// Its name, by which it is found.
    pub name: String,
    /// A word beside the name: a key, a type, a count.
    pub aside: String,
    /// What it is, in a sentence; it is found by that too.
    pub about: String,
    /// What else one should know to choose it, line by line; shown below the list while the cursor is on it.
    pub details: String,
    /// Whether it can be chosen now; `about` says why not.
    pub faint: bool,
}

impl Item {
    /// An item that can be chosen.
    pub fn new(name: impl Into<String>, aside: impl Into<String>, about: impl Into<String>) -> Item {
        Item { name: name.into(), aside: aside.into(), about: about.into(), ..Item::default() }
    }
}

impl Picker {
    /// A list, with what is done with the choice.
    pub fn new(
        title: impl Into<String>,
        items: Vec<Item>,
        chosen: impl Fn(&mut Model, usize) -> Vec<Effect> + 'static,
    ) -> Picker {
        Picker {
            title: title.into(),
            input: Input::default(),
            items,
            cursor: Cursor::default(),
            chosen: Box::new(chosen),
            moved: None,
            few: false,
        }
    }

    /// The same list as a choice of a few things, through which j and k move as through every list.
    #[must_use]
    pub fn of_few(mut self) -> Picker {
        self.few = true;
        self
    }

    /// How far a key moves in a choice of a few things.
    pub(super) fn moves(&self, key: &Key) -> Option<fn(i64) -> i64> {
        match key.0.as_str() {
            "j" if self.few => Some(|_| 1),
            "k" if self.few => Some(|_| -1),
            _ => None,
        }
    }

    /// The same list, with what is done while the user goes through it, to show what a choice would do. `None` means
    /// that nothing was chosen in the end.
    #[must_use]
    pub fn previewed(mut self, moved: impl Fn(&mut Model, Option<usize>) + 'static) -> Picker {
        self.moved = Some(Box::new(moved));
        self
    }

    /// The places of the items that match what was typed, the best first; without anything typed all in their order.
    pub fn matches(&self) -> Vec<usize> {
        if self.input.value().trim().is_empty() {
            return (0..self.items.len()).collect();
        }
        let pattern = Pattern::parse(self.input.value(), CaseMatching::Ignore, Normalization::Smart);
        // In a sentence nearly any letters occur in any order: there the words must stand as they were typed.
        let words = Pattern::new(self.input.value(), CaseMatching::Ignore, Normalization::Smart, AtomKind::Substring);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut score = |pattern: &Pattern, text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
        let mut found: Vec<(bool, u32, usize)> = Vec::new();
        for (at, item) in self.items.iter().enumerate() {
            if let Some(points) = score(&pattern, &item.name) {
                found.push((true, points, at));
            } else if let Some(points) = score(&words, &format!("{} {}", item.name, item.about)) {
                found.push((false, points, at));
            }
        }
        found.sort_by_key(|(by_name, points, _)| std::cmp::Reverse((*by_name, *points)));
        found.into_iter().map(|(_, _, at)| at).collect()
    }

    /// The item that the cursor is on, by its place among all.
    pub fn here(&self) -> Option<usize> {
        self.matches().get(usize::try_from(self.cursor.at).ok()?).copied()
    }
}

/// The keys of a list to choose from; every other key types.
pub static PICKER: Layer = Layer {
    title: "choosing",
    commands: &[
        Command {
            name: "choose",
            keys: &["enter"],
            label: "choose",
            help: "Takes the item that the cursor is on.",
            run: choose,
            ready: something,
        },
        Command {
            name: "next",
            keys: &["down", "C-n", "tab"],
            label: "next",
            help: "Goes to the next item.",
            run: |m| step(m, |_| 1),
            ready: always,
        },
        Command {
            name: "previous",
            keys: &["up", "C-p", "S-tab"],
            label: "previous",
            help: "Goes to the item before.",
            run: |m| step(m, |_| -1),
            ready: always,
        },
        Command {
            name: "page down",
            keys: &["pgdn"],
            label: "",
            help: "Goes a page down.",
            run: |m| step(m, |height| height),
            ready: always,
        },
        Command {
            name: "page up",
            keys: &["pgup"],
            label: "",
            help: "Goes a page up.",
            run: |m| step(m, |height| -height),
            ready: always,
        },
        Command {
            name: "leave",
            keys: &["esc"],
            label: "leave",
            help: "Leaves without choosing anything.",
            run: leave,
            ready: always,
        },
    ],
};

fn something(model: &Model) -> Result<(), String> {
    match &model.popup {
        Some(Popup::Picker(picker)) if picker.here().is_none() => Err("nothing matches what was typed".to_owned()),
        _ => Ok(()),
    }
}

/// Goes to an item, counted among those that match.
pub(super) fn go(model: &mut Model, at: u64) {
    let (total, height) = (drawn::lines(model), drawn::height(model));
    if let Some(Popup::Picker(picker)) = &mut model.popup {
        Reel { cursor: &mut picker.cursor, total, height }.go(at);
    }
    preview(model);
}

/// Moves through the list, by as many lines as `lines` says for its height.
pub(super) fn step(model: &mut Model, lines: fn(i64) -> i64) -> Vec<Effect> {
    let height = i64::try_from(drawn::height(model)).unwrap_or(1);
    if let Some(Popup::Picker(picker)) = &model.popup {
        let at = picker.cursor.at.saturating_add_signed(lines(height));
        go(model, at);
    }
    Vec::new()
}

/// Something was typed: the best match comes first.
pub(super) fn typed(model: &mut Model) {
    if let Some(Popup::Picker(picker)) = &mut model.popup {
        picker.cursor = Cursor::default();
    }
    preview(model);
}

fn preview(model: &mut Model) {
    // The list is taken off the model while it looks at the model.
    if let Some(Popup::Picker(picker)) = model.popup.take() {
        if let (Some(moved), Some(at)) = (&picker.moved, picker.here()) {
            moved(model, Some(at));
        }
        model.popup = Some(Popup::Picker(picker));
    }
}

pub(super) fn choose(model: &mut Model) -> Vec<Effect> {
    match model.popup.take() {
        Some(Popup::Picker(picker)) => picker.here().map_or_else(Vec::new, |at| (picker.chosen)(model, at)),
        other => {
            model.popup = other;
            Vec::new()
        }
    }
}

fn leave(model: &mut Model) -> Vec<Effect> {
    if let Some(Popup::Picker(picker)) = &mut model.popup
        && let Some(moved) = picker.moved.take()
    {
        moved(model, None);
    }
    close(model)
}
