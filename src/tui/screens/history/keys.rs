//! Every command of the History screen.

use super::page::{self, Page};
use super::{TIMELINE, TRENDS, entries};
use crate::model::COMES_AGAIN;
use crate::tui::effects::{Effect, Job};
use crate::tui::keymap::{Command, Layer, always};
use crate::tui::model::Model;
use crate::tui::popups::{Form, FormField, Popup};
use crate::tui::widgets::empty::{self, Stage};
use crate::tui::{screens, text};

/// Every layer of the screen.
pub static ALL: &[&Layer] = &[&TIMELINE_KEYS, &DIFFERENCE_KEYS, &ROWS_KEYS, &LOAD_KEYS];

/// The layers that are on.
pub fn layers(model: &Model) -> Vec<&'static Layer> {
    vec![match &model.history.page {
        None => &TIMELINE_KEYS,
        Some(Page::Load { .. }) => &LOAD_KEYS,
        Some(Page::Difference(difference)) if difference.rows.is_some() => &ROWS_KEYS,
        Some(Page::Difference(_)) => &DIFFERENCE_KEYS,
    }]
}

static TIMELINE_KEYS: Layer = Layer {
    title: "history",
    commands: &[
        Command {
            name: "open entry",
            keys: &["enter"],
            label: "open",
            help: "On a load: what came in. On a commit: what it changed. On a table: its anomalies.",
            run: open,
            ready: can_open,
        },
        Command {
            name: "compare",
            keys: &["d"],
            label: "compare",
            help: "Compares the states after the two marked commits; with one mark, that one and the one here.",
            run: compare,
            ready: can_compare,
        },
        Command {
            name: "mark commit",
            keys: &["space"],
            label: "mark",
            help: "Marks the commit to be compared, or takes the mark away, and goes on to the next. Two can be marked.",
            run: mark,
            ready: on_commit,
        },
        Command {
            name: "revert commit",
            keys: &["R"],
            label: "revert",
            help: "Undoes what the commit changed, as a new commit, after a question.",
            run: ask_revert,
            ready: can_revert,
        },
        Command {
            name: "show only",
            keys: &["&"],
            label: "filter",
            help: "Shows everything, the commits, or the loads of one source.",
            run: entries::choose,
            ready: has_entries,
        },
        Command {
            name: "copy hash",
            keys: &["y"],
            label: "",
            help: "Copies the hash of the commit.",
            run: copy_hash,
            ready: on_commit,
        },
    ],
};

static LOAD_KEYS: Layer = Layer {
    title: "load",
    commands: &[
        Command {
            name: "rows of the load",
            keys: &["enter"],
            label: "rows",
            help: "Shows in Tables what this line counts: the rows as staged, or the rejected records.",
            run: page::open_counted,
            ready: page::has_counted,
        },
        Command {
            name: "leave load",
            keys: &["esc", "q", "backspace", "h", "left"],
            label: "back",
            help: "Goes back to the history.",
            run: leave,
            ready: always,
        },
    ],
};

static DIFFERENCE_KEYS: Layer = Layer {
    title: "difference",
    commands: &[
        Command {
            name: "open differing rows",
            keys: &["enter"],
            label: "rows",
            help: "Opens the rows of the table that differ, cell by cell.",
            run: page::open_rows,
            ready: page::has_rows,
        },
        Command {
            name: "quarantine of this",
            keys: &["z"],
            label: "quarantine",
            help: "Shows in Tables the rows of this table that the commit left in quarantine, with every reason.",
            run: page::open_quarantine,
            ready: page::has_quarantine,
        },
        Command {
            name: "table in Tables",
            keys: &["o"],
            label: "",
            help: "Shows in Tables the canonical table as it is now.",
            run: page::open_canonical,
            ready: page::has_table,
        },
        Command {
            name: "leave difference",
            keys: &["esc", "q", "backspace", "h", "left"],
            label: "back",
            help: "Goes back to the history.",
            run: leave,
            ready: always,
        },
        Command {
            name: "revert this commit",
            keys: &["R"],
            label: "revert",
            help: "Undoes what this commit changed, as a new commit, after a question.",
            run: ask_revert,
            ready: can_revert,
        },
        Command {
            name: "copy hash of this",
            keys: &["y"],
            label: "",
            help: "Copies the hash of the later commit.",
            run: copy_hash,
            ready: on_commit,
        },
    ],
};

static ROWS_KEYS: Layer = Layer {
    title: "differing rows",
    commands: &[
        Command {
            name: "all cells",
            keys: &["enter"],
            label: "cells",
            help: "Shows all cells of the row that differ, to their ends.",
            run: page::open_cells,
            ready: page::has_row,
        },
        Command {
            name: "differing row in Tables",
            keys: &["o"],
            label: "table",
            help: "Shows the row in Tables as it is canonical now.",
            run: page::show_row,
            ready: page::has_row,
        },
        Command {
            name: "leave differing rows",
            keys: &["esc", "q", "backspace", "h", "left"],
            label: "back",
            help: "Goes back to the tables.",
            run: leave,
            ready: always,
        },
        Command {
            name: "copy differing row",
            keys: &["y", "Y"],
            label: "copy",
            help: "Copies the row to the clipboard.",
            run: page::copy_row,
            ready: page::has_row,
        },
    ],
};

/// The commit that the keys act on: the one under the cursor, or the later one of the difference that is open.
fn commit_meant(model: &Model) -> Option<i64> {
    match &model.history.page {
        Some(Page::Difference(difference)) => Some(difference.to),
        Some(Page::Load { .. }) => None,
        None => entries::commit_here(model).map(|commit| commit.id),
    }
}

fn has_entries(model: &Model) -> Result<(), String> {
    let Some(known) = &model.history.known else { return Err("the history is being read; a moment".to_owned()) };
    match known.loads.is_empty() && known.commits.is_empty() {
        true => empty::reached(model, Stage::Loaded),
        false => Ok(()),
    }
}

fn on_commit(model: &Model) -> Result<(), String> {
    commit_meant(model)
        .map(drop)
        .ok_or_else(|| format!("that works on a commit; {} shows the commits only", model.key("show only")))
}

fn on_trends(model: &Model) -> bool {
    model.history.page.is_none() && model.history.focus == TRENDS
}

fn table_here(model: &Model) -> Option<String> {
    let at = usize::try_from(model.history.cursors[TRENDS].at).ok()?;
    model.about.schema.tables.get_index(at).map(|(name, _)| name.clone())
}

fn can_open(model: &Model) -> Result<(), String> {
    if on_trends(model) {
        return empty::reached(model, Stage::Checked);
    }
    entries::here(model).map(drop).ok_or_else(|| "there is nothing here yet".to_owned())
}

fn open(model: &mut Model) -> Vec<Effect> {
    if on_trends(model) {
        if let Some(table) = table_here(model) {
            screens::anomalies::show_table(model, &table);
        }
        return screens::through(model, &screens::anomalies::SCREEN);
    }
    match entries::here(model) {
        Some(entries::Entry::Load(load)) => {
            let load = load.id;
            page::open_load(model, load);
        }
        Some(entries::Entry::Commit(commit)) => {
            let to = commit.id;
            page::open_difference(model, to - 1, to);
        }
        None => {}
    }
    Vec::new()
}

fn leave(model: &mut Model) -> Vec<Effect> {
    screens::step_out(model);
    Vec::new()
}

fn mark(model: &mut Model) -> Vec<Effect> {
    let Some(commit) = commit_meant(model) else {
        return Vec::new();
    };
    let marked = &mut model.history.marked;
    match marked.iter().position(|other| *other == commit) {
        Some(at) => drop(marked.remove(at)),
        None => {
            if marked.len() == 2 {
                marked.remove(0);
            }
            marked.push(commit);
        }
    }
    // As wherever something is marked, the next one is at hand.
    let at = usize::try_from(model.history.cursors[TIMELINE].at).unwrap_or(usize::MAX);
    let mut below = entries::entries(model).into_iter().enumerate().skip(at.saturating_add(1));
    let next = below.find(|(_, entry)| matches!(entry, entries::Entry::Commit(_))).map(|(at, _)| at as u64);
    if model.history.page.is_none()
        && let (Some(next), Some(mut reel)) = (next, super::reel(model, TIMELINE))
    {
        reel.go(next);
    }
    Vec::new()
}

/// The two states that would be compared, the earlier one first.
fn compared(model: &Model) -> Result<(i64, i64), String> {
    let (one, other) = match (model.history.marked.as_slice(), commit_meant(model)) {
        ([one, other, ..], _) => (*one, *other),
        ([one], Some(here)) if *one != here => (*one, here),
        ([one], _) => {
            let mark = model.key("mark commit");
            return Err(format!("commit {one} is marked; go to another one, or mark it with {mark}"));
        }
        ([], Some(here)) => (here - 1, here),
        ([], None) => {
            let (mark, only) = (model.key("mark commit"), model.key("show only"));
            return Err(format!("mark two commits with {mark}, or go to one; {only} shows the commits only"));
        }
    };
    Ok((one.min(other), one.max(other)))
}

fn can_compare(model: &Model) -> Result<(), String> {
    compared(model).map(drop)
}

fn compare(model: &mut Model) -> Vec<Effect> {
    if let Ok((from, to)) = compared(model) {
        page::open_difference(model, from, to);
    }
    Vec::new()
}

fn can_revert(model: &Model) -> Result<(), String> {
    on_commit(model)?;
    if let Some(Page::Difference(difference)) = &model.history.page
        && difference.from + 1 != difference.to
    {
        return Err("one commit is undone at a time; open it alone".to_owned());
    }
    model.free()
}

fn ask_revert(model: &mut Model) -> Vec<Effect> {
    let Some(id) = commit_meant(model) else {
        return Vec::new();
    };
    let mut about = Vec::new();
    if let Some(commit) = entries::commit(model, id) {
        about.push(format!("Commit {id} of {} by {}: {}", text::moment(commit.at), commit.who, commit.message));
    }
    about.push(format!(
        "A new commit takes back what it changed; what later commits did to other rows stays. {COMES_AGAIN}"
    ));
    model.history.reverting = Some(id);
    model.popup = Some(Popup::Form(Form {
        title: format!("revert commit {id}"),
        about,
        fields: vec![FormField::new("message", "why, for the log", format!("revert {id}"))],
        focus: 0,
        check: |_, form| form.text(0).is_empty().then(|| "a commit needs a message".to_owned()),
        submit: |model, texts| {
            let message = texts.into_iter().next().unwrap_or_default().trim().to_owned();
            let commit = model.history.reverting;
            commit.map(|commit| Effect::Do(Job::Revert { commit, message })).into_iter().collect()
        },
    }));
    Vec::new()
}

fn copy_hash(model: &mut Model) -> Vec<Effect> {
    let commit = commit_meant(model).and_then(|id| entries::commit(model, id));
    let hash = commit.map(|commit| commit.hash.clone()).unwrap_or_default();
    screens::copy(model, hash)
}
