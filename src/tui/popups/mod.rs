//! What lies over a screen and takes the keys: help, palette, form, question, message log. Neighbours: `keymap`, `widgets`.

pub mod journal;
mod palette;
pub mod picker;
mod report;
pub mod sheet;
mod themes;

use super::cursor::{Cursor, Reel};
use super::effects::{Effect, Slot};
use super::input::Input;
use super::keymap::{Command, Layer, always};
use super::message::Key;
use super::model::Model;
use super::screens::tables::console::{self, Console};
use super::widgets::popup::{self as drawn, Target};
pub use journal::{JOURNAL, journal, something_done};
pub use palette::palette;
pub use picker::{Item, PICKER, Picker};
pub use report::{checked, report};
pub use sheet::{Part, SHEET, Sheet};
pub use themes::themes;

/// Something that lies over the screen.
pub enum Popup {
    /// The keys of the place that was left for it.
    Help(Vec<&'static Layer>, Cursor),
    /// A list to choose from.
    Picker(Picker),
    /// Text to be typed.
    Form(Form),
    /// Text to be typed, in parts of one line or more.
    Sheet(Sheet),
    /// A question to be answered with yes or no.
    Question(Question),
    /// SQL to be typed.
    Console(Box<Console>),
    /// Everything that was said.
    Messages(Cursor),
    /// What was done, as lines for a shell.
    Journal(Cursor),
    /// Something to be read.
    Text {
        /// What it is.
        title: String,
        /// Its lines.
        lines: Vec<String>,
        /// The first line that is seen.
        cursor: Cursor,
        /// The answer that is still waited for; nobody does once this is closed.
        waits: Option<Slot>,
    },
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
    /// Why what was typed was refused, until it is changed.
    pub refused: Option<String>,
}

impl FormField {
    /// A line with a text in it to begin with.
    pub fn new(label: &'static str, hint: impl Into<String>, text: impl Into<String>) -> FormField {
        FormField { label, hint: hint.into(), input: Input::new(text.into()), touched: false, refused: None }
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
            Popup::Journal(_) => &JOURNAL,
            Popup::Picker(_) => &PICKER,
            Popup::Form(_) => &FORM,
            Popup::Sheet(_) => &SHEET,
            Popup::Question(_) => &QUESTION,
            Popup::Console(_) => &console::KEYS,
        }
    }

    /// The text that is being typed, if it is one.
    fn input(&mut self) -> Option<&mut Input> {
        match self {
            Popup::Picker(picker) => Some(&mut picker.input),
            Popup::Form(form) => form.fields.get_mut(form.focus).map(|field| &mut field.input),
            Popup::Console(console) => Some(&mut console.input),
            Popup::Sheet(sheet) => sheet.input(),
            _ => None,
        }
    }
}

/// The layers of everything that lies over a screen.
pub static LAYERS: &[&Layer] = &[&READ, &PICKER, &FORM, &SHEET, &QUESTION, &JOURNAL];

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

/// A key that is no command of the popup: typed into its text. False where nothing takes it.
pub fn type_key(model: &mut Model, key: &Key) -> bool {
    edit(model, |input| input.press(key))
}

/// Pasted text goes into the text that is being typed; on one line, except where there can be several.
pub fn paste(model: &mut Model, text: &str) {
    let lines = matches!(model.popup, Some(Popup::Console(_)));
    edit(model, |input| {
        if lines {
            input.paste_lines(text)
        } else {
            input.paste(text)
        }
        true
    });
}

/// Changes the text that is being typed; false where there is none, or where it is not changed.
fn edit(model: &mut Model, change: impl FnOnce(&mut Input) -> bool) -> bool {
    let Some(input) = model.popup.as_mut().and_then(Popup::input) else {
        return false;
    };
    let before = input.value().to_owned();
    let taken = change(input);
    if input.value() == before {
        return taken;
    }
    match &mut model.popup {
        Some(Popup::Form(form)) => {
            if let Some(field) = form.fields.get_mut(form.focus) {
                (field.touched, field.refused) = (true, None);
            }
        }
        Some(Popup::Console(console)) => console.typed(),
        Some(Popup::Sheet(sheet)) => sheet.edited(),
        _ => picker::typed(model),
    }
    taken
}

/// The mouse was pressed on the popup.
pub fn click(model: &mut Model, target: Target, twice: bool) -> Vec<Effect> {
    match target {
        Target::Item(at) if matches!(model.popup, Some(Popup::Journal(_))) => journal::go(model, at),
        Target::Item(at) => {
            picker::go(model, at);
            return if twice { picker::choose(model) } else { Vec::new() };
        }
        Target::Field { field, column, room } => {
            match &mut model.popup {
                Some(Popup::Form(form)) => form.focus = field,
                Some(Popup::Sheet(sheet)) => sheet.focus = field,
                _ => {}
            }
            if let Some(input) = model.popup.as_mut().and_then(Popup::input) {
                input.point(column, room);
            }
        }
        Target::Outside
            if matches!(
                model.popup,
                Some(Popup::Help(..) | Popup::Messages(_) | Popup::Journal(_) | Popup::Text { .. })
            ) =>
        {
            return close(model);
        }
        Target::Outside | Target::Inside => {}
    }
    Vec::new()
}

/// The wheel of the mouse was turned by some lines.
pub fn scroll(model: &mut Model, lines: i64) -> Vec<Effect> {
    match &model.popup {
        Some(Popup::Picker(_)) => picker::step(model, if lines > 0 { |_| 1 } else { |_| -1 }),
        Some(Popup::Journal(_)) => journal::step(model, lines.signum()),
        _ => step(model, lines),
    }
}

/// Opens the help of the place where the user is.
pub fn help(model: &mut Model) -> Vec<Effect> {
    model.popup = Some(Popup::Help(model.layers(), Cursor::default()));
    Vec::new()
}

/// Opens the message log at its newest message.
pub fn messages(model: &mut Model) -> Vec<Effect> {
    model.popup = Some(Popup::Messages(Cursor::default()));
    step(model, i64::MAX)
}

fn close(model: &mut Model) -> Vec<Effect> {
    match model.popup.take() {
        Some(Popup::Text { waits: Some(slot), .. }) => vec![model.forget(slot)],
        _ => Vec::new(),
    }
}

/// Moves what is seen of something to be read; there is no line to choose in it.
fn step(model: &mut Model, lines: i64) -> Vec<Effect> {
    let (total, height) = (drawn::lines(model), drawn::height(model));
    if let Some(Popup::Help(_, cursor) | Popup::Messages(cursor) | Popup::Text { cursor, .. }) = &mut model.popup {
        Reel { cursor, total, height }.scroll(lines);
    }
    Vec::new()
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
