//! What the user decides about findings: edit, accept, waive, exclude; for one, for those marked, for all of a rule.

use std::collections::HashSet;

use chrono::{NaiveDate, NaiveDateTime};
use indexmap::IndexMap;

use super::{FindingId, LIST, STORY, current, has_finding, has_findings, has_suggestions, id_of, reel, tree, wanted};
use crate::model::{Action, Anomaly, AnomalyFilter, CellStory, Decision, Field, FieldType, Status};
use crate::tui::effects::{Ask, Effect, Job, Wish};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, FormField, Popup, Question};
use crate::tui::screens::{copy, decide};
use crate::tui::text;

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
    /// It is accepted.
    Waived,
    /// The row is left out.
    Excluded,
}

/// Something that is done to findings.
pub type OnTargets = fn(&mut Model, Vec<Anomaly>) -> Vec<Effect>;

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

/// Whether anything can be decided about the finding under the cursor.
pub fn can_decide(model: &Model) -> Result<(), String> {
    model.writable()?;
    has_finding(model)?;
    match current(model).and_then(|anomaly| model.anomalies.decided.get(&id_of(anomaly))) {
        Some(_) if !selecting(model) => Err("this is decided already; u takes it back".to_owned()),
        _ => Ok(()),
    }
}

/// Whether a value can be put in place of the one that was found.
pub fn can_edit(model: &Model) -> Result<(), String> {
    can_decide(model)?;
    match current(model) {
        Some(anomaly) if anomaly.field.is_empty() => {
            Err("this finding is about the whole row: x excludes the row, w waives the finding".to_owned())
        }
        _ => Ok(()),
    }
}

/// Whether there is a suggestion to accept.
pub fn can_accept(model: &Model) -> Result<(), String> {
    can_edit(model)?;
    match current(model) {
        Some(anomaly) if anomaly.suggestion.is_none() && !selecting(model) => {
            Err("there is no suggestion for this one; e edits it".to_owned())
        }
        _ => Ok(()),
    }
}

/// Whether all suggestions of a rule can be accepted.
pub fn can_accept_all(model: &Model) -> Result<(), String> {
    model.writable()?;
    has_findings(model)?;
    match &model.anomalies.scope {
        tree::Scope::Rule(..) => has_suggestions(model),
        _ => Err("choose a rule first: all its suggestions can be accepted at once".to_owned()),
    }
}

fn selecting(model: &Model) -> bool {
    !model.anomalies.marks.is_empty() || model.anomalies.range.is_some()
}

/// Marks the finding or takes its mark away, and goes on to the next.
pub fn mark(model: &mut Model) -> Vec<Effect> {
    let Some(anomaly) = current(model).cloned() else {
        return Vec::new();
    };
    if model.anomalies.marks.shift_remove(&id_of(&anomaly)).is_none() {
        model.anomalies.marks.insert(id_of(&anomaly), anomaly);
    }
    if let Some(mut reel) = reel(model, LIST) {
        reel.step(1);
    }
    Vec::new()
}

/// Begins a range at the cursor, or ends it by marking what is in it.
pub fn range(model: &mut Model) -> Vec<Effect> {
    let at = model.anomalies.list.at;
    match model.anomalies.range.take() {
        None => {
            model.anomalies.range = Some(at);
            model.say(Tone::News, "range: move, then e, s, w or x act on all of it; v marks it, Esc leaves");
        }
        Some(begin) => {
            let state = &mut model.anomalies;
            let held = (begin.min(at)..=begin.max(at)).filter_map(|at| state.window.get(at).cloned());
            state.marks.extend(held.map(|anomaly| (id_of(&anomaly), anomaly)));
        }
    }
    Vec::new()
}

/// Opens the form for another value.
pub fn edit(model: &mut Model) -> Vec<Effect> {
    gather(model, Purpose::Edit)
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

/// Fetches every open finding of the rule in order to accept what is suggested.
pub fn accept_all(model: &mut Model) -> Vec<Effect> {
    let filter = AnomalyFilter { status: Some(Status::Open), ..wanted(model) };
    model.anomalies.marks.clear();
    model.anomalies.collecting = Some(Purpose::Accept);
    vec![model.ask(Ask::Collect { filter, offset: 0, limit: u64::from(u32::MAX) })]
}

/// Gathers what a command acts on, then does it: the marked findings and those in the range, or the one under the cursor.
fn gather(model: &mut Model, purpose: Purpose) -> Vec<Effect> {
    let state = &model.anomalies;
    let mut targets: Vec<Anomaly> = state.marks.values().cloned().collect();
    if let Some(begin) = state.range {
        let (first, last) = (begin.min(state.list.at), begin.max(state.list.at));
        if !state.window.holds(&(first..last + 1)) {
            let (filter, limit) = (wanted(model), last + 1 - first);
            model.anomalies.collecting = Some(purpose);
            return vec![model.ask(Ask::Collect { filter, offset: first, limit })];
        }
        targets.extend((first..=last).filter_map(|at| state.window.get(at)).cloned());
    } else if targets.is_empty() {
        targets.extend(current(model).cloned());
        // One decision that is undone with one key needs no question.
        return act(model, purpose, targets, false);
    }
    act(model, purpose, targets, true)
}

/// The findings that were asked for have come.
pub fn collected(model: &mut Model, rows: Vec<Anomaly>) {
    if let Some(purpose) = model.anomalies.collecting.take() {
        let mut targets: Vec<Anomaly> = model.anomalies.marks.values().cloned().collect();
        targets.extend(rows);
        act(model, purpose, targets, true);
    }
}

fn act(model: &mut Model, purpose: Purpose, mut targets: Vec<Anomaly>, ask: bool) -> Vec<Effect> {
    let mut seen = HashSet::new();
    let decided = &model.anomalies.decided;
    targets.retain(|anomaly| {
        let id = id_of(anomaly);
        anomaly.status == Status::Open && !decided.contains_key(&id) && seen.insert(id)
    });
    if targets.is_empty() {
        model.say(Tone::Refused, "nothing is open among these; u takes a decision back");
        return Vec::new();
    }
    match purpose {
        Purpose::Edit => edit_form(model, targets),
        Purpose::Waive => waive_form(model, targets),
        Purpose::Accept => {
            targets.retain(|anomaly| anomaly.suggestion.is_some() && !anomaly.field.is_empty());
            match (targets.is_empty(), ask) {
                (true, _) => model.say(Tone::Refused, "there are no suggestions here; e edits"),
                (false, true) => ask_accept(model, targets),
                (false, false) => return accept_these(model, targets),
            }
        }
        Purpose::Exclude if ask => ask_exclude(model, targets),
        Purpose::Exclude => return exclude_these(model, targets),
    }
    Vec::new()
}

/// The field's declaration in the schema.
fn field_of<'a>(model: &'a Model, anomaly: &Anomaly) -> Option<&'a Field> {
    model.about.schema.field(&anomaly.table, &anomaly.field)
}

/// What became of the finding's cell, if the story of its row is at hand.
fn cell_of<'a>(model: &'a Model, anomaly: &Anomaly) -> Option<&'a CellStory> {
    let story = model.anomalies.story.as_ref()?;
    let own = story.table == anomaly.table && story.row == anomaly.row;
    story.fields.iter().find(|cell| own && cell.field == anomaly.field)
}

/// What the form shows as the value now: what the field has, or the text that could not be read.
fn value_before(model: &Model, anomaly: &Anomaly) -> Option<String> {
    match cell_of(model, anomaly) {
        Some(cell) if cell.value.is_some() => cell.value.clone(),
        Some(cell) if !cell.unreadable => None,
        _ => anomaly.value.clone(),
    }
}

fn edit_form(model: &mut Model, targets: Vec<Anomaly>) {
    let Some(first) = targets.first() else {
        return;
    };
    if targets.iter().any(|anomaly| (&anomaly.table, &anomaly.field) != (&first.table, &first.field)) {
        return model.say(Tone::Refused, "the marked findings are on several fields; mark those of one field");
    }
    let mut about = Vec::new();
    let mut prefill = String::new();
    let title = if let [one] = targets.as_slice() {
        let now = value_before(model, one);
        about.push(format!("{} {}", one.severity.glyph(), one.message));
        let staged = cell_of(model, one).and_then(|cell| cell.staged.iter().find_map(|(_, text)| text.clone()));
        if let Some(staged) = staged.filter(|staged| Some(staged) != now.as_ref()) {
            about.push(format!("in the export: \"{}\"", text::exact(&staged)));
        }
        about.push(now.as_deref().map_or("now: no value".to_owned(), |now| format!("now: \"{}\"", text::exact(now))));
        if let Some(suggestion) = &one.suggestion {
            about.push(format!("suggested: \"{}\"", text::exact(suggestion)));
        }
        prefill = one.suggestion.clone().or(now).unwrap_or_default();
        format!("{}.{} of {}", one.table, one.field, one.row)
    } else {
        about.push(format!("{} get the same value.", text::count(targets.len() as u64, "row")));
        format!("{}.{} of {} rows", first.table, first.field, text::number(targets.len() as u64))
    };
    let field = field_of(model, first);
    let hint = match field {
        Some(field) if !field.values.is_empty() => format!("one of {}", field.values.join(", ")),
        _ => format!("{}; empty for no value", shape(field.map(|field| field.kind).unwrap_or_default())),
    };
    model.anomalies.targets = targets;
    model.popup = Some(Popup::Form(Form {
        title,
        about,
        fields: vec![FormField::new("value", hint, prefill), FormField::new("why", "a reason, if you like", "")],
        focus: 0,
        check: |model, form| {
            objection(field_of(model, model.anomalies.targets.first()?)?, form.fields.first()?.input.value())
        },
        submit: |model, texts| {
            let mut texts = texts.into_iter();
            let now = texts.next().filter(|text| !text.is_empty());
            let why = texts.next().map(|why| why.trim().to_owned()).filter(|why| !why.is_empty());
            let targets = std::mem::take(&mut model.anomalies.targets);
            set_these(model, targets, |_| now.clone(), why)
        },
    }));
}

fn shape(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Text => "text",
        FieldType::Integer => "a whole number, like 2020",
        FieldType::Decimal => "a number, like 1234.50",
        FieldType::Boolean => "true or false",
        FieldType::Date => "a day, like 2026-11-22",
        FieldType::Timestamp => "a moment, like 2026-11-22 09:30:00",
        FieldType::List => "a list, like [Riesling, Pinot gris]",
    }
}

/// Why a text cannot be the value of a field, if so.
fn objection(field: &Field, text: &str) -> Option<String> {
    let value = text.trim();
    if value.is_empty() {
        return (field.required || field.key).then(|| "this field must have a value".to_owned());
    }
    if !field.values.is_empty() && !field.values.iter().any(|allowed| allowed == value) {
        return Some(format!("not one of {}", field.values.join(", ")));
    }
    let moments = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
    let readable = match field.kind {
        FieldType::Text | FieldType::List => true,
        FieldType::Integer => value.parse::<i64>().is_ok(),
        FieldType::Decimal => value.parse::<f64>().is_ok_and(f64::is_finite),
        FieldType::Boolean => ["true", "false"].contains(&value),
        FieldType::Date => NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok(),
        FieldType::Timestamp => moments.iter().any(|format| NaiveDateTime::parse_from_str(value, format).is_ok()),
    };
    if !readable {
        return Some(format!("this is not {}", shape(field.kind)));
    }
    if !matches!(field.kind, FieldType::Integer | FieldType::Decimal) {
        return None;
    }
    let value: f64 = value.parse().ok()?;
    let number = |bound: &Option<toml::Value>| match bound {
        Some(toml::Value::Integer(whole)) => Some(*whole as f64),
        Some(toml::Value::Float(number)) => Some(*number),
        _ => None,
    };
    match (number(&field.min), number(&field.max)) {
        (Some(least), _) if value < least => Some(format!("the least allowed is {least}")),
        (_, Some(most)) if value > most => Some(format!("the most allowed is {most}")),
        _ => None,
    }
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
fn set_these(
    model: &mut Model,
    targets: Vec<Anomaly>,
    now: impl Fn(&Anomaly) -> Option<String>,
    why: Option<String>,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    for ((table, field), members) in grouped(targets, |anomaly| (&anomaly.table, &anomaly.field)) {
        let rule = members.first().map(|anomaly| anomaly.rule.clone());
        let values = members.iter().map(|one| (one.row.clone(), now(one))).collect();
        let marks = members.iter().map(|one| (id_of(one), What::Repaired(now(one)))).collect();
        effects.extend(send(model, Wish::Set { table, field, rule, values }, why.clone(), marks));
    }
    effects
}

fn accept_these(model: &mut Model, targets: Vec<Anomaly>) -> Vec<Effect> {
    set_these(model, targets, |anomaly| anomaly.suggestion.clone(), None)
}

fn ask_accept(model: &mut Model, targets: Vec<Anomaly>) {
    let Some(first) = targets.first() else {
        return;
    };
    let total = targets.len() as u64;
    let mut about =
        vec![format!("{} of {} get the suggested value:", text::count(total, "row"), first.table), String::new()];
    let show = |value: &Option<String>| {
        value.as_deref().map_or("–".to_owned(), |value| format!("\"{}\"", text::exact(value)))
    };
    about.extend(
        targets
            .iter()
            .take(8)
            .map(|one| format!("  {} {}: {} → {}", one.row, one.field, show(&one.value), show(&one.suggestion))),
    );
    if total > 8 {
        about.push(format!("  … and {} more", text::number(total - 8)));
    }
    about.extend([String::new(), "It is one decision per field; u takes it back.".to_owned()]);
    let title = format!("accept {} of {}", text::count(total, "suggestion"), first.rule);
    ask(model, title, about, targets, accept_these);
}

fn ask_exclude(model: &mut Model, targets: Vec<Anomaly>) {
    let rows: usize = rows_of(&targets).values().map(Vec::len).sum();
    let about = vec![
        format!(
            "{} will be left out of the commit, with everything that was found there.",
            text::count(rows as u64, "row")
        ),
        "They stay in the source; u takes this back.".to_owned(),
    ];
    ask(model, "exclude rows".to_owned(), about, targets, exclude_these);
}

fn ask(model: &mut Model, title: String, about: Vec<String>, targets: Vec<Anomaly>, yes: OnTargets) {
    model.anomalies.targets = targets;
    model.anomalies.agreed = Some(yes);
    model.popup = Some(Popup::Question(Question {
        title,
        about,
        yes: |model| {
            let targets = std::mem::take(&mut model.anomalies.targets);
            model.anomalies.agreed.take().map(|yes| yes(model, targets)).unwrap_or_default()
        },
    }));
}

fn waive_form(model: &mut Model, targets: Vec<Anomaly>) {
    let (title, about) = match targets.as_slice() {
        [one] => (
            format!("waive {} of {}", one.rule, one.row),
            vec![
                format!("{} {}", one.severity.glyph(), one.message),
                "Another value in this place will be a new finding.".to_owned(),
            ],
        ),
        many => (
            format!("waive {}", text::count(many.len() as u64, "finding")),
            vec!["They stay in the data and no longer ask for anything.".to_owned()],
        ),
    };
    model.anomalies.targets = targets;
    model.popup = Some(Popup::Form(Form {
        title,
        about,
        fields: vec![
            FormField::new("why", "the reason, for whoever reads the report", ""),
            FormField::new("until", "the last day on which it holds, like 2027-06-30; empty for good", ""),
        ],
        focus: 0,
        check: |model, form| {
            let until = form.text(1);
            if form.text(0).is_empty() {
                return Some("a waiver needs a reason".to_owned());
            }
            match text::day(until) {
                None if until.is_empty() => None,
                None => Some("until: write the day like 2027-06-30 or 30/06/2027".to_owned()),
                Some(day) => (day < model.about.today).then(|| format!("until: {day} is past")),
            }
        },
        submit: |model, texts| {
            let mut texts = texts.into_iter().map(|text| text.trim().to_owned());
            let why = texts.next();
            let until = texts.next().and_then(|day| text::day(&day));
            let targets = std::mem::take(&mut model.anomalies.targets);
            waive_these(model, targets, why, until)
        },
    }));
}

fn waive_these(model: &mut Model, targets: Vec<Anomaly>, why: Option<String>, until: Option<NaiveDate>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for ((rule, table), members) in grouped(targets, |anomaly| (&anomaly.rule, &anomaly.table)) {
        for ((_, field), members) in grouped(members, |anomaly| (&anomaly.table, &anomaly.field)) {
            let (row, was, rows) = match members.as_slice() {
                [one] => (Some(one.row.clone()), one.value.clone(), IndexMap::new()),
                many => (None, None, many.iter().map(|one| (one.row.clone(), one.value.clone())).collect()),
            };
            let marks = members.iter().map(|one| (id_of(one), What::Waived)).collect();
            let (rule, table, field) = (rule.clone(), table.clone(), Some(field));
            let action = Action::Waive { rule, table, field, row, was, rows, until };
            effects.extend(send(model, Wish::Action(action), why.clone(), marks));
        }
    }
    effects
}

/// The rows that the findings are in, by table, each once.
fn rows_of(targets: &[Anomaly]) -> IndexMap<String, Vec<String>> {
    let mut tables: IndexMap<String, Vec<String>> = IndexMap::new();
    let mut seen = HashSet::new();
    for anomaly in targets.iter().filter(|anomaly| seen.insert((&anomaly.table, &anomaly.row))) {
        tables.entry(anomaly.table.clone()).or_default().push(anomaly.row.clone());
    }
    tables
}

fn exclude_these(model: &mut Model, targets: Vec<Anomaly>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (table, rows) in rows_of(&targets) {
        let marks = targets.iter().filter(|one| one.table == table).map(|one| (id_of(one), What::Excluded)).collect();
        effects.extend(send(model, Wish::Action(Action::Exclude { table, rows }), None, marks));
    }
    effects
}

/// Sends a decision, and shows at once on the rows that it is about that it was made.
fn send(model: &mut Model, wish: Wish, why: Option<String>, marks: Vec<(FindingId, What)>) -> Vec<Effect> {
    let effects = decide(model, wish, why);
    let state = &mut model.anomalies;
    if let Some(Effect::Do(Job::Decide { ticket, .. })) = effects.first() {
        state.tickets.insert(*ticket, marks.iter().map(|(id, _)| id.clone()).collect());
    }
    state.settled = false;
    state.decided.extend(marks.into_iter().map(|(id, what)| (id, Mark { what, written: false })));
    state.marks.clear();
    state.range = None;
    if state.focus == STORY {
        state.focus = LIST;
    }
    effects
}

/// A decision is on the disk, or could not be written.
pub fn decided(model: &mut Model, ticket: u64, decision: Option<&Decision>) {
    let state = &mut model.anomalies;
    for id in state.tickets.remove(&ticket).unwrap_or_default() {
        if decision.is_none() {
            state.decided.remove(&id);
        } else if let Some(mark) = state.decided.get_mut(&id) {
            mark.written = true;
        }
    }
}

/// A check has taken all decisions into account: what it found speaks for itself again.
pub fn settle_decided(model: &mut Model) {
    if model.pending.is_empty() && !model.check_wanted {
        model.anomalies.settled = true;
    }
}

/// Copies the value.
pub fn copy_cell(model: &mut Model) -> Vec<Effect> {
    let value = current(model).and_then(|anomaly| anomaly.value.clone()).unwrap_or_default();
    copy(model, value)
}

/// Copies the finding, its parts apart by tabs.
pub fn copy_row(model: &mut Model) -> Vec<Effect> {
    let Some(anomaly) = current(model) else {
        return Vec::new();
    };
    let value = anomaly.value.as_deref().unwrap_or_default();
    let suggestion = anomaly.suggestion.as_deref().unwrap_or_default();
    let parts = [&anomaly.rule, &anomaly.table, &anomaly.row, &anomaly.field, value, &anomaly.message, suggestion];
    let line = parts.join("\t");
    copy(model, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_must_fit_the_type_and_the_bounds_of_its_field() {
        let field = |kind| Field { kind, ..Field::default() };
        assert_eq!(objection(&field(FieldType::Decimal), "12.5"), None);
        assert!(objection(&field(FieldType::Decimal), "12,5").is_some(), "a comma is no decimal point here");
        assert!(objection(&field(FieldType::Date), "22/11/2026").is_some());
        assert_eq!(objection(&field(FieldType::Date), "2026-11-22"), None);
        assert_eq!(objection(&field(FieldType::Text), ""), None);
        let required = Field { required: true, ..Field::default() };
        assert_eq!(objection(&required, " ").as_deref(), Some("this field must have a value"));
        let price = Field { kind: FieldType::Decimal, min: Some(toml::Value::Integer(0)), ..Field::default() };
        assert_eq!(objection(&price, "-1").as_deref(), Some("the least allowed is 0"));
        let colour = Field { values: vec!["rouge".to_owned(), "blanc".to_owned()], ..Field::default() };
        assert_eq!(objection(&colour, "rosso").as_deref(), Some("not one of rouge, blanc"));
    }
}
