//! What the user decides about findings: edit, accept, waive, exclude; for one, for those marked, for all that are listed.
//!
//! Neighbours: `forms` asks for what a decision needs, `preview` shows what accepting changes.

use std::collections::HashSet;

use chrono::NaiveDate;
use indexmap::IndexMap;

use super::findings::{self, LIST, STORY, has_finding, has_findings, has_suggestions};
use super::{FindingId, chips, facets, forms, id_of, is_open, leave, preview, record, tree};
use crate::model::{Action, Anomaly, AnomalyFilter, NEVER_WAIVED, Status};
use crate::tui::effects::{Ask, Effect, Job, OnAll, Wish};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::Sent;
use crate::tui::screens::{copy, decide};

/// What became of a finding since the last check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// What was decided.
    pub what: What,
    /// Whether the decision is on the disk.
    pub written: bool,
}

/// What was decided about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The field gets this value.
    Repaired(Option<String>),
    /// The field gets what is suggested, if something is.
    Accepted,
    /// It is accepted.
    Waived,
    /// The row is left out.
    Excluded,
}

/// What a command acts on.
#[derive(Debug, Clone)]
pub enum Targets {
    /// These findings.
    These(Vec<Anomaly>),
    /// Everything open that a filter lets through: so many findings are listed.
    All(AnomalyFilter, u64),
}

impl Targets {
    /// Of how many findings.
    pub fn count(&self) -> u64 {
        match self {
            Targets::These(these) => these.len() as u64,
            Targets::All(_, listed) => *listed,
        }
    }
}

impl Default for Targets {
    fn default() -> Self {
        Targets::These(Vec::new())
    }
}

/// What a decision on its way to the disk is about.
#[derive(Debug, Clone)]
pub enum About {
    /// These findings.
    These(Vec<FindingId>),
    /// All of a filter.
    All(AnomalyFilter),
}

/// What is to be done with findings once they are gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Give them another value.
    Edit,
    /// Accept what is suggested.
    Accept,
    /// Accept them as they are.
    Waive,
    /// Leave their rows out.
    Exclude,
}

/// The finding that a command acts on where nothing is marked.
pub fn target(model: &Model) -> Option<Anomaly> {
    if is_open(model, &record::PAGE) { record::target(model) } else { findings::current(model).cloned() }
}

/// What was decided about a finding since the last check.
pub fn decision<'a>(model: &'a Model, anomaly: &Anomaly) -> Option<&'a Mark> {
    let state = &model.anomalies;
    let of_all = || {
        let listed = state.decided_all.iter().rev().filter(|_| anomaly.status == Status::Open);
        let mut meant = listed.filter(|(filter, _)| state.held.as_ref() == Some(filter));
        meant.find(|(_, mark)| mark.what != What::Accepted || anomaly.suggestion.is_some()).map(|(_, mark)| mark)
    };
    state.decided.get(&id_of(anomaly)).or_else(of_all)
}

/// Whether anything can be decided about the finding under the cursor.
pub fn can_decide(model: &Model) -> Result<(), String> {
    model.writable()?;
    has_finding(model)?;
    match target(model).and_then(|anomaly| decision(model, &anomaly).cloned()) {
        Some(_) if !selecting(model) => Err(format!("this is decided already; {} takes it back", model.key("undo"))),
        _ => Ok(()),
    }
}

/// Whether the finding can be accepted as it is.
pub fn can_waive(model: &Model) -> Result<(), String> {
    can_decide(model)?;
    match target(model) {
        Some(anomaly) if !selecting(model) => waivable(model, &anomaly.rule, &anomaly.table, &anomaly.field),
        _ => Ok(()),
    }
}

/// Why no finding of a rule on a field can be accepted as it is, if so.
fn waivable(model: &Model, rule: &str, table: &str, field: &str) -> Result<(), String> {
    let (edit, exclude) = (model.key("edit"), model.key("exclude row"));
    if NEVER_WAIVED.contains(&rule) {
        return Err(format!(
            "{rule} cannot be waived: a row without a key of its own can never be committed; {edit} repairs the key, {exclude} excludes the row"
        ));
    }
    let declared = model.about.schema.field(table, field);
    match rule == "unreadable-value" && declared.is_some_and(|field| field.required || field.key) {
        true => Err(format!("{table}.{field} must have a value; {edit} gives it one, {exclude} excludes the row")),
        false => Ok(()),
    }
}

/// Whether a value can be put in place of the one that was found.
pub fn can_edit(model: &Model) -> Result<(), String> {
    can_decide(model)?;
    match target(model) {
        Some(anomaly) if anomaly.field.is_empty() && !selecting(model) => {
            let (exclude, waive) = (model.key("exclude row"), model.key("waive"));
            Err(format!("this finding is about the whole row: {exclude} excludes the row, {waive} waives the finding"))
        }
        _ => Ok(()),
    }
}

/// Whether there is a suggestion to accept.
pub fn can_accept(model: &Model) -> Result<(), String> {
    can_edit(model)?;
    match target(model) {
        Some(anomaly) if anomaly.suggestion.is_none() && !selecting(model) => {
            Err(format!("there is no suggestion for this one; {} edits it", model.key("edit")))
        }
        _ => Ok(()),
    }
}

/// Whether all suggestions of a kind can be accepted.
pub fn can_accept_all(model: &Model) -> Result<(), String> {
    model.writable()?;
    has_findings(model)?;
    match &model.anomalies.scope {
        tree::Scope::Rule(..) => has_suggestions(model),
        _ if !model.anomalies.chips.is_empty() => has_suggestions(model),
        _ => Err("choose a rule or a facet first: all its suggestions can be accepted at once".to_owned()),
    }
}

/// Whether something can be done to everything that is listed.
pub fn can_edit_all(model: &Model) -> Result<(), String> {
    model.writable()?;
    has_finding(model)?;
    if selecting(model) { Ok(()) } else { forms::field_of_all(model).map(drop) }
}

/// Whether more than the finding under the cursor is meant.
pub(super) fn selecting(model: &Model) -> bool {
    let state = &model.anomalies;
    !is_open(model, &record::PAGE) && (!state.marks.is_empty() || state.range.is_some() || state.all_marked)
}

/// Marks the finding or takes its mark away, and goes on to the next.
pub fn mark(model: &mut Model) -> Vec<Effect> {
    if std::mem::take(&mut model.anomalies.all_marked) {
        model.say(Tone::News, format!("nothing is marked any more; {} marks one by one", model.key("mark")));
        return Vec::new();
    }
    let Some(anomaly) = findings::current(model).cloned() else {
        return Vec::new();
    };
    if model.anomalies.marks.shift_remove(&id_of(&anomaly)).is_none() {
        model.anomalies.marks.insert(id_of(&anomaly), anomaly);
    }
    if let Some(mut reel) = findings::reel(model, LIST) {
        reel.step(1);
    }
    Vec::new()
}

/// Marks everything that is listed, or nothing any more.
pub fn mark_all(model: &mut Model) -> Vec<Effect> {
    let state = &mut model.anomalies;
    state.marks.clear();
    state.range = None;
    state.all_marked = !state.all_marked;
    state.focus = LIST;
    Vec::new()
}

/// The keys that decide, as they stand in a sentence.
fn deciding(model: &Model) -> String {
    let [edit, accept, waive, exclude] =
        ["edit", "accept suggestion", "waive", "exclude row"].map(|name| model.key(name));
    format!("{edit}, {accept}, {waive} or {exclude}")
}

/// Begins a range at the cursor, or ends it by marking what is in it.
pub fn range(model: &mut Model) -> Vec<Effect> {
    let at = model.anomalies.list.at;
    model.anomalies.all_marked = false;
    match model.anomalies.range.take() {
        None => {
            model.anomalies.range = Some(at);
            let said = format!(
                "range: move, then {} act on all of it; {} marks it, {} leaves",
                deciding(model),
                model.key("mark a range"),
                model.key("back")
            );
            model.say(Tone::News, said);
        }
        Some(begin) => {
            let state = &mut model.anomalies;
            let (first, last) = (begin.min(at), begin.max(at));
            if !state.window.holds(&(first..last + 1)) {
                if first == 0 && last + 1 == state.window.len() {
                    return mark_all(model);
                }
                state.range = Some(begin);
                let said = format!("the range is longer than what is at hand; {} act on all of it", deciding(model));
                model.say(Tone::Refused, said);
                return Vec::new();
            }
            let held = (first..=last).filter_map(|at| state.window.get(at).cloned());
            state.marks.extend(held.map(|anomaly| (id_of(&anomaly), anomaly)));
        }
    }
    Vec::new()
}

/// Opens the form for another value.
pub fn edit(model: &mut Model) -> Vec<Effect> {
    gather(model, Purpose::Edit)
}

/// Opens the form for another value for what is marked, or for everything that is listed.
pub fn edit_all(model: &mut Model) -> Vec<Effect> {
    if selecting(model) { gather(model, Purpose::Edit) } else { act(model, Purpose::Edit, listed(model), true) }
}

/// Accepts the suggestion, or those of all that are marked.
pub fn accept(model: &mut Model) -> Vec<Effect> {
    gather(model, Purpose::Accept)
}

/// Opens the form for the reason.
pub fn waive(model: &mut Model) -> Vec<Effect> {
    gather(model, Purpose::Waive)
}

/// Leaves the row out.
pub fn exclude(model: &mut Model) -> Vec<Effect> {
    gather(model, Purpose::Exclude)
}

/// Shows what accepting every suggestion of what is listed would change.
pub fn accept_all(model: &mut Model) -> Vec<Effect> {
    act(model, Purpose::Accept, listed(model), true)
}

/// Everything that is listed.
fn listed(model: &Model) -> Targets {
    Targets::All(chips::wanted(model), model.anomalies.window.len())
}

/// Gathers what a command acts on, then does it: the marked findings and those in the range, or the one under the cursor.
fn gather(model: &mut Model, purpose: Purpose) -> Vec<Effect> {
    if !selecting(model) {
        // One decision that is undone with one key needs no question, unless other rows hang on it.
        let one = target(model).into_iter().collect();
        return act(model, purpose, Targets::These(one), false);
    }
    if model.anomalies.all_marked {
        return act(model, purpose, listed(model), true);
    }
    let state = &model.anomalies;
    let mut targets: Vec<Anomaly> = state.marks.values().cloned().collect();
    if let Some(begin) = state.range {
        let (first, last) = (begin.min(state.list.at), begin.max(state.list.at));
        if !state.window.holds(&(first..last + 1)) {
            if first == 0 && last + 1 == state.window.len() {
                return act(model, purpose, listed(model), true);
            }
            let (filter, limit) = (chips::wanted(model), last + 1 - first);
            model.anomalies.collecting = Some(purpose);
            return vec![model.ask(Ask::Collect { filter, offset: first, limit })];
        }
        targets.extend((first..=last).filter_map(|at| state.window.get(at)).cloned());
    }
    act(model, purpose, Targets::These(targets), true)
}

/// The findings that were asked for have come.
pub fn collected(model: &mut Model, rows: Vec<Anomaly>) {
    if let Some(purpose) = model.anomalies.collecting.take() {
        let mut targets: Vec<Anomaly> = model.anomalies.marks.values().cloned().collect();
        targets.extend(rows);
        act(model, purpose, Targets::These(targets), true);
    }
}

fn act(model: &mut Model, purpose: Purpose, mut targets: Targets, ask: bool) -> Vec<Effect> {
    if let Targets::These(these) = &mut targets {
        let mut seen = HashSet::new();
        let waived = these.iter().any(|anomaly| anomaly.status == Status::Waived);
        these.retain(|anomaly| {
            anomaly.status == Status::Open && decision(model, anomaly).is_none() && seen.insert(id_of(anomaly))
        });
        if purpose == Purpose::Accept && !these.is_empty() {
            these.retain(|anomaly| anomaly.suggestion.is_some() && !anomaly.field.is_empty());
            if these.is_empty() {
                let edit = model.key("edit");
                model.say(Tone::Refused, format!("there are no suggestions here; {edit} edits"));
                return Vec::new();
            }
        }
        if these.is_empty() {
            let undo = model.key("undo");
            let waivers = if waived { format!("{} lists waivers, ", model.key("waivers")) } else { String::new() };
            let said = format!("nothing is open among these; {waivers}{undo} takes a decision back");
            model.say(Tone::Refused, said);
            return Vec::new();
        }
    }
    if purpose == Purpose::Waive {
        let rules = match &targets {
            Targets::These(these) => {
                these.iter().map(|one| waivable(model, &one.rule, &one.table, &one.field)).collect()
            }
            Targets::All(..) => tree::scoped_rules(model)
                .flat_map(|line| {
                    line.fields.iter().map(|field| waivable(model, &line.rule, &line.table, field)).collect::<Vec<_>>()
                })
                .collect::<Result<Vec<()>, String>>(),
        };
        if let Err(why) = rules {
            model.say(Tone::Refused, why);
            return Vec::new();
        }
    }
    match purpose {
        Purpose::Edit => forms::edit(model, targets),
        Purpose::Waive => forms::waive(model, targets),
        Purpose::Accept if ask => preview::show(model, targets),
        Purpose::Accept => return accept_these(model, targets),
        Purpose::Exclude => match targets {
            Targets::These(mut these) if !ask => {
                return these.pop().map(|one| leave::one(model, one)).unwrap_or_default();
            }
            targets => leave::many(model, targets),
        },
    }
    Vec::new()
}

/// Findings that go into one decision together, by what tells the decisions apart.
fn grouped(targets: Vec<Anomaly>, key: fn(&Anomaly) -> (&String, &String)) -> IndexMap<(String, String), Vec<Anomaly>> {
    let mut groups: IndexMap<(String, String), Vec<Anomaly>> = IndexMap::new();
    for anomaly in targets {
        let (a, b) = key(&anomaly);
        groups.entry((a.clone(), b.clone())).or_default().push(anomaly);
    }
    groups
}

/// One decision per table and field: `set` for one row, `bulk` for many.
fn set_each(
    model: &mut Model,
    targets: Vec<Anomaly>,
    now: impl Fn(&Anomaly) -> Option<String>,
    why: Option<&str>,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    for ((table, field), members) in grouped(targets, |anomaly| (&anomaly.table, &anomaly.field)) {
        let rule = members.first().map(|anomaly| anomaly.rule.clone()).filter(|rule| !rule.is_empty());
        let values = members.iter().map(|one| (one.row.clone(), now(one))).collect();
        let marks = members.iter().map(|one| (id_of(one), What::Repaired(now(one)))).collect();
        effects.extend(send(model, Wish::Set { table, field, rule, values }, why, marks));
    }
    effects
}

/// What the form that is sent now is about; it is kept in case the decision cannot be made.
pub fn taken(model: &mut Model) -> Targets {
    let targets = std::mem::take(&mut model.anomalies.targets);
    model.anomalies.sent = targets.clone();
    targets
}

/// Whether the form comes back that asked for a decision, about what it was about; not over something else that is asked.
pub fn asks_again(model: &mut Model, ticket: u64) -> bool {
    let is_last = model.sent.as_ref().is_some_and(|(sent, _)| *sent == Sent::Decision(ticket));
    if !is_last || model.popup.is_some() {
        return false;
    }
    model.anomalies.targets = std::mem::take(&mut model.anomalies.sent);
    true
}

/// Gives all targets the same value.
pub fn set_these(model: &mut Model, targets: Targets, now: Option<String>, why: Option<&str>) -> Vec<Effect> {
    match targets {
        Targets::These(these) => set_each(model, these, |_| now.clone(), why),
        Targets::All(filter, _) => send_all(model, filter, OnAll::Set(now.clone()), why, What::Repaired(now)),
    }
}

/// Gives each target what is suggested for it.
pub fn accept_these(model: &mut Model, targets: Targets) -> Vec<Effect> {
    match targets {
        Targets::These(these) => set_each(model, these, |anomaly| anomaly.suggestion.clone(), None),
        Targets::All(filter, _) => send_all(model, filter, OnAll::Accept, None, What::Accepted),
    }
}

/// Accepts all targets as they are; one decision per rule, table and field.
pub fn waive_these(model: &mut Model, targets: Targets, why: Option<&str>, until: Option<NaiveDate>) -> Vec<Effect> {
    let these = match targets {
        Targets::These(these) => these,
        Targets::All(filter, _) => return send_all(model, filter, OnAll::Waive { until }, why, What::Waived),
    };
    let mut effects = Vec::new();
    for ((rule, table), members) in grouped(these, |anomaly| (&anomaly.rule, &anomaly.table)) {
        for ((_, field), members) in grouped(members, |anomaly| (&anomaly.table, &anomaly.field)) {
            let (row, was, rows) = match members.as_slice() {
                [one] => (Some(one.row.clone()), one.value.clone(), IndexMap::new()),
                many => (None, None, many.iter().map(|one| (one.row.clone(), one.value.clone())).collect()),
            };
            let marks = members.iter().map(|one| (id_of(one), What::Waived)).collect();
            let (rule, table, field) = (rule.clone(), table.clone(), Some(field));
            let action = Action::Waive { rule, table, field, row, was, rows, until };
            effects.extend(send(model, Wish::Action(action), why, marks));
        }
    }
    effects
}

/// The rows that the findings are in, by table, each once.
pub fn rows_of(targets: &[Anomaly]) -> IndexMap<String, Vec<String>> {
    let mut tables: IndexMap<String, Vec<String>> = IndexMap::new();
    let mut seen = HashSet::new();
    for anomaly in targets.iter().filter(|anomaly| seen.insert((&anomaly.table, &anomaly.row))) {
        tables.entry(anomaly.table.clone()).or_default().push(anomaly.row.clone());
    }
    tables
}

/// Leaves the rows of all targets out; one decision per table.
pub fn exclude_these(model: &mut Model, targets: Targets, why: Option<&str>) -> Vec<Effect> {
    let these = match targets {
        Targets::These(these) => these,
        Targets::All(filter, _) => return send_all(model, filter, OnAll::Exclude, why, What::Excluded),
    };
    let mut effects = Vec::new();
    for (table, rows) in rows_of(&these) {
        let marks = these.iter().filter(|one| one.table == table).map(|one| (id_of(one), What::Excluded)).collect();
        effects.extend(send(model, Wish::Action(Action::Exclude { table, rows }), why, marks));
    }
    effects
}

/// Sends a decision, and shows at once on the findings that it is about that it was made.
fn send(model: &mut Model, wish: Wish, why: Option<&str>, marks: Vec<(FindingId, What)>) -> Vec<Effect> {
    let about = About::These(marks.iter().map(|(id, _)| id.clone()).collect());
    let effects = sent(model, wish, why, about);
    let fresh = marks.into_iter().map(|(id, what)| (id, Mark { what, written: false }));
    model.anomalies.decided.extend(fresh);
    effects
}

/// The same for all findings of a filter.
fn send_all(model: &mut Model, filter: AnomalyFilter, what: OnAll, why: Option<&str>, mark: What) -> Vec<Effect> {
    let wish = Wish::Found { filter: filter.clone(), what };
    let effects = sent(model, wish, why, About::All(filter.clone()));
    model.anomalies.decided_all.push((filter, Mark { what: mark, written: false }));
    effects
}

fn sent(model: &mut Model, wish: Wish, why: Option<&str>, about: About) -> Vec<Effect> {
    let effects = decide(model, wish, why.map(str::to_owned));
    let state = &mut model.anomalies;
    if let Some(Effect::Do(Job::Decide { ticket, .. })) = effects.first() {
        state.tickets.insert(*ticket, about);
    }
    (state.settled, state.range, state.all_marked) = (false, None, false);
    state.marks.clear();
    if state.focus == STORY {
        state.focus = LIST;
    }
    effects
}

/// A decision is on the disk, or could not be written.
pub fn decided(model: &mut Model, ticket: u64, written: bool) {
    let state = &mut model.anomalies;
    match state.tickets.remove(&ticket) {
        Some(About::These(ids)) => {
            for id in ids {
                if !written {
                    state.decided.remove(&id);
                } else if let Some(mark) = state.decided.get_mut(&id) {
                    mark.written = true;
                }
            }
        }
        Some(About::All(filter)) => {
            state.decided_all.retain(|(of, _)| written || *of != filter);
            state.decided_all.iter_mut().filter(|(of, _)| *of == filter).for_each(|(_, mark)| mark.written = true);
        }
        None => {}
    }
    if !written {
        super::conflicts::not_written(model);
        super::waivers::not_written(model);
    }
    super::clusters::decided(model, ticket, written);
}

/// A check has taken all decisions into account: what it found speaks for itself again.
pub fn settle_decided(model: &mut Model) {
    if model.pending.is_empty() && !model.check_wanted {
        model.anomalies.settled = true;
    }
}

/// The one table and field that everything listed is about, if it is one.
pub fn one_field(model: &Model) -> Option<(String, String)> {
    let rules = match facets::counts(model) {
        Some(counts) if model.anomalies.facets.shown => {
            counts.rules.iter().map(|rule| (rule.table.clone(), rule.fields.clone())).collect()
        }
        _ if model.anomalies.facets.shown => Vec::new(),
        _ => tree::scoped(model),
    };
    let mut pairs: Vec<(String, String)> = rules
        .into_iter()
        .flat_map(|(table, fields)| fields.into_iter().map(move |field| (table.clone(), field)))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    match pairs.as_slice() {
        [(_, field)] if field.is_empty() => None,
        [_] => pairs.pop(),
        _ => None,
    }
}

/// Copies the value.
pub fn copy_cell(model: &mut Model) -> Vec<Effect> {
    let value = target(model).and_then(|anomaly| anomaly.value).unwrap_or_default();
    copy(model, value)
}

/// Copies the finding, its parts apart by tabs.
pub fn copy_row(model: &mut Model) -> Vec<Effect> {
    let Some(anomaly) = target(model) else {
        return Vec::new();
    };
    let value = anomaly.value.as_deref().unwrap_or_default();
    let suggestion = anomaly.suggestion.as_deref().unwrap_or_default();
    let parts = [&anomaly.rule, &anomaly.table, &anomaly.row, &anomaly.field, value, &anomaly.message, suggestion];
    let line = parts.join("\t");
    copy(model, line)
}
