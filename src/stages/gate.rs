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

use std::collections::HashMap;
use std::path::PathBuf;

use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};

use super::map::Change;
use super::{decide, kept};
use crate::error::{Error, Result};
use crate::model::{self, Condition, ConditionKind, FailOn, FieldType, Gate, Page, Schema, Severity, Table};
use crate::rules;
use crate::sql::{Ident, Literal, Path, Pipeline};
use crate::store::Store;

/// What must hold before a commit, and whether it does.
///
/// The scores of the check that found the anomalies must be in `dq.scores` already: a check that asks for its own verdict
/// writes them first.
pub fn conditions(store: &Store, schema: &Schema, gate: &Gate) -> Result<Asked> {
    Ok(Asked::of(hold(store, schema, gate)?))
}

/// What the gate says.
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
}

/// The name under which the figures of the rows that are held back are kept for the next decision.
const FIGURES: &str = "figures of the gate";

/// The same after decisions: `before` is the state in which the gate was asked last, `moved` names the tables in which
/// other rows are blocked, came, went, or have other keys or references, and `changes` are what became of their rows.
pub(super) fn conditions_again(
    store: &Store,
    schema: &Schema,
    gate: &Gate,
    before: Option<&str>,
    mut moved: IndexSet<String>,
    changes: &IndexMap<String, Change>,
) -> Result<Asked> {
    let Some(figures) = kept::of::<Figures>(store, FIGURES, before)? else { return conditions(store, schema, gate) };
    let (order, is_cyclic) = referred_first(schema);
    if is_cyclic {
        return conditions(store, schema, gate);
    }
    // What is held back in a table is for the tables to wait for that refer to it.
    for name in &order {
        let mut references = schema.tables[name].fields.values().filter_map(|field| field.references.as_ref());
        if references.any(|to| moved.contains(&to.table)) {
            moved.insert(name.clone());
        }
    }
    Ok(Asked::of(hold_again(store, schema, gate, Some(Known { figures, moved, changes }))?))
}

/// The state has changed and what is held back has not: its figures are those of the new state too.
pub(super) fn stays(store: &Store, schema: &Schema, gate: &Gate, before: Option<&str>) -> Result<()> {
    match kept::of::<Figures>(store, FIGURES, before)? {
        Some(figures) => kept::keep(store, FIGURES, kept::state(store, schema, gate)?.as_deref(), &figures),
        None => Ok(()),
    }
}

/// What is known of the rows that were held back before a decision.
struct Known<'k> {
    figures: Figures,
    /// The tables in which others may be held back now.
    moved: IndexSet<String>,
    changes: &'k IndexMap<String, Change>,
}

/// The figures of the rows that are held back, and per table how many rows are committed and how many of these no source
/// gives any more.
#[derive(Default, Serialize, Deserialize)]
struct Figures {
    held: IndexMap<String, Count>,
    gone: IndexMap<String, (u64, u64)>,
}

/// A query for the rows of a table that have an open finding of a severity on which the gate fails: `row`, `reasons`.
pub fn blocked_sql(table: &str, fail_on: FailOn) -> String {
    format!(
        "SELECT \"row\", list(DISTINCT reason ORDER BY reason) AS reasons FROM ({}) GROUP BY \"row\"",
        findings_sql(table, fail_on)
    )
}

/// An expression for the rule of a reason, given an expression for the reason.
pub fn rule_of(reason: &str) -> String {
    format!("regexp_extract({reason}, '^[^ :]+')")
}

/// The severities on which the gate fails, worst first.
pub fn severities(fail_on: FailOn) -> &'static [Severity] {
    match fail_on {
        FailOn::Error => &[Severity::Error],
        FailOn::Warning => &[Severity::Error, Severity::Warning],
        FailOn::Never => &[],
    }
}

/// The candidate rows that are held back, gathered in temporary tables of this connection.
pub(super) struct Held {
    /// Per table of the schema, in its order.
    pub tables: IndexMap<String, Count>,
}

/// How many candidate rows a table has, how many of them are held back, and how many of those only because they wait for a row
/// that they refer to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Count {
    pub rows: u64,
    pub held: u64,
    pub waiting: u64,
}

impl Count {
    /// The rest of a sentence that has named how many are held back: where most of them may come from.
    fn waiting(self) -> String {
        match self.waiting {
            0 => String::new(),
            n => format!(" ({n} waiting for other rows)"),
        }
    }
}

/// The temporary table with the reasons why rows of `table` are held back: `row`, `reason`; a row can stand there many times.
pub(super) fn reasons(table: &str) -> String {
    format!("temp.{}", Ident(&format!("reasons/{table}")))
}

/// A window of the candidate rows that a commit would hold back: `table`, `row`, and `reasons` in one text, apart by `; `.
pub fn held_back(store: &Store, schema: &Schema, gate: &Gate, offset: u64, limit: u64) -> Result<Page> {
    const ROWS: &str = "held rows";
    // The transaction makes all tables be seen at one moment; only temporary tables are written.
    store.transaction(|store| {
        let state = kept::state(store, schema, gate)?;
        if kept::of::<()>(store, ROWS, state.as_deref())?.is_none() {
            if hold(store, schema, gate)?.0.is_none() || schema.tables.is_empty() {
                return Ok(Page::default());
            }
            store.run(&format!(
                "CREATE OR REPLACE TEMP TABLE {} AS SELECT \"table\", \"row\", reasons FROM ({}) ORDER BY place, \"row\"",
                Ident(ROWS),
                held_rows(schema)
            ))?;
            kept::keep(store, ROWS, state.as_deref(), &())?;
        }
        store.page(&format!("SELECT * FROM temp.{} ORDER BY rowid", Ident(ROWS)), offset, limit)
    })
}

/// A query for the rows that are held back, after they were gathered: `place` of the table in the schema, `table`, `row`, `reasons`.
fn held_rows(schema: &Schema) -> String {
    let tables: Vec<String> = (0..)
        .zip(schema.tables.keys())
        .map(|(at, name)| {
            format!(
                "SELECT {at} AS place, {} AS \"table\", \"row\", string_agg(DISTINCT reason, '; ' ORDER BY reason) AS reasons\n\
                 FROM {} GROUP BY \"row\"",
                Literal(name),
                reasons(name)
            )
        })
        .collect();
    tables.join("\nUNION ALL\n")
}

/// The greatest share or number of rows that may be quarantined, and that may be removed.
///
/// # Errors
/// What is written says neither a share nor a number.
pub fn limits(gate: &Gate) -> Result<(Most, Most)> {
    Ok((Most::parse("max_quarantined", &gate.max_quarantined)?, Most::parse("max_removed", &gate.max_removed)?))
}

/// Gathers the rows that are held back and says what must hold. `None` where the candidates are not what the conditions are about:
/// nothing was checked yet, or the schema has changed since.
pub(super) fn hold(store: &Store, schema: &Schema, gate: &Gate) -> Result<(Option<Held>, Vec<Condition>)> {
    hold_again(store, schema, gate, None)
}

fn hold_again(
    store: &Store,
    schema: &Schema,
    gate: &Gate,
    known: Option<Known>,
) -> Result<(Option<Held>, Vec<Condition>)> {
    let (most, most_removed) = limits(gate)?;
    let shapes = Shapes::read(store)?;
    let current = is_current(store, schema, &shapes)?;
    if !current.holds && !shapes.fit(schema) {
        return Ok((None, vec![current]));
    }
    let held = gather(store, schema, gate.fail_on, &shapes, known.as_ref())?;
    let mut conditions = vec![current];
    conditions.extend(keyed(schema));
    conditions.extend(homeless(store, schema, gate.fail_on)?);
    conditions.push(blocked(&held, gate.quarantine));
    if gate.quarantine {
        conditions.push(most.condition(&held, &gate.max_quarantined));
    }
    let gone = gone(store, schema, &shapes, known.as_ref())?;
    conditions.extend(removed(&gone, most_removed, &gate.max_removed));
    let figures = Figures { held: held.tables.clone(), gone };
    kept::keep(store, FIGURES, kept::state(store, schema, gate)?.as_deref(), &figures)?;
    Ok((Some(held), conditions))
}

/// The columns of the tables that hold rows of the schema, by DuckDB schema and table: name → type.
pub(super) struct Shapes(HashMap<(String, String), IndexMap<String, String>>);

impl Shapes {
    pub(super) fn read(store: &Store) -> Result<Shapes> {
        let sql = "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() \
                   WHERE database_name = current_database() AND schema_name IN ('candidate', 'canonical', 'dq') \
                   ORDER BY schema_name, table_name, column_index";
        let mut shapes: HashMap<_, IndexMap<String, String>> = HashMap::new();
        for (schema, table, column, kind) in
            store.query(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        {
            shapes.entry((schema, table)).or_default().insert(column, kind);
        }
        Ok(Shapes(shapes))
    }

    /// The columns of a table; `None` where there is no such table.
    pub(super) fn of(&self, schema: &str, table: &str) -> Option<&IndexMap<String, String>> {
        self.0.get(&(schema.to_owned(), table.to_owned()))
    }

    fn has(&self, schema: &str, table: &str, columns: &[&str]) -> bool {
        self.of(schema, table).is_some_and(|have| columns.iter().all(|column| have.contains_key(*column)))
    }

    /// Whether every candidate table has the fields of the schema with their types.
    fn fit(&self, schema: &Schema) -> bool {
        schema.tables.iter().all(|(name, table)| self.misfit(name, table).is_none())
    }

    fn misfit(&self, name: &str, table: &Table) -> Option<String> {
        let Some(columns) = self.of("candidate", name) else {
            return Some(format!("there are no candidates for {name}"));
        };
        let (field, _) = table
            .fields
            .iter()
            .find(|(field, declared)| columns.get(*field).is_none_or(|kind| kind != declared.kind.sql()))?;
        Some(format!("the candidates do not have {name}.{field} as the schema declares it"))
    }
}

/// The condition that the last check looked at what would be committed.
fn checked(holds: bool, detail: String) -> Condition {
    let what = "the last check knows the newest load, the decisions and the schema".to_owned();
    Condition { what, holds, detail, kind: ConditionKind::Checked }
}

/// Whether the last check looks at what is there now. `planned` says whether candidates can be built at all.
pub fn current(store: &Store, schema: &Schema, planned: &Result<()>) -> Result<Condition> {
    match planned {
        Ok(()) => is_current(store, schema, &Shapes::read(store)?),
        Err(error) => Ok(checked(false, format!("nothing can be checked: {error}"))),
    }
}

/// Whether the last check looked at what would be committed: the schema as it is, the newest loads and the decisions in force.
fn is_current(store: &Store, schema: &Schema, shapes: &Shapes) -> Result<Condition> {
    let fails = |detail: String| checked(false, detail);
    let last = "SELECT \"check\", max(\"at\") FROM (SELECT \"check\", \"at\" FROM dq.scores UNION ALL SELECT \"check\", \"at\" FROM dq.metrics) \
                GROUP BY \"check\" ORDER BY \"check\" DESC LIMIT 1";
    let Some(check): Option<i64> = store.first(last, [], |row| row.get(0))? else {
        return Ok(fails(match store.count("SELECT count(*) FROM dq.verdict")? {
            0 => "nothing has been checked yet; run `tastevin check`".to_owned(),
            _ => "no table is fed: map what is loaded; `tastevin map suggest` proposes how".to_owned(),
        }));
    };
    if let Some(misfit) = schema.tables.iter().find_map(|(name, table)| shapes.misfit(name, table)) {
        return Ok(fails(format!("{misfit}; run `tastevin check`")));
    }
    let newer = format!(
        "SELECT DISTINCT source FROM dq.loads, ({last}) AS c(n, checked) \
         WHERE status = 'done' AND coalesce(ended, started) > checked ORDER BY source"
    );
    let newer: Vec<String> = store.query(&newer, [], |row| row.get(0))?;
    if !newer.is_empty() {
        return Ok(fails(format!("{} was loaded after check {check}; run `tastevin check`", newer.join(", "))));
    }
    if !decide::is_checked(store)? {
        return Ok(fails(format!("other decisions are in force than at check {check}; run `tastevin check`")));
    }
    Ok(checked(true, format!("check {check}")))
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
fn homeless(store: &Store, schema: &Schema, fail_on: FailOn) -> Result<Option<Condition>> {
    let theirs = format!(
        "SELECT DISTINCT \"table\" FROM dq.anomalies WHERE status = 'open' AND severity IN ({}) AND {}",
        severity_list(fail_on),
        is_theirs()
    );
    let theirs: Vec<String> = store.query(&theirs, [], |row| row.get(0))?;
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

/// The condition that a finding is of a rule of the user's own. Only such a one may be about no row of the table.
fn is_theirs() -> String {
    let ours: Vec<String> = rules::REGISTRY.iter().map(|rule| Literal(rule.id).to_string()).collect();
    format!("rule NOT IN ({})", ours.join(", "))
}

/// Per table in which something is committed or could be: how many rows are, and how many of them no source gives any more.
fn gone(
    store: &Store,
    schema: &Schema,
    shapes: &Shapes,
    known: Option<&Known>,
) -> Result<IndexMap<String, (u64, u64)>> {
    let mut figures = IndexMap::new();
    for (name, table) in &schema.tables {
        let keys: Vec<&str> = table.keys().collect();
        if keys.is_empty() || !shapes.has("canonical", name, &keys) {
            continue;
        }
        let before = known.and_then(|known| Some((known.figures.gone.get(name)?, known)));
        let figure = match before {
            Some((figure, known)) if !known.moved.contains(name) => *figure,
            Some((&(rows, gone), known)) if known.changes.contains_key(name) => {
                (rows, gone.saturating_add_signed(more_gone(store, name, table)?))
            }
            Some((figure, _)) => *figure,
            None => {
                let same: Vec<String> =
                    keys.iter().map(|key| format!("k.{0}::VARCHAR = c.{0}::VARCHAR", Ident(key))).collect();
                let (canonical, candidate) = (Path("canonical", name), Path("candidate", name));
                let rows = store.count(&format!("SELECT count(*) FROM {canonical}"))?;
                let gone = store.count(&format!(
                    "SELECT count(*) FROM {canonical} k ANTI JOIN {candidate} c ON {}",
                    same.join(" AND ")
                ))?;
                (rows, gone)
            }
        };
        figures.insert(name.clone(), figure);
    }
    Ok(figures)
}

/// How many more committed rows no source gives any more than before the rows of a table changed.
fn more_gone(store: &Store, name: &str, table: &Table) -> Result<i64> {
    let key = key_text(table, "t.");
    let (canonical, candidate) = (Path("canonical", name), Path("candidate", name));
    let sql = format!(
        "WITH keys AS MATERIALIZED (SELECT DISTINCT key FROM ({values}) AS keys(key) WHERE key IS NOT NULL),\n\
         committed AS MATERIALIZED (SELECT {key} AS key FROM {canonical} AS t WHERE {key} IN (FROM keys)),\n\
         given AS MATERIALIZED (SELECT {key} AS key, t._key FROM {candidate} AS t WHERE {key} IN (FROM keys)),\n\
         given_before AS (SELECT {key} AS key FROM {before} AS t UNION ALL SELECT key FROM given WHERE _key NOT IN (SELECT _key FROM {after}))\n\
         SELECT count(*) FILTER (key NOT IN (SELECT key FROM given)) - count(*) FILTER (key NOT IN (SELECT key FROM given_before WHERE key IS NOT NULL))\n\
         FROM committed",
        values = Change::values(name, &key),
        before = Change::before(name),
        after = Change::after(name),
    );
    Ok(store.first(&sql, [], |row| row.get(0))?.unwrap_or(0))
}

/// Committed rows that no source gives any more. A table without any candidate would stay as it is while what is computed
/// from it changes, so it counts as wholly removed. Said only once something is committed.
fn removed(gone: &IndexMap<String, (u64, u64)>, most: Most, written: &str) -> Option<Condition> {
    let over: Vec<String> = gone
        .iter()
        .filter(|(_, (rows, gone))| !most.allows(Count { rows: *rows, held: *gone, waiting: 0 }))
        .map(|(name, (rows, gone))| format!("{name} {gone} of {rows} rows"))
        .collect();
    gone.values().any(|(rows, _)| *rows > 0).then(|| Condition {
        what: match most {
            Most::Percent(_) => format!("no table loses more than {} of its committed rows", written.trim()),
            Most::Rows(rows) => format!("no table loses more than {rows} committed rows"),
        },
        holds: over.is_empty(),
        detail: match over.is_empty() {
            true => "within the limit".to_owned(),
            false => format!("{}; if that is meant, raise max_removed in tastevin.toml", over.join(", ")),
        },
        kind: ConditionKind::MostRemoved,
    })
}

fn blocked(held: &Held, quarantine: bool) -> Condition {
    let parts: Vec<String> = held
        .tables
        .iter()
        .filter(|(_, count)| count.held > 0)
        .map(|(table, count)| format!("{table} {}{}", count.held, count.waiting()))
        .collect();
    let total: u64 = held.tables.values().map(|count| count.held).sum();
    let detail = match total {
        0 => "none is blocked".to_owned(),
        1 => format!("1 row is blocked: {}", parts.join(", ")),
        _ => format!("{total} rows are blocked: {}", parts.join(", ")),
    };
    let kind = ConditionKind::Blocked;
    if quarantine {
        let what = "blocked rows are quarantined, the rest commits".to_owned();
        Condition { what, holds: true, detail, kind }
    } else {
        Condition { what: "no row is blocked".to_owned(), holds: total == 0, detail, kind }
    }
}

/// The most that may be held back of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Most {
    /// In percent of its candidate rows, 0 to 100.
    Percent(f64),
    /// In rows.
    Rows(u64),
}

impl Most {
    /// Reads `"5%"`, the share `"0.05"`, or a number of rows, `"20"`.
    fn parse(name: &str, text: &str) -> Result<Most> {
        let wrong = || {
            Error::config(format!("{name} = \"{text}\" says neither a share nor a number of rows"))
                .at_file(PathBuf::from("tastevin.toml"))
                .at_column(format!("gate.{name}"))
                .at_key(["gate", name])
                .hint(format!("write a share like {name} = \"5%\", or a number of rows like {name} = \"20\""))
        };
        let trimmed = text.trim();
        if let Ok(rows) = trimmed.parse::<u64>() {
            return Ok(Most::Rows(rows));
        }
        let percent = match trimmed.strip_suffix('%') {
            Some(number) => number.trim().parse::<f64>().map_err(|_| wrong())?,
            None => trimmed.parse::<f64>().map_err(|_| wrong())? * 100.0,
        };
        if (0.0..=100.0).contains(&percent) { Ok(Most::Percent(percent)) } else { Err(wrong()) }
    }

    fn allows(self, count: Count) -> bool {
        match self {
            Most::Rows(rows) => count.held <= rows,
            // Shares are written in decimal and computed in binary; the slack keeps 29 of 100 within "0.29".
            Most::Percent(percent) => count.held as f64 * 100.0 <= percent * count.rows as f64 + 1e-6,
        }
    }

    fn condition(self, held: &Held, written: &str) -> Condition {
        let over: Vec<String> = held
            .tables
            .iter()
            .filter(|(_, count)| !self.allows(**count))
            .map(|(table, count)| format!("{table} {} of {} rows{}", count.held, count.rows, count.waiting()))
            .collect();
        let what = match self {
            Most::Percent(_) => format!("no table has more than {} of its rows quarantined", written.trim()),
            Most::Rows(rows) => {
                format!("no table has more than {} quarantined", model::counted(rows, "row", "rows", ' '))
            }
        };
        let detail = if over.is_empty() { "within the limit".to_owned() } else { over.join(", ") };
        Condition { what, holds: over.is_empty(), detail, kind: ConditionKind::MostHeld }
    }
}

/// The severities on which the gate fails, as a list in SQL.
fn severity_list(fail_on: FailOn) -> String {
    let severities: Vec<String> =
        severities(fail_on).iter().map(|severity| Literal(severity.name()).to_string()).collect();
    if severities.is_empty() { "NULL".to_owned() } else { severities.join(", ") }
}

/// Open findings on which the gate fails: `row`, `rule`, `reason`.
fn findings_sql(table: &str, fail_on: FailOn) -> String {
    format!(
        "SELECT \"row\", rule, rule || CASE WHEN field = '' THEN '' ELSE ' ' || field END || ': ' || message AS reason \
         FROM dq.anomalies WHERE \"table\" = {} AND status = 'open' AND severity IN ({})",
        Literal(table),
        severity_list(fail_on)
    )
}

/// Gathers why rows are held back, per table; of tables in which nothing has moved, what is gathered already stands.
fn gather(store: &Store, schema: &Schema, fail_on: FailOn, shapes: &Shapes, known: Option<&Known>) -> Result<Held> {
    let is_moved = |name: &str| known.is_none_or(|known| known.moved.contains(name));
    let moved = || schema.tables.iter().filter(|(name, _)| is_moved(name));
    for (name, table) in moved() {
        store.run(&format!(
            "CREATE OR REPLACE TEMP TABLE {} AS {}",
            Ident(&format!("reasons/{name}")),
            own_reasons(name, table, fail_on)
        ))?;
    }
    let held = |name: &str| store.count(&format!("SELECT count(DISTINCT \"row\") FROM {}", reasons(name)));
    let own: HashMap<&str, u64> = moved().map(|(name, _)| Ok((name.as_str(), held(name)?))).collect::<Result<_>>()?;
    let (order, is_cyclic) = referred_first(schema);
    loop {
        let mut added = 0;
        for name in order.iter().filter(|name| is_moved(name)) {
            for sql in orphans(schema, name, shapes) {
                added += store.execute(&format!("INSERT INTO {} {sql}", reasons(name)), [])?;
            }
        }
        // In this order one pass finds everything, unless tables refer to each other in a ring.
        if !is_cyclic || added == 0 {
            break;
        }
    }
    let mut tables = IndexMap::new();
    for name in schema.tables.keys() {
        let count = match own.get(name.as_str()) {
            Some(own) => {
                let rows = store.count(&format!("SELECT count(*) FROM {}", Path("candidate", name)))?;
                let held = held(name)?;
                Count { rows, held, waiting: held - own }
            }
            None => known.and_then(|known| known.figures.held.get(name).copied()).unwrap_or_default(),
        };
        tables.insert(name.clone(), count);
    }
    Ok(Held { tables })
}

/// Why rows are held back for what they are themselves: findings, and keys that are missing or doubled.
fn own_reasons(name: &str, table: &Table, fail_on: FailOn) -> String {
    let candidate = Path("candidate", name);
    let mut pipeline = Pipeline::new();
    pipeline.step("findings", findings_sql(name, fail_on));
    let is_theirs = is_theirs();
    let mut sets = vec![
        format!("SELECT \"row\", reason FROM findings WHERE NOT ({is_theirs})"),
        format!(
            "SELECT f.\"row\", f.reason FROM (FROM findings WHERE {is_theirs}) f SEMI JOIN {candidate} c ON f.\"row\" = c._key"
        ),
    ];
    if table.keys().next().is_some() {
        let (keys, names) = (key_list(table, ""), table.keys().collect::<Vec<_>>().join(", "));
        // A row whose key is its own alone has it as its identity too; only the others need a closer look.
        pipeline.step(
            "odd",
            format!(
                "SELECT _key, {keys} FROM {candidate} WHERE _key IS DISTINCT FROM {} OR NOT ({})",
                key_text(table, ""),
                has_key(table, "")
            ),
        );
        pipeline.step(
            "keyless",
            format!(
                "SELECT _key AS \"row\", 'missing-key' AS rule, {} AS reason FROM odd WHERE NOT ({})",
                Literal(&format!("missing-key {names}: the row has no key")),
                has_key(table, "")
            ),
        );
        pipeline.step(
            "sharing",
            format!(
                "SELECT _key, {keys}, count(*) OVER (PARTITION BY {keys}) AS _n FROM {candidate} SEMI JOIN odd USING ({keys}) WHERE {}",
                has_key(table, "")
            ),
        );
        pipeline.step(
            "twins",
            format!(
                "SELECT _key AS \"row\", 'duplicate-key' AS rule, {} || _n || ' rows have the key ' || {} AS reason \
                 FROM sharing WHERE _n > 1",
                Literal(&format!("duplicate-key {names}: ")),
                key_text(table, "")
            ),
        );
        // Where the rule has found it too, its own words stand.
        sets.push(
            "SELECT s.\"row\", s.reason FROM (FROM keyless UNION ALL FROM twins) s ANTI JOIN findings f USING (\"row\", rule)"
                .to_owned(),
        );
    }
    pipeline.step("all", sets.join("\nUNION ALL\n"));
    pipeline.to_string()
}

/// Per reference of a table, the query for the rows that refer to a row that is held back and was never committed.
fn orphans(schema: &Schema, name: &str, shapes: &Shapes) -> Vec<String> {
    let Some(table) = schema.tables.get(name) else { return Vec::new() };
    let mut queries = Vec::new();
    for (field, declared) in &table.fields {
        let Some(reference) = &declared.references else { continue };
        let Some(to) = schema.tables.get(&reference.table) else { continue };
        if !to.fields.contains_key(&reference.field) {
            continue;
        }
        let value = |alias: &str, name: &str| format!("{alias}{}::VARCHAR", Ident(name));
        let candidate = Path("candidate", &reference.table).to_string();
        let held = reasons(&reference.table);
        let mut pipeline = Pipeline::new();
        pipeline.step(
            "suspects",
            format!(
                "SELECT DISTINCT {0} AS value FROM {candidate} u SEMI JOIN {held} h ON u._key = h.\"row\" WHERE {0} IS NOT NULL",
                value("u.", &reference.field)
            ),
        );
        let mut present = format!(
            "SELECT {0} AS value FROM {candidate} u SEMI JOIN suspects s ON {0} = s.value ANTI JOIN {held} h ON u._key = h.\"row\"",
            value("u.", &reference.field)
        );
        let keys: Vec<&str> = to.keys().collect();
        if !keys.is_empty() && shapes.has("canonical", &reference.table, &[&keys[..], &[&reference.field]].concat()) {
            // A row that was committed before stays as it was while its successor is held back.
            let same = keys.iter().map(|key| format!("{} = {}", value("k.", key), value("u.", key)));
            present += &format!(
                " UNION ALL SELECT {} FROM {} k SEMI JOIN (SELECT * FROM {candidate} u SEMI JOIN {held} h ON u._key = h.\"row\") u ON {}",
                value("k.", &reference.field),
                Path("canonical", &reference.table),
                same.collect::<Vec<_>>().join(" AND ")
            );
        }
        pipeline.step("present", present);
        pipeline.step("lost", "SELECT value FROM suspects ANTI JOIN present USING (value)");
        pipeline.step(
            "waiting",
            format!(
                "SELECT c._key AS \"row\", {} || l.value || {} AS reason FROM {} c JOIN lost l ON {} = l.value",
                Literal(&format!("orphan-reference {field}: ")),
                Literal(&format!(" is quarantined in {}", reference.table)),
                Path("candidate", name),
                value("c.", field)
            ),
        );
        pipeline.step(
            "last",
            format!("SELECT \"row\", reason FROM waiting EXCEPT SELECT \"row\", reason FROM {}", reasons(name)),
        );
        queries.push(pipeline.to_string());
    }
    queries
}

/// The tables so that each comes after those it refers to, and whether that is impossible for some.
pub(super) fn referred_first(schema: &Schema) -> (Vec<String>, bool) {
    let mut order: IndexSet<String> = IndexSet::new();
    let mut is_cyclic = false;
    while order.len() < schema.tables.len() {
        let ready = |name: &str, table: &Table| {
            table.fields.values().filter_map(|field| field.references.as_ref()).all(|reference| {
                reference.table == name
                    || order.contains(&reference.table)
                    || !schema.tables.contains_key(&reference.table)
            })
        };
        let next = schema.tables.iter().find(|(name, table)| !order.contains(*name) && ready(name, table));
        let next = match next {
            Some((name, _)) => name,
            None => {
                is_cyclic = true;
                match schema.tables.keys().find(|name| !order.contains(*name)) {
                    Some(name) => name,
                    None => break,
                }
            }
        };
        let refers_to_itself = schema.tables[next]
            .fields
            .values()
            .any(|field| field.references.as_ref().is_some_and(|reference| reference.table == *next));
        is_cyclic |= refers_to_itself;
        order.insert(next.clone());
    }
    (order.into_iter().collect(), is_cyclic)
}

/// The key fields, separated by commas, each with `prefix` in front.
pub(super) fn key_list(table: &Table, prefix: &str) -> String {
    table.keys().map(|key| format!("{prefix}{}", Ident(key))).collect::<Vec<_>>().join(", ")
}

/// The key as one text, as `_key` has it where the key is unique; the gate is only asked about tables with a key.
pub(super) fn key_text(table: &Table, prefix: &str) -> String {
    rules::key_text(table, prefix).unwrap_or_else(|| "NULL".to_owned())
}

/// Whether a row has a whole key: no part of it is absent or empty.
fn has_key(table: &Table, prefix: &str) -> String {
    let parts: Vec<String> = table
        .fields
        .iter()
        .filter(|(_, field)| field.key)
        .map(|(name, field)| match field.kind {
            FieldType::Text => format!("coalesce({prefix}{}, '') <> ''", Ident(name)),
            _ => format!("{prefix}{} IS NOT NULL", Ident(name)),
        })
        .collect();
    parts.join(" AND ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_a_share_or_a_number_of_rows_and_nothing_else() -> Result<()> {
        assert_eq!(Most::parse("max_quarantined", "5%")?, Most::Percent(5.0));
        assert_eq!(Most::parse("max_quarantined", " 2.5 % ")?, Most::Percent(2.5));
        assert_eq!(Most::parse("max_quarantined", "0.05")?, Most::Percent(5.0));
        assert_eq!(Most::parse("max_quarantined", "20")?, Most::Rows(20));
        for wrong in ["", "%", "five", "120%", "-1%", "1.5", "NaN"] {
            let error = Most::parse("max_quarantined", wrong).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.starts_with("tastevin.toml [gate.max_quarantined]"), "{wrong}: {error}");
        }
        Ok(())
    }

    #[test]
    fn a_share_that_is_exactly_reached_is_allowed() {
        assert!(Most::Percent(0.29 * 100.0).allows(Count { rows: 100, held: 29, waiting: 0 }));
        assert!(!Most::Percent(29.0).allows(Count { rows: 100, held: 30, waiting: 0 }));
        assert!(Most::Percent(0.0).allows(Count::default()));
    }

    #[test]
    fn tables_come_after_those_they_refer_to_and_rings_are_noticed() {
        let schema = |text: &str| toml::from_str::<Schema>(text).expect("a schema");
        let chain = schema(
            "[tables.lines.fields]\nk = { type = \"text\", key = true, references = \"orders.k\" }\n\
             [tables.orders.fields]\nk = { type = \"text\", key = true, references = \"people.k\" }\n\
             [tables.people.fields]\nk = { type = \"text\", key = true }\n",
        );
        assert_eq!(referred_first(&chain), (vec!["people".into(), "orders".into(), "lines".into()], false));
        let ring = schema(
            "[tables.a.fields]\nk = { type = \"text\", key = true, references = \"b.k\" }\n\
             [tables.b.fields]\nk = { type = \"text\", key = true, references = \"a.k\" }\n",
        );
        assert!(referred_first(&ring).1);
        let own = schema(
            "[tables.a.fields]\nk = { type = \"text\", key = true }\nboss = { type = \"text\", references = \"a.k\" }\n",
        );
        assert_eq!(referred_first(&own), (vec!["a".into()], true));
    }
}
