//! Every command of the screen: what its keys, footer, help and palette are made of. Here those of the findings; `pages`
//! has those of the pages that lie over them.

mod pages;

pub use pages::*;

use super::findings::{focus, has_finding, has_findings};
use super::{act, chips, clusters, conflicts, facets, findings, record, tree, waivers};
use crate::tui::effects::Effect;
use crate::tui::keymap::{Command, Layer, always};
use crate::tui::model::Model;

/// All layers, for the tests and the documentation.
pub static ALL: &[&Layer] = &[
    &TREE,
    &FACETS,
    &LIST,
    &KEYS,
    &RECORD_FIELDS,
    &RECORD_FOUND,
    &RECORD_NEAR,
    &RECORD,
    &PREVIEW,
    &EMPTYING,
    &CLUSTER_FIELDS,
    &CLUSTER_LIST,
    &CLUSTER_SPELLINGS,
    &CLUSTERS,
    &WAIVERS,
    &CONFLICTS,
];

/// A command without a word in the footer.
const fn plain(
    name: &'static str,
    keys: &'static [&'static str],
    help: &'static str,
    run: fn(&mut Model) -> Vec<Effect>,
    ready: fn(&Model) -> Result<(), String>,
) -> Command {
    Command { name, keys, label: "", help, run, ready }
}

/// The same with one.
const fn labelled(label: &'static str, command: Command) -> Command {
    Command { label, ..command }
}

/// The rules.
pub static TREE: Layer = Layer {
    title: "rules",
    commands: &[
        labelled(
            "open",
            plain(
                "open findings",
                &["enter", "l", "right"],
                "Goes to the findings of this rule.",
                |m| focus(m, findings::LIST),
                has_findings,
            ),
        ),
        labelled(
            "fold",
            plain("fold", &["space", "h", "left"], "Folds or unfolds a severity.", tree::fold, has_findings),
        ),
    ],
};

/// The facets.
pub static FACETS: Layer = Layer {
    title: "facets",
    commands: &[
        labelled(
            "open",
            plain(
                "open findings",
                &["enter"],
                "Goes to the findings behind this count, which becomes a filter.",
                facets::open,
                has_findings,
            ),
        ),
        labelled(
            "filter",
            plain(
                "filter by this",
                &["space"],
                "Makes this a filter beside the others, or no filter any more; folds a facet.",
                facets::toggle,
                has_findings,
            ),
        ),
        plain("go to findings", &["l", "right"], "Goes to the findings.", |m| focus(m, findings::LIST), has_findings),
    ],
};

/// The findings.
pub static LIST: Layer = Layer {
    title: "findings",
    commands: &[
        labelled(
            "record",
            plain(
                "open the record",
                &["enter", "o"],
                "Shows the row whole: all fields, all findings, the rows that its keys lead to.",
                record::show_current,
                has_finding,
            ),
        ),
        labelled(
            "edit",
            plain("edit", &["e"], "Puts another value in place of the one that was found.", act::edit, act::can_edit),
        ),
        labelled(
            "accept",
            plain(
                "accept suggestion",
                &["s"],
                "Puts the suggested value in place of the one that was found.",
                act::accept,
                act::can_accept,
            ),
        ),
        labelled(
            "waive",
            plain("waive", &["w"], "Accepts the finding as it is, with a reason.", act::waive, act::can_waive),
        ),
        labelled(
            "exclude",
            plain(
                "exclude row",
                &["x"],
                "Leaves the row out of the commit. Undo takes that back.",
                act::exclude,
                act::can_decide,
            ),
        ),
        labelled(
            "mark",
            plain(
                "mark",
                &["space"],
                "Marks the finding, so that what is decided next is decided for all that are marked.",
                act::mark,
                has_finding,
            ),
        ),
        plain(
            "mark a range",
            &["v"],
            "Begins a range at the cursor; move, then decide: it holds for all of it.",
            act::range,
            has_finding,
        ),
        plain(
            "story of the row",
            &["l", "right"],
            "Goes to the story of the row.",
            |m| focus(m, findings::STORY),
            has_finding,
        ),
        plain("leave pane", &["h", "left"], "Goes back to the pane before.", findings::leave_pane, always),
        plain("copy cell", &["y"], "Copies the value to the clipboard.", act::copy_cell, has_finding),
        plain(
            "copy row",
            &["Y"],
            "Copies rule, row, field, value and message to the clipboard.",
            act::copy_row,
            has_finding,
        ),
    ],
};

/// What works in every pane.
pub static KEYS: Layer = Layer {
    title: "anomalies",
    commands: &[
        labelled(
            "accept all",
            plain(
                "accept all suggestions",
                &["S"],
                "Accepts every suggestion of what is listed, after showing what will change.",
                act::accept_all,
                act::can_accept_all,
            ),
        ),
        plain(
            "set many",
            &["E"],
            "Gives everything that is marked the same value, or without marks everything that is listed.",
            act::edit_all,
            act::can_edit_all,
        ),
        plain(
            "mark everything listed",
            &["%"],
            "Marks everything that is listed, however long the list is, or nothing any more.",
            act::mark_all,
            has_finding,
        ),
        labelled(
            "facets",
            plain(
                "facets",
                &["F"],
                "Counts what is listed by severity, rule, table, field, source, status and value; again shows the rules.",
                facets::switch,
                facets::ready,
            ),
        ),
        plain(
            "spellings",
            &["c"],
            "Compares all spellings of a text field and merges those that are the same thing.",
            clusters::show,
            always,
        ),
        plain(
            "waivers",
            &["W"],
            "Lists the waivers with their reasons, last days and what they still cover.",
            waivers::show,
            always,
        ),
        plain(
            "conflicts",
            &["C"],
            "Lists the decisions that were not applied because the data has moved on.",
            conflicts::show,
            conflicts::ready,
        ),
        labelled(
            "next",
            plain(
                "next anomaly",
                &["] a"],
                "Goes to the next finding; after the last, to the next rule.",
                |m| findings::next(m, true),
                has_findings,
            ),
        ),
        plain(
            "previous anomaly",
            &["[ a"],
            "Goes to the finding before; at the first, to the rule before.",
            |m| findings::next(m, false),
            has_findings,
        ),
        labelled(
            "filter",
            plain(
                "filter",
                &["&"],
                "Adds a filter: only findings that contain a text in rule, table, row, field, value, message or suggestion.",
                chips::add_text,
                has_findings,
            ),
        ),
        plain(
            "sort by money",
            &["$"],
            "Lists what hangs on the most money first, and the rules and facets too; again the worst first.",
            chips::next_order,
            chips::has_stake,
        ),
        plain(
            "remove filter",
            &["backspace"],
            "Takes the last filter off; in the facets space takes any off.",
            chips::remove_last,
            chips::has_chips,
        ),
        plain("open or waived", &["t"], "Lists open findings, waived ones, or both.", chips::next_status, has_findings),
        plain(
            "search",
            &["/"],
            "Goes to the next finding, or rule, that contains a text.",
            findings::search,
            has_findings,
        ),
        plain(
            "next match",
            &["n"],
            "Goes to the next match of the search.",
            |m| findings::find(m, false),
            findings::searched,
        ),
        plain("previous match", &["N"], "Goes to the match before.", |m| findings::find(m, true), findings::searched),
    ],
};
