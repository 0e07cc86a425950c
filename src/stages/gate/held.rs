//! Which candidate rows are held back, and why. Neighbour: `mod`, which says what that means for a commit.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::order::referred_first;
use super::waiting::{self, Waiting};
use super::{Known, held};
use crate::error::Result;
use crate::model::{self, FailOn, FieldType, Gate, Page, Schema, Severity, Table};
use crate::rules;
use crate::sql::{Ident, Literal, Path, Pipeline};
use crate::stages::kept;
use crate::stages::map::Change;
use crate::stages::shapes::Shapes;
use crate::store::Store;

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
pub(in crate::stages) struct Held {
    /// Per table of the schema, in its order.
    pub tables: IndexMap<String, Count>,
    /// The tables in which rules of the user's own have found something that blocks.
    pub(super) theirs: Vec<String>,
}

/// How many candidate rows a table has, how many of them are held back, and how many of those only because they wait for a row
/// that they refer to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::stages) struct Count {
    pub rows: u64,
    pub held: u64,
    pub waiting: u64,
}

impl Count {
    /// The rest of a sentence that has named how many are held back: where most of them may come from.
    pub(super) fn waiting(self) -> String {
        match self.waiting {
            0 => String::new(),
            n => format!(" ({} waiting for other rows)", model::thousands(n, ' ')),
        }
    }
}

/// The temporary table with the reasons why rows of `table` are held back: `row`, `reason`, and whether it is the row's own (`is_own`) or
/// that it waits for another one; a row can stand there many times. Between decisions the words may be those of an earlier one: who shows them
/// gathers anew.
pub(in crate::stages) fn reasons(table: &str) -> String {
    format!("temp.{}", Ident(&format!("reasons/{table}")))
}

/// A window of the candidate rows that a commit would hold back: `table`, `row`, and `reasons` in one text, apart by `; `.
pub fn held_back(store: &Store, schema: &Schema, gate: &Gate, offset: u64, limit: u64) -> Result<Page> {
    const ROWS: &str = "held rows";
    // The transaction makes all tables be seen at one moment; only temporary tables are written.
    store.transaction(|store| {
        let state = kept::state(store, schema, gate)?;
        if kept::of::<()>(store, ROWS, state.as_deref())?.is_none() {
            if held(store, schema, gate)?.is_err() || schema.tables.is_empty() {
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

/// The condition that a finding is of a rule of the user's own. Only such a one may be about no row of the table.
pub(super) fn is_theirs() -> String {
    let ours: Vec<String> = rules::REGISTRY.iter().map(|rule| Literal(rule.id).to_string()).collect();
    format!("rule NOT IN ({})", ours.join(", "))
}

/// The severities on which the gate fails, as a list in SQL.
pub(super) fn severity_list(fail_on: FailOn) -> String {
    let severities: Vec<String> =
        severities(fail_on).iter().map(|severity| Literal(severity.name()).to_string()).collect();
    if severities.is_empty() { "NULL".to_owned() } else { severities.join(", ") }
}

/// The condition that a finding is open and of a severity on which the gate fails.
pub(in crate::stages) fn blocks(fail_on: FailOn) -> String {
    format!("status = 'open' AND severity IN ({})", severity_list(fail_on))
}

/// What is said of a finding as a reason.
const REASON: &str = "rule || CASE WHEN field = '' THEN '' ELSE ' ' || field END || ': ' || message";

/// Open findings on which the gate fails: `row`, `rule`, `reason`.
pub(super) fn findings_sql(table: &str, fail_on: FailOn) -> String {
    format!(
        "SELECT \"row\", rule, {REASON} AS reason FROM dq.anomalies WHERE \"table\" = {} AND {}",
        Literal(table),
        blocks(fail_on)
    )
}

/// Gathers why rows are held back, per table; of tables in which nothing has moved, what is gathered already stands.
pub(super) fn gather(
    store: &Store,
    schema: &Schema,
    fail_on: FailOn,
    shapes: &Shapes,
    known: Option<&Known>,
) -> Result<Held> {
    let is_moved = |name: &str| known.is_none_or(|known| known.moved.contains(name));
    let moved = || schema.tables.iter().filter(|(name, _)| is_moved(name));
    let theirs = format!("SELECT DISTINCT \"table\" FROM dq.anomalies WHERE {} AND {}", blocks(fail_on), is_theirs());
    let theirs: Vec<String> = store.plainly(|| store.query(&theirs, [], |row| row.get(0)))?;
    for (name, table) in moved() {
        find_twins(store, name, table, known)?;
        if known.is_some() {
            waiting::remember_held(store, schema, name)?;
        }
    }
    // Findings of the user's own rules may be about rows that nobody knows of.
    let is_asked_of_few =
        |name: &String| known.is_some_and(|known| known.since.looked_at.is_some()) && !theirs.contains(name);
    let few: Vec<(&String, &Table)> = moved().filter(|(name, _)| is_asked_of_few(name)).collect();
    if let Some(known) = known {
        gather_again(store, &few, fail_on, known)?;
    }
    for (name, table) in moved().filter(|(name, _)| !is_asked_of_few(name)) {
        let own = own_reasons(name, table, &findings_sql(name, fail_on), theirs.contains(name));
        let all = format!("SELECT *, true AS is_own FROM ({own})");
        store.fill_like(&reasons(name), "row, reason, is_own", all)?;
    }
    let held = |name: &str| store.count(&format!("SELECT count(DISTINCT \"row\") FROM {}", reasons(name)));
    let own: HashMap<&str, u64> = moved().map(|(name, _)| Ok((name.as_str(), held(name)?))).collect::<Result<_>>()?;
    let (order, is_cyclic) = referred_first(schema);
    let mut waiting = Waiting::new(store, schema, shapes, known, is_cyclic);
    let mut are_waiting: HashSet<&str> = HashSet::new();
    loop {
        let mut added = 0;
        for name in order.iter().filter(|name| is_moved(name)) {
            let waits = waiting.add(name)?;
            are_waiting.extend((waits > 0).then_some(name.as_str()));
            added += waits;
        }
        // In this order one pass finds everything, unless tables refer to each other in a ring.
        if !is_cyclic || added == 0 {
            break;
        }
    }
    let was = |name: &str| known.and_then(|known| known.figures.held.get(name).copied());
    let mut tables = IndexMap::new();
    for name in schema.tables.keys() {
        let count = match own.get(name.as_str()) {
            Some(own) => {
                let change = known.and_then(|known| known.since.changes.get(name));
                let rows = match was(name) {
                    Some(was) => change.map_or(was.rows, |change| change.rows(was.rows)),
                    None => store.count(&format!("SELECT count(*) FROM {}", Path("candidate", name)))?,
                };
                let held = if are_waiting.contains(name.as_str()) { held(name)? } else { *own };
                Count { rows, held, waiting: held - own }
            }
            None => was(name).unwrap_or_default(),
        };
        tables.insert(name.clone(), count);
    }
    Ok(Held { tables, theirs })
}

/// The temporary table with the rows of `table` whose keys are missing or doubled: `row`, `rule`, `reason`.
fn twins(table: &str) -> String {
    format!("temp.{}", Ident(&format!("twins/{table}")))
}

/// The temporary table with the rows that share their keys with those that changed.
fn sharing(table: &str) -> String {
    Ident(&format!("sharing keys in {table}")).to_string()
}

/// Whether rows have other keys than before.
fn are_keys_other(table: &Table, change: &Change) -> bool {
    table.keys().any(|key| change.is_of(key))
}

/// Gathers the rows of a table whose keys are missing or doubled. Where it is known which they were, only the rows with the keys
/// of those that changed are looked at.
fn find_twins(store: &Store, name: &str, table: &Table, known: Option<&Known>) -> Result<()> {
    if table.keys().next().is_none() {
        return Ok(());
    }
    let candidate = Path("candidate", name).to_string();
    let Some(known) = known else {
        let all = twins_sql(table, &candidate);
        return store.run(&format!("CREATE OR REPLACE TEMP TABLE {} AS {all}", Ident(&format!("twins/{name}"))));
    };
    if !known.since.changes.get(name).is_some_and(|change| are_keys_other(table, change)) {
        return Ok(());
    }
    let (key, keys) = (key_text(table, "t."), key_list(table, "t."));
    let (before, after) = (Change::before(name), Change::after(name));
    let sharing = sharing(name);
    let values = Change::values(name, &key);
    let near = known.since.places.near_like(store, name, "t.", &format!("({key})::VARCHAR"), &values)?;
    let like = near.with(format!("({key})::VARCHAR IN ({values})"));
    let like = like
        .map(|like| format!("SELECT t._key, t._row, {keys} FROM {} AS t WHERE {}", like.rows(name), like.condition));
    let rows = like.into_iter().chain([format!("SELECT t._key, t._row, {keys} FROM {after} AS t")]);
    store.fill_like(&sharing, &format!("_key, _row, {keys}"), rows.collect::<Vec<_>>().join("\nUNION\n"))?;
    store.run(&format!(
        "DELETE FROM {} WHERE \"row\" IN (SELECT _key FROM {sharing} UNION ALL SELECT _key FROM {before})",
        twins(name)
    ))?;
    store.run(&format!("INSERT INTO {} {}", twins(name), twins_sql(table, &sharing)))
}

/// The query for the rows of a relation whose keys are missing, or are those of other rows of it too.
fn twins_sql(table: &Table, rows: &str) -> String {
    let mut pipeline = Pipeline::new();
    let (keys, names) = (key_list(table, ""), table.keys().collect::<Vec<_>>().join(", "));
    // A row whose key is its own alone has it as its identity too; only the others need a closer look.
    pipeline.step(
        "odd",
        format!(
            "SELECT _key, {keys} FROM {rows} WHERE _key IS DISTINCT FROM {} OR NOT ({})",
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
            "SELECT _key, {keys}, count(*) OVER (PARTITION BY {keys}) AS _n FROM {rows} SEMI JOIN odd USING ({keys}) WHERE {}",
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
    pipeline.step("all", "SELECT * FROM keyless UNION ALL SELECT * FROM twins");
    pipeline.nested()
}

/// The temporary table with the rows of which it is asked again why they are held back: `table`, `row` and `_row`.
const ASKED_AGAIN: &str = "\"asked again\"";

/// The temporary table with the open findings about them on which the gate fails: `table`, `row`, `rule`, `reason`.
const BLOCKED_AGAIN: &str = "\"blocked again\"";

/// Gathers anew why rows of some tables are held back for what they are themselves: of those about which something may be found otherwise
/// than before. All tables' findings are read at once.
fn gather_again(store: &Store, tables: &[(&String, &Table)], fail_on: FailOn, known: &Known) -> Result<()> {
    let Some(looked_at) = known.since.looked_at.filter(|_| !tables.is_empty()) else { return Ok(()) };
    let mut rows = vec![format!("SELECT \"table\", \"row\", _row FROM {looked_at}")];
    for (name, table) in tables {
        let Some(change) = known.since.changes.get(*name) else { continue };
        let sharing = are_keys_other(table, change).then(|| sharing(name));
        let relations = [Change::before(name), Change::after(name)].into_iter().chain(sharing);
        rows.extend(relations.map(|rows| format!("SELECT {}, _key, _row FROM {rows}", Literal(name))));
    }
    store.fill_like(ASKED_AGAIN, "table, row, _row", rows.join("\nUNION\n"))?;
    let findings = format!(
        "SELECT \"table\", \"row\", rule, {REASON} AS reason\n\
         FROM dq.anomalies SEMI JOIN {ASKED_AGAIN} USING (_row, \"table\", \"row\") WHERE {}",
        blocks(fail_on)
    );
    store.plainly(|| store.fill_like(BLOCKED_AGAIN, "table, row, rule, reason", findings))?;
    for (name, table) in tables {
        let (reasons, name_of) = (reasons(name), Literal(name));
        let of_these = format!("\"row\" IN (SELECT \"row\" FROM {ASKED_AGAIN} WHERE \"table\" = {name_of})");
        store.run(&format!("DELETE FROM {reasons} WHERE NOT is_own OR {of_these}"))?;
        let findings = format!("SELECT \"row\", rule, reason FROM {BLOCKED_AGAIN} WHERE \"table\" = {name_of}");
        let own = own_reasons(name, table, &findings, false);
        store.run(&format!("INSERT INTO {reasons} SELECT *, true AS is_own FROM ({own}) WHERE {of_these}"))?;
    }
    Ok(())
}

/// The query why rows are held back for what they are themselves: for what was found, a query as [`findings_sql`], and for keys that are
/// missing or doubled. `has_theirs` says that rules of the user's own have found something in the table that blocks.
fn own_reasons(name: &str, table: &Table, found: &str, has_theirs: bool) -> String {
    let candidate = Path("candidate", name);
    let mut pipeline = Pipeline::new();
    pipeline.step("findings", found.to_owned());
    let mut sets = vec!["SELECT \"row\", reason FROM findings".to_owned()];
    if has_theirs {
        let is_theirs = is_theirs();
        sets[0] += &format!(" WHERE NOT ({is_theirs})");
        sets.push(format!(
            "SELECT f.\"row\", f.reason FROM (FROM findings WHERE {is_theirs}) f SEMI JOIN {candidate} c ON f.\"row\" = c._key"
        ));
    }
    if table.keys().next().is_some() {
        // Where the rule has found it too, its own words stand.
        sets.push(format!(
            "SELECT s.\"row\", s.reason FROM {} s ANTI JOIN findings f USING (\"row\", rule)",
            twins(name)
        ));
    }
    pipeline.step("all", sets.join("\nUNION ALL\n"));
    pipeline.nested()
}

/// The key fields, separated by commas, each with `prefix` in front.
fn key_list(table: &Table, prefix: &str) -> String {
    table.keys().map(|key| format!("{prefix}{}", Ident(key))).collect::<Vec<_>>().join(", ")
}

/// The key as one text, as `_key` has it where the key is unique; the gate is only asked about tables with a key.
pub(in crate::stages) fn key_text(table: &Table, prefix: &str) -> String {
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
