//! The rules that found something, under their severities; each line is a door to its findings.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::{facets, findings};
use crate::model::{AnomalyOrder, RuleCount, Severity};
use crate::tui::cursor::{Cursor, around};
use crate::tui::effects::Effect;
use crate::tui::model::Model;
use crate::tui::notes::Tone;
use crate::tui::text;

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

/// One line of the tree.
#[derive(Debug, Clone, PartialEq)]
pub enum TreeLine {
    /// A severity with its sums.
    Severity {
        /// Which one.
        severity: Severity,
        /// Findings nobody has decided on.
        open: u64,
        /// Findings that were accepted.
        waived: u64,
        /// All findings, also those that no chip lets through.
        all: u64,
        /// Whether its rules are hidden.
        folded: bool,
    },
    /// A rule in a table.
    Rule(RuleCount),
}

impl TreeLine {
    fn scope(&self) -> Scope {
        match self {
            TreeLine::Severity { severity, .. } => Scope::Severity(*severity),
            TreeLine::Rule(rule) => Scope::Rule(rule.severity, rule.rule.clone(), rule.table.clone()),
        }
    }
}

/// The rules that found something that the chips let through, the worst severity first, then in the order of the verdict.
pub fn rules(model: &Model) -> Vec<RuleCount> {
    let mut rules = all_rules(model);
    // While the counts under new chips are on their way, those of all findings stand for them.
    let counts = facets::counts(model).filter(|_| facets::needed(model));
    if let Some(counts) = counts {
        rules.retain_mut(|line| {
            let same = |count: &&RuleCount| {
                (&count.rule, &count.table, count.severity) == (&line.rule, &line.table, line.severity)
            };
            let count = counts.rules.iter().find(same);
            if let Some(count) = count {
                line.fields.clone_from(&count.fields);
                (line.open, line.waived, line.all) = (count.open, count.waived, count.all);
                line.stake = count.stake;
            }
            count.is_some()
        });
    }
    if model.anomalies.order == AnomalyOrder::Stake {
        let most = |line: &RuleCount| Reverse((line.stake.unwrap_or(0.0) * 100.0) as i64);
        rules.sort_by_key(|line| (Reverse(line.severity), most(line)));
    }
    rules
}

fn all_rules(model: &Model) -> Vec<RuleCount> {
    let mut rules: Vec<RuleCount> = Vec::new();
    for tally in model.verdict.iter().flat_map(|verdict| &verdict.rules).filter(|tally| tally.open + tally.waived > 0) {
        let same = |line: &&mut RuleCount| {
            (&line.rule, &line.table, line.severity) == (&tally.rule, &tally.table, tally.severity)
        };
        match rules.iter_mut().find(same) {
            Some(line) => {
                line.open += tally.open;
                line.waived += tally.waived;
                line.all += tally.open + tally.waived;
                line.stake = tally.stake.map_or(line.stake, |stake| Some(stake + line.stake.unwrap_or(0.0)));
                line.fields.push(tally.field.clone());
            }
            None => rules.push(RuleCount {
                severity: tally.severity,
                rule: tally.rule.clone(),
                table: tally.table.clone(),
                fields: vec![tally.field.clone()],
                open: tally.open,
                waived: tally.waived,
                all: tally.open + tally.waived,
                stake: tally.stake,
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
    let (rules, all) = (rules(model), all_rules(model));
    let mut lines = Vec::new();
    for severity in Severity::ALL {
        let own: Vec<&RuleCount> = rules.iter().filter(|rule| rule.severity == severity).collect();
        if own.is_empty() {
            continue;
        }
        let folded = folded.contains(&severity);
        lines.push(TreeLine::Severity {
            severity,
            open: own.iter().map(|rule| rule.open).sum(),
            waived: own.iter().map(|rule| rule.waived).sum(),
            all: all.iter().filter(|rule| rule.severity == severity).map(|rule| rule.all).sum(),
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
    if model.anomalies.facets.shown {
        return;
    }
    let lines = lines(model);
    let line = usize::try_from(model.anomalies.tree.cursor.at).ok().and_then(|at| lines.get(at));
    let scope = line.map(TreeLine::scope).unwrap_or_default();
    if model.anomalies.scope != scope {
        model.anomalies.marks.clear();
        (model.anomalies.range, model.anomalies.all_marked) = (None, false);
        model.anomalies.scope = scope;
    }
}

/// After a new verdict: stays on the same rule, if it still found something.
pub fn refresh(model: &mut Model) {
    if model.anomalies.facets.shown {
        return;
    }
    let lines = lines(model);
    // The first rule is of more use to begin with than the sum above it.
    let begin = (model.anomalies.scope == Scope::All && lines.len() > 1).then_some(1);
    let same = lines.iter().position(|line| line.scope() == model.anomalies.scope);
    if let Some(at) = same.or(begin) {
        go(model, at);
    }
}

/// After decisions: stays on the same rule; where it has nothing left, the keys go back to the rules, so that those that
/// decide never find another rule's findings under the cursor.
pub fn settle(model: &mut Model) {
    let left = lines(model).iter().any(|line| line.scope() == model.anomalies.scope);
    let scoped = !model.anomalies.facets.shown && model.anomalies.scope != Scope::All;
    if scoped && !left && model.anomalies.focus != findings::TREE {
        model.anomalies.focus = findings::TREE;
        if let Scope::Rule(_, rule, table) = &model.anomalies.scope {
            let said = format!("all done: nothing is left of {} in {}", text::clean(rule), text::clean(table));
            model.say(Tone::Done, said);
        }
    }
    refresh(model);
}

/// Goes to a line.
pub fn go(model: &mut Model, at: usize) {
    if let Some(mut reel) = findings::reel(model, findings::TREE) {
        reel.go(at as u64);
    }
    follow(model);
}

/// Goes to the line of a rule in a table, or else to that of a severity; stays where neither is.
pub fn go_to(model: &mut Model, severity: Option<Severity>, rule: Option<&str>, table: Option<&str>) {
    let lines = lines(model);
    let of_rule = lines.iter().position(|line| {
        matches!(line, TreeLine::Rule(own) if Some(own.rule.as_str()) == rule && table.is_none_or(|table| own.table == table))
    });
    let of_severity = || lines.iter().position(|line| severity.is_some_and(|one| line.scope() == Scope::Severity(one)));
    if let Some(at) = of_rule.or_else(of_severity) {
        go(model, at);
    }
}

/// The tables of what the tree's line lists, each with the fields that something was found on.
pub fn scoped(model: &Model) -> Vec<(String, Vec<String>)> {
    scoped_rules(model).map(|line| (line.table, line.fields)).collect()
}

/// The rules of what the tree's line lists; all of them where the facets stand in its place.
pub fn scoped_rules(model: &Model) -> impl Iterator<Item = RuleCount> {
    let own = |line: &RuleCount| match &model.anomalies.scope {
        _ if model.anomalies.facets.shown => true,
        Scope::All => true,
        Scope::Severity(severity) => line.severity == *severity,
        Scope::Rule(severity, rule, table) => (&line.severity, &line.rule, &line.table) == (severity, rule, table),
    };
    rules(model).into_iter().filter(own)
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
    let order = around(at as u64, all.len(), backwards);
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
