//! Derived fields: in which order tables and fields can be computed, and the SQL that computes them.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::proof::SCHEMA;
use super::settle::coming;
use crate::error::{Error, Result};
use crate::model::{Aggregate, Derive, Field, FieldType, Schema, Table};
use crate::sql::{Ident, Path, Pipeline, identifiers};
use crate::stages::places::{Near, Places, Sought};
use crate::store::Store;

/// One stop on the way through the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// Only what the sources give for a table, because another one looks at that before the table can be finished.
    Early(String),
    /// The table's candidates.
    Whole(String),
}

/// The tables in an order in which each comes after what its derived fields look at. Where two tables look at each
/// other, one may look at what the sources give for the other; only fields that need each other go in a circle.
pub(super) fn order(schema: &Schema) -> Result<Vec<Stop>> {
    let mut stops: Vec<Stop> = Vec::new();
    let mut waiting: Vec<&str> = schema.tables.keys().map(String::as_str).collect();
    while !waiting.is_empty() {
        let needs = |name: &&str| looks_at(schema, &schema.tables[*name]);
        let is_waiting = |look: &Look| waiting.contains(&look.table.as_str());
        let ready = waiting.iter().position(|name| !needs(name).iter().any(is_waiting));
        let next = ready.or_else(|| {
            waiting.iter().position(|name| needs(name).iter().filter(|look| is_waiting(look)).all(|look| look.is_given))
        });
        let Some(next) = next else {
            return Err(Error::config(format!(
                "the derived fields of {} look at each other in a circle",
                waiting.join(", ")
            ))
            .at_file(SCHEMA));
        };
        for look in needs(&waiting[next]).into_iter().filter(is_waiting) {
            let early = Stop::Early(look.table);
            if !stops.contains(&early) {
                stops.push(early);
            }
        }
        stops.push(Stop::Whole(waiting.remove(next).to_owned()));
    }
    Ok(stops)
}

/// Another table that derived fields look at.
struct Look {
    table: String,
    /// Whether they look only at what the sources give.
    is_given: bool,
}

fn looks_at(schema: &Schema, table: &Table) -> Vec<Look> {
    let mut looks = Vec::new();
    for field in table.fields.values() {
        match &field.derive {
            Some(Derive::Aggregate(aggregate)) => {
                looks.push(Look { table: aggregate.from.clone(), is_given: false });
                if let Some(other) = schema.tables.get(&aggregate.from) {
                    looks.extend(follows(schema, other, &aggregate.expressions()));
                }
            }
            Some(Derive::Expression(sql)) => looks.extend(follows(schema, table, &[sql])),
            None => {}
        }
    }
    looks.retain(|look| schema.tables.contains_key(&look.table));
    looks
}

/// The tables to which the references in expressions over `table` lead.
fn follows(schema: &Schema, table: &Table, expressions: &[&str]) -> Vec<Look> {
    let looks = lookups(table, expressions).into_iter().filter_map(|lookup| {
        let other = table.fields.get(&lookup.field)?.references.as_ref()?.table.clone();
        let given = |want: &String| schema.field(&other, want).is_some_and(|field| field.derive.is_none());
        Some(Look { is_given: lookup.wants.iter().all(given), table: other })
    });
    looks.collect()
}

/// What a derived field of a table looks at in another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sight {
    /// The row that `field` refers to.
    Referred(Follow),
    /// The rows of `from` that refer to this one by `on`.
    Referring {
        /// The other table.
        from: String,
        /// Its field with this table's key.
        on: String,
        /// What is read of its rows.
        reads: Vec<String>,
        /// What is read of the rows that those refer to.
        follows: Vec<Follow>,
    },
}

/// A reference that is followed: from `field` to the row of `table` with that `key`, of which `wants` are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Follow {
    pub field: String,
    pub table: String,
    pub key: String,
    pub wants: Vec<String>,
}

/// Everything that the derived fields of a table look at in other tables, each with the field's name.
pub(super) fn sights<'t>(schema: &Schema, table: &'t Table) -> Vec<(&'t str, Sight)> {
    let mut sights = Vec::new();
    for (name, field) in &table.fields {
        match &field.derive {
            Some(Derive::Aggregate(aggregate)) => {
                let Some(other) = schema.tables.get(&aggregate.from) else { continue };
                let names = aggregate.expressions().into_iter().flat_map(identifiers);
                let reads = names.map(|name| name.split('.').next().unwrap_or_default().to_owned());
                let (from, on) = (aggregate.from.clone(), aggregate.on.clone());
                let follows = followed(other, &aggregate.expressions());
                sights.push((name.as_str(), Sight::Referring { from, on, reads: reads.collect(), follows }));
            }
            Some(Derive::Expression(sql)) => {
                let follows = followed(table, &[sql.as_str()]).into_iter();
                sights.extend(follows.map(|follow| (name.as_str(), Sight::Referred(follow))));
            }
            None => {}
        }
    }
    sights
}

fn followed(table: &Table, expressions: &[&str]) -> Vec<Follow> {
    let follows = lookups(table, expressions).into_iter().filter_map(|lookup| {
        let reference = table.fields.get(&lookup.field)?.references.as_ref()?;
        let (table, key) = (reference.table.clone(), reference.field.clone());
        Some(Follow { field: lookup.field, table, key, wants: lookup.wants })
    });
    follows.collect()
}

/// The temporary table with what the sources give for a table.
pub(super) fn early(table: &str) -> String {
    Ident(&format!("early {table}")).to_string()
}

/// What a table is built among.
pub(super) struct Around<'a> {
    pub schema: &'a Schema,
    /// The tables of which there is so far only what the sources give.
    pub early: &'a [String],
    /// The tables of which a commit makes something else than the candidates are.
    pub instead: &'a [String],
    pub rows: Rows<'a>,
    /// The derived fields that are computed; all of them where nothing is said. The others stand as they are.
    pub only: Option<&'a [String]>,
}

/// Which rows of a table are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows<'a> {
    /// All.
    All,
    /// Some: only what refers to them is added up.
    Some,
    /// Some: what refers to them was gathered; see [`gather`].
    Gathered,
    /// Some, for which nothing that is added up is another than in this relation with the rows as they were.
    Summed(&'a str),
}

impl Around<'_> {
    /// The relation with a table's rows as far as they are built.
    fn relation(&self, table: &str) -> String {
        let is_among = |names: &[String]| names.iter().any(|name| name == table);
        match () {
            () if is_among(self.instead) => coming(table),
            () if is_among(self.early) => early(table),
            () => Path("candidate", table).to_string(),
        }
    }
}

impl<'a> Around<'a> {
    /// The table of which an aggregate is made, with the field that refers to this one.
    fn other(&self, table_name: &str, field: &str, aggregate: &Aggregate) -> Result<&'a Table> {
        let other =
            self.schema.tables.get(&aggregate.from).ok_or_else(|| unknown(table_name, field, &aggregate.from))?;
        if other.fields.contains_key(&aggregate.on) {
            return Ok(other);
        }
        Err(Error::config(format!("the table \"{}\" has no field \"{}\"", aggregate.from, aggregate.on))
            .at_file(SCHEMA)
            .at_column(format!("{table_name}.{field}")))
    }

    /// The columns that aggregates of the same table read of its rows.
    fn read<'g>(
        &self,
        table_name: &str,
        first: &Aggregate,
        group: impl Iterator<Item = &'g Aggregate>,
    ) -> Result<String> {
        let other = self.other(table_name, "", first)?;
        let mut named: Vec<String> = group.flat_map(Aggregate::expressions).flat_map(identifiers).collect();
        named.push(first.on.clone());
        let own = ["_key", "_source", "_entity", "_row", "_unread", "_decided"].into_iter();
        let columns = own.chain(other.fields.keys().map(String::as_str)).filter(|column| {
            named.iter().flat_map(|name| name.split('.')).any(|name| name.eq_ignore_ascii_case(column))
        });
        Ok(columns.map(|column| Ident(column).to_string()).collect::<Vec<_>>().join(", "))
    }
}

/// A reference that expressions follow, and the fields that they want of the row at its end.
pub(super) struct Lookup {
    pub field: String,
    pub wants: Vec<String>,
}

/// The references that expressions over a table's rows follow.
pub(super) fn lookups(table: &Table, expressions: &[&str]) -> Vec<Lookup> {
    let mut found: Vec<Lookup> = Vec::new();
    for name in expressions.iter().flat_map(|sql| identifiers(sql)) {
        let Some((field, want)) = name.split_once('.') else { continue };
        if table.fields.get(field).is_none_or(|field| field.references.is_none()) {
            continue;
        }
        let at = found.iter().position(|lookup| lookup.field == field).unwrap_or_else(|| {
            found.push(Lookup { field: field.to_owned(), wants: Vec::new() });
            found.len() - 1
        });
        if !found[at].wants.iter().any(|have| have == want) {
            found[at].wants.push(want.to_owned());
        }
    }
    found
}

/// The joins that make `field.want` of every lookup readable in a query over `alias`. A key that occurs more than once
/// leads to one of its rows, always the same, so that a lookup never multiplies rows. Where the rows are those of a small relation
/// `few`, only what they refer to is looked at.
fn joins(
    around: &Around,
    table_name: &str,
    table: &Table,
    alias: &str,
    expressions: &[&str],
    few: Option<&str>,
) -> Result<String> {
    let mut sql = String::new();
    for lookup in lookups(table, expressions) {
        let reference = table.fields.get(&lookup.field).and_then(|field| field.references.as_ref());
        let Some(reference) = reference else { continue };
        let other = around
            .schema
            .tables
            .get(&reference.table)
            .ok_or_else(|| unknown(table_name, &lookup.field, &reference.table))?;
        for want in &lookup.wants {
            if !other.fields.contains_key(want) {
                return Err(Error::config(format!(
                    "\"{}.{want}\": the table \"{}\" has no field \"{want}\"",
                    lookup.field, reference.table
                ))
                .at_file(SCHEMA)
                .at_column(table_name.to_owned()));
            }
        }
        let wants: Vec<String> = lookup.wants.iter().map(|want| Ident(want).to_string()).collect();
        let (key, wants, from) = (Ident(&reference.field), wants.join(", "), around.relation(&reference.table));
        if let Some(few) = few {
            sql += &format!(
                "\nLEFT JOIN (\n  SELECT DISTINCT ON (_at) {key}::VARCHAR AS _at, {wants} FROM {from}\n  \
                 WHERE {key}::VARCHAR IN (SELECT {field}::VARCHAR FROM {few}) ORDER BY _at, _key <> _at, _key\n\
                 ) AS {field} ON {field}._at = {alias}.{field}::VARCHAR",
                field = Ident(&lookup.field),
            );
            continue;
        }
        sql += &format!(
            "\nLEFT JOIN (\n  SELECT {key}::VARCHAR AS _at, {wants} FROM {from} WHERE _key = {key}::VARCHAR\n  UNION ALL\n  \
             SELECT * FROM (SELECT DISTINCT ON ({key}) {key}::VARCHAR, {wants} FROM {from} AS o WHERE _key <> {key}::VARCHAR\n    \
             AND NOT EXISTS (FROM {from} AS p WHERE p._key = o.{key}::VARCHAR AND p._key = p.{key}::VARCHAR) ORDER BY {key}, _key)\n\
             ) AS {field} ON {field}._at = {alias}.{field}::VARCHAR",
            field = Ident(&lookup.field),
        );
    }
    Ok(sql)
}

fn unknown(table: &str, field: &str, other: &str) -> Error {
    Error::config(format!("there is no table \"{other}\"")).at_file(SCHEMA).at_column(format!("{table}.{field}"))
}

/// A derived field: its place in the table, its name, what it is and how it comes about.
type Derived<'t> = (usize, &'t str, &'t Field, &'t Derive);

/// The derived fields of a table in an order in which each comes after the fields that it looks at; those of a level look
/// at none of the same.
fn in_levels<'t>(table_name: &str, table: &'t Table) -> Result<Vec<Vec<Derived<'t>>>> {
    let mut waiting: Vec<Derived> = table
        .fields
        .iter()
        .enumerate()
        .filter_map(|(bit, (name, field))| Some((bit, name.as_str(), field, field.derive.as_ref()?)))
        .collect();
    let mut levels = Vec::new();
    while !waiting.is_empty() {
        let names: Vec<&str> = waiting.iter().map(|(_, name, ..)| *name).collect();
        let (ready, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(_, name, _, derive)| match derive {
            Derive::Aggregate(_) => true,
            Derive::Expression(sql) => {
                !identifiers(sql).iter().any(|used| used != name && names.contains(&used.as_str()))
            }
        });
        if ready.is_empty() {
            return Err(Error::config(format!(
                "the derived fields {} look at each other in a circle",
                names.join(", ")
            ))
            .at_file(SCHEMA)
            .at_column(table_name.to_owned()));
        }
        levels.push(ready);
        waiting = later;
    }
    Ok(levels)
}

/// The names of the derived fields, level by level.
pub(super) fn levels<'t>(table_name: &str, table: &'t Table) -> Result<Vec<Vec<&'t str>>> {
    let levels = in_levels(table_name, table)?;
    Ok(levels.into_iter().map(|level| level.into_iter().map(|(_, name, ..)| name).collect()).collect())
}

/// Some derived fields of a table, and those that are computed from them, in the order of the schema.
pub(super) fn and_what_follows(table_name: &str, table: &Table, fields: &[&str]) -> Result<Vec<String>> {
    let mut found: Vec<&str> = fields.to_vec();
    for (_, name, _, derive) in in_levels(table_name, table)?.into_iter().flatten() {
        let own = |used: &String| found.iter().any(|name| used.split('.').next() == Some(name));
        let follows = |sql: &str| identifiers(sql).iter().any(own);
        if matches!(derive, Derive::Expression(sql) if follows(sql)) && !found.contains(&name) {
            found.push(name);
        }
    }
    Ok(table.fields.keys().filter(|name| found.contains(&name.as_str())).cloned().collect())
}

/// Adds the steps that fill the derived fields of a table, each after the fields that it looks at. The pipeline's last
/// step has all fields of the table, `_unread` and `_decided`; so has the last one afterwards. What cannot be computed is
/// marked in `_unread`, like what cannot be read.
pub(super) fn derive(pipeline: &mut Pipeline, around: &Around, table_name: &str) -> Result<()> {
    let table = around.schema.tables.get(table_name).ok_or_else(|| unknown(table_name, "", table_name))?;
    let is_wanted = |name: &str| around.only.is_none_or(|only| only.iter().any(|wanted| wanted == name));
    for (level, mut ready) in (1..).zip(in_levels(table_name, table)?) {
        ready.retain(|(_, name, ..)| is_wanted(name));
        if ready.is_empty() {
            continue;
        }
        let from = pipeline.last().unwrap_or_default().to_owned();
        let (computed, fitted) = (format!("computed {level}"), format!("fitted {level}"));
        pipeline.step(&computed, compute(around, table_name, table, &from, &ready)?);
        pipeline.step(&fitted, fit(&computed, &ready));
        pipeline.step(format!("derived {level}"), mark(&fitted, &ready));
    }
    Ok(())
}

/// How what is computed for a field is called until it is known to fit; a field name has no space in it.
fn computed(field: &str) -> String {
    Ident(&format!("computed {field}")).to_string()
}

/// The step that puts what was computed into the fields that have no value yet.
fn fit(from: &str, ready: &[Derived]) -> String {
    let fitted = ready.iter().map(|(bit, name, field, derive)| {
        let value = match derive {
            Derive::Expression(_) => format!("({}).v", computed(name)),
            Derive::Aggregate(_) => computed(name),
        };
        let typed = match field.kind {
            FieldType::Text => format!("({value})::VARCHAR"),
            kind => format!("TRY_CAST({value} AS {})", kind.sql()),
        };
        // What could not be read is an anomaly and must not be papered over by a computed value; what somebody emptied
        // stays empty.
        let (own, bit) = (Ident(name), 1_i64 << bit);
        format!("CASE WHEN {own} IS NOT NULL OR (_unread | _decided) & {bit} <> 0 THEN {own} ELSE {typed} END AS {own}")
    });
    format!("SELECT * REPLACE (\n  {}\n)\nFROM {}", fitted.collect::<Vec<_>>().join(",\n  "), Ident(from))
}

/// The step that marks the fields that are empty because their expression fails, or gives what they cannot hold.
fn mark(from: &str, ready: &[Derived]) -> String {
    let marks = ready.iter().map(|(bit, name, _, derive)| {
        let (own, value, bit) = (Ident(name), computed(name), 1_i64 << bit);
        let is_lost = match derive {
            Derive::Expression(_) => format!("({value} IS NULL OR ({value}).v IS NOT NULL)"),
            Derive::Aggregate(_) => format!("{value} IS NOT NULL"),
        };
        format!("CASE WHEN {own} IS NULL AND _decided & {bit} = 0 AND {is_lost} THEN {bit}::BIGINT ELSE 0 END")
    });
    let marks: Vec<String> = marks.collect();
    let names: Vec<String> = ready.iter().map(|(_, name, ..)| computed(name)).collect();
    format!(
        "SELECT * EXCLUDE ({}) REPLACE (\n  _unread | {} AS _unread\n)\nFROM {}",
        names.join(", "),
        marks.join("\n    | "),
        Ident(from)
    )
}

/// The step that computes the derived fields of a level, each in a column of its own: what an expression gives is `v` in it, and
/// where it fails, nothing is.
fn compute(around: &Around, table_name: &str, table: &Table, from: &str, ready: &[Derived]) -> Result<String> {
    let mut values = Vec::new();
    let mut aggregates: Vec<(&Aggregate, Vec<(&str, &Aggregate)>)> = Vec::new();
    for (_, name, _, derive) in ready {
        let value = match derive {
            // One value that is too large must not stop everything else.
            Derive::Expression(sql) => format!("TRY({{'v': ({sql})}})"),
            Derive::Aggregate(aggregate) => {
                let same = |(other, _): &&mut (&Aggregate, _)| {
                    let other: &Aggregate = other;
                    (&other.from, &other.on, &other.filter, &other.most.is_some())
                        == (&aggregate.from, &aggregate.on, &aggregate.filter, &aggregate.most.is_some())
                        && aggregate.most.is_none()
                };
                match aggregates.iter_mut().find(same) {
                    Some((_, group)) => group.push((name, aggregate)),
                    None => aggregates.push((aggregate, vec![(name, aggregate)])),
                }
                let at =
                    aggregates.iter().position(|(_, group)| group.iter().any(|(other, _)| other == name)).unwrap_or(0);
                match around.rows {
                    Rows::Summed(_) => format!("{SUMMED}.{}", Ident(name)),
                    Rows::All | Rows::Some | Rows::Gathered => format!("a{at}.{}", Ident(name)),
                }
            }
        };
        values.push(format!("{value} AS {}", computed(name)));
    }
    let expressions: Vec<&str> = ready
        .iter()
        .filter_map(|(.., derive)| match derive {
            Derive::Expression(sql) => Some(sql.as_str()),
            Derive::Aggregate(_) => None,
        })
        .collect();
    let (key, on) = (one_key(table_name, table), |name: &str| format!("{}::VARCHAR", Ident(name)));
    let among = match (&key, around.rows) {
        (Ok(key), Rows::Some) => Some(format!("SELECT {} FROM {}", on(key), Ident(from))),
        _ => None,
    };
    // Where several sums are of the same few rows, these are looked for once.
    let mut near = Vec::new();
    if let Some(among) = among.as_deref().filter(|_| aggregates.len() > 1) {
        for (first, _) in &aggregates {
            let name = near_name(first);
            if near.iter().any(|(other, _)| *other == name) {
                continue;
            }
            let of = aggregates.iter().filter(|(other, _)| near_name(other) == name).flat_map(|(_, group)| group);
            let read = around.read(table_name, first, of.map(|(_, aggregate)| *aggregate))?;
            let relation = around.relation(&first.from);
            near.push((name, format!("SELECT {read} FROM {relation} AS r WHERE {} IN ({among})", on(&first.on))));
        }
    }
    let with: Vec<String> =
        near.iter().map(|(name, rows)| format!("{} AS MATERIALIZED (\n{rows}\n)", Ident(name))).collect();
    let mut sql = format!(
        "{}SELECT t.*,\n  {}\nFROM {} AS t{}",
        if with.is_empty() { String::new() } else { format!("WITH {}\n", with.join(",\n")) },
        values.join(",\n  "),
        Ident(from),
        joins(around, table_name, table, "t", &expressions, None)?
    );
    if let (Rows::Summed(before), false) = (around.rows, aggregates.is_empty()) {
        sql += &format!("\nLEFT JOIN {before} AS {SUMMED} ON {SUMMED}._key = t._key");
        return Ok(sql);
    }
    for (at, (first, group)) in aggregates.iter().enumerate() {
        let name = near_name(first);
        let is_gathered = around.rows == Rows::Gathered || near.iter().any(|(other, _)| *other == name);
        let rows = match is_gathered {
            true => Among::Gathered(Ident(&name).to_string()),
            false => among.clone().map_or(Among::All, Among::Keys),
        };
        sql += &format!(
            "\nLEFT JOIN (\n{}\n) AS a{at} ON a{at}._at = t.{}::VARCHAR",
            aggregate(around, table_name, first, group, &rows)?,
            Ident(key.as_ref().map_err(|error| Error::config(error.clone()).at_file(SCHEMA))?)
        );
    }
    Ok(sql)
}

/// Gathers the rows that the aggregates of a table add up for the keys that a query gives, or those that are wanted of them; nothing
/// where there are none. What is added up are candidates as they are.
pub(super) fn gather(
    store: &Store,
    schema: &Schema,
    (table_name, table): (&str, &Table),
    only: Option<&[String]>,
    keys: &str,
    places: &Places,
) -> Result<bool> {
    let around = Around { schema, early: &[], instead: &[], rows: Rows::Gathered, only };
    let is_wanted = |name: &String| only.is_none_or(|only| only.contains(name));
    let mut groups: IndexMap<String, Vec<&Aggregate>> = IndexMap::new();
    let mut wanted: HashSet<String> = HashSet::new();
    for (name, field) in &table.fields {
        if let Some(Derive::Aggregate(aggregate)) = &field.derive {
            groups.entry(near_name(aggregate)).or_default().push(aggregate);
            wanted.extend(is_wanted(name).then(|| near_name(aggregate)));
        }
    }
    groups.retain(|name, _| wanted.contains(name));
    for (name, group) in &groups {
        let first = group[0];
        // For all of them, whichever are wanted: so the table has the same columns the next time.
        let read = around.read(table_name, first, group.iter().copied())?;
        let refers = || format!("{}::VARCHAR IN ({keys})", Ident(&first.on));
        let sought = match places.near(store, &first.from, "r.", &first.on, keys)? {
            // Some that refer to others do no harm; what is added up is joined by the key.
            Near::Among(near) => Sought::among_all(near),
            near => near.with(refers()).unwrap_or_else(|| Sought::among_all("false".to_owned())),
        };
        let rows = format!("SELECT {read} FROM {} AS r WHERE {}", sought.rows(&first.from), sought.condition);
        store.fill_like(&Ident(name).to_string(), &read, rows)?;
    }
    Ok(!groups.is_empty())
}

/// How the rows are called in a query of which the sums stand.
const SUMMED: &str = "\"as it was\"";

/// The name of the step, or of the temporary table, with the rows of which an aggregate is made.
fn near_name(aggregate: &Aggregate) -> String {
    format!("{} by {}", aggregate.from, aggregate.on)
}

/// Which rows are added up.
enum Among {
    All,
    /// Those that refer to one of the keys that a query gives.
    Keys(String),
    /// Those of a relation that has no others.
    Gathered(String),
}

fn one_key<'a>(table_name: &str, table: &'a Table) -> std::result::Result<&'a str, String> {
    let keys: Vec<&str> = table.keys().collect();
    match keys.as_slice() {
        [one] => Ok(one),
        _ => Err(format!("the table \"{table_name}\" needs exactly one key field to have aggregates")),
    }
}

/// One grouped query over the other table; all of `group` share its table, reference and condition.
fn aggregate(
    around: &Around,
    table_name: &str,
    first: &Aggregate,
    group: &[(&str, &Aggregate)],
    among: &Among,
) -> Result<String> {
    let other = around.other(table_name, group[0].0, first)?;
    let expressions: Vec<&str> = group.iter().flat_map(|(_, aggregate)| aggregate.expressions()).collect();
    let few = match among {
        Among::Gathered(rows) => Some(rows.as_str()),
        Among::All | Among::Keys(_) => None,
    };
    let joins = joins(around, &first.from, other, "r", &expressions, few)?;
    let on = format!("r.{}::VARCHAR", Ident(&first.on));
    let filter = first.filter.as_ref().map(|filter| format!(" AND ({filter})")).unwrap_or_default();
    let (from, among) = match among {
        Among::All => (around.relation(&first.from), String::new()),
        Among::Keys(keys) => (around.relation(&first.from), format!(" AND {on} IN ({keys})")),
        Among::Gathered(rows) => (rows.clone(), String::new()),
    };
    let rows = format!("FROM {from} AS r{joins}\n  WHERE {on} IS NOT NULL{filter}{among}");
    Ok(match &first.most {
        Some(most) => format!(
            "  SELECT _at, arg_min(_of, (-_most, _of)) AS {name} FROM (\n  SELECT {on} AS _at, ({most}) AS _of, ({sql})::DOUBLE AS _most {rows} AND ({most}) IS NOT NULL\n  GROUP BY 1, 2)\n  GROUP BY _at",
            name = Ident(group[0].0),
            sql = first.sql,
        ),
        None => {
            let values: Vec<String> =
                group.iter().map(|(name, aggregate)| format!("{} AS {}", aggregate.sql, Ident(name))).collect();
            format!("  SELECT {on} AS _at, {} {rows}\n  GROUP BY 1", values.join(", "))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> Schema {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn tables_come_after_those_that_they_look_at() {
        let schema = schema(
            r#"
            [tables.people.fields]
            id = { type = "text", key = true }
            spent = { type = "decimal", derive = { from = "sales", on = "person", sql = "sum(total)" } }
            [tables.sales.fields]
            id = { type = "text", key = true }
            person = { type = "text", references = "people.id" }
            thing = { type = "text", references = "things.id" }
            total = { type = "decimal", derive = "thing.price * 2" }
            [tables.things.fields]
            id = { type = "text", key = true }
            price = { type = "decimal" }
            "#,
        );
        let whole = ["things", "sales", "people"].map(|name| Stop::Whole(name.to_owned()));
        assert_eq!(order(&schema).unwrap(), whole);
    }

    #[test]
    fn a_table_may_look_at_what_the_sources_give_for_one_that_looks_at_it() {
        let text = r#"
            [tables.bikes.fields]
            id = { type = "text", key = true }
            wheel = { type = "integer" }
            cost = { type = "decimal", derive = { from = "repairs", on = "bike", sql = "sum(price)" } }
            [tables.repairs.fields]
            id = { type = "text", key = true }
            bike = { type = "text", references = "bikes.id" }
            price = { type = "decimal" }
            size = { type = "text", derive = "CASE WHEN bike.wheel > 20 THEN 'L' ELSE 'S' END" }
            "#;
        let [early, repairs, bikes] = order(&schema(text)).unwrap().try_into().unwrap();
        assert_eq!(early, Stop::Early("bikes".into()));
        assert_eq!((repairs, bikes), (Stop::Whole("repairs".into()), Stop::Whole("bikes".into())));
        let circle = schema(&text.replace("bike.wheel", "bike.cost"));
        assert!(order(&circle).unwrap_err().to_string().contains("bikes, repairs look at each other in a circle"));
    }

    #[test]
    fn a_circle_is_told_and_not_walked() {
        let schema = schema(
            r#"
            [tables.a.fields]
            id = { type = "text", key = true }
            x = { type = "decimal", derive = "y + 1" }
            y = { type = "decimal", derive = "x + 1" }
            "#,
        );
        let error = derive(
            &mut Pipeline::new(),
            &Around { schema: &schema, early: &[], instead: &[], rows: Rows::All, only: None },
            "a",
        )
        .unwrap_err();
        assert!(error.to_string().contains("x, y look at each other in a circle"), "{error}");
    }
}
