//! What to do next, what helps most first. Neighbours: `report` and `standing`, which say it.

use std::collections::HashMap;

use super::report::words;
use super::{duplicates, load};
use crate::error::Result;
use crate::model::{Mapping, NEVER_WAIVED, NextStep, RejectTally, RuleTally, Schema, Severity, Task, Verdict};
use crate::rules;
use crate::sql::{Ident, Literal, Path, literals};
use crate::store::Store;

/// The most steps that a report lists; more than a handful is no longer a list of what to do next.
const NEXT: usize = 6;

/// Per rule and table, how many rows of other tables refer to rows with an open error and are held back with them.
fn waiting(store: &Store, schema: &Schema) -> Result<HashMap<(String, String), u64>> {
    let mut waiting = HashMap::new();
    for (table, declared) in &schema.tables {
        for (field, reference) in
            declared.fields.iter().filter_map(|(name, field)| Some((name, field.references.as_ref()?)))
        {
            let to = &reference.table;
            if !store.has_table("candidate", table)? || !store.has_table("candidate", to)? {
                continue;
            }
            let sql = format!(
                "SELECT a.rule, count(DISTINCT t._key) FROM dq.anomalies a
                 JOIN {there} p ON p._key = a.\"row\" JOIN {here} t ON t.{field} = p.{key}
                 WHERE a.\"table\" = {name} AND a.status = 'open' AND a.severity = 'error' GROUP BY a.rule",
                there = Path("candidate", to),
                here = Path("candidate", table),
                field = Ident(field),
                key = Ident(&reference.field),
                name = Literal(to),
            );
            for (rule, rows) in store.query(&sql, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u64>(1)?)))? {
                *waiting.entry((rule, to.clone())).or_default() += rows;
            }
        }
    }
    Ok(waiting)
}

/// What the steps are found in.
pub(super) struct Seen<'a> {
    pub store: &'a Store,
    pub schema: &'a Schema,
    /// The sources' names and mappings.
    pub mappings: &'a [(String, Mapping)],
    /// The last check; none before the first.
    pub verdict: Option<&'a Verdict>,
    /// Whether candidates can be built at all.
    pub planned: &'a Result<()>,
    pub rejects: &'a [RejectTally],
}

/// The steps worth listing in a report, which says by itself what the gate wants.
pub(super) fn worth(seen: &Seen) -> Result<Vec<NextStep>> {
    let mut steps = all(seen)?;
    steps.retain(|step| !matches!(step.task, Task::Gate | Task::Report));
    let commit = steps.iter().position(|step| step.task == Task::Commit).filter(|at| *at >= NEXT);
    let commit = commit.map(|at| steps.remove(at));
    steps.truncate(NEXT - usize::from(commit.is_some()));
    steps.extend(commit);
    Ok(steps)
}

/// What to do next: what was decided and no longer holds, what was never loaded or has other columns now, the causes that
/// hold most rows back, then the gate, or the commit where it is open, and then what could not be read, what is there
/// twice and what is only probably wrong.
pub(super) fn all(seen: &Seen) -> Result<Vec<NextStep>> {
    let mut steps = Vec::new();
    let conflicts = seen.verdict.map_or(0, |verdict| verdict.conflicts);
    if conflicts > 0 {
        let why = match conflicts {
            1 => "earlier decision no longer fits the data and was not applied: decide again or take it back",
            _ => "earlier decisions no longer fit the data and were not applied: decide again or take them back",
        };
        steps.push(NextStep {
            why: why.into(),
            command: "tastevin decide conflicts".into(),
            task: Task::Conflicts,
            count: conflicts,
        });
    }
    steps.extend(never_loaded(seen)?);
    let drifted = load::drifted(seen.store, seen.mappings)?;
    let at = drifted.first().map(|(source, drift)| (source.clone(), drift.entity.clone()));
    if let Err(error) = seen.planned {
        steps.push(NextStep {
            why: format!("nothing can be checked: {error}"),
            command: "tastevin map suggest".into(),
            task: Task::Mapping { at: at.clone() },
            count: 0,
        });
    }
    steps.extend(unfed(seen)?);
    let Some(verdict) = seen.verdict else {
        if seen.store.count("SELECT count(*) FROM dq.staged")? > 0 {
            steps.push(NextStep {
                why: "nothing was checked yet: build the candidates and run every rule".into(),
                command: "tastevin check".into(),
                task: Task::Check,
                count: 0,
            });
        }
        return Ok(steps);
    };
    if !drifted.is_empty() {
        steps.push(NextStep {
            why: "the columns of an export have changed: see which feed nothing now and what should feed them".into(),
            command: "tastevin map suggest".into(),
            task: Task::Mapping { at },
            count: drifted.iter().map(|(_, drift)| drift.sentences().len() as u64).sum(),
        });
    }
    steps.extend(causes(seen, verdict)?);
    steps.extend(at_the_gate(seen.store, verdict)?);
    let lost: u64 = seen.rejects.iter().map(|tally| tally.count).sum();
    if let Some(first) = seen.rejects.first() {
        let rows = format!("FROM dq.rejects WHERE reason = {}", Literal(&first.reason));
        steps.push(NextStep {
            why: format!(
                "{}: most for \"{}\", first in {}",
                if lost == 1 { "record could not be read as a row" } else { "records could not be read as rows" },
                first.reason,
                first.first
            ),
            command: format!("tastevin query {}", shell(&rows)),
            task: Task::Rejects,
            count: lost,
        });
    }
    let twins = duplicates::groups(seen.store, seen.schema)?.iter().filter(|group| group.open > 0).count();
    if twins > 0 {
        let groups = if twins == 1 { "group of rows that may be" } else { "groups of rows that may be" };
        steps.push(NextStep {
            why: format!("{groups} the same thing: merge them or say that they are not"),
            command: "tastevin duplicates".into(),
            task: Task::Duplicates,
            count: twins as u64,
        });
    }
    let doubtful = open(verdict, Severity::Warning).filter(|rule| !rules::TWINS.contains(&rule.rule.as_str()));
    steps.extend(doubtful.map(|rule| step(rule, "probably wrong, does not stop the commit")));
    steps.push(NextStep {
        why: "the report of this check: write it for whoever looks after the exports".into(),
        command: "tastevin report --output report.html".into(),
        task: Task::Report,
        count: 0,
    });
    Ok(steps)
}

/// The same with what would be a long list told as one step: of the findings only those that help most stand alone.
pub(super) fn folded(steps: Vec<NextStep>) -> Vec<NextStep> {
    let mut folded: Vec<NextStep> = Vec::new();
    let mut kinds = HashMap::new();
    for step in steps {
        let Task::Findings { severity, .. } = step.task else {
            folded.push(step);
            continue;
        };
        let seen: &mut usize = kinds.entry(severity).or_default();
        *seen += 1;
        let alone = if severity == Severity::Error { ERRORS } else { WARNINGS };
        let more = Task::More { severity };
        match folded.iter().position(|step| step.task == more) {
            Some(at) => {
                folded[at].count += step.count;
                folded[at].why = more_of(severity, *seen - alone);
            }
            None if *seen > alone => folded.push(NextStep {
                why: more_of(severity, 1),
                command: format!("tastevin anomalies --severity {}", severity.name()),
                task: more,
                count: step.count,
            }),
            None => folded.push(step),
        }
    }
    folded
}

/// How many kinds of errors, and of warnings, stand alone.
const ERRORS: usize = 4;
const WARNINGS: usize = 2;

fn more_of(severity: Severity, kinds: usize) -> String {
    let kinds = if kinds == 1 { "1 more kind".to_owned() } else { format!("{kinds} more kinds") };
    match severity {
        Severity::Error => {
            format!("errors of {kinds}: their rows are quarantined until they are repaired, waived or excluded")
        }
        _ => format!("warnings of {kinds}: probably wrong, does not stop the commit"),
    }
}

/// The sources of which nothing was ever staged.
fn never_loaded(seen: &Seen) -> Result<Vec<NextStep>> {
    let loads_that = |ended: &str| -> Result<Vec<String>> {
        let sql = format!("SELECT DISTINCT source FROM dq.loads WHERE status = {}", Literal(ended));
        seen.store.query(&sql, [], |row| row.get(0))
    };
    let (loaded, failed) = (loads_that("done")?, loads_that("failed")?);
    let missing = seen.mappings.iter().map(|(source, _)| source).filter(|source| !loaded.contains(source));
    let step = |source: &String| NextStep {
        why: match failed.contains(source) {
            true => format!("{source} could not be loaded yet: its log says why; load it again"),
            false => format!("{source} was never loaded: load it"),
        },
        command: format!("tastevin load {}", shell(source)),
        task: Task::Load { source: source.clone() },
        count: 0,
    };
    Ok(missing.map(step).collect())
}

/// What was loaded and feeds no table, where a source feeds none at all: nobody has mapped it yet.
fn unfed(seen: &Seen) -> Result<Option<NextStep>> {
    let feeds_nothing = seen.mappings.iter().filter(|(_, mapping)| mapping.tables.is_empty()).map(|(source, _)| source);
    let sql = format!(
        "SELECT source, entity FROM dq.staged WHERE source IN ({}) ORDER BY entity, source",
        literals(feeds_nothing)
    );
    let unfed: Vec<(String, String)> = seen.store.query(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let names: Vec<&str> = unfed.iter().map(|(_, entity)| entity.as_str()).collect();
    Ok(unfed.first().map(|first| NextStep {
        why: format!("loaded and feeding no table yet, so that nothing of it is checked: map {}", names.join(", ")),
        command: "tastevin map suggest".into(),
        task: Task::Mapping { at: Some(first.clone()) },
        count: names.len() as u64,
    }))
}

fn open(verdict: &Verdict, severity: Severity) -> impl Iterator<Item = &RuleTally> {
    verdict.rules.iter().filter(move |rule| rule.open > 0 && rule.severity == severity)
}

/// The errors, those that hold most rows back first.
fn causes(seen: &Seen, verdict: &Verdict) -> Result<Vec<NextStep>> {
    let waiting = waiting(seen.store, seen.schema)?;
    let behind = |rule: &RuleTally| waiting.get(&(rule.rule.clone(), rule.table.clone())).copied().unwrap_or(0);
    let mut causes: Vec<(&RuleTally, u64)> = open(verdict, Severity::Error).map(|rule| (rule, behind(rule))).collect();
    // The sort is stable: among equals, the order of the rules stays.
    causes.sort_by_key(|(rule, behind)| std::cmp::Reverse(rule.open + behind));
    let told = |(rule, behind): (&RuleTally, u64)| {
        let held = match behind {
            0 => String::new(),
            1 => ", and 1 row of another table that refers to them,".to_owned(),
            rows => format!(", and {rows} rows of other tables that refer to them,"),
        };
        let way = match rule.rule.as_str() {
            // What may not be waived is not said to be.
            "duplicate-key" => "merged, repaired or excluded",
            rule if NEVER_WAIVED.contains(&rule) => "repaired or excluded",
            _ => "repaired, waived or excluded",
        };
        step(rule, &format!("these rows{held} are quarantined until they are {way}"))
    };
    Ok(causes.into_iter().map(told).collect())
}

/// What keeps the gate closed, or the commit where it is open and nothing was committed since the check.
fn at_the_gate(store: &Store, verdict: &Verdict) -> Result<Option<NextStep>> {
    let closed = verdict.gate.iter().filter(|condition| !condition.holds).count() as u64;
    if !verdict.gate_is_open() {
        return Ok(Some(NextStep {
            why: match closed {
                1 => "condition of the gate does not hold: see which, and why".into(),
                _ => "conditions of the gate do not hold: see which, and why".into(),
            },
            command: "tastevin commit --dry-run".into(),
            task: Task::Gate,
            count: closed,
        }));
    }
    let committed = "SELECT count(*) FROM dq.commits WHERE \"at\" >= (SELECT max(\"at\") FROM dq.scores)";
    if store.count(committed)? > 0 {
        return Ok(None);
    }
    Ok(Some(NextStep {
        why: "the gate is open: look at what a commit would change, then commit".into(),
        command: "tastevin commit --dry-run".into(),
        task: Task::Commit,
        count: 0,
    }))
}

/// The step that looks at the findings of a rule.
fn step(rule: &RuleTally, why: &str) -> NextStep {
    let place = if rule.field.is_empty() { rule.table.clone() } else { format!("{}.{}", rule.table, rule.field) };
    NextStep {
        why: format!("{} in {place}: {why}", words(&rule.rule).0),
        command: format!("tastevin anomalies --rule {} --table {}", rule.rule, rule.table),
        task: Task::Findings {
            rule: rule.rule.clone(),
            table: rule.table.clone(),
            field: rule.field.clone(),
            severity: rule.severity,
        },
        count: rule.open,
    }
}

/// A text as one word of a shell.
fn shell(text: &str) -> String {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('`', "\\`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_a_long_list_is_one_step_with_the_sum() {
        let finding = |severity, at: u64| NextStep {
            why: format!("rule {at}"),
            task: Task::Findings {
                rule: format!("rule-{at}"),
                table: "sales".to_owned(),
                field: String::new(),
                severity,
            },
            count: at,
            ..NextStep::default()
        };
        let mut steps: Vec<NextStep> = (1..=7).map(|at| finding(Severity::Error, at)).collect();
        steps.push(NextStep { task: Task::Gate, ..NextStep::default() });
        steps.extend((1..=3).map(|at| finding(Severity::Warning, at)));
        let folded = folded(steps);
        let counts: Vec<u64> = folded.iter().map(|step| step.count).collect();
        assert_eq!(counts, [1, 2, 3, 4, 5 + 6 + 7, 0, 1, 2, 3]);
        assert_eq!(folded[4].task, Task::More { severity: Severity::Error });
        assert!(folded[4].why.starts_with("errors of 3 more kinds: "), "{}", folded[4].why);
        assert!(folded[8].why.starts_with("warnings of 1 more kind: "), "{}", folded[8].why);
        assert_eq!(folded[8].command, "tastevin anomalies --severity warning");
    }
}
