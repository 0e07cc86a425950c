//! Builds again only those candidates that other decisions than before touch: the rows that they name, the rows with a
//! value that they replace, and the rows whose derived fields look at one of these. Neighbours: `decided` and `derive`,
//! which build these rows as they build all; `recheck`, which looks at what has changed.

use indexmap::IndexMap;

use super::decided::Of;
use super::derive::{self, Around, Follow, Rows, Sight, Stop};
use super::said::Said;
use super::{Plan, as_of, identity, leaving, mapped, replaced, settle};
use crate::error::{Error, Result};
use crate::model::{Canceller, Derive, Table};
use crate::sql::{Ident, Literal, Path, Pipeline};
use crate::stages::places::{IDENTITY, Places, Sought};
use crate::store::Store;

/// The decisions that the last check knew, as a condition over `dq.decisions`; reversals are not among them.
pub(in crate::stages) const KNOWN: &str = "id IN (SELECT id FROM dq.checked)";

/// The least number of rows of a table for which building all of them again is thought of.
const FEW: u64 = 1000;

/// The columns of touched rows: their places among the candidates, and where they come from.
const TOUCHED: &str = "_at, _key, _source, _entity, _row";

/// The share of a table's rows from which on building all of them again is cheaper.
const SHARE: u64 = 10;

/// The share of the rows of all tables from which on looking at everything is: a row by itself takes some thirty times as long as
/// one among all.
const OF_ALL: u64 = 30;

/// What has become of the candidates of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// The fields that differ in some row.
    pub fields: Vec<String>,
    /// The bits of `_unread` that differ in some row.
    pub unread: i64,
    /// The bits of `_decided` that differ in some row.
    pub decided: i64,
    /// How many rows there were not before.
    pub came: u64,
    /// How many rows there are no more.
    pub went: u64,
    /// Whether the staged texts of the rows that changed or came are there; see [`Change::texts`].
    pub has_texts: bool,
}

impl Change {
    /// The columns that differ in some row that stayed.
    pub(in crate::stages) fn columns(&self) -> Vec<String> {
        let mut columns: Vec<String> = self.fields.iter().map(|field| Ident(field).to_string()).collect();
        columns.extend((self.unread != 0).then(|| "_unread".to_owned()));
        columns.extend((self.decided != 0).then(|| "_decided".to_owned()));
        columns
    }

    /// How many rows there are where there were so many.
    pub fn rows(&self, were: u64) -> u64 {
        (were + self.came).saturating_sub(self.went)
    }

    /// Whether rows came or went, or this field differs in some row.
    pub fn is_of(&self, field: &str) -> bool {
        self.came + self.went > 0 || self.fields.iter().any(|name| name.eq_ignore_ascii_case(field))
    }

    /// The temporary table with the rows as they were that changed or went.
    pub fn before(table: &str) -> String {
        Ident(&format!("{table} before")).to_string()
    }

    /// The temporary table with the rows as they are that changed or came.
    pub fn after(table: &str) -> String {
        Ident(&format!("{table} after")).to_string()
    }

    /// What the names of the temporary tables begin with that have the staged texts of the rows that changed or came, all columns
    /// of them, and of other rows, as [`rules::texts_of`](crate::rules::texts_of) makes them. They are there where these
    /// rows were built of what is staged; else they may be those of an earlier decision.
    pub fn texts(table: &str) -> String {
        format!("touched of {table}")
    }

    /// A query for the values, as text, that an expression has or had in the rows that changed, came or went.
    pub fn values(table: &str, expression: &str) -> String {
        format!(
            "SELECT ({expression})::VARCHAR FROM {} AS t UNION ALL SELECT ({expression})::VARCHAR FROM {} AS t",
            Self::before(table),
            Self::after(table)
        )
    }

    /// The same of the rows that came or went.
    pub fn values_moved(table: &str, expression: &str) -> String {
        let (before, after) = (Self::before(table), Self::after(table));
        format!(
            "SELECT ({expression})::VARCHAR FROM {before} AS t ANTI JOIN {after} AS o ON o._key = t._key UNION ALL \
             SELECT ({expression})::VARCHAR FROM {after} AS t ANTI JOIN {before} AS o ON o._key = t._key"
        )
    }
}

/// Where derived fields of a table look at something that has changed.
pub(super) struct Seen {
    /// The rows of which they do.
    pub rows: Vec<Sought>,
    /// The fields, and those that are computed from them.
    pub fields: Vec<String>,
}

/// What comes of computing fields again.
enum Computed {
    Same,
    Otherwise(Change),
    TooMany,
}

impl Plan {
    /// Builds again what the decisions touch that are in force and were not at the last check, or the other way round, and
    /// says what has changed by that; `otherwise` is the temporary table with those decisions. `None` where building
    /// everything is the cheaper way, or the only one; the candidates are then in no state to be used.
    pub fn build_again(
        &self,
        store: &Store,
        otherwise: &str,
        places: &Places,
        canceller: &Canceller,
    ) -> Result<Option<IndexMap<String, Change>>> {
        // What is looked at before it is whole is not kept.
        if !self.stops.iter().all(|stop| matches!(stop, Stop::Whole(_))) {
            return Ok(None);
        }
        store.make_once("as_of()", &as_of(store)?)?;
        let said = Said::of(store)?;
        self.tell_unknown_tables(store, &said)?;
        let left = self.find_leaving_again(store, &said, otherwise, places)?;
        let concerned: Vec<(String, String, Option<String>)> = store.query(
            &format!(r#"SELECT DISTINCT "table", kind, field FROM {otherwise} WHERE "table" IS NOT NULL"#),
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let mut changes = IndexMap::new();
        for (at, stop) in self.stops.iter().enumerate() {
            canceller.check()?;
            places.forget();
            let (Stop::Early(name) | Stop::Whole(name)) = stop;
            let table = self.table(name)?;
            let of = self.of(store, &said, name, table);
            // No row of a table that no source feeds can be another than before.
            let is_fed = !of.feeds.is_empty();
            let (mut replaced, mut fields) = (Vec::new(), Vec::new());
            for (field, declared) in table.fields.iter().filter(|_| is_fed) {
                let to = declared.references.as_ref();
                let before = to.and_then(|to| left.pointers.get(&(to.table.clone(), to.field.clone())));
                let is_replaced = |(of, kind, about): &(String, String, Option<String>)| {
                    kind == "replace" && of == name && about.as_ref() == Some(field)
                };
                if before.is_some() || concerned.iter().any(is_replaced) {
                    replaced.extend(replaced::replaced_otherwise(&of, field, KNOWN, before, places)?);
                    fields.push(field.as_str());
                }
            }
            // What cannot be applied is told even where it touches no row; what accepts a finding touches none.
            let is_told = concerned.iter().any(|(of, kind, _)| of == name && kind != "waive");
            let seen = if is_fed { self.seen_change(store, name, table, &changes, places)? } else { None };
            if replaced.is_empty() && !is_told {
                let Some(seen) = &seen else { continue };
                // What is decided about a computed value may be in conflict with another one.
                if said.set(name).iter().all(|field| !seen.fields.contains(field)) {
                    match self.compute_again(store, name, table, seen, places)? {
                        Computed::Otherwise(change) => drop(changes.insert(name.clone(), change)),
                        Computed::Same => {}
                        Computed::TooMany => return Ok(None),
                    }
                    continue;
                }
            }
            let (rows, computed) = seen.map_or_else(Default::default, |seen| (seen.rows, seen.fields));
            replaced.extend(rows);
            self.touch(store, name, otherwise, &replaced, left.tables.contains(name), places)?;
            let touched = store.count(&format!("SELECT count(*) FROM {}", touched(name)))?;
            if touched == 0 && !is_told && said.replaced(name).is_empty() {
                continue;
            }
            if !is_worth_it(store, name, touched)? {
                return Ok(None);
            }
            let may_only_leave =
                replaced.is_empty() && concerned.iter().all(|(of, kind, _)| of != name || kind == "exclude");
            if may_only_leave && self.all_leave(store, name)? {
                changes.extend(take_away(store, name, table, places)?.map(|change| (name.clone(), change)));
                continue;
            }
            let is_of_key = |(of, _, field): &(String, String, Option<String>)| {
                of == name
                    && field.as_ref().is_some_and(|field| table.keys().any(|key| key.eq_ignore_ascii_case(field)))
            };
            let is_key_set = concerned.iter().any(is_of_key);
            // Where decisions are only about values, nothing else of a row that stays is another than before.
            let are_cells = concerned.iter().filter(|(of, ..)| of == name).all(|(_, kind, field)| {
                let field = field.as_deref().filter(|field| table.fields.contains_key(*field));
                fields.extend(field);
                ["set", "bulk", "replace"].contains(&kind.as_str()) && field.is_some() || kind == "waive"
            });
            let may_sums_stand = !is_key_set && !self.is_other_added_up(table, &changes);
            fields.extend(computed.iter().map(String::as_str));
            let fields = match are_cells && !is_key_set && self.all_stay(store, name)? {
                true => Some(derive::and_what_follows(name, table, &fields)?),
                false => None,
            };
            let change = match fields {
                Some(fields) => self.build_cells(&of, at, &fields, places)?,
                None => {
                    let rows = may_sums_stand.then_some(touched);
                    self.build_touched(&of, at, rows, places)?
                }
            };
            changes.extend(change.map(|change| (name.clone(), change)));
        }
        Ok(Some(changes))
    }

    /// Whether what the aggregates of a table add up has changed, or leads to other rows of it.
    fn is_other_added_up(&self, table: &Table, changes: &IndexMap<String, Change>) -> bool {
        let is_key_turned = table.fields.values().any(|field| field.key && field.references.is_some());
        is_key_turned
            || derive::sights(&self.schema, table).iter().any(|(_, sight)| match sight {
                Sight::Referred(_) => false,
                Sight::Referring { from, follows, .. } => {
                    changes.contains_key(from) || follows.iter().any(|follow| changes.contains_key(&follow.table))
                }
            })
    }

    /// Whether the touched rows were all there before, and show what is added up of others as it is.
    fn sums_stand(&self, store: &Store, name: &str, table: &Table, touched: u64) -> Result<bool> {
        let added =
            table.fields.values().zip(0..).filter(|(field, _)| matches!(field.derive, Some(Derive::Aggregate(_))));
        let mask = added.fold(0_i64, |mask, (_, bit)| mask | 1 << bit);
        if mask == 0 {
            return Ok(false);
        }
        let sql = format!("SELECT count(*) FILTER ((_unread | _decided) & {mask} = 0) FROM {}", Change::before(name));
        Ok(store.count(&sql)? == touched)
    }

    /// Where derived fields of a table look at something that has changed; `None` where none does.
    pub(super) fn seen_change(
        &self,
        store: &Store,
        name: &str,
        table: &Table,
        changes: &IndexMap<String, Change>,
        places: &Places,
    ) -> Result<Option<Seen>> {
        let is_seen = |follow: &Follow| {
            changes
                .get(&follow.table)
                .is_some_and(|change| change.is_of(&follow.key) || follow.wants.iter().any(|want| change.is_of(want)))
        };
        let refers = |from: &str, follow: &Follow| {
            let keys = Change::values(&follow.table, &Ident(&follow.key).to_string());
            let near = places.near(store, from, "", &follow.field, &keys)?;
            Ok::<_, Error>(near.with(format!("{}::VARCHAR IN ({keys})", Ident(&follow.field))))
        };
        let (mut rows, mut fields) = (Vec::new(), Vec::new());
        for (field, sight) in derive::sights(&self.schema, table) {
            let known = rows.len();
            match sight {
                Sight::Referred(follow) if is_seen(&follow) => rows.extend(refers(name, &follow)?),
                Sight::Referred(_) => {}
                Sight::Referring { from, on, reads, follows } => {
                    let key = table.keys().next().unwrap_or_default();
                    let key = format!("{}::VARCHAR", Ident(key));
                    let is_seen_there =
                        |change: &&Change| change.is_of(&on) || reads.iter().any(|read| change.is_of(read));
                    let on = Ident(&on).to_string();
                    if changes.get(&from).filter(is_seen_there).is_some() {
                        let values = Change::values(&from, &on);
                        let near = places.near_like(store, name, "", &format!("t.{key}"), &values)?;
                        rows.extend(near.with(format!("{key} IN ({values})")));
                    }
                    for follow in follows.iter().filter(|follow| is_seen(follow)) {
                        rows.extend(refers(&from, follow)?.map(|refers| {
                            let (rows, condition) = (refers.rows(&from), &refers.condition);
                            Sought::among_all(format!("{key} IN (SELECT {on}::VARCHAR FROM {rows} WHERE {condition})"))
                        }));
                    }
                }
            }
            if rows.len() > known {
                fields.push(field);
            }
        }
        rows.sort();
        rows.dedup();
        let fields = derive::and_what_follows(name, table, &fields)?;
        Ok((!rows.is_empty()).then_some(Seen { rows, fields }))
    }

    /// Computes the fields again that look at something that has changed, in rows that are otherwise as they were: neither what is
    /// staged nor decisions are read for that.
    fn compute_again(
        &self,
        store: &Store,
        name: &str,
        table: &Table,
        seen: &Seen,
        places: &Places,
    ) -> Result<Computed> {
        let (touched, before, after) = (touched(name), Change::before(name), Change::after(name));
        store.fill_like(&touched, TOUCHED, meeting(name, &seen.rows).collect::<Vec<_>>().join("\nUNION\n"))?;
        let rows = store.count(&format!("SELECT count(*) FROM {touched}"))?;
        if !is_worth_it(store, name, rows)? {
            return Ok(Computed::TooMany);
        }
        if rows == 0 {
            return Ok(Computed::Same);
        }
        keep_before(store, name, places)?;
        let feeds = match settle::given(self.feeds(name), &seen.fields).is_empty() {
            true => Vec::new(),
            false => self.feeds_among(store, name, &before, &Change::texts(name))?,
        };
        let has_texts = !feeds.is_empty();
        let keys = |key: &str| format!("SELECT {}::VARCHAR FROM {before}", Ident(key));
        let which = self.gathered(store, name, table, Some(&seen.fields), keys, places)?;
        let mut anew = self.anew(name, &feeds, &before, &seen.fields, &[], which)?;
        let last = Ident(anew.last().unwrap_or_default()).to_string();
        anew.step("candidate", format!("SELECT * EXCLUDE (_at) FROM {last}"));
        store.fill_like(&after, name, anew.nested())?;
        let change = put(store, name, table, places)?.map(|change| Change { has_texts, ..change });
        Ok(change.map_or(Computed::Same, Computed::Otherwise))
    }

    /// Gathers what the aggregates of a table add up for some rows, of which `keys` makes the query for a field's values, and says how they
    /// are to be computed then.
    fn gathered(
        &self,
        store: &Store,
        name: &str,
        table: &Table,
        only: Option<&[String]>,
        keys: impl Fn(&str) -> String,
        places: &Places,
    ) -> Result<Rows<'static>> {
        let mut all = table.keys();
        let (Some(key), None) = (all.next(), all.next()) else { return Ok(Rows::Some) };
        let is_any = derive::gather(store, &self.schema, (name, table), only, &keys(key), places)?;
        Ok(if is_any { Rows::Gathered } else { Rows::Some })
    }

    /// Gathers the rows that are touched, with where they come from: those that decisions name, those that go or come back,
    /// and those that are looked for. `may_leave` where it was looked for rows that go.
    fn touch(
        &self,
        store: &Store,
        name: &str,
        otherwise: &str,
        rows: &[Sought],
        may_leave: bool,
        places: &Places,
    ) -> Result<()> {
        let (named, before) = (named(name), leaving::before(name));
        let left_out = format!(r#"SELECT _key FROM dq.left_out WHERE "table" = {}"#, Literal(name));
        let all = format!(
            r#"SELECT DISTINCT "row" AS _key FROM {otherwise} WHERE "table" = {} AND kind IN ('set', 'bulk', 'merge')
               UNION ({left_out} EXCEPT SELECT _key FROM {before})
               UNION (SELECT _key FROM {before} EXCEPT {left_out})"#,
            Literal(name)
        );
        store.fill(&named, all)?;
        // What is left out, and what was found already, is not looked for among all.
        let mut found = format!(
            "SELECT NULL::BIGINT AS _at, _key, _source, _entity, _row FROM {before} WHERE _key IN (FROM {named})"
        );
        let mut known = format!("SELECT _key FROM {before}");
        if may_leave {
            let there = leaving::there(name);
            found += &format!("\nUNION\nFROM {there} WHERE _at IS NOT NULL AND _key IN (FROM {named})");
            known += &format!(" EXCEPT SELECT _key FROM {there}");
        }
        let strangers = format!("SELECT _key FROM {named} EXCEPT {known}");
        let strange = places.near(store, name, "", IDENTITY, &strangers)?.with(format!("_key IN ({strangers})"));
        let touched = touched(name);
        let rows = meeting(name, rows.iter().chain(&strange));
        store.fill_like(&touched, TOUCHED, rows.chain([found]).collect::<Vec<_>>().join("\nUNION\n"))?;
        store.run(&format!("INSERT INTO {named} SELECT _key FROM {touched} WHERE _key NOT IN (FROM {named})"))
    }

    /// Whether all rows that are touched are left out now.
    fn all_leave(&self, store: &Store, name: &str) -> Result<bool> {
        let sql = format!(
            r#"SELECT 1 FROM {} WHERE _key NOT IN (SELECT _key FROM dq.left_out WHERE "table" = ?) LIMIT 1"#,
            touched(name)
        );
        Ok(store.first(&sql, [name], |_| Ok(()))?.is_none())
    }

    /// Whether all rows that are touched are candidates.
    fn all_stay(&self, store: &Store, name: &str) -> Result<bool> {
        let sql = format!("SELECT 1 FROM {} WHERE _at IS NULL LIMIT 1", touched(name));
        Ok(store.first(&sql, [], |_| Ok(()))?.is_none())
    }

    /// Builds some fields of the touched rows of a table, which are candidates and stay so, and puts them in the place of what
    /// was there.
    fn build_cells(&self, of: &Of, at: usize, fields: &[String], places: &Places) -> Result<Option<Change>> {
        let Of { store, name, table, .. } = *of;
        let (touched, named) = (touched(name), named(name));
        let feeds = self.feeds_among(store, name, &touched, &Change::texts(name))?;
        identity::take_odd(store, name, &touched)?;
        let decided =
            self.decide(&Of { feeds: &feeds, fields: Some(fields), ..*of }, at, Some(&named))?.with_all_rows();
        keep_before(store, name, places)?;
        let before = Change::before(name);
        let is_wanted = |field: &str| fields.iter().any(|name| name == field) || table.keys().any(|key| key == field);
        let mut pipeline = mapped(table, &feeds, is_wanted, None);
        pipeline.step("keyed", identity::keyed(name, table, &feeds, "mapped"));
        decided.apply(&mut pipeline, table);
        let last = Ident(pipeline.last().unwrap_or_default()).to_string();
        let mask =
            fields.iter().filter_map(|field| table.fields.get_index_of(field)).fold(0_i64, |mask, bit| mask | 1 << bit);
        let values = fields.iter().map(|field| format!("k.{0} AS {0}", Ident(field)));
        let bits = ["_unread", "_decided"].map(|bits| format!("(b.{bits} & ~{mask}) | (k.{bits} & {mask}) AS {bits}"));
        let values: Vec<String> = values.chain(bits).collect();
        pipeline.step(
            "bare",
            format!(
                "SELECT b.* EXCLUDE (_at) REPLACE (\n  {}\n)\nFROM {before} AS b JOIN {last} AS k ON k._key = b._key",
                values.join(",\n  ")
            ),
        );
        let around = Around { schema: &self.schema, early: &[], instead: &[], rows: Rows::Some, only: Some(fields) };
        derive::derive(&mut pipeline, &around, name)?;
        store.fill_like(&Change::after(name), name, pipeline.nested())?;
        decided.clear(store)?;
        identity::clear(store, name)?;
        Ok(put(store, name, table, places)?.map(|change| Change { has_texts: true, ..change }))
    }

    /// Builds the touched rows of a table and puts them in the place of what was there; `summed` is their number where what is added up
    /// for them may be what it was.
    fn build_touched(&self, of: &Of, at: usize, summed: Option<u64>, places: &Places) -> Result<Option<Change>> {
        let Of { store, name, table, .. } = *of;
        let (touched, named) = (touched(name), named(name));
        let feeds = self.feeds_among(store, name, &touched, &Change::texts(name))?;
        // The identity of a row depends on the sources alone, so it is what it was.
        identity::take_odd(store, name, &touched)?;
        let decided = self.decide(&Of { feeds: &feeds, ..*of }, at, Some(&named))?;
        let (before, after) = (Change::before(name), Change::after(name));
        keep_before(store, name, places)?;
        let which = match summed {
            Some(rows) if self.sums_stand(store, name, table, rows)? => Rows::Summed(&before),
            _ => Rows::Some,
        };
        let bare = Ident(&format!("bare {name}")).to_string();
        let sums = table.fields.values().any(|field| matches!(field.derive, Some(Derive::Aggregate(_))));
        let built = match which {
            // What refers to the rows can be found as soon as these are known.
            Rows::Some if sums => {
                let rows = self.rows_of(name, &decided, &feeds, None, which, None)?;
                store.fill_like(&bare, name, rows.nested())?;
                let keys = |key: &str| format!("SELECT {}::VARCHAR FROM {bare}", Ident(key));
                let which = self.gathered(store, name, table, None, keys, places)?;
                let mut rows = Pipeline::new();
                rows.step("bare", format!("SELECT * FROM {bare}"));
                self.derived(name, rows, &self.early(at), which)?
            }
            _ => self.select(at, &decided, &feeds, which)?,
        };
        store.fill_like(&after, name, built.nested())?;
        decided.clear(store)?;
        identity::clear(store, name)?;
        Ok(put(store, name, table, places)?.map(|change| Change { has_texts: true, ..change }))
    }
}

/// Whether looking at so many rows of a table by themselves is cheaper than looking at all of them.
pub fn is_worth_it(store: &Store, table: &str, rows: u64) -> Result<bool> {
    if rows <= FEW {
        return Ok(true);
    }
    let own = store.count(&format!("SELECT count(*) FROM {}", Path("candidate", table)))?;
    let all = store.count(
        "SELECT sum(estimated_size)::BIGINT FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'candidate'",
    )?;
    Ok(rows <= (own / SHARE).min(all / OF_ALL))
}

/// Keeps the touched rows as they were.
fn keep_before(store: &Store, name: &str, places: &Places) -> Result<()> {
    let rows = places.at(store, name, &format!("SELECT _at FROM {}", touched(name)))?;
    store.fill_like(&Change::before(name), name, rows)
}

/// Takes the touched rows away; nothing has to be built for that.
fn take_away(store: &Store, name: &str, table: &Table, places: &Places) -> Result<Option<Change>> {
    keep_before(store, name, places)?;
    store.fill_like(&Change::after(name), name, format!("SELECT * FROM {} LIMIT 0", Path("candidate", name)))?;
    put(store, name, table, places)
}

/// Puts the rows after in the place of those before, and says what differs between them.
fn put(store: &Store, name: &str, table: &Table, places: &Places) -> Result<Option<Change>> {
    let Some(change) = compare(store, name, table)? else { return Ok(None) };
    let (candidate, before, after) = (Path("candidate", name), Change::before(name), Change::after(name));
    if change.went > 0 {
        store.run(&format!(
            "DELETE FROM {candidate} WHERE rowid IN (SELECT _at FROM {before} AS b ANTI JOIN {after} AS a ON a._key = b._key)"
        ))?;
    }
    let columns = change.columns();
    if !columns.is_empty() {
        let values: Vec<String> = columns.iter().map(|column| format!("{column} = n.{column}")).collect();
        store.run(&format!(
            "UPDATE {candidate} AS c SET {} FROM (SELECT b._at, a.* FROM {before} AS b JOIN {after} AS a ON a._key = b._key) AS n WHERE c.rowid = n._at",
            values.join(", ")
        ))?;
    }
    if change.came > 0 {
        store.run(&format!(
            "INSERT INTO {candidate} BY NAME SELECT a.* FROM {after} AS a ANTI JOIN {before} AS b ON a._key = b._key"
        ))?;
    }
    places.follow(store, name, &change)?;
    Ok(Some(change))
}

/// What differs between the rows before and after; leaves only these in the two tables. `None` where nothing does.
fn compare(store: &Store, name: &str, table: &Table) -> Result<Option<Change>> {
    let (before, after) = (Change::before(name), Change::after(name));
    // A bit a field, in the order of the schema; a table has at most `MOST_FIELDS`.
    let marks: Vec<String> = (0..)
        .zip(table.fields.keys())
        .map(|(bit, field)| format!("if(b.{0} IS DISTINCT FROM a.{0}, {1}, 0)", Ident(field), 1_i64 << bit))
        .collect();
    let differences = format!(
        "SELECT coalesce(a._key, b._key) AS _key, b._key IS NULL AS came, a._key IS NULL AS went, \
         xor(b._unread, a._unread) AS unread, xor(b._decided, a._decided) AS decided,\n  \
         if(b._key IS NULL OR a._key IS NULL, 0, {})::BIGINT AS fields\n\
         FROM {before} AS b FULL JOIN {after} AS a ON b._key = a._key",
        marks.join(" + ")
    );
    let same = "NOT came AND NOT went AND unread = 0 AND decided = 0 AND fields = 0";
    let sql = format!(
        "SELECT count(*) FILTER (came), count(*) FILTER (went), coalesce(bit_or(unread), 0), coalesce(bit_or(decided), 0), \
         coalesce(bit_or(fields), 0), count(*) FILTER ({same}) FROM ({differences})"
    );
    type Found = (u64, u64, i64, i64, i64, u64);
    let found: Option<Found> = store.plainly(|| {
        store.first(&sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)))
    })?;
    let Some((came, went, unread, decided, marks, alike)) = found else { return Ok(None) };
    let fields = (0..).zip(table.fields.keys()).filter(|(bit, _)| marks & (1 << bit) != 0);
    let change = Change {
        fields: fields.map(|(_, name)| name.clone()).collect(),
        unread,
        decided,
        came,
        went,
        has_texts: false,
    };
    if change == Change::default() {
        return Ok(None);
    }
    if alike > 0 {
        let stays = Ident("stays").to_string();
        store.fill_like(&stays, "_key", format!("SELECT _key FROM ({differences}) WHERE {same}"))?;
        let alike = format!("_key IN (FROM {stays})");
        store.run(&format!("DELETE FROM {before} WHERE {alike}"))?;
        store.run(&format!("DELETE FROM {after} WHERE {alike}"))?;
    }
    Ok(Some(change))
}

/// The queries for the rows that are looked for, as they are gathered to be touched.
fn meeting<'r>(table: &'r str, rows: impl IntoIterator<Item = &'r Sought>) -> impl Iterator<Item = String> {
    let sql = move |sought: &Sought| {
        let (place, rows, condition) = (sought.place(), sought.rows(table), &sought.condition);
        format!("SELECT {place} AS {TOUCHED} FROM {rows} WHERE {condition}")
    };
    rows.into_iter().map(sql)
}

/// The temporary table with the identities of the rows that decisions name, there or not, and of all that are touched.
fn named(table: &str) -> String {
    Ident(&format!("named of {table}")).to_string()
}

/// The temporary table with the touched rows that are there: their places among the candidates, if they have one, and
/// where they come from.
fn touched(table: &str) -> String {
    Ident(&format!("touched of {table}")).to_string()
}
