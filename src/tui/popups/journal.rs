//! What was done in this session, as lines for a shell. Neighbour: `shell`, which writes them.

use super::{Popup, close, drawn, moves};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::Effect;
use crate::tui::keymap::{Command, Layer, always};
use crate::tui::model::Model;
use crate::tui::screens;

/// The keys of the journal.
pub static JOURNAL: Layer = Layer {
    title: "lines for a shell",
    commands: &[
        Command {
            name: "copy line",
            keys: &["y", "enter"],
            label: "copy",
            help: "Copies the line that the cursor is on.",
            run: copy_line,
            ready: always,
        },
        Command {
            name: "copy all lines",
            keys: &["Y"],
            label: "copy all",
            help: "Copies all lines that worked, as a script.",
            run: copy_all,
            ready: always,
        },
        Command {
            name: "close",
            keys: &["esc", "q", "@"],
            label: "close",
            help: "Closes this.",
            run: close,
            ready: always,
        },
    ],
};

/// Opens the journal at its newest line.
pub fn journal(model: &mut Model) -> Vec<Effect> {
    model.popup = Some(Popup::Journal(Cursor::default()));
    moves::step(model, i64::MAX)
}

/// Whether there is anything in it.
pub fn something_done(model: &Model) -> Result<(), String> {
    match model.journal.done.is_empty() {
        true => Err("nothing was done here yet that a line for a shell could do".to_owned()),
        false => Ok(()),
    }
}

/// Goes to a line.
pub(super) fn go(model: &mut Model, at: u64) {
    let (total, height) = (drawn::lines(model), drawn::height(model));
    if let Some(Popup::Journal(cursor)) = &mut model.popup {
        Reel { cursor, total, height }.go(at);
    }
}

fn copy_line(model: &mut Model) -> Vec<Effect> {
    let Some(Popup::Journal(cursor)) = &model.popup else {
        return Vec::new();
    };
    let line =
        usize::try_from(cursor.at).ok().and_then(|at| model.journal.done.get(at)).map(|entry| entry.line.clone());
    line.map_or_else(Vec::new, |line| screens::copy(model, line))
}

fn copy_all(model: &mut Model) -> Vec<Effect> {
    let lines: Vec<&str> =
        model.journal.done.iter().filter(|entry| entry.worked).map(|entry| entry.line.as_str()).collect();
    let script = lines.join("\n") + "\n";
    screens::copy(model, script)
}
