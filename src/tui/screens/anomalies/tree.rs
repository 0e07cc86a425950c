//! The rules that found something, under their severities; each line is a door to its findings.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::model::{AnomalyFilter, Severity};
use crate::tui::cursor::Cursor;
use crate::tui::effects::Effect;
use crate::tui::model::Model;

/// Where the user is in the tree.
#[derive(Default)]
pub struct State {
    /// The line.
    pub cursor: Cursor,
    folded: HashSet<Severity>,
}

/// Which findings are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Scope {
    /// All.
    #[default]
    All,
    /// Those of a severity.
    Severity(Severity),
    /// Those of a rule in a table.
    Rule(Severity, String, String),
}

impl Scope {
    /// The filter that lets exactly these through.
    pub fn filter(&self) -> AnomalyFilter {
        match self {
            Scope::All => AnomalyFilter::default(),
            Scope::Severity(severity) => AnomalyFilter { severity: Some(*severity), ..AnomalyFilter::default() },
            Scope::Rule(severity, rule, table) => AnomalyFilter {
                severity: Some(*severity),
                rule: Some(rule.clone()),
                table: Some(table.clone()),
                ..AnomalyFilter::default()
            },
        }
    }
}

/// One line of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeLine {
    /// A severity with its sums.
    Severity {
        /// Which one.
        severity: Severity,
        /// Findings nobody has decided on.
        open: u64,
        /// Findings that were accepted.
        waived: u64,
        /// Whether its rules are hidden.
        folded: bool,
    },
    /// A rule in a table.
    Rule(RuleLine),
}

/// A rule in a table, with the sums over its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleLine {
    /// The severity.
    pub severity: Severity,
    /// The rule.
    pub rule: String,
    /// The table.
    pub table: String,
    /// The fields on which it found something.
    pub fields: Vec<String>,
    /// Findings nobody has decided on.
    pub open: u64,
    /// Findings that were accepted.
    pub waived: u64,
}

impl TreeLine {
    fn scope(&self) -> Scope {
        match self {
            TreeLine::Severity { severity, .. } => Scope::Severity(*severity),
            TreeLine::Rule(rule) => Scope::Rule(rule.severity, rule.rule.clone(), rule.table.clone()),
        }
    }
}

/// The rules that found something, the worst severity first, then in the order of the verdict.
pub fn rules(model: &Model) -> Vec<RuleLine> {
    let mut rules: Vec<RuleLine> = Vec::new();
    for tally in model.verdict.iter().flat_map(|verdict| &verdict.rules).filter(|tally| tally.open + tally.waived > 0) {
        let same = |line: &&mut RuleLine| {
            (&line.rule, &line.table, line.severity) == (&tally.rule, &tally.table, tally.severity)
        };
        match rules.iter_mut().find(same) {
            Some(line) => {
                line.open += tally.open;
                line.waived += tally.waived;
                line.fields.push(tally.field.clone());
            }
            None => rules.push(RuleLine {
                severity: tally.severity,
                rule: tally.rule.clone(),
                table: tally.table.clone(),
                fields: vec![tally.field.clone()],
                open: tally.open,
                waived: tally.waived,
            }),
        }
    }
    rules.sort_by_key(|rule| Reverse(rule.severity));
    rules
}

/// The lines of the tree as they are seen now.
pub fn lines(model: &Model) -> Vec<TreeLine> {
    laid_out(model, &model.anomalies.tree.folded)
}

fn laid_out(model: &Model, folded: &HashSet<Severity>) -> Vec<TreeLine> {
    let rules = rules(model);
    let mut lines = Vec::new();
    for severity in Severity::ALL {
        let own: Vec<&RuleLine> = rules.iter().filter(|rule| rule.severity == severity).collect();
        if own.is_empty() {
            continue;
        }
        let folded = folded.contains(&severity);
        lines.push(TreeLine::Severity {
            severity,
            open: own.iter().map(|rule| rule.open).sum(),
            waived: own.iter().map(|rule| rule.waived).sum(),
            folded,
        });
        if !folded {
            lines.extend(own.into_iter().cloned().map(TreeLine::Rule));
        }
    }
    lines
}

/// Lists the findings of the line that the cursor is on.
pub fn follow(model: &mut Model) {
    let lines = lines(model);
    let line = usize::try_from(model.anomalies.tree.cursor.at).ok().and_then(|at| lines.get(at));
    let scope = line.map(TreeLine::scope).unwrap_or_default();
    if model.anomalies.scope != scope {
        model.anomalies.marks.clear();
        model.anomalies.range = None;
        model.anomalies.scope = scope;
    }
}

/// After a new verdict: stays on the same rule, if it still found something.
pub fn refresh(model: &mut Model) {
    let lines = lines(model);
    // The first rule is of more use to begin with than the sum above it.
    let begin = (model.anomalies.scope == Scope::All && lines.len() > 1).then_some(1);
    let same = lines.iter().position(|line| line.scope() == model.anomalies.scope);
    if let Some(at) = same.or(begin) {
        go(model, at);
    }
}

/// Goes to a line.
pub fn go(model: &mut Model, at: usize) {
    if let Some(mut reel) = super::reel(model, super::TREE) {
        reel.go(at as u64);
    }
    follow(model);
}

fn at(model: &Model) -> usize {
    usize::try_from(model.anomalies.tree.cursor.at).unwrap_or(0)
}

/// Goes to the next rule, or the one before; false where there is none.
pub fn next_rule(model: &mut Model, forward: bool) -> bool {
    let (lines, at) = (lines(model), at(model));
    let is_rule = |at: &usize| matches!(lines.get(*at), Some(TreeLine::Rule(_)));
    let next = if forward { (at + 1..lines.len()).find(is_rule) } else { (0..at).rev().find(is_rule) };
    if let Some(at) = next {
        go(model, at);
    }
    next.is_some()
}

/// Goes to the next rule whose name or table contains a text, around the end, and unfolds its severity; false where
/// there is none.
pub fn find(model: &mut Model, text: &str, backwards: bool) -> bool {
    let text = text.to_lowercase();
    let here = lines(model).get(at(model)).map(TreeLine::scope);
    let all = laid_out(model, &HashSet::new());
    let at = all.iter().position(|line| Some(line.scope()) == here).unwrap_or(0);
    let matches = |at: &usize| match &all[*at] {
        TreeLine::Rule(rule) => format!("{} {}", rule.rule, rule.table).to_lowercase().contains(&text),
        TreeLine::Severity { .. } => false,
    };
    let mut order: Vec<usize> = (at + 1..all.len()).chain(0..at.min(all.len())).collect();
    if backwards {
        order.reverse();
    }
    let Some(TreeLine::Rule(found)) = order.into_iter().find(matches).map(|at| &all[at]) else {
        return false;
    };
    model.anomalies.tree.folded.remove(&found.severity);
    if let Some(at) = lines(model).iter().position(|line| matches!(line, TreeLine::Rule(rule) if rule == found)) {
        go(model, at);
    }
    true
}

/// Folds or unfolds the severity that the cursor is in.
pub fn fold(model: &mut Model) -> Vec<Effect> {
    let severity = match lines(model).get(at(model)) {
        Some(TreeLine::Severity { severity, .. }) => *severity,
        Some(TreeLine::Rule(rule)) => rule.severity,
        None => return Vec::new(),
    };
    if !model.anomalies.tree.folded.remove(&severity) {
        model.anomalies.tree.folded.insert(severity);
    }
    let head = |line: &TreeLine| matches!(line, TreeLine::Severity { severity: other, .. } if *other == severity);
    if let Some(at) = lines(model).iter().position(head) {
        go(model, at);
    }
    Vec::new()
}
