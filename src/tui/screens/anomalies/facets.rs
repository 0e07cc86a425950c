//! The facets: how many findings there are of each severity, rule, table, field, source, status and value; each count
//! is a door, and a chip when it is chosen.

use std::collections::HashSet;

use super::chips::{self, Chip};
use super::tree::{self, Scope};
use super::{findings, lines_seen};
use crate::model::{AnomalyFilter, AnomalyOrder, Count, Facet, FacetLine, Facets, Severity, ValueCluster};
use crate::tui::cursor::Cursor;
use crate::tui::effects::{Ask, Effect};
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::text;
use crate::tui::window::Window;

/// Where the user is in the facets.
#[derive(Default)]
pub struct State {
    /// Whether they are shown in the place of the rules.
    pub shown: bool,
    /// The line.
    pub cursor: Cursor,
    /// The counts, and the filter that they were made under.
    pub counts: Option<(AnomalyFilter, Box<Facets>)>,
    asked: Option<(u64, AnomalyFilter)>,
    folded: HashSet<Facet>,
    /// The chip of the line that was chosen last: the cursor stays on it while the counts under it come.
    stays: Option<Chip>,
    values: Window<ValueCluster>,
    values_asked: Option<((u64, AnomalyFilter), u64)>,
}

/// One line of the facets.
#[derive(Debug, Clone, PartialEq)]
pub enum Line<'a> {
    /// A chip that is on no other line.
    Chip(&'a Chip),
    /// The name of a facet.
    Head(Facet, bool),
    /// One of its values.
    Value(Facet, &'a FacetLine),
    /// The head of the clusters of values, with how many there are.
    Clusters(u64),
    /// One of them, if it is at hand.
    Cluster(Option<&'a ValueCluster>),
}

/// The lines before the clusters of values.
fn fixed(model: &Model) -> Vec<Line<'_>> {
    let state = &model.anomalies;
    let mut lines: Vec<Line> =
        state.chips.iter().filter(|chip| matches!(chip, Chip::Text(_) | Chip::Waiver(..))).map(Line::Chip).collect();
    let Some((_, counts)) = &state.facets.counts else { return lines };
    for (facet, values) in &counts.lines {
        let folded = state.facets.folded.contains(facet);
        lines.push(Line::Head(*facet, folded));
        if !folded {
            lines.extend(values.iter().map(|value| Line::Value(*facet, value)));
        }
    }
    lines.push(Line::Clusters(state.facets.values.len()));
    lines
}

/// How many lines there are.
pub fn total(model: &Model) -> u64 {
    match model.anomalies.facets.counts {
        Some(_) => fixed(model).len() as u64 + model.anomalies.facets.values.len(),
        None => 0,
    }
}

/// The lines from one on.
pub fn lines(model: &Model, top: u64, height: u64) -> Vec<Line<'_>> {
    let fixed = fixed(model);
    let values = &model.anomalies.facets.values;
    let begin = fixed.len() as u64;
    let end = (top + height).min(total(model));
    let at = |at: u64| match usize::try_from(at).ok().and_then(|at| fixed.get(at)) {
        Some(line) => line.clone(),
        None => Line::Cluster(values.get(at - begin)),
    };
    (top..end).map(at).collect()
}

/// The chip that a line stands for.
pub fn chip(line: &Line) -> Option<Chip> {
    match line {
        Line::Chip(chip) => Some((*chip).clone()),
        Line::Value(facet, line) => Some(Chip::Facet(*facet, line.value.clone())),
        Line::Cluster(Some(cluster)) => {
            let shown = cluster.value.as_deref().filter(|_| !cluster.key.is_empty()).unwrap_or("–");
            Some(Chip::Cluster(cluster.key.clone(), shown.to_owned()))
        }
        Line::Head(..) | Line::Clusters(_) | Line::Cluster(None) => None,
    }
}

/// Whether a chip of the line is on.
pub fn is_on(model: &Model, line: &Line) -> bool {
    let on = |chip: Chip| {
        model.anomalies.chips.iter().any(|other| match (&chip, other) {
            (Chip::Cluster(a, _), Chip::Cluster(b, _)) => a == b,
            (a, b) => a == b,
        })
    };
    chip(line).is_some_and(on)
}

/// The counts that go with the chips that are on, if they are at hand.
pub fn counts(model: &Model) -> Option<&Facets> {
    let (under, counts) = model.anomalies.facets.counts.as_ref()?;
    (*under == filter(model)).then_some(counts)
}

/// What the counts are made under.
fn filter(model: &Model) -> AnomalyFilter {
    AnomalyFilter { order: model.anomalies.order, ..chips::filter(&model.anomalies.chips) }
}

/// Whether the rules, too, are told with these counts: under chips, and with the money, which the verdict knows per field
/// only.
pub fn needed(model: &Model) -> bool {
    !model.anomalies.chips.is_empty() || model.anomalies.order == AnomalyOrder::Stake
}

/// What is to be asked so that the counts are there.
pub fn needs(model: &mut Model) -> Vec<Effect> {
    if model.verdict.is_none() || !model.anomalies.facets.shown && !needed(model) {
        return Vec::new();
    }
    let filter = filter(model);
    let mut effects = Vec::new();
    let key = (model.epoch, filter.clone());
    if model.anomalies.facets.asked.as_ref() != Some(&key) {
        model.anomalies.facets.asked = Some(key.clone());
        effects.push(model.ask(Ask::Facets { filter: filter.clone() }));
    }
    if model.anomalies.facets.shown {
        let height = lines_seen(model, &findings::PAGE, findings::TREE);
        let begin = fixed(model).len() as u64;
        let state = &mut model.anomalies.facets;
        let mut cursor = Cursor { at: 0, top: state.cursor.top.saturating_sub(begin) };
        let same = |a: &(u64, AnomalyFilter), b: &(u64, AnomalyFilter)| a.1 == b.1;
        let wanted = super::fetch(&mut state.values_asked, &key, &mut state.values, &mut cursor, height, same);
        if let Some((offset, limit)) = wanted {
            effects.push(model.ask(Ask::Values { filter, offset, limit }));
        }
    }
    effects
}

/// The counts have come.
pub fn take(model: &mut Model, counts: &Facets) {
    let stays = model.anomalies.facets.stays.clone();
    let before = stays.or_else(|| current(model).and_then(|line| chip(&line)));
    let asked = model.anomalies.facets.asked.as_ref().map(|(_, filter)| filter);
    // The same filters, other findings: something was decided.
    let decided = asked == model.anomalies.facets.counts.as_ref().map(|(filter, _)| filter);
    if let Some((_, filter)) = &model.anomalies.facets.asked {
        model.anomalies.facets.counts = Some((filter.clone(), Box::new(counts.clone())));
    }
    // The most frequent come first, so that lines change places: the cursor stays on its own.
    let at = fixed(model).iter().position(|line| before.is_some() && chip(line) == before);
    if let (Some(at), Some(mut reel)) = (at, super::findings::reel(model, findings::TREE)) {
        reel.go(at as u64);
    }
    if decided {
        tree::settle(model);
    } else {
        tree::refresh(model);
    }
}

/// A window of clusters of values has come.
pub fn take_values(model: &mut Model, offset: u64, total: u64, rows: &[ValueCluster]) {
    model.anomalies.facets.values = Window { offset, rows: rows.to_vec(), total: Some(total) };
    let Some(Chip::Cluster(key, _)) = model.anomalies.facets.stays.take() else { return };
    let begin = fixed(model).len() as u64;
    let at = rows.iter().position(|cluster| cluster.key == key);
    if let (Some(at), Some(mut reel)) = (at, super::findings::reel(model, findings::TREE)) {
        reel.go(begin + offset + at as u64);
    }
}

fn current(model: &Model) -> Option<Line<'_>> {
    model.anomalies.facets.shown.then(|| lines(model, model.anomalies.facets.cursor.at, 1).pop()).flatten()
}

/// Whether the facets can be shown.
pub fn ready(model: &Model) -> Result<(), String> {
    findings::has_findings(model)
}

/// Shows the facets, of everything or, from among the findings, of what is listed; or the rules again.
pub fn switch(model: &mut Model) -> Vec<Effect> {
    if model.anomalies.facets.shown {
        model.anomalies.focus = findings::TREE;
        leave(model);
        return Vec::new();
    }
    let of_all = model.anomalies.focus == findings::TREE;
    model.anomalies.focus = findings::TREE;
    show(model);
    let facet = |facet, value: &str| Chip::Facet(facet, value.to_owned());
    match model.anomalies.scope.clone() {
        _ if of_all => {}
        Scope::All => {}
        Scope::Severity(severity) => chips::add(model, facet(Facet::Severity, severity.name())),
        Scope::Rule(_, rule, table) => {
            chips::add(model, facet(Facet::Rule, &rule));
            chips::add(model, facet(Facet::Table, &table));
        }
    }
    Vec::new()
}

/// Shows the facets, whatever was listed before.
pub fn show(model: &mut Model) {
    model.anomalies.facets.shown = true;
    model.anomalies.facets.cursor = Cursor::default();
}

/// Shows the rules again. What the tree itself says is no chip any more.
pub fn leave(model: &mut Model) {
    let of = |facet: Facet| {
        model.anomalies.chips.iter().find_map(|chip| match chip {
            Chip::Facet(other, value) if *other == facet => Some(value.clone()),
            _ => None,
        })
    };
    let (severity, rule, table) = (of(Facet::Severity), of(Facet::Rule), of(Facet::Table));
    model.anomalies.facets.shown = false;
    model.anomalies.chips.retain(|chip| {
        !matches!(chip, Chip::Facet(Facet::Severity | Facet::Rule | Facet::Table, _) | Chip::Waiver(..))
    });
    tree::go_to(model, severity.as_deref().and_then(Severity::from_name), rule.as_deref(), table.as_deref());
}

/// Goes to the findings of the line, as its chip.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let Some(line) = current(model) else { return Vec::new() };
    let (chip, on) = (chip(&line), is_on(model, &line));
    match chip {
        Some(chip) => {
            if !on {
                chips::add(model, chip);
            }
            model.anomalies.focus = findings::LIST;
            Vec::new()
        }
        None => fold(model),
    }
}

/// Puts the line's chip on or takes it off.
pub fn toggle(model: &mut Model) -> Vec<Effect> {
    let Some(line) = current(model) else { return Vec::new() };
    match chip(&line) {
        Some(chip) => {
            model.anomalies.facets.stays = Some(chip.clone());
            chips::toggle(model, chip);
        }
        None => return fold(model),
    }
    Vec::new()
}

/// Folds or unfolds the facet that the cursor is in.
fn fold(model: &mut Model) -> Vec<Effect> {
    let facet = match current(model) {
        Some(Line::Head(facet, _) | Line::Value(facet, _)) => facet,
        Some(Line::Clusters(_)) => {
            model
                .say(Tone::Refused, "the values stay open: they are the last of the facets, and each line is a filter");
            return Vec::new();
        }
        _ => {
            model.say(Tone::Refused, "this line is still being read; a moment");
            return Vec::new();
        }
    };
    if !model.anomalies.facets.folded.remove(&facet) {
        model.anomalies.facets.folded.insert(facet);
    }
    Vec::new()
}

/// A count as it is shown: `212`, or `12 of 212` where not all are meant.
pub fn shown(count: Count) -> String {
    match count.found == count.all {
        true => text::number(count.all),
        false => format!("{} of {}", text::number(count.found), text::number(count.all)),
    }
}
