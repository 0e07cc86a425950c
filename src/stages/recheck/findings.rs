//! Which findings can be others after some rows have changed, and how they are found again.

use std::cell::{Cell, OnceCell};

use indexmap::{IndexMap, IndexSet};

use super::usual::Kept;
use crate::error::Result;
use crate::model::{Canceller, Reference};
use crate::rules::{self, Only, Others, Query, Reach, Usual};
use crate::sql::{Ident, Literal, Path};
use crate::stages::check::{Batch, Inputs, Use};
use crate::stages::map::{Change, is_worth_it};
use crate::stages::places::{IDENTITY, Near, Places, Sought};
use crate::stages::staged;
use crate::store::{Row, Store};

/// How a use of a rule has to look again.
enum Again {
    /// At all rows.
    Whole,
    /// At the rows that changed, and at those that refer to rows of these tables that changed; and at those that are looked for.
    Rows(IndexMap<String, Which>, Option<Sought>),
    /// At the rows with the same value of an expression as those that changed.
    Alike(String),
    /// At the rows that changed, and at those that meet a condition over the candidates.
    Met(String),
}

/// Which of the rows of a table that changed matter to those that refer to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Which {
    /// Those that came or went: of the others nothing has changed that is looked at.
    Moved,
    All,
}

impl Which {
    /// A query for the values of a field in these rows, as they were and as they are.
    fn values(self, table: &str, field: &str) -> String {
        let value = format!("t.{}", Ident(field));
        match self {
            Which::Moved => Change::values_moved(table, &value),
            Which::All => Change::values(table, &value),
        }
    }
}

/// What is known of the workspace and of the changes.
struct Look<'l> {
    store: &'l Store,
    inputs: &'l Inputs<'l>,
    fed: &'l [&'l str],
    changes: &'l IndexMap<String, Change>,
    /// By table, the rows that changed or came.
    after: IndexMap<&'l str, OnceCell<Gathered>>,
    /// What is usual in the tables, as it is.
    usual: &'l Kept,
    places: &'l Places,
    /// Whether all rows of some table were looked at.
    is_at_all: Cell<bool>,
}

/// The temporary table with the rows about which something was found again, or nothing any more: `table`, `row`, and `_row`, their record
/// numbers, which are found sooner than names.
const LOOKED_AT: &str = "\"rows looked at\"";

/// Finds again what can be found otherwise than before. Hands out the relation with the rows that may have other findings now, as `table`,
/// `row` and `_row`; `None` where any row may.
pub(super) fn again(
    store: &Store,
    inputs: &Inputs,
    uses: &[Use],
    fed: &[&str],
    changes: &IndexMap<String, Change>,
    (usual, places): (&mut Kept, &Places),
    canceller: &Canceller,
) -> Result<Option<&'static str>> {
    store.fill(
        LOOKED_AT,
        "SELECT NULL::VARCHAR AS \"table\", NULL::VARCHAR AS \"row\", NULL::BIGINT AS _row WHERE false",
    )?;
    // Rows that went have no findings.
    for (table, change) in changes {
        if change.went > 0 {
            let (before, after) = (Change::before(table), Change::after(table));
            let sql = format!(
                "DELETE FROM dq.anomalies WHERE \"table\" = {} AND \"row\" IN (SELECT _key FROM {before} AS b ANTI JOIN {after} AS a ON a._key = b._key)",
                Literal(table)
            );
            if may_be_found(store, &before)? {
                store.plainly(|| store.run(&sql))?;
            }
            looked_at(store, table, &before)?;
        }
    }
    for table in changes.keys() {
        let usuals = usuals(inputs, uses, fed, changes, table)?;
        usual.follow(store, table, &usuals)?;
    }
    let after = changes.keys().map(|table| (table.as_str(), OnceCell::new())).collect();
    let look = Look { store, inputs, fed, changes, after, usual, places, is_at_all: Cell::new(false) };
    for table in inputs.schema.tables.keys() {
        // Uses that share their findings' rule and field cannot be told apart afterwards, so they go together.
        let mut groups: IndexMap<(&str, &str), Vec<&Use>> = IndexMap::new();
        for one in uses.iter().filter(|one| one.table == *table) {
            groups.entry((&one.rule, &one.field)).or_default().push(one);
        }
        let mut rows: Vec<&Use> = Vec::new();
        let mut all: Vec<&Use> = Vec::new();
        let mut sought: IndexSet<Sought> = IndexSet::new();
        let mut through: IndexMap<String, Which> = IndexMap::new();
        for group in groups.values() {
            canceller.check()?;
            let needs: Vec<Again> =
                group.iter().filter_map(|one| look.again_of(one).transpose()).collect::<Result<_>>()?;
            match needs.as_slice() {
                [] => {}
                [Again::Alike(likeness)] if group.len() == 1 => {
                    if !look.alike(group[0], likeness)? {
                        all.extend(group);
                    }
                }
                [Again::Met(condition)] if group.len() == 1 => {
                    let sought = Sought::among_all(condition.clone());
                    let rows = look.gather(table, &format!("judged otherwise in {table}"), Some(sought))?;
                    match rows {
                        Some(rows) => look.find(&[group[0]], &rows)?,
                        None => all.extend(group),
                    }
                }
                needs if needs.iter().all(|need| matches!(need, Again::Rows(..))) => {
                    for need in needs {
                        if let Again::Rows(tables, more) = need {
                            for (other, which) in tables {
                                let all = through.entry(other.clone()).or_insert(*which);
                                *all = (*all).max(*which);
                            }
                            sought.extend(more.clone());
                        }
                    }
                    rows.extend(group);
                }
                _ => all.extend(group),
            }
        }
        if !look.rows(table, &rows, &through, sought)? {
            all.extend(rows);
        }
        look.whole(table, all)?;
    }
    Ok((!look.is_at_all.get()).then_some(LOOKED_AT))
}

/// Whether something is found about a record with the number of one of the rows, of whichever table: every finding has the number of its
/// row, and numbers are read in a quarter of the time that names take. Mostly nothing is.
fn may_be_found(store: &Store, rows: &str) -> Result<bool> {
    let sql = format!("SELECT 1 FROM dq.anomalies AS f SEMI JOIN {rows} AS t ON t._row = f._row LIMIT 1");
    store.plainly(|| Ok(store.first(&sql, [], |_| Ok(()))?.is_some()))
}

/// Takes note that something may be found otherwise about the rows of a relation, which are of a table.
fn looked_at(store: &Store, table: &str, rows: &str) -> Result<()> {
    store.run(&format!("INSERT INTO {LOOKED_AT} SELECT {}, _key, _row FROM {rows}", Literal(table)))
}

/// What is usual in a table in which something has changed that it stands on.
fn usuals(
    inputs: &Inputs,
    uses: &[Use],
    fed: &[&str],
    changes: &IndexMap<String, Change>,
    table: &str,
) -> Result<Vec<Usual>> {
    let Some(change) = changes.get(table) else { return Ok(Vec::new()) };
    let concerned = uses.iter().filter(|one| one.table == table && reads(&one.sql, change));
    let usuals = concerned.filter_map(|one| one.usual(inputs, fed).transpose()).collect::<Result<Vec<_>>>()?;
    // What is written down twice is kept once.
    let by_use: IndexMap<String, Usual> = usuals.into_iter().map(|usual| (usual.used().to_owned(), usual)).collect();
    Ok(by_use.into_values().collect())
}

/// Whether a query reads something that has changed.
fn reads(sql: &str, change: &Change) -> bool {
    change.came + change.went > 0 || reads_changed(sql, change)
}

/// Whether a query reads something that has changed of rows that stayed. What it does not name it does not read.
fn reads_changed(sql: &str, change: &Change) -> bool {
    let bits = |changed: i64, of: &str| {
        let rest = sql.split(of).skip(1).map(|rest| rest.trim_start_matches(" & "));
        let number =
            |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok());
        changed != 0 && rest.into_iter().any(|rest| number(rest).is_none_or(|mask: i64| mask & changed != 0))
    };
    change.fields.iter().any(|field| sql.contains(&Ident(field).to_string()))
        || bits(change.unread, "_unread")
        || bits(change.decided, "_decided")
}

/// Whether a table refers to another one.
fn refers(inputs: &Inputs, table: &str, to: &str) -> bool {
    let fields = inputs.schema.tables.get(table).into_iter().flat_map(|table| table.fields.values());
    fields.filter_map(|field| field.references.as_ref()).any(|reference| reference.table == to)
}

/// Finds again what some uses find on all rows, each by a query. Nearly everything is found as before; what stands beside it, such
/// as the money at stake, stands.
fn all_again(store: &Store, table: &str, queries: Batch) -> Result<()> {
    let uses: Vec<&Use> = queries.0.iter().map(|(one, _)| *one).collect();
    if uses.is_empty() {
        return Ok(());
    }
    let same = "a.rule = f.rule AND a.field = f.field AND a.\"row\" = f.\"row\" AND a.message = f.message AND a.severity = f.severity \
                AND a._row = f._row AND a.source = f.source AND a.entity = f.entity \
                AND a.value IS NOT DISTINCT FROM f.value AND a.suggestion IS NOT DISTINCT FROM f.suggestion";
    let of_uses = format!("\"table\" = {} AND (rule, field) IN ({})", Literal(table), which(&uses));
    queries.run_into(store, "CREATE OR REPLACE TEMP TABLE \"found again\" AS", None)?;
    store.run(&format!(
        "DELETE FROM dq.anomalies WHERE {of_uses} AND rowid NOT IN (\n  \
         SELECT a.rowid FROM (SELECT rowid, * FROM dq.anomalies WHERE {of_uses}) AS a JOIN \"found again\" AS f ON {same})"
    ))?;
    store.run(&format!(
        "INSERT INTO dq.anomalies BY NAME SELECT * FROM \"found again\" AS f\n\
         ANTI JOIN (SELECT * FROM dq.anomalies WHERE {of_uses}) AS a ON {same}"
    ))
}

/// The pairs of rule and field by which the findings of some uses are known.
fn which(uses: &[&Use]) -> String {
    let pairs: Vec<String> =
        uses.iter().map(|one| format!("({}, {})", Literal(&one.rule), Literal(&one.field))).collect();
    pairs.join(", ")
}

impl Look<'_> {
    /// How a use has to look again; `None` where nothing that it reads has changed.
    fn again_of(&self, one: &Use) -> Result<Option<Again>> {
        let Some(reach) = one.reach() else { return Ok(Some(Again::Whole)) };
        let own = self.changes.get(&one.table).is_some_and(|change| match reach {
            // What is found on a row went with it.
            Reach::Row | Reach::Found(_) => change.came > 0 || reads_changed(&one.sql, change),
            Reach::Alike(_) | Reach::Usual(_) => reads(&one.sql, change),
        });
        let others: IndexMap<String, Which> = self
            .changes
            .iter()
            .filter(|(table, change)| {
                refers(self.inputs, &one.table, table)
                    && one.sql.contains(&Path("candidate", table).to_string())
                    && reads(&one.sql, change)
            })
            .map(|(table, change)| {
                (table.clone(), if reads_changed(&one.sql, change) { Which::All } else { Which::Moved })
            })
            .collect();
        if !own && others.is_empty() {
            return Ok(None);
        }
        Ok(Some(match reach {
            Reach::Row => Again::Rows(others, None),
            Reach::Found(like) => {
                let found = self.found_like(one, &others, like)?;
                Again::Rows(others, found)
            }
            Reach::Alike(of) if others.is_empty() => Again::Alike(one.likeness(self.inputs, of)?),
            Reach::Alike(_) => Again::Whole,
            Reach::Usual(_) => match one.usual(self.inputs, self.fed)? {
                Some(usual) if others.is_empty() && self.usual.stands(&usual) => {
                    if self.usual.finds_nothing(&usual) {
                        return Ok(None);
                    }
                    Again::Rows(others, None)
                }
                Some(usual) if others.is_empty() && self.usual.tells(&usual) => {
                    match self.judged_otherwise(one, &usual)? {
                        Some(condition) => Again::Met(condition),
                        None => Again::Whole,
                    }
                }
                _ => Again::Whole,
            },
        }))
    }

    /// The condition that a row has a value about which there is another verdict, and that something is found about it, or was.
    fn judged_otherwise(&self, one: &Use, usual: &Usual) -> Result<Option<String>> {
        let Some(otherwise) = usual.is_otherwise() else { return Ok(None) };
        let Some(now) = one.sql_by_kept(self.inputs, self.fed)? else { return Ok(None) };
        let now = usual.where_otherwise(&now);
        // Nothing else is read of the rows for this than what the rule compares.
        Ok(Some(format!(
            "{otherwise} AND _row IN (SELECT _row FROM (\n{now}\n)\n\
             UNION ALL SELECT _row FROM dq.anomalies WHERE rule = {} AND \"table\" = {} AND field = {})",
            Literal(&one.rule),
            Literal(&one.table),
            Literal(&one.field)
        )))
    }

    /// Looks at all rows of a table.
    fn whole(&self, table: &str, uses: Vec<&Use>) -> Result<()> {
        let store = self.store;
        self.is_at_all.set(self.is_at_all.get() || !uses.is_empty());
        let (theirs, ours): (Vec<&Use>, Vec<&Use>) = uses.into_iter().partition(|one| one.is_theirs());
        let mut by_kept: Vec<Option<String>> = Vec::new();
        for one in &ours {
            let usual = one.usual(self.inputs, self.fed)?;
            let is_kept = usual.is_some_and(|usual| self.usual.has(&usual));
            by_kept.push(if is_kept { one.sql_by_kept(self.inputs, self.fed)? } else { None });
        }
        // What they read is read once, and a statement costs more than what it finds.
        let queries = ours.iter().zip(&by_kept).map(|(one, by_kept)| (*one, by_kept.as_deref().unwrap_or(&one.sql)));
        all_again(store, table, Batch(queries.collect()))?;
        for one in theirs {
            let query = Batch(vec![(one, one.sql.as_str())]);
            if one.reach().is_some() {
                all_again(store, table, query)?;
            } else {
                // It may find things in other fields than it announced, and the same thing twice.
                let of_rule = format!("rule = {} AND \"table\" = {}", Literal(&one.rule), Literal(table));
                store.run(&format!("DELETE FROM dq.anomalies WHERE {of_rule}"))?;
                query.run(store, None)?;
            }
        }
        Ok(())
    }

    /// The rows on which a use has found a value that is like a key that changed in one of the tables.
    fn found_like(
        &self,
        one: &Use,
        others: &IndexMap<String, Which>,
        like: fn(&str) -> String,
    ) -> Result<Option<Sought>> {
        let declared = self.inputs.schema.field(&one.table, &one.field);
        let to = declared.and_then(|declared| declared.references.as_ref());
        let Some((to, which)) = to.and_then(|to| Some((to, others.get(&to.table)?))) else { return Ok(None) };
        let keys = which.values(&to.table, &to.field);
        let found = format!(
            "FROM (SELECT \"row\", _row, value FROM dq.anomalies WHERE rule = {} AND \"table\" = {} AND field = {}) WHERE {} IN (SELECT {} FROM ({keys}) AS keys(key))",
            Literal(&one.rule),
            Literal(&one.table),
            Literal(&one.field),
            like("value"),
            like("key"),
        );
        // As it is written, only the findings of this rule are likened.
        let named = format!("SELECT DISTINCT \"row\" {found} ORDER BY 1");
        let names: Vec<String> = self.store.plainly(|| self.store.query(&named, [], |row| row.get(0)))?;
        if names.is_empty() {
            return Ok(None);
        }
        let near = self.places.near_these(self.store, &one.table, IDENTITY, names.iter().map(String::as_str))?;
        if near == Near::Anywhere {
            let among = format!("_key IN (SELECT \"row\" {found}) AND _row IN (SELECT _row {found})");
            return Ok(Some(Sought::among_all(among)));
        }
        // Where they are few they stand in the statement: to ask again for them would read all findings.
        let names: Vec<String> = names.iter().map(|name| Literal(name).to_string()).collect();
        Ok(near.with(format!("_key IN ({})", names.join(", "))))
    }

    /// Looks again at the rows that are, or were, like those that changed; false where these are so many that all can be looked at.
    fn alike(&self, one: &Use, likeness: &str) -> Result<bool> {
        let (before, after) = (Change::before(&one.table), Change::after(&one.table));
        let sql = format!(
            "SELECT count(value), count(now), count(DISTINCT now) FROM (\n  \
             SELECT ({likeness})::VARCHAR AS value, NULL AS now FROM {before} AS t\n  \
             UNION ALL SELECT ({likeness})::VARCHAR, ({likeness})::VARCHAR FROM {after} AS t)"
        );
        let counted = self.store.first(&sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let (known, now, different): (u64, u64, u64) = counted.unwrap_or_default();
        // A row that is like no other is looked at by itself.
        let values = Change::values(&one.table, likeness);
        let near = match known {
            0 => Near::Nowhere,
            _ => self.places.near_like(self.store, &one.table, "t.", &format!("({likeness})::VARCHAR"), &values)?,
        };
        let sought = near.with(format!("({likeness})::VARCHAR IN ({values})"));
        let Some(rows) = self.gather(&one.table, &format!("alike in {}", one.table), sought)? else {
            return Ok(false);
        };
        if rows.table == after && now == different {
            // None is like another any more.
            self.forget(&[one], &rows)?;
        } else {
            self.find(&[one], &rows)?;
        }
        Ok(true)
    }

    /// Looks again at the rows of a table that changed, that refer to changed rows of the tables `through` or that are
    /// looked for; false where these are so many that all can be looked at.
    fn rows(
        &self,
        table: &str,
        uses: &[&Use],
        through: &IndexMap<String, Which>,
        mut sought: IndexSet<Sought>,
    ) -> Result<bool> {
        if uses.is_empty() {
            return Ok(true);
        }
        for (name, field) in self.inputs.schema.tables.get(table).into_iter().flat_map(|table| &table.fields) {
            let Some(to) = &field.references else { continue };
            let Some(which) = through.get(&to.table) else { continue };
            let keys = which.values(&to.table, &to.field);
            let near = self.places.near(self.store, table, "t.", name, &keys)?;
            sought.extend(near.with(format!("{}::VARCHAR IN ({keys})", Ident(name))));
        }
        match self.gather(table, &format!("changed in {table}"), sought)? {
            Some(rows) => self.find(uses, &rows).map(|()| true),
            None => Ok(false),
        }
    }

    /// Gathers the rows that changed and those that are looked for, as `t`, in a temporary table of
    /// that name where they are more than those that changed; `None` where they are so many that all can be looked at.
    fn gather(&self, table: &str, name: &str, sought: impl IntoIterator<Item = Sought>) -> Result<Option<Gathered>> {
        let place = |sought: Sought| {
            let (place, rows, condition) = (sought.place(), sought.rows(table), sought.condition);
            format!("SELECT {place} AS place FROM {rows} AS t WHERE {condition}")
        };
        let mut places: Vec<String> = sought.into_iter().map(place).collect();
        let changed = self.changed(table)?;
        if places.is_empty() {
            return self.few_enough(table, changed.cloned().unwrap_or_default());
        }
        if changed.is_some() {
            // Rows that came with this change are not at their places yet, and reading them by these breaks the engine.
            places = vec![format!(
                "SELECT place FROM (\n{}\n) WHERE place < {UNSETTLED} AND place NOT IN (SELECT _at FROM {})",
                places.join("\nUNION\n"),
                Change::before(table)
            )];
        }
        // The places first: to read all columns of a row costs more than to find it.
        let found = Ident("places").to_string();
        self.store.fill_like(&found, "place", places.join("\nUNION\n"))?;
        let others = self.store.count(&format!("SELECT count(*) FROM {found}"))?;
        if others == 0 {
            return self.few_enough(table, changed.cloned().unwrap_or_default());
        }
        if !is_worth_it(self.store, table, others)? {
            return Ok(None);
        }
        let others = self.places.at(self.store, table, &format!("FROM {found}"))?;
        let mut parts = vec![format!("SELECT * EXCLUDE (_at) FROM ({others})")];
        parts.extend(changed.map(|changed| format!("SELECT * FROM {}", changed.table)));
        let rows = Ident(name).to_string();
        self.store.fill_like(&rows, table, parts.join("\nUNION ALL\n"))?;
        // What was asked about the rows that stood there before is another question now.
        self.places.forget();
        self.few_enough(table, self.gathered(table, rows, name.to_owned())?)
    }

    fn few_enough(&self, table: &str, rows: Gathered) -> Result<Option<Gathered>> {
        Ok(is_worth_it(self.store, table, rows.count)?.then_some(rows))
    }

    /// The rows of a table that changed or came; `None` where nothing of it has changed.
    fn changed(&self, table: &str) -> Result<Option<&Gathered>> {
        let Some(kept) = self.after.get(table) else { return Ok(None) };
        if kept.get().is_none() {
            let has_texts = self.changes.get(table).is_some_and(|change| change.has_texts);
            let texts = if has_texts { Change::texts(table) } else { format!("changed in {table}") };
            let rows = self.gathered(table, Change::after(table), texts)?;
            return Ok(Some(kept.get_or_init(|| rows)));
        }
        Ok(kept.get())
    }

    /// What is known of the rows of a table that stand in a temporary one.
    fn gathered(&self, table: &str, rows: String, texts: String) -> Result<Gathered> {
        let sql = format!("SELECT count(*), coalesce(bit_or(_unread), 0) FROM {rows}");
        let (count, unread) = self.store.first(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap_or_default();
        let mut found = None;
        if count <= HANDFUL {
            let sql = format!(
                "SELECT rowid, rule, field FROM dq.anomalies AS f\n\
                 SEMI JOIN {rows} AS t ON t._row = f._row AND t._key = f.\"row\" WHERE f.\"table\" = {}",
                Literal(table)
            );
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            found = Some(match may_be_found(self.store, &rows)? {
                true => self.store.plainly(|| self.store.query(&sql, [], read))?,
                false => Vec::new(),
            });
        }
        Ok(Gathered { table: rows, texts, count, unread, found })
    }

    /// Forgets what the uses have found about rows.
    fn forget(&self, uses: &[&Use], rows: &Gathered) -> Result<()> {
        let Some(first) = uses.first().filter(|_| rows.count > 0) else { return Ok(()) };
        let Some(found) = &rows.found else {
            looked_at(self.store, &first.table, &rows.table)?;
            return self.store.run(&format!(
                "DELETE FROM dq.anomalies WHERE \"table\" = {} AND \"row\" IN (SELECT _key FROM {}) AND (rule, field) IN ({})",
                Literal(&first.table),
                rows.table,
                which(uses)
            ));
        };
        let is_of = |rule: &str, field: &str| uses.iter().any(|one| one.rule == rule && one.field == field);
        let places: Vec<String> =
            found.iter().filter(|(_, rule, field)| is_of(rule, field)).map(|(place, _, _)| place.to_string()).collect();
        if places.is_empty() {
            return Ok(());
        }
        looked_at(self.store, &first.table, &rows.table)?;
        self.store.run(&format!("DELETE FROM dq.anomalies WHERE rowid IN ({})", places.join(", ")))
    }

    /// Finds again what the uses find about the rows that were gathered.
    fn find(&self, uses: &[&Use], rows: &Gathered) -> Result<()> {
        let (store, inputs) = (self.store, self.inputs);
        let Some(first) = uses.first().filter(|_| rows.count > 0) else { return Ok(()) };
        self.forget(uses, rows)?;
        let only = Only { rows: &rows.table, texts: &rows.texts, unread: rows.unread };
        let mut queries = Vec::new();
        for one in uses {
            queries.extend(one.query_of(store, inputs, self.fed, only, None)?.map(|query| (*one, query)));
        }
        let mut texts = Texts { look: self, table: &first.table, rows, there: Vec::new() };
        if rows.count <= HANDFUL {
            self.leave_out_fruitless(&mut queries, &mut texts)?;
            // Where the others are is only asked of what may find something; the user's own rules look among all of them.
            for (one, query) in queries.iter_mut().filter(|(one, _)| !one.is_theirs()) {
                if let Some(compared) = one.query_of(store, inputs, self.fed, only, Some(self))? {
                    *query = compared;
                }
            }
        }
        if !queries.is_empty() {
            looked_at(store, &first.table, &rows.table)?;
        }
        for (_, query) in &queries {
            texts.gather(&query.sql)?;
        }
        let (theirs, ours): (Vec<_>, Vec<_>) =
            queries.iter().map(|(one, query)| (*one, query.sql.as_str())).partition(|(one, _)| one.is_theirs());
        Batch(ours).run(store, None)?;
        theirs.into_iter().try_for_each(|one| Batch(vec![one]).run(store, None))
    }

    /// The relation that has the rows to which a field of the rows leads that are looked at; it may have others too.
    fn referred(&self, texts: &Texts, from: &str, to: &Reference) -> Result<String> {
        let kind = |table: &str, field: &str| self.inputs.schema.field(table, field).map(|field| field.kind);
        let all = || Path("candidate", &to.table).to_string();
        // Values of two types may be equal and read otherwise.
        if kind(texts.table, from) != kind(&to.table, &to.field) {
            return Ok(all());
        }
        let keys = format!("SELECT CAST(t.{} AS VARCHAR) FROM {} AS t", Ident(from), texts.rows.table);
        self.rows_like(to, str::to_owned, &keys)
    }

    /// Leaves out the queries that can find nothing, because none of the rows shows a sign of it.
    fn leave_out_fruitless(&self, queries: &mut Vec<(&Use, Query)>, texts: &mut Texts) -> Result<()> {
        let (asked, signs): (Vec<usize>, Vec<_>) = queries
            .iter()
            .map(|(_, query)| query.signs.as_deref())
            .enumerate()
            .filter_map(|(n, s)| Some((n, s?)))
            .unzip();
        let question = rules::question(&texts.rows.table, &signs, |from, to| self.referred(texts, from, to))?;
        let letters: usize = asked.iter().map(|n| queries[*n].1.sql.len()).sum();
        if letters < question.len() + WORTH_ASKING {
            return Ok(());
        }
        texts.gather(&question)?;
        let all = 0..asked.len();
        let shown: Option<Vec<bool>> =
            self.store.first(&question, [], |row| all.clone().map(|column| row.get(column)).collect())?;
        let shown = shown.unwrap_or_default();
        let fruitless: Vec<usize> = asked.into_iter().zip(shown).filter(|(_, shows)| !shows).map(|(n, _)| n).collect();
        let mut n = 0;
        queries.retain(|_| {
            n += 1;
            !fruitless.contains(&(n - 1))
        });
        Ok(())
    }
}

impl Others for Look<'_> {
    fn rows_like(&self, field: &Reference, like: fn(&str) -> String, values: &str) -> Result<String> {
        self.places.rows_like(self.store, &field.table, &field.field, like, values)
    }
}

/// The staged texts of the rows that are looked at, as far as statements name them.
struct Texts<'t> {
    look: &'t Look<'t>,
    table: &'t str,
    rows: &'t Gathered,
    /// The temporary tables that are there.
    there: Vec<String>,
}

impl Texts<'_> {
    /// Gathers what a statement names.
    fn gather(&mut self, sql: &str) -> Result<()> {
        if self.rows.texts == Change::texts(self.table) {
            return Ok(());
        }
        let Look { store, inputs, .. } = *self.look;
        for origin in inputs.origins.get(self.table).into_iter().flatten() {
            let texts = Ident(&rules::texts_of(&self.rows.texts, &origin.relation)).to_string();
            if self.there.contains(&texts) || !sql.contains(&texts) {
                continue;
            }
            let (source, entity) = (&origin.source, &origin.entity);
            let numbers = format!(
                "SELECT _row FROM {} WHERE _source = {} AND _entity = {}",
                self.rows.table,
                Literal(source),
                Literal(entity)
            );
            staged::fill(store, &texts, (source, entity), &numbers)?;
            self.there.push(texts);
        }
        Ok(())
    }
}

/// From here on the engine numbers the rows that a transaction has added and not committed.
const UNSETTLED: i64 = 36_028_797_018_960_000;

/// The number of rows up to which it is asked beforehand whether a rule can find anything about them.
const HANDFUL: u64 = 1000;

/// By how many letters queries are longer than the question whether they find anything, where asking is the cheaper way.
const WORTH_ASKING: usize = 1500;

/// Rows to look at.
#[derive(Debug, Clone, Default)]
struct Gathered {
    /// The temporary table that they stand in.
    table: String,
    /// What the names of the temporary tables with their staged texts begin with.
    texts: String,
    /// How many they are.
    count: u64,
    /// The bits of `_unread` that are set in any of them.
    unread: i64,
    /// What was found about them before, with its place; `None` where they are many.
    found: Option<Vec<(i64, String, String)>>,
}
