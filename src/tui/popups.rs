//! What lies over a screen and takes the keys: help, palette, form, question, message log. Neighbours: `keymap`, `widgets`.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::{Input, InputRequest};

use super::cursor::{Cursor, Reel};
use super::effects::Effect;
use super::keymap::{Command, Layer, always};
use super::message::Key;
use super::model::Model;
use super::widgets::popup as drawn;

/// Something that lies over the screen.
pub enum Popup {
    /// The keys of the place that was left for it.
    Help(Vec<&'static Layer>, Cursor),
    /// All commands of that place, by name.
    Palette(Palette),
    /// Text to be typed.
    Form(Form),
    /// A question to be answered with yes or no.
    Question(Question),
    /// Everything that was said.
    Messages(Cursor),
    /// Something to be read.
    Text {
        /// What it is.
        title: String,
        /// Its lines.
        lines: Vec<String>,
        /// The first line that is seen.
        cursor: Cursor,
    },
}

/// The commands that can be chosen by typing part of their name.
pub struct Palette {
    /// What was typed.
    pub input: Input,
    /// All commands, with the first of their keys.
    pub commands: Vec<&'static Command>,
    /// Where the user is among those that match.
    pub cursor: Cursor,
}

/// Some lines of text to be typed.
pub struct Form {
    /// What it is about.
    pub title: String,
    /// What one should know to fill it in.
    pub about: Vec<String>,
    /// The lines.
    pub fields: Vec<FormField>,
    /// The line that is being typed.
    pub focus: usize,
    /// What is wrong with what was typed so far.
    pub check: fn(&Model, &Form) -> Option<String>,
    /// Takes the texts.
    pub submit: fn(&mut Model, Vec<String>) -> Vec<Effect>,
}

/// One line of a form.
pub struct FormField {
    /// Its name.
    pub label: &'static str,
    /// What it is good for.
    pub hint: String,
    /// What was typed.
    pub input: Input,
    /// Whether anything was typed, or an answer was given: before that, nothing in it is wrong yet.
    pub touched: bool,
}

impl FormField {
    /// A line with a text in it to begin with.
    pub fn new(label: &'static str, hint: impl Into<String>, text: impl Into<String>) -> FormField {
        FormField { label, hint: hint.into(), input: Input::new(text.into()), touched: false }
    }
}

impl Form {
    /// The text of a line, without spaces around it.
    pub fn text(&self, field: usize) -> &str {
        self.fields.get(field).map_or("", |field| field.input.value().trim())
    }
}

/// A question to be answered with yes or no.
pub struct Question {
    /// What is asked.
    pub title: String,
    /// What one should know to answer.
    pub about: Vec<String>,
    /// What follows a yes.
    pub yes: fn(&mut Model) -> Vec<Effect>,
}

impl Popup {
    /// The keys that work in it.
    pub fn layer(&self) -> &'static Layer {
        match self {
            Popup::Help(..) | Popup::Messages(_) | Popup::Text { .. } => &READ,
            Popup::Palette(_) => &PALETTE,
            Popup::Form(_) => &FORM,
            Popup::Question(_) => &QUESTION,
        }
    }

    /// The text that is being typed, if it is one.
    fn input(&mut self) -> Option<&mut Input> {
        match self {
            Popup::Palette(palette) => Some(&mut palette.input),
            Popup::Form(form) => form.fields.get_mut(form.focus).map(|field| &mut field.input),
            _ => None,
        }
    }
}

impl Palette {
    /// The commands that match what was typed, the best first.
    pub fn matches(&self) -> Vec<&'static Command> {
        let pattern = Pattern::parse(self.input.value(), CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut found: Vec<(u32, &'static Command)> = self
            .commands
            .iter()
            .filter_map(|command| {
                pattern.score(Utf32Str::new(command.name, &mut buffer), &mut matcher).map(|score| (score, *command))
            })
            .collect();
        found.sort_by(|(a, _), (b, _)| b.cmp(a));
        found.into_iter().map(|(_, command)| command).collect()
    }
}

/// Help and message log.
pub static READ: Layer = Layer {
    title: "reading",
    commands: &[
        Command {
            name: "close",
            keys: &["esc", "q", "?", "F1", "!", "enter"],
            label: "close",
            help: "Closes this.",
            run: close,
            ready: always,
        },
        Command {
            name: "down",
            keys: &["j", "down"],
            label: "",
            help: "Goes one line down.",
            run: |m| step(m, 1),
            ready: always,
        },
        Command {
            name: "up",
            keys: &["k", "up"],
            label: "",
            help: "Goes one line up.",
            run: |m| step(m, -1),
            ready: always,
        },
        Command {
            name: "page down",
            keys: &["C-d", "pgdn", "space"],
            label: "",
            help: "Goes half a page down.",
            run: |m| step(m, 10),
            ready: always,
        },
        Command {
            name: "page up",
            keys: &["C-u", "pgup"],
            label: "",
            help: "Goes half a page up.",
            run: |m| step(m, -10),
            ready: always,
        },
        Command {
            name: "top",
            keys: &["g g", "home"],
            label: "",
            help: "Goes to the first line.",
            run: |m| step(m, i64::MIN),
            ready: always,
        },
        Command {
            name: "bottom",
            keys: &["G", "end"],
            label: "",
            help: "Goes to the last line.",
            run: |m| step(m, i64::MAX),
            ready: always,
        },
    ],
};

/// The palette.
pub static PALETTE: Layer = Layer {
    title: "commands",
    commands: &[
        Command {
            name: "run",
            keys: &["enter"],
            label: "run",
            help: "Runs the chosen command.",
            run: run_chosen,
            ready: always,
        },
        Command {
            name: "next",
            keys: &["down", "C-n", "tab"],
            label: "next",
            help: "Goes to the next command.",
            run: |m| step(m, 1),
            ready: always,
        },
        Command {
            name: "previous",
            keys: &["up", "C-p", "S-tab"],
            label: "previous",
            help: "Goes to the command before.",
            run: |m| step(m, -1),
            ready: always,
        },
        Command {
            name: "close",
            keys: &["esc"],
            label: "close",
            help: "Closes the palette.",
            run: close,
            ready: always,
        },
    ],
};

/// Forms.
pub static FORM: Layer = Layer {
    title: "form",
    commands: &[
        Command {
            name: "accept",
            keys: &["enter"],
            label: "accept",
            help: "Takes what was typed.",
            run: submit,
            ready: always,
        },
        Command {
            name: "next line",
            keys: &["tab", "down"],
            label: "next line",
            help: "Goes to the next line of the form.",
            run: |m| focus(m, true),
            ready: several,
        },
        Command {
            name: "previous line",
            keys: &["S-tab", "up"],
            label: "",
            help: "Goes to the line before.",
            run: |m| focus(m, false),
            ready: several,
        },
        Command {
            name: "clear line",
            keys: &["C-u"],
            label: "clear",
            help: "Empties the line.",
            run: clear,
            ready: always,
        },
        Command {
            name: "leave",
            keys: &["esc"],
            label: "leave",
            help: "Leaves without changing anything.",
            run: close,
            ready: always,
        },
    ],
};

/// Questions.
pub static QUESTION: Layer = Layer {
    title: "question",
    commands: &[
        Command {
            name: "yes",
            keys: &["y", "enter"],
            label: "yes",
            help: "Does what is asked.",
            run: yes,
            ready: always,
        },
        Command {
            name: "no",
            keys: &["n", "esc", "q"],
            label: "no",
            help: "Leaves everything as it is.",
            run: close,
            ready: always,
        },
    ],
};

/// A key that is no command of the popup: typed into its text, if it has one.
pub fn type_key(model: &mut Model, key: &Key) {
    let request = match key.0.as_str() {
        "left" | "C-b" => InputRequest::GoToPrevChar,
        "right" | "C-f" => InputRequest::GoToNextChar,
        "home" | "C-a" => InputRequest::GoToStart,
        "end" | "C-e" => InputRequest::GoToEnd,
        "C-left" | "A-b" => InputRequest::GoToPrevWord,
        "C-right" | "A-f" => InputRequest::GoToNextWord,
        "backspace" | "C-h" => InputRequest::DeletePrevChar,
        "del" | "C-d" => InputRequest::DeleteNextChar,
        "C-w" | "A-backspace" => InputRequest::DeletePrevWord,
        "A-d" => InputRequest::DeleteNextWord,
        "C-u" => InputRequest::DeleteFromStart,
        "C-k" => InputRequest::DeleteTillEnd,
        "C-y" => InputRequest::Yank,
        _ => match key.character() {
            Some(character) => InputRequest::InsertChar(character),
            None => return,
        },
    };
    edit(model, &[request]);
}

/// Pasted text goes into the text that is being typed, on one line.
pub fn paste(model: &mut Model, text: &str) {
    let line: Vec<InputRequest> =
        text.lines().flat_map(str::chars).filter(|c| !c.is_control()).map(InputRequest::InsertChar).collect();
    edit(model, &line);
}

fn edit(model: &mut Model, requests: &[InputRequest]) {
    let Some(input) = model.popup.as_mut().and_then(Popup::input) else {
        return;
    };
    for request in requests {
        input.handle(*request);
    }
    if let Some(Popup::Form(form)) = &mut model.popup
        && let Some(field) = form.fields.get_mut(form.focus)
    {
        field.touched = true;
    }
    if let Some(Popup::Palette(palette)) = &mut model.popup {
        palette.cursor = Cursor::default();
    }
}

/// Opens the help of the place where the user is.
pub fn help(model: &mut Model) -> Vec<Effect> {
    model.popup = Some(Popup::Help(model.layers(), Cursor::default()));
    Vec::new()
}

/// Opens the palette with the commands of the place where the user is.
pub fn palette(model: &mut Model) -> Vec<Effect> {
    let mut commands: Vec<&'static Command> = Vec::new();
    for command in model.layers().iter().flat_map(|layer| layer.commands) {
        if !commands.iter().any(|known| known.name == command.name) {
            commands.push(command);
        }
    }
    model.popup = Some(Popup::Palette(Palette { input: Input::default(), commands, cursor: Cursor::default() }));
    Vec::new()
}

/// Opens the message log at its newest message.
pub fn messages(model: &mut Model) -> Vec<Effect> {
    model.popup = Some(Popup::Messages(Cursor::default()));
    step(model, i64::MAX)
}

fn close(model: &mut Model) -> Vec<Effect> {
    model.popup = None;
    Vec::new()
}

fn step(model: &mut Model, lines: i64) -> Vec<Effect> {
    let total = drawn::lines(model);
    let height = drawn::height(model);
    let cursor = match &mut model.popup {
        Some(Popup::Help(_, cursor) | Popup::Messages(cursor) | Popup::Text { cursor, .. }) => {
            // There is no line to choose here: the keys move what is seen.
            Reel { cursor, total, height }.scroll(lines);
            return Vec::new();
        }
        Some(Popup::Palette(palette)) => &mut palette.cursor,
        _ => return Vec::new(),
    };
    Reel { cursor, total, height }.step(lines);
    Vec::new()
}

fn run_chosen(model: &mut Model) -> Vec<Effect> {
    let Some(Popup::Palette(palette)) = &model.popup else {
        return Vec::new();
    };
    let at = usize::try_from(palette.cursor.at).unwrap_or(0);
    let Some(command) = palette.matches().get(at).copied() else {
        return Vec::new();
    };
    model.popup = None;
    super::update::run(model, command)
}

fn several(model: &Model) -> Result<(), String> {
    match &model.popup {
        Some(Popup::Form(form)) if form.fields.len() > 1 => Ok(()),
        _ => Err("this form has one line only".to_owned()),
    }
}

fn focus(model: &mut Model, forward: bool) -> Vec<Effect> {
    if let Some(Popup::Form(form)) = &mut model.popup {
        let lines = form.fields.len().max(1);
        form.focus = (form.focus + if forward { 1 } else { lines - 1 }) % lines;
    }
    Vec::new()
}

fn clear(model: &mut Model) -> Vec<Effect> {
    edit(model, &[InputRequest::DeleteLine]);
    Vec::new()
}

/// Takes what was typed; what is wrong stays in the form, with the reason below it.
fn submit(model: &mut Model) -> Vec<Effect> {
    let Some(Popup::Form(mut form)) = model.popup.take() else {
        return Vec::new();
    };
    if (form.check)(model, &form).is_some() {
        form.fields.iter_mut().for_each(|field| field.touched = true);
        model.popup = Some(Popup::Form(form));
        return Vec::new();
    }
    (form.submit)(model, form.fields.iter().map(|field| field.input.value().to_owned()).collect())
}

fn yes(model: &mut Model) -> Vec<Effect> {
    let Some(Popup::Question(question)) = model.popup.take() else {
        return Vec::new();
    };
    (question.yes)(model)
}
