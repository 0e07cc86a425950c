//! Map: compiles schema, mappings and decisions to the SQL that builds the candidates, and runs it.
//!
//! Per table: every feed's staged text becomes typed values (`feed`), each row gets its identity (`identity`), the
//! decisions are applied (`leaving` and `decided`), and what no source gives is computed (`derive`).

mod again;
mod decided;
mod derive;
mod feed;
mod fold;
mod identity;
mod leaving;
mod preview;
mod proof;
mod replaced;
mod said;
mod settle;
mod story;

use std::collections::HashMap;

use indexmap::IndexMap;

use crate::error::{Error, Kind, Result, nearest};
use crate::model::{Canceller, FieldType, Format, Mapping, Progress, RowStory, STAGED_COLUMNS, Schema, Table, Unit};
use crate::rules::{self, Origin};
use crate::sql::{Ident, Literal, Path, Pipeline, literals};
use crate::stages::staged;
use crate::store::Store;
pub(super) use again::KNOWN;
pub use again::{Change, is_worth_it};
pub use decided::read_value;
use decided::{Decided, Of};
use derive::{Around, Rows, Stop};
use feed::Feed;
pub use preview::{Fed, preview, problems, step_problem};
pub use proof::{SCHEMA, prove};
use said::Said;
pub use settle::{Otherwise, settled};

/// The most fields that a table can have: `_unread` and `_decided` hold a bit for each.
const MOST_FIELDS: usize = 62;

/// The most keys of another table that a reference to it is still compressed as a dictionary of them: the engine computes
/// on dictionaries up to this size without looking at every row.
const MOST_ALIKE: u64 = 20_000;

/// What is built and from what.
pub struct Plan {
    schema: Schema,
    /// The tables with what feeds each.
    tables: IndexMap<String, Vec<Feed>>,
    /// The way through the tables.
    stops: Vec<Stop>,
    origins: IndexMap<String, Vec<Origin>>,
    mappings: Vec<(String, Mapping)>,
    unloaded: Vec<String>,
    staged: Vec<Staged>,
}

/// An entity that is staged: of which load, in which relation, and how many rows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Staged {
    source: String,
    entity: String,
    load: i64,
    relation: String,
    rows: u64,
}

impl Staged {
    fn all(store: &Store) -> Result<Vec<Staged>> {
        store.query("SELECT source, entity, load, relation, rows FROM dq.staged ORDER BY source, entity", [], |row| {
            let (source, entity) = (row.get(0)?, row.get(1)?);
            Ok(Staged { source, entity, load: row.get(2)?, relation: row.get(3)?, rows: row.get(4)? })
        })
    }
}

impl Plan {
    /// Compiles the mappings of the given sources against what is staged. A source that was never loaded feeds nothing.
    pub fn new(store: &Store, schema: &Schema, sources: &[(String, Mapping)]) -> Result<Plan> {
        let staged = Staged::all(store)?;
        if let Some((name, table)) = schema.tables.iter().find(|(_, table)| table.fields.len() > MOST_FIELDS) {
            return Err(Error::config(format!(
                "the table \"{name}\" has {} fields; {MOST_FIELDS} are the most there can be",
                table.fields.len()
            ))
            .at_file(proof::SCHEMA)
            .hint("split it into two tables with the same key"));
        }
        let stops = derive::order(schema)?;
        for (source, mapping) in sources {
            let known = |table: &&String| schema.tables.contains_key(*table);
            if let Some(table) = mapping.tables.keys().find(|table| !known(table)) {
                let error = Error::config(format!("there is no table \"{table}\" to feed"));
                let error = error.at_column(format!("{source}: {table}")).at_key(["tables", table]);
                return Err(match nearest(table, schema.tables.keys().map(String::as_str)) {
                    Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                    None => error.hint("take it out of the mapping, or declare it in mappings/canonical.toml"),
                });
            }
        }
        for (source, mapping) in sources.iter().filter(|(_, mapping)| !mapping.entities.is_empty()) {
            let named: Vec<&str> = mapping.entities.keys().map(String::as_str).collect();
            let strange = mapping.tables.iter().find(|(_, feed)| !named.contains(&feed.entity.as_str()));
            if let Some((table, feed)) = strange {
                let error = Error::config(format!("the mapping names no entity \"{}\"", feed.entity))
                    .at_column(format!("{source}: {table}"))
                    .at_key(["tables", table, "entity"]);
                let error = match nearest(&feed.entity, named.iter().copied()) {
                    Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                    None => error,
                };
                return Err(error.hint(format!("its entities are: {}", named.join(", "))));
            }
        }
        let mut tables = IndexMap::new();
        let mut origins = IndexMap::new();
        let mut unloaded = Vec::new();
        for stop in &stops {
            let Stop::Whole(table) = stop else { continue };
            let mut feeds = Vec::new();
            for (source, mapping) in sources {
                let Some(feed) = mapping.tables.get(table) else { continue };
                let Some(found) = staged.iter().find(|one| one.source == *source && one.entity == feed.entity) else {
                    unloaded.push(format!("{} of {source}", feed.entity));
                    continue;
                };
                let relation = format!("{source}/{}", feed.entity);
                let columns = staged_columns(store, &relation)?;
                let feed = Feed::new(store, schema, table, source, &relation, feed, columns)?;
                feeds.push(feed.of_rows(found.rows));
            }
            origins.insert(table.clone(), feeds.iter().map(|feed| feed.origin.clone()).collect());
            tables.insert(table.clone(), feeds);
        }
        Ok(Plan { schema: schema.clone(), tables, stops, origins, mappings: sources.to_vec(), unloaded, staged })
    }

    /// Whether what is staged is still what it was compiled against.
    pub fn stands(&self, store: &Store) -> Result<bool> {
        Ok(Staged::all(store)? == self.staged)
    }

    /// Per table, where its rows come from.
    pub fn origins(&self) -> &IndexMap<String, Vec<Origin>> {
        &self.origins
    }

    /// The schema.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The mappings from which it was made, by source.
    pub fn mappings(&self) -> &[(String, Mapping)] {
        &self.mappings
    }

    /// What the mappings read and no load has brought yet: `clients of isavigne_prod`.
    pub fn unloaded(&self) -> &[String] {
        &self.unloaded
    }

    /// The statement that builds each table's candidates, in the order in which they run, with the decisions that are
    /// in force now.
    pub fn sql(&self, store: &Store) -> Result<Vec<(String, String)>> {
        let mut statements = Vec::new();
        let said = Said::of(store)?;
        for (at, stop) in self.stops.iter().enumerate() {
            let (Stop::Early(name) | Stop::Whole(name)) = stop;
            let of = self.of(store, &said, name, self.table(name)?);
            let decided = Decided::shape(&of, matches!(stop, Stop::Early(_)))?;
            let statement = self.statement(store, at, &decided)?;
            let needs = if statement.contains("as_of(") { format!("{};\n", as_of(store)?) } else { String::new() };
            statements.push((name.clone(), needs + &statement));
        }
        Ok(statements)
    }

    /// Builds all candidates with the decisions applied, in one transaction; what could not be applied is in
    /// `dq.conflicts` afterwards.
    pub fn build(&self, store: &Store, progress: &dyn Fn(Progress), canceller: &Canceller) -> Result<()> {
        store.run(&as_of(store)?)?;
        store.transaction(|store| {
            store.run("DELETE FROM dq.conflicts")?;
            let said = Said::of(store)?;
            self.tell_unknown_tables(store, &said)?;
            let mut known = self.find_leaving(store, &said)?;
            for (done, stop) in self.stops.iter().enumerate() {
                canceller.check()?;
                let (Stop::Early(name) | Stop::Whole(name)) = stop;
                progress(Progress {
                    what: format!("map {name}"),
                    done: done as u64,
                    total: Some(self.stops.len() as u64),
                    unit: Unit::Steps,
                });
                if !known.contains(name) {
                    known.push(name.clone());
                    let odd = identity::find_odd(store, name, self.table(name)?, self.feeds(name));
                    odd.map_err(|error| incomputable(name, error))?;
                }
                let of = self.of(store, &said, name, self.table(name)?);
                self.build_all(&of, done).map_err(|error| incomputable(name, error))?;
                if matches!(stop, Stop::Whole(_)) {
                    identity::clear(store, name)?;
                    store.run(&format!("DROP TABLE IF EXISTS {}", derive::early(name)))?;
                }
            }
            Ok(())
        })
    }

    /// The decisions about a table, on their way into all its rows.
    fn of<'a>(&'a self, store: &'a Store, said: &'a Said, name: &'a str, table: &'a Table) -> Of<'a> {
        Of { store, schema: &self.schema, said, name, table, feeds: self.feeds(name), fields: None }
    }

    /// Builds all rows of a stop.
    fn build_all(&self, of: &Of, at: usize) -> Result<()> {
        let decided = self.decide(of, at, None)?;
        of.store.run(&self.statement(of.store, at, &decided)?)?;
        decided.clear(of.store)
    }

    /// Resolves the decisions about the cells of a table and tells those that do not apply; where `only` names a temporary
    /// table of identities, those about its rows.
    fn decide(&self, of: &Of, at: usize, only: Option<&str>) -> Result<Decided> {
        let Stop::Whole(_) = self.stops[at] else { return Ok(Decided::resolve(of, only, None)?.0) };
        let early = self.early(at);
        let compute = |decided: &Decided, rows: &str| {
            self.rows_of(of.name, decided, of.feeds, Some(&early), Rows::Some, Some(rows))
        };
        let resolve = || {
            let (decided, conflicts) = Decided::resolve(of, only, Some(&compute))?;
            decided::tell(of, only, conflicts)?;
            Ok(decided)
        };
        if only.is_some() { of.store.plainly(resolve) } else { resolve() }
    }

    /// Writes down the decisions about tables that the schema does not have.
    fn tell_unknown_tables(&self, store: &Store, said: &Said) -> Result<()> {
        store.run("DELETE FROM dq.conflicts WHERE reason = 'no-such-table'")?;
        if !said.is_of_unknown_tables(&self.schema) {
            return Ok(());
        }
        store.run(&format!(
            r#"INSERT INTO dq.conflicts SELECT id, "table", coalesce("row", ''), coalesce(field, ''), was, now, NULL, 'no-such-table'
               FROM dq.decisions WHERE active AND kind IN ('set', 'bulk', 'replace', 'exclude', 'merge') AND "table" NOT IN ({})"#,
            literals(self.schema.tables.keys())
        ))
    }

    /// What became of every cell of one row; none where there is no such row.
    pub fn story(&self, store: &Store, table: &str, row: &str) -> Result<Option<RowStory>> {
        story::story(store, &self.schema, &self.mappings, table, self.feeds(table), row)
    }

    /// Per row that `rows` (a query for identities) names, what a decision about a field is made about, in order of the
    /// rows: the candidate's value as text, or where it could not be read, the text in the export. Where decisions came or
    /// went since the candidate was built, it is what those in force now make of the row. So a second decision follows the
    /// first however soon it comes. With `among`, a condition over the candidates, only the rows that meet it.
    pub fn values(
        &self,
        store: &Store,
        name: &str,
        field: &str,
        rows: &str,
        among: Option<&str>,
    ) -> Result<IndexMap<String, Option<String>>> {
        let table = self.table(name)?;
        let Some((bit, _, declared)) = table.fields.get_full(field) else { return Ok(IndexMap::new()) };
        let (candidates, few) = (
            Ident(&format!("asked of {name}, {field}")).to_string(),
            Ident(&format!("decided anew of {name}")).to_string(),
        );
        // Asked first: a check that ends meanwhile brings the candidates to where the decisions are, not the other way round.
        let of_cells =
            format!("kind IN ('set', 'bulk') AND \"table\" = {} AND field = {}", Literal(name), Literal(field));
        let pending = format!(
            "SELECT 1 FROM dq.decisions WHERE active <> ({}) AND kind NOT IN ('revert', 'waive')\n\
             AND (kind NOT IN ('set', 'bulk') OR {of_cells} AND \"row\" IN ({rows})) LIMIT 1",
            again::KNOWN
        );
        let is_behind = store.first(&pending, [], |_| Ok(()))?.is_some();
        let own = Ident(field);
        let asked = format!(
            "SELECT _key, _source, _entity, _row, _unread, {own} FROM {} WHERE _key IN ({rows}) AND {}",
            Path("candidate", name),
            among.unwrap_or("true")
        );
        let gathered = store.fill_like(&candidates, &format!("{own} {}", declared.kind.sql()), asked);
        if let Err(error) = gathered {
            return if store.has_table("candidate", name)? { Err(error) } else { Ok(IndexMap::new()) };
        }
        let text = declared.kind.as_text(&own.to_string());
        let sql = format!("SELECT _key, {text}, _unread & {} <> 0 FROM {candidates}", 1_i64 << bit);
        type Shown = (String, Option<String>, bool);
        let shown: Vec<Shown> = store.query(&sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let is_any_unread = shown.iter().any(|(.., is_unread)| *is_unread);
        let mut values: IndexMap<_, _> = shown.into_iter().map(|(key, text, _)| (key, text)).collect();
        if is_any_unread {
            let feeds = self.feeds_among(store, name, &candidates, &format!("asked of {name}"))?;
            values.extend(decided::shown_values(store, table, &feeds, &candidates, field)?);
        }
        values.sort_unstable_keys();
        let decided = format!("_key IN (SELECT \"row\" FROM dq.decisions WHERE {of_cells})");
        let is_any = || store.first(&format!("SELECT 1 FROM {candidates} WHERE {decided} LIMIT 1"), [], |_| Ok(()));
        if is_behind && is_any()?.is_some() {
            let decided = format!("SELECT _key, _source, _entity, _row FROM {candidates} WHERE {decided}");
            store.fill_like(&few, "", decided)?;
            store.make_once("as_of()", &as_of(store)?)?;
            let said = Said::of(store)?;
            values.extend(self.values_anew(&self.of(store, &said, name, table), field, &few)?);
            store.let_go(&few)?;
        }
        store.let_go(&candidates)?;
        Ok(values)
    }

    /// The values of a field as the decisions in force make them, of the rows in a temporary table.
    fn values_anew(&self, of: &Of, field: &str, few: &str) -> Result<HashMap<String, Option<String>>> {
        let Of { store, name, .. } = *of;
        let feeds = self.feeds_among(store, name, few, &format!("decided anew of {name}"))?;
        let of = Of { feeds: &feeds, ..*of };
        let (keys, anew) =
            (Ident(&format!("keys anew of {name}")).to_string(), Ident(&format!("{name} anew")).to_string());
        identity::take_odd(store, name, few)?;
        store.fill(&keys, format!("SELECT _key FROM {few}"))?;
        // All candidates are there to be looked at.
        let compute =
            |decided: &Decided, rows: &str| self.rows_of(name, decided, &feeds, Some(&[]), Rows::Some, Some(rows));
        let (decided, _) = Decided::resolve(&of, Some(&keys), Some(&compute))?;
        let decided = decided.with_all_rows();
        let rows = self.rows_of(name, &decided, &feeds, Some(&[]), Rows::Some, None)?;
        let columns = of.table.fields.iter().map(|(name, field)| format!("{name} {}", field.kind.sql()));
        store.fill_like(&anew, &columns.collect::<Vec<_>>().join(", "), rows.nested())?;
        let values = decided::shown_values(store, of.table, of.feeds, &anew, field)?;
        decided.clear(store)?;
        identity::clear(store, name)?;
        store.let_go(&keys)?;
        store.let_go(&anew)?;
        Ok(values)
    }

    /// The feeds of a table on the texts of those rows only that a relation names by `_source`, `_entity` and `_row`; `what`
    /// begins the names of the temporary tables with these texts.
    fn feeds_among(&self, store: &Store, name: &str, rows: &str, what: &str) -> Result<Vec<Feed>> {
        let among = |feed: &Feed| {
            let texts = rules::texts_of(what, &feed.origin.relation);
            let (source, entity) = (&feed.origin.source, &feed.origin.entity);
            let numbers = format!(
                "SELECT _row FROM {rows} WHERE _source = {} AND _entity = {}",
                Literal(source),
                Literal(entity)
            );
            staged::fill(store, &Ident(&texts).to_string(), (source, entity), &numbers)?;
            Ok(feed.among(texts))
        };
        self.feeds(name).iter().map(among).collect()
    }

    fn feeds(&self, table: &str) -> &[Feed] {
        self.tables.get(table).map(Vec::as_slice).unwrap_or_default()
    }

    fn table(&self, name: &str) -> Result<&Table> {
        self.schema
            .tables
            .get(name)
            .ok_or_else(|| Error::internal(format!("the plan knows a table \"{name}\" that the schema does not")))
    }

    /// What runs at a stop.
    fn statement(&self, store: &Store, at: usize, decided: &Decided) -> Result<String> {
        let (Stop::Early(name) | Stop::Whole(name)) = &self.stops[at];
        let select = self.select(at, decided, self.feeds(name), Rows::All)?;
        Ok(match &self.stops[at] {
            Stop::Early(name) => format!("CREATE OR REPLACE TEMP TABLE {} AS\n{select}", derive::early(name)),
            Stop::Whole(name) => {
                let (candidate, columns) =
                    (Path("candidate", name), self.columns(store, self.table(name)?)?.join(", "));
                format!("CREATE OR REPLACE TABLE {candidate} ({columns});\nINSERT INTO {candidate}\n{select}")
            }
        })
    }

    /// The columns of a table's candidates.
    fn columns(&self, store: &Store, table: &Table) -> Result<Vec<String>> {
        // Left to itself the engine looks for what repeats in a text. In keys and addresses little does: the search takes a third of the
        // time of building the table, and three times the room.
        let unlike = |name: &str| format!("{} VARCHAR USING COMPRESSION zstd", Ident(name));
        let own = ["_source VARCHAR", "_entity VARCHAR", "_row BIGINT", "_unread BIGINT", "_decided BIGINT"];
        let mut columns = vec![unlike("_key")];
        columns.extend(own.map(str::to_owned));
        for (name, field) in &table.fields {
            let is_unlike = match &field.references {
                Some(reference) => self.rows(store, &reference.table)? > MOST_ALIKE,
                None => field.key || matches!(field.format, Some(Format::Email | Format::Phone)),
            };
            columns.push(match field.kind {
                FieldType::Text if is_unlike => unlike(name),
                kind => format!("{} {}", Ident(name), kind.sql()),
            });
        }
        Ok(columns)
    }

    /// How many staged rows feed a table.
    fn rows(&self, store: &Store, table: &str) -> Result<u64> {
        let count =
            |feed: &Feed| store.count(&format!("SELECT count(*) FROM {}", Path("staging", &feed.origin.relation)));
        self.feeds(table).iter().map(count).sum()
    }

    /// The query for the rows of a stop that the feeds give: all of them, or a part.
    fn select(&self, at: usize, decided: &Decided, feeds: &[Feed], which: Rows) -> Result<Pipeline> {
        match &self.stops[at] {
            Stop::Early(name) => self.rows_of(name, decided, feeds, None, which, None),
            Stop::Whole(name) => self.rows_of(name, decided, feeds, Some(&self.early(at)), which, None),
        }
    }

    /// The tables of which there is at a stop only what the sources give.
    fn early(&self, at: usize) -> Vec<String> {
        let before = self.stops[..at].iter();
        let early = before.clone().filter_map(|stop| match stop {
            Stop::Early(early) if !before.clone().any(|stop| *stop == Stop::Whole(early.clone())) => {
                Some(early.clone())
            }
            _ => None,
        });
        early.collect()
    }

    /// The query for the rows of a table that the feeds give, or of these those that meet a condition on `_row`. `early`
    /// names the tables of which there is so far only what the sources give; without it nothing is computed.
    fn rows_of(
        &self,
        name: &str,
        decided: &Decided,
        feeds: &[Feed],
        early: Option<&[String]>,
        which: Rows,
        rows: Option<&str>,
    ) -> Result<Pipeline> {
        let table = self.table(name)?;
        let mut pipeline = mapped(table, feeds, |_| true, rows);
        pipeline.step("keyed", identity::keyed(name, table, feeds, "mapped"));
        decided.apply(&mut pipeline, table);
        match early {
            Some(early) => self.derived(name, pipeline, early, which),
            None => Ok(pipeline),
        }
    }

    /// Adds the steps that compute what is derived, and puts the columns in order.
    fn derived(&self, name: &str, mut pipeline: Pipeline, early: &[String], which: Rows) -> Result<Pipeline> {
        let table = self.table(name)?;
        let around = Around { schema: &self.schema, early, instead: &[], rows: which, only: None };
        derive::derive(&mut pipeline, &around, name)?;
        let last = pipeline.last().unwrap_or_default().to_owned();
        let fields: Vec<String> = table.fields.keys().map(|field| Ident(field).to_string()).collect();
        pipeline.step(
            "candidate",
            format!(
                "SELECT _key, _source, _entity, _row, _unread, _decided,\n  {}\nFROM {}",
                fields.join(", "),
                Ident(&last)
            ),
        );
        Ok(pipeline)
    }
}

/// An expression of the schema or of a mapping that fails on some row, told as what it is. What the program writes itself does not
/// fail on values.
fn incomputable(table: &str, error: Error) -> Error {
    let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    let is_about_a_value = ["Conversion Error", "Out of Range Error", "Invalid Input Error"];
    if error.kind() != Kind::Internal || !is_about_a_value.iter().any(|class| why.starts_with(class)) {
        return error;
    }
    let why = why.lines().next().unwrap_or_default();
    Error::config(format!("an expression for {table} fails on a row: {why}"))
        .hint(format!("it is a `where` of a mapping that feeds {table}, or an aggregate of it in {SCHEMA}"))
        .hint("TRY_CAST(x AS INTEGER) and TRY(x) give no value where CAST and x fail")
}

/// The statement that makes `as_of()`, the day of the last load, known to the connection that builds.
fn as_of(store: &Store) -> Result<String> {
    // A macro with a query in it would look the day up again for every row.
    Ok(format!("CREATE OR REPLACE TEMP MACRO as_of() AS DATE {}", Literal(&last_day(store)?)))
}

/// The day of the last load; that on which the clocks of computers begin where nothing was loaded yet.
pub(super) fn last_day(store: &Store) -> Result<String> {
    let sql = "SELECT coalesce(max(started), '1970-01-01')::DATE::VARCHAR FROM dq.loads WHERE status = 'done'";
    Ok(store.first(sql, [], |row| row.get(0))?.unwrap_or_default())
}

/// The columns of a staged entity, without those of the workbench.
fn staged_columns(store: &Store, relation: &str) -> Result<Vec<String>> {
    let columns = store.columns(&format!("SELECT * FROM {}", Path("staging", relation)))?;
    Ok(columns.into_iter().map(|(name, _)| name).filter(|name| !STAGED_COLUMNS.contains(&name.as_str())).collect())
}

/// All feeds of a table as one step `mapped` with `_source`, `_entity`, `_row`, `_unread` and the wanted fields.
fn mapped(table: &Table, feeds: &[Feed], wanted: impl Fn(&str) -> bool + Copy, rows: Option<&str>) -> Pipeline {
    let mut pipeline = Pipeline::new();
    if feeds.is_empty() {
        let fields: Vec<String> = table
            .fields
            .iter()
            .filter(|(name, _)| wanted(name))
            .map(|(name, field)| format!("NULL::{} AS {}", field.kind.sql(), Ident(name)))
            .collect();
        pipeline.step(
            "mapped",
            format!(
                "SELECT ''::VARCHAR AS _source, ''::VARCHAR AS _entity, 0::BIGINT AS _row, 0::BIGINT AS _unread, {}\nWHERE false",
                fields.join(", ")
            ),
        );
        return pipeline;
    }
    let mut all = Vec::new();
    for feed in feeds {
        let name = &feed.origin.relation;
        let steps = feed.pipeline(table, wanted, rows);
        pipeline.step(name, if feed.is_few() { steps.nested() } else { steps.to_string() });
        all.push(format!(
            "SELECT {}::VARCHAR AS _source, {}::VARCHAR AS _entity, * FROM {}",
            Literal(&feed.origin.source),
            Literal(&feed.origin.entity),
            Ident(name)
        ));
    }
    pipeline.step("mapped", all.join("\nUNION ALL\n"));
    pipeline
}
