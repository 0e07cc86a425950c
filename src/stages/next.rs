//! What to do next, what helps most first. Neighbours: `report` and `standing`, which say it.

use std::collections::HashMap;

use super::report::words;
use crate::error::Result;
use crate::model::{NextStep, RejectTally, RuleTally, Schema, Severity, Task, Verdict};
use crate::sql::{Ident, Literal, Path};
use crate::store::Store;

/// The steps worth listing; more than a handful is no longer a list of what to do next.
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

/// What to do next: what was decided and no longer holds, then the causes that hold most rows back, then what could not
/// be read and what is only probably wrong; the commit where the gate is open.
pub(super) fn next(
    store: &Store,
    schema: &Schema,
    verdict: &Verdict,
    rejects: &[RejectTally],
) -> Result<Vec<NextStep>> {
    let waiting = waiting(store, schema)?;
    let mut steps = Vec::new();
    if verdict.conflicts > 0 {
        steps.push(NextStep {
            why: "earlier decisions no longer fit the data and were not applied: decide again or take them back".into(),
            command: "tastevin decide conflicts".into(),
            task: Task::Conflicts,
            count: verdict.conflicts,
        });
    }
    if !verdict.drift.is_empty() {
        steps.push(NextStep {
            why: "the columns of an export have changed: see which feed nothing now and what should feed them".into(),
            command: "tastevin map suggest".into(),
            task: Task::Mapping,
            count: verdict.drift.len() as u64,
        });
    }
    let open = |severity| verdict.rules.iter().filter(move |rule| rule.open > 0 && rule.severity == severity);
    let behind = |rule: &RuleTally| waiting.get(&(rule.rule.clone(), rule.table.clone())).copied().unwrap_or(0);
    let mut causes: Vec<(&RuleTally, u64)> = open(Severity::Error).map(|rule| (rule, behind(rule))).collect();
    // The sort is stable: among equals, the order of the rules stays.
    causes.sort_by_key(|(rule, behind)| std::cmp::Reverse(rule.open + behind));
    for (rule, behind) in causes {
        let held = match behind {
            0 => String::new(),
            1 => ", and 1 row of another table that refers to them,".to_owned(),
            rows => format!(", and {rows} rows of other tables that refer to them,"),
        };
        steps.push(step(rule, &format!("these rows{held} are quarantined until they are repaired or waived")));
    }
    let lost: u64 = rejects.iter().map(|tally| tally.count).sum();
    if let Some(first) = rejects.first() {
        let rows = format!("FROM dq.rejects WHERE reason = {}", Literal(&first.reason));
        steps.push(NextStep {
            why: format!("records could not be read as rows, most for \"{}\", first in {}", first.reason, first.first),
            command: format!("tastevin query {}", shell(&rows)),
            task: Task::Rejects,
            count: lost,
        });
    }
    steps.extend(open(Severity::Warning).map(|rule| step(rule, "probably wrong, does not stop the commit")));
    let gate_is_open = verdict.gate_is_open();
    steps.truncate(if gate_is_open { NEXT - 1 } else { NEXT });
    if gate_is_open {
        steps.push(NextStep {
            why: "the gate is open: look at what a commit would change, then commit".into(),
            command: "tastevin commit --dry-run".into(),
            task: Task::Commit,
            count: 0,
        });
    }
    Ok(steps)
}

/// The step that looks at the findings of a rule.
fn step(rule: &RuleTally, why: &str) -> NextStep {
    let place = if rule.field.is_empty() { rule.table.clone() } else { format!("{}.{}", rule.table, rule.field) };
    NextStep {
        why: format!("{} in {place}: {why}", words(&rule.rule).0),
        command: format!("tastevin anomalies --rule {} --table {}", rule.rule, rule.table),
        task: Task::Findings { rule: rule.rule.clone(), table: rule.table.clone() },
        count: rule.open,
    }
}

/// A text as one word of a shell.
fn shell(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('`', "\\`"))
}
