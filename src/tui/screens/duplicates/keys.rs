//! The keys of the screen, each with what it does and when. Neighbour: [`super::act`], which does it.

use super::{ROWS, act};
use crate::tui::keymap::{Command, Layer, always};

pub(super) static KEYS: Layer = Layer {
    title: "duplicates",
    commands: &[
        Command {
            name: "merge",
            keys: &["m"],
            label: "merge",
            help: "Makes the rows one after a question: the one marked ★ stays with the values marked ●, what referred to the others refers to it.",
            run: act::ask_merge,
            ready: act::can_merge,
        },
        Command {
            name: "not a duplicate",
            keys: &["D"],
            label: "different",
            help: "Remembers after a question that these are different things; they are shown again only when another row joins them.",
            run: act::ask_apart,
            ready: act::can_keep_apart,
        },
        Command {
            name: "all fields",
            keys: &["a"],
            label: "all fields",
            help: "Shows the fields in which the rows do not differ too, or hides them.",
            run: act::toggle_fields,
            ready: act::has_rows,
        },
        Command {
            name: "search",
            keys: &["/"],
            label: "",
            help: "Goes to the next group that has a text in its table, its rule or what its rows share.",
            run: act::search,
            ready: act::has_groups,
        },
        Command {
            name: "next match",
            keys: &["n"],
            label: "",
            help: "Goes to the next match of the search.",
            run: |model| act::find(model, false),
            ready: act::searched,
        },
        Command {
            name: "previous match",
            keys: &["N"],
            label: "",
            help: "Goes to the match before.",
            run: |model| act::find(model, true),
            ready: act::searched,
        },
        Command {
            name: "next group",
            keys: &["] d"],
            label: "",
            help: "Goes to the next group.",
            run: |model| act::step(model, 1),
            ready: act::has_groups,
        },
        Command {
            name: "previous group",
            keys: &["[ d"],
            label: "",
            help: "Goes to the group before.",
            run: |model| act::step(model, -1),
            ready: act::has_groups,
        },
    ],
};

pub(super) static GROUP_KEYS: Layer = Layer {
    title: "groups",
    commands: &[Command {
        name: "open group",
        keys: &["enter", "l", "right"],
        label: "open",
        help: "Goes to the rows of the group.",
        run: |model| {
            model.duplicates.focus = ROWS;
            Vec::new()
        },
        ready: act::has_rows,
    }],
};

pub(super) static ROW_KEYS: Layer = Layer {
    title: "rows side by side",
    commands: &[
        Command {
            name: "take this value",
            keys: &["enter", "space"],
            label: "take value",
            help: "The row that stays takes this field's value from the row under the cursor.",
            run: act::take,
            ready: act::can_take,
        },
        Command {
            name: "let this row stay",
            keys: &["o"],
            label: "keep row",
            help: "Of these rows the one under the cursor stays, with its own values.",
            run: act::stay,
            ready: act::has_rows,
        },
        Command {
            name: "leave this row out",
            keys: &["X"],
            label: "exclude",
            help: "The row under the cursor is neither checked nor committed, and nothing is moved to another row; asks first.",
            run: act::ask_exclude,
            ready: act::can_decide,
        },
        Command {
            name: "row to the right",
            keys: &["l", "right"],
            label: "",
            help: "Goes to the next row.",
            run: |model| act::turn(model, true),
            ready: act::has_rows,
        },
        Command {
            name: "row to the left",
            keys: &["h", "left"],
            label: "",
            help: "Goes to the row before; from the first, to the groups.",
            run: |model| act::turn(model, false),
            ready: always,
        },
        Command {
            name: "copy value",
            keys: &["y"],
            label: "copy",
            help: "Copies the value under the cursor.",
            run: act::copy,
            ready: act::has_rows,
        },
    ],
};
