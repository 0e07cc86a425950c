//! Decisions on their way into the candidates: which apply, which are in conflict with the data, and the joins that
//! apply them.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::feed::{Feed, reader_of};
use super::{identity, mapped};
use crate::error::{Error, Result};
use crate::model::{Conflict, FieldType, Schema, Table};
use crate::sql::{Ident, Literal, literals};
use crate::store::{Store, Value};
use crate::transforms;

/// The decisions of one table, resolved into temporary tables for the joins.
pub(super) struct Decided {
    table: String,
    /// Fields of which a value is replaced wherever it occurs.
    replaced: Vec<String>,
    /// Fields of which single rows are set.
    set: Vec<String>,
    /// Whether rows are left out.
    excludes: bool,
    /// The temporary table with the identities of the rows that matter, where it is not all of them.
    only: Option<String>,
}

/// Which decisions are in force.
pub(super) const IN_FORCE: &str = "active";

/// One row of `dq.decisions` that sets a field of a row.
struct Set {
    id: String,
    row: String,
    was: Option<String>,
    now: Option<String>,
    /// `now` as the workbench writes it: 12,50 typed by a person is 12.5.
    written: Option<String>,
}

fn temp(table: &str, what: &str) -> String {
    Ident(&format!("{what} of {table}")).to_string()
}

impl Decided {
    /// Which joins there will be, without resolving anything.
    pub fn shape(store: &Store, schema: &Schema, table: &str) -> Result<Decided> {
        Self::shape_of(store, schema, table, None)
    }

    fn shape_of(store: &Store, schema: &Schema, table: &str, only: Option<&str>) -> Result<Decided> {
        let matters = matters(only);
        let names = |sql: &str, value: &str| -> Result<Vec<String>> { store.query(sql, [value], |row| row.get(0)) };
        let mut replaced = names(
            r#"SELECT DISTINCT field FROM dq.decisions WHERE active AND kind = 'replace' AND "table" = ? ORDER BY field"#,
            table,
        )?;
        for (field, _) in repointed(store, schema, table, IN_FORCE)? {
            if !replaced.contains(&field) {
                replaced.push(field);
            }
        }
        let set = names(
            &format!(
                r#"SELECT DISTINCT field FROM dq.decisions WHERE active AND kind IN ('set', 'bulk') AND "table" = ?{matters} ORDER BY field"#
            ),
            table,
        )?;
        let excluded = names(
            &format!(
                r#"SELECT "row" FROM dq.decisions WHERE active AND kind IN ('exclude', 'merge') AND "table" = ?{matters} LIMIT 1"#
            ),
            table,
        )?;
        // The ledger may speak of a field that the schema no longer has; that is a conflict, not a failure.
        let declared = |field: &String| schema.field(table, field).is_some();
        Ok(Decided {
            table: table.to_owned(),
            replaced: replaced.into_iter().filter(declared).collect(),
            set: set.into_iter().filter(declared).collect(),
            excludes: !excluded.is_empty(),
            only: only.map(str::to_owned),
        })
    }

    /// Resolves the decisions against the mapped values and writes down those that do not apply. Where `only` names a
    /// temporary table of identities, those about its rows, which `feeds` must give; what was written down of the
    /// others stays.
    pub fn resolve(
        store: &Store,
        schema: &Schema,
        table_name: &str,
        feeds: &[Feed],
        only: Option<&str>,
    ) -> Result<Decided> {
        let decided = Self::shape_of(store, schema, table_name, only)?;
        let table = schema.tables.get(table_name).ok_or_else(|| Error::internal("a decided table is not declared"))?;
        // A table that is looked at early is resolved twice.
        let stale = match only {
            Some(only) => format!(r#" AND ("row" IN (FROM {only}) OR "row" = '' OR reason = 'no-such-field')"#),
            None => String::new(),
        };
        store.execute(&format!(r#"DELETE FROM dq.conflicts WHERE "table" = ?{stale}"#), [table_name])?;
        let stale = only.map(|only| format!(" AND _key IN (FROM {only})")).unwrap_or_default();
        store.execute(&format!(r#"DELETE FROM dq.left_out WHERE "table" = ?{stale}"#), [table_name])?;
        if decided.excludes {
            decided.resolve_exclusions(store, table, feeds)?;
        }
        let repointed = repointed(store, schema, table_name, IN_FORCE)?;
        let mut replacements = HashMap::new();
        for field in &decided.replaced {
            let kind = kind_of(table, field);
            let map = replacements_of(store, table_name, field, &repointed, IN_FORCE)?;
            let rows = map.iter().map(|(was, now)| vec![Value::Text(was.clone()), Value::Text(now.clone())]);
            let name = temp(table_name, &format!("replaced {field}"));
            typed_table(store, &name, "was", kind, rows)?;
            store.execute(
                &format!(
                    r#"INSERT INTO dq.conflicts SELECT id, "table", '', field, d.was, d.now, NULL, 'not-a-value'
                       FROM dq.decisions AS d JOIN {name} AS r ON r.now = d.now AND r.value IS NULL AND trim(r.now) <> ''
                       WHERE active AND kind = 'replace' AND "table" = ? AND field = ?"#
                ),
                [table_name, field.as_str()],
            )?;
            store.run(&format!("DELETE FROM {name} WHERE value IS NULL AND trim(now) <> ''"))?;
            replacements.insert(field.clone(), map);
        }
        if !decided.set.is_empty() {
            decided.resolve_sets(store, table, feeds, &replacements)?;
        }
        store.execute(
            &format!(
                r#"INSERT INTO dq.conflicts SELECT id, "table", coalesce("row", ''), field, was, now, NULL, 'no-such-field'
                   FROM dq.decisions WHERE active AND kind IN ('set', 'bulk', 'replace') AND "table" = ? AND field NOT IN ({})"#,
                literals(table.fields.keys())
            ),
            [table_name],
        )?;
        Ok(decided)
    }

    /// Which of the rows that were excluded or merged away are there at all. One that is not is told, and so is a merge
    /// into a row that is not there: it would make the others vanish.
    fn resolve_exclusions(&self, store: &Store, table: &Table, feeds: &[Feed]) -> Result<()> {
        let decided = format!(
            r#"FROM dq.decisions WHERE active AND kind IN ('exclude', 'merge') AND "table" = {}{}"#,
            Literal(&self.table),
            matters(self.only.as_deref())
        );
        let is_key = |name: &str| table.fields.get(name).is_some_and(|field| field.key);
        let mut pipeline = mapped(table, feeds, is_key, None);
        pipeline.step("keyed", identity::keyed(&self.table, table, feeds, "mapped"));
        pipeline.step(
            "present",
            format!(
                r#"SELECT _key, _source, _entity, _row FROM keyed WHERE _key IN (SELECT "row" {decided} UNION ALL SELECT now {decided})"#
            ),
        );
        let (present, excluded) = (temp(&self.table, "present rows"), temp(&self.table, "excluded rows"));
        store.run(&format!(
            r#"CREATE OR REPLACE TEMP TABLE {present} AS
{pipeline};
CREATE OR REPLACE TEMP TABLE {excluded} AS
SELECT DISTINCT "row" {decided} AND (kind = 'exclude' OR now IN (SELECT _key FROM {present}));
INSERT INTO dq.conflicts
SELECT id, "table", "row", '', NULL, now, NULL, 'missing-row' {decided}
  AND ("row" NOT IN (SELECT _key FROM {present}) OR kind = 'merge' AND now NOT IN (SELECT _key FROM {present}));
INSERT INTO dq.left_out SELECT {}, * FROM {present} WHERE _key IN (FROM {excluded});
DROP TABLE {present}"#,
            Literal(&self.table)
        ))
    }

    fn resolve_sets(
        &self,
        store: &Store,
        table: &Table,
        feeds: &[Feed],
        replacements: &HashMap<String, HashMap<String, String>>,
    ) -> Result<()> {
        let is_wanted = |name: &str| {
            self.set.iter().any(|field| field == name) || table.fields.get(name).is_some_and(|field| field.key)
        };
        let wanted_rows = format!(
            r#"SELECT "row" FROM dq.decisions WHERE active AND kind IN ('set', 'bulk') AND "table" = {}{}"#,
            Literal(&self.table),
            matters(self.only.as_deref())
        );
        let found_rows = temp(&self.table, "decided rows");
        let mut pipeline = mapped(table, feeds, is_wanted, None);
        pipeline.step("keyed", identity::keyed(&self.table, table, feeds, "mapped"));
        pipeline.step("found", format!("SELECT * FROM keyed WHERE _key IN ({wanted_rows})"));
        store.run(&format!("CREATE OR REPLACE TEMP TABLE {found_rows} AS\n{pipeline}"))?;
        let mut conflicts = Vec::new();
        for field in &self.set {
            let kind = kind_of(table, field);
            let found = found_values(store, &found_rows, table, field, kind, feeds)?;
            let replaced = replacements.get(field);
            let is_derived = table.fields.get(field).is_some_and(|field| field.derive.is_some());
            let mut values: Vec<Vec<Value>> = Vec::new();
            for (row, sets) in sets(store, &self.table, field, kind, self.only.as_deref())? {
                let Some(found) = found.get(&row) else {
                    conflicts.extend(sets.into_iter().map(|set| self.conflict(set, field, None, "missing-row")));
                    continue;
                };
                let (value, decision, refused) = fold(found, replaced, is_derived, sets);
                conflicts.extend(refused.into_iter().map(|(set, why)| self.conflict(set, field, found.shown(), why)));
                if let Some(decision) = decision {
                    values.push(vec![Value::Text(row), text_or_null(value), Value::Text(decision)]);
                }
            }
            let name = temp(&self.table, &format!("set {field}"));
            typed_table(store, &name, "row", kind, values.into_iter())?;
        }
        store.run(&format!("DROP TABLE {found_rows}"))?;
        let text = |text: Option<String>| text_or_null(text);
        store.append(
            "dq",
            "conflicts",
            conflicts.into_iter().map(|c| {
                vec![
                    Value::Text(c.decision),
                    Value::Text(c.table),
                    Value::Text(c.row),
                    Value::Text(c.field),
                    text(c.was),
                    text(c.now),
                    text(c.found),
                    Value::Text(c.reason),
                ]
            }),
        )
    }

    fn conflict(&self, set: Set, field: &str, found: Option<String>, reason: &str) -> Conflict {
        Conflict {
            decision: set.id,
            table: self.table.clone(),
            row: set.row,
            field: field.to_owned(),
            was: set.was,
            now: set.now,
            found,
            reason: reason.to_owned(),
        }
    }

    /// The step that applies the decisions to `from`; none where there are none.
    pub fn step(&self, table: &Table, from: &str) -> Option<String> {
        if self.replaced.is_empty() && self.set.is_empty() && !self.excludes {
            return None;
        }
        let (mut values, mut unread, mut marks, mut joins) = (Vec::new(), Vec::new(), Vec::new(), String::new());
        for (bit, (name, field)) in table.fields.iter().enumerate() {
            let (own, mask) = (format!("k.{}", Ident(name)), 1_i64 << bit);
            let mut value = own.clone();
            if self.replaced.contains(name) {
                let alias = Ident(&format!("replaced {name}")).to_string();
                joins += &format!(
                    "\nLEFT JOIN {} AS {alias} ON {alias}.was = {}",
                    temp(&self.table, &format!("replaced {name}")),
                    field.kind.as_text(&own)
                );
                value = format!("CASE WHEN {alias}.was IS NULL THEN {own} ELSE {alias}.value END");
                marks.push(format!("CASE WHEN {alias}.was IS NULL THEN 0 ELSE {mask}::BIGINT END"));
            }
            if self.set.contains(name) {
                let alias = Ident(&format!("set {name}")).to_string();
                joins += &format!(
                    "\nLEFT JOIN {} AS {alias} ON {alias}.row = k._key",
                    temp(&self.table, &format!("set {name}"))
                );
                value = format!("CASE WHEN {alias}.row IS NULL THEN {value} ELSE {alias}.value END");
                unread.push(format!("CASE WHEN {alias}.row IS NULL THEN 0 ELSE {mask}::BIGINT END"));
                marks.push(format!("CASE WHEN {alias}.row IS NULL THEN 0 ELSE {mask}::BIGINT END"));
            }
            if value != own {
                values.push(format!("{value} AS {}", Ident(name)));
            }
        }
        if !unread.is_empty() {
            values.push(format!("k._unread & ~({}) AS _unread", unread.join(" | ")));
        }
        if !marks.is_empty() {
            values.push(format!("({})::BIGINT AS _decided", marks.join(" | ")));
        }
        if self.excludes {
            joins += &format!("\nANTI JOIN {} AS gone ON gone.row = k._key", temp(&self.table, "excluded rows"));
        }
        let replace =
            if values.is_empty() { String::new() } else { format!(" REPLACE (\n  {}\n)", values.join(",\n  ")) };
        Some(format!("SELECT k.*{replace}\nFROM {} AS k{joins}", Ident(from)))
    }

    /// Drops the temporary tables.
    pub fn clear(&self, store: &Store) -> Result<()> {
        let mut names: Vec<String> =
            self.replaced.iter().map(|field| temp(&self.table, &format!("replaced {field}"))).collect();
        names.extend(self.set.iter().map(|field| temp(&self.table, &format!("set {field}"))));
        names.push(temp(&self.table, "excluded rows"));
        names.iter().try_for_each(|name| store.run(&format!("DROP TABLE IF EXISTS {name}")))
    }
}

/// The condition that a decision is about one of the rows that matter.
fn matters(only: Option<&str>) -> String {
    only.map(|only| format!(r#" AND "row" IN (FROM {only})"#)).unwrap_or_default()
}

fn kind_of(table: &Table, field: &str) -> FieldType {
    table.fields.get(field).map(|field| field.kind).unwrap_or_default()
}

fn text_or_null(text: Option<String>) -> Value {
    text.map_or(Value::Null, Value::Text)
}

/// The decisions that set a field, per row in the order in which they were made; rows in order of their names. `only`
/// names a table with the rows that matter.
fn sets(
    store: &Store,
    table: &str,
    field: &str,
    kind: FieldType,
    only: Option<&str>,
) -> Result<Vec<(String, Vec<Set>)>> {
    let written = kind.as_text(&format!("({})", read_value("now", kind)?));
    let all = store.query(
        &format!(
            r#"SELECT id, "row", was, now, {written} FROM dq.decisions
               WHERE active AND kind IN ('set', 'bulk') AND "table" = ? AND field = ?{} ORDER BY "row", seq"#,
            matters(only)
        ),
        [table, field],
        |row| Ok(Set { id: row.get(0)?, row: row.get(1)?, was: row.get(2)?, now: row.get(3)?, written: row.get(4)? }),
    )?;
    let mut rows: Vec<(String, Vec<Set>)> = Vec::new();
    for set in all {
        match rows.last_mut() {
            Some((row, sets)) if *row == set.row => sets.push(set),
            _ => rows.push((set.row.clone(), vec![set])),
        }
    }
    Ok(rows)
}

/// What the source gives for a field of a row.
struct Found {
    /// The mapped value as text.
    value: Option<String>,
    /// The text in the export, where no value came of it.
    raw: Option<String>,
}

impl Found {
    fn shown(&self) -> Option<String> {
        self.value.clone().or_else(|| self.raw.clone())
    }

    /// Whether a decision about `was` was made about this.
    fn is(&self, was: Option<&str>) -> bool {
        match (&self.value, &self.raw) {
            (Some(value), _) => was == Some(value),
            (None, Some(raw)) => was.is_some_and(|was| was == raw || was.trim() == raw.trim()),
            (None, None) => was.is_none_or(str::is_empty),
        }
    }
}

/// Walks through the decisions on one cell: the value and the decision that stands in the end, and those refused.
fn fold(
    found: &Found,
    replaced: Option<&HashMap<String, String>>,
    is_derived: bool,
    sets: Vec<Set>,
) -> (Option<String>, Option<String>, Vec<(Set, &'static str)>) {
    let value = found.value.clone();
    let value = value.and_then(|value| replaced.and_then(|map| map.get(&value).cloned()).or(Some(value)));
    let mut state = Found { value, raw: found.raw.clone() };
    // What was computed is only known after the decisions, so a decision about it is about whatever is computed.
    let computed = is_derived && state.shown().is_none();
    let (mut standing, mut refused) = (None, Vec::new());
    for set in sets {
        if set.written.is_none() && set.now.as_deref().is_some_and(|now| !now.trim().is_empty()) {
            refused.push((set, "not-a-value"));
            continue;
        }
        // A decision on the value as the source gives it is not undone by a later replacement of that value everywhere.
        if state.is(set.was.as_deref()) || (standing.is_none() && (computed || found.is(set.was.as_deref()))) {
            state = Found { value: set.written.or(set.now), raw: None };
            standing = Some(set.id);
            // Whoever decided after them has settled what could not be applied before.
            refused.clear();
        } else if state.value != set.now && state.value != set.written {
            // Where the source itself has come to say what was decided, there is nothing left to apply.
            refused.push((set, "changed"));
        }
    }
    (state.value, standing, refused)
}

/// Per row of a relation of candidate rows, what a decision about the field is made about, in order of the rows: the
/// candidate's value or, where decisions came or went since it was built, what those that are in force now make of the
/// source's. So a second decision follows the first however soon it comes.
pub(super) fn values(
    store: &Store,
    rows: &str,
    table_name: &str,
    table: &Table,
    field: &str,
    feeds: &[Feed],
) -> Result<IndexMap<String, Option<String>>> {
    let kind = kind_of(table, field);
    let found = found_values(store, rows, table, field, kind, feeds)?;
    let mut values: IndexMap<_, _> = found.into_iter().map(|(row, found)| (row, found.shown())).collect();
    values.sort_unstable_keys();
    let decided = format!(
        r#"SELECT DISTINCT "row" FROM dq.decisions WHERE kind IN ('set', 'bulk') AND "table" = {} AND field = {}"#,
        Literal(table_name),
        Literal(field)
    );
    let decided: Vec<String> =
        store.query(&format!("{decided} AND \"row\" IN (SELECT _key FROM {rows} AS r)"), [], |row| row.get(0))?;
    if decided.is_empty() {
        return Ok(values);
    }
    let list: Vec<String> = decided.iter().map(|row| Literal(row).to_string()).collect();
    let few = format!("(SELECT * FROM {rows} AS r WHERE _key IN ({}))", list.join(", "));
    let given = mapped(table, feeds, |name| name == field, Some(&format!("_row IN (SELECT _row FROM {few} AS f)")));
    let given = format!(
        "(SELECT f._key, m.* FROM ({given}) AS m JOIN {few} AS f ON f._row = m._row AND f._source = m._source AND f._entity = m._entity)"
    );
    let mut given = found_values(store, &given, table, field, kind, feeds)?;
    let replaced = replacements_of(store, table_name, field, &[], IN_FORCE)?;
    let is_derived = table.fields.get(field).is_some_and(|field| field.derive.is_some());
    let mut sets: HashMap<String, Vec<Set>> = sets(store, table_name, field, kind, None)?.into_iter().collect();
    for row in decided {
        let Some(found) = given.remove(&row) else { continue };
        let (value, standing, _) = fold(&found, Some(&replaced), is_derived, sets.remove(&row).unwrap_or_default());
        // What was computed is not known from here; a decision about it is about whatever is computed.
        if standing.is_some() || !is_derived || found.shown().is_some() {
            values.insert(row, if standing.is_some() { value } else { value.or_else(|| found.shown()) });
        }
    }
    Ok(values)
}

fn found_values(
    store: &Store,
    found_rows: &str,
    table: &Table,
    field: &str,
    kind: FieldType,
    feeds: &[Feed],
) -> Result<HashMap<String, Found>> {
    let bit = table.fields.get_index_of(field).unwrap_or(0);
    let value = kind.as_text(&format!("f.{}", Ident(field)));
    let mut found = HashMap::new();
    for feed in feeds {
        let raw = feed.origin.text(field, "").unwrap_or_else(|| "NULL::VARCHAR".to_owned());
        let sql = format!(
            "SELECT f._key, {value}, CASE WHEN f._unread & {} <> 0 THEN s.raw END FROM {found_rows} AS f\n\
             JOIN (SELECT _row, {raw} AS raw FROM {}) AS s ON s._row = f._row WHERE f._source = {} AND f._entity = {}",
            1_i64 << bit,
            feed.texts(),
            Literal(&feed.origin.source),
            Literal(&feed.origin.entity)
        );
        let rows: Vec<(String, Found)> =
            store.query(&sql, [], |row| Ok((row.get(0)?, Found { value: row.get(1)?, raw: row.get(2)? })))?;
        found.extend(rows);
    }
    Ok(found)
}

/// Which field values of this table follow a merge: the field, and per merged key the key that stays; by the decisions
/// that meet the condition `which`.
fn repointed(
    store: &Store,
    schema: &Schema,
    table: &str,
    which: &str,
) -> Result<Vec<(String, HashMap<String, String>)>> {
    let Some(declared) = schema.tables.get(table) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for (name, field) in &declared.fields {
        let Some(reference) = &field.references else { continue };
        let pairs: Vec<(String, String)> = store.query(
            &format!(
                r#"SELECT "row", now FROM dq.decisions WHERE ({which}) AND kind = 'merge' AND "table" = ? ORDER BY seq"#
            ),
            [reference.table.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        if !pairs.is_empty() {
            let mut map: HashMap<String, String> = HashMap::new();
            for (gone, stays) in &pairs {
                let (gone, stays) = (identity::key_in(gone), identity::key_in(stays));
                if gone == stays {
                    continue;
                }
                // What was merged into a row that goes itself, goes on with it.
                map.values_mut().filter(|key| *key == gone).for_each(|key| stays.clone_into(key));
                map.insert(gone.to_owned(), stays.to_owned());
            }
            found.push((name.clone(), map));
        }
    }
    Ok(found)
}

/// Value → value that stands in the end, for one field; by the decisions that meet the condition `which`.
fn replacements_of(
    store: &Store,
    table: &str,
    field: &str,
    repointed: &[(String, HashMap<String, String>)],
    which: &str,
) -> Result<HashMap<String, String>> {
    let pairs: Vec<(String, String)> = store.query(
        &format!(
            r#"SELECT was, now FROM dq.decisions WHERE ({which}) AND kind = 'replace' AND "table" = ? AND field = ? ORDER BY seq"#
        ),
        [table, field],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let mut map: HashMap<String, String> =
        repointed.iter().find(|(name, _)| name == field).map(|(_, map)| map.clone()).unwrap_or_default();
    for (was, now) in pairs {
        for value in map.values_mut().filter(|value| **value == was) {
            value.clone_from(&now);
        }
        map.insert(was, now);
    }
    map.retain(|was, now| was != now);
    Ok(map)
}

/// Per field, the values that a row may have now if the decisions in force give it another one than the decisions that
/// meet the condition `before` gave it.
pub(super) fn replaced_otherwise(
    store: &Store,
    schema: &Schema,
    table: &str,
    fields: &[String],
    before: &str,
) -> Result<Vec<(String, Vec<String>)>> {
    let (was, is) = (repointed(store, schema, table, before)?, repointed(store, schema, table, IN_FORCE)?);
    let mut concerned = Vec::new();
    for field in fields {
        let old = replacements_of(store, table, field, &was, before)?;
        let new = replacements_of(store, table, field, &is, IN_FORCE)?;
        let differs = old.keys().chain(new.keys()).filter(|value| old.get(*value) != new.get(*value));
        let mut values: Vec<String> =
            differs.flat_map(|value| [Some(value.clone()), old.get(value).cloned()]).flatten().collect();
        values.sort();
        values.dedup();
        if !values.is_empty() {
            concerned.push((field.clone(), values));
        }
    }
    Ok(concerned)
}

/// A temporary table `(key, now, [decision], value)` in which `value` is `now` read as the field's type.
fn typed_table(
    store: &Store,
    name: &str,
    key: &str,
    kind: FieldType,
    rows: impl Iterator<Item = Vec<Value>>,
) -> Result<()> {
    let decision = if key == "row" { ", decision VARCHAR" } else { "" };
    store.run(&format!(r#"CREATE OR REPLACE TABLE dq._decided ("{key}" VARCHAR, now VARCHAR{decision})"#))?;
    store.append("dq", "_decided", rows)?;
    store.run(&format!(
        "CREATE OR REPLACE TEMP TABLE {name} AS SELECT *, {} AS value FROM dq._decided; DROP TABLE dq._decided",
        read_value("now", kind)?
    ))
}

/// The expression that reads what a person typed as a value of the type.
pub fn read_value(text: &str, kind: FieldType) -> Result<String> {
    let read = match reader_of(kind) {
        None => return Ok(format!("nullif({text}, '')")),
        Some(step) => transforms::find(&step.name)?.expression(&[format!("nullif({text}, '')")], None)?,
    };
    let sql = kind.sql();
    let finite = match kind {
        FieldType::Date | FieldType::Timestamp => format!(" AND isfinite(TRY_CAST({text} AS {sql}))"),
        _ => String::new(),
    };
    Ok(match kind {
        // A list is shown as [a, b]; both that and "a, b" are understood.
        FieldType::List => format!("CASE WHEN {text} LIKE '[%]' THEN TRY_CAST({text} AS {sql}) ELSE {read} END"),
        // What the engine itself writes is always read back; what it would only guess at (22/11/25 as the year 22) is not.
        _ => format!(
            "coalesce(TRY_CAST({read} AS {sql}), CASE WHEN TRY_CAST({text} AS {sql})::VARCHAR = trim({text}){finite} THEN TRY_CAST({text} AS {sql}) END)"
        ),
    })
}
