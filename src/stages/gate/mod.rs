//! The gate: which candidate rows are held back and why, and what must hold before a commit. Neighbours: `check` shows it,
//! `commit` obeys it.
//!
//! A candidate row is held back where any of these is true:
//!
//! 1. It has an open finding of the severity on which the gate fails.
//! 2. It has no business key, or shares its key with another candidate row. No waiver lets such a row through: the canonical
//!    tables would no longer say which row is which.
//! 3. It refers to a row that is held back and is not canonical from an earlier commit. Such a row would be an orphan
//!    downstream, so it waits for the row that it refers to; and so do the rows that refer to it in turn.

mod current;
mod gone;
mod held;
mod most;
mod order;
mod waiting;

use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};

use super::basis::Basis;
use super::kept;
use super::map::Change;
use super::places::Places;
use super::shapes::Shapes;
use crate::error::{Error, Result};
use crate::model::{self, Condition, ConditionKind, FailOn, Gate, Schema, Verdict};
use crate::store::Store;

use current::is_current;
use gone::{gone, removed};
pub(super) use held::{Count, Held, key_text, reasons};
pub use held::{blocked_sql, held_back, rule_of, severities};
use held::{findings_sql, gather};
pub use most::{is_unusual, limits};
pub(super) use order::referred_first;

/// What the gate is asked about.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// What must hold.
    pub gate: &'a Gate,
    /// What a check would stand on now; the error says why none can run.
    pub basis: std::result::Result<&'a Basis, &'a Error>,
}

/// What must hold before a commit, and whether it does: the one answer that verdicts show and commits obey.
///
/// The verdict and the scores of the check that found the anomalies must be kept already: a check that asks for its own
/// verdict writes them first.
pub fn conditions(store: &Store, subject: &Subject) -> Result<Asked> {
    Ok(Asked::of(hold(store, subject)?))
}

/// What the gate says.
#[derive(Serialize, Deserialize)]
pub struct Asked {
    /// What must hold.
    pub conditions: Vec<Condition>,
    /// Per table, how many rows would be held back; `None` where the candidates are not what the gate is about.
    pub held: Option<IndexMap<String, u64>>,
}

impl Asked {
    fn of((held, conditions): (Option<Held>, Vec<Condition>)) -> Asked {
        let counts = |held: Held| held.tables.into_iter().map(|(name, count)| (name, count.held)).collect();
        Asked { conditions, held: held.map(counts) }
    }

    /// Writes it into a verdict.
    pub(super) fn tell(self, verdict: &mut Verdict) {
        (verdict.gate, verdict.held) = (self.conditions, self.held);
    }
}

/// Brings what the verdict of the last check says of the gate to what it says now: something may have been loaded, edited, decided
/// or committed since.
pub fn ask_anew(store: &Store, subject: &Subject, verdict: &mut Verdict) -> Result<()> {
    const ANSWER: &str = "answer of the gate";
    let known = Basis::of_last_check(store)?;
    if let (Ok(now), Some(known)) = (subject.basis, known)
        && !known.asks_the_same(now)
    {
        // The transaction makes all tables be seen at one moment; only temporary tables are written.
        let asked = store.transaction(|store| {
            let state = kept::state(store, subject.schema, subject.gate)?;
            if let Some(asked) = kept::of(store, ANSWER, state.as_deref())? {
                return Ok(asked);
            }
            let asked = conditions(store, subject)?;
            kept::keep(store, ANSWER, state.as_deref(), &asked)?;
            Ok(asked)
        })?;
        asked.tell(verdict);
    }
    let checked = is_current(store, subject, current::number(store, subject.schema, &Shapes::read(store)?)?)?;
    for now in [Some(checked), loaded(subject)].into_iter().flatten() {
        match verdict.gate.iter_mut().find(|condition| condition.kind == now.kind) {
            Some(condition) => *condition = now,
            None => verdict.gate.push(now),
        }
    }
    Ok(())
}

/// The name under which the figures of the rows that are held back are kept for the next decision.
const FIGURES: &str = "figures of the gate";

/// What decisions have changed since the gate was asked.
pub(super) struct Since<'s> {
    /// What became of the rows of tables.
    pub changes: &'s IndexMap<String, Change>,
    pub places: &'s Places,
    /// The shapes of the tables, as they still are.
    pub shapes: &'s Shapes,
    /// The relation with the rows about which something may be found otherwise than before, as `table`, `row` and `_row`; `None` for any.
    pub looked_at: Option<&'s str>,
}

/// The same after decisions: `before` is the state in which the gate was asked last, `moved` names the tables in which
/// other rows are blocked, came, went, or have other keys or references.
pub(super) fn conditions_again(
    store: &Store,
    subject: &Subject,
    before: Option<&str>,
    mut moved: IndexSet<String>,
    since: Since,
) -> Result<Asked> {
    let Some(figures) = kept::of::<Figures>(store, FIGURES, before)? else { return conditions(store, subject) };
    let schema = subject.schema;
    let (order, is_cyclic) = referred_first(schema);
    if is_cyclic {
        return conditions(store, subject);
    }
    // What is held back in a table is for the tables to wait for that refer to it, and what nobody gives any more is found for them,
    // even if they have no rows now.
    for name in &order {
        let mut references = schema.tables[name].fields.values().filter_map(|field| field.references.as_ref());
        if references.any(|to| moved.contains(&to.table)) {
            moved.insert(name.clone());
        }
    }
    Ok(Asked::of(hold_again(store, subject, Some(Known { figures, moved, since }))?))
}

/// The state has changed and what is held back has not: its figures are those of the new state too.
pub(super) fn stays(store: &Store, subject: &Subject, before: Option<&str>) -> Result<()> {
    match kept::of::<Figures>(store, FIGURES, before)? {
        Some(figures) => {
            let state = kept::state(store, subject.schema, subject.gate)?;
            kept::keep(store, FIGURES, state.as_deref(), &figures)
        }
        None => Ok(()),
    }
}

/// What is known of the rows that were held back before a decision.
struct Known<'k> {
    figures: Figures,
    /// The tables in which others may be held back now.
    moved: IndexSet<String>,
    since: Since<'k>,
}

/// The figures of the rows that are held back, and per table how many rows are committed and how many of these no source
/// gives any more.
#[derive(Default, Serialize, Deserialize)]
struct Figures {
    held: IndexMap<String, Count>,
    gone: IndexMap<String, (u64, u64)>,
}

/// Gathers the rows that are held back and says what must hold. `None` where the candidates are not what the conditions are about:
/// nothing was checked yet, or the schema has changed since.
pub(super) fn hold(store: &Store, subject: &Subject) -> Result<(Option<Held>, Vec<Condition>)> {
    hold_again(store, subject, None)
}

/// Gathers the rows that are held back; the condition that does not hold where the candidates are not those of the schema.
pub(super) fn held(store: &Store, schema: &Schema, gate: &Gate) -> Result<std::result::Result<Held, Condition>> {
    let shapes = Shapes::read(store)?;
    match current::number(store, schema, &shapes)? {
        Err(condition) if !shapes.fit(schema) => Ok(Err(condition)),
        _ => {
            // The figures may be those of another gate than the reasons are from now on.
            kept::forget(store, FIGURES)?;
            gather(store, schema, gate.fail_on, &shapes, None).map(Ok)
        }
    }
}

fn hold_again(store: &Store, subject: &Subject, known: Option<Known>) -> Result<(Option<Held>, Vec<Condition>)> {
    let Subject { schema, gate, .. } = *subject;
    let read;
    let shapes = match &known {
        Some(known) => known.since.shapes,
        None => {
            read = Shapes::read(store)?;
            &read
        }
    };
    let current = is_current(store, subject, current::number(store, schema, shapes)?)?;
    if !current.holds && !shapes.fit(schema) {
        return Ok((None, vec![current]));
    }
    let held = gather(store, schema, gate.fail_on, shapes, known.as_ref())?;
    let gone = gone(store, schema, shapes, known.as_ref())?;
    let conditions = say(store, subject, current, &held, gone)?;
    Ok((Some(held), conditions))
}

/// What must hold after a commit that is being made: `held` are the rows that it held back. The same ones would be held back again: it
/// leaves what is committed under their keys as it was.
pub(super) fn after_commit(store: &Store, subject: &Subject, held: Held) -> Result<Asked> {
    let shapes = Shapes::read(store)?;
    let current = is_current(store, subject, current::number(store, subject.schema, &shapes)?)?;
    let gone = gone(store, subject.schema, &shapes, None)?;
    let conditions = say(store, subject, current, &held, gone)?;
    Ok(Asked::of((Some(held), conditions)))
}

/// Says what must hold of candidates that are those of the schema, and keeps the figures.
fn say(
    store: &Store,
    subject: &Subject,
    current: Condition,
    held: &Held,
    gone: IndexMap<String, (u64, u64)>,
) -> Result<Vec<Condition>> {
    let Subject { schema, gate, .. } = *subject;
    let (most, most_removed) = limits(gate)?;
    let mut conditions = vec![current];
    conditions.extend(keyed(schema));
    conditions.extend(homeless(store, schema, gate.fail_on, &held.theirs)?);
    conditions.push(blocked(held, gate.quarantine));
    if gate.quarantine {
        conditions.push(most.condition(held, &gate.max_quarantined));
    }
    conditions.extend(removed(&gone, most_removed, &gate.max_removed));
    conditions.extend(loaded(subject));
    let figures = Figures { held: held.tables.clone(), gone };
    kept::keep(store, FIGURES, kept::state(store, schema, gate)?.as_deref(), &figures)?;
    Ok(conditions)
}

/// A table whose source was never loaded is empty, and a commit would empty the canonical one.
fn loaded(subject: &Subject) -> Option<Condition> {
    let unloaded = subject.basis.ok()?.unloaded();
    Some(Condition {
        what: "every source that the mappings read is loaded".to_owned(),
        holds: unloaded.is_empty(),
        detail: match unloaded {
            [] => "all are".to_owned(),
            missing => format!("not loaded: {}", missing.join(", ")),
        },
        kind: ConditionKind::Loaded,
    })
}

/// Rows without a declared key cannot be told apart; said only where it happens.
fn keyed(schema: &Schema) -> Option<Condition> {
    let keyless: Vec<&str> = schema
        .tables
        .iter()
        .filter(|(_, table)| table.keys().next().is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    (!keyless.is_empty()).then(|| Condition {
        what: "every table of the schema declares a key".to_owned(),
        holds: false,
        detail: format!("{} has no field with key = true", keyless.join(", ")),
        kind: ConditionKind::Keyed,
    })
}

/// Findings that block but belong to no candidate row, so that they hold none back, cannot be quarantined with a row; said only
/// where they exist.
fn homeless(store: &Store, schema: &Schema, fail_on: FailOn, theirs: &[String]) -> Result<Option<Condition>> {
    let mut found = Vec::new();
    for table in schema.tables.keys().filter(|table| theirs.contains(table)) {
        let sql = format!(
            "SELECT count(*) FROM ({}) f ANTI JOIN {} r ON f.\"row\" = r.\"row\"",
            findings_sql(table, fail_on),
            reasons(table)
        );
        let count = store.count(&sql)?;
        if count > 0 {
            found.push(format!("{table} {count}"));
        }
    }
    Ok((!found.is_empty()).then(|| Condition {
        what: "no open finding that blocks is about a table as a whole".to_owned(),
        holds: false,
        detail: found.join(", "),
        kind: ConditionKind::Whole,
    }))
}

fn blocked(held: &Held, quarantine: bool) -> Condition {
    let parts: Vec<String> = held
        .tables
        .iter()
        .filter(|(_, count)| count.held > 0)
        .map(|(table, count)| format!("{table} {}{}", model::thousands(count.held, ' '), count.waiting()))
        .collect();
    let total: u64 = held.tables.values().map(|count| count.held).sum();
    let detail = match total {
        0 => "none is blocked".to_owned(),
        1 => format!("1 row is blocked: {}", parts.join(", ")),
        _ => format!("{} rows are blocked: {}", model::thousands(total, ' '), parts.join(", ")),
    };
    let kind = ConditionKind::Blocked;
    if quarantine {
        let what = "blocked rows are quarantined, the rest commits".to_owned();
        Condition { what, holds: true, detail, kind }
    } else {
        Condition { what: "no row is blocked".to_owned(), holds: total == 0, detail, kind }
    }
}
