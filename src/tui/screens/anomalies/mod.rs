//! Anomalies (3): what is wrong, by rule or by any other facet; the findings; and the story of the row that one is about.
//!
//! Neighbours: `findings` is what one sees first, with `tree` and `facets` at its left; `record`, `preview`, `clusters`,
//! `waivers` and `conflicts` are pages that lie over it. `act` decides, `forms` asks what, `keys` has every command.

mod act;
mod chips;
mod clusters;
mod conflicts;
mod doors;
mod facets;
mod findings;
mod forms;
mod keys;
mod leave;
mod listed;
mod preview;
mod record;
mod story;
mod tree;
mod view;
mod waivers;

use std::collections::HashMap;

use indexmap::IndexMap;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Region, Screen};
use crate::model::{Anomaly, AnomalyFilter, AnomalyOrder, RowStory};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Answer, Effect};
use crate::tui::keymap::Layer;
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::window::Window;

pub use act::{asks_again, decided, settle_decided};
pub use clusters::leave_off;
pub use doors::{show_conflicts, show_record, show_rows, show_rule, show_severity};
pub use findings::show_table;
pub use forms::{objection, shape};
pub use leave::{failed, take as take_referring};
pub use record::finding_in;

/// What a finding is told apart by: rule, table, row, field.
pub type FindingId = (String, String, String, String);

/// What tells this finding from all others.
pub fn id_of(anomaly: &Anomaly) -> FindingId {
    (anomaly.rule.clone(), anomaly.table.clone(), anomaly.row.clone(), anomaly.field.clone())
}

/// What fills the screen: the findings, or a page over them. The same questions as of a [`Screen`].
struct Page {
    panes: usize,
    focus: fn(&mut Model) -> &mut usize,
    regions: fn(&Model, Rect) -> Vec<Region>,
    reel: fn(&mut Model, usize) -> Option<Reel<'_>>,
    needs: fn(&mut Model) -> Vec<Effect>,
    answer: fn(&mut Model, &Answer),
    back: fn(&mut Model) -> bool,
    layers: fn(&Model) -> Vec<&'static Layer>,
    view: fn(&Model, Rect, &mut Buffer),
}

/// What the screen shows.
#[derive(Default)]
pub struct State {
    /// What lies over the findings, the topmost last.
    pages: Vec<&'static Page>,
    focus: usize,
    tree: tree::State,
    facets: facets::State,
    record: record::State,
    preview: preview::State,
    clusters: clusters::State,
    waivers: waivers::State,
    conflicts: conflicts::State,
    /// Which findings are listed, by the tree.
    scope: tree::Scope,
    /// What narrows them down further, all together.
    chips: Vec<chips::Chip>,
    order: AnomalyOrder,
    /// The money at stake in what is listed, and what it was asked for.
    stake: Option<f64>,
    stake_asked: Option<(u64, AnomalyFilter)>,
    list: Cursor,
    window: Window<Anomaly>,
    /// What was asked for last: under which epoch, which filter, from where.
    asked: Option<(u64, AnomalyFilter, u64)>,
    /// The filter whose findings the window holds.
    held: Option<AnomalyFilter>,
    story: Option<Box<RowStory>>,
    story_asked: Option<(u64, String, String)>,
    story_cursor: Cursor,
    marks: IndexMap<FindingId, Anomaly>,
    /// Whether everything that is listed is marked.
    all_marked: bool,
    /// Where a range began.
    range: Option<u64>,
    search: Option<String>,
    /// Where the cursor was when what was searched for was not found: the next key that opens must not open that.
    missed: Option<u64>,
    /// What was decided since the last check.
    decided: HashMap<FindingId, act::Mark>,
    /// The same, for all findings of a filter.
    decided_all: Vec<(AnomalyFilter, act::Mark)>,
    /// Whether the next findings that come know of those decisions.
    settled: bool,
    /// What the form or question that is open acts on.
    targets: act::Targets,
    /// What the form was about that was sent last.
    sent: act::Targets,
    /// The finding whose row is left out once it is known what refers to it.
    leaving: Option<Anomaly>,
    /// What is to be done with the findings that were asked for.
    collecting: Option<act::Purpose>,
    /// What decisions on their way to the disk are about.
    tickets: HashMap<u64, act::About>,
    /// What was seen when a door led here.
    entered: Option<Entered>,
}

/// What was listed when a door of another screen led here.
#[derive(Clone)]
struct Entered {
    pages: usize,
    chips: Vec<chips::Chip>,
    facets: bool,
}

impl Entered {
    /// Whether the same findings are listed, nothing lies over them and nothing is marked: then there is nothing to leave
    /// but the screen.
    fn is_as_it_was(&self, model: &Model) -> bool {
        let state = &model.anomalies;
        self.pages == 0
            && state.pages.is_empty()
            && state.chips == self.chips
            && state.facets.shown == self.facets
            && state.focus != findings::STORY
            && !act::selecting(model)
    }
}

/// A door of another screen led here.
pub fn entered(model: &mut Model) {
    let state = &mut model.anomalies;
    state.entered = Some(Entered { pages: state.pages.len(), chips: state.chips.clone(), facets: state.facets.shown });
}

/// Asks for another value of a cell, from wherever it is seen.
pub fn edit_cell(model: &mut Model, target: Anomaly) {
    match act::decision(model, &target) {
        Some(_) => {
            let undo = model.key("undo");
            model.say(Tone::Refused, format!("this is decided already; {undo} takes it back"));
        }
        None => forms::edit(model, act::Targets::These(vec![target])),
    }
}

/// The screen.
pub static SCREEN: Screen = Screen {
    number: "3",
    title: "Anomalies",
    panes: |model| page(model).panes,
    focus: |model| (page(model).focus)(model),
    regions: |model, area| (page(model).regions)(model, area),
    reel: |model, pane| (page(model).reel)(model, pane),
    needs: |model| {
        let mut effects = (findings::PAGE.needs)(model);
        if !is_open(model, &findings::PAGE) {
            effects.extend((page(model).needs)(model));
        }
        effects
    },
    answer: |model, answer| {
        for page in PAGES {
            (page.answer)(model, answer);
        }
    },
    back: |model| {
        let entered = model.anomalies.entered.clone().filter(|_| super::is_behind_a_door(model));
        if entered.is_some_and(|entered| entered.is_as_it_was(model)) {
            return false;
        }
        let left = (page(model).back)(model);
        if left {
            return true;
        }
        // A page that has nothing more to leave is left itself; one that a door led to, through the door.
        let door = model.anomalies.entered.clone().filter(|_| super::is_behind_a_door(model));
        let is_behind = door.is_some_and(|entered| entered.pages > 0 && entered.pages == model.anomalies.pages.len());
        model.anomalies.pages.pop().is_some() && !is_behind
    },
    layers: |model| (page(model).layers)(model),
    all_layers: keys::ALL,
    view: |model, area, buffer| (page(model).view)(model, area, buffer),
};

static PAGES: [&Page; 6] =
    [&findings::PAGE, &record::PAGE, &preview::PAGE, &clusters::PAGE, &waivers::PAGE, &conflicts::PAGE];

/// The page that is seen.
fn page(model: &Model) -> &'static Page {
    model.anomalies.pages.last().copied().unwrap_or(&findings::PAGE)
}

/// Whether a page lies over the findings.
pub fn is_covered(model: &Model) -> bool {
    !model.anomalies.pages.is_empty()
}

fn is_open(model: &Model, wanted: &'static Page) -> bool {
    std::ptr::eq(page(model), wanted)
}

/// Lays a page over what is seen; one that is open already is not laid over itself.
fn open(model: &mut Model, wanted: &'static Page) {
    if !is_open(model, wanted) {
        model.anomalies.pages.push(wanted);
    }
}

/// Takes the topmost page away.
fn close(model: &mut Model) {
    model.anomalies.pages.pop();
}

/// How many lines of a pane's list are seen at once on a page, whether it is the topmost or not.
fn lines_seen(model: &Model, page: &Page, pane: usize) -> u64 {
    super::lines_seen(model, page.regions, pane)
}

/// Asks for a window of a list if what is seen of it is not at hand: `asked` is what was asked for last and is put down
/// anew, `wanted` is what the list is of. Returns the offset and the number of rows to ask for.
fn fetch<K: PartialEq + Clone, T>(
    asked: &mut Option<(K, u64)>,
    wanted: &K,
    window: &mut Window<T>,
    cursor: &mut Cursor,
    height: u64,
    same_list: impl Fn(&K, &K) -> bool,
) -> Option<(u64, u64)> {
    let same = asked.as_ref().is_some_and(|(of, _)| same_list(of, wanted));
    if !same {
        (*window, *cursor) = (Window::default(), Cursor::default());
    }
    let seen = cursor.top..cursor.top + height;
    let (offset, limit) = Window::<()>::around(&seen);
    let fresh = asked.as_ref().is_some_and(|(of, _)| of == wanted);
    let on_its_way = fresh && asked.as_ref().is_some_and(|(_, at)| *at == offset);
    let at_hand = fresh && window.total.is_some() && window.holds(&seen);
    if on_its_way || at_hand {
        return None;
    }
    *asked = Some((wanted.clone(), offset));
    Some((offset, limit))
}
