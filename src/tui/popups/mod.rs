//! What lies over a screen and takes the keys: help, palette, form, question, message log. Neighbours: `keymap`, `widgets`.

pub mod journal;
mod moves;
mod palette;
pub mod picker;
mod report;
pub mod sheet;
mod themes;

use super::cursor::Cursor;
use super::effects::{Effect, Job, Slot};
use super::input::Input;
use super::keymap::{Command, Layer, always};
use super::message::Key;
use super::model::Model;
use super::notes::Tone;
use super::screens::tables::ask::TableSlot;
use super::screens::tables::console::{self, Console};
use super::text;
use super::widgets::popup::{self as drawn, Target};
pub use journal::{JOURNAL, journal, something_done};
pub use moves::{FORM, MOVES};
pub use palette::palette;
pub use picker::{Item, PICKER, Picker};
pub use report::{checked, report};
pub use sheet::{Part, SHEET, Sheet};
pub use themes::themes;

use crate::error::Error;

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
    /// Asks for a text to be searched for, through whose matches two keys go.
    pub fn search(title: &str, next: &str, previous: &str, submit: fn(&mut Model, Vec<String>) -> Vec<Effect>) -> Form {
        Form {
            title: title.to_owned(),
            about: Vec::new(),
            fields: vec![FormField::new("text", format!("{next} and {previous} go from match to match"), "")],
            focus: 0,
            check: |_, _| None,
            submit,
        }
    }

    /// The text of a line, without spaces around it.
    pub fn text(&self, field: usize) -> &str {
        self.fields.get(field).map_or("", |field| field.input.value().trim())
    }
}

/// What a form that was sent asked for, of what can still fail then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Rows in a file.
    Export,
    /// The report in a file.
    Report,
    /// A commit, or one that takes another back.
    Commit,
    /// One decision, by its ticket.
    Decision(u64),
}

impl Sent {
    /// What the effects of a form ask for.
    fn of(effects: &[Effect]) -> Option<Sent> {
        let sent = |effect: &Effect| match effect {
            Effect::Do(Job::Decide { ticket, .. }) => Some(Sent::Decision(*ticket)),
            Effect::Do(job) if job.is_commit() => Some(Sent::Commit),
            Effect::Ask(_, ask) => match ask.slot() {
                Slot::Report => Some(Sent::Report),
                Slot::Table(TableSlot::Export) => Some(Sent::Export),
                _ => None,
            },
            _ => None,
        };
        let mut asked = effects.iter().filter_map(sent);
        let first = asked.next()?;
        // Of several decisions some may have been made: a form about all of them would make those again.
        let several = matches!(first, Sent::Decision(_)) && asked.next().is_some();
        (!several).then_some(first)
    }
}

/// Opens the form again that asked for something which failed, as it was sent, with the reason below it. What is being
/// typed or asked by then is not pushed aside: then the reason is only said.
pub fn come_back(model: &mut Model, of: &Sent, why: &str) {
    if model.popup.is_none()
        && let Some((_, mut form)) = model.sent.take_if(|(sent, _)| sent == of)
    {
        form.fields.iter_mut().for_each(|field| field.touched = true);
        if let Some(field) = form.fields.get_mut(form.focus) {
            field.refused = Some(why.to_owned());
        }
        model.popup = Some(Popup::Form(form));
        return;
    }
    model.say(Tone::Failed, text::clean(why));
}

/// An error with what to do next, on one line.
pub fn in_words(error: &Error) -> String {
    let hints: String = error.hints().iter().map(|hint| format!("; {hint}")).collect();
    format!("{error}{hints}")
}

/// What follows an answer.
pub type Then = Box<dyn FnOnce(&mut Model) -> Vec<Effect>>;

/// A question to be answered with yes or no.
pub struct Question {
    /// What is asked.
    pub title: String,
    /// What one should know to answer.
    pub about: Vec<String>,
    /// What follows a yes. It carries what the question names: the rows behind it may be others by then.
    pub yes: Then,
    /// What follows a no.
    pub no: fn(&mut Model),
    /// The first line that is seen, where not all are.
    pub cursor: Cursor,
}

impl Question {
    /// A question, seen from its first line on.
    pub fn new(
        title: impl Into<String>,
        about: Vec<String>,
        yes: impl FnOnce(&mut Model) -> Vec<Effect> + 'static,
    ) -> Question {
        Question { title: title.into(), about, yes: Box::new(yes), no: |_| {}, cursor: Cursor::default() }
    }

    /// The same question, with what follows a no.
    #[must_use]
    pub fn otherwise(self, no: fn(&mut Model)) -> Question {
        Question { no, ..self }
    }
}

impl Popup {
    /// The layers of keys that work in it, the most particular first.
    pub fn layers(&self) -> Vec<&'static Layer> {
        match self {
            Popup::Help(..) | Popup::Messages(_) => vec![&READ, &MOVES],
            Popup::Text { .. } => vec![&TEXT, &READ, &MOVES],
            Popup::Journal(_) => vec![&JOURNAL, &MOVES],
            Popup::Picker(_) => vec![&PICKER],
            Popup::Form(_) => vec![&FORM],
            Popup::Sheet(_) => vec![&SHEET, &FORM],
            Popup::Question(_) => vec![&QUESTION, &MOVES],
            Popup::Console(_) => vec![&console::KEYS],
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
pub static LAYERS: &[&Layer] = &[&READ, &TEXT, &JOURNAL, &MOVES, &PICKER, &FORM, &SHEET, &QUESTION];

/// Help and message log.
pub static READ: Layer = Layer {
    title: "reading",
    commands: &[Command {
        name: "close",
        keys: &["esc", "q", "?", "F1", "!", "enter"],
        label: "close",
        help: "Closes this.",
        run: close,
        ready: always,
    }],
};

/// Something to be read that is of use elsewhere too: a statement, what a test found.
pub static TEXT: Layer = Layer {
    title: "text",
    commands: &[Command {
        name: "copy text",
        keys: &["y", "Y"],
        label: "copy",
        help: "Copies the whole text.",
        run: copy_text,
        ready: always,
    }],
};

fn copy_text(model: &mut Model) -> Vec<Effect> {
    let Some(Popup::Text { lines, .. }) = &model.popup else { return Vec::new() };
    let text = lines.join("\n");
    super::screens::copy(model, text)
}

/// Questions.
pub static QUESTION: Layer = Layer {
    title: "question",
    commands: &[
        Command { name: "yes", keys: &["y"], label: "yes", help: "Does what is asked.", run: yes, ready: always },
        Command {
            name: "no",
            keys: &["n", "esc", "q"],
            label: "no",
            help: "Leaves everything as it is.",
            run: close,
            ready: always,
        },
        Command {
            name: "neither",
            // Whoever presses it out of habit must not have said yes.
            keys: &["enter"],
            label: "",
            help: "Answers nothing: a question waits for yes or no.",
            run: neither,
            ready: always,
        },
    ],
};

/// A key that is no command of the popup: typed into its text. False where nothing takes it.
pub fn type_key(model: &mut Model, key: &Key) -> bool {
    if let Some(Popup::Picker(picker)) = &model.popup
        && let Some(lines) = picker.moves(key)
    {
        picker::step(model, lines);
        return true;
    }
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
        Some(Popup::Journal(_)) => moves::step(model, lines.signum()),
        _ => moves::step(model, lines),
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
    moves::step(model, i64::MAX)
}

fn close(model: &mut Model) -> Vec<Effect> {
    match model.popup.take() {
        Some(Popup::Text { title, waits: Some(slot), .. }) => {
            model.say(Tone::News, format!("{title}: cancelled"));
            vec![model.forget(slot)]
        }
        Some(Popup::Question(question)) => {
            (question.no)(model);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn neither(model: &mut Model) -> Vec<Effect> {
    let (yes, no) = (model.key("question/yes"), model.key("question/no"));
    model.say(Tone::Refused, format!("Enter answers nothing here: {yes} says yes, {no} no"));
    Vec::new()
}

fn yes(model: &mut Model) -> Vec<Effect> {
    let Some(Popup::Question(question)) = model.popup.take() else {
        return Vec::new();
    };
    (question.yes)(model)
}
