//! Chips: what narrows the findings down, all together; each can be taken away.

use super::findings;
use super::tree::{self, Scope};
use crate::model::{AnomalyFilter, AnomalyOrder, Facet, Severity, Status};
use crate::tui::effects::Effect;
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::popups::{Form, FormField, Popup};
use crate::tui::text;

/// Something that narrows the findings down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chip {
    /// A value of a facet.
    Facet(Facet, String),
    /// A cluster of values: its fingerprint, and one of its values to be shown.
    Cluster(String, String),
    /// A waiver: its id, and what it is about.
    Waiver(String, String),
    /// A text.
    Text(String),
}

impl Chip {
    /// What stands on it.
    pub fn label(&self) -> String {
        match self {
            Chip::Facet(Facet::Field, field) if field.is_empty() => "whole row".to_owned(),
            Chip::Facet(Facet::Severity, value) => Severity::from_name(value)
                .map_or_else(|| value.clone(), |severity| findings::severity_name(severity).to_owned()),
            Chip::Facet(Facet::Status, value) => value.clone(),
            Chip::Facet(facet, value) => format!("{} {}", facet.name(), text::clean(value)),
            Chip::Cluster(_, value) => format!("value {}", text::fit(&text::clean(value), 24)),
            Chip::Waiver(_, about) => format!("waiver {}", text::clean(about)),
            Chip::Text(text) => format!("& {}", text::clean(text)),
        }
    }

    /// Whether only one of the two can be on.
    fn excludes(&self, other: &Chip) -> bool {
        match (self, other) {
            (Chip::Facet(a, _), Chip::Facet(b, _)) => a == b,
            (Chip::Cluster(..), Chip::Cluster(..)) | (Chip::Waiver(..), Chip::Waiver(..)) => true,
            (a, b) => a == b,
        }
    }
}

/// Puts a chip on, in the place of one that it excludes.
pub fn add(model: &mut Model, chip: Chip) {
    let chips = &mut model.anomalies.chips;
    match chips.iter().position(|other| other.excludes(&chip)) {
        Some(at) => chips[at] = chip,
        None => chips.push(chip),
    }
    changed(model);
}

/// Puts a chip on, or takes it off.
pub fn toggle(model: &mut Model, chip: Chip) {
    match model.anomalies.chips.iter().position(|other| *other == chip) {
        Some(at) => {
            model.anomalies.chips.remove(at);
            changed(model);
        }
        None => add(model, chip),
    }
}

/// Takes the last chip off; false where there is none.
pub fn pop(model: &mut Model) -> bool {
    let popped = model.anomalies.chips.pop().is_some();
    if popped {
        changed(model);
    }
    popped
}

/// What was marked under other chips is no longer seen, so nothing should happen to it.
fn changed(model: &mut Model) {
    let state = &mut model.anomalies;
    state.marks.clear();
    (state.range, state.all_marked) = (None, false);
    // Other chips, other lines: the tree stays on its rule.
    tree::refresh(model);
}

/// The filter that the chips make.
pub fn filter(chips: &[Chip]) -> AnomalyFilter {
    let mut filter = AnomalyFilter::default();
    for chip in chips {
        match chip {
            Chip::Facet(Facet::Severity, name) => filter.severity = Severity::from_name(name),
            Chip::Facet(Facet::Status, name) => {
                filter.status = [Status::Open, Status::Waived].into_iter().find(|status| status.name() == name);
            }
            Chip::Facet(Facet::Rule, rule) => filter.rule = Some(rule.clone()),
            Chip::Facet(Facet::Table, table) => filter.table = Some(table.clone()),
            Chip::Facet(Facet::Field, field) => filter.field = Some(field.clone()),
            Chip::Facet(Facet::Source, source) => filter.source = Some(source.clone()),
            Chip::Cluster(key, _) => filter.cluster = Some(key.clone()),
            Chip::Waiver(id, _) => filter.waiver = Some(id.clone()),
            Chip::Text(text) => filter.texts.push(text.clone()),
        }
    }
    filter
}

/// Lists by the money at stake, or the worst first again.
pub fn next_order(model: &mut Model) -> Vec<Effect> {
    let state = &mut model.anomalies;
    let (order, said) = match state.order {
        AnomalyOrder::Stake => (AnomalyOrder::Worst, "sorted by severity and rule again"),
        AnomalyOrder::Worst | AnomalyOrder::Row => {
            (AnomalyOrder::Stake, "sorted by the money at stake, the most first")
        }
    };
    (state.order, state.range) = (order, None);
    model.say(Tone::News, said);
    tree::refresh(model);
    Vec::new()
}

/// Whether the schema says what money is at stake.
pub fn has_stake(model: &Model) -> Result<(), String> {
    findings::has_findings(model)?;
    match model.about.schema.stake() {
        Some(_) => Ok(()),
        None => Err("mappings/canonical.toml names no money: stake = { field = … } on a table does".to_owned()),
    }
}

/// Which findings are to be listed: those of the tree's line that the chips let through.
pub fn wanted(model: &Model) -> AnomalyFilter {
    let state = &model.anomalies;
    let mut filter = filter(&state.chips);
    filter.order = state.order;
    match &state.scope {
        _ if state.facets.shown => {}
        Scope::All => {}
        // Where a chip and the tree disagree nothing is left; the tree's part is in the tree's counts too.
        Scope::Severity(severity) => filter.severity = Some(*severity),
        Scope::Rule(severity, rule, table) => {
            filter.severity = Some(*severity);
            (filter.rule, filter.table) = (Some(rule.clone()), Some(table.clone()));
        }
    }
    filter
}

/// Takes the last chip off, as a command.
pub fn remove_last(model: &mut Model) -> Vec<Effect> {
    pop(model);
    Vec::new()
}

/// Whether a chip is on.
pub fn has_chips(model: &Model) -> Result<(), String> {
    match model.anomalies.chips.is_empty() {
        true => Err(format!("no filter is on; {} adds one", model.key("anomalies/filter"))),
        false => Ok(()),
    }
}

/// Asks for a text to filter by.
pub fn add_text(model: &mut Model) -> Vec<Effect> {
    model.popup = Some(Popup::Form(Form {
        title: "filter findings".to_owned(),
        about: Vec::new(),
        fields: vec![FormField::new(
            "&",
            "in anything that is listed of a finding, beside the filters that are on",
            "",
        )],
        focus: 0,
        check: |_, _| None,
        submit: |model, texts| {
            if let Some(text) = texts.into_iter().next().filter(|text| !text.is_empty()) {
                add(model, Chip::Text(text));
            }
            Vec::new()
        },
    }));
    Vec::new()
}

/// Only open findings, only waived ones, both.
pub fn next_status(model: &mut Model) -> Vec<Effect> {
    let of = |status: Status| Chip::Facet(Facet::Status, status.name().to_owned());
    let on = |status| model.anomalies.chips.contains(&of(status));
    if on(Status::Open) {
        add(model, of(Status::Waived));
    } else if on(Status::Waived) {
        toggle(model, of(Status::Waived));
        model.say(Tone::News, "open and waived findings");
    } else {
        add(model, of(Status::Open));
    }
    Vec::new()
}
