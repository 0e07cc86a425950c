//! From a model to a staged table: page by page, all of it or what changed since the last load.
//!
//! What changed is asked for by a fixed moment and walked through by id. A cursor on `write_date` would lose records:
//! many are written within one second, and a long transaction shows records older than what was already read. So the
//! moment is the start of the last good load, by the server's clock, less an overlap; records that come again replace
//! themselves.

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::columns::{Column, Filling, Node, Way, member, members, steps};
use super::rpc::condition;
use super::session::Session;
use super::trouble::Trouble;
use super::value::Value;
use crate::connectors::{Extracted, ExtractedFile, LineMark, Target, Watch};
use crate::error::{Error, Result};
use crate::model::{EntityLoad, Progress, Unit};
use crate::sql::{Ident, Literal, Path as Name};
use crate::store;

/// How many ids are asked for at once to see which records are still there.
const IDS_AT_ONCE: u64 = 50_000;

/// What `[entities.NAME]` says in a mapping whose connector is `odoo`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// The model, e.g. `res.partner`.
    pub model: String,
    /// Which of its records, as Odoo writes domains: a list of conditions that must all hold.
    #[serde(default)]
    pub domain: Vec<toml::Value>,
    /// Per staged column what fills it.
    pub columns: IndexMap<String, Filling>,
    /// References whose records count as changed together with this one: a line changes when its order does. What the
    /// server lacks is left out.
    #[serde(default)]
    pub changes_with: Vec<String>,
    /// Columns of true and false that change without a trace in any record: they are asked for anew each time.
    #[serde(default)]
    pub changes_unseen: Vec<String>,
    /// The model's `write_date` does not tell what changed: it is read whole each time.
    #[serde(default)]
    pub snapshot: bool,
    /// Columns by which records are added up to one row; `sum` says which columns are added.
    #[serde(default)]
    pub group: Vec<String>,
    /// See `group`.
    #[serde(default)]
    pub sum: Vec<String>,
}

/// What the extraction is told beside the entity.
pub struct Wishes<'a> {
    /// Further columns, each filled from the field of its name.
    pub extra: &'a [String],
    /// Records in a page.
    pub page: u64,
    /// How far before the last load's start changes are asked for.
    pub overlap: Duration,
    /// The greatest share of the staged records that may have vanished, from 0 to 1.
    pub most_gone: f64,
    /// What the answers depend on besides: language, company, archived records. Another one means reading all.
    pub view: String,
}

/// Up to where the last load of an entity has seen everything; kept as text beside what it staged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Cursor {
    /// The start of that load, by the server's clock.
    began: DateTime<Utc>,
    /// What was asked for.
    plan: String,
}

/// Reads an entity into `target.relation`.
pub fn extract(
    session: &Session,
    entity: &str,
    records: &Records,
    wishes: &Wishes,
    target: &Target,
    watch: &Watch,
) -> Result<Extracted> {
    let mut notes = Vec::new();
    let mut node = Node::new(session, &records.model)?;
    let columns = plan(session, &mut node, entity, records, wishes, &mut notes)?;
    let base: Vec<Value> = records.domain.iter().map(Value::from).collect();
    let plan = plan_text(records, &columns, wishes);
    let cursor = session.began().map(|began| Cursor { began, plan: plan.clone() });
    let asked = match since(records, target, wishes, &plan) {
        Some(since) => {
            let mut domain = base.clone();
            domain.extend(changed(&present(session, &mut node, &records.changes_with)?, since));
            match session.count(&records.model, Value::List(domain.clone())) {
                Ok(total) => Some((since, domain, total)),
                Err(trouble @ Trouble::Forbidden(_)) => {
                    notes.push(format!(
                        "{entity}: {}, so that nobody tells what changed with it; all was read",
                        trouble.what()
                    ));
                    None
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
        None => None,
    };
    let pages = Pages { session, records, columns: &columns, target, watch, entity };
    let read = match (&asked, target.previous) {
        (Some((since, domain, total)), Some(previous)) => {
            let fresh = format!("{}_fresh", target.relation);
            pages.create(&fresh)?;
            let read = pages.read(&mut node, domain, *total, wishes.page, &fresh)?;
            let marks = pages.marks(&node, &base)?;
            let gone = pages.merge(&base, &fresh, previous.relation, &marks, wishes.most_gone)?;
            notes.push(format!(
                "{entity}: {read} new or changed since {}, {} no longer visible{}",
                since.format("%Y-%m-%d %H:%M UTC"),
                gone.len(),
                listed(&gone)
            ));
            read
        }
        _ => {
            pages.create(target.relation)?;
            let total = session.count(&records.model, Value::List(base.clone()))?;
            pages.read(&mut node, &base, total, wishes.page, target.relation)?
        }
    };
    notes.extend(
        node.barred()
            .into_iter()
            .map(|model| format!("{entity}: the user may not read {model}; what comes from there is empty")),
    );
    if !records.group.is_empty() {
        let rows = pages.group()?;
        if rows != read {
            notes.push(format!(
                "{entity}: {read} records of {} make {rows} rows, added up by {}",
                records.model,
                records.group.join(" and ")
            ));
        }
    }
    let rows = target.store.count(&format!("SELECT count(*) FROM {}", Name("dq", target.relation)))?;
    let dialect = format!("records of {}, {}", records.model, session.protocol());
    let file = ExtractedFile {
        name: records.model.clone(),
        first_row: 1,
        rows,
        dialect: dialect.clone(),
        lines: vec![LineMark { row: 1, shift: 0, byte: 0 }],
        ..ExtractedFile::default()
    };
    let load = EntityLoad {
        entity: entity.to_owned(),
        files: vec![records.model.clone()],
        rows_in: rows,
        dialect,
        columns: columns.iter().map(|column| column.name.clone()).collect(),
        ..EntityLoad::default()
    };
    let state = cursor.and_then(|cursor| serde_json::to_string(&cursor).ok());
    Ok(Extracted { load, files: vec![file], notes, state, ..Extracted::default() })
}

/// Finds for every column the ways to fill it, and says for which there are none.
fn plan(
    session: &Session,
    node: &mut Node,
    entity: &str,
    records: &Records,
    wishes: &Wishes,
    notes: &mut Vec<String>,
) -> Result<Vec<Column>> {
    let mut columns = vec![Column { name: "id".to_owned(), ways: vec![Way::Path(steps("id"))] }];
    let extra = wishes.extra.iter().map(|field| (field, Filling::Path(field.clone())));
    let all = records.columns.iter().map(|(name, filling)| (name, filling.clone())).chain(extra);
    for (name, filling) in all {
        if columns.iter().any(|column| column.name == *name) {
            continue;
        }
        let ways = node.want(session, &filling)?;
        if ways.is_empty() {
            notes.push(format!(
                "{entity}: this server has no {} in {}; the column \"{name}\" is empty",
                filling.told(),
                records.model
            ));
        }
        columns.push(Column { name: name.clone(), ways });
    }
    Ok(columns)
}

/// Those of the references that the server has.
fn present(session: &Session, node: &mut Node, references: &[String]) -> Result<Vec<String>> {
    let mut present = Vec::new();
    for reference in references {
        if node.has(session, &steps(&format!("{reference}.write_date")))? {
            present.push(reference.clone());
        }
    }
    Ok(present)
}

fn plan_text(records: &Records, columns: &[Column], wishes: &Wishes) -> String {
    let columns: Vec<String> = columns.iter().map(|column| format!("{}={:?}", column.name, column.ways)).collect();
    format!("{} {:?} {} {}", records.model, records.domain, columns.join(" "), wishes.view)
}

/// The moment since which changes are asked for; none to read all.
fn since(records: &Records, target: &Target, wishes: &Wishes, plan: &str) -> Option<DateTime<Utc>> {
    if records.snapshot {
        return None;
    }
    let previous = target.previous?;
    let cursor: Cursor = serde_json::from_str(previous.state?).ok()?;
    if cursor.plan != plan {
        return None;
    }
    let asked = target.since.and_then(|day| day.and_hms_opt(0, 0, 0)).map(|moment| moment.and_utc());
    Some(asked.unwrap_or(cursor.began - wishes.overlap))
}

/// The conditions on what changed since a moment, in the record itself or in what it changes with.
fn changed(with: &[String], since: DateTime<Utc>) -> Vec<Value> {
    let moment = Value::text(since.format("%Y-%m-%d %H:%M:%S").to_string());
    let mut domain: Vec<Value> = with.iter().map(|_| Value::text("|")).collect();
    domain.push(condition("write_date", ">=", moment.clone()));
    domain.extend(with.iter().map(|field| condition(&format!("{field}.write_date"), ">=", moment.clone())));
    domain
}

/// The first of some ids in brackets, and how many more there are.
fn listed(ids: &[i64]) -> String {
    const SHOWN: usize = 20;
    let first: Vec<String> = ids.iter().take(SHOWN).map(i64::to_string).collect();
    match ids.len() {
        0 => String::new(),
        1..=SHOWN => format!(" ({})", first.join(", ")),
        all => format!(" ({} and {} more)", first.join(", "), all - SHOWN),
    }
}

struct Pages<'a> {
    session: &'a Session,
    records: &'a Records,
    columns: &'a [Column],
    target: &'a Target<'a>,
    watch: &'a Watch<'a>,
    entity: &'a str,
}

impl Pages<'_> {
    fn create(&self, relation: &str) -> Result<()> {
        let columns: String = self.columns.iter().map(|column| format!("{} VARCHAR, ", Ident(&column.name))).collect();
        self.target.store.run(&format!("CREATE TABLE {} ({columns}_file VARCHAR, _load BIGINT)", Name("dq", relation)))
    }

    /// Reads every record of the domain, about `total`, into a table and says how many they were.
    fn read(&self, node: &mut Node, domain: &[Value], total: u64, page: u64, relation: &str) -> Result<u64> {
        let fields = node.asked();
        let (mut page, mut last, mut done) = (page, 0, 0);
        self.tell(done, total);
        loop {
            self.watch.canceller.check()?;
            let (records, more) = self.session.page(&self.records.model, domain, &fields, last, &mut page)?;
            node.follow(self.session, &records)?;
            let mut rows = Vec::with_capacity(records.len());
            for record in &records {
                let (id, row) = self.row(node, record)?;
                if id <= last {
                    return Err(Trouble::Garbled("its records do not come in the order of their ids".to_owned()).into());
                }
                last = id;
                rows.push(row);
            }
            done += rows.len() as u64;
            self.target.store.append("dq", relation, rows)?;
            self.tell(done, total.max(done));
            if !more {
                return Ok(done);
            }
        }
    }

    fn row(&self, node: &Node, record: &Value) -> Result<(i64, Vec<store::Value>)> {
        let garbled = || Error::from(Trouble::Garbled(format!("a record of {} has no id", self.records.model)));
        let record = members(record).ok_or_else(garbled)?;
        let id = member(record, "id").and_then(Value::as_int).ok_or_else(garbled)?;
        let mut row: Vec<store::Value> = self
            .columns
            .iter()
            .map(|column| node.cell(record, column).map_or(store::Value::Null, store::Value::Text))
            .collect();
        row.push(store::Value::Text(self.records.model.clone()));
        row.push(store::Value::BigInt(self.target.load));
        Ok((id, row))
    }

    /// The columns that change unseen, each with the table of the ids for which it is true now.
    fn marks(&self, node: &Node, base: &[Value]) -> Result<Vec<(&str, String)>> {
        let mut marks = Vec::new();
        for column in self.columns.iter().filter(|column| self.records.changes_unseen.contains(&column.name)) {
            let Some(Way::Path(path)) = column.ways.first() else { continue };
            // Where a field cannot be searched by, older servers would answer with all records.
            let [field] = path.as_slice() else { continue };
            if !node.is_searchable(field) {
                continue;
            }
            let mut domain = base.to_vec();
            domain.push(condition(field, "=", Value::Bool(true)));
            let table = format!("{}_marked_{}", self.target.relation, marks.len());
            self.keep_ids(&table, self.visible(&domain)?)?;
            marks.push((column.name.as_str(), table));
        }
        Ok(marks)
    }

    fn keep_ids(&self, table: &str, ids: impl IntoIterator<Item = i64>) -> Result<()> {
        let store = self.target.store;
        store.run(&format!("CREATE TABLE {} (id BIGINT)", Name("dq", table)))?;
        store.append("dq", table, ids.into_iter().map(|id| vec![store::Value::BigInt(id)]))
    }

    /// Makes the table of what was staged before, with what is fresh in its place and without what is no longer visible;
    /// says which those were.
    fn merge(
        &self,
        base: &[Value],
        fresh: &str,
        earlier: &str,
        marks: &[(&str, String)],
        most_gone: f64,
    ) -> Result<Vec<i64>> {
        let visible = self.visible(base)?;
        let store = self.target.store;
        let (fresh, earlier) = (Name("dq", fresh), Name("dq", earlier));
        let staged: Vec<i64> = store.query(
            &format!("SELECT id::BIGINT FROM {earlier} UNION SELECT id::BIGINT FROM {fresh}"),
            [],
            |row| row.get(0),
        )?;
        let mut gone: Vec<i64> = staged.iter().copied().filter(|id| !visible.contains(id)).collect();
        gone.sort_unstable();
        if gone.len() as f64 > most_gone * staged.len() as f64 {
            return Err(Error::source(format!(
                "{} of {} records of {} are no longer visible to the user",
                gone.len(),
                staged.len(),
                self.records.model
            ))
            .hint("if they were deleted on purpose, raise max_gone of the source in tastevin.toml, or load with --full")
            .hint("otherwise look at the user's rights and companies in Odoo"));
        }
        let gone_table = format!("{}_gone", self.target.relation);
        self.keep_ids(&gone_table, gone.iter().copied())?;
        let gone_table = Name("dq", &gone_table);
        let marked: Vec<String> = marks
            .iter()
            .map(|(column, table)| {
                let (column, table) = (Ident(column), Name("dq", table));
                format!("(id::BIGINT IN (SELECT id FROM {table}))::VARCHAR AS {column}")
            })
            .collect();
        let replaced = if marked.is_empty() { String::new() } else { format!(" REPLACE ({})", marked.join(", ")) };
        store.run(&format!(
            "CREATE TABLE {} AS
             SELECT *{replaced} FROM (
               SELECT * FROM {earlier} WHERE id NOT IN (SELECT id FROM {fresh}) UNION ALL SELECT * FROM {fresh}
             ) WHERE id::BIGINT NOT IN (SELECT id FROM {gone_table})
             ORDER BY id::BIGINT",
            Name("dq", self.target.relation)
        ))?;
        store.run(&format!("DROP TABLE {fresh}; DROP TABLE {gone_table}"))?;
        for (_, table) in marks {
            store.run(&format!("DROP TABLE {}", Name("dq", table)))?;
        }
        Ok(gone)
    }

    /// The ids of every record that the user sees.
    fn visible(&self, base: &[Value]) -> Result<HashSet<i64>> {
        let mut visible = HashSet::new();
        let mut last = 0;
        loop {
            self.watch.canceller.check()?;
            let ids = self.session.ids(&self.records.model, base, last, IDS_AT_ONCE)?;
            let more = ids.len() as u64 >= IDS_AT_ONCE;
            last = ids.last().copied().unwrap_or(last);
            visible.extend(ids);
            if !more {
                return Ok(visible);
            }
        }
    }

    /// Adds the records up to one row per group; a value that is not added up is that of the first record.
    fn group(&self) -> Result<u64> {
        let store = self.target.store;
        let single = format!("{}_single", self.target.relation);
        store.run(&format!("ALTER TABLE {} RENAME TO {}", Name("dq", self.target.relation), Ident(&single)))?;
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|column| {
                let name = Ident(&column.name);
                if self.records.sum.contains(&column.name) {
                    // Doubles would leave dust behind: 0.1 and 0.2 less 0.3 is no zero to them.
                    let exact = format!("TRY_CAST({name} AS DECIMAL(38, 12))");
                    format!(
                        "CASE WHEN count({name}) = count({exact})
                           THEN regexp_replace(sum({exact})::VARCHAR, '\\.?0+$', '')
                           ELSE sum({name}::DOUBLE)::VARCHAR END AS {name}"
                    )
                } else if self.records.group.contains(&column.name) {
                    name.to_string()
                } else {
                    format!("first({name} ORDER BY id::BIGINT) AS {name}")
                }
            })
            .collect();
        let group: Vec<String> = self.records.group.iter().map(|column| Ident(column).to_string()).collect();
        store.run(&format!(
            "CREATE TABLE {} AS SELECT {}, {} AS _file, {} AS _load FROM {} GROUP BY {} ORDER BY min(id::BIGINT)",
            Name("dq", self.target.relation),
            columns.join(", "),
            Literal(&self.records.model),
            self.target.load,
            Name("dq", &single),
            group.join(", ")
        ))?;
        store.run(&format!("DROP TABLE {}", Name("dq", &single)))?;
        store.count(&format!("SELECT count(*) FROM {}", Name("dq", self.target.relation)))
    }

    fn tell(&self, done: u64, total: u64) {
        (self.watch.progress)(Progress {
            what: format!("load {}", self.entity),
            done,
            total: Some(total),
            unit: Unit::Rows,
        });
    }
}
