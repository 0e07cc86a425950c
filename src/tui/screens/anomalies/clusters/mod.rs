//! Spellings: the text fields, the clusters of their values that are likely to be the same thing, and the members of one.
//! Merging one is a `replace` decision. Neighbour: `view`, which draws it.

mod view;

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use ratatui::layout::{Constraint, Direction, Rect};

use super::{Page, act, keys, open};
use crate::model::{Cluster, FieldType, Likeness, RowFilter, Spelling, TextField};
use crate::tui::cursor::{Cursor, Reel, around};
use crate::tui::effects::{Answer, Ask, Effect, Job, Slot, Wish};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, FormField, Popup, Question};
use crate::tui::screens::{Region, copy, decide, tables};
use crate::tui::text;
use crate::tui::widgets::pane::{below, inner, split};
use crate::workbench;

/// The fields.
const FIELDS: usize = 0;
/// The clusters of the chosen field.
const CLUSTERS: usize = 1;
/// The spellings of the chosen cluster.
const SPELLINGS: usize = 2;

/// A field: its table and its name.
type Name = (String, String);

/// Where the user is.
#[derive(Default)]
pub struct State {
    focus: usize,
    fields: Option<Vec<TextField>>,
    fields_asked: Option<u64>,
    field: Cursor,
    /// The field to go to once the fields are known.
    wanted: Option<Name>,
    clusters: Option<Vec<Cluster>>,
    asked: Option<(u64, Name)>,
    cluster: Cursor,
    spelling: Cursor,
    /// The least likeness that counts.
    most: Most,
    /// Spellings that stay as they are, by the cluster's proposal.
    skipped: HashSet<(String, String)>,
    /// What was chosen in the place of a proposal.
    chosen: HashMap<String, String>,
    /// Clusters that were merged since the last check, by their proposals, and whether that is on the disk.
    merged: HashMap<String, bool>,
    tickets: HashMap<u64, Vec<String>>,
    /// The search for a field with spellings that are alike, while it goes on.
    seeking: Option<Seeking>,
    /// How many clusters each field had when it was looked at last.
    known: HashMap<Name, u64>,
    /// The field whose clusters are being counted behind what the user does.
    counting: Option<Name>,
    /// What was searched for.
    search: Option<String>,
}

/// A search from field to field, which ends when the user goes to another one.
struct Seeking {
    /// What is to be said of the field where it began, if the user had chosen that: why its spellings are not merged.
    from: Option<String>,
    /// Whether it could not begin there at all.
    elsewhere: bool,
    /// The field that it is at.
    at: u64,
    /// How many were looked at.
    looked: u64,
}

/// How far a spelling may be from the proposed one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Most {
    /// One letter.
    #[default]
    OneLetter,
    /// Spaces, too.
    Letters,
    /// Capitals, accents, punctuation, order.
    Words,
}

impl Most {
    fn lets(self, likeness: Likeness) -> bool {
        likeness
            <= match self {
                Most::OneLetter => Likeness::OneLetter,
                Most::Letters => Likeness::Letters,
                Most::Words => Likeness::Words,
            }
    }
}

/// The page.
pub static PAGE: Page = Page {
    panes: 3,
    focus: |model| &mut model.anomalies.clusters.focus,
    regions,
    reel,
    needs,
    answer,
    back: |model| {
        let focus = &mut model.anomalies.clusters.focus;
        // One step out, as `h` does; from the fields it is the page that is left.
        let left = *focus != FIELDS;
        *focus = focus.saturating_sub(1);
        left
    },
    layers: |model| match model.anomalies.clusters.focus {
        FIELDS => vec![&keys::CLUSTER_FIELDS, &keys::CLUSTERS],
        CLUSTERS => vec![&keys::CLUSTER_LIST, &keys::CLUSTERS],
        _ => vec![&keys::CLUSTER_SPELLINGS, &keys::CLUSTERS],
    },
    view: view::view,
};

fn regions(model: &Model, area: Rect) -> Vec<Region> {
    let region = |pane, frame: Rect| Region { pane, frame, body: below(inner(frame), u16::from(pane != FIELDS)) };
    if area.height < 14 {
        return vec![region(model.anomalies.clusters.focus, area)];
    }
    let [fields, clusters, spellings] = if area.width < 100 {
        let parts = [Constraint::Length((area.height / 4).max(4)), Constraint::Fill(1), Constraint::Fill(1)];
        split(area, Direction::Vertical, parts)
    } else {
        let fields = Constraint::Length((area.width / 4).clamp(28, 40));
        let [fields, right] = split(area, Direction::Horizontal, [fields, Constraint::Fill(1)]);
        let [clusters, spellings] = split(right, Direction::Vertical, [Constraint::Fill(3), Constraint::Fill(2)]);
        [fields, clusters, spellings]
    };
    vec![region(FIELDS, fields), region(CLUSTERS, clusters), region(SPELLINGS, spellings)]
}

fn reel(model: &mut Model, pane: usize) -> Option<Reel<'_>> {
    let height = super::lines_seen(model, &PAGE, pane);
    let (clusters, spellings) = (shown(model).len() as u64, current(model).map_or(0, |one| one.spellings.len() as u64));
    let state = &mut model.anomalies.clusters;
    Some(match pane {
        FIELDS => {
            let total = state.fields.as_ref().map_or(0, |fields| fields.len() as u64);
            Reel { cursor: &mut state.field, total, height }
        }
        CLUSTERS => Reel { cursor: &mut state.cluster, total: clusters, height },
        _ => Reel { cursor: &mut state.spelling, total: spellings, height },
    })
}

/// The field that the cursor is on.
fn field(model: &Model) -> Option<&TextField> {
    let state = &model.anomalies.clusters;
    state.fields.as_ref()?.get(usize::try_from(state.field.at).ok()?)
}

/// The clusters that are near enough, each without the spellings that are not.
fn shown(model: &Model) -> Vec<Cluster> {
    let state = &model.anomalies.clusters;
    let near = |cluster: &Cluster| {
        let spellings: Vec<Spelling> =
            cluster.spellings.iter().filter(|one| state.most.lets(one.likeness)).cloned().collect();
        let rows = spellings.iter().skip(1).map(|one| one.rows).sum();
        (rows > 0).then(|| Cluster { rows, spellings, ..cluster.clone() })
    };
    state.clusters.iter().flatten().filter_map(near).collect()
}

/// The cluster that the cursor is on.
fn current(model: &Model) -> Option<Cluster> {
    let at = usize::try_from(model.anomalies.clusters.cluster.at).ok()?;
    shown(model).into_iter().nth(at)
}

/// What the members of a cluster become.
fn target<'a>(state: &'a State, cluster: &'a Cluster) -> &'a str {
    state.chosen.get(&cluster.proposed).unwrap_or(&cluster.proposed)
}

fn is_skipped(state: &State, cluster: &Cluster, spelling: &Spelling) -> bool {
    state.skipped.contains(&(cluster.proposed.clone(), spelling.value.clone()))
}

/// The spellings of a cluster that would become another one.
fn members<'a>(state: &'a State, cluster: &'a Cluster) -> impl Iterator<Item = &'a Spelling> {
    let to = target(state, cluster);
    cluster.spellings.iter().filter(move |one| one.rows > 0 && one.value != to && !is_skipped(state, cluster, one))
}

fn needs(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    let epoch = model.epoch;
    if model.anomalies.clusters.fields_asked != Some(epoch) && model.verdict.is_some() {
        model.anomalies.clusters.fields_asked = Some(epoch);
        effects.push(model.ask(Ask::TextFields));
    }
    let Some((table, name)) = field(model).map(|field| (field.table.clone(), field.field.clone())) else {
        return effects;
    };
    let key = (epoch, (table.clone(), name.clone()));
    let state = &mut model.anomalies.clusters;
    if state.asked.as_ref() != Some(&key) {
        let other = |(_, asked): &(u64, Name)| *asked != key.1;
        if state.asked.as_ref().is_some_and(other) || state.clusters.is_none() {
            (state.clusters, state.cluster, state.spelling) = (None, Cursor::default(), Cursor::default());
            (state.skipped, state.chosen, state.merged) = Default::default();
        }
        state.asked = Some(key);
        // What the user looks at is not kept waiting for what only fills the list.
        if state.counting.take().is_some() {
            effects.push(Effect::Forget(Slot::ClusterCount));
        }
        effects.push(model.ask(Ask::Clusters { table, field: name }));
    }
    effects.extend(count(model));
    effects
}

/// Counts the clusters of the next field that nobody has looked at, one field after the other, the small ones first.
fn count(model: &mut Model) -> Option<Effect> {
    let state = &mut model.anomalies.clusters;
    if state.clusters.is_none() || state.counting.is_some() || state.seeking.is_some() {
        return None;
    }
    let names = state.fields.iter().flatten().map(|one| (one.values, (one.table.clone(), one.field.clone())));
    let (_, (table, field)) = names.filter(|(_, name)| !state.known.contains_key(name)).min()?;
    state.counting = Some((table.clone(), field.clone()));
    Some(model.ask(Ask::ClusterCount { table, field }))
}

/// Leaves off counting while nobody looks at the fields: what is asked on other screens would wait for it.
pub fn leave_off(model: &mut Model) -> Option<Effect> {
    let is_seen = std::ptr::eq(model.screen(), &super::SCREEN) && super::is_open(model, &PAGE);
    if is_seen {
        return None;
    }
    model.anomalies.clusters.counting.take()?;
    Some(model.forget(Slot::ClusterCount))
}

fn answer(model: &mut Model, answer: &Answer) {
    match answer {
        Answer::TextFields(fields) => {
            let wanted = model.anomalies.clusters.wanted.take();
            let is_there = |(table, field): &Name| fields.iter().any(|one| (&one.table, &one.field) == (table, field));
            if wanted.as_ref().is_some_and(|wanted| !is_there(wanted)) {
                model.anomalies.clusters.focus = FIELDS;
            }
            let before =
                wanted.filter(is_there).or_else(|| field(model).map(|one| (one.table.clone(), one.field.clone())));
            let state = &mut model.anomalies.clusters;
            // Only where the values are others now their clusters are.
            let stays = |(table, field): &Name| {
                let of = |one: &&TextField| (&one.table, &one.field) == (table, field);
                let before = state.fields.iter().flatten().find(of);
                before.is_some_and(|before| fields.iter().find(of).is_some_and(|now| now == before))
            };
            let known = std::mem::take(&mut state.known);
            let known = known.into_iter().filter(|(name, _)| stays(name)).collect();
            state.known = known;
            state.counting = None;
            model.anomalies.clusters.fields = Some(fields.clone());
            let at = fields.iter().position(|one| before == Some((one.table.clone(), one.field.clone())));
            if let (Some(at), Some(mut reel)) = (at, reel(model, FIELDS)) {
                reel.go(at as u64);
            }
        }
        Answer::Clusters(clusters) => {
            if let Some(name) = model.anomalies.clusters.asked.as_ref().map(|(_, name)| name.clone()) {
                model.anomalies.clusters.known.insert(name, clusters.len() as u64);
            }
            if seek(model, clusters.is_empty()) {
                return;
            }
            let before = current(model).map(|cluster| cluster.proposed);
            let settled = model.pending.is_empty() && !model.check_wanted;
            let state = &mut model.anomalies.clusters;
            state.clusters = Some(clusters.clone());
            if settled {
                state.merged.clear();
            }
            let at = shown(model).iter().position(|cluster| Some(&cluster.proposed) == before.as_ref());
            if let Some(mut reel) = reel(model, CLUSTERS) {
                match at {
                    Some(at) => reel.go(at as u64),
                    None => reel.step(0),
                }
            }
            if let Some(mut reel) = reel(model, SPELLINGS) {
                reel.step(0);
            }
        }
        Answer::ClusterCount(clusters) => {
            let state = &mut model.anomalies.clusters;
            if let Some(name) = state.counting.take() {
                state.known.insert(name, *clusters);
            }
        }
        _ => {}
    }
}

/// Goes on to the next field where this one has no spellings that are alike; false where the search has ended.
fn seek(model: &mut Model, is_empty: bool) -> bool {
    let here = field(model).map(|field| format!("{}.{}", field.table, field.field)).unwrap_or_default();
    let state = &mut model.anomalies.clusters;
    let all = state.fields.as_ref().map_or(0, |fields| fields.len() as u64);
    let Some(mut seeking) = state.seeking.take().filter(|seeking| seeking.looked == 0 || seeking.at == state.field.at)
    else {
        return false;
    };
    match (is_empty, seeking.from) {
        (true, from) if seeking.looked < all && all > 1 => {
            seeking.at = (state.field.at + 1) % all;
            seeking.looked += 1;
            let at = seeking.at;
            state.seeking = Some(Seeking { from, ..seeking });
            if let Some(mut reel) = reel(model, FIELDS) {
                reel.go(at);
            }
            return true;
        }
        (true, _) => model.say(Tone::News, "no field has two spellings that are alike"),
        (false, Some(from)) if seeking.looked > 0 || seeking.elsewhere => {
            model.say(Tone::News, format!("{from}; this is {here}"));
        }
        (false, _) => {}
    }
    false
}

/// Opens the page, on the field of the finding under the cursor if it has spellings.
pub fn show(model: &mut Model) -> Vec<Effect> {
    let found = act::target(model).map(|finding| (finding.table, finding.field)).filter(|(_, field)| !field.is_empty());
    let refused = found.as_ref().and_then(|name| not_compared(model, name));
    let elsewhere = refused.is_some();
    let none =
        |(table, field): &Name| format!("no two spellings of {} are alike", text::clean(&format!("{table}.{field}")));
    let from = refused.or_else(|| found.as_ref().map(none));
    let wanted = found.filter(|_| !elsewhere);
    let state = &mut model.anomalies.clusters;
    state.focus = if wanted.is_some() { CLUSTERS } else { FIELDS };
    (state.wanted, state.fields_asked) = (wanted, None);
    state.seeking = Some(Seeking { from, elsewhere, at: 0, looked: 0 });
    // The clusters are looked at again, and so the search begins, also where the fields are known.
    state.asked = None;
    open(model, &PAGE);
    Vec::new()
}

/// Why the spellings of a field are not compared; nothing where they are.
fn not_compared(model: &Model, (table, field): &Name) -> Option<String> {
    let declared = model.about.schema.field(table, field)?;
    let why = match declared.kind {
        _ if declared.derive.is_some() => "is computed; its spellings follow other fields",
        _ if declared.key => "is a key, and no spelling of a key stands for another",
        _ if declared.references.is_some() => "names a row of another table, and no spelling stands for another",
        FieldType::Text | FieldType::List => return None,
        _ => "holds no text, and so no spellings",
    };
    Some(format!("{} {why}", text::clean(&format!("{table}.{field}"))))
}

/// Whether the field of the record under the cursor has spellings that are compared.
pub fn can_compare(model: &Model) -> Result<(), String> {
    let name = act::target(model).map(|finding| (finding.table, finding.field));
    name.and_then(|name| not_compared(model, &name)).map_or(Ok(()), Err)
}

/// Gives the keys to a pane.
pub fn focus(model: &mut Model, forward: bool) -> Vec<Effect> {
    let focus = &mut model.anomalies.clusters.focus;
    *focus = if forward { (*focus + 1).min(SPELLINGS) } else { focus.saturating_sub(1) };
    if *focus == SPELLINGS && forward {
        model.anomalies.clusters.spelling = Cursor::default();
    }
    Vec::new()
}

/// Whether there is a cluster under the cursor.
pub fn has_cluster(model: &Model) -> Result<(), String> {
    match (&model.anomalies.clusters.clusters, current(model)) {
        (_, Some(_)) => Ok(()),
        (None, None) => Err("the spellings are still being compared".to_owned()),
        (Some(_), None) => Err("no two spellings of this field are alike".to_owned()),
    }
}

/// Whether the cluster under the cursor can be merged.
pub fn can_merge(model: &Model) -> Result<(), String> {
    model.writable()?;
    has_cluster(model)?;
    let Some(cluster) = current(model) else { return Ok(()) };
    let state = &model.anomalies.clusters;
    if state.merged.contains_key(&cluster.proposed) {
        return Err(format!("this is merged already; {} takes it back", model.key("undo")));
    }
    match members(state, &cluster).next() {
        Some(_) => Ok(()),
        None => Err(format!("every other spelling here is left as it is; {} takes one in again", model.key("skip"))),
    }
}

/// Merges the cluster under the cursor.
pub fn merge(model: &mut Model) -> Vec<Effect> {
    let one = current(model).into_iter().collect();
    let effects = merge_these(model, one);
    if model.anomalies.clusters.focus == SPELLINGS {
        model.anomalies.clusters.focus = CLUSTERS;
    }
    if let Some(mut reel) = reel(model, CLUSTERS) {
        reel.step(1);
    }
    effects
}

/// The clusters of the field that are not merged yet.
fn unmerged(model: &Model) -> Vec<Cluster> {
    let state = &model.anomalies.clusters;
    let mut clusters = shown(model);
    clusters.retain(|one| !state.merged.contains_key(&one.proposed) && members(state, one).next().is_some());
    clusters
}

/// Whether there are clusters that can all be merged.
pub fn can_merge_all(model: &Model) -> Result<(), String> {
    model.writable()?;
    has_cluster(model)?;
    if unmerged(model).is_empty() { Err("every cluster of this field is merged already".to_owned()) } else { Ok(()) }
}

/// Asks whether all clusters of the field are to be merged.
pub fn merge_all(model: &mut Model) -> Vec<Effect> {
    let clusters = unmerged(model);
    let state = &model.anomalies.clusters;
    let rows: u64 = clusters.iter().flat_map(|one| members(state, one)).map(|one| one.rows).sum();
    let spellings = clusters.iter().flat_map(|one| members(state, one)).count() as u64;
    let about = vec![
        format!(
            "{} in {} become {}, in this and in later exports.",
            text::count(spellings, "spelling"),
            text::count(rows, "row"),
            clusters.len()
        ),
        format!("What you skipped stays as it is. It is one decision; {} takes it back.", model.key("undo")),
    ];
    let title = format!("merge {}", text::count(clusters.len() as u64, "cluster"));
    let yes = move |model: &mut Model| merge_these(model, clusters);
    model.popup = Some(Popup::Question(Question::new(title, about, yes)));
    Vec::new()
}

fn merge_these(model: &mut Model, clusters: Vec<Cluster>) -> Vec<Effect> {
    let Some((table, field)) = field(model).map(|field| (field.table.clone(), field.field.clone())) else {
        return Vec::new();
    };
    let state = &model.anomalies.clusters;
    let mut spellings = IndexMap::new();
    for cluster in &clusters {
        let to = target(state, cluster);
        spellings.extend(members(state, cluster).map(|one| (one.value.clone(), to.to_owned())));
    }
    let effects = decide(model, Wish::Merge { table, field, spellings }, None);
    let names: Vec<String> = clusters.into_iter().map(|cluster| cluster.proposed).collect();
    let state = &mut model.anomalies.clusters;
    state.merged.extend(names.iter().map(|name| (name.clone(), false)));
    if let Some(Effect::Do(Job::Decide { ticket, .. })) = effects.first() {
        state.tickets.insert(*ticket, names);
    }
    effects
}

/// A decision is on the disk, or could not be written.
pub fn decided(model: &mut Model, ticket: u64, written: bool) {
    let state = &mut model.anomalies.clusters;
    for name in state.tickets.remove(&ticket).unwrap_or_default() {
        match written {
            true => state.merged.insert(name, true),
            false => state.merged.remove(&name),
        };
    }
}

fn current_spelling(model: &Model) -> Option<(Cluster, Spelling)> {
    let cluster = current(model)?;
    let at = usize::try_from(model.anomalies.clusters.spelling.at).ok()?;
    let spelling = cluster.spellings.get(at)?.clone();
    Some((cluster, spelling))
}

/// Leaves the spelling under the cursor as it is, or takes it in again.
pub fn skip(model: &mut Model) -> Vec<Effect> {
    if let Some((cluster, spelling)) = current_spelling(model) {
        let state = &mut model.anomalies.clusters;
        if spelling.value == target(state, &cluster) {
            let choose = model.key("choose this spelling");
            let said = format!("this is what the others become; {choose} on another one chooses that");
            model.say(Tone::Refused, said);
            return Vec::new();
        }
        let key = (cluster.proposed, spelling.value);
        if !state.skipped.remove(&key) {
            state.skipped.insert(key);
        }
    }
    if let Some(mut reel) = reel(model, SPELLINGS) {
        reel.step(1);
    }
    Vec::new()
}

/// Makes the spelling under the cursor the one that the others become.
pub fn choose(model: &mut Model) -> Vec<Effect> {
    if let Some((cluster, spelling)) = current_spelling(model) {
        let state = &mut model.anomalies.clusters;
        state.skipped.remove(&(cluster.proposed.clone(), spelling.value.clone()));
        state.chosen.insert(cluster.proposed, spelling.value);
    }
    Vec::new()
}

/// Asks for a spelling that none of them has.
pub fn respell(model: &mut Model) -> Vec<Effect> {
    let Some(cluster) = current(model) else { return Vec::new() };
    let state = &model.anomalies.clusters;
    let to = target(state, &cluster).to_owned();
    let about = vec![format!("{} become this.", text::count(members(state, &cluster).count() as u64, "spelling"))];
    model.popup = Some(Popup::Form(Form {
        title: "another spelling".to_owned(),
        about,
        fields: vec![FormField::new(
            "spelling",
            format!("as it should be written; {} then merges", model.key("spellings/merge")),
            to,
        )],
        focus: 0,
        check: |_, form| form.text(0).is_empty().then(|| "a spelling must be something".to_owned()),
        submit: |model, texts| {
            if let (Some(cluster), Some(to)) = (current(model), texts.into_iter().next()) {
                model.anomalies.clusters.chosen.insert(cluster.proposed, to.trim().to_owned());
            }
            Vec::new()
        },
    }));
    Vec::new()
}

/// Whether there is a field under the cursor.
pub fn has_field(model: &Model) -> Result<(), String> {
    field(model).map(drop).ok_or_else(|| "there is no field with values".to_owned())
}

/// Shows in Tables the rows that the count under the cursor counts.
pub fn rows(model: &mut Model) -> Vec<Effect> {
    let Some((table, name)) = field(model).map(|field| (field.table.clone(), field.field.clone())) else {
        return Vec::new();
    };
    let values: Option<Vec<String>> = match model.anomalies.clusters.focus {
        FIELDS => None,
        CLUSTERS => current(model).map(|cluster| cluster.spellings.into_iter().map(|one| one.value).collect()),
        _ => current_spelling(model).map(|(_, spelling)| vec![spelling.value]),
    };
    let is_list = model.about.schema.field(&table, &name).is_some_and(|field| field.kind == FieldType::List);
    let filter = match values {
        None => RowFilter::IsNot(name, None),
        Some(values) if is_list => RowFilter::Expression(workbench::any_of_list(&name, &values)),
        Some(values) => RowFilter::Is(name, values.into_iter().map(Some).collect()),
    };
    tables::open(model, "candidate", &table, vec![filter])
}

/// How far spellings may be apart.
pub fn next_most(model: &mut Model) -> Vec<Effect> {
    let state = &mut model.anomalies.clusters;
    state.most = match state.most {
        Most::OneLetter => Most::Letters,
        Most::Letters => Most::Words,
        Most::Words => Most::OneLetter,
    };
    (state.cluster, state.spelling) = (Cursor::default(), Cursor::default());
    Vec::new()
}

/// Copies the spelling under the cursor, or what its cluster becomes.
pub fn copy_spelling(model: &mut Model) -> Vec<Effect> {
    let state = &model.anomalies.clusters;
    let value = match (state.focus, current_spelling(model), current(model)) {
        (SPELLINGS, Some((_, spelling)), _) => spelling.value,
        (_, _, Some(cluster)) => target(state, &cluster).to_owned(),
        _ => String::new(),
    };
    copy(model, value)
}

/// Whether the list with the keys has something to search in.
pub fn can_search(model: &Model) -> Result<(), String> {
    if model.anomalies.clusters.focus == FIELDS { has_field(model) } else { has_cluster(model) }
}

/// Asks what to search for.
pub fn search(model: &mut Model) -> Vec<Effect> {
    let of_fields = model.anomalies.clusters.focus == FIELDS;
    let (next, previous) = (model.key("spellings/next match"), model.key("spellings/previous match"));
    let title = if of_fields { "search fields" } else { "search spellings" };
    model.popup = Some(Popup::Form(Form::search(title, &next, &previous, |model, texts| {
        model.anomalies.clusters.search = texts.into_iter().next().filter(|text| !text.is_empty());
        find(model, false)
    })));
    Vec::new()
}

/// Whether something was searched for.
pub fn searched(model: &Model) -> Result<(), String> {
    can_search(model)?;
    let search = || format!("nothing was searched for yet; {} searches", model.key("spellings/search"));
    model.anomalies.clusters.search.as_ref().map(drop).ok_or_else(search)
}

/// Goes to the next field by its name, or else to the next cluster by any of its spellings, around the end.
pub fn find(model: &mut Model, backwards: bool) -> Vec<Effect> {
    let Some(sought) = model.anomalies.clusters.search.clone() else { return Vec::new() };
    let text = sought.to_lowercase();
    let state = &model.anomalies.clusters;
    let (pane, at, names): (usize, u64, Vec<String>) = match state.focus {
        FIELDS => {
            let names = state.fields.iter().flatten().map(|one| format!("{}.{}", one.table, one.field));
            (FIELDS, state.field.at, names.collect())
        }
        _ => {
            let spellings =
                |one: Cluster| one.spellings.into_iter().map(|one| one.value).collect::<Vec<_>>().join("\n");
            (CLUSTERS, state.cluster.at, shown(model).into_iter().map(spellings).collect())
        }
    };
    match around(at, names.len(), backwards).into_iter().find(|at| names[*at].to_lowercase().contains(&text)) {
        Some(found) => {
            model.anomalies.clusters.focus = pane;
            if let Some(mut reel) = reel(model, pane) {
                reel.go(found as u64);
            }
        }
        None => {
            let what = if pane == FIELDS { "field" } else { "cluster of this field" };
            model.say(Tone::Refused, format!("no other {what} contains \"{}\"", text::clean(&sought)));
        }
    }
    Vec::new()
}
