//! Decisions on their way into the cells of the candidates: which apply, which are in conflict with the data, and the joins
//! that apply them. Neighbours: `fold`, which says what decisions come to, and `leaving`, about whole rows.

use std::collections::{BTreeSet, HashMap};

use super::feed::{Feed, reader_of};
use super::fold::{self, Found, Refusal, Replace, Repointed, Set};
use super::{derive, identity, mapped};
use crate::error::Result;
use crate::model::{Conflict, Field, FieldType, Schema, Table};
use crate::sql::{Ident, Literal, Pipeline, literals};
use crate::stages::places::{IDENTITY, Near, Places, Sought};
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

/// What the values of a field are replaced by.
struct Replaced {
    field: String,
    /// By the value as text.
    whole: HashMap<String, String>,
    /// By an element of a list, in order.
    elements: Vec<(String, String)>,
    refused: Vec<Conflict>,
}

/// What the decisions of a table are about.
pub(super) struct Of<'a> {
    pub store: &'a Store,
    pub schema: &'a Schema,
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
const IN_FORCE: &str = "active";

fn temp(table: &str, what: &str) -> String {
    Ident(&format!("{what} of {table}")).to_string()
}

impl Decided {
    /// Which joins there will be, without resolving anything; `is_early` where nothing is computed yet.
    pub fn shape(of: &Of, is_early: bool) -> Result<Decided> {
        Self::shape_of(of, None, is_early)
    }

    fn shape_of(of: &Of, only: Option<&str>, is_early: bool) -> Result<Decided> {
        let Of { store, schema, name: table, .. } = *of;
        let names = |sql: &str| -> Result<Vec<String>> { store.query(sql, [table], |row| row.get(0)) };
        // The ledger may speak of a field that the schema no longer has; that is a conflict, not a failure.
        let declared = |field: &String| schema.field(table, field).is_some() && of.is_about(field);
        let mut repointed = repointed(store, schema, table)?;
        repointed.retain(|(field, _)| of.is_about(field));
        let mut replaced = Vec::new();
        let fields = names(
            r#"SELECT DISTINCT field FROM dq.decisions WHERE active AND kind = 'replace' AND "table" = ? ORDER BY field"#,
        )?;
        for field in fields.into_iter().filter(declared) {
            let own = repointed.iter().find(|(name, _)| *name == field).map(|(_, own)| own);
            replaced.push(replacements(store, schema, table, &field, own.unwrap_or(&Repointed::default()), IN_FORCE)?);
        }
        let set = names(&format!(
            r#"SELECT DISTINCT field FROM dq.decisions WHERE active AND kind IN ('set', 'bulk') AND "table" = ?{} ORDER BY field"#,
            matters(only)
        ))?;
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
        let computed = literals(of.table.fields.iter().filter(is_only_computed).map(|(name, _)| name));
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
        let found = found_values(of, found_rows, replaced.as_deref(), &field)?;
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
fn has_any<'e>(list: &str, elements: impl IntoIterator<Item = &'e String>) -> String {
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
fn found_values(of: &Of, found_rows: &str, replaced: Option<&str>, field: &str) -> Result<HashMap<String, Found>> {
    let (bit, kind) = (of.table.fields.get_index_of(field).unwrap_or(0), kind_of(of.table, field));
    let value = kind.as_text(&format!("f.{}", Ident(field)));
    let (after, join) = match replaced {
        Some(replaced) => {
            (kind.as_text(&format!("r.{}", Ident(field))), format!("\nJOIN ({replaced}) AS r ON r._key = f._key"))
        }
        None => (value.clone(), String::new()),
    };
    let mut found = HashMap::new();
    for feed in of.feeds {
        let raw = feed.origin.text(field, "").unwrap_or_else(|| "NULL::VARCHAR".to_owned());
        let sql = format!(
            "SELECT f._key, {value}, {after}, CASE WHEN f._unread & {} <> 0 AND trim(s.raw) <> '' THEN s.raw END FROM {found_rows} AS f{join}\n\
             JOIN (SELECT _row, {raw} AS raw FROM {}) AS s ON s._row = f._row WHERE f._source = {} AND f._entity = {}",
            1_i64 << bit,
            feed.texts(),
            Literal(&feed.origin.source),
            Literal(&feed.origin.entity)
        );
        let rows: Vec<(String, Found)> = of.store.query(&sql, [], |row| {
            Ok((row.get(0)?, Found { value: row.get(1)?, replaced: row.get(2)?, raw: row.get(3)? }))
        })?;
        found.extend(rows);
    }
    Ok(found)
}

/// Per row of a relation, the value of a field as text, or where it could not be read, the text in the export.
pub(super) fn shown_values(of: &Of, rows: &str, field: &str) -> Result<HashMap<String, Option<String>>> {
    let found = found_values(of, rows, None, field)?;
    Ok(found.into_iter().map(|(row, found)| (row, found.value.or(found.raw))).collect())
}

/// Whether a decision in force sets one of some fields in any row of a table.
pub(super) fn is_set(store: &Store, table: &str, fields: &[String]) -> Result<bool> {
    let sql = format!(
        r#"SELECT 1 FROM dq.decisions WHERE active AND kind IN ('set', 'bulk') AND "table" = ? AND field IN ({}) LIMIT 1"#,
        literals(fields)
    );
    Ok(store.first(&sql, [table], |_| Ok(()))?.is_some())
}

/// Whether a decision in force replaces a value in all rows of a table.
pub(super) fn is_replaced(store: &Store, table: &str) -> Result<bool> {
    let sql = r#"SELECT 1 FROM dq.decisions WHERE active AND kind = 'replace' AND "table" = ? LIMIT 1"#;
    Ok(store.first(sql, [table], |_| Ok(()))?.is_some())
}

/// Which field values of this table follow a merge.
fn repointed(store: &Store, schema: &Schema, table: &str) -> Result<Vec<(String, Repointed)>> {
    let mut found = Vec::new();
    for (name, field) in schema.tables.get(table).into_iter().flat_map(|table| &table.fields) {
        let Some(to) = &field.references else { continue };
        let map = repointed_to(store, &to.table, &to.field)?;
        if map != Repointed::default() {
            found.push((name.clone(), map));
        }
    }
    Ok(found)
}

/// Where references to a field of a table point.
pub(super) fn repointed_to(store: &Store, table: &str, field: &str) -> Result<Repointed> {
    let rows: Vec<(String, (String, String))> = store.query(
        r#"SELECT was, now, decision FROM dq.repointed WHERE "table" = ? AND field = ? ORDER BY was"#,
        [table, field],
        |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))),
    )?;
    Ok(Repointed(rows.into_iter().collect()))
}

/// The decisions that replace values of a field, read as the field's type: those about whole values, those about elements
/// of lists, and those that give no value.
struct Lines {
    whole: Vec<Replace>,
    elements: Vec<Replace>,
    unread: Vec<(Replace, Refusal)>,
}

impl Lines {
    /// Those that meet the condition `which`, in the order in which they were made.
    fn of(store: &Store, table: &str, field: &str, kind: FieldType, which: &str) -> Result<Lines> {
        let written = |text: &str| Ok(kind.as_text(&format!("({})", read_value(text, kind)?)));
        let columns: Result<Vec<String>> = ["was", "now"].into_iter().map(written).collect();
        type Line = (Replace, Option<String>, Option<String>);
        let lines: Vec<Line> = store.query(
            &format!(
                r#"SELECT id, was, now, {} FROM dq.decisions
                   WHERE ({which}) AND kind = 'replace' AND "table" = ? AND field = ? ORDER BY seq, was"#,
                columns?.join(", ")
            ),
            [table, field],
            |row| Ok((Replace { id: row.get(0)?, was: row.get(1)?, now: row.get(2)? }, row.get(3)?, row.get(4)?)),
        )?;
        let mut read = Lines { whole: Vec::new(), elements: Vec::new(), unread: Vec::new() };
        for (line, was, now) in lines {
            let is_list = line.was.starts_with('[') && line.was.ends_with(']');
            if kind == FieldType::List && !is_list {
                let Replace { id, was, now } = line;
                read.elements.push(Replace { id, was: was.trim().to_owned(), now: now.trim().to_owned() });
            } else if now.is_none() && !line.now.trim().is_empty() {
                read.unread.push((line, Refusal { reason: "not-a-value", found: None }));
            } else {
                // 12,50 typed by a person is 12.5. White space around a text may be what is replaced.
                let was = was.filter(|_| kind != FieldType::Text).unwrap_or(line.was);
                read.whole.push(Replace { id: line.id, was, now: now.unwrap_or_default() });
            }
        }
        Ok(read)
    }
}

/// What the values of a field are replaced by, by the decisions that meet the condition `which`.
fn replacements(
    store: &Store,
    schema: &Schema,
    table: &str,
    field: &str,
    repointed: &Repointed,
    which: &str,
) -> Result<Replaced> {
    let kind = schema.field(table, field).map(|field| field.kind).unwrap_or_default();
    let Lines { whole, elements, unread } = Lines::of(store, table, field, kind, which)?;
    let (whole, not_whole) = fold::replaced(repointed, whole);
    let (elements, not_elements) = fold::replaced(&Repointed::default(), elements);
    let refused = unread.into_iter().chain(not_whole).chain(not_elements).map(|(replace, refusal)| Conflict {
        decision: replace.id,
        table: table.to_owned(),
        row: String::new(),
        field: field.to_owned(),
        was: Some(replace.was),
        now: Some(replace.now),
        found: refusal.found,
        reason: refusal.reason.to_owned(),
        earlier: Vec::new(),
    });
    let mut elements: Vec<(String, String)> = elements.into_iter().collect();
    elements.sort();
    Ok(Replaced { field: field.to_owned(), whole, elements, refused: refused.collect() })
}

/// The last decision in force that replaces a value of a field as the source gives it, or an element of it, and what it
/// makes of it.
pub(super) fn last_replacing(
    store: &Store,
    schema: &Schema,
    table: &str,
    field: &str,
    given: &str,
) -> Result<Option<Replace>> {
    let kind = schema.field(table, field).map(|field| field.kind).unwrap_or_default();
    let Lines { whole, elements, .. } = Lines::of(store, table, field, kind, IN_FORCE)?;
    let whole = fold::last_replacing(vec![given.to_owned()], &whole);
    let parts = given.trim_start_matches('[').trim_end_matches(']').split(", ").map(str::to_owned).collect();
    Ok(fold::last_replacing(parts, &elements).or(whole))
}

/// The rows of a table in which the decisions in force may give a field another value than
/// those did that meet the condition `before`; `repointed` is where references in the field pointed then.
pub(super) fn replaced_otherwise(
    store: &Store,
    schema: &Schema,
    table: &str,
    field: &str,
    before: &str,
    repointed: Option<&Repointed>,
    places: &Places,
) -> Result<Vec<Sought>> {
    let Some((bit, _, declared)) = schema.tables.get(table).and_then(|table| table.fields.get_full(field)) else {
        return Ok(Vec::new());
    };
    let is = match &declared.references {
        Some(to) => repointed_to(store, &to.table, &to.field)?,
        None => Repointed::default(),
    };
    let was = repointed.unwrap_or(&is);
    let old = replacements(store, schema, table, field, was, before)?;
    let new = replacements(store, schema, table, field, &is, IN_FORCE)?;
    // Without a decision to replace anything, references follow all the same.
    let (mut old_whole, mut new_whole) = (old.whole, new.whole);
    for (whole, repointed) in [(&mut old_whole, was), (&mut new_whole, &is)] {
        for (value, (now, _)) in &repointed.0 {
            whole.entry(value.clone()).or_insert_with(|| now.clone());
        }
    }
    let own = Ident(field).to_string();
    let text = declared.kind.as_text(&own);
    let mut rows = Vec::new();
    let (values, ends) = differing(&old_whole, &new_whole);
    if !values.is_empty() {
        let near = |sought: &str| match declared.kind {
            FieldType::Text => places.near(store, table, "", field, &format!("SELECT unnest([{sought}])")),
            _ => Ok(Near::Anywhere),
        };
        if declared.references.is_some() {
            // What refers to the rows that were or are pointed to is added up anew: it is fetched with what is pointed elsewhere.
            let pointed = values.iter().flat_map(|value| [old_whole.get(*value), new_whole.get(*value)]).flatten();
            near(&literals(values.iter().copied().chain(pointed)))?;
        }
        let (values, replaced) = (literals(&values), format!("_decided & {} <> 0", 1_i64 << bit));
        rows.extend(near(&values)?.with(format!("{text} IN ({values})")));
        // What was replaced shows what it was replaced by, or nothing.
        let emptied = |own: &str| format!("{own}_decided & {} <> 0 AND {own}{} IS NULL", 1_i64 << bit, Ident(field));
        let by = format!("CASE WHEN {} THEN 'emptied' END", emptied("t."));
        rows.extend(places.near_like(store, table, "", &by, "SELECT 'emptied'")?.with(emptied("")));
        if !ends.is_empty() {
            let ends = literals(ends);
            rows.extend(near(&ends)?.with(format!("{replaced} AND {text} IN ({ends})")));
        }
    }
    let (old, new): (HashMap<_, _>, HashMap<_, _>) =
        (old.elements.into_iter().collect(), new.elements.into_iter().collect());
    let (elements, _) = differing(&old, &new);
    let are_whole = elements.is_empty();
    if !elements.is_empty() {
        rows.push(Sought::among_all(has_any(&own, elements)));
        rows.push(Sought::among_all(format!("_decided & {} <> 0", 1_i64 << bit)));
    }
    if !(values.is_empty() && are_whole) {
        // A row that was set by hand may have had the value before, and the decision on it may hold or fall with it.
        let of_field = format!("\"table\" = {} AND field = {}", Literal(table), Literal(field));
        let mut set = format!("SELECT \"row\" FROM dq.decisions WHERE kind IN ('set', 'bulk') AND {of_field}");
        if declared.kind == FieldType::Text && are_whole {
            let about = led_to(store, (table, field), &values, &[&old_whole, &new_whole], &[was, &is])?;
            // What a decision says tells whether that can be. One that fits no longer may be about anything.
            let about =
                format!("SELECT coalesce(tv_trim(value), '') FROM (SELECT unnest([{}]) AS value)", literals(&about));
            let told = |column: &str| format!("coalesce(tv_trim({column}), '') IN ({about})");
            let unfit = format!("SELECT \"row\" FROM dq.conflicts WHERE {of_field}");
            set += &format!(" AND ({} OR {} OR \"row\" IN ({unfit}))", told("was"), told("now"));
            if store.first(&format!("{set} LIMIT 1"), [], |_| Ok(()))?.is_none() {
                return Ok(rows);
            }
        }
        rows.extend(places.near(store, table, "", IDENTITY, &set)?.with(format!("_key IN ({set})")));
    }
    Ok(rows)
}

/// These values of a field, and all that decisions make of them on the way, or have made them of; `maps` say what became of a value.
fn led_to(
    store: &Store,
    (table, field): (&str, &str),
    values: &BTreeSet<&String>,
    maps: &[&HashMap<String, String>],
    repointed: &[&Repointed],
) -> Result<BTreeSet<String>> {
    let sql = r#"SELECT was, now FROM dq.decisions WHERE kind = 'replace' AND "table" = ? AND field = ?"#;
    let mut steps: Vec<(String, String)> = store.query(sql, [table, field], |row| {
        let text = |at| row.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
        Ok((text(0)?, text(1)?))
    })?;
    steps.extend(maps.iter().flat_map(|map| map.iter().map(|(was, now)| (was.clone(), now.clone()))));
    // A merge of the same value may be hidden by what replaces it.
    steps.extend(repointed.iter().flat_map(|map| map.0.iter().map(|(was, (now, _))| (was.clone(), now.clone()))));
    let mut reached: BTreeSet<String> = values.iter().map(|value| (*value).clone()).collect();
    loop {
        let known = reached.len();
        steps.retain(|(was, now)| {
            let is_reached = reached.contains(was) || reached.contains(now);
            if is_reached {
                reached.extend([was.clone(), now.clone()]);
            }
            !is_reached
        });
        if reached.len() == known {
            return Ok(reached);
        }
    }
}

/// The values that are replaced in another way than before, and what the old way made of them.
fn differing<'m>(
    old: &'m HashMap<String, String>,
    new: &'m HashMap<String, String>,
) -> (BTreeSet<&'m String>, BTreeSet<&'m String>) {
    let values: BTreeSet<&String> =
        old.keys().chain(new.keys()).filter(|value| old.get(*value) != new.get(*value)).collect();
    let ends = values.iter().filter_map(|value| old.get(*value)).collect();
    (values, ends)
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
