//! Which findings can be others after some rows have changed, and how they are found again.

use indexmap::{IndexMap, IndexSet};

use crate::error::Result;
use crate::model::Canceller;
use crate::rules::{self, Only, Reach};
use crate::sql::{Ident, Literal, Path};
use crate::stages::check::{Batch, Inputs, Use};
use crate::stages::load;
use crate::stages::map::{Change, is_worth_it};
use crate::store::Store;

/// How a use of a rule has to look again.
enum Again {
    /// At all rows.
    Whole,
    /// At the rows that changed, and at those that refer to rows of these tables that changed; and at the rows that meet a
    /// condition over the candidates.
    Rows(IndexSet<String>, Option<String>),
    /// At the rows with the same value of an expression as those that changed.
    Alike(String),
}

/// What is known of the workspace and of the changes.
struct Look<'l> {
    store: &'l Store,
    inputs: &'l Inputs<'l>,
    fed: &'l [&'l str],
    changes: &'l IndexMap<String, Change>,
}

/// Finds again what can be found otherwise than before.
pub(super) fn again(
    store: &Store,
    inputs: &Inputs,
    uses: &[Use],
    fed: &[&str],
    changes: &IndexMap<String, Change>,
    canceller: &Canceller,
) -> Result<()> {
    // Rows that went have no findings.
    for (table, change) in changes {
        if change.went > 0 {
            store.run(&format!(
                "DELETE FROM dq.anomalies WHERE \"table\" = {} AND \"row\" IN (SELECT _key FROM {} AS b ANTI JOIN {} AS a ON a._key = b._key)",
                Literal(table),
                Change::before(table),
                Change::after(table)
            ))?;
        }
    }
    let look = Look { store, inputs, fed, changes };
    for table in inputs.schema.tables.keys() {
        // Uses that share their findings' rule and field cannot be told apart afterwards, so they go together.
        let mut groups: IndexMap<(&str, &str), Vec<&Use>> = IndexMap::new();
        for one in uses.iter().filter(|one| one.table == *table) {
            groups.entry((&one.rule, &one.field)).or_default().push(one);
        }
        let mut rows: Vec<&Use> = Vec::new();
        let mut all: Vec<&Use> = Vec::new();
        let mut conditions: IndexSet<String> = IndexSet::new();
        let mut through: IndexSet<String> = IndexSet::new();
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
                needs if needs.iter().all(|need| matches!(need, Again::Rows(..))) => {
                    for need in needs {
                        if let Again::Rows(tables, more) = need {
                            through.extend(tables.iter().cloned());
                            conditions.extend(more.clone());
                        }
                    }
                    rows.extend(group);
                }
                _ => all.extend(group),
            }
        }
        if !look.rows(table, &rows, &through, conditions)? {
            all.extend(rows);
        }
        whole(store, table, all)?;
    }
    Ok(())
}

/// Whether a query reads something that has changed. What it does not name it does not read.
fn reads(sql: &str, change: &Change) -> bool {
    let bits = |changed: i64, of: &str| {
        let rest = sql.split(of).skip(1).map(|rest| rest.trim_start_matches(" & "));
        let number =
            |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok());
        changed != 0 && rest.into_iter().any(|rest| number(rest).is_none_or(|mask: i64| mask & changed != 0))
    };
    change.came + change.went > 0
        || change.fields.iter().any(|field| sql.contains(&Ident(field).to_string()))
        || bits(change.unread, "_unread")
        || bits(change.decided, "_decided")
}

/// Whether a table refers to another one.
fn refers(inputs: &Inputs, table: &str, to: &str) -> bool {
    let fields = inputs.schema.tables.get(table).into_iter().flat_map(|table| table.fields.values());
    fields.filter_map(|field| field.references.as_ref()).any(|reference| reference.table == to)
}

/// Looks at all rows of a table.
fn whole(store: &Store, table: &str, uses: Vec<&Use>) -> Result<()> {
    let (theirs, ours): (Vec<&Use>, Vec<&Use>) = uses.into_iter().partition(|one| one.is_theirs());
    // What they read is read once, and a statement costs more than what it finds.
    all_again(store, table, &ours)?;
    for one in theirs {
        if one.reach().is_some() {
            all_again(store, table, &[one])?;
        } else {
            // It may find things in other fields than it announced, and the same thing twice.
            let of_rule = format!("rule = {} AND \"table\" = {}", Literal(&one.rule), Literal(table));
            store.run(&format!("DELETE FROM dq.anomalies WHERE {of_rule}"))?;
            Batch(vec![(one, one.sql.as_str())]).run(store, None)?;
        }
    }
    Ok(())
}

/// Finds again what some uses find on all rows. Nearly everything is found as before; what stands beside it, such as the money at
/// stake, stands.
fn all_again(store: &Store, table: &str, uses: &[&Use]) -> Result<()> {
    if uses.is_empty() {
        return Ok(());
    }
    let same = "a.rule = f.rule AND a.field = f.field AND a.\"row\" = f.\"row\" AND a.message = f.message AND a.severity = f.severity \
                AND a._row = f._row AND a.source = f.source AND a.entity = f.entity \
                AND a.value IS NOT DISTINCT FROM f.value AND a.suggestion IS NOT DISTINCT FROM f.suggestion";
    let of_uses = format!("\"table\" = {} AND (rule, field) IN ({})", Literal(table), which(uses));
    let queries = Batch(uses.iter().map(|one| (*one, one.sql.as_str())).collect());
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
        let own = self.changes.get(&one.table).is_some_and(|change| reads(&one.sql, change));
        let others: IndexSet<String> = self
            .changes
            .iter()
            .filter(|(table, change)| {
                refers(self.inputs, &one.table, table)
                    && one.sql.contains(&Path("candidate", table).to_string())
                    && reads(&one.sql, change)
            })
            .map(|(table, _)| table.clone())
            .collect();
        if !own && others.is_empty() {
            return Ok(None);
        }
        Ok(Some(match reach {
            Reach::Row => Again::Rows(others, None),
            Reach::Found(like) => {
                let condition = self.found_like(one, &others, like);
                Again::Rows(others, condition)
            }
            Reach::Alike(of) if others.is_empty() => Again::Alike(one.likeness(self.inputs, of)?),
            Reach::Alike(_) | Reach::Table => Again::Whole,
        }))
    }

    /// The condition that a use has found a value on a row that is like a key that changed in one of the tables.
    fn found_like(&self, one: &Use, others: &IndexSet<String>, like: fn(&str) -> String) -> Option<String> {
        let declared = self.inputs.schema.field(&one.table, &one.field)?;
        let to = declared.references.as_ref().filter(|to| others.contains(&to.table))?;
        let keys = Change::values(&to.table, &Ident(&to.field).to_string());
        Some(format!(
            "_key IN (SELECT \"row\" FROM dq.anomalies WHERE rule = {} AND \"table\" = {} AND field = {} \
             AND {} IN (SELECT {} FROM ({keys}) AS keys(key)))",
            Literal(&one.rule),
            Literal(&one.table),
            Literal(&one.field),
            like("value"),
            like("key"),
        ))
    }

    /// Looks again at the rows that are, or were, like those that changed; false where these are so many that all can be looked at.
    fn alike(&self, one: &Use, likeness: &str) -> Result<bool> {
        let values = Change::values(&one.table, likeness);
        let known =
            self.store.count(&format!("SELECT count(*) FROM ({values}) AS alike(value) WHERE value IS NOT NULL"))?;
        // A row that is like no other is looked at by itself.
        let condition = (known > 0).then(|| format!("({likeness})::VARCHAR IN ({values})"));
        match self.gather(&one.table, &format!("alike in {}", one.table), condition)? {
            Some(only) => self.find(&[one], only).map(|()| true),
            None => Ok(false),
        }
    }

    /// Looks again at the rows of a table that changed, that refer to changed rows of the tables `through` or that meet one
    /// of the conditions; false where these are so many that all can be looked at.
    fn rows(
        &self,
        table: &str,
        uses: &[&Use],
        through: &IndexSet<String>,
        mut conditions: IndexSet<String>,
    ) -> Result<bool> {
        if uses.is_empty() {
            return Ok(true);
        }
        for (name, field) in self.inputs.schema.tables.get(table).into_iter().flat_map(|table| &table.fields) {
            let Some(to) = field.references.as_ref().filter(|to| through.contains(&to.table)) else { continue };
            let keys = Change::values(&to.table, &Ident(&to.field).to_string());
            conditions.insert(format!("{}::VARCHAR IN ({keys})", Ident(name)));
        }
        match self.gather(table, &format!("changed in {table}"), conditions)? {
            Some(only) => self.find(uses, only).map(|()| true),
            None => Ok(false),
        }
    }

    /// Gathers in a temporary table the rows that changed and those that meet one of the conditions over the candidates `t`;
    /// `None` where they are so many that all can be looked at.
    fn gather(
        &self,
        table: &str,
        rows: &str,
        conditions: impl IntoIterator<Item = String>,
    ) -> Result<Option<Gathered>> {
        let candidate = Path("candidate", table);
        let places: Vec<String> = conditions
            .into_iter()
            .map(|condition| format!("SELECT rowid AS place FROM {candidate} AS t WHERE {condition}"))
            .collect();
        // The places first: to read all columns of a row costs more than to find it.
        let found = Ident("places").to_string();
        let mut parts = Vec::new();
        if !places.is_empty() {
            self.store.run(&format!("CREATE OR REPLACE TEMP TABLE {found} AS\n{}", places.join("\nUNION\n")))?;
            if !is_worth_it(self.store, table, self.store.count(&format!("SELECT count(*) FROM {found}"))?)? {
                return Ok(None);
            }
            // Rows that came with this change are not at their places yet, and reading them by these breaks the engine. They
            // are among those that changed.
            parts.push(format!(
                "SELECT * FROM {candidate} WHERE rowid IN (SELECT place FROM {found} WHERE place < {UNSETTLED})"
            ));
        }
        if self.changes.contains_key(table) {
            let after = Change::after(table);
            if let Some(part) = parts.first_mut() {
                part.push_str(&format!(" AND _key NOT IN (SELECT _key FROM {after})"));
            }
            parts.push(format!("SELECT * FROM {after}"));
        }
        if parts.is_empty() {
            return Ok(Some(Gathered { table: rows.to_owned(), count: 0, unread: 0 }));
        }
        let sql = format!("SELECT count(*), coalesce(bit_or(_unread), 0) FROM {}", Ident(rows));
        self.store.run(&format!("CREATE OR REPLACE TEMP TABLE {} AS\n{}", Ident(rows), parts.join("\nUNION ALL\n")))?;
        let (count, unread) = self.store.first(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap_or_default();
        Ok(is_worth_it(self.store, table, count)?.then(|| Gathered { table: rows.to_owned(), count, unread }))
    }

    /// Finds again what the uses find on the rows that were gathered.
    fn find(&self, uses: &[&Use], rows: Gathered) -> Result<()> {
        let (store, inputs) = (self.store, self.inputs);
        let Some(first) = uses.first().filter(|_| rows.count > 0) else { return Ok(()) };
        store.run(&format!(
            "DELETE FROM dq.anomalies WHERE \"table\" = {} AND \"row\" IN (SELECT _key FROM {}) AND (rule, field) IN ({})",
            Literal(&first.table),
            Ident(&rows.table),
            which(uses)
        ))?;
        let only = Only { rows: &rows.table, unread: rows.unread };
        let queries = uses.iter().map(|one| one.sql_of(store, inputs, self.fed, only)).collect::<Result<Vec<_>>>()?;
        for origin in inputs.origins.get(&first.table).into_iter().flatten() {
            let texts = Ident(&rules::texts_of(&rows.table, &origin.relation)).to_string();
            if !queries.iter().flatten().any(|sql| sql.contains(&texts)) {
                continue;
            }
            let (source, entity) = (&origin.source, &origin.entity);
            let numbers = format!(
                "SELECT _row FROM {} WHERE _source = {} AND _entity = {}",
                Ident(&rows.table),
                Literal(source),
                Literal(entity)
            );
            let sql = load::rows_sql(store, source, entity, &numbers)?;
            store.run(&format!("CREATE OR REPLACE TEMP TABLE {texts} AS {sql}"))?;
        }
        let (theirs, ours): (Vec<_>, Vec<_>) = uses
            .iter()
            .zip(&queries)
            .filter_map(|(one, sql)| Some((*one, sql.as_deref()?)))
            .partition(|(one, _)| one.is_theirs());
        Batch(ours).run(store, None)?;
        theirs.into_iter().try_for_each(|one| Batch(vec![one]).run(store, None))
    }
}

/// From here on the engine numbers the rows that a transaction has added and not committed.
const UNSETTLED: i64 = 36_028_797_018_960_000;

/// Rows to look at in a temporary table: how many, and the bits of `_unread` that are set in any of them.
struct Gathered {
    table: String,
    count: u64,
    unread: i64,
}
