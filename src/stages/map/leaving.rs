//! Rows that decisions take out of a table, and where what refers to those that were merged points. This is found before
//! any candidates are built, because a table may come before the one that it refers to. Neighbours: `fold`, which says
//! which decisions hold, and `decided`, which leaves the rows out and turns the references.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::decided::{self, Decided, Of};
use super::fold::{Given, Leave, Leaving, Repointed};
use super::said::Said;
use super::{Plan, identity, mapped, replaced};
use crate::error::Result;
use crate::model::{Conflict, Schema};
use crate::sql::{Ident, Literal, literals};
use crate::stages::places::{IDENTITY, Places};
use crate::store::{Store, Value};

/// Where references point, by the table and the field that they refer to.
pub(super) type Pointers = IndexMap<(String, String), Repointed>;

/// What was found about rows that go.
pub(super) struct Left {
    /// Where references to the tables in which others may go pointed before.
    pub pointers: Pointers,
    /// These tables; of each, [`there`] has the rows that decisions speak of.
    pub tables: Vec<String>,
}

impl Plan {
    /// Finds the rows of all tables that go; the tables of which the odd rows are known afterwards.
    pub(super) fn find_leaving(&self, store: &Store, said: &Said) -> Result<Vec<String>> {
        store.run("DELETE FROM dq.left_out; DELETE FROM dq.repointed")?;
        let mut known = Vec::new();
        for name in said.left() {
            let Some(table) = self.schema.tables.get(&name) else { continue };
            let feeds = self.feeds(&name);
            identity::find_odd(store, &name, table, feeds)?;
            let is_key = |field: &str| table.fields.get(field).is_some_and(|field| field.key);
            let mut pipeline = mapped(table, feeds, is_key, None);
            pipeline.step("keyed", identity::keyed(&name, table, feeds, "mapped"));
            pipeline.step(
                "there",
                format!("SELECT _key, _source, _entity, _row FROM keyed WHERE _key IN ({})", concerned(&name)),
            );
            self.leave(&self.of(store, said, &name, table), &pipeline.to_string(), false)?;
            known.push(name);
        }
        Ok(known)
    }

    /// The same for the tables in which other rows may go than at the last check, by the decisions in `otherwise`. Leaves
    /// what was left out before in `before`.
    pub(super) fn find_leaving_again(
        &self,
        store: &Store,
        said: &Said,
        otherwise: &str,
        places: &Places,
    ) -> Result<Left> {
        let mut pointers = Pointers::new();
        store.fill(BEFORE, "SELECT * FROM dq.left_out")?;
        // The key of a row that others were merged into may be another one now.
        let keys = self.schema.tables.keys().flat_map(|name| {
            let fields = referred_to(&self.schema, name).into_iter();
            fields.map(move |field| format!("({}, {})", Literal(name), Literal(&field)))
        });
        let keys: Vec<String> = keys.chain(["(NULL, NULL)".to_owned()]).collect();
        let others: Vec<String> = store.query(
            &format!(
                r#"SELECT DISTINCT "table" FROM {otherwise} WHERE kind IN ('exclude', 'merge') OR ("table", field) IN ({})
                   AND "table" IN (SELECT "table" FROM dq.decisions WHERE active AND kind = 'merge')"#,
                keys.join(", ")
            ),
            [],
            |row| row.get(0),
        )?;
        for (name, table) in self.schema.tables.iter().filter(|(name, _)| others.contains(name)) {
            let known = Literal(name);
            for field in referred_to(&self.schema, name) {
                let pointed = replaced::repointed_to(store, name, &field)?;
                pointers.insert((name.clone(), field), pointed);
            }
            store.run(&format!(
                r#"DELETE FROM dq.left_out WHERE "table" = {known}; DELETE FROM dq.repointed WHERE "table" = {known};
                   DELETE FROM dq.conflicts WHERE "table" = {known} AND field = ''"#
            ))?;
            // Whatever the sources give is either a candidate or left out, and what is left out need not be looked for.
            let (there, concerned, before) = (there(name), concerned(name), before(name));
            let sought = format!("{concerned} EXCEPT SELECT _key FROM {before}");
            let candidates = places.near(store, name, "", IDENTITY, &sought)?.with(format!("_key IN ({sought})"));
            let candidates = candidates.map(|candidates| {
                let (place, rows, condition) = (candidates.place(), candidates.rows(name), candidates.condition);
                format!("SELECT {place} AS _at, _key, _source, _entity, _row FROM {rows} WHERE {condition}")
            });
            let left_out = format!(
                "SELECT NULL::BIGINT AS _at, _key, _source, _entity, _row FROM {before} WHERE _key IN ({concerned})"
            );
            let rows = candidates.into_iter().chain([left_out]);
            store.fill_like(&there, name, rows.collect::<Vec<_>>().join("\nUNION ALL\n"))?;
            let of = self.of(store, said, name, table);
            self.leave(&of, &format!("SELECT * EXCLUDE (_at) FROM {there}"), true)?;
        }
        Ok(Left { pointers, tables: others })
    }

    /// Finds the rows of one table that go; `there` is the query for those that decisions speak of and that are there.
    /// For a part of the rows, the odd ones are known from what was built before.
    fn leave(&self, of: &Of, there: &str, is_part: bool) -> Result<()> {
        let Of { store, name, .. } = *of;
        type Place = (String, String, i64);
        let rows: Vec<(String, Place)> =
            store.query(there, [], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?))))?;
        let places: HashMap<String, Place> = rows.into_iter().collect();
        let wanted = store.query(
            r#"SELECT id, "row", now FROM dq.decisions
               WHERE active AND kind IN ('exclude', 'merge') AND "table" = ? ORDER BY seq, "row""#,
            [name],
            |row| Ok(Leave { id: row.get(0)?, row: row.get(1)?, into: row.get(2)? }),
        )?;
        let mut leaving = Leaving::of(wanted, |row| places.contains_key(row));
        let text = |text: &str| Value::Text(text.to_owned());
        let left = |row: &String| {
            let (source, entity, number) = places.get(row)?;
            Some(vec![text(name), text(row), text(source), text(entity), Value::BigInt(*number)])
        };
        store.append("dq", "left_out", leaving.gone.iter().filter_map(left).collect::<Vec<_>>())?;
        let refused = std::mem::take(&mut leaving.refused).into_iter().map(|(leave, refusal)| Conflict {
            decision: leave.id,
            table: name.to_owned(),
            row: leave.row,
            field: String::new(),
            was: None,
            now: leave.into,
            found: refusal.found,
            reason: refusal.reason.to_owned(),
            earlier: Vec::new(),
        });
        decided::write_down(store, refused.collect())?;
        let fields = referred_to(&self.schema, name);
        if leaving.merged.is_empty() || fields.is_empty() {
            return Ok(());
        }
        let mut merged: Vec<&str> =
            leaving.merged.iter().flat_map(|(row, (into, _))| [row.as_str(), into.as_str()]).collect();
        merged.sort_unstable();
        merged.dedup();
        let few = Ident(&format!("merged of {name}")).to_string();
        store.fill_like(&few, there, format!("SELECT * FROM ({there}) AS t WHERE _key IN ({})", literals(merged)))?;
        if is_part {
            identity::take_odd(store, name, &few)?;
        }
        for field in fields {
            let values = self.before_and_after(of, &field, &few)?;
            let rows =
                leaving.repointed(&values).0.into_iter().map(|(was, (now, decision))| {
                    vec![text(name), text(&field), text(&was), text(&now), text(&decision)]
                });
            store.append("dq", "repointed", rows.collect::<Vec<_>>())?;
        }
        store.let_go(&few)
    }

    /// Per row of a temporary table, what the source gives for a field and what the decisions make of it.
    fn before_and_after(&self, of: &Of, field: &str, few: &str) -> Result<HashMap<String, Given>> {
        let Of { store, name, table, .. } = *of;
        let feeds = self.feeds_among(store, name, few, &format!("merged of {name}"))?;
        let only = [field.to_owned()];
        let of = Of { feeds: &feeds, fields: Some(&only), ..*of };
        let keys = Ident(&format!("keys merged of {name}")).to_string();
        store.fill(&keys, format!("SELECT _key FROM {few}"))?;
        let (decided, _) = Decided::resolve(&of, Some(&keys), None)?;
        let decided = decided.of_cells_alone();
        let is_wanted = |name: &str| name == field || table.keys().any(|key| key == name);
        let mut pipeline = mapped(table, &feeds, is_wanted, None);
        pipeline.step("keyed", identity::keyed(name, table, &feeds, "mapped"));
        decided.apply(&mut pipeline, table);
        let last = Ident(pipeline.last().unwrap_or_default()).to_string();
        let text = |of: &str| table.fields.get(field).map(|f| f.kind.as_text(&format!("{of}.{}", Ident(field))));
        pipeline.step(
            "values",
            format!(
                "SELECT k._key, {}, {} FROM keyed AS k JOIN {last} AS d ON d._key = k._key",
                text("k").unwrap_or_default(),
                text("d").unwrap_or_default()
            ),
        );
        let rows = store.query(&pipeline.nested(), [], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        decided.clear(store)?;
        store.let_go(&keys)?;
        Ok(rows.into_iter().collect())
    }
}

/// The query for the identities of which decisions say that they go, or that others go into them.
fn concerned(name: &str) -> String {
    format!(
        r#"SELECT unnest(["row", now]) FROM dq.decisions WHERE active AND kind IN ('exclude', 'merge') AND "table" = {}"#,
        Literal(name)
    )
}

/// The temporary table with the rows of a table that are there and of which decisions say that they go, or that others go into
/// them; `_at` is the place of those that were candidates at the last check.
pub(super) fn there(name: &str) -> String {
    Ident(&format!("there of {name}")).to_string()
}

/// The temporary table with what was left out of all tables at the last check.
const BEFORE: &str = "\"left out before\"";

/// What was left out of a table at the last check.
pub(super) fn before(name: &str) -> String {
    format!(r#"(SELECT * EXCLUDE "table" FROM {BEFORE} WHERE "table" = {})"#, Literal(name))
}

/// The fields of a table that others refer to, as far as the sources give them.
fn referred_to(schema: &Schema, name: &str) -> Vec<String> {
    let fields = schema.tables.values().flat_map(|table| table.fields.values());
    let referred = fields.filter_map(|field| field.references.as_ref()).filter(|to| to.table == name);
    let mut referred: Vec<String> = referred.map(|to| to.field.clone()).collect();
    referred.sort();
    referred.dedup();
    referred.retain(|field| schema.field(name, field).is_some_and(|field| field.derive.is_none()));
    referred
}
