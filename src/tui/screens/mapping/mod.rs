//! Mapping (2): how the columns of the sources land in the canonical tables, why, and what comes out.
//!
//! Nothing here changes the workspace but saving: edits are made to a draft of the mapping file, with undo of its own.
//! [`keys`] has the keys, [`pairs`] says what stands beside what, [`join`], [`accept`], [`steps`] and [`act`] edit, [`ask`] asks
//! what is to be known, [`view`] and [`detail`] draw.

mod accept;
mod act;
mod ask;
mod detail;
mod join;
mod keys;
mod leave;
mod pairs;
mod places;
mod save;
mod steps;
mod view;

use std::sync::Arc;

use indexmap::IndexMap;
use ratatui::layout::{Constraint, Direction, Rect};

use super::{Region, Screen, lines_seen};
use crate::error::Error;
use crate::model::{
    Drift, Edit, EntityProfile, EntityProposal, FieldMapping, Mapping, MappingDraft, PreviewRow, Proposal, Suggestion,
    Table,
};
use crate::tui::cursor::{Cursor, Reel};
use crate::tui::effects::{Effect, Job};
use crate::tui::keymap::Layer;
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::widgets::empty;
use crate::tui::widgets::pane::{below, inner, split};
use crate::tui::window::Window;
use keys::{KEYS, ZOOMED};
pub use leave::{asks_before, asks_before_end};
use pairs::{Link, Pair};
use places::Place;
pub use places::show;
pub use save::vetted;

/// The columns of the source.
const COLUMNS: usize = 0;
/// The canonical fields beside them.
const FIELDS: usize = 1;
/// What is done to the text.
const STEPS: usize = 2;
/// Why a column belongs to a field.
const EVIDENCE: usize = 3;
/// What comes out.
const PREVIEW: usize = 4;
/// How many panes there are.
const PANES: usize = 5;

/// Screens at least this wide have the details at the right of the pairs.
const WIDE: u16 = 110;
/// Below this width only one of the two lists has room.
const APART: u16 = 56;
/// Screens at least this high have room for pairs and details.
const HIGH: u16 = 13;

/// What the screen shows.
pub struct State {
    focus: usize,
    /// The cursor in the pairs, which columns and fields share.
    pairs: Cursor,
    /// The cursors of the steps, the evidence and the preview.
    steps: Cursor,
    evidence: Cursor,
    preview: Cursor,
    place: Option<Place>,
    /// What is known of each source.
    sources: IndexMap<String, Source>,
    /// The drafts, by the names of their mappings; two sources can share one.
    drafts: IndexMap<String, MappingDraft>,
    /// From which score on suggestions are accepted together, in percent.
    least: u8,
    /// Only columns and fields with this text in their names are shown.
    filter: Option<String>,
    /// Whether the preview has the whole screen.
    zoomed: bool,
    /// The transform whose arguments are being filled in.
    editing: Option<steps::Editing>,
    /// The rows of the preview, or why there are none.
    shown: Shown,
    preview_asked: Option<(PreviewOf, u64)>,
    /// The source of which the draft was asked for last, and the epoch.
    asking: Option<(String, u64)>,
    /// The source and the entity that was to be profiled last, and the epoch.
    profiling: Option<(String, String, u64)>,
    /// What suggestions were asked for last.
    proposing: Option<ProposalOf>,
    /// The mappings that are to be saved once it is known what is wrong with them, and where the user goes then.
    vetting: Option<save::Vetting>,
    /// How many mappings are on their way to the disk.
    saving: usize,
    /// How many edits that are not saved the user wants to keep for later.
    kept: Option<usize>,
    /// Where the user goes once the mappings are saved.
    leaving: Option<leave::Way>,
}

impl Default for State {
    fn default() -> State {
        State {
            focus: COLUMNS,
            pairs: Cursor::default(),
            steps: Cursor::default(),
            evidence: Cursor::default(),
            preview: Cursor::default(),
            place: None,
            sources: IndexMap::new(),
            drafts: IndexMap::new(),
            least: 90,
            filter: None,
            zoomed: false,
            editing: None,
            shown: Shown::default(),
            preview_asked: None,
            asking: None,
            profiling: None,
            proposing: None,
            vetting: None,
            saving: 0,
            kept: None,
            leaving: None,
        }
    }
}

/// What is known of a source.
#[derive(Default)]
struct Source {
    /// The name of its mapping.
    mapping: String,
    /// The entities that are staged.
    staged: Vec<String>,
    /// What their columns hold, as far as that is known, with the epoch of which it is.
    profiles: IndexMap<String, (u64, Option<Arc<EntityProfile>>)>,
    drift: Vec<Drift>,
    proposal: Option<Proposal>,
    /// Why its mapping cannot be shown.
    failure: Option<Told>,
    /// The epoch of which the draft is.
    known_at: Option<u64>,
    /// What the suggestions are of.
    proposed_for: Option<ProposalOf>,
}

/// What suggestions are of: the epoch, the source, the mapping as it was then.
type ProposalOf = (u64, String, Mapping);

/// A mapping that was opened to be edited, and what is known of its source at once.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// The mapping.
    pub draft: Box<MappingDraft>,
    /// How the columns of the source's entities have changed.
    pub drift: Vec<Drift>,
    /// The entities that are staged.
    pub staged: Vec<String>,
}

/// An error as it is shown in a pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What is wrong, and where.
    pub what: String,
    /// What to do next.
    pub hints: Vec<String>,
}

impl From<&Error> for Told {
    fn from(error: &Error) -> Told {
        Told { what: error.to_string(), hints: error.hints().to_vec() }
    }
}

/// What a preview is of. Two that are equal show the same rows.
#[derive(Debug, Clone, PartialEq)]
struct PreviewOf {
    epoch: u64,
    source: String,
    table: String,
    field: String,
    entity: String,
    filter: Option<String>,
    feed: FieldMapping,
}

#[derive(Default)]
struct Shown {
    /// What the rows are of.
    of: Option<PreviewOf>,
    window: Window<PreviewRow>,
    columns: Vec<String>,
    failed: u64,
    /// Rows with a value that the field does not allow, and the most frequent of these values.
    strays: u64,
    stray_values: Vec<String>,
    empty: u64,
    failure: Option<Told>,
}

/// The screen.
pub static SCREEN: Screen = Screen {
    number: "2",
    title: "Mapping",
    panes: |model| if model.mapping.zoomed { 1 } else { PANES },
    focus: |model| &mut model.mapping.focus,
    regions,
    reel,
    needs: ask::needs,
    answer: ask::answer,
    back,
    layers,
    all_layers: &[&KEYS, &steps::KEYS, &ZOOMED],
    view: view::view,
};

fn layers(model: &Model) -> Vec<&'static Layer> {
    match (model.mapping.zoomed, model.mapping.focus) {
        (true, _) => vec![&ZOOMED, &KEYS],
        (false, STEPS) => vec![&steps::KEYS, &KEYS],
        _ => vec![&KEYS],
    }
}

/// Where the panes are. What has no room is left out, but never the pane that has the keys.
fn regions(model: &Model, area: Rect) -> Vec<Region> {
    let region = |pane, frame: Rect, head| Region { pane, frame, body: below(inner(frame), head) };
    let focus = model.mapping.focus;
    if model.mapping.zoomed {
        return vec![region(PREVIEW, area, 1)];
    }
    let head = 1 + u16::from(pairs::banner(model).is_some());
    let both = |area: Rect| {
        if area.width < APART {
            return vec![region(if focus == FIELDS { FIELDS } else { COLUMNS }, area, head)];
        }
        let left = area.width * 29 / 50;
        let [columns, fields] = split(area, Direction::Horizontal, [Constraint::Length(left), Constraint::Fill(1)]);
        vec![region(COLUMNS, columns, head), region(FIELDS, fields, head)]
    };
    if area.height < HIGH {
        return if focus <= FIELDS { both(area) } else { vec![region(focus, area, u16::from(focus == PREVIEW))] };
    }
    if area.width < WIDE {
        let low = (area.height * 2 / 5).max(6);
        let [top, bottom] = split(area, Direction::Vertical, [Constraint::Fill(1), Constraint::Length(low)]);
        let [detail, preview] = split(bottom, Direction::Horizontal, [Constraint::Percentage(50), Constraint::Fill(1)]);
        let pane = match focus {
            STEPS | EVIDENCE => focus,
            _ if detail::steps(model).is_empty() => EVIDENCE,
            _ => STEPS,
        };
        let mut all = both(top);
        all.extend([region(pane, detail, 0), region(PREVIEW, preview, 1)]);
        return all;
    }
    let right = (area.width * 8 / 25).clamp(38, 64);
    let [lists, right] = split(area, Direction::Horizontal, [Constraint::Fill(1), Constraint::Length(right)]);
    let steps = (detail::steps(model).len() as u16 + 2).clamp(3, (area.height / 4).max(3));
    let parts = [Constraint::Length(steps), Constraint::Fill(1), Constraint::Length(area.height * 2 / 5)];
    let [steps, evidence, preview] = split(right, Direction::Vertical, parts);
    let mut all = both(lists);
    all.extend([region(STEPS, steps, 0), region(EVIDENCE, evidence, 0), region(PREVIEW, preview, 1)]);
    all
}

fn reel(model: &mut Model, pane: usize) -> Option<Reel<'_>> {
    let pane = if model.mapping.zoomed { PREVIEW } else { pane };
    let height = lines_seen(model, regions, pane);
    let total = match pane {
        COLUMNS | FIELDS => pairs::pairs(model).len() as u64,
        STEPS => detail::steps(model).len() as u64,
        EVIDENCE => detail::evidence_length(model),
        _ => model.mapping.shown.window.len(),
    };
    let state = &mut model.mapping;
    let cursor = match pane {
        COLUMNS | FIELDS => &mut state.pairs,
        STEPS => &mut state.steps,
        EVIDENCE => &mut state.evidence,
        _ => &mut state.preview,
    };
    Some(Reel { cursor, total, height })
}

/// What is known of the source that is shown.
fn source(model: &Model) -> Option<&Source> {
    model.mapping.sources.get(&model.mapping.place.as_ref()?.source)
}

/// The draft of the mapping that is shown.
fn draft(model: &Model) -> Option<&MappingDraft> {
    model.mapping.drafts.get(&source(model)?.mapping)
}

/// The canonical table that is shown.
fn table(model: &Model) -> Option<(&str, &Table)> {
    let name = model.mapping.place.as_ref()?.table.as_ref()?;
    model.about.schema.tables.get_key_value(name).map(|(name, table)| (name.as_str(), table))
}

/// What the columns of the entity hold that is shown.
fn profile(model: &Model) -> Option<&EntityProfile> {
    let place = model.mapping.place.as_ref()?;
    source(model)?.profiles.get(&place.entity)?.1.as_deref()
}

/// Why it is not known what the columns hold, if it is not: nothing was loaded, or they are still being looked at.
fn unprofiled(model: &Model) -> Option<String> {
    match profile(model) {
        Some(_) => None,
        None if is_profiling(model) => Some("what the columns hold is being looked at…".to_owned()),
        None => {
            let load = empty::to_load(model);
            Some(format!("nothing was loaded yet, so what the columns hold is not known: {load}"))
        }
    }
}

/// Whether the columns of the entity that is shown are still being looked at.
fn is_profiling(model: &Model) -> bool {
    let staged = source(model).zip(model.mapping.place.as_ref()).map(|(known, place)| (&known.staged, &place.entity));
    profile(model).is_none() && staged.is_some_and(|(staged, entity)| staged.contains(entity))
}

/// What is suggested for the entity that is shown.
fn proposal(model: &Model) -> Option<&EntityProposal> {
    let place = model.mapping.place.as_ref()?;
    source(model)?.proposal.as_ref()?.entities.iter().find(|proposal| proposal.entity == place.entity)
}

/// The pair under the cursor.
fn current(model: &Model) -> Option<Pair> {
    pairs::pairs(model).into_iter().nth(usize::try_from(model.mapping.pairs.at).ok()?)
}

/// The suggestion about a pair, be it followed already or not.
fn suggestion<'m>(model: &'m Model, pair: &Pair) -> Option<&'m Suggestion> {
    let all = &proposal(model)?.suggestions;
    if let Link::Suggested(at) = pair.link {
        return all.get(at);
    }
    let (table, _) = table(model)?;
    let column = pair.column_name(model);
    let field = pair.field.as_deref()?;
    let fits = |one: &&Suggestion| one.table == table && one.field == field;
    match column {
        Some(column) => all.iter().filter(fits).find(|one| one.columns.contains(&column)),
        None => all.iter().find(fits),
    }
}

/// The mapping with the field under the cursor as it would be fed: with a suggestion followed, or with the transform that
/// is being filled in.
fn target(model: &Model) -> Option<(Mapping, String, String)> {
    let pair = current(model)?;
    let (table, field) = (table(model)?.0.to_owned(), pair.field.clone()?);
    let followed = match pair.link {
        Link::Suggested(_) => Some(suggestion(model, &pair)?.edit()),
        _ => None,
    };
    let now = draft(model)?.mapping().clone();
    let edits: Vec<Edit> = followed.into_iter().chain(steps::pending(model)).collect();
    let mapping = if edits.is_empty() {
        now
    } else {
        let mut tried = MappingDraft::new("", now, None);
        edits.into_iter().for_each(|edit| {
            tried.apply(edit);
        });
        tried.mapping().clone()
    };
    mapping.tables.get(&table)?.fields.get(&field)?;
    Some((mapping, table, field))
}

fn has_target(model: &Model) -> Result<(), String> {
    match current(model) {
        Some(pair) if pair.field.is_some() && pair.link != Link::None => Ok(()),
        pair => Err(unfed(model, pair.as_ref())),
    }
}

/// What stands at a line where no column goes to a field, and what is done about that.
fn unfed(model: &Model, pair: Option<&Pair>) -> String {
    let map = model.key("map");
    let in_columns = model.mapping.focus == COLUMNS;
    let Some(pair) = pair else { return format!("nothing feeds this field yet; {map} maps a column") };
    let Some(field) = &pair.field else {
        let there = if in_columns { "" } else { "in the left list " };
        return format!("this column feeds nothing; {there}{map} chooses a field for it");
    };
    let declared = table(model).and_then(|(_, declared)| declared.fields.get(field));
    let way = format!("{}{map} maps a column", if in_columns { "in the right list " } else { "" });
    match declared.map(|declared| (&declared.derive, &declared.default)) {
        Some((Some(_), _)) => format!("{field} is computed from what else is known and needs no column; {way}"),
        Some((None, Some(value))) => format!("no column feeds {field}: every row gets {value}; {way}"),
        _ => format!("nothing feeds {field} yet; {way}"),
    }
}

/// A mapping was written, or was not.
pub fn saved(model: &mut Model, name: &str, outcome: Result<String, Error>) -> Vec<Effect> {
    model.mapping.saving = model.mapping.saving.saturating_sub(1);
    match outcome {
        Ok(text) => {
            save::write_down(model, name);
            if let Some(draft) = model.mapping.drafts.get_mut(name) {
                draft.saved(text);
            }
            let mut effects = act::after_saving(model, name);
            effects.extend(leave::saved(model));
            effects
        }
        Err(error) => {
            model.mapping.leaving = None;
            let again = model.key("read the file again");
            let error = error.hint(format!("the edits are kept here; {again} reads the file again and drops them"));
            model.notes.fail(model.clock, &error);
            // A check that made way for nothing begins again.
            if model.check_wanted { vec![Effect::Do(Job::Check)] } else { Vec::new() }
        }
    }
}

/// Whether a mapping is on its way to the disk; a check makes way for it and begins again.
pub fn is_saving(model: &Model) -> bool {
    model.mapping.saving > 0
}

/// The names of the mappings with edits that are not saved.
pub fn unsaved(model: &Model) -> Vec<&str> {
    let changed = model.mapping.drafts.values().filter(|draft| draft.is_changed());
    changed.map(MappingDraft::name).collect()
}

fn back(model: &mut Model) -> bool {
    let here = current(model);
    let state = &mut model.mapping;
    if std::mem::take(&mut state.zoomed) {
        state.focus = COLUMNS;
        return true;
    }
    if state.focus > FIELDS {
        state.focus = FIELDS;
        return true;
    }
    if state.filter.take().is_some() {
        follow(model, here);
        return true;
    }
    std::mem::replace(&mut state.focus, COLUMNS) != COLUMNS
}

fn zoom(model: &mut Model) -> Vec<Effect> {
    model.mapping.zoomed = true;
    model.mapping.focus = PREVIEW;
    Vec::new()
}

/// Goes to the pane beside: the lists first, then the details from top to bottom.
fn across(model: &mut Model, right: bool) -> Vec<Effect> {
    let focus = &mut model.mapping.focus;
    *focus = match (*focus, right) {
        (COLUMNS, true) => FIELDS,
        (FIELDS, true) => PREVIEW,
        (FIELDS, false) => COLUMNS,
        (STEPS | EVIDENCE | PREVIEW, false) => FIELDS,
        (other, _) => other,
    };
    Vec::new()
}

fn has_row(model: &Model) -> Result<(), String> {
    preview_row(model).map(|_| ()).ok_or_else(|| "there is no row here".to_owned())
}

fn preview_row(model: &Model) -> Option<&PreviewRow> {
    model.mapping.shown.window.get(model.mapping.preview.at)
}

fn copy_row(model: &mut Model) -> Vec<Effect> {
    let cells: Vec<String> = preview_row(model)
        .map(|row| row.texts.iter().chain([&row.value]).map(|cell| cell.clone().unwrap_or_default()).collect())
        .unwrap_or_default();
    super::copy(model, cells.join("\t"))
}

/// Makes an edit and says what it was; the cursor stays on the same column or field.
fn edit(model: &mut Model, edit: Edit, said: String) -> bool {
    let here = current(model);
    let Some(name) = source(model).map(|source| source.mapping.clone()) else {
        return false;
    };
    let changed = model.mapping.drafts.get_mut(&name).is_some_and(|draft| draft.apply(edit));
    if changed {
        model.say(Tone::Done, said);
    } else {
        model.say(Tone::News, "nothing changed by that");
    }
    follow(model, here);
    changed
}

/// Puts the cursor on the pair that is most like the one it was on.
fn follow(model: &mut Model, before: Option<Pair>) {
    let Some(before) = before else { return };
    let pairs = pairs::pairs(model);
    let same = |pair: &Pair| {
        u8::from(pair.left == before.left) * 2 + u8::from(pair.field.is_some() && pair.field == before.field)
    };
    let best = pairs.iter().enumerate().rev().max_by_key(|(_, pair)| same(pair)).filter(|(_, pair)| same(pair) > 0);
    if let Some(at) = best.map(|(at, _)| at as u64)
        && let Some(mut reel) = reel(model, COLUMNS)
    {
        reel.go(at);
    }
}
