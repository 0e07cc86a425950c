//! The commands of the pages that lie over the findings: record, suggestions, spellings, waivers, conflicts.

use super::super::findings::has_findings;
use super::super::{act, clusters, conflicts, facets, findings, preview, record, waivers};
use super::{labelled, plain};
use crate::tui::keymap::{Layer, always};

/// A row whole: its fields.
pub static RECORD_FIELDS: Layer = Layer {
    title: "fields of a row",
    commands: &[labelled(
        "follow",
        plain(
            "follow the key",
            &["enter"],
            "Goes on to the row that this field refers to.",
            record::follow_field,
            always,
        ),
    )],
};

/// A row whole: what was found.
pub static RECORD_FOUND: Layer = Layer {
    title: "findings of a row",
    commands: &[labelled(
        "field",
        plain(
            "go to the field",
            &["enter"],
            "Goes to the field that the finding is about.",
            record::go_to_found,
            always,
        ),
    )],
};

/// A row whole: its neighbours.
pub static RECORD_NEAR: Layer = Layer {
    title: "neighbours of a row",
    commands: &[labelled(
        "go on",
        plain("go on", &["enter"], "Shows this row in the same way; Esc comes back.", record::go_on, always),
    )],
};

/// A row whole.
pub static RECORD: Layer = Layer {
    title: "record",
    commands: &[
        labelled("edit", plain("edit", &["e"], "Puts another value in place of this one.", act::edit, act::can_edit)),
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
            plain("waive", &["w"], "Accepts the finding as it is, with a reason.", act::waive, record::can_waive),
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
            "next",
            plain(
                "next anomaly",
                &["] a"],
                "Shows the row of the next finding.",
                |m| findings::next(m, true),
                has_findings,
            ),
        ),
        plain(
            "previous anomaly",
            &["[ a"],
            "Shows the row of the finding before.",
            |m| findings::next(m, false),
            has_findings,
        ),
        plain(
            "copy",
            &["y"],
            "Copies the field's value, or above the fields the record as it stands in the file.",
            record::copy_line,
            always,
        ),
        plain("spellings", &["c"], "Compares all spellings of this field.", clusters::show, clusters::can_compare),
        plain(
            "accept all suggestions",
            &["S"],
            "Accepts every suggestion of what is listed behind this row, after showing what will change.",
            act::accept_all,
            act::can_accept_all,
        ),
        plain(
            "facets",
            &["F"],
            "Goes back to what is listed behind this row and counts it by severity, rule, table, field, source, status and value.",
            record::show_facets,
            facets::ready,
        ),
    ],
};

/// What accepting would change.
pub static PREVIEW: Layer = Layer {
    title: "suggestions",
    commands: &[
        labelled(
            "accept all",
            plain(
                "accept all",
                &["enter", "y"],
                "Makes all the changes that are listed.",
                preview::accept,
                preview::ready,
            ),
        ),
        labelled("leave", plain("leave", &["esc", "n"], "Leaves everything as it is.", preview::leave, always)),
    ],
};

/// What emptying a field would take away.
pub static EMPTYING: Layer = Layer {
    title: "values that go",
    commands: &[
        labelled(
            "empty all",
            plain(
                "empty all",
                &["y"],
                "Empties the field in all rows that are listed.",
                preview::accept,
                preview::ready,
            ),
        ),
        labelled("leave", plain("leave", &["esc", "n"], "Leaves everything as it is.", preview::leave, always)),
        plain(
            "neither",
            // Whoever presses it twice in the form must not have emptied many rows.
            &["enter"],
            "Changes nothing: many rows are not emptied by a key that is pressed out of habit.",
            preview::neither,
            always,
        ),
    ],
};

/// Spellings: the fields.
pub static CLUSTER_FIELDS: Layer = Layer {
    title: "text fields",
    commands: &[labelled(
        "clusters",
        plain(
            "open clusters",
            &["enter", "l", "right"],
            "Goes to the spellings of this field that are alike.",
            |m| clusters::focus(m, true),
            clusters::has_cluster,
        ),
    )],
};

/// Spellings: the clusters.
pub static CLUSTER_LIST: Layer = Layer {
    title: "clusters",
    commands: &[
        labelled(
            "spellings",
            plain(
                "open spellings",
                &["enter", "l", "right"],
                "Goes to the spellings of this cluster.",
                |m| clusters::focus(m, true),
                clusters::has_cluster,
            ),
        ),
        plain("back to fields", &["h", "left"], "Goes back to the fields.", |m| clusters::focus(m, false), always),
    ],
};

/// Spellings: those of one cluster.
pub static CLUSTER_SPELLINGS: Layer = Layer {
    title: "spellings of a cluster",
    commands: &[
        labelled(
            "choose",
            plain(
                "choose this spelling",
                &["enter"],
                "Makes this spelling the one that the others become.",
                clusters::choose,
                clusters::has_cluster,
            ),
        ),
        labelled(
            "skip",
            plain(
                "skip",
                &["space"],
                "Leaves this spelling as it is, or takes it in again.",
                clusters::skip,
                clusters::has_cluster,
            ),
        ),
        plain("back to clusters", &["h", "left"], "Goes back to the clusters.", |m| clusters::focus(m, false), always),
    ],
};

/// Spellings.
pub static CLUSTERS: Layer = Layer {
    title: "spellings",
    commands: &[
        labelled(
            "merge",
            plain(
                "merge",
                &["s"],
                "Writes all spellings of this cluster as one, here and in later exports.",
                clusters::merge,
                clusters::can_merge,
            ),
        ),
        labelled(
            "merge all",
            plain(
                "merge all",
                &["S"],
                "Merges every cluster of this field, after a question.",
                clusters::merge_all,
                clusters::can_merge_all,
            ),
        ),
        labelled(
            "another",
            plain(
                "another spelling",
                &["e"],
                "Types the spelling that all of them become.",
                clusters::respell,
                clusters::has_cluster,
            ),
        ),
        labelled(
            "rows",
            plain(
                "rows of the spelling",
                &["o"],
                "Shows in Tables the rows with this spelling, with any spelling of this cluster, or with a value in this field.",
                clusters::rows,
                clusters::has_field,
            ),
        ),
        labelled(
            "how near",
            plain(
                "how near",
                &["m"],
                "Lets spellings differ by a letter, by spaces, or by capitals, accents and order only.",
                clusters::next_most,
                clusters::has_field,
            ),
        ),
        plain("copy", &["y"], "Copies the spelling to the clipboard.", clusters::copy_spelling, clusters::has_cluster),
        plain(
            "search",
            &["/"],
            "Goes to the next field with a text in its name, or to the next cluster with a spelling that contains it.",
            clusters::search,
            clusters::can_search,
        ),
        plain(
            "next match",
            &["n"],
            "Goes to the next match of the search.",
            |m| clusters::find(m, false),
            clusters::searched,
        ),
        plain("previous match", &["N"], "Goes to the match before.", |m| clusters::find(m, true), clusters::searched),
    ],
};

/// The waivers.
pub static WAIVERS: Layer = Layer {
    title: "waivers",
    commands: &[
        labelled(
            "findings",
            plain(
                "what it covers",
                &["enter"],
                "Lists the findings that this waiver covers.",
                waivers::list,
                waivers::can_list,
            ),
        ),
        labelled(
            "revoke",
            plain(
                "revoke",
                &["x"],
                "Takes the waiver back, so that what it covers asks again. Undo brings it back.",
                waivers::revoke,
                waivers::can_revoke,
            ),
        ),
        plain(
            "search",
            &["/"],
            "Goes to the next waiver with a text in its rule, place, row, state, day, person or reason.",
            waivers::search,
            waivers::can_search,
        ),
        plain(
            "next match",
            &["n"],
            "Goes to the next match of the search.",
            |m| waivers::find(m, false),
            waivers::searched,
        ),
        plain("previous match", &["N"], "Goes to the match before.", |m| waivers::find(m, true), waivers::searched),
    ],
};

/// The conflicts.
pub static CONFLICTS: Layer = Layer {
    title: "conflicts",
    commands: &[
        labelled(
            "keep mine",
            plain(
                "keep mine",
                &["m"],
                "Decides the same again about the value that is there now; of all that are marked, after a question.",
                conflicts::keep,
                conflicts::can_keep,
            ),
        ),
        labelled(
            "take new",
            plain(
                "take new",
                &["t"],
                "Lets the source's new value stand and gives the decision up; of all that are marked, after a question. Undo brings it back.",
                conflicts::take,
                conflicts::can_take,
            ),
        ),
        labelled(
            "open",
            plain("open the record", &["enter", "o"], "Shows the row whole.", conflicts::open_row, conflicts::can_open),
        ),
        labelled(
            "mark",
            plain(
                "mark",
                &["space"],
                "Marks the conflict, so that what is chosen next holds for all that are marked.",
                conflicts::mark,
                conflicts::has_conflict,
            ),
        ),
        labelled(
            "all like this",
            plain(
                "mark all like this",
                &["="],
                "Marks every conflict in the same field for the same reason, or none of them any more.",
                conflicts::mark_alike,
                conflicts::has_conflict,
            ),
        ),
        plain(
            "mark a range",
            &["v"],
            "Begins a range at the cursor; move, then choose: it holds for all of it.",
            conflicts::range,
            conflicts::has_conflict,
        ),
        plain(
            "mark everything listed",
            &["%"],
            "Marks everything that is listed, or nothing any more.",
            conflicts::mark_all,
            conflicts::has_conflict,
        ),
    ],
};
