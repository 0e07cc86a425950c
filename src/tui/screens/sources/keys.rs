//! The keys of the screen.

use super::{DETAIL, NEXT, SOURCES, TABLES, can_load, chosen, detail, load, manage, next, tables, trial};
use crate::tui::effects::Effect;
use crate::tui::keymap::{Command, Layer, always};
use crate::tui::model::Model;
use crate::tui::widgets::empty::{self, Stage};

/// The layers that are on.
pub fn layers(model: &Model) -> Vec<&'static Layer> {
    if model.sources.focus == TABLES { vec![&FIGURES, &KEYS] } else { vec![&KEYS] }
}

/// All layers of the screen.
pub static ALL: &[&Layer] = &[&KEYS, &FIGURES];

static KEYS: Layer = Layer {
    title: "sources",
    commands: &[
        Command {
            name: "open",
            keys: &["enter"],
            label: "open",
            help: "On a source: its loads, their totals and the log of the last one. On a figure: the rows that it counts. On a step: goes there or does it.",
            run: enter,
            ready: can_enter,
        },
        Command {
            name: "load",
            keys: &["l"],
            label: "load",
            help: "Loads the chosen source, then checks.",
            run: |m| load(m, false),
            ready: can_load,
        },
        Command {
            name: "load all",
            keys: &["L"],
            label: "load all",
            help: "Loads every source, then checks.",
            run: |m| load(m, true),
            ready: can_load,
        },
        Command {
            name: "what to do next",
            keys: &["n"],
            label: "next",
            help: "Goes to what to do next, what helps most first.",
            run: |m| go(m, NEXT),
            ready: on_any,
        },
        Command {
            name: "next pane",
            keys: &["tab"],
            label: "",
            help: "Goes to the next pane of this screen.",
            run: |m| turn(m, true),
            ready: on_any,
        },
        Command {
            name: "previous pane",
            keys: &["S-tab"],
            label: "",
            help: "Goes to the pane before.",
            run: |m| turn(m, false),
            ready: on_any,
        },
        Command {
            name: "add source",
            keys: &["a"],
            label: "add",
            help: "Adds a source: its kind, then a form with the options of its connector.",
            run: manage::add,
            ready: Model::free,
        },
        Command {
            name: "edit source",
            keys: &["e"],
            label: "edit",
            help: "Changes the options of the chosen source.",
            run: manage::edit,
            ready: manage::can_change,
        },
        Command {
            name: "test source",
            keys: &["t"],
            label: "test",
            help: "Tries the way to the chosen source, without loading, and says step by step what holds; Esc stops it.",
            run: trial::begin,
            ready: manage::on_source,
        },
        Command {
            name: "remove source",
            keys: &["X"],
            label: "",
            help: "Takes the chosen source out of tastevin.toml, after a question.",
            run: manage::remove,
            ready: manage::can_change,
        },
    ],
};

static FIGURES: Layer = Layer {
    title: "figures",
    commands: &[
        Command {
            name: "figure to the right",
            keys: &["right", "w"],
            label: "",
            help: "Goes to the next figure of the table.",
            run: |m| tables::step(m, true),
            ready: always,
        },
        Command {
            name: "figure to the left",
            keys: &["left", "b"],
            label: "",
            help: "Goes to the figure before.",
            run: |m| tables::step(m, false),
            ready: always,
        },
    ],
};

fn on_any(model: &Model) -> Result<(), String> {
    empty::reached(model, Stage::Source)
}

fn go(model: &mut Model, pane: usize) -> Vec<Effect> {
    model.sources.focus = pane;
    Vec::new()
}

/// Goes round the panes that are seen together; what is known of a source is one of them on a wide screen only, and else
/// lies over all of them.
fn turn(model: &mut Model, forward: bool) -> Vec<Effect> {
    let beside = super::is_wide(model.body());
    let panes = if beside { DETAIL + 1 } else { DETAIL };
    let focus = &mut model.sources.focus;
    *focus = match *focus {
        DETAIL if !beside => SOURCES,
        focus if forward => (focus + 1) % panes,
        focus => (focus + panes - 1) % panes,
    };
    Vec::new()
}

fn can_enter(model: &Model) -> Result<(), String> {
    on_any(model)?;
    match model.sources.focus {
        TABLES => tables::can_open(model),
        NEXT => next::can_go(model),
        DETAIL => detail::can_open(model),
        _ => chosen(model).map(drop).ok_or_else(|| "the workspace is still being read".to_owned()),
    }
}

fn enter(model: &mut Model) -> Vec<Effect> {
    match model.sources.focus {
        SOURCES => go(model, DETAIL),
        TABLES => tables::open(model),
        NEXT => next::go(model),
        _ => detail::open(model),
    }
}
