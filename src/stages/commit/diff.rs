//! The difference: which rows one side has and the other does not, or has with another value, found by one join per table.

use super::super::gate::{self, Held, key_text, referred_first};
use super::super::shapes::Shapes;
use super::super::{kept, map};
use super::{list, tables};
use indexmap::IndexMap;

use crate::error::{Error, Result};
use crate::model::{CellChange, DiffKind, Field, Gate, Mapping, RowChange, Schema, Table, TableDiff, TableTally};
use crate::sql::{Ident, Literal, Path, Pipeline};
use crate::store::Store;

/// Two states of one table, each a query for `_at` (a number that tells its rows apart) and the fields.
pub(super) struct Sides<'a> {
    pub name: &'a str,
    pub table: &'a Table,
    pub new: String,
    pub old: String,
}

/// What a commit would do to one table.
pub(super) struct Plan<'a> {
    pub sides: Sides<'a>,
    pub tally: TableTally,
}

/// The temporary view with the rows of a table that come with a commit: `_at` and the fields.
fn coming(table: &str) -> String {
    Ident(&format!("coming/{table}")).to_string()
}

/// What was found to differ, with a window of the rows; `find` is only asked for what is not known from an earlier window in the
/// same state.
pub(super) fn windows(
    store: &Store,
    sides: &[Sides],
    state: Option<&str>,
    (offset, limit): (u64, u64),
    find: impl FnOnce() -> Result<Vec<TableTally>>,
) -> Result<Vec<TableDiff>> {
    const TALLIES: &str = "difference";
    let tallies: Vec<TableTally> = match kept::of(store, TALLIES, state)? {
        Some(tallies) => tallies,
        None => {
            let tallies = find()?;
            kept::keep(store, TALLIES, state, &tallies)?;
            tallies
        }
    };
    let window = |(sides, tally): (&Sides, TableTally)| {
        Ok(TableDiff { rows: sides.window(store, state, offset, limit)?, tally })
    };
    sides.iter().zip(tallies).map(window).collect()
}

/// Refuses a schema with a table whose rows cannot be told apart.
pub(super) fn need_keys(schema: &Schema) -> Result<()> {
    match schema.tables.iter().find(|(_, table)| table.keys().next().is_none()) {
        None => Ok(()),
        Some((name, _)) => Err(Error::config("the table declares no key, so its rows cannot be compared")
            .at_file("mappings/canonical.toml")
            .at_column(format!("tables.{name}"))
            .hint("write key = true at the field that identifies a row")),
    }
}

/// The differences of all tables between the candidates that are not held back and the canonical tables.
pub(super) fn plan<'a>(
    store: &Store,
    schema: &'a Schema,
    shapes: &Shapes,
    (gate, held): (&Gate, &Held),
    sources: &[(String, Mapping)],
    step: &mut dyn FnMut(&str) -> Result<()>,
) -> Result<Vec<Plan<'a>>> {
    let mut plans = Vec::new();
    for (name, table) in &schema.tables {
        step(name)?;
        let count = held.tables.get(name).copied().unwrap_or_default();
        let sides = Sides::of_candidates(name, table, shapes);
        sides.come(store, &sides.not_held())?;
        sides.compare(store)?;
        sides.keep(store, count)?;
        plans.push(Plan {
            sides,
            tally: TableTally { table: name.clone(), quarantined: count.held, ..TableTally::default() },
        });
    }
    let held = plans.iter().map(|plan| plan.sides.number(store, "kept")).collect::<Result<Vec<_>>>()?;
    keep_referred(store, schema, &plans)?;
    for (plan, held) in plans.iter_mut().zip(held) {
        plan.tally.referred = plan.sides.number(store, "kept")? - held;
    }
    settle(store, schema, sources, &plans)?;
    for plan in &mut plans {
        let before = store.count(&format!("SELECT count(*) FROM ({})", plan.sides.old))?;
        plan.sides.count(store, before, &mut plan.tally)?;
        plan.tally.unusual = gate::is_unusual(gate, plan.tally.rewritten, before)?;
    }
    Ok(plans)
}

/// Marks rows that would be removed as kept where a row that is kept in another table refers to them.
fn keep_referred(store: &Store, schema: &Schema, plans: &[Plan]) -> Result<()> {
    let (order, is_cyclic) = referred_first(schema);
    loop {
        let mut kept = 0;
        for from in order.iter().rev().filter_map(|name| plans.iter().find(|plan| plan.sides.name == name)) {
            for (field, declared) in &from.sides.table.fields {
                let Some(reference) = &declared.references else { continue };
                let Some(to) = plans.iter().find(|plan| plan.sides.name == reference.table) else { continue };
                if to.sides.table.fields.contains_key(&reference.field) {
                    kept += from.sides.keep_what_is_referred_to(store, field, &to.sides, &reference.field)?;
                }
            }
        }
        if !is_cyclic || kept == 0 {
            return Ok(());
        }
    }
}

/// What is computed from rows that are held back is computed anew without them, and with what stays in their place: the
/// canonical tables agree with each other.
fn settle(store: &Store, schema: &Schema, sources: &[(String, Mapping)], plans: &[Plan]) -> Result<()> {
    let mut otherwise = IndexMap::new();
    for Plan { sides, tally } in plans {
        if tally.quarantined > 0 || sides.number(store, "kept")? > 0 {
            otherwise.insert(sides.name.to_owned(), sides.otherwise());
        }
    }
    if otherwise.is_empty() {
        return Ok(());
    }
    let settled = map::Plan::new(store, schema, sources)?.settle(store, &otherwise)?;
    for sides in plans.iter().map(|plan| &plan.sides).filter(|sides| settled.iter().any(|name| name == sides.name)) {
        sides.compare_settled(store)?;
    }
    Ok(())
}

impl Plan<'_> {
    /// Carries the difference out: earlier versions to the history, new rows in.
    pub(super) fn apply(&self, store: &Store, id: i64) -> Result<()> {
        self.sides.apply(store, id, &self.tally)
    }
}

impl<'a> Sides<'a> {
    /// The candidates that are not held back, and the canonical rows.
    pub(super) fn of_candidates(name: &'a str, table: &'a Table, shapes: &Shapes) -> Sides<'a> {
        Sides { name, table, new: format!("SELECT * FROM {}", coming(name)), old: tables::current(name, table, shapes) }
    }

    /// The query for the candidates that are not held back, as they are.
    fn not_held(&self) -> String {
        format!(
            "SELECT c.rowid AS _at, {} FROM {} c ANTI JOIN {} r ON c._key = r.\"row\"",
            list(self.table.fields.keys(), "c."),
            Path("candidate", self.name),
            gate::reasons(self.name)
        )
    }

    /// Says what of a table comes with a commit.
    fn come(&self, store: &Store, rows: &str) -> Result<()> {
        store.run(&format!("CREATE OR REPLACE TEMP VIEW {} AS {rows}", coming(self.name)))
    }

    /// What a commit makes of the table otherwise than its candidates say.
    fn otherwise(&self) -> map::Otherwise {
        map::Otherwise {
            without: format!(
                "SELECT * FROM {} c SEMI JOIN {} r ON c._key = r.\"row\"",
                Path("candidate", self.name),
                gate::reasons(self.name)
            ),
            with: format!(
                "SELECT {} AS _key, {} FROM ({}) o WHERE _at IN (SELECT old_at FROM {} WHERE kind = 'kept')",
                key_text(self.table, "o."),
                list(self.table.fields.keys(), "o."),
                self.old,
                self.changes()
            ),
        }
    }

    /// Takes the rows that come otherwise than their candidates are, and compares them again.
    fn compare_settled(&self, store: &Store) -> Result<()> {
        let settled = map::settled(self.name);
        let fields = list(self.table.fields.keys(), "");
        let rows = format!("SELECT _at, {fields} FROM {settled}");
        self.come(
            store,
            &format!(
                "SELECT * FROM ({}) WHERE _at NOT IN (SELECT _at FROM {settled}) UNION ALL {rows}",
                self.not_held()
            ),
        )?;
        store.run(&format!(
            "DELETE FROM {changes} WHERE new_at IN (SELECT _at FROM {settled});\nINSERT INTO {changes}\n{}",
            self.differing(&rows, "LEFT"),
            changes = self.changes()
        ))
    }

    /// The temporary table with the rows that differ: `kind` (added, changed, removed, kept), `key`, `new_at`, `old_at`, and
    /// whether most of what the sources give of the row is another (`rewritten`).
    fn changes(&self) -> String {
        format!("temp.{}", Ident(&format!("changes/{}", self.name)))
    }

    /// Finds the rows that differ.
    pub(super) fn compare(&self, store: &Store) -> Result<()> {
        let differing = self.differing(&self.new, "FULL");
        store.run(&format!("CREATE OR REPLACE TEMP TABLE {} AS\n{differing}", Ident(&format!("changes/{}", self.name))))
    }

    /// The rows that differ between some of the new side and the old one; by a full join those of the old one that are not
    /// among them too.
    fn differing(&self, new: &str, join: &str) -> Pipeline {
        let same_key: Vec<String> = self.table.keys().map(|key| format!("n.{0} = o.{0}", Ident(key))).collect();
        let differs = self.fields().map(|(name, _)| format!(" OR n.{0} IS DISTINCT FROM o.{0}", Ident(name)));
        // What is computed follows from the rest, and what nearly every row has by default tells none from another.
        let tells = |field: &Field| field.derive.is_none() && field.default.is_none();
        let given: Vec<&String> = self.fields().filter(|(_, field)| tells(field)).map(|(name, _)| name).collect();
        let number = |of: &dyn Fn(&String) -> String| {
            let each: Vec<String> = given.iter().map(|name| format!("({})::INT", of(name))).collect();
            if each.is_empty() { "0".to_owned() } else { each.join(" + ") }
        };
        let others = number(&|name| format!("n.{0} IS DISTINCT FROM o.{0}", Ident(name)));
        let there = number(&|name| format!("n.{0} IS NOT NULL OR o.{0} IS NOT NULL", Ident(name)));
        let mut pipeline = Pipeline::new();
        pipeline.step("new", new.to_owned());
        pipeline.step("old", self.old.clone());
        pipeline.step(
            "differing",
            format!(
                "SELECT CASE WHEN o._at IS NULL THEN 'added' WHEN n._at IS NULL THEN 'removed' ELSE 'changed' END AS kind,\n  \
                 CASE WHEN n._at IS NULL THEN {} ELSE {} END AS key, n._at AS new_at, o._at AS old_at,\n  \
                 n._at IS NOT NULL AND o._at IS NOT NULL AND 2 * ({others}) > {there} AS rewritten\n\
                 FROM \"new\" n {join} JOIN \"old\" o ON {}\nWHERE o._at IS NULL OR n._at IS NULL{}",
                key_text(self.table, "o."),
                key_text(self.table, "n."),
                same_key.join(" AND "),
                differs.collect::<String>()
            ),
        );
        pipeline
    }

    fn fields(&self) -> impl Iterator<Item = (&String, &Field)> {
        self.table.fields.iter().filter(|(_, field)| !field.key)
    }

    /// Marks rows as kept that would be removed only because their candidates are held back, or because nothing came; rows that
    /// came and were excluded or merged away are gone.
    fn keep(&self, store: &Store, count: gate::Count) -> Result<()> {
        let mark = format!("UPDATE {} SET kind = 'kept' WHERE kind = 'removed'", self.changes());
        if count.rows == 0 {
            let left_out = format!("SELECT count(*) FROM dq.left_out WHERE \"table\" = {}", Literal(self.name));
            return if store.count(&left_out)? == 0 { store.run(&mark) } else { Ok(()) };
        }
        if count.held == 0 {
            return Ok(());
        }
        let same_key: Vec<String> = self.table.keys().map(|key| format!("o.{0} = h.{0}", Ident(key))).collect();
        store.run(&format!(
            "{mark} AND old_at IN (\n  SELECT o._at FROM ({}) o SEMI JOIN (\n    \
             SELECT * FROM {} c SEMI JOIN {} r ON c._key = r.\"row\"\n  ) h ON {}\n)",
            self.old,
            Path("candidate", self.name),
            gate::reasons(self.name),
            same_key.join(" AND ")
        ))
    }

    fn keep_what_is_referred_to(&self, store: &Store, field: &str, to: &Sides, referred: &str) -> Result<u64> {
        if self.number(store, "kept")? == 0 || to.number(store, "removed")? == 0 {
            return Ok(0);
        }
        store.execute(
            &format!(
                "UPDATE {} SET kind = 'kept' WHERE kind = 'removed' AND old_at IN (\n  \
                 SELECT u._at FROM ({}) u SEMI JOIN (\n    \
                 SELECT t.{}::VARCHAR AS value FROM ({}) t JOIN {} x ON x.old_at = t._at AND x.kind = 'kept'\n  \
                 ) k ON u.{}::VARCHAR = k.value\n)",
                to.changes(),
                to.old,
                Ident(field),
                self.old,
                self.changes(),
                Ident(referred)
            ),
            [],
        )
    }

    fn number(&self, store: &Store, kind: &str) -> Result<u64> {
        store.count(&format!("SELECT count(*) FROM {} WHERE kind = '{kind}'", self.changes()))
    }

    /// Counts the rows that differ; `before` is how many rows the old side has.
    pub(super) fn count(&self, store: &Store, before: u64, tally: &mut TableTally) -> Result<()> {
        tally.added = self.number(store, DiffKind::Added.name())?;
        tally.changed = self.number(store, DiffKind::Changed.name())?;
        tally.removed = self.number(store, DiffKind::Removed.name())?;
        tally.rewritten =
            store.count(&format!("SELECT count(*) FROM {} WHERE kind = 'changed' AND rewritten", self.changes()))?;
        tally.unchanged = before.saturating_sub(tally.changed + tally.removed);
        Ok(())
    }

    /// Writes the difference into the canonical table, of which `old_at` are row ids, as commit `id`.
    pub(super) fn apply(&self, store: &Store, id: i64, tally: &TableTally) -> Result<()> {
        let (canonical, changes) = (Path("canonical", self.name), self.changes());
        let fields = list(self.table.fields.keys(), "");
        let gone = format!("rowid IN (SELECT old_at FROM {changes} WHERE kind IN ('changed', 'removed'))");
        if tally.changed + tally.removed > 0 {
            store.run(&format!(
                "INSERT INTO {} ({fields}, _since, _until) SELECT {fields}, _commit, {id} FROM {canonical} WHERE {gone}",
                Path("dq", &tables::history(self.name))
            ))?;
            store.run(&format!("DELETE FROM {canonical} WHERE {gone}"))?;
        }
        if tally.added + tally.changed > 0 {
            let all = tally.unchanged + tally.changed + tally.removed == 0;
            // A first commit takes every row that is not held back; looking each of them up would double its time.
            let which = if all {
                String::new()
            } else {
                format!(" WHERE _at IN (SELECT new_at FROM {changes} WHERE kind <> 'kept')")
            };
            store.run(&format!(
                "INSERT INTO {canonical} ({fields}, _commit) SELECT {fields}, {id} FROM ({}){which}",
                self.new
            ))?;
        }
        Ok(())
    }

    /// The temporary table with the rows that differ in the order in which they are shown.
    fn shown(&self) -> String {
        format!("shown/{}", self.name)
    }

    /// A window of the rows that differ, sorted by added, changed, removed and then by key. They are sorted once for all windows
    /// in the same state.
    fn window(&self, store: &Store, state: Option<&str>, offset: u64, limit: u64) -> Result<Vec<RowChange>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let shown = Ident(&self.shown()).to_string();
        if kept::of::<()>(store, &self.shown(), state)?.is_none() {
            store.run(&format!(
                "CREATE OR REPLACE TEMP TABLE {shown} AS\n\
                 SELECT row_number() OVER (ORDER BY kind, key, new_at, old_at) AS place, * FROM {} WHERE kind <> 'kept'",
                self.changes()
            ))?;
            kept::keep(store, &self.shown(), state, &())?;
        }
        let mut columns = Vec::new();
        for (name, field) in &self.table.fields {
            let (new, old) = (format!("n.{}", Ident(name)), format!("o.{}", Ident(name)));
            columns.push(field.kind.as_text(&old));
            columns.push(field.kind.as_text(&new));
            columns.push(format!("{new} IS DISTINCT FROM {old}"));
        }
        // Each side is cut down to the window before it is joined.
        let sql = format!(
            "WITH x AS MATERIALIZED (SELECT * FROM temp.{shown} WHERE place > {offset} AND place <= {})\n\
             SELECT x.kind, x.key, {} FROM x\n\
             LEFT JOIN (SELECT * FROM ({}) WHERE _at IN (SELECT new_at FROM x)) n ON n._at = x.new_at\n\
             LEFT JOIN (SELECT * FROM ({}) WHERE _at IN (SELECT old_at FROM x)) o ON o._at = x.old_at\nORDER BY x.place",
            offset.saturating_add(limit),
            columns.join(", "),
            self.new,
            self.old
        );
        store.query(&sql, [], |row| {
            let kind: String = row.get(0)?;
            let kind = match kind.as_str() {
                "added" => DiffKind::Added,
                "removed" => DiffKind::Removed,
                _ => DiffKind::Changed,
            };
            let mut cells = Vec::new();
            for (at, name) in self.table.fields.keys().enumerate() {
                let at = 2 + 3 * at;
                if row.get::<_, bool>(at + 2)? {
                    cells.push(CellChange { field: name.clone(), old: row.get(at)?, new: row.get(at + 1)? });
                }
            }
            Ok(RowChange { kind, row: row.get(1)?, cells })
        })
    }
}
