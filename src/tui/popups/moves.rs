//! The keys that several popups have in common: through lines that are read, and through the lines of a form.

use super::{Popup, Question, Sent, close, drawn, sheet};
use crate::tui::cursor::Reel;
use crate::tui::effects::Effect;
use crate::tui::keymap::{Command, Layer, always};
use crate::tui::model::Model;

/// Lines to be read, or to be gone through.
pub static MOVES: Layer = Layer {
    title: "lines of what lies over a screen",
    commands: &[
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
            run: accept,
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

/// Moves through the lines: the cursor where there is one, or else what is seen.
pub(super) fn step(model: &mut Model, lines: i64) -> Vec<Effect> {
    let (total, height) = (drawn::lines(model), drawn::height(model));
    match &mut model.popup {
        Some(Popup::Journal(cursor)) => Reel { cursor, total, height }.step(lines),
        Some(
            Popup::Help(_, cursor)
            | Popup::Messages(cursor)
            | Popup::Text { cursor, .. }
            | Popup::Question(Question { cursor, .. }),
        ) => {
            Reel { cursor, total, height }.scroll(lines);
        }
        _ => {}
    }
    Vec::new()
}

/// The line of a form that has the keys, among how many.
fn lines(model: &mut Model) -> Option<(&mut usize, usize)> {
    match &mut model.popup {
        Some(Popup::Form(form)) => {
            let all = form.fields.len();
            Some((&mut form.focus, all))
        }
        Some(Popup::Sheet(sheet)) => {
            let all = sheet.lines();
            Some((&mut sheet.focus, all))
        }
        _ => None,
    }
}

fn several(model: &Model) -> Result<(), String> {
    match &model.popup {
        Some(Popup::Form(form)) if form.fields.len() < 2 => Err("this form has one line only".to_owned()),
        _ => Ok(()),
    }
}

fn focus(model: &mut Model, forward: bool) -> Vec<Effect> {
    if let Some((focus, all)) = lines(model) {
        let all = all.max(1);
        *focus = (*focus + if forward { 1 } else { all - 1 }) % all;
    }
    Vec::new()
}

/// Takes what was typed; what is wrong stays in the form, with the reason below it.
fn accept(model: &mut Model) -> Vec<Effect> {
    match model.popup.take() {
        Some(Popup::Form(mut form)) => {
            if (form.check)(model, &form).is_some() {
                form.fields.iter_mut().for_each(|field| field.touched = true);
                model.popup = Some(Popup::Form(form));
                return Vec::new();
            }
            let texts = form.fields.iter().map(|field| field.input.value().to_owned()).collect();
            let effects = (form.submit)(model, texts);
            model.sent = Sent::of(&effects).map(|sent| (sent, form));
            effects
        }
        Some(Popup::Sheet(filled)) => sheet::submit(model, filled),
        other => {
            model.popup = other;
            Vec::new()
        }
    }
}
