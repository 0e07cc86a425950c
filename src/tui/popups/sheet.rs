//! A form of several parts, each of one line or of as many as are filled in, checked while it is typed. Neighbour: `Form`,
//! for lines that are known beforehand.

use super::Popup;
use crate::tui::effects::Effect;
use crate::tui::input::Input;
use crate::tui::keymap::{Command, Layer};
use crate::tui::model::Model;

/// A form.
pub struct Sheet {
    /// What it is about.
    pub title: String,
    /// What one should know to fill it in.
    pub about: Vec<String>,
    /// Its parts.
    pub parts: Vec<Part>,
    /// The line that is being typed, counted over all parts.
    pub focus: usize,
    /// Whether anything was typed, or an answer was given: before that, nothing in it is wrong yet.
    pub touched: bool,
    /// What is wrong with what was typed so far.
    pub check: fn(&Model, &Sheet) -> Option<String>,
    /// Takes the lines of every part.
    pub submit: fn(&mut Model, Vec<Vec<String>>) -> Vec<Effect>,
}

/// One thing that is asked for.
pub struct Part {
    /// Its name.
    pub label: String,
    /// What it is good for.
    pub help: String,
    /// Whether it can have several lines; there is always an empty one at the end to go on with.
    pub several: bool,
    /// The only texts that it can be, if they are few; ^N goes through them.
    pub choices: Vec<String>,
    /// What was typed, line by line; at least one.
    pub lines: Vec<Input>,
}

impl Part {
    /// A part with lines in it to begin with.
    pub fn new(label: impl Into<String>, help: impl Into<String>, several: bool, lines: Vec<String>) -> Part {
        let lines = lines.into_iter().map(Input::new).collect();
        let mut part = Part { label: label.into(), help: help.into(), several, choices: Vec::new(), lines };
        part.settle();
        part
    }

    /// What is good for this part, with the keys that help.
    pub fn words(&self) -> String {
        let mut words = vec![self.help.clone()];
        words.extend(self.several.then(|| "One a line; Tab goes to the next.".to_owned()));
        words.extend((!self.choices.is_empty()).then(|| format!("^N goes through {}.", self.choices.join(" "))));
        words.join(" ")
    }

    /// Leaves room to go on, and no more than that.
    fn settle(&mut self) {
        let is_blank = |input: &Input| input.value().is_empty();
        if self.lines.is_empty() || (self.several && !self.lines.last().is_some_and(is_blank)) {
            self.lines.push(Input::default());
        }
        while self.several && self.lines.len() > 1 && self.lines.iter().rev().take(2).all(is_blank) {
            self.lines.pop();
        }
    }
}

impl Sheet {
    /// Part and line that have the keys.
    pub fn place(&self) -> (usize, usize) {
        let mut left = self.focus;
        for (at, part) in self.parts.iter().enumerate() {
            if left < part.lines.len() {
                return (at, left);
            }
            left -= part.lines.len();
        }
        (0, 0)
    }

    /// The lines of every part.
    pub fn texts(&self) -> Vec<Vec<String>> {
        self.parts.iter().map(|part| part.lines.iter().map(|input| input.value().to_owned()).collect()).collect()
    }

    /// The line that is being typed.
    pub(super) fn input(&mut self) -> Option<&mut Input> {
        let (part, line) = self.place();
        self.parts.get_mut(part)?.lines.get_mut(line)
    }

    /// Something was typed.
    pub(super) fn edited(&mut self) {
        self.touched = true;
        self.parts.iter_mut().for_each(Part::settle);
        self.focus = self.focus.min(self.lines().saturating_sub(1));
    }

    /// How many lines it has over all parts.
    pub(super) fn lines(&self) -> usize {
        self.parts.iter().map(|part| part.lines.len()).sum()
    }
}

/// The keys of such a form beside those of every form.
pub static SHEET: Layer = Layer {
    title: "filling in",
    commands: &[Command {
        name: "next choice",
        keys: &["C-n"],
        label: "next choice",
        help: "Where there is a choice of few: the next one.",
        run: choose_next,
        ready: has_choices,
    }],
};

fn has_choices(model: &Model) -> Result<(), String> {
    let has = match &model.popup {
        Some(Popup::Sheet(sheet)) => sheet.parts.get(sheet.place().0).is_some_and(|part| !part.choices.is_empty()),
        _ => false,
    };
    if has { Ok(()) } else { Err("any text can stand here".to_owned()) }
}

fn choose_next(model: &mut Model) -> Vec<Effect> {
    if let Some(Popup::Sheet(sheet)) = &mut model.popup {
        let (part, line) = sheet.place();
        if let Some(part) = sheet.parts.get_mut(part)
            && let Some(input) = part.lines.get_mut(line)
        {
            let at = part.choices.iter().position(|choice| choice == input.value());
            let next = at.map_or(0, |at| (at + 1) % part.choices.len());
            input.set(part.choices[next].clone());
        }
        sheet.edited();
    }
    Vec::new()
}

/// Takes what was filled in; what is wrong stays in the form, with the reason below it.
pub(super) fn submit(model: &mut Model, mut sheet: Sheet) -> Vec<Effect> {
    if (sheet.check)(model, &sheet).is_some() {
        sheet.touched = true;
        model.popup = Some(Popup::Sheet(sheet));
        return Vec::new();
    }
    (sheet.submit)(model, sheet.texts())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_several_lines_always_has_room_to_go_on() {
        let mut part = Part::new("formats", "", true, vec!["%d".to_owned()]);
        assert_eq!(part.lines.len(), 2);
        part.lines[1] = Input::new("%Y".to_owned());
        part.settle();
        assert_eq!(part.lines.len(), 3);
        part.lines[1] = Input::default();
        part.settle();
        assert_eq!(part.lines.len(), 2, "one empty line is enough");
        assert_eq!(Part::new("text", "", false, Vec::new()).lines.len(), 1);
    }
}
