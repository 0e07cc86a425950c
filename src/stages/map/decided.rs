//! Decisions on their way into the cells of the candidates: which apply, which are in conflict with the data, and the joins
//! that apply them. Neighbours: `fold`, which says what decisions come to, and `leaving`, about whole rows.

use std::collections::HashMap;

use super::feed::{Feed, reader_of};
use super::fold::{self, Found, Refusal, Repointed, Set};
use super::replaced::{Replaced, replacements, repointed};
use super::said::Said;
use super::{derive, identity, mapped};
use crate::error::Result;
use crate::model::{Conflict, Field, FieldType, Schema, Table};
use crate::sql::{Ident, Literal, Pipeline, literals};
use crate::store::{Store, Value};
use crate::transforms;

/// The decisions of one table, resolved into temporary tables for the joins.
pub(super) struct Decided {
    table: String,
    /// Fields of which a value is replaced wherever it occurs.
    replaced: Vec<Replaced>,
    /// Fields of which single rows are set.
    set: Vec<String>,
    /// Fields that refer to rows which were merged into others.
    repointed: Vec<(String, Repointed)>,
    /// Whether rows are left out.
    leaves: bool,
    /// The temporary table with the identities of the rows that matter, where it is not all of them.
    only: Option<String>,
}

/// What the decisions of a table are about.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub store: &'a Store,
    pub schema: &'a Schema,
    pub said: &'a Said,
    pub name: &'a str,
    pub table: &'a Table,
    pub feeds: &'a [Feed],
    /// The fields of which decisions matter; all where nothing is said.
    pub fields: Option<&'a [String]>,
}

impl Of<'_> {
    fn is_about(&self, field: &str) -> bool {
        self.fields.is_none_or(|fields| fields.iter().any(|name| name == field))
    }
}

/// The query for the candidates of the rows that meet a condition on `_row`, computed with decisions as far as they are
/// resolved.
pub(super) type Compute<'c> = &'c dyn Fn(&Decided, &str) -> Result<Pipeline>;

/// Which decisions are in force.
pub(super) const IN_FORCE: &str = "active";

fn temp(table: &str, what: &str) -> String {
    Ident(&format!("{what} of {table}")).to_string()
}

impl Decided {
    /// Which joins there will be, without resolving anything; `is_early` where nothing is computed yet.
    pub fn shape(of: &Of, is_early: bool) -> Result<Decided> {
        Self::shape_of(of, None, is_early)
    }

    fn shape_of(of: &Of, only: Option<&str>, is_early: bool) -> Result<Decided> {
        let Of { store, schema, said, name: table, .. } = *of;
        let names = |sql: &str| -> Result<Vec<String>> { store.query(sql, [table], |row| row.get(0)) };
        // The ledger may speak of a field that the schema no longer has; that is a conflict, not a failure.
        let declared = |field: &String| schema.field(table, field).is_some() && of.is_about(field);
        let mut repointed = repointed(store, schema, table)?;
        repointed.retain(|(field, _)| of.is_about(field));
        let mut replaced = Vec::new();
        for field in said.replaced(table).into_iter().filter(declared) {
            let own = repointed.iter().find(|(name, _)| *name == field).map(|(_, own)| own);
            replaced.push(replacements(of, &field, own.unwrap_or(&Repointed::default()), IN_FORCE)?);
        }
        let mut set = said.set(table);
        if only.is_some() && set.iter().any(declared) {
            set = names(&format!(
                r#"SELECT DISTINCT field FROM dq.decisions WHERE active AND kind IN ('set', 'bulk') AND "table" = ?{} ORDER BY field"#,
                matters(only)
            ))?;
        }
        let is_known = |field: &String| !is_early || schema.field(table, field).is_some_and(|f| f.derive.is_none());
        let left_out = names(r#"SELECT _key FROM dq.left_out WHERE "table" = ? LIMIT 1"#)?;
        Ok(Decided {
            table: table.to_owned(),
            replaced,
            set: set.into_iter().filter(declared).filter(is_known).collect(),
            repointed,
            leaves: !left_out.is_empty(),
            only: only.map(str::to_owned),
        })
    }

    /// Resolves the decisions against what the sources give and what is computed of it, and tells those that do not
    /// apply. Where `only` names a temporary table of identities, those about its rows, which the feeds must give. Without
    /// `compute` the decisions about what is computed are left for later.
    pub fn resolve(of: &Of, only: Option<&str>, compute: Option<Compute>) -> Result<(Decided, Vec<Conflict>)> {
        let mut decided = Self::shape_of(of, only, compute.is_none())?;
        let mut conflicts = Vec::new();
        for replaced in &mut decided.replaced {
            let rows = replaced.whole.iter().map(|(was, now)| vec![Value::Text(was.clone()), Value::Text(now.clone())]);
            let name = temp(of.name, &format!("replaced {}", replaced.field));
            typed_table(of.store, &name, "was", kind_of(of.table, &replaced.field), rows)?;
            conflicts.append(&mut replaced.refused);
        }
        if !decided.set.is_empty() {
            decided.resolve_sets(of, compute, &mut conflicts)?;
        }
        // Values are replaced as the sources give them, and what is only computed no source gives.
        let is_only_computed =
            |(name, field): &(&String, &Field)| field.derive.is_some() && !of.feeds.iter().any(|feed| feed.gives(name));
        let computed: Vec<&String> = of.table.fields.iter().filter(is_only_computed).map(|(name, _)| name).collect();
        if !of.said.is_of_unknown_fields(of.name, of.table, &computed) {
            return Ok((decided, conflicts));
        }
        let computed = literals(computed);
        conflicts.extend(of.store.query(
            &format!(
                r#"SELECT id, coalesce("row", ''), field, was, now, if(field IN ({computed}), 'computed', 'no-such-field') FROM dq.decisions
                   WHERE active AND "table" = ?
                   AND (kind IN ('set', 'bulk', 'replace') AND field NOT IN ({}) OR kind = 'replace' AND field IN ({computed}))"#,
                literals(of.table.fields.keys())
            ),
            [of.name],
            |row| {
                Ok(Conflict {
                    decision: row.get(0)?,
                    table: of.name.to_owned(),
                    row: row.get(1)?,
                    field: row.get(2)?,
                    was: row.get(3)?,
                    now: row.get(4)?,
                    found: None,
                    reason: row.get(5)?,
                    earlier: Vec::new(),
                })
            },
        )?);
        Ok((decided, conflicts))
    }

    fn resolve_sets(&mut self, of: &Of, compute: Option<Compute>, conflicts: &mut Vec<Conflict>) -> Result<()> {
        let fields = std::mem::take(&mut self.set);
        // What becomes of a row that is left out is told as of any other.
        let leaves = std::mem::take(&mut self.leaves);
        let is_wanted = |name: &str| {
            fields.iter().any(|field| field == name) || of.table.fields.get(name).is_some_and(|field| field.key)
        };
        let wanted_rows = format!(
            r#"SELECT "row" FROM dq.decisions WHERE active AND kind IN ('set', 'bulk') AND "table" = {}{}"#,
            Literal(&self.table),
            matters(self.only.as_deref())
        );
        // By the name of the fields, so that a table with the same columns is there the next time.
        let found_rows = temp(&self.table, &format!("{} in decided rows", fields.join(", ")));
        let mut pipeline = mapped(of.table, of.feeds, is_wanted, None);
        pipeline.step("keyed", identity::keyed(&self.table, of.table, of.feeds, "mapped"));
        pipeline.step("found", format!("SELECT * FROM keyed WHERE _key IN ({wanted_rows})"));
        of.store.fill_like(&found_rows, "", pipeline.nested())?;
        let is_derived = |field: &String| of.table.fields.get(field).is_some_and(|field| field.derive.is_some());
        let (derived, given): (Vec<String>, Vec<String>) = fields.into_iter().partition(is_derived);
        for field in given {
            self.resolve_set(of, &found_rows, field, &HashMap::new(), conflicts)?;
        }
        // What is computed is only known after the decisions on what it is computed from.
        for level in derive::levels(of.name, of.table)? {
            let fields: Vec<&String> = derived.iter().filter(|field| level.contains(&field.as_str())).collect();
            let (false, Some(compute)) = (fields.is_empty(), compute) else { continue };
            let computed = compute(self, &format!("_row IN (SELECT _row FROM {found_rows})"))?;
            let name = temp(&self.table, "computed rows");
            of.store.with_care(|| of.store.fill(&name, computed))?;
            for field in fields {
                let text = kind_of(of.table, field).as_text(&Ident(field).to_string());
                let values = of.store.query(&format!("SELECT _key, {text} FROM {name}"), [], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?))
                })?;
                self.resolve_set(of, &found_rows, field.clone(), &values.into_iter().collect(), conflicts)?;
            }
            of.store.let_go(&name)?;
        }
        self.leaves = leaves;
        of.store.let_go(&found_rows)
    }

    /// Resolves the decisions on one field; `computed` has what stands there where the sources give nothing.
    fn resolve_set(
        &mut self,
        of: &Of,
        found_rows: &str,
        field: String,
        computed: &HashMap<String, Option<String>>,
        conflicts: &mut Vec<Conflict>,
    ) -> Result<()> {
        let kind = kind_of(of.table, &field);
        let replaced = self.replaced_step(of.table, found_rows, |name| name == field);
        let found = found_values(of.store, of.table, of.feeds, found_rows, replaced.as_deref(), &field)?;
        let nothing = Repointed::default();
        let repointed = self.repointed.iter().find(|(name, _)| *name == field).map_or(&nothing, |(_, map)| map);
        let mut values: Vec<Vec<Value>> = Vec::new();
        for (row, sets) in sets(of.store, &self.table, &field, kind, self.only.as_deref())? {
            let Some(found) = found.get(&row) else {
                let missing = || Refusal { reason: "missing-row", found: None };
                conflicts.extend(sets.into_iter().map(|set| self.conflict(set, &field, missing())));
                continue;
            };
            let folded = match computed.get(&row) {
                Some(computed) if found.value.is_none() && found.raw.is_none() => {
                    let found = Found { value: computed.clone(), replaced: computed.clone(), raw: None };
                    fold::fold(&found, repointed, sets)
                }
                _ => fold::fold(found, repointed, sets),
            };
            conflicts.extend(folded.refused.into_iter().map(|(set, refusal)| self.conflict(set, &field, refusal)));
            if let Some(set) = folded.standing {
                values.push(vec![Value::Text(row), set.written.map_or(Value::Null, Value::Text)]);
            }
        }
        typed_table(of.store, &temp(&self.table, &format!("set {field}")), "row", kind, values.into_iter())?;
        self.set.push(field);
        Ok(())
    }

    fn conflict(&self, set: Set, field: &str, refusal: Refusal) -> Conflict {
        Conflict {
            decision: set.id,
            table: self.table.clone(),
            row: set.row,
            field: field.to_owned(),
            was: set.was,
            now: set.now,
            found: refusal.found,
            reason: refusal.reason.to_owned(),
            earlier: Vec::new(),
        }
    }

    /// Takes every row as one that stays, and every reference as it is.
    pub fn of_cells_alone(mut self) -> Decided {
        self.leaves = false;
        self.repointed.clear();
        self
    }

    /// The same without leaving rows out.
    pub fn with_all_rows(mut self) -> Decided {
        self.leaves = false;
        self
    }

    /// Adds the steps that apply the decisions; none where there are none.
    pub fn apply(&self, pipeline: &mut Pipeline, table: &Table) {
        let last = |pipeline: &Pipeline| Ident(pipeline.last().unwrap_or_default()).to_string();
        if let Some(step) = self.replaced_step(table, &last(pipeline), |_| true) {
            pipeline.step("replaced", step);
        }
        if let Some(step) = self.decided_step(table, &last(pipeline)) {
            pipeline.step("decided", step);
        }
    }

    fn replaced_step(&self, table: &Table, from: &str, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let (mut values, mut marks, mut joins) = (Vec::new(), Vec::new(), String::new());
        for replaced in self.replaced.iter().filter(|replaced| wanted(&replaced.field)) {
            let Some((bit, name, field)) = table.fields.get_full(&replaced.field) else { continue };
            let (own, mask) = (format!("k.{}", Ident(name)), 1_i64 << bit);
            let mut value = own.clone();
            if !replaced.whole.is_empty() {
                let alias = Ident(&format!("replaced {name}")).to_string();
                joins += &format!(
                    "\nLEFT JOIN {} AS {alias} ON {alias}.was = {}",
                    temp(&self.table, &format!("replaced {name}")),
                    field.kind.as_text(&own)
                );
                value = format!("CASE WHEN {alias}.was IS NULL THEN {own} ELSE {alias}.value END");
                marks.push(format!("CASE WHEN {alias}.was IS NULL THEN 0 ELSE {mask}::BIGINT END"));
            }
            if !replaced.elements.is_empty() {
                let has = has_any(&value, replaced.elements.iter().map(|(was, _)| was));
                marks.push(format!("CASE WHEN {has} THEN {mask}::BIGINT ELSE 0 END"));
                value = format!("CASE WHEN {has} THEN {} ELSE {value} END", elements_of(&value, &replaced.elements));
            }
            if value != own {
                values.push(format!("{value} AS {}", Ident(name)));
            }
        }
        if values.is_empty() {
            return None;
        }
        values.push(format!("(k._decided | {})::BIGINT AS _decided", marks.join(" | ")));
        Some(format!("SELECT k.* REPLACE (\n  {}\n)\nFROM {from} AS k{joins}", values.join(",\n  ")))
    }

    fn decided_step(&self, table: &Table, from: &str) -> Option<String> {
        let (mut values, mut unread, mut marks, mut joins) = (Vec::new(), Vec::new(), Vec::new(), String::new());
        for (bit, (name, field)) in table.fields.iter().enumerate() {
            let (own, mask) = (format!("k.{}", Ident(name)), 1_i64 << bit);
            let mut value = own.clone();
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
            let to = field.references.as_ref().filter(|_| self.repointed.iter().any(|(field, _)| field == name));
            if let Some(to) = to {
                // Wherever a reference comes from, it leads to the row that stays.
                let alias = Ident(&format!("repointed {name}")).to_string();
                joins += &format!(
                    "\nLEFT JOIN (SELECT was, now FROM dq.repointed WHERE \"table\" = {} AND field = {}) AS {alias} ON {alias}.was = {}",
                    Literal(&to.table),
                    Literal(&to.field),
                    field.kind.as_text(&format!("({value})"))
                );
                let now = match field.kind {
                    FieldType::Text => format!("{alias}.now"),
                    kind => format!("TRY_CAST({alias}.now AS {})", kind.sql()),
                };
                value = format!("CASE WHEN {alias}.was IS NULL THEN {value} ELSE {now} END");
                marks.push(format!("CASE WHEN {alias}.was IS NULL THEN 0 ELSE {mask}::BIGINT END"));
            }
            if value != own {
                values.push(format!("{value} AS {}", Ident(name)));
            }
        }
        if values.is_empty() && !self.leaves {
            return None;
        }
        if !unread.is_empty() {
            values.push(format!("k._unread & ~({}) AS _unread", unread.join(" | ")));
        }
        if !marks.is_empty() {
            values.push(format!("(k._decided | {})::BIGINT AS _decided", marks.join(" | ")));
        }
        if self.leaves {
            joins += &format!(
                "\nANTI JOIN (SELECT _key FROM dq.left_out WHERE \"table\" = {}) AS gone ON gone._key = k._key",
                Literal(&self.table)
            );
        }
        let replace =
            if values.is_empty() { String::new() } else { format!(" REPLACE (\n  {}\n)", values.join(",\n  ")) };
        Some(format!("SELECT k.*{replace}\nFROM {from} AS k{joins}"))
    }

    /// Drops the temporary tables.
    pub fn clear(&self, store: &Store) -> Result<()> {
        let replaced = self.replaced.iter().map(|replaced| temp(&self.table, &format!("replaced {}", replaced.field)));
        let set = self.set.iter().map(|field| temp(&self.table, &format!("set {field}")));
        replaced.chain(set).try_for_each(|name| store.let_go(&name))
    }
}

/// Writes down which decisions about cells of a table do not apply. What was written down before is gone, or where `only`
/// names a temporary table of identities, what was about these rows; of the fields that matter.
pub(super) fn tell(of: &Of, only: Option<&str>, conflicts: Vec<Conflict>) -> Result<()> {
    let rows = only.map(|only| format!(r#"("row" IN (FROM {only}) OR "row" = '')"#));
    let fields = of.fields.map(|fields| format!("field IN ({})", literals(fields)));
    let stale: Vec<String> = rows.into_iter().chain(fields).collect();
    let stale = match stale.is_empty() {
        true => String::new(),
        false => format!(" AND ({} OR reason IN ('no-such-field', 'computed'))", stale.join(" AND ")),
    };
    let sql = format!(r#"DELETE FROM dq.conflicts WHERE "table" = ? AND field <> ''{stale}"#);
    of.store.execute(&sql, [of.name])?;
    write_down(of.store, conflicts)
}

/// Adds to what is written down of decisions that do not apply.
pub(super) fn write_down(store: &Store, conflicts: Vec<Conflict>) -> Result<()> {
    let text = |text: Option<String>| text.map_or(Value::Null, Value::Text);
    let rows = conflicts.into_iter().map(|c| {
        let [decision, table, row, field, reason] = [c.decision, c.table, c.row, c.field, c.reason].map(Value::Text);
        vec![decision, table, row, field, text(c.was), text(c.now), text(c.found), reason]
    });
    store.append("dq", "conflicts", rows)
}

/// The condition that a list has one of some elements.
pub(super) fn has_any<'e>(list: &str, elements: impl IntoIterator<Item = &'e String>) -> String {
    format!("list_has_any({list}, [{}]::VARCHAR[])", literals(elements))
}

/// The expression for a list with elements replaced. Once two are the same, the list has it once.
fn elements_of(list: &str, elements: &[(String, String)]) -> String {
    let cases: Vec<String> =
        elements.iter().map(|(was, now)| format!("WHEN {} THEN {}", Literal(was), Literal(now))).collect();
    let changed = format!("list_transform({list}, lambda x: CASE x {} ELSE x END)", cases.join(" "));
    format!("list_filter({changed}, lambda x, i: x <> '' AND list_position({changed}, x) = i)")
}

/// The condition that a decision is about one of the rows that matter.
fn matters(only: Option<&str>) -> String {
    only.map(|only| format!(r#" AND "row" IN (FROM {only})"#)).unwrap_or_default()
}

fn kind_of(table: &Table, field: &str) -> FieldType {
    table.fields.get(field).map(|field| field.kind).unwrap_or_default()
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

/// Per row of a relation, what there is for a field; `replaced` is a query for the same rows after the replacements.
fn found_values(
    store: &Store,
    table: &Table,
    feeds: &[Feed],
    found_rows: &str,
    replaced: Option<&str>,
    field: &str,
) -> Result<HashMap<String, Found>> {
    let (bit, kind) = (table.fields.get_index_of(field).unwrap_or(0), kind_of(table, field));
    let value = kind.as_text(&format!("f.{}", Ident(field)));
    let (after, join) = match replaced {
        Some(replaced) => {
            (kind.as_text(&format!("r.{}", Ident(field))), format!("\nJOIN ({replaced}) AS r ON r._key = f._key"))
        }
        None => (value.clone(), String::new()),
    };
    let mut found = HashMap::new();
    for feed in feeds {
        let raw = feed.origin.text(field, "").unwrap_or_else(|| "NULL::VARCHAR".to_owned());
        let sql = format!(
            "SELECT f._key, {value}, {after}, CASE WHEN f._unread & {} <> 0 AND trim(s.raw) <> '' THEN s.raw END FROM {found_rows} AS f{join}\n\
             JOIN (SELECT _row, {raw} AS raw FROM {}) AS s ON s._row = f._row WHERE f._source = {} AND f._entity = {}",
            1_i64 << bit,
            feed.texts(),
            Literal(&feed.origin.source),
            Literal(&feed.origin.entity)
        );
        let rows: Vec<(String, Found)> = store.query(&sql, [], |row| {
            Ok((row.get(0)?, Found { value: row.get(1)?, replaced: row.get(2)?, raw: row.get(3)? }))
        })?;
        found.extend(rows);
    }
    Ok(found)
}

/// Per row of a relation, the value of a field as text, or where it could not be read, the text in the export.
pub(super) fn shown_values(
    store: &Store,
    table: &Table,
    feeds: &[Feed],
    rows: &str,
    field: &str,
) -> Result<HashMap<String, Option<String>>> {
    let found = found_values(store, table, feeds, rows, None, field)?;
    Ok(found.into_iter().map(|(row, found)| (row, found.value.or(found.raw))).collect())
}

/// A temporary table `(key, now, value)` in which `value` is `now` read as the field's type.
fn typed_table(
    store: &Store,
    name: &str,
    key: &str,
    kind: FieldType,
    rows: impl Iterator<Item = Vec<Value>>,
) -> Result<()> {
    /// So many rows of so many letters are sooner read with the statement than from a table.
    const FEW: usize = 20;
    const SHORT: usize = 4_000;
    let rows: Vec<Vec<Value>> = rows.collect();
    let text = |value: &Value| match value {
        Value::Text(text) => format!("{}::VARCHAR", Literal(text)),
        _ => "NULL::VARCHAR".to_owned(),
    };
    let none = vec![Value::Null, Value::Null];
    let (some, where_any) =
        if rows.is_empty() { (std::slice::from_ref(&none), " WHERE false") } else { (&rows[..], "") };
    let lines = some.iter().take(FEW).map(|row| format!("({})", row.iter().map(text).collect::<Vec<_>>().join(", ")));
    let lines = lines.collect::<Vec<_>>().join(", ");
    let value = read_value("now", kind)?;
    if rows.len() <= FEW && lines.len() <= SHORT {
        let rows = format!(r#"SELECT *, {value} AS value FROM (VALUES {lines}) AS decided("{key}", now){where_any}"#);
        return store.fill_like(name, &format!("{key}, {value}"), rows);
    }
    store.fill_like(r#""as decided""#, "", "SELECT NULL::VARCHAR AS key, NULL::VARCHAR AS now WHERE false")?;
    store.append("temp", "as decided", rows)?;
    let read = format!(r#"SELECT key AS "{key}", now, {value} AS value FROM "as decided""#);
    store.fill_like(name, &format!("{key}, {value}"), read)?;
    store.let_go(r#""as decided""#)
}

/// The expression that reads what a person typed as a value of the type.
pub fn read_value(text: &str, kind: FieldType) -> Result<String> {
    let read = match reader_of(kind) {
        None => return Ok(format!("nullif(tv_trim({text}), '')")),
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
