//! Every command of the Commit screen.

use super::rows::{self, Rows};
use super::{DIFF, GATE, LOG, changes, diff, done, gate, held, is_counted, sums};
use crate::model::{Commit, TableTally};
use crate::tui::effects::{Effect, Job};
use crate::tui::keymap::{Command, Layer, always};
use crate::tui::model::Model;
use crate::tui::popups::{Form, FormField, Popup};
use crate::tui::screens::{self, history};
use crate::tui::text;
use crate::tui::widgets::empty::{self, Stage};

/// The title of the form that asks for the message.
pub const TITLE: &str = "commit";

/// Every layer of the screen.
pub static ALL: &[&Layer] = &[&KEYS, &OPEN_KEYS, &ROWS_KEYS, &DONE_KEYS];

/// The layers that are on.
pub fn layers(model: &Model) -> Vec<&'static Layer> {
    match (&model.commit.rows, &model.commit.done) {
        (Some(_), _) => vec![&ROWS_KEYS, &KEYS],
        (None, Some(_)) => vec![&DONE_KEYS, &KEYS],
        (None, None) => vec![&KEYS, &OPEN_KEYS],
    }
}

static KEYS: Layer = Layer {
    title: "commit",
    commands: &[
        Command {
            name: "commit",
            keys: &["c"],
            label: "commit",
            help: "Asks for a message, then makes the candidates canonical in one transaction.",
            run: ask_message,
            ready: can_commit,
        },
        Command {
            name: "quarantine",
            keys: &["z"],
            label: "quarantine",
            help: "Opens the rows in quarantine, with every reason.",
            run: |m| rows::open(m, Rows::held()),
            ready: can_open_held,
        },
    ],
};

static OPEN_KEYS: Layer = Layer {
    title: "tables",
    commands: &[
        Command {
            name: "open rows",
            keys: &["enter"],
            label: "open",
            help: "On a table: the rows that would change, cell by cell. On a condition: what is behind it. On a commit: what \
                   it changed.",
            run: enter,
            ready: can_enter,
        },
        Command {
            name: "candidates in Tables",
            keys: &["o"],
            label: "",
            help: "Shows all candidate rows of the table in Tables.",
            run: show_candidates,
            ready: on_table,
        },
    ],
};

static ROWS_KEYS: Layer = Layer {
    title: "rows",
    commands: &[
        Command {
            name: "open row",
            keys: &["enter"],
            label: "open",
            help: "On a quarantined row: opens its record in the anomalies, to be repaired. On a row that would change: shows all its cells.",
            run: open_row,
            ready: rows::has_row,
        },
        Command {
            name: "row in Tables",
            keys: &["o"],
            label: "table",
            help: "Shows the candidate row in Tables, with its table around it.",
            run: show_row,
            ready: rows::has_row,
        },
        Command {
            name: "leave rows",
            keys: &["esc", "q", "backspace", "h", "left"],
            label: "back",
            help: "Goes back to where the rows were opened.",
            run: leave,
            ready: always,
        },
        Command {
            name: "copy row",
            keys: &["y", "Y"],
            label: "copy",
            help: "Copies the row to the clipboard.",
            run: rows::copy_row,
            ready: rows::has_row,
        },
    ],
};

static DONE_KEYS: Layer = Layer {
    title: "commit made",
    commands: &[
        Command {
            name: "what it changed",
            keys: &["enter"],
            label: "rows",
            help: "Opens in the history the rows of the table that the commit changed, cell by cell.",
            run: done::open_history,
            ready: done::has_rows,
        },
        Command {
            name: "leave the commit made",
            keys: &["esc", "q", "backspace", "h", "left"],
            label: "back",
            help: "Goes back to what the next commit would change.",
            run: leave,
            ready: always,
        },
        Command {
            name: "copy hash of the commit made",
            keys: &["y"],
            label: "copy hash",
            help: "Copies the hash of the commit.",
            run: done::copy_hash,
            ready: always,
        },
    ],
};

fn leave(model: &mut Model) -> Vec<Effect> {
    super::back(model);
    Vec::new()
}

fn table_here(model: &Model) -> Option<&TableTally> {
    diff(model).get(usize::try_from(model.commit.cursors[DIFF].at).ok()?)
}

fn commit_here(model: &Model) -> Option<&Commit> {
    model.commit.log.as_ref()?.get(usize::try_from(model.commit.cursors[LOG].at).ok()?)
}

fn on_table(model: &Model) -> Result<(), String> {
    match model.commit.focus {
        DIFF => table_here(model).map(drop).ok_or_else(|| "the difference is not known yet".to_owned()),
        _ => Err("that works on a table".to_owned()),
    }
}

fn show_candidates(model: &mut Model) -> Vec<Effect> {
    let Some(table) = table_here(model).map(|tally| tally.table.clone()) else { return Vec::new() };
    screens::tables::open(model, "candidate", &table, Vec::new())
}

fn show_row(model: &mut Model) -> Vec<Effect> {
    match rows::place_here(model) {
        Some((schema, table, row)) => changes::show_row(model, schema, &table, &row),
        None => Vec::new(),
    }
}

fn can_enter(model: &Model) -> Result<(), String> {
    match model.commit.focus {
        GATE => return gate::ready(model),
        LOG => return commit_here(model).map(drop).ok_or_else(|| "nothing was committed yet".to_owned()),
        _ => {}
    }
    match table_here(model) {
        None => Err("the difference is not known yet".to_owned()),
        Some(tally) if changes::changed(tally) > 0 => Ok(()),
        Some(tally) if tally.quarantined > 0 => Ok(()),
        Some(tally) => Err(format!("nothing would change in {}", text::clean(&tally.table))),
    }
}

fn enter(model: &mut Model) -> Vec<Effect> {
    match model.commit.focus {
        GATE => return gate::enter(model),
        LOG => {
            return match commit_here(model).map(|commit| commit.id) {
                Some(commit) => history::show_commit(model, commit),
                None => Vec::new(),
            };
        }
        _ => {}
    }
    let rows = table_here(model).map(|tally| match changes::changed(tally) {
        0 => Rows::held(),
        _ => Rows::changes(&tally.table),
    });
    rows.map_or_else(Vec::new, |rows| rows::open(model, rows))
}

/// Why there are no rows in quarantine to be opened, if so.
pub fn has_held(model: &Model) -> Result<(), String> {
    match (&model.commit.diff, held(model)) {
        (None, _) => Err("the difference is not known yet".to_owned()),
        (_, 0) => Err("nothing is quarantined".to_owned()),
        _ => Ok(()),
    }
}

fn can_open_held(model: &Model) -> Result<(), String> {
    match &model.commit.rows {
        Some(Rows::Held(_)) => Err(format!("these are the rows in quarantine; {} goes back", model.key("back"))),
        _ => has_held(model),
    }
}

fn open_row(model: &mut Model) -> Vec<Effect> {
    let Some(place) = rows::held_here(model) else { return rows::open_cells(model) };
    screens::anomalies::show_record(model, place);
    screens::through(model, &screens::anomalies::SCREEN)
}

fn can_commit(model: &Model) -> Result<(), String> {
    model.free()?;
    empty::reached(model, Stage::Checked)?;
    let Some(verdict) = &model.verdict else { return Ok(()) };
    if model.check_wanted || model.work.as_ref().is_some_and(|work| work.job == Job::Check) {
        return Err("a check is going on; a moment".to_owned());
    }
    if let Some(condition) = verdict.gate.iter().find(|condition| !condition.holds) {
        return Err(format!("the gate is closed: {} ({})", condition.what, condition.detail));
    }
    match &model.commit.diff {
        Some(diff) if is_counted(model) && diff.iter().all(|tally| changes::changed(tally) == 0) => {
            Err("nothing would change: the canonical tables are as the candidates".to_owned())
        }
        _ => Ok(()),
    }
}

fn ask_message(model: &mut Model) -> Vec<Effect> {
    let mut about = sums(model);
    about.extend(
        model
            .verdict
            .as_ref()
            .and_then(|verdict| verdict.unapplied())
            .map(|sentence| format!("{sentence}; Anomalies lists them.")),
    );
    model.popup = Some(Popup::Form(Form {
        title: TITLE.to_owned(),
        about,
        fields: vec![FormField::new("message", "what this commit is, for the log", "")],
        focus: 0,
        check: |model, form| match (form.text(0).is_empty(), is_counted(model)) {
            (true, _) => Some("a commit needs a message".to_owned()),
            (_, false) => Some("counting what would change; a moment".to_owned()),
            _ => None,
        },
        submit: |_, texts| {
            let message = texts.into_iter().next().unwrap_or_default().trim().to_owned();
            vec![Effect::Do(Job::Commit { message })]
        },
    }));
    Vec::new()
}
